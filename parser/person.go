package parser

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// tidyName puts a display name right: "WIJAYA, Rina (Finance)" is Rina Wijaya. It gives "" for what is no name.
func tidyName(s string) string {
	name, _ := splitDisplay(s)
	return name
}

// splitDisplay parts a display name and what is said in brackets or behind a stroke: often the department.
func splitDisplay(s string) (name, extra string) {
	s = strings.Trim(trimBlank(s), "\"'“”")
	if i := strings.IndexAny(s, "([{|"); i > 0 {
		s, extra = trimBlank(s[:i]), strings.Trim(s[i+1:], ")]} ")
	}
	for _, sep := range [...]string{" - ", " – ", " / ", " via "} {
		if i := strings.Index(s, sep); i > 0 {
			if extra == "" {
				extra = trimBlank(s[i+len(sep):])
			}
			s = trimBlank(s[:i])
		}
	}
	if i := strings.IndexByte(s, ','); i > 0 {
		before, after := trimBlank(s[:i]), trimBlank(s[i+1:])
		switch {
		case after == "" || isDegree(after, before):
			s = before
		default:
			s = after + " " + before
		}
	}
	if !looksLikeName(s) {
		return "", extra
	}
	return capitalise(s), extra
}

// isDegree says whether what follows a comma is a degree: "S.Kom", "M.T.", "MBA".
func isDegree(after, before string) bool {
	if strings.Contains(after, ".") {
		return true
	}
	first := strings.TrimRight(strings.Fields(after)[0], ",")
	return len(first) <= 4 && first == strings.ToUpper(first) && before != strings.ToUpper(before)
}

// looksLikeName says whether a display name is a person's, and no address or login.
func looksLikeName(s string) bool {
	if s == "" || len(s) > 80 || strings.ContainsAny(s, "@<>/\\=") || !strings.ContainsFunc(s, unicode.IsLetter) {
		return false
	}
	if !strings.Contains(s, " ") && (strings.ContainsAny(s, "._0123456789")) {
		return false
	}
	return true
}

// capitalise writes a name in capitals or in small letters as names are written; any other stays as it is.
func capitalise(s string) string {
	words := strings.Fields(s)
	for i, w := range words {
		if utf8.RuneCountInString(w) < 2 || w != strings.ToUpper(w) && w != strings.ToLower(w) {
			continue
		}
		if w == strings.ToUpper(w) && (len(w) <= 3 && strings.Contains(w, ".") || !strings.ContainsAny(w, "AEIOUY")) {
			continue
		}
		r, size := utf8.DecodeRuneInString(w)
		words[i] = string(unicode.ToUpper(r)) + strings.ToLower(w[size:])
	}
	return strings.Join(words, " ")
}

// statedName reads the name behind the word i: "saya Rina Wijaya dari …". It gives the word behind the name.
func (v *vocabulary) statedName(text string, words []token, i int, loose bool) (string, int) {
	for i < len(words) {
		n, marks := v.report.longest(words[i:])
		if n == 0 || !hasMark(marks, "honorific") || words[i].breaks&breakStop != 0 {
			break
		}
		i += n
	}
	first, small := i, 0
	for i < len(words) && i < first+nameWords {
		w := words[i]
		if i > first && w.breaks&^breakColon != 0 {
			if dot := text[words[i-1].end:min(len(text), words[i-1].end+2)]; !(dot == ". " && words[i-1].end-words[i-1].start <= 2) {
				break
			}
		}
		s := text[w.start:w.end]
		r, _ := utf8.DecodeRuneInString(s)
		if !unicode.IsLetter(r) || v.endsName(words[i:]) {
			break
		}
		if unicode.IsLower(r) && !v.closing.particle[s] {
			if !loose || w.id != 0 && v.known(words[i:i+1]) {
				break
			}
			small++
		}
		i++
	}
	for i > first+1 && small == 0 && !isCapital(text, words[i-1]) { // "Tono Sudiro of …"
		i--
	}
	if i == first || i == first+nameWords || small > 0 && (small != i-first || !v.isNamedUnitAhead(words, i)) {
		return "", first
	}
	name := strings.Trim(strings.Join(strings.Fields(text[words[first].start:words[i-1].end]), " "), ".,")
	if len(name) < 2 {
		return "", first
	}
	return capitalise(name), i
}

// endsName says whether a word is none of a name.
func (v *vocabulary) endsName(words []token) bool {
	_, marks := v.report.longest(words[:1])
	for _, m := range marks {
		switch m.section {
		case "not a name", "fault", "company name", "unit before", "core system":
			return true
		}
	}
	return false
}

// known says whether the lists have a word at all.
func (v *vocabulary) known(words []token) bool {
	n, _ := v.report.longest(words)
	m, _ := v.verdict.longest(words)
	return n > 0 || m > 0 || len(v.stopOf(words[0])) > 0
}

// isNamedUnitAhead says whether "dari bagian" or the like comes next.
func (v *vocabulary) isNamedUnitAhead(words []token, i int) bool {
	for j := i; j < len(words) && j < i+2; j++ {
		if _, marks := v.report.longest(words[j:]); hasMark(marks, "unit before") {
			return true
		}
	}
	return false
}

// isUnitAhead says whether "from", "of the department" or the like comes next.
func (v *vocabulary) isUnitAhead(words []token, i int) bool {
	for j := i; j < len(words) && j < i+2; j++ {
		if _, marks := v.report.longest(words[j:]); hasMark(marks, "unit before") || hasMark(marks, "from unit") {
			return true
		}
	}
	return false
}

// sharesName says whether a line holds a name of the sender, and little else.
func sharesName(s, name string) bool {
	if name == "" || s == "" || len(s) > nameBytes || indexColon(s) >= 0 || strings.Contains(s, "=") {
		return false
	}
	s = withoutDegree(s)
	words := strings.Fields(strings.ToLower(strings.Map(letterOrBlank, s)))
	if len(words) == 0 || len(words) > nameWords {
		return false
	}
	own := " " + strings.ToLower(strings.Map(letterOrBlank, name)) + " "
	shared := 0
	for _, w := range words {
		if len(w) > 1 && strings.Contains(own, " "+w+" ") {
			shared++
		}
	}
	return shared > 0 && 2*shared >= len(words)
}

// withoutDegree cuts degrees from the end of a name: "Kusnadi, S.Sos", "Amelia Hapsari, S.H., M.Kn.".
func withoutDegree(s string) string {
	if before, after, ok := strings.Cut(s, ","); ok && trimBlank(after) != "" && isDegree(trimBlank(after), before) {
		return before
	}
	return s
}

// isWholeName says whether a line is made of at least two of the sender's names.
func isWholeName(s, name string) bool {
	if len(name) == 0 || !sharesName(s, name) {
		return false
	}
	own := " " + strings.ToLower(strings.Map(letterOrBlank, name)) + " "
	words := strings.Fields(strings.ToLower(strings.Map(letterOrBlank, withoutDegree(s))))
	for _, w := range words {
		if !strings.Contains(own, " "+w+" ") {
			return false
		}
	}
	return len(words) >= 2
}

func letterOrBlank(r rune) rune {
	if unicode.IsLetter(r) || r == '\'' {
		return r
	}
	return ' '
}
