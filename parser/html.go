package parser

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// span is a half-open range of bytes of a text.
type span struct{ Start, End int }

// htmlText is what a person sees of an HTML body, as text: paragraphs, list items and table rows are lines, links stand
// behind their words. Quoted and Signature are ranges of Text that the mail program marked as such; the spans of each
// are in order and do not overlap, and they hold no blanks at their ends.
type htmlText struct {
	Text      string
	Quoted    []span // what is quoted from another mail, its attribution line included
	Signature []span // what the mail program put in as a signature
}

// readHTML turns an HTML body into text. It walks tokens and builds no tree, so that deep nesting costs nothing
// (golang.org/x/net/html.Parse refuses it); its memory is the text and a few counters.
func readHTML(source string) htmlText {
	w := &htmlWalker{tokens: html.NewTokenizer(strings.NewReader(source)), rule: -1}
	for w.next() {
	}
	return w.finish()
}

// Limits of the walker: what is nested deeper is read as if it were not.
const (
	maxLists = 10
	maxHref  = 500
)

// The breaks that wait to be written before the next words.
const (
	noBreak = iota
	lineBreak
	blankLine
)

// htmlWalker writes text while it reads tokens.
type htmlWalker struct {
	tokens *html.Tokenizer
	out    []byte
	gap    int    // the break that is due
	space  bool   // a blank is due
	prefix string // the mark of a list item that is due
	pre    int    // open pre elements
	tight  bool   // the open paragraph has no margin
	filled bool   // the line holds a blank that counts: an empty paragraph is an empty line

	skip  region // an element that nobody sees
	quote region // an element that quotes
	sign  region // an element that signs
	rest  bool   // all that follows is quoted
	rule  int    // where a ruled-off block begins that may be the head of a quoted mail; -1: none

	quoteFrom, signFrom int
	quoted, signature   []span

	lists  []list
	tables []table
	deeper int // tables beyond maxTables
	href   string
	hrefAt int
}

// region is an open element that gives its content a meaning; depth counts the open elements of its name in it.
type region struct {
	name  atom.Atom
	depth int
}

type list struct {
	ordered bool
	number  int
}

// next reads one token.
func (w *htmlWalker) next() bool {
	switch kind := w.tokens.Next(); kind {
	case html.ErrorToken:
		return false
	case html.TextToken:
		if w.skip.depth == 0 {
			w.text(w.tokens.Text())
		}
	case html.StartTagToken, html.SelfClosingTagToken:
		name, attr := w.tokens.TagName()
		w.start(atom.Lookup(name), attr, kind == html.SelfClosingTagToken)
	case html.EndTagToken:
		name, _ := w.tokens.TagName()
		w.end(atom.Lookup(name))
	}
	return true
}

// start opens an element.
func (w *htmlWalker) start(a atom.Atom, more, closed bool) {
	if w.skip.depth > 0 {
		if a == w.skip.name && !closed {
			w.skip.depth++
		}
		return
	}
	t := w.attributes(more)
	if isVoid(a) {
		w.void(a, t)
		return
	}
	if isUnseen(a) || t.hidden || hides(t.style) {
		if a == atom.Body || a == atom.Html { // a hidden page is a mistake
			return
		}
		w.skip = region{a, 1}
		return
	}
	if a == atom.P {
		w.tight = strings.Contains(t.class, "msonormal") || strings.Contains(t.style, "margin:0") || strings.Contains(t.style, "margin-bottom:0") || strings.Contains(t.class, "p1")
	}
	w.block(a)
	w.mark(a, t)
	switch a {
	case atom.Pre:
		w.pre++
	case atom.Ul, atom.Ol:
		if len(w.lists) < maxLists {
			number, err := strconv.Atoi(t.start)
			if err != nil || number < 0 || number > 1e6 {
				number = 1
			}
			w.lists = append(w.lists, list{ordered: a == atom.Ol, number: number})
		}
	case atom.Li:
		w.item()
	case atom.Table:
		w.openTable()
	case atom.Tr:
		w.openRow()
	case atom.Td, atom.Th:
		w.openCell(a == atom.Th)
	case atom.A:
		w.href, w.hrefAt = t.href, len(w.out)
	}
}

// end closes an element.
func (w *htmlWalker) end(a atom.Atom) {
	if w.skip.depth > 0 {
		if a == w.skip.name {
			w.skip.depth--
		}
		return
	}
	switch a {
	case atom.Pre:
		w.pre = max(0, w.pre-1)
	case atom.Ul, atom.Ol:
		if len(w.lists) > 0 {
			w.lists = w.lists[:len(w.lists)-1]
		}
	case atom.Table:
		w.closeTable()
	case atom.A:
		w.link()
	}
	w.block(a)
	w.unmark(a)
}

// void writes what an element without content stands for.
func (w *htmlWalker) void(a atom.Atom, t htmlTag) {
	switch a {
	case atom.Br:
		w.flush()
		w.newline()
	case atom.Hr:
		w.due(lineBreak)
		if quotesRest(t) {
			w.quoteRest(len(w.out))
		}
	case atom.Img: // a picture of a character is that character
		if n := utf8.RuneCountInString(t.alt); n > 0 && n <= 4 && t.alt[0] >= 0xe2 {
			w.text([]byte(t.alt))
		}
	}
}

// block puts the breaks around elements that stand on lines of their own.
func (w *htmlWalker) block(a atom.Atom) {
	switch a {
	case atom.P:
		if w.tight {
			w.due(lineBreak)
		} else {
			w.due(blankLine)
		}
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		w.due(blankLine)
	case atom.Ul, atom.Ol, atom.Dl, atom.Table, atom.Blockquote, atom.Pre:
		w.due(lineBreak)
	case atom.Div, atom.Li, atom.Tr, atom.Dt, atom.Dd, atom.Address, atom.Article, atom.Section, atom.Header, atom.Footer, atom.Main,
		atom.Nav, atom.Aside, atom.Figure, atom.Figcaption, atom.Center, atom.Form, atom.Fieldset, atom.Legend, atom.Details, atom.Summary,
		atom.Caption, atom.Option, atom.Body:
		w.due(lineBreak)
	}
}

// finish closes what is open and hands the text out.
func (w *htmlWalker) finish() htmlText {
	for len(w.tables) > 0 {
		w.closeTable()
	}
	if w.rest || w.quote.depth > 0 {
		w.quoted = append(w.quoted, span{w.quoteFrom, len(w.out)})
	}
	if w.sign.depth > 0 {
		w.signature = append(w.signature, span{w.signFrom, len(w.out)})
	}
	text := clean(string(w.out))
	return htmlText{Text: strings.TrimRight(text, " \n"), Quoted: tidySpans(text, w.quoted), Signature: tidySpans(text, w.signature)}
}

// tidySpans takes the blanks off both ends of the spans and drops those that hold nothing else.
func tidySpans(text string, spans []span) []span {
	var tidy []span
	for _, s := range spans {
		s.End = min(s.End, len(text))
		for s.Start < s.End && (text[s.Start] == ' ' || text[s.Start] == '\n') {
			s.Start++
		}
		for s.End > s.Start && (text[s.End-1] == ' ' || text[s.End-1] == '\n') {
			s.End--
		}
		if s.Start < s.End {
			tidy = append(tidy, s)
		}
	}
	return tidy
}
