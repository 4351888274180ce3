package templates

import (
	"html/template"
	"strconv"
	"strings"

	"helpost/internal/sop"
)

// A template writes lines; each of these kinds of line becomes a block, and of the blocks both parts are made.
//
//	! text         the first line of a mail to the desk; ticket, priority and where an answer goes are set around it
//	- text         an item of a list
//	= Label: text  a fact; left out where there is no text
//	% 66: Label | value | note
//	               a bar of so many percent, with what it is, its value and what there is to say; without a number: no bar
//	{{.Words}}     alone on its line: the words that the notice carries; likewise {{.Body}}
//	{{.Buttons}}   alone on its line: the ready answers
//	text           a line of a paragraph
//
// A blank line parts paragraphs.
type block struct {
	kind  blockKind
	lines []string
	tight bool // follows the block before without a blank line
	end   int  // of its lines among those of the page, escaped

	// What the layout sees; one of them is filled in.
	Head, Text, Words template.HTML
	List              []string
	Facts             []fact
	Buttons           []Button
	Bars              []barRow
	Near              bool // the next block follows without a blank line
}

type blockKind uint8

const (
	textBlock blockKind = iota
	headBlock
	listBlock
	factsBlock
	wordsBlock
	plainBlock // words that are the mail itself
	buttonsBlock
	barsBlock
)

// joins says whether two lines of this kind, one below the other, are one block.
func (k blockKind) joins() bool {
	return k == textBlock || k == listBlock || k == factsBlock || k == barsBlock
}

// flows says whether blocks of this kind may follow one another without a blank line.
func (k blockKind) flows() bool { return k == textBlock || k == listBlock }

type fact struct{ Label, Text string }

// lineSigns begin a line of its own kind.
const lineSigns = "!-=%"

// Marks that values carry through a template. Nothing that a person wrote can hold one: oneLine and manyLines drop
// control characters.
const (
	valueMark   = "\x01" // before a value that begins as a line of another kind does
	wordsMark   = "\x02words"
	bodyMark    = "\x02body"
	buttonsMark = "\x02buttons"
)

// blocksOf reads what a template wrote, and appends its blocks.
func (v *view) blocksOf(blocks []block, written string) []block {
	near := false // the line above is not blank
	for line := range strings.SplitSeq(written, "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			near = false
			continue
		}
		b, ok := v.blockOf(line)
		if !ok {
			continue
		}
		if last := len(blocks) - 1; near && last >= 0 && b.kind == blocks[last].kind && b.kind.joins() { // it lies behind the last's in v's room
			blocks[last].lines = append(blocks[last].lines, b.lines...)
			blocks[last].Facts = append(blocks[last].Facts, b.Facts...)
			blocks[last].Bars = append(blocks[last].Bars, b.Bars...)
			continue
		}
		if last := len(blocks) - 1; near && last >= 0 && b.kind.flows() && blocks[last].kind.flows() {
			b.tight, blocks[last].Near = true, true
		}
		blocks, near = append(blocks, b), true
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
		return block{kind: kind, lines: v.words}, len(v.words) > 0
	case line == bodyMark:
		return block{kind: wordsBlock, lines: v.body}, len(v.body) > 0
	case strings.HasPrefix(line, buttonsMark):
		i, err := strconv.Atoi(line[len(buttonsMark):])
		if err != nil || i >= len(v.buttons) {
			return block{}, false
		}
		return block{kind: buttonsBlock, Buttons: v.buttons[i]}, true
	}
	if text, is := strings.CutPrefix(line, "! "); is {
		return v.lined(headBlock, v.head(unmark(text))), true
	}
	if text, is := strings.CutPrefix(line, "- "); is {
		return v.lined(listBlock, unmark(text)), true
	}
	if text, is := strings.CutPrefix(line, "= "); is {
		label, text, _ := strings.Cut(text, ":")
		text = guarded(strings.TrimSpace(unmark(text)))
		if text == "" {
			return block{}, false
		}
		v.facts = append(v.facts, fact{guarded(unmark(label)), text})
		return block{kind: factsBlock, Facts: v.facts[len(v.facts)-1:]}, true
	}
	if text, is := strings.CutPrefix(line, "% "); is {
		b := barOf(unmark(text))
		b.Label, b.Value, b.Note = guarded(b.Label), guarded(b.Value), guarded(b.Note)
		return block{kind: barsBlock, Bars: []barRow{b}}, true
	}
	return v.lined(textBlock, unmark(line)), true
}

// lined is a block of one line.
func (v *view) lined(kind blockKind, line string) block {
	v.lines = append(v.lines, guarded(line))
	return block{kind: kind, lines: v.lines[len(v.lines)-1:]}
}

func unmark(s string) string { return strings.ReplaceAll(s, valueMark, "") }

// shown is where the layout sees the lines of a block, escaped; nil where it sees them otherwise.
func (b *block) shown() *template.HTML {
	switch b.kind {
	case headBlock:
		return &b.Head
	case textBlock, plainBlock:
		return &b.Text
	case wordsBlock:
		return &b.Words
	}
	return nil
}

// appendLines joins lines by <br>. Blanks at the beginning of a line stay, for code and tables in people's words.
func appendLines(out []byte, lines []string) []byte {
	for i, line := range lines {
		if i > 0 {
			out = append(out, "<br>\n"...)
		}
		line = guarded(line)
		rest := strings.TrimLeft(line, " \t")
		for _, c := range line[:len(line)-len(rest)] {
			out = append(out, "&nbsp;"...)
			if c == '\t' {
				out = append(out, "&nbsp;&nbsp;&nbsp;"...)
			}
		}
		out = appendEscaped(out, rest, &lineEscapes)
	}
	return out
}
