package gateway

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"helpost/internal/config"
	"helpost/internal/sop"
	"helpost/workflow"
)

// report parts of mails that machines write.
func multipart2(report, first, kind, second string) (header []string, body string) {
	return []string{"MIME-Version: 1.0", "Content-Type: multipart/report; report-type=" + report + "; boundary=\"m\""},
		"--m\r\nContent-Type: text/plain\r\n\r\n" + first + "\r\n--m\r\nContent-Type: " + kind + "\r\n\r\n" + second + "\r\n--m--\r\n"
}

func rawOf(from, subject, id string, header []string, body string) string {
	return fmt.Sprintf("From: <%s>\r\nTo: <helpdesk@company.com>\r\nSubject: %s\r\nMessage-ID: %s\r\n%s\r\n\r\n%s", from, subject, id, strings.Join(header, "\r\n"), body)
}

// No automatic answer goes to a machine, whatever its mail becomes (RFC 3834 §2).
func TestAMachineIsNotAnswered(t *testing.T) {
	mdn, mdnBody := multipart2("disposition-notification", "Your message was read.", "message/disposition-notification", "Final-Recipient: rfc822;"+budi+"\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n")
	for _, c := range []struct {
		name   string
		in     letter
		ticket bool
	}{
		{"auto-generated", letter{header: []string{"Auto-Submitted: auto-generated"}}, true},
		{"auto-replied to nothing", letter{header: []string{"Auto-Submitted: auto-replied"}, subject: "Automatic reply: rapat", text: "Saya cuti sampai Senin.\r\n"}, false},
		{"bulk", letter{header: []string{"Precedence: bulk"}}, false},
		{"junk", letter{header: []string{"Precedence: junk"}}, false},
		{"a list", letter{header: []string{"List-Id: <all.company.com>", "List-Post: <mailto:all@company.com>"}}, false},
		{"spam", letter{header: []string{"X-Spam-Flag: YES"}}, false},
		{"a read receipt", letter{raw: rawOf(budi, "Read: Printer", "<mdn@a>", mdn, mdnBody)}, false},
		{"an accepted invitation", letter{raw: rawOf(budi, "Accepted: Rapat", "<cal@a>", []string{"MIME-Version: 1.0", "Content-Type: text/calendar; method=REPLY"}, "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nEND:VCALENDAR\r\n")}, false},
		{"the null sender", letter{mailFrom: "<>", subject: "halo"}, true},
		{"a no-reply", letter{from: "no-reply@company.com"}, true},
		{"who wants no answer", letter{header: []string{"X-Auto-Response-Suppress: All"}}, true},
		{"a foreign mark of another helpost", letter{header: []string{"X-Helpost-Notice: ack", "X-Helpost-Ticket: IT-000777"}}, true},
		{"ourselves", letter{from: helpdesk}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := open(t)
			if c.in.from == "" {
				c.in.from, c.in.name = budi, "Budi"
			}
			h.mustTake(c.in)
			if got := len(h.tickets()); (got == 1) != c.ticket {
				t.Errorf("%d tickets", got)
			}
			for _, n := range h.sent("", "") {
				if !h.policy.OnDesk(n.To) {
					t.Errorf("%s to %s", n.Kind, n.To)
				}
			}
		})
	}
	h := open(t)
	h.report(letter{from: budi, name: "Budi", header: []string{"Auto-Submitted: no"}})
	h.only(sop.KindAck, budi)
}

// Automatic mail on a ticket changes no state, clock or owner.
func TestAutomaticMailChangesNothing(t *testing.T) {
	for _, c := range []struct {
		header []string
		kept   bool
	}{
		{[]string{"Auto-Submitted: auto-replied"}, true},
		{[]string{"Auto-Submitted: auto-generated"}, true},
		{[]string{"Precedence: bulk"}, true},
		{[]string{"X-Spam-Flag: YES"}, false},
	} {
		h := open(t)
		ticket, _ := h.reported("<satu@a>")
		h.mustTake(h.only(sop.KindNew, andi).answer(andi, "#selesai\r\nSudah."))
		before := h.ticket(ticket.Number)
		l := h.only(sop.KindResolved, rina).answer(rina, "BELUM, YA, masih rusak")
		l.header = append(l.header, c.header...)
		h.mustTake(l)
		after := h.ticket(ticket.Number)
		if after.State != before.State || after.Disputes != 0 || after.Assignee != before.Assignee || !after.Validation.CloseAt.Equal(*before.Validation.CloseAt) {
			t.Errorf("%v: %s, %d disputes", c.header, after.State, after.Disputes)
		}
		if (after.Messages > before.Messages) != c.kept {
			t.Errorf("%v: kept is %v", c.header, !c.kept)
		}
	}
}

// Our own mail that comes back is known by its Message-ID, though every mark was taken off.
func TestOurOwnMailComesBack(t *testing.T) {
	h := open(t)
	ticket, ack := h.reported("<satu@a>")
	bare := regexp.MustCompile(`(?im)^(auto-submitted|x-[a-z-]+|from):[^\n]*\n(\s[^\n]*\n)*`).ReplaceAllString(string(ack.raw), "")
	before := h.size()
	for _, from := range []string{"helpdesk@company.com", budi, rina} {
		for _, to := range []string{helpdesk, ack.reply(), ack.From} {
			h.mustTake(letter{mailFrom: from, rcpt: []string{to}, proof: "none", raw: "From: <" + from + ">\r\nX-Way: " + to + "\r\n" + bare})
		}
	}
	if h.size() != before || h.ticket(ticket.Number).Messages != 1 {
		t.Fatalf("it did something: %s, before %s", h.size(), before)
	}
	if got := h.outcomes(ack.MessageID); !slices.Contains(got, "dropped") {
		t.Fatalf("traced as %v", got)
	}
}

// The ceiling holds acknowledgements back and nothing that people wait for; an hour later it begins anew.
func TestTheCeiling(t *testing.T) {
	h := open(t, func(h *house) { h.policy.PerAddressHour = 2 })
	for i := range 4 {
		h.report(letter{subject: fmt.Sprint("laporan ", i)})
	}
	if got := h.kinds(rina); len(got) != 2 {
		t.Fatalf("the writer got %v", got)
	}
	for _, n := range h.sent(sop.KindNew, andi) {
		h.mustTake(n.answer(andi, "#selesai\r\nSudah."))
	}
	if got := len(h.sent(sop.KindResolved, rina)); got != 4 {
		t.Fatalf("%d of 4 fixes were told", got)
	}
	h.report(letter{from: budi, name: "Budi"})
	h.only(sop.KindAck, budi)
	h.pass(time.Hour)
	h.report(letter{subject: "laporan lagi"})
	if got := len(h.sent(sop.KindAck, rina)); got != 3 {
		t.Fatalf("%d acknowledgements after an hour", got)
	}
}

// One mail that makes two tickets is answered twice, and both answers count.
func TestTheCeilingCountsEachAnswerToOneMail(t *testing.T) {
	h := open(t, func(h *house) { h.policy.PerAddressHour = 2 })
	_, a := h.reported("<a@a>")
	_, b := h.reported("<b@a>")
	for _, n := range h.sent(sop.KindNew, andi) {
		h.mustTake(n.answer(andi, "#tutup selesai"))
	}
	h.pass(h.policy.ReopenWindow + time.Hour)
	h.mustTake(letter{rcpt: []string{a.reply(), b.reply()}, text: complete + "Rusak lagi hari ini.\r\n"})
	h.report(letter{subject: "yang ketiga"})
	if got := len(h.tickets()); got != 5 {
		t.Fatalf("%d tickets", got)
	}
	if got := len(h.sent(sop.KindAck, rina)); got != 4 {
		t.Fatalf("%d acknowledgements, want two in each hour", got)
	}
}

// Two desks that write to each other, each a machine of the worst kind: no mark, a new Message-ID each time.
func TestTwoDesksDoNotTalkForEver(t *testing.T) {
	h := open(t, func(h *house) { h.policy.PerAddressHour = 10 })
	const other = "helpdesk@mitra.company.com"
	h.people.known[other] = sop.Person{Address: other, Name: "Meja Mitra"}
	h.build()
	h.report(letter{from: other})
	for i := range 40 {
		if len(h.sent("", other)) <= i {
			break
		}
		h.mustTake(letter{from: other, subject: "Tiket diterima", text: fmt.Sprintf("Divisi: Umum\r\n\r\nLaporan Anda kami terima, nomor %d.\r\n", i)})
	}
	if got := len(h.sent("", other)); got > 10 {
		t.Fatalf("%d mails went to the other desk", got)
	}
}

// unnamed takes out of a bounce what came back.
func unnamed(l letter) letter {
	report, _, _ := strings.Cut(l.raw, "--dsn\r\nContent-Type: text/rfc822-headers")
	l.raw = report + "--dsn--\r\n"
	return l
}

// A delivery that failed reaches the desk, where it is proven that the mail was ours and whom it was for.
func TestABounce(t *testing.T) {
	for _, c := range []struct {
		name   string
		in     func(h *house, ack notice) letter
		proven bool
	}{
		{"to the bounce token", func(_ *house, ack notice) letter { return ack.bounce(rina) }, true},
		{"to the plain address", func(_ *house, ack notice) letter { return bounce(helpdesk, rina, ack.MessageID) }, true},
		{"to the bounce token, naming no mail", func(_ *house, ack notice) letter { return unnamed(ack.bounce(rina)) }, true},
		{"to the plain address, naming no mail", func(_ *house, ack notice) letter { return unnamed(bounce(helpdesk, rina, ack.MessageID)) }, false},
		{"to an answer's token, naming no mail", func(_ *house, ack notice) letter { return unnamed(bounce(ack.reply(), rina, ack.MessageID)) }, false},
		{"to the bounce token, naming no mail, for somebody else", func(_ *house, ack notice) letter { return unnamed(ack.bounce(budi)) }, false},
		{"of a mail that is not ours", func(*house, notice) letter { return bounce(helpdesk, rina, "<apa.1-0-x@company.com>") }, false},
		{"with a token that does not hold", func(_ *house, ack notice) letter {
			return bounce(helpdesk, rina, "<"+strings.Repeat("a", 32)+"."+strings.SplitN(ack.MessageID, ".", 2)[1])
		}, false},
		{"with another receiver's token", func(h *house, ack notice) letter {
			theirs, _, _ := strings.Cut(h.only(sop.KindNew, andi).MessageID, ".")
			return bounce(ack.From, rina, theirs+"."+strings.SplitN(ack.MessageID, ".", 2)[1])
		}, false},
		{"for somebody whom we did not write to", func(_ *house, ack notice) letter { return ack.bounce(budi) }, false},
		{"by the one whom it did not reach", func(_ *house, ack notice) letter {
			in := ack.bounce(rina)
			in.from, in.mailFrom, in.proof = rina, rina, "pass"
			in.raw = strings.Replace(in.raw, "mailer-daemon@mx.example", rina, 1)
			return in
		}, false},
		{"by the one whom it did not reach, under another name", func(_ *house, ack notice) letter {
			in := ack.bounce(rina)
			in.mailFrom = rina
			return in
		}, false},
		{"for a notice that was never sent", func(_ *house, ack notice) letter {
			return bounce(ack.From, rina, strings.Replace(ack.MessageID, ".2-0-", ".9-0-", 1))
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := open(t)
			ticket, ack := h.reported("<satu@a>")
			before := h.ticket(ticket.Number)
			in := c.in(h, ack)
			h.mustTake(in)
			told := h.sent(sop.KindUndeliverable, "")
			if (len(told) > 0) != c.proven {
				t.Fatalf("the desk was told %v", h.kinds(""))
			}
			for _, n := range told {
				if !h.policy.OnDesk(n.To) || !strings.Contains(n.text, rina) || !strings.Contains(n.text, "550 5.1.1 User unknown") {
					t.Fatalf("%s was told:\n%s", n.To, n.text)
				}
			}
			if len(h.tickets()) != 1 || len(h.sent("", "mailer-daemon@mx.example")) != 0 || h.ticket(ticket.Number).State != before.State {
				t.Fatal("it did more")
			}
			h.mustTake(in) // the same report once more, and that of another server on the way
			in.raw = strings.Replace(in.raw, "@mx.example>", "@mx2.example>", 1)
			h.mustTake(in)
			if got := len(h.sent(sop.KindUndeliverable, "")); got != len(told) {
				t.Fatalf("told %d times", got)
			}
		})
	}
}

// An answer that did not arrive is none: the response clock runs on, and silence closes nothing.
func TestAnAnswerThatDidNotArrive(t *testing.T) {
	h := open(t)
	ticket, _ := h.reported("<satu@a>")
	h.mustTake(h.only(sop.KindNew, andi).answer(andi, "Kami cek."))
	if h.ticket(ticket.Number).RespondedAt == nil {
		t.Fatal("not answered")
	}
	h.mustTake(h.only(sop.KindReply, rina).bounce(rina))
	if h.ticket(ticket.Number).RespondedAt != nil {
		t.Fatal("it counts as answered")
	}
	h.only(sop.KindUndeliverable, andi)
	for _, of := range []string{h.only(sop.KindReply, rina).MessageID, rina} { // whoever asks after it finds that it came back
		if got := h.outcomes(of); !slices.Contains(got, "bounced") {
			t.Fatalf("traces of %s: %v", of, got)
		}
	}
	h.mustTake(h.only(sop.KindNew, andi).answer(andi, "#selesai\r\nSudah."))
	h.mustTake(h.only(sop.KindResolved, rina).bounce(rina))
	h.pass(48 * time.Hour)
	if got := h.ticket(ticket.Number).State; got != workflow.Resolved {
		t.Fatalf("silence of somebody who was not reached made it %s", got)
	}
}

// The mailer's word that a notice failed for good: the row leaves, the desk is told, never the one who was not reached, and
// a notice about a notice makes no third.
func TestUndelivered(t *testing.T) {
	for _, c := range []struct {
		name     string
		kind     sop.Kind
		to       string
		assigned bool
		told     []string
	}{
		{"an acknowledgement", sop.KindAck, rina, false, []string{andi, rudi}},
		{"the assignee is told", sop.KindAck, rina, true, []string{rudi}},
		{"to a member of the team", sop.KindNew, andi, false, []string{rudi}},
		{"to the assignee himself: the others of the team", sop.KindUpdate, rudi, true, []string{andi}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := open(t)
			_, ack := h.reported("<satu@a>")
			if c.assigned {
				h.mustTake(h.only(sop.KindNew, rudi).answer(rudi, "#ambil"))
				h.mustTake(ack.answer(rina, "tambahan"))
			}
			row := h.last(c.kind, c.to)
			h.undelivered(row)
			if got := len(h.sent(c.kind, c.to)); got != 0 {
				t.Fatal("the row is still there")
			}
			var told []string
			for _, n := range h.sent(sop.KindUndeliverable, "") {
				told = append(told, n.To)
			}
			slices.Sort(told)
			if !slices.Equal(told, c.told) {
				t.Fatalf("told %v, want %v", told, c.told)
			}
			before := len(h.sent("", ""))
			for _, n := range h.sent(sop.KindUndeliverable, "") {
				h.undelivered(n)
			}
			if got := len(h.sent("", "")); got != before-len(told) {
				t.Fatalf("a notice about a notice: %v", h.kinds(""))
			}
			h.mustTake(ack.answer(rina, "lagi")) // what comes later does not name what never came
			for _, n := range h.sent("", row.To) {
				if strings.Contains(n.header.Get("References"), row.MessageID) {
					t.Fatalf("%s names the mail that did not arrive", n.Kind)
				}
			}
		})
	}
}

// A monitor's reports of one subject are one ticket for a day; another subject or a day later is another.
func TestAMonitor(t *testing.T) {
	h := open(t)
	alarm := func(subject, text string) letter {
		return letter{from: "monitor@company.com", subject: subject, text: text, header: []string{"Auto-Submitted: auto-generated"}}
	}
	ticket := h.report(alarm("Disk penuh srv2", "95 persen\r\n"))
	h.mustTake(alarm("Disk penuh srv2", "96 persen\r\n"))
	h.mustTake(alarm("DISK penuh srv2", "97 persen\r\n"))
	if got := h.ticket(ticket.Number); got.Messages != 3 || len(h.tickets()) != 1 {
		t.Fatalf("%s", h.size())
	}
	h.report(alarm("Disk penuh srv3", "95 persen\r\n"))
	h.report(letter{from: "monitor2@company.com", subject: "Disk penuh srv2", text: "95 persen\r\n", header: []string{"Auto-Submitted: auto-generated"}})
	h.pass(25 * time.Hour)
	later := h.report(alarm("Disk penuh srv2", "98 persen\r\n"))
	h.mustTake(h.last(sop.KindNew, andi).answer(andi, "#tutup disk diganti"))
	h.report(alarm("Disk penuh srv2", "99 persen\r\n"))
	if got := h.ticket(later.Number).Messages; got != 1 {
		t.Fatalf("a closed ticket got %d messages", got)
	}
	if got := h.sent("", "monitor@company.com"); len(got) > 1 || len(got) == 1 && got[0].Kind != sop.KindClosed {
		t.Fatalf("the monitor was answered: %v", h.kinds("monitor@company.com"))
	}
}

// A monitor whose proof fails is one ticket all the same, but one of its own: a forged alarm hides no true one.
func TestAMonitorThatIsNotProven(t *testing.T) {
	h := open(t)
	alarm := func(proof, text string) letter {
		return letter{from: "monitor@company.com", proof: proof, subject: "Disk penuh srv2", text: text, header: []string{"Auto-Submitted: auto-generated"}}
	}
	forged := h.report(alarm("fail", "95 persen\r\n"))
	h.mustTake(alarm("fail", "96 persen\r\n"))
	if got := h.ticket(forged.Number); got.Messages != 2 || !got.Suspicious {
		t.Fatalf("%d messages, suspicious %v", got.Messages, got.Suspicious)
	}
	proven := h.report(alarm("pass", "97 persen\r\n"))
	h.mustTake(alarm("none", "98 persen\r\n"))
	if got := h.ticket(proven.Number); got.Messages != 2 || got.Suspicious {
		t.Fatalf("%d messages, suspicious %v", got.Messages, got.Suspicious)
	}
}

// A list that a mailbox is meant to be reached through brings people's mail.
func TestOurOwnList(t *testing.T) {
	h := open(t, func(h *house) {
		h.boxes = []config.Mailbox{{Address: helpdesk, Team: "desk", ListIDs: []string{"it.lists.company.com"}}}
	})
	h.report(letter{header: []string{"List-Id: IT <it.lists.company.com>"}})
	h.mustTake(letter{from: budi, header: []string{"List-Id: IT <berita.lists.company.com>"}})
	if len(h.tickets()) != 1 {
		t.Fatalf("%d tickets", len(h.tickets()))
	}
}

// An agent's absence is not passed on and marks him away: nothing new is his.
func TestAnAgentsAbsence(t *testing.T) {
	h := open(t, func(h *house) { h.policy.Teams[0].RoundRobin = true })
	first := h.report(letter{})
	away := h.only(sop.KindAssigned, first.Assignee).answer(first.Assignee, "Saya cuti sampai 20 Januari 2026.")
	away.subject, away.header = "Automatic reply: "+away.subject, append(away.header, "Auto-Submitted: auto-replied")
	h.mustTake(away)
	if h.ticket(first.Number).Messages != 1 || len(h.sent(sop.KindReply, "")) != 0 {
		t.Fatal("the absence was passed on")
	}
	if told := h.only(sop.KindStatus, sari); !strings.Contains(told.text, "IT-000001") || !strings.Contains(told.text, "21 Jan") {
		t.Fatalf("the lead is told\n%s", told.text)
	}
	away.id = "<lagi@company.com>"
	h.mustTake(away)
	h.only(sop.KindStatus, sari) // and not once more
	for range 3 {
		if got := h.report(letter{}); got.Assignee == first.Assignee {
			t.Fatal("somebody who is away got a new ticket")
		}
	}
}
