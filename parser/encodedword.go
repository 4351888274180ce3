package parser

import (
	"encoding/base64"
	"strings"
	"unicode"
)

// decodeWords decodes the encoded words of a header value (RFC 2047) and its raw 8-bit text, as well as it can be
// read: words that split a character between them, that stand in quotes or touch other text, and base64 with
// missing or wrong padding. The result is valid UTF-8 without control characters but tab.
func decodeWords(value string) string {
	if len(value) > maxValue {
		value = value[:maxValue]
	}
	if !strings.Contains(value, "=?") {
		return oneLine(rawText(value))
	}
	var out strings.Builder
	var charset string // of the words that are waiting
	var waiting []byte // their bytes, for a character may be split between words
	flush := func() {
		if charset != "" {
			out.WriteString(decodeText(waiting, charset))
			charset, waiting = "", waiting[:0]
		}
	}
	for rest := value; rest != ""; {
		before, word, after, ok := cutWord(rest)
		if !ok {
			flush()
			out.WriteString(rawText(rest))
			break
		}
		if charset == "" || strings.Trim(before, " \t\r\n") != "" {
			flush()
			out.WriteString(rawText(before))
		}
		if !strings.EqualFold(charset, word.charset) {
			flush()
		}
		charset = word.charset
		waiting = append(waiting, word.bytes...)
		rest = after
	}
	flush()
	return oneLine(out.String())
}

// maxWord bounds an encoded word; RFC 2047 §2 allows 75 bytes, some programs write a whole subject as one.
const maxWord = 8 << 10

// word is an encoded word.
type word struct {
	charset string
	bytes   []byte
}

// cutWord finds the first encoded word of s.
func cutWord(s string) (before string, w word, after string, ok bool) {
	for at := 0; ; {
		i := strings.Index(s[at:], "=?")
		if i < 0 {
			return s, word{}, "", false
		}
		at += i
		if w, n, ok := readWord(s[at:]); ok {
			return s[:at], w, s[at+n:], true
		}
		at += 2
	}
}

// readWord reads the encoded word that s begins with and says how long it is.
func readWord(s string) (w word, n int, ok bool) {
	charset, rest, ok := strings.Cut(s[2:min(len(s), 2+80)], "?")
	if !ok || charset == "" || strings.ContainsAny(charset, " \t=\"<>") || len(rest) < 2 || rest[1] != '?' {
		return word{}, 0, false
	}
	start := 2 + len(charset) + 3
	end := strings.Index(s[start:min(start+maxWord, len(s))], "?=")
	if end < 0 {
		return word{}, 0, false
	}
	text := s[start : start+end]
	charset, _, _ = strings.Cut(charset, "*") // RFC 2231 §5: a language
	switch rest[0] {
	case 'B', 'b':
		if strings.Contains(text, "?") {
			return word{}, 0, false
		}
		return word{charset, decodeWordBase64(text)}, start + end + 2, true
	case 'Q', 'q':
		return word{charset, decodeWordQuoted(text)}, start + end + 2, true
	}
	return word{}, 0, false
}

func decodeWordBase64(text string) []byte {
	text = strings.TrimRight(strings.Map(func(r rune) rune {
		if r == ' ' || r == '\t' || r == '\r' || r == '\n' {
			return -1
		}
		return r
	}, text), "=")
	if raw, err := base64.RawStdEncoding.DecodeString(text); err == nil {
		return raw
	}
	data, _ := decodeBase64([]byte(text))
	return data
}

func decodeWordQuoted(text string) []byte {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '_' {
			c = ' '
		} else if c == '=' && i+2 < len(text) {
			if hi, lo := unhex(text[i+1]), unhex(text[i+2]); hi >= 0 && lo >= 0 {
				c = byte(hi<<4 | lo)
				i += 2
			}
		}
		out = append(out, c)
	}
	return out
}

// rawText reads header text that is not encoded: ASCII, UTF-8 (RFC 6532) or an 8-bit charset that nobody names.
func rawText(s string) string {
	for i := range len(s) {
		if s[i] >= 0x80 || s[i] == 0x1b {
			return decodeText([]byte(s), "")
		}
	}
	return s
}

// oneLine turns line ends and other control characters into blanks and takes the blanks around the value off.
func oneLine(s string) string {
	if isPrintable(s) {
		return strings.TrimSpace(s)
	}
	clean := true
	for _, r := range s {
		if r < ' ' && r != '\t' || r == 0x7f || unicode.Is(unicode.Cc, r) && r != '\t' || isBidi(r) || r == '\u2028' || r == '\u2029' {
			clean = false
			break
		}
	}
	if !clean {
		s = strings.Map(func(r rune) rune {
			switch {
			case isBidi(r) || r == 0:
				return -1
			case unicode.Is(unicode.Cc, r) || r == '\u2028' || r == '\u2029':
				return ' '
			}
			return r
		}, s)
	}
	return strings.TrimSpace(s)
}

// isPrintable says whether a text is ASCII without control characters.
func isPrintable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// isBidi says whether a rune turns the direction of text, which can make a name read as another.
func isBidi(r rune) bool {
	return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}
