package workflow

import (
	"time"

	"helpost/internal/sop"
)

// Call is something of a ticket that calls beside mail (contract §7, [[hook]]).
type Call struct {
	Alarm    sop.Alarm
	Ticket   sop.Number
	Priority sop.Priority
	Event    int       // that brought it about: with the ticket and the alarm it names the call
	At       time.Time // when it came about
	Since    time.Time // of a breach: its target; else At
	Clock    string    // of a breach: "response" or "resolution"
}

// Calls lists what of the changes of a ticket calls: that it is now a P1 that nobody has answered, and each target missed.
// A P1 that an agent answers while he makes it one calls nobody; one whose answer came back does again.
func (d *Draft) Calls() []Call {
	var all []Call
	if d.Changed() && d.waits() && !d.Before.waits() {
		all = append(all, Call{Alarm: sop.AlarmP1, Event: d.Events[0].Seq, At: d.now, Since: d.now})
	}
	for _, e := range d.Events {
		if e.Type != Breached {
			continue
		}
		c := Call{Alarm: sop.AlarmBreach, Event: e.Seq, At: e.At, Since: d.Resolution.Due, Clock: ResolutionClock}
		if e.Info["clock"] == ResponseClock {
			c.Since, c.Clock = d.Response.Due, ResponseClock
		}
		all = append(all, c)
	}
	for i := range all {
		all[i].Ticket, all[i].Priority = d.Number, d.Priority
	}
	return all
}

// Alarms says which alarms a ticket raises as it stands, and since when.
func (t *Ticket) Alarms() map[sop.Alarm]time.Time {
	var all map[sop.Alarm]time.Time
	raise := func(a sop.Alarm, since time.Time) {
		if all == nil {
			all = map[sop.Alarm]time.Time{}
		}
		if was, there := all[a]; !there || since.Before(was) {
			all[a] = since
		}
	}
	if t.waits() {
		raise(sop.AlarmP1, t.CreatedAt)
	}
	if t.Response.missed() && t.unanswered() {
		raise(sop.AlarmBreach, t.Response.Due)
	}
	if t.Resolution.missed() && t.alive() {
		raise(sop.AlarmBreach, t.Resolution.Due)
	}
	return all
}

// waits says whether a ticket is a P1 that nobody has answered.
func (t *Ticket) waits() bool { return t.Priority == sop.P1 && t.unanswered() }
