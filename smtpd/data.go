package smtpd

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"time"
)

// Data reads one mail, by DATA or by BDAT (RFC 3030), and hands it to the Taker. Its error is the reply: 250 as well.
func (s *session) Data(r io.Reader) error {
	makeRoom()
	s.srv.enter()
	defer s.srv.exit()
	_, chunked := r.(*io.PipeReader) // go-smtp's way to hand over chunks
	env, size := s.beginData()
	s.conn.beginMail(chunked)
	defer s.endData()
	if len(env.Rcpt) == 0 {
		return s.refuse(env.Trace, "DATA", replySequence, nil)
	}

	began := time.Now()
	direct := s.straight(chunked)
	if direct != nil {
		r = direct
		defer direct.end()
	}
	b := buffer{srv: s.srv}
	defer b.release()
	err := b.fill(r, size, s.conn.progress)
	if chunked && err != nil {
		drain(r, s.conn.progress)
	}
	if err == nil {
		err = s.conn.flush() // what the client waits for does not wait for the Taker
	}
	if reply := s.unfinished(env.Trace, chunked, err, b.data); reply != nil {
		return reply
	}
	switch {
	case err != nil:
		s.tell(Refusal{Envelope: env, Begin: b.data}, replyTo(err))
		return s.refuse(env.Trace, "DATA", replyTo(err), nil)
	case bareBreak(b.data) || direct != nil && direct.lines.bare:
		s.tell(Refusal{Envelope: env, Begin: b.data}, replyBare)
		return s.refuse(env.Trace, "DATA", replyBare, nil)
	}
	complete := time.Now()
	id, err := s.take(Mail{Envelope: env, Data: b.data, Received: s.srv.cfg.Clock()})
	if err != nil {
		return s.refuse(env.Trace, "DATA", asReply(err), err)
	}
	s.conn.taken()
	s.srv.stats.Taken.Add(1)
	s.srv.stats.TakenBytes.Add(int64(len(b.data)))
	s.srv.cfg.Took(time.Since(began), time.Since(complete))
	s.srv.cfg.Log.LogAttrs(context.Background(), slog.LevelInfo, "taken", slog.String("session", env.Session), slog.String("trace", env.Trace), slog.Any("peer", env.Peer),
		slog.String("id", id), slog.Int("bytes", len(b.data)), slog.Int("recipients", len(env.Rcpt)), slog.Duration("took", time.Since(began)))
	return replyKept(id)
}

func (s *session) beginData() (Envelope, int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reading = true
	return s.env, s.size
}

func (s *session) endData() {
	s.conn.endMail()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reading = false
}

func (s *session) take(m Mail) (id string, err error) {
	defer s.srv.caught(s.conn, m.Trace, &err)
	s.srv.gate.begin()
	defer s.srv.gate.end()
	ctx, cancel := context.WithTimeout(s.srv.ctx, s.srv.cfg.Limits.Take)
	defer cancel()
	return s.srv.taker.Take(ctx, m)
}

// unfinished gives the reply to a mail whose end did not come. go-smtp takes a connection that closes inside the last chunk
// for the end of the mail, so what counts is what the connection saw.
func (s *session) unfinished(trace string, chunked bool, err error, got []byte) error {
	cause := s.conn.broken()
	if cause == nil && err != nil && !errors.Is(err, errTooLarge) && !errors.Is(err, errNoRoom) {
		cause = err
	}
	if cause == nil && err == nil && chunked && s.tls && s.conn.probe(s.smtp.Conn()) {
		cause = io.ErrUnexpectedEOF
	}
	if cause == nil {
		return nil
	}
	s.conn.end()
	s.srv.stats.BrokenOff.Add(1)
	s.srv.cfg.Log.Warn("broken off", "session", s.conn.id, "trace", trace, "peer", s.conn.peer, "bytes", len(got), "err", cause)
	if bytes.HasSuffix(got, []byte("\r\n.\r\n")) && bareBreak(got) {
		// CR CR LF . CR LF: an end that go-smtp does not see. Who waits for a reply to it would come back with the same mail.
		return replyBare
	}
	return replyCut(cause)
}

var (
	errTooLarge = &Error{Kind: TooLarge}
	errNoRoom   = &Error{Kind: Full}
)

// drain reads a refused mail to its end, so that its chunks are not read as commands.
func drain(r io.Reader, progress func()) {
	block := make([]byte, firstBuffer)
	for {
		if _, err := r.Read(block); err != nil {
			return // its end, or the client's
		}
		progress()
	}
}

// bareBreak: a CR without LF or a LF without CR, which some read as the end of a line and others do not (RFC 5321 §2.3.8).
func bareBreak(b []byte) bool {
	lines := 0
	for rest := b; ; lines++ {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			break
		}
		if i == 0 || rest[i-1] != '\r' {
			return true
		}
		rest = rest[i+1:]
	}
	return bytes.Count(b, []byte{'\r'}) != lines
}
