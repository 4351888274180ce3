package mailer

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
)

// wire speaks the commands of a transaction over a session's connection. go-smtp's client, which greets and
// authenticates, waits for each reply before it says the next word: for a notice of a few KB that is half of the time
// and of the work. Where the relay offers it, MAIL, RCPT and DATA go out together (RFC 2920).
type wire struct {
	conn       net.Conn
	in         *textproto.Reader
	out        *bufio.Writer
	timeout    time.Duration // for a reply
	data       time.Duration // for the reply to a mail
	together   bool
	eightBit   bool
	size       bool
	unanswered int // commands whose reply was not read
}

// wireBuffer is what goes out in one write.
const wireBuffer = 32 << 10

func newWire(conn net.Conn, client *smtp.Client, cfg *Config) *wire {
	offers := func(extension string) bool { ok, _ := client.Extension(extension); return ok }
	return &wire{
		conn: conn, in: textproto.NewReader(bufio.NewReader(conn)), out: bufio.NewWriterSize(conn, wireBuffer),
		timeout: cfg.Timeout, data: cfg.DataTimeout,
		together: offers("PIPELINING"), eightBit: offers("8BITMIME"), size: offers("SIZE"),
	}
}

// commands of a transaction, and the reply that each needs (its first digits do).
var commands = [...]struct {
	at   stage
	code int
}{{stageMail, 250}, {stageRcpt, 25}, {stageData, 354}}

// lines are these commands for a mail.
func (w *wire) lines(p prepared) [len(commands)]string {
	return [...]string{w.mailFrom(p), "RCPT TO:<" + p.to + ">", "DATA"}
}

// transact is one transaction with one recipient (RFC 5321 §3.3). It says how far it came, and the relay's last words.
func (w *wire) transact(ctx context.Context, t *turn, follow func() *turn) (stage, string, error) {
	lines := w.lines(t.prepared)
	if !t.said {
		w.unanswered = 0
	}
	if w.together && !t.said {
		for i, c := range commands {
			if err := w.say(lines[i]); err != nil {
				return c.at, "", err
			}
		}
	}
	for i, c := range commands {
		if !w.together {
			if err := w.say(lines[i]); err != nil {
				return c.at, "", err
			}
		}
		if _, err := w.hear(c.code, w.timeout); err != nil {
			return c.at, "", err
		}
	}
	if err := w.body(ctx, t.mail); err != nil {
		return stageBody, "", err
	}
	w.unanswered++
	if err := w.announce(follow); err != nil {
		return stageBody, "", err
	}
	thanks, err := w.hear(250, w.data)
	return stageEnd, thanks, err
}

// announce puts the commands of the next turn behind a body, where there is one.
func (w *wire) announce(follow func() *turn) error {
	if !w.together {
		return nil
	}
	next := follow()
	if next == nil || next.refused != nil {
		return nil
	}
	next.said = true
	for _, line := range w.lines(next.prepared) {
		if err := w.say(line); err != nil {
			return err
		}
	}
	return nil
}

// mailFrom is the MAIL command (RFC 5321 §4.1.1.2, RFC 6152, RFC 1870, RFC 6531).
func (w *wire) mailFrom(p prepared) string {
	line := "MAIL FROM:<" + p.from + ">"
	if w.eightBit {
		line += " BODY=8BITMIME"
	}
	if w.size {
		line += " SIZE=" + strconv.FormatInt(p.size, 10)
	}
	if p.utf8 {
		line += " SMTPUTF8"
	}
	return line
}

// say puts a command where the next reading sends it from.
func (w *wire) say(line string) error {
	if strings.ContainsAny(line, "\r\n") {
		return errors.New("a command has a line break in it")
	}
	w.unanswered++
	_, err := w.out.WriteString(line + "\r\n")
	return err
}

// hear sends what waits and reads one reply. code may be a reply's first digits. Another reply is an *smtp.SMTPError.
func (w *wire) hear(code int, within time.Duration) (string, error) {
	if err := w.out.Flush(); err != nil { // the guard sets its deadline
		return "", err
	}
	if err := w.conn.SetReadDeadline(time.Now().Add(within)); err != nil {
		return "", err
	}
	w.unanswered--
	_, text, err := w.in.ReadResponse(code)
	var other *textproto.Error
	if errors.As(err, &other) {
		return "", replyOf(other)
	}
	return text, err
}

// body sends a mail with its dots doubled, and the end (RFC 5321 §4.5.2).
func (w *wire) body(ctx context.Context, m *mail) error {
	d := &dots{w: w.out, fresh: true}
	if err := m.writeTo(ctx, d); err != nil {
		return err
	}
	end := "\r\n.\r\n"
	if d.fresh {
		end = ".\r\n"
	}
	_, err := w.out.WriteString(end)
	return err
}

// settle reads what is still to come after a refusal, so that the connection can serve another mail.
func (w *wire) settle() error {
	for w.unanswered > 0 {
		_, err := w.hear(354, w.timeout)
		var refused *smtp.SMTPError
		switch {
		case err == nil: // DATA was let in without a recipient: a mail for nobody, which is refused in turn
			if err := w.say("."); err != nil {
				return err
			}
		case !errors.As(err, &refused):
			return err
		}
	}
	if err := w.say("RSET"); err != nil {
		return err
	}
	_, err := w.hear(250, w.timeout)
	return err
}

// dots doubles the dot at the begin of a line. It is given lines that end in CRLF.
type dots struct {
	w     io.Writer
	fresh bool // a line begins
}

var (
	dot     = []byte(".")
	dotLine = []byte("\n.")
)

func (d *dots) Write(b []byte) (int, error) {
	total := len(b)
	for len(b) > 0 {
		if d.fresh && b[0] == '.' {
			if _, err := d.w.Write(dot); err != nil {
				return total - len(b), err
			}
		}
		n := len(b)
		if i := bytes.Index(b, dotLine); i >= 0 {
			n = i + 1
		}
		if _, err := d.w.Write(b[:n]); err != nil {
			return total - len(b), err
		}
		d.fresh = b[n-1] == '\n'
		b = b[n:]
	}
	return total, nil
}

func (d *dots) writeLines(b []byte) error {
	_, err := d.w.Write(b)
	d.fresh = len(b) > 0 && b[len(b)-1] == '\n'
	return err
}

// replyOf is a reply with its enhanced status code, if it has one (RFC 2034 §4), apart from its words.
func replyOf(e *textproto.Error) *smtp.SMTPError {
	reply := &smtp.SMTPError{Code: e.Code, Message: e.Msg}
	word, words, _ := strings.Cut(e.Msg, " ")
	parts := strings.Split(word, ".")
	if len(parts) != 3 {
		return reply
	}
	var enhanced smtp.EnhancedCode
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 10)
		if err != nil {
			return reply
		}
		enhanced[i] = int(n)
	}
	reply.EnhancedCode, reply.Message = enhanced, strings.ReplaceAll(words, "\n"+word+" ", "\n")
	return reply
}
