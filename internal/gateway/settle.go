package gateway

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"helpost/internal/compose"
	"helpost/internal/record"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/internal/thread"
	"helpost/workflow"
)

// decided is one decision with what it was made on.
type decided struct {
	workflow.Decision
	mail     *workflow.Mail
	private  []string // sums of the mail's files that go to nobody but the desk
	desk     desk
	versions map[sop.Number]store.Version // of the tickets that were read
	trace    string                       // of the mail that it is about
	returned *workflow.Failed             // the notice of ours that the mail brings back
}

// settle makes stages 4 and 5: it decides for each ticket that the mail belongs to, and commits all of it at once.
func (g *Gateway) settle(ctx context.Context, b Bound) (Passed, error) {
	now := workflow.Moment(g.Clock())
	d := Decided{Bound: b}
	if err := g.overdue(ctx, b.To, now); err != nil {
		return Passed{}, err
	}
	for _, to := range b.To {
		one, err := g.decide(ctx, b, to, now, d.Decisions)
		if err != nil {
			return Passed{}, err
		}
		d.Decisions = append(d.Decisions, one)
		if one.Outcome == workflow.MistakenMail { // tokens of several tickets from an agent: one error, nothing else
			d.Decisions = []decided{one}
			break
		}
	}
	passed := summary(d, g.id)
	change, err := g.change(ctx, d, now)
	if err != nil {
		return passed, err
	}
	if err := g.commit(ctx, change); err != nil {
		return passed, err
	}
	g.committed(change)
	return passed, nil
}

// summary says what became of a mail.
func summary(d Decided, id func(sop.Number) string) Passed {
	first := d.Decisions[0]
	p := Passed{Outcome: string(first.Outcome), Detail: first.Detail}
	if first.mail != nil {
		p.Report, p.Commands = first.mail.Report, first.mail.Commands
		if first.Message != nil && first.Message.Kind == "validation" {
			p.Verdict = first.mail.Verdict
		}
	}
	for _, one := range d.Decisions {
		p.Notices = append(p.Notices, one.Notices...)
	}
	switch {
	case len(first.Drafts) > 0:
		p.Ticket = id(first.Drafts[0].Number)
	case len(d.To) > 0:
		p.Ticket = id(d.To[0].Ticket)
	}
	return p
}

// committed wakes whoever waits for what a change brought.
func (g *Gateway) committed(c store.Change) {
	if len(c.Outbox) > 0 {
		g.Sent()
	}
	if len(c.Tickets) > 0 {
		g.Changed(c.Tickets)
	}
	if g.rouses(c) {
		g.rouse()
	}
}

// decide makes one decision: it reads the situation, with what the decisions before it on the same mail make of it, and asks
// workflow.
func (g *Gateway) decide(ctx context.Context, b Bound, to thread.Binding, now time.Time, before []decided) (decided, error) {
	one := decided{mail: g.input(b, to), versions: map[sop.Number]store.Version{}, trace: b.Trace}
	var s workflow.Situation
	err := g.Store.View(ctx, func(v store.Reader) error {
		var err error
		if s, err = g.situation(v, &one, g.about(one.mail, to)); err != nil {
			return err
		}
		if one.mail.Auto == sop.Bounced {
			one.returned, err = g.returned(v, b, &s, &one)
		}
		return err
	})
	if err != nil {
		return one, err
	}
	for _, earlier := range before {
		one.desk.follow(earlier.Desk, one.mail.From.Address)
	}
	s.Desk = one.desk.Desk
	if one.returned != nil {
		one.Decision = g.Policy.Decide(s, workflow.Input{Failed: one.returned}, now)
		return one, nil
	}
	if s.Ticket.Number != 0 {
		one.mail.Pictures = newPictures(b, s.Ticket.Pictures)
		if len(s.Ticket.Missing) > 0 {
			one.mail.Report = g.Parser.FollowUp(b.Said, s.Ticket.Missing)
		}
	} else {
		one.mail.Pictures = newPictures(b, nil)
	}
	if s.Ticket.Number != 0 && !g.Policy.Joins(s.Ticket, one.mail, now) {
		one.mail.Link, one.mail.Voice = s.Ticket.Number, sop.VoiceNew
		one.mail.Watchers, one.mail.Crowd = g.watchers(b)
		s.Ticket = workflow.Ticket{}
	}
	if err := g.reserve(ctx, &s, one.mail); err != nil {
		return one, err
	}
	one.Decision = g.Policy.Decide(s, workflow.Input{Mail: one.mail}, now)
	return one, nil
}

// about is the ticket that a mail is decided on: where merges lead, but for an agent's commands, which are not carried
// over: he is told where the ticket went (contract §2).
func (g *Gateway) about(m *workflow.Mail, to thread.Binding) sop.Number {
	if to.Asked != 0 && to.Ticket != 0 && slices.ContainsFunc(m.Commands, func(c sop.Command) bool { return workflow.Changes(c.Name) }) {
		return to.Asked
	}
	return to.Ticket
}

// newPictures are the screenshots that the ticket does not have yet: one that is quoted back is not a new one.
func newPictures(b Bound, has []string) []string {
	var all []string
	for _, a := range b.Said.Attachments {
		if a.Screenshot && !slices.Contains(has, a.SHA256) && !slices.Contains(all, a.SHA256) {
			all = append(all, a.SHA256)
		}
	}
	return all
}

// situation reads what a decision may look at.
func (g *Gateway) situation(v store.Reader, one *decided, n sop.Number) (workflow.Situation, error) {
	s := workflow.Situation{Others: map[sop.Number]workflow.Ticket{}}
	m := one.mail
	read := func(n sop.Number) (workflow.Ticket, error) {
		t, version, err := v.Ticket(n)
		if err == nil {
			one.versions[n] = version
		}
		return t, err
	}
	var err error
	if n != 0 {
		if s.Ticket, err = read(n); err != nil {
			return s, fmt.Errorf("ticket %d: %w", n, err)
		}
	}
	whose := workflow.Addresses(m)
	for _, other := range append(g.Policy.Names(m.Commands), m.Link) {
		if other == 0 || other == n {
			continue
		}
		t, err := read(other)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return s, err
		}
		s.Others[other] = t
		whose = append(whose, t.Reporter.Address)
	}
	if len(m.Commands) > 0 && n != 0 {
		whose = append(whose, s.Ticket.Reporter.Address)
	}
	if one.desk, err = g.readDesk(v, m.From.Address, whose); err != nil {
		return s, err
	}
	absent := m.Auto == sop.AutoReply && m.Role == sop.RoleAgent && m.Proof == "pass"
	if absent || slices.ContainsFunc(m.Commands, func(c sop.Command) bool { return c.Name == sop.Status || c.Name == sop.Away }) {
		if one.desk.Holds, err = holds(v, m.From.Address); err != nil {
			return s, err
		}
	}
	return s, nil
}

// holds lists an agent's tickets that are not done, however many he has closed.
func holds(v store.Reader, agent string) ([]workflow.Ticket, error) {
	var all []workflow.Ticket
	for _, state := range []workflow.State{workflow.New, workflow.Open, workflow.Paused, workflow.Resolved} {
		some, _, err := v.List(store.Filter{Assignee: agent, State: state, Limit: 500})
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	slices.SortFunc(all, func(a, b workflow.Ticket) int { return cmp.Compare(b.Number, a.Number) })
	return all[:min(len(all), 500)], nil
}

// reserve takes the number and the turns that a decision may need, so that they exist before anything is written.
func (g *Gateway) reserve(ctx context.Context, s *workflow.Situation, m *workflow.Mail) error {
	if m.Auto != sop.NotAuto && m.Auto != sop.AutoGenerated { // a bounce takes nobody's turn
		return nil
	}
	fresh := s.Ticket.Number == 0
	if fresh {
		n, err := g.Store.Reserve(ctx, store.SeqTicket)
		if err != nil {
			return err
		}
		s.Number = sop.Number(n)
	}
	s.Desk.Turns = map[string]uint64{}
	for _, team := range g.Policy.Turns(m, fresh) {
		turn, err := g.Store.Reserve(ctx, store.SeqTurn(team))
		if err != nil {
			return err
		}
		s.Desk.Turns[team] = turn
	}
	return nil
}

// change makes stage 5: everything for one commit, notices written out.
func (g *Gateway) change(ctx context.Context, d Decided, now time.Time) (store.Change, error) {
	var c store.Change
	facts := factSet{}
	seen := store.Seen{Key: d.Key, MessageID: d.Said.MessageID, From: d.Sender, At: now}
	for i := range d.Decisions {
		one := &d.Decisions[i]
		kept, err := g.keep(ctx, d, one, &c)
		if err != nil {
			return c, err
		}
		if i == 0 {
			seen.Ticket, seen.Message = kept.Ticket, kept.Seq
			if kept.Ticket == 0 && len(one.Drafts) > 0 {
				seen.Ticket = one.Drafts[0].Number
			}
			if d.Said.Auto == sop.AutoGenerated && len(one.Drafts) > 0 && one.Drafts[0].Before.Number == 0 {
				if err := g.rememberMonitor(ctx, facts, d, one.Drafts[0].Number, now); err != nil {
					return c, err
				}
			}
		}
		if err := g.write(ctx, &c, facts, one, kept, now); err != nil {
			return c, err
		}
		c.Traces = append(c.Traces, g.trace(d.Read, string(one.Outcome), seen.Ticket, one.Detail))
		if f := one.returned; f != nil { // whoever asks after the notice, or its receiver, finds that it came back
			c.Traces = append(c.Traces, store.Trace{At: now, ID: one.trace, MessageID: f.MessageID, From: g.Default.Address, To: f.To, Outcome: string(one.Outcome), Ticket: seen.Ticket, Detail: f.Text})
		}
	}
	c.Seen = []store.Seen{seen}
	if d.Release != "" {
		c.Release = []string{d.Release}
	}
	c.Facts = facts.list()
	return c, nil
}

func (g *Gateway) rememberMonitor(ctx context.Context, facts factSet, d Decided, n sop.Number, now time.Time) error {
	key := monitorKey(d.Read)
	return g.Store.View(ctx, func(v store.Reader) error {
		var was monitorFact
		version, err := readFact(v, key, &was)
		if err != nil {
			return err
		}
		return facts.put(key, version, monitorFact{Ticket: n, At: now})
	})
}

// write puts a decision's tickets, entries, facts and notices into a change.
func (g *Gateway) write(ctx context.Context, c *store.Change, facts factSet, one *decided, kept store.Message, now time.Time) error {
	past := g.past(ctx, one.Drafts)
	for _, draft := range one.Drafts {
		prev, err := past[draft.Number].head()
		if err != nil {
			return err
		}
		for _, e := range draft.Events {
			if err := summed(&e, draft.Number, kept); err != nil {
				return err
			}
			salt := make([]byte, record.SaltSize)
			_, _ = rand.Read(salt) // never fails (crypto/rand)
			entry, err := record.Seal(draft.Number, e, prev, salt)
			if err != nil {
				return err
			}
			prev = entry.Head()
			c.Entries = append(c.Entries, store.Entry{Number: draft.Number, Entry: entry})
		}
		c.Tickets = append(c.Tickets, store.Ticket{Ticket: draft.Ticket, Expect: one.versions[draft.Number], Due: g.Policy.Wake(&draft.Ticket)})
		for _, call := range draft.Calls() {
			for _, f := range g.Calls(call) {
				facts[f.Key] = f
			}
		}
	}
	writer := ""
	if one.mail != nil {
		writer = one.mail.From.Address
	}
	version := func(key string) (v store.Version, err error) {
		err = g.Store.View(ctx, func(r store.Reader) error {
			f, err := r.Fact(key)
			v = f.Version
			return err
		})
		return v, err
	}
	if err := one.desk.write(facts, writer, one.Desk, now, version); err != nil {
		return err
	}
	for i := range one.Notices {
		if one.Notices[i].Bundle {
			waits, err := g.bundle(ctx, facts, &one.Notices[i], now)
			if err != nil {
				return err
			}
			if waits {
				continue
			}
		}
		row, err := g.compose(one, &one.Notices[i], kept, past, now)
		if errors.Is(err, compose.ErrJob) { // nobody can be written to at such an address; what he wrote is kept all the same
			n := one.Notices[i]
			g.Log.Warn("notice not written", "trace", one.trace, "ticket", g.id(n.Ticket), "kind", string(n.Kind), "error", err)
			c.Traces = append(c.Traces, store.Trace{At: now, ID: one.trace, From: g.Default.Address, To: n.To.Address, Outcome: "dropped", Ticket: n.Ticket, Detail: "no mail can be sent to this address"})
			continue
		}
		if err != nil {
			return fmt.Errorf("notice %s: %w", one.Notices[i].Kind, err)
		}
		row.Trace = one.trace
		c.Outbox = append(c.Outbox, row)
	}
	return nil
}
