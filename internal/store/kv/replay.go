package kv

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// logSuffix and a number are what a segment is named beside the file.
const logSuffix = ".log"

// segmentNames are the files of a log.
func segmentNames(path string) []string {
	names, _ := filepath.Glob(escape(path) + logSuffix + "*")
	return slices.DeleteFunc(names, func(name string) bool {
		_, err := strconv.ParseUint(name[len(path)+len(logSuffix):], 10, 32)
		return err != nil
	})
}

// The head of a segment, in a block of its own: magic, the store's id, then how many buckets and their names, each with its
// length, in the order of their numbers.
const headMagic = "helpost log\x01"

func (l *log) head(buckets []Kind) []byte {
	b := append([]byte(headMagic), l.id[:]...)
	b = append(b, byte(len(buckets)))
	for _, k := range buckets {
		b = append(append(b, byte(len(k.Name))), k.Name...)
	}
	return append(b, make([]byte, block-len(b))...)
}

// mine says why a segment does not belong to the store, or is none, nil where it does. One of a helpost that knew fewer buckets,
// the first ones, does.
func (l *log) mine(content []byte) error {
	const toID, toCount = len(headMagic), len(headMagic) + 16
	switch {
	case len(content) < block || string(content[:toID]) != headMagic:
		return errUnfinished
	case !bytes.Equal(content[toID:toCount], l.id[:]):
		return errors.New("it belongs to another store: put that one back, or move this log away")
	}
	known := l.db.opts.Buckets
	if head := l.head(known[:min(int(content[toCount]), len(known))]); !bytes.Equal(head, content[:block]) {
		return errors.New("it has other buckets than this helpost knows: let the one that wrote it open the store")
	}
	return nil
}

// kept is a segment as it was found.
type kept struct {
	*segment
	content []byte
	records []record
}

type record struct {
	seq  uint64
	at   int64 // where it begins in its segment
	body []byte
}

var (
	errLog        = errors.New("damaged")
	errUnfinished = errors.New("it has no head")
)

// read reads a segment, as far as its records follow one another; nil: it was being made.
func (l *log) read(name string) (*kept, error) {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	k := &kept{segment: &segment{f: f}}
	k.info, err = f.Stat()
	if err == nil {
		k.content, err = io.ReadAll(f)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	k.size = int64(len(k.content))
	k.at = block
	if err := l.mine(k.content); errors.Is(err, errUnfinished) {
		if k.unused() {
			return nil, k.remove()
		}
		return nil, errors.Join(fmt.Errorf("%s is %w at its begin", name, errLog), f.Close())
	} else if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), f.Close())
	}
	for {
		r, found := l.recordAt(k.content, k.at)
		if !found || len(k.records) > 0 && r.seq != k.records[len(k.records)-1].seq+1 {
			return k, nil
		}
		k.records = append(k.records, r)
		k.at += int64(recordHead+len(r.body)+block-1) / block * block
	}
}

// unused says that nothing was ever committed to a segment without a head: the head is flushed before.
func (k *kept) unused() bool {
	return len(k.content) < block || len(bytes.Trim(k.content, "\x00")) == 0
}

func (l *log) recordAt(content []byte, at int64) (record, bool) {
	if at+recordHead > int64(len(content)) {
		return record{}, false
	}
	b := content[at:]
	n := int64(binary.BigEndian.Uint32(b[4:]))
	if binary.BigEndian.Uint32(b) != recordMagic || n > int64(len(b))-recordHead {
		return record{}, false
	}
	r := record{binary.BigEndian.Uint64(b[8:]), at, b[recordHead : recordHead+n]}
	return r, l.sum(b[8:16], r.body) == binary.BigEndian.Uint32(b[16:])
}

// replay gives the rows that the file does not have yet, after it found the log whole. A last record that is not whole was answered
// by nobody; one that is not whole before others is damage.
func (l *log) replay(applied uint64) (memory, error) {
	m := newMemory()
	var err error
	var all []*kept
	for _, name := range segmentNames(l.db.path) {
		k, err := l.read(name)
		if err != nil {
			for _, k := range all {
				_ = k.f.Close()
			}
			return m, err
		}
		if k != nil {
			all = append(all, k)
		}
	}
	slices.SortFunc(all, func(a, b *kept) int { return cmp.Compare(a.first(), b.first()) })
	l.seq = applied
	for _, k := range all {
		l.young = append(l.young, k.segment)
		for _, r := range k.records {
			if r.seq <= applied || err != nil {
				continue
			}
			if r.seq != l.seq+1 {
				err = fmt.Errorf("%s goes on with change %d, but the store has those up to %d: a log or a store of another time was put here", k.f.Name(), r.seq, l.seq)
				continue
			}
			l.seq = r.seq
			if e := l.rows(&m, r.body); e != nil {
				err = fmt.Errorf("%s at byte %d: %w", k.f.Name(), r.at, e)
			}
		}
	}
	for _, k := range all {
		if at, found := l.beyond(k); found && err == nil {
			err = fmt.Errorf("%s is damaged at byte %d: what was committed after it cannot be told. Bring the last backup back, or write to whoever can look at the file", k.f.Name(), at)
		}
	}
	return m, err
}

func (k *kept) first() uint64 {
	if len(k.records) == 0 {
		return 0
	}
	return k.records[0].seq
}

// beyond looks for a record after the last one that was read, which nobody would have written after one that is torn.
func (l *log) beyond(k *kept) (at int64, found bool) {
	for at := k.at; at < k.size; at += block {
		if r, whole := l.recordAt(k.content, at); whole && r.seq > l.seq {
			return k.at, true
		}
	}
	return 0, false
}

// rows puts what a record holds.
func (l *log) rows(m *memory, b []byte) error {
	cut := func() []byte {
		n, used := binary.Uvarint(b)
		if used <= 0 || n > uint64(len(b)-used) {
			b = nil
			return nil
		}
		piece := b[used : used+int(n) : used+int(n)]
		b = b[used+int(n):]
		return piece
	}
	for len(b) > 0 {
		op := b[0]
		b = b[1:]
		r := &row{key: cut(), gone: op == opDelete}
		if op == opPut {
			if r.val = cut(); r.val == nil {
				return errLog
			}
		}
		if op != opPut && op != opDelete || len(r.key) < 2 || r.key[0] != sequences && int(r.key[0]) >= len(l.db.opts.Buckets) {
			return errLog
		}
		m.set(r)
	}
	return nil
}
