package gateway

import (
	"encoding/json"
	"time"

	"helpost/internal/record"
	"helpost/internal/sop"
	"helpost/workflow"
)

// recount says of a ticket's record what the SOP says of it, from the events' moments, states and priorities alone: it folds
// nothing, and asks no clock of the ticket. Business time is the calendars', whose own test walks them by the minute.
type recount struct {
	state      workflow.State
	priority   sop.Priority
	created    time.Time
	answered   time.Time // zero: not
	held       bool      // the fix did not reach the reporter
	response   judged
	resolution judged
	disputes   int
	reopened   int
	closedBy   string
	ran        [][2]time.Time // when the resolution clock ran
	stopped    time.Time
	told       int // notices that stand in the record
}

// judged is what became of a target. past: it is missed as it stands now.
type judged struct{ desk, change, past bool }

func (j *judged) byDesk() { j.desk, j.change, j.past = true, false, true }
func (j *judged) byChange() {
	j.change = !j.desk
	j.past = true
}

// entryLine is what of an entry a recount reads.
type entryLine struct {
	At    time.Time                  `json:"at"`
	Type  workflow.EventType         `json:"type"`
	Facts map[string]json.RawMessage `json:"facts"`
	Info  map[string]any             `json:"info"`
}

func recounted(p *workflow.Policy, entries []record.Entry, now time.Time) (*recount, error) {
	r := &recount{}
	var lines []entryLine
	for _, e := range entries {
		var l entryLine
		if err := json.Unmarshal(e.Line, &l); err != nil {
			return nil, err
		}
		lines = append(lines, l)
	}
	for i, l := range lines {
		until := now
		if i+1 < len(lines) {
			until = lines[i+1].At
		}
		if err := r.step(p, l); err != nil {
			return nil, err
		}
		r.pass(p, l.At, until)
	}
	return r, nil
}

func (r *recount) runs() bool { return r.state == workflow.New || r.state == workflow.Open }
func (r *recount) waits() bool {
	return r.answered.IsZero() && (r.runs() || r.state == workflow.Paused || r.state == workflow.Resolved && r.held)
}

// step takes over what an event says.
func (r *recount) step(p *workflow.Policy, l entryLine) error {
	was := *r
	for name, to := range map[string]any{"state": &r.state, "priority": &r.priority, "created_at": &r.created} {
		if raw, ok := l.Facts[name]; ok {
			if err := json.Unmarshal(raw, to); err != nil {
				return err
			}
		}
	}
	if raw, ok := l.Facts["responded_at"]; ok {
		r.answered = time.Time{}
		if err := json.Unmarshal(raw, &r.answered); err != nil {
			return err
		}
	}
	if raw, ok := l.Facts["validation"]; ok {
		var v struct{ Held string }
		if err := json.Unmarshal(raw, &v); err != nil {
			return err
		}
		r.held = v.Held == "undeliverable"
	}
	switch l.Type {
	case workflow.Disputed:
		r.disputes++
	case workflow.Reopened:
		r.reopened++
	case workflow.ClosedEvent:
		r.closedBy, _ = l.Info["how"].(string)
	case workflow.Notified:
		kinds, _ := l.Info["notices"].([]any)
		r.told += len(kinds)
	}
	if was.runs() && !r.runs() {
		r.stopped = l.At
	}
	goal := p.Targets[r.priority]
	if !was.runs() && r.runs() && was.state != "" && !r.resolution.past && r.used(goal) > goal.Resolution {
		if r.resolution.change || !r.resolution.desk { // a change while it stood still
			r.resolution.byChange()
		}
	}
	if was.priority != "" && was.priority != r.priority {
		r.changed(p, l.At)
	}
	return nil
}

// changed judges both targets anew at a change of priority.
func (r *recount) changed(p *workflow.Policy, at time.Time) {
	goal := p.Targets[r.priority]
	due := calendarOf(goal).Add(r.created, goal.Response)
	reads := at
	if !r.waits() {
		reads = r.answered
		if reads.IsZero() {
			reads = r.stopped
		}
	}
	switch {
	case due.After(reads), !r.waits() && due.Equal(reads):
		r.response.past = false
	case r.waits() && !r.response.past:
		r.response.byChange()
	}
	used := r.used(goal)
	switch {
	case used < goal.Resolution, !r.runs() && used == goal.Resolution:
		r.resolution.past = false
	case (r.runs() || r.state == workflow.Paused) && !r.resolution.past:
		r.resolution.byChange()
	}
}

// pass lets the time between two events pass.
func (r *recount) pass(p *workflow.Policy, from, to time.Time) {
	goal := p.Targets[r.priority]
	if r.waits() && !r.response.past && !calendarOf(goal).Add(r.created, goal.Response).After(to) {
		r.response.byDesk()
	}
	if !r.runs() {
		return
	}
	r.ran = append(r.ran, [2]time.Time{from, to})
	if !r.resolution.past && r.used(goal) >= goal.Resolution {
		r.resolution.byDesk()
	}
}

// used is the business time that the resolution clock has run.
func (r *recount) used(goal workflow.Target) (sum time.Duration) {
	for _, s := range r.ran {
		sum += calendarOf(goal).Between(s[0], s[1])
	}
	return sum
}

// always is the calendar of a desk that never closes.
type always struct{}

func (always) Add(from time.Time, d time.Duration) time.Time { return from.Add(d) }
func (always) Between(from, to time.Time) time.Duration      { return max(0, to.Sub(from)) }
func (always) Opens(t time.Time) time.Time                   { return t }

func calendarOf(t workflow.Target) workflow.Calendar {
	if t.Calendar == nil {
		return always{}
	}
	return t.Calendar
}
