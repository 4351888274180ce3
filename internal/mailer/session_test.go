package mailer

import (
	"context"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

func TestHowTheRelayIsReached(t *testing.T) {
	good, pool := testCertificate(t, "127.0.0.1")
	other, otherPool := testCertificate(t, "mx.example")
	for _, c := range []struct {
		name   string
		relay  func(*testRelay)
		config func(*Config)
		want   string // in the error; "": it works
		tls    bool
		user   string
	}{
		{"plain", func(*testRelay) {}, func(c *Config) { c.TLS = NoTLS }, "", false, ""},
		{"STARTTLS", func(r *testRelay) { r.tls, r.offers = good, []string{"STARTTLS"} }, func(c *Config) { c.RootCAs = pool }, "", true, ""},
		{"implicit TLS", func(r *testRelay) { r.tls, r.implicit = good, true }, func(c *Config) { c.TLS, c.RootCAs = Implicit, pool }, "", true, ""},
		{"STARTTLS is not offered", func(*testRelay) {}, func(c *Config) { c.RootCAs = pool }, "does not offer it", false, ""},
		{"STARTTLS is offered and refused", func(r *testRelay) {
			r.offers, r.script = []string{"STARTTLS"}, at("STARTTLS", "454 4.7.0 no TLS today")
		}, func(c *Config) { c.RootCAs = pool }, "STARTTLS: 454", false, ""},
		{"words in plaintext after STARTTLS", func(r *testRelay) {
			r.offers, r.script = []string{"STARTTLS"}, at("STARTTLS", "220 go ahead\r\n250 forged")
		}, func(c *Config) { c.RootCAs = pool }, "goes on in plaintext", false, ""},
		{"an authority that nobody knows", func(r *testRelay) { r.tls, r.offers = good, []string{"STARTTLS"} },
			func(c *Config) { c.RootCAs = otherPool }, "TLS: tls: failed to verify certificate", false, ""},
		{"the certificate of another name", func(r *testRelay) { r.tls, r.offers = other, []string{"STARTTLS"} },
			func(c *Config) { c.RootCAs = otherPool }, "TLS: tls: failed to verify certificate", false, ""},
		{"AUTH PLAIN under TLS", func(r *testRelay) {
			r.tls, r.password, r.offers = good, "desk:geheim", []string{"STARTTLS", "AUTH LOGIN PLAIN"}
		}, func(c *Config) { c.RootCAs, c.Username, c.Password = pool, "desk", "geheim" }, "", true, "desk"},
		{"AUTH LOGIN where PLAIN is not offered", func(r *testRelay) {
			r.tls, r.implicit, r.password, r.offers = good, true, "desk:geheim", []string{"AUTH LOGIN XOAUTH2"}
		}, func(c *Config) { c.TLS, c.RootCAs, c.Username, c.Password = Implicit, pool, "desk", "geheim" }, "", true, "desk"},
		{"AUTH in plaintext, on loopback", func(r *testRelay) { r.password, r.offers = "desk:geheim", []string{"AUTH PLAIN"} },
			func(c *Config) { c.TLS, c.Username, c.Password = NoTLS, "desk", "geheim" }, "", false, "desk"},
		{"a wrong password", func(r *testRelay) { r.password, r.offers = "desk:geheim", []string{"AUTH PLAIN"} },
			func(c *Config) { c.TLS, c.Username, c.Password = NoTLS, "desk", "falsch" }, "AUTH: SMTP error 535", false, ""},
		{"no AUTH that we know", func(r *testRelay) { r.offers = []string{"AUTH XOAUTH2"} },
			func(c *Config) { c.TLS, c.Username, c.Password = NoTLS, "desk", "x" }, "neither PLAIN nor LOGIN", false, ""},
		{"nothing listens", nil, func(c *Config) { c.TLS = NoTLS }, "connection refused", false, ""},
		{"it hangs", func(r *testRelay) { r.script = at("CONNECT", hangUp) },
			func(c *Config) { c.TLS, c.Timeout = NoTLS, 100*time.Millisecond }, "i/o timeout", false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			relay := newRelay(t)
			if c.relay != nil {
				c.relay(relay)
				relay.start()
			}
			cfg := Config{Address: relay.addr, Hello: "desk.company.com", Timeout: 10 * time.Second}
			c.config(&cfg)
			err := Probe(context.Background(), cfg)
			switch {
			case c.want == "" && err != nil:
				t.Fatal(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), relay.addr)):
				t.Fatalf("error %v, want %q and the address", err, c.want)
			case err != nil && cfg.Password != "" && strings.Contains(err.Error(), cfg.Password):
				t.Error("the error tells the password")
			case slices.Contains(relay.heard(), "MAIL"):
				t.Error("a probe sends a mail")
			}
			if c.want != "" {
				return
			}
			d := newDesk(t, relay.addr, func(cfg *Config) { cfg.TLS = ""; c.config(cfg) })
			d.add(row(1))
			d.run()
			d.empty()
			if got := relay.sent()[0]; got.tls != c.tls || got.user != c.user {
				t.Errorf("sent with TLS %t as %q", got.tls, got.user)
			}
		})
	}
}

func TestTheRelayIsGreetedWithOurNameOnly(t *testing.T) {
	cert, pool := testCertificate(t, "127.0.0.1")
	relay := newRelay(t)
	relay.tls, relay.offers = cert, []string{"STARTTLS"}
	relay.script = func(_ *relayConn, step, line string) string {
		if step == "EHLO" && line != "EHLO desk.company.com" {
			return "550 who are you"
		}
		return usual
	}
	relay.start()
	if err := Probe(context.Background(), Config{Address: relay.addr, Hello: "desk.company.com", RootCAs: pool}); err != nil {
		t.Error(err)
	}
}

func TestAPasswordIsNotSentInPlaintextOverANetwork(t *testing.T) {
	ours, theirs := net.Pipe() // its address is no loopback address
	defer ours.Close()
	go func() {
		io.WriteString(theirs, "220 relay\r\n")
		buf := make([]byte, 1000)
		theirs.Read(buf)
		io.WriteString(theirs, "250-relay\r\n250 AUTH PLAIN LOGIN\r\n")
		n, _ := theirs.Read(buf)
		if n > 0 {
			t.Errorf("the relay heard %q", buf[:n])
		}
	}()
	cfg := Config{Address: "relay.example", TLS: NoTLS, Username: "desk", Password: "geheim"}
	if err := cfg.complete(); err != nil {
		t.Fatal(err)
	}
	if _, err := greet(context.Background(), &cfg, ours); err == nil || !strings.Contains(err.Error(), "under TLS only") {
		t.Errorf("error %v", err)
	}
}

func TestARelayThatFailsAtTheDoorIsNoMailsFault(t *testing.T) {
	relay := newRelay(t)
	relay.password, relay.offers = "desk:geheim", []string{"AUTH PLAIN"}
	d := newDesk(t, relay.start().addr, func(c *Config) { c.Username, c.Password = "desk", "falsch" })
	d.add(rows(5)...)
	d.run().failing(true)
	for range 5 {
		probe := d.m.State().NextProbe
		d.pass(probe.Sub(d.clock.Now()))
		eventually(t, "another probe", func() bool { return d.m.State().NextProbe.After(probe) })
	}
	d.settled()
	if n := len(d.waiting()); n != 5 || len(d.failures.all()) != 0 || !strings.Contains(d.m.State().Error, "535") {
		t.Errorf("%d mails wait, state %+v", n, d.m.State())
	}
	if n := strings.Count(d.log.String(), "level=ERROR"); n != 1 {
		t.Errorf("%d alarms in the log:\n%s", n, d.log)
	}
}

func TestConfigurationsThatCannotBe(t *testing.T) {
	for _, c := range []struct {
		cfg  Config
		want string
	}{
		{Config{}, "relay.address"},
		{Config{Address: "relay.example:"}, "relay.address"},
		{Config{Address: ":587"}, "relay.address"},
		{Config{Address: "relay.example", TLS: "ssl"}, "relay.tls"},
		{Config{Address: "relay.example", Rate: "many"}, "relay.rate"},
		{Config{Address: "relay.example", Hello: "desk\r\nRCPT"}, "smtp.hostname"},
	} {
		if _, err := New(c.cfg, nil, nil, nil, nil, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v", c.cfg, err)
		}
	}
	for _, c := range []struct{ address, tls, want string }{
		{"relay.example", "", "relay.example:587"}, {"relay.example", "implicit", "relay.example:465"},
		{"relay.example", "none", "relay.example:25"}, {"[2001:db8::1]", "", "[2001:db8::1]:587"},
		{"2001:db8::1", "", "[2001:db8::1]:587"}, {"relay.example:2525", "", "relay.example:2525"},
	} {
		cfg := Config{Address: c.address, TLS: TLS(c.tls)}
		if err := cfg.complete(); err != nil || cfg.Address != c.want {
			t.Errorf("%s with %q: %s, %v", c.address, c.tls, cfg.Address, err)
		}
	}
}

func TestABodyThatIsNotTakenEnds(t *testing.T) {
	t.Parallel()
	r := row(1)
	r.Segments[0].Bytes = append(r.Segments[0].Bytes, strings.Repeat(strings.Repeat("x", 76)+"\r\n", 200_000)...)
	d := newDesk(t, stuckRelay(t), func(c *Config) { c.Timeout = 2 * time.Second })
	d.add(r)
	d.run()
	if left := d.tried(1); !strings.Contains(left.LastError, "timeout") {
		t.Errorf("it ended with %q", left.LastError)
	}
}

// stuckRelay says 354 and then reads nothing more.
func stuckRelay(t *testing.T) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { ln.Close(); close(done) })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				buf := make([]byte, 4096)
				for _, reply := range []string{"220 relay", "250 relay", "250 ok", "250 ok", "354 go on"} {
					io.WriteString(c, reply+"\r\n")
					if reply != "354 go on" {
						c.Read(buf)
					}
				}
				<-done
			}()
		}
	}()
	return ln.Addr().String()
}

func TestClassifyIsTotal(t *testing.T) {
	for code := 100; code < 1000; code++ {
		for _, at := range []stage{stageMail, stageRcpt, stageData, stageBody, stageEnd} {
			for _, used := range []bool{false, true} {
				v := classify(at, &smtp.SMTPError{Code: code, Message: "x"}, used)
				final := code >= 500 && code <= 599
				if v.fate == fateFailed && !final {
					t.Errorf("%d at %s is final", code, at)
				}
				if v.fate == fateStale && (at != stageMail || !used) {
					t.Errorf("%d at %s of a new connection does not count", code, at)
				}
				if v.fate == fateSent || v.text == "" || v.status == "" {
					t.Errorf("%d at %s: %+v", code, at, v)
				}
			}
		}
	}
}

// FuzzRelay lets a relay say anything at all, at the door and in a transaction.
func FuzzRelay(f *testing.F) {
	f.Add("220 relay\r\n250-relay\r\n250 SIZE 1000\r\n250 ok\r\n250 ok\r\n354 go\r\n250 2.0.0 ok\r\n")
	f.Add("220-a\r\n220 b\r\n250 x\r\n550 5.7.1 no\r\n")
	f.Add("220 relay\r\n250-relay\r\n250 AUTH PLAIN\r\n334 \r\n334 \r\n")
	f.Add("220\r\n500\r\n250\r\n250-\r\n")
	_, pool := testCertificate(f, "relay.example")
	f.Fuzz(func(t *testing.T, talk string) {
		for _, mode := range []TLS{NoTLS, StartTLS} {
			ours, theirs := net.Pipe()
			go io.Copy(io.Discard, theirs)
			go func() {
				io.WriteString(theirs, talk)
				theirs.Close()
			}()
			cfg := Config{Address: "relay.example", TLS: mode, RootCAs: pool, Timeout: 5 * time.Second, DataTimeout: 5 * time.Second}
			if err := cfg.complete(); err != nil {
				t.Fatal(err)
			}
			s, err := greet(context.Background(), &cfg, ours)
			if err == nil && mode == StartTLS {
				t.Error("TLS with a relay that has none")
			}
			if err == nil {
				m := &Mailer{cfg: cfg}
				v := m.deliver(context.Background(), s, m.turn(context.Background(), s, row(1)), func() *turn { return nil })
				if strings.ContainsAny(v.text, "\r\n\x00") || len(v.text) > 4*maxText {
					t.Errorf("text %q", v.text)
				}
			}
			ours.Close()
		}
	})
}
