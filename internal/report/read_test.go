package report

import (
	"context"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"helpost/internal/record"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/internal/store/bolt"
	"helpost/workflow"
)

// kept commits a ticket with its record, as the gateway does.
func kept(t *testing.T, s *bolt.Store, l *life) {
	t.Helper()
	c := store.Change{Tickets: []store.Ticket{{Ticket: l.ticket}}}
	prev := ""
	for _, e := range l.events {
		entry, err := record.Seal(l.ticket.Number, e, prev, make([]byte, record.SaltSize))
		if err != nil {
			t.Fatal(err)
		}
		prev = entry.Head()
		c.Entries = append(c.Entries, store.Entry{Number: l.ticket.Number, Entry: entry})
	}
	if err := s.Commit(context.Background(), c); err != nil {
		t.Fatal(err)
	}
}

// counting counts the records that are read.
type counting struct {
	*bolt.Store
	logs, views int
}

type countingReader struct {
	store.Reader
	c *counting
}

func (c *counting) View(ctx context.Context, fn func(store.Reader) error) error {
	c.views++
	return c.Store.View(ctx, func(v store.Reader) error { return fn(countingReader{v, c}) })
}

func (r countingReader) Log(n sop.Number) ([]record.Entry, error) {
	r.c.logs++
	return r.Reader.Log(n)
}

func TestFiguresAreReadFromTheStorePageByPage(t *testing.T) {
	s, err := bolt.Open(filepath.Join(t.TempDir(), "helpost.db"), bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	p := policy()
	at := start.Add(30 * 24 * time.Hour)
	q, err := Ask{Period: "2026-W03", By: ByTeam}.Resolve(jakarta, at)
	if err != nil {
		t.Fatal(err)
	}
	counter := NewCounter(q)
	inside := 0
	for n := range 700 { // from three weeks before the period on, one in two hours and a bit
		l := begin(t, p, start.Add(time.Duration(n)*125*time.Minute-21*24*time.Hour), sop.Number(n+1), workflow.Mail{
			Subject: "printer", Team: []string{"desk", "field"}[n%2], Report: sop.Report{Impact: sop.Individual, Urgency: sop.Medium},
		})
		if n%3 != 0 {
			l.pass(time.Duration(n%7)*time.Hour).agent("kata").pass(time.Duration(n%80)*time.Hour).agent("", fix).pass(48 * time.Hour)
		}
		kept(t, s, l)
		story, err := Tell(p, l.events, at)
		if err != nil {
			t.Fatal(err)
		}
		counter.Add(&story)
		counter.Backlog(&story.Ticket)
		if counter.Wants(&story.Ticket) {
			inside++
		}
	}
	from := &counting{Store: s}
	got, err := Read(context.Background(), from, p, q)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(got)
	b, _ := json.Marshal(counter.Report())
	if string(a) != string(b) || got.Total.Received != inside || inside < 70 || got.Total.OpenNow.Total() < 200 {
		t.Errorf("read from the store the figures are\n%s\nwant\n%s", a, b)
	}
	if from.logs != inside || from.views < 5 {
		t.Errorf("%d records were read for %d tickets, in %d views", from.logs, inside, from.views)
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := Read(ctx, from, p, q); err == nil {
		t.Error("an end of the context ends nothing")
	}
}
