package storetest

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"helpost/internal/store"
)

func expectRows(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func outboxOrder(t *testing.T, open Open) {
	s := opened(t, open)
	if at := get(t, s, store.Reader.NextTry); !at.IsZero() {
		t.Errorf("an empty outbox is due at %v", at)
	}
	commit(t, s, store.Change{Outbox: []store.Outbox{
		Row("routine", store.ClassRoutine, At(1), nil),
		Row("answer, later", store.ClassAnswer, At(5), nil),
		Row("answer", store.ClassAnswer, At(2), nil),
		Row("answer, same moment", store.ClassAnswer, At(2), []byte("exact bytes")),
	}})
	commit(t, s, store.Change{Outbox: []store.Outbox{Row("urgent", store.ClassUrgent, At(3), nil), Row("urgent, not yet", store.ClassUrgent, At(60), nil)}})
	if at := get(t, s, store.Reader.NextTry); !at.Equal(At(1)) {
		t.Errorf("the outbox is due at %v", at)
	}
	got, _ := claim(t, s, At(0), 10)
	expectRows(t, "before anything is due", got)
	got, rows := claim(t, s, At(4), 3)
	expectRows(t, "the first three", got, "urgent", "answer", "answer, same moment")
	if string(rows[2].Segments[0].Bytes) != "exact bytes" {
		t.Errorf("it carries %+v", rows[2].Segments)
	}
	if at := get(t, s, store.Reader.NextTry); !at.Equal(At(1)) {
		t.Errorf("with one due row left the outbox is due at %v", at)
	}
	got, _ = claim(t, s, At(4), 10)
	expectRows(t, "what is left", got, "routine")
	if at := get(t, s, store.Reader.NextTry); !at.Equal(At(5)) {
		t.Errorf("then the outbox is due at %v", at)
	}
	got, _ = claim(t, s, At(5), 10)
	expectRows(t, "a second later", got, "answer, later")
	got, _ = claim(t, s, At(59), 10)
	expectRows(t, "while all are leased", got)
}

func outboxLease(t *testing.T, open Open) {
	s := open()
	commit(t, s, store.Change{Outbox: []store.Outbox{
		Row("a", store.ClassAnswer, At(0), nil), Row("b", store.ClassAnswer, At(0), nil), Row("c", store.ClassAnswer, At(0), nil),
	}})
	got, rows := claim(t, s, At(0), 10)
	expectRows(t, "all", got, "a", "b", "c")
	if at := get(t, s, store.Reader.NextTry); !at.Equal(At(60)) {
		t.Errorf("with all leased for a minute the outbox is due at %v", at)
	}
	got, _ = claim(t, s, At(59), 10)
	expectRows(t, "before the leases end", got)
	commit(t, s, store.Change{
		Done:  []uint64{rows[0].ID},
		Defer: []store.Deferral{{ID: rows[1].ID, NextTry: At(10), Tries: 1, Error: "451 try later"}},
	})
	if at := get(t, s, store.Reader.NextTry); !at.Equal(At(10)) {
		t.Errorf("with one deferred the outbox is due at %v", at)
	}
	got, rows = claim(t, s, At(10), 10)
	expectRows(t, "a deferred one", got, "b")
	if rows[0].Tries != 1 || rows[0].LastError != "451 try later" || !rows[0].NextTry.Equal(At(10)) {
		t.Errorf("it says %+v", rows[0])
	}
	got, _ = claim(t, s, At(60), 10)
	expectRows(t, "when the first lease ends", got, "c")
	commit(t, s, store.Change{Done: []uint64{1 << 40}, Defer: []store.Deferral{{ID: 1 << 40, NextTry: At(0)}}}) // they left long ago
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = opened(t, open)
	got, _ = claim(t, s, At(1000), 10) // after every lease, whether it outlived the process or not
	expectRows(t, "after opening anew", got, "c", "b")
}

func outboxMany(t *testing.T, open Open) {
	s := opened(t, open)
	const all = 60
	for range all / 10 {
		var c store.Change
		for range 10 {
			c.Outbox = append(c.Outbox, Row("a@company.com", store.ClassAnswer, At(0), []byte("x")))
		}
		commit(t, s, c)
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	got := map[uint64]int{}
	for range 6 {
		wg.Go(func() {
			for {
				rows, err := s.Claim(context.Background(), At(1), 7, time.Minute)
				if err != nil {
					t.Error(err)
				}
				if len(rows) == 0 {
					return
				}
				var done []uint64
				mu.Lock()
				for _, r := range rows {
					got[r.ID]++
					done = append(done, r.ID)
				}
				mu.Unlock()
				if err := s.Commit(context.Background(), store.Change{Done: done}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if len(got) != all {
		t.Errorf("%d of %d rows were claimed", len(got), all)
	}
	for id, n := range got {
		if n != 1 {
			t.Errorf("row %d was claimed %d times", id, n)
		}
	}
	if n := get(t, s, store.Reader.QueueSize); n != 0 {
		t.Errorf("%d rows are left", n)
	}
}

func outboxList(t *testing.T, open Open) {
	s := opened(t, open)
	for _, to := range []string{"a", "b", "c", "d"} {
		commit(t, s, store.Change{Outbox: []store.Outbox{Row(to, store.ClassAnswer, At(0), []byte(to))}})
	}
	all := get(t, s, func(r store.Reader) ([]store.Outbox, error) { return r.Queue(0, 10) })
	if len(all) != 4 || all[0].ID == 0 || all[0].ID >= all[1].ID {
		t.Fatalf("the outbox is %+v", all)
	}
	page := get(t, s, func(r store.Reader) ([]store.Outbox, error) { return r.Queue(all[0].ID, 2) })
	if len(page) != 2 || page[0].To != "b" || page[1].To != "c" || string(page[1].Segments[0].Bytes) != "c" {
		t.Errorf("after the first come %+v", page)
	}
	commit(t, s, store.Change{Done: []uint64{all[3].ID}})
	commit(t, s, store.Change{Outbox: []store.Outbox{Row("e", store.ClassAnswer, At(0), nil)}})
	last := get(t, s, func(r store.Reader) ([]store.Outbox, error) { return r.Queue(all[2].ID, 10) })
	if len(last) != 1 || last[0].ID <= all[3].ID {
		t.Errorf("an id was given again: %+v", last)
	}
	if end := get(t, s, func(r store.Reader) ([]store.Outbox, error) { return r.Queue(1<<64-1, 10) }); len(end) != 0 {
		t.Errorf("after the last possible id come %+v", end)
	}
}
