package words

import (
	"bytes"
	"sort"

	"helpost/internal/sop"
)

// A List gives tickets, newest first: the greatest number below n, false where there is none.
type List func(n sop.Number) (sop.Number, bool)

const (
	mostTerms  = 24  // words of a file that begin alike and are looked at one by one
	mostCached = 256 // blocks that one search keeps
)

// Found is what the index knows of a query, as long as the function runs that it is handed to.
type Found struct {
	Lists []List // of each word: tickets that may hold it. One that holds all words, and was read, is in all of them
	err   error
	cache map[cached][]byte
}

type cached struct {
	s *segment
	b int
}

// Err says what kept a list from going on. The index begins anew then.
func (f *Found) Err() error { return f.err }

// Find lets fn look up a query. extra are tickets that are in every list: those that were not read yet, newest first.
func (x *Index) Find(q Query, extra []sop.Number, fn func(*Found) error) error {
	x.mu.RLock()
	defer x.mu.RUnlock()
	f := &Found{cache: map[cached][]byte{}}
	for i, t := range q.terms {
		for j, w := range t {
			f.Lists = append(f.Lists, x.word(f, w, q.last(i, j), extra))
		}
	}
	err := fn(f)
	if f.err != nil {
		x.spoiled.Store(true)
	}
	return err
}

// below is a list in one place.
type below interface {
	below(n sop.Number) (sop.Number, bool, error)
}

// word is the list of one word over all places.
func (x *Index) word(f *Found, w string, begins bool, extra []sop.Number) List {
	all := []below{descending(extra)}
	for _, m := range x.memories() {
		all = append(all, m.list(w, begins))
	}
	term := w
	if short := shortTerm(nil, w); begins && (short == nil || string(short) == prefixTerm+w) {
		term = prefixTerm + w // all that begins with it is under its first letters, but for the word itself where it is shorter
	}
	for _, s := range x.segments {
		lists, err := f.terms(s, term, begins)
		if err != nil {
			f.err = err
		}
		all = append(all, lists...)
		if term != w && begins {
			all = append(all, &list{c: s.cursor(f.read), term: []byte(w)})
		}
	}
	return func(n sop.Number) (sop.Number, bool) {
		best, found := sop.Number(0), false
		for _, l := range all {
			got, more, err := l.below(n)
			if err != nil && f.err == nil {
				f.err = err
			}
			if more && got > best {
				best, found = got, true
			}
		}
		return best, found && f.err == nil
	}
}

// terms are the lists of a term in a file, or of all terms that begin with it.
func (f *Found) terms(s *segment, term string, begins bool) ([]below, error) {
	if !begins {
		return []below{&list{c: s.cursor(f.read), term: []byte(term)}}, nil
	}
	var all []below
	c := s.cursor(f.read)
	next := []byte(term)
	for {
		more, err := c.seek(next)
		if err != nil {
			return nil, err
		}
		if !more || !bytes.HasPrefix(c.key, []byte(term)) {
			return all, nil
		}
		found, _, ok := cutKey(c.key)
		if !ok {
			return nil, errDamaged
		}
		if len(all) == mostTerms && term[0] != prefixTerm[0] {
			short := shortTerm(nil, term) // more tickets than hold it, but one list
			return []below{&list{c: s.cursor(f.read), term: short}}, nil
		}
		found = bytes.Clone(found)
		all = append(all, &list{c: s.cursor(f.read), term: found})
		next = append(found, 1)
	}
}

// read reads a block, once for all lists.
func (f *Found) read(s *segment, b int) ([]byte, error) {
	at := cached{s, b}
	if data := f.cache[at]; data != nil {
		return data, nil
	}
	data, err := s.read(b)
	if err != nil {
		return nil, err
	}
	if len(f.cache) >= mostCached {
		clear(f.cache)
	}
	f.cache[at] = data
	return data, nil
}

// descending is a list in memory.
type descending []sop.Number

func (d descending) below(n sop.Number) (sop.Number, bool, error) {
	i := sort.Search(len(d), func(i int) bool { return d[i] < n })
	if i == len(d) {
		return 0, false, nil
	}
	return d[i], true, nil
}

// list is the list of a term in a file. It reads a piece when somebody asks for it.
type list struct {
	c      *cursor
	term   []byte
	key    []byte
	opened bool
	from   uint64 // the piece that was asked for
	piece  uint64 // the one that was found: the newest from there on
	lows   []uint16
	ended  bool // there is none
}

func (l *list) below(n sop.Number) (sop.Number, bool, error) {
	if n == 0 {
		return 0, false, nil
	}
	want := pieceOf(n - 1)
	if !l.opened || want > l.from || want < l.piece && !l.ended {
		if err := l.open(want); err != nil {
			return 0, false, err
		}
	}
	for !l.ended {
		i := len(l.lows)
		if l.piece == want {
			limit := int((n-1)&(pieceSize-1)) + 1
			i = sort.Search(len(l.lows), func(i int) bool { return int(l.lows[i]) >= limit })
		}
		if i > 0 {
			return sop.Number(l.piece<<pieceBits) | sop.Number(l.lows[i-1]), true, nil
		}
		if l.piece == 0 {
			break
		}
		if err := l.open(l.piece - 1); err != nil {
			return 0, false, err
		}
	}
	return 0, false, nil
}

// open goes to the newest piece from one on.
func (l *list) open(from uint64) error {
	l.opened, l.from, l.ended = true, from, true
	l.key = appendKey(l.key[:0], l.term, from)
	more, err := l.c.seek(l.key)
	if !more || err != nil {
		return err
	}
	term, piece, ok := cutKey(l.c.key)
	if !ok {
		return errDamaged
	}
	if !bytes.Equal(term, l.term) {
		return nil
	}
	l.ended, l.piece = false, piece
	l.lows, err = readPiece(l.lows, l.c.value)
	return err
}
