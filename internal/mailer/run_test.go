package mailer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
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

func TestConnectionsAreKeptAndGivenUpWhenIdle(t *testing.T) {
	relay := newRelay(t).start()
	d := newDesk(t, relay.addr, func(c *Config) { c.Connections = 3 })
	d.add(rows(60)...)
	d.run()
	d.empty()
	once(t, relay, 60)
	ever, now := relay.connections()
	if ever > 3 || now == 0 {
		t.Errorf("%d connections were made, %d are kept", ever, now)
	}
	d.pass(31 * time.Second)
	eventually(t, "no connection", func() bool { _, now := relay.connections(); return now == 0 })
	if n := len(slices.DeleteFunc(relay.heard(), func(s string) bool { return s != "QUIT" })); n != ever {
		t.Errorf("%d of %d connections ended with QUIT", n, ever)
	}
	d.add(row(61))
	d.empty()
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
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			relay := newRelay(t)
			c.change(relay)
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
		})
	}
}

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

func TestBackoffDoublesUpToAnHour(t *testing.T) {
	none := backoff{first: 5 * time.Second, jitter: func() float64 { return 0 }}
	most := backoff{first: 5 * time.Second, jitter: func() float64 { return 0.999999 }}
	for tries, want := range map[int]time.Duration{
		1: 5 * time.Second, 2: 10 * time.Second, 3: 20 * time.Second, 10: 2560 * time.Second, 11: time.Hour, 4000: time.Hour,
	} {
		if got := none.after(tries); got != want {
			t.Errorf("try %d: %s, want %s", tries, got, want)
		}
		if got := most.after(tries); got > want || got < want*9/10 {
			t.Errorf("try %d with jitter: %s, want up to a tenth less than %s", tries, got, want)
		}
	}
}

func TestAMailKeepsItsOwnSchedule(t *testing.T) {
	relay := newRelay(t)
	relay.script = at("RCPT", "451 4.7.1 later")
	d := newDesk(t, relay.start().addr, nil)
	d.add(row(1))
	d.run()
	for i, wait := range []time.Duration{5, 10, 20, 40} {
		left := d.tried(i + 1)
		if got := left.NextTry.Sub(d.clock.Now()); got != wait*time.Second {
			t.Errorf("after try %d: %s", i+1, got)
		}
		d.pass(wait*time.Second - time.Nanosecond)
		d.m.Notify()
		d.add(row(100 + i)) // takes its turn, so that the loop has looked
		eventually(t, "the other mail is deferred", func() bool {
			return slices.ContainsFunc(d.waiting(), func(r store.Outbox) bool { return int(r.Ticket) == 100+i && r.Tries == 1 })
		})
		d.settled()
		for _, r := range d.waiting() {
			if r.Ticket == 1 && r.Tries != i+1 {
				t.Fatalf("tried %d times before its moment", r.Tries)
			} else if r.Ticket != 1 {
				if err := d.store.Commit(context.Background(), store.Change{Done: []uint64{r.ID}}); err != nil {
					t.Fatal(err)
				}
			}
		}
		d.pass(time.Nanosecond)
	}
	d.tried(5)
}

func TestItIsGivenUpInTheEnd(t *testing.T) {
	t.Run("refused for now, again and again", func(t *testing.T) {
		relay := newRelay(t)
		relay.script = at("RCPT", "451 4.7.1 later")
		d := newDesk(t, relay.start().addr, func(c *Config) { c.GiveUpAfter = 12 * time.Second })
		d.add(row(1))
		d.run().tried(1)
		d.pass(5 * time.Second)
		if left := d.tried(2); !left.NextTry.Equal(epoch.Add(12 * time.Second)) {
			t.Errorf("the last try is at %s, not when it is given up", left.NextTry)
		}
		d.pass(7 * time.Second)
		d.empty()
		told := d.failures.all()
		if len(told) != 1 || told[0].status != "5.4.7" || !strings.Contains(told[0].text, "given up after 12s: 451 4.7.1 later") {
			t.Errorf("the gateway was told %+v", told)
		}
		if got := d.traces("<m1@company.com>"); !slices.Contains(got, "failed") {
			t.Errorf("traces: %v", got)
		}
	})
	t.Run("no relay for all that time", func(t *testing.T) {
		relay := newRelay(t)
		d := newDesk(t, relay.addr, func(c *Config) { c.GiveUpAfter = time.Hour })
		late := row(2)
		late.Made, late.NextTry = epoch.Add(59*time.Minute), epoch.Add(59*time.Minute)
		d.add(row(1), late)
		d.run().failing(true)
		d.pass(time.Hour)
		eventually(t, "one is given up", func() bool { return len(d.failures.all()) == 1 })
		if told := d.failures.all()[0]; told.row.Ticket != 1 || told.status != "5.4.7" || !strings.Contains(told.text, relay.addr) {
			t.Errorf("the gateway was told %+v", told)
		}
		relay.start()
		d.pass(time.Minute)
		d.empty()
		if mails := relay.sent(); len(mails) != 1 || mails[0].to != late.To {
			t.Errorf("sent: %+v", mails)
		}
	})
}

func TestAMailThatTheGatewayCannotReportStays(t *testing.T) {
	relay := newRelay(t)
	relay.script = at("RCPT", "550 5.1.1 no such person")
	d := newDesk(t, relay.start().addr, nil)
	d.failures.refuse = store.ErrFull
	d.add(row(1))
	d.run().tried(1)
	d.failures.mu.Lock()
	d.failures.refuse = nil
	d.failures.mu.Unlock()
	d.pass(5 * time.Second)
	d.empty()
	if s := d.m.State(); len(d.failures.all()) != 1 || s.Failed != 1 {
		t.Errorf("told %d times, state %+v", len(d.failures.all()), s)
	}
}

func TestRetryMakesEverythingDueNow(t *testing.T) {
	relay := newRelay(t)
	var open atomic.Bool
	relay.script = func(_ *relayConn, step, _ string) string {
		if step == "RCPT" && !open.Load() {
			return "451 4.7.1 later"
		}
		return usual
	}
	d := newDesk(t, relay.start().addr, nil)
	d.add(rows(5)...)
	d.run()
	eventually(t, "all are deferred", func() bool { return d.m.State().Deferred == 5 })
	d.settled()
	open.Store(true)
	first := d.waiting()[0]
	if n, err := d.m.Retry(context.Background(), first.ID, 99); n != 1 || err != nil {
		t.Errorf("retry of one: %d, %v", n, err)
	}
	eventually(t, "it is sent", func() bool { return len(d.waiting()) == 4 })
	if n, err := d.m.RetryAll(context.Background()); n != 4 || err != nil {
		t.Errorf("retry of all: %d, %v", n, err)
	}
	d.empty()
	once(t, relay, 5)
}

func TestRetryProbesTheRelayAtOnce(t *testing.T) {
	relay := newRelay(t)
	d := newDesk(t, relay.addr, nil)
	d.add(row(1))
	d.run().failing(true)
	relay.start()
	if _, err := d.m.RetryAll(context.Background()); err != nil {
		t.Fatal(err)
	}
	d.empty()
}

func TestRequeueWithoutAMailer(t *testing.T) {
	d := newDesk(t, "127.0.0.1:1", nil)
	later := rows(450) // more than a page
	for i := range later {
		later[i].NextTry, later[i].Tries = epoch.Add(time.Hour), 7
	}
	d.add(append(later, row(451))...)
	n, err := Requeue(context.Background(), d.store, epoch.Add(time.Minute))
	if n != 450 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	for _, r := range d.waiting() {
		if r.NextTry.After(epoch.Add(time.Minute)) || r.Ticket < 451 && r.Tries != 7 {
			t.Fatalf("after the requeue: %+v", r)
		}
	}
}

func TestTheUrgentGoFirstUnderARate(t *testing.T) {
	relay := newRelay(t).start()
	d := newDesk(t, relay.addr, func(c *Config) { c.Rate = "10/s" })
	storm := rows(12)
	for i := range storm {
		storm[i].Class = store.ClassRoutine
	}
	d.add(storm...)
	d.run()
	sent := func(n int) { eventually(t, "the next mail", func() bool { return len(relay.sent()) == n }) }
	sent(1)
	for range 3 { // time stands still: no token, no mail
		d.m.Notify()
		time.Sleep(5 * time.Millisecond)
	}
	sent(1)
	answer, urgent := row(50), row(60)
	urgent.Class = store.ClassUrgent
	d.add(answer)
	d.add(urgent)
	for i := 2; i <= 14; i++ {
		d.pass(101 * time.Millisecond)
		sent(i)
	}
	var order []string
	for _, m := range relay.sent() {
		order = append(order, m.to)
	}
	if order[1] != urgent.To || order[2] != answer.To {
		t.Errorf("the order was %v", order)
	}
}

func TestRates(t *testing.T) {
	for s, want := range map[string]time.Duration{"30/m": 2 * time.Second, "10/s": 100 * time.Millisecond, "500/h": 7200 * time.Millisecond} {
		l, err := parseRate(s)
		if err != nil || !l.AllowN(epoch, 1) || l.AllowN(epoch.Add(want-time.Millisecond), 1) || !l.AllowN(epoch.Add(want), 1) {
			t.Errorf("%s does not mean one mail in %s (%v)", s, want, err)
		}
	}
	for _, s := range []string{"30", "30/d", "0/s", "-1/s", "m/30", "1.5/s", "/"} {
		if err := CheckRate(s); err == nil {
			t.Errorf("%q is taken", s)
		}
	}
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

func TestResultsAreRecordedWhenTheStoreIsBack(t *testing.T) {
	relay := newRelay(t).start()
	d := newDesk(t, relay.addr, nil)
	var refused atomic.Int32
	d.queue.refusing(func(c store.Change) error {
		if len(c.Done) > 0 {
			refused.Add(1)
			return store.ErrFull
		}
		return nil
	})
	d.add(rows(10)...)
	d.run()
	eventually(t, "several attempts to record", func() bool { return refused.Load() > 12 })
	d.queue.refusing(nil)
	d.empty()
	once(t, relay, 10)
}

func TestSendingStopsWhereNothingCanBeRecorded(t *testing.T) {
	relay := newRelay(t).start()
	d := newDesk(t, relay.addr, nil)
	d.queue.refusing(func(c store.Change) error {
		if len(c.Done) > 0 {
			return store.ErrFull
		}
		return nil
	})
	d.add(rows(800)...)
	d.run()
	most := 3*recordBatch + 4 // stuck, waiting, and on the connections
	eventually(t, "mails beyond one batch", func() bool { return len(relay.sent()) > recordBatch })
	time.Sleep(200 * time.Millisecond)
	if n := len(relay.sent()); n > most {
		t.Errorf("%d mails were sent and not recorded, %d at most may be", n, most)
	}
	d.queue.refusing(nil)
	d.empty()
	once(t, relay, 800)
}

func TestAMailIsNotSentTwiceBecauseItTakesLong(t *testing.T) {
	relay := newRelay(t)
	reached, goOn := make(chan bool, 1), make(chan bool)
	relay.script = func(c *relayConn, step, _ string) string {
		if step == "BODY" && c.mail.to == "rina1@company.com" {
			reached <- true
			<-goOn
		}
		return usual
	}
	d := newDesk(t, relay.start().addr, nil)
	d.add(row(1))
	d.run()
	<-reached
	if _, err := d.m.RetryAll(context.Background()); err != nil {
		t.Fatal(err)
	}
	d.pass(2 * d.m.cfg.lease()) // the store would give it to anybody now
	d.add(row(2))
	eventually(t, "the other mail", func() bool { return len(relay.sent()) == 1 })
	close(goOn)
	d.empty()
	once(t, relay, 2)
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

func TestOneRowThatTheStoreRefusesHoldsUpNoOther(t *testing.T) {
	relay := newRelay(t).start()
	d := newDesk(t, relay.addr, nil)
	var refuse atomic.Uint64
	d.add(rows(20)...)
	refuse.Store(d.waiting()[3].ID)
	d.queue.refusing(func(c store.Change) error {
		if slices.Contains(c.Done, refuse.Load()) {
			return fmt.Errorf("row: %w", store.ErrConflict)
		}
		return nil
	})
	d.run()
	eventually(t, "the others have left", func() bool { return len(d.waiting()) == 1 })
	refuse.Store(0)
	d.empty()
	once(t, relay, 20)
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

func TestAStopSaysWhatCouldNotBeRecorded(t *testing.T) {
	relay := newRelay(t).start()
	d := newDesk(t, relay.addr, func(c *Config) { c.Grace = 50 * time.Millisecond })
	d.queue.refusing(func(store.Change) error { return errors.New("no store") })
	d.add(row(1))
	d.run()
	eventually(t, "it is sent", func() bool { return len(relay.sent()) == 1 })
	if err := d.end(); err == nil || !strings.Contains(err.Error(), "1 results") {
		t.Errorf("the end says %v", err)
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

func TestTheAgeOfTheQueue(t *testing.T) {
	d := newDesk(t, "127.0.0.1:1", nil)
	if age, err := d.m.QueueAge(context.Background()); age != 0 || err != nil {
		t.Errorf("empty: %s, %v", age, err)
	}
	d.add(row(1))
	d.pass(90 * time.Second)
	if age, err := d.m.QueueAge(context.Background()); age != 90*time.Second || err != nil {
		t.Errorf("%s, %v", age, err)
	}
}
