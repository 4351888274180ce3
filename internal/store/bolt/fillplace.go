package bolt

import (
	"context"
	"errors"
	"math"

	"helpost/internal/seal"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/internal/store/words"
	"helpost/workflow"
)

// How far the search index came, and what changed since: the seals say it, and what no seal has seen yet.

// begin finds where the index stands. One that knows another store, or none, begins anew.
func (f *filler) begin(ctx context.Context) error {
	at := f.x.Place()
	if at != nil && at.Day != "" {
		same := false
		err := f.s.view(ctx, func(r *reader) error {
			var s seal.Seal
			err := r.doc(bucketSeals, sealKey(at.Day), &s)
			same = err == nil && s.Digest == at.Digest
			if errors.Is(err, store.ErrNotFound) {
				err = nil
			}
			return err
		})
		if err != nil {
			return err
		}
		if !same {
			if err := f.x.Empty(); err != nil {
				return err
			}
			at = nil
		}
	}
	below := sop.Number(0)
	if at != nil {
		below = at.Below
	} else if err := f.s.view(ctx, func(r *reader) error {
		if n, some := everyTicket(r.tx.Bucket(bucketTickets))(math.MaxUint64); some {
			below = n + 1
		}
		return nil
	}); err != nil {
		return err
	}
	f.mu.Lock()
	f.below, f.lost = below, at != nil
	f.mu.Unlock()
	f.begun, f.check = true, nil
	if at == nil {
		clear(f.erased)
		return f.flush(ctx)
	}
	return nil
}

// flush writes a file, and how far the index came by it. That names the seal before the last one, so that a commit which it
// has not heard of yet is under a later one.
func (f *filler) flush(ctx context.Context) error {
	f.mu.Lock()
	at := words.Place{Below: f.below}
	all := len(f.changed) == 0 && !f.lost && f.check == nil
	f.mu.Unlock()
	if was := f.x.Place(); was != nil {
		at.Day, at.Digest = was.Day, was.Digest
	} else {
		all = true // whatever changed before now is read by the first reading
	}
	if all {
		err := f.s.view(ctx, func(r *reader) error {
			s, err := sealBeforeLast(r.tx.Bucket(bucketSeals))
			if s.Day != "" {
				at.Day, at.Digest = s.Day, s.Digest
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return f.x.Flush(at)
}

// recheck goes through the tickets that changed since the index was flushed: those of the seals since, then those that no
// seal has seen.
type recheck struct {
	day     string // of the last seal that was looked at
	sealed  bool   // all were
	after   sop.Number
	numbers []sop.Number // to be compared
}

// recheck does a part of it. What changes meanwhile is read in between.
func (f *filler) recheck(ctx context.Context) error {
	c := f.check
	if len(c.numbers) == 0 {
		return f.s.view(ctx, func(r *reader) error {
			more, err := c.next(r)
			if !more && err == nil {
				f.check = nil
			}
			return err
		})
	}
	n := min(len(c.numbers), fillStep)
	if err := f.compare(ctx, c.numbers[:n]); err != nil {
		return err
	}
	c.numbers = c.numbers[n:]
	return nil
}

// next gets more numbers, false where there are none.
func (c *recheck) next(r *reader) (more bool, err error) {
	if !c.sealed {
		days, err := r.Seals(c.day, 1)
		if err != nil {
			return false, err
		}
		if len(days) > 0 {
			heads, err := r.SealHeads(days[0].Day)
			for _, h := range heads {
				c.numbers = append(c.numbers, h.Number)
			}
			c.day = days[0].Day
			return true, err
		}
		c.sealed = true
	}
	open, err := r.Unsealed(c.after, fillStep)
	for _, o := range open {
		c.numbers = append(c.numbers, o.Number)
		c.after = o.Number
	}
	return len(open) > 0, err
}

// compare notes the tickets that the index does not know as they are.
func (f *filler) compare(ctx context.Context, numbers []sop.Number) error {
	var other []sop.Number
	err := f.each(ctx, numbers, func(_ *reader, t workflow.Ticket, is knows, _ words.Read) error {
		if is != asIs {
			other = append(other, t.Number)
		}
		return nil
	})
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, n := range other {
		if n >= f.below {
			f.note(n)
		}
	}
	return err
}
