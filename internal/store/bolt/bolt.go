// Package bolt keeps the store in one bbolt file, for one process.
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
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"helpost/internal/durable"
	"helpost/internal/store"
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

	writing sync.Mutex   // held over each group commit, and over a compaction
	swap    sync.RWMutex // read-held over each use of db; held to replace it
	db      *bbolt.DB
	file    os.FileInfo // of the file that db has open

	outbox   *outbox
	counters *counters
	filler   *filler // nil: no search index
	full     fullDisk
	broken   damage
}

var _ store.Store = (*Store)(nil)

// mapSize is how much address space the file's mapping takes from the start. bbolt must wait for all readers before it
// maps anew; with this it never does before the file has grown as large.
func mapSize() int {
	if strconv.IntSize < 64 {
		return 0
	}
	gib := 1 << 30
	return 16 * gib
}

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
	if _, err := os.Lstat(path); errors.Is(err, os.ErrNotExist) {
		if err := makeNew(path, o, steps); err != nil {
			return nil, fmt.Errorf("%s: %w", path, fault(err))
		}
	}
	db, err := openFile(path, o)
	if err != nil {
		return nil, err
	}
	file, err := os.Stat(path)
	if err != nil {
		db.Close()
		return nil, err
	}
	s = &Store{
		path: path, opts: o, log: o.Log, db: db, file: file,
		queue: make(chan *request, maxBatch), stopped: make(chan struct{}), patience: patience,
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	if err := s.prepare(steps); err != nil {
		db.Close()
		return nil, fmt.Errorf("%s: %w", path, fault(err))
	}
	s.removeLeft()
	go s.write()
	if o.Search != "" {
		s.fill(o.Search)
	}
	return s, nil
}

// newSuffix and some digits are the end of the name under which a store is made.
const newSuffix = ".new-"

// makeNew makes an empty store and gives it its name last: a power cut leaves a whole one or none. Where another process was
// faster it is that one's.
func makeNew(path string, o Options, steps []migration) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+newSuffix) // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := f.Close(); err != nil {
		return err
	}
	db, err := openFile(f.Name(), o)
	if err != nil {
		return err
	}
	if err := errors.Join(migrate(db, steps), db.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil {
		if _, there := os.Lstat(path); there != nil {
			return err
		}
	}
	if o.NoSync {
		return nil
	}
	return durable.Sync(filepath.Dir(path))
}

// removeLeft removes what was left where a compaction or the making of a store was broken off.
func (s *Store) removeLeft() {
	left, _ := filepath.Glob(s.path + newSuffix + "*") // none, where the path is no pattern
	for _, name := range append(left, s.path+compactSuffix) {
		_ = os.Remove(name)
	}
}

// openFile opens and locks the file itself.
func openFile(path string, o Options) (*bbolt.DB, error) {
	var opened *os.File
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout:         time.Nanosecond, // a second process is told at once
		FreelistType:    bbolt.FreelistMapType,
		NoFreelistSync:  true, // freepages.go says when it is written
		NoSync:          o.NoSync,
		NoGrowSync:      o.NoSync,
		InitialMmapSize: mapSize(),
		OpenFile: func(name string, flag int, perm os.FileMode) (*os.File, error) {
			f, err := os.OpenFile(name, flag, perm)
			opened = f
			return f, err
		},
	})
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return nil, fmt.Errorf("%s: %w", path, store.ErrLocked)
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrVersionMismatch), errors.Is(err, berrors.ErrChecksum):
		return nil, fmt.Errorf("%s is not a helpost store, or it is damaged: %w", path, err)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", path, fault(err))
	}
	// A compaction may have put another file in its place between opening and locking: the lock would be on the old one.
	mine, err1 := opened.Stat()
	there, err2 := os.Stat(path)
	if err1 != nil || err2 != nil || !os.SameFile(mine, there) {
		db.Close()
		return nil, fmt.Errorf("%s: %w", path, store.ErrLocked)
	}
	return db, nil
}

// prepare brings the schema up to date and reads what the store keeps in memory.
func (s *Store) prepare(steps []migration) error {
	if err := migrate(s.db, steps); err != nil {
		return err
	}
	return s.db.View(func(tx *bbolt.Tx) error {
		info, err := os.Stat(s.path)
		if err != nil {
			return err
		}
		if info.Size() < tx.Size() { // whoever read beyond its end would be killed
			return fmt.Errorf("it is damaged: %d bytes of %d are there", info.Size(), tx.Size())
		}
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
	s.keepFreePages()
	return s.db.Close()
}

// View reads a consistent state.
func (s *Store) View(ctx context.Context, fn func(store.Reader) error) error {
	return s.view(ctx, func(r *reader) error { return fn(r) })
}

func (s *Store) view(ctx context.Context, fn func(*reader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.enter(); err != nil {
		return err
	}
	defer s.pending.Done()
	s.swap.RLock()
	defer s.swap.RUnlock()
	return s.db.View(func(tx *bbolt.Tx) error { return fn(&reader{ctx: ctx, tx: tx, outbox: s.outbox, filler: s.filler}) })
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
	if isFull(err) {
		return fmt.Errorf("%w: %w", store.ErrFull, err)
	}
	return err
}

// isFull knows a full disk, also where bbolt kept nothing of the error but its text.
func isFull(err error) bool {
	for _, no := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT} {
		if errors.Is(err, no) || err != nil && strings.Contains(err.Error(), no.Error()) {
			return true
		}
	}
	return false
}
