package parser

import "strings"

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
	i := indexColon(s)
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

// markNotice is the last resort: the head or the foot of a notice of our own, quoted without any mark of it. What the notice
// itself quotes is marked, so that marks elsewhere say nothing of it.
func (v *vocabulary) markNotice(lines []textLine, o occasion) {
	if o.prefix == "" || !o.reply {
		return
	}
	foot := -1
	for i := range lines {
		if lines[i].kind != lineNew {
			continue
		}
		s := strings.TrimLeft(lines[i].s, "|>*_ ")
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
		if lines[i].kind == lineNew && v.greetsBy(lines[i].s, o.name) {
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
func (v *vocabulary) greetsBy(s, name string) bool {
	greeting, rest, ok := strings.Cut(strings.ToLower(s), " ")
	return ok && name != "" && v.quote.notice[greeting] && strings.HasPrefix(rest, strings.ToLower(name)) && strings.HasSuffix(rest, ",")
}
