// Package bolt keeps the store in one bbolt file and the log before it (package kv), for one process.
//
// One goroutine writes: it takes whatever changes wait and commits them together, so that a disk flush serves many of
// them. Everything that costs time and needs no look at the store is done before, by whoever commits. The buckets and
// rows are docs/formats.md, "Store". It keeps no large values: those are blobs.
package bolt

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"helpost/internal/store"
	"helpost/internal/store/kv"
)

// Options of a store. The zero value is right for service.
type Options struct {
	FirstTicket uint64       // the least number that Reserve gives a ticket; 0: 1
	NoSync      bool         // no flush to disk: simulations only, a crash loses what was acknowledged
	OnCommit    func(Commit) // told of every group commit, after it; it must be quick
	Search      string       // folder of the search index (docs/formats.md); "": none, and a search reads the tickets one by one
	Log         *slog.Logger // nil: the default one
}

// Commit is what one group commit was.
type Commit struct {
	Changes int           // how many changes it took, refused ones too
	Bytes   int           // size of their rows, before indexes
	Took    time.Duration // from its begin until it was durable
	Err     error         // of the whole; nil even where single changes were refused
}

// Store is a store.Store in a bbolt file.
type Store struct {
	path string
	opts Options
	log  *slog.Logger

	queue    chan *request
	stopped  chan struct{} // closed when the writer has ended
	patience time.Duration

	life    sync.RWMutex // guards closed
	closed  bool
	pending sync.WaitGroup // calls that run

	db *kv.DB

	outbox   *outbox
	counters *counters
	filler   *filler // nil: no search index
}

var _ store.Store = (*Store)(nil)

// Open opens the store at path and makes it where there is none.
// The file that another process has open is store.ErrLocked; one of a later schema is store.ErrNewer.
func Open(path string, o Options) (*Store, error) { return open(path, o, migrations) }

func open(path string, o Options, steps []migration) (s *Store, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true)) // where the file is shorter than it says
	defer func() {
		if cause := recover(); cause != nil { // bbolt trusts the pages that it reads
			s, err = nil, fmt.Errorf("%s is damaged: %v", path, cause)
		}
	}()
	if o.Log == nil {
		o.Log = slog.Default()
	}
	db, err := kv.Open(path, kv.Options{
		Buckets: buckets, NoSync: o.NoSync, Log: o.Log,
		Make:  func(db *bbolt.DB) error { return migrate(db, steps) },
		Check: func(tx *bbolt.Tx) error { return known(tx, steps) },
	})
	if errors.Is(err, kv.ErrLocked) {
		return nil, fmt.Errorf("%s: %w", path, store.ErrLocked)
	}
	if err != nil {
		return nil, fault(err)
	}
	s = &Store{
		path: path, opts: o, log: o.Log, db: db,
		queue: make(chan *request, maxBatch), stopped: make(chan struct{}), patience: patience,
	}
	if err := s.prepare(steps); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, fault(err)), db.Close())
	}
	go s.write()
	if o.Search != "" {
		s.fill(o.Search)
	}
	return s, nil
}

// prepare brings the schema up to date and reads what the store keeps in memory.
func (s *Store) prepare(steps []migration) error {
	old := false
	if err := s.db.View(func(tx *kv.Tx) error { old = outdated(tx, steps); return nil }); err != nil {
		return err
	}
	if old {
		if err := s.db.Merge(); err != nil {
			return err
		}
		if err := s.db.File(func(db *bbolt.DB) error { return migrate(db, steps) }); err != nil {
			return err
		}
	}
	return s.db.View(func(tx *kv.Tx) (err error) {
		if s.counters, err = loadCounters(tx, s.opts.FirstTicket); err != nil {
			return err
		}
		s.outbox, err = loadOutbox(tx)
		return err
	})
}

// Path is the file of the store.
func (s *Store) Path() string { return s.path }

// Size is that of the file, in bytes.
func (s *Store) Size() (int64, error) {
	info, err := os.Stat(s.path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Waiting is how many changes wait for a group commit.
func (s *Store) Waiting() int { return len(s.queue) }

// enter counts a call in, so that Close waits for it.
func (s *Store) enter() error {
	s.life.RLock()
	defer s.life.RUnlock()
	if s.closed {
		return store.ErrClosed
	}
	s.pending.Add(1)
	return nil
}

// Close ends the store after what runs. A second Close does nothing.
func (s *Store) Close() error {
	if s.filler != nil {
		s.filler.stop()
	}
	s.life.Lock()
	if s.closed {
		s.life.Unlock()
		return nil
	}
	s.closed = true
	s.life.Unlock()
	s.pending.Wait()
	close(s.queue)
	<-s.stopped
	return s.db.Close()
}

// View reads a consistent state.
func (s *Store) View(ctx context.Context, fn func(store.Reader) error) error {
	return s.view(ctx, func(r *reader) error { return fn(r) })
}

func (s *Store) view(ctx context.Context, fn func(*reader) error) error {
	return s.read(ctx, s.db.View, fn)
}

// whole is view of a state that the file holds by itself, so that it can be copied.
func (s *Store) whole(ctx context.Context, fn func(*reader) error) error {
	return s.read(ctx, s.db.Whole, fn)
}

func (s *Store) read(ctx context.Context, view func(func(*kv.Tx) error) error, fn func(*reader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.enter(); err != nil {
		return err
	}
	defer s.pending.Done()
	return view(func(tx *kv.Tx) error { return fn(&reader{ctx: ctx, tx: tx, outbox: s.outbox, filler: s.filler}) })
}

// Reserve gives the next number of a sequence. What of it was given out is made durable by the next commit.
func (s *Store) Reserve(ctx context.Context, sequence string) (uint64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if err := checkKey("sequence", sequence); err != nil {
		return 0, err
	}
	if err := s.enter(); err != nil {
		return 0, err
	}
	defer s.pending.Done()
	return s.counters.next(sequence), nil
}

// fault gives an error of the file system or of bbolt its kind.
func fault(err error) error {
	if kv.IsFull(err) {
		return fmt.Errorf("%w: %w", store.ErrFull, err)
	}
	return err
}
