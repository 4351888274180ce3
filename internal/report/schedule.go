package report

import (
	"fmt"
	"time"

	"helpost/internal/sop"
	"helpost/workflow"
)

// Job is something that goes out by itself.
type Job string

// The jobs.
const (
	Weekly  Job = "weekly"  // on Monday at 07:00 to each lead: the team's last week
	Monthly Job = "monthly" // on the first at 07:00 to the manager: the last month
	Morning Job = "morning" // on a working morning to each agent and lead: what is on the desk
)

// Jobs are all of them.
var Jobs = []Job{Weekly, Monthly, Morning}

const (
	reportHour = 7
	listHour   = 8 // where no calendar says when the desk opens
	// stale is when a morning's list is of no more use.
	stale = 24 * time.Hour
	// longestBreak is how many days in a row without a working morning are looked at.
	longestBreak = 400
)

// Plan says when things go out. All hours are by the clock on the wall of the company.
type Plan struct {
	Zone     *time.Location
	Calendar workflow.Calendar // of P3, whose opening begins a working day; nil: Monday to Friday at 08:00
}

// Run is one time that a job is due. Key names it: the period of a report, the day of a list.
type Run struct {
	Job Job       `json:"-"`
	Key string    `json:"run"`
	Due time.Time `json:"due"`
}

// Due gives the run that must be carried out now, where there is one. done is the last one that was. The first time ever
// there is nothing to make up for: begun is the run to take as done. A list is made up for within a day, figures whenever
// helpost runs again, of several missed ones the last.
func (p Plan) Due(job Job, done Run, now time.Time) (due, begun *Run) {
	last, ok := p.last(job, now)
	switch {
	case done.Key == "":
		if !ok {
			last = Run{job, "none", now}
		}
		return nil, &last
	case !ok, last.Key == done.Key, !last.Due.After(done.Due), job == Morning && now.Sub(last.Due) >= stale:
		return nil, nil
	}
	return &last, nil
}

// Next is when a job is due after a moment; zero: never.
func (p Plan) Next(job Job, now time.Time) time.Time {
	today := dateIn(now, p.Zone)
	for days := range longestBreak {
		if run, ok := p.on(job, today.AddDate(0, 0, days)); ok && run.Due.After(now) {
			return run.Due
		}
	}
	return time.Time{}
}

// last is the latest run at or before a moment. Of lists those of today and yesterday are looked at: older ones are stale.
func (p Plan) last(job Job, now time.Time) (Run, bool) {
	today, back := dateIn(now, p.Zone), map[Job]int{Weekly: 7, Monthly: 31, Morning: 1}[job]
	for days := range back + 1 {
		if run, ok := p.on(job, today.AddDate(0, 0, -days)); ok && !run.Due.After(now) {
			return run, true
		}
	}
	return Run{}, false
}

// on is the run of a job that is due on a day.
func (p Plan) on(job Job, day time.Time) (Run, bool) {
	switch {
	case job == Weekly && day.Weekday() == time.Monday:
		year, week := day.AddDate(0, 0, -7).ISOWeek()
		return Run{job, fmt.Sprintf("%04d-W%02d", year, week), wallClock(day, reportHour, p.Zone)}, true
	case job == Monthly && day.Day() == 1:
		return Run{job, day.AddDate(0, -1, 0).Format("2006-01"), wallClock(day, reportHour, p.Zone)}, true
	case job != Morning:
		return Run{}, false
	}
	opens, ok := p.opens(day)
	return Run{job, day.Format("2006-01-02"), opens}, ok
}

// opens says whether the desk works on a day, and from when.
func (p Plan) opens(day time.Time) (time.Time, bool) {
	if p.Calendar == nil {
		return wallClock(day, listHour, p.Zone), day.Weekday() != time.Saturday && day.Weekday() != time.Sunday
	}
	midnight := wallClock(day, 0, p.Zone)
	opens := p.Calendar.Opens(midnight)
	if opens.Equal(midnight) { // a night's shift goes on, or the desk never closes
		opens = p.Calendar.Opens(wallClock(day, listHour, p.Zone))
	}
	opens = opens.In(p.Zone)
	return opens, dateIn(opens, p.Zone).Equal(day)
}

// dateIn is the day of a moment in a zone, as its midnight in UTC.
func dateIn(t time.Time, zone *time.Location) time.Time {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// Receiver is somebody whom figures go to.
type Receiver struct {
	To   sop.Person
	Team string // whose figures; "": all
}

// Receivers says who gets figures: the lead of each team, the manager.
func Receivers(job Job, p *workflow.Policy) []Receiver {
	var all []Receiver
	switch job {
	case Weekly:
		for _, t := range p.Teams {
			if t.Lead != "" {
				all = append(all, Receiver{personOf(p, t.Lead), t.Name})
			}
		}
	case Monthly:
		if p.Manager != "" {
			all = append(all, Receiver{To: personOf(p, p.Manager)})
		}
	}
	return all
}

// personOf is somebody of the desk.
func personOf(p *workflow.Policy, address string) sop.Person {
	to := sop.Person{Address: address, Lang: p.Lang}
	if a, ok := p.Agent(address); ok {
		to.Address, to.Name = a.Address, a.Name
		if a.Lang != "" {
			to.Lang = a.Lang
		}
	}
	return to
}
