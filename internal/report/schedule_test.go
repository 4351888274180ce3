package report

import (
	"strings"
	"testing"
	"time"

	"helpost/internal/sop"
	"helpost/workflow"
)

func zoneOf(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func moment(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// nights is open from 22:00 to 06:00, every day that is no holiday.
func nights(zone *time.Location) *workflow.Hours {
	var week [7][]workflow.Opening
	for day := range week {
		week[day] = []workflow.Opening{{From: 22 * 60, To: 6 * 60}}
	}
	return workflow.NewHours(zone, week, []workflow.Date{{Year: 2026, Month: 1, Day: 14}})
}

func TestWhenThingsAreDueNext(t *testing.T) {
	for _, c := range []struct {
		what      string
		job       Job
		zone      string
		calendar  func(*time.Location) *workflow.Hours
		now, next string
		key       string
	}{
		{"on Monday at 07:00", Weekly, "Asia/Jakarta", nil, "2026-01-12T06:59:59+07:00", "2026-01-12T07:00:00+07:00", "2026-W02"},
		{"a week later", Weekly, "Asia/Jakarta", nil, "2026-01-12T07:00:00+07:00", "2026-01-19T07:00:00+07:00", "2026-W03"},
		{"by the company's day, not UTC's", Weekly, "Asia/Jakarta", nil, "2026-01-11T23:59:59Z", "2026-01-12T07:00:00+07:00", "2026-W02"},
		{"the first week of a year belongs to it", Weekly, "Asia/Jakarta", nil, "2026-01-02T00:00:00+07:00", "2026-01-05T07:00:00+07:00", "2026-W01"},
		{"a year with 53 weeks", Weekly, "Asia/Jakarta", nil, "2027-01-01T00:00:00+07:00", "2027-01-04T07:00:00+07:00", "2026-W53"},
		{"the hour is the wall's, also in summer", Weekly, "Europe/Berlin", nil, "2026-03-28T12:00:00+01:00", "2026-03-30T07:00:00+02:00", "2026-W13"},
		{"on the first at 07:00", Monthly, "Asia/Jakarta", nil, "2026-01-12T07:00:00+07:00", "2026-02-01T07:00:00+07:00", "2026-01"},
		{"over the year's end", Monthly, "Asia/Jakarta", nil, "2026-12-12T07:00:00+07:00", "2027-01-01T07:00:00+07:00", "2026-12"},
		{"after a long month", Monthly, "Asia/Jakarta", nil, "2026-03-01T06:00:00+07:00", "2026-03-01T07:00:00+07:00", "2026-02"},
		{"without a calendar at 08:00", Morning, "Asia/Jakarta", nil, "2026-01-12T07:00:00+07:00", "2026-01-12T08:00:00+07:00", "2026-01-12"},
		{"without a calendar from Monday to Friday", Morning, "Asia/Jakarta", nil, "2026-01-09T08:00:00+07:00", "2026-01-12T08:00:00+07:00", "2026-01-12"},
		{"at the opening", Morning, "Asia/Jakarta", office, "2026-01-12T06:00:00+07:00", "2026-01-12T08:00:00+07:00", "2026-01-12"},
		{"not on a holiday", Morning, "Asia/Jakarta", office, "2026-01-13T08:00:00+07:00", "2026-01-15T08:00:00+07:00", "2026-01-15"},
		{"not at the weekend", Morning, "Asia/Jakarta", office, "2026-01-16T12:00:00+07:00", "2026-01-19T08:00:00+07:00", "2026-01-19"},
		{"the opening is the wall's, also in summer", Morning, "Europe/Berlin", office, "2026-03-27T12:00:00+01:00", "2026-03-30T08:00:00+02:00", "2026-03-30"},
		{"a night shift's morning is its evening", Morning, "Asia/Jakarta", nights, "2026-01-12T08:00:00+07:00", "2026-01-12T22:00:00+07:00", "2026-01-12"},
		{"the end of a night is no working day", Morning, "Asia/Jakarta", nights, "2026-01-13T22:00:00+07:00", "2026-01-15T22:00:00+07:00", "2026-01-15"},
	} {
		zone := zoneOf(t, c.zone)
		p := Plan{Zone: zone}
		if c.calendar != nil {
			p.Calendar = c.calendar(zone)
		}
		next := p.Next(c.job, moment(t, c.now))
		if !next.Equal(moment(t, c.next)) {
			t.Errorf("%s: due next is %v, want %s", c.what, next, c.next)
			continue
		}
		done := Run{c.job, "before", moment(t, c.now).Add(-time.Hour * 24 * 40)}
		if run, _ := p.Due(c.job, done, next); run == nil || run.Key != c.key || !run.Due.Equal(next) {
			t.Errorf("%s: at %s %+v is due, want %s", c.what, c.next, run, c.key)
		}
		if run, _ := p.Due(c.job, done, next.Add(-time.Millisecond)); run != nil && run.Key == c.key {
			t.Errorf("%s: %s is due too early", c.what, c.key)
		}
	}
}

func TestWhatWasMissedIsMadeUpForOnce(t *testing.T) {
	p := Plan{Zone: jakarta, Calendar: office(jakarta)}
	at := func(day, hour int) time.Time { return time.Date(2026, 1, day, hour, 0, 0, 0, jakarta) }
	for _, c := range []struct {
		what string
		job  Job
		done Run
		now  time.Time
		due  string
	}{
		{"done already", Weekly, Run{Weekly, "2026-W02", at(12, 7)}, at(18, 23), ""},
		{"missed by six days", Weekly, Run{Weekly, "2026-W01", at(5, 7)}, at(18, 23), "2026-W02"},
		{"of three missed ones the last", Weekly, Run{Weekly, "2026-W01", at(5, 7)}, at(26, 8), "2026-W04"},
		{"a month that was missed", Monthly, Run{Monthly, "2025-11", at(-30, 7)}, at(31, 23), "2025-12"},
		{"a list that is late by hours", Morning, Run{Morning, "2026-01-12", at(12, 8)}, at(13, 17), "2026-01-13"},
		{"a list that is late by a day", Morning, Run{Morning, "2026-01-15", at(15, 8)}, at(17, 8), ""},
		{"a list that is late by less, on a free day", Morning, Run{Morning, "2026-01-15", at(15, 8)}, at(17, 7), "2026-01-16"},
		{"the clock was set back", Weekly, Run{Weekly, "2026-W03", at(19, 7)}, at(13, 8), ""},
		{"the zone was moved", Weekly, Run{Weekly, "2026-W02", at(12, 6)}, at(12, 8), ""},
	} {
		run, begun := p.Due(c.job, c.done, c.now)
		if begun != nil {
			t.Errorf("%s: it begins anew", c.what)
		}
		if c.due == "" && run != nil || c.due != "" && (run == nil || run.Key != c.due) {
			t.Errorf("%s: due is %+v, want %q", c.what, run, c.due)
		}
	}
}

func TestAtTheFirstStartNothingIsMadeUpFor(t *testing.T) {
	p := Plan{Zone: jakarta}
	for _, job := range Jobs {
		run, begun := p.Due(job, Run{}, start)
		if run != nil || begun == nil || begun.Key == "" {
			t.Errorf("%s: %v is due, begun is %v", job, run, begun)
			continue
		}
		if run, _ := p.Due(job, *begun, p.Next(job, start)); run == nil {
			t.Errorf("%s: the next one is not due", job)
		}
	}
}

func TestFiguresGoToLeadsAndTheManager(t *testing.T) {
	var got []string
	for _, job := range Jobs {
		for _, r := range Receivers(job, policy()) {
			got = append(got, string(job)+" "+r.To.Address+" "+r.Team)
		}
	}
	if all := strings.Join(got, ", "); all != "weekly sari@company.com desk, weekly sari@company.com field, monthly manager@company.com " {
		t.Errorf("they go to %s", all)
	}
}

// Each line is a ticket on the morning of the 12th at 08:00, and in whose list it stands: andi is of the desk, rudi of the
// field, sari leads both.
func TestWhatStandsInWhoseList(t *testing.T) {
	p := policy()
	day := func(d, hour int) time.Time { return time.Date(2026, 1, d, hour, 0, 0, 0, jakarta) }
	now := day(12, 8)
	ticket := func(state workflow.State, assignee, team string, answered bool, response, resolution time.Time) workflow.Ticket {
		t := workflow.Ticket{Facts: workflow.Facts{Number: 1, State: state, Team: team, Response: workflow.Clock{Due: response}, Resolution: workflow.Clock{Due: resolution}}, Words: workflow.Words{Assignee: assignee}}
		if answered {
			t.RespondedAt = &now
		}
		return t
	}
	paused := func(until time.Time) workflow.Ticket {
		t := ticket(workflow.Paused, andi, "desk", true, day(11, 8), day(12, 9))
		t.PausedUntil = &until
		return t
	}
	for _, c := range []struct {
		what string
		t    workflow.Ticket
		want string
	}{
		{"to be answered today", ticket(workflow.New, andi, "desk", false, day(12, 12), day(14, 8)), "andi:due sari:due"},
		{"to be answered at the day's last moment", ticket(workflow.New, andi, "desk", false, day(13, 0).Add(-time.Millisecond), day(14, 8)), "andi:due sari:due"},
		{"to be answered tomorrow", ticket(workflow.New, andi, "desk", false, day(13, 0), day(14, 8)), "andi:mine"},
		{"late", ticket(workflow.Open, andi, "desk", true, day(9, 12), day(11, 8)), "andi:due sari:due"},
		{"answered, to be resolved later", ticket(workflow.Open, andi, "desk", true, day(9, 12), day(14, 8)), "andi:mine"},
		{"nobody has it, due today", ticket(workflow.New, "", "desk", false, day(12, 12), day(14, 8)), "sari:due"},
		{"nobody has it, due later", ticket(workflow.New, "", "field", false, day(13, 12), day(14, 8)), ""},
		{"it was passed to another team", ticket(workflow.Open, rudi, "desk", true, day(9, 12), day(12, 10)), "rudi:due sari:due"},
		{"paused until later", paused(day(15, 8)), "andi:mine"},
		{"paused until today", paused(day(12, 14)), "andi:due sari:due"},
		{"awaiting the reporter's word", ticket(workflow.Resolved, andi, "desk", true, day(9, 12), day(11, 8)), "andi:awaiting sari:awaiting"},
		{"closed", ticket(workflow.Closed, andi, "desk", true, day(9, 12), day(11, 8)), ""},
		{"merged", ticket(workflow.Merged, andi, "desk", false, day(9, 12), day(11, 8)), ""},
	} {
		m := NewMornings(p, Plan{Zone: jakarta}, nil, now)
		m.Add(&c.t)
		if got := inLists(m); got != c.want {
			t.Errorf("%s: it stands in %q, want %q", c.what, got, c.want)
		}
	}
	due := ticket(workflow.New, andi, "desk", false, day(12, 12), day(14, 8))
	m := NewMornings(p, Plan{Zone: jakarta}, map[string]time.Time{andi: day(12, 9), sari: day(12, 8)}, now)
	m.Add(&due)
	if got := inLists(m); got != "sari:due" {
		t.Errorf("with andi away until 09:00 and sari back: %q", got)
	}
}

func inLists(m *Mornings) string {
	var got []string
	for _, l := range m.Lists() {
		name, _, _ := strings.Cut(l.To.Address, "@")
		for where, list := range map[string]Tickets{"due": l.Due, "mine": l.Mine, "awaiting": l.Awaiting} {
			if list.Count > 0 {
				got = append(got, name+":"+where)
			}
		}
	}
	return strings.Join(got, " ")
}

func TestALongListKeepsWhatIsDueFirst(t *testing.T) {
	p := policy()
	m := NewMornings(p, Plan{Zone: jakarta}, nil, start)
	for n := 1000; n > 0; n-- {
		due := start.Add(48*time.Hour + time.Duration(n)*time.Minute)
		m.Add(&workflow.Ticket{Facts: workflow.Facts{Number: sop.Number(n), State: workflow.Open, Response: workflow.Clock{Due: due}, Resolution: workflow.Clock{Due: due}}, Words: workflow.Words{Assignee: andi}})
	}
	mine := m.Lists()[0].Mine
	if mine.Count != 1000 || len(mine.First) != mostListed {
		t.Fatalf("%d are counted and %d listed", mine.Count, len(mine.First))
	}
	for i := range mine.First {
		if mine.First[i].Number != sop.Number(i+1) {
			t.Fatalf("at place %d stands ticket %d", i, mine.First[i].Number)
		}
	}
}
