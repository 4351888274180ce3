package gateway

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"helpost/internal/sop"
	"helpost/smtpd"
	"helpost/workflow"
)

// Who may not report: refused on a direct connection, in quarantine where a refusal would come back to somebody else.
func TestAnOutsiderMakesNoTicket(t *testing.T) {
	h := open(t)
	if kind := kindOf(t, h.take(letter{from: outsider, direct: true, id: "<langsung@luar>"})); kind != smtpd.Refused {
		t.Errorf("a direct outsider is answered with kind %d", kind)
	}
	h.mustTake(letter{from: outsider, id: "<relai@luar>", subject: "Penawaran"})
	if got := h.size(); got != "0 tickets, 0 messages, 0 events, 0 notices, 1 in quarantine" {
		t.Fatal(got)
	}
	if err := h.g.Note(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := h.outcomes("<langsung@luar>"); !slices.Equal(got, []string{"refused"}) {
		t.Errorf("the refused one is traced as %v", got)
	}
	if got := h.outcomes("<relai@luar>"); !slices.Equal(got, []string{"quarantined"}) {
		t.Errorf("the quarantined one is traced as %v", got)
	}
	h.mustTake(letter{from: outsider, id: "<relai@luar>", subject: "Penawaran"})
	if len(h.quarantined()) != 1 {
		t.Error("its repeat is in quarantine a second time")
	}
}

func TestAReleasedMailIsATicket(t *testing.T) {
	for _, size := range []int{0, 100_000} {
		h := open(t)
		in := letter{from: outsider, id: "<relai@luar>", subject: "Penawaran", text: complete + strings.Repeat("kata demi kata\r\n", size/16)}
		h.mustTake(in)
		id := h.quarantined()[0].ID
		became, err := h.g.Release(t.Context(), id)
		if err != nil || became != "IT-000001" {
			t.Fatalf("%q, %v", became, err)
		}
		if got := h.tickets(); len(got) != 1 || got[0].Reporter.Address != outsider || len(h.quarantined()) != 0 {
			t.Fatalf("%d tickets, %d in quarantine", len(got), len(h.quarantined()))
		}
		h.only(sop.KindNew, andi)
		if _, err := h.g.Release(t.Context(), id); err == nil {
			t.Fatal("released twice")
		}
		h.mustTake(in) // the same mail once more
		if len(h.tickets()) != 1 || len(h.quarantined()) != 0 {
			t.Fatal("its repeat did something")
		}
		// he is the reporter of his ticket, and is heard there by its token
		h.mustTake(h.only(sop.KindNew, andi).answer(andi, "Kami cek."))
		h.mustTake(h.only(sop.KindReply, outsider).answer(outsider, "baik"))
		if got := h.messages(1); len(got) != 3 || got[2].Kind != "comment" {
			t.Fatalf("%d messages", len(got))
		}
	}
}

// Without exactly one readable From, MAIL FROM stands in where it may report: suspicious; else it is quarantine.
func TestWithoutOneReadableFrom(t *testing.T) {
	heads := map[string]string{
		"no From":            "",
		"two addresses":      "From: Rina <rina@company.com>, Andi <andi@company.com>\r\n",
		"two From fields":    "From: Andi <andi@company.com>\r\nFrom: Rina <rina@company.com>\r\n",
		"an unreadable From": "From: <<>>@@\r\n",
	}
	for name, head := range heads {
		for _, c := range []struct {
			mailFrom string
			direct   bool
			ticket   bool
		}{{rina, false, true}, {rina, true, true}, {outsider, false, false}, {outsider, true, false}, {"<>", false, false}} {
			t.Run(fmt.Sprintf("%s, MAIL FROM %s, direct %v", name, c.mailFrom, c.direct), func(t *testing.T) {
				h := open(t)
				in := letter{mailFrom: c.mailFrom, direct: c.direct, proof: "none", raw: head + "To: <helpdesk@company.com>\r\nSubject: x\r\nMessage-ID: <satu@a>\r\n\r\n#tutup\r\nDivisi: Gudang\r\n\r\nPrinter macet.\r\n"}
				h.mustTake(in)
				all := h.tickets()
				if (len(all) == 1) != c.ticket || (len(h.quarantined()) == 1) == c.ticket {
					t.Fatalf("%d tickets, %d in quarantine", len(all), len(h.quarantined()))
				}
				if c.ticket && (!all[0].Suspicious || all[0].Reporter.Address != rina || len(h.sent(sop.KindAck, "")) > 0 && !all[0].Suspicious) {
					t.Fatalf("suspicious %v, reporter %s", all[0].Suspicious, all[0].Reporter.Address)
				}
			})
		}
	}
}

// Words of whom MAIL FROM stands in for join their ticket by its token, and mark it.
func TestStoodInWordsMarkTheirTicket(t *testing.T) {
	h := open(t)
	h.report(letter{})
	to := h.only(sop.KindAck, rina).reply()
	h.mustTake(letter{mailFrom: rina, proof: "none", rcpt: []string{to}, raw: "From: Rina <rina@company.com>, Budi <budi@company.com>\r\nSubject: x\r\nMessage-ID: <satu@a>\r\n\r\nMasih macet.\r\n"})
	if got := h.messages(1); len(got) != 2 || !got[1].Marked || !h.ticket(1).Suspicious {
		t.Fatalf("%d messages, suspicious %v", len(got), h.ticket(1).Suspicious)
	}
}

// The proof of a report: what is refuted is a marked ticket of P3 that nobody answers; an agent's word frees it.
func TestTheProofOfAReport(t *testing.T) {
	critical := "Divisi: Keuangan\r\n\r\nEmail mati di semua cabang, semua orang tidak bisa bekerja sama sekali.\r\n"
	for _, c := range []struct {
		proof    string
		mailFrom string
		marked   bool
		answered bool
		want     sop.Priority
	}{
		{"pass", rina, false, true, sop.P1},
		{"pass", "relai@company.com", false, true, sop.P1},
		{"none", rina, false, true, sop.P1},
		{"none", "lain@company.com", false, false, sop.P1},
		{"pass", "<>", false, false, sop.P1},
		{"fail", rina, true, false, sop.P3},
	} {
		h := open(t)
		ticket := h.report(letter{proof: c.proof, mailFrom: c.mailFrom, text: critical})
		if ticket.Suspicious != c.marked || ticket.Priority != c.want || (len(h.sent("", rina)) == 1) != c.answered {
			t.Errorf("proof %s, MAIL FROM %s: suspicious %v, %s, the writer got %v", c.proof, c.mailFrom, ticket.Suspicious, ticket.Priority, h.kinds(rina))
		}
		h.mustTake(h.last(sop.KindNew, andi).answer(andi, "#prioritas p1"))
		if got := h.ticket(ticket.Number).Priority; got != sop.P1 {
			t.Errorf("an agent's word left it at %s", got)
		}
	}
}

// A stranger with a token is shown to the desk and to nobody else; his objection holds the closing, his YA closes nothing.
func TestAStrangersWords(t *testing.T) {
	for _, c := range []struct {
		name, from, proof, says string
		held                    bool
	}{
		{"a stranger confirms", budi, "pass", "YA " + foreign, false},
		{"a stranger disputes", budi, "pass", "BELUM, masih rusak. " + foreign, true},
		{"an outsider disputes", outsider, "none", "BELUM, masih rusak. " + foreign, true},
		{"somebody in the reporter's name disputes", rina, "fail", "BELUM, masih rusak.", true},
		{"somebody in the reporter's name confirms", rina, "fail", "YA", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := open(t)
			ticket, _ := h.reported("<satu@a>")
			h.mustTake(h.only(sop.KindNew, andi).answer(andi, "#selesai\r\nSudah."))
			l := h.only(sop.KindResolved, rina).answer(c.from, c.says)
			l.proof = c.proof
			h.mustTake(l)
			if got := h.ticket(ticket.Number); got.State != workflow.Resolved || (got.Validation.Held != "") != c.held || got.Disputes != 0 {
				t.Fatalf("%s, held %q", got.State, got.Validation.Held)
			}
			if n := h.last(sop.KindUpdate, andi); !strings.Contains(n.text, strings.Fields(c.says)[0]) || len(h.sent("", c.from)) != 0 && c.from != rina {
				t.Fatal("not shown to the desk, or answered")
			}
			h.pass(25 * 3600e9)
			if got := h.ticket(ticket.Number).State; (got == workflow.Resolved) != c.held {
				t.Fatalf("after a day it is %s", got)
			}
			if c.held {
				h.mustTake(h.last(sop.KindUpdate, andi).answer(andi, "Kami sudah periksa lagi."))
				h.pass(25 * 3600e9)
				if got := h.ticket(ticket.Number).State; got != workflow.Closed {
					t.Fatalf("an agent acted, a day passed, and it is %s", got)
				}
			}
		})
	}
}

// A mail in an agent's name that is not proven is obeyed in nothing; the real agent is told once an hour.
func TestAMailInAnAgentsName(t *testing.T) {
	h := open(t)
	ticket, _ := h.reported("<satu@a>")
	told := h.only(sop.KindNew, andi)
	for _, proof := range []string{"none", "fail", "none"} {
		l := told.answer(andi, "#tutup selesai\r\n#prioritas p1\r\nSilakan buka tautan ini. "+foreign)
		l.proof = proof
		h.mustTake(l)
	}
	got := h.ticket(ticket.Number)
	if got.State != workflow.New || got.Priority != sop.P3 || got.Assignee != "" || !got.Suspicious || got.RespondedAt != nil {
		t.Fatalf("obeyed: %s %s %q", got.State, got.Priority, got.Assignee)
	}
	h.only(sop.KindStatus, andi)
	if len(h.messages(ticket.Number)) != 4 || len(h.sent(sop.KindReply, "")) != 0 {
		t.Fatal("not kept, or sent on")
	}
	h.mustTake(told.answer(andi, "Kami cek.")) // the real one: what is quoted is not the forger's
	h.only(sop.KindReply, rina)
}

// A sender whom an agent has called spam is refused from then on, until the ticket is opened again.
func TestABlockedSender(t *testing.T) {
	const vendor = "jual@mitra.example"
	h := open(t, func(h *house) { h.people.known[vendor] = sop.Person{Address: vendor} })
	ticket := h.report(letter{from: vendor})
	new := h.only(sop.KindNew, andi)
	h.mustTake(new.answer(andi, "#spam"))
	if h.ticket(ticket.Number).State != workflow.Rejected {
		t.Fatal("not rejected")
	}
	if kind := kindOf(t, h.take(letter{from: vendor, direct: true})); kind != smtpd.Refused {
		t.Errorf("directly: kind %d", kind)
	}
	h.mustTake(letter{from: vendor, subject: "lagi"})
	h.mustTake(h.only(sop.KindAck, vendor).answer(vendor, "lagi"))
	if len(h.tickets()) != 1 || len(h.quarantined()) != 2 || len(h.messages(ticket.Number)) != 1 {
		t.Fatalf("%s", h.size())
	}
	h.mustTake(new.answer(andi, "#buka"))
	h.report(letter{from: vendor, subject: "sekali lagi"})

	own := h.report(letter{})
	h.mustTake(h.last(sop.KindNew, andi).answer(andi, "#spam"))
	h.only(sop.KindError, andi)
	if h.ticket(own.Number).State == workflow.Rejected {
		t.Error("a colleague was called spam")
	}
}

// Whom we take mail for.
func TestRecipients(t *testing.T) {
	h := open(t)
	for to, want := range map[string]int{
		helpdesk: -1, "HelpDesk@COMPANY.com": -1, "helpdesk+apa@company.com": -1,
		"tidakada@company.com": int(smtpd.Unknown), "x@gmail.example": int(smtpd.NoRelay), "helpdesk@company.com.evil.example": int(smtpd.NoRelay),
		"helpdesk%gmail.example@company.com": int(smtpd.NoRelay), `"x@gmail.example"@company.com`: int(smtpd.NoRelay), "x@gmail.example@company.com": int(smtpd.NoRelay),
		"gmail.example!x@company.com": int(smtpd.NoRelay), "": int(smtpd.NoRelay), "helpdesk": int(smtpd.NoRelay),
	} {
		err := h.g.Rcpt(t.Context(), smtpd.Envelope{}, to)
		if got := -1; err != nil {
			if got = int(kindOf(t, err)); got != want {
				t.Errorf("%q: kind %d, want %d", to, got, want)
			}
		} else if want != -1 {
			t.Errorf("%q is taken", to)
		}
	}
}

// Colleagues in To and Cc of a first mail watch.
func TestWatchers(t *testing.T) {
	var crowd []string
	for i := range 11 {
		crowd = append(crowd, fmt.Sprintf("kolega%d@company.com", i))
	}
	cc := func(all ...string) letter { return letter{header: []string{"Cc: " + strings.Join(all, ",\r\n ")}} }
	for _, c := range []struct {
		name   string
		listed bool
		in     letter
		want   []string
	}{
		{"colleagues by the domain", false, cc(budi, "Tono <TONO@company.com>", outsider), []string{budi, tono}},
		{"only who stands in the directory", true, cc(budi, tono), []string{tono}},
		{"in To as well", false, letter{to: helpdesk + ", " + tono}, []string{tono}},
		{"never ours, agents, leads, the manager, himself", false, cc(helpdesk, "helpdesk+x@company.com", andi, sari, boss, rina, budi), []string{budi}},
		{"ten", false, cc(crowd[:10]...), crowd[:10]},
		{"a crowd: none, and the agent is told", false, cc(crowd...), nil},
		{"each once", false, letter{to: helpdesk + ", " + budi, header: []string{"Cc: " + budi}}, []string{budi}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := open(t, func(h *house) {
				h.people.listed = c.listed
				h.people.known[tono] = sop.Person{Address: tono, Name: "Tono"}
			})
			if got := h.report(c.in).Watchers; !slices.Equal(got, c.want) {
				t.Fatalf("watchers %v, want %v", got, c.want)
			}
			n := h.only(sop.KindNew, andi)
			if told := strings.Contains(n.text, "ikut memantau"); told != (c.want == nil) {
				t.Fatalf("told that nobody watches: %v\n%s", told, n.text)
			}
			if len(c.want) > 0 {
				h.mustTake(n.answer(andi, "Kami cek."))
				h.only(sop.KindReply, c.want[0])
				h.mustTake(h.only(sop.KindReply, c.want[0]).answer(c.want[0], "YA, saya lihat juga"))
				if got := h.messages(1); got[2].Kind != "watcher" {
					t.Fatalf("a watcher's words are %q", got[2].Kind)
				}
			}
		})
	}
}
