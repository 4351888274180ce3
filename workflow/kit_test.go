package workflow

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"helpost/internal/sop"
)

// The people of the tests.
const (
	rina = "rina@company.com"
	budi = "budi@company.com"
	tono = "tono@company.com"
	andi = "andi@company.com"
	rudi = "rudi@company.com"
	sari = "sari@company.com"
	boss = "manager@company.com"
)

var start = time.Date(2026, 1, 12, 2, 0, 0, 0, time.UTC) // Monday, 09:00 in Jakarta

func policy() *Policy {
	return &Policy{
		Prefix: "IT", Lang: sop.Indonesian, Zone: time.FixedZone("WIB", 7*3600), Matrix: sop.DefaultMatrix(), WarnAt: 0.75,
		Targets: map[sop.Priority]Target{
			sop.P1: {Response: 15 * time.Minute, Resolution: 4 * time.Hour},
			sop.P2: {Response: time.Hour, Resolution: 8 * time.Hour},
			sop.P3: {Response: 4 * time.Hour, Resolution: 48 * time.Hour},
		},
		Agents: []Agent{{Address: andi, Name: "Andi Saputra", Team: "desk"}, {Address: rudi, Name: "Rudi Hartono", Team: "desk"}, {Address: sari, Name: "Sari Dewi", Team: "desk"}},
		Teams:  []Team{{Name: "desk", Members: []string{andi, rudi}, Lead: sari}},
		Chain:  []string{"lead", "manager"}, Manager: boss,
		Repeat:     map[sop.Priority]time.Duration{sop.P1: 15 * time.Minute, sop.P2: 30 * time.Minute, sop.P3: 4 * time.Hour},
		CloseAfter: 24 * time.Hour, RemindAfter: 12 * time.Hour, ReopenWindow: 168 * time.Hour, PerAddressHour: 30,
		Inside: func(a string) bool { return strings.HasSuffix(a, "@company.com") },
	}
}

// world is a desk with its tickets, as the gateway would keep them.
type world struct {
	t       *testing.T
	p       *Policy
	now     time.Time
	tickets map[sop.Number]Ticket
	events  map[sop.Number][]Event
	desk    Desk
	next    sop.Number
	sent    []Notice
	last    Mail // the mail written last
}

func newWorld(t *testing.T) *world {
	return &world{t: t, p: policy(), now: start, tickets: map[sop.Number]Ticket{}, events: map[sop.Number][]Event{},
		desk: Desk{Away: map[string]time.Time{}, Answers: map[string]Answers{}}, next: 1}
}

// apply takes a decision over, and checks what holds for every one.
func (w *world) apply(d Decision) Decision {
	for _, draft := range d.Drafts {
		n := draft.Number
		had := w.tickets[n]
		for i, e := range draft.Events {
			if e.Seq != had.Seq+i+1 {
				w.fatal("event %d of ticket %d has number %d", i, n, e.Seq)
			}
		}
		w.events[n] = append(w.events[n], throughJSON(w, draft.Events)...)
		folded, err := FoldAll(w.events[n])
		if err != nil {
			w.fatal("fold: %v", err)
		}
		if !reflect.DeepEqual(folded, draft.Ticket) {
			a, _ := json.Marshal(folded)
			b, _ := json.Marshal(draft.Ticket)
			w.fatal("the events give another ticket:\n%s\n%s", a, b)
		}
		w.tickets[n] = draft.Ticket
	}
	for a, n := range d.Desk.Answers {
		w.desk.Answers[a] = n
	}
	for a, until := range d.Desk.Away {
		w.desk.Away[a] = until
	}
	if d.Desk.Told != nil {
		w.desk.Told = *d.Desk.Told
	}
	w.sent = append(w.sent, d.Notices...)
	return d
}

// throughJSON writes events and reads them back, as the record does.
func throughJSON(w *world, events []Event) []Event {
	raw, err := json.Marshal(events)
	if err != nil {
		w.fatal("%v", err)
	}
	var back []Event
	if err := json.Unmarshal(raw, &back); err != nil {
		w.fatal("%v", err)
	}
	return back
}

func (w *world) fatal(format string, args ...any) {
	w.t.Helper()
	w.t.Fatalf(format, args...)
}

func (w *world) situation(n sop.Number) Situation {
	others := map[sop.Number]Ticket{}
	for k, v := range w.tickets {
		if k != n {
			others[k] = v
		}
	}
	s := Situation{Ticket: w.tickets[n], Number: w.next, Others: others, Desk: w.desk}
	return s
}

// write lets somebody write on a ticket, 0 for a new one.
func (w *world) write(n sop.Number, m Mail) Decision {
	if m.MailFrom == "" {
		m.MailFrom = m.From.Address
	}
	if m.Auto == "" {
		m.Auto = sop.NotAuto
	}
	m.Mailbox, m.Team = "helpdesk@company.com", "desk"
	w.last = m
	d := w.apply(w.p.Decide(w.situation(n), Input{Mail: &m}, w.now))
	for _, draft := range d.Drafts {
		if draft.Number == w.next {
			w.next++
		}
	}
	return d
}

// report makes a ticket and gives its number.
func (w *world) report(m Mail) sop.Number {
	n := w.next
	if m.From.Address == "" {
		m.From = sop.Person{Address: rina, Name: "Rina Wijaya"}
	}
	if m.Proof == "" {
		m.Proof = "pass"
	}
	m.Role, m.Voice = sop.RoleStranger, sop.VoiceNew
	if m.Report.Department == "" {
		m.Report.Department = "Keuangan"
	}
	w.write(0, m)
	return n
}

func (w *world) reporter(n sop.Number, verdict sop.Verdict) Decision {
	return w.write(n, Mail{Role: sop.RoleReporter, Voice: sop.VoiceFull, Proof: "pass", From: w.tickets[n].Reporter, Text: "kata", Verdict: verdict})
}

// agent lets an agent answer a public notice with commands, and with words where body is not empty.
func (w *world) agent(n sop.Number, who, body string, cmds ...sop.Command) Decision {
	return w.write(n, Mail{Role: sop.RoleAgent, Voice: sop.VoiceObeyed, Sort: sop.Public, Proof: "pass", From: sop.Person{Address: who}, Text: body, Body: body, Commands: cmds})
}

// pass lets time pass, doing what falls due on the way.
func (w *world) pass(d time.Duration) {
	end := w.now.Add(d)
	for range 1000 {
		var soonest time.Time
		var which sop.Number
		for n, t := range w.tickets {
			if at := w.p.Wake(&t); !at.IsZero() && (soonest.IsZero() || at.Before(soonest) || at.Equal(soonest) && n < which) {
				soonest, which = at, n
			}
		}
		if soonest.IsZero() || soonest.After(end) {
			w.now = end
			return
		}
		if soonest.After(w.now) {
			w.now = soonest
		}
		before := w.tickets[which].Seq
		w.apply(w.p.Decide(w.situation(which), Input{}, w.now))
		if w.tickets[which].Seq == before {
			w.fatal("ticket %d was due at %v, and nothing was done", which, soonest)
		}
		after := w.tickets[which]
		if next := w.p.Wake(&after); !next.IsZero() && !next.After(w.now) {
			w.fatal("ticket %d was looked at at %v, and is due again at %v", which, w.now, next)
		}
	}
	w.fatal("something is due without end")
}

// told lists the receivers of a kind of notice since the mark, sorted.
func told(notices []Notice, kind sop.Kind) []string {
	var all []string
	for _, n := range notices {
		if n.Kind == kind {
			all = append(all, n.To.Address)
		}
	}
	slices.Sort(all)
	return all
}

func command(name sop.CommandName, args string) sop.Command {
	return sop.Command{Name: name, Args: args}
}
