package mailauth

import (
	"strings"
	"unicode/utf8"

	"helpost/internal/sop"
)

// Bounds of the search for ref lines: a hostile text costs no more than this.
const (
	maxRefLines = 100 // MACs computed for one text
	maxRefSpan  = 400 // bytes that one line may be spread over by wrapping and quote marks
)

// InRefLine finds the first line "ref: IT-000123-TOKEN" of a text whose token's MAC holds and whose number is the
// token's. Mail clients wrap it, put quote marks before it and space it with HTML's blanks: all that is overlooked.
// prefix is that of ticket numbers ("IT").
func (t *Tokens) InRefLine(text, prefix string) (Token, bool) {
	tried := 0
	for rest := text; tried < maxRefLines; {
		i := indexFold(rest, "ref")
		if i < 0 {
			return Token{}, false
		}
		rest = rest[i+len("ref"):]
		n, token, ok := readRef(rest[:min(len(rest), maxRefSpan)], prefix)
		if !ok {
			continue
		}
		tried++
		if tok, holds := t.Open(token); holds && tok.Number == n && n != 0 {
			return tok, true
		}
	}
	return Token{}, false
}

// readRef reads what stands behind "ref": a colon, the ticket's id, and a token.
func readRef(s, prefix string) (n sop.Number, token string, ok bool) {
	r := refReader{s}
	if !r.literal(":") || !r.literal(prefix) || !r.literal("-") {
		return 0, "", false
	}
	digits := 0
	for ; ; digits++ {
		c, found := r.next()
		if !found || digits > 13 {
			return 0, "", false
		}
		if c == '-' {
			break
		}
		if c < '0' || c > '9' {
			return 0, "", false
		}
		n = n*10 + sop.Number(c-'0')
	}
	var letters [TokenLength]byte
	for i := range letters {
		c, found := r.next()
		if c = lower(c); !found || !(c >= 'a' && c <= 'z' || c >= '2' && c <= '7') {
			return 0, "", false
		}
		letters[i] = c
	}
	return n, string(letters[:]), digits > 0
}

// refReader gives the characters of a ref line and leaves out what mail clients put between them.
type refReader struct{ rest string }

func (r *refReader) next() (byte, bool) {
	for r.rest != "" {
		c, size := utf8.DecodeRuneInString(r.rest)
		if overlooked(c) {
			r.rest = r.rest[size:]
			continue
		}
		r.rest = r.rest[size:]
		switch {
		case c >= '\u2010' && c <= '\u2013': // a hyphen that a client made a better one of
			return '-', true
		case c >= utf8.RuneSelf:
			return 0, false
		}
		return byte(c), true
	}
	return 0, false
}

func (r *refReader) literal(want string) bool {
	for i := range len(want) {
		if c, ok := r.next(); !ok || lower(c) != lower(want[i]) {
			return false
		}
	}
	return true
}

// overlooked says whether a character comes from wrapping, quoting, markup or HTML's spacing.
func overlooked(c rune) bool {
	switch c {
	case ' ', '\t', '\r', '\n', '>', '|', '*', '_', '=', '\u00a0', '\u00ad', '\u200b', '\u200c', '\u200d', '\u2060', '\ufeff':
		return true
	}
	return false
}

// indexFold finds an ASCII word in any case of letters.
func indexFold(s, word string) int {
	first := word[:1] + strings.ToUpper(word[:1])
	for from := 0; ; {
		i := strings.IndexAny(s[from:], first)
		if i < 0 || from+i+len(word) > len(s) {
			return -1
		}
		if from += i; LowerASCII(s[from:from+len(word)]) == word {
			return from
		}
		from++
	}
}
