package alarm

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/workflow"
)

// tickets are those for which an alarm may stand: found once, at the start, and told of by each commit since. Each look
// reads them anew, so that it does not matter in which order commits were told of.
type tickets struct {
	mu   sync.Mutex
	some map[sop.Number]int // and how often each was told of
}

// note takes a ticket as it was committed, and says whether an alarm stands for it. Of most it keeps nothing.
func (t *tickets) note(ticket *workflow.Ticket) bool {
	if len(ticket.Alarms()) == 0 {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.some[ticket.Number]++
	return true
}

// find looks through all tickets that may be alarming.
func (t *tickets) find(ctx context.Context, s Store) error {
	for _, state := range []workflow.State{workflow.New, workflow.Open, workflow.Paused, workflow.Resolved} {
		for after := ""; ; {
			var page []workflow.Ticket
			err := s.View(ctx, func(r store.Reader) (err error) {
				page, after, err = r.List(store.Filter{State: state, After: after, Limit: 100})
				return err
			})
			if err != nil {
				return err
			}
			for i := range page {
				t.note(&page[i])
			}
			if after == "" {
				break
			}
		}
	}
	return nil
}

// look lists the tickets of each alarm as they are now, those of the longest standing first.
func (t *tickets) look(ctx context.Context, s Store) (map[sop.Alarm][]Alarmed, error) {
	t.mu.Lock()
	some := maps.Clone(t.some)
	t.mu.Unlock()
	if len(some) == 0 {
		return nil, nil
	}
	all := map[sop.Alarm][]Alarmed{}
	var over []sop.Number
	err := s.View(ctx, func(r store.Reader) error {
		for n := range some {
			ticket, _, err := r.Ticket(n)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			alarms := ticket.Alarms()
			for a, since := range alarms {
				all[a] = append(all[a], Alarmed{n, since})
			}
			if len(alarms) == 0 {
				over = append(over, n)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	for _, n := range over {
		if t.some[n] == some[n] { // else it is alarming again
			delete(t.some, n)
		}
	}
	t.mu.Unlock()
	for _, list := range all {
		slices.SortFunc(list, func(a, b Alarmed) int {
			return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Ticket, b.Ticket))
		})
	}
	return all, nil
}
