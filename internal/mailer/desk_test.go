package mailer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"helpost/internal/blob"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/internal/store/bolt"
)

// desk is a mailer over a real store, with a clock that stands still and a gateway that notes what it is told.
type desk struct {
	t        testing.TB
	store    *bolt.Store
	queue    *unsteady
	m        *Mailer
	clock    *clock
	blobs    blobs
	failures *failures
	log      *bytes.Buffer
	end      func() error
}

var epoch = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// unsteady is a store whose commits may fail.
type unsteady struct {
	Queue
	mu     sync.Mutex
	refuse func(store.Change) error
}

func (u *unsteady) Commit(ctx context.Context, c store.Change) error {
	u.mu.Lock()
	refuse := u.refuse
	u.mu.Unlock()
	if refuse != nil {
		if err := refuse(c); err != nil {
			return err
		}
	}
	return u.Queue.Commit(ctx, c)
}

func (u *unsteady) refusing(f func(store.Change) error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.refuse = f
}

// blobs are the attachments.
type blobs map[string]string

func (b blobs) Open(_ context.Context, s store.Segment) (io.ReadCloser, error) {
	switch content, ok := b[s.Ref.Blob]; {
	case s.Ref.Blob == "broken":
		return nil, errors.New("the disk hums")
	case !ok:
		return nil, blob.ErrNotFound
	default:
		return io.NopCloser(strings.NewReader(content)), nil
	}
}

// failures is what the gateway does with a mail that cannot be delivered.
type failures struct {
	store  Queue
	mu     sync.Mutex
	told   []failure
	refuse error
}

type failure struct {
	row          store.Outbox
	status, text string
}

func (f *failures) Undelivered(ctx context.Context, row store.Outbox, status, text string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuse != nil {
		return f.refuse
	}
	f.told = append(f.told, failure{row, status, text})
	return f.store.Commit(ctx, store.Change{
		Done: []uint64{row.ID}, Traces: []store.Trace{FailureTrace(row, epoch, text)},
	})
}

func (f *failures) all() []failure {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]failure(nil), f.told...)
}

// newDesk opens a desk that sends to the relay at that address. It does not run yet.
func newDesk(t testing.TB, address string, change func(*Config)) *desk {
	t.Helper()
	s, err := bolt.Open(filepath.Join(t.TempDir(), "helpost.db"), bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	d := &desk{t: t, store: s, clock: &clock{now: epoch}, blobs: blobs{}, log: &bytes.Buffer{}}
	d.queue, d.failures = &unsteady{Queue: s}, &failures{store: s}
	cfg := Config{
		Address: address, TLS: NoTLS, Hello: "desk.company.com", Jitter: func() float64 { return 0 },
		Timeout: 10 * time.Second, DataTimeout: 10 * time.Second,
	}
	if change != nil {
		change(&cfg)
	}
	d.m, err = New(cfg, d.queue, d.blobs, d.failures, d.clock.Now, slog.New(slog.NewTextHandler(&locked{w: d.log}, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

// run starts the mailer; it is stopped at the end of the test at the latest.
func (d *desk) run() *desk {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.m.Run(ctx) }()
	d.end = sync.OnceValue(func() error {
		cancel()
		select {
		case err := <-done:
			return err
		case <-time.After(20 * time.Second):
			return errors.New("Run did not end")
		}
	})
	d.t.Cleanup(func() { d.end() })
	return d
}

// pass lets time go by.
func (d *desk) pass(by time.Duration) {
	d.clock.mu.Lock()
	d.clock.now = d.clock.now.Add(by)
	d.clock.mu.Unlock()
	d.m.Notify()
}

func row(n int) store.Outbox {
	return store.Outbox{
		Ticket: sop.Number(n), Kind: sop.KindReply, Class: store.ClassAnswer,
		From: "helpdesk@company.com", To: fmt.Sprintf("rina%d@company.com", n),
		MessageID: fmt.Sprintf("<m%d@company.com>", n), Made: epoch, NextTry: epoch,
		Segments: []store.Segment{{Bytes: []byte(text(n))}},
	}
}

func text(n int) string {
	return fmt.Sprintf("From: IT Service Desk <helpdesk@company.com>\r\nTo: rina%d@company.com\r\nSubject: [IT-%06d] Printer\r\n"+
		"Message-ID: <m%d@company.com>\r\nDate: Mon, 02 Mar 2026 09:00:00 +0700\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: text/plain; charset=utf-8\r\n\r\nSelamat pagi.\r\n.titik di depan\r\n", n, n, n)
}

// add puts rows into the outbox and tells the mailer.
func (d *desk) add(rows ...store.Outbox) {
	d.t.Helper()
	if err := d.store.Commit(context.Background(), store.Change{Outbox: rows}); err != nil {
		d.t.Fatal(err)
	}
	d.m.Notify()
}

// waiting is what the outbox holds.
func (d *desk) waiting() []store.Outbox {
	d.t.Helper()
	var rows []store.Outbox
	err := d.store.View(context.Background(), func(r store.Reader) error {
		var err error
		rows, err = r.Queue(0, 10_000)
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return rows
}

func (d *desk) empty() {
	d.t.Helper()
	eventually(d.t, "an empty outbox", func() bool { return len(d.waiting()) == 0 })
}

// settled waits until nothing is under way any more.
func (d *desk) settled() {
	d.t.Helper()
	eventually(d.t, "nothing under way", func() bool {
		d.m.mu.Lock()
		defer d.m.mu.Unlock()
		return len(d.m.inFlight) == 0
	})
}

// tried waits until the only row was put off so many times.
func (d *desk) tried(tries int) store.Outbox {
	d.t.Helper()
	var row store.Outbox
	eventually(d.t, fmt.Sprintf("the mail was tried %d times", tries), func() bool {
		if rows := d.waiting(); len(rows) == 1 {
			row = rows[0]
		}
		return row.Tries == tries
	})
	d.settled()
	return row
}

func (d *desk) failing(want bool) {
	d.t.Helper()
	eventually(d.t, fmt.Sprintf("relay failing: %t", want), func() bool { return d.m.State().Failing == want })
}

func (d *desk) traces(what string) []string {
	d.t.Helper()
	var outcomes []string
	err := d.store.View(context.Background(), func(r store.Reader) error {
		traces, err := r.Traces(what)
		for _, t := range traces {
			outcomes = append(outcomes, t.Outcome)
		}
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return outcomes
}
