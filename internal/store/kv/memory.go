package kv

import (
	"bytes"
	"slices"

	"github.com/tidwall/btree"
)

// row is a key of a bucket and what it has: a value, or that it is gone. Nobody changes one.
type row struct {
	key  []byte // the bucket's number, then the key
	val  []byte
	rest []byte // of the value, where it came in two pieces
	gone bool
}

// value is a whole one.
func (r *row) value() []byte {
	if len(r.rest) == 0 {
		return r.val
	}
	return slices.Concat(r.val, r.rest)
}

// rowCost is about what a row takes beside its bytes.
const rowCost = 120

func (r *row) size() int { return len(r.key) + len(r.val) + len(r.rest) + rowCost }

// sequences is the number of a bucket that no file has: its keys are numbers of buckets, its values their sequences.
const sequences = 0xff

// memory is rows in order. A copy costs nothing, and what changes in one is not seen in the other.
type memory struct {
	*btree.BTreeG[*row]
	size int // of its rows, in bytes
}

func newMemory() memory {
	less := func(a, b *row) bool { return bytes.Compare(a.key, b.key) < 0 }
	return memory{BTreeG: btree.NewBTreeGOptions(less, btree.Options{Degree: 16, NoLocks: true})}
}

func (m memory) copy() memory { return memory{m.Copy(), m.size} }

func (m memory) empty() bool { return m.BTreeG == nil || m.Len() == 0 }

// get is the row of a key, nil where there is none. The row given needs nothing but its key.
func (m memory) get(r *row) *row {
	if m.BTreeG == nil {
		return nil
	}
	got, _ := m.Get(r)
	return got
}

func (m *memory) set(r *row) {
	m.size += r.size()
	if old, replaced := m.Set(r); replaced {
		m.size -= old.size()
	}
}

func (m *memory) remove(r *row) {
	if old, was := m.Delete(r); was {
		m.size -= old.size()
	}
}

// layers are what lies over the file: what is being merged into it, and over that what came since. They are replaced, never
// changed.
type layers struct {
	young memory
	old   memory // without a tree: nothing is being merged
	epoch uint64 // how often young became old
}
