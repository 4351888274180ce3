package mailer

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"helpost/internal/store"
)

func TestAMailGoesOutAsItStands(t *testing.T) {
	relay := newRelay(t).start()
	d := newDesk(t, relay.addr, nil)
	d.blobs["picture"] = "aGVsbG8=\nd29ybGQ=\r\n" // one line end is bare
	r := row(1)
	r.From = ""
	r.Segments = append(r.Segments, store.Segment{Ref: &store.Ref{Blob: "picture"}}, store.Segment{Bytes: []byte("--end--\r\n")})
	d.run().add(r)
	d.empty()
	mails := relay.sent()
	if len(mails) != 1 {
		t.Fatalf("%d mails were sent", len(mails))
	}
	want := text(1) + "aGVsbG8=\r\nd29ybGQ=\r\n--end--\r\n"
	if got := mails[0]; got.data != want || got.from != "" || got.to != r.To {
		t.Errorf("from <%s> to <%s>:\n%q, want\n%q", got.from, got.to, got.data, want)
	}
	if got := d.traces(r.MessageID); !slices.Equal(got, []string{"sent"}) {
		t.Errorf("traces: %v", got)
	}
	if s := d.m.State(); s.Sent != 1 || s.Deferred != 0 || s.Failed != 0 || s.Failing {
		t.Errorf("state: %+v", s)
	}
	if log := d.log.String(); strings.Contains(log, "rina") || !strings.Contains(log, "row=1 ") {
		t.Errorf("the log names people, or not the mail:\n%s", log)
	}
}

// Who reads the log learns which notice went out and to which mail it belongs, and nothing to answer it with.
func TestTheLogHoldsNoToken(t *testing.T) {
	t.Parallel()
	const token = "caaaab5zmfp2lnrq6wxkh3tydsvo7u4e"
	relay := newRelay(t)
	relay.script = at("MAIL", "451 4.7.1 <helpdesk+"+token+"@company.com> sends too much")
	d := newDesk(t, relay.start().addr, nil)
	for i := range 4 {
		r := row(i + 1)
		r.MessageID, r.From, r.Trace = fmt.Sprintf("<%s.7-%d-mk4@company.com>", token, i), "helpdesk+"+token+"@company.com", "1x-2.1"
		d.add(r)
	}
	d.run().failing(true)
	probe := d.m.State().NextProbe
	d.settled()
	d.pass(time.Minute) // then the mails are due again
	eventually(t, "a probe that fails", func() bool { return d.m.State().NextProbe.After(probe) && d.m.State().Failing })
	d.settled()
	if err := d.end(); err != nil {
		t.Error(err)
	}
	log := d.log.String()
	if strings.Contains(log, token) || !strings.Contains(log, "unique=7-0-mk4") || !strings.Contains(log, "trace=1x-2.1") ||
		!strings.Contains(log, "the relay fails") {
		t.Errorf("the log has a token, or not the mail:\n%s", log)
	}
}

// at makes a script that says something else at one step.
func at(step, reply string) func(*relayConn, string, string) string {
	return func(_ *relayConn, s, _ string) string {
		if s == step {
			return reply
		}
		return usual
	}
}

func TestWhatTheRelaySaysDecides(t *testing.T) {
	for _, offers := range [][]string{nil, {"PIPELINING"}} {
		whatTheRelaySaysDecides(t, offers)
	}
}

func whatTheRelaySaysDecides(t *testing.T, offers []string) {
	const sent, deferred, failed, untried = "sent", "deferred", "failed", "untried"
	for _, c := range []struct {
		step, reply, want, status string
		failing                   bool
	}{
		{"RCPT", "250 ok", sent, "", false},
		{"RCPT", "251 will forward", sent, "", false},
		{"RCPT", "550 5.1.1 no such person", failed, "5.1.1", false},
		{"RCPT", "550 no such person", failed, "5.0.0", false},
		{"RCPT", "553-5.1.3 that is\r\n553 5.1.3 no address", failed, "5.1.3", false},
		{"RCPT", "450 4.2.1 greylisted", deferred, "4.2.1", false},
		{"RCPT", "421 4.3.2 going down", deferred, "4.3.2", false},
		{"RCPT", cutLine, deferred, "4.4.2", false},
		{"RCPT", hangUp, deferred, "4.4.2", false},
		{"RCPT", "lorem ipsum", deferred, "4.4.2", false},
		{"RCPT", "250-" + strings.Repeat("x", 4000), deferred, "4.4.2", false},
		{"RCPT", strings.Repeat("250-more\r\n", 40_000) + "250 done", deferred, "4.4.2", false},
		{"MAIL", "550 5.7.1 you are not helpdesk", failed, "5.7.1", false},
		{"MAIL", "552 5.3.4 too large", failed, "5.3.4", false},
		{"MAIL", "452 4.3.1 disk full", deferred, "4.3.1", false},
		{"MAIL", "530 5.7.0 log in first", deferred, "5.7.0", true},
		{"MAIL", cutLine, deferred, "4.4.2", false},
		{"DATA", "554 5.7.1 not today", failed, "5.7.1", false},
		{"DATA", "451 4.3.0 later", deferred, "4.3.0", false},
		{"DATA", "250 what now", deferred, "2.0.0", false},
		{"BODY", "554 5.6.0 spam", failed, "5.6.0", false},
		{"BODY", "451 4.7.1 scanner is down", deferred, "4.7.1", false},
		{"BODY", cutLine, deferred, "4.4.2", false},
		{"BODY", hangUp, deferred, "4.4.2", false},
		{"CONNECT", "554 5.7.1 not you", untried, "", true},
		{"CONNECT", "421 4.3.2 full", untried, "", true},
		{"CONNECT", "HTTP/1.1 400 Bad Request", untried, "", true},
		{"CONNECT", cutLine, untried, "", true},
		{"CONNECT", hangUp, untried, "", true},
		{"EHLO", "550 5.7.1 not you", untried, "", true},
		{"EHLO", cutLine, untried, "", true},
	} {
		name := fmt.Sprint(offers, " ", c.step, " ", c.reply[:min(len(c.reply), 20)])
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			relay := newRelay(t)
			relay.script, relay.offers = at(c.step, c.reply), offers
			d := newDesk(t, relay.addr, func(cfg *Config) {
				switch { // long enough for what goes well on a slow machine
				case c.reply != hangUp:
				case c.step == "RCPT":
					cfg.Timeout = 2 * time.Second
				default:
					cfg.DataTimeout = 300 * time.Millisecond
					if c.step == "CONNECT" {
						cfg.Timeout = 300 * time.Millisecond
					}
				}
			})
			relay.start()
			d.add(row(1))
			d.run()
			var left []store.Outbox
			switch c.want {
			case sent, failed:
				d.empty()
			case deferred:
				left = []store.Outbox{d.tried(1)}
			case untried:
				d.failing(true)
				d.settled()
				left = d.waiting()
			}
			d.settled()
			if n := len(relay.sent()); c.want == sent && n != 1 || c.want != sent && n != 0 {
				t.Errorf("the relay took %d mails", n)
			}
			if c.want == untried && (len(left) != 1 || left[0].Tries != 0 || !left[0].NextTry.Equal(epoch)) {
				t.Errorf("a relay that fails is no try of a mail: %+v", left)
			}
			if c.want == deferred {
				if !left[0].NextTry.Equal(epoch.Add(5*time.Second)) || left[0].LastError == "" || len(left[0].LastError) > 600 {
					t.Errorf("deferred: next %s, error %q", left[0].NextTry, left[0].LastError)
				}
			}
			told := d.failures.all()
			if c.want == failed && (len(told) != 1 || told[0].status != c.status || told[0].row.ID == 0 || strings.ContainsAny(told[0].text, "\r\n")) {
				t.Errorf("the gateway was told %+v, want status %s", told, c.status)
			}
			if c.want != failed && len(told) != 0 {
				t.Errorf("the gateway was told %+v", told)
			}
			if got := d.traces("<m1@company.com>"); c.want != untried && !slices.Equal(got, []string{c.want}) {
				t.Errorf("traces: %v", got)
			}
			if s := d.m.State(); s.Failing != c.failing || c.failing && s.Error == "" {
				t.Errorf("state: %+v, want failing: %t", s, c.failing)
			}
			if err := d.end(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAMailThatCannotGoIsNotTried(t *testing.T) {
	big := strings.Repeat("x", 70) + "\r\n"
	for _, c := range []struct {
		name         string
		change       func(*store.Outbox)
		config       func(*Config)
		offers       []string
		status, word string
	}{
		{"larger than max_size", func(r *store.Outbox) { r.Segments[0].Bytes = append(r.Segments[0].Bytes, strings.Repeat(big, 100)...) },
			func(c *Config) { c.MaxSize = 5000 }, nil, "5.3.4", "relay.max_size is 5000"},
		{"larger than the relay takes", func(r *store.Outbox) { r.Segments = append(r.Segments, store.Segment{Ref: &store.Ref{Blob: "big"}}) },
			func(c *Config) { c.MaxSize = 50_000 }, []string{"SIZE 4000"}, "5.3.4", "the relay takes 4000"},
		{"an address that needs SMTPUTF8", func(r *store.Outbox) { r.To = "réna@company.com" }, nil, nil, "5.6.7", "SMTPUTF8"},
		{"an address with a line end", func(r *store.Outbox) { r.To = "rina@company.com>\r\nRCPT TO:<other@company.com" }, nil, nil, "5.1.3", "malformed"},
		{"an address with a parameter", func(r *store.Outbox) { r.To = "rina@company.com> NOTIFY=NEVER" }, nil, nil, "5.1.3", "malformed"},
		{"an envelope sender without a domain", func(r *store.Outbox) { r.From = "helpdesk" }, nil, nil, "5.1.3", "malformed"},
		{"no recipient", func(r *store.Outbox) { r.To = "" }, nil, nil, "5.1.3", "malformed"},
		{"no bytes", func(r *store.Outbox) { r.Segments = nil }, nil, nil, "5.6.0", "empty"},
		{"an attachment that is gone", func(r *store.Outbox) { r.Segments = append(r.Segments, store.Segment{Ref: &store.Ref{Blob: "gone"}}) },
			nil, nil, "5.6.0", "gone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			relay := newRelay(t)
			relay.offers = c.offers
			d := newDesk(t, relay.start().addr, func(cfg *Config) {
				cfg.Connections = 1
				if c.config != nil {
					c.config(cfg)
				}
			})
			d.blobs["big"] = strings.Repeat(big, 100)
			r := row(1)
			c.change(&r)
			d.add(r)
			d.run()
			d.empty()
			told := d.failures.all()
			if len(told) != 1 || told[0].status != c.status || !strings.Contains(told[0].text, c.word) {
				t.Errorf("the gateway was told %+v, want %s %q", told, c.status, c.word)
			}
			if slices.Contains(relay.heard(), "MAIL") {
				t.Error("the relay was asked")
			}
			d.add(row(2)) // and the connection still serves
			d.empty()
			if ever, _ := relay.connections(); ever != 1 || len(relay.sent()) != 1 {
				t.Errorf("%d connections, %d mails after it", ever, len(relay.sent()))
			}
		})
	}
}

func TestAnAttachmentThatCannotBeReadDefersItsMailAlone(t *testing.T) {
	relay := newRelay(t).start()
	d := newDesk(t, relay.addr, nil)
	bad := row(1)
	bad.Class = store.ClassUrgent
	bad.Segments = append(bad.Segments, store.Segment{Ref: &store.Ref{Blob: "broken"}})
	d.add(bad, row(2))
	d.run()
	eventually(t, "the other mail", func() bool { return len(relay.sent()) == 1 })
	if left := d.tried(1); !strings.Contains(left.LastError, "hums") {
		t.Errorf("deferred for %q", left.LastError)
	}
	if d.m.State().Failing {
		t.Error("the relay is blamed for it")
	}
}

func TestSMTPUTF8OnlyWhereTheEnvelopeNeedsIt(t *testing.T) {
	relay := newRelay(t)
	relay.offers = []string{"SMTPUTF8", "8BITMIME", "SIZE 1000000"}
	d := newDesk(t, relay.start().addr, func(c *Config) { c.Connections = 1 })
	plain, local, domain := row(1), row(2), row(3)
	local.To, domain.To = "réna@company.com", "rina@bücher.example"
	d.add(plain, local, domain)
	d.run()
	d.empty()
	for i, want := range []struct {
		to   string
		utf8 bool
	}{{plain.To, false}, {local.To, true}, {"rina@xn--bcher-kva.example", false}} {
		got := relay.sent()[i]
		if got.to != want.to || strings.Contains(got.params, "SMTPUTF8") != want.utf8 || !strings.Contains(got.params, "SIZE=") {
			t.Errorf("to <%s> with %q, want <%s>, SMTPUTF8: %t", got.to, got.params, want.to, want.utf8)
		}
	}
}

func TestAfterARefusalTheConnectionServesTheNext(t *testing.T) {
	next := []string{"RSET", "MAIL", "RCPT", "DATA", "BODY"}
	for name, c := range map[string]struct {
		step   string // that refuses the first mail
		offers []string
		polite bool
		want   []string // heard after EHLO, before the next mail
	}{
		"MAIL":                                  {"MAIL", nil, false, []string{"MAIL"}},
		"RCPT":                                  {"RCPT", nil, false, []string{"MAIL", "RCPT"}},
		"DATA":                                  {"DATA", nil, false, []string{"MAIL", "RCPT", "DATA"}},
		"MAIL, all at once":                     {"MAIL", []string{"PIPELINING"}, false, []string{"MAIL", "RCPT", "DATA"}},
		"RCPT, all at once":                     {"RCPT", []string{"PIPELINING"}, false, []string{"MAIL", "RCPT", "DATA"}},
		"DATA, all at once":                     {"DATA", []string{"PIPELINING"}, false, []string{"MAIL", "RCPT", "DATA"}},
		"RCPT, and DATA is let in all the same": {"RCPT", []string{"PIPELINING"}, true, []string{"MAIL", "RCPT", "DATA", "BODY"}},
		"the mail":                              {"BODY", []string{"PIPELINING"}, false, []string{"MAIL", "RCPT", "DATA", "BODY"}},
	} {
		t.Run(name, func(t *testing.T) {
			relay := newRelay(t)
			relay.offers, relay.polite = c.offers, c.polite
			var met atomic.Bool
			relay.script = func(_ *relayConn, step, _ string) string {
				if step == c.step && met.CompareAndSwap(false, true) {
					return "550 5.1.1 no such person"
				}
				return usual
			}
			d := newDesk(t, relay.start().addr, func(c *Config) { c.Connections = 1 })
			d.add(row(1), row(2))
			d.run()
			d.empty()
			want := slices.Concat([]string{"CONNECT", "EHLO"}, c.want, next)
			if got := relay.heard(); !slices.Equal(got, want) {
				t.Errorf("the relay heard %v, want %v", got, want)
			}
			if got := relay.sent(); len(got) != 1 || got[0].to != row(2).To {
				t.Errorf("the relay took %+v", got)
			}
		})
	}
}

func TestDotsAtTheBeginOfALineAreDoubled(t *testing.T) {
	for in, want := range map[string]string{
		"":                   "",
		".":                  "..",
		"a.b\r\n":            "a.b\r\n",
		".\r\n..\r\n. a\r\n": "..\r\n...\r\n.. a\r\n",
		"a\r\n.b\r\n\r\n.c":  "a\r\n..b\r\n\r\n..c",
	} {
		for cut := range len(in) + 1 {
			var out strings.Builder
			d := &dots{w: &out, fresh: true}
			for _, part := range []string{in[:cut], in[cut:]} {
				if n, err := d.Write([]byte(part)); n != len(part) || err != nil {
					t.Fatalf("%d, %v", n, err)
				}
			}
			if out.String() != want {
				t.Errorf("%q cut at %d became %q, want %q", in, cut, out.String(), want)
			}
		}
	}
}

func TestACutLineAfterTheBodyIsTriedAgainWithTheSameBytes(t *testing.T) {
	relay := newRelay(t)
	var bodies atomic.Int32
	relay.script = func(c *relayConn, step, _ string) string {
		if step == "BODY" && bodies.Add(1) == 1 {
			relay.mu.Lock()
			relay.mails = append(relay.mails, c.mail) // it took the mail and could not say so
			relay.mu.Unlock()
			return cutLine
		}
		return usual
	}
	d := newDesk(t, relay.start().addr, nil)
	d.add(row(1))
	d.run().tried(1)
	d.pass(5 * time.Second)
	d.empty()
	mails := relay.sent()
	if len(mails) != 2 || mails[0].data != mails[1].data {
		t.Errorf("%d mails, or not the same one: %+v", len(mails), mails)
	}
}
