package mailer

import (
	"context"
	"sync"
	"time"

	"helpost/internal/store"
)

// shelf holds rows that are claimed and not yet begun, in order: few. The loop fills it, and connections help themselves.
type shelf struct {
	mu   sync.Mutex
	rows []store.Outbox
}

func (s *shelf) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.rows)
}

func (s *shelf) add(rows ...store.Outbox) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows = append(s.rows, rows...)
}

// putBack makes a row the next.
func (s *shelf) putBack(row store.Outbox) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows = append([]store.Outbox{row}, s.rows...)
}

func (s *shelf) take() (row store.Outbox, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.rows) == 0 {
		return row, false
	}
	row, s.rows = s.rows[0], s.rows[1:]
	return row, true
}

// takeAll empties it.
func (s *shelf) takeAll() []store.Outbox {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows := s.rows
	s.rows = nil
	return rows
}

// turn is a row at a connection.
type turn struct {
	row store.Outbox
	prepared
	refused *verdict // why it cannot be sent at all
	said    bool     // its MAIL, RCPT and DATA went out behind the mail before it
}

// longestServe is for how long a connection takes row after row before the loop hears of it.
const longestServe = time.Second

// serve sends a row over a connection, and then those that wait. Where the relay offers it the next one is announced with
// the end of the body before it (RFC 2920 §3.1): a write, a read and a wait less for each. It tells of the last.
func (l *loop) serve(s *session, row store.Outbox) event {
	m := l.m
	began := time.Now()
	stop := context.AfterFunc(l.work, s.drop)
	defer stop()
	e := event{session: s}
	t := m.turn(l.work, s, row)
	for {
		var next *turn
		follow := func() *turn {
			if next == nil && l.helpsItself && l.fresh.Err() == nil && time.Since(began) < longestServe {
				if row, ok := l.ready.take(); ok {
					next = m.turn(l.work, s, row)
				}
			}
			return next
		}
		begun := time.Now()
		e.row, e.verdict = t.row, m.deliver(l.work, s, t, follow)
		m.settle(l.keep, t.row, e.verdict, time.Since(begun))
		good := e.verdict.keep && e.verdict.blame == blameNone
		if good {
			follow()
		}
		if next == nil {
			return e
		}
		if !good {
			e.announced = &next.row
			e.verdict.keep = e.verdict.keep && !next.said
			return e
		}
		e.answered = e.answered || e.verdict.asked
		t = next
	}
}
