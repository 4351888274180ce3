package parser

import "strings"

const reportBytes = 20000 // of a report that are read; what is longer has a log in it

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
// The words of its text stand in the room.
func (v *vocabulary) source(m *Mail, room *[]token) *source {
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
	said := &m.spoken
	if said.text != own {
		again := v.speak(own)
		said = &again
	}
	s.own, s.ownWords = own, said.words
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
	var kept []stretch
	s.text, kept = v.prose(lines, s.form, len(own))
	s.words = v.retold(s.text, said, kept, *room)
	if cap(s.words) <= mostRoom {
		*room = s.words[:0]
	}
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
// value. Log lines are left out. kept are the stretches of the first size bytes of the lines that stand in it as they are.
func (v *vocabulary) prose(lines []string, f form, size int) (text string, kept []stretch) {
	var b strings.Builder
	room := 0
	for _, line := range lines {
		room += len(line) + 1
	}
	b.Grow(room)
	from, next := 0, 0
	for i, line := range lines {
		from, next = next, next+len(line)+1
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
		if n := len(kept) - 1; from+len(line) > size {
		} else if n >= 0 && kept[n].from+kept[n].size+1 == from {
			kept[n].size += len(line) + 1
		} else {
			kept = append(kept, stretch{at: b.Len(), from: from, size: len(line)})
		}
		b.WriteString(line)
		b.WriteByte('\n')
	}
	return b.String(), kept
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
