package mailer

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"helpost/internal/store"
)

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
	if n, err := d.m.Retry(context.Background()); n != 4 || err != nil {
		t.Errorf("retry of all: %d, %v", n, err)
	}
	d.empty()
	once(t, relay, 5)
}

func TestRequeueWithoutAMailer(t *testing.T) {
	d := newDesk(t, "127.0.0.1:1", nil)
	later := rows(450) // more than a page
	for i := range later {
		later[i].NextTry, later[i].Tries = epoch.Add(time.Hour), 7
	}
	d.add(append(later, row(451))...)
	n, err := Requeue(context.Background(), d.store, epoch.Add(time.Minute))
	if n != 451 || err != nil { // the one that was due before is due
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
		if _, err := parseRate(s); err == nil {
			t.Errorf("%q is taken", s)
		}
	}
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
