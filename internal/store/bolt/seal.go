package bolt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"

	"helpost/internal/record"
	"helpost/internal/seal"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/internal/store/kv"
)

// Which tickets a seal must look at is an index of its own, so that a day costs what changed on it: a log that goes on
// puts its ticket there, with the entry that is under a seal already, and a seal takes it out.

// headsAtOnce is how many heads stand in a row.
const headsAtOnce = 1000

func sealKey(day string) []byte         { return append([]byte{'s'}, day...) }
func sealHeadsPrefix(day string) []byte { return append(append([]byte{'h'}, day...), 0) }

func unsealedKey(n sop.Number) []byte { return append([]byte{byUnsealed}, numberKey(n)...) }

func unsealedRow(was int) []byte {
	return binary.BigEndian.AppendUint32([]byte{rowFormat}, uint32(was))
}

func readUnsealed(k, v []byte) (seal.Open, error) {
	if len(k) != 1+numberSize || len(v) != 1+seqSize || v[0] != rowFormat {
		return seal.Open{}, errRow
	}
	return seal.Open{Number: numberOf(k[1:]), Was: int(binary.BigEndian.Uint32(v[1:]))}, nil
}

// putUnsealed notes the tickets whose logs go on.
func (w *writer) putUnsealed(p *prepared) error {
	for _, l := range p.logs {
		key := unsealedKey(l.number)
		if w.index.Get(key) != nil {
			continue
		}
		if err := w.index.Put(key, unsealedRow(l.seq-1)); err != nil {
			return err
		}
	}
	return nil
}

func lastSeal(seals *kv.Bucket) (s seal.Seal, err error) {
	k, v := seekBefore(seals.Cursor(), []byte{'s' + 1})
	if len(k) == 0 || k[0] != 's' {
		return s, nil
	}
	return s, decodeDoc(v, &s)
}

// sealBeforeLast is the zero Seal where there are not two.
func sealBeforeLast(seals *kv.Bucket) (s seal.Seal, err error) {
	c := seals.Cursor()
	if k, _ := seekBefore(c, []byte{'s' + 1}); len(k) == 0 || k[0] != 's' {
		return s, nil
	}
	k, v := c.Prev()
	if len(k) == 0 || k[0] != 's' {
		return s, nil
	}
	return s, decodeDoc(v, &s)
}

func (w *writer) checkSeal(s *store.Seal) error {
	if s == nil {
		return nil
	}
	last, err := lastSeal(w.seals)
	if err != nil {
		return err
	}
	if s.Day <= last.Day || s.Prev != last.Digest {
		return fmt.Errorf("the seal of %s: %w", s.Day, store.ErrConflict)
	}
	return nil
}

func (w *writer) putSeal(p *prepared) error {
	if p.seal == nil {
		return nil
	}
	row, err := encodeDoc(p.seal.Seal)
	if err != nil {
		return err
	}
	if err := w.seals.Put(sealKey(p.seal.Day), row); err != nil {
		return err
	}
	part := uint32(0)
	for heads := range slices.Chunk(p.seal.List, headsAtOnce) {
		row := make([]byte, 1, 1+len(heads)*seal.HeadSize)
		row[0] = rowFormat
		for _, h := range heads {
			row = h.Append(row)
		}
		if err := w.seals.Put(binary.BigEndian.AppendUint32(sealHeadsPrefix(p.seal.Day), part), row); err != nil {
			return err
		}
		part++
	}
	for _, h := range p.seal.List {
		if w.tickets.Get(logKey(h.Number, h.Seq+1)) != nil { // it went on meanwhile
			err = w.index.Put(unsealedKey(h.Number), unsealedRow(h.Seq))
		} else {
			err = w.index.Delete(unsealedKey(h.Number))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// addSeals brings schema 1 to 2: seals, and the index of tickets that are under none, which is all of them.
func addSeals(tx *bbolt.Tx) error {
	if _, err := tx.CreateBucketIfNotExists(bucketSeals); err != nil {
		return err
	}
	tickets, index := tx.Bucket(bucketTickets), tx.Bucket(bucketIndex)
	if tickets == nil || index == nil {
		return errors.New("a bucket is missing")
	}
	c := tickets.Cursor()
	for k, _ := c.First(); len(k) > numberSize; k, _ = c.Seek(numberKey(numberOf(k) + 1)) {
		n := numberOf(k)
		if tickets.Get(logKey(n, 1)) == nil {
			continue
		}
		if err := index.Put(unsealedKey(n), unsealedRow(0)); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) Entry(n sop.Number, seq int) (record.Entry, error) {
	if seq < 1 || seq > maxSeq {
		return record.Entry{}, store.ErrNotFound
	}
	row := r.tx.Bucket(bucketTickets).Get(logKey(n, seq))
	if row == nil {
		return record.Entry{}, store.ErrNotFound
	}
	e, err := decodeEntry(row)
	if err != nil {
		return e, fmt.Errorf("entry %d of ticket %d: %w", seq, n, err)
	}
	return e, nil
}

func (r *reader) Unsealed(after sop.Number, n int) ([]seal.Open, error) {
	var all []seal.Open
	c := r.tx.Bucket(bucketIndex).Cursor()
	for k, v := c.Seek(unsealedKey(after + 1)); len(k) > 0 && k[0] == byUnsealed && len(all) < n; k, v = c.Next() {
		o, err := readUnsealed(k, v)
		if err != nil {
			return nil, fmt.Errorf("index %x: %w", k, err)
		}
		all = append(all, o)
	}
	return all, nil
}

func (r *reader) Seals(after string, n int) ([]seal.Seal, error) {
	var all []seal.Seal
	c := r.tx.Bucket(bucketSeals).Cursor()
	for k, v := c.Seek(append(sealKey(after), 0)); len(k) > 0 && k[0] == 's' && len(all) < n; k, v = c.Next() {
		var s seal.Seal
		if err := decodeDoc(v, &s); err != nil {
			return nil, fmt.Errorf("the seal of %s: %w", k[1:], err)
		}
		all = append(all, s)
	}
	return all, nil
}

func (r *reader) LastSeal() (seal.Seal, error) { return lastSeal(r.tx.Bucket(bucketSeals)) }

func (r *reader) SealHeads(day string) ([]seal.Head, error) {
	var all []seal.Head
	err := under(r.tx.Bucket(bucketSeals), sealHeadsPrefix(day), func(_, v []byte) error {
		b, err := body(v)
		if err == nil && len(b)%seal.HeadSize != 0 {
			err = errRow
		}
		for ; err == nil && len(b) > 0; b = b[seal.HeadSize:] {
			var h seal.Head
			h, err = seal.ReadHead(b)
			all = append(all, h)
		}
		if err != nil {
			return fmt.Errorf("the heads of the seal of %s: %w", day, err)
		}
		return nil
	})
	return all, err
}

// unsealed checks the index of tickets that are under no seal.
func (c *checker) unsealed() error {
	tickets := c.tx.Bucket(bucketTickets)
	return under(c.tx.Bucket(bucketIndex), []byte{byUnsealed}, func(k, v []byte) error {
		c.inIndex++
		if o, err := readUnsealed(k, v); err != nil {
			c.fault("index %x: %v", k, err)
		} else if tickets.Get(logKey(o.Number, o.Was+1)) == nil {
			c.fault("ticket %d is noted as one whose log went on after entry %d, and it did not", o.Number, o.Was)
		}
		return c.ctx.Err()
	})
}
