package workflow

import (
	"time"

	"helpost/internal/sop"
)

// decideTick does what is due for a ticket: warnings, breaches and their climb, the end of a pause, the reminder and the
// closing by silence. What fell due while nobody looked is done once, and a warning that came too late is left out.
func (p *Policy) decideTick(s Situation, now time.Time) Decision {
	c := p.newCase(s, nil, now)
	d := c.t
	if d.State == Paused && due(d.PausedUntil, now) {
		c.resume(d)
		c.tell(d, sop.KindWarning, Notice{Status: "pause", Reason: s.Ticket.Wait})
	}
	if d.unanswered() {
		c.watch(d, ResponseClock, &d.Response)
	}
	switch d.State {
	case New, Open:
		c.watch(d, ResolutionClock, &d.Resolution)
	case Resolved:
		c.silence(d)
	}
	return c.done()
}

func due(at *time.Time, now time.Time) bool { return at != nil && !at.IsZero() && !at.After(now) }

// watch does what is due for one clock.
func (c *Case) watch(d *Draft, name string, k *Clock) {
	switch {
	case k.missed():
		if due(k.ClimbAt, c.now) {
			c.climb(d, name, k)
		}
	case due(&k.Due, c.now):
		k.Breached, k.Warned, k.ByChange = true, true, false
		c.climb(d, name, k)
	case !k.Warned && due(&k.WarnAt, c.now):
		k.Warned = true
		d.event(Warned, info{"clock": name}, nil)
		c.tell(d, sop.KindWarning, Notice{Late: c.late(d, name, k), Buttons: c.actButtons(d)})
	}
}

// climb tells the next level of the chain of a missed target; the first time the assignee and the team as well.
func (c *Case) climb(d *Draft, name string, k *Clock) {
	first := k.Level == 0
	level := c.next(d, k.Level)
	k.Level, k.ClimbAt = max(level, 1), nil
	if c.next(d, level) > 0 {
		at := Moment(c.now.Add(c.p.Repeat[d.Priority]))
		k.ClimbAt = &at
	}
	kind := sop.KindEscalated
	if first {
		kind = sop.KindBreach
		d.event(Breached, info{"clock": name, "level": k.Level, "breached_by_change": k.ByChange}, nil)
	} else {
		d.event(EscalatedBy, info{"clock": name, "level": k.Level}, nil)
	}
	n := Notice{Late: c.late(d, name, k), Desk: true, Buttons: c.actButtons(d)}
	if first {
		for _, to := range c.receivers(d, theAssigneeOrTeam) {
			c.send(d, kind, n, to)
		}
		if d.Priority != sop.P3 {
			for _, to := range c.team(d) {
				c.send(d, kind, n, to)
			}
		}
	}
	for _, to := range c.level(d, level) {
		c.send(d, kind, n, to)
	}
}

// next is the next level of the chain above one that has somebody to tell, 0 where there is none.
func (c *Case) next(d *Draft, level int) int {
	for l := level + 1; l <= len(c.p.Chain); l++ {
		if len(c.level(d, l)) > 0 {
			return l
		}
	}
	return 0
}

// level is who stands at a level of the chain, from 1.
func (c *Case) level(d *Draft, l int) []sop.Person {
	if l < 1 || l > len(c.p.Chain) {
		return nil
	}
	switch c.p.Chain[l-1] {
	case "lead":
		return c.lead(d.Team)
	case "manager":
		if c.p.Manager != "" {
			return []sop.Person{c.desk(c.p.Manager)}
		}
	}
	return nil
}

func (c *Case) late(d *Draft, name string, k *Clock) *Late {
	l := &Late{Clock: name, Due: k.Due, ByChange: k.ByChange, Level: k.Level}
	if up := c.next(d, k.Level); up > 0 && k.ClimbAt != nil {
		l.NextLevel, l.NextAt = c.p.Chain[up-1], *k.ClimbAt
	}
	return l
}

// escalate goes one level up now: an agent asks, or the reporter disputes a second time.
func (c *Case) escalate(d *Draft, why, reason string) {
	level := c.next(d, d.Escalation())
	for top := len(c.p.Chain); level == 0 && top > 0; top-- { // there is nobody above: the highest is told again
		if len(c.level(d, top)) > 0 {
			level = top
		}
	}
	d.Raised = max(d.Raised, level)
	d.event(EscalatedBy, info{"level": level, "why": why}, said{"reason": reason})
	for _, to := range c.level(d, level) {
		c.send(d, sop.KindEscalated, Notice{Desk: true, Reason: reason, Status: why, Words: why == "dispute", Auto: "auto-generated"}, to)
	}
}

// silence is what the reporter's silence after a fix does: a reminder, then the closing.
func (c *Case) silence(d *Draft) {
	v := &d.Validation
	switch {
	case v.Held != "":
	case due(v.CloseAt, c.now):
		c.close(d, "silence", "", false)
	case due(v.RemindAt, c.now):
		v.RemindAt = nil
		d.event(Reminded, nil, nil)
		c.tell(d, sop.KindReminder, Notice{Until: *v.CloseAt, Buttons: validationButtons()})
	}
}
