package parser

import (
	"strings"
	"unicode/utf8"
)

// Limits of what is taken for the head of a quote.
const (
	introLines  = 6    // an intro line may be folded this often
	introBytes  = 500  // and be this long
	headerLines = 25   // a block of header lines
	toLines     = 4    // with so many of them to receivers
	longLine    = 1000 // a longer line opens nothing
)

// quoteWords know the heads of quotes in many languages.
type quoteWords struct {
	on        map[string]bool  // first words of an intro line: "On", "Pada", "Am"
	wrote     []string         // what somebody did: "wrote:", "menulis:"
	quoting   []string         // whole beginnings: "quoting ", "zitat von "
	begins    [256]bool        // the first bytes of quoting
	original  map[string]bool  // "original message"
	forwarded []string         // "forwarded message"
	label     map[string]uint8 // "from" of a block of header lines to its kind
	subject   map[string]uint8 // prefixes of subjects: "fwd", "re"
	notice    map[string]bool  // greetings of our own notices: "halo"
}

// Kinds of header lines, and of prefixes of a subject.
const (
	labelFrom uint8 = 1 << iota
	labelDate
	labelTo
	labelSubject
	labelOther

	prefixForward uint8 = 1
	prefixReply   uint8 = 2
)

func newQuoteWords(l lists) quoteWords {
	q := quoteWords{on: map[string]bool{}, notice: map[string]bool{}, original: map[string]bool{}, label: map[string]uint8{}, subject: map[string]uint8{}}
	for _, w := range l.phrases("quote/on") {
		q.on[w] = true
	}
	q.wrote, q.quoting, q.forwarded = unique(l.phrases("quote/wrote")), unique(l.phrases("quote/quoting")), unique(l.phrases("quote/forwarded"))
	for _, w := range q.quoting {
		q.begins[w[0]] = true
	}
	for _, w := range l.phrases("quote/original") {
		q.original[w] = true
	}
	for section, kind := range map[string]uint8{"from": labelFrom, "date": labelDate, "to": labelTo, "subject": labelSubject, "header": labelOther} {
		for _, w := range l.phrases("quote/" + section) {
			q.label[w] |= kind
		}
	}
	for _, w := range l.phrases("quote/notice") {
		q.notice[w] = true
	}
	for _, w := range l.phrases("quote/reply subject") {
		q.subject[w] = prefixReply
	}
	for _, w := range l.phrases("quote/forward subject") {
		q.subject[w] = prefixForward
	}
	return q
}

func unique(list []string) []string {
	seen := map[string]bool{}
	out := list[:0]
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

// textLine is a line of a text and what it is found to be.
type textLine struct {
	raw    string
	s      string // without blanks around it
	kind   lineKind
	arrows bool // it begins with >
	marked bool // the HTML says that it is quoted
}

type lineKind uint8

const (
	lineNew lineKind = iota
	lineQuoted
	lineForwarded
	lineSignature
)

// cutLines cuts a text into lines. What is behind the first maxReadableLines is one line more.
func cutLines(text string) []textLine {
	lines := make([]textLine, 0, min(strings.Count(text, "\n"), maxReadableLines)+1)
	for rest := text; ; {
		raw, tail, more := strings.Cut(rest, "\n")
		if len(lines) == maxReadableLines {
			raw, more = rest, false
		}
		s := trimBlank(raw)
		lines = append(lines, textLine{raw: raw, s: s, arrows: strings.HasPrefix(s, ">")})
		if !more {
			return lines
		}
		rest = tail
	}
}

// trimBlank cuts what nobody sees from both ends of a line.
func trimBlank(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t' || s[0] == '\r') {
		s = s[1:]
	}
	for s != "" && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t' || s[len(s)-1] == '\r') {
		s = s[:len(s)-1]
	}
	if s == "" || s[0] < utf8.RuneSelf && s[len(s)-1] < utf8.RuneSelf {
		return s
	}
	return strings.Trim(s, " \t\r\u00a0\u200b\u200c\u200d\u200e\u200f\ufeff\u3000\u2007\u202f")
}

// occasion is what is known of a mail beside its text.
type occasion struct {
	reply   bool // it answers something
	forward bool // its subject says that it passes something on
	name    string
	prefix  string // of ticket numbers
}

// occasionOf is what is known of a mail; who wrote is called by From, else by what is known of the address.
func (p *Parser) occasionOf(m *Mail) occasion {
	o := p.words.occasionOf(m, p.opts.Prefix)
	if o.name == "" {
		o.name = tidyName(p.opts.Names[m.From.Address])
	}
	return o
}

func (v *vocabulary) occasionOf(m *Mail, prefix string) occasion {
	o := occasion{name: tidyName(m.From.Name), prefix: prefix}
	switch v.subjectPrefix(m.Subject) {
	case prefixForward:
		o.forward = true
	case prefixReply:
		o.reply = true
	default:
		o.reply = len(m.InReplyTo) > 0 || len(m.References) > 0
	}
	return o
}

// subjectPrefix gives the outermost prefix of a subject.
func (v *vocabulary) subjectPrefix(subject string) uint8 {
	head, _, found := strings.Cut(subject, ":")
	if !found || len(head) > 20 {
		return 0
	}
	head = strings.ToLower(trimBlank(head))
	if i := strings.IndexAny(head, "[(0123456789"); i > 0 { // RE[2]:
		head = trimBlank(head[:i])
	}
	return v.quote.subject[head]
}

// markQuotes finds which lines are quoted and which are a mail passed on.
func (v *vocabulary) markQuotes(lines []textLine, o occasion) {
	for i := 0; i < len(lines); {
		l := &lines[i]
		if l.s == "" {
			i++
			continue
		}
		if l.arrows && !isBetweenArrows(l.s) && (o.reply || o.forward || v.afterIntro(lines, i)) || l.marked && o.reply && !v.forwardsAt(lines, i) {
			l.kind = lineQuoted
			i++
			continue
		}
		end, forward := v.opener(lines, i, o)
		if end == 0 {
			i++
			continue
		}
		if forward {
			for ; i < len(lines); i++ {
				lines[i].kind = lineForwarded
			}
			return
		}
		markSeparators(lines, i)
		for ; i < end; i++ {
			lines[i].kind = lineQuoted
		}
		next := nextLine(lines, end)
		if next < len(lines) && !lines[next].arrows && !lines[next].marked {
			for ; i < len(lines); i++ {
				lines[i].kind = lineQuoted
			}
		}
	}
	v.markNotice(lines, o)
}

// afterIntro says whether the line before is a quote's: without a reply's mark, > alone is not enough.
func (v *vocabulary) afterIntro(lines []textLine, i int) bool {
	for i--; i >= 0; i-- {
		if lines[i].s != "" {
			return lines[i].kind == lineQuoted
		}
	}
	return false
}

// forwardsAt says whether a mail passed on begins within the next lines.
func (v *vocabulary) forwardsAt(lines []textLine, i int) bool {
	for j := i; j < len(lines) && j < i+3; j++ {
		if v.isForwardMark(lines[j].s) {
			return true
		}
	}
	return false
}

func anyOf(lines []textLine, kind lineKind) bool {
	for i := range lines {
		if lines[i].kind == kind {
			return true
		}
	}
	return false
}

func nextLine(lines []textLine, i int) int {
	for i < len(lines) && lines[i].s == "" {
		i++
	}
	return i
}

// opener says whether a quote, or a mail passed on, begins at a line; its head ends before the line end.
func (v *vocabulary) opener(lines []textLine, i int, o occasion) (end int, forward bool) {
	s := lines[i].s
	if len(s) > longLine {
		return 0, false
	}
	if v.isForwardMark(s) {
		return i + 1, true
	}
	if isBetweenArrows(s) {
		return i + 1, false
	}
	marked := v.isOriginalMark(s)
	at := i
	if marked || isRule(s) {
		at = nextLine(lines, i+1)
		if at > i+4 {
			at = len(lines)
		}
	}
	if at < len(lines) {
		if end := v.headerBlock(lines, at, at > i, o); end > 0 {
			return end, o.forward || !o.reply && !marked && nextLine(lines, 0) == i
		}
		if marked && !o.forward {
			if end := v.intro(lines, at); end > 0 {
				return end, false
			}
		}
	}
	if marked {
		return i + 1, o.forward
	}
	return v.intro(lines, i), false
}

// isBetweenArrows knows the head of a quote as GroupWise writes it: ">>> Rina Wijaya <rina@company.com> 12/01/2026 09:13 >>>".
func isBetweenArrows(s string) bool {
	return strings.HasPrefix(s, ">>> ") && strings.HasSuffix(s, " >>>") && digitRuns(s) >= 3
}

// isForwardMark knows "---------- Forwarded message ---------" and "Begin forwarded message:".
func (v *vocabulary) isForwardMark(s string) bool {
	if len(s) < 8 || len(s) > 120 {
		return false
	}
	dashed := strings.HasPrefix(s, "--")
	if !dashed && !strings.HasSuffix(s, ":") {
		return false
	}
	low := strings.ToLower(strings.Trim(s, "-—–_*=>: \t"))
	for _, w := range v.quote.forwarded {
		if low == w || dashed && strings.HasPrefix(low, w) {
			return true
		}
	}
	return false
}

// isOriginalMark knows "-----Original Message-----".
func (v *vocabulary) isOriginalMark(s string) bool {
	if len(s) > 80 || !strings.HasPrefix(s, "--") && !strings.HasPrefix(s, "__") && !strings.HasPrefix(s, "==") {
		return false
	}
	return v.quote.original[strings.ToLower(strings.Trim(s, "-—–_*=: \t"))]
}

// isRule says whether a line is nothing but a stroke.
func isRule(s string) bool {
	if len(s) < 2 {
		return false
	}
	for _, r := range s {
		if !strings.ContainsRune("-_=*~#+—–─ᐧ·", r) {
			return false
		}
	}
	return true
}

// markSeparators takes strokes and marks above the head of a quote to the quote.
func markSeparators(lines []textLine, i int) {
	for i--; i >= 0; i-- {
		if lines[i].kind != lineNew || lines[i].s != "" && !(isRule(lines[i].s) && len(lines[i].s) >= 3) {
			return
		}
		if lines[i].s != "" {
			lines[i].kind = lineQuoted
		}
	}
}
