package report

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"helpost/internal/sop"
	"helpost/workflow"
)

const (
	andi = "andi@company.com"
	rudi = "rudi@company.com"
	sari = "sari@company.com"
	boss = "manager@company.com"
)

var jakarta = time.FixedZone("WIB", 7*3600)

// start is Monday, 09:00 in Jakarta.
var start = time.Date(2026, 1, 12, 9, 0, 0, 0, jakarta)

// office is open from Monday to Friday, 08:00 to 17:00 with an hour's break, but on the 14th.
func office(zone *time.Location) *workflow.Hours {
	var week [7][]workflow.Opening
	for day := time.Monday; day <= time.Friday; day++ {
		week[day] = []workflow.Opening{{From: 8 * 60, To: 12 * 60}, {From: 13 * 60, To: 17 * 60}}
	}
	return workflow.NewHours(zone, week, []workflow.Date{{Year: 2026, Month: 1, Day: 14}})
}

func policy() *workflow.Policy {
	return &workflow.Policy{
		Prefix: "IT", Lang: sop.Indonesian, Zone: jakarta, Matrix: sop.DefaultMatrix(), WarnAt: 0.75,
		Targets: map[sop.Priority]workflow.Target{
			sop.P1: {Response: 15 * time.Minute, Resolution: 4 * time.Hour},
			sop.P2: {Response: time.Hour, Resolution: 8 * time.Hour},
			sop.P3: {Response: 4 * time.Hour, Resolution: 48 * time.Hour, Calendar: office(jakarta)},
		},
		Agents: []workflow.Agent{{Address: andi, Name: "Andi Saputra", Team: "desk"}, {Address: rudi, Name: "Rudi Hartono", Team: "field"}, {Address: sari, Name: "Sari Dewi", Team: "desk"}},
		Teams:  []workflow.Team{{Name: "desk", Members: []string{andi}, Lead: sari, RoundRobin: true}, {Name: "field", Members: []string{rudi}, Lead: sari}},
		Chain:  []string{"lead", "manager"}, Manager: boss,
		Repeat:     map[sop.Priority]time.Duration{sop.P1: 15 * time.Minute, sop.P2: 30 * time.Minute, sop.P3: 4 * time.Hour},
		CloseAfter: 24 * time.Hour, RemindAfter: 12 * time.Hour, ReopenWindow: 168 * time.Hour, PerAddressHour: 30,
		Inside: func(a string) bool { return strings.HasSuffix(a, "@company.com") },
	}
}

// life is one ticket on its way, with the events that the record keeps of it.
type life struct {
	t      testing.TB
	p      *workflow.Policy
	now    time.Time
	ticket workflow.Ticket
	other  workflow.Ticket
	events []workflow.Event
}

// begin reports something, to a team and from a department.
func begin(t testing.TB, p *workflow.Policy, at time.Time, n sop.Number, m workflow.Mail) *life {
	l := &life{t: t, p: p, now: at}
	l.ticket.Number = 0
	if m.From.Address == "" {
		m.From = sop.Person{Address: "rina@company.com", Name: "Rina Wijaya"}
	}
	m.Role, m.Voice, m.Proof, m.Auto, m.MailFrom, m.Mailbox = sop.RoleStranger, sop.VoiceNew, "pass", sop.NotAuto, m.From.Address, "helpdesk@company.com"
	if m.Team == "" {
		m.Team = "desk"
	}
	l.apply(p.Decide(workflow.Situation{Number: n, Desk: workflow.Desk{Turns: map[string]uint64{m.Team: uint64(n)}}}, workflow.Input{Mail: &m}, at), n)
	return l
}

// apply takes a decision over, through JSON, as the record would.
func (l *life) apply(d workflow.Decision, n sop.Number) {
	for _, draft := range d.Drafts {
		if draft.Number != n {
			continue
		}
		raw, err := json.Marshal(draft.Events)
		if err != nil {
			l.t.Fatal(err)
		}
		var events []workflow.Event
		if err := json.Unmarshal(raw, &events); err != nil {
			l.t.Fatal(err)
		}
		l.events, l.ticket = append(l.events, events...), draft.Ticket
	}
}

func (l *life) situation() workflow.Situation {
	s := workflow.Situation{Ticket: l.ticket, Others: map[sop.Number]workflow.Ticket{}}
	if l.other.Number != 0 {
		s.Others[l.other.Number] = l.other
	}
	return s
}

func (l *life) write(m workflow.Mail) {
	m.Auto, m.MailFrom, m.Mailbox = sop.NotAuto, m.From.Address, "helpdesk@company.com"
	l.apply(l.p.Decide(l.situation(), workflow.Input{Mail: &m}, l.now), l.ticket.Number)
}

// agent writes words, if any, and commands.
func (l *life) agent(body string, commands ...sop.Command) *life {
	l.write(workflow.Mail{Role: sop.RoleAgent, Voice: sop.VoiceObeyed, Sort: sop.Public, Proof: "pass", From: sop.Person{Address: andi}, Text: body, Body: body, Commands: commands})
	return l
}

func (l *life) reporter(v sop.Verdict) *life {
	l.write(workflow.Mail{Role: sop.RoleReporter, Voice: sop.VoiceFull, Proof: "pass", From: l.ticket.Reporter, Text: "kata", Verdict: v})
	return l
}

// bounce brings the first answer back.
func (l *life) bounce() {
	l.apply(l.p.Decide(l.situation(), workflow.Input{Failed: &workflow.Failed{Kind: sop.KindReply, To: l.ticket.Reporter.Address, Event: l.ticket.Answer}}, l.now), l.ticket.Number)
}

// pass lets time pass; what falls due on the way is done.
func (l *life) pass(d time.Duration) *life {
	end := l.now.Add(d)
	for range 1000 {
		at := l.p.Wake(&l.ticket)
		if at.IsZero() || at.After(end) {
			l.now = end
			return l
		}
		if at.After(l.now) {
			l.now = at
		}
		l.apply(l.p.Decide(l.situation(), workflow.Input{}, l.now), l.ticket.Number)
	}
	l.t.Fatal("something is due without end")
	return l
}

// lose brings the notice of the fix back.
func (l *life) lose() {
	l.apply(l.p.Decide(l.situation(), workflow.Input{Failed: &workflow.Failed{Kind: sop.KindResolved, To: l.ticket.Reporter.Address, Event: l.ticket.Seq}}, l.now), l.ticket.Number)
}

// sleep lets time pass while nobody looks: nothing is done.
func (l *life) sleep(d time.Duration) *life {
	l.now = l.now.Add(d)
	return l
}

func (l *life) story(t testing.TB) Story {
	t.Helper()
	s, err := Tell(l.p, l.events, l.now)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func command(name sop.CommandName, args string) sop.Command {
	return sop.Command{Name: name, Args: args}
}

var someCommands = []sop.Command{
	command(sop.Take, ""), command(sop.Assign, "rudi"), command(sop.Assign, "field"), command(sop.SetPrio, "p1"), command(sop.SetPrio, "p2"), command(sop.SetPrio, "p3"),
	command(sop.SetType, "permintaan"), command(sop.Category, "jaringan"), command(sop.Pending, "2h vendor"), command(sop.Pending, "besok"), command(sop.Resume, ""),
	command(sop.Onsite, "besok 10:00"), command(sop.Resolve, ""), command(sop.Close, "alasan"), command(sop.Reopen, ""), command(sop.MarkSpam, ""), command(sop.Merge, "IT-900000"),
}

// someLife is a random one.
func someLife(t *rapid.T, outer testing.TB, p *workflow.Policy, n sop.Number) *life {
	at := start.Add(time.Duration(rapid.IntRange(-4*24*60, 9*24*60).Draw(t, "received")) * time.Minute)
	impact := rapid.SampledFrom([]sop.Impact{sop.Company, sop.Department, sop.Individual}).Draw(t, "impact")
	from := rapid.SampledFrom([]string{"rina@company.com", "orang@luar.example"}).Draw(t, "from")
	l := begin(outer, p, at, n, workflow.Mail{
		From: sop.Person{Address: from, Name: "Rina"}, Subject: "printer", Text: "macet", Team: rapid.SampledFrom([]string{"desk", "field", "nobody"}).Draw(t, "team"),
		Report: sop.Report{Impact: impact, Urgency: sop.Medium, Department: rapid.SampledFrom([]string{"", "Keuangan", "=HYPERLINK(1)"}).Draw(t, "department")},
	})
	l.other = workflow.Ticket{Facts: workflow.Facts{Number: 900000, State: workflow.Open, Seq: 1}}
	for range rapid.IntRange(0, 12).Draw(t, "steps") {
		minutes := time.Duration(rapid.SampledFrom([]int{0, 7, 15, 20, 60, 119, 240, 480, 1500}).Draw(t, "minutes")) * time.Minute
		switch rapid.SampledFrom([]string{"pass", "pass", "sleep", "agent", "agent", "pause", "fix", "reporter", "bounce", "lose"}).Draw(t, "step") {
		case "pass":
			l.pass(minutes)
		case "sleep":
			l.sleep(minutes)
		case "agent":
			l.agent(rapid.SampledFrom([]string{"", "kata"}).Draw(t, "words"), rapid.SliceOfN(rapid.SampledFrom(someCommands), 0, 2).Draw(t, "commands")...)
		case "pause":
			l.agent("", command(sop.Pending, "3d vendor"))
		case "fix":
			l.agent("", command(sop.Resolve, ""))
		case "reporter":
			l.reporter(rapid.SampledFrom([]sop.Verdict{sop.Confirm, sop.Dispute, sop.Unclear, sop.Other}).Draw(t, "verdict"))
		case "bounce":
			l.bounce()
		case "lose":
			l.lose()
		}
	}
	return l
}
