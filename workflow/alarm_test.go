package workflow

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"helpost/internal/sop"
)

// calls spells what a decision calls for.
func calls(d Decision) string {
	var all []string
	for _, draft := range d.Drafts {
		for _, c := range draft.Calls() {
			all = append(all, strings.TrimSpace(fmt.Sprint(c.Alarm, " ", c.Ticket, " ", c.Priority, " ", c.Clock)))
		}
	}
	return strings.Join(all, ", ")
}

// A P1 calls when it becomes one that nobody has answered, once; not when who makes it one answers.
func TestAP1CallsOnce(t *testing.T) {
	critical := Mail{From: sop.Person{Address: rina}, Role: sop.RoleStranger, Voice: sop.VoiceNew, Proof: "pass",
		Report: sop.Report{Impact: sop.Company, Urgency: sop.High, Department: "IT"}}
	w := newWorld(t)
	if got := calls(w.write(0, critical)); got != "p1 1 P1" {
		t.Errorf("a P1 calls %q", got)
	}
	for _, c := range []struct {
		what string
		did  Decision
	}{
		{"the reporter's words", w.reporter(1, "")},
		{"#take", w.agent(1, andi, "", command(sop.Take, ""))},
		{"an answer", w.agent(1, andi, "Kami cek.")},
		{"another report", w.write(0, Mail{From: sop.Person{Address: budi}, Role: sop.RoleStranger, Voice: sop.VoiceNew, Proof: "pass"})},
		{"#priority with words", w.agent(2, andi, "Kami cek.", command(sop.SetPrio, "p1"))},
		{"a fix", w.agent(2, andi, "Sudah.", command(sop.Resolve, ""))},
	} {
		if got := calls(c.did); got != "" {
			t.Errorf("%s: calls %q", c.what, got)
		}
	}
	n := w.report(Mail{})
	if got := calls(w.agent(n, andi, "", command(sop.SetPrio, "p1"))); got != fmt.Sprintf("p1 %d P1", n) {
		t.Errorf("what an agent makes a P1 calls %q", got)
	}
	if got := calls(w.bounce(1, sop.KindReply, rina)); got != "p1 1 P1" {
		t.Errorf("a P1 whose answer came back calls %q", got)
	}
}

// Each missed target calls once, whatever the priority; what stands is what is still missed.
func TestBreachesCallOnceAndStandUntilTheyAreMet(t *testing.T) {
	w := newWorld(t)
	n := w.high()
	var all []string
	for w.now.Before(start.Add(9 * time.Hour)) {
		w.now = w.now.Add(time.Minute)
		ticket := w.tickets[n]
		if at := w.p.Wake(&ticket); at.IsZero() || at.After(w.now) {
			continue
		}
		if got := calls(w.apply(w.p.Decide(w.situation(n), Input{}, w.now))); got != "" {
			all = append(all, fmt.Sprint(w.now.Sub(start), " ", got))
		}
	}
	if got := strings.Join(all, "; "); got != "1h0m0s breach 1 P2 response; 8h0m0s breach 1 P2 resolution" {
		t.Errorf("it calls: %s", got)
	}
	stands := func() string { return fmt.Sprint(w.get(n).Alarms()) }
	if want := fmt.Sprint(map[sop.Alarm]time.Time{sop.AlarmBreach: start.Add(time.Hour)}); stands() != want {
		t.Errorf("there stands %s, want %s", stands(), want)
	}
	w.agent(n, andi, "Kami cek.")
	if want := fmt.Sprint(map[sop.Alarm]time.Time{sop.AlarmBreach: start.Add(8 * time.Hour)}); stands() != want {
		t.Errorf("answered, there stands %s, want %s", stands(), want)
	}
	w.agent(n, andi, "Sudah.", command(sop.Resolve, ""))
	if len(w.get(n).Alarms()) != 0 {
		t.Errorf("resolved, there stands %s", stands())
	}
	p1 := w.critical()
	if got := w.get(p1).Alarms(); len(got) != 1 || !got[sop.AlarmP1].Equal(w.now) {
		t.Errorf("of a P1 there stands %v", got)
	}
	w.agent(p1, andi, "Kami cek.")
	if got := w.get(p1).Alarms(); len(got) != 0 {
		t.Errorf("of an answered P1 there stands %v", got)
	}
}
