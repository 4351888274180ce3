package workflow

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// gone stands where a person's words stood in another's.
const gone = "…"

const (
	shortestLine = 8 // letters of a line that is looked for in others' texts: shorter ones are everybody's
	shortestName = 3 // letters of a part of a name that is looked for as a word
)

// is says whether an address is the person's.
func (e *Erase) is(address string) bool {
	return e.Address != "" && strings.EqualFold(address, e.Address)
}

// Text is what somebody else wrote, without the person: his address, his names and their parts as whole words, and the
// lines of his that it quotes.
func (e *Erase) Text(s string) string {
	if s == "" || e.Address == "" {
		return s
	}
	for _, line := range e.Lines {
		if line = strings.TrimSpace(line); utf8.RuneCountInString(line) >= shortestLine {
			s = strings.ReplaceAll(s, line, gone)
		}
	}
	s = replaceFold(s, e.Address)
	for _, name := range e.Names {
		s = replaceFold(s, name)
	}
	for _, name := range e.Names {
		for _, part := range strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) }) {
			if utf8.RuneCountInString(part) >= shortestName {
				s = replaceFold(s, part)
			}
		}
	}
	return s
}

// Mentions says whether a text names the person: by address, or by a whole name of more than one word.
func (e *Erase) Mentions(s string) bool {
	if e.Address == "" {
		return false
	}
	if containsFold(s, e.Address) {
		return true
	}
	return slices.ContainsFunc(e.Names, func(n string) bool {
		return len(strings.Fields(n)) > 1 && containsFold(s, n)
	})
}

func containsFold(s, word string) bool {
	_, _, found := cutFold(s, word)
	return found
}

// replaceFold writes gone over every place of a word, in any case of letters, where it is no part of a longer one.
func replaceFold(s, word string) string {
	var b strings.Builder
	for {
		before, after, found := cutFold(s, word)
		if !found {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(before)
		b.WriteString(gone)
		s = after
	}
}

// cutFold finds the first place of a word in any case of letters. An address is no part of a longer address.
func cutFold(s, word string) (before, after string, found bool) {
	if word == "" {
		return s, "", false
	}
	first, _ := utf8.DecodeRuneInString(word)
	for at, r := range s {
		if !equalRune(r, first) {
			continue
		}
		end, same := matchFold(s[at:], word)
		if !same {
			continue
		}
		last, _ := utf8.DecodeLastRuneInString(s[:at])
		next, _ := utf8.DecodeRuneInString(s[at+end:])
		if isWord(last) || isWord(next) || next == '@' || strings.Contains(word, "@") && strings.ContainsRune(".-_+", last) {
			continue
		}
		return s[:at], s[at+end:], true
	}
	return s, "", false
}

// matchFold says whether s begins with a word, and how many bytes that takes.
func matchFold(s, word string) (length int, same bool) {
	for _, w := range word {
		r, size := utf8.DecodeRuneInString(s[length:])
		if size == 0 || !equalRune(r, w) {
			return 0, false
		}
		length += size
	}
	return length, true
}

func equalRune(a, b rune) bool { return a == b || unicode.ToLower(a) == unicode.ToLower(b) }

func isWord(r rune) bool { return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) }
