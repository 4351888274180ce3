package workflow

import (
	"testing"
	"time"

	"helpost/internal/sop"
)

// The resolution clock stands still in pending and from `resolved` to a dispute or a reopening, and in nothing else.
func TestWhenTheResolutionClockStandsStill(t *testing.T) {
	const h = time.Hour
	pause := command(sop.Pending, "3d vendor")
	for _, c := range []struct {
		name  string
		life  func(*world, sop.Number)
		moved time.Duration
		state State
	}{
		{"an answer", func(w *world, n sop.Number) { w.agent(n, andi, "Kami cek."); w.until(5 * h) }, 0, Open},
		{"a pause of two hours", func(w *world, n sop.Number) {
			w.agent(n, andi, "", pause)
			w.until(2 * h)
			w.agent(n, andi, "", command(sop.Resume, ""))
		}, 2 * h, Open},
		{"the reporter's reply ends it", func(w *world, n sop.Number) {
			w.agent(n, andi, "", pause)
			w.until(3 * h)
			w.reporter(n, "")
		}, 3 * h, Open},
		{"a watcher's does not", func(w *world, n sop.Number) {
			w.agent(n, andi, "", pause)
			w.until(3 * h)
			w.write(n, Mail{Role: sop.RoleWatcher, Voice: sop.VoiceWords, Proof: "pass", From: sop.Person{Address: tono}, Text: "kata"})
		}, 0, Paused},
		{"a machine's does not", func(w *world, n sop.Number) {
			w.agent(n, andi, "", pause)
			w.until(3 * h)
			w.machine(n, rina, sop.RoleReporter, sop.AutoReply)
		}, 0, Paused},
		{"an agent's answer does not", func(w *world, n sop.Number) {
			w.agent(n, andi, "", pause)
			w.until(3 * h)
			w.agent(n, andi, "Vendor belum datang.")
		}, 0, Paused},
		{"it wakes up by itself", func(w *world, n sop.Number) { w.agent(n, andi, "", command(sop.Pending, "2h")); w.until(9 * h) }, 2 * h, Open},
		{"a pause put off", func(w *world, n sop.Number) {
			w.agent(n, andi, "", command(sop.Pending, "2h"))
			w.until(h)
			w.agent(n, andi, "", command(sop.Pending, "4h"))
			w.until(9 * h)
		}, 5 * h, Open},
		{"two pauses", func(w *world, n sop.Number) {
			w.agent(n, andi, "", command(sop.Pending, "2h"))
			w.until(4 * h)
			w.agent(n, andi, "", command(sop.Pending, "1h"))
			w.until(9 * h)
		}, 3 * h, Open},
		{"disputed", func(w *world, n sop.Number) {
			w.agent(n, andi, "", command(sop.Resolve, ""))
			w.until(4 * h)
			w.reporter(n, sop.Dispute)
		}, 4 * h, Open},
		{"confirmed, but a new problem", func(w *world, n sop.Number) {
			w.agent(n, andi, "", command(sop.Resolve, ""))
			w.until(4 * h)
			w.reporter(n, sop.Other)
		}, 4 * h, Open},
		{"#reopen", func(w *world, n sop.Number) {
			w.agent(n, andi, "", command(sop.Resolve, ""))
			w.until(4 * h)
			w.agent(n, andi, "", command(sop.Reopen, ""))
		}, 4 * h, Open},
		{"closed by silence, then a reply", func(w *world, n sop.Number) {
			w.agent(n, andi, "", command(sop.Resolve, ""))
			w.until(50 * h)
			w.reporter(n, "")
		}, 50 * h, Open},
		{"closed by hand, then a reply", func(w *world, n sop.Number) {
			w.agent(n, andi, "", command(sop.Close, "lewat telepon"))
			w.until(50 * h)
			w.reporter(n, "")
		}, 50 * h, Open},
		{"resolved within a pause", func(w *world, n sop.Number) {
			w.agent(n, andi, "", pause)
			w.until(2 * h)
			w.agent(n, andi, "", command(sop.Resolve, ""))
			w.until(5 * h)
			w.reporter(n, sop.Dispute)
		}, 5 * h, Open},
		{"spam taken back", func(w *world, n sop.Number) {
			w.p.Inside = nil
			w.agent(n, andi, "", command(sop.MarkSpam, ""))
			w.until(5 * h)
			w.agent(n, andi, "", command(sop.Reopen, ""))
		}, 5 * h, Open},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			n := w.report(Mail{})
			was := w.get(n)
			c.life(w, n)
			got := w.get(n)
			if moved := got.Resolution.Due.Sub(was.Resolution.Due); moved != c.moved || got.State != c.state {
				t.Fatalf("%s, the target moved by %v, want %s and %v", got.State, moved, c.state, c.moved)
			}
			if moved := got.Resolution.WarnAt.Sub(was.Resolution.WarnAt); moved != c.moved {
				t.Fatalf("the warning moved by %v", moved)
			}
			if !got.Response.Due.Equal(was.Response.Due) {
				t.Fatal("the response target moved")
			}
		})
	}
}

// At the wake-up the assignee is told that the pause is over, once.
func TestTheWakeUpTellsTheAssignee(t *testing.T) {
	w := newWorld(t)
	n := w.report(Mail{})
	w.agent(n, andi, "Tunggu.", command(sop.Pending, "2h vendor"))
	w.until(2*time.Hour - time.Second)
	if w.get(n).State != Paused {
		t.Fatal("it woke up early")
	}
	w.until(10 * time.Hour)
	if w.get(n).State != Open || w.count(sop.KindWarning, andi) != 1 || w.count(sop.KindWarning, rudi) != 0 {
		t.Fatalf("%s, %v", w.get(n).State, told(w.sent, sop.KindWarning))
	}
	if over := w.sent[len(w.sent)-1]; over.Status != "pause" || over.Reason != "vendor" {
		t.Fatalf("told %+v", over)
	}
}

// A pause over the target's own moment warns and breaches after it, by what was left.
func TestWarningAndBreachCountOnlyWhatRan(t *testing.T) {
	w := newWorld(t)
	n := w.critical() // 4 h, warned after 3
	w.agent(n, andi, "Kami cek.")
	w.until(2 * time.Hour)
	w.agent(n, andi, "", command(sop.Pending, "20h vendor"))
	w.until(23*time.Hour - time.Second)
	if got := w.count(sop.KindWarning, andi); got != 1 { // the pause is over
		t.Fatalf("%d warnings", got)
	}
	w.until(23 * time.Hour)
	if got := w.count(sop.KindWarning, andi); got != 2 || w.get(n).Resolution.Breached {
		t.Fatalf("%d warnings an hour after the pause", got)
	}
	w.until(24 * time.Hour)
	if !w.get(n).Resolution.Breached || w.count(sop.KindBreach, sari) != 1 {
		t.Fatal("no breach two hours after the pause")
	}
}

// The target that passes at the very moment at which a pause ends is missed at that moment.
func TestWhatIsDueTogetherIsDoneTogether(t *testing.T) {
	w := newWorld(t)
	n := w.critical()
	w.agent(n, andi, "Kami cek.")
	w.until(4*time.Hour - time.Millisecond)
	w.agent(n, andi, "", command(sop.Pending, "1h vendor"))
	w.until(5*time.Hour - time.Millisecond)
	d := w.p.Decide(w.situation(n), Input{}, w.now)
	if len(d.Drafts) != 0 {
		t.Fatal("something is left")
	}
	w.until(5 * time.Hour)
	if !w.get(n).Resolution.Breached {
		t.Fatal("no breach")
	}
}
