package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/workflow"
)

// pages reads a list to its end and gives the numbers, in order.
func pages(t *testing.T, s store.Store, f store.Filter) []sop.Number {
	t.Helper()
	var all []sop.Number
	for range 1000 {
		view(t, s, func(r store.Reader) error {
			page, next, err := r.List(f)
			for _, ticket := range page {
				all = append(all, ticket.Number)
			}
			if limit := max(f.Limit, 50); len(page) > limit {
				t.Errorf("a page has %d tickets, more than %d", len(page), limit)
			}
			f.After = next
			return err
		})
		if f.After == "" {
			return all
		}
	}
	t.Fatal("the list does not end")
	return nil
}

func numbers(n ...sop.Number) []sop.Number { return n }

func sameNumbers(t *testing.T, what string, got, want []sop.Number) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func listFilters(t *testing.T, open Open) {
	s := opened(t, open)
	long := strings.Repeat("l", 300) + "@company.com"
	for _, row := range []struct {
		n                  sop.Number
		state              workflow.State
		reporter, assignee string
	}{
		{1, workflow.New, "rina@company.com", ""},
		{2, workflow.Open, "budi@company.com", "agent@company.com"},
		{3, workflow.Open, "rina@company.com", "agent@company.com"},
		{4, workflow.Closed, "rina@company.com", "other@company.com"},
		{5, workflow.Open, "rin@company.com", "agent@company.com"},
		{6, workflow.Open, long, "other@company.com"},
		{10, workflow.New, "Rina@Company.com", ""},
	} {
		ticket := Ticket(row.n, row.reporter, At(int(row.n)))
		ticket.Ticket.State, ticket.Ticket.Assignee = row.state, row.assignee
		commit(t, s, store.Change{Tickets: []store.Ticket{ticket}})
		// Rows between the tickets, and one log without a ticket, which is in no list.
		commit(t, s, store.Change{Entries: Log(row.n+100, nil, workflow.Created), Messages: []store.Message{{Ticket: row.n, Seq: 1, Text: "x"}}})
	}
	for _, c := range []struct {
		says string
		f    store.Filter
		want []sop.Number
	}{
		{"all", store.Filter{}, numbers(10, 6, 5, 4, 3, 2, 1)},
		{"all, by twos", store.Filter{Limit: 2}, numbers(10, 6, 5, 4, 3, 2, 1)},
		{"a state", store.Filter{State: workflow.Open}, numbers(6, 5, 3, 2)},
		{"a state in capitals", store.Filter{State: "OPEN"}, numbers(6, 5, 3, 2)},
		{"a state that nothing is in", store.Filter{State: workflow.Merged}, nil},
		{"a state that is none", store.Filter{State: "nonsense"}, nil},
		{"a reporter", store.Filter{Reporter: "RINA@company.com"}, numbers(10, 4, 3, 1)},
		{"a reporter whose name begins another's", store.Filter{Reporter: "rin@company.com"}, numbers(5)},
		{"a very long reporter", store.Filter{Reporter: strings.ToUpper(long)}, numbers(6)},
		{"nobody", store.Filter{Reporter: "x@company.com"}, nil},
		{"a part of an address", store.Filter{Reporter: "rina"}, nil},
		{"an assignee", store.Filter{Assignee: "Agent@company.com"}, numbers(5, 3, 2)},
		{"a reporter and a state", store.Filter{Reporter: "rina@company.com", State: workflow.New}, numbers(10, 1)},
		{"a reporter and an assignee", store.Filter{Reporter: "rina@company.com", Assignee: "agent@company.com"}, numbers(3)},
		{"all three", store.Filter{Reporter: "rina@company.com", Assignee: "other@company.com", State: workflow.Closed}, numbers(4)},
		{"three that do not meet", store.Filter{Reporter: "rina@company.com", Assignee: "other@company.com", State: workflow.Open}, nil},
		{"an assignee, one by one", store.Filter{Assignee: "agent@company.com", Limit: 1}, numbers(5, 3, 2)},
		{"a reporter, one by one", store.Filter{Reporter: "rina@company.com", Limit: 1}, numbers(10, 4, 3, 1)},
	} {
		sameNumbers(t, c.says, pages(t, s, c.f), c.want)
	}
	// An index follows its ticket.
	ticket := Ticket(3, "budi@company.com", At(3))
	ticket.Expect, ticket.Ticket.State, ticket.Ticket.Assignee = 1, workflow.Resolved, ""
	commit(t, s, store.Change{Tickets: []store.Ticket{ticket}})
	sameNumbers(t, "the state that it left", pages(t, s, store.Filter{State: workflow.Open}), numbers(6, 5, 2))
	sameNumbers(t, "the state that it is in", pages(t, s, store.Filter{State: workflow.Resolved}), numbers(3))
	sameNumbers(t, "the reporter that it had", pages(t, s, store.Filter{Reporter: "rina@company.com"}), numbers(10, 4, 1))
	sameNumbers(t, "the reporter that it has", pages(t, s, store.Filter{Reporter: "budi@company.com"}), numbers(3, 2))
	sameNumbers(t, "the assignee that it had", pages(t, s, store.Filter{Assignee: "agent@company.com"}), numbers(5, 2))
}

func listIsStable(t *testing.T, open Open) {
	s := opened(t, open)
	add := func(n int) {
		commit(t, s, store.Change{Tickets: []store.Ticket{Ticket(sop.Number(n), Reporter(1), At(n))}})
	}
	for n := 1; n <= 10; n++ {
		add(n)
	}
	for _, f := range []store.Filter{{Limit: 3}, {Limit: 3, Reporter: Reporter(1)}, {Limit: 3, State: workflow.New}, {Limit: 3, Query: "printer"}} {
		newest := len(pages(t, s, store.Filter{}))
		var got []sop.Number
		for more := true; more; more = f.After != "" {
			page := get(t, s, func(r store.Reader) ([]workflow.Ticket, error) {
				page, next, err := r.List(f)
				f.After = next
				return page, err
			})
			for _, ticket := range page {
				got = append(got, ticket.Number)
			}
			add(len(pages(t, s, store.Filter{})) + 1)
		}
		var want []sop.Number
		for n := newest; n > 0; n-- {
			want = append(want, sop.Number(n))
		}
		sameNumbers(t, fmt.Sprintf("%+v", f), got, want)
	}
}

func listRefusesCursor(t *testing.T, open Open) {
	s := opened(t, open)
	for _, cursor := range []string{"x", "AAAA", "../..", strings.Repeat("A", 1<<16), "1", "\x00"} {
		_, err := getErr(s, func(r store.Reader) (string, error) {
			_, next, err := r.List(store.Filter{After: cursor})
			return next, err
		})
		if !errors.Is(err, store.ErrCursor) {
			t.Errorf("cursor %.20q is %v", cursor, err)
		}
	}
}

func search(t *testing.T, open Open) {
	s := opened(t, open)
	for n, texts := range map[sop.Number][]string{
		1: {"Printer macet", "Tinta HABIS di lantai dua", "sudah diisi"},
		2: {"VPN putus", "Tidak bisa masuk, muncul 0x80070005"},
		3: {"Laptop mati", "layar Ärger über 100%"},
		4: {"Printer baru"},
	} {
		ticket := Ticket(n, Reporter(int(n)), At(int(n)))
		ticket.Ticket.Subject = texts[0]
		c := store.Change{Tickets: []store.Ticket{ticket}}
		for i, text := range texts[1:] {
			c.Messages = append(c.Messages, store.Message{Ticket: n, Seq: i + 1, Text: text})
		}
		commit(t, s, c)
	}
	for query, want := range map[string][]sop.Number{
		"printer":           numbers(4, 1),
		"PRINTER":           numbers(4, 1),
		"printer tinta":     numbers(1),
		"habis diisi":       numbers(1),
		"  diisi   printer": numbers(1),
		"0X80070005":        numbers(2),
		"ÄRGER über":        numbers(3),
		"100%":              numbers(3),
		"_":                 nil,
		"printer vpn":       nil,
		"intan":             nil,
		"":                  numbers(4, 3, 2, 1),
	} {
		sameNumbers(t, fmt.Sprintf("search for %q", query), pages(t, s, store.Filter{Query: query, Limit: 1}), want)
	}
	sameNumbers(t, "a search among a reporter's", pages(t, s, store.Filter{Query: "printer", Reporter: Reporter(1)}), numbers(1))
}

func due(t *testing.T, open Open) {
	s := opened(t, open)
	if at := get(t, s, store.Reader.NextDue); !at.IsZero() {
		t.Errorf("in an empty store something is due at %v", at)
	}
	put := func(n sop.Number, expect store.Version, at time.Time) {
		ticket := Ticket(n, Reporter(1), At(0))
		ticket.Expect, ticket.Due = expect, at
		commit(t, s, store.Change{Tickets: []store.Ticket{ticket}})
	}
	put(1, 0, At(30))
	put(2, 0, At(10))
	put(3, 0, time.Time{})
	put(4, 0, At(20).Add(time.Millisecond))
	put(5, 0, time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC))
	list := func(at time.Time, n int) []sop.Number {
		return get(t, s, func(r store.Reader) ([]sop.Number, error) { return r.Due(at, n) })
	}
	sameNumbers(t, "at the end", list(At(1000), 10), numbers(5, 2, 4, 1))
	sameNumbers(t, "the first two", list(At(1000), 2), numbers(5, 2))
	sameNumbers(t, "at the moment itself", list(At(10), 10), numbers(5, 2))
	sameNumbers(t, "a millisecond before", list(At(20), 10), numbers(5, 2))
	if at := get(t, s, store.Reader.NextDue); !at.Equal(time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("the next is due at %v", at)
	}
	put(5, 1, time.Time{})
	put(2, 1, At(40))
	sameNumbers(t, "after two have moved", list(At(1000), 10), numbers(4, 1, 2))
	if at := get(t, s, store.Reader.NextDue); !at.Equal(At(20).Add(time.Millisecond)) {
		t.Errorf("the next is due at %v", at)
	}
}

func quarantine(t *testing.T, open Open) {
	s := opened(t, open)
	for _, id := range []string{"2026-b", "2026-a", "2026-c"} {
		commit(t, s, store.Change{Quarantine: []store.Quarantined{{ID: id, At: At(0), From: "x@example.net", RawMail: []byte("raw " + id)}}})
	}
	ids := func(after string, n int) string {
		all := get(t, s, func(r store.Reader) ([]store.Quarantined, error) { return r.Quarantined(after, n) })
		var out []string
		for _, q := range all {
			out = append(out, q.ID)
		}
		return strings.Join(out, " ")
	}
	if got := ids("", 10); got != "2026-a 2026-b 2026-c" {
		t.Errorf("all are %s", got)
	}
	if got := ids("2026-a", 1); got != "2026-b" {
		t.Errorf("after the first comes %s", got)
	}
	out := atOnce(t, s, 10, func(i int) store.Change {
		c := Mail(sop.Number(i+1), Reporter(1), At(0), nil, nil)
		c.Release = []string{"2026-b"}
		return c
	})
	if out[nil] != 1 || out[store.ErrConflict] != 9 {
		t.Errorf("of 10 who release it: %v", out)
	}
	if got := ids("", 10); got != "2026-a 2026-c" {
		t.Errorf("then all are %s", got)
	}
	if _, err := getErr(s, func(r store.Reader) ([]byte, error) { return r.QuarantinedRaw("2026-b") }); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("its raw mail is %v", err)
	}
}

func traces(t *testing.T, open Open) {
	s := opened(t, open)
	c := store.Change{Traces: []store.Trace{
		{At: At(2), MessageID: "<a@company.com>", From: "Rina@company.com", To: "helpdesk@company.com", Outcome: "ticket", Ticket: 1},
		{At: At(1), MessageID: "<a@company.com>", From: "rina@company.com", To: "helpdesk@company.com", Outcome: "duplicate"},
		{At: At(3), MessageID: "<n@company.com>", From: "helpdesk@company.com", To: "rina@company.com", Outcome: "sent", Ticket: 1},
		{At: At(4), From: "b@example.net", Outcome: "refused", Detail: "550"},
		{At: At(5), MessageID: "<l@company.com>", From: "loop@company.com", To: "loop@company.com", Outcome: "dropped"},
	}}
	commit(t, s, c)
	for what, want := range map[string][]int{
		"<a@company.com>":      {1, 2},
		"a@company.com":        {1, 2},
		"RINA@company.com":     {1, 2, 3},
		"helpdesk@company.com": {1, 2, 3},
		"<n@company.com>":      {3},
		"b@example.net":        {4},
		"loop@company.com":     {5},
		"":                     nil,
		"nobody@company.com":   nil,
	} {
		var got []int
		for _, trace := range get(t, s, func(r store.Reader) ([]store.Trace, error) { return r.Traces(what) }) {
			got = append(got, int(trace.At.Sub(Start)/time.Second))
		}
		if !slices.Equal(got, want) {
			t.Errorf("traces of %q: %v, want %v", what, got, want)
		}
	}
}

func policy(t *testing.T, open Open) {
	s := opened(t, open)
	if p := get(t, s, store.Reader.Policy); p != nil {
		t.Errorf("before the first the policy is %q", p)
	}
	for _, p := range []string{"first", "second"} {
		commit(t, s, store.Change{Policy: []byte(p)})
		commit(t, s, store.Change{}) // a change that says nothing of it
		if got := get(t, s, store.Reader.Policy); string(got) != p {
			t.Errorf("the policy is %q, want %q", got, p)
		}
	}
}

func countsFollow(t *testing.T, open Open) {
	s := open()
	for n, state := range []workflow.State{workflow.New, workflow.Open, workflow.Paused, workflow.Resolved, workflow.Closed} {
		ticket := Ticket(sop.Number(n+1), Reporter(1), At(0))
		ticket.Ticket.State = state
		commit(t, s, store.Change{Tickets: []store.Ticket{ticket}, Outbox: []store.Outbox{Row("a@company.com", store.ClassAnswer, At(0), nil)}})
	}
	commit(t, s, store.Change{Quarantine: []store.Quarantined{{ID: "a"}, {ID: "b"}}})
	ticket := Ticket(1, Reporter(1), At(0))
	ticket.Expect, ticket.Ticket.State = 1, workflow.Closed
	rows := get(t, s, func(r store.Reader) ([]store.Outbox, error) { return r.Queue(0, 2) })
	commit(t, s, store.Change{Tickets: []store.Ticket{ticket}, Release: []string{"a"}, Done: []uint64{rows[0].ID, rows[1].ID, 1 << 50}})
	for range 2 {
		counts := get(t, s, store.Reader.Counts)
		for what, want := range map[string]int{
			"tickets": 5, "open": 2, "state/closed": 2, "state/open": 1, "state/new": 0, "outbox": 3, "quarantine": 1,
		} {
			if counts[what] != want {
				t.Errorf("%q is %d, want %d", what, counts[what], want)
			}
		}
		if n := get(t, s, store.Reader.QueueSize); n != 3 {
			t.Errorf("the outbox has %d rows", n)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open()
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// claim claims rows and gives their receivers, in order.
func claim(t *testing.T, s store.Store, now time.Time, n int) ([]string, []store.Outbox) {
	t.Helper()
	rows, err := s.Claim(context.Background(), now, n, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	var to []string
	for _, r := range rows {
		to = append(to, r.To)
	}
	return to, rows
}
