package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"helpost/internal/mailauth"
	"helpost/internal/mailer"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/workflow"
)

// dueAtOnce is how many due tickets are looked at in one round.
const dueAtOnce = 100

// longestSleep bounds a nap, so that a clock that was set is noticed.
const longestSleep = time.Minute

// Run lets time pass for tickets until ctx ends: it does what is due, and sleeps until the next moment that is.
func (g *Gateway) Run(ctx context.Context) {
	for ctx.Err() == nil {
		g.sleeps.Store(0)
		next, err := g.Tick(ctx)
		if err != nil && ctx.Err() == nil {
			g.Log.Error("what is due could not be done", "error", err)
			next = g.Clock().Add(time.Second)
		}
		nap := longestSleep
		if !next.IsZero() {
			nap = min(nap, max(0, next.Sub(g.Clock())))
		}
		if g.notes.waits() {
			nap = min(nap, noteDelay)
		}
		g.sleeps.Store(g.Clock().Add(nap).UnixMilli())
		timer := time.NewTimer(nap)
		select {
		case <-timer.C:
		case <-g.wake:
		case <-ctx.Done():
		}
		timer.Stop()
		if g.notes.due(g.Clock()) || ctx.Err() != nil {
			if err := g.Note(context.WithoutCancel(ctx)); err != nil {
				g.Log.Error("refused mails could not be noted", "error", err)
			}
		}
	}
}

// rouses says whether a change makes something due before Run wakes by itself; while it is awake, or sleeps on though the clock
// was set beyond its end, anything at all. Most mails make none: their tickets are due in hours.
func (g *Gateway) rouses(c store.Change) bool {
	until := g.sleeps.Load()
	lost := until <= g.Clock().UnixMilli()
	for i := range c.Tickets {
		if due := c.Tickets[i].Due; !due.IsZero() && (lost || due.UnixMilli() < until) {
			return true
		}
	}
	return slices.ContainsFunc(c.Facts, func(f store.Fact) bool { return strings.HasPrefix(f.Key, bundlePrefix) })
}

// rouse ends Run's nap.
func (g *Gateway) rouse() {
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

// Tick does what is due now, and says when something is due next (zero: nothing is). What cannot be done for one ticket
// holds up no other.
func (g *Gateway) Tick(ctx context.Context) (next time.Time, err error) {
	load := g.loadOnce(ctx)
	for {
		var due []sop.Number
		err := g.Store.View(ctx, func(v store.Reader) error {
			var err error
			if due, err = v.Due(g.Clock(), dueAtOnce); err != nil {
				return err
			}
			next, err = v.NextDue()
			return err
		})
		if err != nil {
			return next, err
		}
		var failed []error
		for _, n := range due {
			if err := retry(ctx, func() error { return g.pass1(ctx, n, load) }); err != nil {
				failed = append(failed, fmt.Errorf("%s: %w", g.id(n), err))
			}
		}
		if len(due) == 0 || len(failed) > 0 {
			bundles, err := g.sendBundles(ctx)
			next = earlier(next, bundles)
			return earlier(next, g.sendReports(ctx)), errors.Join(append(failed, err)...)
		}
	}
}

// earlier is the earlier of two moments, of which the zero one stands for never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// loads says how many open tickets each agent holds; it is asked only where a notice offers to assign.
type loads func() (map[string]int, error)

func (g *Gateway) loadOnce(ctx context.Context) loads {
	return sync.OnceValues(func() (map[string]int, error) { return g.load(ctx) })
}

// pass1 does what is due for one ticket.
func (g *Gateway) pass1(ctx context.Context, n sop.Number, load loads) error {
	now := workflow.Moment(g.Clock())
	return g.act(ctx, n, workflow.Input{}, load, now, store.Change{})
}

// load counts the tickets that each agent holds, so that a notice can name who has the fewest.
func (g *Gateway) load(ctx context.Context) (map[string]int, error) {
	load := map[string]int{}
	err := g.Store.View(ctx, func(v store.Reader) error {
		for _, a := range g.Policy.Agents {
			all, err := holds(v, a.Address)
			if err != nil {
				return err
			}
			load[a.Address] = len(all)
		}
		return nil
	})
	return load, err
}

// act decides an input that is no mail, and commits what it brings about together with what else belongs to it.
func (g *Gateway) act(ctx context.Context, n sop.Number, in workflow.Input, load loads, now time.Time, c store.Change) error {
	one := decided{versions: map[sop.Number]store.Version{}}
	var s workflow.Situation
	err := g.Store.View(ctx, func(v store.Reader) error {
		t, version, err := v.Ticket(n)
		if err != nil {
			return err
		}
		s.Ticket, one.versions[n] = t, version
		if one.desk, err = g.readDesk(v, "", nil); err != nil {
			return err
		}
		s.Desk = one.desk.Desk
		return nil
	})
	if err != nil {
		return err
	}
	if due := g.Policy.Wake(&s.Ticket); in == (workflow.Input{}) && !due.IsZero() && !due.After(now) {
		g.Meter.Late(now.Sub(due))
	}
	one.Decision = g.Policy.Decide(s, in, now)
	if load != nil && slices.ContainsFunc(one.Notices, func(n workflow.Notice) bool { return n.Late != nil }) {
		if s.Desk.Load, err = load(); err != nil {
			return err
		}
		one.Decision = g.Policy.Decide(s, in, now)
	}
	facts := factSet{}
	if err := g.write(ctx, &c, facts, &one, store.Message{}, now); err != nil {
		return err
	}
	c.Facts = append(c.Facts, facts.list()...)
	if len(one.Drafts) == 0 { // nothing was due after all: the index learns when it is
		c.Tickets = append(c.Tickets, store.Ticket{Ticket: s.Ticket, Expect: one.versions[n], Due: g.Policy.Wake(&s.Ticket)})
	}
	if err := g.Store.Commit(ctx, c); err != nil {
		return err
	}
	g.committed(c)
	return nil
}

// Undelivered takes a notice that the relay refused for good, or that nobody took in time: the row leaves the outbox in
// the same commit that tells the desk.
func (g *Gateway) Undelivered(ctx context.Context, row store.Outbox, status, text string) error {
	now := workflow.Moment(g.Clock())
	c := store.Change{
		Done:   []uint64{row.ID},
		Traces: []store.Trace{mailer.FailureTrace(row, now, text)},
	}
	event, _, _ := eventOf(row.MessageID)
	failed := &workflow.Failed{Kind: row.Kind, To: row.To, MessageID: row.MessageID, Event: event, Status: status, Text: text}
	if row.Ticket == 0 {
		return g.Store.Commit(ctx, c)
	}
	err := retry(ctx, func() error { return g.act(ctx, row.Ticket, workflow.Input{Failed: failed}, nil, now, c) })
	if errors.Is(err, store.ErrNotFound) {
		return g.Store.Commit(ctx, c)
	}
	return err
}

// returned is the notice of ours that a bounce brings back, where that is proven: its Message-ID bears our MAC, and it
// was sent to the one who was not reached. A bounce that names no mail and came to a bounce token is of the last notice to
// whom that token was made for. The ticket and its version are read as well.
func (g *Gateway) returned(v store.Reader, b Bound, s *workflow.Situation, one *decided) (*workflow.Failed, error) {
	token, ours := g.Tokens.InMessageID(b.Said.ReturnedID)
	event, place, whole := eventOf(b.Said.ReturnedID)
	if b.Said.ReturnedID == "" {
		token, ours = g.bounceToken(b.Rcpt)
	}
	if !ours || token.Number == 0 || !whole && b.Said.ReturnedID != "" {
		return nil, nil
	}
	failed := &workflow.Failed{MessageID: b.Said.ReturnedID}
	if bounce := b.Said.Bounce; bounce != nil {
		failed.Status, failed.To, failed.Text = bounce.Status, bounce.Recipient, orWord(b.Said.ReturnedWhy, bounce.Status)
	}
	h := &history{number: token.Number, view: func(fn func(store.Reader) error) error { return fn(v) }}
	t, version, err := v.Ticket(token.Number)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	h.last = t.Seq
	if b.Said.ReturnedID == "" {
		event, place, err = h.lastTo(token)
	}
	if err != nil || event < 1 || event > t.Seq {
		return nil, err
	}
	failed.Event = event
	entry, err := v.Entry(token.Number, event)
	if err != nil {
		return nil, err
	}
	e, err := entry.Event()
	if err != nil {
		return nil, err
	}
	to, kinds := texts(e.Said["to"]), texts(e.Info["notices"])
	if e.Type != workflow.Notified || place >= len(to) || place >= len(kinds) || !token.For(to[place]) {
		return nil, nil
	}
	if failed.To != "" && failed.To != to[place] {
		return nil, nil
	}
	if b.Sender == to[place] || mailauth.LowerASCII(b.From) == to[place] { // who could not be reached reports nothing
		return nil, nil
	}
	failed.To, failed.Kind = to[place], sop.Kind(kinds[place])
	if known, err := h.undelivered(event, failed.To); known || err != nil {
		return nil, err
	}
	if s.Ticket.Number != token.Number {
		s.Ticket, one.versions[token.Number] = t, version
	}
	return failed, nil
}

// bounceToken finds the token of an envelope sender of ours among the recipients of a bounce.
func (g *Gateway) bounceToken(rcpt []string) (token mailauth.Token, found bool) {
	for _, r := range rcpt {
		if token, found = g.Tokens.InAddress(r); found && token.Sort == sop.Bouncing {
			return token, true
		}
	}
	return mailauth.Token{}, false
}
