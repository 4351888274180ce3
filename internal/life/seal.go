package life

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"helpost/internal/seal"
	"helpost/internal/sop"
	"helpost/internal/store"
)

// sealAfter is how long after midnight a day is sealed: what came in its last moments is committed by then. What is not
// comes under the next seal.
const sealAfter = 2 * time.Minute

// Seal seals the days that are over and have no seal, and says how many those were. A day is sealed once, whoever asks.
func (k *Keeper) Seal(ctx context.Context) (int, error) {
	made := 0
	for {
		last, err := k.seal(ctx)
		switch {
		case errors.Is(err, store.ErrConflict): // somebody else sealed it
		case err != nil:
			return made, err
		case last == "":
			return made, nil
		default:
			made++
		}
	}
}

// seal makes the next seal that is due, and names its day; "" where none is.
func (k *Keeper) seal(ctx context.Context) (day string, err error) {
	var last seal.Seal
	var first []seal.Open
	err = k.Store.View(ctx, func(v store.Reader) error {
		if last, err = v.LastSeal(); err != nil {
			return err
		}
		first, err = v.Unsealed(0, 1)
		return err
	})
	if err != nil {
		return "", err
	}
	now := k.Clock().In(k.zone())
	start := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, k.zone()) // of today
	var of time.Time
	switch {
	case last.Day != "":
		was, err := time.ParseInLocation(time.DateOnly, last.Day, k.zone())
		if err != nil {
			return "", err
		}
		of = was.AddDate(0, 0, 1)
	case len(first) == 0: // there was nothing ever
		return "", nil
	default: // the first seal takes in all that was before today
		of = start.AddDate(0, 0, -1)
	}
	if !of.Before(start) || now.Before(of.AddDate(0, 0, 1).Add(sealAfter)) {
		return "", nil
	}
	day = of.Format(time.DateOnly)
	heads, err := k.heads(ctx, of.AddDate(0, 0, 1))
	if err != nil {
		return "", err
	}
	if last.Day == "" && len(heads) == 0 { // nothing was there before today
		return "", nil
	}
	made, err := seal.Make(last, day, k.now(), heads)
	if err != nil {
		return "", err
	}
	if err := k.Store.Commit(ctx, store.Change{Seal: &store.Seal{Seal: made, List: heads}}); err != nil {
		return "", err
	}
	k.Log.Info("sealed", "day", day, "tickets", made.Tickets, "changed", made.Heads, "digest", made.Digest)
	return day, nil
}

// headsAtOnce is how many tickets are read in one view.
const headsAtOnce = 500

// heads are where the records stood at a moment that went on since they were sealed.
func (k *Keeper) heads(ctx context.Context, until time.Time) ([]seal.Head, error) {
	var all []seal.Head
	for after := sop.Number(0); ; {
		var open []seal.Open
		err := k.Store.View(ctx, func(v store.Reader) (err error) {
			if open, err = v.Unsealed(after, headsAtOnce); err != nil {
				return err
			}
			for _, o := range open {
				after = o.Number
				h, grew, err := headOf(v, o, until)
				if err != nil {
					return err
				}
				if grew {
					all = append(all, h)
				}
			}
			return nil
		})
		if err != nil || len(open) == 0 {
			return all, err
		}
	}
}

// headOf is where a record stood at a moment; grew is false where it stood as it was sealed.
func headOf(v store.Reader, o seal.Open, until time.Time) (h seal.Head, grew bool, err error) {
	h = seal.Head{Number: o.Number, Was: o.Was, Seq: o.Was}
	for {
		e, err := v.Entry(o.Number, h.Seq+1)
		if errors.Is(err, store.ErrNotFound) {
			return h, h.Seq > o.Was, nil
		}
		if err != nil {
			return h, false, err
		}
		event, err := e.Event()
		if err != nil {
			return h, false, err
		}
		if !event.At.Before(until) {
			return h, h.Seq > o.Was, nil
		}
		h.Seq, h.Hash = h.Seq+1, sha256.Sum256(e.Line)
	}
}

// LastSeal is the newest seal, the zero Seal where there is none: its line is what is mailed out.
func (k *Keeper) LastSeal(ctx context.Context) (s seal.Seal, err error) {
	err = k.Store.View(ctx, func(v store.Reader) error {
		s, err = v.LastSeal()
		return err
	})
	return s, err
}

func (k *Keeper) zone() *time.Location {
	if k.Policy.Zone == nil {
		return time.UTC
	}
	return k.Policy.Zone
}

// Run does what is due by the day, until ctx ends: it seals the days that are over, those first that passed while nothing
// ran, and lets go what is old enough. The quarantine is tidied more often.
func (k *Keeper) Run(ctx context.Context) {
	var next time.Time
	for ctx.Err() == nil {
		if !k.Clock().Before(next) {
			_, err := k.Seal(ctx)
			if err == nil {
				_, err = k.Expire(ctx)
			}
			if err != nil && ctx.Err() == nil {
				k.Log.Error("the work of the day could not be done", "error", err)
			}
			next = k.nextRun(err != nil)
		}
		if _, _, err := k.TidyQuarantine(ctx); err != nil && ctx.Err() == nil {
			k.Log.Error("the quarantine could not be tidied", "error", err)
		}
		until := k.Clock().Add(k.tidyEvery())
		if next.Before(until) {
			until = next
		}
		k.sleep(ctx, until)
	}
}

// nextRun is when the work of the day is done next: after midnight; sooner where something failed, or where ages are
// shorter than a day.
func (k *Keeper) nextRun(failed bool) time.Time {
	now := k.Clock().In(k.zone())
	next := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, k.zone()).Add(sealAfter)
	if !next.After(now) {
		next = time.Date(now.Year(), now.Month(), now.Day()+1, 0, 0, 0, 0, k.zone()).Add(sealAfter)
	}
	soon := 24 * time.Hour
	if failed {
		soon = 10 * time.Minute
	}
	for _, age := range []time.Duration{k.ClosedAfter, k.AttachmentsAfter, k.TracesAfter} {
		if age > 0 {
			soon = min(soon, max(age, time.Second))
		}
	}
	if at := now.Add(soon); at.Before(next) {
		return at
	}
	return next
}

// longestNap bounds a sleep, so that a clock that was set is noticed.
const longestNap = time.Minute

func (k *Keeper) sleep(ctx context.Context, until time.Time) {
	for ctx.Err() == nil {
		left := until.Sub(k.Clock())
		if left <= 0 {
			return
		}
		timer := time.NewTimer(min(left, longestNap))
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}
