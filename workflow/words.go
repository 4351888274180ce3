package workflow

import (
	"slices"
	"time"

	"helpost/internal/sop"
)

// Joins says whether words join a ticket in its state, or make a linked ticket of their own: what a reporter writes after
// the reopening window does, unless it is a thank-you (contract §2).
func (p *Policy) Joins(t Ticket, m *Mail, now time.Time) bool {
	late := t.State == Closed && t.ClosedAt != nil && now.After(t.ClosedAt.Add(p.ReopenWindow))
	return !late || m.Voice != sop.VoiceFull || m.Verdict == sop.Confirm || m.Auto != sop.NotAuto
}

// words takes what a reporter, a watcher or a stranger writes on a ticket.
func (c *Case) words() {
	d, m := c.t, c.m
	c.decided.Outcome = JoinedTicket
	kind := messageKind(m.Role, d.State)
	if m.Voice == sop.VoiceFull && m.Role == sop.RoleReporter && m.Sort == sop.Public {
		d.Answer = 0 // he has answered a notice of ours: no report says any more that he does not get them
	}
	c.keep(In, kind)
	if m.Proof == "fail" || m.Suspicious {
		c.suspect(d)
	}
	switch {
	case m.Voice == sop.VoiceFull:
		c.voiced(d)
	case m.Verdict == sop.Dispute && d.State == Resolved && (m.Voice == sop.VoiceObjects || m.Role == sop.RoleStranger):
		c.hold(d)
	}
	if d.State != Rejected && !slices.ContainsFunc(c.decided.Notices, func(n Notice) bool { return n.Kind == sop.KindReopened }) {
		c.tell(d, sop.KindUpdate, Notice{Words: true, Verdict: c.shownVerdict(d)}, m.From.Address)
	}
}

// messageKind is the kind of somebody's words, as the record calls it.
func messageKind(r sop.Role, s State) string {
	switch {
	case r == sop.RoleStranger, r == sop.RoleWatcher:
		return string(r)
	case s == Resolved:
		return "validation"
	default:
		return "comment"
	}
}

func (c *Case) shownVerdict(d *Draft) sop.Verdict {
	if d.Before.State != Resolved || c.m.Role == sop.RoleWatcher {
		return ""
	}
	return c.m.Verdict
}

// voiced is what a reporter's or co-reporter's words do, by the state of the ticket (contract §2, state × event).
func (c *Case) voiced(d *Draft) {
	c.complete(d)
	switch d.State {
	case Paused:
		c.resume(d)
	case Resolved:
		c.validate(d)
	case Closed:
		if c.m.Verdict != sop.Confirm { // a thank-you changes nothing
			c.reopen(d)
			c.tell(d, sop.KindReopened, Notice{Words: true}, c.m.From.Address)
		}
	}
}

// validate takes the reporter's word on a fix.
func (c *Case) validate(d *Draft) {
	switch c.m.Verdict {
	case sop.Confirm:
		if c.m.Role == sop.RoleReporter { // a co-reporter's is noted and closes nothing
			c.close(d, "confirm", "", false)
		}
	case sop.Dispute:
		c.dispute(d)
	case sop.Other:
		c.reopen(d)
		c.tell(d, sop.KindReopened, Notice{Words: true, Verdict: sop.Other}, c.m.From.Address)
	default:
		if v := &d.Validation; !v.Restarted && v.Held == "" {
			was := *v
			c.p.startValidation(&d.Ticket, c.now)
			if was.CloseAt != nil && was.CloseAt.After(*v.CloseAt) { // an agent has put it off further
				v.CloseAt, v.RemindAt = was.CloseAt, was.RemindAt
			}
			v.Restarted = true
			d.event(Extended, info{"why": "unclear"}, nil)
		}
	}
}

// dispute opens a ticket again whose fix did not help; the second one climbs the chain.
func (c *Case) dispute(d *Draft) {
	d.Disputes++
	c.reopenAs(d, Disputed)
	if d.Assignee != "" && c.away(d.Assignee) {
		for _, p := range c.team(d) {
			c.send(d, sop.KindReopened, Notice{Words: true, Verdict: sop.Dispute, Desk: true}, p)
		}
	}
	c.tell(d, sop.KindReopened, Notice{Words: true, Verdict: sop.Dispute}, c.m.From.Address)
	if d.Disputes >= 2 {
		c.escalate(d, "dispute", "")
	}
}

// complete takes from a reporter's later words what his report lacked.
func (c *Case) complete(d *Draft) {
	m := c.m
	if m.Role != sop.RoleReporter {
		return
	}
	before := clone(d.Ticket)
	if len(m.Pictures) > 0 {
		d.Screenshots += len(m.Pictures)
		d.Pictures = append(d.Pictures, m.Pictures...)
		d.Missing = without(d.Missing, sop.MissingScreenshot)
	}
	for _, a := range m.Report.AssetCodes {
		if !slices.Contains(d.AssetCodes, a) {
			d.AssetCodes = append(d.AssetCodes, a)
		}
	}
	if slices.Contains(d.Missing, sop.MissingDepartment) && m.Report.Department != "" {
		d.Reporter.Department = m.Report.Department
		d.Missing = without(d.Missing, sop.MissingDepartment)
	}
	if slices.Contains(d.Missing, sop.MissingName) && m.Report.Name != "" {
		d.Reporter.Name = m.Report.Name
		d.Missing = without(d.Missing, sop.MissingName)
	}
	if slices.Contains(d.Missing, sop.MissingScreenshot) && !slices.Contains(m.Report.Missing, sop.MissingScreenshot) { // "there is none"
		d.Missing = without(d.Missing, sop.MissingScreenshot)
	}
	if len(diff(&before.Facts, &d.Facts))+len(diff(&before.Words, &d.Words)) > 0 {
		d.event(Completed, nil, nil)
		c.learn(d)
	}
}

// suspect marks a ticket that holds words of somebody unproven.
func (c *Case) suspect(d *Draft) {
	if !d.Suspicious {
		d.Suspicious = true
		d.event(Suspected, nil, nil)
	}
}

// hold keeps silence from closing a ticket until an agent acts.
func (c *Case) hold(d *Draft) {
	if d.Validation.Held == "" {
		d.hold(objection)
		d.event(Held, info{"why": objection}, nil)
	}
}

// unproven keeps a mail that came in an agent's name without proof: it is obeyed in nothing, and the agent is told.
func (c *Case) unproven() {
	d := c.t
	if d.Number == 0 {
		c.report()
	} else {
		c.keep(In, "unproven")
		c.suspect(d)
	}
	c.decided.Outcome = SuspectMail
	if c.now.Sub(c.s.Desk.Told) < time.Hour {
		return
	}
	told := c.now
	c.decided.Desk.Told = &told
	to := c.desk(c.m.From.Address)
	c.send(d, sop.KindStatus, Notice{Status: "unobeyed", Desk: true, Auto: "auto-generated"}, to)
}

func without(list []string, drop string) []string {
	var kept []string
	for _, v := range list {
		if v != drop {
			kept = append(kept, v)
		}
	}
	return kept
}
