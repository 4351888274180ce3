package gateway

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"helpost/internal/compose"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/templates"
	"helpost/workflow"
)

// reported is the place of the report among the messages of its ticket.
const reported = 1

// compose writes a notice out: the exact bytes that will be sent.
func (g *Gateway) compose(one *decided, n *workflow.Notice, kept store.Message, past map[sop.Number]*history, now time.Time) (store.Outbox, error) {
	t := ticketOf(one, n.Ticket)
	job := compose.Job{
		Number: n.Ticket, To: n.To, Sort: n.Sort, Mailbox: g.boxOf(t), Auto: n.Auto, Unique: unique(n.Event, n.Place, now), At: now.In(g.Policy.Zone),
		Class: store.Class(n.Class), NullFrom: n.Auto == "auto-replied" && !n.Desk && !g.mayReport(n.To.Address),
		Data: g.data(one, n, t, now),
	}
	if t != nil {
		job.Subject = t.Subject
		var err error
		if job.Thread, err = g.threadOf(t, n.To.Address, past[t.Number], kept); err != nil {
			return store.Outbox{}, err
		}
		if job.Data.Quote, err = g.quote(n, t, past[t.Number], kept); err != nil {
			return store.Outbox{}, err
		}
		if n.Late != nil {
			if job.Data.Told, err = g.told(past[t.Number], n.Late.Clock); err != nil {
				return store.Outbox{}, err
			}
		}
	}
	if agent, ok := g.Policy.Agent(n.From); ok && n.Kind == sop.KindReply {
		job.FromName = agent.Name
		if g.ShowAddress {
			job.FromName = strings.TrimSpace(agent.Name + " " + agent.Address)
		}
	}
	if n.Words && kept.Ticket != 0 {
		g.attach(&job, kept, one.private, n.Desk)
	}
	if n.Report && t != nil {
		report, err := past[t.Number].message(reported)
		if err != nil {
			return store.Outbox{}, err
		}
		if job.Data.Words = report.Text; !t.Stripped {
			g.attach(&job, report, nil, n.Desk)
		}
	}
	if h := n.Handling; h != nil && h.When != nil && t != nil {
		job.Visit = &compose.Visit{Start: *h.When, Sequence: t.Visits - 1, Onsite: h.How == sop.Onsite}
	}
	for _, b := range n.Buttons {
		job.Buttons = append(job.Buttons, compose.Answer{Name: b.Name, With: b.With, Body: b.Body, Sort: b.Sort})
	}
	return g.Composer.Compose(job)
}

// unique is the second half of a notice's Message-ID: the event that says it was sent, and its place there. The time keeps
// a store that was restored from repeating a Message-ID.
func unique(event, place int, at time.Time) string {
	return strconv.Itoa(event) + "-" + strconv.Itoa(place) + "-" + strconv.FormatInt(at.UnixMilli(), 36)
}

// eventOf reads the event and the place out of a Message-ID of ours.
func eventOf(messageID string) (event, place int, ok bool) {
	_, rest, found := strings.Cut(messageID, ".")
	parts := strings.SplitN(rest, "-", 3)
	if !found || len(parts) != 3 {
		return 0, 0, false
	}
	event, err1 := strconv.Atoi(parts[0])
	place, err2 := strconv.Atoi(parts[1])
	return event, place, err1 == nil && err2 == nil
}

func ticketOf(one *decided, n sop.Number) *workflow.Ticket {
	for _, d := range one.Drafts {
		if d.Number == n && n != 0 {
			return &d.Ticket
		}
	}
	return nil
}

func (g *Gateway) boxOf(t *workflow.Ticket) compose.Mailbox {
	if t != nil {
		if box, _, ok := g.Mailbox(t.Mailbox); ok {
			return box.Mailbox
		}
	}
	return g.Default.Mailbox
}

// data is all that the notice may say.
func (g *Gateway) data(one *decided, n *workflow.Notice, t *workflow.Ticket, now time.Time) templates.Data {
	zone := g.Policy.Zone
	d := templates.Data{
		Kind: n.Kind, Lang: n.To.Lang, Now: now.In(zone), Company: g.Company, To: n.To, ToDesk: n.Desk, Sort: n.Sort,
		Missing: n.Missing, Verdict: n.Verdict, Closing: templates.Closing(n.Closing), Reason: n.Reason, Status: templates.Status(n.Status),
	}
	if !n.Until.IsZero() {
		d.Until = n.Until.In(zone)
	}
	if t != nil {
		d.Ticket = g.ticketData(t)
	}
	if m := one.mail; m != nil && one.Message != nil {
		writer := m.From
		writer.Name = orWord(writer.Name, g.nameOf(writer.Address, t))
		d.Author, d.Role, d.At, d.Marked = g.author(writer, n.Desk), string(m.Role), now.In(zone), one.Message.Marked
		if n.Words {
			d.Words = one.Message.Text
		}
	} else if m != nil {
		d.Author = g.author(m.From, n.Desk)
	}
	if n.From != "" {
		if a, ok := g.Policy.Agent(n.From); ok {
			d.Author = g.author(sop.Person{Address: a.Address, Name: a.Name}, n.Desk)
		}
	}
	if n.Kind == sop.KindClosed && n.Closing == "silence" {
		d.Silence = g.Policy.CloseAfter
	}
	if h := n.Handling; h != nil {
		d.Visit = &templates.Visit{How: h.How, Who: d.Author}
		if h.When != nil {
			d.Visit.When = h.When.In(zone)
		}
	}
	if l := n.Late; l != nil {
		d.Late = &templates.Late{Clock: l.Clock, Due: l.Due.In(zone), By: now.Sub(l.Due), ByChange: l.ByChange, Level: l.Level, NextLevel: l.NextLevel}
		if !l.NextAt.IsZero() {
			d.Late.NextAt = l.NextAt.In(zone)
		}
	}
	if w := n.Mistake; w != nil {
		d.Error = &templates.Error{Problem: w.Problem, Word: w.Word, Nearest: w.Nearest, Line: w.Line, Detail: w.Detail, Body: one.mail.Text}
	}
	if n.Into != 0 {
		d.Merged = &templates.Merge{Into: g.id(n.Into)}
		if into := ticketOf(one, n.Into); into != nil && !n.Desk {
			d.Merged.Subject = into.Subject
		}
	}
	if n.Failed != nil {
		d.Failed = &sop.Person{Address: n.Failed.To, Name: g.nameOf(n.Failed.To, t)}
	}
	for i := range n.List {
		d.List = append(d.List, g.ticketData(&n.List[i]))
	}
	return d
}

// nameOf is how somebody is called whom a ticket names, or the directory.
func (g *Gateway) nameOf(address string, t *workflow.Ticket) string {
	if a, ok := g.Policy.Agent(address); ok {
		return a.Name
	}
	if t != nil && t.Reporter.Address == address && t.Reporter.Name != "" {
		return t.Reporter.Name
	}
	return g.known(address).Name
}

// told lists who was told already that a target is about to be missed, or is: in the notices that followed upon a warning, a
// breach or an escalation of that clock.
func (g *Gateway) told(h *history, clock string) ([]templates.Told, error) {
	var all []templates.Told // newest first
	once := map[string]bool{}
	sent := -1 // the last notices before
	for i := 0; ; i++ {
		entry, more, err := h.entry(i)
		if err != nil || !more {
			slices.Reverse(all)
			return all, err
		}
		if has(entry, workflow.Notified) {
			sent = i
			continue
		}
		if sent < 0 || !has(entry, workflow.Warned, workflow.Breached, workflow.EscalatedBy) {
			continue
		}
		why, err1 := h.event(i)
		e, err2 := h.event(sent)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		if sent = -1; why.Info["clock"] != clock {
			continue
		}
		for place, to := range slices.Backward(e.to) {
			if mayBeBundled[e.kinds[place]] {
				if who := orWord(g.nameOf(to, nil), to); !once[who] { // the last time counts
					once[who] = true
					all = append(all, templates.Told{Who: who, At: e.At.In(g.Policy.Zone)})
				}
			}
		}
	}
}

// author names who wrote: an agent's address never goes to a reporter.
func (g *Gateway) author(p sop.Person, desk bool) string {
	if a, ok := g.Policy.Agent(p.Address); ok {
		if a.Name != "" {
			return a.Name
		}
		if !desk {
			return orWord(g.Company.Name, "IT Service Desk")
		}
	}
	return orWord(p.Name, p.Address)
}

func (g *Gateway) ticketData(t *workflow.Ticket) templates.Ticket {
	zone := g.Policy.Zone
	d := templates.Ticket{
		ID: g.id(t.Number), Subject: t.Subject, State: string(t.State), Type: t.Type, Impact: t.Impact, Urgency: t.Urgency, Priority: t.Priority,
		Decided: t.PriorityBy == "agent", Evidence: t.Evidence, Reporter: t.Reporter, AssetCodes: t.AssetCodes, Screenshots: t.Screenshots,
		Team: t.Team, CreatedAt: t.CreatedAt.In(zone), ResponseDue: t.Response.Due.In(zone), ResolutionDue: t.Resolution.Due.In(zone),
		Responded: t.RespondedAt != nil, Suspicious: t.Suspicious,
	}
	if t.Assignee != "" {
		a, _ := g.Policy.Agent(t.Assignee)
		d.Assignee = orWord(a.Name, t.Assignee)
	}
	for _, l := range t.Linked {
		d.Linked = append(d.Linked, g.id(l))
	}
	return d
}

// texts reads a list of words out of an event, as it was written or as it was read back.
func texts(v any) []string {
	switch list := v.(type) {
	case []string:
		return list
	case []sop.Kind:
		var all []string
		for _, k := range list {
			all = append(all, string(k))
		}
		return all
	case []any:
		var all []string
		for _, x := range list {
			s, _ := x.(string)
			all = append(all, s)
		}
		return all
	}
	return nil
}

// attach lets the files of a message come along, as long as the relay takes the mail; what does not fit is named. private are
// the sums of those that go to the desk alone.
func (g *Gateway) attach(job *compose.Job, m store.Message, private []string, desk bool) {
	room := g.MaxSize - 64<<10
	for _, a := range m.Attachments {
		if m.Direction == store.Out && !desk && slices.Contains(private, a.SHA256) {
			continue
		}
		if a.Size*137/100 > room {
			job.Data.Files = append(job.Data.Files, orWord(a.Filename, a.ContentType))
			continue
		}
		room -= a.Size * 137 / 100
		job.Files = append(job.Files, compose.File{Name: a.Filename, ContentType: a.ContentType, ContentID: a.ContentID, Inline: a.Inline, Size: a.Size, Ref: a.Ref})
	}
}
