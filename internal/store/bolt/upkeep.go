package bolt

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"helpost/internal/store"
)

const (
	pruneStep = 500 // traces that one transaction of a pruning looks at
)

// Backup writes a consistent copy of the store, which Open can open. Changes go on meanwhile.
func (s *Store) Backup(ctx context.Context, to io.Writer) error {
	return s.whole(ctx, func(r *reader) error {
		_, err := r.tx.WriteTo(&cancelled{ctx, to})
		return err
	})
}

// Snapshot is a consistent state of the store that can be copied.
type Snapshot struct {
	Size int64 // of the copy, in bytes
	r    *reader
}

// Snapshot lets fn copy a consistent state. Changes go on meanwhile; the file grows as long as it lasts.
func (s *Store) Snapshot(ctx context.Context, fn func(Snapshot) error) error {
	return s.whole(ctx, func(r *reader) error { return fn(Snapshot{Size: r.tx.Size(), r: r}) })
}

// WriteTo writes the copy, which Open can open.
func (s Snapshot) WriteTo(to io.Writer) (int64, error) {
	return s.r.tx.WriteTo(&cancelled{s.r.ctx, to})
}

// Blobs calls fn with the name of each blob that a row of this state names, of many rows many times.
func (s Snapshot) Blobs(fn func(name string)) error { return s.r.blobs(fn) }

// cancelled is a writer that ends with a context.
type cancelled struct {
	ctx context.Context
	to  io.Writer
}

func (c *cancelled) Write(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.to.Write(b)
}

// Compact writes the store anew without free pages and puts the new file in the place of the old one. The file of a store
// never shrinks otherwise. It needs room for both; commits wait until it is done.
func (s *Store) Compact(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.enter(); err != nil {
		return err
	}
	defer s.pending.Done()
	return fault(s.db.Compact())
}

// PruneTraces deletes the traces from before a moment, but those that keep wants, and says how many. keep may be nil.
func (s *Store) PruneTraces(ctx context.Context, before time.Time, keep func(store.Trace) bool) (int, error) {
	p := pruning{until: be64(nanos(before)), keep: keep}
	for !p.ended {
		removed := p.removed
		if err := s.maintain(ctx, p.step); err != nil {
			return removed, err
		}
	}
	return p.removed, nil
}

// pruning goes through the traces from the oldest on, in transactions of pruneStep rows.
type pruning struct {
	until   []byte
	keep    func(store.Trace) bool
	next    []byte // where it goes on
	removed int
	ended   bool
}

// maintain runs a transaction between two group commits.
func (s *Store) maintain(ctx context.Context, fn func(*writer) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.enter(); err != nil {
		return err
	}
	defer s.pending.Done()
	if err := s.Present(); err != nil {
		return err
	}
	tx, err := s.db.Begin()
	if err != nil {
		return fault(err)
	}
	defer tx.Rollback()
	w, err := newWriter(tx)
	if err != nil {
		return err
	}
	if err := fn(w); err != nil {
		return fault(err)
	}
	if err := w.counts.write(w.meta); err != nil {
		return err
	}
	return fault(tx.Commit())
}

func (p *pruning) step(w *writer) error {
	type found struct {
		key   []byte
		trace store.Trace
	}
	var old []found
	looked := 0
	c := w.traces.Cursor()
	k, v := c.Seek(p.next)
	for ; k != nil && looked < pruneStep && bytes.Compare(k[:8], p.until) < 0; k, v = c.Next() {
		looked++
		f := found{key: bytes.Clone(k)}
		if err := decodeDoc(v, &f.trace); err != nil {
			return fmt.Errorf("trace %x: %w", k, err)
		}
		if p.keep == nil || !p.keep(f.trace) {
			old = append(old, f)
		}
	}
	p.ended, p.next = looked < pruneStep, bytes.Clone(k)
	for _, f := range old {
		if err := w.deleteTrace(&f.trace, f.key); err != nil {
			return err
		}
	}
	p.removed += len(old)
	return nil
}

// Blobs calls fn with the name of each blob that a row names, of many rows many times. It reads all messages: it is for
// sweeping, verifying and backups.
func (s *Store) Blobs(ctx context.Context, fn func(name string)) error {
	return s.view(ctx, func(r *reader) error { return r.blobs(fn) })
}

func (r *reader) blobs(fn func(name string)) error {
	name := func(ref store.Ref) {
		if ref.Blob != "" {
			fn(ref.Blob)
		}
	}
	err := r.tx.Bucket(bucketTickets).ForEach(func(k, v []byte) error {
		if len(k) != numberSize+1+seqSize || k[numberSize] != kindMessage {
			return r.ctx.Err()
		}
		var m store.Message
		if err := decodeDoc(v, &m); err != nil {
			return fmt.Errorf("a message of ticket %d: %w", numberOf(k), err)
		}
		name(m.Raw)
		for _, a := range m.Attachments {
			name(a.Ref)
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = r.tx.Bucket(bucketBodies).ForEach(func(k, v []byte) error {
		segments, err := decodeSegments(v)
		for _, s := range segments {
			if s.Ref != nil {
				name(*s.Ref)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	return under(r.tx.Bucket(bucketQuarantine), []byte{'m'}, func(_, v []byte) error {
		var q store.Quarantined
		err := decodeDoc(v, &q)
		name(store.Ref{Blob: q.Blob})
		return err
	})
}
