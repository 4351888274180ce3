package workflow

import (
	"time"

	"helpost/internal/sop"
)

// Draft is a ticket while it is being changed. Each call of event writes down what has changed since the one before.
type Draft struct {
	Before Ticket // as it was read; Number 0: it is new
	Ticket        // as it is now
	Events []Event

	last  Ticket // as the last event left it
	now   time.Time
	cause string
	actor string
}

// said and info are what an event tells beside the fields it changes: personal words, and impersonal facts.
type said map[string]any
type info map[string]any

func newDraft(t Ticket, now time.Time, cause, actor string) *Draft {
	return &Draft{Before: t, Ticket: clone(t), last: clone(t), now: now, cause: cause, actor: actor}
}

// event writes an event with all fields that have changed since the last one.
func (d *Draft) event(t EventType, i info, s said) {
	d.Seq++
	d.Events = append(d.Events, Event{Seq: d.Seq, At: d.now, Type: t, Cause: d.cause, Actor: d.actor,
		Facts: diff(&d.last.Facts, &d.Facts), Words: diff(&d.last.Words, &d.Words), Info: i, Said: s})
	d.last = clone(d.Ticket)
}

// Changed says whether anything happened to the ticket.
func (d *Draft) Changed() bool { return len(d.Events) > 0 }

// Case is one input while it is being decided: what is known, and what has been decided so far.
type Case struct {
	p   *Policy
	s   Situation
	m   *Mail // nil where the input is no mail
	now time.Time

	t       *Draft // the ticket that the input is about
	others  []*Draft
	decided Decision
}

func (p *Policy) newCase(s Situation, m *Mail, now time.Time) *Case {
	cause, actor := "tick", "helpost"
	if m != nil {
		cause, actor = "mail", m.From.Address
	}
	c := &Case{p: p, s: s, m: m, now: now}
	c.t = newDraft(s.Ticket, now, cause, actor)
	c.decided.Outcome = TimePassed
	return c
}

// other gives the draft of another ticket, the same each time.
func (c *Case) other(n sop.Number) (*Draft, bool) {
	for _, d := range c.others {
		if d.Number == n {
			return d, true
		}
	}
	t, known := c.s.Others[n]
	if !known {
		return nil, false
	}
	d := newDraft(t, c.now, c.t.cause, c.t.actor)
	c.others = append(c.others, d)
	return d, true
}

// done closes the case: the events that the notices make, and the drafts that changed.
func (c *Case) done() Decision {
	c.record()
	for _, d := range append([]*Draft{c.t}, c.others...) {
		if d.Changed() {
			c.decided.Drafts = append(c.decided.Drafts, d)
		}
	}
	return c.decided
}

// record writes the notices of each ticket into its events, so that the record says who was told what.
func (c *Case) record() {
	for _, d := range append([]*Draft{c.t}, c.others...) {
		var kinds []sop.Kind
		var to []string
		for i := range c.decided.Notices {
			n := &c.decided.Notices[i]
			if n.Ticket == d.Number && d.Number != 0 {
				n.Event, n.Place = d.Seq+1, len(kinds)
				kinds, to = append(kinds, n.Kind), append(to, n.To.Address)
			}
		}
		if len(kinds) > 0 {
			if d.RespondedAt != nil && d.Before.RespondedAt == nil {
				d.Answer = d.Seq + 1
			}
			d.event(Notified, info{"notices": kinds}, said{"to": to})
		}
	}
}

// drop ends a case in which nothing is kept.
func (c *Case) drop(why string) {
	c.decided.Outcome, c.decided.Detail = DroppedMail, why
}
