package life

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/workflow"
)

// Erased says what an erasure changed.
type Erased struct {
	Tickets    []string `json:"tickets"`  // that named the person
	Held       []string `json:"held"`     // of those, the ones that are on hold: they are as they were
	Messages   int      `json:"messages"` // made anew
	Traces     int      `json:"traces"`
	Mails      int      `json:"mails"` // dedup keys
	Queued     int      `json:"queued"`
	Quarantine int      `json:"quarantine"`
	Facts      int      `json:"facts"`
	Blobs      int      `json:"blobs"`
}

// Erase takes a person out of everything that is kept. store.ErrNotFound: nothing is known of the address. ErrAgent: he has
// worked on tickets, and nothing is changed. What a crash leaves half done is done by asking again.
func (k *Keeper) Erase(ctx context.Context, address string) (Erased, error) {
	k.removing.Lock()
	defer k.removing.Unlock()
	done := Erased{Tickets: []string{}, Held: []string{}}
	p, err := k.find(ctx, address)
	if err != nil {
		return done, err
	}
	if p.acted {
		return done, ErrAgent
	}
	loose := map[string]bool{} // blobs that were named
	for _, n := range p.tickets {
		if err := ctx.Err(); err != nil {
			return done, err
		}
		held := false
		err := k.retry(ctx, func() (err error) {
			var messages, queued int
			if messages, queued, held, err = k.eraseFrom(ctx, p, n, loose); err == nil {
				done.Messages += messages
				done.Queued += queued
			}
			return err
		})
		if err != nil {
			return done, err
		}
		id := n.ID(k.Policy.Prefix)
		if held {
			done.Held = append(done.Held, id)
			continue
		}
		done.Tickets = append(done.Tickets, id)
	}
	if err := k.eraseBeside(ctx, p, &done, loose); err != nil {
		return done, err
	}
	if done.Blobs, err = k.drop(ctx, loose); err != nil {
		return done, err
	}
	k.Log.Info("a person was erased", "tickets", len(done.Tickets), "held", len(done.Held), "messages", done.Messages, "blobs", done.Blobs)
	return done, nil
}

// eraseFrom takes somebody out of a ticket.
func (k *Keeper) eraseFrom(ctx context.Context, p *person, n sop.Number, loose map[string]bool) (messages, queued int, held bool, err error) {
	t, err := k.load(ctx, n)
	if err != nil {
		return 0, 0, false, err
	}
	if t.Hold {
		return 0, 0, true, nil
	}
	e := p.Erase
	e.Log = t.events
	if p.namesake(t) {
		e.Names = nil
	}
	for _, m := range t.messages {
		if p.is(m.From) {
			e.Lines = append(e.Lines, strings.Split(m.Text, "\n")...)
		}
	}
	if e.His() {
		e.Lines = append(e.Lines, t.Subject)
	}
	slices.SortFunc(e.Lines, func(a, b string) int { return len(b) - len(a) }) // a longer one may hold a shorter one
	e.Lines = slices.Compact(e.Lines)
	remade, err := k.remake(ctx, &e, t)
	if err != nil {
		return 0, 0, false, err
	}
	for _, m := range remade {
		e.Remade = append(e.Remade, m.Seq)
	}
	d := k.Policy.Decide(workflow.Situation{Ticket: t.Ticket}, workflow.Input{Erase: &e}, k.now())
	if d.Outcome == workflow.BrokenTicket {
		return 0, 0, false, errors.New(n.ID(k.Policy.Prefix) + ": " + d.Detail + "; see helpost verify")
	}
	c := store.Change{}
	if c.Done, err = k.queued(ctx, func(o store.Outbox) bool { return o.Ticket == n }); err != nil {
		return 0, 0, false, err
	}
	if err := k.commit(ctx, t, d, remade, c); err != nil {
		return 0, 0, false, err
	}
	note(loose, t.messages)
	return len(remade), len(c.Done), false, nil
}

// note collects the blobs that messages name.
func note(loose map[string]bool, messages []store.Message) {
	for _, m := range messages {
		loose[m.Raw.Blob] = true
		for _, a := range m.Attachments {
			loose[a.Ref.Blob] = true
		}
	}
	delete(loose, "")
}

// remake gives the messages of a ticket as they are without somebody: nothing of his own but that they came; of others the
// text and their own files. The raw mails go, all of them, for who answers quotes.
func (k *Keeper) remake(ctx context.Context, e *workflow.Erase, t loaded) ([]store.Message, error) {
	his := map[string]bool{} // files
	mine := func(m store.Message) bool { return e.Address == "" || strings.EqualFold(m.From, e.Address) }
	for _, m := range t.messages {
		if mine(m) {
			for _, a := range m.Attachments {
				his[a.SHA256] = true
			}
		}
	}
	var remade []store.Message
	for _, was := range t.messages {
		is := was
		is.Raw, is.RawSum, is.Attachments = store.Ref{}, "", nil
		if mine(was) {
			is = store.Message{Ticket: was.Ticket, Seq: was.Seq, Direction: was.Direction, Kind: was.Kind, At: was.At, Marked: was.Marked}
		} else {
			is.Text = e.Text(was.Text)
			for _, a := range was.Attachments {
				kept, err := k.keepFile(ctx, e, a)
				if err != nil {
					return nil, err
				}
				if kept != nil && !his[a.SHA256] {
					is.Attachments = append(is.Attachments, *kept)
				}
			}
		}
		if !same(is, was) {
			remade = append(remade, is)
		}
	}
	return remade, nil
}

func same(a, b store.Message) bool {
	x, err1 := a.Sum()
	y, err2 := b.Sum()
	return err1 == nil && err2 == nil && x == y
}

// keepFile gives another's file a place of its own, for the mail that it lies in goes. One that names the person goes too:
// nil. So does one that is gone already.
func (k *Keeper) keepFile(ctx context.Context, e *workflow.Erase, a store.Attachment) (*store.Attachment, error) {
	if a.Ref == (store.Ref{}) {
		a.Filename = e.Text(a.Filename)
		return &a, nil
	}
	var content []byte
	err := k.Store.View(ctx, func(v store.Reader) error {
		r, err := store.OpenRef(ctx, v, k.Blobs, a.Ref)
		if err != nil {
			return err
		}
		content, err = io.ReadAll(r)
		return errors.Join(err, r.Close())
	})
	if err != nil {
		return nil, err
	}
	if names(e, content) {
		return nil, nil
	}
	a.Filename = e.Text(a.Filename)
	if a.Ref.Blob != "" && a.Ref.Offset == 0 && a.Ref.Length == 0 && a.Ref.Encoding == "" {
		return &a, nil
	}
	placed, err := k.Blobs.Put(ctx, content)
	if err != nil {
		return nil, err
	}
	a.Ref = store.Ref{Blob: placed[0]}
	return &a, nil
}

// names says whether bytes hold the address, or a name of more than one word, as they stand.
func names(e *workflow.Erase, content []byte) bool {
	folded := bytes.ToLower(content)
	if bytes.Contains(folded, []byte(strings.ToLower(e.Address))) {
		return true
	}
	return slices.ContainsFunc(e.Names, func(n string) bool {
		return len(strings.Fields(n)) > 1 && bytes.Contains(folded, []byte(strings.ToLower(n)))
	})
}

// eraseBeside takes somebody out of all that is kept beside the tickets.
func (k *Keeper) eraseBeside(ctx context.Context, p *person, done *Erased, loose map[string]bool) (err error) {
	if done.Facts, err = k.eraseFacts(ctx, p); err != nil {
		return err
	}
	var c store.Change
	var gone []store.Quarantined
	if err := k.Store.View(ctx, func(v store.Reader) (err error) {
		gone, err = quarantineOf(v, p)
		return err
	}); err != nil {
		return err
	}
	for _, q := range gone {
		c.Release = append(c.Release, q.ID)
		note(loose, []store.Message{{Raw: store.Ref{Blob: q.Blob}}})
	}
	if c.Done, err = k.queued(ctx, func(o store.Outbox) bool { return p.is(o.To) || p.is(o.From) || p.inSegments(o) }); err != nil {
		return err
	}
	if len(c.Release)+len(c.Done) > 0 {
		if err := k.Store.Commit(ctx, c); err != nil {
			return err
		}
	}
	done.Quarantine = len(c.Release)
	done.Queued += len(c.Done)
	kept := map[sop.Number]bool{}
	for _, id := range done.Held {
		for _, n := range p.tickets {
			kept[n] = kept[n] || n.ID(k.Policy.Prefix) == id
		}
	}
	if done.Traces, err = k.Store.PruneTraces(ctx, always, func(t store.Trace) bool { return !p.traced(t) || kept[t.Ticket] }); err != nil {
		return err
	}
	done.Mails, err = k.Store.ForgetMails(ctx, func(s store.Seen) bool { return (p.is(s.From) || p.Mentions(s.MessageID)) && !kept[s.Ticket] })
	return err
}

// always is after everything that was.
var always = time.Unix(0, math.MaxInt64).UTC()

func (p *person) traced(t store.Trace) bool {
	return t.MessageID != "policy" && (p.is(t.From) || p.is(t.To) || p.Mentions(t.Detail) || p.Mentions(t.MessageID))
}

func (p *person) inSegments(o store.Outbox) bool {
	return slices.ContainsFunc(o.Segments, func(s store.Segment) bool { return names(&p.Erase, s.Bytes) })
}

// queued lists rows of the outbox.
func (k *Keeper) queued(ctx context.Context, want func(store.Outbox) bool) (ids []uint64, err error) {
	err = k.Store.View(ctx, func(v store.Reader) error {
		for after := uint64(0); ; {
			page, err := v.Queue(after, atOnce)
			if err != nil || len(page) == 0 {
				return err
			}
			for _, o := range page {
				if after = o.ID; want(o) {
					ids = append(ids, o.ID)
				}
			}
		}
	})
	return ids, err
}

// factsOf are the facts of the desk that are about somebody or name him.
func factsOf(v store.Reader, p *person) (found []store.Fact, err error) {
	all, err := v.Facts("")
	for _, f := range all {
		var about struct {
			Ticket sop.Number `json:"ticket"`
		}
		_ = json.Unmarshal(f.Value, &about) // what is no object is about no ticket
		_, whose, _ := strings.Cut(f.Key, "/")
		if p.is(whose) || p.InJSON(f.Value) || p.own[about.Ticket] {
			found = append(found, f)
		}
	}
	return found, err
}

func nameIn(value []byte) string {
	var v struct {
		Name string `json:"name"`
	}
	_ = json.Unmarshal(value, &v) // a fact without a name
	return v.Name
}

func (k *Keeper) eraseFacts(ctx context.Context, p *person) (n int, err error) {
	err = k.retry(ctx, func() error {
		var c store.Change
		if err := k.Store.View(ctx, func(v store.Reader) error {
			found, err := factsOf(v, p)
			for _, f := range found {
				c.Facts = append(c.Facts, store.Fact{Key: f.Key, Version: f.Version})
			}
			return err
		}); err != nil || len(c.Facts) == 0 {
			return err
		}
		n = len(c.Facts)
		return k.Store.Commit(ctx, c)
	})
	return n, err
}

func quarantineOf(v store.Reader, p *person) (found []store.Quarantined, err error) {
	for after := ""; ; {
		page, err := v.Quarantined(after, atOnce)
		if err != nil || len(page) == 0 {
			return found, err
		}
		for _, q := range page {
			if after = q.ID; p.is(q.From) || p.is(q.MailFrom) || p.is(q.Rcpt) || p.Mentions(q.Subject) {
				found = append(found, q)
			}
		}
	}
}

// drop removes blobs that nothing names any more. No mail is taken meanwhile, for one may be about to name the same bytes.
func (k *Keeper) drop(ctx context.Context, loose map[string]bool) (n int, err error) {
	if len(loose) == 0 {
		return 0, nil
	}
	err = k.Quiet(func() error {
		if err := k.Store.Blobs(ctx, func(name string) { delete(loose, name) }); err != nil {
			return err
		}
		for name := range maps.Keys(loose) {
			if err := k.Blobs.Delete(ctx, name); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	return n, err
}
