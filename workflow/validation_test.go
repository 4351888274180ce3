package workflow

import (
	"testing"
	"time"

	"helpost/internal/sop"
)

// When a fix is reminded of and closed by silence: every way in which the moment moves, and what holds it.
func TestSilence(t *testing.T) {
	const h = time.Hour
	unclear := func(w *world, n sop.Number) { w.reporter(n, sop.Unclear) }
	for _, c := range []struct {
		name   string
		life   func(*world, sop.Number) // after the fix at the start
		remind []time.Duration
		close  time.Duration // 0: never
	}{
		{"nothing", nil, []time.Duration{12 * h}, 24 * h},
		{"an unclear answer starts it anew", func(w *world, n sop.Number) { w.until(5 * h); unclear(w, n) }, []time.Duration{17 * h}, 29 * h},
		{"after the reminder too", func(w *world, n sop.Number) { w.until(20 * h); unclear(w, n) }, []time.Duration{12 * h, 32 * h}, 44 * h},
		{"but once", func(w *world, n sop.Number) { w.until(5 * h); unclear(w, n); w.until(20 * h); unclear(w, n) }, []time.Duration{17 * h}, 29 * h},
		{"a machine's answer is silence", func(w *world, n sop.Number) {
			w.until(5 * h)
			w.machine(n, rina, sop.RoleReporter, sop.AutoReply)
		}, []time.Duration{12 * h}, 24 * h},
		{"a watcher's word is no verdict", func(w *world, n sop.Number) {
			w.until(5 * h)
			w.write(n, Mail{Role: sop.RoleWatcher, Voice: sop.VoiceWords, Proof: "pass", From: sop.Person{Address: tono}, Text: "Belum", Verdict: sop.Dispute})
		}, []time.Duration{12 * h}, 24 * h},
		{"a stranger's confirm closes nothing", func(w *world, n sop.Number) {
			w.until(5 * h)
			w.write(n, Mail{Role: sop.RoleStranger, Voice: sop.VoiceWords, Proof: "none", From: sop.Person{Address: "asing@company.com"}, Text: "Ya", Verdict: sop.Confirm})
		}, []time.Duration{12 * h}, 24 * h},
		{"#pending moves the closing", func(w *world, n sop.Number) { w.until(5 * h); w.agent(n, andi, "", command(sop.Pending, "3d")) }, nil, 77 * h},
		{"and no unclear answer brings it forward", func(w *world, n sop.Number) {
			w.until(5 * h)
			w.agent(n, andi, "", command(sop.Pending, "3d"))
			w.until(6 * h)
			unclear(w, n)
		}, nil, 77 * h},
		{"the fix once more changes nothing", func(w *world, n sop.Number) { w.until(5 * h); w.agent(n, andi, "", command(sop.Resolve, "")) }, []time.Duration{12 * h}, 24 * h},
		{"an agent's words change nothing", func(w *world, n sop.Number) { w.until(5 * h); w.agent(n, andi, "Semoga lancar.") }, []time.Duration{12 * h}, 24 * h},
		{"an objection holds it", func(w *world, n sop.Number) { w.until(5 * h); w.objects(n) }, nil, 0},
		{"also after the reminder", func(w *world, n sop.Number) { w.until(20 * h); w.objects(n) }, []time.Duration{12 * h}, 0},
		{"a failed proof's objection too", func(w *world, n sop.Number) {
			w.until(5 * h)
			w.write(n, Mail{Role: sop.RoleReporter, Voice: sop.VoiceObjects, Proof: "fail", From: sop.Person{Address: rina}, Text: "Belum", Verdict: sop.Dispute})
		}, nil, 0},
		{"until an agent answers", func(w *world, n sop.Number) { w.objects(n); w.until(30 * h); w.agent(n, andi, "Sudah dicek.") }, []time.Duration{42 * h}, 54 * h},
		{"or takes it", func(w *world, n sop.Number) {
			w.objects(n)
			w.until(30 * h)
			w.agent(n, andi, "", command(sop.Take, ""))
		}, []time.Duration{42 * h}, 54 * h},
		{"or says again that it is fixed", func(w *world, n sop.Number) {
			w.objects(n)
			w.until(30 * h)
			w.agent(n, andi, "", command(sop.Resolve, ""))
		}, []time.Duration{42 * h}, 54 * h},
		{"or moves the closing", func(w *world, n sop.Number) {
			w.objects(n)
			w.until(30 * h)
			w.agent(n, andi, "", command(sop.Pending, "3d"))
		}, nil, 102 * h},
		{"not until he notes something", func(w *world, n sop.Number) { w.objects(n); w.until(30 * h); w.answerInside(n, andi, "Siapa itu?") }, nil, 0},
		{"not until a mail comes in his name", func(w *world, n sop.Number) {
			w.objects(n)
			w.write(n, Mail{Role: sop.RoleAgent, Voice: sop.VoiceSuspicious, Proof: "none", From: sop.Person{Address: andi}, Text: "Ya", Body: "Ya"})
		}, nil, 0},
		{"an unclear answer does not lift an objection", func(w *world, n sop.Number) { w.objects(n); unclear(w, n) }, nil, 0},
		{"the reporter's yes closes all the same", func(w *world, n sop.Number) { w.objects(n); w.until(6 * h); w.reporter(n, sop.Confirm) }, nil, 6 * h},
		{"once means once, whatever was held between", func(w *world, n sop.Number) {
			unclear(w, n)
			w.objects(n)
			w.until(10 * h)
			w.agent(n, andi, "Sudah dicek.")
			w.until(20 * h)
			unclear(w, n)
		}, []time.Duration{22 * h}, 34 * h},
		{"`resolved` came back", func(w *world, n sop.Number) { w.until(h); w.bounce(n, sop.KindResolved, rina) }, nil, 0},
		{"and an answer does not help", func(w *world, n sop.Number) {
			w.bounce(n, sop.KindResolved, rina)
			w.until(h)
			w.agent(n, andi, "Halo?")
		}, nil, 0},
		{"both held, an act lifts one", func(w *world, n sop.Number) {
			w.objects(n)
			w.bounce(n, sop.KindResolved, rina)
			w.until(h)
			w.agent(n, andi, "Sudah dicek.")
		}, nil, 0},
		{"another fix starts afresh", func(w *world, n sop.Number) {
			w.bounce(n, sop.KindResolved, rina)
			w.until(h)
			w.agent(n, andi, "", command(sop.Reopen, ""))
			w.agent(n, andi, "", command(sop.Resolve, ""))
		}, []time.Duration{13 * h}, 25 * h},
		{"an older `resolved` that comes back is of no matter", func(w *world, n sop.Number) {
			old := w.sent[len(w.sent)-1]
			w.reporter(n, sop.Dispute)
			w.until(h)
			w.agent(n, andi, "", command(sop.Resolve, ""))
			w.apply(w.p.Decide(w.situation(n), Input{Failed: &Failed{Kind: old.Kind, To: rina, Event: old.Event}}, w.now))
		}, []time.Duration{13 * h}, 25 * h},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			n := w.report(Mail{Watchers: []string{tono}})
			w.agent(n, andi, "", command(sop.Resolve, ""))
			if c.life != nil {
				c.life(w, n)
			}
			w.until(200 * h)
			var reminded []time.Duration
			for _, e := range w.events[n] {
				if e.Type == Reminded {
					reminded = append(reminded, e.At.Sub(start))
				}
			}
			if len(reminded) != len(c.remind) || w.count(sop.KindReminder, rina) != len(c.remind) {
				t.Fatalf("reminded at %v (%d mails), want %v", reminded, w.count(sop.KindReminder, rina), c.remind)
			}
			for i := range reminded {
				if reminded[i] != c.remind[i] {
					t.Fatalf("reminded at %v, want %v", reminded, c.remind)
				}
			}
			got := w.get(n)
			switch {
			case c.close == 0 && got.State != Resolved:
				t.Fatalf("%s at %v", got.State, got.ClosedAt)
			case c.close != 0 && (got.State != Closed || !got.ClosedAt.Equal(start.Add(c.close))):
				t.Fatalf("%s at %v, want closed %v after the start", got.State, got.ClosedAt, c.close)
			case c.close != 0 && w.count(sop.KindClosed, rina) != 1:
				t.Fatal("`closed` did not go out once")
			}
		})
	}
}

// Within the window a reply opens a closed ticket again, but for a thank-you; after it a reply is a ticket of its own.
func TestAReplyToAClosedTicket(t *testing.T) {
	const window = 168 * time.Hour
	for _, c := range []struct {
		name    string
		after   time.Duration
		verdict sop.Verdict
		voice   sop.Voice
		auto    sop.Auto
		joins   bool
		state   State
	}{
		{"a reply", time.Hour, sop.Unclear, sop.VoiceFull, sop.NotAuto, true, Open},
		{"a dispute", time.Hour, sop.Dispute, sop.VoiceFull, sop.NotAuto, true, Open},
		{"a thank-you", time.Hour, sop.Confirm, sop.VoiceFull, sop.NotAuto, true, Closed},
		{"a stranger's word", time.Hour, sop.Dispute, sop.VoiceWords, sop.NotAuto, true, Closed},
		{"a machine's", time.Hour, sop.Unclear, sop.VoiceFull, sop.AutoReply, true, Closed},
		{"at the last moment", window, sop.Unclear, sop.VoiceFull, sop.NotAuto, true, Open},
		{"a moment later", window + time.Millisecond, sop.Unclear, sop.VoiceFull, sop.NotAuto, false, Closed},
		{"a late thank-you", 2 * window, sop.Confirm, sop.VoiceFull, sop.NotAuto, true, Closed},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			n := w.report(Mail{})
			w.agent(n, andi, "", command(sop.Close, "lewat telepon"))
			w.pass(c.after)
			m := Mail{Role: sop.RoleReporter, Voice: c.voice, Proof: "pass", From: sop.Person{Address: rina}, Text: "kata", Verdict: c.verdict, Auto: c.auto}
			if got := w.p.Joins(w.tickets[n], &m, w.now); got != c.joins {
				t.Fatalf("joins: %v", got)
			}
			if !c.joins {
				return
			}
			d := w.write(n, m)
			if got := w.get(n); got.State != c.state || got.Disputes != 0 {
				t.Fatalf("%s with %d disputes", got.State, got.Disputes)
			}
			if c.state == Open {
				expect(t, d, sop.KindReopened, andi, rudi)
			}
		})
	}
}

// Validation runs on its own calendar, whatever that of the priority is.
func TestSilenceOnBusinessDays(t *testing.T) {
	wib := zone(t, "Asia/Jakarta")
	w := newWorld(t) // Monday 09:00
	w.p.ValidationCalendar = office(wib, Date{2026, 1, 14})
	w.p.CloseAfter, w.p.RemindAfter = 16*time.Hour, 8*time.Hour // two days of work
	n := w.report(Mail{})
	w.until(24 * time.Hour)
	w.agent(n, andi, "", command(sop.Resolve, "")) // Tuesday 09:00
	for _, c := range []struct {
		name string
		at   *time.Time
		want time.Time
	}{
		{"reminder", w.get(n).Validation.RemindAt, time.Date(2026, 1, 15, 9, 0, 0, 0, wib)},
		{"closing", w.get(n).Validation.CloseAt, time.Date(2026, 1, 16, 9, 0, 0, 0, wib)},
	} {
		if c.at == nil || !c.at.Equal(c.want) {
			t.Errorf("%s at %v, want %v", c.name, c.at, c.want)
		}
	}
	w.until(24*time.Hour + 71*time.Hour)
	if w.get(n).State != Resolved {
		t.Fatal("closed before two days of work")
	}
	w.until(24*time.Hour + 72*time.Hour)
	if w.get(n).State != Closed {
		t.Fatal("not closed after two days of work")
	}
}

// The co-reporter of a merged ticket: his dispute opens it, his confirm is noted and closes nothing.
func TestACoReportersWord(t *testing.T) {
	for verdict, want := range map[sop.Verdict]State{sop.Confirm: Resolved, sop.Dispute: Open, sop.Unclear: Resolved} {
		w := newWorld(t)
		n := w.report(Mail{})
		other := w.report(Mail{From: sop.Person{Address: budi, Name: "Budi"}})
		w.agent(other, andi, "", command(sop.Merge, n.ID("IT")))
		d := w.agent(n, andi, "Sudah.", command(sop.Resolve, ""))
		expect(t, d, sop.KindResolved, budi, rina)
		d = w.write(n, Mail{Role: sop.RoleCoReporter, Voice: sop.VoiceFull, Proof: "pass", From: sop.Person{Address: budi}, Text: "kata", Verdict: verdict})
		if got := w.get(n); got.State != want {
			t.Errorf("%s made it %s", verdict, got.State)
		}
		if verdict == sop.Confirm {
			expect(t, d, sop.KindUpdate, andi)
		}
		w.until(100 * time.Hour)
		if want == Resolved {
			if got := told(w.sent, sop.KindClosed); len(got) != 2 {
				t.Errorf("`closed` went to %v", got)
			}
		}
	}
}

// #reopen tells who has the ticket, unless it is he who opens it.
func TestReopenedByHand(t *testing.T) {
	w := newWorld(t)
	n := w.report(Mail{})
	w.agent(n, andi, "Sudah.", command(sop.Resolve, ""))
	expect(t, w.agent(n, rudi, "", command(sop.Reopen, "")), sop.KindReopened, andi)
	w.agent(n, andi, "", command(sop.Resolve, ""))
	expect(t, w.agent(n, andi, "", command(sop.Reopen, "")), sop.KindReopened)
	expect(t, w.agent(n, andi, "", command(sop.Reopen, "")), sop.KindReopened) // already so
}
