package smtpd

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAMailIsTakenWithItsEnvelope(t *testing.T) {
	at := time.Date(2026, 1, 12, 9, 13, 0, 0, time.UTC)
	s := open(t, Config{Clock: func() time.Time { return at }}, &desk{})
	c := s.hello(t)
	c.say("MAIL FROM:<rina@company.com> BODY=8BITMIME SIZE=200\r\n").want("250")
	c.say("RCPT TO:<Helpdesk@Company.com>\r\n").want("250")
	c.say("RCPT TO:<" + helpdesk + ">\r\n").want("250")
	c.say("DATA\r\n").want("354")
	c.say("From: Rina <rina@company.com>\r\n\r\n..titik\r\n....\r\n\xc3\xa9\r\n.\r\n")
	if got, want := c.want("250"), "250 2.0.0 kept as IT-000001"; got != want {
		t.Errorf("reply %q, want %q", got, want)
	}
	c.say("QUIT\r\n").want("221")
	m := s.taken()[0]
	if want := "From: Rina <rina@company.com>\r\n\r\n.titik\r\n...\r\n\xc3\xa9\r\n"; string(m.Data) != want {
		t.Errorf("data %q, want %q", m.Data, want)
	}
	if m.Peer != netip.MustParseAddr("127.0.0.1") || m.Hello != "client.company.com" || m.From != rina || m.TLS || m.UTF8 || m.Session == "" || !m.Received.Equal(at) {
		t.Errorf("envelope %+v, received %v", m.Envelope, m.Received)
	}
	if want := []string{"Helpdesk@Company.com", helpdesk}; !slices.Equal(m.Rcpt, want) {
		t.Errorf("recipients %q, want %q as they were written", m.Rcpt, want)
	}
}

func TestWhatIsOffered(t *testing.T) {
	s := open(t, Config{MaxMessage: 1000}, &desk{})
	c := s.dial(t)
	c.want("220 mx.company.com")
	got := c.say("EHLO client\r\n").want("250")
	for _, ext := range []string{"PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "CHUNKING", "SMTPUTF8", "SIZE"} {
		if !strings.Contains(got, ext) {
			t.Errorf("%s is not offered: %q", ext, got)
		}
	}
	for _, ext := range []string{"AUTH", "STARTTLS", "BINARYMIME"} {
		if strings.Contains(got, ext) {
			t.Errorf("%s is offered: %q", ext, got)
		}
	}
	c.say("AUTH PLAIN AGEAYg==\r\n").want("5")
	c.say("STARTTLS\r\n").want("502")
}

// The reply is decided by the kind of the error alone, at RCPT and at the end of the mail.
func TestErrorsBecomeReplies(t *testing.T) {
	secret := errors.New("bbolt: /var/lib/helpost/helpost.db: disk")
	cases := []struct {
		err  error
		want string
	}{
		{&Error{Kind: Temporary, Text: "Later, please"}, "451 4.3.0 Later, please"},
		{&Error{Kind: Full, Err: secret}, "452 4.3.1 "},
		{&Error{Kind: TooLarge}, "552 5.3.4 "},
		{&Error{Kind: Unknown, Text: "No such mailbox"}, "550 5.1.1 No such mailbox"},
		{&Error{Kind: NoRelay}, "550 5.7.1 "},
		{&Error{Kind: Refused, Text: "Not\r\n250 2.0.0 you\x00\xc3\xa9"}, "550 5.7.1 Not  250 2.0.0 you??"},
		{&Error{Kind: Malformed}, "550 5.6.0 "},
		{&Error{Kind: 99}, "451 4.3.0 "},
		{fmt.Errorf("wrapped: %w", &Error{Kind: Full}), "452 4.3.1 "},
		{secret, "451 4.3.0 "},
		{context.DeadlineExceeded, "451 4.3.0 "},
	}
	var err error
	s := open(t, Config{}, &desk{
		rcpt: func(_ Envelope, rcpt string) error {
			if rcpt == helpdesk {
				return nil
			}
			return err
		},
		take: func(context.Context, Mail) (string, error) { return "", err },
	})
	c := s.hello(t)
	for _, k := range cases {
		err = k.err
		c.say("MAIL FROM:<" + rina + ">\r\n").want("250")
		atRcpt := c.say("RCPT TO:<other@company.com>\r\n").want(strings.TrimSpace(k.want))
		c.say("RCPT TO:<" + helpdesk + ">\r\n").want("250")
		c.say("DATA\r\n").want("354")
		atEnd := c.say(report + ".\r\n").want(strings.TrimSpace(k.want))
		if strings.Contains(atRcpt+atEnd, "bbolt") {
			t.Errorf("%v: the client is told %q", k.err, atEnd)
		}
	}
	if n := len(s.taken()); n != 0 {
		t.Errorf("%d mails kept", n)
	}
	counted, sum := refusals(s), int64(0)
	for _, want := range []string{"4xx temporary", "4xx full", "5xx too_large", "5xx no_mailbox", "5xx not_allowed", "5xx malformed"} {
		if counted[want] < 2 {
			t.Errorf("counted are %v, and no %s", counted, want)
		}
		sum += counted[want]
	}
	if sum != int64(2*len(cases)) {
		t.Errorf("%v counted, want %d", counted, 2*len(cases))
	}
}

func TestCommandsOutOfOrder(t *testing.T) {
	for name, k := range map[string][]struct{ say, want string }{
		"MAIL before EHLO":     {{"MAIL FROM:<a@company.com>", "502"}},
		"RCPT before MAIL":     {{"EHLO x", "250"}, {"RCPT TO:<a@company.com>", "50"}},
		"DATA before RCPT":     {{"EHLO x", "250"}, {"MAIL FROM:<a@company.com>", "250"}, {"DATA", "50"}},
		"a second MAIL":        {{"EHLO x", "250"}, {"MAIL FROM:<a@company.com>", "250"}, {"RCPT TO:<b@company.com>", "250"}, {"MAIL FROM:<c@company.com>", "503 5.5.1"}},
		"MAIL after RSET":      {{"EHLO x", "250"}, {"MAIL FROM:<a@company.com>", "250"}, {"RSET", "250"}, {"MAIL FROM:<c@company.com>", "250"}},
		"EHLO is a RSET":       {{"EHLO x", "250"}, {"MAIL FROM:<a@company.com>", "250"}, {"EHLO y", "250"}, {"MAIL FROM:<c@company.com>", "250"}},
		"DATA after RSET":      {{"EHLO x", "250"}, {"MAIL FROM:<a@company.com>", "250"}, {"RCPT TO:<b@company.com>", "250"}, {"RSET", "250"}, {"DATA", "50"}},
		"BDAT before RCPT":     {{"EHLO x", "250"}, {"BDAT 6 LAST\r\nQUIT", "502"}, {"NOOP", "250"}},
		"HELO will do":         {{"HELO x", "250"}, {"MAIL FROM:<>", "250"}},
		"no VRFY":              {{"EHLO x", "250"}, {"VRFY root", "252"}},
		"odd BODY":             {{"EHLO x", "250"}, {"MAIL FROM:<a@company.com> BODY=BINARYMIME", "504"}},
		"unknown parameter":    {{"EHLO x", "250"}, {"MAIL FROM:<a@company.com> FOO=1", "500"}},
		"four commands of mud": {{"EHLO x", "250"}, {"\x00\x01", "50"}, {"GET / HTTP/1.1", "50"}, {"mud!", "50"}, {"mud!", "50"}, {"", "500 5.5.1 Too many errors"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := open(t, Config{}, &desk{}).dial(t)
			c.want("220")
			for _, step := range k {
				c.say(step.say + "\r\n").want(step.want)
			}
		})
	}
}

func TestPipeliningInOnePacket(t *testing.T) {
	s := open(t, Config{}, &desk{rcpt: func(_ Envelope, rcpt string) error {
		if rcpt != helpdesk {
			return &Error{Kind: NoRelay}
		}
		return nil
	}})
	c := s.hello(t)
	one := "MAIL FROM:<" + rina + "> BODY=8BITMIME\r\nRCPT TO:<x@gmail.example>\r\nRCPT TO:<" + helpdesk + ">\r\nDATA\r\n" + report + ".\r\n"
	c.say(one + one + "NOOP\r\nQUIT\r\n")
	for range 2 {
		for _, want := range []string{"250", "550 5.7.1", "250", "354", "250 2.0.0 kept"} {
			c.want(want)
		}
	}
	c.want("250")
	c.want("221")
	if got := s.taken(); len(got) != 2 || string(got[1].Data) != report || len(got[1].Rcpt) != 1 {
		t.Errorf("%d mails taken", len(got))
	}
}

// A mail's replies do not wait for the Taker of the next one.
func TestRepliesAreNotHeldBack(t *testing.T) {
	second := make(chan struct{})
	n := 0
	s := open(t, Config{}, &desk{take: func(context.Context, Mail) (string, error) {
		if n++; n == 2 {
			<-second
		}
		return "", nil
	}})
	c := s.hello(t)
	one := "MAIL FROM:<>\r\nRCPT TO:<" + helpdesk + ">\r\nDATA\r\n" + report + ".\r\n"
	c.say(one + one)
	for _, want := range []string{"250", "250", "354", "250 2.0.0 kept as IT-000001", "250", "250", "354"} {
		c.want(want)
	}
	close(second)
	c.want("250 2.0.0 kept as IT-000002")
}

func TestInternationalAddresses(t *testing.T) {
	s := open(t, Config{}, &desk{})
	c := s.hello(t)
	c.say("MAIL FROM:<désy@company.com>\r\n").want("553 5.6.7")
	c.say("MAIL FROM:<désy@company.com> SMTPUTF8\r\n").want("250")
	c.say("RCPT TO:<" + helpdesk + ">\r\n").want("250")
	c.say("DATA\r\n").want("354")
	c.say(report + ".\r\n").want("250")
	if m := s.taken()[0]; m.From != "désy@company.com" || !m.UTF8 {
		t.Errorf("envelope %+v", m.Envelope)
	}
}

func TestTheTakersOwnCopyOfTheRecipients(t *testing.T) {
	var seen [][]string
	s := open(t, Config{}, &desk{rcpt: func(env Envelope, rcpt string) error {
		seen = append(seen, env.Rcpt)
		_ = append(env.Rcpt, "spoiled@company.com")
		return nil
	}})
	c := s.hello(t)
	c.say("MAIL FROM:<>\r\n").want("250")
	for i := range 5 {
		c.say(fmt.Sprintf("RCPT TO:<a%d@company.com>\r\n", i)).want("250")
	}
	c.say("DATA\r\n").want("354")
	c.say(report + ".\r\n").want("250")
	if want := []string{"a0@company.com", "a1@company.com", "a2@company.com", "a3@company.com", "a4@company.com"}; !slices.Equal(s.taken()[0].Rcpt, want) || !slices.Equal(seen[4], want[:4]) {
		t.Errorf("recipients %q, seen at RCPT %q", s.taken()[0].Rcpt, seen)
	}
}

func TestPanicsAreAnswered(t *testing.T) {
	for _, where := range []string{"rcpt", "data", "bdat"} {
		t.Run(where, func(t *testing.T) {
			s := open(t, Config{}, &desk{
				rcpt: func(Envelope, string) error {
					if where == "rcpt" {
						panic("rcpt")
					}
					return nil
				},
				take: func(context.Context, Mail) (string, error) { panic("take") },
			})
			c := s.hello(t)
			c.say("MAIL FROM:<" + rina + ">\r\n").want("250")
			c.say("RCPT TO:<" + helpdesk + ">\r\n")
			if where != "rcpt" {
				c.want("250")
				if where == "data" {
					c.say("DATA\r\n").want("354")
					c.say(report + ".\r\n")
				} else {
					c.say("BDAT 6 LAST\r\nabcd\r\n")
				}
			}
			c.want("421 4.3.0")
			if rest := c.closed(); len(rest) != 0 {
				t.Errorf("more replies: %q", rest)
			}
			if s.Stats().Panics.Load() != 1 {
				t.Errorf("%d panics counted", s.Stats().Panics.Load())
			}
			s.hello(t) // the door still stands open
		})
	}
}

func TestLMTP(t *testing.T) {
	s := open(t, Config{LMTP: true}, &desk{})
	c := s.dial(t)
	c.want("220")
	c.say("LHLO mda\r\n").want("250")
	c.say("MAIL FROM:<>\r\nRCPT TO:<a@company.com>\r\nRCPT TO:<b@company.com>\r\nDATA\r\n")
	for _, want := range []string{"250", "250", "250", "354"} {
		c.want(want)
	}
	c.say(report + ".\r\n").want("250 2.0.0 <a@company.com> kept as IT-000001")
	c.want("250 2.0.0 <b@company.com> kept as IT-000001")
	if n := len(s.taken()); n != 1 {
		t.Errorf("%d mails taken, want one", n)
	}
}
