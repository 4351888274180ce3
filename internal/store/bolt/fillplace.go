package bolt

import (
	"context"
	"errors"
	"math"
	"slices"

	"helpost/internal/seal"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/internal/store/words"
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
	f.begun = true
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
	all := len(f.changed) == 0 && !f.lost
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

// recheck compares the tickets that changed since the index was flushed with what it knows.
func (f *filler) recheck(ctx context.Context) error {
	f.mu.Lock()
	f.lost = false
	f.mu.Unlock()
	day := ""
	if at := f.x.Place(); at != nil {
		day = at.Day
	}
	for {
		var days []seal.Seal
		if err := f.s.view(ctx, func(r *reader) (err error) { days, err = r.Seals(day, 100); return err }); err != nil {
			return err
		}
		if len(days) == 0 {
			break
		}
		for _, s := range days {
			day = s.Day
			var heads []seal.Head
			if err := f.s.view(ctx, func(r *reader) (err error) { heads, err = r.SealHeads(day); return err }); err != nil {
				return err
			}
			numbers := make([]sop.Number, len(heads))
			for i, h := range heads {
				numbers[i] = h.Number
			}
			if err := f.compare(ctx, numbers); err != nil {
				return err
			}
		}
	}
	for after := sop.Number(0); ; {
		var open []seal.Open
		if err := f.s.view(ctx, func(r *reader) (err error) { open, err = r.Unsealed(after, fillStep); return err }); err != nil || len(open) == 0 {
			return err
		}
		numbers := make([]sop.Number, len(open))
		for i, o := range open {
			numbers[i] = o.Number
		}
		after = numbers[len(numbers)-1]
		if err := f.compare(ctx, numbers); err != nil {
			return err
		}
	}
}

// compare notes the tickets that the index does not know as they are.
func (f *filler) compare(ctx context.Context, numbers []sop.Number) error {
	for some := range slices.Chunk(numbers, fillStep) {
		var other []sop.Number
		err := f.s.view(ctx, func(r *reader) error {
			for _, n := range some {
				t, _, err := r.Ticket(n)
				if errors.Is(err, store.ErrNotFound) {
					continue
				}
				if err != nil {
					return err
				}
				is, _, err := f.known(r, t)
				if err != nil {
					return err
				}
				if is != asIs {
					other = append(other, n)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		f.mu.Lock()
		for _, n := range other {
			if n >= f.below {
				f.note(n)
			}
		}
		lost := f.lost
		f.mu.Unlock()
		if lost { // these first
			return nil
		}
		if err := f.rest(ctx); err != nil {
			return err
		}
	}
	return nil
}
