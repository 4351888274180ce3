package bolt

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"helpost/internal/store"
)

// BenchmarkCommit measures changes like one mail (a ticket, three entries, a message with 2 KB raw, two notices of 8 KB)
// beside bbolt alone (as many puts of as many bytes, at the end of one bucket) and beside the least that durability costs (the
// same bytes appended to a file), each by a group commit of its own. Rounds of all alternate in one run, since the disk is
// never the same twice; the ratios are the store's time by theirs.
func BenchmarkCommit(b *testing.B) {
	for _, writers := range []int{1, 10, 50} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			s, err := Open(filepath.Join(b.TempDir(), "helpost.db"), Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			file, end := appendToFile(b)
			defer end()
			alone, end := putToBolt(b)
			defer end()
			c := mail(1)
			p, err := prepare(&c)
			if err != nil {
				b.Fatal(err)
			}
			rows := sameRows(p)
			next := 0
			var took [3]time.Duration
			const round = 100
			for b.Loop() {
				for i, commit := range []func(i int) error{
					func(i int) error { return s.Commit(context.Background(), mail(next+i+1)) },
					func(int) error { return alone.append(rows) },
					func(int) error { return file.append(rows) },
				} {
					begin := time.Now()
					atOnce(b, writers, round, commit)
					took[i] += time.Since(begin)
				}
				next += round
			}
			b.ReportMetric(float64(next)/took[0].Seconds(), "mails/s")
			b.ReportMetric(float64(next)/took[1].Seconds(), "bbolt/s")
			b.ReportMetric(float64(next)/took[2].Seconds(), "bare/s")
			b.ReportMetric(took[0].Seconds()/took[1].Seconds(), "ratio-bbolt")
			b.ReportMetric(took[0].Seconds()/took[2].Seconds(), "ratio")
			b.ReportMetric(float64(p.size), "bytes/mail")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// sameRows are as many rows as the store puts for a change, each as long.
func sameRows(p *prepared) (rows [][]byte) {
	put := func(key int, row []byte) { rows = append(rows, make([]byte, key+len(row))) }
	for _, part := range [][]keyed{p.seen, p.mails, p.entries, p.messages, p.raws} {
		for _, r := range part {
			put(len(r.key), r.row)
		}
	}
	for _, t := range p.tickets {
		put(len(ticketKey(t.number)), t.row)
		for _, key := range t.head.keys(t.number) {
			put(len(key), mark)
		}
		put(len(unsealedKey(t.number)), unsealedRow(0))
	}
	for _, o := range p.outbox {
		put(8, o.state)
		put(8+len(o.rest), o.body)
	}
	for _, t := range p.traces {
		put(traceSize, t.row)
		for _, key := range traceKeys(&t.trace, make([]byte, traceSize)) {
			put(len(key), mark)
		}
	}
	return rows
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

// appender commits what many append, with one flush for all who wait.
type appender struct {
	queue  chan appended
	ended  chan struct{}
	commit func([]appended) error
}

type appended struct {
	rows [][]byte
	done chan error
}

func newAppender(commit func([]appended) error) (*appender, func()) {
	a := &appender{queue: make(chan appended, maxBatch), ended: make(chan struct{}), commit: commit}
	go a.run()
	return a, func() { close(a.queue); <-a.ended }
}

func (a *appender) run() {
	defer close(a.ended)
	for first := range a.queue {
		batch := []appended{first}
		for len(a.queue) > 0 && len(batch) < maxBatch {
			batch = append(batch, <-a.queue)
		}
		err := a.commit(batch)
		for _, r := range batch {
			r.done <- err
		}
	}
}

func (a *appender) append(rows [][]byte) error {
	r := appended{rows, make(chan error, 1)}
	a.queue <- r
	return <-r.done
}

func appendToFile(b *testing.B) (*appender, func()) {
	f, err := os.Create(filepath.Join(b.TempDir(), "bare"))
	if err != nil {
		b.Fatal(err)
	}
	a, end := newAppender(func(batch []appended) error {
		var all []byte
		for _, r := range batch {
			all = append(all, bytes.Join(r.rows, nil)...)
		}
		if _, err := f.Write(all); err != nil {
			return err
		}
		return syscall.Fdatasync(int(f.Fd()))
	})
	return a, func() { end(); f.Close() }
}

func putToBolt(b *testing.B) (*appender, func()) {
	db, err := bbolt.Open(filepath.Join(b.TempDir(), "bbolt.db"), 0o600, nil)
	if err != nil {
		b.Fatal(err)
	}
	a, end := newAppender(func(batch []appended) error {
		return db.Update(func(tx *bbolt.Tx) error {
			bucket, err := tx.CreateBucketIfNotExists([]byte("rows"))
			if err != nil {
				return err
			}
			bucket.FillPercent = fillAppended
			for _, r := range batch {
				for _, row := range r.rows {
					n, err := bucket.NextSequence()
					if err != nil {
						return err
					}
					if err := bucket.Put(be64(n), row[min(8, len(row)):]); err != nil {
						return err
					}
				}
			}
			return nil
		})
	})
	return a, func() { end(); db.Close() }
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
