package bolt

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"helpost/internal/store"
)

const (
	maxBatch = 256                   // changes that one flush serves at most
	patience = 20 * time.Millisecond // what a change waits for another that says only what became of mails sent
)

// request is a change on its way to the writer.
type request struct {
	change *prepared
	state  atomic.Int32 // waiting, then either taken or withdrawn
	done   chan error   // holds one
}

const (
	waiting int32 = iota
	taken
	withdrawn
)

// Commit makes a change durable, whole, or says why not.
func (s *Store) Commit(ctx context.Context, c store.Change) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p, err := prepare(&c)
	if err != nil {
		return err
	}
	if err := s.enter(); err != nil {
		return err
	}
	defer s.pending.Done()
	if s.filler != nil {
		p.say(&c)
	}
	r := &request{change: p, done: make(chan error, 1)}
	select {
	case s.queue <- r:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-r.done:
		return err
	case <-ctx.Done():
		if r.state.CompareAndSwap(waiting, withdrawn) {
			return ctx.Err()
		}
		return <-r.done // the writer has it: only its answer is true
	}
}

// write is the writer: it ends when the queue is closed and empty.
func (s *Store) write() {
	defer close(s.stopped)
	for first := range s.queue {
		batch := s.gather(s.drain(s.take(nil, first)))
		if len(batch) > 0 {
			s.commit(batch)
		}
	}
}

// drain takes what waits.
func (s *Store) drain(batch []*request) []*request {
	for len(batch) < maxBatch {
		select {
		case r, open := <-s.queue:
			if !open {
				return batch
			}
			batch = s.take(batch, r)
		default:
			return batch
		}
	}
	return batch
}

// gather waits for company where nobody in the batch is in a hurry.
func (s *Store) gather(batch []*request) []*request {
	hurry := func(r *request) bool { return !r.change.patient }
	if len(batch) == 0 || slices.ContainsFunc(batch, hurry) {
		return batch
	}
	over := time.NewTimer(s.patience)
	defer over.Stop()
	for len(batch) < maxBatch {
		select {
		case r, open := <-s.queue:
			if !open {
				return batch
			}
			if batch = s.take(batch, r); hurry(r) {
				return s.drain(batch)
			}
		case <-over.C:
			return batch
		}
	}
	return batch
}

func (s *Store) take(batch []*request, r *request) []*request {
	if r.state.CompareAndSwap(waiting, taken) {
		return append(batch, r)
	}
	return batch
}

// commit answers every request of a batch. Where the disk is too full for all, it tries them one by one, small ones
// first: they are those that make room.
func (s *Store) commit(batch []*request) {
	err := s.together(batch)
	if len(batch) > 1 && errors.Is(err, store.ErrFull) {
		batch = slices.Clone(batch)
		slices.SortStableFunc(batch, func(a, b *request) int { return a.change.size - b.change.size })
		for i, r := range batch {
			if err = s.together([]*request{r}); errors.Is(err, store.ErrFull) {
				answer(batch[i:], err)
				return
			}
			if err != nil {
				answer([]*request{r}, err)
			}
		}
		return
	}
	if err != nil {
		answer(batch, err)
	}
}

func answer(batch []*request, err error) {
	for _, r := range batch {
		r.done <- err
	}
}

// together commits a batch in one transaction and answers it; on an error nothing is committed and nobody answered.
// A change that cannot be put at all is answered and left out, and the rest tried again.
func (s *Store) together(batch []*request) (err error) {
	size := 0
	for _, r := range batch {
		size += r.change.size
	}
	begin, all := time.Now(), len(batch)
	defer func() {
		if s.opts.OnCommit != nil {
			s.opts.OnCommit(Commit{Changes: all, Bytes: size, Took: time.Since(begin), Err: err})
		}
	}()
	if err := s.Present(); err != nil {
		return err
	}
	batch = slices.Clone(batch)
	for len(batch) > 0 {
		a := &attempt{store: s, results: make([]error, len(batch)), culprit: -1}
		err := a.run(batch)
		if a.culprit >= 0 {
			s.log.Error("a change could not be put", "error", err)
			batch[a.culprit].done <- err
			batch = slices.Delete(batch, a.culprit, a.culprit+1)
			continue
		}
		if err != nil {
			return err
		}
		s.changed(batch, a.results)
		for i, r := range batch {
			r.done <- a.results[i]
		}
		return nil
	}
	return nil
}

// changed tells the search index which tickets have changed.
func (s *Store) changed(batch []*request, results []error) {
	if s.filler == nil {
		return
	}
	var tickets []ticketRow
	for i, r := range batch {
		if results[i] == nil {
			tickets = append(tickets, r.change.tickets...)
		}
	}
	s.filler.hear(tickets)
}

// attempt is one transaction over a batch. It may be run again without one of its changes, so it keeps no effect
// outside the transaction before that is durable.
type attempt struct {
	store   *Store
	results []error // of the changes
	culprit int     // the change that could not be put; -1: none
}

func (a *attempt) run(batch []*request) (err error) {
	tx, err := a.store.db.Begin()
	if err != nil {
		return fault(err)
	}
	at := -1
	defer func() {
		if cause := recover(); cause != nil {
			a.culprit = at
			err = fmt.Errorf("panic in a commit: %v\n%s", cause, debug.Stack())
		}
		tx.Rollback()
	}()
	w, err := newWriter(tx)
	if err != nil {
		return err
	}
	wrote := false
	for i, r := range batch {
		at = i
		if err := w.check(r.change); errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrDuplicate) {
			a.results[i] = err
			continue
		} else if err != nil {
			a.culprit = i
			return err
		}
		if err := w.put(r.change); err != nil {
			a.culprit = i
			return fault(err)
		}
		wrote = true
	}
	at = -1
	if !wrote {
		return nil
	}
	sequences, err := w.finish(a.store.counters)
	if err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fault(err)
	}
	a.store.counters.kept(sequences)
	a.store.outbox.apply(w.outbox)
	return nil
}
