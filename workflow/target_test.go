package workflow

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"helpost/internal/sop"
)

// drawStops gives stretches in which a clock stands still, in minutes after the receipt; the last may be open.
func drawStops(t *rapid.T, minutes int) [][2]int {
	cuts := rapid.SliceOfN(rapid.IntRange(0, minutes), 0, 8).Draw(t, "cuts")
	slices.Sort(cuts)
	var all [][2]int
	for i := 0; i < len(cuts); i += 2 {
		to := -1
		if i+1 < len(cuts) {
			to = cuts[i+1]
		}
		all = append(all, [2]int{cuts[i], to})
	}
	return all
}

// A target and its warning are where a walk by the minute finds them, on any calendar, in any zone, with any stops.
func TestTargetsEqualAWalkByTheMinute(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHours(t)
		const minutes = 4 * 1440
		created := drawStart(t, h.zone)
		stops := drawStops(t, minutes)
		goal := 4 * rapid.IntRange(1, 300).Draw(t, "goal/4") // so that three quarters are whole minutes
		ticket := Ticket{Facts: Facts{CreatedAt: Moment(created), Priority: sop.P3}}
		for _, s := range stops {
			span := Span{From: Moment(created.Add(time.Duration(s[0]) * time.Minute))}
			if s[1] >= 0 {
				to := Moment(created.Add(time.Duration(s[1]) * time.Minute))
				span.To = &to
			}
			ticket.Stops = append(ticket.Stops, span)
		}
		p := &Policy{WarnAt: 0.75, Targets: map[sop.Priority]Target{sop.P3: {Calendar: h}}}
		due, warn := p.due(&ticket, time.Duration(goal)*time.Minute, ticket.Stops)

		open := slowly(h, created, minutes)
		ran, wantDue, wantWarn := 0, -1, -1
		for i, o := range open {
			still := slices.ContainsFunc(stops, func(s [2]int) bool { return s[0] <= i && i < s[1] })
			if !o || still {
				continue
			}
			if ran++; ran == goal*3/4 {
				wantWarn = i + 1
			}
			if ran == goal {
				wantDue = i + 1
			}
		}
		check := func(what string, got time.Time, want int) {
			switch at := created.Add(time.Duration(want) * time.Minute); {
			case want < 0 && got.Before(created.Add(minutes*time.Minute)):
				t.Fatalf("%s at %v, though the walk does not reach it", what, got)
			case want >= 0 && !got.Equal(at):
				t.Fatalf("%s at %v, by the minute %v", what, got, at)
			}
		}
		check("due", due, wantDue)
		check("warned", warn, wantWarn)
	})
}

// drawPolicy is the SOP with a random calendar for each priority and for validation, and a random chain.
func drawPolicy(t *rapid.T) *Policy {
	p := policy()
	draw := func(name string) Calendar {
		switch rapid.SampledFrom([]string{"always", "Asia/Jakarta", "Europe/Berlin", "America/Sao_Paulo"}).Draw(t, name) {
		case "Asia/Jakarta":
			return office(zone(t, "Asia/Jakarta"), Date{2026, 1, 14}, Date{2026, 1, 19})
		case "Europe/Berlin":
			return NewHours(zone(t, "Europe/Berlin"), every(Opening{22 * 60, 6 * 60}, Opening{9 * 60, 12 * 60}), nil)
		case "America/Sao_Paulo":
			return NewHours(zone(t, "America/Sao_Paulo"), every(Opening{0, 1440}), []Date{{2026, 1, 13}})
		}
		return nil
	}
	for _, prio := range []sop.Priority{sop.P1, sop.P2, sop.P3} {
		goal := p.Targets[prio]
		goal.Calendar = draw(string(prio))
		p.Targets[prio] = goal
	}
	p.ValidationCalendar = draw("validation")
	p.Chain = rapid.SampledFrom([][]string{{"lead", "manager"}, {"manager"}, {"lead"}, {}}).Draw(t, "chain")
	if rapid.Bool().Draw(t, "no lead") {
		p.Teams[0].Lead = ""
	}
	p.TakeCounts = rapid.Bool().Draw(t, "take counts")
	return p
}

// ran is the business time for which a ticket's resolution clock has run, by its states alone, on the calendar that its
// priority has now.
func ran(p *Policy, events []Event, now time.Time) time.Duration {
	var t Ticket
	var sum time.Duration
	last, _ := FoldAll(events)
	cal := orAllDay(p.Targets[last.Priority].Calendar)
	for i, e := range events {
		t, _ = Fold(t, e)
		until := now
		if i+1 < len(events) {
			until = events[i+1].At
		}
		if t.State == New || t.State == Open {
			sum += cal.Between(e.At, until)
		}
	}
	return sum
}

// The laws of the clocks, over random lives on random calendars: world.pass adds that what was due is not due again.
func TestLawsOfTheClocks(t *testing.T) {
	outer := t
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(outer)
		w.p = drawPolicy(t)
		w.now = w.now.Add(time.Duration(rapid.IntRange(0, 100*60).Draw(t, "begin")) * time.Minute)
		n := w.report(Mail{Subject: "satu", Watchers: []string{tono}})
		w.report(Mail{Subject: "dua", From: sop.Person{Address: budi, Name: "Budi"}})
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			before, was := w.tickets[n], w.now
			kind := rapid.SampledFrom(stepKinds).Draw(t, "step")
			step(t, w, n, kind)
			after := w.tickets[n]
			cal := orAllDay(w.p.Targets[after.Priority].Calendar)
			goal := w.p.Targets[after.Priority].Resolution

			got := ran(w.p, w.events[n], w.now)
			if was := ran(w.p, w.events[n][:before.Seq], was); before.Priority == after.Priority && got < was {
				t.Fatalf("the resolution clock ran back from %v to %v", was, got)
			}
			if before.State == after.State && before.State != New && before.State != Open && before.Seq == after.Seq && before.Priority == after.Priority {
				if was := ran(w.p, w.events[n][:before.Seq], was); was != got {
					t.Fatalf("the resolution clock ran in %s", after.State)
				}
			}
			if left := goal - got; left >= 0 && (after.State == New || after.State == Open) {
				if is := cal.Between(w.now, after.Resolution.Due); is != left && after.Resolution.Due.Sub(w.now) < never/2 {
					t.Fatalf("%v are left until the target, by the states %v", is, left)
				}
			}
			if is := orAllDay(cal).Between(after.CreatedAt, after.Response.Due); is != w.p.Targets[after.Priority].Response {
				t.Fatalf("the response target is %v after receipt", is)
			}
			for _, k := range []struct{ was, is Clock }{{before.Response, after.Response}, {before.Resolution, after.Resolution}} {
				if k.was.Breached && !k.is.Breached {
					t.Fatal("a recorded breach was taken back")
				}
				if k.was.Breached && !k.was.ByChange && k.is.ByChange {
					t.Fatal("the desk's breach became one of a change")
				}
			}
			if at := w.p.Wake(&after); !at.IsZero() && !at.After(w.now) && kind == "pass" {
				t.Fatalf("after all was done something is due at %v", at)
			}
		}
		checkMoments(t, w, n)
		checkCauses(t, w)
	})
}

// checkMoments: a warning and a breach stand in the record at the moment of the clock, or where that was over already, at
// the moment of what brought it about.
func checkMoments(t *rapid.T, w *world, n sop.Number) {
	var ticket Ticket
	var last time.Time
	for _, e := range w.events[n] {
		was := ticket
		ticket, _ = Fold(ticket, e)
		clock := &was.Response
		if e.Info["clock"] == ResolutionClock {
			clock = &was.Resolution
		}
		at := clock.WarnAt
		if e.Type == Breached {
			if at = clock.Due; clock.ClimbAt != nil {
				at = *clock.ClimbAt // of a change of priority
			}
		}
		if e.Type == Warned || e.Type == Breached {
			if at.Before(last) {
				at = last
			}
			if !e.At.Equal(at) {
				t.Fatalf("%s of the %s clock at %v, want %v", e.Type, e.Info["clock"], e.At, at)
			}
		}
		last = e.At
	}
}

// checkCauses: each notice stands in the record once, in the event that says it was sent, and each that stands there was sent.
func checkCauses(t *rapid.T, w *world) {
	type cause struct {
		ticket       sop.Number
		event, place int
	}
	seen := map[cause]bool{}
	for _, n := range w.sent {
		at := cause{n.Ticket, n.Event, n.Place}
		if n.Ticket == 0 {
			continue
		}
		if n.Event < 1 || n.Event > len(w.events[n.Ticket]) || seen[at] {
			t.Fatalf("%s to %s: event %d of ticket %d, place %d", n.Kind, n.To.Address, n.Event, n.Ticket, n.Place)
		}
		seen[at] = true
		e := w.events[n.Ticket][n.Event-1]
		kinds, _ := e.Info["notices"].([]any)
		to, _ := e.Said["to"].([]any)
		if e.Type != Notified || n.Place >= len(kinds) || kinds[n.Place] != string(n.Kind) || to[n.Place] != n.To.Address {
			t.Fatalf("event %d of ticket %d says %v to %v, sent was %s to %s", n.Event, n.Ticket, kinds, to, n.Kind, n.To.Address)
		}
	}
	for number, events := range w.events {
		for _, e := range events {
			kinds, _ := e.Info["notices"].([]any)
			for place := range kinds {
				if !seen[cause{number, e.Seq, place}] {
					t.Fatalf("event %d of ticket %d says that %v was sent", e.Seq, number, kinds[place])
				}
			}
		}
	}
}
