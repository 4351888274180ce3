package peers

import (
	"slices"
	"strings"
	"testing"
)

// bounced reports from a mailbox that is gone by the time of the first answer.
func bounced(t *testing.T, w *world) {
	raw, _ := draft{from: lost, name: "Budi Santoso", to: helpdesk, subject: "VPN putus", text: "Divisi: Pajak\n\nVPN saya putus sejak pagi, saya pakai hotspot dulu."}.raw()
	w.arrive(t, lost, helpdesk, raw)
	one := w.reported(t, lost, "VPN putus")
	assigned := w.await(t, andi, one.ID, "assigned", "new")
	told := w.await(t, andi, one.ID, "undeliverable") // the acknowledgement
	if !strings.Contains(told.text, lost) || !strings.Contains(told.text, "User doesn't exist") {
		t.Errorf("the agent is not told who was not reached, and why:\n%s", told.text)
	}

	w.send(t, reply(t, assigned, andi, "#ambil\nPak Budi, coba sambungkan lagi sekarang."))
	w.becomes(t, one.ID, "has the answer", func(got ticket) bool { _, ok := got.said("coba sambungkan lagi"); return ok })
	told = w.await(t, andi, one.ID, "undeliverable")
	if !strings.Contains(told.text, "coba sambungkan lagi") {
		t.Errorf("the agent is not told which words did not arrive:\n%s", told.text)
	}
	got := w.becomes(t, one.ID, "is unanswered again", func(got ticket) bool { return got.RespondedAt == nil })
	if got.Assignee == nil || *got.Assignee != andi {
		t.Errorf("the ticket lost its agent: %+v", got)
	}
	w.settled(t)
	if all := w.tickets(t, "mailer-daemon@mx.company.com"); len(all) > 0 || len(w.tickets(t, lost)) != 1 {
		t.Errorf("a bounce became a ticket: %+v", all)
	}
	if log := w.postfixLog(t); strings.Contains(log, "mail forwarding loop") {
		t.Error("Postfix saw a loop")
	}
}

// looped sends back what helpost has sent, as broken forwards and vacation programs do.
func looped(t *testing.T, w *world) {
	w.settled(t)
	tickets, letters := len(w.tickets(t, "")), w.count(t)
	var ack *letter
	for _, l := range w.look(t, rina) {
		if l.kind() == "ack" {
			ack = l
		}
	}
	if ack == nil {
		t.Fatal("Rina has no acknowledgement to send back")
	}
	for _, from := range []string{"<>", rina} {
		before := len(w.traced(t, ack.messageID()))
		w.arrive(t, from, helpdesk, ack.raw)
		eventually(t, "the acknowledgement has come back", func() bool { return len(w.traced(t, ack.messageID())) > before })
	}
	vacation := reply(t, ack, rina, "Saya cuti sampai Senin.")
	vacation.fields = "Auto-Submitted: auto-replied\r\n"
	for _, to := range []string{vacation.to, strings.Trim(ack.get("Return-Path"), "<>")} {
		raw, id := vacation.raw()
		w.arrive(t, "<>", to, raw)
		eventually(t, "the vacation's answer has come", func() bool { return len(w.traced(t, id)) > 0 })
		if became := w.traced(t, id); slices.Contains(became, "ticket") {
			t.Errorf("a vacation's answer became %v", became)
		}
	}
	w.settled(t)
	if n := len(w.tickets(t, "")); n != tickets {
		t.Errorf("%d tickets before, %d after", tickets, n)
	}
	if n := w.count(t); n != letters {
		t.Errorf("%d mails in the mailboxes before, %d after", letters, n)
	}
}

// count counts the mails in all mailboxes.
func (w *world) count(t *testing.T) (n int) {
	t.Helper()
	for _, name := range []string{rina, james, andi} {
		n += len(w.look(t, name))
	}
	return n
}
