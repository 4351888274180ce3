package kv

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// Tx is a consistent state. The one that Begin gives can be changed, and sees its changes itself.
// It belongs to one goroutine.
type Tx struct {
	db      *DB
	young   memory
	old     memory
	file    *bbolt.Tx
	buckets []Bucket

	write   bool
	ended   bool
	changes []*row // in their order
	bytes   int    // of their keys and values
	rows    []row  // room for the next ones
	keys    []byte // room for their keys
}

// Bucket is a bucket in a transaction.
type Bucket struct {
	tx    *Tx
	id    byte
	inner *bbolt.Bucket // the file's, once it was looked up
	key   row           // that is looked for
}

// Bucket is nil where the store has none of that name.
func (tx *Tx) Bucket(name []byte) *Bucket {
	id, known := tx.db.ids[string(name)]
	if !known {
		return nil
	}
	if tx.buckets == nil {
		tx.buckets = make([]Bucket, len(tx.db.opts.Buckets))
	}
	b := &tx.buckets[id]
	if b.tx == nil {
		inner := tx.file.Bucket(name)
		if inner == nil {
			return nil
		}
		*b = Bucket{tx: tx, id: id, inner: inner}
	}
	return b
}

// Size is that of the file, WriteTo copies it. They are the whole state in a transaction of Whole alone.
func (tx *Tx) Size() int64 { return tx.file.Size() }

// WriteTo writes a file that Open can open.
func (tx *Tx) WriteTo(to io.Writer) (int64, error) { return tx.file.WriteTo(to) }

// full is the key as it stands in memory. It holds until the next call.
func (b *Bucket) full(key []byte) *row {
	b.key.key = append(append(b.key.key[:0], b.id), key...)
	return &b.key
}

// Get is the value of a key, nil where there is none. It may not be changed, and holds as long as the transaction.
func (b *Bucket) Get(key []byte) []byte {
	if r := b.inMemory(key); r != nil {
		return r.value()
	}
	return b.inner.Get(key)
}

func (b *Bucket) inMemory(key []byte) *row {
	if b.tx.young.empty() && b.tx.old.empty() {
		return nil
	}
	k := b.full(key)
	if r := b.tx.young.get(k); r != nil {
		return r
	}
	return b.tx.old.get(k)
}

// Put sets a value, whose bytes may not change any more as long as the store is open. The key is copied.
func (b *Bucket) Put(key, value []byte) error { return b.PutParts(key, value, nil) }

// PutParts is Put of a value in two pieces, for who would have to copy one only to join them.
func (b *Bucket) PutParts(key, value, rest []byte) error {
	switch {
	case !b.tx.write:
		return berrors.ErrTxNotWritable
	case len(key) == 0:
		return berrors.ErrKeyRequired
	case len(key) > bbolt.MaxKeySize:
		return berrors.ErrKeyTooLarge
	case int64(len(value))+int64(len(rest)) > bbolt.MaxValueSize:
		return berrors.ErrValueTooLarge
	}
	if value == nil {
		value = []byte{}
	}
	b.tx.note(b.id, key, row{val: value, rest: rest})
	return nil
}

// Delete takes a key out. One that is not there is no error.
func (b *Bucket) Delete(key []byte) error {
	if !b.tx.write {
		return berrors.ErrTxNotWritable
	}
	k := b.full(key)
	young := b.tx.young.get(k)
	below := b.tx.old.get(k)
	there := below == nil && b.inner.Get(key) != nil || below != nil && !below.gone
	switch {
	case there && (young == nil || !young.gone):
		b.tx.note(b.id, key, row{gone: true})
	case !there && young != nil: // nothing below has it; should the file get it before this is committed, rebase puts it back
		b.tx.note(b.id, key, row{gone: true})
		b.tx.young.remove(k)
	}
	return nil
}

// rebase takes out of memory what the file has by now, and leaves the changes of this transaction alone over it.
func (tx *Tx) rebase() {
	tx.young, tx.old = newMemory(), memory{}
	for _, r := range tx.changes {
		tx.young.set(r)
	}
}

// note puts a row over those that are there, and keeps it for the log.
func (tx *Tx) note(bucket byte, key []byte, r row) {
	const someRows, someKeys = 32, 1024
	if len(tx.rows) == 0 {
		tx.rows = make([]row, someRows)
	}
	if cap(tx.keys)-len(tx.keys) < len(key)+1 {
		tx.keys = make([]byte, 0, max(someKeys, len(key)+1))
	}
	begin := len(tx.keys)
	tx.keys = append(append(tx.keys, bucket), key...)
	r.key = tx.keys[begin:len(tx.keys):len(tx.keys)]
	at := &tx.rows[0]
	tx.rows = tx.rows[1:]
	*at = r
	tx.young.set(at)
	tx.changes = append(tx.changes, at)
	tx.bytes += len(r.key) + len(r.val) + len(r.rest)
}

// Sequence is a number that the bucket keeps, 0 at first.
func (b *Bucket) Sequence() uint64 {
	k := row{key: []byte{sequences, b.id}}
	for _, m := range []memory{b.tx.young, b.tx.old} {
		if r := m.get(&k); r != nil {
			return binary.BigEndian.Uint64(r.val)
		}
	}
	return b.inner.Sequence()
}

// SetSequence sets it.
func (b *Bucket) SetSequence(v uint64) error {
	if !b.tx.write {
		return berrors.ErrTxNotWritable
	}
	b.tx.note(sequences, []byte{b.id}, row{val: binary.BigEndian.AppendUint64(nil, v)})
	return nil
}

// NextSequence raises it by one.
func (b *Bucket) NextSequence() (uint64, error) {
	v := b.Sequence() + 1
	return v, b.SetSequence(v)
}

// ForEach runs fn over all keys in order, until it gives an error.
func (b *Bucket) ForEach(fn func(k, v []byte) error) error {
	c := b.Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		if err := fn(k, v); err != nil {
			return err
		}
	}
	return nil
}

// errEnded says that a transaction was used after its end.
var errEnded = errors.New("the transaction has ended")

// Rollback ends the transaction. After a Commit it does nothing.
func (tx *Tx) Rollback() {
	if tx.ended {
		return
	}
	tx.ended = true
	_ = tx.file.Rollback() // of a reading transaction: it only gives its place back
	if tx.write {
		tx.db.writing.Unlock()
	}
	tx.db.swap.RUnlock()
}

// Commit makes the changes durable, all or none. Where it fails none is seen, now or later, unless the process ends before
// the next one: then those of a commit that failed may stand there.
func (tx *Tx) Commit() error {
	if tx.ended || !tx.write {
		return errEnded
	}
	defer tx.Rollback()
	if len(tx.changes) == 0 {
		return nil
	}
	if err := tx.db.append(tx); err != nil {
		return fmt.Errorf("the log of the store: %w", err)
	}
	return nil
}
