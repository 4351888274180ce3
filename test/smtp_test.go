package test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// edit changes a part of the configuration, before the start.
func (d *desk) edit(old, new string) {
	d.t.Helper()
	name := filepath.Join(d.dir, "helpost.toml")
	text, err := os.ReadFile(name)
	if err != nil {
		d.t.Fatal(err)
	}
	if !bytes.Contains(text, []byte(old)) {
		d.t.Fatalf("the configuration has no %q", old)
	}
	if err := os.WriteFile(name, bytes.Replace(text, []byte(old), []byte(new), 1), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// report writes a plain report with a subject of its own.
func report(from, subject string) []byte {
	return fmt.Appendf(nil, "From: Orang <%s>\r\nTo: <helpdesk@company.com>\r\nSubject: %s\r\nMessage-ID: <%x@client.company.com>\r\nDate: %s\r\n\r\nDivisi: Gudang\r\n\r\nPrinter macet.\r\n", from, subject, rand.Uint64(), time.Now().Format(time.RFC1123Z))
}

// code gives the reply code of a mail that was sent: 250 for none, 0 where the line broke.
func code(err error) int {
	var reply *textproto.Error
	switch {
	case err == nil:
		return 250
	case errors.As(err, &reply):
		return reply.Code
	}
	return 0
}

// session is a client that may do as it likes.
type session struct {
	net.Conn
	in *bufio.Reader
}

func (d *desk) connect() (*session, error) {
	c, err := net.DialTimeout("tcp", d.smtp, 10*time.Second)
	if err != nil {
		return nil, err
	}
	s := &session{c, bufio.NewReader(c)}
	_ = c.SetDeadline(time.Now().Add(60 * time.Second)) // a TCP connection takes a deadline
	if code, _ := s.reply(); code != 220 {
		return nil, errors.Join(fmt.Errorf("greeted with %d", code), c.Close())
	}
	return s, nil
}

// say sends a line and gives the reply; code 0: the line is gone.
func (s *session) say(line string) (code int, text string) {
	if _, err := s.Write([]byte(line + "\r\n")); err != nil {
		return 0, err.Error()
	}
	return s.reply()
}

func (s *session) reply() (code int, text string) {
	for {
		line, err := s.in.ReadString('\n')
		if err != nil || len(line) < 4 {
			return 0, text
		}
		text += line
		if line[3] != '-' {
			_, _ = fmt.Sscan(line[:3], &code) // 0 where it is no number
			return code, text
		}
	}
}

// begin opens a mail up to the 354.
func (d *desk) begin(from string) *session {
	d.t.Helper()
	s, err := d.connect()
	if err != nil {
		d.t.Fatal(err)
	}
	for _, step := range []struct {
		line string
		want int
	}{{"EHLO client.test", 250}, {"MAIL FROM:<" + from + ">", 250}, {"RCPT TO:<helpdesk@company.com>", 250}, {"DATA", 354}} {
		if code, text := s.say(step.line); code != step.want {
			d.t.Fatalf("%s: %s", step.line, text)
		}
	}
	return s
}

// until waits for something to be so.
func until(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); !so(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("in vain: %s", what)
		}
	}
}

// moody is a relay that does what a test tells it.
type moody struct {
	addr string
	mu   sync.Mutex
	ln   net.Listener
	got  []sent
	// refuse gives the reply to RCPT ("": 250), and cut says how many mails are taken without a word, the line being cut.
	refuse func(rcpt string) string
	cut    int
	// greet gives what the n-th connection is greeted with while so many others are open; "": as is usual, hang: nothing.
	// After any other word the line is cut.
	greet     func(n, others int) string
	closeEach bool // after each mail
	ever, now int  // connections
}

const hang = "!hang"

// sent is a mail that a moody relay was given whole.
type sent struct{ to, kind, id, ticket string }

func newMoody(t *testing.T) *moody {
	t.Helper()
	m := &moody{addr: freeAddress(t), refuse: func(string) string { return "" }, greet: func(int, int) string { return "" }}
	t.Cleanup(m.close)
	return m
}

func (m *moody) open(t *testing.T) {
	t.Helper()
	ln, err := net.Listen("tcp", m.addr)
	if err != nil {
		t.Fatal(err)
	}
	m.mu.Lock()
	m.ln = ln
	m.mu.Unlock()
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil { // closed
				return
			}
			go m.serve(c)
		}
	}()
}

func (m *moody) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ln != nil {
		_ = m.ln.Close()
	}
}

// set changes its mood.
func (m *moody) set(change func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change()
}

func (m *moody) mails(to, kind string) (some []sent) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.got {
		if (to == "" || s.to == to) && (kind == "" || strings.Contains(kind, s.kind)) {
			some = append(some, s)
		}
	}
	return some
}

func (m *moody) serve(c net.Conn) {
	defer c.Close()
	r := textproto.NewReader(bufio.NewReader(c))
	say := func(line string) bool { _, err := c.Write([]byte(line + "\r\n")); return err == nil }
	m.mu.Lock()
	m.ever++
	word := m.greet(m.ever, m.now)
	m.now++
	m.mu.Unlock()
	defer m.set(func() { m.now-- })
	switch word {
	case "":
		say("220 moody.test")
	case hang:
		_, _ = r.ReadLine() // until the other side gives up
		return
	default:
		say(word)
		return
	}
	to := ""
	for {
		line, err := r.ReadLine()
		if err != nil {
			return
		}
		switch word, _, _ := strings.Cut(strings.ToUpper(line), " "); {
		case word == "EHLO" || word == "HELO":
			say("250 moody.test")
		case strings.HasPrefix(strings.ToUpper(line), "RCPT TO:"):
			to, _, _ = strings.Cut(line[strings.IndexByte(line, '<')+1:], ">")
			m.mu.Lock()
			no := m.refuse(to)
			m.mu.Unlock()
			if no == "" {
				no = "250 ok"
			}
			say(no)
		case word == "DATA":
			say("354 go on")
			header, err := r.ReadMIMEHeader()
			if err != nil {
				return
			}
			if _, err := r.ReadDotBytes(); err != nil {
				return
			}
			m.mu.Lock()
			m.got = append(m.got, sent{to, header.Get("X-Helpost-Notice"), header.Get("Message-Id"), header.Get("X-Helpost-Ticket")})
			cut, last := m.cut > 0, m.closeEach
			m.cut--
			m.mu.Unlock()
			if cut {
				return
			}
			say("250 kept")
			if last {
				return
			}
		case word == "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}
