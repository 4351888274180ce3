package mailer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"helpost/internal/blob"
	"helpost/internal/store"
)

// stage is how far a transaction came.
type stage string

// The stages of a transaction.
const (
	stagePrepare stage = "prepare"
	stageMail    stage = "MAIL"
	stageRcpt    stage = "RCPT"
	stageData    stage = "DATA"
	stageBody    stage = "body"
	stageEnd     stage = "end of body"
)

// fate is what became of a try.
type fate uint8

// The fates of a try.
const (
	fateSent     fate = iota
	fateDeferred      // try again, later
	fateFailed        // for good
	fateStale         // the kept connection was dead: at once on another one, and it does not count
	fateStopped       // we are being stopped: it does not count
)

// blame says what a try tells about the relay.
type blame uint8

// The degrees of blame.
const (
	blameNone  blame = iota // it answered as a relay does, or was not asked
	blameSome               // no proper answer: several in a row, and it is the relay
	blameRelay              // it serves us not at all
)

// verdict is the end of one try.
type verdict struct {
	fate   fate
	blame  blame
	stage  stage
	code   int    // the relay's reply; 0: none
	status string // RFC 3463
	text   string // one line, for people
	asked  bool   // the relay was asked at all
	keep   bool   // the connection can serve another mail
}

// classify says what an error at a stage means. used: the connection has served a mail before.
func classify(at stage, err error, used bool) verdict {
	v := verdict{stage: at, asked: true, text: oneLine(err.Error()), status: "4.4.2"}
	var reply *smtp.SMTPError
	if !errors.As(err, &reply) { // a cut line, a timeout, rubbish
		v.fate, v.blame = fateDeferred, blameSome
		if used && at == stageMail {
			v.fate, v.blame = fateStale, blameNone
		}
		return v
	}
	v.code, v.status = reply.Code, status(reply)
	v.text = oneLine(fmt.Sprintf("%d %s %s", reply.Code, v.status, reply.Message))
	switch code := reply.Code; {
	case code == 421: // closing; on a kept connection a relay's way to end it
		v.fate, v.blame = fateDeferred, blameSome
		if used && at == stageMail {
			v.fate, v.blame = fateStale, blameNone
		}
	case code == 500 || code == 502 || code == 503 || code == 530 || code == 534 || code == 535 || code == 538:
		v.fate, v.blame = fateDeferred, blameRelay // not about a mail: we do not speak as it wants, or must log in
	case code >= 500 && code <= 599:
		v.fate, v.keep = fateFailed, true
	case code >= 400 && code <= 499:
		v.fate, v.keep = fateDeferred, true
		if at == stageMail {
			v.blame = blameSome // nobody was named yet: full, too busy, too fast for it
		}
	default:
		v.fate, v.blame = fateDeferred, blameSome
	}
	return v
}

// status is a reply's enhanced status code, or what its code says of one (RFC 3463 §2).
func status(reply *smtp.SMTPError) string {
	if e := reply.EnhancedCode; e[0] > 0 {
		return fmt.Sprintf("%d.%d.%d", e[0], e[1], e[2])
	}
	return fmt.Sprintf("%d.0.0", reply.Code/100)
}

// maxText bounds what of a relay's words is kept.
const maxText = 500

// oneLine makes a relay's words fit for a log, a list and a notice.
func oneLine(s string) string {
	s = strings.ToValidUTF8(s, "?")
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > maxText {
		return string(runes[:maxText]) + "…"
	}
	return s
}

// refuse is a mail that we know not to be deliverable.
func refuse(status, text string) verdict {
	return verdict{fate: fateFailed, stage: stagePrepare, status: status, text: oneLine(text), keep: true}
}

// prepared is a mail with its envelope, ready to go.
type prepared struct {
	*mail
	from, to string
	utf8     bool
}

// turn makes a row's turn at a session.
func (m *Mailer) turn(ctx context.Context, s *session, row store.Outbox) *turn {
	p, refused := m.ready(ctx, s, row)
	return &turn{row: row, prepared: p, refused: refused}
}

// ready makes a row's mail ready to be sent over a session, or says why it cannot be.
func (m *Mailer) ready(ctx context.Context, s *session, row store.Outbox) (prepared, *verdict) {
	from, fromUTF8, errFrom := envelope(row.From)
	to, toUTF8, errTo := envelope(row.To)
	if row.To == "" {
		errTo = errAddress
	}
	p := prepared{from: from, to: to, utf8: fromUTF8 || toUTF8}
	if err := errors.Join(errFrom, errTo); err != nil {
		v := refuse("5.1.3", "the address is malformed: "+err.Error())
		return p, &v
	}
	if ok, _ := s.client.Extension("SMTPUTF8"); p.utf8 && !ok {
		v := refuse("5.6.7", "the address has letters beyond ASCII, and the relay does not take such addresses (SMTPUTF8)")
		return p, &v
	}
	var err error
	if p.mail, err = prepare(ctx, row.Segments, m.content, m.cfg.DKIM); err != nil {
		v := unreadable(err)
		return p, &v
	}
	limit, whose := m.cfg.MaxSize, "relay.max_size is"
	if theirs, ok := s.client.MaxMessageSize(); ok && theirs > 0 && (limit <= 0 || int64(theirs) < limit) {
		limit, whose = int64(theirs), "the relay takes"
	}
	if limit > 0 && p.size > limit {
		v := refuse("5.3.4", fmt.Sprintf("the mail has %d bytes, %s %d", p.size, whose, limit))
		return p, &v
	}
	return p, nil
}

// unreadable is a mail whose bytes we cannot bring together.
func unreadable(err error) verdict {
	var content contentError
	if errors.As(err, &content) && !errors.Is(err, blob.ErrNotFound) && !errors.Is(err, store.ErrNotFound) {
		return verdict{
			fate: fateDeferred, stage: stagePrepare, status: "4.3.0", keep: true,
			text: oneLine("an attachment could not be read: " + err.Error()),
		}
	}
	if errors.As(err, &content) {
		return refuse("5.6.0", "an attachment is gone: "+err.Error())
	}
	return refuse("5.6.0", "the mail cannot be sent: "+err.Error())
}

// minRate is what a relay must at least take, in bytes a second.
const minRate = 16 << 10

// longest is what a transaction may take in all: signing, four commands, the body at the least rate, the reply.
func (c *Config) longest(size int64) time.Duration {
	return 4*c.Timeout + time.Duration(size/minRate)*time.Second + c.DataTimeout
}

// deliver tries one row over one session. follow gives the turn after it, to be announced; nil: there is none.
// Where ctx ends before the relay's answer the line was cut.
func (m *Mailer) deliver(ctx context.Context, s *session, t *turn, follow func() *turn) verdict {
	if t.refused != nil {
		if ctx.Err() != nil {
			t.refused.fate = fateStopped
		}
		return *t.refused
	}
	s.guard.lasts(m.cfg.longest(t.size))
	if !s.used { // a relay may close after each mail: over words that it did not read its 250 could get lost
		follow = func() *turn { return nil }
	}
	at, thanks, err := s.wire.transact(ctx, t, follow)
	v := verdict{fate: fateSent, stage: stageEnd, status: "2.0.0", text: oneLine(thanks), asked: true, keep: true}
	if err != nil {
		v = unsent(at, err, s.used)
	}
	s.used = true
	if ctx.Err() != nil && v.code == 0 && v.fate != fateSent {
		v.fate, v.blame, v.keep = fateStopped, blameNone, false
	}
	if v.keep && v.fate != fateSent && !(v.stage == stageEnd && s.wire.unanswered > 0) { // those are the next turn's
		v.keep = s.wire.settle() == nil
	}
	s.guard.end = time.Time{}
	return v
}

// unsent tells a relay that fails from a mail of which we lost a piece while it was going out.
func unsent(at stage, err error, used bool) verdict {
	var content contentError
	if errors.As(err, &content) {
		v := unreadable(err)
		v.asked, v.keep = true, false // the body was cut, so the line must be too, or the relay takes half a mail
		return v
	}
	return classify(at, err, used)
}
