package bolt

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/internal/store/storetest"
)

// batched commits changes as one batch and gives their answers, in order.
func batched(t *testing.T, s *Store, changes ...*prepared) []error {
	t.Helper()
	var batch []*request
	for _, p := range changes {
		batch = append(batch, &request{change: p, done: make(chan error, 1)})
	}
	s.commit(batch)
	var answers []error
	for _, r := range batch {
		answers = append(answers, <-r.done)
	}
	return answers
}

func rowsOf(t *testing.T, c store.Change) *prepared {
	t.Helper()
	p, err := prepare(&c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// held holds up the writer until it is released.
func held(t *testing.T, s *Store) (release func()) {
	t.Helper()
	tx, err := s.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	return tx.Rollback
}

// impossible is a change that the store refuses in the middle of writing it: a key of no length, after rows that went in.
func impossible(t *testing.T) *prepared {
	p := rowsOf(t, mail(50))
	p.raws = append(p.raws, keyed{key: nil, row: []byte("x")})
	return p
}

func TestAChangeThatFailsDoesNotSinkItsBatch(t *testing.T) {
	s := openTest(t, file(t), Options{Log: slog.New(slog.DiscardHandler)})
	commitTest(t, s, mail(1))
	dup := rowsOf(t, mail(1))
	stale := rowsOf(t, store.Change{Tickets: []store.Ticket{storetest.Ticket(1, "a@company.com", storetest.At(0))}})
	answers := batched(t, s, rowsOf(t, mail(2)), dup, impossible(t), rowsOf(t, mail(3)), stale, rowsOf(t, mail(3)), rowsOf(t, mail(4)))
	for i, want := range []error{nil, store.ErrDuplicate, errAny, nil, store.ErrConflict, store.ErrDuplicate, nil} {
		switch got := answers[i]; {
		case want == errAny:
			if got == nil || errors.Is(got, store.ErrConflict) || errors.Is(got, store.ErrDuplicate) {
				t.Errorf("change %d is answered %v", i, got)
			}
		case !errors.Is(got, want):
			t.Errorf("change %d is answered %v, want %v", i, got, want)
		}
	}
	checkTest(t, s)
	err := s.View(context.Background(), func(r store.Reader) error {
		for n, there := range map[sop.Number]bool{1: true, 2: true, 3: true, 4: true, 50: false} {
			if _, _, err := r.Ticket(n); (err == nil) != there {
				t.Errorf("ticket %d: %v", n, err)
			}
		}
		if n, _ := r.QueueSize(); n != 8 {
			t.Errorf("the outbox has %d rows", n)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	rows, err := s.Claim(context.Background(), storetest.At(1000), 100, time.Minute)
	if err != nil || len(rows) != 8 {
		t.Errorf("%d rows can be claimed, %v", len(rows), err)
	}
}

var errAny = errors.New("any")

func TestAPanicIsAnErrorOfItsChangeAlone(t *testing.T) {
	s := openTest(t, file(t), Options{Log: slog.New(slog.DiscardHandler)})
	bad := rowsOf(t, mail(50))
	bad.messages = append(bad.messages, keyed{key: []byte{1}, row: []byte("x")})
	// A key too short for a number is put once; where it is there, naming its ticket panics.
	if answers := batched(t, s, &prepared{messages: []keyed{{key: []byte{1}, row: []byte("x")}}}); answers[0] != nil {
		t.Fatal(answers[0])
	}
	answers := batched(t, s, rowsOf(t, mail(2)), bad, rowsOf(t, mail(3)))
	if answers[0] != nil || answers[1] == nil || answers[2] != nil {
		t.Errorf("answers: %v", answers)
	}
	commitTest(t, s, mail(4))
}

func TestManyWritersShareCommits(t *testing.T) {
	var mu sync.Mutex
	commits, changes := 0, 0
	s := openTest(t, file(t), Options{NoSync: true, OnCommit: func(c Commit) {
		mu.Lock()
		defer mu.Unlock()
		commits++
		changes += c.Changes
		if c.Err != nil || c.Bytes <= 0 || c.Took <= 0 || c.Changes > maxBatch {
			t.Errorf("told of %+v", c)
		}
	}})
	var wg sync.WaitGroup
	const all = 400
	release := held(t, s) // until all of them wait
	for i := range all {
		wg.Go(func() {
			if err := s.Commit(context.Background(), mail(i+1)); err != nil {
				t.Error(err)
			}
		})
	}
	for len(s.queue) < maxBatch {
		time.Sleep(time.Millisecond)
	}
	release()
	wg.Wait()
	mu.Lock()
	defer mu.Unlock()
	if changes != all || commits > all/10 {
		t.Errorf("%d changes took %d commits", changes, commits)
	}
	checkTest(t, s)
}

func TestACommitThatWaitsCanBeGivenUp(t *testing.T) {
	s := openTest(t, file(t), Options{})
	ctx, cancel := context.WithCancel(context.Background())
	release := held(t, s)
	first := &request{change: rowsOf(t, mail(1)), done: make(chan error, 1)}
	s.queue <- first
	for first.state.Load() != taken {
		time.Sleep(time.Millisecond)
	}
	second := make(chan error, 1)
	go func() { second <- s.Commit(ctx, mail(2)) }()
	for len(s.queue) == 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-second; !errors.Is(err, context.Canceled) {
		t.Errorf("the second says %v", err)
	}
	release()
	if err := <-first.done; err != nil {
		t.Errorf("the first says %v", err)
	}
	commitTest(t, s, mail(3))
	err := s.View(context.Background(), func(r store.Reader) error {
		if _, _, err := r.Ticket(2); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a change that was given up is there: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestWhatBecameOfMailsWaitsForAnotherChange(t *testing.T) {
	var commits []Commit
	s := openTest(t, file(t), Options{NoSync: true, OnCommit: func(c Commit) { commits = append(commits, c) }})
	commitTest(t, s, mail(1))
	s.patience = time.Minute
	answers := make(chan error, 2)
	go func() { answers <- s.Commit(context.Background(), store.Change{Done: []uint64{1}}) }()
	go func() {
		answers <- s.Commit(context.Background(), store.Change{Defer: []store.Deferral{{ID: 2, Tries: 1}}})
	}()
	for begin := time.Now(); len(s.queue) > 0 || time.Since(begin) < 10*time.Millisecond; time.Sleep(time.Millisecond) {
		if len(answers) > 0 {
			t.Fatal("one was committed alone")
		}
	}
	commitTest(t, s, mail(2))
	for range cap(answers) {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	s.patience = time.Millisecond
	commitTest(t, s, store.Change{Done: []uint64{3}}) // where no other comes
	checkTest(t, s)
	s.Close()
	if len(commits) > 4 || commits[len(commits)-1].Changes != 1 {
		t.Errorf("the commits were %+v", commits)
	}
}
