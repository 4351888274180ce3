package mailer

import (
	"context"
	"slices"
	"time"

	"helpost/internal/store"
)

// claim fetches rows: a few for each connection, so that none waits for the store; under a rate and from a failing relay's
// queue one at a time, so that the most urgent one is next, always.
func (l *loop) claim(ctx context.Context, now time.Time, most int) {
	n := min(len(l.idle), most-l.busy) + 3*most
	if l.m.limiter != nil || l.relay.failing {
		n = 1
	}
	rows, err := l.m.queue.Claim(ctx, now, n, l.m.cfg.lease())
	if err != nil {
		l.storeFailed(ctx, now, err)
		return
	}
	fresh := l.m.board(rows)
	l.ready.add(fresh...)
	if len(rows) < n || len(fresh) == 0 {
		l.look(ctx, now)
		if l.more { // leased: by others, or by us while we send them
			l.more, l.next = false, now.Add(storeWait)
		}
	}
}

// board notes rows as in flight and leaves out those that are already.
func (m *Mailer) board(rows []store.Outbox) []store.Outbox {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.DeleteFunc(rows, func(row store.Outbox) bool {
		_, there := m.inFlight[row.ID]
		m.inFlight[row.ID] = struct{}{}
		return there
	})
}

// look learns from the store whether rows are due, and when the next one is.
func (l *loop) look(ctx context.Context, now time.Time) {
	err := l.m.queue.View(ctx, func(r store.Reader) error {
		var err error
		l.next, err = r.NextTry()
		return err
	})
	if err != nil {
		l.storeFailed(ctx, now, err)
		return
	}
	if l.next.Sub(now) > maxRetry+l.m.cfg.lease() {
		l.setBack(ctx, now)
		return
	}
	l.more = !l.next.IsZero() && !l.next.After(now)
}

// clockSlack is how far a clock may go back without anybody minding.
const clockSlack = 10 * time.Second

// setBack makes all mails due, and the relay tried: the clock was set back, and what was put off by the one before would wait
// until it shows that moment again.
func (l *loop) setBack(ctx context.Context, now time.Time) {
	l.relay.probe, l.growAt = time.Time{}, time.Time{}
	n, err := Requeue(ctx, l.m.queue, now)
	if err != nil {
		l.storeFailed(ctx, now, err)
		return
	}
	l.more = true
	l.m.log.Warn("the clock was set back: what waits is tried now", "mails", n)
}

func (l *loop) storeFailed(ctx context.Context, now time.Time, err error) {
	if ctx.Err() == nil {
		l.m.log.Error("the outbox cannot be read", "error", err)
	}
	l.more, l.next = false, now.Add(storeWait)
}

// waiting says whether a row waits for a connection.
func (l *loop) waiting(ctx context.Context, now time.Time) bool {
	if l.ready.len() == 0 && l.more {
		l.look(ctx, now)
	}
	return l.ready.len() > 0 || l.more
}

// lease is for how long a row is ours: longer than it can take us.
func (c *Config) lease() time.Duration {
	return c.longest(max(c.MaxSize, 25<<20)) + time.Minute
}
