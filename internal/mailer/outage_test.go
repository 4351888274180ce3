package mailer

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"helpost/internal/store"
)

func TestARelayThatComesBackGetsEverythingAtOnce(t *testing.T) {
	relay := newRelay(t)
	var mu sync.Mutex
	var heard []bool
	d := newDesk(t, relay.addr, func(c *Config) {
		c.OnRelay = func(s State) { mu.Lock(); heard = append(heard, s.Failing); mu.Unlock() }
	})
	d.add(rows(20)...)
	d.run()
	d.failing(true)
	for down := time.Duration(0); down < 14*time.Second; { // one probe after another, whatever waits
		probe := d.m.State().NextProbe
		wait := probe.Sub(d.clock.Now())
		if wait != max(time.Second, down/4) {
			t.Errorf("after %s the next probe is in %s", down, wait)
		}
		d.pass(wait)
		down += wait
		eventually(t, "another probe", func() bool { return d.m.State().NextProbe.After(probe) })
	}
	d.settled()
	for _, r := range d.waiting() {
		if r.Tries != 0 {
			t.Errorf("the outage counts as %d tries of a mail", r.Tries)
		}
	}
	relay.start()
	d.pass(4 * time.Second)
	d.empty()
	once(t, relay, 20)
	d.failing(false)
	mu.Lock()
	defer mu.Unlock()
	if !slices.Equal(heard, []bool{true, false}) {
		t.Errorf("the alarm heard %v", heard)
	}
}

func TestProbesGetRarerWithTheOutage(t *testing.T) {
	b := backoff{first: 5 * time.Second, jitter: func() float64 { return 0 }}
	for down, want := range map[time.Duration]time.Duration{
		0: time.Second, 14 * time.Second: 3500 * time.Millisecond, time.Minute: 15 * time.Second, 24 * time.Hour: time.Minute,
	} {
		if got := b.probe(down); got != want {
			t.Errorf("after %s: %s, want %s", down, got, want)
		}
	}
}

func TestRetryProbesTheRelayAtOnce(t *testing.T) {
	relay := newRelay(t)
	d := newDesk(t, relay.addr, nil)
	d.add(row(1))
	d.run().failing(true)
	relay.start()
	if _, err := d.m.Retry(context.Background()); err != nil {
		t.Fatal(err)
	}
	d.empty()
}

func TestAMailThatKillsConnectionsHoldsUpNobody(t *testing.T) {
	relay := newRelay(t)
	relay.script = func(c *relayConn, step, _ string) string {
		if step == "BODY" && strings.HasPrefix(c.mail.to, "rina1@") {
			return cutLine
		}
		return usual
	}
	d := newDesk(t, relay.start().addr, func(c *Config) { c.Connections = 1 })
	all := rows(10)
	all[0].Class = store.ClassUrgent
	d.add(all...)
	d.run()
	d.tried(1)
	if n := len(relay.sent()); n != 9 || d.m.State().Failing {
		t.Errorf("%d of 9 others were sent, failing: %t", n, d.m.State().Failing)
	}
}

func TestARelayThatAnswersNobodyIsLeftAloneAndThenGetsWhatItPutOff(t *testing.T) {
	relay := newRelay(t)
	var sick atomic.Bool
	sick.Store(true)
	relay.script = func(_ *relayConn, step, _ string) string {
		if step == "MAIL" && sick.Load() {
			return "451 4.3.0 no disk"
		}
		return usual
	}
	d := newDesk(t, relay.start().addr, func(c *Config) { c.Connections = 1 })
	d.add(rows(40)...)
	d.run().failing(true)
	d.settled()
	tried := 0
	for _, r := range d.waiting() {
		tried += r.Tries
	}
	if tried != troubleMax {
		t.Errorf("%d mails were tried before the relay was blamed", tried)
	}
	sick.Store(false)
	d.pass(time.Second)
	d.empty() // also those whose own next try would be later
	once(t, relay, 40)
}

func TestABlipIsNoAlarm(t *testing.T) {
	relay := newRelay(t)
	d := newDesk(t, relay.addr, func(c *Config) { c.OnRelay = func(s State) { t.Errorf("alarm: %+v", s) } })
	d.add(row(1))
	d.run().failing(true)
	relay.start()
	d.pass(time.Second)
	d.empty()
	d.failing(false)
}
