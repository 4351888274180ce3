package bolt

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/internal/store/kv"
)

// ErrDamaged is wrapped by every fault that Check finds.
var ErrDamaged = errors.New("the store is damaged")

// mostFaults is how many faults Check lists.
const mostFaults = 50

// Check looks at the whole store: its pages, every row, and that the indexes and counts are those of the rows.
// It reads everything and changes nothing; commits wait while it looks at the pages. The chains of the logs are
// record.Verify's.
func (s *Store) Check(ctx context.Context) error {
	if err := s.checkPages(ctx); err != nil { // rows on damaged pages cannot be read safely
		return err
	}
	return s.view(ctx, func(r *reader) error {
		c := &checker{ctx: ctx, tx: r.tx, counts: counts{}}
		for _, step := range []func() error{c.tickets, c.mails, c.traces, c.outbox, c.rest, c.unsealed, c.totals} {
			if err := step(); err != nil {
				return err
			}
		}
		return errors.Join(c.faults...)
	})
}

// checkPages holds the writer up: bbolt compares the pages with its list of free ones, which a commit changes.
func (s *Store) checkPages(ctx context.Context) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.pending.Done()
	return s.db.File(func(db *bbolt.DB) error {
		return db.View(func(tx *bbolt.Tx) error {
			c := &checker{}
			for err := range tx.Check() {
				c.fault("pages: %v", err)
			}
			return errors.Join(c.faults...)
		})
	})
}

// checker counts the index keys that the rows ask for. Where each of them is there and there are as many in all, the
// indexes are exactly what the rows make.
type checker struct {
	ctx     context.Context
	tx      *kv.Tx
	faults  []error
	counts  counts
	inIndex int    // keys that belong to the index
	inMails int    // keys that belong to the mails
	highest uint64 // ticket
}

func (c *checker) fault(format string, args ...any) {
	if len(c.faults) < mostFaults {
		c.faults = append(c.faults, fmt.Errorf("%w: "+format, append([]any{ErrDamaged}, args...)...))
	}
}

// each runs over a bucket and ends with the context.
func (c *checker) each(bucket []byte, fn func(k, v []byte)) error {
	return c.tx.Bucket(bucket).ForEach(func(k, v []byte) error {
		fn(k, v)
		return c.ctx.Err()
	})
}

func (c *checker) expect(bucket, key []byte, owner string) {
	if c.tx.Bucket(bucket).Get(key) == nil {
		c.fault("%s: its key %q is missing in %s", owner, key, bucket)
	}
}

func (c *checker) tickets() error {
	number, seq := sop.Number(0), uint32(0)
	return c.each(bucketTickets, func(k, v []byte) {
		if len(k) < numberSize+1 {
			c.fault("row %x under tickets", k)
			return
		}
		n, kind := numberOf(k), k[numberSize]
		switch {
		case kind == kindTicket && len(k) == numberSize+1:
			c.ticket(n, v)
		case kind == kindLog && len(k) == numberSize+1+seqSize:
			if n != number {
				number, seq = n, 0
			}
			seq++
			if got := binary.BigEndian.Uint32(k[numberSize+1:]); got != seq {
				c.fault("ticket %d: entry %d where %d should be", n, got, seq)
				seq = got
			}
			if _, err := decodeEntry(v); err != nil {
				c.fault("ticket %d: entry %d: %v", n, seq, err)
			}
		case kind == kindMessage && len(k) == numberSize+1+seqSize:
			var m store.Message
			if err := decodeDoc(v, &m); err != nil {
				c.fault("ticket %d: message %x: %v", n, k[numberSize+1:], err)
			}
		default:
			c.fault("row %x under tickets", k)
		}
	})
}

func (c *checker) ticket(n sop.Number, row []byte) {
	t, h, err := decodeTicket(row)
	if err != nil {
		c.fault("ticket %d: %v", n, err)
		return
	}
	want := headOf(&store.Ticket{Ticket: t, Expect: h.version - 1, Due: timeOf(h.due)})
	if want != h || t.Number != n {
		c.fault("ticket %d: its head is not that of its content", n)
	}
	c.counts[countState+h.state]++
	c.highest = max(c.highest, uint64(n))
	for _, key := range h.keys(n) {
		if key != nil {
			c.inIndex++
			c.expect(bucketIndex, key, fmt.Sprintf("ticket %d", n))
		}
	}
}

func (c *checker) mails() error {
	return c.each(bucketMails, func(k, v []byte) {
		if len(v) == len(mark) { // a trace's, counted there
			return
		}
		c.inMails++
		var s store.Seen
		if err := decodeDoc(v, &s); err != nil {
			c.fault("mail %q: %v", k, err)
			return
		}
		if second := store.MessageKey(s.MessageID) + s.Key; string(k) != s.Key && string(k) != second {
			c.fault("mail %q stands under %q", s.Key, k)
		}
	})
}

func (c *checker) traces() error {
	return c.each(bucketTraces, func(k, v []byte) {
		var t store.Trace
		if err := decodeDoc(v, &t); err != nil || len(k) != traceSize {
			c.fault("trace %x: %v", k, err)
			return
		}
		keys := map[string]bool{} // from and to may be the same address
		for _, key := range traceKeys(&t, k) {
			keys[string(key)] = true
		}
		if old := oldMailKey(t.MessageID, k); old != nil && c.tx.Bucket(bucketMails).Get(old) != nil {
			c.inMails++
			delete(keys, string(append(blockPrefix(blockOf(k), t.MessageID), k...)))
		}
		c.inIndex += len(keys)
		for key := range keys {
			c.expect(bucketIndex, []byte(key), "a trace")
		}
	})
}

func (c *checker) outbox() error {
	bodies := 0
	if err := c.each(bucketBodies, func(_, _ []byte) { bodies++ }); err != nil {
		return err
	}
	r := &reader{ctx: c.ctx, tx: c.tx}
	err := c.each(bucketOutbox, func(k, _ []byte) {
		c.counts["outbox"]++
		if _, err := r.outboxRow(binary.BigEndian.Uint64(k)); err != nil {
			c.fault("%v", err)
		}
	})
	if bodies != c.counts["outbox"] {
		c.fault("the outbox has %d rows and %d bodies", c.counts["outbox"], bodies)
	}
	return err
}

func (c *checker) rest() error {
	err := c.each(bucketQuarantine, func(k, v []byte) {
		if k[0] != 'm' {
			return
		}
		c.counts["quarantine"]++
		var q store.Quarantined
		if err := decodeDoc(v, &q); err != nil {
			c.fault("quarantined mail %q: %v", k[1:], err)
		}
	})
	if err != nil {
		return err
	}
	return c.each(bucketFacts, func(k, v []byte) {
		if _, _, err := decodeFact(v); err != nil {
			c.fault("fact %q: %v", k, err)
		}
	})
}

// totals compares how many keys there are with how many the rows ask for, and the counts with what was counted.
func (c *checker) totals() error {
	have := map[string]int{}
	for _, bucket := range [][]byte{bucketIndex, bucketMails} {
		if err := c.each(bucket, func(_, _ []byte) { have[string(bucket)]++ }); err != nil {
			return err
		}
	}
	if n := have[string(bucketIndex)]; n != c.inIndex {
		c.fault("the index has %d keys, the rows make %d", n, c.inIndex)
	}
	if n := have[string(bucketMails)]; n != c.inMails {
		c.fault("the mails have %d keys, the rows make %d", n, c.inMails)
	}
	kept, err := readCounts(c.tx.Bucket(bucketMeta))
	if err != nil {
		c.fault("%v", err)
		return nil
	}
	for k := range kept {
		c.counts[k] += 0
	}
	for k, n := range c.counts {
		if kept[k] != n {
			c.fault("there are %d of %q, and %d are counted", n, k, kept[k])
		}
	}
	if seq := c.tx.Bucket(bucketMeta).Get(sequenceKey(store.SeqTicket)); c.highest > 0 && (len(seq) != 8 || binary.BigEndian.Uint64(seq) < c.highest) {
		c.fault("ticket %d is beyond the sequence of numbers", c.highest)
	}
	return nil
}
