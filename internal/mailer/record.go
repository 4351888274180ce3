package mailer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"helpost/internal/store"
)

// record is the end of one try, to be committed. Exactly one of done and put stands, or neither: then the row has left
// already and is only no longer in flight.
type record struct {
	id    uint64
	done  bool
	put   *store.Deferral
	trace *store.Trace
}

const (
	recordBatch  = 128                  // in one commit at most, and what may wait for it: beyond, sending waits too
	recordLinger = 4 * time.Millisecond // what a first record waits for company
	recordRetry  = 100 * time.Millisecond
	recordSlow   = 5 * time.Second // the longest wait between two tries to commit
)

// Outcomes of a mail in its traces.
const (
	outcomeSent     = "sent"
	outcomeDeferred = "deferred"
	outcomeFailed   = "failed"
)

// FailureTrace is the trace of a mail that failed for good, for Failures to commit with the row's end.
func FailureTrace(row store.Outbox, at time.Time, text string) store.Trace {
	return trace(row, at, outcomeFailed, text)
}

func trace(row store.Outbox, at time.Time, outcome, detail string) store.Trace {
	return store.Trace{
		At: at, MessageID: row.MessageID, From: row.From, To: row.To, Outcome: outcome, Ticket: row.Ticket, Detail: detail,
	}
}

// recorder commits what became of mails, many at a time, until records is closed and empty, or ctx ends: then what is
// not recorded goes out again after the next start.
func (m *Mailer) recorder(ctx context.Context) error {
	lost := 0
	for {
		batch, more := m.collect()
		lost += m.commit(ctx, batch)
		if !more {
			break
		}
	}
	if lost > 0 {
		return fmt.Errorf("%d results could not be recorded: those mails go out again", lost)
	}
	return nil
}

// collect waits for a record, and a moment for more. It says false when there will be none any more.
func (m *Mailer) collect() ([]record, bool) {
	first, ok := <-m.records
	if !ok {
		return nil, false
	}
	batch := []record{first}
	linger := time.NewTimer(recordLinger)
	defer linger.Stop()
	for len(batch) < recordBatch {
		select {
		case r, ok := <-m.records:
			if !ok {
				return batch, false
			}
			batch = append(batch, r)
		case <-linger.C:
			return batch, true
		}
	}
	return batch, true
}

// commit makes a batch durable, however long the store takes to come back, and says how many records it had to give up.
// One that the store refuses does not hold up the rest.
func (m *Mailer) commit(ctx context.Context, batch []record) int {
	for wait := recordRetry; len(batch) > 0; wait = min(2*wait, recordSlow) {
		err := m.commitOnce(ctx, batch)
		if err == nil {
			return 0
		}
		if len(batch) > 1 {
			batch = slices.DeleteFunc(batch, func(r record) bool { return m.commitOnce(ctx, []record{r}) == nil })
		}
		if len(batch) == 0 {
			return 0
		}
		m.log.Error("the store does not take what became of mails", "mails", len(batch), "error", err)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return len(batch)
		}
	}
	return 0
}

func (m *Mailer) commitOnce(ctx context.Context, batch []record) error {
	err := m.queue.Commit(ctx, changeOf(batch))
	if len(batch) == 1 && errors.Is(err, store.ErrNotFound) {
		m.log.Warn("a mail left the outbox while it was being sent", "row", batch[0].id)
		err = nil
	}
	if err == nil {
		m.recorded(batch)
	}
	return err
}

func changeOf(batch []record) store.Change {
	var c store.Change
	for _, r := range batch {
		if r.done {
			c.Done = append(c.Done, r.id)
		}
		if r.put != nil {
			c.Defer = append(c.Defer, *r.put)
		}
		if r.trace != nil {
			c.Traces = append(c.Traces, *r.trace)
		}
	}
	return c
}

// recorded lets rows be claimed again, and the loop look when the next one is due.
func (m *Mailer) recorded(batch []record) {
	wake := false
	m.mu.Lock()
	for _, r := range batch {
		delete(m.inFlight, r.id)
		wake = wake || r.put != nil
	}
	m.mu.Unlock()
	if wake {
		m.Notify()
	}
}
