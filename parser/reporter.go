package parser

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"helpost/internal/sop"
)

// reporter finds the name: in a form, behind "atas nama", of whom an incident is reported for, behind "saya", of a mail passed
// on, in From, in the signature. Who asks for something for somebody else is the reporter himself, unless he says that he asks
// for him.
func (v *vocabulary) reporter(s *source, kind sop.Type) (name, evidence string) {
	if s.form.name != "" {
		if name := tidyStated(s.form.name); name != "" {
			return name, s.form.name
		}
	}
	if name, said := v.behalf(s.own, s.ownWords); name != "" {
		return name, said
	}
	if kind == sop.Incident || v.speaksOf(s.subjectWords, "behalf") {
		if name, said := v.spokenFor(s); name != "" {
			return name, said
		}
	}
	display := tidyName(s.from.Name)
	if s.forward != nil {
		display = tidyName(s.forward.From.Name)
	}
	from := v.personOf(display)
	if name, said := v.introduced(s.text, s.words, from); name != "" {
		return name, said
	}
	if name, _ := v.signedInPassing(s, from); len(strings.Fields(name)) > len(strings.Fields(from)) {
		return name, name
	}
	if full := fullName(s.text, from); full != "" {
		return full, full
	}
	signed := v.signedName(s.signature, from)
	if signed != "" && (from == "" || len(strings.Fields(signed)) > len(strings.Fields(from))) {
		return signed, "signature"
	}
	if from != "" {
		return from, "header"
	}
	if name := v.signedOff(s.text); name != "" {
		return name, name
	}
	if name, said := v.nameByAddress(s); name != "" || display == "" {
		return name, said
	}
	return display, "header"
}

// personOf gives a display name without "Bu" before it, and nothing for a mailbox that many share: "Tim Purchasing",
// "Ruang Melati".
func (v *vocabulary) personOf(display string) string {
	words := strings.Fields(display)
	for len(words) > 1 && v.closing.isAddress[strings.ToLower(strings.Trim(words[0], "."))] && v.unit[strings.ToLower(words[0])] == 0 {
		words = words[1:]
	}
	name := strings.Join(words, " ")
	if len(words) > 1 && (v.marked(v.tokens(words[0]), "place") || v.marked(v.tokens(words[0]), "company name")) {
		return ""
	}
	if len(words) > 1 && (v.unit[strings.ToLower(words[0])]&unitBefore != 0 || v.role[strings.ToLower(words[0])]) && v.isDepartment(v.trimUnit(strings.Join(words[1:], " "))) || v.isDepartment(name) {
		return ""
	}
	return name
}

// signedOff finds the name before a known department in the last sentence of a text: "Ns. Kartini, Keperawatan".
func (v *vocabulary) signedOff(text string) string {
	last := strings.TrimRight(text, " \n.")
	last = last[strings.LastIndexByte(last, '\n')+1:]
	if i := strings.LastIndex(last, ". "); i >= 0 {
		last = last[i+2:]
	}
	i := strings.IndexAny(last, ",(-/|")
	if i <= 0 || v.unitBeside(last[i:], true) == "" {
		return ""
	}
	words := v.tokens(last[:i])
	if len(words) == 0 {
		return ""
	}
	name, end := v.statedName(last[:i], words, 0, false)
	if end < len(words) {
		return ""
	}
	return name
}

// nameByAddress finds the name that an address without a display name hints at: mila@… and "mila dr hrd".
func (v *vocabulary) nameByAddress(s *source) (name, evidence string) {
	local, _, _ := strings.Cut(s.from.Address, "@")
	hint := strings.FieldsFunc(local, func(r rune) bool { return !unicode.IsLetter(r) })
	if len(hint) == 0 || len(hint[0]) < 3 || s.forward != nil || v.marked(v.tokens(hint[0]), "place") { // cabang.palu@…
		return "", ""
	}
	for i, w := range s.words[:min(len(s.words), 300)] {
		said := s.text[w.start:w.end]
		if lower(said) != hint[0] || i+1 < len(s.words) && s.words[i+1].breaks == 0 && !v.isUnitAhead(s.words, i+1) && !isCapital(s.text, s.words[i+1]) {
			continue
		}
		if full := fullName(s.text, said); full != "" {
			return full, full
		}
		return capitalise(said), said
	}
	return "", ""
}

// fullName finds a first name in a text with the other names behind it.
func fullName(text, first string) string {
	if first == "" || strings.Contains(first, " ") {
		return ""
	}
	for from := 0; ; {
		i := strings.Index(text[from:], first+" ")
		if i < 0 {
			return ""
		}
		from += i
		if from > 0 {
			if r, _ := utf8.DecodeLastRuneInString(text[:from]); isWordRune(r) {
				from += len(first)
				continue
			}
		}
		end := from + len(first)
		for n := 0; n < nameWords; n++ {
			w := wordEnd(text, min(end+1, len(text)))
			r, _ := utf8.DecodeRuneInString(text[min(end+1, len(text)):])
			if text[end:min(end+1, len(text))] != " " || !unicode.IsUpper(r) {
				break
			}
			end = w
		}
		if end > from+len(first) {
			return text[from:end]
		}
		from = end
	}
}

// tidyStated puts a name of a form right.
func tidyStated(s string) string {
	name, _ := splitDisplay(s)
	return name
}

// behalf finds for whom somebody reports.
func (v *vocabulary) behalf(text string, words []token) (name, said string) {
	for i := range words {
		n, marks := v.report.longest(words[i:])
		if n == 0 || !hasMark(marks, "behalf") || hasMark(marks, "owner") && !v.opensBehalf(words, i) {
			continue
		}
		j := i + n
		if j < len(words) && words[j].breaks&(breakStop|breakLine) != 0 && !isInitial(text, words[j-1]) || i > 0 && words[i].breaks == 0 && v.isWish(words[i-1:i]) {
			continue // "akun atas nama Rudi"
		}
		for j < len(words) && j < i+n+3 && v.links["before name"][lower(text[words[j].start:words[j].end])] {
			j++
		}
		if name, end := v.statedName(text, words, j, false); name != "" {
			return name, text[words[i].start:words[end-1].end]
		}
	}
	return "", ""
}

// opensBehalf says whether "atas nama" begins a clause or follows who writes or that he reports, and no thing: "invoice atas
// nama …".
func (v *vocabulary) opensBehalf(words []token, i int) bool {
	if i == 0 || words[i].breaks != 0 {
		return true
	}
	_, marks := v.report.longest(words[i-1:])
	return hasMark(marks, "i am") || hasMark(marks, "complains") || hasMark(marks, "asks") || hasMark(marks, "help")
}

// isInitial says whether a word is one letter with its full stop: "a.n."
func isInitial(text string, w token) bool {
	return w.end-w.start == 1 && w.end < len(text) && text[w.end] == '.'
}

func (v *vocabulary) isWish(words []token) bool {
	_, marks := v.report.longest(words)
	return hasMark(marks, "wish")
}

// introduced finds how the writer calls himself. A first name that From has in full is the full one.
func (v *vocabulary) introduced(text string, words []token, from string) (name, said string) {
	for i := range words {
		n, marks := v.report.longest(words[i:])
		if n == 0 || !hasMark(marks, "i am") || i > 200 {
			continue
		}
		j := i + n
		if j >= len(words) || words[j].breaks&(breakStop|breakLine) != 0 {
			continue
		}
		name, end := v.statedName(text, words, j, true)
		if name == "" {
			continue
		}
		if strings.HasPrefix(lower(text[words[i].start:words[i].end]), "dengan") && !v.opensTalk(text, words, i) {
			continue // "sehubungan dengan relokasi bagian Pajak"
		}
		short := len(strings.Fields(name)) == 1
		explicit := speaksOfName(lower(text[words[i].start:words[i+n-1].end]))
		if strings.Contains(" "+strings.ToLower(from)+" ", " "+strings.ToLower(name)+" ") {
			return from, text[words[i].start:words[end-1].end]
		}
		if short && !explicit && !v.isUnitAhead(words, end) && !strings.HasPrefix(strings.ToLower(name), firstLetters(from)) {
			continue
		}
		if !explicit && from != "" && !sharesName(name, from) && !v.isUnitAhead(words, end) {
			continue
		}
		return name, text[words[i].start:words[end-1].end]
	}
	return "", ""
}

// opensTalk says whether nothing but a greeting stands before a word in its sentence.
func (v *vocabulary) opensTalk(text string, words []token, i int) bool {
	for ; i > 0 && words[i].breaks&(breakStop|breakLine|breakComma) == 0; i-- {
		w := lower(text[words[i-1].start:words[i-1].end])
		if v.closing.starts[w]&startsGreeting == 0 && !v.closing.isAddress[w] {
			return false
		}
	}
	return true
}

// signedInPassing finds "… hadi susanto logistik": the sender's first name, what other names there are, and a known
// department, at the end of a sentence of their own.
func (v *vocabulary) signedInPassing(s *source, from string) (name, department string) {
	first := firstLetters(from)
	if first == "" {
		return "", ""
	}
	words := s.words[:min(len(s.words), 1000)]
	for i, w := range words {
		if i > 0 && w.breaks&(breakStop|breakLine|breakComma) == 0 || lower(s.text[w.start:w.end]) != first {
			continue
		}
		for j := i + 1; j < len(words) && j <= i+3 && words[j].breaks&^breakComma == 0; j++ {
			if d := v.unitToEnd(s.text, words, j); d != "" {
				return capitalise(s.text[w.start:words[j-1].end]), d
			}
			if words[j].breaks != 0 || v.known(words[j:j+1]) {
				break
			}
		}
	}
	return "", ""
}

// unitToEnd reads a department that ends a sentence: a known one, with a place behind it or none ("logistik karawang"),
// or what stands behind "bag".
func (v *vocabulary) unitToEnd(text string, words []token, i int) string {
	ends := func(j int) bool {
		return j == len(words) || words[j].breaks&(breakStop|breakLine) != 0 || v.marked(words[j:], "asset before")
	}
	if n, marks := v.report.longest(words[i:]); n > 0 && hasMark(marks, "unit before") {
		for j := i + n + 1; j <= i+n+2 && j <= len(words) && (j == i+n+1 || words[j-1].breaks == 0) && !v.known(words[j-1:j]); j++ {
			if ends(j) {
				return v.tidyDepartment(text[words[i+n].start:words[j-1].end])
			}
		}
	}
	end := v.knownEnd(text, words, i)
	if end == i {
		return ""
	}
	behind := end
	for !ends(behind) && behind < end+3 && (v.isTown(words[behind:]) || v.marked(words[behind:], "place") || isFigure(text, words[behind])) {
		behind++ // "logistik karawang", "produksi shift 2"
	}
	if !ends(behind) {
		return ""
	}
	return v.tidyDepartment(text[words[i].start:words[end-1].end])
}

// marked says whether a phrase of a section begins some words.
func (v *vocabulary) marked(words []token, section string) bool {
	n, marks := v.report.longest(words)
	return n > 0 && hasMark(marks, section)
}

// isFigure says whether a word is a number.
func isFigure(text string, w token) bool {
	return strings.Trim(text[w.start:w.end], "0123456789") == ""
}

// speaksOfName says whether the words before a name speak of a name: "nama saya", "my name is".
func speaksOfName(said string) bool {
	return strings.Contains(said, "nama") || strings.Contains(said, "name") || strings.Contains(said, "kenal") || strings.HasPrefix(said, "dengan")
}

// signedName finds the name in a signature.
func (v *vocabulary) signedName(signature, from string) string {
	for _, line := range strings.SplitN(signature, "\n", 30) {
		s := strings.Trim(trimBlank(line), "-–—~*_/ ")
		if kind, rest := v.closingKind(s); kind != 0 {
			if rest == "" {
				continue
			}
			s = rest
		}
		if s == "" || v.isContact(s) || v.isSentFrom(s) || len(s) > 60 {
			continue
		}
		if i := strings.IndexAny(s, ",|("); i > 0 {
			s = trimBlank(s[:i])
		}
		words := strings.Fields(s)
		if len(words) > nameWords || v.isDepartment(v.tidyDepartment(s)) || v.hasRole(words) || !v.nameLine(s, from) {
			continue
		}
		if from != "" && !sharesName(s, from) {
			continue
		}
		if name := tidyName(s); name != "" && (from != "" || len(words) >= 2) {
			return name
		}
	}
	return ""
}

func (v *vocabulary) hasRole(words []string) bool {
	for _, w := range words {
		w = strings.ToLower(strings.Trim(w, ".,:"))
		if v.role[w] || v.unit[w] != 0 {
			return true
		}
	}
	return false
}
