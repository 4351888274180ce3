package life

import (
	"context"
	"errors"
	"strings"
	"time"

	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/workflow"
)

// Expired says what went by age.
type Expired struct {
	Tickets    int // that lost everything personal
	Stripped   int // that lost their files and raw mails
	Traces     int
	Mails      int // dedup keys
	Quarantine int
	Facts      int // what people said of themselves who have no ticket left
	Blobs      int
}

// Expire lets go what is old enough: of tickets that have ended, and are not on hold, first the files and raw mails, then
// everything personal; with the latter, traces, quarantined mails and dedup keys of that age. The facts of every ticket
// stay, and its record.
//
// Traces have an age of their own, whatever became of their tickets; those of the policy stay.
func (k *Keeper) Expire(ctx context.Context) (e Expired, err error) {
	defer func() {
		if e != (Expired{}) {
			k.Log.Info("gone by age", "tickets", e.Tickets, "stripped", e.Stripped, "traces", e.Traces, "quarantined", e.Quarantine, "blobs", e.Blobs)
		}
	}()
	if k.TracesAfter > 0 {
		if e.Traces, err = k.Store.PruneTraces(ctx, k.until(k.TracesAfter), ofPolicy); err != nil {
			return e, err
		}
	}
	if k.ClosedAfter <= 0 && k.AttachmentsAfter <= 0 {
		return e, nil
	}
	k.removing.Lock()
	defer k.removing.Unlock()
	loose, ended := map[string]bool{}, map[sop.Number]bool{}
	for _, state := range []workflow.State{workflow.Closed, workflow.Merged, workflow.Rejected} {
		if err := k.expireState(ctx, state, &e, loose, ended); err != nil {
			return e, err
		}
	}
	if k.ClosedAfter > 0 {
		if err := k.expireBeside(ctx, &e, loose, ended); err != nil {
			return e, err
		}
	}
	e.Blobs, err = k.drop(ctx, loose)
	return e, err
}

// until is the moment before which everything is of an age: what is just as old goes.
func (k *Keeper) until(age time.Duration) time.Time { return k.now().Add(-age).Add(time.Nanosecond) }

func ofPolicy(t store.Trace) bool { return t.MessageID == "policy" }

// expireState goes through the tickets of a state that has ended. ended collects those that have nothing personal left.
func (k *Keeper) expireState(ctx context.Context, state workflow.State, e *Expired, loose map[string]bool, ended map[sop.Number]bool) error {
	for after := ""; ; {
		var page []workflow.Ticket
		err := k.Store.View(ctx, func(v store.Reader) (err error) {
			page, after, err = v.List(store.Filter{State: state, After: after, Limit: atOnce})
			return err
		})
		if err != nil {
			return err
		}
		for _, t := range page {
			if t.Expired {
				ended[t.Number] = true
				continue
			}
			if t.Hold || t.Stripped && k.ClosedAfter <= 0 || !k.mayBeOld(t) {
				continue
			}
			if err := k.retry(ctx, func() error { return k.expire(ctx, t.Number, e, loose, ended) }); err != nil {
				return err
			}
		}
		if after == "" {
			return nil
		}
	}
}

// mayBeOld spares the reading of a ticket that is too young by what the list says of it.
func (k *Keeper) mayBeOld(t workflow.Ticket) bool {
	at := t.CreatedAt
	if t.ClosedAt != nil {
		at = *t.ClosedAt
	}
	return k.old(at, k.ClosedAfter) || !t.Stripped && k.old(at, k.AttachmentsAfter)
}

func (k *Keeper) old(at time.Time, age time.Duration) bool {
	return age > 0 && !at.Add(age).After(k.Clock())
}

// expire lets go what is old enough of one ticket. Its age counts from its end: from the last thing that happened to it,
// where it did not end by closing.
func (k *Keeper) expire(ctx context.Context, n sop.Number, e *Expired, loose map[string]bool, ended map[sop.Number]bool) error {
	t, err := k.load(ctx, n)
	if err != nil {
		return err
	}
	at := t.endedAt()
	everything, files := k.old(at, k.ClosedAfter), !t.Stripped && k.old(at, k.AttachmentsAfter)
	if t.Hold || t.Expired || !everything && !files {
		return nil
	}
	erase := &workflow.Erase{Log: t.events, Files: !everything}
	var remade []store.Message
	if everything {
		if remade, err = k.remake(ctx, erase, t); err != nil {
			return err
		}
	} else {
		remade = stripped(t.messages)
	}
	for _, m := range remade {
		erase.Remade = append(erase.Remade, m.Seq)
	}
	d := k.Policy.Decide(workflow.Situation{Ticket: t.Ticket}, workflow.Input{Erase: erase}, k.now())
	if d.Outcome == workflow.BrokenTicket {
		k.Log.Error("a ticket cannot go by age, for its record is damaged; see helpost verify", "ticket", n.ID(k.Policy.Prefix))
		return nil
	}
	var c store.Change
	if c.Done, err = k.queued(ctx, func(o store.Outbox) bool { return o.Ticket == n }); err != nil {
		return err
	}
	if err := k.commit(ctx, t, d, remade, c); err != nil {
		return err
	}
	note(loose, t.messages)
	if everything {
		e.Tickets++
		ended[n] = true
	} else {
		e.Stripped++
	}
	return nil
}

// endedAt is when a ticket ended. What only let go of something is no part of its life.
func (t loaded) endedAt() time.Time {
	if t.State == workflow.Closed && t.ClosedAt != nil {
		return *t.ClosedAt
	}
	at := t.CreatedAt
	for _, v := range t.events {
		if v.Type != workflow.ErasedEvent && v.Type != workflow.ExpiredEvent && v.Type != workflow.HoldSet {
			at = v.At
		}
	}
	return at
}

// stripped gives the messages whose raw mails and files go: what they say stays, and which files there were.
func stripped(messages []store.Message) (remade []store.Message) {
	for _, was := range messages {
		is := was
		is.Raw, is.RawSum, is.Attachments = store.Ref{}, "", nil
		for _, a := range was.Attachments {
			a.Ref = store.Ref{}
			is.Attachments = append(is.Attachments, a)
		}
		if !same(is, was) {
			remade = append(remade, is)
		}
	}
	return remade
}

// expireBeside lets go what is old beside the tickets, and what belonged to those that have nothing personal left.
func (k *Keeper) expireBeside(ctx context.Context, e *Expired, loose map[string]bool, ended map[sop.Number]bool) (err error) {
	before := k.until(k.ClosedAfter)
	if e.Quarantine, err = k.tidyQuarantine(ctx, loose); err != nil {
		return err
	}
	if e.Tickets > 0 {
		if e.Facts, err = k.forgetPersons(ctx); err != nil {
			return err
		}
	}
	traces, err := k.Store.PruneTraces(ctx, before, func(t store.Trace) bool {
		return ofPolicy(t) || t.Ticket != 0 && !ended[t.Ticket]
	})
	e.Traces += traces
	if err != nil {
		return err
	}
	e.Mails, err = k.Store.ForgetMails(ctx, func(s store.Seen) bool {
		return s.At.Before(before) && (s.Ticket == 0 || ended[s.Ticket])
	})
	return err
}

// forgetPersons lets go what people said of themselves who report no ticket that is left.
func (k *Keeper) forgetPersons(ctx context.Context) (int, error) {
	var c store.Change
	err := k.Store.View(ctx, func(v store.Reader) error {
		facts, err := v.Facts(personPrefix)
		if err != nil {
			return err
		}
		for _, f := range facts {
			left, _, err := v.List(store.Filter{Reporter: strings.TrimPrefix(f.Key, personPrefix), Limit: 1})
			if err != nil {
				return err
			}
			if len(left) == 0 {
				c.Facts = append(c.Facts, store.Fact{Key: f.Key, Version: f.Version})
			}
		}
		return nil
	})
	if err != nil || len(c.Facts) == 0 {
		return 0, err
	}
	err = k.Store.Commit(ctx, c)
	if errors.Is(err, store.ErrConflict) { // somebody of them writes just now: the next time
		return 0, nil
	}
	return len(c.Facts), err
}

// personPrefix begins the names of the facts that say what somebody said of himself.
const personPrefix = "person/"
