package parser

import (
	"slices"
	"strings"
	"sync"
)

// spoken are the words of a text, cut once for all who ask for them. They are not to be changed.
type spoken struct {
	text    string
	words   []token
	cleared bool // initials among them have lost their number (clearInitials), which depends on what stands beside them
}

// speak cuts a text into words.
func (v *vocabulary) speak(text string) spoken {
	c := cutter{text: text, words: make([]token, 0, len(text)/6+8)}
	v.cut(&c, len(text), len(text))
	return spoken{text: text, words: c.words, cleared: v.clearInitials(text, c.words)}
}

// first gives the first words of a text, as many as there is room for: those of the spoken one where it begins with the text.
func (v *vocabulary) first(text string, s *spoken, room []token) []token {
	words := append(room[:0], s.words[:min(len(s.words), cap(room))]...)
	whole := len(text) == len(s.text) || len(words) > 0 && words[len(words)-1].end+aheadOfWord < len(text)
	if s.cleared || !whole || !strings.HasPrefix(s.text, text) {
		return v.firstTokens(text, cap(room))
	}
	v.clearInitials(text, words)
	return words
}

// aheadOfWord is more than what is looked at behind a word to say what stands there (foldOrBreak).
const aheadOfWord = 100

// stretch is a piece of one text that stands in another as it is: whole lines.
type stretch struct{ at, from, size int }

// rooms are used again: for the words of one report.
var rooms = sync.Pool{New: func() any { return new([]token) }}

// mostRoom is how many words a room is kept for.
const mostRoom = 2000

// retold gives the words of a text that holds stretches of a spoken one, in their order: those are not cut again. They stand
// in the room where that is enough.
func (v *vocabulary) retold(text string, s *spoken, stretches []stretch, room []token) []token {
	if s.cleared {
		return v.tokens(text)
	}
	c := cutter{text: text, words: slices.Grow(room[:0], len(s.words)+8)}
	k := 0
	for _, part := range stretches {
		for k < len(s.words) && s.words[k].start < part.from {
			k++
		}
		first := k
		for k < len(s.words) && s.words[k].end <= part.from+part.size {
			k++
		}
		if first == k {
			continue
		}
		moved := part.at - part.from
		v.cut(&c, s.words[first].start+moved, len(text))
		n := len(c.words)
		c.words = append(c.words, s.words[first:k]...)
		for i := n; i < len(c.words); i++ {
			c.words[i].start += moved
			c.words[i].end += moved
		}
		c.words[n].breaks = c.breaks
		last := &c.words[len(c.words)-1]
		last.after = 0
		c.at, c.breaks, c.lineStart = last.end, 0, strings.LastIndexByte(text[:last.start], '\n')+1
	}
	v.cut(&c, len(text), len(text))
	v.clearInitials(text, c.words)
	return c.words
}
