package gateway

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"helpost/internal/blob"
	"helpost/internal/store"
	"helpost/smtpd"
	"helpost/workflow"
)

// Retry makes rows of the outbox due now, all of them where none is named, and says how many. An unknown one is
// store.ErrNotFound, and nothing is changed.
func (g *Gateway) Retry(ctx context.Context, ids []uint64) (int, error) {
	if len(ids) > 0 {
		if _, err := g.queued(ctx, ids); err != nil {
			return 0, err
		}
	}
	return g.Requeue(ctx, ids...)
}

// queued reads the named rows of the outbox.
func (g *Gateway) queued(ctx context.Context, ids []uint64) ([]store.Outbox, error) {
	want := map[uint64]bool{}
	for _, id := range ids {
		want[id] = true
	}
	var rows []store.Outbox
	err := g.Store.View(ctx, func(v store.Reader) error {
		for after := uint64(0); ; {
			page, err := v.Queue(after, 500)
			if err != nil || len(page) == 0 {
				return err
			}
			for _, r := range page {
				if want[r.ID] {
					rows = append(rows, r)
					delete(want, r.ID)
				}
			}
			after = page[len(page)-1].ID
		}
	})
	if err != nil {
		return nil, err
	}
	for id := range want {
		return nil, fmt.Errorf("queue row %d: %w", id, store.ErrNotFound)
	}
	return rows, nil
}

// Drop takes a row out of the outbox for good, which is traced; an unknown one is store.ErrNotFound.
func (g *Gateway) Drop(ctx context.Context, id uint64) error {
	rows, err := g.queued(ctx, []uint64{id})
	if err != nil {
		return err
	}
	r := rows[0]
	return g.Store.Commit(ctx, store.Change{
		Done:   []uint64{id},
		Traces: []store.Trace{{At: workflow.Moment(g.Clock()), ID: r.Trace, MessageID: r.MessageID, From: g.Default.Address, To: r.To, Outcome: "dropped", Ticket: r.Ticket, Detail: "by the operator"}},
	})
}

// Release takes a quarantined mail as if its sender might report, and says what became of it: the ticket's id. An unknown
// one is store.ErrNotFound.
func (g *Gateway) Release(ctx context.Context, id string) (string, error) {
	var q store.Quarantined
	var raw []byte
	err := g.Store.View(ctx, func(v store.Reader) error {
		var err error
		if q, err = findQuarantined(v, id); err != nil || q.Blob != "" {
			return err
		}
		raw, err = v.QuarantinedRaw(id)
		return err
	})
	if err == nil && q.Blob != "" {
		raw, err = blob.ReadAll(ctx, g.Blobs, q.Blob)
	}
	if err != nil {
		return "", err
	}
	m := smtpd.Mail{Envelope: smtpd.Envelope{Session: "release", Trace: "release-" + strings.ToLower(rand.Text()[:10]), From: q.MailFrom, Rcpt: []string{q.Rcpt}}, Data: raw, Received: g.Clock()}
	read, err := g.read(ctx, m)
	if err != nil {
		return "", err
	}
	read.Release, read.Key = id, read.Key+"+released"
	if read.Sender == "" {
		read.Sender, read.StoodIn = q.MailFrom, true
	}
	var passed Passed
	err = retry(ctx, func() error {
		passed, err = g.pass(ctx, read)
		return err
	})
	if err != nil {
		return "", err
	}
	g.tell(read, passed)
	return orWord(passed.Ticket, passed.Outcome), nil
}

func findQuarantined(v store.Reader, id string) (store.Quarantined, error) {
	for after := ""; ; {
		page, err := v.Quarantined(after, 500)
		if err != nil {
			return store.Quarantined{}, err
		}
		if len(page) == 0 {
			return store.Quarantined{}, fmt.Errorf("quarantined mail %q: %w", id, store.ErrNotFound)
		}
		for _, q := range page {
			if q.ID == id {
				return q, nil
			}
		}
		after = page[len(page)-1].ID
	}
}

// RecordPolicy writes down that another policy is in force than at the last start, and what changed (contract §2).
func (g *Gateway) RecordPolicy(ctx context.Context, policy []byte) error {
	var was []byte
	err := g.Store.View(ctx, func(v store.Reader) error {
		var err error
		was, err = v.Policy()
		if errors.Is(err, store.ErrNotFound) {
			err = nil
		}
		return err
	})
	if err != nil || string(was) == string(policy) {
		return err
	}
	return g.Store.Commit(ctx, store.Change{
		Policy: policy,
		Traces: []store.Trace{{At: workflow.Moment(g.Clock()), MessageID: "policy", From: "helpost", Outcome: "policy", Detail: whatChanged(was, policy)}},
	})
}
