package proof

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"helpost/internal/record"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/workflow"
)

// tickets looks at every ticket with all that hangs on it.
func (r *run) tickets(ctx context.Context) error {
	for after := sop.Number(0); ; {
		var numbers []sop.Number
		err := r.Store.View(ctx, func(v store.Reader) (err error) {
			if numbers, err = v.Numbers(after, atOnce); err != nil {
				return err
			}
			for _, n := range numbers {
				if err := ctx.Err(); err != nil {
					return err
				}
				r.ticket(ctx, v, n)
				after = n
			}
			return nil
		})
		if err == nil {
			err = r.read(ctx)
		}
		if err != nil {
			return err
		}
		if len(numbers) == 0 {
			return nil
		}
		r.Progress(r.Done)
	}
}

func (r *run) ticket(ctx context.Context, v store.Reader, n sop.Number) {
	r.Tickets++
	id := r.id(n)
	log, err := v.Log(n)
	if err != nil {
		r.fault(id, "%v", err)
		return
	}
	r.Entries += len(log)
	if err := record.Verify(n, log); err != nil {
		r.fault(id, "%v", err)
	}
	t, _, err := v.Ticket(n)
	switch {
	case errors.Is(err, store.ErrNotFound):
		r.fault(id, "the ticket is missing, and its record has %d entries", len(log))
		return
	case err != nil:
		r.fault(id, "%v", err)
		return
	}
	switch {
	case t.Seq > len(log):
		r.fault(id, "entry %d is cut off: the record ends with entry %d, and the ticket stands at %d", len(log)+1, len(log), t.Seq)
	case t.Seq < len(log):
		r.fault(id, "the record goes on to entry %d, and the ticket stands at %d", len(log), t.Seq)
	}
	r.underSeals(v, n, len(log))
	events := make([]workflow.Event, 0, len(log))
	for i, e := range log {
		event, err := e.Event()
		if err != nil {
			r.fault(id, "entry %d: %v", i+1, err)
			return
		}
		events = append(events, event)
	}
	if t.Seq == len(log) {
		r.fold(id, t, events)
	}
	r.messages(ctx, v, t, events)
}

// underSeals checks that a ticket whose record went on since the last seal is noted for the next one.
func (r *run) underSeals(v store.Reader, n sop.Number, entries int) {
	was := r.sealed[n]
	if entries <= was {
		return
	}
	open, err := v.Unsealed(n-1, 1)
	if err != nil {
		r.fault(r.id(n), "%v", err)
		return
	}
	if len(open) == 1 && open[0].Number == n && open[0].Was == was {
		return
	}
	if last, err := v.LastSeal(); err == nil && last.Line().String() == r.Last { // else one was made meanwhile
		r.fault(r.id(n), "entries from %d on are under no seal, and are not noted for the next", was+1)
	}
}

// fold compares a ticket with what its events give.
func (r *run) fold(id string, t workflow.Ticket, events []workflow.Event) {
	folded, err := workflow.FoldAll(events)
	if err != nil {
		r.fault(id, "its events give no ticket: %v", err)
		return
	}
	have, want := fields(t), fields(folded)
	for name := range want {
		if _, there := have[name]; !there {
			have[name] = nil
		}
	}
	for _, name := range slices.Sorted(maps.Keys(have)) {
		if !bytes.Equal(have[name], want[name]) {
			r.fault(id, "its field %q is not what its events say", name)
		}
	}
}

func fields(t workflow.Ticket) map[string]json.RawMessage {
	all := map[string]json.RawMessage{}
	if raw, err := json.Marshal(t); err == nil { // no field of a ticket can fail to be written
		_ = json.Unmarshal(raw, &all)
	}
	return all
}

// messages checks how many there are, that each is what the record says, and that what it names is there.
func (r *run) messages(ctx context.Context, v store.Reader, t workflow.Ticket, events []workflow.Event) {
	id := r.id(t.Number)
	all, err := v.Messages(t.Number)
	if err != nil {
		r.fault(id, "%v", err)
		return
	}
	r.Done.Messages += len(all)
	if len(all) != t.Messages {
		r.fault(id, "it has %d messages, and %d are there", t.Messages, len(all))
	}
	sums := sumsOf(events)
	for i, m := range all {
		if m.Seq != i+1 {
			r.fault(id, "message %d is missing, %d stands in its place", i+1, m.Seq)
			return
		}
		if entry, there := sums[m.Seq]; there {
			if sum, err := m.Sum(); err != nil || sum != entry.sum {
				r.fault(id, "message %d is not what entry %d says", m.Seq, entry.seq)
			}
		}
		r.raw(v, id, m)
		for _, a := range m.Attachments {
			r.attachment(ctx, v, id, a)
		}
	}
}

type summed struct {
	seq int
	sum string
}

// sumsOf are the digests of messages that a record holds.
func sumsOf(events []workflow.Event) map[int]summed {
	all := map[int]summed{}
	for _, e := range events {
		sum, _ := e.Said[store.SumKey].(string)
		if n := e.Message(); n > 0 && sum != "" {
			all[n] = summed{e.Seq, sum}
		}
	}
	return all
}

func (r *run) raw(v store.Reader, id string, m store.Message) {
	switch {
	case m.Raw.Blob != "":
		r.wanted = append(r.wanted, wanted{owner: id, blob: m.Raw.Blob})
	case m.Raw.Ticket != 0:
		raw, err := v.Raw(m.Raw.Ticket, m.Raw.Message)
		switch {
		case errors.Is(err, store.ErrNotFound):
			r.fault(id, "the raw mail of message %d is missing", m.Seq)
		case err != nil:
			r.fault(id, "the raw mail of message %d: %v", m.Seq, err)
		case m.RawSum != "" && store.SumOf(raw) != m.RawSum:
			r.fault(id, "the raw mail of message %d was changed", m.Seq)
		}
	}
}

func (r *run) attachment(ctx context.Context, v store.Reader, id string, a store.Attachment) {
	r.Files++
	switch {
	case a.Ref == store.Ref{}: // it went
	case a.Ref.Blob != "":
		r.wanted = append(r.wanted, wanted{owner: id, blob: a.Ref.Blob, file: &a})
	default:
		r.file(ctx, v, id, a)
	}
}

func (r *run) file(ctx context.Context, v store.Reader, id string, a store.Attachment) {
	content, err := store.OpenRef(ctx, v, r.Job.Blobs, a.Ref)
	if err != nil {
		if ctx.Err() == nil {
			r.fault(id, "the attachment %.16s cannot be read: %v", a.SHA256, err)
		}
		return
	}
	h := sha256.New()
	size, err := io.Copy(h, content)
	err = errors.Join(err, content.Close())
	switch {
	case err != nil:
		r.fault(id, "the attachment %.16s cannot be read: %v", a.SHA256, err)
	case size != a.Size, !strings.EqualFold(hex.EncodeToString(h.Sum(nil)), a.SHA256):
		r.fault(id, "the attachment %.16s was changed", a.SHA256)
	}
}

// read reads the blobs that were named in a view, outside of it.
func (r *run) read(ctx context.Context) error {
	for _, w := range r.wanted {
		if err := ctx.Err(); err != nil {
			return err
		}
		r.blob(ctx, w)
		if w.file != nil {
			r.file(ctx, nil, w.owner, *w.file)
		}
	}
	r.wanted = r.wanted[:0]
	return nil
}

// blob checks that a blob is there and is what its name says, once however many name it.
func (r *run) blob(ctx context.Context, w wanted) {
	if r.blobs[w.blob] {
		return
	}
	r.blobs[w.blob] = true
	r.Done.Blobs++
	content, err := r.Job.Blobs.Open(ctx, w.blob)
	if err != nil {
		if ctx.Err() == nil {
			r.fault(w.owner, "%v", err)
		}
		return
	}
	h := sha256.New()
	_, err = io.Copy(h, content)
	err = errors.Join(err, content.Close())
	switch {
	case err != nil:
		r.fault(w.owner, "blob %s: %v", w.blob, err)
	case hex.EncodeToString(h.Sum(nil)) != w.blob:
		r.fault(w.owner, "blob %s was changed", w.blob)
	}
}

// outbox checks that what waiting mails name is there.
func (r *run) outbox(ctx context.Context) error {
	for after := uint64(0); ; {
		var page []store.Outbox
		err := r.Store.View(ctx, func(v store.Reader) (err error) {
			page, err = v.Queue(after, atOnce)
			for _, o := range page {
				r.segments(ctx, v, o)
			}
			return err
		})
		if err != nil {
			r.fault("", "the outbox cannot be read: %v", err)
			return ctx.Err()
		}
		if err := r.read(ctx); err != nil || len(page) == 0 {
			return err
		}
		after = page[len(page)-1].ID
	}
}

func (r *run) segments(ctx context.Context, v store.Reader, o store.Outbox) {
	for _, s := range o.Segments {
		switch {
		case s.Ref == nil:
		case s.Ref.Blob != "":
			r.wanted = append(r.wanted, wanted{owner: "queue row " + strconv.FormatUint(o.ID, 10), blob: s.Ref.Blob})
		default:
			content, err := store.OpenRef(ctx, v, r.Job.Blobs, *s.Ref)
			if err == nil {
				err = content.Close()
			}
			if err != nil && ctx.Err() == nil {
				r.fault("queue row "+strconv.FormatUint(o.ID, 10), "%v", err)
			}
		}
	}
}

// quarantine checks that the mails in it are there.
func (r *run) quarantine(ctx context.Context) error {
	for after := ""; ; {
		var page []store.Quarantined
		err := r.Store.View(ctx, func(v store.Reader) (err error) {
			page, err = v.Quarantined(after, atOnce)
			for _, q := range page {
				owner := "quarantined mail " + q.ID
				if q.Blob != "" {
					r.wanted = append(r.wanted, wanted{owner: owner, blob: q.Blob})
				} else if _, err := v.QuarantinedRaw(q.ID); err != nil {
					r.fault(owner, "its raw mail: %v", err)
				}
			}
			return err
		})
		if err != nil {
			r.fault("", "the quarantine cannot be read: %v", err)
			return ctx.Err()
		}
		if err := r.read(ctx); err != nil || len(page) == 0 {
			return err
		}
		after = page[len(page)-1].ID
	}
}
