package parser

import (
	"strings"
	"unicode/utf8"
)

// Words are looked up in any case, without a copy of each in lower case.

// at looks a word up, in any case and with any apostrophe.
func at[V any](words map[string]V, word string) V {
	var room [longestWord]byte
	if b, ok := lowered(room[:0], word); ok {
		return words[string(b)]
	}
	return words[lower(word)]
}

// lowered gives a word of ASCII in lower case, in room for it; false where it is none or there is no room.
func lowered(room []byte, word string) ([]byte, bool) {
	if len(word) > cap(room) {
		return nil, false
	}
	for i := range len(word) {
		if word[i] >= utf8.RuneSelf {
			return nil, false
		}
		room = append(room, small(word[i]))
	}
	return room, true
}

// small gives a letter of ASCII in lower case, any other byte as it is.
func small(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// spaced gives a text with one blank between its words and none around it.
func spaced(s string) string {
	blank := true
	for i := range len(s) {
		if c := s[i]; c > ' ' && c < utf8.RuneSelf {
			blank = false
		} else if c != ' ' || blank {
			return strings.Join(strings.Fields(s), " ")
		} else {
			blank = true
		}
	}
	if blank {
		return strings.TrimSuffix(s, " ")
	}
	return s
}
