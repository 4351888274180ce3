package report

import (
	"context"
	"fmt"
	"time"

	"helpost/internal/store"
	"helpost/workflow"
)

// Store is what figures are read from.
type Store interface {
	View(ctx context.Context, fn func(store.Reader) error) error
}

const (
	atOnce = 200 // tickets of one View
	// disorder is how much later than its number a ticket may have been received: numbers are given a moment before, and
	// clocks are set now and then.
	disorder = 48 * time.Hour
)

// Read makes the figures that a query asks for. It goes through tickets page by page, the newest first, and ends at
// those that were received before the period; a ticket that comes or changes meanwhile is counted as it was or as it is.
func Read(ctx context.Context, s Store, p *workflow.Policy, q Query) (Report, error) {
	c := NewCounter(q)
	before := q.From.Add(-disorder)
	err := each(ctx, s, store.Filter{}, func(v store.Reader, t *workflow.Ticket) (more bool, err error) {
		if !c.Wants(t) {
			return !t.CreatedAt.Before(before), nil
		}
		story, err := tell(v, p, t, q.At)
		if err != nil {
			return false, err
		}
		c.Add(&story)
		return true, nil
	})
	if err != nil {
		return Report{}, err
	}
	for _, state := range []workflow.State{workflow.New, workflow.Open, workflow.Paused} {
		err := each(ctx, s, store.Filter{State: state}, func(_ store.Reader, t *workflow.Ticket) (bool, error) {
			c.Backlog(t)
			return true, nil
		})
		if err != nil {
			return Report{}, err
		}
	}
	return c.Report(), nil
}

func tell(v store.Reader, p *workflow.Policy, t *workflow.Ticket, at time.Time) (Story, error) {
	log, err := v.Log(t.Number)
	if err != nil {
		return Story{}, err
	}
	events := make([]workflow.Event, len(log))
	for i, entry := range log {
		if events[i], err = entry.Event(); err != nil {
			return Story{}, fmt.Errorf("ticket %d: %w", t.Number, err)
		}
	}
	return Tell(p, events, at)
}

// each visits the tickets of a list, some in one view, until visit says no more.
func each(ctx context.Context, s Store, f store.Filter, visit func(store.Reader, *workflow.Ticket) (bool, error)) error {
	f.Limit = atOnce
	for {
		more := true
		err := s.View(ctx, func(v store.Reader) error {
			page, next, err := v.List(f)
			if err != nil {
				return err
			}
			for i := range page {
				if more, err = visit(v, &page[i]); err != nil || !more {
					return err
				}
			}
			f.After = next
			return nil
		})
		if err != nil || !more || f.After == "" {
			return err
		}
	}
}

// ReadMornings fills the lists of a morning with the tickets that are open or wait for the reporter's word.
func ReadMornings(ctx context.Context, s Store, m *Mornings) ([]List, error) {
	for _, state := range []workflow.State{workflow.New, workflow.Open, workflow.Paused, workflow.Resolved} {
		err := each(ctx, s, store.Filter{State: state}, func(_ store.Reader, t *workflow.Ticket) (bool, error) {
			m.Add(t)
			return true, nil
		})
		if err != nil {
			return nil, err
		}
	}
	return m.Lists(), nil
}
