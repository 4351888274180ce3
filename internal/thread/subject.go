package thread

import (
	"strings"
	"unicode"

	"helpost/internal/sop"
)

// Bounds of the search for tags.
const (
	maxTags = 5  // looked up of one subject
	maxTag  = 40 // bytes of one
)

// tags finds the numbers in "[IT-000123]" of a subject, in any case of letters and in their order.
func tags(subject, prefix string) []sop.Number {
	var found []sop.Number
	for rest := subject; len(found) < maxTags; {
		_, after, ok := strings.Cut(rest, "[")
		if !ok {
			return found
		}
		rest = after
		if n, _, ok := readTag(after, prefix); ok {
			found = append(found, n)
		}
	}
	return found
}

// readTag reads what follows a "[": prefix, hyphen, digits, "]"; blanks within are overlooked. rest is what stands behind.
func readTag(s, prefix string) (n sop.Number, rest string, ok bool) {
	end := strings.IndexByte(s[:min(len(s), maxTag)], ']')
	if end < 0 {
		return 0, "", false
	}
	inside, rest := strings.TrimSpace(s[:end]), s[end+1:]
	if len(inside) <= len(prefix) || !equalASCII(inside[:len(prefix)], prefix) {
		return 0, "", false
	}
	digits := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(inside[len(prefix):]), "-"))
	if digits == "" || len(digits) > 12 {
		return 0, "", false
	}
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return 0, "", false
		}
		n = n*10 + sop.Number(digits[i]-'0')
	}
	return n, rest, n != 0
}

// marks are what mail clients put before the subject of an answer or a forward, in the languages that they speak here
// and with our partners.
var marks = map[string]bool{
	"re": true, "bls": true, "balas": true, "balasan": true, "aw": true, "antw": true, "sv": true, "vs": true, "rif": true, "ref": true, "res": true, "odp": true, "ynt": true,
	"fwd": true, "fw": true, "wg": true, "tr": true, "terusan": true, "diteruskan": true, "trs": true, "rv": true, "enc": true, "vb": true, "vl": true, "pd": true, "i": true,
	"回复": true, "答复": true, "转发": true, "回覆": true, "轉寄": true, "返信": true, "転送": true,
}

// bare is a subject without marks of answers and forwards, our tags, marks of mail from outside, and differences of blanks
// and case: what two mails of one conversation have in common.
func bare(subject, prefix string) string {
	s := strings.TrimSpace(subject)
	for {
		next, cut := cutLeading(s, prefix)
		if !cut {
			break
		}
		s = strings.TrimSpace(next)
	}
	var b strings.Builder // tags may also stand within
	for {
		before, after, found := strings.Cut(s, "[")
		b.WriteString(before)
		if !found {
			break
		}
		if _, rest, ok := readTag(after, prefix); ok {
			b.WriteByte(' ')
			s = rest
			continue
		}
		b.WriteByte('[')
		s = after
	}
	return strings.ToLower(strings.Join(strings.FieldsFunc(b.String(), blank), " "))
}

// cutLeading takes one mark from the front: "Re:", "Re[2]:", "Fwd :", "[IT-000123]", "[EXTERNAL]".
func cutLeading(s, prefix string) (string, bool) {
	if inner, ok := strings.CutPrefix(s, "["); ok {
		if _, rest, ok := readTag(inner, prefix); ok {
			return rest, true
		}
		word, rest, closed := strings.Cut(inner, "]")
		switch strings.ToLower(strings.TrimSpace(word)) {
		case "ext", "external", "eksternal":
			return rest, closed
		}
		return s, false
	}
	colon := strings.IndexAny(s, ":：")
	if colon < 0 || colon > 24 {
		return s, false
	}
	word := strings.TrimSpace(s[:colon])
	if i := strings.IndexAny(word, "[("); i > 0 { // a count: "Re[2]", "Re (3)"
		word = strings.TrimSpace(word[:i])
	}
	if !marks[strings.ToLower(word)] {
		return s, false
	}
	rest := s[colon:]
	return strings.TrimPrefix(strings.TrimPrefix(rest, ":"), "："), true
}

// sameSubject says whether two subjects are one conversation's. An answer without any subject is no other one.
func sameSubject(a, b, prefix string) bool {
	a, b = bare(a, prefix), bare(b, prefix)
	return a == "" || a == b
}

func blank(c rune) bool { return unicode.IsSpace(c) || c == '\u200b' || c == '\ufeff' }

func equalASCII(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		x, y := a[i], b[i]
		if x|0x20 != y|0x20 || x != y && (x|0x20 < 'a' || x|0x20 > 'z') {
			return false
		}
	}
	return true
}
