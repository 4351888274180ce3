package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"helpost/internal/record"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/internal/store/kv"
	"helpost/workflow"
)

// reader reads one transaction. Everything that it hands out is a copy.
type reader struct {
	ctx    context.Context
	tx     *kv.Tx
	outbox *outbox
	filler *filler
}

var _ store.Reader = (*reader)(nil)

func (r *reader) Ticket(n sop.Number) (workflow.Ticket, store.Version, error) {
	row := r.tx.Bucket(bucketTickets).Get(ticketKey(n))
	if row == nil {
		return workflow.Ticket{}, 0, store.ErrNotFound
	}
	t, h, err := decodeTicket(row)
	if err != nil {
		return workflow.Ticket{}, 0, fmt.Errorf("ticket %d: %w", n, err)
	}
	return t, h.version, nil
}

func (r *reader) Numbers(after sop.Number, n int) ([]sop.Number, error) {
	var all []sop.Number
	c := r.tx.Bucket(bucketTickets).Cursor()
	for k, _ := c.Seek(numberKey(after + 1)); len(k) >= numberSize && len(all) < n; k, _ = c.Seek(numberKey(numberOf(k) + 1)) {
		all = append(all, numberOf(k))
	}
	return all, nil
}

// under runs fn over the rows whose keys have a prefix, in order.
func under(b *kv.Bucket, prefix []byte, fn func(k, v []byte) error) error {
	c := b.Cursor()
	for k, v := c.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix); k, v = c.Next() {
		if err := fn(k, v); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) Log(n sop.Number) ([]record.Entry, error) {
	var log []record.Entry
	err := under(r.tx.Bucket(bucketTickets), append(numberKey(n), kindLog), func(_, v []byte) error {
		e, err := decodeEntry(v)
		if err != nil {
			return fmt.Errorf("entry %d of ticket %d: %w", len(log)+1, n, err)
		}
		log = append(log, e)
		return nil
	})
	return log, err
}

func (r *reader) LogBefore(n sop.Number, seq, most int) ([]record.Entry, error) {
	var log []record.Entry
	prefix := append(numberKey(n), kindLog)
	c := r.tx.Bucket(bucketTickets).Cursor()
	k, v := seekBefore(c, logKey(n, min(max(seq, 0), maxSeq)))
	for ; len(log) < most && bytes.HasPrefix(k, prefix); k, v = c.Prev() {
		e, err := decodeEntry(v)
		if err != nil {
			return nil, fmt.Errorf("an entry of ticket %d: %w", n, err)
		}
		log = append(log, e)
	}
	slices.Reverse(log)
	return log, nil
}

func (r *reader) Messages(n sop.Number) ([]store.Message, error) {
	var all []store.Message
	err := under(r.tx.Bucket(bucketTickets), append(numberKey(n), kindMessage), func(_, v []byte) error {
		var m store.Message
		if err := decodeDoc(v, &m); err != nil {
			return fmt.Errorf("a message of ticket %d: %w", n, err)
		}
		all = append(all, m)
		return nil
	})
	return all, err
}

func (r *reader) Message(n sop.Number, seq int) (store.Message, error) {
	var m store.Message
	if seq < 1 || seq > maxSeq {
		return m, store.ErrNotFound
	}
	return m, r.doc(bucketTickets, messageKey(n, seq), &m)
}

// doc reads a row that is JSON.
func (r *reader) doc(bucket, key []byte, to any) error {
	row := r.tx.Bucket(bucket).Get(key)
	if row == nil {
		return store.ErrNotFound
	}
	if err := decodeDoc(row, to); err != nil {
		return fmt.Errorf("%s %x: %w", bucket, key, err)
	}
	return nil
}

func (r *reader) bytes(bucket, key []byte) ([]byte, error) {
	v := r.tx.Bucket(bucket).Get(key)
	if v == nil {
		return nil, store.ErrNotFound
	}
	return append([]byte{}, v...), nil
}

func (r *reader) Raw(n sop.Number, seq int) ([]byte, error) {
	if seq < 1 || seq > maxSeq {
		return nil, store.ErrNotFound
	}
	return r.bytes(bucketRaw, rawKey(n, seq))
}

func (r *reader) Seen(key string) (store.Seen, error) {
	var s store.Seen
	if checkKey("seen mail", key) != nil {
		return s, store.ErrNotFound
	}
	if err := r.doc(bucketMails, []byte(key), &s); err != nil {
		return store.Seen{}, err
	}
	if s.Key != key { // the second place of another one
		return store.Seen{}, store.ErrNotFound
	}
	return s, nil
}

func (r *reader) Mail(messageID string) ([]store.Seen, error) {
	prefix := store.MessageKey(messageID)
	if prefix == "" {
		return nil, nil
	}
	var all []store.Seen
	err := under(r.tx.Bucket(bucketMails), []byte(prefix), func(k, v []byte) error {
		if len(k) > len(prefix) && k[len(prefix)] == 0 { // a trace
			return nil
		}
		var s store.Seen
		if err := decodeDoc(v, &s); err != nil {
			return fmt.Errorf("mail %q: %w", k, err)
		}
		if store.BareID(s.MessageID) == store.BareID(messageID) {
			all = append(all, s)
		}
		return nil
	})
	slices.SortStableFunc(all, func(a, b store.Seen) int { return a.At.Compare(b.At) })
	return all, err
}

func (r *reader) Fact(key string) (store.Fact, error) {
	row := r.tx.Bucket(bucketFacts).Get([]byte(key))
	if row == nil {
		return store.Fact{Key: key}, nil
	}
	return fact(key, row)
}

func fact(key string, row []byte) (store.Fact, error) {
	v, value, err := decodeFact(row)
	if err != nil {
		return store.Fact{}, fmt.Errorf("fact %q: %w", key, err)
	}
	return store.Fact{Key: key, Version: v, Value: value}, nil
}

func (r *reader) Facts(prefix string) ([]store.Fact, error) {
	var all []store.Fact
	err := under(r.tx.Bucket(bucketFacts), []byte(prefix), func(k, v []byte) error {
		f, err := fact(string(k), v)
		all = append(all, f)
		return err
	})
	return all, err
}

func (r *reader) Due(now time.Time, n int) ([]sop.Number, error) {
	var due []sop.Number
	until := nanos(now)
	c := r.tx.Bucket(bucketIndex).Cursor()
	for k, _ := c.Seek([]byte{byDue}); len(due) < n; k, _ = c.Next() {
		at, number, is := cutDue(k)
		if !is || at > until {
			break
		}
		due = append(due, number)
	}
	return due, nil
}

func (r *reader) NextDue() (time.Time, error) {
	k, _ := r.tx.Bucket(bucketIndex).Cursor().Seek([]byte{byDue})
	at, _, _ := cutDue(k)
	return timeOf(at), nil
}

func cutDue(k []byte) (at uint64, n sop.Number, is bool) {
	if len(k) != 1+8+numberSize || k[0] != byDue {
		return 0, 0, false
	}
	return binary.BigEndian.Uint64(k[1:]), numberOf(k[9:]), true
}

func (r *reader) Queue(after uint64, n int) ([]store.Outbox, error) {
	var rows []store.Outbox
	if after == math.MaxUint64 {
		return nil, nil
	}
	c := r.tx.Bucket(bucketOutbox).Cursor()
	for k, _ := c.Seek(be64(after + 1)); k != nil && len(rows) < n; k, _ = c.Next() {
		row, err := r.outboxRow(binary.BigEndian.Uint64(k))
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (r *reader) outboxRow(id uint64) (store.Outbox, error) {
	var o store.Outbox
	if err := r.doc(bucketOutbox, be64(id), &o); err != nil {
		return o, err
	}
	o.ID = id
	var err error
	if o.Segments, err = decodeSegments(r.tx.Bucket(bucketBodies).Get(be64(id))); err != nil {
		return o, fmt.Errorf("body of outbox row %d: %w", id, err)
	}
	return o, nil
}

func (r *reader) QueueSize() (int, error) {
	c, err := readCounts(r.tx.Bucket(bucketMeta))
	return c["outbox"], err
}

func (r *reader) NextTry() (time.Time, error) {
	at, found := r.outbox.nextFree()
	if found && at == 0 { // it never said when: any moment is right, but the zero one says "none"
		at = 1
	}
	return timeOf(at), nil
}

func (r *reader) Quarantined(after string, n int) ([]store.Quarantined, error) {
	var all []store.Quarantined
	c := r.tx.Bucket(bucketQuarantine).Cursor()
	for k, v := c.Seek(append(quarantineKey(after), 0)); k != nil && k[0] == 'm' && len(all) < n; k, v = c.Next() {
		var q store.Quarantined
		if err := decodeDoc(v, &q); err != nil {
			return nil, fmt.Errorf("quarantined mail %q: %w", k[1:], err)
		}
		all = append(all, q)
	}
	return all, nil
}

func (r *reader) QuarantinedRaw(id string) ([]byte, error) {
	return r.bytes(bucketQuarantine, quarantineRawKey(id))
}

func (r *reader) Policy() ([]byte, error) {
	p, err := r.bytes(bucketPolicy, policyKey)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return p, err
}

func (r *reader) Counts() (map[string]int, error) {
	c, err := readCounts(r.tx.Bucket(bucketMeta))
	if err != nil {
		return nil, err
	}
	return c.public(), nil
}
