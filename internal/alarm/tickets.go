package alarm

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/workflow"
)

// tickets are those for which an alarm stands. They are read once, at the start, and led on by each commit.
type tickets struct {
	some    atomic.Bool // whether anything is in known: while nothing is, most commits take no lock
	mu      sync.Mutex
	known   map[sop.Number]alarming
	reading bool // the start is not over: what is no longer alarming is remembered too
}

// alarming is a ticket as it was at one of its events.
type alarming struct {
	seq   int
	since map[sop.Alarm]time.Time // empty: for nothing
}

func newTickets() *tickets {
	t := &tickets{known: map[sop.Number]alarming{}, reading: true}
	t.some.Store(true)
	return t
}

// note takes a ticket as it was committed. It says whether an alarm stands for it.
func (t *tickets) note(ticket *workflow.Ticket) bool {
	since := ticket.Alarms()
	if len(since) == 0 && !t.some.Load() {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known[ticket.Number].seq <= ticket.Seq {
		t.known[ticket.Number] = alarming{ticket.Seq, since}
		if len(since) == 0 && !t.reading {
			delete(t.known, ticket.Number)
		}
		t.some.Store(t.reading || len(t.known) > 0)
	}
	return len(since) > 0
}

// read notes all tickets that may be alarming.
func (t *tickets) read(ctx context.Context, s Store) error {
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
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reading = false
	for n, a := range t.known {
		if len(a.since) == 0 {
			delete(t.known, n)
		}
	}
	t.some.Store(len(t.known) > 0)
	return nil
}

// all lists the tickets of each alarm, those of the longest standing first.
func (t *tickets) all() map[sop.Alarm][]Alarmed {
	if !t.some.Load() {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	all := map[sop.Alarm][]Alarmed{}
	for n, a := range t.known {
		for alarm, since := range a.since {
			all[alarm] = append(all[alarm], Alarmed{n, since})
		}
	}
	for _, list := range all {
		slices.SortFunc(list, func(a, b Alarmed) int {
			return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Ticket, b.Ticket))
		})
	}
	return all
}
