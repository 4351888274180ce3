package smtpd

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// inFakeTime runs a server on pipes in a bubble, where an hour is over at once.
func inFakeTime(t *testing.T, cfg Config, d *desk, test func(t *testing.T, p *pipes)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p, s := newPipes(), New(cfg, d)
		ended := make(chan error, 1)
		go func() { ended <- s.Serve(context.Background(), p) }()
		test(t, p)
		if err := s.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func (p *pipes) hello(t testing.TB) *client {
	c := p.dial(t)
	c.want("220")
	c.say("EHLO x\r\n").want("250")
	return c
}

// dripping sends a piece every pause until the server answers, and says how long that took.
func (c *client) dripping(piece string, pause time.Duration) (reply string, took time.Duration) {
	began := time.Now()
	answer := make(chan string, 1)
	go func() {
		got, _ := c.reply()
		answer <- got
	}()
	for {
		select {
		case reply = <-answer:
			return reply, time.Since(began)
		case <-time.After(pause):
			c.SetWriteDeadline(time.Now().Add(time.Second))
			c.try(piece)
		}
	}
}

func TestPatienceWithSlowClients(t *testing.T) {
	line := strings.Repeat("a", 1022) + "\r\n"
	for name, k := range map[string]struct {
		mail     bool
		piece    string
		pause    time.Duration
		want     string
		from, to time.Duration
	}{
		"silence before a command":   {false, "", time.Minute, "421", 5 * time.Minute, 6 * time.Minute},
		"a command letter by letter": {false, "N", 30 * time.Second, "501", 5 * time.Minute, 6 * time.Minute},
		"silence inside a mail":      {true, "", time.Minute, "451 4.4.2", 3 * time.Minute, 4 * time.Minute},
		"a mail letter by letter":    {true, "a", time.Second, "451 4.4.2", 3 * time.Minute, 4 * time.Minute},
		"a mail below the rate":      {true, line, 2 * time.Second, "451 4.4.2", 4 * time.Minute, 8 * time.Minute},
		"a mail without end":         {true, line, time.Second / 2, "451 4.4.2", 20 * time.Minute, 21 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			d := &desk{}
			inFakeTime(t, Config{}, d, func(t *testing.T, p *pipes) {
				c := p.hello(t)
				if k.mail {
					c.begin()
				}
				got, took := c.dripping(k.piece, k.pause)
				if !strings.HasPrefix(got, k.want) || took < k.from || took > k.to {
					t.Errorf("%q after %v, want %s after %v", got, took, k.want, k.from)
				}
				if codes := c.closed(); len(codes) > 0 {
					t.Errorf("more replies: %q", codes)
				}
			})
			if len(d.taken()) > 0 {
				t.Error("a mail was taken")
			}
		})
	}
}

func TestASlowMailThatKeepsItsRateIsTaken(t *testing.T) {
	d := &desk{}
	inFakeTime(t, Config{}, d, func(t *testing.T, p *pipes) {
		c := p.hello(t).begin()
		for range 600 { // ten minutes at 2 KB a second
			time.Sleep(time.Second)
			c.say(strings.Repeat("a", 2046) + "\r\n")
		}
		c.say(".\r\n").want("250")
		c.say("QUIT\r\n").want("221")
	})
	if len(d.taken()) != 1 {
		t.Error("it was not")
	}
}

// After a mail that stopped in its middle, the rest of it is not carried out as commands.
func TestTheRestOfASlowMailIsNoCommand(t *testing.T) {
	d := &desk{}
	for _, begin := range []string{"DATA\r\nSubject: x\r\n", "BDAT 500 LAST\r\nSubject: x\r\n"} {
		inFakeTime(t, Config{}, d, func(t *testing.T, p *pipes) {
			c := p.hello(t)
			c.say("MAIL FROM:<" + rina + ">\r\n").want("250")
			c.say("RCPT TO:<" + helpdesk + ">\r\n").want("250")
			go c.try(begin)
			if strings.HasPrefix(begin, "DATA") {
				c.want("354")
			}
			time.Sleep(10 * time.Minute)
			go c.try("MAIL FROM:<evil@company.com>\r\nRCPT TO:<" + helpdesk + ">\r\nDATA\r\nevil\r\n.\r\n")
			if got := c.closed(); slices.Contains(got, "250") || slices.Contains(got, "354") {
				t.Errorf("replies %q", got)
			}
		})
	}
	if len(d.taken()) > 0 {
		t.Error("a mail was taken")
	}
}

// CR CR LF . CR LF ends a mail for its sender, and not for go-smtp. The mail has a bare CR, so it is refused for good:
// else its sender would come back with it for days.
func TestAnEndBehindABareCR(t *testing.T) {
	d := &desk{}
	inFakeTime(t, Config{}, d, func(t *testing.T, p *pipes) {
		c := p.hello(t).begin()
		c.say(report + "odd\r\r\n.\r\n").want("550 5.6.0")
		if codes := c.closed(); len(codes) > 0 {
			t.Errorf("more replies: %q", codes)
		}
	})
	if len(d.taken()) > 0 {
		t.Error("a mail was taken")
	}
}

func TestASessionHasAnEnd(t *testing.T) {
	inFakeTime(t, Config{}, &desk{}, func(t *testing.T, p *pipes) {
		c := p.hello(t)
		began := time.Now()
		for {
			c.SetDeadline(time.Now().Add(10 * time.Minute))
			got, err := c.try("NOOP\r\n").reply()
			if err != nil || got[:3] != "250" {
				break
			}
			time.Sleep(4 * time.Minute)
		}
		if took := time.Since(began); took < 56*time.Minute || took > 65*time.Minute {
			t.Errorf("ended after %v", took)
		}
	})
}

func TestCommandsHaveABudget(t *testing.T) {
	for _, noise := range []string{"NOOP", "RSET", "VRFY x", "HELP", "EHLO x"} {
		s := open(t, Config{Limits: Limits{Commands: 20}}, &desk{})
		c := s.hello(t)
		c.try(strings.Repeat(noise+"\r\n", 25))
		codes := c.closed()
		if len(codes) == 0 || codes[len(codes)-1] != "421" || len(codes) > 20 {
			t.Errorf("%s: replies %q", noise, codes)
		}
	}
	// A mail that is taken brings it back.
	s := open(t, Config{Limits: Limits{Commands: 20}}, &desk{})
	c := s.hello(t)
	for range 20 {
		c.begin().say(report + ".\r\n").want("250")
	}
}

func TestRefusalsHaveABudget(t *testing.T) {
	s := open(t, Config{Limits: Limits{Refusals: 5}}, &desk{rcpt: func(Envelope, string) error { return &Error{Kind: Unknown} }})
	c := s.hello(t)
	c.say("MAIL FROM:<>\r\n").want("250")
	for i := range 4 {
		c.say(fmt.Sprintf("RCPT TO:<guess%d@company.com>\r\n", i)).want("550 5.1.1")
	}
	c.say("RCPT TO:<guess@company.com>\r\n").want("421 4.7.0")
	if codes := c.closed(); len(codes) > 0 {
		t.Errorf("more replies: %q", codes)
	}
}

func TestRecipientsHaveALimit(t *testing.T) {
	s := open(t, Config{}, &desk{})
	c := s.hello(t)
	c.say("MAIL FROM:<>\r\n").want("250")
	for i := range 100 {
		c.say(fmt.Sprintf("RCPT TO:<a%d@company.com>\r\n", i)).want("250")
	}
	c.say("RCPT TO:<a@company.com>\r\n").want("452 4.5.3")
	c.say("DATA\r\n").want("354")
	c.say(report + ".\r\n").want("250")
	if n := len(s.taken()[0].Rcpt); n != 100 {
		t.Errorf("%d recipients", n)
	}
}

func TestAnEndlessCommandIsCutOff(t *testing.T) {
	s := open(t, Config{}, &desk{})
	c := s.hello(t)
	go c.try("MAIL FROM:<" + strings.Repeat("a", 1<<20))
	c.want("500")
	c.closed()
	c.Close()

	// Between the chunks of a mail, too.
	c = s.hello(t)
	c.say("MAIL FROM:<>\r\n").want("250")
	c.say("RCPT TO:<" + helpdesk + ">\r\n").want("250")
	c.say("BDAT 2\r\nab").want("250")
	go c.try(strings.Repeat("a", 1<<20))
	c.closed()
	c.Close()
	waitFor(t, "both are gone", func() bool { return s.Stats().Open.Load() == 0 })
	if s.Stats().LimitsHit.Load() != 2 || len(s.taken()) != 0 {
		t.Errorf("%d limits hit, %d mails taken", s.Stats().LimitsHit.Load(), len(s.taken()))
	}
}

func TestConnectionsHaveALimit(t *testing.T) {
	for name, k := range map[string]struct {
		limits Limits
		fit    int
	}{
		"in all":               {Limits{Connections: 3}, 3},
		"of one address":       {Limits{PerAddress: 2}, 2},
		"our relays are known": {Limits{PerAddress: 2, Connections: 5, Exempt: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, 5},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, Config{Limits: k.limits}, &desk{})
			var in []*client
			for range k.fit {
				in = append(in, s.hello(t))
			}
			c := s.dial(t)
			c.want("421 4.7.0")
			if codes := c.closed(); len(codes) > 0 {
				t.Errorf("more replies: %q", codes)
			}
			if got := s.Stats().ConnectionsRefused.Load(); got != 1 {
				t.Errorf("%d refused", got)
			}
			in[0].say("QUIT\r\n").want("221")
			waitFor(t, "the place is free", func() bool { return s.Stats().Open.Load() == int64(k.fit-1) })
			s.hello(t)
		})
	}
}

func TestAddressesAreCountedByTheirNetwork(t *testing.T) {
	s := New(Config{}, &desk{})
	a, b := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::ffff:2")
	if s.counted(a) != s.counted(b) || s.counted(a) == s.counted(netip.MustParseAddr("2001:db8:0:1::1")) {
		t.Error("an IPv6 /64 is not one client")
	}
	if four := netip.MustParseAddr("192.0.2.1"); s.counted(four) != four {
		t.Error("an IPv4 address is not its own client")
	}
}

func TestIdleClientsHoldNobodyUp(t *testing.T) {
	s := open(t, Config{}, &desk{})
	for range 30 {
		s.hello(t)
	}
	s.hello(t).begin().say(report + ".\r\n").want("250")
	if n := s.Stats().Open.Load(); n != 31 {
		t.Errorf("%d connections are open", n)
	}
}
