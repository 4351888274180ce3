// Package life is the life of what helpost keeps: sealed by the day, proven, backed up, held, erased on request, and gone by
// age.
//
// It changes tickets as the gateway does: workflow decides, the record is sealed, one commit takes all of it. It takes no
// mail and sends none.
package life

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"helpost/internal/archive"
	"helpost/internal/blob/dir"
	"helpost/internal/proof"
	"helpost/internal/record"
	"helpost/internal/seal"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/internal/store/bolt"
	"helpost/workflow"
)

// Parts are what a Keeper is made of.
type Parts struct {
	Store  *bolt.Store
	Blobs  *dir.Store
	Policy *workflow.Policy
	// Quiet runs fn while no mail is between placing its blobs and its commit.
	Quiet func(fn func() error) error
	// Known is what the directory says of an address; nil: nothing.
	Known func(address string) sop.Person
	Clock sop.Clock
	Log   *slog.Logger

	ClosedAfter      time.Duration // closed tickets lose what is personal at this age; 0: never
	AttachmentsAfter time.Duration // and their files and raw mails at this one
	QuarantineAfter  time.Duration // mails in quarantine go at this age; 0: never
	TracesAfter      time.Duration // what became of mails is forgotten at this one; 0: never
}

// Keeper looks after what is kept. All methods may be called from many goroutines.
type Keeper struct {
	Parts
	removing sync.RWMutex // held to remove blobs or to compact; read-held by who relies on what is there
}

// New makes a keeper.
func New(p Parts) (*Keeper, error) {
	if p.Store == nil || p.Blobs == nil || p.Policy == nil {
		return nil, errors.New("life: a part is missing")
	}
	if p.Quiet == nil {
		p.Quiet = func(fn func() error) error { return fn() }
	}
	if p.Known == nil {
		p.Known = func(string) sop.Person { return sop.Person{} }
	}
	if p.Clock == nil {
		p.Clock = time.Now
	}
	if p.Log == nil {
		p.Log = slog.New(slog.DiscardHandler)
	}
	return &Keeper{Parts: p}, nil
}

// Verify proves everything. mailed is the line of a seal that was mailed out, nil where there is none to prove against.
func (k *Keeper) Verify(ctx context.Context, mailed *seal.Line, fault func(string), progress func(proof.Done)) (proof.Done, error) {
	k.removing.RLock()
	defer k.removing.RUnlock()
	return proof.Job{Store: k.Store, Blobs: k.Blobs, Prefix: k.Policy.Prefix, Mailed: mailed, Fault: fault, Progress: progress}.Run(ctx)
}

// Backup writes the store and its blobs as they are at this moment.
func (k *Keeper) Backup(ctx context.Context, to io.Writer) error {
	k.removing.RLock()
	defer k.removing.RUnlock()
	_, err := archive.Write(ctx, to, k.Store, k.Blobs, k.Clock())
	return err
}

// Compact gives back the room of what is gone, and says how large the store was and is, in bytes. Commits wait meanwhile.
func (k *Keeper) Compact(ctx context.Context) (was, is int64, err error) {
	k.removing.Lock()
	defer k.removing.Unlock()
	if was, err = k.Store.Size(); err != nil {
		return 0, 0, err
	}
	if err := k.Store.Compact(ctx); err != nil {
		return was, was, err
	}
	is, err = k.Store.Size()
	return was, is, err
}

// Hold keeps a ticket from erasure and retention, or no longer. store.ErrNotFound: there is none.
func (k *Keeper) Hold(ctx context.Context, n sop.Number, on bool) error {
	return k.retry(ctx, func() error {
		t, err := k.load(ctx, n)
		if err != nil {
			return err
		}
		d := k.Policy.Decide(workflow.Situation{Ticket: t.Ticket}, workflow.Input{Hold: &on}, k.now())
		return k.commit(ctx, t, d, nil, store.Change{})
	})
}

func (k *Keeper) now() time.Time { return workflow.Moment(k.Clock()) }

// maxTries is how often something is decided anew where the ticket changed meanwhile.
const maxTries = 50

func (k *Keeper) retry(ctx context.Context, try func() error) error {
	var err error
	for range maxTries {
		if err = ctx.Err(); err != nil {
			return err
		}
		if err = try(); !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
	return err
}

// loaded is a ticket with all that is kept of it.
type loaded struct {
	workflow.Ticket
	version  store.Version
	log      []record.Entry
	events   []workflow.Event
	messages []store.Message
}

func (k *Keeper) load(ctx context.Context, n sop.Number) (t loaded, err error) {
	err = k.Store.View(ctx, func(v store.Reader) error {
		t, err = load(v, n)
		return err
	})
	return t, err
}

func load(v store.Reader, n sop.Number) (t loaded, err error) {
	if t.Ticket, t.version, err = v.Ticket(n); err != nil {
		return t, err
	}
	if t.log, err = v.Log(n); err != nil {
		return t, err
	}
	for _, e := range t.log {
		event, err := e.Event()
		if err != nil {
			return t, fmt.Errorf("ticket %d: %w", n, err)
		}
		t.events = append(t.events, event)
	}
	t.messages, err = v.Messages(n)
	return t, err
}

// commit commits what was decided about a ticket: messages that are made anew, and the words of entries that changed.
func (k *Keeper) commit(ctx context.Context, t loaded, d workflow.Decision, remade []store.Message, c store.Change) error {
	if len(d.Drafts) == 0 {
		return nil
	}
	draft := d.Drafts[0]
	if len(t.log) != t.Seq {
		return fmt.Errorf("ticket %s: its record has %d entries, and it stands at %d", t.Number.ID(k.Policy.Prefix), len(t.log), t.Seq)
	}
	rewritten, err := t.rewrite(d.Redacted, remade, &c)
	if err != nil {
		return err
	}
	prev := ""
	if len(t.log) > 0 {
		prev = t.log[len(t.log)-1].Head()
	}
	for _, e := range draft.Events {
		if len(rewritten) > 0 {
			e.Info[record.RewrittenKey], rewritten = rewritten, nil
		}
		entry, err := record.Seal(draft.Number, e, prev, salt())
		if err != nil {
			return err
		}
		prev = entry.Head()
		c.Entries = append(c.Entries, store.Entry{Number: draft.Number, Entry: entry})
	}
	c.Remade = append(c.Remade, remade...)
	c.Tickets = append(c.Tickets, store.Ticket{Ticket: draft.Ticket, Expect: t.version, Due: k.Policy.Wake(&draft.Ticket)})
	return k.Store.Commit(ctx, c)
}

// rewrite puts the new words of entries into a change, and gives their digests. The entry that brought a message keeps the
// digest of the message as it is now.
func (t loaded) rewrite(redacted []workflow.Event, remade []store.Message, c *store.Change) (map[string]string, error) {
	now := map[int]workflow.Event{}
	for _, e := range redacted {
		now[e.Seq] = e
	}
	sums := map[int]string{}
	for _, m := range remade {
		sum, err := m.Sum()
		if err != nil {
			return nil, err
		}
		sums[m.Seq] = sum
	}
	digests := map[string]string{}
	for i, was := range t.events {
		is, changed := now[was.Seq]
		if !changed {
			is = was
		}
		if sum := sums[was.Message()]; sum != "" && is.Said[store.SumKey] != nil && is.Said[store.SumKey] != sum {
			is.Said, changed = with(is.Said, store.SumKey, sum), true
		}
		if !changed {
			continue
		}
		e, digest, err := record.Rewrite(t.log[i], is, salt())
		if err != nil {
			return nil, err
		}
		digests[fmt.Sprint(was.Seq)] = digest
		c.Rewritten = append(c.Rewritten, store.Rewrite{Number: t.Number, Seq: was.Seq, Salt: e.Salt, Words: e.Words})
	}
	return digests, nil
}

func with(m map[string]any, key string, v any) map[string]any {
	out := map[string]any{key: v}
	for k, x := range m {
		if k != key {
			out[k] = x
		}
	}
	return out
}

func salt() []byte {
	s := make([]byte, record.SaltSize)
	_, _ = rand.Read(s) // never fails (crypto/rand)
	return s
}
