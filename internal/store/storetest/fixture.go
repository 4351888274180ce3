// Package storetest is what every store must do: one suite that each implementation runs, and the changes it is made of.
//
// It knows nothing of files, tables or processes. What an implementation promises beyond store.Store it tests itself.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"helpost/internal/record"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/workflow"
)

// Open opens the store of one test: empty the first time, and with what was committed each time after a Close.
type Open func() store.Store

// Start is the moment at which the suite's world begins.
var Start = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// At is so many seconds after Start.
func At(seconds int) time.Time { return Start.Add(time.Duration(seconds) * time.Second) }

// Reporter is an invented employee's address.
func Reporter(i int) string { return fmt.Sprintf("person%d@company.com", i) }

// Ticket is a new ticket, due an hour after it came.
func Ticket(n sop.Number, reporter string, at time.Time) store.Ticket {
	var t workflow.Ticket
	t.Number, t.State, t.Type = n, workflow.New, sop.Incident
	t.Impact, t.Urgency, t.Priority, t.PriorityBy = sop.Individual, sop.Medium, sop.P3, "suggested"
	t.Lang, t.Mailbox, t.Team = sop.Indonesian, "helpdesk@company.com", "service-desk"
	t.CreatedAt = at
	t.Response = workflow.Clock{Due: at.Add(4 * time.Hour), WarnAt: at.Add(3 * time.Hour)}
	t.Resolution = workflow.Clock{Due: at.Add(48 * time.Hour), WarnAt: at.Add(36 * time.Hour)}
	t.Messages = 1
	t.Subject = fmt.Sprintf("Printer lantai %d macet", n)
	t.Reporter = sop.Person{Address: reporter, Name: "Rina Wijaya", Department: "Keuangan", Lang: sop.Indonesian}
	t.Evidence = map[string]string{"department": "signature"}
	return store.Ticket{Ticket: t, Due: at.Add(time.Hour)}
}

// Log seals events of a ticket into entries that follow the ones before.
func Log(n sop.Number, before []record.Entry, types ...workflow.EventType) []store.Entry {
	prev, seq := "", len(before)
	if seq > 0 {
		prev = before[seq-1].Head()
	}
	var out []store.Entry
	for _, kind := range types {
		seq++
		salt := make([]byte, record.SaltSize)
		salt[0] = byte(seq)
		e, err := record.Seal(n, workflow.Event{
			Seq: seq, At: At(seq), Type: kind, Cause: "mail", Actor: Reporter(int(n)),
			Said: map[string]any{"words": "tinta habis"},
		}, prev, salt)
		if err != nil {
			panic(err) // of a fixed event: a fault of the suite itself
		}
		prev = e.Head()
		out = append(out, store.Entry{Number: n, Entry: e})
	}
	return out
}

// Row is a mail to be sent.
func Row(to string, class store.Class, next time.Time, body []byte) store.Outbox {
	return store.Outbox{
		Kind: sop.KindAck, From: "helpdesk@company.com", To: to, MessageID: "<" + to + "@company.com>", Class: class,
		Segments: []store.Segment{{Bytes: body}}, Made: next, NextTry: next,
	}
}

// Mail is a change like the one that a report brings: a ticket, three entries of its log, a message with a raw mail, two
// rows of the outbox, a trace.
func Mail(n sop.Number, reporter string, at time.Time, raw, body []byte) store.Change {
	id := fmt.Sprintf("<report-%d@company.com>", n)
	t := Ticket(n, reporter, at)
	two := []store.Outbox{Row("desk@company.com", store.ClassAnswer, at, body), Row(reporter, store.ClassRoutine, at, body)}
	for i := range two {
		two[i].Ticket = n
	}
	return store.Change{
		Seen:    []store.Seen{{Key: store.SeenKey(id, fmt.Sprintf("digest-%d", n)), MessageID: id, From: reporter, Ticket: n, Message: 1, At: at}},
		Tickets: []store.Ticket{t},
		Entries: Log(n, nil, workflow.Created, workflow.Assigned, workflow.Notified),
		Messages: []store.Message{{
			Ticket: n, Seq: 1, MessageID: id, Direction: store.In, Kind: "report", From: reporter, Name: "Rina Wijaya", At: at,
			Text: "Printer di lantai dua macet, tinta habis.", Raw: store.Ref{Ticket: n, Message: 1}, RawMail: raw,
		}},
		Outbox: two,
		Traces: []store.Trace{{At: at, MessageID: id, From: reporter, To: "helpdesk@company.com", Outcome: "ticket", Ticket: n}},
	}
}

func commit(t *testing.T, s store.Store, c store.Change) {
	t.Helper()
	if err := s.Commit(context.Background(), c); err != nil {
		t.Fatalf("commit: %v", err)
	}
}

func refused(t *testing.T, s store.Store, c store.Change, want error) {
	t.Helper()
	if err := s.Commit(context.Background(), c); !errors.Is(err, want) {
		t.Fatalf("commit says %v, want %v", err, want)
	}
}

func view(t *testing.T, s store.Store, fn func(store.Reader) error) {
	t.Helper()
	if err := s.View(context.Background(), fn); err != nil {
		t.Fatalf("view: %v", err)
	}
}

func get[T any](t *testing.T, s store.Store, fn func(store.Reader) (T, error)) T {
	t.Helper()
	var v T
	view(t, s, func(r store.Reader) (err error) { v, err = fn(r); return err })
	return v
}
