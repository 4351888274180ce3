package report

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"helpost/internal/sop"
	"helpost/workflow"
)

// The figures are worked out a second time, another way: not by folding, but from the raw fields that each event wrote;
// not by the stops that a ticket keeps, but by how long it was in which state; percentiles by their definition, pair by
// pair; each row by a pass of its own.

// picture is what stands in the record of a ticket after an event, as raw fields.
type picture struct {
	at     time.Time
	kind   workflow.EventType
	how    any
	fields map[string]json.RawMessage
}

func pictures(events []workflow.Event) []picture {
	var all []picture
	fields := map[string]json.RawMessage{}
	for _, e := range events {
		now := map[string]json.RawMessage{}
		for k, v := range fields {
			now[k] = v
		}
		for k, v := range e.Facts {
			now[k] = v
		}
		for k, v := range e.Words {
			now[k] = v
		}
		fields = now
		all = append(all, picture{e.At, e.Type, e.Info["how"], now})
	}
	return all
}

func field[T any](p picture, name string) (v T) {
	if raw, ok := p.fields[name]; ok {
		if err := json.Unmarshal(raw, &v); err != nil {
			panic(err)
		}
	}
	return v
}

func (p picture) state() string { return field[string](p, "state") }

type clockFields struct {
	Due      time.Time
	Goal     int64
	Breached bool
	ByChange bool `json:"by_change"`
}

// second is a ticket's figures, the second time.
type second struct {
	last             picture
	disputes, reopen int
	closed           string
	net, gross       [2]string // of response, resolution
	netTime, wall    [2]int64  // seconds, -1: not ended
}

func inRest(state string) bool { return state != "new" && state != "open" }
func isOver(state string) bool { return state == "resolved" || state == "closed" }

// worked is the business time in which a ticket was new or open, and the last moment of it, up to a moment.
func worked(p *workflow.Policy, all []picture, priority string, until time.Time) (sum time.Duration, last time.Time) {
	created := field[time.Time](all[0], "created_at")
	last = created
	for i, pic := range all {
		if inRest(pic.state()) {
			continue
		}
		to := until
		if i+1 < len(all) {
			to = all[i+1].at
		}
		if to.After(until) {
			to = until
		}
		if cal := p.Targets[sop.Priority(priority)].Calendar; cal != nil {
			sum += cal.Between(pic.at, to)
		} else if to.After(pic.at) {
			sum += to.Sub(pic.at)
		}
		if to.After(last) {
			last = to
		}
	}
	return sum, last
}

// calendarTime is the business time between two moments, whatever the ticket's state.
func calendarTime(p *workflow.Policy, priority string, from, to time.Time) time.Duration {
	if cal := p.Targets[sop.Priority(priority)].Calendar; cal != nil {
		return cal.Between(from, to)
	}
	return to.Sub(from)
}

func recount(p *workflow.Policy, events []workflow.Event, at time.Time) second {
	all := pictures(events)
	s := second{last: all[len(all)-1], netTime: [2]int64{-1, -1}, wall: [2]int64{-1, -1}}
	created := field[time.Time](all[0], "created_at")
	for i := range all {
		before := ""
		if i > 0 {
			before = all[i-1].state()
		}
		if all[i].kind == workflow.Disputed {
			s.disputes++
		}
		if all[i].kind == workflow.Reopened && isOver(before) {
			s.reopen++
		}
		if all[i].kind == workflow.ClosedEvent {
			s.closed = fmt.Sprint(all[i].how)
		}
	}
	if s.last.state() != "closed" {
		s.closed = ""
	}
	answer := lastSince(all, func(p picture) bool { return field[*time.Time](p, "responded_at") != nil })
	fixed := lastSince(all, func(p picture) bool { return isOver(p.state()) })
	s.judgeResponse(p, all, answer, fixed, created, at)
	s.judgeResolution(p, all, fixed, created, at)
	return s
}

// lastSince is the first picture of the last unbroken run in which something holds up to the end, -1 where it does not hold.
func lastSince(all []picture, holds func(picture) bool) int {
	since := -1
	for i := len(all) - 1; i >= 0 && holds(all[i]); i-- {
		since = i
	}
	return since
}

func (s *second) judgeResponse(p *workflow.Policy, all []picture, answer, fixed int, created, at time.Time) {
	now := field[clockFields](s.last, "response")
	if answer >= 0 {
		when, then := *field[*time.Time](all[answer], "responded_at"), field[clockFields](all[answer], "response")
		s.netTime[0], s.wall[0] = int64(calendarTime(p, field[string](all[answer], "priority"), created, when)/time.Second), int64(when.Sub(created)/time.Second)
		s.net[0], s.gross[0] = "met", "met"
		if when.After(then.Due) || now.Breached {
			s.net[0], s.gross[0] = "missed", "missed"
		}
		if when.Sub(created) > time.Duration(then.Goal)*time.Millisecond {
			s.gross[0] = "missed"
		}
	} else {
		owed := !isOver(s.last.state()) || s.last.state() == "resolved" && field[workflow.Validation](s.last, "validation").Held == "undeliverable"
		until := at
		if !owed {
			until = all[fixed].at
		}
		s.net[0], s.gross[0] = "running", "running"
		if !owed {
			s.net[0], s.gross[0] = "unowed", "unowed"
		} else if until.Sub(created) >= time.Duration(now.Goal)*time.Millisecond {
			s.gross[0] = "missed"
		}
		if now.Breached || until.After(now.Due) || owed && until.Equal(now.Due) {
			s.net[0], s.gross[0] = "missed", "missed"
		}
	}
	if now.ByChange {
		s.net[0], s.gross[0] = "by change", "by change"
	}
}

func (s *second) judgeResolution(p *workflow.Policy, all []picture, fixed int, created, at time.Time) {
	now := field[clockFields](s.last, "resolution")
	if fixed >= 0 {
		then := field[clockFields](all[fixed], "resolution")
		net, stood := worked(p, all[:fixed+1], field[string](all[fixed], "priority"), all[fixed].at)
		s.netTime[1], s.wall[1] = int64(net/time.Second), int64(all[fixed].at.Sub(created)/time.Second)
		s.net[1], s.gross[1] = "met", "met"
		if now.Breached || stood.After(then.Due) {
			s.net[1], s.gross[1] = "missed", "missed"
		}
		if all[fixed].at.Sub(created) > time.Duration(then.Goal)*time.Millisecond {
			s.gross[1] = "missed"
		}
	} else {
		_, stood := worked(p, all, "", at)
		runs := !inRest(s.last.state())
		s.net[1], s.gross[1] = "running", "running"
		if at.Sub(created) >= time.Duration(now.Goal)*time.Millisecond {
			s.gross[1] = "missed"
		}
		if now.Breached || stood.After(now.Due) || runs && stood.Equal(now.Due) {
			s.net[1], s.gross[1] = "missed", "missed"
		}
	}
	if now.ByChange {
		s.net[1], s.gross[1] = "by change", "by change"
	}
}

// byDefinition is the smallest of the values that so many percent of them do not exceed.
func byDefinition(values []int64, percent int) *int64 {
	var best *int64
	for _, v := range values {
		below := 0
		for _, o := range values {
			if o <= v {
				below++
			}
		}
		if below*100 >= percent*len(values) && (best == nil || v < *best) {
			best = &v
		}
	}
	return best
}

func (s second) key(by string) string {
	switch by {
	case ByDepartment:
		return field[sop.Person](s.last, "reporter").Department
	case ByAgent:
		return field[string](s.last, "assignee")
	}
	return field[string](s.last, by)
}

// rowOf counts one group the second time; all where every one is.
func rowOf(q Query, all []second, key string, every bool) Row {
	r := Row{Key: key}
	var times [4][]int64
	for _, s := range all {
		created, state := field[time.Time](s.last, "created_at"), s.last.state()
		if !every && s.key(q.By) != key || q.Team != "" && s.key("team") != q.Team {
			continue
		}
		if state == "new" || state == "open" || state == "pending" {
			switch hours := q.At.Sub(created).Hours(); {
			case hours < 24:
				r.OpenNow.Day++
			case hours < 72:
				r.OpenNow.Days3++
			case hours < 168:
				r.OpenNow.Week++
			case hours < 720:
				r.OpenNow.Month++
			default:
				r.OpenNow.Older++
			}
		}
		if created.Before(q.From) || !created.Before(q.To) {
			continue
		}
		one := func(is bool) int {
			if is {
				return 1
			}
			return 0
		}
		r.Merged += one(state == "merged")
		r.Rejected += one(state == "rejected")
		if state == "merged" || state == "rejected" {
			continue
		}
		r.Received++
		r.Incidents += one(s.key("type") == "incident")
		r.ServiceRequests += one(s.key("type") == "service_request")
		r.P1 += one(s.key("priority") == "P1")
		r.P2 += one(s.key("priority") == "P2")
		r.P3 += one(s.key("priority") == "P3")
		r.DecidedByAgent += one(field[string](s.last, "priority_by") == "agent")
		r.Disputes += s.disputes
		r.Reopened += s.reopen
		r.ByConfirm += one(s.closed == "confirm")
		r.BySilence += one(s.closed == "silence")
		r.ByHand += one(s.closed == "hand")
		r.Open += one(!isOver(state))
		r.Awaiting += one(state == "resolved")
		for i, t := range []*Target{&r.Response, &r.Resolution} {
			t.Met += one(s.net[i] == "met")
			t.Missed += one(s.net[i] == "missed")
			t.Running += one(s.net[i] == "running")
			t.Unowed += one(s.net[i] == "unowed")
			t.ByChange += one(s.net[i] == "by change")
			t.GrossMet += one(s.gross[i] == "met")
			t.GrossMissed += one(s.gross[i] == "missed")
			t.GrossRunning += one(s.gross[i] == "running")
			if s.wall[i] >= 0 {
				t.Count++
				times[2*i] = append(times[2*i], s.wall[i])
				times[2*i+1] = append(times[2*i+1], s.netTime[i])
			}
		}
	}
	for i, t := range []*Target{&r.Response, &r.Resolution} {
		if n := t.Met + t.Missed; n > 0 {
			tenths := float64(t.Met*1000/n) / 10
			t.Percent = &tenths
		}
		if n := t.GrossMet + t.GrossMissed; n > 0 {
			tenths := float64(t.GrossMet*1000/n) / 10
			t.GrossPercent = &tenths
		}
		t.GrossMedian, t.GrossP90 = byDefinition(times[2*i], 50), byDefinition(times[2*i], 90)
		t.Median, t.P90 = byDefinition(times[2*i+1], 50), byDefinition(times[2*i+1], 90)
	}
	return r
}

func TestASecondCountAgreesFieldForField(t *testing.T) {
	outer := t
	rapid.Check(t, func(t *rapid.T) {
		p := policy()
		at := start.Add(time.Duration(rapid.IntRange(9*24, 30*24).Draw(t, "reported after hours")) * time.Hour)
		q, err := Ask{Period: "2026-W03", By: rapid.SampledFrom(Groupings).Draw(t, "by"), Team: rapid.SampledFrom([]string{"", "desk"}).Draw(t, "only team")}.Resolve(jakarta, at)
		if err != nil {
			t.Fatal(err)
		}
		c := NewCounter(q)
		var again []second
		for n := range rapid.IntRange(0, 12).Draw(t, "tickets") {
			l := someLife(t, outer, p, sop.Number(n+1))
			story, err := Tell(p, l.events, at)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(story.Ticket, l.ticket) {
				t.Fatal("the story is about another ticket")
			}
			c.Add(&story)
			c.Backlog(&story.Ticket)
			again = append(again, recount(p, l.events, at))
		}
		got := c.Report()
		compare(t, got.Total, rowOf(q, again, "total", true))
		keys := slices.Clone(fixed[q.By])
		for _, r := range got.Rows {
			keys = append(keys, r.Key)
			compare(t, r, rowOf(q, again, r.Key, false))
			lawful(t, r)
		}
		for _, s := range again {
			if inQuery := rowOf(q, []second{s}, "", true); !reflect.DeepEqual(inQuery, Row{}) && !slices.Contains(keys, s.key(q.By)) {
				t.Fatalf("no row %q", s.key(q.By))
			}
		}
	})
}

func compare(t *rapid.T, got, want Row) {
	a, _ := json.MarshalIndent(got, "", " ")
	b, _ := json.MarshalIndent(want, "", " ")
	if string(a) != string(b) {
		t.Fatalf("the figures of %q are\n%s\ncounted again they are\n%s", got.Key, a, b)
	}
}

// lawful: every ticket is in each split once, and gross figures are never better than net ones.
func lawful(t *rapid.T, r Row) {
	for _, k := range []Target{r.Response, r.Resolution} {
		if k.Met+k.Missed+k.Running+k.Unowed+k.ByChange != r.Received || k.GrossMet+k.GrossMissed+k.GrossRunning+k.Unowed+k.ByChange != r.Received {
			t.Fatalf("%d tickets are split into %+v", r.Received, k)
		}
		if k.GrossMet > k.Met || k.GrossMissed < k.Missed || k.Median != nil && *k.Median > *k.GrossMedian {
			t.Fatalf("gross is better than net: %+v", k)
		}
	}
	if r.Open+r.Awaiting+r.ByConfirm+r.BySilence+r.ByHand != r.Received || r.Incidents+r.ServiceRequests != r.Received || r.P1+r.P2+r.P3 != r.Received {
		t.Fatalf("the counts do not add up: %+v", r)
	}
}
