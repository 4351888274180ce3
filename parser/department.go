package parser

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const unitWords = 5 // of the name of a department, at most

// tidyDepartment gives the name of a department as the company calls it, or as it was written, without "Departemen"
// around it, without a job before it.
func (v *vocabulary) tidyDepartment(s string) string {
	s = strings.Trim(trimBlank(s), "*_.,;:-–\"' ")
	if i := strings.IndexAny(s, "([;|"); i > 0 {
		s = trimBlank(s[:i])
	}
	if name, ok := v.canonical[strings.ToLower(s)]; ok {
		return name
	}
	s = v.trimUnit(s)
	if name, ok := v.canonical[strings.ToLower(s)]; ok {
		return name
	}
	return s
}

// trimUnit cuts "Departemen", "Division" and the like from both ends.
func (v *vocabulary) trimUnit(s string) string {
	for {
		words := strings.Fields(s)
		if len(words) < 2 {
			return s
		}
		first, last := strings.ToLower(strings.Trim(words[0], ".:")), strings.ToLower(strings.Trim(words[len(words)-1], ".:"))
		switch {
		case v.unit[first]&unitBefore != 0 && first != "tim" && first != "team" && first != "unit":
			s = strings.TrimLeft(strings.TrimPrefix(s, words[0]), ".: ")
		case v.unit[last]&unitAfter != 0 && last != "unit":
			s = strings.TrimSpace(strings.TrimSuffix(s, words[len(words)-1]))
		default:
			return s
		}
	}
}

// Where a word such as "department" stands.
const (
	unitBefore uint8 = 1 << iota
	unitAfter
)

// isDepartment says whether a name is one of a department that is known.
func (v *vocabulary) isDepartment(s string) bool {
	s = strings.ToLower(s)
	return v.departments[s] || v.canonical[s] != ""
}

// mention is a department that a text speaks of.
type mention struct {
	name    string
	text    string // the very words
	from    bool   // "saya … dari bagian X": it is the writer's
	to      bool   // "ke bagian X", "tim IT": somebody else's
	whole   bool   // "seluruh bagian X"
	certain bool   // it is known, or stands with a capital beside "bagian"
}

// mentions finds the departments that a text speaks of.
func (v *vocabulary) mentions(text string, words []token) []mention {
	var out []mention
	for i := 0; i < len(words) && len(out) < 50; i++ {
		n, marks := v.report.longest(words[i:])
		var m mention
		var end int
		if hasMark(marks, "unit before") {
			m, end = v.unitAt(text, words, i, i+n)
		} else if hasMark(marks, "from unit") {
			m, end = v.knownAt(text, words, i, i+n)
		}
		if end == 0 && hasMark(marks, "unit after") {
			m, end = v.unitBehind(text, words, i, i+n)
		}
		if end > 0 && m.name != "" {
			out = append(out, m)
			i = max(i, end-1)
		}
	}
	return out
}

// unitAt reads the name behind "bagian".
func (v *vocabulary) unitAt(text string, words []token, at, i int) (mention, int) {
	own := false
	for i < len(words) && i < at+4 && v.links["own"][lower(text[words[i].start:words[i].end])] { // "bagian saya Ekspor"
		own = true
		i++
	}
	end, small := i, false
	for end < len(words) && end < i+unitWords {
		w := words[end]
		if end > i && w.breaks&^breakColon != 0 || end == i && w.breaks&(breakLine|breakStop) != 0 && !isShortened(text, words[i-1]) {
			break
		}
		s := text[w.start:w.end]
		r, _ := utf8.DecodeRuneInString(s)
		between := strings.TrimSpace(text[words[max(end-1, 0)].end:w.start])
		if end > i && between != "" && between != "&" && between != "-" && between != "/" {
			break
		}
		if unicode.IsLower(r) && !(end > i && (v.links["and"][s] || v.links["of"][s]) && end+1 < len(words) && isCapital(text, words[end+1])) {
			small = end == i
			break
		}
		if unicode.IsDigit(r) && end == i {
			break
		}
		if end > i && unicode.IsUpper(r) && v.endsDepartment(words[end:], s) {
			break
		}
		end++
	}
	if known := v.knownEnd(text, words, i); small || known > end { // "Front Office"
		end = known
	}
	if end == i {
		return mention{}, 0
	}
	if allCapitals(text[words[i].start:words[end-1].end]) && allCapitals(text[words[at].start:words[at].end]) {
		end = max(v.knownEnd(text, words, i), i+1) // a text in capitals shows no names
	}
	name := text[words[i].start:words[end-1].end]
	m := mention{name: v.tidyDepartment(name), text: text[words[at].start:words[end-1].end], certain: true}
	v.place(&m, text, words, at)
	m.from = m.from || own
	return m, end
}

// isShortened says whether a word is an abbreviation with its full stop: "Dept. Logistik".
func isShortened(text string, w token) bool {
	return w.end-w.start <= 4 && w.end < len(text) && text[w.end] == '.' && !strings.EqualFold(text[w.start:w.end], "team") && !strings.EqualFold(text[w.start:w.end], "unit")
}

func allCapitals(s string) bool { return s == strings.ToUpper(s) && len(s) > 3 }

func isCapital(text string, w token) bool {
	r, _ := utf8.DecodeRuneInString(text[w.start:w.end])
	return unicode.IsUpper(r)
}

// endsDepartment says whether a word with a capital goes on with the sentence and not with the name.
func (v *vocabulary) endsDepartment(words []token, s string) bool {
	_, marks := v.report.longest(words[:1])
	return hasMark(marks, "fault") || hasMark(marks, "asset before") || hasMark(marks, "i am") || hasMark(marks, "not") || hasMark(marks, "company name")
}

// knownEnd gives the end of the longest known department that begins at a word, i where there is none.
func (v *vocabulary) knownEnd(text string, words []token, i int) int {
	for end := min(len(words), i+unitWords); end > i; end-- {
		if v.isDepartment(spaced(text[words[i].start:words[end-1].end])) {
			return end
		}
	}
	return i
}

// knownAt reads a known department behind "dari".
func (v *vocabulary) knownAt(text string, words []token, at, i int) (mention, int) {
	if i >= len(words) || words[i].breaks&(breakStop|breakLine) != 0 {
		return mention{}, 0
	}
	end := v.knownEnd(text, words, i)
	if end == i {
		return mention{}, 0
	}
	for last := end + 2; end < min(last, len(words)) && words[end].breaks == 0 && isCapital(text, words[i]) && isCapital(text, words[end]) && !v.known(words[end:end+1]) && !v.isTown(words[end:]); {
		end++ // "di Poli Gigi"
	}
	s := text[words[i].start:words[end-1].end]
	if code, next := wholeCode(text, words, end-1); next > end && strings.ContainsAny(code, "0123456789") { // "di IT-000123"
		return mention{}, 0
	}
	if len(s) < 3 && s != strings.ToUpper(s) {
		return mention{}, 0
	}
	m := mention{name: v.tidyDepartment(s), text: text[words[at].start:words[end-1].end], certain: isCapital(text, words[i])}
	v.place(&m, text, words, at)
	m.from = m.from && v.ofWriter(text, words, at)
	return m, end
}

// ofWriter says whether a "dari" speaks of who writes: it begins its clause, or "saya" or a name stands before it.
func (v *vocabulary) ofWriter(text string, words []token, at int) bool {
	for j := at; j > 0 && j > at-8; j-- {
		if words[j].breaks&(breakStop|breakLine) != 0 || j >= at-1 && words[j].breaks != 0 { // "…, budi dari HRD"
			return true
		}
		if _, marks := v.report.longest(words[j-1 : j]); hasMark(marks, "i am") || j == at && isCapital(text, words[j-1]) {
			return true
		}
	}
	return at == 0
}

// unitBehind reads the name before "department".
func (v *vocabulary) unitBehind(text string, words []token, at, end int) (mention, int) {
	first := at
	for first > 0 && first > at-unitWords && words[first].breaks == 0 && isCapital(text, words[first-1]) {
		if v.closing.starts[lower(text[words[first-1].start:words[first-1].end])]&startsGreeting != 0 { // "Dear team"
			break
		}
		if _, marks := v.report.longest(words[first-1 : first]); hasMark(marks, "i am") || hasMark(marks, "not a name") && first-1 < at-1 {
			break
		}
		first--
	}
	if first == at && at > 0 && words[at].breaks == 0 && v.isDepartment(text[words[at-1].start:words[at-1].end]) {
		first = at - 1
	}
	if first == at {
		return mention{}, 0
	}
	name := text[words[first].start:words[at-1].end]
	m := mention{name: v.tidyDepartment(name), text: text[words[first].start:words[end-1].end], certain: true}
	v.place(&m, text, words, first)
	return m, end
}

// place says how the text speaks of a department that begins at a word.
func (v *vocabulary) place(m *mention, text string, words []token, at int) {
	if _, marks := v.report.longest(words[at:]); hasMark(marks, "from unit") {
		m.from = true
	}
	for j := at - 1; j >= 0 && j >= at-3; j-- {
		if words[j+1].breaks&(breakStop|breakLine) != 0 {
			break
		}
		switch said := lower(text[words[j].start:words[j].end]); {
		case v.links["from"][said]:
			m.from = true
		case v.links["to"][said]:
			m.to = j >= at-2
		}
		_, marks := v.report.longest(words[j:])
		m.whole = m.whole || hasMark(marks, "quantifier")
	}
	if v.links["our desk"][strings.ToLower(m.name)] {
		m.to = m.to || !m.from
	}
}
