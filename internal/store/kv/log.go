package kv

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"helpost/internal/durable"
)

// The log is some files beside the store's, its segments: each a head and then records, one a commit, each at the begin of a
// block. No block that was flushed is written again before what it holds is in the file: a write that a power cut tears
// takes nothing with it but itself. A segment whose records are all in the file is written again from its begin, over
// blocks that the file system has given it already, so that a flush need not write down their places too.

const (
	block       = 4096
	segmentStep = 1 << 20 // bytes by which a segment grows
	segmentFull = 16 << 20
	mostKept    = 1 << 20 // of the room for a record that is used again
)

// segment is a file of the log that is open.
type segment struct {
	f    *os.File
	info os.FileInfo
	at   int64 // where the next record begins
	size int64 // of the file
}

// log is what is appended to. It belongs to the writer; free alone is the merger's too, under DB.publishing.
type log struct {
	db    *DB
	id    [16]byte   // of the store: a log of another one is not taken for its own
	seq   uint64     // of the last record
	now   *segment   // nil: the next record needs one
	young []*segment // those that the young rows came from, now among them
	free  []*segment
	room  []byte
}

// errFlush says that a flush failed: nobody knows what of it the disk holds.
var errFlush = errors.New("a flush failed")

// crcs is CRC-32C, which the processor counts.
var crcs = crc32.MakeTable(crc32.Castagnoli)

// A record: magic, length of what follows the head, number, CRC-32C of the store's id, that number and what follows.
const (
	recordMagic = 0x68706c31
	recordHead  = 4 + 4 + 8 + 4
)

// What a record holds, change by change: a byte that says what it is, then the key, which begins with the number of its bucket, and of
// a put the value, each after its length.
const (
	opPut byte = 1 + iota
	opDelete
)

// encode makes the record of some changes, in whole blocks. It holds until the next call.
func (l *log) encode(seq uint64, changes []*row, size int) []byte {
	most := recordHead + size + len(changes)*(1+2*binary.MaxVarintLen32) + block
	if cap(l.room) < most {
		l.room = make([]byte, 0, most)
	}
	b := l.room[:recordHead]
	for _, r := range changes {
		op := opPut
		if r.gone {
			op = opDelete
		}
		b = append(binary.AppendUvarint(append(b, op), uint64(len(r.key))), r.key...)
		if !r.gone {
			b = append(append(binary.AppendUvarint(b, uint64(len(r.val)+len(r.rest))), r.val...), r.rest...)
		}
	}
	binary.BigEndian.PutUint32(b, recordMagic)
	binary.BigEndian.PutUint32(b[4:], uint32(len(b)-recordHead))
	binary.BigEndian.PutUint64(b[8:], seq)
	binary.BigEndian.PutUint32(b[16:], l.sum(b[8:16], b[recordHead:]))
	end := len(b)
	b = b[:(end+block-1)/block*block]
	clear(b[end:])
	if cap(l.room) > mostKept {
		l.room = nil
	}
	return b
}

func (l *log) sum(seq, body []byte) uint32 {
	return crc32.Update(crc32.Update(crc32.Checksum(l.id[:], crcs), crcs, seq), crcs, body)
}

// append makes a record durable. Where it says errFlush that is unknown; after any other error the next record has the same number
// and place.
func (l *log) append(changes []*row, size int) error {
	if l.now == nil {
		if err := l.begin(); err != nil {
			return err
		}
	}
	record := l.encode(l.seq+1, changes, size)
	if err := l.now.write(record); err != nil {
		return err
	}
	if err := l.db.flush(l.now.f); err != nil {
		l.seq++ // nobody else gets its number, so that it is never taken for another
		return fmt.Errorf("%w: %w", errFlush, err)
	}
	l.now.at += int64(len(record))
	l.seq++
	return nil
}

// begin takes a free segment, or makes one.
func (l *log) begin() error {
	s := l.reuse()
	if s == nil {
		var err error
		if s, err = l.make(); err != nil {
			return err
		}
	}
	s.at = block
	l.now = s
	l.young = append(l.young, s)
	return nil
}

// reuse takes a free segment; nil: there is none.
func (l *log) reuse() *segment {
	l.db.publishing.Lock()
	defer l.db.publishing.Unlock()
	for last := len(l.free) - 1; last >= 0; last-- {
		s := l.free[last]
		l.free = l.free[:last]
		if same(s.f.Name(), s.info) == nil {
			return s
		}
		_ = s.f.Close()
	}
	return nil
}

// make makes a segment that is there after a power cut.
func (l *log) make() (*segment, error) {
	for n := 1; ; n++ {
		f, err := os.OpenFile(fmt.Sprint(l.db.path, logSuffix, n), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		s := &segment{f: f}
		s.info, err = f.Stat()
		if err == nil {
			err = s.write(l.head(l.db.opts.Buckets))
		}
		if err == nil {
			err = durable.Data(f)
		}
		if err == nil {
			err = durable.Sync(filepath.Dir(l.db.path))
		}
		if err != nil {
			return nil, errors.Join(err, s.remove())
		}
		return s, nil
	}
}

// write writes at the place where the next record begins, and whole steps: a file that is as large as it was needs one write
// less for each flush. What it could not write whole leaves the file as large as it was.
func (s *segment) write(b []byte) error {
	end := s.at + int64(len(b))
	was := s.size
	if end > s.size {
		if err := s.grow(end); err != nil { // for want of room perhaps, that there is for what matters
			if err := s.f.Truncate(was); err != nil {
				return err
			}
			s.size = was
		}
	}
	if _, err := s.f.WriteAt(b, s.at); err != nil {
		_ = s.f.Truncate(was) // makes room for others; what is beyond is not read
		s.size = was
		return err
	}
	s.size = max(s.size, end)
	return nil
}

// zeros are what a segment grows by.
var zeros [segmentStep]byte

func (s *segment) grow(end int64) error {
	for s.size < end {
		if _, err := s.f.WriteAt(zeros[:], s.size); err != nil {
			return err
		}
		s.size += segmentStep
	}
	return nil
}

func (s *segment) remove() error {
	err := os.Remove(s.f.Name())
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	return errors.Join(s.f.Close(), err)
}

// discard removes all segments: what they hold is in the file. Whoever calls it holds DB.merging too.
func (l *log) discard() error {
	return l.end((*segment).remove)
}

// close closes the segments and leaves them where they are. Whoever calls it holds DB.merging too.
func (l *log) close() error {
	return l.end(func(s *segment) error { return s.f.Close() })
}

func (l *log) end(each func(*segment) error) error {
	m := &l.db.merger
	var err error
	for _, s := range slices.Concat(l.young, l.free, m.segments) {
		err = errors.Join(err, each(s))
	}
	l.now, l.young, l.free, m.segments = nil, nil, nil, nil
	return err
}

// keepLog begins a new log where somebody has taken away the one that is written to. The writer calls it.
func (db *DB) keepLog() error {
	if db.log.now == nil {
		return nil
	}
	gone := same(db.log.now.f.Name(), db.log.now.info)
	if gone == nil {
		return nil
	}
	db.opts.Log.Warn("the log of the store was taken away: a new one begins", "error", gone)
	if err := db.settle(); err != nil {
		return err
	}
	db.merging.Lock()
	defer db.merging.Unlock()
	return db.log.discard()
}

// same says why the file at a name is not the one that is open.
func same(name string, open os.FileInfo) error {
	there, err := os.Stat(name)
	if err == nil && !os.SameFile(open, there) {
		err = fmt.Errorf("%s: %w", name, errOther)
	}
	return err
}

var errOther = errors.New("another file has its name")

// full says whether the segment is some times as long as one should be.
func (l *log) full(times int64) bool { return l.now != nil && l.now.at >= times*l.db.segmentFull }

// IsFull knows a full disk, also where bbolt kept nothing of the error but its text.
func IsFull(err error) bool {
	for _, no := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT} {
		if errors.Is(err, no) || err != nil && strings.Contains(err.Error(), no.Error()) {
			return true
		}
	}
	return false
}
