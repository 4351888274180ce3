// Package kv keeps ordered keys in buckets: a bbolt file behind a log.
//
// A commit appends what it changes to the log, by one flush, and to rows in memory that lie over those of the file. From
// time to time many commits are merged into the file together. So one commit costs one write where the file alone would
// cost some dozen pages and two flushes, and what is put and soon deleted never reaches the file. One process has the file open, and
// after a clean end there is nothing but the file.
package kv

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"

	"helpost/internal/durable"
)

// Kind is a bucket that the store has. Its place in Options.Buckets is its number in the log: new ones come last.
type Kind struct {
	Name []byte
	Fill float64 // how full the file leaves a page that it splits; 0: half
}

// Options of a store.
type Options struct {
	Buckets []Kind
	Make    func(*bbolt.DB) error // makes the buckets of a new file
	Check   func(*bbolt.Tx) error // says why a file is not to be touched
	NoSync  bool                  // no flush, and no log: a crash loses what was not merged
	Log     *slog.Logger
}

// DB is an open store.
type DB struct {
	path string
	opts Options
	ids  map[string]byte // of the buckets

	writing sync.Mutex // held by the one transaction that writes
	log     log
	broken  damage

	merging sync.Mutex // held while the file is changed
	merger  merger

	publishing sync.Mutex // held to replace layers, and over log.free
	over       atomic.Pointer[layers]

	flush       func(*os.File) error // a segment
	mergeAt     int
	segmentFull int64

	swap sync.RWMutex // read-held over each use of file; held to replace it
	file *bbolt.DB
	info os.FileInfo // of the file
}

// bucketLog is the bucket of the file that says what of the log is in it.
var (
	bucketLog  = []byte("log")
	logID      = []byte("id")      // 16 random bytes: the store's
	logApplied = []byte("applied") // number of the last record
)

// Open opens the store at path and makes it where there is none.
func Open(path string, o Options) (db *DB, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true)) // where the file is shorter than it says
	db = &DB{path: path, opts: o, ids: map[string]byte{}, flush: durable.Data, mergeAt: mergeAt, segmentFull: segmentFull}
	for i, k := range o.Buckets {
		db.ids[string(k.Name)] = byte(i)
	}
	db.over.Store(&layers{young: newMemory()})
	defer func() {
		if cause := recover(); cause != nil { // bbolt trusts the pages that it reads
			err = fmt.Errorf("%s is damaged: %v", path, cause)
		}
		if err != nil && db != nil {
			if db.file != nil {
				_ = db.file.Close()
			}
			db = nil
		}
	}()
	if err := makeNew(path, o); err != nil {
		return db, fmt.Errorf("%s: %w", path, err)
	}
	if db.file, err = openFile(path, o.NoSync); err != nil {
		return db, err
	}
	if db.info, err = os.Stat(path); err != nil {
		return db, err
	}
	if err := db.begin(); err != nil {
		return db, fmt.Errorf("%s: %w", path, err)
	}
	removeLeft(path)
	db.merger.begin(db)
	return db, nil
}

// begin takes in what the log has and the file has not.
func (db *DB) begin() error {
	var applied uint64
	err := db.file.View(func(tx *bbolt.Tx) error {
		if db.info.Size() < tx.Size() { // whoever read beyond its end would be killed
			return fmt.Errorf("it is damaged: %d bytes of %d are there", db.info.Size(), tx.Size())
		}
		if err := db.opts.Check(tx); err != nil {
			return err
		}
		b := tx.Bucket(bucketLog)
		if b == nil {
			return nil
		}
		copy(db.log.id[:], b.Get(logID))
		if v := b.Get(logApplied); len(v) == 8 {
			applied = binary.BigEndian.Uint64(v)
		}
		return nil
	})
	if err != nil {
		return err
	}
	db.log.db = db
	m, err := db.log.replay(applied)
	if err != nil {
		return errors.Join(err, db.log.close())
	}
	if m.empty() {
		return db.log.discard()
	}
	db.merger.take(&db.log)
	db.over.Store(&layers{young: newMemory(), old: m, epoch: 1})
	return nil
}

// identify gives a file that never had a log the name that a log will bear.
func (db *DB) identify() error {
	db.merging.Lock()
	defer db.merging.Unlock()
	var id [16]byte
	rand.Read(id[:])
	err := db.file.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists(bucketLog)
		if err != nil {
			return err
		}
		return b.Put(logID, id[:])
	})
	if err == nil {
		db.log.id = id
	}
	return err
}

// View reads a consistent state.
func (db *DB) View(fn func(*Tx) error) error {
	tx, err := db.snapshot()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	return fn(tx)
}

// snapshot is the newest state. Its rows in memory are taken before those of the file: what is merged in between stands in both,
// and where more came to be merged it begins anew.
func (db *DB) snapshot() (*Tx, error) {
	db.swap.RLock()
	for {
		over := db.over.Load()
		file, err := db.file.Begin(false)
		if err != nil {
			db.swap.RUnlock()
			return nil, err
		}
		if db.over.Load().epoch == over.epoch {
			return &Tx{db: db, young: over.young, old: over.old, file: file}, nil
		}
		_ = file.Rollback()
	}
}

// Begin begins the one transaction that changes the store, after whichever runs. It waits where the file lags far behind the log.
func (db *DB) Begin() (*Tx, error) {
	db.writing.Lock()
	err := db.mend()
	if err == nil {
		err = db.keepLog()
	}
	if err == nil {
		err = db.catchUp()
	}
	if err == nil && !db.opts.NoSync && db.log.id == [16]byte{} {
		err = db.identify()
	}
	var tx *Tx
	if err == nil {
		tx, err = db.snapshot()
	}
	if err != nil {
		db.writing.Unlock()
		return nil, err
	}
	tx.write = true
	tx.young = tx.young.copy()
	return tx, nil
}

// append makes the changes of a transaction durable and shows them.
func (db *DB) append(tx *Tx) error {
	if err := db.record(tx); err != nil {
		return err
	}
	db.publishing.Lock()
	now := db.over.Load()
	db.over.Store(&layers{young: tx.young, old: now.old, epoch: now.epoch})
	db.publishing.Unlock()
	if tx.young.size >= db.mergeAt || db.log.full(1) {
		db.freeze()
	}
	return nil
}

// record puts the changes of a transaction into the log. Where that finds no room, it makes some by a merge.
func (db *DB) record(tx *Tx) error {
	if db.opts.NoSync {
		db.log.seq++
		return nil
	}
	err := db.log.append(tx.changes, tx.bytes)
	if IsFull(err) && !errors.Is(err, errFlush) {
		_ = tx.file.Rollback() // a merge may have to wait for all who read the file
		if room := db.settle(); room == nil {
			tx.rebase()
			err = db.log.append(tx.changes, tx.bytes)
		}
	}
	if errors.Is(err, errFlush) {
		return db.broken.set(db.path, err)
	}
	return err
}

// Whole gives fn a state that stands in the file alone.
func (db *DB) Whole(fn func(*Tx) error) error {
	db.writing.Lock()
	err := db.settle()
	var tx *Tx
	if err == nil {
		tx, err = db.snapshot()
	}
	db.writing.Unlock()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	return fn(tx)
}

// Merge brings all that is committed into the file.
func (db *DB) Merge() error {
	db.writing.Lock()
	defer db.writing.Unlock()
	return db.settle()
}

// File gives fn the file, which has what was merged. Nobody writes meanwhile.
func (db *DB) File(fn func(*bbolt.DB) error) error {
	db.writing.Lock()
	defer db.writing.Unlock()
	db.merging.Lock()
	defer db.merging.Unlock()
	return fn(db.file)
}

// Present says why the store's file is no longer at its name, nil where it is. Where somebody has taken it away, put
// another in its place or unmounted its disk, what is committed would be gone with the process.
func (db *DB) Present() error {
	db.swap.RLock()
	mine := db.info
	db.swap.RUnlock()
	return same(db.path, mine)
}

// Close merges what the log has and ends the store. Where that cannot be done the log stays, and the next Open has it.
func (db *DB) Close() error {
	db.merger.end()
	db.writing.Lock()
	defer db.writing.Unlock()
	err, _ := db.broken.is()
	if err == nil {
		db.merger.err = nil // once more
		err = db.settle()
	}
	db.merging.Lock()
	defer db.merging.Unlock()
	if err == nil {
		db.keepFreePages()
		err = db.log.discard()
	} else {
		db.opts.Log.Warn("what was committed last stays in the log of the store until the next start", "error", err)
		err = db.log.close()
	}
	return errors.Join(err, db.file.Close())
}

// escape makes a pattern of a path that means that path alone.
func escape(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// slow says how long something took, for the log.
func slow(begin time.Time) slog.Attr { return slog.Duration("took", time.Since(begin)) }
