package life

import (
	"context"
	"time"

	"helpost/internal/sop"
	"helpost/internal/store"
)

// Known is all that is kept of a person, for him to read. Of others it says nothing but what was written to him.
type Known struct {
	Address    string        `json:"address"`
	Names      []string      `json:"names"`
	Agent      bool          `json:"agent"` // he has worked on tickets: what he did there is not listed
	Tickets    []KnownTicket `json:"tickets"`
	Facts      []KnownFact   `json:"facts"`
	Traces     []KnownTrace  `json:"traces"`
	Quarantine []KnownMail   `json:"quarantine"`
	Queued     []KnownNotice `json:"queued"`
}

// KnownTicket is a ticket that names the person.
type KnownTicket struct {
	ID        string         `json:"id"`
	Role      string         `json:"role"` // "reporter", "co-reporter", "watcher", "writer", "named"
	State     string         `json:"state"`
	CreatedAt time.Time      `json:"created_at"`
	Subject   string         `json:"subject,omitempty"` // of his own
	Reporter  *sop.Person    `json:"reporter,omitempty"`
	Assets    []string       `json:"asset_codes,omitempty"`
	Messages  []KnownMessage `json:"messages"`
	Notices   []KnownNotice  `json:"notices"` // that were sent to him
	Hold      bool           `json:"hold,omitempty"`
}

// KnownMessage is what the person wrote, or what was written to him.
type KnownMessage struct {
	At          time.Time `json:"at"`
	Direction   string    `json:"direction"`
	Kind        string    `json:"kind"`
	MessageID   string    `json:"message_id,omitempty"`
	Text        string    `json:"text"`
	Attachments []string  `json:"attachments,omitempty"`
}

// KnownNotice is a mail to the person.
type KnownNotice struct {
	At   time.Time `json:"at"`
	Kind string    `json:"kind"`
}

// KnownFact is what the desk remembers of the person.
type KnownFact struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// KnownTrace is what became of a mail of the person's, or to him.
type KnownTrace struct {
	At        time.Time `json:"at"`
	MessageID string    `json:"message_id"`
	From      string    `json:"from"`
	To        string    `json:"to,omitempty"`
	Outcome   string    `json:"outcome"`
	Detail    string    `json:"detail,omitempty"`
}

// KnownMail is a mail of the person's in quarantine.
type KnownMail struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Subject string    `json:"subject"`
	Reason  string    `json:"reason"`
}

// Export gathers all that is kept of a person. store.ErrNotFound: nothing is.
func (k *Keeper) Export(ctx context.Context, address string) (Known, error) {
	k.removing.RLock()
	defer k.removing.RUnlock()
	p, err := k.find(ctx, address)
	if err != nil {
		return Known{}, err
	}
	known := Known{Address: p.Address, Names: append([]string{}, p.Names...), Agent: p.acted,
		Tickets: []KnownTicket{}, Facts: []KnownFact{}, Traces: []KnownTrace{}, Quarantine: []KnownMail{}, Queued: []KnownNotice{}}
	for _, n := range p.tickets {
		t, err := k.load(ctx, n)
		if err != nil {
			return known, err
		}
		known.Tickets = append(known.Tickets, k.knownTicket(p, t))
	}
	err = k.Store.View(ctx, func(v store.Reader) error { return known.beside(v, p) })
	return known, err
}

func (k *Keeper) knownTicket(p *person, t loaded) KnownTicket {
	out := KnownTicket{ID: t.Number.ID(k.Policy.Prefix), Role: p.role(t), State: string(t.State), CreatedAt: t.CreatedAt, Hold: t.Hold,
		Messages: []KnownMessage{}, Notices: []KnownNotice{}}
	his := p.is(t.Reporter.Address)
	if his {
		out.Subject, out.Reporter, out.Assets = t.Subject, &t.Reporter, t.AssetCodes
	}
	for _, m := range t.messages {
		if !p.is(m.From) && !(his && m.Direction != store.In) {
			continue
		}
		one := KnownMessage{At: m.At, Direction: string(m.Direction), Kind: m.Kind, Text: m.Text}
		if p.is(m.From) {
			one.MessageID = m.MessageID
		}
		for _, a := range m.Attachments {
			one.Attachments = append(one.Attachments, a.Filename)
		}
		out.Messages = append(out.Messages, one)
	}
	for _, e := range t.events {
		kinds, _ := e.Info["notices"].([]any)
		to, _ := e.Said["to"].([]any)
		for i, address := range to {
			if a, _ := address.(string); p.is(a) && i < len(kinds) {
				kind, _ := kinds[i].(string)
				out.Notices = append(out.Notices, KnownNotice{e.At, kind})
			}
		}
	}
	return out
}

// role is the part that somebody has in a ticket.
func (p *person) role(t loaded) string {
	if p.is(t.Reporter.Address) {
		return "reporter"
	}
	for _, c := range t.CoReporters {
		if p.is(c.Address) {
			return "co-reporter"
		}
	}
	for _, w := range t.Watchers {
		if p.is(w) {
			return "watcher"
		}
	}
	for _, m := range t.messages {
		if p.is(m.From) {
			return "writer"
		}
	}
	return "named"
}

func (known *Known) beside(v store.Reader, p *person) error {
	facts, err := factsOf(v, p)
	if err != nil {
		return err
	}
	for _, f := range facts {
		known.Facts = append(known.Facts, KnownFact{f.Key, string(f.Value)})
	}
	traces, err := v.Traces(p.Address)
	if err != nil {
		return err
	}
	for _, t := range traces {
		known.Traces = append(known.Traces, KnownTrace{t.At, t.MessageID, t.From, t.To, t.Outcome, t.Detail})
	}
	quarantined, err := quarantineOf(v, p)
	if err != nil {
		return err
	}
	for _, q := range quarantined {
		known.Quarantine = append(known.Quarantine, KnownMail{q.ID, q.At, q.Subject, q.Reason})
	}
	for after := uint64(0); ; {
		page, err := v.Queue(after, atOnce)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, o := range page {
			if after = o.ID; p.is(o.To) {
				known.Queued = append(known.Queued, KnownNotice{o.Made, string(o.Kind)})
			}
		}
	}
}
