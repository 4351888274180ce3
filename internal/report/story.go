package report

import (
	"fmt"
	"time"

	"helpost/workflow"
)

// Story is what the figures take of one ticket.
type Story struct {
	Ticket     workflow.Ticket // as it is now
	Response   Judged
	Resolution Judged
	Disputes   int
	Reopened   int
	ClosedBy   string // how it was closed last: "confirm", "silence", "hand"
}

// Judged is one target of a ticket.
type Judged struct {
	Net, Gross Outcome
	Ended      bool          // it was answered, or resolved: the times count
	NetTime    time.Duration // business time without the stops
	GrossTime  time.Duration // by the clock on the wall, since receipt
}

// Outcome is what became of a target.
type Outcome uint8

// The outcomes of a target.
const (
	Running  Outcome = iota // not due, not ended
	Met                     // ended in time
	Missed                  // ended late, or past and not ended
	Unowed                  // the ticket was closed before an answer was due
	ByChange                // past already when the priority changed: missed by the change, not by the desk
)

// end is where a clock ended, with the target as it stood then: a later change of priority does not judge it again.
type end struct {
	wall  time.Time // the moment
	clock time.Time // where the clock stood still: earlier where the ticket was paused
	due   time.Time
	goal  time.Duration
	net   time.Duration
}

// teller folds a ticket's events and notes where its clocks ended.
type teller struct {
	p                    *workflow.Policy
	s                    Story
	response, resolution *end
}

// Tell makes the story of a ticket of all its events, as it is at a moment. The policy gives calendars; the targets stand
// in the events, but for those of a time when they did not.
func Tell(p *workflow.Policy, events []workflow.Event, at time.Time) (Story, error) {
	t := teller{p: p}
	for i := range events {
		next, err := workflow.Fold(t.s.Ticket, events[i])
		if err != nil {
			return t.s, fmt.Errorf("ticket %d: %w", t.s.Ticket.Number, err)
		}
		t.step(&t.s.Ticket, &next, &events[i])
		t.s.Ticket = next
	}
	t.judge(at)
	return t.s, nil
}

func over(t *workflow.Ticket) bool { return t.State == workflow.Resolved || t.State == workflow.Closed }

func alive(t *workflow.Ticket) bool {
	return t.State == workflow.New || t.State == workflow.Open || t.State == workflow.Paused
}

// unheard says whether the fix that was the answer did not reach the reporter, so that an answer is still owed.
func unheard(t *workflow.Ticket) bool {
	return t.State == workflow.Resolved && t.Validation.Held == "undeliverable"
}

// step notes what an event did to the clocks, and counts it.
func (t *teller) step(was, is *workflow.Ticket, e *workflow.Event) {
	switch {
	case is.RespondedAt == nil:
		t.response = nil
	case was.RespondedAt == nil:
		at := *is.RespondedAt
		t.response = &end{at, at, is.Response.Due, t.goal(is, is.Response.Goal, true), t.business(is, is.CreatedAt, at)}
	}
	switch {
	case !over(is):
		t.resolution = nil
	case !over(was):
		t.resolution = t.ended(is, e.At)
	}
	switch e.Type {
	case workflow.Disputed:
		t.s.Disputes++
	case workflow.Reopened:
		if over(was) {
			t.s.Reopened++
		}
	case workflow.ClosedEvent:
		t.s.ClosedBy, _ = e.Info["how"].(string)
	}
}

// ended is where the resolution clock of a ticket stands that has just been resolved or closed.
func (t *teller) ended(is *workflow.Ticket, at time.Time) *end {
	out := &end{wall: at, clock: at, due: is.Resolution.Due, goal: t.goal(is, is.Resolution.Goal, false)}
	from := is.CreatedAt
	for _, s := range is.Stops {
		out.net += t.business(is, from, s.From)
		if s.To == nil {
			out.clock = s.From
			return out
		}
		from = *s.To
	}
	out.net += t.business(is, from, at)
	return out
}

// goal is the length of a target as it was promised, by the policy where the record is older than that.
func (t *teller) goal(is *workflow.Ticket, promised int64, response bool) time.Duration {
	switch {
	case promised > 0:
		return time.Duration(promised) * time.Millisecond
	case response:
		return t.p.Targets[is.Priority].Response
	}
	return t.p.Targets[is.Priority].Resolution
}

func (t *teller) business(is *workflow.Ticket, from, to time.Time) time.Duration {
	if cal := t.p.Targets[is.Priority].Calendar; cal != nil {
		return cal.Between(from, to)
	}
	return max(0, to.Sub(from))
}

// judge says what became of both targets.
func (t *teller) judge(at time.Time) {
	s, is := &t.s, &t.s.Ticket
	s.Response = judged(is, &is.Response, t.response)
	if t.response == nil {
		until, running := at, alive(is) || unheard(is)
		if t.resolution != nil && !running {
			until = t.resolution.wall
		}
		s.Response.Net, s.Response.Gross = undecided(is, &is.Response, until, until, t.goal(is, is.Response.Goal, true), running)
	}
	s.Resolution = judged(is, &is.Resolution, t.resolution)
	if t.resolution == nil {
		clock := at
		if n := len(is.Stops); n > 0 && is.Stops[n-1].To == nil {
			clock = is.Stops[n-1].From
		}
		s.Resolution.Net, s.Resolution.Gross = undecided(is, &is.Resolution, at, clock, t.goal(is, is.Resolution.Goal, false), true)
	}
	if is.State != workflow.Closed {
		s.ClosedBy = ""
	}
}

// judged says what became of a target whose clock has ended.
func judged(t *workflow.Ticket, k *workflow.Clock, e *end) Judged {
	if e == nil {
		return Judged{}
	}
	j := Judged{Ended: true, GrossTime: e.wall.Sub(t.CreatedAt), NetTime: e.net, Net: Met, Gross: Met}
	switch {
	case k.ByChange:
		j.Net, j.Gross = ByChange, ByChange
		return j
	case k.Breached, e.clock.After(e.due):
		j.Net, j.Gross = Missed, Missed
	case j.GrossTime > e.goal:
		j.Gross = Missed
	}
	return j
}

// undecided says how a target stands whose clock has not ended: it runs, was missed on the way, or is owed no more.
func undecided(t *workflow.Ticket, k *workflow.Clock, wall, clock time.Time, goal time.Duration, running bool) (net, gross Outcome) {
	stopped := clock.Before(wall)
	switch {
	case k.ByChange:
		return ByChange, ByChange
	case k.Breached, clock.After(k.Due), running && !stopped && clock.Equal(k.Due):
		return Missed, Missed
	case !running:
		return Unowed, Unowed
	case wall.Sub(t.CreatedAt) >= goal:
		return Running, Missed
	}
	return Running, Running
}
