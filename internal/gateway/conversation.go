package gateway

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"

	"helpost/internal/compose"
	"helpost/internal/record"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/templates"
	"helpost/workflow"
)

// What of the conversation so far goes into a notice: the mails that its receiver knows, and the words that are quoted.

// mayBeBundled are the kinds that may have come within a bundle, which has a Message-ID of its own.
var mayBeBundled = map[sop.Kind]bool{sop.KindWarning: true, sop.KindBreach: true, sop.KindEscalated: true}

// threadOf lists the newest Message-IDs that somebody sent or got about a ticket, oldest first, as many as a mail may name,
// so that his client shows one thread and learns of no other mail.
func (g *Gateway) threadOf(t *workflow.Ticket, address string, h *history, now store.Message) ([]string, error) {
	var thread threaded
	if now.Ticket == t.Number && now.From == address {
		thread.came(now)
	}
	lost := map[int]bool{} // events whose notice did not reach him
	id := g.messageIDs(t, address)
	his := written(address)
	for k := 0; ; k++ {
		i, more, err := h.named(his, k)
		if err != nil || !more {
			return thread.ids(), err
		}
		e, err := h.event(i)
		if err != nil {
			return nil, err
		}
		if thread.whole(e.At) {
			return thread.ids(), nil
		}
		switch {
		case e.Type == workflow.Undelivered && e.Said["to"] == address:
			lost[lostEvent(e.Event)] = true
		case e.Type == workflow.Notified && !lost[e.Seq]:
			for place, to := range slices.Backward(e.to) {
				if to == address && !mayBeBundled[e.kinds[place]] {
					thread.went(e.At, id(e.kinds[place], e.Seq, place, e.At))
				}
			}
		case e.Message() > 0 && e.Actor == address:
			m, err := h.message(e.Message())
			if err != nil {
				return nil, err
			}
			if m.From == address {
				thread.came(m)
			}
		}
	}
}

// threaded collects what somebody sent and got, newest first.
type threaded struct {
	got, sent []mailed
	distinct  map[string]bool
	oldest    time.Time
}

type mailed struct {
	at time.Time
	id string
}

func (c *threaded) went(at time.Time, id string) { c.got = append(c.got, c.count(at, id)) }

func (c *threaded) came(m store.Message) {
	if m.MessageID != "" {
		c.sent = append(c.sent, c.count(m.At, m.MessageID))
	}
}

func (c *threaded) count(at time.Time, id string) mailed {
	if c.distinct == nil {
		c.distinct = map[string]bool{}
	}
	if compose.MayBeNamed(id) {
		c.distinct[id] = true
	}
	c.oldest = at
	return mailed{at, id}
}

// whole says whether nothing of so long ago can be among the newest any more.
func (c *threaded) whole(at time.Time) bool {
	return len(c.distinct) >= compose.MaxReferences && at.Before(c.oldest)
}

// ids are in the order of their times; of one moment what he sent comes last.
func (c *threaded) ids() []string {
	slices.Reverse(c.got)
	slices.Reverse(c.sent)
	all := append(c.got, c.sent...)
	slices.SortStableFunc(all, func(a, b mailed) int { return a.at.Compare(b.at) })
	var ids []string
	for _, m := range all {
		ids = append(ids, m.id)
	}
	return slices.Compact(ids)
}

// lostEvent is the event that says that an undelivered notice was sent, 0 where it does not say.
func lostEvent(e workflow.Event) int {
	event, _ := e.Info["event"].(float64) // as the record gives numbers back
	return int(event)
}

// messageIDs gives the Message-IDs that notices to somebody got: they follow from the record.
func (g *Gateway) messageIDs(t *workflow.Ticket, to string) func(kind sop.Kind, event, place int, at time.Time) string {
	box := g.boxOf(t)
	domain := orWord(box.ReplyDomain, box.Address[strings.LastIndexByte(box.Address, '@')+1:])
	tokens := map[sop.Sort]string{}
	return func(kind sop.Kind, event, place int, at time.Time) string {
		sort := workflow.SortOf(kind)
		if tokens[sort] == "" {
			tokens[sort] = g.Tokens.Mint(t.Number, to, sort)
		}
		return "<" + tokens[sort] + "." + unique(event, place, at) + "@" + domain + ">"
	}
}

// quote is the last message of the conversation that the receiver may see. The desk sees all of it; others see the
// reporter's own words and what the desk answered.
func (g *Gateway) quote(n *workflow.Notice, t *workflow.Ticket, h *history, now store.Message) (*templates.Quote, error) {
	if n.Kind == sop.KindAck && n.Status == "for" || n.Kind == sop.KindError || n.Kind == sop.KindHelp {
		return nil, nil
	}
	all := n.Desk && n.Sort == sop.Internal
	quoted := func(m store.Message) *templates.Quote {
		if !all && !visible(m, t, n.To.Address) || strings.TrimSpace(m.Text) == "" {
			return nil
		}
		return &templates.Quote{Author: g.quotedAuthor(m, n.Desk), At: m.At.In(g.Policy.Zone), Text: m.Text}
	}
	if now.Ticket == t.Number && !n.Words {
		if q := quoted(now); q != nil {
			return q, nil
		}
	}
	marks := [][]byte{[]byte(`"` + written(n.To.Address) + `"`), []byte(`"` + written(t.Reporter.Address) + `"`)}
	may := func(e record.Entry) bool {
		return has(e, workflow.Created) || has(e, workflow.MessageCame) &&
			(all || bytes.Contains(e.Line, outward) || bytes.Contains(e.Words, marks[0]) || bytes.Contains(e.Words, marks[1]))
	}
	for i := 0; ; i++ {
		entry, more, err := h.entry(i)
		if err != nil || !more {
			return nil, err
		}
		if !may(entry) {
			continue
		}
		e, err := h.event(i)
		if err != nil {
			return nil, err
		}
		if e.Message() == 0 || n.Report && e.Message() == reported { // that one is carried, not quoted
			continue
		}
		m, err := h.message(e.Message())
		if err != nil {
			return nil, err
		}
		if q := quoted(m); q != nil {
			return q, nil
		}
	}
}

// outward stands in the entry of a message that the desk sent out.
var outward = []byte(`"direction":"` + string(store.Out) + `"`)

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

// quotedAuthor names who wrote what is quoted. An agent has the name that the desk gives him, for what his mail client calls
// him may be his address; who only wrote in his name has not.
func (g *Gateway) quotedAuthor(m store.Message, desk bool) string {
	a, ok := g.Policy.Agent(m.From)
	switch {
	case ok && !m.Marked && a.Name != "":
		return a.Name
	case m.Direction == store.Out && !desk:
		return cmp.Or(g.Company.Name, "IT Service Desk")
	}
	return cmp.Or(m.Name, m.From)
}
