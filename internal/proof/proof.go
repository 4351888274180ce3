// Package proof proves a store: that every record, ticket, message, file, index and seal is what it was when it was written.
//
// It reads everything and changes nothing. It works on a store that is in use: what comes meanwhile may or may not be
// looked at. It mends nothing: that is what backups are for.
package proof

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"helpost/internal/blob"
	"helpost/internal/seal"
	"helpost/internal/sop"
	"helpost/internal/store"
)

// Store is a store that can look at itself.
type Store interface {
	View(ctx context.Context, fn func(store.Reader) error) error
	// Check says what is wrong with rows, indexes and counts, as one error or several joined.
	Check(ctx context.Context) error
}

// Job is one proof.
type Job struct {
	Store    Store
	Blobs    blob.Store
	Prefix   string       // of ticket numbers
	Mailed   *seal.Line   // a seal that was mailed out, to be proven against; nil: none
	Fault    func(string) // told of each fault, in one line
	Progress func(Done)   // told now and then how far it is; nil: nobody asks
}

// Done is what was looked at.
type Done struct {
	Tickets  int    `json:"tickets"`
	Entries  int    `json:"entries"`
	Messages int    `json:"messages"`
	Files    int    `json:"files"` // attachments
	Blobs    int    `json:"blobs"`
	Seals    int    `json:"seals"`
	Faults   int    `json:"faults"`
	Last     string `json:"last,omitempty"` // the line of the last seal
}

// atOnce is how many rows are looked at in one view, which pins pages as long as it lasts.
const atOnce = 200

// mostFaults bounds what is listed: where so much is wrong, more lines help nobody.
const mostFaults = 1000

// run is a proof under way.
type run struct {
	Job
	Done
	sealed map[sop.Number]int // the last entry under a seal
	blobs  map[string]bool    // names that were looked at
	wanted []wanted           // what must be read outside of the view
}

// wanted is a blob that something names, or a file in one.
type wanted struct {
	owner string
	blob  string
	file  *store.Attachment // nil: the blob itself
}

// Run proves a store. The error is of the proof itself, which could not be carried through; what it finds are faults.
func (j Job) Run(ctx context.Context) (done Done, err error) {
	if j.Progress == nil {
		j.Progress = func(Done) {}
	}
	r := &run{Job: j, sealed: map[sop.Number]int{}, blobs: map[string]bool{}}
	defer func() {
		if cause := recover(); cause != nil { // pages that are damaged may stop those who read them
			r.fault("", "the store cannot be read to its end: %v", cause)
			done, err = r.Done, nil
		}
	}()
	for _, step := range []func(context.Context) error{r.rows, r.seals, r.tickets, r.outbox, r.quarantine, r.mailed} {
		if err := step(ctx); err != nil {
			return r.Done, err
		}
	}
	return r.Done, nil
}

func (r *run) fault(owner, format string, args ...any) {
	r.Faults++
	text := fmt.Sprintf(format, args...)
	if owner != "" {
		text = owner + ": " + text
	}
	switch {
	case r.Faults < mostFaults:
		r.Fault(text)
	case r.Faults == mostFaults:
		r.Fault("and more: no further fault is listed")
	}
}

// rows lets the store look at its own rows and indexes.
func (r *run) rows(ctx context.Context) error {
	err := r.Store.Check(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") { // errors.Join gives each its line
			r.fault("", "%s", line)
		}
	}
	return nil
}

// seals checks the chain of seals, and that each head which they list is that of the entry which is there.
func (r *run) seals(ctx context.Context) error {
	var prev seal.Seal
	for {
		var page []seal.Seal
		err := r.Store.View(ctx, func(v store.Reader) (err error) {
			page, err = v.Seals(prev.Day, atOnce)
			return err
		})
		if err != nil {
			r.fault("", "the seals cannot be read: %v", err)
			return ctx.Err()
		}
		for _, s := range page {
			if err := r.seal(ctx, prev, s); err != nil {
				return err
			}
			prev = s
		}
		if len(page) == 0 {
			return nil
		}
	}
}

func (r *run) seal(ctx context.Context, prev, s seal.Seal) error {
	var heads []seal.Head
	err := r.Store.View(ctx, func(v store.Reader) (err error) {
		heads, err = v.SealHeads(s.Day)
		return err
	})
	if err != nil {
		r.fault("", "%v", err)
		return ctx.Err()
	}
	if err := seal.Check(prev, s, heads); err != nil {
		r.fault("", "%v", err)
	}
	for ; len(heads) > 0; heads = heads[min(len(heads), atOnce):] {
		if err := r.Store.View(ctx, func(v store.Reader) error {
			for _, h := range heads[:min(len(heads), atOnce)] {
				r.head(v, s, h)
			}
			return nil
		}); err != nil {
			return err
		}
		r.Progress(r.Done)
	}
	r.Seals++
	r.Last = s.Line().String()
	return nil
}

func (r *run) head(v store.Reader, s seal.Seal, h seal.Head) {
	if was := r.sealed[h.Number]; was != h.Was {
		r.fault(r.id(h.Number), "the seal of %s goes on from entry %d, and the one before ended with %d", s.Day, h.Was, was)
	}
	r.sealed[h.Number] = h.Seq
	e, err := v.Entry(h.Number, h.Seq)
	switch {
	case errors.Is(err, store.ErrNotFound):
		r.fault(r.id(h.Number), "entry %d is missing, which the seal of %s names", h.Seq, s.Day)
	case err != nil:
		r.fault(r.id(h.Number), "%v", err)
	case e.Head() != fmt.Sprintf("%x", h.Hash):
		r.fault(r.id(h.Number), "entry %d, or one before it, is not what was sealed on %s", h.Seq, s.Day)
	}
}

// mailed compares the seal of a day with the one that was mailed out.
func (r *run) mailed(ctx context.Context) error {
	if r.Mailed == nil {
		return nil
	}
	var kept seal.Seal
	for after := ""; kept.Day == ""; {
		var page []seal.Seal
		err := r.Store.View(ctx, func(v store.Reader) (err error) {
			page, err = v.Seals(after, atOnce)
			return err
		})
		if err != nil {
			return err
		}
		for _, s := range page {
			if after = s.Day; s.Day == r.Mailed.Day {
				kept = s
			}
		}
		if len(page) == 0 {
			break
		}
	}
	if err := r.Mailed.Check(kept); err != nil {
		r.fault("", "%v", err)
	}
	return nil
}

func (r *run) id(n sop.Number) string { return n.ID(r.Prefix) }
