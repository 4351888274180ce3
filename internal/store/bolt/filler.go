package bolt

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"helpost/internal/sop"
	"helpost/internal/store/words"
)

// filler keeps an index of words in step with the store, on a goroutine of its own that reads a few tickets at a time and
// rests in between. No commit waits for it; it hears of each, and a search looks into what it heard of and has not read.
//
// What it did not hear of (before a crash, or beyond what it remembers) it finds by the seals and by what no seal has seen
// yet: those name every ticket whose log went on.
type filler struct {
	s      *Store
	opened chan struct{} // closed when x is there, or will never be
	x      *words.Index  // nil: it could not be opened
	log    *slog.Logger
	cancel context.CancelFunc
	ended  chan struct{}
	wake   chan struct{}

	mu      sync.Mutex
	changed map[sop.Number]uint64  // tickets to be read; the number tells a later change from an earlier one
	said    map[sop.Number]*saying // what those of them say that are new
	held    int                    // bytes of that
	heard   uint64                 // commits so far
	lost    bool                   // more changed than it remembers, or it begins
	below   sop.Number             // tickets with lower numbers have yet to be read for the first time
	quiet   bool                   // nothing is left to do

	begun  bool
	check  *recheck            // of what it did not hear of; nil: none is going on
	erased map[sop.Number]bool // tickets whose words must leave the index before they are read anew
	first  time.Time           // when the first of them was seen
	added  time.Time           // when the first ticket was added that is not flushed
	rested time.Time
	last   uint64    // heard then
	until  time.Time // at the end: how long to go on, without rest
}

const (
	fillStep    = 64      // tickets read at once
	mostChanged = 100_000 // that are remembered
	mostExtra   = 5000    // of those, that a search looks into, the newest
	flushAfter  = 10 * time.Minute
	forgetAfter = 5 * time.Second // so that one pass takes out all that one erasure changed
	retryAfter  = time.Minute
	endWithin   = 3 * time.Second
	shortRest   = 1 // times as long as it worked, while nobody commits
	longRest    = 8 // while somebody does
	mostRest    = 500 * time.Millisecond
)

// fill begins to open the index in a folder and to fill it: a start does not wait for that. What is wrong with it is told: a
// search reads tickets then.
func (s *Store) fill(folder string) {
	ctx, cancel := context.WithCancel(context.Background())
	f := &filler{
		s: s, log: s.log, cancel: cancel, opened: make(chan struct{}), ended: make(chan struct{}), wake: make(chan struct{}, 1),
		changed: map[sop.Number]uint64{}, said: map[sop.Number]*saying{}, erased: map[sop.Number]bool{},
	}
	s.filler = f
	go func() {
		defer close(f.ended)
		x, err := words.Open(folder)
		if err != nil {
			s.log.Warn("no search index: a search reads the tickets one by one", "folder", folder, "error", err)
			close(f.opened)
			return
		}
		x.Rest = func() error { return f.rest(ctx) }
		f.x = x
		close(f.opened)
		f.run(ctx)
	}()
}

// openTime is how long a search waits for the index, which opens in milliseconds after a start unless its disk hangs.
const openTime = time.Second

// index is the index, as soon as it is open; nil: there is none, or not yet.
func (f *filler) index() *words.Index {
	if f == nil {
		return nil
	}
	if x, open := f.opens(); open {
		return x
	}
	t := time.NewTimer(openTime)
	defer t.Stop()
	select {
	case <-f.opened:
		return f.x
	case <-t.C:
		return nil
	}
}

// opens says whether the index was opened, or could not be.
func (f *filler) opens() (x *words.Index, done bool) {
	select {
	case <-f.opened:
		return f.x, true
	default:
		return nil, false
	}
}

// hear takes note of tickets that changed. The writer calls it before it answers.
func (f *filler) hear(tickets []ticketRow) {
	if x, done := f.opens(); len(tickets) == 0 || done && x == nil {
		return
	}
	f.mu.Lock()
	f.heard++
	for _, t := range tickets {
		f.note(t.number)
		f.remember(t.number, t.saying)
	}
	f.quiet = false
	f.mu.Unlock()
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// note remembers a ticket, or that one is forgotten. The caller holds mu.
func (f *filler) note(n sop.Number) {
	f.take(n)
	if _, known := f.changed[n]; !known && len(f.changed) >= mostChanged {
		f.lost = true
		return
	}
	f.changed[n] = f.heard
}

// Unread says how many tickets the search index has yet to read, about.
func (s *Store) Unread() int {
	f := s.filler
	if f == nil {
		return 0
	}
	if x, done := f.opens(); done && x == nil {
		return 0
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	n := len(f.changed)
	if f.below > 0 {
		n += int(f.below - 1)
	}
	if n == 0 && !f.quiet {
		n = 1
	}
	return n
}

// errEnding breaks off what takes too long at the end. The next start does it.
var errEnding = errors.New("the store is closing")

// stop lets it do what is quickly done, write what it has, and end.
func (f *filler) stop() {
	f.cancel()
	<-f.ended
}

func (f *filler) run(ctx context.Context) {
	told := false
	for ctx.Err() == nil {
		more, err := f.step(ctx)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			if !told {
				f.log.Warn("the search index cannot go on; it is tried again each minute", "error", err)
			}
			told = true
			f.wait(ctx, nil, retryAfter)
		case more:
			told = false
			_ = f.rest(ctx)
		default:
			f.wait(ctx, f.wake, f.idle())
		}
	}
	f.until = time.Now().Add(endWithin)
	err := f.end()
	if err = errors.Join(err, f.x.Close()); err != nil && !errors.Is(err, errEnding) {
		f.log.Warn("the search index is not whole; the next start completes it", "error", err)
	}
}

// end reads what is left of what it heard, and flushes. The first reading of all tickets goes on at the next start.
func (f *filler) end() error {
	ctx := context.Background()
	if f.x.Spoiled() {
		return nil
	}
	if !f.begun {
		if err := f.begin(ctx); err != nil {
			return err
		}
	}
	f.mu.Lock()
	more := len(f.changed) < mostExtra
	f.mu.Unlock()
	var err error
	for more && err == nil && f.rest(ctx) == nil {
		more, err = f.look(ctx)
	}
	return errors.Join(err, f.flush(ctx))
}

// wait waits for a wake, or for a time; 0: without end.
func (f *filler) wait(ctx context.Context, wake <-chan struct{}, most time.Duration) {
	var over <-chan time.Time
	if most > 0 {
		t := time.NewTimer(most)
		defer t.Stop()
		over = t.C
	}
	select {
	case <-ctx.Done():
	case <-wake:
	case <-over:
	}
	f.rested = time.Now()
}

// idle is how long nothing needs to be done.
func (f *filler) idle() time.Duration {
	most := time.Duration(0)
	if f.x.Waiting() > 0 {
		most = max(time.Until(f.added.Add(flushAfter)), time.Millisecond)
	}
	if len(f.erased) > 0 {
		most = max(time.Until(f.first.Add(forgetAfter)), time.Millisecond)
	}
	return most
}

// rest rests as long as it has worked, and much longer while somebody commits.
func (f *filler) rest(ctx context.Context) error {
	if !f.until.IsZero() {
		if time.Now().After(f.until) {
			return errEnding
		}
		return nil
	}
	f.mu.Lock()
	times := shortRest
	if f.heard != f.last {
		times = longRest
	}
	f.last = f.heard
	f.mu.Unlock()
	worked := min(max(time.Since(f.rested), time.Microsecond), mostRest)
	f.wait(ctx, nil, min(worked*time.Duration(times), mostRest))
	return ctx.Err()
}

// step does the next thing, and says whether there may be more to do.
func (f *filler) step(ctx context.Context) (more bool, err error) {
	switch {
	case f.x.Spoiled():
		f.begun = false
		return true, f.x.Empty()
	case !f.begun:
		return true, f.begin(ctx)
	case f.x.Full(), f.x.Waiting() > 0 && time.Since(f.added) > flushAfter:
		return true, f.flush(ctx)
	}
	if more, err = f.look(ctx); more || err != nil {
		return more, err
	}
	f.mu.Lock()
	below := f.below
	f.quiet = below == 0 && len(f.changed) == 0 && !f.lost
	f.mu.Unlock()
	if below == 0 {
		return false, nil
	}
	return true, f.readOlder(ctx, below)
}

// look reads what changed.
func (f *filler) look(ctx context.Context) (more bool, err error) {
	f.mu.Lock()
	lost := f.lost
	some := make(map[sop.Number]uint64, fillStep)
	for n, heard := range f.changed {
		if len(some) == fillStep {
			break
		}
		if !f.erased[n] {
			some[n] = heard
		}
	}
	f.mu.Unlock()
	ending := !f.until.IsZero()
	switch {
	case len(some) > 0:
		return true, f.readChanged(ctx, some)
	case lost: // also where one is going on
		f.check = &recheck{}
		if at := f.x.Place(); at != nil {
			f.check.day = at.Day
		}
		f.mu.Lock()
		f.lost = false
		f.mu.Unlock()
		return true, nil
	case f.check != nil:
		return true, f.recheck(ctx)
	case len(f.erased) > 0 && (ending || time.Since(f.first) > forgetAfter):
		if err := f.x.Forget(f.erased); err != nil {
			return false, err
		}
		clear(f.erased)
		return true, nil
	}
	return false, nil
}
