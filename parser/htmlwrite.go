package parser

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// How the walker writes: breaks, blanks and marks are due until words come, so that none is doubled or left at an end.

func (w *htmlWalker) due(gap int) { w.gap = max(w.gap, gap) }

// item begins a list item.
func (w *htmlWalker) item() {
	w.prefix = "- "
	if n := len(w.lists); n > 0 {
		if l := &w.lists[n-1]; l.ordered {
			w.prefix = strconv.Itoa(l.number) + ". "
			l.number++
		}
		w.prefix = strings.Repeat("  ", n-1) + w.prefix
	}
}

// text writes words, with the blanks between them brought to one as HTML has it, or as they are in a pre element.
func (w *htmlWalker) text(words []byte) {
	for len(words) > 0 {
		r, n := utf8.DecodeRune(words)
		switch {
		case r == '\n' && w.pre > 0:
			w.flush()
			w.newline()
		case r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '\f':
			if w.pre > 0 && r != '\r' {
				w.flush()
				w.out = append(w.out, ' ')
			}
			w.space = true
		case r == '\u00a0' || r == '\u202f' || r == '\u2007':
			w.flush()
			w.out = append(w.out, ' ')
			w.filled = true
		case isInvisible(r):
		default:
			run := plainRun(words)
			if run == 0 {
				run = n
			}
			w.words(words[:run])
			n = run
		}
		words = words[n:]
	}
}

// plainRun counts the bytes of printable ASCII that words begins with.
func plainRun(words []byte) int {
	for i, c := range words {
		if c <= ' ' || c >= 0x7f {
			return i
		}
	}
	return len(words)
}

// isInvisible names the characters that take no room and carry no meaning, and those that would confuse the walker.
func isInvisible(r rune) bool {
	switch {
	case r < ' ', r == 0x7f, r == '\u00ad', r == '\u200b', r == '\u200c', r == '\u2060', r == '\ufeff', r == '\u034f', r == '\u115f':
		return true
	}
	return isBidi(r) || r == '\u200e' || r == '\u200f'
}

// words writes a run without blanks.
func (w *htmlWalker) words(run []byte) {
	w.flush()
	if w.rule >= 0 {
		if isLabel(run) {
			w.quoteRest(w.rule)
		}
		w.rule = -1
	}
	w.out = append(w.out, run...)
}

// isLabel says whether a word may begin the head of a quoted mail: From:, Dari:, De :, or one in another script.
func isLabel(run []byte) bool {
	run = bytes.TrimRight(run, "*")
	if len(run) == 0 || bytes.HasSuffix(run, []byte(":")) || run[0] >= utf8.RuneSelf {
		return len(run) > 0
	}
	switch strings.ToLower(string(run)) {
	case "from", "dari", "de", "da", "von", "van":
		return true
	}
	return false
}

// flush writes the break, the list mark and the blank that are due.
func (w *htmlWalker) flush() {
	if w.gap != noBreak {
		w.trimBlanks()
		if w.filled && endsWithBreaks(w.out, 1) && !endsWithBreaks(w.out, 2) {
			w.out = append(w.out, '\n')
		}
		w.filled = false
		for n := w.gap; n > 0 && len(w.out) > w.floor() && !endsWithBreaks(w.out, w.gap); n-- {
			w.out = append(w.out, '\n')
		}
		w.gap, w.space = noBreak, false
	}
	if w.prefix != "" {
		w.out = append(w.out, w.prefix...)
		w.prefix, w.space = "", false
	}
	if w.space {
		w.space = false
		if n := len(w.out); n > 0 && w.out[n-1] != ' ' && w.out[n-1] != '\n' && w.out[n-1] != cellMark {
			w.out = append(w.out, ' ')
		}
	}
}

func endsWithBreaks(out []byte, n int) bool {
	return len(out) >= n && bytes.Count(out[len(out)-n:], []byte("\n")) == n
}

// newline ends a line; two empty lines never follow each other.
func (w *htmlWalker) newline() {
	w.trimBlanks()
	w.space, w.filled = false, false
	if len(w.out) > 0 && !endsWithBreaks(w.out, 2) {
		w.out = append(w.out, '\n')
	}
}

// floor is where the text of the open table cell begins: no break is written there.
func (w *htmlWalker) floor() int {
	if n := len(w.out); n > 0 && w.out[n-1] == cellMark {
		return n
	}
	return 0
}

// trimBlanks takes the blanks off the end of the line.
func (w *htmlWalker) trimBlanks() {
	for n := len(w.out); n > 0 && w.out[n-1] == ' '; n-- {
		w.out = w.out[:n-1]
	}
}

// link writes where a link leads, unless its words say so.
func (w *htmlWalker) link() {
	href := strings.TrimSpace(w.href)
	w.href = ""
	if href == "" || w.hrefAt > len(w.out) {
		return
	}
	words := strings.TrimSpace(string(w.out[w.hrefAt:min(len(w.out), w.hrefAt+maxHref)]))
	address, isMail := strings.CutPrefix(strings.ToLower(href), "mailto:")
	switch {
	case words == "" || len(href) > maxHref:
		return
	case isMail:
		href, _, _ = strings.Cut(address, "?")
		if href == "" || strings.Contains(strings.ToLower(words), href) {
			return
		}
	case !strings.HasPrefix(strings.ToLower(href), "http"):
		return
	case strings.Contains(href, strings.TrimSuffix(words, "/")) && strings.Contains(words, "."):
		return
	}
	if href = strings.Map(func(r rune) rune {
		if r <= ' ' || r == '<' || r == '>' || isInvisible(r) {
			return -1
		}
		return r
	}, href); href != "" && utf8.ValidString(href) {
		w.words([]byte(" <" + href + ">"))
	}
}
