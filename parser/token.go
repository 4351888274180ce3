package parser

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is a word of a text: a run of letters and digits, a picture character, or a smiley.
type token struct {
	start, end int   // bytes of the text
	id         int32 // its number in the vocabulary, 0 where it is unknown
	breaks     uint8 // what stands between it and the word before
	after      uint8 // what stands right behind it
}

// What stands between two words.
const (
	breakComma    uint8 = 1 << iota // a comma, a bracket, a dash
	breakStop                       // the end of a sentence
	breakLine                       // the end of a line that is no mere fold
	breakQuestion                   // a question mark
	breakColon
)

// Folding and misspelling.
const (
	foldedLine  = 45 // a line of less bytes than this was not folded by a mail client
	longestWord = 40
)

// tokens cuts a text into words and looks each up.
func (v *vocabulary) tokens(text string) []token { return v.firstTokens(text, len(text)) }

// firstTokens gives the first words of a text, so many at most.
func (v *vocabulary) firstTokens(text string, most int) []token {
	c := cutter{text: text, words: make([]token, 0, min(len(text)/6+8, most))}
	v.cut(&c, len(text), most)
	v.clearInitials(text, c.words)
	return c.words
}

// cutter is a text that is being cut into words, up to a byte of it.
type cutter struct {
	text      string
	at        int
	lineStart int
	breaks    uint8 // what stands behind the last word so far
	words     []token
}

// cut goes on to a byte of the text, or until there are so many words.
func (v *vocabulary) cut(c *cutter, end, most int) {
	text := c.text
	for c.at < end && len(c.words) < most {
		i := c.at
		r, size := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[i:])
		}
		switch {
		case isWordRune(r):
			end := wordEnd(text, i)
			c.add(token{start: i, end: end, id: v.lookup(text[i:end])})
			continue
		case isPicture(r) || r == '+' && i+1 < len(text) && text[i+1] == '1':
			if r == '+' {
				size = 2
			}
			c.add(token{start: i, end: i + size, id: v.ids[text[i:i+size]]})
			continue
		case r == '\n':
			c.breaks |= foldOrBreak(text, c.lineStart, i)
			c.lineStart = i + 1
		case r == ':':
			if n, face := smiley(text[i:]); n > 0 {
				c.add(token{start: i, end: i + n, id: v.ids[face]})
				continue
			}
			c.breaks |= breakColon
		default:
			c.breaks |= punctuation(text, i, r)
		}
		if len(c.words) > 0 && c.breaks != 0 {
			c.words[len(c.words)-1].after = c.breaks
		}
		c.at += size
	}
}

func (c *cutter) add(w token) {
	w.breaks = c.breaks
	c.words, c.at, c.breaks = append(c.words, w), w.end, 0
}

// inWord are the ASCII characters of words.
var inWord = func() (is [utf8.RuneSelf]bool) {
	for c := range is {
		is[c] = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
	}
	return is
}()

func isWordRune(r rune) bool {
	if uint32(r) < utf8.RuneSelf {
		return inWord[r]
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) && r != '\uFE0F'
}

func isPicture(r rune) bool {
	return r >= 0x2190 && r != '\uFE0F' && (unicode.Is(unicode.So, r) || unicode.Is(unicode.Sm, r)) && r != '·'
}

// wordEnd gives the end of the word that begins at i. An apostrophe inside a word belongs to it.
func wordEnd(text string, i int) int {
	for i < len(text) {
		if c := text[i]; c < utf8.RuneSelf && inWord[c] {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if !isWordRune(r) {
			if r != '\'' && r != '’' {
				return i
			}
			next, _ := utf8.DecodeRuneInString(text[i+size:])
			if !unicode.IsLetter(next) {
				return i
			}
		}
		i += size
	}
	return i
}

func punctuation(text string, i int, r rune) uint8 {
	switch r {
	case '?', '？':
		return breakQuestion | breakStop
	case '!', ';', '…', '。', '！':
		return breakStop
	case '.':
		next, _ := utf8.DecodeRuneInString(text[i+1:])
		if i+1 == len(text) || !isWordRune(next) || unicode.IsUpper(next) && i > 0 && text[i-1] >= 'a' && text[i-1] <= 'z' {
			return breakStop
		}
	case ',', '(', ')', '–', '—', '，', '、', '|', '\t':
		return breakComma
	case '-', '/':
		if i > 0 && text[i-1] == ' ' {
			return breakComma
		}
	}
	return 0
}

// foldOrBreak says whether a line end is the end of a thought or a mere fold.
func foldOrBreak(text string, lineStart, i int) uint8 {
	next, _ := utf8.DecodeRuneInString(strings.TrimLeft(text[i+1:min(len(text), i+80)], " \t"))
	if i-lineStart < foldedLine || !unicode.IsLower(next) {
		return breakLine
	}
	return 0
}

// smiley reads the faces that people type.
func smiley(s string) (int, string) {
	n := 1
	if n < len(s) && s[n] == '-' {
		n++
	}
	if n < len(s) && s[n] == '\'' {
		n++
	}
	if n < len(s) {
		switch s[n] {
		case ')', 'D':
			if s[n] == 'D' && n+1 < len(s) && isWordRune(rune(s[n+1])) {
				return 0, ""
			}
			return n + 1, ":)"
		case '(':
			if n == 1 && n+1 < len(s) && isWordRune(rune(s[n+1])) {
				return 0, "" // "nama:(Rina)"
			}
			return n + 1, ":("
		}
	}
	return 0, ""
}

// splitWords cuts a phrase of a word file into its words, in lower case.
func splitWords(phrase string) []string {
	var none vocabulary
	var out []string
	for _, w := range none.tokens(phrase) {
		out = append(out, lower(phrase[w.start:w.end]))
	}
	return out
}

// lower gives a word in lower case with straight apostrophes.
func lower(s string) string { return strings.ReplaceAll(strings.ToLower(s), "’", "'") }

// lookup gives the number of a word as people type it: in any case, with letters drawn out ("sudaaah"), with
// Indonesian endings ("printernya", "bisakah") or a 2 for a repetition ("muter2").
func (v *vocabulary) lookup(s string) int32 {
	if len(s) > longestWord || v.ids == nil {
		return 0
	}
	var buf [2 * longestWord]byte
	b := buf[:0]
	ascii := true
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf {
			ascii = false
			break
		}
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		b = append(b, c)
	}
	if !ascii {
		b = append(b[:0], lower(s)...)
	}
	if n, ok := v.ids[string(b)]; ok {
		return n
	}
	if short := undraw(b); len(short) < len(b) {
		if n, ok := v.ids[string(short)]; ok {
			return n
		}
		b = short
	}
	for _, ending := range [...]string{"nya", "2", "lah", "kah"} {
		if len(b) > len(ending)+2 && strings.HasSuffix(string(b), ending) {
			if n, ok := v.ids[string(b[:len(b)-len(ending)])]; ok {
				return n
			}
			if ending == "nya" || ending == "2" {
				b = b[:len(b)-len(ending)]
			}
		}
	}
	return 0
}

// undraw cuts runs of three and more of a letter to one, and a drawn-out last letter too. It works in place of a copy.
func undraw(b []byte) []byte {
	if !drawn(b) {
		return b
	}
	out := make([]byte, 0, longestWord)
	for i := 0; i < len(b); {
		j := i
		for j < len(b) && b[j] == b[i] {
			j++
		}
		out = append(out, b[i])
		if j-i == 2 && j < len(b) {
			out = append(out, b[i])
		}
		i = j
	}
	return out
}

// drawn says whether undraw has anything to cut.
func drawn(b []byte) bool {
	n := len(b)
	for i := 2; i < n; i++ {
		if b[i] == b[i-1] && b[i] == b[i-2] {
			return true
		}
	}
	return n >= 2 && b[n-1] == b[n-2]
}
