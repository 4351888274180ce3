package templates

import (
	"html/template"
	"strings"

	"helpost/internal/sop"
)

// A template writes lines; each of these kinds of line becomes a block, and of the blocks both parts are made.
//
//	! text         the first line of a mail to the desk; ticket, priority and where an answer goes are set around it
//	- text         an item of a list
//	= Label: text  a fact; left out where there is no text
//	{{.Words}}     alone on its line: the words that the notice carries; likewise {{.Body}}
//	{{.Buttons}}   alone on its line: the ready answers
//	text           a line of a paragraph
//
// A blank line parts paragraphs.
type block struct {
	Kind    blockKind
	Lines   []string
	Facts   []fact
	Buttons []Button
	tight   bool // follows the block before without a blank line
}

type blockKind string

const (
	headBlock    blockKind = "head"
	textBlock    blockKind = "text"
	listBlock    blockKind = "list"
	factsBlock   blockKind = "facts"
	wordsBlock   blockKind = "words"
	plainBlock   blockKind = "plain" // words that are the mail itself
	buttonsBlock blockKind = "buttons"
)

// joins says whether two lines of this kind, one below the other, are one block.
func (k blockKind) joins() bool { return k == textBlock || k == listBlock || k == factsBlock }

type fact struct{ Label, Text string }

// Marks that values carry through a template. Nothing that a person wrote can hold one: oneLine and manyLines drop
// control characters.
const (
	valueMark   = "\x01" // before each value, so that none is taken for a line of another kind
	wordsMark   = "\x02words"
	bodyMark    = "\x02body"
	buttonsMark = "\x02buttons"
)

// blocksOf reads what a template wrote.
func (v *view) blocksOf(written string) []block {
	var blocks []block
	tight := false
	for line := range strings.SplitSeq(written, "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			tight = false
			continue
		}
		b, ok := v.blockOf(line)
		if !ok {
			continue
		}
		if last := len(blocks) - 1; tight && last >= 0 && b.Kind == blocks[last].Kind && b.Kind.joins() {
			blocks[last].Lines = append(blocks[last].Lines, b.Lines...)
			blocks[last].Facts = append(blocks[last].Facts, b.Facts...)
			continue
		}
		b.tight = tight && b.Kind.joins()
		blocks = append(blocks, b)
		tight = b.Kind == textBlock || b.Kind == listBlock
	}
	return blocks
}

// blockOf reads one line; ok is false where nothing is to be shown.
func (v *view) blockOf(line string) (b block, ok bool) {
	switch {
	case line == wordsMark:
		kind := wordsBlock
		if v.d.Kind == sop.KindReply {
			kind = plainBlock
		}
		return block{Kind: kind, Lines: v.words}, len(v.words) > 0
	case line == bodyMark:
		return block{Kind: wordsBlock, Lines: v.body}, len(v.body) > 0
	case strings.HasPrefix(line, buttonsMark):
		buttons := v.buttons[line[len(buttonsMark):]]
		return block{Kind: buttonsBlock, Buttons: buttons}, len(buttons) > 0
	}
	if text, is := strings.CutPrefix(line, "! "); is {
		return block{Kind: headBlock, Lines: []string{v.head(unmark(text))}}, true
	}
	if text, is := strings.CutPrefix(line, "- "); is {
		return block{Kind: listBlock, Lines: []string{unmark(text)}}, true
	}
	if text, is := strings.CutPrefix(line, "= "); is {
		label, text, _ := strings.Cut(text, ":")
		text = strings.TrimSpace(unmark(text))
		return block{Kind: factsBlock, Facts: []fact{{guarded(unmark(label)), text}}}, text != ""
	}
	return block{Kind: textBlock, Lines: []string{guarded(unmark(line))}}, true
}

func unmark(s string) string { return strings.ReplaceAll(s, valueMark, "") }

// text writes the text part: the blocks, the foot, the quote.
func (v *view) text(blocks []block) string {
	var b strings.Builder
	b.Grow(2048)
	for i, bl := range blocks {
		if bl.Kind == buttonsBlock { // a text has no buttons: it says how to answer
			continue
		}
		if i > 0 && !bl.tight {
			b.WriteByte('\n')
		}
		for _, line := range bl.Lines {
			switch {
			case bl.Kind == listBlock:
				b.WriteString("- ")
			case bl.Kind == wordsBlock && v.d.ToDesk: // so that nobody can write what looks like a line of ours
				line = strings.TrimRight("| "+line, " ")
			case bl.Kind == wordsBlock || bl.Kind == plainBlock:
				line = guarded(line)
			}
			b.WriteString(line)
			b.WriteByte('\n')
		}
		for _, f := range bl.Facts {
			b.WriteString(f.Label + ": " + f.Text + "\n")
		}
	}
	b.WriteString("\n" + v.Foot() + "\n")
	if v.Ref != "" {
		b.WriteString("ref: " + v.Ref + "\n")
	}
	if len(v.quote) > 0 {
		b.WriteString("\n" + v.QuoteIntro + "\n")
		for _, line := range v.quote {
			b.WriteString(strings.TrimRight("> "+line, " ") + "\n")
		}
	}
	return b.String()
}

// HTML gives the lines of a block, escaped, one below the other.
func (b block) HTML() template.HTML { return escapedLines(b.Lines, b.Kind != headBlock) }

// escapedLines joins lines by <br>. Blanks at the beginning of a line stay, for code and tables in people's words.
func escapedLines(lines []string, guard bool) template.HTML {
	var b strings.Builder
	for i, line := range lines {
		if i > 0 {
			b.WriteString("<br>\n")
		}
		if guard {
			line = guarded(line)
		}
		rest := strings.TrimLeft(line, " \t")
		for _, c := range line[:len(line)-len(rest)] {
			b.WriteString(map[bool]string{true: "&nbsp;&nbsp;&nbsp;&nbsp;", false: "&nbsp;"}[c == '\t'])
		}
		b.WriteString(template.HTMLEscapeString(rest))
	}
	return template.HTML(b.String())
}
