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
	recordBatch  = 128                   // in one commit at most, and what may wait for it: beyond, sending waits too
	recordLinger = 20 * time.Millisecond // what a first record waits for company
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
		At: at, ID: row.Trace, MessageID: row.MessageID, From: row.From, To: row.To, Outcome: outcome, Ticket: row.Ticket, Detail: detail,
	}
}

// recorder commits what became of mails, many at a time, until records is closed and empty. What the store does not take
// it tries again until ctx ends: that goes out again after the next start. Where much is stuck it takes no more, and so
// sending stops too.
func (m *Mailer) recorder(ctx context.Context) error {
	var stuck []record
	var again <-chan time.Time
	wait := recordRetry
	open := true
	for ctx.Err() == nil && (open || len(stuck) > 0) {
		incoming := m.records
		if !open || len(stuck) >= recordBatch {
			incoming = nil
		}
		select {
		case first, ok := <-incoming:
			if open = ok; !ok {
				continue
			}
			stuck = append(stuck, m.commit(ctx, m.collect(first))...)
		case <-again:
			stuck = m.commit(ctx, stuck)
			again, wait = nil, min(2*wait, recordSlow)
		case <-ctx.Done():
		}
		if len(stuck) == 0 {
			again, wait = nil, recordRetry
		} else if again == nil {
			again = time.After(wait)
		}
	}
	lost := len(stuck)
	for open {
		if _, open = <-m.records; open {
			lost++
		}
	}
	if lost > 0 {
		return fmt.Errorf("%d results could not be recorded: those mails go out again", lost)
	}
	return nil
}

// collect waits a moment for more records.
func (m *Mailer) collect(first record) []record {
	batch := []record{first}
	linger := time.NewTimer(recordLinger)
	defer linger.Stop()
	for len(batch) < recordBatch {
		select {
		case r, ok := <-m.records:
			if !ok {
				return batch
			}
			batch = append(batch, r)
		case <-linger.C:
			return batch
		}
	}
	return batch
}

// commit makes a batch durable and gives what the store did not take. One that it refuses does not hold up the rest.
func (m *Mailer) commit(ctx context.Context, batch []record) []record {
	err := m.commitOnce(ctx, batch)
	if err == nil {
		return nil
	}
	if len(batch) > 1 {
		batch = slices.DeleteFunc(batch, func(r record) bool { return m.commitOnce(ctx, []record{r}) == nil })
	}
	if len(batch) > 0 {
		m.log.Error("the store does not take what became of mails", "mails", len(batch), "error", err)
	}
	return batch
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
