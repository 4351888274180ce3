package thread

import (
	"slices"

	"helpost/internal/mailauth"
	"helpost/internal/sop"
	"helpost/workflow"
)

// Bounds of what one mail may have looked up.
const (
	maxIDs    = 200 // Message-IDs of In-Reply-To, and of References from the last
	maxMerges = 50  // tickets along one chain of merges
)

// Bind says which tickets a mail belongs to and what of it counts there: one binding, or one a ticket where the envelope
// bears tokens of several. prefix is that of ticket numbers ("IT").
func Bind(m Mail, look Lookup, tokens *mailauth.Tokens, prefix string) []Binding {
	b := binder{m: m, look: look, tokens: tokens, prefix: prefix, from: mailauth.LowerASCII(m.From)}
	found := b.find()
	if len(found) == 0 {
		return []Binding{b.unbound()}
	}
	bindings := make([]Binding, len(found))
	for i, f := range found {
		bindings[i] = b.bind(f)
	}
	return bindings
}

type binder struct {
	m      Mail
	look   Lookup
	tokens *mailauth.Tokens
	prefix string
	from   string
	about  sop.Sort // of a notice about no ticket
}

// finding is a ticket that a carrier names: as asked, and as the merges lead on.
type finding struct {
	by    Carrier
	sort  sop.Sort
	asked sop.Number
	chain []workflow.Ticket // from the one asked to the one it went to
}

func (f finding) ticket() *workflow.Ticket { return &f.chain[len(f.chain)-1] }

// find goes through the carriers in their order. The first that names a ticket wins; the envelope may name several.
func (b *binder) find() []finding {
	if found := b.inEnvelope(); len(found) > 0 {
		return found
	}
	ids := b.ids()
	for _, id := range ids {
		if tok, ok := b.tokens.InMessageID(id); ok {
			if f, ok := b.named(ByTokenID, tok); ok {
				return []finding{f}
			}
		}
	}
	for _, address := range b.m.Header {
		if tok, ok := b.tokens.InAddress(address); ok {
			if f, ok := b.named(ByHeader, tok); ok {
				return []finding{f}
			}
		}
	}
	for _, id := range append(ids, b.m.OriginalID) {
		if f, ok := b.byMail(id); ok {
			return []finding{f}
		}
	}
	for _, n := range tags(b.m.Subject, b.prefix) {
		if f, ok := b.follow(BySubject, n, 0); ok {
			return []finding{f}
		}
	}
	if tok, ok := b.tokens.InRefLine(b.m.Quoted, b.prefix); ok {
		if f, ok := b.named(ByRefLine, tok); ok {
			return []finding{f}
		}
	}
	return nil
}

// inEnvelope finds the tickets of the tokens in the envelope, each once. Of tokens of both sorts for one ticket the
// internal one counts: nothing leaks by a mail that says both.
func (b *binder) inEnvelope() []finding {
	var found []finding
	for _, rcpt := range b.m.Envelope {
		tok, ok := b.tokens.InAddress(rcpt)
		if !ok {
			continue
		}
		f, ok := b.named(ByEnvelope, tok)
		if !ok {
			continue
		}
		same := slices.IndexFunc(found, func(g finding) bool { return g.ticket().Number == f.ticket().Number })
		switch {
		case same < 0:
			found = append(found, f)
		case found[same].sort == sop.Public && f.sort == sop.Internal:
			found[same].sort = sop.Internal
		}
	}
	return found
}

// ids are the Message-IDs that the mail answers, nearest first.
func (b *binder) ids() []string {
	ids := slices.Clone(b.m.InReplyTo[:min(len(b.m.InReplyTo), maxIDs)])
	for _, id := range slices.Backward(b.m.References) {
		if len(ids) >= maxIDs {
			break
		}
		ids = append(ids, id)
	}
	return ids
}

func (b *binder) named(by Carrier, tok mailauth.Token) (finding, bool) {
	if tok.Number == 0 {
		b.about = tok.Sort
		return finding{}, false
	}
	return b.follow(by, tok.Number, tok.Sort)
}

// byMail finds the ticket of a Message-ID that was sent or received before.
func (b *binder) byMail(id string) (finding, bool) {
	if id == "" {
		return finding{}, false
	}
	if tok, ok := b.tokens.InMessageID(id); ok { // only X-Microsoft-Original-Message-ID comes here with one
		return b.named(ByMailID, tok)
	}
	if n, ok := b.look.ByMessageID(id); ok {
		return b.follow(ByMailID, n, 0)
	}
	return finding{}, false
}

// follow reads the ticket n and those that it was merged into. A chain that runs in a circle or into nothing ends where
// it can be read last.
func (b *binder) follow(by Carrier, n sop.Number, sort sop.Sort) (finding, bool) {
	f := finding{by: by, sort: sort, asked: n}
	for len(f.chain) < maxMerges && n != 0 {
		if slices.ContainsFunc(f.chain, func(t workflow.Ticket) bool { return t.Number == n }) {
			break
		}
		t, err := b.look.Ticket(n)
		if err != nil { // there is none
			break
		}
		t.Number = n
		f.chain = append(f.chain, t)
		n = t.MergedInto
	}
	return f, len(f.chain) > 0
}

// bind says what of the mail counts on the ticket found.
func (b *binder) bind(f finding) Binding {
	t := f.ticket()
	out := Binding{Ticket: t.Number, Asked: f.asked, Carrier: f.by, Role: b.role(f), Sort: f.sort, Answered: b.answered(f.asked)}
	over := t.State == workflow.Resolved || t.State == workflow.Closed
	c := decide(out.Role, b.proof(), f.by, manner{
		forward: b.m.IsForward,
		apart:   over && !slices.ContainsFunc(f.chain, func(t workflow.Ticket) bool { return sameSubject(b.m.Subject, t.Subject, b.prefix) }),
	})
	out.Voice = c.voice
	if c.voice == NewTicket {
		out.Ticket, out.Suspicious = 0, c.suspicious || b.m.StoodIn
		if c.link {
			out.Link = t.Number
		}
	}
	if c.voice == NewTicket && !b.m.MayReport || !b.readable() {
		out.Voice = Refused
	}
	return out
}

// unbound is a mail that belongs to no ticket: a report of its own, where its sender may report.
func (b *binder) unbound() Binding {
	out := Binding{Role: Stranger, Voice: NewTicket, Sort: b.about, Suspicious: b.proof() == mailauth.Fail || b.m.StoodIn}
	if b.m.IsAgent {
		out.Role = Agent
	}
	if !b.m.MayReport || !b.readable() {
		out.Voice = Refused
	}
	return out
}

// readable says whether there is anybody to hear: who wrote, or a machine that reports a delivery.
func (b *binder) readable() bool { return b.from != "" || b.m.IsBounce }

func (b *binder) proof() mailauth.Proof {
	switch {
	case b.m.StoodIn:
		return mailauth.None // nothing is proven of whom MAIL FROM names
	case b.m.Proof == mailauth.Pass, b.m.Proof == mailauth.Fail:
		return b.m.Proof
	}
	return mailauth.None
}

// answered is the Message-ID of ours that the mail answers, where it is about the ticket asked.
func (b *binder) answered(asked sop.Number) string {
	for _, id := range append(b.ids(), b.m.OriginalID) {
		if tok, ok := b.tokens.InMessageID(id); ok && tok.Number == asked {
			return id
		}
	}
	return ""
}
