package bolt

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"helpost/internal/record"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/internal/store/storetest"
)

const (
	crashFile = "HELPOST_TEST_CRASH_FILE" // the store that a child process works on
	crashes   = 12
)

func TestMain(m *testing.M) {
	if path := os.Getenv(crashFile); path != "" {
		if err := workUntilKilled(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// workUntilKilled commits mails from many goroutines, and writes each number to standard output when its commit was
// acknowledged. It claims rows of the outbox and marks some as sent meanwhile.
func workUntilKilled(path string) error {
	ctx := context.Background()
	s, err := Open(path, Options{})
	if err != nil {
		return err
	}
	var out sync.Mutex
	failed := make(chan error)
	for range 8 {
		go func() {
			for {
				n, err := s.Reserve(ctx, store.SeqTicket)
				if err == nil {
					err = s.Commit(ctx, mail(int(n)))
				}
				if err != nil {
					failed <- err
					return
				}
				out.Lock()
				fmt.Printf("%d\n", n)
				out.Unlock()
			}
		}()
	}
	go func() {
		for {
			rows, err := s.Claim(ctx, storetest.At(1<<20), 5, time.Minute)
			c := store.Change{}
			for i, r := range rows {
				if i%2 == 0 {
					c.Done = append(c.Done, r.ID)
				}
			}
			if err == nil {
				err = s.Commit(ctx, c)
			}
			if err != nil {
				failed <- err
				return
			}
		}
	}()
	return <-failed
}

func TestNoAcknowledgedCommitIsLostToAKill(t *testing.T) {
	path := file(t)
	acknowledged := map[uint64]bool{}
	for range crashes {
		for _, n := range killedAfter(t, path, 12) {
			if acknowledged[n] {
				t.Fatalf("number %d was given to two tickets", n)
			}
			acknowledged[n] = true
		}
		expectAll(t, path, acknowledged)
	}
	t.Logf("%d commits were acknowledged over %d kills", len(acknowledged), crashes)
}

// killedAfter lets a child work until so many commits were acknowledged, kills it, and gives all that it acknowledged.
func killedAfter(t *testing.T, path string, commits int) []uint64 {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashFile+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var numbers []uint64
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var n uint64
		if _, err := fmt.Sscan(lines.Text(), &n); err != nil {
			t.Fatalf("the child wrote %q", lines.Text())
		}
		numbers = append(numbers, n)
		if len(numbers) == commits {
			if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the child ended with %v", err)
	}
	return numbers
}

func expectAll(t *testing.T, path string, numbers map[uint64]bool) {
	t.Helper()
	s := openTest(t, path, Options{})
	checkTest(t, s)
	waiting := 0
	err := s.View(context.Background(), func(r store.Reader) error {
		for n := range numbers {
			ticket, version, err := r.Ticket(sop.Number(n))
			if err != nil || version != 1 || ticket.Number != sop.Number(n) {
				t.Errorf("ticket %d: version %d, %v", n, version, err)
				continue
			}
			log, err := r.Log(sop.Number(n))
			if err == nil {
				err = record.Verify(sop.Number(n), log)
			}
			raw, err2 := r.Raw(sop.Number(n), 1)
			if err := errors.Join(err, err2); err != nil || len(log) != 3 || len(raw) != 2000 {
				t.Errorf("ticket %d: %d entries, %d bytes of raw mail, %v", n, len(log), len(raw), err)
			}
		}
		var err error
		waiting, err = r.QueueSize()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := s.Claim(context.Background(), storetest.At(1<<20), waiting+1, time.Minute)
	if err != nil || len(rows) != waiting {
		t.Errorf("of %d rows of the outbox %d can be claimed after the crash, %v", waiting, len(rows), err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
