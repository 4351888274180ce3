package smtpd

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// Whatever stands in for the end of a mail, what follows it is never carried out: the one end is CRLF . CRLF.
func TestNoSmuggling(t *testing.T) {
	inner := "MAIL FROM:<evil@company.com>\r\nRCPT TO:<" + helpdesk + ">\r\nDATA\r\nSubject: evil\r\n\r\nx\r\n.\r\n"
	for _, end := range []string{"\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r", "\r.\r\n", "\r\n\x00.\r\n", "\r\n.\x00\r\n", "\n\n.\n\n", "\r\n.\r\r\n"} {
		for _, chunked := range []bool{false, true} {
			t.Run(fmt.Sprintf("%q chunked=%v", end, chunked), func(t *testing.T) {
				s := open(t, Config{}, &desk{})
				c := s.hello(t)
				body := "Subject: honest\r\n\r\ntext" + end + inner
				if chunked {
					c.say("MAIL FROM:<" + rina + ">\r\n").want("250")
					c.say("RCPT TO:<" + helpdesk + ">\r\n").want("250")
					c.say(fmt.Sprintf("BDAT %d LAST\r\n%s", len(body), body))
				} else {
					c.begin().say(body)
				}
				code := c.want("")[:3]
				if bare := bareBreak([]byte(body)); chunked && bare && code != "550" || !chunked && code != "250" && code != "550" {
					t.Errorf("answered %s", code)
				}
				c.say("QUIT\r\n").want("221")
				for _, m := range s.taken() {
					if m.From != rina || bareBreak(m.Data) {
						t.Errorf("taken from %q: %q", m.From, m.Data)
					}
				}
				if n := len(s.taken()); n > 1 || n == 0 && code == "250" {
					t.Errorf("%d mails taken, answered %s", n, code)
				}
			})
		}
	}
}

func TestBareBreaksAreRefused(t *testing.T) {
	for body, want := range map[string]string{
		"":                        "250",
		"a\r\n":                   "250",
		"a\x00b\x00\r\n\x00\r\n":  "250",
		"a\nb\r\n":                "550 5.6.0",
		"a\rb\r\n":                "550 5.6.0",
		"a\r\r\nb\r\n":            "550 5.6.0",
		"\n\r\n":                  "550 5.6.0",
		"a\r\nb\n\rc\r\n":         "550 5.6.0",
		strings.Repeat("a", 3e5):  "250",
		"\xff\xfe\x80 eight\r\nb": "250",
	} {
		s := open(t, Config{}, &desk{})
		c := s.hello(t).begin()
		if body != "" && !strings.HasSuffix(body, "\r\n") {
			body += "\r\n"
		}
		c.say(body + ".\r\n").want(want)
		if want == "250" && string(s.taken()[0].Data) != body {
			t.Errorf("%.40q arrived as %.40q", body, s.taken()[0].Data)
		}
		c.say("NOOP\r\n").want("250") // and the session goes on
	}
}

func TestAMailThatDoesNotEndIsNoMail(t *testing.T) {
	for name, say := range map[string]string{
		"DATA without its end":      "DATA\r\n" + report,
		"DATA with half an end":     "DATA\r\n" + report + ".\r",
		"DATA cut in its command":   "DATA",
		"BDAT LAST cut short":       "BDAT 5000 LAST\r\n" + report,
		"BDAT LAST cut in its line": "BDAT 0 LAST",
		"BDAT without LAST":         fmt.Sprintf("BDAT %d\r\n%s", len(report), report),
		"BDAT cut, then commands":   "BDAT 500 LAST\r\nSubject: x\r\n\r\n.\r\nMAIL FROM:<evil@company.com>\r\nRCPT TO:<a@company.com>\r\nDATA\r\nx\r\n.\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, Config{}, &desk{})
			c := s.hello(t)
			c.say("MAIL FROM:<" + rina + ">\r\n").want("250")
			c.say("RCPT TO:<" + helpdesk + ">\r\n").want("250")
			c.say(say)
			c.Conn.(*net.TCPConn).CloseWrite()
			for _, code := range c.closed() {
				if code[0] == '2' && name != "BDAT without LAST" {
					t.Errorf("answered %s", code)
				}
			}
			waitFor(t, "the connection is gone", func() bool { return s.Stats().Open.Load() == 0 })
			if n := len(s.taken()); n != 0 {
				t.Errorf("%d mails taken", n)
			}
		})
	}
}

func TestChunks(t *testing.T) {
	s := open(t, Config{MaxMessage: 1 << 20}, &desk{})
	c := s.hello(t)
	c.say("MAIL FROM:<" + rina + ">\r\n").want("250")
	c.say("RCPT TO:<" + helpdesk + ">\r\n").want("250")
	line := strings.Repeat("b", 998) + "\r\n"
	var all strings.Builder
	for i := range 10 {
		chunk := strings.Repeat(line, 20*i)
		all.WriteString(chunk)
		c.say(fmt.Sprintf("BDAT %d\r\n%s", len(chunk), chunk)).want("250")
	}
	c.say("BDAT 0 LAST\r\n").want("250 2.0.0 kept as IT-000001")
	if got := s.taken()[0].Data; string(got) != all.String() {
		t.Errorf("%d bytes arrived of %d", len(got), all.Len())
	}
	c.begin().say(report + ".\r\n").want("250")
}

// go-smtp could hand the result of an abandoned mail to the next one, so such a connection ends.
func TestResetAmongChunksEndsTheConnection(t *testing.T) {
	for _, reset := range []string{"RSET\r\n", "EHLO again\r\n"} {
		s := open(t, Config{}, &desk{})
		c := s.hello(t)
		c.say("MAIL FROM:<" + rina + ">\r\n").want("250")
		c.say("RCPT TO:<" + helpdesk + ">\r\n").want("250")
		c.say("BDAT 6\r\nabcd\r\n").want("250")
		c.say(reset).want("250")
		c.try("MAIL FROM:<" + rina + ">\r\n")
		if codes := c.closed(); len(codes) > 0 {
			t.Errorf("after %q: replies %q", reset, codes)
		}
		if n := len(s.taken()); n != 0 {
			t.Errorf("%d mails taken", n)
		}
	}
}

func TestSizes(t *testing.T) {
	const limit = 300_000
	body := func(n int) string {
		return strings.Repeat(strings.Repeat("a", 98)+"\r\n", n/100) + strings.Repeat("b", n%100)
	}
	s := open(t, Config{MaxMessage: limit}, &desk{})
	for _, k := range []struct {
		size int
		want string
	}{{limit - 100, "250"}, {limit, "250"}, {limit + 2, "552 5.3.4"}, {limit + 100, "552 5.3.4"}, {2*limit - 1000, "552 5.3.4"}} {
		data := body(k.size - 2) // and the CRLF of its last line
		c := s.hello(t)
		c.begin().say(data + "\r\n.\r\n").want(k.want)
		c.say("NOOP\r\n").want("250")

		c.say("MAIL FROM:<" + rina + ">\r\n").want("250")
		c.say("RCPT TO:<" + helpdesk + ">\r\n").want("250")
		c.say(fmt.Sprintf("BDAT %d LAST\r\n%s\r\n", k.size, data)).want(k.want)
		if k.want != "250" {
			c.closed() // a chunk that was never wanted is not read to its end
			continue
		}
		c.say("NOOP\r\n").want("250")
	}
	c := s.hello(t)
	c.say(fmt.Sprintf("MAIL FROM:<%s> SIZE=%d\r\n", rina, limit+1)).want("552 5.3.4")
	c.say(fmt.Sprintf("MAIL FROM:<%s> SIZE=%d\r\n", rina, limit+1000)).want("552 5.3.4")
	c.say(fmt.Sprintf("MAIL FROM:<%s> SIZE=99999999999999999999\r\n", rina)).want("5")
	c.say(fmt.Sprintf("MAIL FROM:<%s> SIZE=%d\r\n", rina, limit)).want("250")
	c.say("RCPT TO:<" + helpdesk + ">\r\n").want("250")
	c.say("DATA\r\n").want("354")
	c.say(body(limit-2) + "\r\n.\r\n").want("250") // the announced size was the truth
	if n := len(s.taken()); n != 5 {
		t.Errorf("%d mails taken, want 5", n)
	}
}

// Past twice the limit a client is no longer listened to; it still hears why.
func TestAFloodIsCutOff(t *testing.T) {
	s := open(t, Config{MaxMessage: 100_000}, &desk{})
	c := s.hello(t).begin()
	go func() {
		for line := []byte(strings.Repeat("x", 9998) + "\r\n"); ; {
			if _, err := c.Write(line); err != nil {
				return
			}
		}
	}()
	c.want("552 5.3.4")
	c.closed()
	if n := len(s.taken()); n != 0 || s.Stats().LimitsHit.Load() == 0 {
		t.Errorf("%d mails taken, %d limits hit", n, s.Stats().LimitsHit.Load())
	}
}

func TestLargeMails(t *testing.T) {
	s := open(t, Config{}, &desk{})
	mail := bytes.Repeat([]byte(strings.Repeat("QUJD", 19)+"\r\n"), 24<<20/78)
	c := s.hello(t)
	for n, k := range []struct {
		size  int
		param string
	}{{3 << 20, ""}, {3 << 20, " SIZE=3145728"}, {3 << 20, " SIZE=10"}} {
		want := mail[:k.size/78*78]
		c.say("MAIL FROM:<" + rina + ">" + k.param + "\r\n").want("250")
		c.say("RCPT TO:<" + helpdesk + ">\r\n").want("250")
		c.say("DATA\r\n").want("354")
		c.say(string(want) + ".\r\n").want("250")
		if got := s.taken()[n].Data; !bytes.Equal(got, want) {
			t.Errorf("%d%s: it is not what was sent", k.size, k.param)
		}
	}
	c.say("MAIL FROM:<" + rina + ">\r\n").want("250")
	c.say("RCPT TO:<" + helpdesk + ">\r\n").want("250")
	c.say(fmt.Sprintf("BDAT %d LAST\r\n%s", len(mail), mail)).want("250")
	if got := s.taken()[3].Data; !bytes.Equal(got, mail) {
		t.Error("24 MB in one chunk: it is not what was sent")
	}
}

// All mails together stay within Limits.Memory: who comes too much is asked to come again.
func TestMemoryIsShared(t *testing.T) {
	s := open(t, Config{MaxMessage: 1 << 20, Limits: Limits{Memory: 1}}, &desk{}) // so the least there can be: two mails
	big := strings.Repeat(strings.Repeat("a", 998)+"\r\n", 700)
	var held []*client
	for range 4 {
		c := s.hello(t).begin()
		c.say(big)
		held = append(held, c)
	}
	waitFor(t, "somebody finds no room", func() bool { return refusals(s)["4xx full"] > 0 })
	codes := map[string]int{}
	for _, c := range held {
		codes[c.say(".\r\n").want("")[:9]]++
	}
	if codes["452 4.3.1"] == 0 || codes["250 2.0.0"] == 0 || len(codes) != 2 {
		t.Errorf("answers %v", codes)
	}
	if s.Stats().Held.Load() != 0 {
		t.Errorf("%d bytes held", s.Stats().Held.Load())
	}
}

// Who measures hears of each mail that was taken: how long it was under way, and how long its client waited after its end.
func TestWhatTakesTimeIsTold(t *testing.T) {
	const upload, work = 60 * time.Millisecond, 30 * time.Millisecond
	type took struct{ whole, answer time.Duration }
	told := make(chan took, 2)
	s := open(t, Config{Took: func(whole, answer time.Duration) { told <- took{whole, answer} }}, &desk{take: func(_ context.Context, m Mail) (string, error) {
		time.Sleep(work)
		if bytes.Contains(m.Data, []byte("refuse")) {
			return "", &Error{Kind: Refused}
		}
		return "IT-000001", nil
	}})
	c := s.hello(t)
	c.begin().say("Subject: x\r\n\r\nrefuse\r\n.\r\n").want("550")
	c.begin().say("Subject: x\r\n\r\n")
	time.Sleep(upload)
	c.say(".\r\n").want("250")
	if got := <-told; got.answer < work || got.whole < got.answer+upload/2 || len(told) != 0 {
		t.Errorf("it was told %+v, and %d more", got, len(told))
	}
}
