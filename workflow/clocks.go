package workflow

import (
	"time"

	"helpost/internal/sop"
)

// The names of the two clocks, as notices and the record call them.
const (
	ResponseClock   = "response"
	ResolutionClock = "resolution"
)

// allDay is the calendar of a desk that never closes.
type allDay struct{}

func (allDay) Add(from time.Time, d time.Duration) time.Time { return from.Add(d) }
func (allDay) Between(from, to time.Time) time.Duration      { return max(0, to.Sub(from)) }
func (allDay) Opens(t time.Time) time.Time                   { return t }

func orAllDay(c Calendar) Calendar {
	if c == nil {
		return allDay{}
	}
	return c
}

// startClocks sets both targets of a ticket from its receipt.
func (p *Policy) startClocks(t *Ticket) {
	goal := p.Targets[t.Priority]
	t.Response.Goal, t.Resolution.Goal = goal.Response.Milliseconds(), goal.Resolution.Milliseconds()
	t.Response.Due, t.Response.WarnAt = p.due(t, goal.Response, nil)
	t.Resolution.Due, t.Resolution.WarnAt = p.due(t, goal.Resolution, t.Stops)
}

// due gives a target and its warning: so much business time after the receipt, the stops left out. While a clock stands
// still (its last stop is open) the target is where it would be if the clock went on at once.
func (p *Policy) due(t *Ticket, goal time.Duration, stops []Span) (due, warn time.Time) {
	cal := orAllDay(p.Targets[t.Priority].Calendar)
	at := func(d time.Duration) time.Time {
		from := t.CreatedAt
		for _, s := range stops {
			ran := cal.Between(from, s.From)
			if ran >= d || s.To == nil {
				break
			}
			d -= ran
			from = *s.To
		}
		return Moment(cal.Add(from, d))
	}
	return at(goal), at(time.Duration(float64(goal) * p.WarnAt))
}

// stop lets the resolution clock stand still.
func (c *Case) stop(d *Draft) {
	if !d.stopped() {
		d.Stops = append(d.Stops, Span{From: c.now})
		d.Resolution.ClimbAt = nil
	}
}

// goOn lets the resolution clock go on with what was left. What a change of priority left less than nothing of while the
// clock stood still was missed by that change.
func (c *Case) goOn(d *Draft) {
	if !d.stopped() {
		return
	}
	k, to := &d.Resolution, c.now
	last := &d.Stops[len(d.Stops)-1]
	last.To = &to
	k.Due, k.WarnAt = c.p.due(&d.Ticket, c.p.Targets[d.Priority].Resolution, d.Stops)
	switch missed := k.Due.Before(last.From); {
	case k.Level > 0:
		c.eased(d, k, c.now)
	case missed && (k.ByChange || !k.Breached):
		c.missedByChange(d, k)
	}
}

func (t *Ticket) stopped() bool { return len(t.Stops) > 0 && t.Stops[len(t.Stops)-1].To == nil }

// respond stops the response clock: somebody of the desk has answered the reporter.
func (c *Case) respond(d *Draft) {
	if d.RespondedAt != nil || c.m != nil && c.m.From.Address == d.Reporter.Address {
		return
	}
	at := c.now
	d.RespondedAt = &at
	d.Response.rest()
	d.event(Responded, nil, nil)
}

// unrespond lets the response clock run on from receipt, as if nobody had answered. That somebody tried was an act all the
// same: a climb that it stopped goes on a quarter after it.
func (c *Case) unrespond(d *Draft) {
	tried := *d.RespondedAt
	d.RespondedAt, d.Answer = nil, 0
	d.Response.Due, d.Response.WarnAt = c.p.due(&d.Ticket, c.p.Targets[d.Priority].Response, nil)
	c.owed(d, tried)
}

// owed lets the climb of a missed answer go on, for the reporter waits for one again: a quarter after the last act, or where
// a change of priority missed it and nobody was told yet, one repeat from now.
func (c *Case) owed(d *Draft, act time.Time) {
	switch k := &d.Response; {
	case !d.unanswered():
	case k.Level > 0:
		c.eased(d, k, act)
	case k.missed():
		c.missedByChange(d, k)
	}
}

// reprioritise recomputes both targets from receipt. One that is past already is missed by the change, not by the desk,
// and its escalation begins one repeat later. One that lies ahead again is watched anew; that the one before was missed
// stays on record. It says whether the change itself missed one.
func (c *Case) reprioritise(d *Draft, to sop.Priority) (missed bool) {
	d.Priority = to
	c.p.startClocks(&d.Ticket)
	for _, k := range []*Clock{&d.Response, &d.Resolution} {
		at, runs := c.reads(d, k)
		past := k.Due.Before(at) || runs && k.Due.Equal(at)
		k.Warned = k.Warned && !k.WarnAt.After(at)
		switch {
		case !past:
			k.Level, k.ClimbAt = 0, nil
		case k.Level > 0:
			c.eased(d, k, c.now)
		case runs || k == &d.Resolution && d.State == Paused:
			missed = missed || !k.Breached
			c.missedByChange(d, k)
		}
	}
	return missed
}

// reads is the moment that a clock shows, and whether it runs.
func (c *Case) reads(d *Draft, k *Clock) (at time.Time, runs bool) {
	switch {
	case k == &d.Response && d.RespondedAt != nil:
		return *d.RespondedAt, false
	case k == &d.Response && d.unanswered(), !d.stopped():
		return c.now, true
	}
	return d.Stops[len(d.Stops)-1].From, false
}

// missedByChange marks a target that was past already when the priority changed. What the desk itself missed stays so.
func (c *Case) missedByChange(d *Draft, k *Clock) {
	k.ByChange = k.ByChange || !k.Breached
	k.Breached, k.Warned, k.ClimbAt = true, true, nil
	if _, runs := c.reads(d, k); runs {
		later := Moment(c.now.Add(c.p.Repeat[d.Priority]))
		k.ClimbAt = &later
	}
}

// acted notes that somebody of the desk acted: the climb of each missed target stops, and goes on after another quarter
// of the target's length where it stays missed. An objection held up is heard: silence counts anew.
func (c *Case) acted(d *Draft) {
	c.eased(d, &d.Response, c.now)
	c.eased(d, &d.Resolution, c.now)
	if d.State == Resolved && d.Validation.Held == objection {
		c.p.startValidation(&d.Ticket, c.now)
	}
}

// eased puts the next level of a climb off by a quarter of the target's length, counted from an act. A climb that has not
// begun is none that an act could stop.
func (c *Case) eased(d *Draft, k *Clock, act time.Time) {
	if !k.Breached || k.Level == 0 {
		return
	}
	k.ClimbAt = nil
	if _, runs := c.reads(d, k); !runs || c.next(d, k.Level) == 0 {
		return
	}
	goal := c.p.Targets[d.Priority].Resolution
	if k == &d.Response {
		goal = c.p.Targets[d.Priority].Response
	}
	at := Moment(orAllDay(c.p.Targets[d.Priority].Calendar).Add(act, goal/4))
	if at.Before(c.now) {
		at = c.now
	}
	k.ClimbAt = &at
}

// alive says whether somebody still has to work on the ticket.
func (t *Ticket) alive() bool { return t.State == New || t.State == Open || t.State == Paused }

// unanswered says whether the response clock runs: nobody has answered, or the fix that was the answer did not reach the
// reporter.
func (t *Ticket) unanswered() bool {
	return t.RespondedAt == nil && (t.alive() || t.State == Resolved && t.Validation.Held == undeliverable)
}

// rest stops a climb. One that has not begun is remembered: its target is missed, by a change of priority.
func (k *Clock) rest() {
	if k.Level > 0 {
		k.ClimbAt = nil
	}
}

// missed says whether the target as it stands now was missed and the chain is being told, or will be.
func (k *Clock) missed() bool { return k.Breached && (k.Level > 0 || k.ClimbAt != nil) }

// Why silence does not close a ticket.
const (
	objection     = "objection"     // somebody without a voice disputes the fix: until an agent acts
	undeliverable = "undeliverable" // the reporter does not know of the fix
)

// startValidation sets the reminder and the closing by silence.
func (p *Policy) startValidation(t *Ticket, now time.Time) {
	cal := orAllDay(p.ValidationCalendar)
	closing := Moment(cal.Add(now, p.CloseAfter))
	t.Validation = Validation{CloseAt: &closing, Restarted: t.Validation.Restarted, Since: t.Validation.Since}
	if p.RemindAfter > 0 && p.RemindAfter < p.CloseAfter {
		remind := Moment(cal.Add(now, p.RemindAfter))
		t.Validation.RemindAt = &remind
	}
}

// Escalation is the highest level of the chain now climbing, 0 where none is.
func (t *Ticket) Escalation() int {
	if !t.alive() && !t.unanswered() {
		return 0
	}
	level := t.Raised
	if t.Response.Breached && t.unanswered() {
		level = max(level, t.Response.Level)
	}
	if t.Resolution.Breached && t.alive() {
		level = max(level, t.Resolution.Level)
	}
	return level
}

// Wake is the next moment at which something is due for a ticket, zero where nothing ever is (no timers: design).
func (p *Policy) Wake(t *Ticket) time.Time {
	var next time.Time
	sooner := func(at *time.Time) {
		if at != nil && !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = *at
		}
	}
	watch := func(k *Clock) {
		switch {
		case k.missed():
			sooner(k.ClimbAt)
		case !k.Warned && p.WarnAt > 0:
			sooner(&k.WarnAt)
		default:
			sooner(&k.Due)
		}
	}
	if t.unanswered() {
		watch(&t.Response)
	}
	switch t.State {
	case New, Open:
		watch(&t.Resolution)
	case Paused:
		sooner(t.PausedUntil)
	case Resolved:
		if t.Validation.Held == "" {
			sooner(t.Validation.RemindAt)
			sooner(t.Validation.CloseAt)
		}
	}
	return next
}
