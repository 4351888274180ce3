package parser

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"helpost/internal/sop"
)

const reportBytes = 20000 // of a report that are read; what is longer has a log in it

// Report reads a mail as a report of a problem: who, from where, about what, how bad, and what is missing.
//
// Of a mail that passes another one on, that one is the report, and its writer the reporter, if he is of the same
// company as who passes it on.
func (p *Parser) Report(m *Mail) sop.Report {
	s := p.words.source(m)
	r := sop.Report{Evidence: map[string]string{}, AssetCodes: []string{}, Screenshots: []string{}, Missing: []string{}}
	p.words.who(&r, s)
	p.words.which(&r, s)
	for _, a := range m.Attachments {
		if a.Screenshot {
			r.Screenshots = append(r.Screenshots, a.Filename)
		}
	}
	p.words.classify(&r, s)
	r.Priority = p.opts.Matrix[r.Impact][r.Urgency]
	p.words.missing(&r, s)
	return r
}

// source is a mail made ready to be read as a report.
type source struct {
	subject         string
	subjectWords    []token
	text            string // all words that count, without lines of forms that name people and things
	words           []token
	own             string // what the sender wrote himself
	ownWords        []token
	from            Address
	extra           string // what stood beside the sender's name
	forward         *Forward
	form            form
	signature       string // of the reporter
	senderSignature string
}

// source gathers what is to be read. A mail passed on by a colleague is the report.
func (v *vocabulary) source(m *Mail) *source {
	s := &source{subject: m.Subject, from: m.From, signature: m.Signature, senderSignature: m.Signature}
	_, s.extra = splitDisplay(m.From.Name)
	own := m.NewText
	if m.Forward != nil {
		own = v.withoutForward(own, m)
		if sameCompany(m.Forward.From.Address, m.From.Address) {
			s.forward = m.Forward
		}
	}
	own = clip(own)
	s.own, s.ownWords = own, v.tokens(own)
	all := own
	if m.Forward != nil {
		body, signature := v.unsigned(clip(m.Forward.Text), tidyName(m.Forward.From.Name))
		if s.forward != nil {
			s.signature = signature
			_, s.extra = splitDisplay(m.Forward.From.Name)
		}
		all += "\n\n" + body
	}
	lines := strings.Split(all, "\n")
	s.form = v.readForm(lines)
	s.form.fill(v.readForm(strings.Split(clip(s.signature), "\n")))
	s.text = v.prose(lines, s.form)
	s.words = v.tokens(s.text)
	s.subjectWords = v.tokens(s.subject)
	if s.form.name != "" && s.form.isStranger(tidyName(s.from.Name)) && (v.speaksOf(s.words, "newcomer") || v.speaksOf(s.subjectWords, "newcomer")) {
		s.form.name, s.form.department = "", ""
	}
	return s
}

// speaksOf says whether a phrase of a section stands somewhere.
func (v *vocabulary) speaksOf(words []token, section string) bool {
	for i := range words {
		if n, marks := v.report.longest(words[i:]); n > 0 && hasMark(marks, section) {
			return true
		}
	}
	return false
}

func clip(s string) string {
	if len(s) > reportBytes {
		return strings.ToValidUTF8(s[:reportBytes], "")
	}
	return s
}

func sameCompany(a, b string) bool {
	_, hostA, okA := strings.Cut(a, "@")
	_, hostB, okB := strings.Cut(b, "@")
	return a == "" || okA && okB && strings.EqualFold(hostA, hostB)
}

// withoutForward gives what the sender wrote above a mail that he passes on.
func (v *vocabulary) withoutForward(text string, m *Mail) string {
	lines := strings.SplitN(text, "\n", maxReadableLines+1)
	return strings.Join(lines[:v.ownLines(lines, v.occasionOf(m, ""))], "\n")
}

// unsigned parts a text and its signature.
func (v *vocabulary) unsigned(text, name string) (body, signature string) {
	lines := cutLines(text)
	v.markQuotes(lines, occasion{reply: true, name: name})
	v.markSignatures(lines, name)
	return collect(lines, lineNew, lineForwarded), collect(lines, lineSignature)
}

// prose gives the lines that are no label with a name, a department, a code; of a label with a fault or a wish the
// value. Log lines are left out.
func (v *vocabulary) prose(lines []string, f form) string {
	var b strings.Builder
	for i, line := range lines {
		if isLog(line) {
			continue
		}
		if f.lines[i] {
			_, value, found := strings.Cut(line, ":")
			kind := v.label(strings.TrimLeft(trimBullet(trimBlank(line[:len(line)-len(value)])), " "))
			if !found || kind != fieldFault && kind != fieldRequest && kind != fieldOther {
				if cells := splitCells(trimBullet(trimBlank(line))); len(cells) > 1 {
					value = cells[len(cells)-1]
					if k := v.label(cells[len(cells)-2]); len(cells) == 2 && k != fieldFault && k != fieldRequest && k != fieldOther {
						continue
					}
				} else {
					continue
				}
			}
			b.WriteString(value)
			b.WriteString(".\n")
			continue
		}
		b.WriteString(line)
		b.WriteByte('\n')
	}
	return b.String()
}

// isLog knows lines of a log: they begin with a date, a time or a level.
func isLog(line string) bool {
	s := strings.TrimLeft(line, " \t[<")
	if len(s) < 20 {
		return false
	}
	if s[0] >= '0' && s[0] <= '9' {
		marks := 0
		for _, c := range []byte(s[:19]) {
			if c == ':' || c == '-' || c == '/' || c == '.' {
				marks++
			}
		}
		return marks >= 4
	}
	for _, level := range [...]string{"ERROR ", "WARN ", "INFO ", "DEBUG ", "FATAL ", "Traceback", "at com.", "at org.", "at java."} {
		if strings.HasPrefix(s, level) {
			return strings.HasPrefix(s, "T") || strings.HasPrefix(s, "at ") || strings.ContainsAny(s, "0123456789=:[")
		}
	}
	return false
}

// who finds the reporter's name and department.
func (v *vocabulary) who(r *sop.Report, s *source) {
	r.Name, r.Evidence["name"] = v.reporter(s)
	if r.Name == "" {
		delete(r.Evidence, "name")
	}
	r.Department, r.Evidence["department"] = v.department(s, r.Name)
	if r.Department == "" {
		delete(r.Evidence, "department")
	}
}

// reporter finds the name: in a form, behind "atas nama" or "saya", of a mail passed on, in From, in the signature.
func (v *vocabulary) reporter(s *source) (name, evidence string) {
	if s.form.name != "" {
		if name := tidyStated(s.form.name); name != "" {
			return name, s.form.name
		}
	}
	if name, said := v.behalf(s.own, s.ownWords); name != "" {
		return name, said
	}
	from := tidyName(s.from.Name)
	if s.forward != nil {
		from = tidyName(s.forward.From.Name)
	}
	if name, said := v.introduced(s.text, s.words, from); name != "" {
		return name, said
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
		if n == 0 || !hasMark(marks, "behalf") {
			continue
		}
		j := i + n
		if j < len(words) && words[j].breaks&(breakStop|breakLine) != 0 || i > 0 && words[i].breaks == 0 && v.isWish(words[i-1:i]) {
			continue // "akun atas nama Rudi"
		}
		for j < len(words) && j < i+n+3 && isBetween(lower(text[words[j].start:words[j].end])) {
			j++
		}
		if name, end := v.statedName(text, words, j, false); name != "" {
			return name, text[words[i].start:words[end-1].end]
		}
	}
	return "", ""
}

func (v *vocabulary) isWish(words []token) bool {
	_, marks := v.report.longest(words)
	return hasMark(marks, "wish")
}

// isBetween knows the words that may stand between "staf saya" and a name.
func isBetween(w string) bool {
	switch w {
	case "saya", "kami", "yang", "bernama", "yaitu", "a", "n", "staf", "staff", "rekan", "my", "colleague", "our", "named", "called", "karyawan", "atasan", "team", "member":
		return true
	}
	return false
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
		short := len(strings.Fields(name)) == 1
		_, explicit := v.explicitName(marks, text, words, i, n)
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

// explicitName says whether the words before a name speak of a name: "nama saya", "my name is".
func (v *vocabulary) explicitName(_ []mark, text string, words []token, i, n int) (string, bool) {
	said := lower(text[words[i].start:words[i+n-1].end])
	return said, strings.Contains(said, "nama") || strings.Contains(said, "name") || strings.Contains(said, "kenal") || strings.HasPrefix(said, "dengan")
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
		if s == "" || isContact(s) || v.isSentFrom(s) || len(s) > 60 {
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

// which finds the asset codes: behind labels, in the subject, in the words, in the signature.
func (v *vocabulary) which(r *sop.Report, s *source) {
	var a assets
	for _, value := range s.form.assets {
		a.labelled(value)
	}
	v.assetsIn(&a, s.text, s.words)
	v.assetsIn(&a, s.subject, s.subjectWords)
	if len(a.codes) == 0 {
		v.assetsIn(&a, s.signature, v.tokens(clip(s.signature)))
	}
	if len(a.codes) == 0 {
		return
	}
	r.AssetCode, r.AssetCodes = a.codes[0], a.codes
	r.Evidence["asset_code"] = a.evidence
}

// missing lists what the report lacks.
func (v *vocabulary) missing(r *sop.Report, s *source) {
	if r.Name == "" {
		r.Missing = append(r.Missing, sop.MissingName)
	}
	if r.Department == "" {
		r.Missing = append(r.Missing, sop.MissingDepartment)
	}
	if r.Type != sop.Incident || len(r.Screenshots) > 0 || s.form.noPicture {
		return
	}
	for i := range s.words {
		if n, marks := v.report.longest(s.words[i:]); n > 0 && hasMark(marks, "no screenshot") {
			r.Evidence["screenshot"] = s.text[s.words[i].start:s.words[i+n-1].end]
			return
		}
	}
	for _, line := range strings.Split(s.text, "\n") {
		if len(line) < 30 && v.saysNone(trimBullet(trimBlank(line))) {
			r.Evidence["screenshot"] = trimBlank(line)
			return
		}
	}
	r.Missing = append(r.Missing, sop.MissingScreenshot)
}
