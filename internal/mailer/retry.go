package mailer

import (
	"context"
	"time"

	"helpost/internal/store"
)

// requeuePage is how many rows are looked at, and put forward, at once.
const requeuePage = 200

// Retry makes the named mails due now, and the relay tried at once; without a name all of them. It says how many
// are due, those that were before too.
func (m *Mailer) Retry(ctx context.Context, ids ...uint64) (int, error) {
	n, err := Requeue(ctx, m.queue, m.clock(), ids...)
	m.mu.Lock()
	m.kicked = true
	m.mu.Unlock()
	m.Notify()
	return n, err
}

// Requeue makes waiting mails due now, also where no Mailer runs on the queue; no ids stand for all. A Mailer that is
// sending one of them at this moment does not begin it anew.
func Requeue(ctx context.Context, queue Queue, now time.Time, ids ...uint64) (int, error) {
	wanted := make(map[uint64]bool, len(ids))
	for _, id := range ids {
		wanted[id] = true
	}
	total := 0
	for after := uint64(0); ; {
		var rows []store.Outbox
		err := queue.View(ctx, func(r store.Reader) error {
			var err error
			rows, err = r.Queue(after, requeuePage)
			return err
		})
		if err != nil || len(rows) == 0 {
			return total, err
		}
		var c store.Change
		for _, row := range rows {
			after = row.ID
			if len(ids) > 0 && !wanted[row.ID] {
				continue
			}
			total++
			if row.NextTry.After(now) {
				c.Defer = append(c.Defer, store.Deferral{ID: row.ID, NextTry: now, Tries: row.Tries, Error: row.LastError})
			}
		}
		if len(c.Defer) == 0 {
			continue
		}
		if err := queue.Commit(ctx, c); err != nil {
			return total, err
		}
	}
}
