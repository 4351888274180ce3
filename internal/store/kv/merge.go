package kv

import (
	"encoding/binary"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"go.etcd.io/bbolt"
)

const (
	mergeAt    = 1 << 20     // bytes of rows in memory that are merged together
	lagLimit   = 4           // where what waits is so many times that, or so many times a segment, commits wait
	mergePause = time.Second // after a merge that failed
)

// merger brings rows that are old into the file, on a goroutine of its own.
type merger struct {
	wake chan struct{}
	stop chan struct{}
	done chan struct{}
	once sync.Once

	// These belong to whoever holds DB.merging.
	segments []*segment // of the log, that the old rows came from
	upto     uint64     // the last record that they have
	failed   time.Time
	err      error // of the last try
}

func (m *merger) begin(db *DB) {
	m.wake, m.stop, m.done = make(chan struct{}, 1), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(m.done)
		retry := time.NewTicker(mergePause)
		defer retry.Stop()
		for {
			select {
			case <-m.stop:
				return
			case <-m.wake:
			case <-retry.C:
			}
			if db.over.Load().old.BTreeG != nil {
				_ = db.merge() // it is told where somebody must wait for it
			}
		}
	}()
	m.wake <- struct{}{}
}

func (m *merger) end() {
	m.once.Do(func() { close(m.stop) })
	<-m.done
}

// take makes the segments of young rows those of old ones.
func (m *merger) take(l *log) {
	m.segments, m.upto = append(m.segments, l.young...), l.seq
	l.young, l.now = nil, nil
}

// freeze makes the young rows old, so that they are merged, unless others still are. The writer calls it.
func (db *DB) freeze() {
	if !db.merging.TryLock() {
		return
	}
	defer db.merging.Unlock()
	db.freezeLocked()
}

// freezeLocked is freeze for whoever holds merging and writing.
func (db *DB) freezeLocked() {
	now := db.over.Load()
	if now.old.BTreeG != nil || now.young.empty() && db.log.now == nil {
		return
	}
	db.merger.take(&db.log)
	db.publish(&layers{young: newMemory(), old: now.young, epoch: now.epoch + 1})
	select {
	case db.merger.wake <- struct{}{}:
	default:
	}
}

func (db *DB) publish(l *layers) {
	db.publishing.Lock()
	defer db.publishing.Unlock()
	db.over.Store(l)
}

// catchUp waits for a merge where the rows in memory or the log are far beyond what is merged together. The writer calls it.
func (db *DB) catchUp() error {
	if db.over.Load().young.size < lagLimit*db.mergeAt && !db.log.full(lagLimit) {
		return nil
	}
	if err := db.merge(); err != nil {
		return err
	}
	db.freeze()
	return nil
}

// settle merges all that there is, and frees the log of it. The writer calls it.
func (db *DB) settle() error {
	if err := db.merge(); err != nil {
		return err
	}
	db.merging.Lock()
	defer db.merging.Unlock()
	db.freezeLocked()
	return db.mergeLocked()
}

// merge merges the old rows, or waits until whoever does is done. After one that failed it does not try again at once.
func (db *DB) merge() error {
	db.merging.Lock()
	defer db.merging.Unlock()
	return db.mergeLocked()
}

func (db *DB) mergeLocked() (err error) {
	old := db.over.Load().old
	m := &db.merger
	if old.BTreeG == nil {
		return nil
	}
	if m.err != nil && time.Since(m.failed) < mergePause {
		return m.err
	}
	begin := time.Now()
	if err := db.put(old, m.upto); err != nil {
		m.failed, m.err = time.Now(), fmt.Errorf("the store's file falls behind its log: %w", err)
		db.opts.Log.Warn("what the log of the store has could not be merged into its file; it is tried again", "error", err)
		return m.err
	}
	m.err = nil
	db.publishing.Lock()
	defer db.publishing.Unlock()
	now := db.over.Load()
	db.over.Store(&layers{young: now.young, epoch: now.epoch})
	if broken, _ := db.broken.is(); broken == nil { // else the segments stay until all was written anew
		db.log.free = append(db.log.free, m.segments...)
		m.segments = nil
	}
	db.opts.Log.Debug("merged the log of the store into its file", "rows", old.Len(), "bytes", old.size, slow(begin))
	return nil
}

// put puts rows into the file in one transaction.
func (db *DB) put(rows memory, upto uint64) (err error) {
	db.swap.RLock()
	defer db.swap.RUnlock()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	tx, err := db.file.Begin(true)
	if err != nil {
		return err
	}
	defer func() {
		if cause := recover(); cause != nil { // bbolt trusts the pages that it reads
			err = fmt.Errorf("it is damaged: %v", cause)
			db.opts.Log.Error("the store's file is damaged", "cause", cause, "stack", string(debug.Stack()))
		}
		rollBack(tx)
	}()
	if err := db.putRows(tx, rows, upto); err != nil {
		return err
	}
	db.listFreePages()
	id := tx.ID()
	if err := tx.Commit(); err != nil {
		return db.failed(id, err)
	}
	return nil
}

func (db *DB) putRows(tx *bbolt.Tx, rows memory, upto uint64) (err error) {
	last, b := -1, (*bbolt.Bucket)(nil)
	rows.Scan(func(r *row) bool {
		if int(r.key[0]) != last && r.key[0] != sequences {
			last = int(r.key[0])
			kind := db.opts.Buckets[last]
			if b = tx.Bucket(kind.Name); b == nil {
				err = fmt.Errorf("the bucket %s is missing", kind.Name)
				return false
			}
			if kind.Fill != 0 {
				b.FillPercent = kind.Fill
			}
		}
		switch {
		case r.key[0] == sequences:
			err = tx.Bucket(db.opts.Buckets[r.key[1]].Name).SetSequence(binary.BigEndian.Uint64(r.val))
		case r.gone:
			err = b.Delete(r.key[1:])
		default:
			err = b.Put(r.key[1:], r.value())
		}
		return err == nil
	})
	if err != nil {
		return err
	}
	log, err := tx.CreateBucketIfNotExists(bucketLog) // without flushes there is no log
	if err != nil {
		return err
	}
	return log.Put(logApplied, binary.BigEndian.AppendUint64(nil, upto))
}

// rollBack ends a transaction that is still open. Of one that bbolt has ended it does nothing.
func rollBack(tx *bbolt.Tx) {
	defer func() {
		// A transaction that panicked inside bbolt may not be able to end; the store is broken then, and says so.
		_ = recover()
	}()
	_ = tx.Rollback() // ErrTxClosed after a commit
}

// failed judges a merge that failed. Where the file does not show it, nothing that was there before was touched: the error passes
// with its cause, as a full disk does. Where the file shows it though a flush failed, nobody knows what the disk holds.
func (db *DB) failed(id int, err error) error {
	visible := true
	verr := db.file.View(func(tx *bbolt.Tx) error { visible = tx.ID() >= id; return nil })
	if verr == nil && !visible {
		return err
	}
	return db.broken.set(db.path, fmt.Errorf("%w: %w", errFlush, err))
}
