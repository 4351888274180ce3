package gateway

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"iter"
	"strings"
	"time"

	"helpost/internal/blob"
	"helpost/internal/mailauth"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/internal/thread"
	"helpost/parser"
	"helpost/smtpd"
	"helpost/workflow"
)

// The five stages of a mail (docs/flow.md): each is made of the one before, and there is no way back.

// Received is stage 1: envelope, peer and bytes, as the door took them.
type Received = smtpd.Mail

// Read is stage 2: what the mail says, and what is proven of its sender.
type Read struct {
	Received
	Said    *parser.Mail
	Proof   mailauth.Proof
	Trusted bool   // it came from a trusted relay, where a refusal would be backscatter
	Key     string // of the same mail again
	Release string // the quarantined mail that it was: an operator lets it in
	Sender  string // the strict From, or the envelope's where that stands in; "": nobody who may report
	StoodIn bool
}

// Bound is stage 3: where the mail belongs, and in which role its sender speaks there.
type Bound struct {
	Read
	To      []thread.Binding // one, or one for each ticket whose token the envelope bears
	blocked bool             // its sender is
}

// Decided is stage 4: what it brings about.
type Decided struct {
	Bound
	Decisions []decided
}

// Rcpt says whether mail for an address is taken (smtpd.Taker).
func (g *Gateway) Rcpt(_ context.Context, _ smtpd.Envelope, rcpt string) error {
	if _, _, ours := g.Mailbox(rcpt); ours {
		return nil
	}
	domain := rcpt[strings.LastIndexByte(rcpt, '@')+1:]
	if g.Hosted != nil && g.Hosted(strings.ToLower(domain)) && strings.Count(rcpt, "@") == 1 && !strings.ContainsAny(rcpt, "%!\"") {
		return &smtpd.Error{Kind: smtpd.Unknown, Text: "no such mailbox here"}
	}
	return &smtpd.Error{Kind: smtpd.NoRelay, Text: "we do not relay"}
}

// Take makes a mail durable with all that it brings about (smtpd.Taker). The id is the ticket's, for the reply.
func (g *Gateway) Take(ctx context.Context, m smtpd.Mail) (string, error) {
	id, err := g.take(ctx, m)
	if err != nil {
		return "", g.reply(m, err)
	}
	g.last.Store(g.Clock().UnixNano())
	return id, nil
}

func (g *Gateway) take(ctx context.Context, m Received) (string, error) {
	read, err := g.read(ctx, m)
	if err != nil {
		return "", err
	}
	if id, ok := g.checked(read); ok {
		passed, err := g.answerCheck(ctx, read, id)
		if err != nil {
			return "", err
		}
		g.tell(read, passed)
		return passed.Outcome, nil
	}
	var passed Passed
	err = retry(ctx, func() error {
		var err error
		passed, err = g.pass(ctx, read)
		return err
	})
	if errors.Is(err, store.ErrDuplicate) {
		passed, err = g.repeated(ctx, read)
	}
	if err != nil {
		return "", err
	}
	g.tell(read, passed)
	return orWord(passed.Ticket, passed.Outcome), nil
}

// maxAddress is the longest address that anybody can be written to at (RFC 5321 §4.5.3.1: 64 and 255, and the @).
const maxAddress = 320

// read makes stage 2 of stage 1. Only so many mails are read at once.
func (g *Gateway) read(ctx context.Context, m Received) (Read, error) {
	select {
	case g.parses <- struct{}{}:
		defer func() { <-g.parses }()
	case <-ctx.Done():
		return Read{}, ctx.Err()
	}
	began := time.Now()
	r := Read{Received: m, Said: g.Parser.Parse(m.Data)}
	g.Meter.Parsed(time.Since(began))
	from := r.Said.StrictFrom
	r.Proof, r.Trusted = mailauth.Check(g.Relays, mailauth.Connection{Peer: m.Peer, TLSNames: m.TLSNames}, fields(r.Said.Fields), from, g.inside)
	r.Sender = from
	if len(from) > maxAddress {
		from, r.Proof = "", mailauth.None
	}
	if from == "" {
		r.Sender, r.StoodIn, r.Proof = mailauth.LowerASCII(m.From), true, mailauth.None
	}
	r.Key = seenKey(r)
	return r, nil
}

func fields(all []parser.Field) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, f := range all {
			if !yield(f.Name, f.Value) {
				return
			}
		}
	}
}

func (g *Gateway) inside(domain string) bool { return g.Inside != nil && g.Inside(domain) }

// pass makes stages 3 to 5: bind, decide, commit.
func (g *Gateway) pass(ctx context.Context, r Read) (Passed, error) {
	g.quiet.RLock()
	defer g.quiet.RUnlock()
	bound, err := g.bind(ctx, r)
	if err != nil {
		return Passed{}, err
	}
	if why, out := excluded(bound); out {
		return g.keepOut(ctx, r, why)
	}
	return g.settle(ctx, bound)
}

// repeated is a mail that was taken before: traced, and answered as the first time.
func (g *Gateway) repeated(ctx context.Context, r Read) (Passed, error) {
	p := Passed{Outcome: "duplicate"}
	var was store.Seen
	err := g.Store.View(ctx, func(v store.Reader) error {
		var err error
		was, err = v.Seen(r.Key)
		return err
	})
	if err != nil {
		return p, err
	}
	p.Ticket = g.id(was.Ticket)
	return p, g.Store.Commit(ctx, store.Change{Traces: []store.Trace{g.trace(r, "duplicate", was.Ticket, "")}})
}

func (g *Gateway) id(n sop.Number) string {
	if n == 0 {
		return ""
	}
	return n.ID(g.Policy.Prefix)
}

func (g *Gateway) trace(r Read, outcome string, n sop.Number, detail string) store.Trace {
	return store.Trace{At: workflow.Moment(g.Clock()), ID: r.Trace, MessageID: r.Said.MessageID, From: orWord(r.Said.From.Address, r.From), Outcome: outcome, Ticket: n, Detail: detail}
}

// seenKey is the key under which a mail is known when its sender repeats it (contract §4): From, Message-ID and body;
// without a Message-ID all but the trace fields that each hop adds on top.
func seenKey(r Read) string {
	h := sha256.New()
	head, body, _ := cutHeader(r.Data)
	if r.Said.MessageID != "" {
		h.Write([]byte("1\x00" + mailauth.LowerASCII(r.Said.From.Address) + "\x00"))
		h.Write(body)
		return store.SeenKey(r.Said.MessageID, hex.EncodeToString(h.Sum(nil)))
	}
	h.Write([]byte("2\x00"))
	h.Write(withoutTrace(head))
	h.Write(body)
	return store.SeenKey("", hex.EncodeToString(h.Sum(nil)))
}

func cutHeader(raw []byte) (head, body []byte, found bool) {
	return bytes.Cut(raw, []byte("\r\n\r\n"))
}

// traceFields are header fields that a hop adds: another journey of the same mail has others.
var traceFields = []string{"received", "return-path", "delivered-to", "x-original-to", "authentication-results", "received-spf", "dkim-signature", "arc-seal", "arc-message-signature", "arc-authentication-results", "x-received"}

func withoutTrace(head []byte) []byte {
	var kept []byte
	drop := false
	for line := range bytes.SplitSeq(head, []byte("\r\n")) {
		if len(line) == 0 || line[0] != ' ' && line[0] != '\t' {
			name, _, _ := bytes.Cut(line, []byte(":"))
			drop = false
			for _, f := range traceFields {
				drop = drop || strings.EqualFold(string(name), f)
			}
		}
		if !drop {
			kept = append(append(kept, line...), '\n')
		}
	}
	return kept
}

// reply turns an error into what the client is told; all detail goes to the log.
func (g *Gateway) reply(m smtpd.Mail, err error) error {
	var told *smtpd.Error
	if errors.As(err, &told) {
		g.Meter.Became("refused")
		return told
	}
	g.Meter.Became("put_off")
	kind, text := smtpd.Temporary, "could not be kept just now, try again"
	if errors.Is(err, store.ErrFull) || errors.Is(err, blob.ErrFull) {
		kind, text = smtpd.Full, "no room just now, try again later"
	}
	g.Log.Error("mail not taken", "trace", m.Trace, "error", err)
	return &smtpd.Error{Kind: kind, Text: text, Err: err}
}

func isConflict(err error) bool { return errors.Is(err, store.ErrConflict) }

func orWord(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// tell says that a mail has passed: one line in the log, and whoever watches.
func (g *Gateway) tell(r Read, p Passed) {
	g.Meter.Became(p.Outcome)
	g.Log.Info("mail", "trace", r.Trace, "outcome", p.Outcome, "ticket", p.Ticket, "message_id", g.Tokens.Spoken(r.Said.MessageID), "size", len(r.Data), "proof", string(r.Proof), "auto", string(r.Said.Auto), "detail", p.Detail)
	if g.Watch == nil {
		return
	}
	p.At, p.From, p.Subject, p.Raw = g.Clock(), orWord(r.Said.From.Address, r.From), r.Said.Subject, r.Data
	if len(r.Rcpt) > 0 {
		p.Rcpt = r.Rcpt[0]
	}
	g.Watch(p)
}
