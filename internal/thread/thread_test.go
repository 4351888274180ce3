package thread

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"helpost/internal/mailauth"
	"helpost/internal/sop"
	"helpost/workflow"
)

// The people of the tests: who they are to ticket 1.
const (
	rina   = "rina@company.com"      // its reporter
	joko   = "joko@company.com"      // a co-reporter
	wati   = "wati@company.com"      // a watcher
	andi   = "andi@company.com"      // an agent
	asing  = "asing@company.com"     // a colleague who has nothing to do with it
	vendor = "vendor@mitra.example"  // may not report
	watch2 = "watcher@mitra.example" // a watcher who may not report
)

const reportID = "<report-1@company.com>"

type desk struct {
	tickets map[sop.Number]workflow.Ticket
	mails   map[string]sop.Number
}

func (d desk) Ticket(n sop.Number) (workflow.Ticket, error) {
	t, ok := d.tickets[n]
	if !ok {
		return t, errors.New("none")
	}
	return t, nil
}

func (d desk) ByMessageID(id string) (sop.Number, bool) { n, ok := d.mails[id]; return n, ok }

func ticket(n sop.Number, state workflow.State, reporter string) workflow.Ticket {
	return workflow.Ticket{
		Facts: workflow.Facts{Number: n, State: state},
		Words: workflow.Words{Subject: "Printer macet", Reporter: sop.Person{Address: reporter}},
	}
}

func newDesk() desk {
	one := ticket(1, workflow.Open, rina)
	one.CoReporters = []sop.Person{{Address: joko}}
	one.Watchers = []string{wati, watch2}
	merged := ticket(2, workflow.Merged, joko)
	merged.MergedInto = 1
	resolved := one
	resolved.Number, resolved.State = 5, workflow.Resolved
	merged5 := ticket(6, workflow.Merged, joko)
	merged5.Subject, merged5.MergedInto = "Layar biru", 5
	return desk{
		tickets: map[sop.Number]workflow.Ticket{1: one, 2: merged, 3: ticket(3, workflow.Open, andi), 4: ticket(4, workflow.New, asing), 5: resolved, 6: merged5},
		mails:   map[string]sop.Number{reportID: 1, "<report-5@company.com>": 5, "<report-6@company.com>": 6, "<report-3@company.com>": 3, "<gone@company.com>": 99},
	}
}

var mint = func() *mailauth.Tokens {
	t, err := mailauth.NewTokens([][]byte{[]byte("a-key-for-tests-only")})
	if err != nil {
		panic(err)
	}
	return t
}()

func token(n sop.Number, sort sop.Sort) string { return mint.Mint(n, rina, sort) }
func address(n sop.Number, sort sop.Sort) string {
	return "helpdesk+" + token(n, sort) + "@company.com"
}
func messageID(n sop.Number, sort sop.Sort) string {
	return "<" + token(n, sort) + ".u1@company.com>"
}

// from is a mail of somebody to the helpdesk that nothing binds.
func from(who string, proof mailauth.Proof) Mail {
	return Mail{From: who, Proof: proof, Envelope: []string{"helpdesk@company.com"}, Subject: "hal lain", IsAgent: who == andi, MayReport: !strings.HasSuffix(who, "mitra.example")}
}

// by binds a mail to ticket 1 by one carrier alone.
var by = map[Carrier]func(*Mail){
	ByEnvelope: func(m *Mail) { m.Envelope = []string{address(1, sop.Public)} },
	ByTokenID:  func(m *Mail) { m.References = []string{"<x@y.z>", messageID(1, sop.Public), "<unknown@y.z>"} },
	ByHeader:   func(m *Mail) { m.Header = []string{"x@y.z", address(1, sop.Public)} },
	ByMailID:   func(m *Mail) { m.InReplyTo = []string{reportID} },
	BySubject:  func(m *Mail) { m.Subject = "Re: [IT-000001] hal lain" },
	ByRefLine:  func(m *Mail) { m.Quoted = "> ref: IT-000001-" + token(1, sop.Public) },
}

func one(t *testing.T, m Mail) Binding {
	t.Helper()
	all := Bind(m, newDesk(), mint, "IT")
	if len(all) != 1 {
		t.Fatalf("%d bindings: %+v", len(all), all)
	}
	return all[0]
}

// The contract's table, written out anew: what counts of a mail on ticket 1 by its sender, proof and carrier.
func TestWhoProofCarrier(t *testing.T) {
	const onTicket, fresh, linkedTo = "ticket", "new", "new, linked"
	type want struct {
		voice      Voice
		where      string
		suspicious bool
	}
	kept := func(v Voice) want { return want{v, onTicket, false} }
	suspect := want{NewTicket, fresh, true}
	rows := []struct {
		who                    string
		role                   Role
		proof                  mailauth.Proof
		token, mailID, subject want
	}{
		{rina, Reporter, pass, kept(Full), kept(Full), kept(Full)},
		{rina, Reporter, none, kept(Full), kept(MarkedOnly), kept(MarkedOnly)},
		{rina, Reporter, fail, kept(Objecting), kept(MarkedOnly), suspect},
		{joko, CoReporter, pass, kept(Full), kept(Full), kept(Full)},
		{joko, CoReporter, none, kept(Full), kept(MarkedOnly), kept(MarkedOnly)},
		{joko, CoReporter, fail, kept(Objecting), kept(MarkedOnly), suspect},
		{wati, Watcher, pass, kept(WordsOnly), kept(WordsOnly), kept(WordsOnly)},
		{wati, Watcher, none, kept(WordsOnly), kept(WordsOnly), kept(WordsOnly)},
		{wati, Watcher, fail, kept(Objecting), want{NewTicket, linkedTo, true}, want{NewTicket, linkedTo, true}},
		{andi, Agent, pass, kept(Obeyed), kept(Obeyed), kept(NoteOnly)},
		{andi, Agent, none, kept(Suspicious), kept(Suspicious), suspect},
		{andi, Agent, fail, kept(Suspicious), kept(Suspicious), suspect},
		{asing, Stranger, pass, kept(Objecting), want{NewTicket, linkedTo, false}, want{NewTicket, linkedTo, false}},
		{asing, Stranger, none, kept(Objecting), want{NewTicket, linkedTo, false}, want{NewTicket, linkedTo, false}},
		{asing, Stranger, fail, kept(Objecting), want{NewTicket, linkedTo, true}, want{NewTicket, linkedTo, true}},
		{vendor, Stranger, pass, kept(Objecting), want{Refused, linkedTo, false}, want{Refused, linkedTo, false}},
		{watch2, Watcher, pass, kept(WordsOnly), kept(WordsOnly), kept(WordsOnly)},
	}
	for _, r := range rows {
		for carrier, bound := range by {
			w := r.token
			switch carrier {
			case ByMailID:
				w = r.mailID
			case BySubject:
				w = r.subject
			}
			for _, who := range []string{r.who, strings.ToUpper(r.who)} {
				m := from(r.who, r.proof)
				m.From = who
				bound(&m)
				got := one(t, m)
				where := map[bool]string{true: onTicket, false: fresh}[got.Ticket == 1]
				if got.Link == 1 {
					where = linkedTo
				}
				if got.Voice != w.voice || got.Role != r.role || where != w.where || got.Suspicious != w.suspicious || got.Carrier != carrier || got.Asked != 1 {
					t.Errorf("%s, %s, carrier %d: %+v, want %+v as %s", who, r.proof, carrier, got, w, r.role)
				}
			}
		}
	}
}

// Every role has a line for every proof.
func TestTableIsWhole(t *testing.T) {
	for _, who := range []Role{Reporter, CoReporter, Watcher, Agent, Stranger} {
		for _, p := range []mailauth.Proof{pass, none, fail} {
			n := 0
			for _, r := range table {
				if slices.Contains(r.who, who) && slices.Contains(r.proofs, p) {
					n++
				}
				if r.token == as || r.mailID == as || r.subject == as {
					t.Errorf("%v has an empty cell", r.who)
				}
			}
			if n != 1 {
				t.Errorf("%s, %s: %d lines", who, p, n)
			}
		}
	}
}

func TestUnboundMail(t *testing.T) {
	for _, c := range []struct {
		who        string
		proof      mailauth.Proof
		voice      Voice
		role       Role
		suspicious bool
	}{
		{rina, pass, NewTicket, Stranger, false},
		{rina, none, NewTicket, Stranger, false},
		{rina, fail, NewTicket, Stranger, true},
		{andi, pass, NewTicket, Agent, false},
		{andi, fail, NewTicket, Agent, true},
		{vendor, pass, Refused, Stranger, false},
		{"", none, Refused, Stranger, false},
	} {
		got := one(t, from(c.who, c.proof))
		if got != (Binding{Role: c.role, Voice: c.voice, Suspicious: c.suspicious}) {
			t.Errorf("%q, %s: %+v", c.who, c.proof, got)
		}
	}
}

func TestCarriersInTheirOrder(t *testing.T) {
	m := from(rina, pass)
	m.Quoted = "ref: IT-000001-" + token(1, sop.Public)
	steps := []struct {
		n       sop.Number
		carrier Carrier
		add     func()
	}{
		{1, ByRefLine, func() {}},
		{3, BySubject, func() { m.Subject = "[it-3] x" }},
		{5, ByMailID, func() { m.OriginalID = "<report-5@company.com>" }},
		{1, ByMailID, func() { m.References = []string{reportID, "<unknown@x.y>"} }},
		{3, ByMailID, func() { m.InReplyTo = []string{"<report-3@company.com>"} }},
		{4, ByHeader, func() { m.Header = []string{address(4, sop.Public)} }},
		{1, ByTokenID, func() { m.References = []string{messageID(1, sop.Public)} }},
		{3, ByTokenID, func() { m.References = append(m.References, messageID(3, sop.Public)) }},
		{4, ByTokenID, func() { m.InReplyTo = []string{messageID(4, sop.Public)} }},
		{1, ByEnvelope, func() { m.Envelope = append(m.Envelope, address(1, sop.Public)) }},
	}
	for _, s := range steps {
		s.add()
		if got := one(t, m); got.Asked != s.n || got.Carrier != s.carrier {
			t.Errorf("ticket %d by %d, want %d by %d", got.Asked, got.Carrier, s.n, s.carrier)
		}
	}
}

func TestWhatNamesNoTicketIsNoCarrier(t *testing.T) {
	m := from(rina, pass)
	m.Envelope = []string{address(99, sop.Public), "helpdesk+IT-000001@company.com", "helpdesk+" + strings.Repeat("a", 32) + "@company.com"}
	m.InReplyTo = []string{messageID(99, sop.Public), "<gone@company.com>", ""}
	m.Header = []string{address(99, sop.Public)}
	m.Subject = "[IT-000099] [HD-000001] IT-000001 [IT-] [IT-0] [IT-1"
	m.Quoted = "ref: IT-000099-" + token(99, sop.Public)
	if got := one(t, m); got.Carrier != Unbound || got.Voice != NewTicket || got.Ticket != 0 {
		t.Errorf("%+v", got)
	}
	by[ByTokenID](&m)
	if got := one(t, m); got.Ticket != 1 {
		t.Errorf("an unknown ticket's token hides a good one: %+v", got)
	}
}

func TestMergesAreFollowed(t *testing.T) {
	d := newDesk()
	third := ticket(6, workflow.Merged, asing)
	third.MergedInto = 2
	d.tickets[6] = third
	m := from(asing, pass)
	m.Envelope = []string{address(6, sop.Public)}
	m.InReplyTo = []string{messageID(6, sop.Public)}
	got := Bind(m, d, mint, "IT")[0]
	if got.Ticket != 1 || got.Asked != 6 || got.Role != CoReporter || got.Voice != Full || got.Answered != m.InReplyTo[0] {
		t.Errorf("%+v", got)
	}
	for name, into := range map[string]sop.Number{"a circle": 6, "itself": 2, "nothing": 77} {
		loop := d.tickets[2]
		loop.MergedInto = into
		d.tickets[2] = loop
		got := Bind(m, d, mint, "IT")[0]
		if got.Ticket != 2 || got.Role != CoReporter {
			t.Errorf("merged into %s: %+v", name, got)
		}
	}
}

func TestTokensOfSeveralTicketsInOneEnvelope(t *testing.T) {
	m := from(rina, pass)
	m.Envelope = []string{address(1, sop.Public), "helpdesk@company.com", address(3, sop.Public), address(2, sop.Public), address(99, sop.Public)}
	got := Bind(m, newDesk(), mint, "IT")
	if len(got) != 2 || got[0].Ticket != 1 || got[0].Voice != Full || got[1].Ticket != 3 || got[1].Role != Stranger {
		t.Errorf("%+v", got)
	}
	m = from(andi, pass)
	m.Envelope = []string{address(1, sop.Public), address(1, sop.Internal)}
	if got := one(t, m); got.Sort != sop.Internal || got.Voice != Obeyed {
		t.Errorf("a public and an internal token of one ticket: %+v", got)
	}
}

func TestSortAndAnsweredNotice(t *testing.T) {
	m := from(andi, pass)
	m.Envelope = []string{address(1, sop.Internal)}
	m.References = []string{messageID(1, sop.Public), messageID(3, sop.Public)}
	if got := one(t, m); got.Sort != sop.Internal || got.Answered != m.References[0] {
		t.Errorf("%+v", got)
	}
	m = from(andi, pass)
	m.OriginalID = messageID(1, sop.Internal)
	if got := one(t, m); got.Carrier != ByMailID || got.Sort != sop.Internal || got.Answered != m.OriginalID || got.Voice != Obeyed {
		t.Errorf("Microsoft's field: %+v", got)
	}
	m = from(andi, pass)
	m.Envelope = []string{address(0, sop.Internal)}
	if got := one(t, m); got.Ticket != 0 || got.Carrier != Unbound || got.Sort != sop.Internal {
		t.Errorf("a notice about no ticket: %+v", got)
	}
}

// On his own ticket the sort of the token says whether an agent speaks as one; without a token he is the reporter.
func TestAgentOnHisOwnTicket(t *testing.T) {
	for _, c := range []struct {
		name     string
		bind     func(*Mail)
		commands bool
		proof    mailauth.Proof
		role     Role
		voice    Voice
	}{
		{"public token", func(m *Mail) { m.Envelope = []string{address(3, sop.Public)} }, false, pass, Reporter, Full},
		{"public token, commands", func(m *Mail) { m.Envelope = []string{address(3, sop.Public)} }, true, pass, Agent, Obeyed},
		{"internal token", func(m *Mail) { m.Envelope = []string{address(3, sop.Internal)} }, false, pass, Agent, Obeyed},
		{"tag", func(m *Mail) { m.Subject = "[IT-000003]" }, true, pass, Reporter, Full},
		{"message id", func(m *Mail) { m.InReplyTo = []string{"<report-3@company.com>"} }, true, pass, Reporter, Full},
		{"unproven, internal token", func(m *Mail) { m.Envelope = []string{address(3, sop.Internal)} }, true, none, Agent, Suspicious},
		{"unproven, public token, commands", func(m *Mail) { m.Envelope = []string{address(3, sop.Public)} }, true, fail, Agent, Suspicious},
		{"unproven, tag", func(m *Mail) { m.Subject = "[IT-000003]" }, true, none, Reporter, MarkedOnly},
	} {
		m := from(andi, c.proof)
		m.Commands = c.commands
		c.bind(&m)
		if got := one(t, m); got.Role != c.role || got.Voice != c.voice || got.Ticket != 3 {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

func TestForwardsAndOtherSubjects(t *testing.T) {
	tag, tagOf5, id5 := "Re: [IT-000001] Printer macet", "Re: [IT-000005] Printer macet", []string{"<report-5@company.com>"}
	for _, c := range []struct {
		name   string
		m      Mail
		ticket sop.Number
		voice  Voice
		link   sop.Number
		doubt  bool
	}{
		{"forward by the tag", Mail{From: rina, Proof: pass, Subject: tag, IsForward: true}, 0, NewTicket, 0, false},
		{"forward by a Message-ID", Mail{From: wati, Proof: none, InReplyTo: []string{reportID}, IsForward: true}, 0, NewTicket, 0, false},
		{"forward, failed", Mail{From: rina, Proof: fail, Subject: tag, IsForward: true}, 0, NewTicket, 0, true},
		{"an agent's forward by the tag", Mail{From: andi, Proof: pass, Subject: tag, IsForward: true, IsAgent: true}, 0, NewTicket, 0, false},
		{"a stranger's forward by the tag", Mail{From: asing, Proof: pass, Subject: tag, IsForward: true}, 0, NewTicket, 1, false},
		{"forward by a token", Mail{From: rina, Proof: pass, Envelope: []string{address(1, sop.Public)}, Subject: tag, IsForward: true}, 1, Full, 0, false},
		{"forward by the ref line", Mail{From: andi, Proof: pass, Quoted: "ref: IT-1-" + token(1, sop.Public), IsForward: true, IsAgent: true}, 1, Obeyed, 0, false},

		{"same subject, resolved", Mail{From: rina, Proof: pass, Subject: "BLS: Re: [IT-000005]  printer  MACET", InReplyTo: id5}, 5, Full, 0, false},
		{"no subject, resolved", Mail{From: rina, Proof: pass, Subject: "Re:", InReplyTo: id5}, 5, Full, 0, false},
		{"other subject, resolved, by a Message-ID", Mail{From: rina, Proof: pass, Subject: "Telepon mati", InReplyTo: id5}, 0, NewTicket, 5, false},
		{"other subject, resolved, by the tag", Mail{From: joko, Proof: pass, Subject: tagOf5 + " telepon"}, 0, NewTicket, 5, false},
		{"other subject, resolved, failed", Mail{From: rina, Proof: fail, Subject: "Telepon mati", InReplyTo: id5}, 0, NewTicket, 5, true},
		{"other subject, resolved, by a token", Mail{From: rina, Proof: pass, Subject: "Telepon mati", Envelope: []string{address(5, sop.Public)}}, 5, Full, 0, false},
		{"other subject, open", Mail{From: rina, Proof: pass, Subject: "Telepon mati", InReplyTo: []string{reportID}}, 1, Full, 0, false},
		{"an agent's other subject, resolved", Mail{From: andi, Proof: pass, Subject: "Re: [IT-000005] buka lagi", IsAgent: true}, 5, NoteOnly, 0, false},
		{"the merged ticket's subject, resolved", Mail{From: joko, Proof: pass, Subject: "Re: Layar biru", InReplyTo: []string{"<report-6@company.com>"}}, 5, Full, 0, false},
		{"another than both, resolved", Mail{From: joko, Proof: pass, Subject: "Re: Telepon mati", InReplyTo: []string{"<report-6@company.com>"}}, 0, NewTicket, 5, false},
		{"an outside watcher's forward", Mail{From: watch2, Proof: pass, Subject: tag, IsForward: true}, 0, Refused, 0, false},
	} {
		c.m.MayReport = !strings.HasSuffix(c.m.From, "mitra.example")
		if got := one(t, c.m); got.Ticket != c.ticket || got.Voice != c.voice || got.Link != c.link || got.Suspicious != c.doubt {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

// Where From cannot be read MAIL FROM stands in, unproven; where that may not either nobody is heard, but a bounce is.
func TestWhoStandsInForAnUnreadableFrom(t *testing.T) {
	m := from(rina, pass)
	m.StoodIn = true
	if got := one(t, m); got.Voice != NewTicket || !got.Suspicious {
		t.Errorf("a report: %+v", got)
	}
	m = from(andi, pass)
	m.StoodIn = true
	by[ByEnvelope](&m)
	if got := one(t, m); got.Voice != Suspicious {
		t.Errorf("an agent's name in MAIL FROM: %+v", got)
	}
	m = from("", none)
	by[ByEnvelope](&m)
	if got := one(t, m); got.Voice != Refused || got.Ticket != 1 {
		t.Errorf("nobody, with a token: %+v", got)
	}
	m.IsBounce, m.Envelope = true, []string{address(1, sop.Bouncing)}
	if got := one(t, m); got.Voice != Objecting || got.Ticket != 1 || got.Sort != sop.Bouncing || got.Role != Stranger {
		t.Errorf("a bounce: %+v", got)
	}
}

func TestSubjectsOfOneConversation(t *testing.T) {
	for _, s := range []string{
		"Printer macet", "re: printer macet", "RE: Printer macet", "Re[2]: Printer macet", "Re (3): Printer macet", "AW: WG: Printer macet", "Bls: Balas: Printer macet", "Fwd: Fw : Terusan: Printer macet",
		"[IT-000123] Printer macet", "Re: [IT-000123] Printer macet", "[EXTERNAL] Re: Printer macet", "Printer [IT-000123] macet", "  Printer\t macet ", "回复：Printer macet", "RE: [ it-123 ] Printer macet", "Re: ", "",
	} {
		if !sameSubject(s, "Printer macet", "IT") {
			t.Errorf("%q is another subject: %q", s, bare(s, "IT"))
		}
	}
	for _, s := range []string{"Telepon mati", "Printer macet lagi", "Report: Printer macet", "[HD-000123] Printer macet", "macet", "Printer: macet", "[IT-x] Printer macet"} {
		if sameSubject(s, "Printer macet", "IT") {
			t.Errorf("%q is the same subject", s)
		}
	}
}

// mails draws any mail about the desk of the tests.
func mails(t *rapid.T) Mail {
	people := []string{rina, joko, wati, andi, asing, vendor, watch2, "", "ANDI@company.com", "andi@company.com.evil.example"}
	number := func(label string) sop.Number { return sop.Number(rapid.IntRange(0, 7).Draw(t, label)) }
	sort := func(label string) sop.Sort { return sop.Sort(rapid.IntRange(1, 3).Draw(t, label)) }
	m := Mail{
		From:  rapid.SampledFrom(people).Draw(t, "from"),
		Proof: rapid.SampledFrom([]mailauth.Proof{pass, none, fail, ""}).Draw(t, "proof"),
	}
	m.IsAgent = mailauth.LowerASCII(m.From) == andi
	m.StoodIn, m.IsForward, m.Commands = rapid.Bool().Draw(t, "stood in"), rapid.Bool().Draw(t, "forward"), rapid.Bool().Draw(t, "commands")
	m.IsBounce, m.MayReport = rapid.Bool().Draw(t, "bounce"), rapid.Bool().Draw(t, "may report")
	for i := range rapid.IntRange(0, 3).Draw(t, "recipients") {
		m.Envelope = append(m.Envelope, address(number(fmt.Sprint("to ", i)), sort(fmt.Sprint("to sort ", i))))
	}
	ids := []string{reportID, "<report-5@company.com>", "<report-3@company.com>", "<unknown@x.y>", messageID(number("id"), sort("id sort"))}
	m.InReplyTo = rapid.SliceOfN(rapid.SampledFrom(ids), 0, 2).Draw(t, "in reply to")
	m.References = rapid.SliceOfN(rapid.SampledFrom(ids), 0, 3).Draw(t, "references")
	m.OriginalID = rapid.SampledFrom(append(ids, "")).Draw(t, "original")
	m.Subject = rapid.SampledFrom([]string{"", "Printer macet", "Re: [IT-000001] Printer macet", "[IT-000005] lain", "[IT-000003]"}).Draw(t, "subject")
	if rapid.Bool().Draw(t, "ref") {
		n := number("ref number")
		m.Quoted = "ref: " + n.ID("IT") + "-" + token(n, sort("ref sort"))
	}
	return m
}

// Nobody but a proven agent is ever obeyed, and nobody but who reported a ticket speaks fully on it.
func TestNobodyGainsAVoice(t *testing.T) {
	d := newDesk()
	rapid.Check(t, func(t *rapid.T) {
		m := mails(t)
		all := Bind(m, d, mint, "IT")
		if len(all) == 0 {
			t.Fatal("no binding")
		}
		for _, b := range all {
			proven := m.Proof == pass && !m.StoodIn
			who := mailauth.LowerASCII(m.From)
			if (b.Voice == Obeyed || b.Voice == NoteOnly) && (who != andi || !proven || b.Role != Agent) {
				t.Fatalf("obeyed: %+v", b)
			}
			if b.Voice == Full {
				reporters := map[sop.Number][]string{1: {rina, joko}, 3: {andi}, 4: {asing}, 5: {rina, joko}}
				if !slices.Contains(reporters[b.Ticket], who) || m.Proof == fail && !m.StoodIn {
					t.Fatalf("full: %+v", b)
				}
			}
			if b.Role == Stranger && b.Voice != Objecting && b.Voice != NewTicket && b.Voice != Refused {
				t.Fatalf("a stranger: %+v", b)
			}
			if b.Voice == NewTicket && (b.Ticket != 0 || !m.MayReport || (m.Proof == fail || m.StoodIn) && !b.Suspicious) {
				t.Fatalf("a new ticket: %+v", b)
			}
			if b.Voice != Refused && (b.Voice != NewTicket) == (b.Ticket == 0) {
				t.Fatalf("words without a ticket: %+v", b)
			}
			if b.Ticket == 2 {
				t.Fatalf("a merged ticket: %+v", b)
			}
		}
	})
}

func FuzzTag(f *testing.F) {
	for _, s := range []string{"Re: [IT-000123] x", "[[IT-1]", "[IT-", strings.Repeat("[", 100), "[IT-999999999999999999999]", "re:re:[ext]Fwd: x", "回复：[IT-1]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, n := range tags(s, "IT") {
			if n == 0 || !strings.Contains(s, fmt.Sprint(uint64(n))) {
				t.Fatalf("ticket %d in %q", n, s)
			}
		}
		if b := bare(s, "IT"); bare(b, "IT") != b && !strings.Contains(b, "[") && !strings.ContainsAny(b, ":：") {
			t.Fatalf("%q is bared to %q and that to %q", s, b, bare(b, "IT"))
		}
		if !sameSubject(s, s, "IT") {
			t.Fatalf("%q is not its own subject", s)
		}
	})
}
