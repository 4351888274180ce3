package workflow

import (
	"slices"
	"testing"
	"time"

	"helpost/internal/sop"
)

// Warnings come at three quarters of either clock, to the assignee, else the team; once (contract §2).
func TestWarningsAtThreeQuarters(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(*world) sop.Number
		do   []sop.Command
		body string
		at   time.Duration
		to   []string
	}{
		{"P1 response, nobody has it", (*world).critical, nil, "", 11*time.Minute + 15*time.Second, []string{andi, rudi}},
		{"P1 response, taken", (*world).critical, []sop.Command{command(sop.Take, "")}, "", 11*time.Minute + 15*time.Second, []string{andi}},
		{"P2 response", (*world).high, nil, "", 45 * time.Minute, []string{andi, rudi}},
		{"P3 response", func(w *world) sop.Number { return w.report(Mail{}) }, nil, "", 3 * time.Hour, []string{andi, rudi}},
		{"P3 response in a pause", func(w *world) sop.Number { return w.report(Mail{}) }, []sop.Command{command(sop.Pending, "3d vendor")}, "", 3 * time.Hour, []string{andi, rudi}},
		{"P1 resolution", (*world).critical, nil, "Kami cek.", 3 * time.Hour, []string{andi}},
		{"P2 resolution", (*world).high, nil, "Kami cek.", 6 * time.Hour, []string{andi}},
		{"P3 resolution", func(w *world) sop.Number { return w.report(Mail{}) }, nil, "Kami cek.", 36 * time.Hour, []string{andi}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			n := c.make(w)
			if c.do != nil || c.body != "" {
				w.agent(n, andi, c.body, c.do...)
			}
			w.until(c.at - time.Millisecond)
			if got := told(w.sent, sop.KindWarning); got != nil {
				t.Fatalf("too early: %v", got)
			}
			w.until(c.at)
			if got := told(w.sent, sop.KindWarning); !slices.Equal(got, c.to) {
				t.Fatalf("warned %v, want %v", got, c.to)
			}
			w.until(c.at + c.at/4)
			if got := told(w.sent, sop.KindWarning); !slices.Equal(got, c.to) {
				t.Fatalf("warned again: %v", got)
			}
		})
	}
}

// A breach goes to the assignee, to the team too where nobody has it or it is P1 or P2, and to the first level of the
// chain, all at once; a missing level is skipped, and after the last it ends.
func TestWhoHearsOfABreach(t *testing.T) {
	third := func(w *world) sop.Number { return w.report(Mail{}) }
	take := []sop.Command{command(sop.Assign, "andi")}
	for _, c := range []struct {
		name   string
		make   func(*world) sop.Number
		take   []sop.Command
		chain  func(*Policy)
		breach []string
		then   map[time.Duration][]string // after the breach: who is told
	}{
		{"P3, nobody has it", third, nil, nil, []string{andi, rudi, sari}, map[time.Duration][]string{4 * time.Hour: {boss}}},
		{"P3, taken", third, take, nil, []string{andi, sari}, map[time.Duration][]string{4 * time.Hour: {boss}}},
		{"P2, taken", (*world).high, take, nil, []string{andi, rudi, sari}, map[time.Duration][]string{30 * time.Minute: {boss}}},
		{"P1, taken", (*world).critical, take, nil, []string{andi, rudi, sari}, map[time.Duration][]string{15 * time.Minute: {boss}}},
		{"no lead", third, take, func(p *Policy) { p.Teams[0].Lead = "" }, []string{andi, boss}, nil},
		{"no manager", third, take, func(p *Policy) { p.Manager = "" }, []string{andi, sari}, nil},
		{"nobody above", third, take, func(p *Policy) { p.Chain = nil }, []string{andi}, nil},
		{"the other way round", third, take, func(p *Policy) { p.Chain = []string{"manager", "lead"} }, []string{andi, boss}, map[time.Duration][]string{4 * time.Hour: {sari}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			if c.chain != nil {
				c.chain(w.p)
			}
			n := c.make(w)
			if c.take != nil {
				w.agent(n, rudi, "", c.take...)
			}
			due := w.get(n).Response.Due.Sub(start)
			w.until(due - time.Millisecond)
			if told(w.sent, sop.KindBreach) != nil {
				t.Fatal("too early")
			}
			w.until(due)
			if got := told(w.sent, sop.KindBreach); !slices.Equal(got, c.breach) {
				t.Fatalf("the breach went to %v, want %v", got, c.breach)
			}
			for after, to := range c.then {
				w.until(due + after - time.Millisecond)
				if got := told(w.sent, sop.KindEscalated); got != nil {
					t.Fatalf("told %v too early", got)
				}
				w.until(due + after)
				if got := told(w.sent, sop.KindEscalated); !slices.Equal(got, to) {
					t.Fatalf("told %v, want %v", got, to)
				}
			}
			before := len(w.sent)
			w.until(due + 24*time.Hour)
			for _, o := range w.sent[before:] {
				if o.Late != nil && o.Late.Clock == ResponseClock {
					t.Fatalf("after the last level %s to %s", o.Kind, o.To.Address)
				}
			}
		})
	}
}

// What is an act, and stops the climb for a quarter of the target's length; what is none.
func TestWhatStopsTheClimb(t *testing.T) {
	for _, c := range []struct {
		name  string
		do    func(*world, sop.Number)
		after time.Duration // the manager is told so long after the breach; 0: never
	}{
		{"nothing", func(*world, sop.Number) {}, 4 * time.Hour},
		{"an answer", func(w *world, n sop.Number) { w.agent(n, andi, "Kami cek.") }, 0},
		{"#onsite with a time", func(w *world, n sop.Number) { w.agent(n, andi, "", command(sop.Onsite, "besok 10:00")) }, 0},
		{"#resolve", func(w *world, n sop.Number) { w.agent(n, andi, "", command(sop.Resolve, "")) }, 0},
		{"#close", func(w *world, n sop.Number) { w.agent(n, andi, "", command(sop.Close, "lewat telepon")) }, 0},
		{"#take", func(w *world, n sop.Number) { w.agent(n, rudi, "", command(sop.Take, "")) }, 210*time.Minute + time.Hour},
		{"#take by who has it", func(w *world, n sop.Number) { w.agent(n, andi, "", command(sop.Take, "")) }, 210*time.Minute + time.Hour},
		{"#take from the breach itself", func(w *world, n sop.Number) { w.answerInside(n, andi, "", command(sop.Take, "")) }, 210*time.Minute + time.Hour},
		{"#assign", func(w *world, n sop.Number) { w.agent(n, andi, "", command(sop.Assign, "rudi")) }, 210*time.Minute + time.Hour},
		{"#pending: on in the pause", func(w *world, n sop.Number) { w.agent(n, andi, "", command(sop.Pending, "3d vendor")) }, 210*time.Minute + time.Hour},
		{"a change of priority: by a quarter of the new target", func(w *world, n sop.Number) { w.agent(n, andi, "", command(sop.SetPrio, "p1")) }, 210*time.Minute + 15*time.Minute/4},
		{"#category", func(w *world, n sop.Number) { w.agent(n, andi, "", command(sop.Category, "printer")) }, 4 * time.Hour},
		{"#cc", func(w *world, n sop.Number) { w.agent(n, andi, "", command(sop.Cc, "+budi@company.com")) }, 4 * time.Hour},
		{"a note", func(w *world, n sop.Number) { w.answerInside(n, andi, "Vendor ditelepon.") }, 4 * time.Hour},
		{"#status", func(w *world, n sop.Number) { w.agent(n, andi, "", command(sop.Status, "")) }, 4 * time.Hour},
		{"the reporter's words", func(w *world, n sop.Number) { w.reporter(n, "") }, 4 * time.Hour},
		{"a machine", func(w *world, n sop.Number) { w.machine(n, andi, sop.RoleAgent, sop.AutoReply) }, 4 * time.Hour},
		{"a mistake", func(w *world, n sop.Number) { w.agent(n, andi, "Kami cek.", command(sop.Pending, "nanti")) }, 4 * time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			n := w.report(Mail{})
			w.agent(n, rudi, "", command(sop.Assign, "andi"))
			const breach = 4 * time.Hour
			w.until(breach + 210*time.Minute)
			if w.count(sop.KindBreach, sari) != 1 {
				t.Fatal("no breach")
			}
			c.do(w, n)
			if c.after == 0 {
				w.until(breach + 40*time.Hour)
				if got := w.count(sop.KindEscalated, boss); got != 0 {
					t.Fatal("the climb went on")
				}
				return
			}
			w.until(breach + c.after - time.Millisecond)
			if got := w.count(sop.KindEscalated, boss); got != 0 {
				t.Fatal("the manager was told too early")
			}
			w.until(breach + c.after)
			if got := w.count(sop.KindEscalated, boss); got != 1 {
				t.Fatalf("the manager was told %d times", got)
			}
		})
	}
}

// An act before the breach stops nothing: the breach comes at its moment.
func TestAnActBeforeTheBreachPutsNothingOff(t *testing.T) {
	w := newWorld(t)
	n := w.report(Mail{})
	w.until(4*time.Hour - time.Minute)
	w.agent(n, andi, "", command(sop.Take, ""))
	w.until(4 * time.Hour)
	if w.count(sop.KindBreach, sari) != 1 {
		t.Fatal("no breach")
	}
}

// Each clock has a breach and a climb of its own, from the first level.
func TestEachBreachBeginsAtTheFirstLevel(t *testing.T) {
	w := newWorld(t)
	w.report(Mail{})
	w.until(47 * time.Hour)
	if w.get(1).Escalation() != 2 {
		t.Fatalf("level %d", w.get(1).Escalation())
	}
	before := len(w.sent)
	w.until(48 * time.Hour)
	if got := told(w.sent[before:], sop.KindBreach); !slices.Equal(got, []string{andi, rudi, sari}) {
		t.Fatalf("the second breach went to %v", got)
	}
}

// An answer takes nothing from the climb of a missed resolution but the quarter; in a pause it waits until that is over.
func TestAMissedResolutionWaitsInAPause(t *testing.T) {
	w := newWorld(t)
	n := w.report(Mail{})
	w.agent(n, andi, "Kami cek.")
	w.until(49 * time.Hour) // missed at 48 h; the manager at 52 h
	w.agent(n, andi, "", command(sop.Pending, "20h vendor"))
	w.until(69*time.Hour - time.Second)
	if w.count(sop.KindEscalated, boss) != 0 {
		t.Fatal("the climb went on in the pause")
	}
	w.until(81*time.Hour - time.Second) // the pause ended at 69 h; a quarter is 12 h
	if w.count(sop.KindEscalated, boss) != 0 {
		t.Fatal("the climb went on before a quarter had passed")
	}
	w.until(81 * time.Hour)
	if w.count(sop.KindEscalated, boss) != 1 {
		t.Fatal("the climb did not go on")
	}
}

// The quarter is business time of the priority's calendar, counted from the act.
func TestTheQuarterIsBusinessTime(t *testing.T) {
	wib := zone(t, "Asia/Jakarta")
	w := newWorld(t) // Monday 09:00
	p3 := w.p.Targets[sop.P3]
	p3.Calendar = office(wib)
	w.p.Targets[sop.P3] = p3
	n := w.report(Mail{})
	w.until(7*time.Hour + 30*time.Minute) // Monday 16:30; missed at 14:00, the manager at 18:00
	w.agent(n, andi, "", command(sop.Take, ""))
	w.until(23*time.Hour + 30*time.Minute - time.Second)
	if w.count(sop.KindEscalated, boss) != 0 {
		t.Fatal("told at night")
	}
	w.until(23*time.Hour + 30*time.Minute) // Tuesday 08:30
	if w.count(sop.KindEscalated, boss) != 1 {
		t.Fatal("not told on the next morning")
	}
}

// By hand: one level up, now, each time; at the top the highest is told again.
func TestEscalatedByHand(t *testing.T) {
	for _, c := range []struct {
		name  string
		chain func(*Policy)
		to    []string
	}{
		{"the whole chain", func(*Policy) {}, []string{sari, boss, boss}},
		{"no lead", func(p *Policy) { p.Teams[0].Lead = "" }, []string{boss, boss}},
		{"no manager", func(p *Policy) { p.Manager = "" }, []string{sari, sari}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			c.chain(w.p)
			n := w.report(Mail{})
			for _, to := range c.to {
				d := w.agent(n, andi, "", command(sop.Escalate, "butuh izin"))
				expect(t, d, sop.KindEscalated, to)
			}
			if got := w.get(n); got.Response.Breached || got.RespondedAt != nil || got.State != Open {
				t.Fatalf("%+v", got.Facts)
			}
		})
	}
}

// By hand on top of a climb: above the level that was told of the breach.
func TestEscalatedByHandAboveTheClimb(t *testing.T) {
	w := newWorld(t)
	n := w.report(Mail{})
	w.until(5 * time.Hour)
	expect(t, w.agent(n, andi, "", command(sop.Escalate, "")), sop.KindEscalated, boss)
	if got := w.get(n).Escalation(); got != 2 {
		t.Fatalf("level %d", got)
	}
	w.until(8 * time.Hour) // nobody acted: the climb has not stopped
	if got := w.count(sop.KindEscalated, boss); got != 2 {
		t.Fatalf("the manager was told %d times", got)
	}
}

// The second dispute escalates, the first does not.
func TestTheSecondDisputeEscalates(t *testing.T) {
	w := newWorld(t)
	n := w.report(Mail{})
	for i, want := range [][]string{nil, {sari}} {
		w.agent(n, andi, "", command(sop.Resolve, ""))
		d := w.reporter(n, sop.Dispute)
		expect(t, d, sop.KindEscalated, want...)
		if got := w.get(n); got.Disputes != i+1 || got.State != Open {
			t.Fatalf("%d disputes, %s", got.Disputes, got.State)
		}
	}
}

// After the last level an act brings nobody back, and no event says that somebody was told.
func TestAfterTheLastLevelAnActBringsNothing(t *testing.T) {
	for name, chain := range map[string]func(*Policy){
		"both were told": func(*Policy) {},
		"no manager":     func(p *Policy) { p.Manager = "" },
	} {
		w := newWorld(t)
		chain(w.p)
		n := w.report(Mail{})
		w.until(9 * time.Hour)
		before := len(chainOf(w.events[n]))
		w.agent(n, andi, "", command(sop.Take, ""))
		w.until(30 * time.Hour)
		if got := chainOf(w.events[n]); len(got) != before {
			t.Errorf("%s: the chain was told at %v", name, got)
		}
	}
}

// A climb that a closing or a lost answer stopped goes on where the ticket still waits for an answer: a quarter after the act.
func TestAClimbGoesOnWhereTheAnswerIsStillOwed(t *testing.T) {
	for _, c := range []struct {
		name string
		life func(*world, sop.Number)
		at   time.Duration
	}{
		{"closed without an answer, opened again", func(w *world, n sop.Number) {
			w.agent(n, andi, "", command(sop.Close, "salah alamat"))
			w.until(7 * time.Hour)
			w.reporter(n, sop.Unclear)
		}, 8 * time.Hour},
		{"the answer came back within the quarter", func(w *world, n sop.Number) {
			w.agent(n, andi, "Kami cek.")
			w.until(5*time.Hour + 30*time.Minute)
			w.bounce(n, sop.KindReply, rina)
		}, 6 * time.Hour},
		{"the answer came back later", func(w *world, n sop.Number) {
			w.agent(n, andi, "Kami cek.")
			w.until(9 * time.Hour)
			w.bounce(n, sop.KindReply, rina)
		}, 9 * time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			n := w.report(Mail{})
			w.until(5 * time.Hour)
			c.life(w, n)
			if left := start.Add(c.at - time.Millisecond).Sub(w.now); left > 0 {
				w.pass(left)
				if w.count(sop.KindEscalated, boss) != 0 {
					t.Fatal("too early")
				}
			}
			w.until(c.at)
			if w.count(sop.KindEscalated, boss) != 1 {
				t.Fatal("the manager was not told")
			}
		})
	}
}
