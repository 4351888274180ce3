package test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"
)

// rounds is how often the program is killed: HELPOST_CRASH_ROUNDS, else 20.
func rounds() int {
	if n, err := strconv.Atoi(os.Getenv("HELPOST_CRASH_ROUNDS")); err == nil && n > 0 {
		return n
	}
	return 20
}

// stream sends reports without a pause, each again until it was answered 250, and remembers those.
type stream struct {
	d        *desk
	mu       sync.Mutex
	accepted map[string]string // subject: sender
	stop     chan struct{}
	wait     sync.WaitGroup
}

func (d *desk) stream(senders int) *stream {
	s := &stream{d: d, accepted: map[string]string{}, stop: make(chan struct{})}
	for i := range senders {
		s.wait.Go(func() {
			for n := 0; ; n++ {
				if !s.one(i, n) {
					return
				}
			}
		})
	}
	return s
}

// one sends one report until it is taken; false at the end.
func (s *stream) one(i, n int) bool {
	from := fmt.Sprintf("orang%d-%d@company.com", i, n)
	subject := fmt.Sprintf("laporan %d %d", i, n)
	body := "Divisi: Gudang\r\n\r\nPrinter macet.\r\n"
	if n%10 == 9 { // large enough to become a blob
		line := make([]byte, 70)
		for range 1500 {
			for j := range line {
				line[j] = 'a' + byte(rand.IntN(26))
			}
			body += string(line) + "\r\n"
		}
	}
	raw := fmt.Appendf(nil, "From: Orang <%s>\r\nTo: <helpdesk@company.com>\r\nSubject: %s\r\nMessage-ID: <%d.%d@company.com>\r\nDate: %s\r\n\r\n%s", from, subject, i, n, time.Now().Format(time.RFC1123Z), body)
	for {
		select {
		case <-s.stop:
			return false
		default:
		}
		if s.d.send(from, raw) == nil {
			s.mu.Lock()
			s.accepted[subject] = from
			s.mu.Unlock()
			return true
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (s *stream) end() {
	close(s.stop)
	s.wait.Wait()
}

// 250 means kept: the real process is killed at random moments under load. Every mail that was answered 250 is exactly one
// ticket afterwards, and each of its notices went out, under one Message-ID.
func TestKilledUnderLoad(t *testing.T) {
	d := newDesk(t)
	d.start()
	s := d.stream(4)
	for range rounds() {
		time.Sleep(time.Duration(100+rand.IntN(400)) * time.Millisecond)
		d.kill()
		d.start()
	}
	time.Sleep(300 * time.Millisecond)
	s.end()
	if len(s.accepted) < 2*rounds() {
		t.Fatalf("only %d mails were taken", len(s.accepted))
	}
	t.Logf("%d mails taken over %d kills", len(s.accepted), rounds())
	checkTickets(t, d, s)
	checkNotices(t, d, s)
	if err := d.end(); err != nil {
		t.Fatalf("SIGTERM: %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(d.dir, "blobs", "*", "*")); err != nil || len(left) == 0 {
		t.Fatalf("no large mail was kept as a blob (%v)", err)
	}
}

func checkTickets(t *testing.T, d *desk, s *stream) {
	t.Helper()
	count := map[string]int{}
	for _, ticket := range d.tickets() {
		count[ticket.Subject]++
	}
	lost, twice := 0, 0
	for subject := range s.accepted {
		if count[subject] == 0 {
			lost++
		}
	}
	for _, n := range count {
		if n > 1 {
			twice++
		}
	}
	if lost+twice > 0 {
		t.Fatalf("of %d mails answered 250, %d are lost; %d are two tickets", len(s.accepted), lost, twice)
	}
}

func checkNotices(t *testing.T, d *desk, s *stream) {
	t.Helper()
	end := time.Now().Add(60 * time.Second)
	for {
		missing, double := 0, 0
		byWhom := map[string]map[string]bool{}
		for _, m := range d.relay.mails() {
			key := m.To + " " + m.Header.Get("X-Helpost-Ticket") + " " + m.Header.Get("X-Helpost-Notice")
			if byWhom[key] == nil {
				byWhom[key] = map[string]bool{}
			}
			byWhom[key][m.Header.Get("Message-Id")] = true
		}
		told := map[string]bool{}
		for key, ids := range byWhom {
			var to string
			if _, err := fmt.Sscan(key, &to); err == nil {
				told[to] = true
			}
			if len(ids) > 1 {
				double++
			}
		}
		for _, from := range s.accepted {
			if !told[from] {
				missing++
			}
		}
		if double > 0 {
			t.Fatalf("%d notices went out under two Message-IDs", double)
		}
		if missing == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d of %d reporters were not told", missing, len(s.accepted))
		}
		time.Sleep(100 * time.Millisecond)
	}
}
