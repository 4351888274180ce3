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
	original  map[string]bool  // "original message"
	forwarded []string         // "forwarded message"
	label     map[string]uint8 // "from" of a block of header lines to its kind
	subject   map[string]uint8 // prefixes of subjects: "fwd", "re"
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
	q := quoteWords{on: map[string]bool{}, original: map[string]bool{}, label: map[string]uint8{}, subject: map[string]uint8{}}
	for _, w := range l.phrases("quote/on") {
		q.on[w] = true
	}
	q.wrote, q.quoting, q.forwarded = unique(l.phrases("quote/wrote")), unique(l.phrases("quote/quoting")), unique(l.phrases("quote/forwarded"))
	for _, w := range l.phrases("quote/original") {
		q.original[w] = true
	}
	for section, kind := range map[string]uint8{"from": labelFrom, "date": labelDate, "to": labelTo, "subject": labelSubject, "header": labelOther} {
		for _, w := range l.phrases("quote/" + section) {
			q.label[w] |= kind
		}
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
	return strings.Trim(s, " \t\r\u00a0\u200b\u200c\u200d\u200e\u200f\ufeff\u3000\u2007\u202f")
}

// occasion is what is known of a mail beside its text.
type occasion struct {
	reply   bool // it answers something
	forward bool // its subject says that it passes something on
	name    string
	prefix  string // of ticket numbers
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
		if l.arrows && (o.reply || o.forward || v.afterIntro(lines, i)) || l.marked && o.reply && !v.forwardsAt(lines, i) {
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
	if !anyOf(lines, lineQuoted) && !anyOf(lines, lineForwarded) {
		markNotice(lines, o)
	}
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

// isForwardMark knows "---------- Forwarded message ---------" and "Begin forwarded message:".
func (v *vocabulary) isForwardMark(s string) bool {
	if len(s) < 8 || len(s) > 120 {
		return false
	}
	bare := strings.Trim(s, "-—–_*=>: \t")
	dashed := strings.HasPrefix(s, "--")
	if !dashed && !strings.HasSuffix(s, ":") {
		return false
	}
	low := strings.ToLower(bare)
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

// headerBlock reads the header lines that Outlook, Notes and others put above a quote, and gives the line after them,
// 0 where there are none.
func (v *vocabulary) headerBlock(lines []textLine, i int, underMark bool, o occasion) int {
	kinds, address, end, last, receivers := uint8(0), false, 0, uint8(0), 0
	for j := i; j < len(lines) && j < i+headerLines; j++ {
		s := lines[j].s
		if s == "" {
			next := nextLine(lines, j)
			if next > j+2 || next >= len(lines) || kinds == 0 || v.labelOf(lines[next].s, underMark) == 0 {
				break
			}
			continue
		}
		kind := v.labelOf(s, underMark)
		if kind == 0 {
			if end == 0 || !continuesHeader(lines[j], last) {
				break
			}
			end = j + 1
			continue
		}
		if kind == labelFrom|labelTo { // "Da" is from in Italian
			kind = labelFrom
		}
		if kind != labelOther && kinds&kind != 0 && kind != labelTo {
			break
		}
		if kind == labelTo || kind == labelOther {
			if receivers++; receivers > toLines {
				break
			}
		}
		if kind&labelFrom != 0 && strings.Contains(s, "@") {
			address = true
		}
		kinds |= kind
		last, end = kind, j+1
	}
	count := 0
	for _, k := range []uint8{labelFrom, labelDate, labelTo, labelSubject} {
		if kinds&k != 0 {
			count++
		}
	}
	switch {
	case kinds&labelFrom == 0:
		return 0
	case count >= 3 && (o.reply || o.forward || address || underMark):
		return end
	case count == 2 && (underMark || address):
		return end
	}
	return 0
}

// continuesHeader says whether a line goes on with the addresses of the line before.
func continuesHeader(l textLine, last uint8) bool {
	folded := strings.HasPrefix(l.raw, " ") || strings.HasPrefix(l.raw, "\t")
	switch last {
	case labelTo, labelOther, labelFrom:
		return folded || strings.Contains(l.s, "@") && strings.ContainsAny(l.s, "<;,") && !strings.HasSuffix(l.s, ".") || strings.HasSuffix(l.s, ";")
	}
	return folded && last == labelSubject
}

// labelOf gives the kind of a header line, 0 where it is none.
func (v *vocabulary) labelOf(s string, bare bool) uint8 {
	s = strings.TrimLeft(s, "*_ ")
	i := strings.IndexAny(s, ":：")
	if i > 0 && i <= 30 {
		if k := v.quote.label[strings.ToLower(strings.Trim(s[:i], "*_ \t\u00a0"))]; k != 0 {
			return k
		}
	}
	if bare { // eM Client writes no colons
		if i := strings.IndexAny(s, " \t"); i > 0 && i < 20 {
			return v.quote.label[strings.ToLower(s[:i])]
		}
	}
	return 0
}

// intro reads "On Monday somebody wrote:" in its many forms, folded as it may be, and gives the line after it, 0 where
// there is none.
func (v *vocabulary) intro(lines []textLine, i int) int {
	first := strings.TrimLeft(lines[i].s, "-–—*[( ")
	starts := v.quote.on[firstWord(first)]
	if !starts && !strings.ContainsAny(first, "@<0123456789") && !strings.HasSuffix(first, ":") && !v.startsQuoting(first) {
		return 0
	}
	if starts && v.introThenText(first) {
		return i + 1
	}
	joined := make([]byte, 0, 200)
	for j := i; j < len(lines) && j < i+introLines; j++ {
		s := lines[j].s
		if s == "" {
			if starts && digitRuns(first) >= 2 && j > i {
				continue
			}
			return 0
		}
		folded := len(s) < 40 && endsIntro(s) // the address broke before its ">"
		if lines[j].arrows && j > i && !folded || len(joined)+len(s) > introBytes {
			return 0
		}
		if j > i && !starts && (j > i+2 || v.quote.on[firstWord(s)] && digitRuns(s) >= 2) {
			return 0
		}
		if j > i {
			joined = append(joined, ' ')
		}
		joined = append(joined, s...)
		if endsIntro(s) {
			if v.isIntro(string(joined), first, starts, nextArrows(lines, j+1)) {
				return j + 1
			}
			return 0
		}
	}
	return 0
}

// introThenText knows an intro line on which the quote begins at once, as Yahoo's phones write it.
func (v *vocabulary) introThenText(s string) bool {
	if len(s) > introBytes || digitRuns(s) < 2 {
		return false
	}
	for from := 0; ; {
		i := strings.Index(s[from:], ": ")
		if i < 0 {
			return false
		}
		head := s[:from+i]
		if strings.Contains(head, "@") && digitRuns(head) >= 2 && v.endsWrote(strings.ToLower(head)) {
			return true
		}
		from += i + 2
	}
}

// endsWrote says whether a line ends with a verb of writing.
func (v *vocabulary) endsWrote(low string) bool {
	for _, w := range v.quote.wrote {
		if strings.HasSuffix(low, w) {
			before, _ := utf8.DecodeLastRuneInString(low[:len(low)-len(w)])
			if !isWordRune(before) {
				return true
			}
		}
	}
	return false
}

func nextArrows(lines []textLine, i int) bool {
	i = nextLine(lines, i)
	return i < len(lines) && (lines[i].arrows || lines[i].marked)
}

func firstWord(s string) string {
	for i, r := range s {
		if r == ' ' || r == ',' || r == '\t' || r == ':' || r == '\u00a0' {
			return strings.ToLower(s[:i])
		}
		if i > 30 {
			break
		}
	}
	return strings.ToLower(s)
}

// endsIntro says whether an intro line can end here.
func endsIntro(s string) bool {
	return strings.HasSuffix(s, ":") || strings.HasSuffix(s, "：") || strings.HasSuffix(s, "----") || strings.HasSuffix(s, ":*") || strings.HasSuffix(s, "写道") || strings.HasSuffix(s, ":]")
}

// isIntro judges a whole intro line.
func (v *vocabulary) isIntro(joined, first string, starts, arrows bool) bool {
	low := strings.ToLower(joined)
	digits := digitRuns(joined)
	address := strings.Contains(joined, "@")
	dated := digits >= 3 || digits == 2 && (address || starts)
	if address && dated && strings.Contains(low, ">:") || address && dated && strings.HasSuffix(low, ")：") {
		return true // "2026年1月12日(月) 9:13 Helpdesk <helpdesk@company.com>:"
	}
	if v.startsQuoting(first) {
		return address || arrows
	}
	if !v.saysWrote(low) {
		return address && dated && arrows && len(joined) < 160
	}
	switch {
	case starts && dated, address && firstHolds(first):
		return true
	case dated && (arrows || digits >= 4 && len(joined) < 140):
		return true
	}
	return arrows && len(joined) < 120
}

// firstHolds says whether the first line of an intro without a known beginning looks like one: it holds a name with an
// address, or begins with a date.
func firstHolds(first string) bool {
	r, _ := utf8.DecodeRuneInString(first)
	return strings.ContainsAny(first, "<@") || r >= '0' && r <= '9'
}

func (v *vocabulary) startsQuoting(s string) bool {
	if len(s) > 200 {
		return false
	}
	low := strings.ToLower(s)
	for _, w := range v.quote.quoting {
		if strings.HasPrefix(low, w) {
			return true
		}
	}
	return false
}

// saysWrote finds a verb of writing as whole words.
func (v *vocabulary) saysWrote(low string) bool {
	for _, w := range v.quote.wrote {
		i := strings.Index(low, w)
		if i < 0 {
			continue
		}
		before, _ := utf8.DecodeLastRuneInString(low[:i])
		after, _ := utf8.DecodeRuneInString(low[i+len(w):])
		if w[0] >= utf8.RuneSelf || (i == 0 || !isWordRune(before)) && (i+len(w) == len(low) || !isWordRune(after)) {
			return true
		}
	}
	return false
}

// digitRuns counts the numbers in a line.
func digitRuns(s string) int {
	n, in := 0, false
	for i := range len(s) {
		d := s[i] >= '0' && s[i] <= '9'
		if d && !in {
			n++
		}
		in = d
	}
	return n
}

// markNotice is the last resort: the head or the foot of a notice of our own, quoted without any mark of it.
func markNotice(lines []textLine, o occasion) {
	if o.prefix == "" || !o.reply {
		return
	}
	foot := -1
	for i := range lines {
		s := lines[i].s
		if ticket, ok := strings.CutPrefix(s, o.prefix+"-"); ok && len(ticket) > 6 && digitRuns(ticket[:6]) == 1 && strings.HasPrefix(ticket[6:], " · ") {
			markFrom(lines, i)
			return
		}
		if ticket, ok := strings.CutPrefix(strings.ToLower(s), "ref: "+strings.ToLower(o.prefix)+"-"); ok && ticket != "" && ticket[0] >= '0' && ticket[0] <= '9' {
			foot = i
			break
		}
	}
	if foot < 0 {
		return
	}
	for i := range foot {
		if greetsBy(lines[i].s, o.name) {
			markFrom(lines, i)
			return
		}
	}
	for foot > 0 && lines[foot-1].s != "" {
		foot--
	}
	markFrom(lines, foot)
}

func markFrom(lines []textLine, i int) {
	for ; i < len(lines); i++ {
		lines[i].kind = lineQuoted
	}
}

// greetsBy knows the first line of a notice: "Halo Rina Wijaya,".
func greetsBy(s, name string) bool {
	s = strings.ToLower(s)
	return name != "" && (s == "halo "+strings.ToLower(name)+"," || s == "hello "+strings.ToLower(name)+",")
}
