// Package words finds which tickets hold words: an index in a folder of its own, which may be deleted at any time.
//
// It knows no store. Somebody tells it what a ticket says, and it keeps which words stood there, in files that are written
// once and merged now and then. It flushes nothing to disk: what a power cut damages is known by its checksum, and the
// index begins anew. What it finds is where to look: a ticket whose words were changed since may be among it, so whoever
// asks reads the texts, and Query says whether they hold what was asked for. The files are docs/formats.md, "Search".
package words

import (
	"iter"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	mostText = 256 << 10 // bytes of a text that are read: what follows is not found
	mostWord = 64        // bytes of a word that count
)

// Of gives the words of a text, in order: runs of letters and digits, in lower case and without diacritics, so that
// "Ärger" and "ARGER" are one word (Unicode NFKD without marks). A word is valid until the next.
func Of(text string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		text, ascii := readable(text)
		word := make([]byte, 0, mostWord+utf8.UTFMax)
		end := func() bool {
			more := len(word) == 0 || yield(word)
			word = word[:0]
			return more
		}
		for i := 0; i < len(text); {
			c := text[i]
			if c < utf8.RuneSelf {
				i++
				if lower := plain[c]; lower == 0 {
					if !end() {
						return
					}
				} else if len(word) < mostWord {
					word = append(word, lower)
				}
				continue
			}
			r, size := rune(c), 1
			if !ascii {
				r, size = utf8.DecodeRuneInString(text[i:])
			}
			i += size
			switch {
			case unicode.Is(unicode.Mn, r):
			case r == utf8.RuneError || !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r):
				if !end() {
					return
				}
			case len(word) < mostWord:
				word = appendFolded(word, r)
			}
		}
		end()
	}
}

// readable cuts a text and takes its letters apart, where it has others than those of ASCII.
func readable(text string) (string, bool) {
	if len(text) > mostText {
		text = strings.ToValidUTF8(text[:mostText], "")
	}
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return norm.NFKD.String(text), false
		}
	}
	return text, true
}

// plain gives the letters and digits of ASCII in lower case, 0 for all else.
var plain = func() (t [utf8.RuneSelf]byte) {
	for c := range t {
		switch {
		case c >= '0' && c <= '9' || c >= 'a' && c <= 'z':
			t[c] = byte(c)
		case c >= 'A' && c <= 'Z':
			t[c] = byte(c) + 'a' - 'A'
		}
	}
	return t
}()

// folded are letters that no decomposition makes plain.
var folded = map[rune]string{'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'đ': "d", 'ð': "d", 'ł': "l", 'þ': "th", 'ı': "i", 'ς': "σ"}

func appendFolded(word []byte, r rune) []byte {
	r = unicode.ToLower(r)
	if as, known := folded[r]; known {
		return append(word, as...)
	}
	return utf8.AppendRune(word, r)
}

// Query is what somebody looks for: all of its terms, in whichever of a ticket's texts.
type Query struct {
	terms [][]string // of each its words, which stand one after another
	asks  bool
}

// Parse reads a query: terms with blanks between. A term of several words ("LT-0234", an address) asks for them side by
// side. The last word of all is found by its beginning, from two letters on.
func Parse(text string) Query {
	q := Query{}
	for term := range strings.FieldsSeq(text) {
		q.asks = true
		var all []string
		for w := range Of(term) {
			all = append(all, string(w))
		}
		if len(all) > 0 {
			q.terms = append(q.terms, all)
		}
	}
	return q
}

// Asks says whether anything is asked for. Impossible says that no text can hold it: it has no letter and no digit.
func (q Query) Asks() bool       { return q.asks }
func (q Query) Impossible() bool { return q.asks && len(q.terms) == 0 }

// last says whether a word is the one that is found by its beginning.
func (q Query) last(term, word int) bool {
	return term == len(q.terms)-1 && word == len(q.terms[term])-1 && utf8.RuneCountInString(q.terms[term][word]) > 1
}

// Match looks for a query in the texts of a ticket, one after another.
type Match struct {
	q     Query
	found []bool // by term
	left  int
	depth int // words of the longest term
}

// Match begins to look.
func (q Query) Match() *Match {
	m := &Match{q: q, found: make([]bool, len(q.terms)), left: len(q.terms)}
	for _, t := range q.terms {
		m.depth = max(m.depth, len(t))
	}
	return m
}

// All says whether everything was found.
func (m *Match) All() bool { return m.left == 0 && !m.q.Impossible() }

// Look reads a text.
func (m *Match) Look(text string) {
	if m.left == 0 {
		return
	}
	recent := make([][]byte, 0, m.depth) // the last words, the newest last
	for w := range Of(text) {
		if len(recent) == m.depth {
			oldest := recent[0]
			copy(recent, recent[1:])
			recent[len(recent)-1] = append(oldest[:0], w...)
		} else {
			recent = append(recent, slices.Clone(w))
		}
		for i, t := range m.q.terms {
			if !m.found[i] && m.ends(recent, i, t) {
				m.found[i] = true
				if m.left--; m.left == 0 {
					return
				}
			}
		}
	}
}

// ends says whether the last words are those of a term.
func (m *Match) ends(recent [][]byte, term int, words []string) bool {
	if len(recent) < len(words) {
		return false
	}
	recent = recent[len(recent)-len(words):]
	for i, w := range words {
		if string(recent[i]) == w || m.q.last(term, i) && strings.HasPrefix(string(recent[i]), w) {
			continue
		}
		return false
	}
	return true
}
