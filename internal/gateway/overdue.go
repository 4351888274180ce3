package gateway

import (
	"context"
	"errors"
	"time"

	"helpost/internal/store"
	"helpost/internal/thread"
)

// overdue does what fell due for the tickets of a mail before the mail came and was not done yet (helpost was down, or the
// disk was slow): so that a late answer is late on record, and an agent's command does not undo a breach that nobody saw.
// What cannot be done holds up no mail.
func (g *Gateway) overdue(ctx context.Context, to []thread.Binding, now time.Time) error {
	for _, b := range to {
		if b.Ticket == 0 {
			continue
		}
		late := false
		err := g.Store.View(ctx, func(v store.Reader) error {
			t, _, err := v.Ticket(b.Ticket)
			if errors.Is(err, store.ErrNotFound) {
				return nil
			}
			if err == nil {
				at := g.Policy.Wake(&t)
				late = !at.IsZero() && at.Before(now)
			}
			return err
		})
		if err != nil {
			return err
		}
		if !late {
			continue
		}
		err = g.pass1(ctx, b.Ticket, g.loadOnce(ctx))
		if isConflict(err) {
			return err
		}
		if err != nil {
			g.Log.Error("what was due before a mail could not be done", "ticket", g.id(b.Ticket), "error", err)
		}
	}
	return ctx.Err()
}
