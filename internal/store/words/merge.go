package words

import (
	"bytes"
	"cmp"
	"slices"

	"helpost/internal/sop"
)

// restStep is after how many bytes a merge rests.
const restStep = 256 << 10

// merge writes what the files hold into one, without the tickets that are gone. The files are given from the newest on: of
// what a ticket was read the newest says it.
func merge(w *writer, from []*segment, gone map[sop.Number]bool, rest func() error) error {
	m := merging{w: w, gone: gone, pieces: map[uint64]bool{}}
	for n := range gone {
		m.pieces[pieceOf(n)] = true
	}
	for _, s := range from {
		c := s.cursor((*segment).read)
		more, err := c.seek(nil)
		if err != nil {
			return err
		}
		if more {
			m.cursors = append(m.cursors, c)
		}
	}
	rested := int64(0)
	for len(m.cursors) > 0 {
		if err := m.step(); err != nil {
			return err
		}
		if w.size-rested > restStep {
			if err := rest(); err != nil {
				return err
			}
			rested = w.size
		}
	}
	return nil
}

type merging struct {
	w       *writer
	cursors []*cursor // newest first
	gone    map[sop.Number]bool
	pieces  map[uint64]bool // in which they are
	key     []byte
	value   []byte
	same    []*cursor
	lows    []uint16
	more    []uint16
	docs    []doc
}

// step writes the lowest key.
func (m *merging) step() error {
	low := m.cursors[0].key
	for _, c := range m.cursors[1:] {
		if bytes.Compare(c.key, low) < 0 {
			low = c.key
		}
	}
	m.key = append(m.key[:0], low...)
	m.same = m.same[:0]
	for _, c := range m.cursors {
		if bytes.Equal(c.key, m.key) {
			m.same = append(m.same, c)
		}
	}
	term, piece, ok := cutKey(m.key)
	if !ok {
		return errDamaged
	}
	join := m.join
	if isDocs(term) {
		join = m.joinDocs
	}
	there, err := join(piece)
	if err == nil && there {
		err = m.w.add(m.key, m.value)
	}
	if err != nil {
		return err
	}
	for _, c := range m.same {
		more, err := c.next()
		if err != nil {
			return err
		}
		if !more {
			m.cursors = slices.DeleteFunc(m.cursors, func(o *cursor) bool { return o == c })
		}
	}
	return nil
}

// join makes the list of all that have the key, false where nothing is left.
func (m *merging) join(piece uint64) (bool, error) {
	if len(m.same) == 1 && !m.pieces[piece] {
		m.value = append(m.value[:0], m.same[0].value...)
		return true, nil
	}
	m.lows = m.lows[:0]
	for _, c := range m.same {
		var err error
		if m.more, err = readPiece(m.more, c.value); err != nil {
			return false, err
		}
		m.lows = append(m.lows, m.more...)
	}
	slices.Sort(m.lows)
	m.lows = slices.Compact(m.lows)
	if m.pieces[piece] {
		m.lows = slices.DeleteFunc(m.lows, func(l uint16) bool { return m.gone[sop.Number(piece<<pieceBits)|sop.Number(l)] })
	}
	m.value = appendPiece(m.value[:0], m.lows)
	return len(m.lows) > 0, nil
}

// joinDocs does the same with the list of tickets.
func (m *merging) joinDocs(place uint64) (bool, error) {
	m.docs = m.docs[:0]
	for _, c := range m.same {
		var err error
		if m.docs, err = readDocs(m.docs, place, c.value); err != nil {
			return false, err
		}
	}
	slices.SortStableFunc(m.docs, func(a, b doc) int { return cmp.Compare(a.n, b.n) }) // of two the newer comes first
	m.docs = slices.CompactFunc(m.docs, func(a, b doc) bool { return a.n == b.n })
	m.docs = slices.DeleteFunc(m.docs, func(d doc) bool { return m.gone[d.n] })
	m.value = appendDocs(m.value[:0], m.docs)
	return len(m.docs) > 0, nil
}
