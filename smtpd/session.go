package smtpd

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"sync"

	"github.com/emersion/go-smtp"
)

// session is what one client says between its EHLO and its end, or STARTTLS.
//
// go-smtp calls Reset and Logout while Data runs (BDAT, then RSET): Data works on its own copy of the envelope.
type session struct {
	srv  *Server
	conn *conn
	smtp *smtp.Conn

	tls      bool
	tlsNames []string

	mu      sync.Mutex
	open    bool // MAIL was accepted
	reading bool // Data runs
	mails   int  // how often MAIL was
	size    int64
	env     Envelope
}

func (s *Server) newSession(sc *smtp.Conn) (smtp.Session, error) {
	ses := &session{srv: s, smtp: sc}
	raw := sc.Conn()
	if over, ok := raw.(*tls.Conn); ok {
		raw = over.NetConn()
		ses.tls = true
		ses.tlsNames = verifiedNames(over.ConnectionState(), s.cfg.ClientCAs, s.cfg.Clock())
		s.stats.TLS.Add(1)
	}
	c, ok := raw.(*conn)
	if !ok {
		return nil, errors.New("smtpd: not a connection of ours") // cannot be: Serve hands out nothing else
	}
	ses.conn = c
	return ses, nil
}

// Mail opens a transaction (RFC 5321 §3.3).
func (s *session) Mail(from string, opts *smtp.MailOptions) error {
	s.srv.gate.wait(s.srv.ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn.broken() != nil {
		return replyBroken // a line that the client did not finish
	}
	if s.open {
		return s.refuse(s.env.Trace, "MAIL", replyNested, nil)
	}
	if opts.Size > s.srv.cfg.MaxMessage {
		return s.refuse(s.env.Trace, "MAIL", replyTo(&Error{Kind: TooLarge}), nil)
	}
	if from != "" {
		var err error
		if from, err = mailbox(from, opts.UTF8); err != nil {
			return s.refuse(s.env.Trace, "MAIL", replyAddress(err, replySender), err)
		}
	}
	s.open, s.size = true, opts.Size
	s.mails++
	s.env = Envelope{
		Session: s.conn.id, Trace: s.conn.id + "." + strconv.Itoa(s.mails), Peer: s.conn.peer, Hello: helloName(s.smtp.Hostname()),
		TLS: s.tls, TLSNames: s.tlsNames, From: from, UTF8: opts.UTF8,
	}
	return nil
}

func replyAddress(err error, malformed *smtp.SMTPError) *smtp.SMTPError {
	if errors.Is(err, errNonASCI) {
		return replyUTF8
	}
	return malformed
}

// Rcpt asks the Taker about one more recipient. <postmaster> without a domain (RFC 5321 §4.5.1) never comes so far: go-smtp
// refuses it with 501.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn.broken() != nil {
		return replyBroken
	}
	rcpt, err := mailbox(to, s.env.UTF8)
	if err != nil {
		return s.refuse(s.env.Trace, "RCPT", replyAddress(err, replyRcpt), err)
	}
	env := s.env
	env.Rcpt = slices.Clip(env.Rcpt) // whoever appends to it gets his own
	if err := s.ask(env, rcpt); err != nil {
		s.tell(Refusal{Envelope: env, To: rcpt}, asReply(err))
		return s.refuse(s.env.Trace, "RCPT", asReply(err), err)
	}
	s.env.Rcpt = append(s.env.Rcpt, rcpt)
	return nil
}

func (s *session) ask(env Envelope, rcpt string) (err error) {
	defer s.srv.caught(s.conn, env.Trace, &err)
	ctx, cancel := context.WithTimeout(s.srv.ctx, s.srv.cfg.Limits.Take)
	defer cancel()
	return s.srv.taker.Rcpt(ctx, env, rcpt)
}

// asReply is replyTo for errors among which may be replies of our own.
func asReply(err error) *smtp.SMTPError {
	if r, ok := errors.AsType[*smtp.SMTPError](err); ok {
		return r
	}
	return replyTo(err)
}

// tell says that a mail was refused.
func (s *session) tell(r Refusal, reply *smtp.SMTPError) {
	if s.srv.cfg.Refused != nil {
		r.Code, r.Text = reply.Code, reply.Message
		s.srv.cfg.Refused(r)
	}
}

// refuse counts and logs a refusal and gives the reply; a client that collects refusals is told goodbye. trace is the mail's, ""
// where none was begun.
func (s *session) refuse(trace, what string, reply *smtp.SMTPError, cause error) error {
	level := slog.LevelInfo
	if reply.Temporary() {
		level = slog.LevelWarn
	}
	s.srv.stats.refuse(reply)
	attrs := []slog.Attr{slog.String("session", s.conn.id), slog.Any("peer", s.conn.peer), slog.String("command", what), slog.Int("code", reply.Code)}
	if trace != "" {
		attrs = append(attrs, slog.String("trace", trace))
	}
	if cause != nil {
		attrs = append(attrs, slog.Any("err", cause))
	}
	s.srv.cfg.Log.LogAttrs(context.Background(), level, "refused", attrs...)
	if s.conn.refused() && reply.Code != 421 {
		s.srv.stats.LimitsHit.Add(1)
		return replyRefusals
	}
	return reply
}

// Reset ends a transaction. One whose chunks are still being read ends the connection too: go-smtp could take the result of
// that mail for the result of the next.
func (s *session) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reading {
		s.conn.end()
	}
	s.open, s.size, s.env = false, 0, Envelope{}
}

// Logout ends the session.
func (s *session) Logout() error {
	s.Reset()
	return nil
}
