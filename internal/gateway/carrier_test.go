package gateway

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"helpost/internal/sop"
	"helpost/workflow"
)

// carrier lets a letter bear one thing that leads to a ticket (contract §4, in its order).
type carrier struct {
	name  string
	bears func(l *letter, ack notice, own string) // own: the Message-ID of the report
}

var carriers = []carrier{
	{"1 a token in the envelope", func(l *letter, ack notice, _ string) { l.rcpt = []string{ack.reply()} }},
	{"2 a token in In-Reply-To or References", func(l *letter, ack notice, _ string) {
		l.header = append(l.header, "References: <tidak-dikenal@a> "+ack.MessageID)
	}},
	{"3 a token in the header", func(l *letter, ack notice, _ string) { l.header = append(l.header, "Delivered-To: "+ack.reply()) }},
	{"4 a Message-ID that came before", func(l *letter, _ notice, own string) {
		l.header = append(l.header, "X-Microsoft-Original-Message-ID: "+own)
	}},
	{"5 the tag", func(l *letter, ack notice, _ string) {
		l.subject = "Re: [" + ack.header.Get("X-Helpost-Ticket") + "] lanjutan"
	}},
	{"6 the ref: line", func(l *letter, ack notice, _ string) {
		l.text += "\r\n\r\nPada Sen, 12 Jan 2026 pukul 09.13 Helpdesk <helpdesk@company.com> menulis:\r\n> Laporan Anda kami terima.\r\n> " + refLine.FindString(ack.text) + "\r\n"
	}},
}

var refLine = regexp.MustCompile(`ref: \S+`)

// reported makes a ticket of Rina's with a known Message-ID, and gives it with its acknowledgement.
func (h *house) reported(own string) (workflow.Ticket, notice) {
	h.t.Helper()
	ticket := h.report(letter{id: own})
	return ticket, h.last(sop.KindAck, rina)
}

func (h *house) texts(n sop.Number) string {
	h.t.Helper()
	var all []string
	for _, m := range h.messages(n) {
		all = append(all, m.Text)
	}
	return strings.Join(all, "\n")
}

// Each carrier alone is enough.
func TestEachCarrierAlone(t *testing.T) {
	h := open(t)
	for i, c := range carriers {
		own := fmt.Sprintf("<alone%d@a>", i)
		ticket, ack := h.reported(own)
		l := letter{text: "tambahan kata"}
		c.bears(&l, ack, own)
		before := len(h.tickets())
		h.mustTake(l)
		if len(h.tickets()) != before || !strings.Contains(h.texts(ticket.Number), "tambahan kata") {
			t.Errorf("%s did not lead to the ticket", c.name)
		}
	}
}

// Of two carriers that lead to different tickets the stronger one counts.
func TestTheStrongerCarrierCounts(t *testing.T) {
	h := open(t)
	for i, strong := range carriers {
		for j, weak := range carriers[i+1:] {
			a, ackA := h.reported(fmt.Sprintf("<a%d.%d@a>", i, j))
			b, ackB := h.reported(fmt.Sprintf("<b%d.%d@a>", i, j))
			l := letter{text: "kata yang satu"}
			weak.bears(&l, ackB, fmt.Sprintf("<b%d.%d@a>", i, j))
			strong.bears(&l, ackA, fmt.Sprintf("<a%d.%d@a>", i, j))
			h.mustTake(l)
			if !strings.Contains(h.texts(a.Number), "kata yang satu") || strings.Contains(h.texts(b.Number), "kata yang satu") {
				t.Errorf("%s did not count before %s", strong.name, weak.name)
			}
		}
	}
}

// Whatever carrier leads to a merged ticket leads on to where that went, and the sender is a co-reporter there.
func TestACarrierFollowsAMerge(t *testing.T) {
	h := open(t)
	into := h.report(letter{from: budi, name: "Budi"})
	for i, c := range carriers {
		own := fmt.Sprintf("<merge%d@a>", i)
		ticket, ack := h.reported(own)
		h.mustTake(h.last(sop.KindNew, andi).answer(andi, "#gabung "+into.Number.ID("IT")))
		if h.ticket(ticket.Number).State != workflow.Merged {
			t.Fatal("not merged")
		}
		l := letter{text: fmt.Sprintf("tambahan nomor %d", i)}
		c.bears(&l, ack, own)
		h.mustTake(l)
		if !strings.Contains(h.texts(into.Number), fmt.Sprintf("tambahan nomor %d", i)) {
			t.Errorf("%s did not follow the merge", c.name)
		}
	}
	all := h.messages(into.Number)
	if all[len(all)-1].Marked {
		t.Error("a proven co-reporter's words are marked")
	}
}

// An agent whose command comes to a merged ticket is told where all the merges led.
func TestACommandOnATicketThatWasMergedTwice(t *testing.T) {
	h := open(t)
	last := h.report(letter{from: budi, name: "Budi"})
	middle, _ := h.reported("<tengah@a>")
	onMiddle := h.last(sop.KindNew, andi)
	h.reported("<pertama@a>")
	onFirst := h.last(sop.KindNew, andi)
	h.mustTake(onFirst.answer(andi, "#gabung "+middle.Number.ID("IT")))
	h.mustTake(onMiddle.answer(andi, "#gabung "+last.Number.ID("IT")))
	h.mustTake(onFirst.answer(andi, "#ambil"))
	if got := h.only(sop.KindError, andi).text; !strings.Contains(got, last.Number.ID("IT")) || strings.Contains(got, middle.Number.ID("IT")) {
		t.Fatalf("he was told\n%s", got)
	}
}

// Who may say what by which carrier: the rows of the table that change something, through the whole gateway.
func TestWhoIsHeard(t *testing.T) {
	const joins, apart, linked = "joins", "apart", "linked"
	for _, c := range []struct {
		name, from, proof string
		carrier           int // from 1
		want              string
		marked            bool // the words, or the new ticket
	}{
		{"the reporter, proven", rina, "pass", 1, joins, false},
		{"the reporter, unproven, by a token", rina, "none", 1, joins, false},
		{"the reporter, unproven, by the tag", rina, "none", 5, joins, true},
		{"the reporter, refuted, by a token", rina, "fail", 1, joins, true},
		{"the reporter, refuted, by the tag", rina, "fail", 5, apart, true},
		{"an agent, proven, by a token", andi, "pass", 1, joins, false},
		{"an agent, refuted, by a token", andi, "fail", 1, joins, true},
		{"an agent, unproven, by the tag", andi, "none", 5, apart, true},
		{"a proven stranger by a token", budi, "pass", 1, joins, false},
		{"a proven stranger by the ref: line", budi, "pass", 6, joins, false},
		{"a stranger by a Message-ID", budi, "pass", 4, linked, false},
		{"a stranger by the tag", budi, "pass", 5, linked, false},
		{"an outsider by a token", outsider, "none", 1, joins, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := open(t)
			ticket, ack := h.reported("<satu@a>")
			l := letter{from: c.from, proof: c.proof, text: "kata yang lain"}
			carriers[c.carrier-1].bears(&l, ack, "<satu@a>")
			h.mustTake(l)
			joined := strings.Contains(h.texts(ticket.Number), "kata yang lain")
			all := h.tickets()
			if joined != (c.want == joins) || (len(all) == 1) != joined {
				t.Fatalf("joined %v, %d tickets", joined, len(all))
			}
			if joined {
				m := h.messages(ticket.Number)[1]
				if m.Marked != c.marked || m.From != c.from {
					t.Fatalf("marked %v, from %s, kind %s", m.Marked, m.From, m.Kind)
				}
				return
			}
			other := all[1]
			if other.Suspicious != c.marked || slices.Contains(other.Linked, ticket.Number) != (c.want == linked) {
				t.Fatalf("suspicious %v, linked %v", other.Suspicious, other.Linked)
			}
		})
	}
}

// A token that does not hold counts as the plain address.
func TestAnInventedTokenIsThePlainAddress(t *testing.T) {
	h := open(t)
	ticket, ack := h.reported("<satu@a>")
	local, domain, _ := strings.Cut(ack.reply(), "@")
	last := local[len(local)-1]
	changed := "a"
	if last == 'a' {
		changed = "b"
	}
	for i, to := range []string{
		local[:len(local)-6] + changed + local[len(local)-5:] + "@" + domain, "helpdesk+IT-000001@company.com", "helpdesk+1@company.com", "helpdesk+@company.com",
		"helpdesk+" + strings.Repeat("a", 32) + "@company.com", "helpdesk+" + strings.Repeat("A", 40) + "@company.com",
	} {
		if err := h.g.Rcpt(t.Context(), Received{}.Envelope, to); err != nil {
			t.Errorf("%s is refused: %v", to, err)
		}
		l := letter{from: budi, rcpt: []string{to}, text: fmt.Sprintf("laporan %d", i)}
		h.report(l)
	}
	if len(h.messages(ticket.Number)) != 1 {
		t.Error("an invented token opened the ticket")
	}
	upper := strings.ToUpper(ack.reply())
	h.mustTake(letter{rcpt: []string{upper}, text: "huruf besar"})
	if !strings.Contains(h.texts(ticket.Number), "huruf besar") {
		t.Error("a token in capitals was not read")
	}
}

func TestTokensOfTwoTicketsInOneEnvelope(t *testing.T) {
	h := open(t)
	a, ackA := h.reported("<a@a>")
	b, ackB := h.reported("<b@a>")
	h.mustTake(letter{rcpt: []string{ackA.reply(), ackB.reply()}, text: "untuk keduanya"})
	for _, n := range []sop.Number{a.Number, b.Number} {
		if !strings.Contains(h.texts(n), "untuk keduanya") {
			t.Errorf("ticket %d lacks the words", n)
		}
	}
	told := h.sent(sop.KindNew, andi)
	h.mustTake(letter{from: andi, rcpt: []string{told[0].reply(), told[1].reply()}, text: "#prioritas p1\r\n#ambil\r\nKami cek."})
	h.only(sop.KindError, andi)
	for _, n := range []sop.Number{a.Number, b.Number} {
		if got := h.ticket(n); got.Priority != sop.P3 || got.Assignee != "" || len(h.sent(sop.KindReply, "")) > 0 {
			t.Errorf("an agent's mail to two tickets was obeyed: %s, %q", got.Priority, got.Assignee)
		}
	}
}

func TestWhatIsANewTicketAllTheSame(t *testing.T) {
	for _, c := range []struct {
		name   string
		state  workflow.State
		in     letter
		linked bool
	}{
		{"a forward by the tag", workflow.New, letter{subject: "Fwd: [IT-000001] Printer macet"}, false},
		{"a forward by a Message-ID", workflow.New, letter{subject: "Terusan: Printer macet", header: []string{"References: <satu@a>"}}, false},
		{"another subject after resolved", workflow.Resolved, letter{subject: "Telepon mati", header: []string{"In-Reply-To: <satu@a>"}}, true},
		{"the same subject without any carrier", workflow.New, letter{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := open(t)
			ticket, _ := h.reported("<satu@a>")
			if c.state == workflow.Resolved {
				h.mustTake(h.only(sop.KindNew, andi).answer(andi, "#selesai\r\nSudah."))
			}
			other := h.report(c.in)
			if got := h.ticket(ticket.Number); got.State != c.state || slices.Contains(other.Linked, ticket.Number) != c.linked {
				t.Fatalf("the old one is %s, the new one links %v", got.State, other.Linked)
			}
		})
	}
}

// After the reopening window an answer is a new linked ticket; a thank-you changes nothing ever.
func TestTheReopeningWindow(t *testing.T) {
	h := open(t)
	ticket, _ := h.reported("<satu@a>")
	h.mustTake(h.only(sop.KindNew, andi).answer(andi, "#selesai\r\nSudah."))
	n := h.only(sop.KindResolved, rina)
	h.mustTake(n.answer(rina, "YA"))
	if h.ticket(ticket.Number).State != workflow.Closed {
		t.Fatal("not closed")
	}
	h.mustTake(n.answer(rina, "Terima kasih, sudah bisa."))
	if h.ticket(ticket.Number).State != workflow.Closed {
		t.Fatal("a thank-you opened it")
	}
	h.mustTake(n.answer(rina, "Ternyata masih rusak."))
	if h.ticket(ticket.Number).State != workflow.Open {
		t.Fatal("not reopened within the window")
	}
	h.mustTake(h.only(sop.KindReopened, andi).answer(andi, "#selesai\r\nSudah lagi."))
	h.mustTake(h.last(sop.KindResolved, rina).answer(rina, "YA"))
	h.pass(h.policy.ReopenWindow + time.Minute)
	other := h.report(h.last(sop.KindResolved, rina).answer(rina, "Rusak lagi hari ini."))
	if h.ticket(ticket.Number).State != workflow.Closed || !slices.Equal(other.Linked, []sop.Number{ticket.Number}) {
		t.Fatalf("old %s, new links %v", h.ticket(ticket.Number).State, other.Linked)
	}
}

// An agent who reports from an alias is the reporter of his ticket under any of his addresses.
func TestAnAgentsAliasIsHimself(t *testing.T) {
	const alias = "andi.s@company.com"
	h := open(t, func(h *house) { h.policy.Agents[0].Aliases = []string{alias} })
	ticket := h.report(letter{from: alias, id: "<satu@a>"})
	for i, from := range []string{alias, andi} {
		h.mustTake(letter{from: from, text: "tambahan", header: []string{"In-Reply-To: <satu@a>"}})
		if got := h.messages(ticket.Number); len(got) != i+2 || got[i+1].Kind != "comment" {
			t.Fatalf("from %s: %d messages, the last one of kind %s", from, len(got), got[len(got)-1].Kind)
		}
	}
}
