package parser

import (
	"strings"
	"unicode"
)

// isDisclaimer says whether a line is the small print of a firm.
func (v *vocabulary) isDisclaimer(s string) bool {
	if len(s) < 30 || len(s) > 5000 {
		return false
	}
	return v.closing.disclaimer.count(s, 2) >= 2
}

// cutDisclaimer cuts paragraphs of small print at the end.
func (v *vocabulary) cutDisclaimer(lines []textLine) []textLine {
	for {
		lines = trimTail(lines)
		start, size := len(lines), 0
		for start > 0 && lines[start-1].s != "" && size <= disclaimerBytes {
			start--
			size += len(lines[start].s) + 1
		}
		if start == len(lines) || size > disclaimerBytes {
			return lines
		}
		var paragraph strings.Builder
		paragraph.Grow(size)
		for i := start; i < len(lines); i++ {
			paragraph.WriteString(lines[i].s)
			paragraph.WriteByte(' ')
		}
		if !v.isDisclaimer(paragraph.String()) {
			return lines
		}
		for start < len(lines)-1 && !v.smallPrintBegins(lines[start].s) { // a signature may stand right above it
			start++
		}
		v.cutFrom(lines, start)
		lines = lines[:start]
	}
}

func (v *vocabulary) smallPrintBegins(s string) bool {
	return len(s) > 40 && v.closing.disclaimer.count(s, 1) > 0 || strings.HasPrefix(strings.ToLower(s), "disclaimer")
}

// markBanner cuts a warning that a mail system put on top.
func (v *vocabulary) markBanner(lines []textLine) {
	i := nextLine(lines, 0)
	end := i
	for end < len(lines) && lines[end].s != "" && end < i+6 {
		end++
	}
	for j := i; j < end; j++ {
		if s := lines[j].s; len(s) < 400 && (strings.HasPrefix(s, "[") || isUpperStart(s)) && v.closing.banner.count(s, 1) > 0 {
			for ; i <= j; i++ {
				lines[i].kind = lineSignature
			}
		}
	}
}

// isUpperStart says whether a line begins with a word in capitals: "CAUTION: …".
func isUpperStart(s string) bool {
	n := 0
	for _, r := range s {
		if unicode.IsLower(r) {
			return false
		}
		if !unicode.IsLetter(r) {
			if n > 0 {
				return n >= 4
			}
			continue
		}
		n++
	}
	return n >= 4
}
