package parser

import "strings"

// department finds the department: in a form, in the words, in the signature, beside the name, in the subject.
func (v *vocabulary) department(s *source, name string) (department, evidence string) {
	if s.form.department != "" && (!s.form.newcomer || s.form.name != "") {
		return v.tidyDepartment(s.form.department), s.form.department
	}
	all := v.mentions(s.text, s.words)
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
	if s.extra != "" && (v.isDepartment(v.tidyDepartment(s.extra)) || v.signatureUnit(s.extra, name) != "") {
		if d := v.signatureUnit(s.extra, name); d != "" {
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
	if d := v.namedBeside(s, name); d != "" {
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
		if j < len(s.words) && lower(s.text[s.words[j].start:s.words[j].end]) == "the" {
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

// isTown says whether a word is a place or a firm.
func (v *vocabulary) isTown(words []token) bool {
	_, marks := v.report.longest(words)
	return hasMark(marks, "town") || hasMark(marks, "company name")
}

// namedBeside finds "saya Rina, Finance": a known department right behind the name.
func (v *vocabulary) namedBeside(s *source, name string) string {
	if name == "" {
		return ""
	}
	for _, spelled := range []string{name, strings.Fields(name)[0]} {
		i := strings.Index(strings.ToLower(s.text), strings.ToLower(spelled))
		if i < 0 || i+len(spelled) > len(s.text) {
			continue
		}
		rest := s.text[i+len(spelled):]
		if len(rest) < 2 || strings.IndexByte(",(-/", strings.TrimLeft(rest, " ")[:1][0]) < 0 {
			continue
		}
		rest = strings.TrimLeft(rest, " ,(-/")
		end := strings.IndexAny(rest, ",.;:()\n-")
		if end < 0 || end > 40 {
			continue
		}
		if d := v.tidyDepartment(rest[:end]); v.isDepartment(d) {
			return d
		}
	}
	return ""
}
