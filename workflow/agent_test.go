package workflow

import (
	"slices"
	"testing"

	"helpost/internal/sop"
)

func TestWhatStandsBehindACommandOnItsLineIsNeverLost(t *testing.T) {
	words := map[sop.CommandName]sop.Kind{sop.Note: "", sop.Reply: sop.KindReply, sop.Resolve: sop.KindResolved}
	for name, kind := range words { // they are words
		w := newWorld(t)
		n := w.report(Mail{})
		w.agent(n, andi, "")
		d := w.agent(n, andi, "and more", command(name, "cable replaced"))
		if d.Message == nil || d.Message.Text != "cable replaced\nand more" || kind != "" && len(told(d.Notices, kind)) != 1 {
			t.Errorf("#%s: kept %+v, sent %+v", name, d.Message, d.Notices)
		}
	}
	for _, name := range []sop.CommandName{sop.Take, sop.Resume, sop.Reopen, sop.MarkSpam} { // it is no argument
		w := newWorld(t)
		n := w.report(Mail{})
		before := w.tickets[n].Seq
		d := w.agent(n, andi, "and more", command(name, "at once"))
		expect(t, d, sop.KindError, andi)
		if d.Detail != "argument" || d.Message != nil || w.tickets[n].State != New || w.tickets[n].Seq > before+1 {
			t.Errorf("#%s: %+v", name, d)
		}
	}
}

// An agent's new mail whose commands lack the person they are for is answered with how to name one.
func TestANewMailWithoutItsReporter(t *testing.T) {
	w := newWorld(t)
	d := w.write(0, Mail{Role: sop.RoleAgent, Voice: sop.VoiceNew, Proof: "pass", From: sop.Person{Address: andi}, Text: "#take", Commands: []sop.Command{command(sop.Take, "")}})
	expect(t, d, sop.KindError, andi)
	if wrong := d.Notices[0].Mistake; wrong.Problem != "for" || wrong.Word != "#for" || len(d.Drafts) > 0 {
		t.Errorf("%+v", wrong)
	}
}

// Words that cannot reach the reporter of a rejected ticket, or whom the mail itself rejects, are a note, and their writer
// is told.
func TestNobodyAnswersASpammer(t *testing.T) {
	w := newWorld(t)
	w.p.Inside = nil
	n := w.report(Mail{})
	for _, cmds := range [][]sop.Command{{command(sop.MarkSpam, "")}, nil} {
		d := w.agent(n, andi, "Penipuan.", cmds...)
		expect(t, d, sop.KindReply)
		expect(t, d, sop.KindStatus, andi)
		if d.Message.Direction != NoteOnly || w.tickets[n].State != Rejected || w.tickets[n].RespondedAt != nil {
			t.Fatalf("%+v, %s", d.Message, w.tickets[n].State)
		}
	}
}

func TestTheButtonsOfAnError(t *testing.T) {
	text := "#selesei\nCable replaced."
	slip := &Slip{Problem: "unknown", Word: "selesei", Nearest: "selesai", Line: 1}
	for _, row := range []struct {
		name string
		mail Mail
		want []Button
	}{
		{"the plain one leaves the mistaken line out", Mail{Sort: sop.Public, Slip: slip},
			[]Button{{Name: "mend", Body: "#selesai\nCable replaced.", Sort: sop.Public}, {Name: "plain", Body: "Cable replaced.", Sort: sop.Public}}},
		{"an answer to an internal notice stays one", Mail{Sort: sop.Internal, Slip: slip},
			[]Button{{Name: "mend", Body: "#selesai\nCable replaced.", Sort: sop.Internal}, {Name: "plain", Body: "Cable replaced.", Sort: sop.Internal}}},
		{"nothing offers to send what was meant for a note", Mail{Sort: sop.Public, Slip: slip, Commands: []sop.Command{{Name: sop.Note}}},
			[]Button{{Name: "mend", Body: "#selesai\nCable replaced.", Sort: sop.Public}}},
	} {
		w := newWorld(t)
		n := w.report(Mail{})
		m := row.mail
		m.Role, m.Voice, m.Proof, m.From, m.Text, m.Body = sop.RoleAgent, sop.VoiceObeyed, "pass", sop.Person{Address: andi}, text, text
		d := w.write(n, m)
		expect(t, d, sop.KindError, andi)
		if got := d.Notices[0].Buttons; !slices.Equal(got, row.want) {
			t.Errorf("%s: %+v", row.name, got)
		}
	}
}

// Words beside a reopening go out; those of a mail that leaves a rejected ticket rejected, or closes it, do not.
func TestWordsToARejectedTicket(t *testing.T) {
	for _, c := range []struct {
		name sop.CommandName
		args string
		out  bool
	}{{sop.Reopen, "", true}, {sop.Close, "double report", false}} {
		w := newWorld(t)
		w.p.Inside = nil
		n := w.report(Mail{})
		w.agent(n, andi, "", command(sop.MarkSpam, ""))
		if w.tickets[n].State != Rejected {
			t.Fatal(w.tickets[n].State)
		}
		d := w.agent(n, andi, "We look at it again.", command(c.name, c.args))
		switch {
		case c.out:
			expect(t, d, sop.KindReply, rina)
			expect(t, d, sop.KindStatus)
		default:
			expect(t, d, sop.KindReply)
			expect(t, d, sop.KindStatus, andi)
			if s := d.Notices[slices.IndexFunc(d.Notices, func(n Notice) bool { return n.Kind == sop.KindStatus })].Status; s != "unsent" {
				t.Errorf("#%s: %q", c.name, s)
			}
		}
	}
}

// A telephone report that is given to somebody at once: told once, with what was said.
func TestAReportForSomebodyIsGivenToSomebody(t *testing.T) {
	w := newWorld(t)
	d := w.write(0, Mail{Role: sop.RoleAgent, Voice: sop.VoiceNew, Proof: "pass", From: sop.Person{Address: andi}, Text: "Printer macet.", Body: "Printer macet.",
		Commands: []sop.Command{command(sop.For, rina), command(sop.Assign, sari)}})
	expect(t, d, sop.KindAssigned, sari)
	for _, n := range d.Notices {
		if n.Kind == sop.KindAssigned && (!n.Words || n.Report) {
			t.Errorf("%+v", n)
		}
	}
}
