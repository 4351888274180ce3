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

// goOn lets the resolution clock go on with what was left.
func (c *Case) goOn(d *Draft) {
	if !d.stopped() {
		return
	}
	to := c.now
	d.Stops[len(d.Stops)-1].To = &to
	d.Resolution.Due, d.Resolution.WarnAt = c.p.due(&d.Ticket, c.p.Targets[d.Priority].Resolution, d.Stops)
	c.eased(d, &d.Resolution, c.p.Targets[d.Priority].Resolution)
}

func (t *Ticket) stopped() bool { return len(t.Stops) > 0 && t.Stops[len(t.Stops)-1].To == nil }

// respond stops the response clock: somebody of the desk has answered the reporter.
func (c *Case) respond(d *Draft) {
	if d.RespondedAt != nil || c.m != nil && c.m.From.Address == d.Reporter.Address {
		return
	}
	at := c.now
	d.RespondedAt = &at
	d.Response.ClimbAt = nil
	d.event(Responded, nil, nil)
}

// unrespond lets the response clock run on from receipt, as if nobody had answered.
func (c *Case) unrespond(d *Draft) {
	d.RespondedAt, d.Answer = nil, 0
	d.Response.Due, d.Response.WarnAt = c.p.due(&d.Ticket, c.p.Targets[d.Priority].Response, nil)
}

// reprioritise recomputes both targets from receipt. One that is past already is missed by the change, not by the desk,
// and its escalation begins one repeat later.
func (c *Case) reprioritise(d *Draft, to sop.Priority) {
	d.Priority = to
	c.p.startClocks(&d.Ticket)
	later := c.now.Add(c.p.Repeat[to])
	for _, k := range c.running(d) {
		k.Warned = k.Warned && !k.WarnAt.After(c.now)
		switch {
		case k.Breached && k.Due.After(c.now):
			k.ClimbAt, k.Level = nil, 0
		case k.Breached && k.Level > 0:
			c.eased(d, k, c.goalOf(d, k))
		case !k.Due.After(c.now):
			k.Breached, k.ByChange, k.Warned, k.ClimbAt = true, true, true, &later
		}
	}
}

// acted notes that somebody of the desk acted: the climb of each missed target stops, and goes on after another quarter
// of the target's length where it stays missed. An objection held up is heard: silence counts anew.
func (c *Case) acted(d *Draft) {
	c.eased(d, &d.Response, c.goalOf(d, &d.Response))
	if !d.stopped() {
		c.eased(d, &d.Resolution, c.goalOf(d, &d.Resolution))
	}
	if d.State == Resolved && d.Validation.Held == "objection" {
		c.p.startValidation(&d.Ticket, c.now)
	}
}

// goalOf is the length of a clock's target.
func (c *Case) goalOf(d *Draft, k *Clock) time.Duration {
	if k == &d.Response {
		return c.p.Targets[d.Priority].Response
	}
	return c.p.Targets[d.Priority].Resolution
}

// eased puts the next level of a climb off by a quarter of a target's length.
func (c *Case) eased(d *Draft, k *Clock, goal time.Duration) {
	if !k.Breached || k.Level == 0 { // a climb that has not begun is none that an act could stop
		return
	}
	k.ClimbAt = nil
	answered := k == &d.Response && d.RespondedAt != nil
	if k.Level < len(c.p.Chain) && !answered && d.alive() {
		at := Moment(orAllDay(c.p.Targets[d.Priority].Calendar).Add(c.now, goal/4))
		k.ClimbAt = &at
	}
}

// running lists the clocks of a ticket that run now.
func (c *Case) running(d *Draft) []*Clock {
	var all []*Clock
	if d.RespondedAt == nil && d.alive() {
		all = append(all, &d.Response)
	}
	if d.alive() && d.State != Paused {
		all = append(all, &d.Resolution)
	}
	return all
}

// alive says whether somebody still has to work on the ticket.
func (t *Ticket) alive() bool { return t.State == New || t.State == Open || t.State == Paused }

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
	if !t.alive() {
		return 0
	}
	level := t.Raised
	if t.Response.Breached && t.RespondedAt == nil {
		level = max(level, t.Response.Level)
	}
	if t.Resolution.Breached {
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
		case k.Breached:
			sooner(k.ClimbAt)
		case !k.Warned && p.WarnAt > 0:
			sooner(&k.WarnAt)
		default:
			sooner(&k.Due)
		}
	}
	if t.alive() && t.RespondedAt == nil {
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
