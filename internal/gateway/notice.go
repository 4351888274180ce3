package gateway

import (
	"cmp"
	"fmt"
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

// compose writes a notice out: the exact bytes that will be sent.
func (g *Gateway) compose(one *decided, n *workflow.Notice, kept store.Message, past map[sop.Number]past, now time.Time) (store.Outbox, error) {
	t := ticketOf(one, n.Ticket)
	history := past[n.Ticket]
	job := compose.Job{
		Number: n.Ticket, To: n.To, Sort: n.Sort, Mailbox: g.boxOf(t), Auto: n.Auto, Unique: unique(n.Event, n.Place, now), At: now.In(g.Policy.Zone),
		Class: store.Class(n.Class), NullFrom: n.Auto == "auto-replied" && !n.Desk && !g.mayReport(n.To.Address),
		Data: g.data(one, n, t, now),
	}
	if t != nil {
		job.Subject = t.Subject
		job.Thread = g.threadOf(t, n.To.Address, history, kept)
		job.Data.Quote = g.quote(n, t, history.messages, kept, g.Policy.Zone)
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
	if h := n.Handling; h != nil && h.When != nil && t != nil {
		job.Visit = &compose.Visit{Start: *h.When, Sequence: t.Visits - 1, Onsite: h.How == sop.Onsite}
	}
	if n.Late != nil && t != nil {
		job.Data.Told = g.told(history.events, n.Late.Clock)
	}
	for _, b := range n.Buttons {
		job.Buttons = append(job.Buttons, compose.Answer{Name: b.Name, With: b.With, Body: b.Body, Sort: b.Sort})
	}
	return g.Composer.Compose(job)
}

// unique is the second half of a notice's Message-ID: the event that says it was sent, and its place there. The time keeps
// a store that was restored from repeating a Message-ID.
func unique(event, place int, at time.Time) string {
	return fmt.Sprintf("%d-%d-%s", event, place, strconv.FormatInt(at.UnixMilli(), 36))
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

// told lists who was told already that a target is about to be missed, or is.
func (g *Gateway) told(events []workflow.Event, clock string) []templates.Told {
	var all []templates.Told
	about := false
	for _, e := range events {
		switch e.Type {
		case workflow.Warned, workflow.Breached, workflow.EscalatedBy:
			about = e.Info["clock"] == clock
		case workflow.Notified:
			if !about {
				continue
			}
			about = false
			kinds := texts(e.Info["notices"])
			for place, to := range texts(e.Said["to"]) {
				if place < len(kinds) && (kinds[place] == string(sop.KindWarning) || kinds[place] == string(sop.KindBreach) || kinds[place] == string(sop.KindEscalated)) {
					who := orWord(g.nameOf(to, nil), to)
					all = slices.DeleteFunc(all, func(t templates.Told) bool { return t.Who == who }) // the last time counts
					all = append(all, templates.Told{Who: who, At: e.At.In(g.Policy.Zone)})
				}
			}
		}
	}
	return all
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

// mayBeBundled are the kinds that may have come within a bundle, which has a Message-ID of its own.
var mayBeBundled = map[sop.Kind]bool{sop.KindWarning: true, sop.KindBreach: true, sop.KindEscalated: true}

// threadOf lists the Message-IDs that somebody sent or got about a ticket, oldest first, so that his client shows one
// thread and learns of no other mail.
func (g *Gateway) threadOf(t *workflow.Ticket, address string, p past, now store.Message) []string {
	type item struct {
		at time.Time
		id string
	}
	var all []item
	lost := map[int]bool{} // events whose notice did not reach him
	for _, e := range p.events {
		if e.Type == workflow.Undelivered && e.Said["to"] == address {
			lost[lostEvent(e)] = true
		}
	}
	for _, e := range p.events {
		if e.Type == workflow.Notified && !lost[e.Seq] {
			for place, to := range texts(e.Said["to"]) {
				if to == address {
					kinds := texts(e.Info["notices"])
					if place < len(kinds) && !mayBeBundled[sop.Kind(kinds[place])] {
						all = append(all, item{e.At, g.messageID(t, address, sop.Kind(kinds[place]), e.Seq, place, e.At)})
					}
				}
			}
		}
	}
	messages := p.messages
	if now.Ticket == t.Number {
		messages = append(slices.Clone(messages), now)
	}
	for _, m := range messages {
		if m.From == address && m.MessageID != "" {
			all = append(all, item{m.At, m.MessageID})
		}
	}
	slices.SortStableFunc(all, func(a, b item) int { return a.at.Compare(b.at) })
	var ids []string
	for _, i := range all {
		ids = append(ids, i.id)
	}
	return slices.Compact(ids)
}

// lostEvent is the event that says that an undelivered notice was sent, 0 where it does not say.
func lostEvent(e workflow.Event) int {
	event, _ := e.Info["event"].(float64) // as the record gives numbers back
	return int(event)
}

// messageID is the Message-ID that a notice got: it follows from the record.
func (g *Gateway) messageID(t *workflow.Ticket, to string, kind sop.Kind, event, place int, at time.Time) string {
	box := g.boxOf(t)
	domain := orWord(box.ReplyDomain, box.Address[strings.LastIndexByte(box.Address, '@')+1:])
	return "<" + g.Tokens.Mint(t.Number, to, workflow.SortOf(kind)) + "." + unique(event, place, at) + "@" + domain + ">"
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

// quote is the last message of the conversation that the receiver may see. The desk sees all of it; others see the
// reporter's own words and what the desk answered.
func (g *Gateway) quote(n *workflow.Notice, t *workflow.Ticket, messages []store.Message, now store.Message, zone *time.Location) *templates.Quote {
	if n.Kind == sop.KindAck && n.Status == "for" || n.Kind == sop.KindError || n.Kind == sop.KindHelp {
		return nil
	}
	all := messages
	if now.Ticket == t.Number && !n.Words {
		all = append(slices.Clone(messages), now)
	}
	for _, m := range slices.Backward(all) {
		if n.Desk && n.Sort == sop.Internal || visible(m, t, n.To.Address) {
			if strings.TrimSpace(m.Text) == "" {
				continue
			}
			return &templates.Quote{Author: g.quotedAuthor(m, n.Desk), At: m.At.In(zone), Text: m.Text}
		}
	}
	return nil
}

// visible says whether somebody outside the desk may see a message.
func visible(m store.Message, t *workflow.Ticket, to string) bool {
	switch {
	case m.Direction == store.Out:
		return true
	case m.Direction != store.In || m.Marked: // what somebody wrote in his name is not sent to him as his own
		return false
	case m.From == to:
		return true
	}
	switch m.Kind {
	case "report", "comment", "validation":
		return m.From == t.Reporter.Address
	}
	return false
}

// quotedAuthor names who wrote what is quoted. What his mail client calls an agent may be his address: to others he has the
// name that the desk gives him.
func (g *Gateway) quotedAuthor(m store.Message, desk bool) string {
	if m.Direction == store.Out && !desk {
		a, _ := g.Policy.Agent(m.From)
		return cmp.Or(a.Name, g.Company.Name, "IT Service Desk")
	}
	return cmp.Or(m.Name, m.From)
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
