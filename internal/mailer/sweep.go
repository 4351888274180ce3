package mailer

import (
	"context"
	"time"

	"helpost/internal/store"
)

// sweepMax is how many rows are given up in one go.
const sweepMax = 100

// sweep gives up rows that are too old while the relay fails: nothing is tried then, so no try can end them.
func (m *Mailer) sweep(ctx context.Context, reason string) {
	now := m.clock()
	seen, err := m.tooOldRows(ctx, now)
	if err != nil {
		m.log.Error("the outbox cannot be read", "error", err)
		return
	}
	ours := m.board(seen)
	if len(ours) == 0 {
		return
	}
	// A mail that was on its way may have been recorded as sent between the look and the boarding. Now that they are
	// ours, what still stands there stays there.
	still, err := m.tooOldRows(ctx, now)
	if err != nil {
		m.log.Error("the outbox cannot be read", "error", err)
	}
	there := map[uint64]bool{}
	for _, row := range still {
		there[row.ID] = true
	}
	for _, row := range ours {
		if there[row.ID] {
			m.undelivered(ctx, row, m.givenUp(verdict{stage: stagePrepare, text: reason}))
		} else {
			m.recorded([]record{{id: row.ID}})
		}
	}
}

// tooOldRows looks among the first rows of the outbox, which are the oldest.
func (m *Mailer) tooOldRows(ctx context.Context, now time.Time) ([]store.Outbox, error) {
	var old []store.Outbox
	err := m.queue.View(ctx, func(r store.Reader) error {
		rows, err := r.Queue(0, sweepMax)
		for _, row := range rows {
			if m.tooOld(row, now) {
				old = append(old, row)
			}
		}
		return err
	})
	return old, err
}
