package gateway

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"helpost/internal/config"
	"helpost/internal/sop"
	"helpost/workflow"
)

// A report that lacks nothing is acknowledged; one that lacks something is asked for that, once, and an answer settles it.
func TestAReportIsAskedForWhatItLacks(t *testing.T) {
	known := map[string]sop.Person{budi: {Address: budi, Name: "Budi Santoso", Department: "Gudang"}}
	for _, c := range []struct {
		name    string
		in      letter
		missing []string
		asks    string
	}{
		{"complete", letter{}, nil, ""},
		{"no department", letter{subject: "Instalasi AutoCAD", text: "Nama: Rina\r\n\r\nMohon dipasang AutoCAD di laptop saya.\r\n"}, []string{"department"}, "(?i)divisi|departemen|bagian"},
		{"no screenshot", letter{text: "Nama: Rina\r\nDivisi: Keuangan\r\n\r\nPrinter macet, saya tidak bisa mencetak.\r\n"}, []string{"screenshot"}, "(?i)layar|screenshot"},
		{"no name", letter{from: tono, subject: "Instalasi AutoCAD", text: "Divisi: Keuangan\r\n\r\nMohon dipasang AutoCAD di laptop saya.\r\n"}, []string{"name"}, "(?i)nama"},
		{"the directory knows", letter{from: budi, subject: "Instalasi AutoCAD", text: "Mohon dipasang AutoCAD di laptop saya.\r\n"}, nil, ""},
		{"above P3 no screenshot is asked for", letter{text: "Divisi: Keuangan\r\n\r\nEmail mati di semua cabang, semua orang tidak bisa bekerja sama sekali.\r\n"}, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := open(t, func(h *house) { h.people = people{listed: true, known: known} })
			ticket := h.report(c.in)
			if !slices.Equal(ticket.Missing, c.missing) {
				t.Fatalf("missing %v, want %v", ticket.Missing, c.missing)
			}
			kind := sop.KindAck
			if len(c.missing) > 0 {
				kind = sop.KindMissing
			}
			n := h.only(kind, ticket.Reporter.Address)
			if got := h.kinds(ticket.Reporter.Address); len(got) != 1 {
				t.Fatalf("the writer got %v", got)
			}
			if c.asks != "" && !regexp.MustCompile(c.asks).MatchString(n.text) {
				t.Fatalf("the notice does not ask for it:\n%s", n.text)
			}
		})
	}
}

func TestWhatWasMissingIsFilledIn(t *testing.T) {
	for _, c := range []struct {
		name, text string
		files      []file
		left       []string
	}{
		{"department", "Divisi: Keuangan", nil, []string{"screenshot"}},
		{"there is none", "tidak ada tangkapan layarnya", nil, []string{"department"}},
		{"a picture", "ini gambarnya", []file{{name: "layar.png", contentType: "image/png", data: picture(40, 1)}}, []string{"department"}},
		{"all of it", "Divisi: Keuangan\r\nini gambarnya", []file{{name: "layar.png", contentType: "image/png", data: picture(40, 1)}}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := open(t)
			ticket := h.report(letter{text: "Nama: Rina\r\n\r\nPrinter macet, saya tidak bisa mencetak.\r\n"})
			ask := h.only(sop.KindMissing, rina)
			reply := ask.answer(rina, c.text)
			reply.files = c.files
			h.mustTake(reply)
			after := h.ticket(ticket.Number)
			if !slices.Equal(after.Missing, c.left) {
				t.Fatalf("still missing %v, want %v", after.Missing, c.left)
			}
			if got := h.kinds(rina); len(got) != 1 {
				t.Fatalf("asked again: %v", got)
			}
			if len(h.messages(ticket.Number)) != 2 || h.last(sop.KindUpdate, andi).Ticket != ticket.Number {
				t.Fatal("the answer did not reach the desk")
			}
		})
	}
}

// What somebody said of himself once is not asked for again.
func TestWhatIsKnownIsNotAskedAgain(t *testing.T) {
	h := open(t)
	h.report(letter{})
	again := h.report(letter{subject: "Instalasi AutoCAD", text: "Mohon dipasang AutoCAD di laptop saya.\r\n"})
	if len(again.Missing) > 0 || again.Reporter.Department != "Keuangan" {
		t.Fatalf("missing %v, department %q", again.Missing, again.Reporter.Department)
	}
}

func TestANoticeIsInTheReadersLanguage(t *testing.T) {
	english := "Name: Rina Wijaya\r\nDepartment: Finance\r\n\r\nThe printer on the third floor is jammed and I cannot print my documents. There is no screenshot.\r\n"
	for _, c := range []struct {
		name string
		lang sop.Lang // of the directory
		text string
		want string
	}{
		{"Indonesian", "", complete, `(?i)\b(laporan|anda|kami)\b`},
		{"English", "", english, `(?i)\b(your|we|report)\b`},
		{"the directory goes first", sop.English, complete, `(?i)\b(your|we|report)\b`},
		{"the directory goes first, too", sop.Indonesian, english, `(?i)\b(laporan|anda|kami)\b`},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := open(t, func(h *house) {
				if c.lang != "" {
					h.people.known[rina] = sop.Person{Address: rina, Lang: c.lang}
				}
			})
			h.report(letter{text: c.text})
			own, _, _ := strings.Cut(h.only(sop.KindAck, rina).text, "\n>")
			if !regexp.MustCompile(c.want).MatchString(own) {
				t.Fatalf("not in that language:\n%s", own)
			}
		})
	}
}

// The same mail again makes nothing.
func TestTheSameMailAgain(t *testing.T) {
	h := open(t)
	for _, c := range []struct {
		name  string
		one   letter
		again letter
		same  bool
	}{
		{"to the letter", letter{id: "<satu@a>"}, letter{id: "<satu@a>"}, true},
		{"by another way", letter{id: "<dua@a>"}, letter{id: "<dua@a>", header: []string{"X-Scanned: yes", "Received: from x by y"}}, true},
		{"without a Message-ID", letter{id: "-", subject: "tiga"}, letter{id: "-", subject: "tiga", header: nil}, true},
		{"another subject, no Message-ID", letter{id: "-", subject: "empat"}, letter{id: "-", subject: "lima"}, false},
		{"another sender, the same Message-ID", letter{id: "<enam@a>"}, letter{id: "<enam@a>", from: budi, name: "Budi"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			first := h.report(c.one)
			sent := len(h.sent("", ""))
			if !c.same {
				h.report(c.again)
				return
			}
			h.mustTake(c.again)
			if got := h.tickets(); got[len(got)-1].Number != first.Number || len(h.messages(first.Number)) != 1 || len(h.sent("", "")) != sent {
				t.Fatal("the repeat did something")
			}
			if next := h.report(letter{subject: "berikutnya"}); next.Number != first.Number+1 {
				t.Errorf("the ticket after %d is %d: the repeat took a number", first.Number, next.Number)
			}
			if c.one.id != "-" && !slices.Equal(h.outcomes(c.one.id), []string{"ticket", "duplicate"}) {
				t.Fatalf("traced as %v", h.outcomes(c.one.id))
			}
		})
	}
}

func TestTraceFieldsDoNotMakeAnotherMail(t *testing.T) {
	h := open(t)
	in := letter{id: "-"}
	first := h.received(in)
	again := first
	again.Data = append([]byte("Received: from a by b;\r\n\tMon, 12 Jan 2026 09:00:00 +0700\r\nDelivered-To: helpdesk@company.com\r\n"), first.Data...)
	for _, m := range []Received{first, again} {
		if _, err := h.g.Take(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(h.tickets()); got != 1 {
		t.Fatalf("%d tickets", got)
	}
}

func TestTheSameMessageIDWithAnotherBodyIsOneMoreMessage(t *testing.T) {
	h := open(t)
	ticket := h.report(letter{id: "<satu@a>"})
	h.mustTake(letter{id: "<satu@a>", text: "Divisi: Keuangan\r\n\r\nScanner juga macet.\r\n"})
	if len(h.tickets()) != 1 || len(h.messages(ticket.Number)) != 2 || len(h.sent(sop.KindAck, rina)) != 1 {
		t.Fatalf("%d tickets, %d messages, %v", len(h.tickets()), len(h.messages(ticket.Number)), h.kinds(rina))
	}
}

func TestTheSameMailAtOnceIsOneTicket(t *testing.T) {
	h := open(t)
	m := h.received(letter{})
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if _, err := h.g.Take(t.Context(), m); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if got := h.tickets(); len(got) != 1 || got[0].Messages != 1 {
		t.Fatalf("%d tickets", len(got))
	}
	if got := h.kinds(rina); len(got) != 1 {
		t.Fatalf("the writer got %v", got)
	}
}

// Many answers to one ticket at once are all there.
func TestMailsOnOneTicketAtOnceAreAllThere(t *testing.T) {
	h := open(t)
	ticket := h.report(letter{})
	ack := h.only(sop.KindAck, rina)
	var wait sync.WaitGroup
	for i := range 8 {
		m := h.received(ack.answer(rina, fmt.Sprintf("tambahan %d", i)))
		wait.Go(func() {
			if _, err := h.g.Take(t.Context(), m); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	got := ""
	for _, m := range h.messages(ticket.Number) {
		got += m.Text + "\n"
	}
	for i := range 8 {
		if strings.Count(got, fmt.Sprintf("tambahan %d", i)) != 1 {
			t.Fatalf("answer %d is not there once:\n%s", i, got)
		}
	}
}

func TestOneMailToSeveralOfOurAddressesIsOneTicket(t *testing.T) {
	h := open(t, func(h *house) {
		h.boxes = []config.Mailbox{{Address: helpdesk, Aliases: []string{"it@company.com"}, Team: "desk"}, {Address: "hr@company.com", Team: "desk"}}
	})
	h.report(letter{rcpt: []string{helpdesk, "HelpDesk@Company.com", "it@company.com", "hr@company.com"}})
	if got := h.kinds(rina); len(got) != 1 {
		t.Fatalf("the writer got %v", got)
	}
}

// Every mailbox answers from its own address, and its tickets belong to its team.
func TestAMailboxAnswersForItself(t *testing.T) {
	h := open(t, func(h *house) {
		h.boxes = []config.Mailbox{
			{Address: helpdesk, Aliases: []string{"it@company.com"}, Team: "desk"},
			{Address: "hr@company.com", ReplyDomain: "tiket.company.com", Team: "people"},
			{Address: "fm@company.com", ReplyStyle: "plain", Team: "people"},
		}
		h.policy.Teams = append(h.policy.Teams, h.policy.Teams[0])
		h.policy.Teams[1].Name, h.policy.Teams[1].Members = "people", []string{sari}
	})
	for _, c := range []struct{ to, from, reply, team, told string }{
		{"it@company.com", helpdesk, `^helpdesk\+[a-z2-7]{26,40}@company\.com$`, "desk", andi},
		{"hr@company.com", "hr@", `^hr\+[a-z2-7]{26,40}@tiket\.company\.com$`, "people", sari},
		{"HR@tiket.company.com", "hr@", `^hr\+[a-z2-7]{26,40}@tiket\.company\.com$`, "people", sari},
		{"fm@company.com", "fm@company.com", `^fm@company\.com$`, "people", sari},
	} {
		ticket := h.report(letter{rcpt: []string{c.to}})
		ack, told := h.last(sop.KindAck, rina), h.last(sop.KindNew, c.told)
		if ack.Ticket != ticket.Number || told.Ticket != ticket.Number || ticket.Team != c.team {
			t.Fatalf("%s: team %s", c.to, ticket.Team)
		}
		if !strings.Contains(ack.header.Get("From"), c.from) || !regexp.MustCompile(c.reply).MatchString(orWord(ack.reply(), c.to)) {
			t.Fatalf("%s: from %q, reply to %q", c.to, ack.header.Get("From"), ack.header.Get("Reply-To"))
		}
		h.mustTake(ack.answer(rina, "tambahan"))
		if got := len(h.messages(ticket.Number)); got != 2 {
			t.Fatalf("%s: the answer did not come back: %d messages", c.to, got)
		}
	}
}

func TestAFixedEnvelopeIsFixed(t *testing.T) {
	for _, fixed := range []bool{false, true} {
		h := open(t, func(h *house) { h.fixed = fixed })
		h.report(letter{})
		n := h.only(sop.KindAck, rina)
		if (n.From == helpdesk) != fixed || !fixed && !regexp.MustCompile(`^helpdesk\+[a-z2-7]{26,40}@company\.com$`).MatchString(n.From) {
			t.Fatalf("fixed %v: the envelope's sender is %q", fixed, n.From)
		}
	}
}

// A P1 is told to the lead too; the agents' notice brings the words and the files.
func TestTheDeskIsToldWithWordsAndFiles(t *testing.T) {
	h := open(t)
	shot := picture(40, 2)
	h.report(letter{text: "Divisi: Keuangan\r\n\r\nEmail mati di semua cabang, semua orang tidak bisa bekerja sama sekali.\r\n", files: []file{{name: "layar.png", contentType: "image/png", data: shot}}})
	for _, who := range []string{andi, rudi, sari} {
		n := h.only(sop.KindNew, who)
		if !strings.Contains(n.text, "Email mati di semua cabang") || string(n.files["layar.png"]) != string(shot) {
			t.Fatalf("%s lacks words or file:\n%s", who, n.text)
		}
	}
}

// Who gets a ticket later needs nothing but that mail: it carries the report, whatever was said since, which is quoted.
func TestALaterAssignmentCarriesTheReport(t *testing.T) {
	for name, c := range map[string]struct {
		command, to string
		kind        sop.Kind
	}{
		"to somebody": {"#tugaskan " + sari, sari, sop.KindAssigned},
		"to a team":   {"#tugaskan jaringan", boss, sop.KindNew},
	} {
		t.Run(name, func(t *testing.T) {
			shot := picture(40, 3)
			h := open(t, func(h *house) {
				h.policy.Teams = append(h.policy.Teams, workflow.Team{Name: "jaringan", Members: []string{boss}})
			})
			h.report(letter{text: complete + "Printer lantai tiga macet.\r\n", files: []file{{name: "layar.png", contentType: "image/png", data: shot}}})
			h.mustTake(h.only(sop.KindNew, andi).answer(andi, "Kami cek."))
			h.mustTake(h.last(sop.KindReply, rina).answer(rina, "Masih menunggu."))
			h.mustTake(h.only(sop.KindNew, andi).answer(andi, c.command))
			n := h.only(c.kind, c.to)
			if strings.Count(n.text, "Printer lantai tiga macet.") != 1 || string(n.files["layar.png"]) != string(shot) || !strings.Contains(n.text, "> Masih menunggu.") {
				t.Fatalf("%v\n%s", n.files, n.text)
			}
		})
	}
}

// A ticket that is assigned to a team goes to whose turn it is there, and takes nobody's turn elsewhere.
func TestATeamHasItsOwnTurns(t *testing.T) {
	h := open(t, func(h *house) {
		h.policy.Teams[0].RoundRobin = true
		h.policy.Teams = append(h.policy.Teams, workflow.Team{Name: "jaringan", Members: []string{sari, boss}, RoundRobin: true})
	})
	var own, other []string
	for i := range 4 {
		ticket := h.report(letter{subject: fmt.Sprint("laporan ", i)})
		own = append(own, ticket.Assignee)
		if i%2 == 0 {
			h.mustTake(h.last(sop.KindAssigned, ticket.Assignee).answer(ticket.Assignee, "#tugaskan jaringan"))
			other = append(other, h.ticket(ticket.Number).Assignee)
		}
	}
	if !slices.Equal(own, []string{andi, rudi, andi, rudi}) || !slices.Equal(other, []string{sari, boss}) {
		t.Fatalf("the turns went %v at the desk and %v in the other team", own, other)
	}
}

// Turns go round among who is there, and a machine's mail that makes no ticket takes none.
func TestTurnsGoRound(t *testing.T) {
	h := open(t, func(h *house) { h.policy.Teams[0].RoundRobin = true })
	var who []string
	for i := range 4 {
		ticket := h.report(letter{subject: fmt.Sprint("laporan ", i)})
		who = append(who, ticket.Assignee)
		h.mustTake(letter{from: "mailer-daemon@mx.example", mailFrom: "<>", proof: "none", header: []string{"Auto-Submitted: auto-replied"}, subject: "Automatic reply: away"})
	}
	if who[0] == who[1] || who[0] != who[2] || who[1] != who[3] {
		t.Fatalf("the turns went %v", who)
	}
}
