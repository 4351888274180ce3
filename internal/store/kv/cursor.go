package kv

import (
	"bytes"

	"github.com/tidwall/btree"
	"go.etcd.io/bbolt"
)

// Cursor goes through the keys of a bucket in order. Keys and values hold as long as the transaction. After a change of the bucket
// it must be set anew, by First, Last or Seek; so must one that went beyond either end.
type Cursor struct {
	file    fileKeys
	layers  [2]memoryKeys // the younger first
	sources []keys        // those that have something, the youngest first
	at      []byte        // nil: nowhere
	back    bool          // each source stands at its last key up to at; else at its first from at on
}

// keys is one of the orders of keys that a cursor joins. Beyond either end key gives nil.
type keys interface {
	seek(key []byte) // to the first key from this one on
	first()
	last()
	next()
	prev()
	key() []byte
	value() (v []byte, gone bool)
}

// Cursor stands nowhere yet.
func (b *Bucket) Cursor() *Cursor {
	c := &Cursor{file: fileKeys{c: b.inner.Cursor()}}
	for i, m := range []memory{b.tx.young, b.tx.old} {
		if !m.empty() {
			c.layers[i] = memoryKeys{bucket: b.id}
			c.layers[i].it.Init(m.BTreeG, false)
			c.sources = append(c.sources, &c.layers[i])
		}
	}
	c.sources = append(c.sources, &c.file)
	return c
}

// Seek goes to the first key from this one on; nil where there is none.
func (c *Cursor) Seek(key []byte) (k, v []byte) {
	for _, s := range c.sources {
		s.seek(key)
	}
	return c.settle(false)
}

// First goes to the first key.
func (c *Cursor) First() (k, v []byte) {
	for _, s := range c.sources {
		s.first()
	}
	return c.settle(false)
}

// Last goes to the last key.
func (c *Cursor) Last() (k, v []byte) {
	for _, s := range c.sources {
		s.last()
	}
	return c.settle(true)
}

// Next goes to the key after this one.
func (c *Cursor) Next() (k, v []byte) {
	return c.step(false)
}

// Prev goes to the key before this one.
func (c *Cursor) Prev() (k, v []byte) {
	return c.step(true)
}

func (c *Cursor) step(back bool) (k, v []byte) {
	switch {
	case c.at == nil:
		return nil, nil
	case c.back == back:
		c.pass()
		return c.settle(back)
	}
	for _, s := range c.sources { // it turns: each source goes to the other side of where the cursor stands
		switch beyond := s.key() == nil; {
		case back && beyond:
			s.last()
		case back:
			s.prev()
		case beyond:
			s.first()
		default:
			s.next()
		}
	}
	return c.settle(back)
}

// pass leaves the key at which the cursor stands.
func (c *Cursor) pass() {
	for _, s := range c.sources {
		if k := s.key(); k == nil || !bytes.Equal(k, c.at) {
			continue
		}
		if c.back {
			s.prev()
		} else {
			s.next()
		}
	}
}

// settle finds the nearest key that is not gone. Of sources that have the same key the youngest counts.
func (c *Cursor) settle(back bool) (k, v []byte) {
	c.back = back
	for {
		var nearest keys
		var at []byte
		for _, s := range c.sources {
			k := s.key()
			if k == nil {
				continue
			}
			if nearest != nil {
				if order := bytes.Compare(k, at); order == 0 || order > 0 != back {
					continue
				}
			}
			nearest, at = s, k
		}
		c.at = at
		if nearest == nil {
			return nil, nil
		}
		v, gone := nearest.value()
		if !gone {
			return at, v
		}
		c.pass()
	}
}

// fileKeys are those of the file.
type fileKeys struct {
	c    *bbolt.Cursor
	k, v []byte
}

func (f *fileKeys) seek(key []byte)       { f.k, f.v = f.c.Seek(key) }
func (f *fileKeys) first()                { f.k, f.v = f.c.First() }
func (f *fileKeys) last()                 { f.k, f.v = f.c.Last() }
func (f *fileKeys) next()                 { f.k, f.v = f.c.Next() }
func (f *fileKeys) prev()                 { f.k, f.v = f.c.Prev() }
func (f *fileKeys) key() []byte           { return f.k }
func (f *fileKeys) value() ([]byte, bool) { return f.v, false }

// memoryKeys are those of a bucket in memory.
type memoryKeys struct {
	bucket byte
	it     btree.IterG[*row]
	at     *row // nil: beyond an end
}

func (m *memoryKeys) take(found bool) {
	m.at = nil
	if found {
		if r := m.it.Item(); r.key[0] == m.bucket {
			m.at = r
		}
	}
}

func (m *memoryKeys) seek(key []byte) {
	m.take(m.it.Seek(&row{key: append([]byte{m.bucket}, key...)}))
}

func (m *memoryKeys) first() { m.seek(nil) }
func (m *memoryKeys) next()  { m.take(m.it.Next()) }
func (m *memoryKeys) prev()  { m.take(m.it.Prev()) }

func (m *memoryKeys) last() {
	if m.it.Seek(&row{key: []byte{m.bucket + 1}}) { // sequences, the highest number, is no bucket of a cursor
		m.take(m.it.Prev())
		return
	}
	m.take(m.it.Last())
}

func (m *memoryKeys) key() []byte {
	if m.at == nil {
		return nil
	}
	return m.at.key[1:]
}

func (m *memoryKeys) value() ([]byte, bool) { return m.at.value(), m.at.gone }
