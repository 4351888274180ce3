package report

import (
	"slices"
	"time"

	"helpost/internal/sop"
	"helpost/workflow"
)

// List is what one person finds on the desk in the morning. A ticket stands in one of the three only.
type List struct {
	To       sop.Person
	Due      Tickets // due today, or late: his own; to a lead all of the team's
	Mine     Tickets // his other ones
	Awaiting Tickets // for the reporter's word: his own; to a lead all of the team's
}

// Tickets are the first of a list, those that are due first on top, and how many it has.
type Tickets struct {
	First []workflow.Ticket
	Count int
}

// mostListed bounds a list.
const mostListed = 100

// Mornings makes the lists of a morning.
type Mornings struct {
	p     *workflow.Policy
	end   time.Time // of the day
	lists []*List
	leads map[string][]string // teams by their lead
}

// NewMornings begins the lists of a morning for everybody who works on tickets or leads a team and is not away.
func NewMornings(p *workflow.Policy, plan Plan, away map[string]time.Time, now time.Time) *Mornings {
	m := &Mornings{p: p, end: wallClock(dateIn(now, plan.Zone).AddDate(0, 0, 1), 0, plan.Zone), leads: map[string][]string{}}
	add := func(address string) {
		to := personOf(p, address)
		if !away[to.Address].After(now) && !slices.ContainsFunc(m.lists, func(l *List) bool { return l.To.Address == to.Address }) {
			m.lists = append(m.lists, &List{To: to})
		}
	}
	for _, a := range p.Agents {
		add(a.Address)
	}
	for _, t := range p.Teams {
		if t.Lead != "" {
			add(t.Lead)
			lead := personOf(p, t.Lead).Address
			m.leads[lead] = append(m.leads[lead], t.Name)
		}
	}
	return m
}

// Add puts a ticket into the lists that it belongs to; one that nobody has to work on or wait for is in none.
func (m *Mornings) Add(t *workflow.Ticket) {
	today := !nextDue(t).IsZero() && nextDue(t).Before(m.end)
	for _, l := range m.lists {
		his := t.Assignee == l.To.Address
		led := slices.Contains(m.leads[l.To.Address], t.Team)
		switch {
		case t.State == workflow.Resolved && (his || led):
			l.Awaiting.add(t)
		case alive(t) && today && (his || led):
			l.Due.add(t)
		case alive(t) && his:
			l.Mine.add(t)
		}
	}
}

// Lists are those that are not empty.
func (m *Mornings) Lists() []List {
	var all []List
	for _, l := range m.lists {
		if l.Due.Count+l.Mine.Count+l.Awaiting.Count > 0 {
			for _, t := range []*Tickets{&l.Due, &l.Mine, &l.Awaiting} {
				t.cut(mostListed)
			}
			all = append(all, *l)
		}
	}
	return all
}

func (l *Tickets) add(t *workflow.Ticket) {
	l.Count++
	if l.First = append(l.First, *t); len(l.First) > 4*mostListed {
		l.cut(mostListed)
	}
}

// cut leaves the first of a list, in their order.
func (l *Tickets) cut(most int) {
	slices.SortStableFunc(l.First, func(a, b workflow.Ticket) int {
		x, y := nextDue(&a), nextDue(&b)
		switch {
		case x.IsZero() != y.IsZero():
			return map[bool]int{true: 1, false: -1}[x.IsZero()]
		case !x.Equal(y):
			return x.Compare(y)
		}
		return int(min(max(int64(a.Number)-int64(b.Number), -1), 1))
	})
	l.First = slices.Clip(l.First[:min(most, len(l.First))])
}

// nextDue is when something is next due for a ticket: the answer, the solution, the end of a pause; zero: nothing is.
func nextDue(t *workflow.Ticket) time.Time {
	var next time.Time
	if alive(t) && t.RespondedAt == nil {
		next = t.Response.Due
	}
	var other time.Time
	switch {
	case t.State == workflow.New || t.State == workflow.Open:
		other = t.Resolution.Due
	case t.State == workflow.Paused && t.PausedUntil != nil:
		other = *t.PausedUntil
	}
	if next.IsZero() || !other.IsZero() && other.Before(next) {
		next = other
	}
	return next
}
