package kv

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"helpost/internal/durable"
)

// After a flush that failed nobody knows what the disk holds: the system may have given up pages that it could not write,
// and show them all the same. A later flush says nothing of them. So the store takes no more changes until all that it
// shows was written anew, to another file, and flushed.

// mendPause is the least time between two attempts to write a broken store anew; one that took long is not repeated soon.
const mendPause = 2 * time.Second

// copyStep is how many bytes one transaction of a copy has.
const copyStep = 8 << 20

// damage is why a store takes no changes.
type damage struct {
	mu   sync.Mutex
	err  error // nil: it takes them
	next time.Time
}

func (d *damage) set(path string, err error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.err = fmt.Errorf("%s: no changes until it is written anew: %w", path, err)
	return d.err
}

// is why it takes no changes, and whether to try to mend that now.
func (d *damage) is() (err error, try bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err, d.err != nil && !time.Now().Before(d.next)
}

func (d *damage) wait(pause time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.next = time.Now().Add(pause)
}

func (d *damage) clear() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.err, d.next = nil, time.Time{}
}

// mend writes a broken store anew where that was not just tried. Its error is why it still takes no changes.
func (db *DB) mend() error {
	broken, try := db.broken.is()
	if !try {
		return broken
	}
	begin := time.Now()
	if err := db.renew(); err != nil {
		db.broken.wait(mendPause + 10*time.Since(begin))
		db.opts.Log.Warn("the store could not be written anew; it is tried again", "error", err)
		return broken
	}
	db.opts.Log.Warn("the store was written anew and takes changes again", slow(begin))
	return nil
}

// Compact writes the store anew without free pages and puts the new file in the place of the old one. The file of a store
// never shrinks otherwise. It needs room for both; commits wait until it is done.
func (db *DB) Compact() error {
	db.writing.Lock()
	defer db.writing.Unlock()
	if broken, _ := db.broken.is(); broken == nil {
		if err := db.settle(); err != nil { // what is deleted since would be copied
			return err
		}
	}
	return db.renew()
}

// renew writes all that the store shows to a new file, which takes the place of the old one. The writer calls it.
func (db *DB) renew() error {
	db.merging.Lock()
	defer db.merging.Unlock()
	if err := db.Present(); err != nil {
		return err
	}
	name := db.path + CopySuffix
	if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	fresh, err := db.copyTo(name)
	var info os.FileInfo
	if err == nil {
		info, err = os.Stat(name)
	}
	if err == nil {
		err = os.Rename(name, db.path)
	}
	if err != nil {
		if fresh != nil {
			fresh.Close()
		}
		os.Remove(name)
		return fmt.Errorf("%s: %w", name, err)
	}
	// The new file was locked before it got its name, and the old one stays so until it has none.
	db.swap.Lock()
	old := db.file
	db.file, db.info = fresh, info
	db.publish(&layers{young: newMemory(), epoch: db.over.Load().epoch + 1})
	db.swap.Unlock()
	db.merger.err = nil
	if err = durable.Sync(filepath.Dir(db.path)); err != nil { // after a power cut the old file might stand there again
		return errors.Join(db.broken.set(db.path, fmt.Errorf("the name of its file could not be flushed: %w", err)), old.Close())
	}
	db.broken.clear()
	return errors.Join(db.log.discard(), old.Close())
}

// copyTo makes a compact copy with all rows, flushed and still open.
func (db *DB) copyTo(name string) (*bbolt.DB, error) {
	fresh, err := openFile(name, true) // one flush at the end serves
	if err != nil {
		return nil, err
	}
	if err := bbolt.Compact(fresh, db.file, copyStep); err != nil {
		return fresh, err
	}
	over := db.over.Load()
	for _, rows := range []memory{over.old, over.young} {
		if rows.BTreeG == nil {
			continue
		}
		if err := fresh.Update(func(tx *bbolt.Tx) error { return db.putRows(tx, rows, db.log.seq) }); err != nil {
			return fresh, err
		}
	}
	fresh.NoSync, fresh.NoGrowSync = db.opts.NoSync, db.opts.NoSync
	return fresh, fresh.Sync()
}
