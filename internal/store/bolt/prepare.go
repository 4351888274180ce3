package bolt

import (
	"bytes"
	"fmt"

	"helpost/internal/sop"
	"helpost/internal/store"
)

// prepared is a change as rows, with all that the writer must look at. Whoever commits makes it, so that many do so at
// once; the writer only compares and puts. The store keeps the rows, so they hold nothing that is the caller's.
type prepared struct {
	size       int  // of all rows
	patient    bool // it may wait for the commit of another
	seen       []keyed
	mails      []keyed // further places of mails, where the dedup key does not begin with the Message-ID's
	tickets    []ticketRow
	facts      []factRow
	logs       []logStart
	entries    []keyed
	messages   []keyed
	raws       []keyed
	outbox     []*outboxRow
	quarantine []keyed
	quarRaws   []keyed
	release    []string
	traces     []traceRow
	done       []uint64
	deferred   []store.Deferral
	policy     []byte

	rewritten []store.Rewrite
	remade    []remadeRow
	seal      *store.Seal
}

type keyed struct{ key, row []byte }

type ticketRow struct {
	number sop.Number
	expect store.Version
	head   head
	row    []byte
	saying *saying // for the search index; nil: it reads the ticket
}

type factRow struct {
	key    []byte
	expect store.Version
	value  []byte // nil: gone
}

// logStart is the first entry that a change adds to a log; the others follow it without a gap.
type logStart struct {
	number sop.Number
	seq    int
}

type traceRow struct {
	trace store.Trace
	row   []byte
}

// prepare makes rows of a change and refuses what no store can keep.
func prepare(c *store.Change) (*prepared, error) {
	p := &prepared{release: c.Release, done: c.Done, deferred: c.Defer, policy: bytes.Clone(c.Policy), rewritten: c.Rewritten, seal: c.Seal}
	for _, step := range []func(*store.Change) error{
		p.addSeen, p.addTickets, p.addFacts, p.addEntries, p.addMessages, p.addOutbox, p.addQuarantine, p.addTraces, p.addRewritten,
	} {
		if err := step(c); err != nil {
			return nil, fmt.Errorf("change: %w", err)
		}
	}
	p.size += len(p.policy) + 32*len(p.deferred)
	p.patient = onlyEnds(c)
	return p, nil
}

// onlyEnds says whether a change only says what became of mails that were sent.
func onlyEnds(c *store.Change) bool {
	ends := len(c.Done) > 0 || len(c.Defer) > 0
	more := len(c.Seen) + len(c.Tickets) + len(c.Facts) + len(c.Entries) + len(c.Messages) + len(c.Outbox) + len(c.Quarantine) +
		len(c.Release) + len(c.Rewritten) + len(c.Remade)
	return ends && more == 0 && c.Policy == nil && c.Seal == nil
}

func (p *prepared) doc(v document) ([]byte, error) {
	row, err := v.AppendJSON(append(make([]byte, 0, 384), rowFormat))
	p.size += len(row)
	return row, err
}

func (p *prepared) addSeen(c *store.Change) error {
	once := map[string]bool{}
	for i := range c.Seen {
		s := &c.Seen[i]
		if err := checkKey("seen mail", s.Key); err != nil {
			return err
		}
		if once[s.Key] {
			return fmt.Errorf("seen mail %q twice", s.Key)
		}
		once[s.Key] = true
		row, err := p.doc(s)
		if err != nil {
			return err
		}
		p.seen = append(p.seen, keyed{[]byte(s.Key), row})
		if prefix := store.MessageKey(s.MessageID); len(s.Key) < len(prefix) || s.Key[:len(prefix)] != prefix {
			p.mails = append(p.mails, keyed{[]byte(prefix + s.Key), row})
		}
	}
	return nil
}

func (p *prepared) addTickets(c *store.Change) error {
	once := map[sop.Number]bool{}
	for i := range c.Tickets {
		t := &c.Tickets[i]
		n := t.Ticket.Number
		if n == 0 || once[n] {
			return fmt.Errorf("ticket %d without a number, or twice", n)
		}
		once[n] = true
		h, row, err := encodeTicket(t)
		if err != nil {
			return fmt.Errorf("ticket %d: %w", n, err)
		}
		p.size += len(row)
		p.tickets = append(p.tickets, ticketRow{number: n, expect: t.Expect, head: h, row: row})
	}
	return nil
}

func (p *prepared) addFacts(c *store.Change) error {
	once := map[string]bool{}
	for _, f := range c.Facts {
		if err := checkKey("fact", f.Key); err != nil {
			return err
		}
		if once[f.Key] {
			return fmt.Errorf("fact %q twice", f.Key)
		}
		once[f.Key] = true
		p.size += len(f.Key) + len(f.Value)
		p.facts = append(p.facts, factRow{[]byte(f.Key), f.Version, f.Value})
	}
	return nil
}

func (p *prepared) addEntries(c *store.Change) error {
	last := map[sop.Number]int{}
	for _, e := range c.Entries {
		n, seq, err := e.Place()
		if err != nil {
			return fmt.Errorf("entry of ticket %d: %w", e.Number, err)
		}
		before, more := last[e.Number]
		switch {
		case n != e.Number:
			return fmt.Errorf("entry of ticket %d says that it is of ticket %d", e.Number, n)
		case seq < 1 || seq > maxSeq:
			return fmt.Errorf("entry %d of ticket %d", seq, e.Number)
		case more && seq != before+1:
			return fmt.Errorf("entry %d of ticket %d after entry %d", seq, e.Number, before)
		case !more:
			p.logs = append(p.logs, logStart{e.Number, seq})
		}
		last[e.Number] = seq
		row := encodeEntry(e.Entry)
		p.size += len(row)
		p.entries = append(p.entries, keyed{logKey(e.Number, seq), row})
	}
	return nil
}

func (p *prepared) addMessages(c *store.Change) error {
	once := map[string]bool{}
	for i := range c.Messages {
		m := &c.Messages[i]
		key := messageKey(m.Ticket, m.Seq)
		if m.Ticket == 0 || m.Seq < 1 || m.Seq > maxSeq || once[string(key)] {
			return fmt.Errorf("message %d of ticket %d is none, or comes twice", m.Seq, m.Ticket)
		}
		once[string(key)] = true
		row, err := p.doc(m)
		if err != nil {
			return err
		}
		p.messages = append(p.messages, keyed{key, row})
		if m.RawMail != nil {
			p.size += len(m.RawMail)
			p.raws = append(p.raws, keyed{rawKey(m.Ticket, m.Seq), bytes.Clone(m.RawMail)})
		}
	}
	return nil
}

func (p *prepared) addOutbox(c *store.Change) error {
	for i, o := range c.Outbox {
		body, rest, err := encodeSegments(o.Segments)
		if err != nil {
			return fmt.Errorf("outbox row %d: %w", i+1, err)
		}
		state, err := encodeState(&o)
		if err != nil {
			return fmt.Errorf("outbox row %d: %w", i+1, err)
		}
		p.size += len(body) + len(rest) + len(state)
		p.outbox = append(p.outbox, &outboxRow{o.Class, nanos(o.NextTry), state, body, rest, asRead(&o, state)})
	}
	return nil
}

func (p *prepared) addQuarantine(c *store.Change) error {
	once := map[string]bool{}
	for _, q := range c.Quarantine {
		if err := checkKey("quarantined mail", q.ID); err != nil {
			return err
		}
		if once[q.ID] {
			return fmt.Errorf("quarantined mail %q twice", q.ID)
		}
		once[q.ID] = true
		row, err := encodeDoc(q)
		if err != nil {
			return err
		}
		p.size += len(row)
		p.quarantine = append(p.quarantine, keyed{quarantineKey(q.ID), row})
		if q.RawMail != nil {
			p.size += len(q.RawMail)
			p.quarRaws = append(p.quarRaws, keyed{quarantineRawKey(q.ID), bytes.Clone(q.RawMail)})
		}
	}
	for _, id := range c.Release {
		if err := checkKey("quarantined mail", id); err != nil {
			return err
		}
		if once[id] {
			return fmt.Errorf("quarantined mail %q twice", id)
		}
		once[id] = true
	}
	return nil
}

func (p *prepared) addTraces(c *store.Change) error {
	for i := range c.Traces {
		t := &c.Traces[i]
		row, err := p.doc(t)
		if err != nil {
			return err
		}
		p.traces = append(p.traces, traceRow{*t, row})
	}
	return nil
}

// In the quarantine what is said of a mail stands apart from the mail, so that a list does not read the mails.
func quarantineKey(id string) []byte    { return append([]byte{'m'}, id...) }
func quarantineRawKey(id string) []byte { return append([]byte{'r'}, id...) }
