package parser

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of what is taken for a signature.
const (
	signatureLines  = 16  // lines with words, at most
	signatureLine   = 110 // bytes a line
	nameBytes       = 60
	disclaimerBytes = 8000
	signatureParts  = 8 // a signature has at most: name, phone's line, small print …
	nameWords       = 6
)

// markSignatures finds signatures, closings, the phone's line and disclaimers in each run of new lines.
func (v *vocabulary) markSignatures(lines []textLine, name string) {
	for i := 0; i < len(lines); {
		if lines[i].kind != lineNew {
			i++
			continue
		}
		j := i
		for j < len(lines) && lines[j].kind == lineNew {
			j++
		}
		v.markSignature(lines[i:j], name)
		i = j
	}
}

func (v *vocabulary) markSignature(lines []textLine, name string) {
	v.markBanner(lines)
	if i := v.delimiter(lines); i >= 0 {
		v.cutFrom(lines, i)
		lines = lines[:i]
	}
	for range signatureParts {
		lines = trimTail(lines)
		before := len(lines)
		lines = v.cutDisclaimer(lines)
		lines = v.cutSentFrom(lines)
		lines = trimTail(lines)
		if i := v.closingLine(lines, name); i >= 0 {
			v.cutFrom(lines, i)
			lines = lines[:i]
		} else if i := v.bareName(lines, name); i >= 0 {
			v.cutFrom(lines, i)
			lines = lines[:i]
		}
		if len(lines) == before {
			return
		}
	}
}

// cutFrom takes lines to the signature; a command below it stays, and so does a postscript.
func (v *vocabulary) cutFrom(lines []textLine, i int) {
	for ; i < len(lines); i++ {
		s := lines[i].s
		if strings.HasPrefix(s, "#") && v.looksLikeCommand(s) {
			continue
		}
		if at(v.closing.starts, firstOf(s))&startsPostscript != 0 && v.isPostscript(s) {
			return
		}
		lines[i].kind = lineSignature
	}
}

func (v *vocabulary) isPostscript(s string) bool {
	_, rest, ok := begins(strings.ToLower(strings.ReplaceAll(s, ".", "")), v.closing.postscript)
	return ok && strings.HasPrefix(trimBlank(rest), ":")
}

// trimTail leaves blank lines and strokes at the end out, and takes the strokes to the signature.
func trimTail(lines []textLine) []textLine {
	for len(lines) > 0 {
		l := &lines[len(lines)-1]
		if l.s != "" && !isRule(l.s) && l.s != "ᐧ" && l.s != "-" && l.s != "_" && l.s != "*" {
			return lines
		}
		if l.s != "" {
			l.kind = lineSignature
		}
		lines = lines[:len(lines)-1]
	}
	return lines
}

// delimiter finds "-- " with a signature below it.
func (v *vocabulary) delimiter(lines []textLine) int {
	tail, seen := len(lines), 0
	for tail > 0 && seen <= signatureLines+1 {
		if tail--; lines[tail].s != "" {
			seen++
		}
	}
	for i := range lines {
		s := lines[i].s
		if s == "" || i < tail && s != "--" {
			continue
		}
		if s == "--" || s == "—" || s == "– –" || s == "- -" {
			if strings.TrimRight(lines[i].raw, "\r") == "-- " || v.likeSignature(lines[i+1:]) {
				return i
			}
			continue
		}
		if len(s) >= 2 && isRule(s) && i+1 < len(lines) && v.likeSignature(lines[i+1:]) && !hasEarlierRule(lines, i) {
			return i
		}
	}
	return -1
}

// hasEarlierRule says whether a stroke is one of several, as around a table or a piece of code.
func hasEarlierRule(lines []textLine, i int) bool {
	for j := range i {
		if strings.HasPrefix(lines[j].s, "```") || lines[j].s != "" && isRule(lines[j].s) {
			return true
		}
	}
	return false
}

// likeSignature says whether all lines could be a signature.
func (v *vocabulary) likeSignature(lines []textLine) bool { return v.likeSignatureOf(lines, "") }

// likeSignatureOf is likeSignature for a sender whose name may hold a word of a verdict: Bagus Santoso.
func (v *vocabulary) likeSignatureOf(lines []textLine, name string) bool {
	n := 0
	for i := range lines {
		s := lines[i].s
		if s == "" || isWholeName(s, name) {
			continue
		}
		if n++; n > signatureLines {
			return false
		}
		if !v.signatureLine(s) && !v.isSentFrom(s) && !v.isDisclaimer(s) && !isRule(s) && !v.isClosing(s) && !v.looksLikeCommand(s) {
			return false
		}
	}
	return true
}

// signatureLine says whether a line could stand in a signature: a name, a job, a firm, a way to reach somebody.
func (v *vocabulary) signatureLine(s string) bool {
	if len(s) > signatureLine || strings.HasSuffix(s, "?") || strings.HasPrefix(s, "#") {
		return false
	}
	if v.isContact(s) {
		return true
	}
	words := strings.Fields(s)
	if len(words) > 9 || strings.HasSuffix(s, "!") {
		return false
	}
	if v.says(s) {
		return false
	}
	if strings.HasSuffix(s, ".") && len(words) > 3 {
		return false
	}
	capital, small := 0, 0
	for _, w := range words {
		w = strings.TrimFunc(w, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		r, _ := utf8.DecodeRuneInString(w)
		switch {
		case w == "" || v.closing.particle[strings.ToLower(w)]:
		case unicode.IsLower(r):
			small++
		default:
			capital++
		}
	}
	return small == 0 || capital > 2*small
}

// isContact knows telephone numbers, addresses, pages, pictures and firms.
func (v *vocabulary) isContact(s string) bool {
	if len(s) > signatureLine {
		return false
	}
	low := strings.ToLower(s)
	for _, mark := range [...]string{"www.", "http://", "https://", "[cid:", "mailto:", " | "} {
		if strings.Contains(low, mark) {
			return true
		}
	}
	if v.closing.contact.count(low, 1) > 0 || at(v.closing.street, firstOf(s)) {
		return true
	}
	if strings.Contains(s, "@") && len(strings.Fields(s)) <= 3 {
		return true
	}
	digits, letters := 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			letters++
		}
	}
	return digits >= 6 && letters <= 12
}

// says tells whether a line holds a word of a verdict: whoever says something has not begun to sign.
func (v *vocabulary) says(s string) bool {
	words := v.tokens(s)
	for i := range words {
		if n, marks := v.verdict.longest(words[i:]); n > 0 {
			for _, m := range marks {
				switch m.section {
				case "good", "bad", "relapse", "broken", "not", unable, noMore, "not yet", "still", "later", "try", "redo", "gone", "but", "though":
					return true
				}
			}
		}
	}
	return false
}

func (v *vocabulary) isSentFrom(s string) bool {
	if len(s) > 160 || at(v.closing.starts, firstOf(s))&startsSent == 0 {
		return false
	}
	low := strings.ToLower(strings.TrimLeft(s, "-–—*_[<( "))
	if _, _, ok := begins(low, v.closing.sentWhole); ok {
		return true
	}
	_, rest, ok := begins(low, v.closing.sentFrom)
	if !ok || len(strings.Fields(rest)) > 9 {
		return false
	}
	return v.closing.device.count(low, 1) > 0
}

// cutSentFrom cuts the phone's line and what stands below it.
func (v *vocabulary) cutSentFrom(lines []textLine) []textLine {
	for i, seen := len(lines)-1, 0; i >= 0 && seen < signatureLines; i-- {
		if lines[i].s == "" {
			continue
		}
		seen++
		if v.isSentFrom(lines[i].s) && v.likeSignature(lines[i+1:]) {
			v.cutFrom(lines, i)
			return lines[:i]
		}
	}
	return lines
}

// closingLine finds the closing whose name, job and firm end the lines.
func (v *vocabulary) closingLine(lines []textLine, name string) int {
	for i, seen := len(lines)-1, 0; i >= 0 && seen < signatureLines; i-- {
		s := lines[i].s
		if s == "" {
			continue
		}
		seen++
		kind, rest := v.closingKind(s)
		if kind == 0 || isFolded(lines, i) {
			continue
		}
		if at := v.closes(lines, i, kind, rest, name); at >= 0 {
			return at
		}
	}
	return -1
}

// isFolded says whether a line goes on with the sentence of the line above.
func isFolded(lines []textLine, i int) bool {
	if i == 0 || len(lines[i-1].s) < foldedLine {
		return false
	}
	return !strings.ContainsAny(lines[i-1].s[len(lines[i-1].s)-1:], ".!?,:;)")
}

// closes judges a closing line; where a thanks is all that was said it stays, and only the name below it goes.
func (v *vocabulary) closes(lines []textLine, i int, kind uint8, rest, name string) int {
	below := v.beforePostscript(lines[i+1:])
	first := nextLine(below, 0)
	opening := nextLine(lines, 0) == i
	named := first < len(below) && (v.nameLine(below[first].s, name) || v.isContact(below[first].s)) && v.likeSignatureOf(below[first:], name)
	own := rest != "" && v.nameLine(rest, name) && (kind == startsClosing || sharesName(rest, name))
	switch {
	case rest != "" && !own:
		return -1
	case first == len(below) && own:
	case first == len(below):
		if kind == startsThanks || opening {
			return -1
		}
		return i
	case own && v.likeSignature(below[first:]), named:
	case kind == startsClosing && !opening && v.likeSignature(below[first:]):
	default:
		return -1
	}
	if kind == startsThanks && opening {
		if own {
			return -1
		}
		return i + 1 + first
	}
	if opening && (first == len(below) || !sharesName(below[first].s, name)) {
		return -1
	}
	return i
}

// beforePostscript leaves out what is said below a name: "PS: …".
func (v *vocabulary) beforePostscript(lines []textLine) []textLine {
	for i := range lines {
		if at(v.closing.starts, firstOf(lines[i].s))&startsPostscript != 0 && v.isPostscript(lines[i].s) {
			return lines[:i]
		}
	}
	return lines
}

// nameLine says whether a line is a person's name.
func (v *vocabulary) nameLine(s, name string) bool {
	s = strings.Trim(s, "-–—*_~/() \t")
	if sharesName(s, name) && len(strings.Fields(s)) <= nameWords {
		return true
	}
	words := strings.Fields(s)
	if len(words) == 0 || len(words) > nameWords || len(s) > nameBytes || strings.ContainsAny(s, "?!:#") || v.says(s) {
		return false
	}
	for _, w := range words {
		r, _ := utf8.DecodeRuneInString(w)
		if !unicode.IsUpper(r) && !v.closing.particle[strings.ToLower(w)] && r != '(' && r != '&' && r != '-' {
			return false
		}
	}
	return true
}

// bareName finds a signature without a closing: a last paragraph that begins with the sender's name.
func (v *vocabulary) bareName(lines []textLine, name string) int {
	start, seen := len(lines), 0
	for start > 0 && lines[start-1].s != "" && seen < signatureLines {
		start--
		seen++
	}
	for i := start; i < len(lines); i++ {
		s := strings.TrimLeft(lines[i].s, "-–—~/*_ ")
		signed := s != lines[i].s && v.nameLine(s, name) && len(strings.Fields(s)) <= 3 && i == len(lines)-1 && i == start
		if !signed && (!sharesName(s, name) || !v.nameLine(s, name)) {
			continue
		}
		if v.likeSignatureOf(lines[i:], name) {
			return i
		}
	}
	return -1
}
