package words

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"sort"
	"sync/atomic"
)

// A file holds keys with their values, sorted, in blocks of some kilobytes; behind them the first key, the length and the
// checksum of each block, and at the end the length and the checksum of that list.
const (
	magic     = "hpwords1"
	blockSize = 16 << 10
	tailSize  = 8 + 4 + 8
	mostIndex = 64 << 20 // bytes of a list of blocks: more is damage
)

// errDamaged says that a file is not as it was written.
var errDamaged = errors.New("a file of the search index is damaged")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// writer writes a file. Keys come in order.
type writer struct {
	f     *os.File
	w     *bufio.Writer
	block []byte
	first []byte
	last  []byte
	index []byte
	size  int64
}

func create(path string) (*writer, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	w := &writer{f: f, w: bufio.NewWriterSize(f, 64<<10)}
	_, err = w.w.WriteString(magic)
	return w, err
}

func (w *writer) add(key, value []byte) error {
	shared := 0
	if len(w.block) == 0 {
		w.first = append(w.first[:0], key...)
	} else {
		for shared < len(key) && shared < len(w.last) && key[shared] == w.last[shared] {
			shared++
		}
	}
	w.block = binary.AppendUvarint(w.block, uint64(shared))
	w.block = binary.AppendUvarint(w.block, uint64(len(key)-shared))
	w.block = binary.AppendUvarint(w.block, uint64(len(value)))
	w.block = append(append(w.block, key[shared:]...), value...)
	w.last = append(w.last[:0], key...)
	if len(w.block) < blockSize {
		return nil
	}
	return w.cut()
}

// cut ends a block.
func (w *writer) cut() error {
	if len(w.block) == 0 {
		return nil
	}
	w.index = binary.AppendUvarint(w.index, uint64(len(w.first)))
	w.index = append(w.index, w.first...)
	w.index = binary.AppendUvarint(w.index, uint64(len(w.block)))
	w.index = binary.BigEndian.AppendUint32(w.index, crc32.Checksum(w.block, castagnoli))
	_, err := w.w.Write(w.block)
	w.size += int64(len(w.block))
	w.block = w.block[:0]
	return err
}

// end finishes the file and closes it.
func (w *writer) end() error {
	err := w.cut()
	tail := binary.BigEndian.AppendUint64(nil, uint64(len(w.index)))
	tail = binary.BigEndian.AppendUint32(tail, crc32.Checksum(w.index, castagnoli))
	for _, part := range [][]byte{w.index, tail, []byte(magic)} {
		if err == nil {
			_, err = w.w.Write(part)
		}
	}
	if err == nil {
		err = w.w.Flush()
	}
	return errors.Join(err, w.f.Close())
}

// abandon closes and removes a file that was not finished.
func (w *writer) abandon() {
	w.f.Close()
	os.Remove(w.f.Name())
}

// segment is a file that is read.
type segment struct {
	name   string
	f      *os.File
	size   int64
	keys   []byte // the first keys of all blocks, one after another
	blocks []block
	last   atomic.Pointer[pieceDocs]
}

// pieceDocs are the tickets that a file has of a piece.
type pieceDocs struct {
	piece uint64
	all   []doc
}

type block struct {
	key  uint32 // where its first key begins in keys
	sum  uint32
	size uint32
	at   int64
}

// openSegment opens a file and reads its list of blocks.
func openSegment(path, name string) (*segment, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	s := &segment{name: name, f: f}
	if err := s.load(); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

func (s *segment) load() error {
	info, err := s.f.Stat()
	if err != nil {
		return err
	}
	s.size = info.Size()
	var tail [tailSize]byte
	if s.size < int64(len(magic)+tailSize) {
		return errDamaged
	}
	if _, err := s.f.ReadAt(tail[:], s.size-tailSize); err != nil {
		return err
	}
	length := binary.BigEndian.Uint64(tail[:])
	room := uint64(s.size) - uint64(len(magic)) - tailSize
	if string(tail[12:]) != magic || length > room || length > mostIndex {
		return errDamaged
	}
	index := make([]byte, length)
	if _, err := s.f.ReadAt(index, s.size-tailSize-int64(length)); err != nil {
		return err
	}
	if crc32.Checksum(index, castagnoli) != binary.BigEndian.Uint32(tail[8:]) {
		return errDamaged
	}
	at := int64(len(magic))
	for len(index) > 0 {
		n, used := binary.Uvarint(index)
		if used <= 0 || n > uint64(len(index)-used) {
			return errDamaged
		}
		key := index[used : used+int(n)]
		index = index[used+int(n):]
		size, used := binary.Uvarint(index)
		if used <= 0 || size > room || len(index) < used+4 {
			return errDamaged
		}
		s.blocks = append(s.blocks, block{uint32(len(s.keys)), binary.BigEndian.Uint32(index[used:]), uint32(size), at})
		s.keys = append(s.keys, key...)
		index, at = index[used+4:], at+int64(size)
	}
	if uint64(at) != uint64(len(magic))+room-length {
		return errDamaged
	}
	return nil
}

func (s *segment) first(b int) []byte {
	end := len(s.keys)
	if b+1 < len(s.blocks) {
		end = int(s.blocks[b+1].key)
	}
	return s.keys[s.blocks[b].key:end]
}

// read reads a block and checks it.
func (s *segment) read(b int) ([]byte, error) {
	at := s.blocks[b]
	data := make([]byte, at.size)
	if _, err := s.f.ReadAt(data, at.at); err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	if crc32.Checksum(data, castagnoli) != at.sum {
		return nil, fmt.Errorf("%s: %w", s.name, errDamaged)
	}
	return data, nil
}

// cursor goes through the keys of a file. load reads a block of it.
type cursor struct {
	s     *segment
	load  func(s *segment, b int) ([]byte, error)
	b     int // the block; len(blocks): at the end
	data  []byte
	pos   int // after the entry that key and value are
	key   []byte
	value []byte
}

func (s *segment) cursor(load func(*segment, int) ([]byte, error)) *cursor {
	return &cursor{s: s, load: load, b: -1}
}

// seek goes to the first key that is not below one, false where there is none.
func (c *cursor) seek(key []byte) (bool, error) {
	b := sort.Search(len(c.s.blocks), func(i int) bool { return bytes.Compare(c.s.first(i), key) > 0 }) - 1
	if b < 0 {
		b = 0
	}
	if b != c.b || c.data == nil || bytes.Compare(c.key, key) > 0 {
		if more, err := c.enter(b); !more {
			return false, err
		}
	}
	for bytes.Compare(c.key, key) < 0 {
		if more, err := c.next(); !more {
			return false, err
		}
	}
	return true, nil
}

// enter goes to the first key of a block.
func (c *cursor) enter(b int) (bool, error) {
	if b >= len(c.s.blocks) {
		c.b, c.data = len(c.s.blocks), nil
		return false, nil
	}
	if b != c.b || c.data == nil {
		data, err := c.load(c.s, b)
		if err != nil {
			return false, err
		}
		c.b, c.data = b, data
	}
	c.pos, c.key = 0, c.key[:0]
	return c.entry()
}

func (c *cursor) next() (bool, error) {
	if c.data == nil {
		return false, nil
	}
	if c.pos >= len(c.data) {
		return c.enter(c.b + 1)
	}
	return c.entry()
}

// entry reads the entry at pos.
func (c *cursor) entry() (bool, error) {
	var v [3]uint64
	for i := range v {
		n, used := binary.Uvarint(c.data[c.pos:])
		if used <= 0 || n > uint64(len(c.data)) {
			return false, errDamaged
		}
		v[i] = n
		c.pos += used
	}
	shared, rest, size := int(v[0]), int(v[1]), int(v[2])
	if shared > len(c.key) || rest+size > len(c.data)-c.pos {
		return false, errDamaged
	}
	c.key = append(c.key[:shared], c.data[c.pos:c.pos+rest]...)
	c.value = c.data[c.pos+rest : c.pos+rest+size]
	c.pos += rest + size
	return true, nil
}
