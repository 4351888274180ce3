package mailer

import (
	"errors"
	"net"
	"time"
)

// maxReply bounds what a relay may say between two things that we say: bytes, TLS's own included.
const maxReply = 256 << 10

var errTalkative = errors.New("the relay talks without end")

// guard is a connection on which nothing lasts for ever: every Write has a deadline, also in a body (the SMTP client
// sets none there), all that happens has an end, and what the relay says is bounded. One goroutine uses it at a time.
type guard struct {
	net.Conn
	stall time.Duration // for one Write: a few KB
	end   time.Time     // no deadline is later; zero: none
	heard int           // bytes since the last Write
}

// lasts gives what follows another end; each Write, and whoever reads, sets a deadline that heeds it.
func (g *guard) lasts(d time.Duration) { g.end = time.Now().Add(d) }

// within gives all that follows until the next call an end.
func (g *guard) within(d time.Duration) error {
	g.end = time.Now().Add(d)
	return g.Conn.SetDeadline(g.end)
}

func (g *guard) earliest(t time.Time) time.Time {
	if t.IsZero() || !g.end.IsZero() && g.end.Before(t) {
		return g.end
	}
	return t
}

func (g *guard) SetDeadline(t time.Time) error      { return g.Conn.SetDeadline(g.earliest(t)) }
func (g *guard) SetReadDeadline(t time.Time) error  { return g.Conn.SetReadDeadline(g.earliest(t)) }
func (g *guard) SetWriteDeadline(t time.Time) error { return g.Conn.SetWriteDeadline(g.earliest(t)) }

func (g *guard) Write(b []byte) (int, error) {
	g.heard = 0
	if err := g.SetWriteDeadline(time.Now().Add(g.stall)); err != nil {
		return 0, err
	}
	return g.Conn.Write(b)
}

func (g *guard) Read(b []byte) (int, error) {
	if g.heard > maxReply {
		return 0, errTalkative
	}
	n, err := g.Conn.Read(b)
	g.heard += n
	return n, err
}
