package workflow

import (
	"slices"
	"time"

	"helpost/internal/sop"
)

// until lets time pass to a moment after the start of the world.
func (w *world) until(d time.Duration) {
	w.t.Helper()
	if left := start.Add(d).Sub(w.now); left >= 0 {
		w.pass(left)
		return
	}
	w.fatal("%v after the start is over", d)
}

// get is a ticket as it is now.
func (w *world) get(n sop.Number) *Ticket {
	t := w.tickets[n]
	return &t
}

// bounce lets the newest notice of a kind to somebody come back undeliverable.
func (w *world) bounce(n sop.Number, kind sop.Kind, to string) Decision {
	w.t.Helper()
	for _, o := range slices.Backward(w.sent) {
		if o.Kind == kind && o.To.Address == to && o.Ticket == n {
			f := &Failed{Kind: kind, To: to, Event: o.Event, Status: "5.1.1"}
			return w.apply(w.p.Decide(w.situation(n), Input{Failed: f}, w.now))
		}
	}
	w.fatal("no %s to %s", kind, to)
	return Decision{}
}

// answerInside lets an agent answer an internal notice.
func (w *world) answerInside(n sop.Number, who, body string, cmds ...sop.Command) Decision {
	return w.write(n, Mail{Role: sop.RoleAgent, Voice: sop.VoiceObeyed, Sort: sop.Internal, Proof: "pass", From: sop.Person{Address: who}, Text: body, Body: body, Commands: cmds})
}

// machine lets somebody's software write on a ticket.
func (w *world) machine(n sop.Number, who string, role sop.Role, kind sop.Auto) Decision {
	return w.write(n, Mail{Role: role, Voice: sop.VoiceFull, Proof: "pass", From: sop.Person{Address: who}, Text: "otomatis", Auto: kind})
}

// objects lets a stranger who holds a token dispute a fix.
func (w *world) objects(n sop.Number) Decision {
	return w.write(n, Mail{Role: sop.RoleStranger, Voice: sop.VoiceWords, Proof: "none", From: sop.Person{Address: "asing@company.com"}, Text: "Belum.", Verdict: sop.Dispute})
}

// critical makes a P1.
func (w *world) critical() sop.Number {
	return w.report(Mail{Report: sop.Report{Impact: sop.Company, Urgency: sop.High, Department: "IT"}})
}

// high makes a P2.
func (w *world) high() sop.Number {
	return w.report(Mail{Report: sop.Report{Impact: sop.Department, Urgency: sop.High, Department: "IT"}})
}

// count is how many notices of a kind went to somebody.
func (w *world) count(kind sop.Kind, to string) int {
	n := 0
	for _, o := range w.sent {
		if o.Kind == kind && o.To.Address == to {
			n++
		}
	}
	return n
}

// chainOf lists when the chain was told, as times after the start.
func chainOf(events []Event) []time.Duration {
	var all []time.Duration
	for _, e := range events {
		if e.Type == Breached || e.Type == EscalatedBy {
			all = append(all, e.At.Sub(start))
		}
	}
	return all
}
