package mailer

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"helpost/internal/store"
)

func rows(n int) []store.Outbox {
	all := make([]store.Outbox, n)
	for i := range all {
		all[i] = row(i + 1)
	}
	return all
}

// once fails where a mail was sent twice or never.
func once(t *testing.T, relay *testRelay, n int) {
	t.Helper()
	count := map[string]int{}
	for _, m := range relay.sent() {
		count[m.to]++
	}
	for _, r := range rows(n) {
		if count[r.To] != 1 {
			t.Errorf("%s got %d mails", r.To, count[r.To])
		}
	}
}

func TestRelaysOfEveryTemperAreServed(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*testRelay)
	}{
		{"one connection only", func(r *testRelay) { r.oneOnly = true }},
		{"closes after each mail", func(r *testRelay) { r.closeEach = true }},
		{"one connection only, closes after each mail", func(r *testRelay) { r.oneOnly, r.closeEach = true, true }},
		{"one connection only, a second one hangs", func(r *testRelay) {
			r.script = func(c *relayConn, step, _ string) string {
				if step == "CONNECT" && c.number == 2 {
					return hangUp
				}
				return usual
			}
		}},
		{"says 421 after five mails", func(r *testRelay) {
			r.script = func(c *relayConn, step, _ string) string {
				if step == "MAIL" {
					if c.finished++; c.finished > 5 {
						return "421 4.7.0 enough"
					}
				}
				return usual
			}
		}},
		{"is slow", func(r *testRelay) {
			r.script = func(_ *relayConn, step, _ string) string {
				if step == "BODY" {
					time.Sleep(20 * time.Millisecond)
				}
				return usual
			}
		}},
	} {
		for _, offers := range [][]string{nil, {"PIPELINING"}} {
			t.Run(fmt.Sprint(c.name, offers), func(t *testing.T) {
				t.Parallel()
				relay := newRelay(t)
				relay.offers = offers
				c.change(relay)
				servedInFull(t, relay)
			})
		}
	}
}

// servedInFull sends thirty mails, each once, through a relay that may have its moods.
func servedInFull(t *testing.T, relay *testRelay) {
	d := newDesk(t, relay.start().addr, nil)
	d.add(rows(30)...)
	d.run()
	eventually(t, "an empty outbox", func() bool { d.pass(20 * time.Millisecond); return len(d.waiting()) == 0 })
	once(t, relay, 30)
	if s := d.m.State(); s.Deferred != 0 || s.Failing {
		t.Errorf("state: %+v", s)
	}
	if err := d.end(); err != nil {
		t.Error(err)
	}
}

func TestAStopLetsTheRunningMailEnd(t *testing.T) {
	relay := newRelay(t)
	reached, goOn := make(chan bool, 1), make(chan bool)
	relay.script = func(_ *relayConn, step, _ string) string {
		if step == "BODY" {
			reached <- true
			<-goOn
		}
		return usual
	}
	d := newDesk(t, relay.start().addr, func(c *Config) { c.Connections = 1 })
	d.add(rows(3)...)
	d.run()
	<-reached
	ended := make(chan error, 1)
	go func() { ended <- d.end() }()
	time.Sleep(20 * time.Millisecond) // whether the stop comes before or after the reply must not matter
	close(goOn)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	left := d.waiting()
	if len(left) != 2 || len(relay.sent()) != 1 || left[0].Tries != 0 || left[1].Tries != 0 {
		t.Errorf("sent %d, left %+v", len(relay.sent()), left)
	}
	if steps := relay.heard(); steps[len(steps)-1] != "QUIT" {
		t.Errorf("no goodbye: %v", steps)
	}
}

func TestAStopCutsWhatDoesNotEnd(t *testing.T) {
	relay := newRelay(t)
	reached := make(chan bool, 1)
	relay.script = func(_ *relayConn, step, _ string) string {
		if step == "RCPT" {
			reached <- true
			return hangUp
		}
		return usual
	}
	d := newDesk(t, relay.start().addr, func(c *Config) { c.Grace, c.Timeout = time.Second, time.Hour })
	d.add(row(1))
	d.run()
	<-reached
	if err := d.end(); err != nil {
		t.Fatal(err)
	}
	if left := d.waiting(); len(left) != 1 || left[0].Tries != 0 || left[0].LastError != "" {
		t.Errorf("left: %+v", left)
	}
}

func TestAnIdleMailerDoesNotPoll(t *testing.T) {
	relay := newRelay(t).start()
	d := newDesk(t, relay.addr, nil)
	var looks atomic.Int32
	d.m.queue = counting{d.queue, &looks}
	later := row(1)
	later.NextTry = epoch.Add(time.Hour)
	d.add(later)
	d.run()
	eventually(t, "it has looked", func() bool { return looks.Load() > 0 })
	time.Sleep(50 * time.Millisecond)
	if n := looks.Load(); n > 3 {
		t.Errorf("it looked %d times in 50 ms", n)
	}
	if ever, _ := relay.connections(); ever != 0 {
		t.Error("it connected without a mail to send")
	}
}

type counting struct {
	Queue
	n *atomic.Int32
}

func (c counting) View(ctx context.Context, fn func(store.Reader) error) error {
	c.n.Add(1)
	return c.Queue.View(ctx, fn)
}

func (c counting) Claim(ctx context.Context, now time.Time, n int, lease time.Duration) ([]store.Outbox, error) {
	c.n.Add(1)
	return c.Queue.Claim(ctx, now, n, lease)
}
