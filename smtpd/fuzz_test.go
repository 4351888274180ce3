package smtpd

import (
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// counter is a Taker that checks what it is given.
type counter struct {
	taken atomic.Int64
	fault atomic.Value
}

func (c *counter) Rcpt(context.Context, Envelope, string) error { return nil }

func (c *counter) Take(_ context.Context, m Mail) (string, error) {
	c.taken.Add(1)
	if bareBreak(m.Data) || len(m.Rcpt) == 0 || len(m.Data) > 4096 || m.Session == "" {
		c.fault.Store(m.Session)
	}
	return "", nil
}

// Whatever a client sends: no panic, and no mail without its end.
func FuzzSession(f *testing.F) {
	intro := "EHLO x\r\nMAIL FROM:<a@company.com>\r\nRCPT TO:<b@company.com>\r\n"
	for _, s := range []string{
		intro + "DATA\r\n" + report + ".\r\nQUIT\r\n",
		intro + "DATA\r\n" + report,
		intro + "DATA\r\na\n.\nMAIL FROM:<c@company.com>\r\nRCPT TO:<b@company.com>\r\nDATA\r\nb\r\n.\r\n",
		intro + "BDAT 4\r\na\r\nbBDAT 2 LAST\r\n\r\nQUIT\r\n",
		intro + "BDAT 400 LAST\r\n" + report,
		intro + "BDAT 2\r\nabRSET\r\n" + intro + "BDAT 2 LAST\r\ncd",
		intro + "BDAT 0\r\nEHLO y\r\nBDAT 0 LAST\r\n",
		intro + "DATA\r\n" + strings.Repeat("a", 5000) + "\r\n.\r\nNOOP\r\n",
		intro + "BDAT 99999 LAST\r\n" + strings.Repeat("a", 5000),
		"LHLO x\r\nAUTH PLAIN\r\nSTARTTLS\r\nVRFY\r\n\r\n\x00\r\n",
	} {
		f.Add([]byte(s))
	}
	taker, p := &counter{}, newPipes()
	s := New(Config{MaxMessage: 4096}, taker)
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(context.Background(), p) }()
	f.Cleanup(func() {
		if err := s.Shutdown(context.Background()); err != nil {
			f.Error(err)
		}
		<-ended
	})
	f.Fuzz(func(t *testing.T, in []byte) {
		before, panics := taker.taken.Load(), s.Stats().Panics.Load()
		near, far := net.Pipe()
		near.SetDeadline(time.Now().Add(20 * time.Second))
		p.conns <- far
		heard := make(chan struct{})
		go func() {
			defer close(heard)
			io.Copy(io.Discard, near)
		}()
		near.Write(in) // the server may close before its end
		near.Close()
		<-heard
		for s.Stats().Open.Load() > 0 || s.underWay() > 0 {
			time.Sleep(50 * time.Microsecond)
		}
		ends := bytes.Count(in, []byte("\n.\r\n")) + bytes.Count(bytes.ToUpper(in), []byte("LAST"))
		if n := int(taker.taken.Load() - before); n > ends {
			t.Errorf("%d mails taken from %d ends", n, ends)
		}
		if id := taker.fault.Swap(""); id != nil && id != "" {
			t.Errorf("a mail that should not be, in session %v", id)
		}
		if more := s.Stats().Panics.Load() - panics; more > 0 || s.Stats().Held.Load() != 0 {
			t.Errorf("%d panics, %d bytes held", more, s.Stats().Held.Load())
		}
	})
}
