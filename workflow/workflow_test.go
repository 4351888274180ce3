package workflow

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"helpost/internal/sop"
)

// inState brings a fresh ticket into a state.
func inState(w *world, s State) sop.Number {
	n := w.report(Mail{Subject: "Printer macet"})
	switch s {
	case Open:
		w.agent(n, andi, "Kami cek.")
	case Paused:
		w.agent(n, andi, "", command(sop.Pending, "3d menunggu vendor"))
	case Resolved:
		w.agent(n, andi, "Sudah.", command(sop.Resolve, ""))
	case Closed:
		w.agent(n, andi, "", command(sop.Close, "lewat telepon"))
	case Merged:
		into := w.report(Mail{Subject: "Sama"})
		w.agent(n, andi, "", command(sop.Merge, into.ID("IT")))
	case Rejected:
		n = w.report(Mail{From: sop.Person{Address: "x@luar.example"}})
		w.agent(n, andi, "", command(sop.MarkSpam, ""))
	}
	if got := w.tickets[n].State; got != s {
		w.fatal("the ticket is %s, not %s", got, s)
	}
	return n
}

// The contract's table state × event: what each event makes of each state.
func TestStateByEvent(t *testing.T) {
	reporter := func(v sop.Verdict) func(*world, sop.Number) Decision {
		return func(w *world, n sop.Number) Decision { return w.reporter(n, v) }
	}
	agent := func(body string, c ...sop.Command) func(*world, sop.Number) Decision {
		return func(w *world, n sop.Number) Decision { return w.agent(n, andi, body, c...) }
	}
	states := []State{New, Open, Paused, Resolved, Closed, Merged, Rejected}
	const bad = State("error")
	for _, row := range []struct {
		name  string
		event func(*world, sop.Number) Decision
		want  [7]State // by states above
	}{
		{"an agent's answer", agent("Kami cek."), [7]State{Open, Open, Paused, Resolved, Closed, Merged, Rejected}},
		{"#take", agent("", command(sop.Take, "")), [7]State{Open, Open, Paused, Resolved, Closed, bad, bad}},
		{"#priority", agent("", command(sop.SetPrio, "p2")), [7]State{Open, Open, Paused, Resolved, Closed, bad, bad}},
		{"#pending", agent("", command(sop.Pending, "2h tunggu")), [7]State{Paused, Paused, Paused, Resolved, bad, bad, bad}},
		{"#resume", agent("", command(sop.Resume, "")), [7]State{New, Open, Open, bad, bad, bad, bad}},
		{"#resolve", agent("", command(sop.Resolve, "")), [7]State{Resolved, Resolved, Resolved, Resolved, bad, bad, bad}},
		{"#close with a reason", agent("", command(sop.Close, "selesai")), [7]State{Closed, Closed, Closed, Closed, Closed, bad, Closed}},
		{"#reopen", agent("", command(sop.Reopen, "")), [7]State{New, Open, Paused, Open, Open, bad, Open}},
		{"#spam on a colleague's", agent("", command(sop.MarkSpam, "")), [7]State{bad, bad, bad, bad, bad, bad, Rejected}},
		{"#escalate", agent("", command(sop.Escalate, "izin")), [7]State{Open, Open, Paused, bad, bad, bad, bad}},
		{"#note alone", agent("Catatan.", command(sop.Note, "")), [7]State{New, Open, Paused, Resolved, Closed, bad, bad}},
		{"confirm", reporter(sop.Confirm), [7]State{New, Open, Open, Closed, Closed, Merged, Rejected}},
		{"dispute", reporter(sop.Dispute), [7]State{New, Open, Open, Open, Open, Merged, Rejected}},
		{"unclear", reporter(sop.Unclear), [7]State{New, Open, Open, Resolved, Open, Merged, Rejected}},
		{"other", reporter(sop.Other), [7]State{New, Open, Open, Open, Open, Merged, Rejected}},
	} {
		for i, s := range states {
			t.Run(fmt.Sprintf("%s in %s", row.name, s), func(t *testing.T) {
				w := newWorld(t)
				n := inState(w, s)
				d := row.event(w, n)
				got := w.tickets[n].State
				if row.want[i] == bad {
					if told(d.Notices, sop.KindError) == nil || got != s {
						t.Fatalf("became %s with %v, want an error and no change", got, d.Notices)
					}
				} else if got != row.want[i] || told(d.Notices, sop.KindError) != nil {
					t.Fatalf("became %s (%v), want %s", got, d.Notices, row.want[i])
				}
			})
		}
	}
}

// The contract's table kind × receiver.
func TestWhoIsTold(t *testing.T) {
	w := newWorld(t)
	d := w.write(0, Mail{Role: sop.RoleStranger, Voice: sop.VoiceNew, Proof: "pass", From: sop.Person{Address: rina, Name: "Rina"}, Report: sop.Report{Department: "Keuangan"}, Watchers: []string{tono}})
	expect(t, d, sop.KindAck, rina)
	expect(t, d, sop.KindNew, andi, rudi)
	d = w.agent(1, andi, "Kami cek.")
	expect(t, d, sop.KindReply, rina, tono)
	d = w.reporter(1, "")
	expect(t, d, sop.KindUpdate, andi)
	d = w.agent(1, rudi, "Diam.", command(sop.Note, ""))
	expect(t, d, sop.KindNote, andi)
	d = w.agent(1, andi, "", command(sop.Assign, "rudi"))
	expect(t, d, sop.KindAssigned, rudi)
	d = w.agent(1, rudi, "", command(sop.Pending, "besok"))
	expect(t, d, sop.KindPaused, rina)
	d = w.agent(1, rudi, "", command(sop.Onsite, "besok 10:00"))
	expect(t, d, sop.KindScheduled, rina, rudi, tono)
	d = w.agent(1, rudi, "Kabel diganti.", command(sop.Resolve, ""))
	expect(t, d, sop.KindResolved, rina)
	expect(t, d, sop.KindReply, tono)
	d = w.reporter(1, sop.Dispute)
	expect(t, d, sop.KindReopened, rudi)
	expect(t, d, sop.KindUpdate)
	w.agent(1, rudi, "", command(sop.Resolve, ""))
	d = w.reporter(1, sop.Dispute)
	expect(t, d, sop.KindEscalated, sari)
	w.agent(1, rudi, "", command(sop.Resolve, ""))
	d = w.reporter(1, sop.Confirm)
	expect(t, d, sop.KindClosed, rina, tono)

	p1 := w.write(0, Mail{Role: sop.RoleStranger, Voice: sop.VoiceNew, Proof: "pass", From: sop.Person{Address: budi, Name: "Budi"}, Report: sop.Report{Department: "IT", Impact: sop.Company, Urgency: sop.High}})
	expect(t, p1, sop.KindNew, andi, rudi, sari)
	d = w.agent(2, andi, "", command(sop.Merge, "IT-000001"))
	expect(t, d, sop.KindError, andi) // into a closed one
}

func expect(t *testing.T, d Decision, kind sop.Kind, want ...string) {
	t.Helper()
	slices.Sort(want)
	if got := told(d.Notices, kind); !slices.Equal(got, want) {
		t.Fatalf("%s went to %v, want %v", kind, got, want)
	}
}

// RFC 3834 and contract §3: who is answered automatically.
func TestWhoIsAnswered(t *testing.T) {
	for _, row := range []struct {
		name string
		mail Mail
		want bool
	}{
		{"a proven colleague", Mail{Proof: "pass"}, true},
		{"unknown, the envelope is From", Mail{Proof: "none"}, true},
		{"unknown, the envelope differs", Mail{Proof: "none", MailFrom: "lain@company.com"}, false},
		{"proven, the envelope differs", Mail{Proof: "pass", MailFrom: "lain@company.com"}, true},
		{"proof fails", Mail{Proof: "fail"}, false},
		{"wants no answer", Mail{Proof: "pass", Suppress: true}, false},
		{"a robot's address", Mail{Proof: "pass", NoReply: true}, false},
		{"a monitor", Mail{Proof: "pass", Auto: sop.AutoGenerated}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			m := row.mail
			m.Role, m.Voice, m.From = sop.RoleStranger, sop.VoiceNew, sop.Person{Address: rina, Name: "Rina"}
			d := w.write(0, m)
			if len(w.tickets) != 1 {
				t.Fatal("no ticket")
			}
			got := len(told(d.Notices, sop.KindAck))+len(told(d.Notices, sop.KindMissing)) > 0
			if got != row.want {
				t.Fatalf("answered: %v", got)
			}
		})
	}
}

func TestCeilingOfAutomaticAnswers(t *testing.T) {
	w := newWorld(t)
	w.p.PerAddressHour = 2
	answered := 0
	for range 4 {
		w.report(Mail{})
	}
	answered = len(told(w.sent, sop.KindAck))
	if answered != 2 {
		t.Fatalf("%d answers, want 2", answered)
	}
	w.now = w.now.Add(time.Hour)
	w.report(Mail{})
	if got := len(told(w.sent, sop.KindAck)); got != 3 {
		t.Fatalf("%d answers an hour later, want 3", got)
	}
	w.agent(4, andi, "Kami cek.")
	if len(told(w.sent, sop.KindReply)) != 1 {
		t.Fatal("an agent's words were held back")
	}
}

func TestAbsenceOfAnAgentPassesHisTurn(t *testing.T) {
	w := newWorld(t)
	w.p.Teams[0].RoundRobin = true
	turns := uint64(0)
	turn := func() string {
		turns++
		w.desk.Turns = map[string]uint64{"desk": turns}
		return w.tickets[w.report(Mail{})].Assignee
	}
	if a, b := turn(), turn(); a == b {
		t.Fatalf("two turns in a row for %s", a)
	}
	w.write(1, Mail{Role: sop.RoleAgent, Voice: sop.VoiceObeyed, Proof: "pass", From: sop.Person{Address: andi}, Auto: sop.AutoReply, Until: w.now.Add(72 * time.Hour)})
	for range 4 {
		if got := turn(); got != rudi {
			t.Fatalf("the turn went to %s, who is away", got)
		}
	}
}

func TestUndeliveredAnswerNoLongerCounts(t *testing.T) {
	w := newWorld(t)
	n := w.report(Mail{})
	w.now = w.now.Add(time.Minute)
	d := w.agent(n, andi, "Kami cek.")
	if w.tickets[n].RespondedAt == nil {
		t.Fatal("an answer did not count")
	}
	reply := d.Notices[slices.IndexFunc(d.Notices, func(n Notice) bool { return n.Kind == sop.KindReply })]
	f := &Failed{Kind: reply.Kind, To: rina, Event: reply.Event, Status: "5.1.1"}
	d = w.apply(w.p.Decide(w.situation(n), Input{Failed: f}, w.now))
	expect(t, d, sop.KindUndeliverable, andi)
	if got := w.tickets[n]; got.RespondedAt != nil || !got.Response.Due.Equal(start.Add(4*time.Hour)) {
		t.Fatalf("responded at %v, due %v", got.RespondedAt, got.Response.Due)
	}
}

// Whoever has answered us gets our mail: a report that says otherwise, which anybody can make who has the Message-ID,
// takes no answer back.
func TestWhoHasAnsweredIsNotUnreached(t *testing.T) {
	w := newWorld(t)
	n := w.report(Mail{})
	d := w.agent(n, andi, "Kami cek.")
	reply := d.Notices[slices.IndexFunc(d.Notices, func(n Notice) bool { return n.Kind == sop.KindReply })]
	w.write(n, Mail{Role: sop.RoleReporter, Voice: sop.VoiceFull, Sort: sop.Public, Proof: "pass", From: w.tickets[n].Reporter, Text: "baik"})
	d = w.apply(w.p.Decide(w.situation(n), Input{Failed: &Failed{Kind: reply.Kind, To: rina, Event: reply.Event}}, w.now))
	expect(t, d, sop.KindUndeliverable, andi)
	if w.tickets[n].RespondedAt == nil {
		t.Fatal("the answer was taken back")
	}
}

func TestUndeliveredResolvedIsNotClosedBySilence(t *testing.T) {
	w := newWorld(t)
	n := inState(w, Resolved)
	r := w.sent[slices.IndexFunc(w.sent, func(n Notice) bool { return n.Kind == sop.KindResolved })]
	w.apply(w.p.Decide(w.situation(n), Input{Failed: &Failed{Kind: sop.KindResolved, To: rina, Event: r.Event}}, w.now))
	w.pass(72 * time.Hour)
	if got := w.tickets[n].State; got != Resolved {
		t.Fatalf("became %s", got)
	}
}

func TestSilenceRemindsOnceAndCloses(t *testing.T) {
	w := newWorld(t)
	n := inState(w, Resolved)
	w.pass(23 * time.Hour)
	if got := w.tickets[n].State; got != Resolved || len(told(w.sent, sop.KindReminder)) != 1 {
		t.Fatalf("%s after 23 h, %d reminders", got, len(told(w.sent, sop.KindReminder)))
	}
	w.pass(2 * time.Hour)
	if got := w.tickets[n].State; got != Closed || len(told(w.sent, sop.KindClosed)) != 1 {
		t.Fatalf("%s after 25 h", got)
	}
}

func TestMissedResponseClimbs(t *testing.T) {
	w := newWorld(t)
	n := w.report(Mail{Report: sop.Report{Impact: sop.Company, Urgency: sop.High, Department: "IT"}})
	steps := []struct {
		at   time.Duration
		kind sop.Kind
		to   []string
	}{
		{11 * time.Minute, sop.KindWarning, nil},
		{12 * time.Minute, sop.KindWarning, []string{andi, rudi}},
		{14 * time.Minute, sop.KindBreach, nil},
		{15 * time.Minute, sop.KindBreach, []string{andi, rudi, sari}},
		{29 * time.Minute, sop.KindEscalated, nil},
		{30 * time.Minute, sop.KindEscalated, []string{boss}},
	}
	for _, s := range steps {
		w.pass(s.at - w.now.Sub(start))
		if got := told(w.sent, s.kind); !slices.Equal(got, s.to) {
			t.Fatalf("after %v %s went to %v, want %v", s.at, s.kind, got, s.to)
		}
	}
	ticket := w.tickets[n]
	if got := ticket.Escalation(); got != 2 {
		t.Fatalf("level %d", got)
	}
	w.agent(n, andi, "Kami tangani.")
	ticket = w.tickets[n]
	if got := ticket.Escalation(); got != 0 {
		t.Fatalf("level %d after an answer", got)
	}
}

func TestPauseAndDisputeMoveTheResolutionTarget(t *testing.T) {
	w := newWorld(t)
	n := w.report(Mail{})
	due := w.tickets[n].Resolution.Due
	w.agent(n, andi, "Tunggu.", command(sop.Pending, "3d vendor"))
	w.pass(5 * time.Hour)
	w.agent(n, andi, "", command(sop.Resume, ""))
	if got := w.tickets[n].Resolution.Due.Sub(due); got != 5*time.Hour {
		t.Fatalf("the pause moved it by %v", got)
	}
	w.agent(n, andi, "", command(sop.Resolve, ""))
	w.pass(4 * time.Hour)
	w.reporter(n, sop.Dispute)
	if got := w.tickets[n].Resolution.Due.Sub(due); got != 9*time.Hour {
		t.Fatalf("pause and dispute moved it by %v", got)
	}
	if got := w.tickets[n].Response.Due; !got.Equal(start.Add(4 * time.Hour)) {
		t.Fatalf("the response target moved to %v", got)
	}
}

func TestTargetMissedByTheChangeItself(t *testing.T) {
	w := newWorld(t)
	n := w.report(Mail{})
	w.pass(time.Hour)
	w.agent(n, andi, "", command(sop.SetPrio, "kritis"))
	k := w.tickets[n].Response
	if !k.ByChange || !k.Breached || len(told(w.sent, sop.KindBreach)) != 0 {
		t.Fatalf("%+v", k)
	}
	w.pass(15 * time.Minute)
	if got := told(w.sent, sop.KindBreach); !slices.Contains(got, sari) {
		t.Fatalf("one repeat later the breach went to %v", got)
	}
}

func TestWhenPeopleWriteTimes(t *testing.T) {
	w := newWorld(t) // Monday 2026-01-12 09:00
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 1, day, hour, minute, 0, 0, w.p.Zone) }
	for _, row := range []struct {
		arg  string
		want time.Time
		rest string
	}{
		{"2h", at(12, 11, 0), ""},
		{"2 jam menunggu vendor", at(12, 11, 0), "menunggu vendor"},
		{"3d", at(15, 9, 0), ""},
		{"1h30m", at(12, 10, 30), ""},
		{"seminggu", at(19, 9, 0), ""},
		{"90s", w.now.Add(90 * time.Second), ""},
		{"45 detik saja", w.now.Add(45 * time.Second), "saja"},
		{"2 jam 30 menit menunggu vendor", at(12, 11, 30), "menunggu vendor"},
		{"2h 3 hari lalu dipesan", at(12, 11, 0), "3 hari lalu dipesan"},
		{"besok", at(13, 8, 0), ""},
		{"besok jam 9", at(13, 9, 0), ""},
		{"Besok pukul 09.30 tunggu suku cadang", at(13, 9, 30), "tunggu suku cadang"},
		{"besok 10:00", at(13, 10, 0), ""},
		{"lusa jam 2 siang", at(14, 14, 0), ""},
		{"senin", at(19, 8, 0), ""},
		{"jumat jam 3 sore", at(16, 15, 0), ""},
		{"next monday", at(19, 8, 0), ""},
		{"tomorrow 9am", at(13, 9, 0), ""},
		{"tomorrow at 3 pm waiting for parts", at(13, 15, 0), "waiting for parts"},
		{"30/1 14:00", at(30, 14, 0), ""},
		{"30 januari", at(30, 8, 0), ""},
		{"jan 30 14:00", at(30, 14, 0), ""},
		{"2026-01-30 14:00 rapat", at(30, 14, 0), "rapat"},
		{"2026-01-30", at(30, 8, 0), ""},
		{"hari ini jam 15", at(12, 15, 0), ""},
		{"jam 8", at(13, 8, 0), ""},
		{"sampai rabu", at(14, 8, 0), ""},
	} {
		got, rest, ok := w.p.When(row.arg, w.now, allDay{})
		if !ok || !got.Equal(row.want) || rest != row.rest {
			t.Errorf("%q: %v %q %v, want %v %q", row.arg, got.In(w.p.Zone), rest, ok, row.want, row.rest)
		}
	}
	for _, arg := range []string{"", "nanti", "kalau sempat", "31/2", "25:00", "menunggu vendor", "99", "30/1/2206", "9999-12-31 23:59"} {
		if got, _, ok := w.p.When(arg, w.now, allDay{}); ok {
			t.Errorf("%q was read as %v", arg, got)
		}
	}
}
