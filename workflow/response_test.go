package workflow

import (
	"testing"
	"time"

	"helpost/internal/sop"
)

// What stops the response clock, and what does not (contract §2).
func TestWhatStopsTheResponseClock(t *testing.T) {
	note := command(sop.Note, "")
	for _, c := range []struct {
		name string
		do   func(*world, sop.Number)
		want bool
	}{
		{"an agent's words", func(w *world, n sop.Number) { w.agent(n, andi, "Kami cek.") }, true},
		{"words with a pause", func(w *world, n sop.Number) { w.agent(n, andi, "Tunggu.", command(sop.Pending, "2h vendor")) }, true},
		{"words with a closing", func(w *world, n sop.Number) { w.agent(n, andi, "Sudah lewat telepon.", command(sop.Close, "")) }, true},
		{"#resolve without words", func(w *world, n sop.Number) { w.agent(n, andi, "", command(sop.Resolve, "")) }, true},
		{"#resolve from an internal notice", func(w *world, n sop.Number) { w.answerInside(n, andi, "", command(sop.Resolve, "")) }, true},
		{"#reply from an internal notice", func(w *world, n sop.Number) { w.answerInside(n, andi, "Kami cek.", command(sop.Reply, "")) }, true},
		{"#onsite with a time", func(w *world, n sop.Number) { w.agent(n, andi, "", command(sop.Onsite, "besok 10:00")) }, true},
		{"#remote with a time", func(w *world, n sop.Number) { w.agent(n, andi, "", command(sop.Remote, "besok 10:00")) }, true},
		{"#take where it counts", func(w *world, n sop.Number) { w.p.TakeCounts = true; w.agent(n, andi, "", command(sop.Take, "")) }, true},
		{"#take by whom it is assigned to, where it counts", func(w *world, n sop.Number) {
			w.agent(n, rudi, "", command(sop.Assign, "andi"))
			w.p.TakeCounts = true
			w.agent(n, andi, "", command(sop.Take, ""))
		}, true},
		{"#onsite without a time", func(w *world, n sop.Number) { w.agent(n, andi, "", command(sop.Onsite, "")) }, false},
		{"#take", func(w *world, n sop.Number) { w.agent(n, andi, "", command(sop.Take, "")) }, false},
		{"#assign", func(w *world, n sop.Number) { w.agent(n, andi, "", command(sop.Assign, "rudi")) }, false},
		{"#priority", func(w *world, n sop.Number) { w.agent(n, andi, "", command(sop.SetPrio, "p2")) }, false},
		{"a pause with its reason", func(w *world, n sop.Number) { w.agent(n, andi, "", command(sop.Pending, "2h vendor")) }, false},
		{"a note", func(w *world, n sop.Number) { w.agent(n, andi, "Hubungi vendor.", note) }, false},
		{"an answer to an internal notice", func(w *world, n sop.Number) { w.answerInside(n, andi, "Biarkan saja.") }, false},
		{"a mail with a mistake", func(w *world, n sop.Number) { w.agent(n, andi, "Kami cek.", command(sop.Pending, "nanti")) }, false},
		{"a mail in an agent's name", func(w *world, n sop.Number) {
			w.write(n, Mail{Role: sop.RoleAgent, Voice: sop.VoiceSuspicious, Proof: "none", From: sop.Person{Address: andi}, Text: "Kami cek.", Body: "Kami cek."})
		}, false},
		{"an agent's absence", func(w *world, n sop.Number) { w.machine(n, andi, sop.RoleAgent, sop.AutoReply) }, false},
		{"the reporter's own words", func(w *world, n sop.Number) { w.reporter(n, "") }, false},
		{"time", func(w *world, n sop.Number) { w.pass(90 * time.Hour) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			n := w.report(Mail{})
			w.now = w.now.Add(time.Minute)
			at := w.now
			c.do(w, n)
			got := w.get(n).RespondedAt
			if (got != nil) != c.want {
				t.Fatalf("responded at %v", got)
			}
			if got != nil && !got.Equal(at) {
				t.Fatalf("responded at %v, want %v", got, at)
			}
		})
	}
}

// An agent's answer to his own report is no answer; a colleague's is.
func TestAnAgentsOwnReport(t *testing.T) {
	w := newWorld(t)
	n := w.report(Mail{From: sop.Person{Address: andi, Name: "Andi"}})
	w.agent(n, andi, "Sudah saya coba.")
	if got := w.get(n); got.RespondedAt != nil || got.State != New || got.Assignee != "" {
		t.Fatalf("his own words made it %s, %q, answered at %v", got.State, got.Assignee, got.RespondedAt)
	}
	w.agent(n, rudi, "Kami cek.")
	if got := w.get(n); got.RespondedAt == nil || got.Assignee != rudi {
		t.Fatal("a colleague's answer did not count")
	}
}

// A call is answered at its creation; a forwarded mail is not answered by being forwarded (contract §2: #for ADDRESS).
func TestATicketForSomebodyElse(t *testing.T) {
	for _, c := range []struct {
		name, args string
		answered   bool
	}{
		{"a call", rina, true},
		{"a forwarded mail", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			n := w.next
			w.write(0, Mail{Role: sop.RoleAgent, Voice: sop.VoiceNew, Proof: "pass", From: sop.Person{Address: andi}, Text: "Outlook mati.", Body: "Outlook mati.",
				Forward: &sop.Person{Address: rina}, Commands: []sop.Command{command(sop.For, c.args)}, Report: sop.Report{Department: "Keuangan"}})
			got := w.get(n)
			if got.Reporter.Address != rina || (got.RespondedAt != nil) != c.answered {
				t.Fatalf("for %s, answered at %v", got.Reporter.Address, got.RespondedAt)
			}
			w.bounce(n, sop.KindAck, rina)
			if got := w.get(n); (got.RespondedAt != nil) != c.answered {
				t.Fatal("an acknowledgement that came back changed the answer")
			}
		})
	}
}

// An answer that comes back no longer counts; whatever else comes back changes nothing.
func TestWhatTakesAnAnswerBack(t *testing.T) {
	for _, c := range []struct {
		name  string
		do    func(*world, sop.Number)
		kind  sop.Kind
		to    string
		taken bool
	}{
		{"the answer", func(w *world, n sop.Number) { w.agent(n, andi, "Kami cek.") }, sop.KindReply, rina, true},
		{"the answer within the pause", func(w *world, n sop.Number) { w.agent(n, andi, "Tunggu.", command(sop.Pending, "2h vendor")) }, sop.KindPaused, rina, true},
		{"the visit", func(w *world, n sop.Number) { w.agent(n, andi, "", command(sop.Onsite, "besok 10:00")) }, sop.KindScheduled, rina, true},
		{"the fix", func(w *world, n sop.Number) { w.agent(n, andi, "", command(sop.Resolve, "")) }, sop.KindResolved, rina, true},
		{"a watcher's copy", func(w *world, n sop.Number) { w.agent(n, andi, "Kami cek.") }, sop.KindReply, tono, false},
		{"a later answer", func(w *world, n sop.Number) { w.agent(n, andi, "Kami cek."); w.agent(n, andi, "Masih kami cek.") }, sop.KindReply, rina, false},
		{"the acknowledgement", func(w *world, n sop.Number) { w.agent(n, andi, "Kami cek.") }, sop.KindAck, rina, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			n := w.report(Mail{Watchers: []string{tono}})
			w.until(time.Minute)
			c.do(w, n)
			w.until(2 * time.Minute)
			w.bounce(n, c.kind, c.to)
			got := w.get(n)
			if (got.RespondedAt == nil) != c.taken {
				t.Fatalf("responded at %v", got.RespondedAt)
			}
			if !got.Response.Due.Equal(start.Add(4 * time.Hour)) {
				t.Fatalf("due %v", got.Response.Due)
			}
			w.agent(n, andi, "Kami telepon.")
			if w.get(n).RespondedAt == nil {
				t.Fatal("another answer did not count")
			}
		})
	}
}

// After an answer that came back the clock warns and breaches as if nobody had answered; also where the answer was a fix.
func TestTheClockRunsOnAfterALostAnswer(t *testing.T) {
	for _, c := range []struct {
		name string
		cmd  []sop.Command
		kind sop.Kind
	}{{"words", nil, sop.KindReply}, {"a fix", []sop.Command{command(sop.Resolve, "")}, sop.KindResolved}} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			n := w.report(Mail{})
			w.until(time.Hour)
			w.agent(n, andi, "Kami cek.", c.cmd...)
			w.until(2 * time.Hour)
			w.bounce(n, c.kind, rina)
			w.until(3*time.Hour - time.Second)
			if got := w.count(sop.KindWarning, andi); got != 0 {
				t.Fatal("warned too early")
			}
			w.until(3 * time.Hour)
			if got := w.count(sop.KindWarning, andi); got != 1 {
				t.Fatalf("%d warnings at three quarters", got)
			}
			w.until(4 * time.Hour)
			if !w.get(n).Response.Breached || w.count(sop.KindBreach, sari) != 1 {
				t.Fatal("no breach at the target")
			}
			w.agent(n, andi, "Kami telepon.")
			w.until(40 * time.Hour)
			if got := w.count(sop.KindEscalated, boss); got != 0 {
				t.Fatal("the climb went on after an answer")
			}
		})
	}
}
