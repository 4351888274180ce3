package storetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/workflow"
)

// model is a store that is as simple as one can be: maps, and a look at everything each time.
type model struct {
	tickets map[sop.Number]store.Ticket // Expect is the version
	logs    map[sop.Number]int
	seen    map[string]bool
	facts   map[string]store.Fact
	outbox  []modelRow
}

type modelRow struct {
	row  store.Outbox
	free time.Time
}

// commit says what a store must say to a change, and follows it.
func (m *model) commit(c store.Change) error {
	for _, s := range c.Seen {
		if m.seen[s.Key] {
			return store.ErrDuplicate
		}
	}
	for _, t := range c.Tickets {
		if m.tickets[t.Ticket.Number].Expect != t.Expect {
			return store.ErrConflict
		}
	}
	for _, f := range c.Facts {
		if m.facts[f.Key].Version != f.Version {
			return store.ErrConflict
		}
	}
	for _, s := range c.Seen {
		m.seen[s.Key] = true
	}
	for _, t := range c.Tickets {
		t.Expect++
		m.tickets[t.Ticket.Number] = t
	}
	for _, e := range c.Entries {
		m.logs[e.Number]++
	}
	for _, f := range c.Facts {
		if f.Version++; f.Value == nil {
			delete(m.facts, f.Key)
			continue
		}
		m.facts[f.Key] = f
	}
	for _, o := range c.Outbox {
		m.outbox = append(m.outbox, modelRow{o, o.NextTry})
	}
	m.outbox = slices.DeleteFunc(m.outbox, func(r modelRow) bool { return slices.Contains(c.Done, r.row.ID) })
	for _, d := range c.Defer {
		for i := range m.outbox {
			if r := &m.outbox[i]; r.row.ID == d.ID {
				r.row.NextTry, r.row.Tries, r.row.LastError, r.free = d.NextTry, d.Tries, d.Error, d.NextTry
			}
		}
	}
	return nil
}

func (m *model) claim(now time.Time, n int, lease time.Duration) []uint64 {
	free := []*modelRow{}
	for i := range m.outbox {
		if !m.outbox[i].free.After(now) {
			free = append(free, &m.outbox[i])
		}
	}
	slices.SortFunc(free, func(a, b *modelRow) int {
		if a.row.Class != b.row.Class {
			return int(a.row.Class) - int(b.row.Class)
		}
		if c := a.row.NextTry.Compare(b.row.NextTry); c != 0 {
			return c
		}
		return int(a.row.ID) - int(b.row.ID)
	})
	var ids []uint64
	for _, r := range free[:min(n, len(free))] {
		r.free = now.Add(lease)
		ids = append(ids, r.row.ID)
	}
	return ids
}

func (m *model) list(f store.Filter) []sop.Number {
	var all []sop.Number
	for n, t := range m.tickets {
		if (f.State == "" || t.Ticket.State == f.State) && (f.Reporter == "" || t.Ticket.Reporter.Address == f.Reporter) &&
			(f.Assignee == "" || t.Ticket.Assignee == f.Assignee) {
			all = append(all, n)
		}
	}
	slices.Sort(all)
	slices.Reverse(all)
	return all
}

func (m *model) due(now time.Time) []sop.Number {
	var all []sop.Number
	for n, t := range m.tickets {
		if !t.Due.IsZero() && !t.Due.After(now) {
			all = append(all, n)
		}
	}
	slices.SortFunc(all, func(a, b sop.Number) int {
		if c := m.tickets[a].Due.Compare(m.tickets[b].Due); c != 0 {
			return c
		}
		return int(a) - int(b)
	})
	return all
}

// machine runs a store beside a model.
type machine struct {
	*model
	open Open
	s    store.Store
	now  time.Time
}

// law runs random sequences, each on a store of its own.
func law(t *testing.T, fresh func(*testing.T) Open) {
	rapid.Check(t, func(r *rapid.T) {
		open := fresh(t)
		m := &machine{open: open, s: open(), now: At(0), model: &model{
			tickets: map[sop.Number]store.Ticket{}, logs: map[sop.Number]int{}, seen: map[string]bool{}, facts: map[string]store.Fact{},
		}}
		defer func() {
			if err := m.s.Close(); err != nil {
				t.Error(err)
			}
		}()
		r.Repeat(map[string]func(*rapid.T){
			"commit": m.change, "claim": m.claims, "advance": m.advance, "reopen": m.reopen, "": m.compare,
		})
	})
}

var (
	lawStates    = []workflow.State{workflow.New, workflow.Open, workflow.Closed}
	lawAddresses = []string{"a@company.com", "b@company.com", "ab@company.com"}
)

// change is any change, often one that must be refused.
func (m *machine) change(r *rapid.T) {
	var c store.Change
	for _, n := range rapid.SliceOfNDistinct(rapid.Uint64Range(1, 12), 0, 2, rapid.ID).Draw(r, "tickets") {
		number := sop.Number(n)
		t := Ticket(number, rapid.SampledFrom(lawAddresses).Draw(r, "reporter"), m.now)
		t.Ticket.State = rapid.SampledFrom(lawStates).Draw(r, "state")
		t.Ticket.Assignee = rapid.SampledFrom(append([]string{""}, lawAddresses...)).Draw(r, "assignee")
		t.Due = m.moment(r, "due")
		t.Expect = m.version(r, m.tickets[number].Expect)
		c.Tickets = append(c.Tickets, t)
		if t.Expect == m.tickets[number].Expect {
			log, err := getErr(m.s, func(r store.Reader) ([]store.Entry, error) {
				before, err := r.Log(number)
				return Log(number, before, workflow.Opened), err
			})
			if err != nil {
				r.Fatal(err)
			}
			c.Entries = append(c.Entries, log...)
		}
	}
	for _, key := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"f1", "f2"}), 0, 1, rapid.ID).Draw(r, "facts") {
		f := store.Fact{Key: key, Version: m.version(r, m.facts[key].Version), Value: []byte("v")}
		if f.Version > 0 && rapid.Bool().Draw(r, "gone") {
			f.Value = nil
		}
		c.Facts = append(c.Facts, f)
	}
	if rapid.Bool().Draw(r, "a mail") {
		c.Seen = []store.Seen{{Key: fmt.Sprintf("key %d", rapid.IntRange(0, 200).Draw(r, "key"))}}
	}
	for range rapid.IntRange(0, 2).Draw(r, "rows") {
		o := Row("a@company.com", store.Class(rapid.IntRange(0, 2).Draw(r, "class")), m.moment(r, "next"), []byte("x"))
		c.Outbox = append(c.Outbox, o)
	}
	slices.SortStableFunc(c.Outbox, func(a, b store.Outbox) int { return cmp.Compare(a.Class, b.Class) }) // as ids are given
	for _, row := range m.outbox {
		switch rapid.IntRange(0, 5).Draw(r, "fate") {
		case 0:
			c.Done = append(c.Done, row.row.ID)
		case 1:
			c.Defer = append(c.Defer, store.Deferral{ID: row.row.ID, NextTry: m.moment(r, "next"), Tries: row.row.Tries + 1, Error: "later"})
		}
	}
	want := m.commit(c)
	if got := m.s.Commit(context.Background(), c); !errors.Is(got, want) {
		r.Fatalf("the store says %v to %+v, want %v", got, c, want)
	}
	m.learn(r)
}

// learn takes over what the store alone decides: ids, and the first version of a fact that was gone.
func (m *machine) learn(r *rapid.T) {
	rows, err := getErr(m.s, func(r store.Reader) ([]store.Outbox, error) { return r.Queue(0, 10_000) })
	if err != nil || len(rows) != len(m.outbox) {
		r.Fatalf("the outbox has %d rows, want %d, %v", len(rows), len(m.outbox), err)
	}
	for i := range rows {
		if m.outbox[i].row.ID == 0 {
			m.outbox[i].row.ID = rows[i].ID
		}
	}
	for key, want := range m.facts {
		got, err := getErr(m.s, func(r store.Reader) (store.Fact, error) { return r.Fact(key) })
		if err != nil || got.Version < want.Version || want.Version > 1 && got.Version != want.Version {
			r.Fatalf("fact %s is %+v, want %+v, %v", key, got, want, err)
		}
		m.facts[key] = got
	}
}

// version is the right one, mostly.
func (m *machine) version(r *rapid.T, right store.Version) store.Version {
	if rapid.IntRange(0, 5).Draw(r, "wrong") == 0 {
		return right + 1
	}
	return right
}

// moment is some seconds from now, or never.
func (m *machine) moment(r *rapid.T, what string) time.Time {
	return m.now.Add(time.Duration(rapid.IntRange(-5, 100).Draw(r, what)) * time.Second)
}

func (m *machine) claims(r *rapid.T) {
	n := rapid.IntRange(1, 3).Draw(r, "n")
	want := m.model.claim(m.now, n, time.Minute)
	rows, err := m.s.Claim(context.Background(), m.now, n, time.Minute)
	var got []uint64
	for _, o := range rows {
		got = append(got, o.ID)
	}
	if err != nil || !slices.Equal(got, want) {
		r.Fatalf("claimed %v, want %v, %v", got, want, err)
	}
}

func (m *machine) advance(r *rapid.T) {
	m.now = m.now.Add(time.Duration(rapid.IntRange(1, 90).Draw(r, "seconds")) * time.Second)
}

// reopen closes and opens the store, and waits until every lease has ended.
func (m *machine) reopen(r *rapid.T) {
	if err := m.s.Close(); err != nil {
		r.Fatal(err)
	}
	m.s = m.open()
	m.now = m.now.Add(time.Minute)
	for i := range m.outbox {
		m.outbox[i].free = m.outbox[i].row.NextTry
	}
}

// compare looks at everything, after each step.
func (m *machine) compare(r *rapid.T) {
	err := m.s.View(context.Background(), func(s store.Reader) error {
		for n, want := range m.tickets {
			got, version, err := s.Ticket(n)
			if err != nil || version != want.Expect || got.State != want.Ticket.State || got.Assignee != want.Ticket.Assignee {
				return fmt.Errorf("ticket %d is %+v, version %d, want %+v, %w", n, got, version, want, err)
			}
			if log, err := s.Log(n); err != nil || len(log) != m.logs[n] {
				return fmt.Errorf("log %d has %d entries, want %d, %w", n, len(log), m.logs[n], err)
			}
		}
		filters := []store.Filter{{}, {State: workflow.Open}, {Reporter: lawAddresses[0]}, {Assignee: lawAddresses[1]},
			{State: workflow.New, Reporter: lawAddresses[1], Assignee: lawAddresses[0]}, {State: workflow.Open, Assignee: lawAddresses[1]}}
		for _, f := range filters {
			f.Limit = 100
			page, next, err := s.List(f)
			var got []sop.Number
			for _, t := range page {
				got = append(got, t.Number)
			}
			if want := m.list(f); err != nil || next != "" || !slices.Equal(got, want) {
				return fmt.Errorf("list %+v gives %v, next %q, want %v, %w", f, got, next, want, err)
			}
		}
		if got, err := s.Due(m.now, 100); err != nil || !slices.Equal(got, m.due(m.now)) {
			return fmt.Errorf("due are %v, want %v, %w", got, m.due(m.now), err)
		}
		facts, err := s.Facts("")
		keys := slices.Sorted(maps.Keys(m.facts))
		if err != nil || len(facts) != len(keys) {
			return fmt.Errorf("facts are %+v, want %v, %w", facts, keys, err)
		}
		var first time.Time
		for _, o := range m.outbox {
			if first.IsZero() || o.free.Before(first) {
				first = o.free
			}
		}
		if got, err := s.NextTry(); err != nil || !got.Equal(first) {
			return fmt.Errorf("the outbox is due at %v, want %v, %w", got, first, err)
		}
		counts, err := s.Counts()
		if counts["tickets"] != len(m.tickets) || counts["outbox"] != len(m.outbox) {
			return fmt.Errorf("counts are %v, %w", counts, err)
		}
		return err
	})
	if err != nil {
		r.Fatal(err)
	}
}
