package parser

import (
	"strings"
	"unicode/utf8"
)

// intro reads "On Monday somebody wrote:" in its many forms, folded as it may be, and gives the line after it, 0 where
// there is none.
func (v *vocabulary) intro(lines []textLine, i int) int {
	first := strings.TrimLeft(lines[i].s, "-–—*[( ")
	starts := at(v.quote.on, wordBefore(first))
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
		if j > i && !starts && (j > i+2 || at(v.quote.on, wordBefore(s)) && digitRuns(s) >= 2) {
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

func firstWord(s string) string { return strings.ToLower(wordBefore(s)) }

// wordBefore gives what stands before the first blank, comma or colon; all of a line that has none near its begin.
func wordBefore(s string) string {
	for i, r := range s {
		if r == ' ' || r == ',' || r == '\t' || r == ':' || r == '\u00a0' {
			return s[:i]
		}
		if i > 30 {
			break
		}
	}
	return s
}

// endsIntro says whether an intro line can end here.
func endsIntro(s string) bool {
	return strings.HasSuffix(s, ":") || strings.HasSuffix(s, "：") || strings.HasSuffix(s, "---") || strings.HasSuffix(s, ":*") || strings.HasSuffix(s, "写道") || strings.HasSuffix(s, ":]")
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
	if s == "" || len(s) > 200 || s[0] < utf8.RuneSelf && !v.quote.begins[s[0]] && !v.quote.begins[s[0]|0x20] {
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
