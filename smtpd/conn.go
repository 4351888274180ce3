package smtpd

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// conn stands between go-smtp and the socket, below TLS, and holds a client to its limits.
//
// Three facts about go-smtp carry it: it calls SetReadDeadline once before each command and never else; it ignores errors of
// Write; and a command line is all that it gathers in memory by itself. So SetReadDeadline is where commands are counted and
// refused, replies wait here until the client must be heard again, and bytes read without progress are bounded.
type conn struct {
	net.Conn
	srv    *Server
	id     string
	peer   netip.Addr
	opened time.Time

	mu       sync.Mutex
	failed   error // the first read error: from then on nothing is read, and nothing that came in part is taken
	ending   bool  // no further command after the reply under way
	leaving  bool  // the server shuts down
	probing  bool  // reads answer errProbe
	lingers  bool  // the client may still be sending when we close
	left     int64 // bytes that may be read before the next command or sign of progress
	commands int
	refusals int
	mail     transfer

	ahead  []byte  // what was read of the socket and not handed on yet
	inbox  *[]byte // where that stands; nil: in memory of its own
	handed handed

	wmu   sync.Mutex
	out   []byte // replies that wait
	close sync.Once
}

// transfer is a mail on its way: since when, and what came of it.
type transfer struct {
	under    bool
	chunked  bool // BDAT: commands come between its chunks
	began    time.Time
	received int64
}

// timeout is an error that go-smtp answers with 421 and a closed connection.
type timeout string

func (t timeout) Error() string   { return "smtpd: " + string(t) }
func (t timeout) Timeout() bool   { return true }
func (t timeout) Temporary() bool { return true }

var (
	errLeaving  = timeout("shutting down")
	errCommands = timeout("too many commands")
	errProbe    = timeout("nothing more to read")
	errFlood    = errors.New("smtpd: mail is far too large")
)

// long ago, for a deadline that ends a Read at once.
var past = time.Unix(1, 0)

// Read hands on what the client sends. After one error every later Read fails: what follows a broken mail is no command.
func (c *conn) Read(p []byte) (int, error) {
	if err := c.flush(); err != nil {
		return 0, c.fail(err)
	}
	p, err := c.mayRead(p)
	if err != nil {
		return 0, err
	}
	n, err := c.fetch(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left -= int64(n)
	c.handed = c.handed.next(p[:n])
	if err != nil {
		if c.failed == nil {
			c.failed = err
		}
		err = c.spoken(err)
	}
	return n, err
}

// inboxes hold what is read ahead inside of mails: go-smtp asks for 4 KB at a time.
var inboxes = sync.Pool{New: func() any { b := make([]byte, inboxSize); return &b }}

const inboxSize = 64 << 10

// fetch is a Read of the socket; a small one inside a mail goes by way of an inbox. One goroutine reads at a time.
func (c *conn) fetch(p []byte) (int, error) {
	var err error
	if len(c.ahead) == 0 {
		inMail := c.inMail()
		if !inMail || len(p) >= inboxSize/4 {
			n, err := c.Conn.Read(p)
			c.arrived(n)
			return n, err
		}
		c.inbox = inboxes.Get().(*[]byte)
		var n int
		n, err = c.Conn.Read(*c.inbox)
		c.ahead = (*c.inbox)[:n]
		c.arrived(n)
	}
	n := copy(p, c.ahead)
	c.ahead = c.ahead[n:]
	switch {
	case len(c.ahead) > 0:
		err = nil // the next Read of the socket says it again
	case c.inbox != nil:
		inboxes.Put(c.inbox)
		c.inbox = nil
	}
	return n, err
}

// putBack makes these bytes the next that are read.
func (c *conn) putBack(parts ...[]byte) {
	back := bytes.Join(append(parts, c.ahead), nil)
	if c.inbox != nil {
		inboxes.Put(c.inbox)
		c.inbox = nil
	}
	c.ahead = back
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left += int64(len(back)) // they were counted, and are again
}

func (c *conn) inMail() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mail.under
}

func (c *conn) arrived(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mail.received += int64(n)
}

// spoken is how go-smtp hears of a read error: inside a chunk it tells the client the very error, so there it must be a reply.
func (c *conn) spoken(err error) error {
	if !c.mail.under || errors.Is(err, io.EOF) {
		return err
	}
	return replyCut(c.failed)
}

// mayRead bounds the next read in bytes and, inside a mail, in time.
func (c *conn) mayRead(p []byte) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.probing:
		return nil, errProbe
	case c.failed != nil:
		return nil, net.ErrClosed
	case c.left <= 0:
		c.failed, c.lingers = smtp.ErrTooLongLine, true
		if c.mail.under {
			c.failed = errFlood
		}
		c.srv.stats.LimitsHit.Add(1)
		return nil, c.spoken(c.failed)
	}
	if c.mail.under && len(c.ahead) == 0 {
		if err := c.Conn.SetReadDeadline(c.mailDeadline(time.Now())); err != nil {
			return nil, err
		}
	}
	return p[:min(int64(len(p)), c.left)], nil
}

// mailDeadline ends a read inside a mail: at a silence, at the end of all patience, or where the mail falls behind its rate.
func (c *conn) mailDeadline(now time.Time) time.Time {
	l := &c.srv.cfg.Limits
	d := now.Add(l.Block)
	if end := c.mail.began.Add(l.Transfer); end.Before(d) {
		d = end
	}
	earned := time.Duration(float64(c.mail.received) / float64(l.Rate) * float64(time.Second))
	if end := c.mail.began.Add(l.Block + earned); end.Before(d) {
		d = end
	}
	return d
}

// SetReadDeadline is called by go-smtp before each command, and only then.
func (c *conn) SetReadDeadline(t time.Time) error {
	l := &c.srv.cfg.Limits
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mail.under && !c.mail.chunked {
		c.mail = transfer{}
	}
	c.commands++
	switch {
	case c.failed != nil || c.ending:
		return net.ErrClosed
	case c.leaving && !c.mail.under:
		return errLeaving
	case c.commands > l.Commands:
		c.srv.stats.LimitsHit.Add(1)
		c.srv.cfg.Log.Warn("too many commands", "session", c.id, "peer", c.peer)
		return errCommands
	}
	c.left = commandBytes
	if end := c.opened.Add(l.Session); end.Before(t) {
		t = end
	}
	return c.Conn.SetReadDeadline(t)
}

// beginMail lets a mail through: as a whole, or chunk by chunk as progress reports it.
func (c *conn) beginMail(chunked bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mail = transfer{under: true, chunked: chunked, began: time.Now()}
	if !chunked {
		// Past twice the size nobody is listened to for the sake of a polite reply. A stuffed dot costs a byte, hence the rest.
		c.left = 2*c.srv.cfg.MaxMessage + commandBytes
	}
}

// progress says that what was read of a chunk has arrived where it is counted.
func (c *conn) progress() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left = max(c.left, commandBytes)
}

// endMail ends a chunked mail; another may still be drained and ends at the next command.
func (c *conn) endMail() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mail.chunked {
		c.mail = transfer{}
	}
}

// taken gives the client its budgets back.
func (c *conn) taken() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.commands, c.refusals = 0, 0
}

// refused counts a refusal and says whether the client has had enough of them.
func (c *conn) refused() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refusals++
	if c.refusals < c.srv.cfg.Limits.Refusals {
		return false
	}
	c.ending = true
	return true
}

// end closes the connection after the reply under way.
func (c *conn) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ending = true
}

func (c *conn) fail(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failed == nil {
		c.failed = err
	}
	return err
}

// broken is the first read error, if there was one.
func (c *conn) broken() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failed
}

// probe asks r, a TLS connection over c, whether its peer has closed it, without waiting for the peer: TLS can end where
// the socket below saw no error. A peer that has said more already loses it, and so its connection after the next reply.
func (c *conn) probe(r io.Reader) (closed bool) {
	set := func(on bool) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.probing = on
	}
	set(true)
	defer set(false)
	var one [1]byte
	n, err := r.Read(one[:])
	if n > 0 {
		c.end()
		return false
	}
	return err != nil && !errors.Is(err, errProbe)
}

// leave tells an idle client that it is time, and lets a mail under way go on.
func (c *conn) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leaving = true
	if !c.mail.under {
		_ = c.Conn.SetReadDeadline(past) // a socket that is closed already needs none
	}
}

// cut ends a mail under way: what of it has not come does not come any more.
func (c *conn) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failed == nil {
		c.failed = errLeaving
	}
	_ = c.Conn.SetReadDeadline(past)
}

// handshakeFailed is how go-smtp says that TLS did not come about; it would go on in plain text then (RFC 3207 §4.1: we end).
var handshakeFailed = []byte("550 5.0.0 Handshake error")

// Write keeps a reply until the client must be heard again, so that the lines of one reply, and the replies to commands that
// came in one packet (RFC 2920), leave in one packet.
func (c *conn) Write(p []byte) (int, error) {
	if bytes.HasPrefix(p, handshakeFailed) {
		c.end()
	}
	c.wmu.Lock()
	defer c.wmu.Unlock()
	c.out = append(c.out, p...)
	if len(c.out) < 4096 {
		return len(p), nil
	}
	return len(p), c.send()
}

func (c *conn) flush() error {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	return c.send()
}

func (c *conn) send() error {
	if len(c.out) == 0 {
		return nil
	}
	_, err := c.Conn.Write(c.out)
	c.out = c.out[:0]
	return err
}

// Close sends what waits and closes. Where the client is still sending it is read a little longer: a socket closed over unread
// bytes is reset, and a reset takes the reply with it.
func (c *conn) Close() (err error) {
	c.close.Do(func() {
		_ = c.Conn.SetWriteDeadline(time.Now().Add(lastWrite)) // TLS has ended it already, though its goodbye waits here too
		_ = c.flush()                                          // nobody left to tell
		if c.mayLinger() {
			c.linger()
		}
		err = c.Conn.Close()
		c.srv.forget(c)
	})
	return err
}

func (c *conn) mayLinger() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lingers && !c.leaving
}

func (c *conn) linger() {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil || c.Conn.SetReadDeadline(time.Now().Add(lingerTime)) != nil {
		return
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(c.Conn, 4*c.srv.cfg.MaxMessage)) // any end is the end
}
