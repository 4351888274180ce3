package templates

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxName = 60  // characters of a name
	maxLine = 300 // characters of any other value that stands within a line
)

// FullName puts a display name right, as a person would write it: "WIJAYA, Rina (Finance)" is Rina Wijaya. It is ""
// where the name is none that one could greet by: an address, a link, one word of a thousand letters.
func FullName(name string) string {
	if plainName(name) && !isDegree(name) {
		return name
	}
	s := strings.Trim(oneLine(name, 4*maxName), `"'`+"`“”‘’")
	s = withoutBrackets(s)
	for _, cut := range []string{" | ", " - ", " – ", " / "} {
		s, _, _ = strings.Cut(s, cut)
	}
	s = lastNameLast(s)
	s = strings.Trim(strings.Join(strings.Fields(s), " "), `"'<>,;:-| `)
	if strings.ContainsAny(s, "@<>\\") || strings.Contains(s, "://") || strings.Contains(strings.ToLower(s), "www.") || !strings.ContainsFunc(s, unicode.IsLetter) {
		return ""
	}
	words := strings.Fields(s)
	length, kept := 0, words[:0]
	for _, w := range words {
		if length += utf8.RuneCountInString(w) + 1; length > maxName+1 {
			break
		}
		kept = append(kept, calm(w))
	}
	return strings.Join(kept, " ")
}

// plainName says whether a name stands there as FullName would write it: words of ASCII letters, none of them shouted.
func plainName(s string) bool {
	if len(s) > maxName || !plainLine(s) {
		return false
	}
	for w := range strings.SplitSeq(s, " ") {
		small := 0
		for i := range len(w) {
			switch c := w[i]; {
			case c >= 'a' && c <= 'z':
				small++
			case c < 'A' || c > 'Z':
				return false
			}
		}
		if small == 0 && len(w) > 3 {
			return false
		}
	}
	return s != ""
}

// lastNameLast turns "Wijaya, Rina" round, and leaves out degrees: "Rina Wijaya, S.Kom." is no Mr S.Kom. Wijaya.
func lastNameLast(s string) string {
	parts := strings.Split(s, ",")
	kept := parts[:0]
	for _, p := range parts {
		if p = strings.TrimSpace(p); p != "" && !isDegree(p) {
			kept = append(kept, p)
		}
	}
	if len(kept) == 2 {
		return kept[1] + " " + kept[0]
	}
	return strings.Join(kept, " ")
}

// degrees are what stands behind an Indonesian or English name, without its dots.
var degrees = setOf("ST SE SH SS SI SKOM SPD SSI SIP SSOS SIKOM SAK SAB SAP SPSI SKM SKED SFARM SHUT SPT SAG STP AMD AMDKOM MM MT MH MA MSC MSI MKOM MPD MBA MAK MAP MENG MCS PHD BA BSC BENG BBA LLM JD MD CPA CA CFA PMP JR SR II III IV AK")

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		set[w] = true
	}
	return set
}

func isDegree(s string) bool {
	if len(s) > 12 {
		return false
	}
	var room [24]byte
	bare := room[:0]
	for _, r := range s {
		if r != '.' && r != ' ' {
			bare = utf8.AppendRune(bare, unicode.ToUpper(r))
		}
	}
	return degrees[string(bare)]
}

// withoutBrackets drops what stands in brackets: departments, companies, "(External)".
func withoutBrackets(s string) string {
	var b strings.Builder
	depth := 0
	for _, r := range s {
		switch r {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth = max(depth-1, 0)
		default:
			if depth == 0 {
				b.WriteRune(r)
			}
		}
	}
	return b.String()
}

// calm writes a word in capitals as a name: WIJAYA is Wijaya. Short ones stay, they may be initials.
func calm(w string) string {
	if utf8.RuneCountInString(w) <= 3 || strings.ContainsFunc(w, func(r rune) bool { return !unicode.IsUpper(r) && r != '-' && r != '\'' }) {
		return w
	}
	var b strings.Builder
	first := true
	for _, r := range w {
		if !first {
			r = unicode.ToLower(r)
		}
		first = r == '-' || r == '\''
		b.WriteRune(r)
	}
	return b.String()
}

// oneLine makes of anything a value that can stand within a line: valid UTF-8, no control characters, nothing that
// turns the direction of writing, blanks folded, at most so many characters.
func oneLine(s string, most int) string {
	if plainLine(s) && len(s) <= most {
		return s
	}
	var b strings.Builder
	b.Grow(min(len(s), 4*most))
	n, blank := 0, true
	for _, r := range s {
		switch {
		case unicode.IsSpace(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Cc, r):
			if blank {
				continue
			}
			blank, r = true, ' '
		case invisible(r) || r == utf8.RuneError:
			continue
		default:
			blank = false
		}
		if n++; n > most {
			return strings.TrimRight(b.String(), " ") + "…"
		}
		b.WriteRune(r)
	}
	return strings.TrimRight(b.String(), " ")
}

// plainLine says whether a value needs no taming: printable ASCII with single blanks.
func plainLine(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == ' ' && (i == 0 || i == len(s)-1 || s[i+1] == ' ') {
			return false
		}
	}
	return true
}

// invisible are characters that show nothing and can make a line look or begin otherwise than it does.
func invisible(r rune) bool {
	return r >= 0xad && unicode.Is(unicode.Cf, r) && r != '\u200d' || // joiners hold some emoji together
		r >= 0xe000 && r <= 0xf8ff || r == 0xfffe || r == 0xffff
}

// manyLines makes of anything text in lines: valid UTF-8, LF alone ends a line, no other control characters but tabs, no
// blank lines at the ends and at most two in a row, at most so many bytes; cut says that there was more.
func manyLines(s string, most int) (lines []string, cut bool) {
	if len(s) > most {
		s, cut = s[:most], true
		for len(s) > 0 && !utf8.RuneStart(s[len(s)-1]) {
			s = s[:len(s)-1]
		}
		if r, size := utf8.DecodeLastRuneInString(s); r == utf8.RuneError && size == 1 {
			s = s[:len(s)-1]
		}
	}
	s = withoutControls(s)
	lines = make([]string, 0, strings.Count(s, "\n")+1)
	blank := 2
	for line := range strings.SplitSeq(s, "\n") {
		line = strings.TrimRightFunc(line, unicode.IsSpace)
		if line != "" {
			blank = 0
		} else if blank++; blank > 2 {
			continue
		}
		lines = append(lines, line)
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	for len(lines) > 0 && lines[0] == "" {
		lines = lines[1:]
	}
	return lines, cut
}

// withoutControls drops the characters that manyLines leaves out, and ends each line by LF. A CR before an LF may stay.
func withoutControls(s string) string {
	from := firstControl(s)
	if from < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	b.WriteString(s[:from])
	before := rune(0)
	for _, r := range s[from:] {
		switch {
		case r == '\n' && before == '\r':
		case r == '\r' || endsLine(r):
			b.WriteByte('\n')
		case r == '\t' || !unprintable(r):
			b.WriteRune(r)
		}
		before = r
	}
	return b.String()
}

// firstControl is where the first character stands that makes work for withoutControls; negative: there is none.
func firstControl(s string) int {
	for i, r := range s {
		switch {
		case r >= ' ' && r < 0x7f || r == '\n' || r == '\t':
		case r == '\r' && i+1 < len(s) && s[i+1] == '\n': // it goes as a blank at the end of its line
		case endsLine(r) || unprintable(r):
			return i
		}
	}
	return -1
}

func endsLine(r rune) bool {
	return r == '\n' || r == '\v' || r == '\f' || r == '\u0085' || r == '\u2028' || r == '\u2029'
}

// unprintable are controls, what is invisible, and what is no character at all.
func unprintable(r rune) bool {
	return r < ' ' || r >= 0x7f && (r < 0xa0 || invisible(r) || r == utf8.RuneError)
}

// guarded keeps a line from beginning with a number sign: an agent's client that quotes without marks would make a
// command of it.
func guarded(line string) string {
	for _, r := range line {
		if r == '#' || r == '＃' || r == '﹟' {
			return "| " + line
		}
		if !unicode.IsSpace(r) && !invisible(r) && r != '\u200d' {
			return line
		}
	}
	return line
}

// Line makes of anything one line of at most so many characters: valid UTF-8, no control or invisible characters,
// blanks folded. Headers are written of it.
func Line(s string, most int) string { return oneLine(s, most) }
