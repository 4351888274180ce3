package bolt

import (
	"bytes"
	"context"
	"errors"
	"hash/crc32"
	"maps"
	"slices"
	"time"

	"helpost/internal/record"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/internal/store/words"
	"helpost/workflow"
)

// What the filler reads of tickets, and when it reads one again.

// readChanged reads tickets that changed.
func (f *filler) readChanged(ctx context.Context, some map[sop.Number]uint64) error {
	left, err := f.addSaid(slices.Sorted(maps.Keys(some)))
	if err != nil {
		return err
	}
	if len(left) > 0 {
		if err := f.read(ctx, left); err != nil {
			return err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for n, heard := range some {
		if f.changed[n] == heard && !f.erased[n] {
			delete(f.changed, n)
		}
	}
	return nil
}

// readOlder goes on with the first reading of all tickets: from the newest down, so that those are found first.
func (f *filler) readOlder(ctx context.Context, below sop.Number) error {
	var some []sop.Number
	err := f.s.view(ctx, func(r *reader) error {
		older := everyTicket(r.tx.Bucket(bucketTickets))
		for n, more := older(below); more && len(some) < fillStep; n, more = older(n) {
			some = append(some, n)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := f.read(ctx, some); err != nil {
		return err
	}
	below = 0
	if len(some) == fillStep {
		below = some[len(some)-1]
	}
	f.mu.Lock()
	f.below = below
	f.mu.Unlock()
	if below == 0 {
		return f.flush(ctx)
	}
	return nil
}

// read adds tickets to the index. One whose words were taken out since it was read must leave it first.
func (f *filler) read(ctx context.Context, numbers []sop.Number) error {
	return f.each(ctx, numbers, func(r *reader, t workflow.Ticket, is knows, known words.Read) error {
		switch is {
		case otherwise:
			f.leaves(t.Number)
		case asFar:
			return f.add(r, t, known)
		}
		return nil
	})
}

// each gives the tickets that are there, and how the index knows them.
func (f *filler) each(ctx context.Context, numbers []sop.Number, fn func(*reader, workflow.Ticket, knows, words.Read) error) error {
	return f.s.view(ctx, func(r *reader) error {
		for _, n := range numbers {
			t, _, err := r.Ticket(n)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			is, known, err := f.known(r, t)
			if err != nil {
				return err
			}
			if err := fn(r, t, is, known); err != nil {
				return err
			}
		}
		return nil
	})
}

// How the index knows a ticket.
type knows int

const (
	asIs      knows = iota // as the store has it
	asFar                  // as far as it went: the rest is to be added; not at all is one of these
	otherwise              // with words that the store does not have any more
)

// known says how the index knows a ticket, and how far. Words went where an erasure or age took them out since, or where its
// record is another one: the store was brought back from a backup.
func (f *filler) known(r *reader, t workflow.Ticket) (knows, words.Read, error) {
	known, there, err := f.x.Known(t.Number)
	if err != nil || !there {
		return asFar, known, err
	}
	sum, err := r.sumOf(t.Number, known.Seq)
	switch {
	case err != nil:
		return asIs, known, err
	case sum != known.Sum || known.Seq > t.Seq:
		return otherwise, known, nil
	case known.Seq == t.Seq:
		return asIs, known, nil
	}
	log, err := r.LogBefore(t.Number, t.Seq+1, t.Seq-known.Seq)
	if slices.ContainsFunc(log, func(e record.Entry) bool {
		return bytes.Contains(e.Line, tookErased) || bytes.Contains(e.Line, tookExpired)
	}) {
		return otherwise, known, err
	}
	return asFar, known, err
}

// What stands in the entries of events that take words out.
var (
	tookErased  = []byte(`"type":"` + string(workflow.ErasedEvent) + `"`)
	tookExpired = []byte(`"type":"` + string(workflow.ExpiredEvent) + `"`)
)

// sumOf tells an entry of a log from another one in its place; 0 where none is there.
func (r *reader) sumOf(n sop.Number, seq int) (uint32, error) {
	e, err := r.Entry(n, seq)
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil
	}
	return crc32.ChecksumIEEE(e.Line), err
}

// leaves notes a ticket that must leave the index. It is read anew after that.
func (f *filler) leaves(n sop.Number) {
	if len(f.erased) == 0 {
		f.first = time.Now()
	}
	f.erased[n] = true
	f.mu.Lock()
	f.note(n)
	f.mu.Unlock()
}

// add adds what a ticket says beyond what is known.
func (f *filler) add(r *reader, t workflow.Ticket, known words.Read) error {
	known, texts, err := r.says(t, known)
	if err == nil {
		f.tell(t.Number, known, texts)
	}
	return err
}

// says gives what a ticket says beyond what is known, and how far it is known by that.
func (r *reader) says(t workflow.Ticket, known words.Read) (words.Read, []string, error) {
	texts := []string{t.Subject}
	for {
		m, err := r.Message(t.Number, known.Messages+1)
		if errors.Is(err, store.ErrNotFound) {
			break
		}
		if err != nil {
			return known, nil, err
		}
		known.Messages++
		texts = append(texts, m.Text)
	}
	known.Seq = t.Seq
	var err error
	known.Sum, err = r.sumOf(t.Number, t.Seq)
	return known, texts, err
}

func (f *filler) tell(n sop.Number, read words.Read, texts []string) {
	if f.x.Waiting() == 0 {
		f.added = time.Now()
	}
	f.x.Add(n, read, texts...)
}
