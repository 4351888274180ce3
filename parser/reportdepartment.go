package parser

import (
	"slices"
	"strings"
)

// department finds the department: in a form, in the words, in the signature, beside the name, in the subject.
func (v *vocabulary) department(s *source, name string) (department, evidence string) {
	if s.form.department != "" && (!s.form.newcomer || s.form.name != "") {
		return v.tidyDepartment(s.form.department), s.form.department
	}
	if d := v.besideSigning(s.text, name); d != "" {
		return d, d
	}
	if v.speaksOf(s.words, "newcomer") { // what the text says may be of him
		if d := v.fromSignature(s.signature, name); d != "" {
			return d, "signature"
		}
	}
	if s.forward == nil && !sharesName(name, tidyName(s.from.Name)) { // whom one reports for has his own department
		if d := v.namedBeside(s.text, name); d != "" {
			return d, d
		}
	}
	all := slices.DeleteFunc(v.mentions(s.text, s.words), func(m mention) bool { // "tim saya Rahmawati Zulkarnain"
		return name != "" && strings.EqualFold(m.name, name)
	})
	for _, m := range all {
		if m.from && !m.to && m.certain && !m.whole {
			return m.name, m.text
		}
	}
	if d, said := v.besideIntroduction(s, name); d != "" {
		return d, said
	}
	if d := v.fromSignature(s.signature, name); d != "" {
		return d, "signature"
	}
	if s.extra != "" && (v.isDepartment(v.tidyDepartment(s.extra)) || v.unitOf(s.extra, name) != "") {
		if d := v.unitOf(s.extra, name); d != "" {
			return d, "header"
		}
		return v.tidyDepartment(s.extra), "header"
	}
	for _, m := range all {
		if !m.to && (m.from || m.whole || m.certain) {
			return m.name, m.text
		}
	}
	for _, m := range v.mentions(s.subject, s.subjectWords) {
		if !m.to {
			return m.name, m.text
		}
	}
	for _, text := range [...]string{s.text, s.subject} {
		if d := v.namedBeside(text, name); d != "" {
			return d, d
		}
	}
	if _, d := v.signedInPassing(s, name); d != "" {
		return d, d
	}
	if d := v.fromSignature(linesBelow(s.text, name), name); d != "" {
		return d, d
	}
	if s.senderSignature != s.signature && s.forward == nil {
		return v.fromSignature(s.senderSignature, name), "signature"
	}
	return "", ""
}

// besideIntroduction finds "I'm Olivia Hart in Communications": capitals behind the name and a word of [from unit].
func (v *vocabulary) besideIntroduction(s *source, name string) (department, said string) {
	if name == "" {
		return "", ""
	}
	last := strings.Fields(name)
	for i := range s.words[:min(len(s.words), 200)] {
		w := s.words[i]
		if s.text[w.start:w.end] != last[len(last)-1] || i+2 >= len(s.words) || s.words[i+1].breaks&^breakComma != 0 {
			continue
		}
		n, marks := v.report.longest(s.words[i+1:])
		if n == 0 || !hasMark(marks, "from unit") {
			continue
		}
		j := i + 1 + n
		if j < len(s.words) && v.links["article"][lower(s.text[s.words[j].start:s.words[j].end])] {
			j++
		}
		end := j
		for end < len(s.words) && end < j+4 && isCapital(s.text, s.words[end]) && (end == j || s.words[end].breaks == 0) && !v.isTown(s.words[end:]) && !v.endsDepartment(s.words[end:], "") {
			end++
		}
		if end > j {
			return v.tidyDepartment(s.text[s.words[j].start:s.words[end-1].end]), s.text[w.start:s.words[end-1].end]
		}
	}
	return "", ""
}

// linesBelow gives the last line of a text that is a name and nothing else, and what stands below it: a signature that
// says something about the matter too.
func linesBelow(text, name string) string {
	lines := strings.Split(strings.TrimRight(text, "\n "), "\n")
	for i := len(lines) - 1; name != "" && i >= 0 && i >= len(lines)-8; i-- {
		if strings.EqualFold(strings.Trim(trimBlank(lines[i]), "-–—*_, "), name) {
			return strings.Join(lines[i:], "\n")
		}
	}
	return ""
}

// isTown says whether a word is a place or a firm.
func (v *vocabulary) isTown(words []token) bool {
	_, marks := v.report.longest(words)
	return hasMark(marks, "town") || hasMark(marks, "company name")
}

// namedBeside finds "saya Rina, Finance": right behind the name a department that is known, or holds one. Where the name
// begins a sentence ("Rina - Social Media") nobody needs to know it.
func (v *vocabulary) namedBeside(text, name string) string {
	if name == "" {
		return ""
	}
	low := strings.ToLower(text)
	if len(low) != len(text) {
		return ""
	}
	for _, spelled := range []string{name, strings.Fields(name)[0]} {
		spelled = strings.ToLower(spelled)
		for from, n := 0, 0; n < 5; n++ {
			i := strings.Index(low[from:], spelled)
			if i < 0 {
				break
			}
			at := from + i
			from = at + len(spelled)
			if d := v.unitBeside(text[from:], opensSentence(text, at)); d != "" {
				return d
			}
		}
	}
	return ""
}

// besideSigning finds "Hendra, HRD" where a text ends with it: what it says of other departments before does not count.
func (v *vocabulary) besideSigning(text, name string) string {
	if name == "" {
		return ""
	}
	end := strings.TrimRight(text, " \n.")
	if i := strings.LastIndexByte(end, '\n'); i >= 0 {
		end = end[i+1:]
	}
	first := strings.Fields(name)[0]
	spellings := []string{name, first}
	if short := firstWord(strings.TrimLeft(end[strings.LastIndex(end, ". ")+1:], " ")); len(short) >= 3 && strings.HasPrefix(strings.ToLower(first), short) {
		spellings = append(spellings, short) // "Frans" of Fransiskus
	}
	for _, spelled := range spellings {
		at := lastFold(end, spelled)
		if at < 0 || !opensSentence(end, at) {
			continue
		}
		if rest := end[at+len(spelled):]; strings.Trim(rest, " ,(-/|") != "" && !strings.ContainsAny(strings.Trim(rest, " ,()-/|"), ",.;:()|") {
			return v.unitBeside(rest, true)
		}
	}
	return ""
}

// lastFold gives the last place of some words in a text, in any case, -1 where there is none.
func lastFold(text, words string) int {
	low := strings.ToLower(text)
	if len(low) != len(text) {
		return -1
	}
	return strings.LastIndex(low, strings.ToLower(words))
}

// opensSentence says whether nothing, a line end or a stop stands before a byte of a text.
func opensSentence(text string, at int) bool {
	before := strings.TrimRight(text[:at], " *_-")
	return before == "" || strings.IndexByte("\n.!?", before[len(before)-1]) >= 0
}

// unitBeside reads the department behind a name and a comma, a bracket or a stroke; one that nobody knows only where the
// name signs.
func (v *vocabulary) unitBeside(rest string, signs bool) string {
	bare := strings.TrimLeft(rest, " ")
	if bare == "" || strings.IndexByte(",(-/|", bare[0]) < 0 {
		return ""
	}
	rest = strings.TrimLeft(bare, " ,(-/|")
	end := strings.IndexAny(rest, ",.;:()|\n")
	for _, stroke := range [...]string{" - ", " / "} {
		if i := strings.Index(rest, stroke); i >= 0 && (end < 0 || i < end) {
			end = i
		}
	}
	if end >= 0 && end <= 3 && rest[end] == '.' { // "Kusnadi, S.Sos"
		return ""
	}
	if end < 0 {
		end = len(rest)
	}
	if end > 40 {
		return ""
	}
	d := v.tidyDepartment(rest[:end])
	if v.role[strings.ToLower(d)] {
		if called := v.calledUnit(rest[end:]); called != "" { // "resepsionis, bagian Front Office"
			return called
		}
	}
	fields := strings.Fields(d)
	if bare := v.withoutRoles(fields); !v.isDepartment(d) && len(bare) > 0 && (v.isDepartment(strings.Join(bare, " ")) || signs && len(bare) < len(fields) && v.role[strings.ToLower(fields[0])] && v.belowName(d) != "") { // "Admin Sales", "Kasi Pelayanan"
		return strings.Join(bare, " ")
	}
	if v.isDepartment(d) || v.holdsDepartment(d) {
		return d
	}
	if signs && !v.holdsKnown(rest[:end]) {
		return v.belowName(rest[:end])
	}
	return ""
}

// calledUnit reads what stands behind a comma and "bagian".
func (v *vocabulary) calledUnit(rest string) string {
	rest = strings.TrimLeft(head(rest, 80), " ,(-/|")
	words := v.tokens(rest)
	n, marks := v.report.longest(words)
	if !hasMark(marks, "unit before") {
		return ""
	}
	m, _ := v.unitAt(rest, words, 0, n)
	return m.name
}

// holdsKnown says whether a list has a word of a text, as no name of a department that nobody knows has.
func (v *vocabulary) holdsKnown(s string) bool {
	words := v.tokens(s)
	for i := range words {
		if v.known(words[i : i+1]) {
			return true
		}
	}
	return false
}
