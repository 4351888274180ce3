package life

import (
	"context"
	"errors"
	"slices"
	"time"

	"helpost/internal/store"
)

// What the quarantine holds at most, whatever its age: nobody reads ten thousand mails, and a flood must not fill the disk.
// The newest stay.
const (
	maxQuarantined     = 10_000  // mails
	maxQuarantineBytes = 1 << 30 // bytes of their raw mails together
)

// TidyQuarantine lets go what is too old in the quarantine or too much for it, and says how many mails and blobs those were.
func (k *Keeper) TidyQuarantine(ctx context.Context) (mails, blobs int, err error) {
	k.removing.Lock()
	defer k.removing.Unlock()
	loose := map[string]bool{}
	if mails, err = k.tidyQuarantine(ctx, loose); err == nil {
		blobs, err = k.drop(ctx, loose)
	}
	if mails > 0 {
		k.Log.Info("gone from the quarantine", "mails", mails, "blobs", blobs)
	}
	return mails, blobs, err
}

// tidyQuarantine is TidyQuarantine, whose blobs come to loose.
func (k *Keeper) tidyQuarantine(ctx context.Context, loose map[string]bool) (int, error) {
	var all []store.Quarantined
	err := k.Store.View(ctx, func(v store.Reader) error {
		for after := ""; ; after = all[len(all)-1].ID {
			page, err := v.Quarantined(after, atOnce)
			if err != nil || len(page) == 0 {
				return err
			}
			all = append(all, page...)
		}
	})
	if err != nil {
		return 0, err
	}
	slices.SortFunc(all, func(a, b store.Quarantined) int { return b.At.Compare(a.At) })
	var gone []string
	size := 0
	for i, q := range all {
		size += q.Size
		if i >= maxQuarantined || size > maxQuarantineBytes || k.old(q.At, k.QuarantineAfter) || k.old(q.At, k.ClosedAfter) {
			gone = append(gone, q.ID)
			note(loose, []store.Message{{Raw: store.Ref{Blob: q.Blob}}})
		}
	}
	n := 0
	for some := range slices.Chunk(gone, atOnce) {
		err := k.Store.Commit(ctx, store.Change{Release: some})
		if errors.Is(err, store.ErrConflict) { // somebody lets one in just now: the next time
			continue
		}
		if err != nil {
			return n, err
		}
		n += len(some)
	}
	return n, nil
}

// tidyEvery is how often the quarantine is looked through.
func (k *Keeper) tidyEvery() time.Duration {
	if k.QuarantineAfter > 0 {
		return min(time.Hour, max(k.QuarantineAfter, time.Second))
	}
	return time.Hour
}
