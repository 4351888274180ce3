package storetest

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"helpost/internal/record"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/workflow"
)

func changeIsWhole(t *testing.T, open Open) {
	s := open()
	ref := store.Ref{Ticket: 1, Message: 1, Offset: 3, Length: 2, Encoding: "base64"}
	c := Mail(1, Reporter(1), At(0), []byte("a raw mail \x00\xff"), []byte("a notice"))
	c.Messages[0].Attachments = []store.Attachment{{Filename: "error.png", ContentType: "image/png", Size: 2, SHA256: "00", Screenshot: true, Ref: ref}}
	c.Outbox[0].Segments = append(c.Outbox[0].Segments, store.Segment{Ref: &ref}, store.Segment{Bytes: []byte("end")})
	c.Facts = []store.Fact{{Key: "away/a@company.com", Value: []byte(`{"until":1}`)}}
	c.Quarantine = []store.Quarantined{{ID: "q1", At: At(1), From: "x@example.net", Reason: "not of the company", Size: 3, RawMail: []byte("raw")}}
	c.Policy = []byte(`{"agents":1}`)
	commit(t, s, c)
	for range 2 {
		view(t, s, func(r store.Reader) error {
			ticket, version, err := r.Ticket(1)
			equal(t, "ticket", ticket, c.Tickets[0].Ticket, err)
			equal(t, "version", version, 1, nil)
			log, err := r.Log(1)
			want := []record.Entry{c.Entries[0].Entry, c.Entries[1].Entry, c.Entries[2].Entry}
			equal(t, "log", log, want, err)
			if err := record.Verify(1, log); err != nil {
				t.Error(err)
			}
			m, err := r.Message(1, 1)
			message := c.Messages[0]
			message.RawMail = nil
			equal(t, "message", m, message, err)
			all, err := r.Messages(1)
			equal(t, "messages", all, []store.Message{message}, err)
			raw, err := r.Raw(1, 1)
			equal(t, "raw mail", string(raw), "a raw mail \x00\xff", err)
			seen, err := r.Seen(c.Seen[0].Key)
			equal(t, "seen", seen, c.Seen[0], err)
			f, err := r.Fact("away/a@company.com")
			equal(t, "fact", f, store.Fact{Key: "away/a@company.com", Version: 1, Value: []byte(`{"until":1}`)}, err)
			rows, err := r.Queue(0, 10)
			for i := range c.Outbox {
				c.Outbox[i].ID = rows[i].ID
			}
			equal(t, "outbox", rows, c.Outbox, err)
			q, err := r.Quarantined("", 10)
			quarantined := c.Quarantine[0]
			quarantined.RawMail = nil
			equal(t, "quarantine", q, []store.Quarantined{quarantined}, err)
			raw, err = r.QuarantinedRaw("q1")
			equal(t, "quarantined raw mail", string(raw), "raw", err)
			traces, err := r.Traces(Reporter(1))
			equal(t, "traces", traces, c.Traces, err)
			p, err := r.Policy()
			equal(t, "policy", string(p), `{"agents":1}`, err)
			due, err := r.NextDue()
			equal(t, "due", due, c.Tickets[0].Due, err)
			return nil
		})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open()
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func equal[T any](t *testing.T, what string, got, want T, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", what, err)
	} else if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got\n%+v\nwant\n%+v", what, got, want)
	}
}

// everything is all that a store shows, for comparing before and after.
func everything(t *testing.T, s store.Store) map[string]any {
	t.Helper()
	all := map[string]any{}
	view(t, s, func(r store.Reader) error {
		tickets, _, err := r.List(store.Filter{Limit: 1000})
		all["tickets"] = tickets
		errs := []error{err}
		keep := func(what string, v any, err error) { all[what] = v; errs = append(errs, err) }
		for _, n := range []sop.Number{1, 2, 3} {
			_, v, _ := r.Ticket(n)
			all["version"+n.ID("T")] = v
			l, err := r.Log(n)
			keep("log"+n.ID("T"), l, err)
			m, err := r.Messages(n)
			keep("messages"+n.ID("T"), m, err)
		}
		f, err := r.Facts("")
		keep("facts", f, err)
		o, err := r.Queue(0, 1000)
		keep("outbox", o, err)
		q, err := r.Quarantined("", 1000)
		keep("quarantine", q, err)
		c, err := r.Counts()
		keep("counts", c, err)
		tr, err := r.Traces(Reporter(1))
		keep("traces", tr, err)
		p, err := r.Policy()
		keep("policy", p, err)
		d, err := r.Due(At(1<<30), 1000)
		keep("due", d, err)
		return errors.Join(errs...)
	})
	return all
}

// crowded fills a store a little.
func crowded(t *testing.T, s store.Store) {
	t.Helper()
	c := Mail(1, Reporter(1), At(0), []byte("raw"), []byte("notice"))
	c.Facts = []store.Fact{{Key: "f", Value: []byte("1")}}
	c.Quarantine = []store.Quarantined{{ID: "q", At: At(0), RawMail: []byte("raw")}}
	c.Policy = []byte("1")
	commit(t, s, c)
}

// full is a change of everything that would go through on a crowded store.
func full(t *testing.T, s store.Store) store.Change {
	t.Helper()
	c := Mail(2, Reporter(1), At(10), []byte("raw"), []byte("notice"))
	c.Facts = []store.Fact{{Key: "f", Version: 1, Value: []byte("2")}}
	c.Quarantine = []store.Quarantined{{ID: "q2", At: At(0)}}
	c.Release = []string{"q"}
	rows := get(t, s, func(r store.Reader) ([]store.Outbox, error) { return r.Queue(0, 2) })
	c.Done = []uint64{rows[0].ID}
	c.Defer = []store.Deferral{{ID: rows[1].ID, NextTry: At(500), Tries: 1, Error: "450 later"}}
	c.Policy = []byte("2")
	return c
}

func refusedLeavesNothing(t *testing.T, open Open) {
	s := opened(t, open)
	crowded(t, s)
	before := everything(t, s)
	for _, refusal := range []struct {
		says  string
		want  error
		spoil func(*store.Change)
	}{
		{"a mail seen before", store.ErrDuplicate, func(c *store.Change) {
			c.Seen = append(c.Seen, store.Seen{Key: store.SeenKey("<report-1@company.com>", "digest-1"), MessageID: "<report-1@company.com>"})
		}},
		{"a ticket of another version", store.ErrConflict, func(c *store.Change) { c.Tickets = append(c.Tickets, Ticket(1, Reporter(1), At(0))) }},
		{"a ticket that is not there", store.ErrConflict, func(c *store.Change) { c.Tickets[0].Expect = 1 }},
		{"a fact of another version", store.ErrConflict, func(c *store.Change) { c.Facts[0].Version = 0 }},
		{"an entry that is there", store.ErrConflict, func(c *store.Change) { c.Entries = append(c.Entries, Log(1, nil, workflow.Created)...) }},
		{"a message that is there", store.ErrConflict, func(c *store.Change) {
			c.Messages = append(c.Messages, store.Message{Ticket: 1, Seq: 1})
		}},
		{"a quarantined mail that is there", store.ErrConflict, func(c *store.Change) { c.Quarantine[0].ID, c.Release = "q", nil }},
		{"a quarantined mail that is not there", store.ErrConflict, func(c *store.Change) { c.Release = append(c.Release, "q9") }},
	} {
		t.Run(refusal.says, func(t *testing.T) {
			c := full(t, s)
			refusal.spoil(&c)
			refused(t, s, c, refusal.want)
			if after := everything(t, s); !reflect.DeepEqual(before, after) {
				t.Errorf("before\n%+v\nafter\n%+v", before, after)
			}
			if _, err := getErr(s, func(r store.Reader) (store.Seen, error) { return r.Seen(c.Seen[0].Key) }); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("its mail is seen: %v", err)
			}
		})
	}
	commit(t, s, full(t, s)) // and as it stands it goes through
}

func getErr[T any](s store.Store, fn func(store.Reader) (T, error)) (T, error) {
	var v T
	err := s.View(context.Background(), func(r store.Reader) (err error) { v, err = fn(r); return err })
	return v, err
}

func seenBeforeVersions(t *testing.T, open Open) {
	s := opened(t, open)
	c := Mail(1, Reporter(1), At(0), nil, nil)
	commit(t, s, c)
	refused(t, s, c, store.ErrDuplicate) // its ticket is there too, but the mail says more
}

func versionsCompare(t *testing.T, open Open) {
	s := opened(t, open)
	ticket := Ticket(1, Reporter(1), At(0))
	commit(t, s, store.Change{Tickets: []store.Ticket{ticket}})
	refused(t, s, store.Change{Tickets: []store.Ticket{ticket}}, store.ErrConflict)
	ticket.Expect, ticket.Ticket.State = 1, workflow.Open
	commit(t, s, store.Change{Tickets: []store.Ticket{ticket}})
	refused(t, s, store.Change{Tickets: []store.Ticket{ticket}}, store.ErrConflict)
	view(t, s, func(r store.Reader) error {
		got, version, err := r.Ticket(1)
		equal(t, "version", version, 2, err)
		equal(t, "state", got.State, workflow.Open, nil)
		return nil
	})
	if _, err := getErr(s, func(r store.Reader) (workflow.Ticket, error) { t, _, err := r.Ticket(2); return t, err }); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a ticket that is not there is %v", err)
	}
}

// atOnce runs a commit many times at once and counts what came of it.
func atOnce(t *testing.T, s store.Store, many int, change func(i int) store.Change) map[error]int {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	out := map[error]int{}
	for i := range many {
		wg.Go(func() {
			err := s.Commit(context.Background(), change(i))
			kind := err
			for _, k := range []error{store.ErrConflict, store.ErrDuplicate} {
				if errors.Is(err, k) {
					kind = k
				}
			}
			mu.Lock()
			defer mu.Unlock()
			out[kind]++
		})
	}
	wg.Wait()
	return out
}

func oneWriterWins(t *testing.T, open Open) {
	s := opened(t, open)
	commit(t, s, store.Change{Tickets: []store.Ticket{Ticket(1, Reporter(1), At(0))}})
	out := atOnce(t, s, 20, func(i int) store.Change {
		ticket := Ticket(1, Reporter(i), At(i))
		ticket.Expect = 1
		return store.Change{Tickets: []store.Ticket{ticket}, Entries: Log(1, nil, workflow.Created)}
	})
	if out[nil] != 1 || out[store.ErrConflict] != 19 {
		t.Errorf("of 20 writers: %v", out)
	}
}

func oneMailOnce(t *testing.T, open Open) {
	s := opened(t, open)
	out := atOnce(t, s, 20, func(i int) store.Change {
		c := Mail(sop.Number(i+1), Reporter(1), At(0), []byte("raw"), []byte("notice"))
		c.Seen[0].Key, c.Seen[0].MessageID = store.SeenKey("<a@company.com>", "d"), "<a@company.com>"
		return c
	})
	if out[nil] != 1 || out[store.ErrDuplicate] != 19 {
		t.Errorf("of 20 times the same mail: %v", out)
	}
	if n := get(t, s, store.Reader.Counts)["tickets"]; n != 1 {
		t.Errorf("there are %d tickets", n)
	}
}

func logIsGapless(t *testing.T, open Open) {
	s := opened(t, open)
	all := Log(1, nil, workflow.Created, workflow.Assigned, workflow.Responded, workflow.ResolvedEvent)
	refused(t, s, store.Change{Entries: all[1:2]}, store.ErrConflict)
	commit(t, s, store.Change{Entries: all[:2]})
	refused(t, s, store.Change{Entries: all[1:3]}, store.ErrConflict)
	refused(t, s, store.Change{Entries: all[3:]}, store.ErrConflict)
	commit(t, s, store.Change{Entries: all[2:]})
	log := get(t, s, func(r store.Reader) ([]record.Entry, error) { return r.Log(1) })
	if len(log) != 4 {
		t.Errorf("the log has %d entries", len(log))
	}
	if err := record.Verify(1, log); err != nil {
		t.Error(err)
	}
	commit(t, s, store.Change{Entries: Log(2, nil, workflow.Created)}) // whose log is beside
	for _, c := range []struct{ seq, most, from, to int }{
		{5, 2, 2, 4}, {4, 2, 1, 3}, {3, 9, 0, 2}, {1, 9, 0, 0}, {0, 9, 0, 0}, {-1, 9, 0, 0}, {1 << 40, 1, 3, 4}, {5, 0, 4, 4},
	} {
		got := get(t, s, func(r store.Reader) ([]record.Entry, error) { return r.LogBefore(1, c.seq, c.most) })
		if !slices.EqualFunc(got, log[c.from:c.to], same) {
			t.Errorf("before entry %d, %d at most: %d entries, want those from %d to %d", c.seq, c.most, len(got), c.from+1, c.to)
		}
	}
	if got := get(t, s, func(r store.Reader) ([]record.Entry, error) { return r.LogBefore(9, 5, 2) }); len(got) > 0 {
		t.Errorf("a ticket that is not there has %d entries", len(got))
	}
}

func messagesComeOnce(t *testing.T, open Open) {
	s := opened(t, open)
	m := store.Message{Ticket: 3, Seq: 2, Text: "kedua", At: At(0), RawMail: []byte("raw")}
	commit(t, s, store.Change{Messages: []store.Message{m}})
	refused(t, s, store.Change{Messages: []store.Message{m}}, store.ErrConflict)
	m.Seq, m.Text, m.RawMail = 1, "pertama", nil
	commit(t, s, store.Change{Messages: []store.Message{m}})
	all := get(t, s, func(r store.Reader) ([]store.Message, error) { return r.Messages(3) })
	if len(all) != 2 || all[0].Text != "pertama" || all[1].Text != "kedua" {
		t.Errorf("they come as %+v", all)
	}
	view(t, s, func(r store.Reader) error {
		for _, seq := range []int{-1, 0, 3, 1 << 40} {
			if _, err := r.Message(3, seq); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("message %d is %v", seq, err)
			}
		}
		for _, seq := range []int{-1, 0, 1, 3, 1<<32 + 2} {
			if _, err := r.Raw(3, seq); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("raw mail %d is %v", seq, err)
			}
		}
		return nil
	})
}

func nonsenseIsRefused(t *testing.T, open Open) {
	s := opened(t, open)
	crowded(t, s)
	before := everything(t, s)
	two := Ticket(2, Reporter(1), At(0))
	other := Log(1, nil, workflow.Created)
	other[0].Number = 2
	for says, c := range map[string]store.Change{
		"a ticket without a number":       {Tickets: []store.Ticket{Ticket(0, Reporter(1), At(0))}},
		"a ticket twice":                  {Tickets: []store.Ticket{two, two}},
		"a fact without a key":            {Facts: []store.Fact{{Value: []byte("1")}}},
		"a fact twice":                    {Facts: []store.Fact{{Key: "a", Value: []byte("1")}, {Key: "a", Value: []byte("2")}}},
		"a fact with an endless key":      {Facts: []store.Fact{{Key: strings.Repeat("k", 1<<16), Value: []byte("1")}}},
		"a key with a NUL":                {Seen: []store.Seen{{Key: "a\x00b"}}},
		"a seen mail without a key":       {Seen: []store.Seen{{MessageID: "<a@company.com>"}}},
		"a mail seen twice":               {Seen: []store.Seen{{Key: "a"}, {Key: "a"}}},
		"an entry of another ticket":      {Entries: other},
		"an entry that is none":           {Entries: []store.Entry{{Number: 2, Entry: record.Entry{Line: []byte("{")}}}},
		"entries with a gap":              {Entries: append(Log(2, nil, workflow.Created), Log(2, make([]record.Entry, 2), workflow.Opened)...)},
		"a message of no ticket":          {Messages: []store.Message{{Seq: 1}}},
		"a message without a place":       {Messages: []store.Message{{Ticket: 2}}},
		"a message twice":                 {Messages: []store.Message{{Ticket: 2, Seq: 1}, {Ticket: 2, Seq: 1}}},
		"a quarantined mail without name": {Quarantine: []store.Quarantined{{Reason: "x"}}},
		"a segment that is two things":    {Outbox: []store.Outbox{{Segments: []store.Segment{{Bytes: []byte("a"), Ref: &store.Ref{}}}}}},
	} {
		if err := s.Commit(context.Background(), c); err == nil || errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrDuplicate) {
			t.Errorf("%s: %v", says, err)
		}
	}
	if after := everything(t, s); !reflect.DeepEqual(before, after) {
		t.Errorf("before\n%+v\nafter\n%+v", before, after)
	}
}

func mailsAreFound(t *testing.T, open Open) {
	s := opened(t, open)
	const id = "<CAB+x@mail.company.com>"
	first := store.Seen{Key: store.SeenKey(id, "d1"), MessageID: id, From: Reporter(1), Ticket: 1, Message: 1, At: At(2)}
	second := store.Seen{Key: "any other key", MessageID: id, From: Reporter(2), Ticket: 2, Message: 3, At: At(1)}
	without := store.Seen{Key: store.SeenKey("", "d3"), From: Reporter(3), Ticket: 4, At: At(3)}
	c := store.Change{Seen: []store.Seen{first, second, without}}
	c.Traces = []store.Trace{{At: At(1), MessageID: id, From: Reporter(1), Outcome: "ticket"}}
	commit(t, s, c)
	view(t, s, func(r store.Reader) error {
		for _, want := range c.Seen {
			got, err := r.Seen(want.Key)
			equal(t, want.Key, got, want, err)
		}
		for _, spelled := range []string{id, strings.Trim(id, "<>"), " " + id} {
			got, err := r.Mail(spelled)
			equal(t, "mails of "+spelled, got, []store.Seen{second, first}, err)
		}
		for _, none := range []string{"", "<>", "<other@company.com>", strings.ToUpper(id)} {
			got, err := r.Mail(none)
			equal(t, "mails of "+none, len(got), 0, err)
		}
		for _, none := range []string{"", "d1", store.MessageKey(id), store.MessageKey(id) + "any other key"} {
			if _, err := r.Seen(none); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("key %q is %v", none, err)
			}
		}
		return nil
	})
}

func factsCompare(t *testing.T, open Open) {
	s := opened(t, open)
	commit(t, s, store.Change{Facts: []store.Fact{{Key: "turn", Value: []byte("1")}}})
	refused(t, s, store.Change{Facts: []store.Fact{{Key: "turn", Value: []byte("2")}}}, store.ErrConflict)
	commit(t, s, store.Change{Facts: []store.Fact{{Key: "turn", Version: 1, Value: []byte{}}}})
	refused(t, s, store.Change{Facts: []store.Fact{{Key: "turn", Version: 1}}}, store.ErrConflict)
	f := get(t, s, func(r store.Reader) (store.Fact, error) { return r.Fact("turn") })
	equal(t, "fact", f, store.Fact{Key: "turn", Version: 2, Value: []byte{}}, nil)
	commit(t, s, store.Change{Facts: []store.Fact{{Key: "turn", Version: 2}}})
	f = get(t, s, func(r store.Reader) (store.Fact, error) { return r.Fact("turn") })
	if f.Version != 0 || f.Value != nil {
		t.Errorf("a fact that is gone is %+v", f)
	}
	out := atOnce(t, s, 20, func(i int) store.Change {
		return store.Change{Facts: []store.Fact{{Key: "new", Value: []byte{byte(i)}}}}
	})
	if out[nil] != 1 || out[store.ErrConflict] != 19 {
		t.Errorf("of 20 writers: %v", out)
	}
}

func factsComeAnew(t *testing.T, open Open) {
	s := opened(t, open)
	commit(t, s, store.Change{Facts: []store.Fact{{Key: "f", Value: []byte("1")}}})
	read := get(t, s, func(r store.Reader) (store.Fact, error) { return r.Fact("f") })
	commit(t, s, store.Change{Facts: []store.Fact{{Key: "f", Version: read.Version}}})
	commit(t, s, store.Change{Facts: []store.Fact{{Key: "f", Value: []byte("2")}}})
	read.Value = []byte("3")
	refused(t, s, store.Change{Facts: []store.Fact{read}}, store.ErrConflict)
}

func factsByPrefix(t *testing.T, open Open) {
	s := opened(t, open)
	var c store.Change
	for _, key := range []string{"blocked/b@example.net", "away/b@company.com", "away/a@company.com", "awa"} {
		c.Facts = append(c.Facts, store.Fact{Key: key, Value: []byte(key)})
	}
	commit(t, s, c)
	all := get(t, s, func(r store.Reader) ([]store.Fact, error) { return r.Facts("away/") })
	if len(all) != 2 || all[0].Key != "away/a@company.com" || string(all[1].Value) != "away/b@company.com" {
		t.Errorf("they are %+v", all)
	}
}

func numbersOnce(t *testing.T, open Open) {
	ctx := context.Background()
	s := open()
	next := func(sequence string) uint64 {
		n, err := s.Reserve(ctx, sequence)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if a, b := next(store.SeqTicket), next(store.SeqTurn("service-desk")); a != 1 || b != 1 {
		t.Errorf("the first numbers are %d and %d", a, b)
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	given := map[uint64]bool{}
	for range 10 {
		wg.Go(func() {
			for range 50 {
				n, err := s.Reserve(ctx, store.SeqTicket)
				mu.Lock()
				if err != nil || given[n] {
					t.Errorf("number %d, given before: %v, %v", n, given[n], err)
				}
				given[n] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	last := sop.Number(next(store.SeqTicket))
	commit(t, s, store.Change{Tickets: []store.Ticket{Ticket(last, Reporter(1), At(0))}})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = opened(t, open)
	if n := next(store.SeqTicket); n <= uint64(last) {
		t.Errorf("after %d came %d", last, n)
	}
}

func numbersFromElsewhere(t *testing.T, open Open) {
	s := opened(t, open)
	commit(t, s, store.Change{Tickets: []store.Ticket{Ticket(500, Reporter(1), At(0))}}) // as a restore brings it
	if n, err := s.Reserve(context.Background(), store.SeqTicket); err != nil || n != 501 {
		t.Errorf("the next number is %d, %v", n, err)
	}
}

func readsStay(t *testing.T, open Open) {
	s := opened(t, open)
	commit(t, s, Mail(1, Reporter(1), At(0), []byte("a raw mail"), []byte("notice")))
	var raw []byte
	var log []record.Entry
	var rows []store.Outbox
	view(t, s, func(r store.Reader) (err error) {
		raw, _ = r.Raw(1, 1)
		rows, _ = r.Queue(0, 10)
		log, err = r.Log(1)
		return err
	})
	for i := range 30 { // the pages that they were read from are written over
		ticket := Ticket(1, Reporter(1), At(i))
		ticket.Expect = store.Version(i + 1)
		commit(t, s, store.Change{Tickets: []store.Ticket{ticket}, Done: []uint64{rows[0].ID, rows[1].ID}})
	}
	raw = append(raw, '!')
	if string(raw) != "a raw mail!" || string(rows[1].Segments[0].Bytes) != "notice" {
		t.Errorf("they became %q and %+v", raw, rows)
	}
	log[0].Words[0] = '{'
	if err := record.Verify(1, log); err != nil {
		t.Error(err)
	}
}

func readsAreConsistent(t *testing.T, open Open) {
	s := opened(t, open)
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range 100 {
			ticket := Ticket(1, Reporter(1), At(i))
			ticket.Expect, ticket.Ticket.Messages = store.Version(i), i+1
			c := store.Change{Tickets: []store.Ticket{ticket}, Messages: []store.Message{{Ticket: 1, Seq: i + 1}}}
			if err := s.Commit(context.Background(), c); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for ended := false; !ended; {
		view(t, s, func(r store.Reader) error {
			ticket, version, err := r.Ticket(1)
			if errors.Is(err, store.ErrNotFound) {
				return nil
			}
			time.Sleep(time.Millisecond) // commits go on meanwhile
			messages, err := r.Messages(1)
			if len(messages) != ticket.Messages || int(version) != ticket.Messages {
				t.Errorf("a ticket with %d messages, of which there are %d", ticket.Messages, len(messages))
			}
			ended = version == 100 || t.Failed()
			return err
		})
	}
	wg.Wait()
}

func endedContext(t *testing.T, open Open) {
	s := opened(t, open)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Commit(ctx, Mail(1, Reporter(1), At(0), nil, nil)); !errors.Is(err, context.Canceled) {
		t.Errorf("a commit says %v", err)
	}
	if err := s.View(ctx, func(store.Reader) error { t.Error("it was read"); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("a view says %v", err)
	}
	if _, err := s.Reserve(ctx, store.SeqTicket); !errors.Is(err, context.Canceled) {
		t.Errorf("Reserve says %v", err)
	}
	if _, err := s.Claim(ctx, At(0), 1, time.Minute); !errors.Is(err, context.Canceled) {
		t.Errorf("Claim says %v", err)
	}
	if n := get(t, s, store.Reader.Counts)["tickets"]; n != 0 {
		t.Errorf("there are %d tickets", n)
	}
}

func closed(t *testing.T, open Open) {
	ctx := context.Background()
	s := open()
	out := make(chan error)
	go func() { out <- s.Commit(ctx, Mail(1, Reporter(1), At(0), nil, nil)) }()
	if err := <-out; err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for what, err := range map[string]error{
		"Commit": s.Commit(ctx, Mail(2, Reporter(1), At(0), nil, nil)),
		"View":   s.View(ctx, func(store.Reader) error { return nil }),
		"Reserve": func() error {
			_, err := s.Reserve(ctx, store.SeqTicket)
			return err
		}(),
		"Claim": func() error {
			_, err := s.Claim(ctx, At(0), 1, time.Minute)
			return err
		}(),
	} {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("%s says %v", what, err)
		}
	}
}
