package bolt

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"helpost/internal/store"
	"helpost/internal/store/kv"
	"helpost/workflow"
)

// writer puts changes into one transaction.
type writer struct {
	tickets, raw, mails, index, rows, bodies, quarantine, traces, facts, seals, meta, policy *kv.Bucket

	counts  counts
	fresh   []*outboxRow // new rows of the outbox, to be put in the end
	highest uint64       // ticket number put
	outbox  []outboxStep // what becomes of the queue in memory, once the transaction is durable
}

func newWriter(tx *kv.Tx) (*writer, error) {
	w := &writer{}
	for _, b := range []struct {
		name []byte
		to   **kv.Bucket
	}{
		{bucketTickets, &w.tickets}, {bucketRaw, &w.raw}, {bucketMails, &w.mails}, {bucketIndex, &w.index}, {bucketOutbox, &w.rows},
		{bucketBodies, &w.bodies}, {bucketQuarantine, &w.quarantine}, {bucketTraces, &w.traces}, {bucketFacts, &w.facts},
		{bucketMeta, &w.meta}, {bucketPolicy, &w.policy}, {bucketSeals, &w.seals},
	} {
		if *b.to = tx.Bucket(b.name); *b.to == nil {
			return nil, fmt.Errorf("the bucket %s is missing", b.name)
		}
	}
	var err error
	w.counts, err = readCounts(w.meta)
	return w, err
}

// check says whether the state is the one that the change was decided on. It writes nothing.
func (w *writer) check(p *prepared) error {
	for _, s := range p.seen {
		if w.mails.Get(s.key) != nil {
			return store.ErrDuplicate
		}
	}
	for _, t := range p.tickets {
		h, err := w.head(t)
		if err != nil {
			return err
		}
		if h.version != t.expect {
			return fmt.Errorf("ticket %d: %w", t.number, store.ErrConflict)
		}
	}
	for _, f := range p.facts {
		have, err := w.factVersion(f.key)
		if err != nil {
			return err
		}
		if have != f.expect {
			return fmt.Errorf("fact %q: %w", f.key, store.ErrConflict)
		}
	}
	for _, l := range p.logs {
		if w.tickets.Get(logKey(l.number, l.seq)) != nil || l.seq > 1 && w.tickets.Get(logKey(l.number, l.seq-1)) == nil {
			return fmt.Errorf("entry %d of ticket %d: %w", l.seq, l.number, store.ErrConflict)
		}
	}
	for _, m := range p.messages {
		if w.tickets.Get(m.key) != nil {
			return fmt.Errorf("a message of ticket %d: %w", numberOf(m.key), store.ErrConflict)
		}
	}
	for _, q := range p.quarantine {
		if w.quarantine.Get(q.key) != nil {
			return fmt.Errorf("quarantined mail: %w", store.ErrConflict)
		}
	}
	for _, id := range p.release {
		if w.quarantine.Get(quarantineKey(id)) == nil {
			return fmt.Errorf("quarantined mail %q: %w", id, store.ErrConflict)
		}
	}
	return w.checkRewritten(p)
}

// head is of the row that is there; version 0 where none is.
func (w *writer) head(t ticketRow) (head, error) {
	row := w.tickets.Get(ticketKey(t.number))
	if row == nil {
		return head{}, nil
	}
	h, _, err := decodeHead(row)
	if err != nil {
		return h, fmt.Errorf("ticket %d: %w", t.number, err)
	}
	return h, nil
}

func (w *writer) factVersion(key []byte) (store.Version, error) {
	row := w.facts.Get(key)
	if row == nil {
		return 0, nil
	}
	v, _, err := decodeFact(row)
	return v, err
}

// put writes a change that was checked.
func (w *writer) put(p *prepared) error {
	for _, part := range []struct {
		bucket *kv.Bucket
		rows   []keyed
	}{
		{w.mails, p.seen}, {w.mails, p.mails}, {w.tickets, p.entries}, {w.tickets, p.messages}, {w.raw, p.raws},
		{w.quarantine, p.quarantine}, {w.quarantine, p.quarRaws},
	} {
		for _, r := range part.rows {
			if err := part.bucket.Put(r.key, r.row); err != nil {
				return err
			}
		}
	}
	for _, step := range []func(*prepared) error{w.putTickets, w.putFacts, w.putOutbox, w.putTraces, w.putUnsealed, w.putRewritten, w.putSeal} {
		if err := step(p); err != nil {
			return err
		}
	}
	w.counts["quarantine"] += len(p.quarantine) - len(p.release)
	for _, id := range p.release {
		if err := w.quarantine.Delete(quarantineKey(id)); err != nil {
			return err
		}
		if err := w.quarantine.Delete(quarantineRawKey(id)); err != nil {
			return err
		}
	}
	if p.policy != nil {
		return w.policy.Put(policyKey, p.policy)
	}
	return nil
}

// putTickets writes rows, and the index keys in which they differ from the rows before.
func (w *writer) putTickets(p *prepared) error {
	for _, t := range p.tickets {
		old, err := w.head(t)
		if err != nil {
			return err
		}
		var before [4][]byte
		if old.version > 0 {
			before = old.keys(t.number)
			w.counts[countState+old.state]--
		}
		w.counts[countState+t.head.state]++
		for i, key := range t.head.keys(t.number) {
			if err := w.reindex(before[i], key); err != nil {
				return err
			}
		}
		if err := w.tickets.Put(ticketKey(t.number), t.row); err != nil {
			return err
		}
		w.highest = max(w.highest, uint64(t.number))
	}
	return nil
}

// mark is the value of an index key: bbolt takes a key without one for a bucket's in places.
var mark = []byte{rowFormat}

func (w *writer) reindex(from, to []byte) error {
	if string(from) == string(to) {
		return nil
	}
	if from != nil {
		if err := w.index.Delete(from); err != nil {
			return err
		}
	}
	if to != nil {
		return w.index.Put(to, mark)
	}
	return nil
}

// putFacts writes facts. The bucket's sequence is the highest version that a fact had which is gone: one that comes
// anew goes on from there, so that nobody takes it for the one he read.
func (w *writer) putFacts(p *prepared) error {
	for _, f := range p.facts {
		version := f.expect + 1
		if f.expect == 0 {
			version = store.Version(w.facts.Sequence()) + 1
		}
		if f.value == nil {
			if err := w.facts.Delete(f.key); err != nil {
				return err
			}
			if err := w.facts.SetSequence(max(w.facts.Sequence(), uint64(f.expect))); err != nil {
				return err
			}
			continue
		}
		if err := w.facts.Put(f.key, encodeFact(version, f.value)); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) putOutbox(p *prepared) error {
	w.fresh = append(w.fresh, p.outbox...)
	for _, id := range p.done {
		if w.rows.Get(be64(id)) == nil {
			continue
		}
		if err := w.rows.Delete(be64(id)); err != nil {
			return err
		}
		if err := w.bodies.Delete(be64(id)); err != nil {
			return err
		}
		w.counts["outbox"]--
		w.outbox = append(w.outbox, outboxStep{id: id, gone: true})
	}
	for _, d := range p.deferred {
		row := w.rows.Get(be64(d.ID))
		if row == nil {
			continue
		}
		var o store.Outbox
		if err := decodeDoc(row, &o); err != nil {
			return fmt.Errorf("outbox row %d: %w", d.ID, err)
		}
		o.NextTry, o.Tries, o.LastError = d.NextTry, d.Tries, d.Error
		state, err := encodeState(&o)
		if err != nil {
			return err
		}
		if err := w.rows.Put(be64(d.ID), state.row(d.ID)); err != nil {
			return err
		}
		w.outbox = append(w.outbox, outboxStep{id: d.ID, class: o.Class, next: nanos(o.NextTry)})
	}
	return nil
}

// putFresh puts the new rows of all changes, class by class. Mails of a class leave together, and so do those whose bodies share
// pages: else each commit that takes some out would write the others anew.
func (w *writer) putFresh() error {
	slices.SortStableFunc(w.fresh, func(a, b *outboxRow) int { return cmp.Compare(a.class, b.class) })
	for _, o := range w.fresh {
		id, err := w.rows.NextSequence()
		if err != nil {
			return err
		}
		if err := w.rows.Put(be64(id), o.state.row(id)); err != nil {
			return err
		}
		if err := w.bodies.PutParts(be64(id), o.body, o.rest); err != nil {
			return err
		}
		w.counts["outbox"]++
		w.outbox = append(w.outbox, outboxStep{id: id, class: o.class, next: o.next, row: o})
	}
	return nil
}

// finish writes what is kept once a transaction: new rows of the outbox, counts and sequences. It returns the sequences
// written.
func (w *writer) finish(c *counters) (map[string]uint64, error) {
	if err := w.putFresh(); err != nil {
		return nil, err
	}
	c.raise(store.SeqTicket, w.highest)
	sequences := c.unkept()
	for name, v := range sequences {
		if err := w.meta.Put(sequenceKey(name), be64(v)); err != nil {
			return nil, err
		}
	}
	return sequences, w.counts.write(w.meta)
}

// counts are how many rows there are of a kind, kept so that nobody must count them.
type counts map[string]int

// countState and a state: how many tickets are in it.
const countState = "state/"

func readCounts(meta *kv.Bucket) (counts, error) {
	c := counts{}
	if row := meta.Get(metaCounts); row != nil {
		if err := decodeDoc(row, &c); err != nil {
			return nil, fmt.Errorf("counts: %w", err)
		}
	}
	return c, nil
}

func (c counts) write(meta *kv.Bucket) error {
	for k, n := range c {
		if n == 0 {
			delete(c, k)
		}
	}
	doc, err := json.Marshal(c)
	if err != nil {
		return err
	}
	old := meta.Get(metaCounts)
	if len(old) > 0 && string(old[1:]) == string(doc) {
		return nil
	}
	return meta.Put(metaCounts, append([]byte{rowFormat}, doc...))
}

// public are the counts as Reader.Counts gives them.
func (c counts) public() map[string]int {
	out := map[string]int{"tickets": 0, "open": 0, "outbox": c["outbox"], "quarantine": c["quarantine"]}
	for k, n := range c {
		state, is := stateOf(k)
		if !is {
			continue
		}
		out[k] = n
		out["tickets"] += n
		switch workflow.State(state) {
		case workflow.New, workflow.Open, workflow.Paused:
			out["open"] += n
		}
	}
	return out
}

func stateOf(count string) (string, bool) {
	if len(count) < len(countState) || count[:len(countState)] != countState {
		return "", false
	}
	return count[len(countState):], true
}
