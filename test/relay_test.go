package test

import (
	"fmt"
	"testing"
	"time"
)

// moodyDesk is a desk whose relay is moody, and which tries again soon.
func moodyDesk(t *testing.T) (*desk, *moody) {
	t.Helper()
	d, m := newDesk(t), newMoody(t)
	d.edit(`address = "`+d.relay.addr+`"`, `address = "`+m.addr+`"`+"\nretry = \"1s\"")
	return d, m
}

func (d *desk) hand(from string, raw []byte) {
	d.t.Helper()
	if err := d.send(from, raw); err != nil {
		d.t.Fatal(err)
	}
}

const acknowledgement = "ack missing"

// The relay is not there: mail is taken all the same, and what waits goes out when it is back, each once.
func TestTheRelayIsDownAndComesBack(t *testing.T) {
	d, m := moodyDesk(t)
	d.start()
	who := []string{"satu@company.com", "dua@company.com", "tiga@company.com"}
	for _, w := range who {
		d.hand(w, report(w, "printer"))
	}
	if got := len(d.tickets()); got != 3 {
		t.Fatalf("%d tickets", got)
	}
	m.open(t)
	for _, w := range who {
		until(t, "an acknowledgement to "+w, func() bool { return len(m.mails(w, acknowledgement)) > 0 })
	}
	for _, w := range who {
		if got := len(m.mails(w, "")); got != 1 {
			t.Errorf("%s got %d mails", w, got)
		}
	}
}

// 451 is tried again, and is no failure.
func TestTheRelayIsBusy(t *testing.T) {
	t.Parallel()
	d, m := moodyDesk(t)
	asked := 0
	m.refuse = func(string) string { asked++; return "451 4.3.0 later" }
	m.open(t)
	d.start()
	d.hand("satu@company.com", report("satu@company.com", "printer"))
	until(t, "two tries", func() bool { n := 0; m.set(func() { n = asked }); return n >= 3 })
	if got := m.mails("", ""); len(got) != 0 {
		t.Fatalf("%v", got)
	}
	m.set(func() { m.refuse = func(string) string { return "" } })
	until(t, "an acknowledgement", func() bool { return len(m.mails("satu@company.com", acknowledgement)) == 1 })
	if got := m.mails("", "undeliverable"); len(got) != 0 {
		t.Fatalf("a delay was called a failure: %v", got)
	}
}

// 550 is final: the desk is told, never the one whom it failed to, and nothing is tried again.
func TestTheRelayRefusesForGood(t *testing.T) {
	for _, no := range []string{"550 5.1.1 no such user", "553 5.1.3 bad address", "552 5.2.2 mailbox full"} {
		t.Run(no, func(t *testing.T) {
			t.Parallel()
			d, m := moodyDesk(t)
			asked := 0
			m.refuse = func(rcpt string) string {
				if rcpt != "hilang@company.com" {
					return ""
				}
				asked++
				return no
			}
			m.open(t)
			d.start()
			d.hand("hilang@company.com", report("hilang@company.com", "printer"))
			until(t, "the desk is told", func() bool { return len(m.mails("andi@company.com", "undeliverable")) == 1 })
			time.Sleep(2500 * time.Millisecond) // two tries would fit
			times := 0
			m.set(func() { times = asked })
			if got := m.mails("hilang@company.com", ""); len(got) != 0 || times != 1 {
				t.Errorf("asked %d times, sent %v", times, got)
			}
			if got := m.mails("", "undeliverable"); len(got) != 1 {
				t.Errorf("%v", got)
			}
			if err := d.end(); err != nil {
				t.Error(err)
			}
		})
	}
}

// The relay took a mail and the line broke before its 250: the mail is sent again with the same Message-ID.
func TestTheLineBreaksAfterTheMail(t *testing.T) {
	t.Parallel()
	d, m := moodyDesk(t)
	m.cut = 2
	m.open(t)
	d.start()
	d.hand("satu@company.com", report("satu@company.com", "printer"))
	until(t, "all that was cut comes again", func() bool { return len(m.mails("", "")) >= 4 })
	ids := map[string]string{}
	twice := 0
	for _, s := range m.mails("", "") {
		key := s.to + " " + s.kind
		if was := ids[key]; was == s.id {
			twice++
		} else if was != "" {
			t.Errorf("%s came under two Message-IDs", key)
		}
		ids[key] = s.id
	}
	if twice == 0 || len(ids) != 2 {
		t.Errorf("%d repeats of %d notices", twice, len(ids))
	}
}

// A relay of any mood: mail is taken without a wait meanwhile, and each notice goes out once.
func TestRelaysOfAnyMood(t *testing.T) {
	t.Parallel()
	for name, is := range map[string]func(*moody){
		"it hangs, and a later line does not": func(m *moody) {
			m.greet = func(n, _ int) string { return map[bool]string{true: hang}[n == 2] }
		},
		"it answers rubbish at first": func(m *moody) {
			m.greet = func(n, _ int) string { return map[bool]string{true: "HTTP/1.1 400 Bad Request"}[n <= 3] }
		},
		"it greylists": func(m *moody) {
			known := map[string]bool{}
			m.refuse = func(rcpt string) string {
				if was := known[rcpt]; !was {
					known[rcpt] = true
					return "450 4.7.1 come again"
				}
				return ""
			}
		},
		"it allows one connection": func(m *moody) {
			m.greet = func(_, others int) string { return map[bool]string{true: "421 4.7.0 one is enough"}[others > 0] }
		},
		"it closes after each mail": func(m *moody) { m.closeEach = true },
		"it allows one connection, and closes it after each mail": func(m *moody) {
			m.closeEach = true
			m.greet = func(_, others int) string { return map[bool]string{true: "421 4.7.0 one is enough"}[others > 0] }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, m := moodyDesk(t)
			is(m)
			m.open(t)
			d.start()
			const mails = 8
			at := time.Now()
			for i := range mails {
				from := fmt.Sprintf("orang%d@company.com", i)
				d.hand(from, report(from, "printer"))
			}
			if took := time.Since(at); took > 10*time.Second {
				t.Errorf("%d mails were taken in %v", mails, took)
			}
			until(t, "every notice is sent", func() bool { return len(m.mails("", "")) >= 2*mails })
			d.quiet()
			count := map[string]int{}
			for _, s := range m.mails("", "") {
				count[s.to+" "+s.ticket]++
			}
			for key, n := range count {
				if n != 1 {
					t.Errorf("%s was told %d times", key, n)
				}
			}
			if len(count) != 2*mails {
				t.Errorf("%d were told", len(count))
			}
		})
	}
}
