package words

import (
	"cmp"
	"slices"
	"strings"

	"helpost/internal/sop"
)

// memory is what was added since the last file was written.
type memory struct {
	terms map[string]int // words, by their place in lists
	lists []tickets
	docs  map[sop.Number]Read
	size  int // about so many bytes
}

// tickets are those of a word, in no order. Most words have one.
type tickets struct {
	first sop.Number // 0: none
	more  []sop.Number
}

func (t *tickets) last() sop.Number {
	if len(t.more) > 0 {
		return t.more[len(t.more)-1]
	}
	return t.first
}

func (t *tickets) appendTo(all []sop.Number) []sop.Number {
	if t.first == 0 {
		return all
	}
	return append(append(all, t.first), t.more...)
}

func newMemory() *memory {
	return &memory{terms: map[string]int{}, docs: map[sop.Number]Read{}}
}

// What an entry takes beside its bytes, about.
const (
	termCost = 100
	docCost  = 48
	moreCost = 12
)

func (m *memory) add(n sop.Number, r Read, texts []string) {
	if _, there := m.docs[n]; !there {
		m.size += docCost
	}
	m.docs[n] = r
	for _, text := range texts {
		for w := range Of(text) {
			m.put(w, n)
		}
	}
}

func (m *memory) put(word []byte, n sop.Number) {
	at, there := m.terms[string(word)]
	if !there {
		m.terms[string(word)] = len(m.lists)
		m.lists = append(m.lists, tickets{first: n})
		m.size += termCost + len(word)
		return
	}
	t := &m.lists[at]
	switch {
	case t.first == 0:
		t.first = n
	case t.last() != n && t.first != n:
		t.more = append(t.more, n)
		m.size += moreCost
	}
}

// forget takes tickets out, and words that none holds any more.
func (m *memory) forget(gone map[sop.Number]bool) {
	for word, at := range m.terms {
		t := &m.lists[at]
		left := slices.DeleteFunc(t.appendTo(nil), func(n sop.Number) bool { return gone[n] })
		if *t = (tickets{}); len(left) > 0 {
			*t = tickets{first: left[0], more: left[1:]}
		} else {
			delete(m.terms, word)
		}
	}
	for n := range gone {
		delete(m.docs, n)
	}
}

// list gives the tickets that hold a word, or one that begins with it.
func (m *memory) list(word string, begins bool) descending {
	var all []sop.Number
	if begins {
		for w, at := range m.terms {
			if strings.HasPrefix(w, word) {
				all = m.lists[at].appendTo(all)
			}
		}
	} else if at, there := m.terms[word]; there {
		all = m.lists[at].appendTo(all)
	}
	return newest(all)
}

// newest sorts numbers in place.
func newest(all []sop.Number) descending {
	slices.SortFunc(all, func(a, b sop.Number) int { return cmp.Compare(b, a) })
	return slices.Compact(all)
}

// write writes a file of all of it: the tickets, the first letters of words, the words.
func (m *memory) write(w *writer) error {
	if err := m.writeDocs(w); err != nil {
		return err
	}
	type entry struct {
		word string
		at   int
	}
	words := make([]entry, 0, len(m.terms))
	for word, at := range m.terms {
		words = append(words, entry{word, at})
	}
	slices.SortFunc(words, func(a, b entry) int { return strings.Compare(a.word, b.word) })
	p := pieces{w: w}
	var all []sop.Number
	var short, next []byte
	for _, e := range words {
		if next = shortTerm(next, e.word); next == nil {
			continue
		}
		if string(next) != string(short) {
			if err := p.write(short, newest(all)); err != nil {
				return err
			}
			short, all = append(short[:0], next...), all[:0]
		}
		all = m.lists[e.at].appendTo(all)
	}
	if err := p.write(short, newest(all)); err != nil {
		return err
	}
	for _, e := range words {
		all = m.lists[e.at].appendTo(all[:0])
		if err := p.write([]byte(e.word), newest(all)); err != nil {
			return err
		}
	}
	return nil
}

// pieces writes the tickets of terms.
type pieces struct {
	w          *writer
	key, value []byte
	lows       []uint16
}

func (p *pieces) write(term []byte, all descending) error {
	for len(all) > 0 {
		piece := pieceOf(all[0])
		p.lows = p.lows[:0]
		for len(all) > 0 && pieceOf(all[0]) == piece {
			p.lows = append(p.lows, uint16(all[0]&(pieceSize-1)))
			all = all[1:]
		}
		slices.Reverse(p.lows)
		p.key, p.value = appendKey(p.key[:0], term, piece), appendPiece(p.value[:0], p.lows)
		if err := p.w.add(p.key, p.value); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) writeDocs(w *writer) error {
	all := make([]doc, 0, len(m.docs))
	for n, r := range m.docs {
		all = append(all, doc{n, r})
	}
	slices.SortFunc(all, func(a, b doc) int { return cmp.Compare(a.n, b.n) })
	for end := len(all); end > 0; {
		begin := end - 1
		for begin > 0 && all[begin-1].n>>docBits == all[begin].n>>docBits {
			begin--
		}
		if err := w.add(docKey(all[begin].n), appendDocs(nil, all[begin:end])); err != nil {
			return err
		}
		end = begin
	}
	return nil
}
