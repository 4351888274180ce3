package mailer

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// Once a connection has proven that it lives on, each mail is announced with the end of the one before. Whatever the relay
// says to one of them is that one's answer; all others go out, once.
func TestAMailIsAnnouncedBehindTheOneBefore(t *testing.T) {
	const all, failed, deferred = "all are sent", "failed", "deferred"
	for _, c := range []struct{ step, reply, third string }{
		{"", "", all},
		{"BODY", "554 5.6.0 spam", failed},
		{"BODY", "451 4.7.1 scanner is down", deferred},
		{"BODY", "421 4.3.2 going down", deferred},
		{"BODY", cutLine, deferred},
		{"BODY", "lorem ipsum", deferred},
		{"MAIL", "550 5.7.1 not from you", failed},
		{"MAIL", "421 4.7.0 enough", all}, // at once over another connection
		{"MAIL", cutLine, all},
		{"RCPT", "550 5.1.1 no such person", failed},
		{"RCPT", "450 4.2.1 greylisted", deferred},
		{"RCPT", cutLine, deferred},
		{"DATA", "451 4.3.0 later", deferred},
		{"DATA", cutLine, deferred},
	} {
		t.Run(fmt.Sprint(c.step, " ", c.reply), func(t *testing.T) {
			t.Parallel()
			relay := newRelay(t)
			relay.offers = []string{"PIPELINING"}
			relay.script = func(r *relayConn, step, _ string) string {
				if step == "MAIL" {
					r.finished++
				}
				if step == "BODY" && r.number == 1 && r.finished == 2 {
					r.SetReadDeadline(time.Now().Add(10 * time.Second))
					if next, err := r.r.Peek(4); string(next) != "MAIL" {
						t.Errorf("behind the second mail came %q, %v", next, err)
					}
					r.SetReadDeadline(time.Time{})
				}
				if step == c.step && r.number == 1 && r.finished == 3 {
					return c.reply
				}
				return usual
			}
			d := newDesk(t, relay.start().addr, func(c *Config) { c.Connections = 1 })
			d.add(rows(4)...)
			d.run()
			want := []string{"1", "2", "3", "4"}
			if c.third == deferred {
				if left := d.tried(1); left.To != rows(3)[2].To {
					t.Errorf("%s was put off", left.To)
				}
			} else {
				d.empty()
			}
			if told := d.failures.all(); c.third == failed && (len(told) != 1 || told[0].row.To != rows(3)[2].To) || c.third != failed && len(told) > 0 {
				t.Errorf("the gateway was told %+v", told)
			}
			if c.third != all {
				want = slices.Delete(want, 2, 3)
			}
			var got []string
			for _, m := range relay.sent() {
				got = append(got, m.to[len("rina"):len("rina")+1])
			}
			if slices.Sort(got); !slices.Equal(got, want) {
				t.Errorf("the relay took %v, want %v", got, want)
			}
			if err := d.end(); err != nil {
				t.Error(err)
			}
		})
	}
}

// What follows a mail under a rate waits for its time.
func TestUnderARateNothingIsAnnounced(t *testing.T) {
	relay := newRelay(t)
	relay.offers = []string{"PIPELINING"}
	d := newDesk(t, relay.start().addr, func(c *Config) { c.Connections, c.Rate = 1, "1/s" })
	d.add(rows(3)...)
	d.run()
	for n := 1; n <= 3; n++ {
		eventually(t, fmt.Sprintf("%d mails", n), func() bool { return len(relay.sent()) == n })
		d.settled()
		if got := len(relay.sent()); got != n {
			t.Fatalf("%d mails went out in the time of %d", got, n)
		}
		d.pass(time.Second)
	}
}
