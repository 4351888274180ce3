package smtpd

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	rina     = "rina@company.com"
	helpdesk = "helpdesk@company.com"
)

// desk is a Taker that keeps what it is given and answers as told.
type desk struct {
	rcpt func(env Envelope, rcpt string) error
	take func(ctx context.Context, m Mail) (string, error)

	mu    sync.Mutex
	mails []Mail
}

func (d *desk) Rcpt(_ context.Context, env Envelope, rcpt string) error {
	if d.rcpt == nil {
		return nil
	}
	return d.rcpt(env, rcpt)
}

func (d *desk) Take(ctx context.Context, m Mail) (string, error) {
	if d.take != nil {
		if id, err := d.take(ctx, m); err != nil || id != "" {
			return id, err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	m.Data = bytes.Clone(m.Data) // it is another mail's after the call
	d.mails = append(d.mails, m)
	return fmt.Sprintf("IT-%06d", len(d.mails)), nil
}

func (d *desk) taken() []Mail {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]Mail(nil), d.mails...)
}

// door is a Server that listens on loopback for the length of a test.
type door struct {
	*Server
	*desk
	addr  string
	ended chan error
}

// refusals are those counted so far, by class and reason.
func refusals(d *door) map[string]int64 {
	all := map[string]int64{}
	d.Stats().Refusals(func(class, reason string, n int64) { all[class+" "+reason] += n })
	return all
}

func open(t testing.TB, cfg Config, d *desk) *door {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Hostname == "" {
		cfg.Hostname = "mx.company.com"
	}
	s := &door{New(cfg, d), d, ln.Addr().String(), make(chan error, 1)}
	go func() { s.ended <- s.Serve(context.Background(), ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if err := <-s.ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
		if s.Stats().Open.Load() != 0 || s.Stats().Held.Load() != 0 {
			t.Errorf("after the end %d connections are open and %d bytes held", s.Stats().Open.Load(), s.Stats().Held.Load())
		}
	})
	return s
}

// client is a bare connection: it says bytes and reads replies.
type client struct {
	net.Conn
	r *bufio.Reader
	t testing.TB
}

func (s *door) dial(t testing.TB) *client {
	t.Helper()
	raw, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	raw.SetDeadline(time.Now().Add(time.Minute))
	return talk(t, raw)
}

func talk(t testing.TB, raw net.Conn) *client {
	t.Cleanup(func() { raw.Close() })
	return &client{raw, bufio.NewReader(raw), t}
}

// hello dials and says EHLO.
func (s *door) hello(t testing.TB) *client {
	t.Helper()
	c := s.dial(t)
	c.want("220")
	c.say("EHLO client.company.com\r\n").want("250")
	return c
}

func (c *client) say(s string) *client {
	c.t.Helper()
	if _, err := io.WriteString(c.Conn, s); err != nil {
		c.t.Fatalf("say %.60q: %v", s, err)
	}
	return c
}

// try is say for a server that may have closed already.
func (c *client) try(s string) *client {
	io.WriteString(c.Conn, s)
	return c
}

// reply reads one reply, all its lines.
func (c *client) reply() (string, error) {
	var text strings.Builder
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return text.String(), err
		}
		if _, err := strconv.Atoi(line[:min(3, len(line))]); err != nil || len(line) < 6 {
			return line, fmt.Errorf("not a reply: %q", line)
		}
		text.WriteString(strings.TrimRight(line, "\r\n"))
		if line[3] != '-' {
			return text.String(), nil
		}
		text.WriteByte('\n')
	}
}

// want reads a reply that begins so.
func (c *client) want(prefix string) string {
	c.t.Helper()
	got, err := c.reply()
	if err != nil || !strings.HasPrefix(got, prefix) {
		c.t.Fatalf("reply %q (%v), want %q", got, err, prefix)
	}
	return got
}

// closed reads until the server closes and returns the codes of the replies before it.
func (c *client) closed() (codes []string) {
	c.t.Helper()
	for {
		got, err := c.reply()
		if err != nil {
			if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() {
				c.t.Fatalf("the server did not close; replies %q", codes)
			}
			return codes
		}
		codes = append(codes, got[:3])
	}
}

// begin brings a client to where the mail itself follows.
func (c *client) begin() *client {
	c.t.Helper()
	c.say("MAIL FROM:<" + rina + ">\r\n").want("250 2.0.0")
	c.say("RCPT TO:<" + helpdesk + ">\r\n").want("250 2.0.0")
	c.say("DATA\r\n").want("354")
	return c
}

// pipes is a listener without a network, for the fake time of testing/synctest.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

func (p *pipes) dial(t testing.TB) *client {
	near, far := net.Pipe()
	p.conns <- far
	return talk(t, near)
}

func waitFor(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never: " + what)
		}
	}
}

const report = "From: Rina <rina@company.com>\r\nTo: <helpdesk@company.com>\r\nSubject: Printer\r\n\r\nMacet.\r\n"
