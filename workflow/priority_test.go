package workflow

import (
	"testing"
	"time"

	"helpost/internal/sop"
)

// A change of priority recomputes both targets from receipt, each on the calendar of its priority.
func TestAChangeOfPriorityRecomputesFromReceipt(t *testing.T) {
	wib := zone(t, "Asia/Jakarta")
	w := newWorld(t) // Monday 09:00
	p3 := w.p.Targets[sop.P3]
	p3.Calendar = office(wib, Date{2026, 1, 14})
	w.p.Targets[sop.P3] = p3
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 1, day, hour, minute, 0, 0, wib) }
	n := w.report(Mail{})
	for _, c := range []struct {
		after                time.Duration
		cmd                  sop.Command
		priority             sop.Priority
		response, resolution time.Time
	}{
		{0, command(sop.Status, ""), sop.P3, at(12, 14, 0), at(21, 9, 0)}, // 4 h over noon; 48 h are 7, five times 8 and 1, for the 14th is free
		{5 * time.Minute, command(sop.SetPrio, "p2"), sop.P2, at(12, 10, 0), at(12, 17, 0)},
		{10 * time.Minute, command(sop.SetPrio, "p1"), sop.P1, at(12, 9, 15), at(12, 13, 0)},
		{11 * time.Minute, command(sop.SetUrg, "rendah"), sop.P3, at(12, 14, 0), at(21, 9, 0)},
		{12 * time.Minute, command(sop.SetImp, "perusahaan"), sop.P2, at(12, 10, 0), at(12, 17, 0)},
		{13 * time.Minute, command(sop.SetUrg, "tinggi"), sop.P1, at(12, 9, 15), at(12, 13, 0)},
	} {
		w.until(c.after)
		w.agent(n, andi, "", c.cmd)
		got := w.get(n)
		if got.Priority != c.priority || !got.Response.Due.Equal(c.response) || !got.Resolution.Due.Equal(c.resolution) {
			t.Fatalf("%s: %s, response %v, resolution %v", c.cmd.Args, got.Priority, got.Response.Due.In(wib), got.Resolution.Due.In(wib))
		}
		if got.Response.ByChange || got.Resolution.ByChange {
			t.Fatalf("%s: missed by the change", c.cmd.Args)
		}
	}
}

// The stops count in the targets of every priority: raised and lowered while paused and while resolved.
func TestAChangeOfPriorityWhileTheClockStandsStill(t *testing.T) {
	for _, still := range []sop.Command{command(sop.Pending, "3d vendor"), command(sop.Resolve, "")} {
		w := newWorld(t)
		n := w.report(Mail{})
		w.until(2 * time.Hour)
		w.agent(n, andi, "Ya.", still)
		w.until(10 * time.Hour)
		w.agent(n, andi, "", command(sop.SetPrio, "p1"))
		if got := w.get(n); got.Resolution.Breached || got.Response.Breached {
			t.Fatalf("%s: a target was missed: two of four hours had run", still.Name)
		}
		w.until(20 * time.Hour)
		w.reporter(n, sop.Dispute)
		if got := w.get(n).Resolution.Due; !got.Equal(start.Add(22 * time.Hour)) {
			t.Fatalf("%s: due %v after the start, want 2 h left of 4", still.Name, got.Sub(start))
		}
		w.until(22 * time.Hour)
		if got := w.get(n).Resolution; !got.Breached || got.ByChange {
			t.Fatalf("%s: %+v", still.Name, got)
		}
	}
}

// A target that is past when the priority changes is missed by the change: marked, counted apart, escalated one repeat later.
func TestMissedByTheChange(t *testing.T) {
	type step struct {
		at  time.Duration
		cmd sop.Command
	}
	const m, h = time.Minute, time.Hour
	for _, c := range []struct {
		name                   string
		steps                  []step
		response, resolution   bool // marked by the change
		breachedR, breachedSol bool
		climbs                 []time.Duration // from the start
	}{
		{"nothing is past", []step{{10 * m, command(sop.SetPrio, "p1")}, {11 * m, command(sop.Resolve, "")}}, false, false, false, false, nil},
		{"the response", []step{{30 * m, command(sop.SetPrio, "p1")}, {59 * m, command(sop.Resolve, "")}}, true, false, true, false, []time.Duration{45 * m}},
		{"at the very moment", []step{{15 * m, command(sop.SetPrio, "p1")}, {20 * m, command(sop.Resolve, "")}}, true, false, true, false, nil},
		{"both", []step{{230 * m, command(sop.Onsite, "besok 10:00")}, {5 * h, command(sop.SetPrio, "p1")}, {315 * m, command(sop.Resume, "")}, {320 * m, command(sop.Resolve, "")}},
			false, true, false, true, []time.Duration{315 * m}},
		{"answered in time, raised later: the answer stays in time", []step{{30 * m, command(sop.Onsite, "besok 10:00")}, {1 * h, command(sop.SetPrio, "p1")}, {2 * h, command(sop.Resolve, "")}}, false, false, false, false, nil},
		{"in a pause: begins a repeat after it", []step{{5 * m, command(sop.Onsite, "besok 10:00")}, {5 * h, command(sop.Pending, "2h vendor")}, {6 * h, command(sop.SetPrio, "p1")}, {8 * h, command(sop.Resolve, "")}},
			false, true, false, true, []time.Duration{7*h + 15*m, 7*h + 30*m}},
		{"paused before it began to climb", []step{{5 * m, command(sop.Onsite, "besok 10:00")}, {5 * h, command(sop.SetPrio, "p1")}, {5*h + m, command(sop.Pending, "2h vendor")}, {7*h + 20*m, command(sop.Resolve, "")}},
			false, true, false, true, []time.Duration{7*h + 16*m}},
		{"raised after the fix, then disputed", []step{{5 * m, command(sop.Onsite, "besok 10:00")}, {5 * h, command(sop.Resolve, "")}, {6 * h, command(sop.SetPrio, "p1")}, {7 * h, command(sop.Reopen, "")}, {7*h + 20*m, command(sop.Resolve, "")}},
			false, true, false, true, []time.Duration{7*h + 15*m}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			n := w.report(Mail{})
			for _, s := range c.steps {
				w.until(s.at)
				w.agent(n, andi, "", s.cmd)
			}
			w.until(10 * h)
			got := w.get(n)
			if got.Response.ByChange != c.response || got.Resolution.ByChange != c.resolution {
				t.Errorf("by change: response %v, resolution %v", got.Response.ByChange, got.Resolution.ByChange)
			}
			if got.Response.Breached != c.breachedR || got.Resolution.Breached != c.breachedSol {
				t.Errorf("breached: response %v, resolution %v", got.Response.Breached, got.Resolution.Breached)
			}
			if climbs := chainOf(w.events[n]); len(climbs) != len(c.climbs) {
				t.Fatalf("the chain was told at %v, want %v", climbs, c.climbs)
			} else {
				for i := range climbs {
					if climbs[i] != c.climbs[i] {
						t.Fatalf("the chain was told at %v, want %v", climbs, c.climbs)
					}
				}
			}
			for _, e := range w.events[n] {
				if e.Type == Prioritised && (e.Info["breached_by_change"] == true) != (e.At.Equal(markedAt(w.events[n]))) {
					t.Errorf("the event at %v says %v", e.At.Sub(start), e.Info)
				}
			}
		})
	}
}

// markedAt is when a target was first marked as missed by a change of priority, zero where none was at that moment.
func markedAt(events []Event) time.Time {
	var t Ticket
	for _, e := range events {
		was := t.Response.ByChange || t.Resolution.ByChange
		t, _ = Fold(t, e)
		if !was && (t.Response.ByChange || t.Resolution.ByChange) && e.Type == Prioritised {
			return e.At
		}
	}
	return time.Time{}
}

// A recorded breach survives every change; a target that lies ahead again warns and breaches anew, from the first level.
func TestALoweredPriorityIsWatchedAnew(t *testing.T) {
	w := newWorld(t)
	n := w.critical()
	w.until(20 * time.Minute)
	if !w.get(n).Response.Breached {
		t.Fatal("no breach")
	}
	w.agent(n, andi, "", command(sop.Assign, "andi"), command(sop.SetPrio, "p3"))
	got := w.get(n)
	if !got.Response.Breached || got.Response.ByChange || got.Escalation() != 0 || !got.Response.Due.Equal(start.Add(4*time.Hour)) {
		t.Fatalf("%+v, level %d", got.Response, got.Escalation())
	}
	sent := len(w.sent)
	w.until(3*time.Hour - time.Second)
	if len(w.sent) != sent {
		t.Fatalf("told %v", w.sent[sent:])
	}
	w.until(3 * time.Hour)
	if got := told(w.sent[sent:], sop.KindWarning); len(got) != 1 || got[0] != andi {
		t.Fatalf("warned %v", got)
	}
	w.until(4 * time.Hour)
	if got := told(w.sent[sent:], sop.KindBreach); len(got) != 2 { // the assignee and the lead
		t.Fatalf("the breach went to %v", got)
	}
	w.agent(n, andi, "", command(sop.SetPrio, "p1")) // missed by the desk, not by this change
	if got := w.get(n).Response; !got.Breached || got.ByChange || got.Level == 0 {
		t.Fatalf("%+v", got)
	}
}

// Raising a priority twice does not turn the desk's own breach into one of the change.
func TestTheDesksOwnBreachStaysItsOwn(t *testing.T) {
	w := newWorld(t)
	n := w.critical()
	w.until(20 * time.Minute)
	w.agent(n, andi, "", command(sop.SetPrio, "p3"))
	w.until(30 * time.Minute)
	w.agent(n, andi, "", command(sop.SetPrio, "p1"))
	if got := w.get(n).Response; !got.Breached || got.ByChange {
		t.Fatalf("%+v", got)
	}
	other := w.report(Mail{})
	w.until(60 * time.Minute)
	w.agent(other, andi, "", command(sop.SetPrio, "p1")) // missed by the change
	w.agent(other, andi, "", command(sop.SetPrio, "p3"))
	if got := w.get(other).Response; !got.Breached || !got.ByChange {
		t.Fatalf("the mark went with the next change: %+v", got)
	}
	w.until(6 * time.Hour) // the desk misses it as well
	if got := w.get(other).Response; !got.Breached || got.ByChange {
		t.Fatalf("the desk's breach hides behind the change: %+v", got)
	}
}

// A target that a change of priority missed is not the desk's where the answer that came at once after it is lost.
func TestALostAnswerKeepsTheMarkOfTheChange(t *testing.T) {
	for name, again := range map[string]func(*world, sop.Number){
		"the answer came back": func(w *world, n sop.Number) {
			w.agent(n, andi, "Kami cek.")
			w.pass(time.Minute)
			w.bounce(n, sop.KindReply, rina)
		},
		"closed without one and opened": func(w *world, n sop.Number) {
			w.agent(n, andi, "", command(sop.Close, "salah"))
			w.pass(time.Minute)
			w.reporter(n, "")
		},
	} {
		w := newWorld(t)
		n := w.report(Mail{})
		w.until(30 * time.Minute)
		w.agent(n, andi, "", command(sop.SetPrio, "p1"))
		again(w, n)
		w.until(46*time.Minute - time.Millisecond)
		if w.count(sop.KindBreach, sari) != 0 {
			t.Errorf("%s: the lead was told at once", name)
		}
		w.until(46 * time.Minute)
		if got := w.get(n).Response; !got.ByChange || w.count(sop.KindBreach, sari) != 1 {
			t.Errorf("%s: %+v", name, got)
		}
		w.agent(n, andi, "", command(sop.SetPrio, "p3"))
		again(w, n)
		w.until(5 * time.Hour)
		if got := w.get(n).Response; got.ByChange {
			t.Errorf("%s: the desk's own breach hides behind the change: %+v", name, got)
		}
	}
}
