package bolt

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"helpost/internal/store"
)

// BenchmarkCommit measures changes like one mail (a ticket, three entries, a message with 2 KB raw, two notices of 8 KB)
// beside the least that durability costs: the same bytes appended to a file by a group commit of its own. Rounds of both
// alternate in one run, since the disk is never the same twice; "ratio" is the store's time by the file's.
func BenchmarkCommit(b *testing.B) {
	for _, writers := range []int{1, 10, 50} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			s, err := Open(filepath.Join(b.TempDir(), "helpost.db"), Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			bare, err := newAppender(filepath.Join(b.TempDir(), "bare"))
			if err != nil {
				b.Fatal(err)
			}
			defer bare.close()
			c := mail(1)
			p, err := prepare(&c)
			if err != nil {
				b.Fatal(err)
			}
			row := make([]byte, p.size)
			next := 0
			var ours, least time.Duration
			const round = 100
			for b.Loop() {
				begin := time.Now()
				atOnce(b, writers, round, func(i int) error { return s.Commit(context.Background(), mail(next+i+1)) })
				middle := time.Now()
				atOnce(b, writers, round, func(int) error { return bare.append(row) })
				ours, least = ours+middle.Sub(begin), least+time.Since(middle)
				next += round
			}
			b.ReportMetric(float64(next)/ours.Seconds(), "mails/s")
			b.ReportMetric(float64(next)/least.Seconds(), "bare/s")
			b.ReportMetric(ours.Seconds()/least.Seconds(), "ratio")
			b.ReportMetric(float64(p.size), "bytes/mail")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func atOnce(b *testing.B, writers, all int, fn func(i int) error) {
	b.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= all {
					return
				}
				if err := fn(i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// appender is a file that many append to, with one flush for all who wait.
type appender struct {
	f     *os.File
	queue chan appended
	ended chan struct{}
}

type appended struct {
	row  []byte
	done chan error
}

func newAppender(path string) (*appender, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	a := &appender{f: f, queue: make(chan appended, maxBatch), ended: make(chan struct{})}
	go a.run()
	return a, nil
}

func (a *appender) run() {
	defer close(a.ended)
	for first := range a.queue {
		batch, bytes := []appended{first}, append([]byte(nil), first.row...)
		for len(a.queue) > 0 && len(batch) < maxBatch {
			next := <-a.queue
			batch, bytes = append(batch, next), append(bytes, next.row...)
		}
		_, err := a.f.Write(bytes)
		if err == nil {
			err = syscall.Fdatasync(int(a.f.Fd()))
		}
		for _, r := range batch {
			r.done <- err
		}
	}
}

func (a *appender) append(row []byte) error {
	r := appended{row, make(chan error, 1)}
	a.queue <- r
	return <-r.done
}

func (a *appender) close() {
	close(a.queue)
	<-a.ended
	a.f.Close()
}

// BenchmarkList reads a page of a reporter's tickets out of many.
func BenchmarkList(b *testing.B) {
	s, err := Open(filepath.Join(b.TempDir(), "helpost.db"), Options{NoSync: true})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for n := range 2000 {
		if err := s.Commit(context.Background(), mail(n+1)); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		err := s.View(context.Background(), func(r store.Reader) error {
			page, _, err := r.List(store.Filter{Reporter: "person3@company.com", State: "new"})
			if len(page) != 50 {
				b.Errorf("a page of %d", len(page))
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
