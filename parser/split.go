package parser

import (
	"slices"
	"strings"
)

const htmlBytes = 1 << 20 // of a mail that answers nothing; a larger one is not read twice

// split finds what is new in a mail: it sets m.NewText, m.Quoted, m.Signature and, where the text passes a mail on, m.Forward.
//
// Text is the mail's text without the armour of a signed one: every line of the new text is a line of it. Where the mail
// has HTML, its structure says what is quoted; that is trusted where the text was made of it, and asked where the plain
// text shows no quote.
func (p *Parser) split(m *Mail, text, source string) {
	v, o := p.words, p.occasionOf(m)
	m.PassesOn = o.forward
	lines := cutLines(text)
	var h htmlText
	if source != "" && (o.reply || len(source) <= htmlBytes) {
		h = readHTML(source)
	}
	same := strings.HasPrefix(h.Text, text) && text != ""
	if same {
		inSpans(lines, h.Quoted, func(l *textLine) { l.marked = true })
	}
	v.markQuotes(lines, o)
	if same {
		markSigned(lines, h.Signature)
	}
	if o.reply && !same && !anyOf(lines, lineQuoted) && !anyOf(lines, lineForwarded) {
		markByHTML(lines, h)
	}
	v.markSignatures(lines, o.name)
	m.lines = lines
	m.NewText = trimBlank(collect(lines, lineNew, lineForwarded))
	m.Quoted = collect(lines, lineQuoted)
	m.Signature = collect(lines, lineSignature)
	if f := v.forwarded(lines); f != nil {
		m.Forward = f
	}
}

// inSpans calls do for the lines that begin in one of the ranges of the text.
func inSpans(lines []textLine, spans []span, do func(*textLine)) {
	at, k := 0, 0
	for i := range lines {
		end := at + len(lines[i].raw)
		for k < len(spans) && spans[k].End <= at {
			k++
		}
		if k < len(spans) && lines[i].s != "" && spans[k].Start <= at+strings.Index(lines[i].raw, lines[i].s) && at < spans[k].End {
			do(&lines[i])
		}
		at = end + 1
	}
}

// markSigned takes what the mail program marked as a signature for one, unless nothing else would be left.
func markSigned(lines []textLine, spans []span) {
	left := false
	for i := range lines {
		left = left || lines[i].s != "" && lines[i].kind == lineNew
	}
	if !left || len(spans) == 0 {
		return
	}
	marked := map[*textLine]bool{}
	inSpans(lines, spans, func(l *textLine) { marked[l] = l.kind == lineNew && !strings.HasPrefix(l.s, "#") })
	for i := range lines {
		if lines[i].s != "" && lines[i].kind == lineNew && !marked[&lines[i]] {
			for l, is := range marked {
				if is {
					l.kind = lineSignature
				}
			}
			return
		}
	}
}

// markByHTML finds the line of the plain text at which the quote of the HTML begins. It serves where that quote goes on
// to the end of the mail.
func markByHTML(lines []textLine, h htmlText) {
	if len(h.Quoted) == 0 {
		return
	}
	last := h.Quoted[len(h.Quoted)-1]
	if last.End > len(h.Text) || strings.TrimSpace(h.Text[last.End:]) != "" {
		return
	}
	start := h.Quoted[0].Start
	if strings.TrimSpace(h.Text[:start]) == "" {
		return
	}
	head := squeeze(h.Text[start:min(last.End, start+400)], 60)
	if len(head) < 20 {
		return
	}
	for i := range lines {
		if s := squeeze(lines[i].s, 60); len(s) >= 8 && strings.HasPrefix(head, s) {
			rest := squeeze(joinFrom(lines, i, 6), 60)
			if strings.HasPrefix(rest, head) || strings.HasPrefix(head, rest) {
				markSeparators(lines, i)
				markFrom(lines, i)
				return
			}
		}
	}
}

// squeeze gives the first letters and digits of a text, n bytes at most.
func squeeze(s string, n int) string {
	out := make([]byte, 0, n)
	for i := 0; i < len(s) && len(out) < n; i++ {
		if c := s[i]; c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			out = append(out, c)
		}
	}
	return string(out)
}

func joinFrom(lines []textLine, i, n int) string {
	var b strings.Builder
	for ; i < len(lines) && n > 0; i++ {
		b.WriteString(lines[i].s)
		if lines[i].s != "" {
			n--
		}
	}
	return b.String()
}

// collect joins the lines of some kinds. Blank lines around what was left out are drawn together.
func collect(lines []textLine, kinds ...lineKind) string {
	var b strings.Builder
	size := 0
	for i := range lines {
		if slices.Contains(kinds, lines[i].kind) {
			size += len(lines[i].raw) + 1
		}
	}
	b.Grow(size)
	gap, any := 0, false
	for i := range lines {
		l := &lines[i]
		if l.s == "" {
			gap++
			continue
		}
		if !slices.Contains(kinds, l.kind) {
			if any && kinds[0] == lineNew {
				gap = max(gap, 1)
			}
			continue
		}
		if any {
			b.WriteByte('\n')
			for range min(gap, 2) {
				b.WriteByte('\n')
			}
		}
		gap, any = 0, true
		b.WriteString(strings.TrimRight(l.raw, " \t\r"))
	}
	return b.String()
}

// forwarded reads the mail that is passed on in the text: its head and its words.
func (v *vocabulary) forwarded(lines []textLine) *Forward {
	i := 0
	for i < len(lines) && lines[i].kind != lineForwarded {
		i++
	}
	if i == len(lines) {
		return nil
	}
	var f Forward
	for j := i; j < len(lines); j++ { // Apple Mail quotes what it passes on
		lines[j].s = trimBlank(strings.TrimPrefix(strings.TrimPrefix(lines[j].s, ">"), " "))
	}
	if v.isForwardMark(lines[i].s) || v.isOriginalMark(lines[i].s) || isRule(lines[i].s) {
		i = nextLine(lines, i+1)
	}
	body := i
	if end := v.headerBlock(lines, i, true, occasion{forward: true}); end > 0 {
		body = end
		for ; i < end; i++ {
			s := strings.TrimLeft(lines[i].s, "*_ ")
			_, value, _ := strings.Cut(s, ":")
			value = trimBlank(strings.TrimLeft(value, "* "))
			switch k := v.labelOf(s, true); {
			case k&labelFrom != 0 && f.From == (Address{}):
				f.From = forwardedFrom(value)
			case k&labelSubject != 0 && f.Subject == "":
				f.Subject = value
			}
		}
	}
	var b strings.Builder
	for _, l := range lines[min(body, len(lines)):] {
		b.WriteString(l.s)
		b.WriteByte('\n')
	}
	f.Text = strings.TrimSpace(b.String())
	return &f
}

// forwardedFrom reads "Rina Wijaya <rina@company.com>", "rina@company.com" or a name alone.
func forwardedFrom(s string) Address {
	var a Address
	if i := strings.LastIndexByte(s, '<'); i >= 0 {
		a.Name, a.Address = s[:i], strings.TrimPrefix(strings.Trim(s[i+1:], "<> \t"), "mailto:")
		if j := strings.IndexByte(a.Address, '>'); j >= 0 {
			a.Address = a.Address[:j]
		}
	} else if i := strings.Index(s, "[mailto:"); i >= 0 {
		a.Name, a.Address = s[:i], strings.Trim(s[i+8:], "] \t")
	} else if strings.Contains(s, "@") && !strings.ContainsAny(s, " \t") {
		a.Address = s
	} else {
		a.Name = s
	}
	a.Name = strings.Trim(a.Name, " \t\"'*")
	a.Address = strings.ToLower(strings.Trim(a.Address, " \t*"))
	if strings.Contains(a.Name, "@") {
		a.Name = ""
	}
	return a
}
