package templates

import (
	"bytes"
	"fmt"
	"html/template"
	"strings"
)

// Parts are a notice's two parts, and the room that they are written in. Parts that are used again keep their room; what
// stood in them is gone then.
type Parts struct {
	Text, HTML []byte

	lines  []byte // what the template wrote
	markup []byte // the lines of the page, escaped
	view   view
	page   page
}

// Render writes a notice: both parts from the same lines. It is pure. An error names the template's file and line.
func (s *Set) Render(d Data) (Mail, error) {
	var p Parts
	if err := s.Write(&p, &d); err != nil {
		return Mail{}, err
	}
	return Mail{Text: string(p.Text), HTML: string(p.HTML)}, nil
}

// Write is Render into parts that may have been used before. It keeps nothing of the data.
func (s *Set) Write(p *Parts, d *Data) error {
	l := s.language(d.Lang)
	t, is := l.kinds[d.Kind]
	if !is {
		return fmt.Errorf("there is no template for a notice of kind %q", d.Kind)
	}
	defer p.forget()
	v := &p.view
	v.fill(l, d)
	var err error
	if p.lines, err = t.run(p.lines[:0], v); err != nil {
		return broken(err)
	}
	p.page.fill(v, string(p.lines))
	p.markup = p.page.escape(p.markup[:0])
	if p.HTML, err = s.layout.run(p.HTML[:0], &p.page); err != nil {
		return broken(err)
	}
	p.HTML = append(bytes.TrimSpace(p.HTML), '\n')
	p.Text = p.page.text(p.Text[:0], d.ToDesk)
	return nil
}

// forget lets go of the data.
func (p *Parts) forget() {
	clear(p.page.Blocks)
	clear(p.view.lines)
	clear(p.view.facts)
	p.view, p.page = view{lines: p.view.lines[:0], facts: p.view.facts[:0]}, page{Blocks: p.page.Blocks[:0]}
}

// page is a notice as both parts are made of it; the layout sees its exported fields.
type page struct {
	Lang       string
	Blocks     []block
	Pictures   []template.URL
	Foot, Ref  string
	Bars       bool // there are bars in it
	QuoteIntro string
	Quote      template.HTML
	quote      []string
}

// fill makes the page of what a template wrote for a view.
func (p *page) fill(v *view, written string) {
	*p = page{Lang: string(v.l.lang), Blocks: v.blocksOf(p.Blocks[:0], written), Foot: v.foot(), Ref: oneLine(v.d.Ref, maxLine)}
	p.QuoteIntro, p.quote = v.quoted()
	for _, b := range p.Blocks {
		p.Bars = p.Bars || b.kind == barsBlock
	}
	for _, id := range v.d.Pictures {
		p.Pictures = append(p.Pictures, template.URL("cid:"+id))
	}
}

// escape gives the layout the lines of the blocks and of the quote, escaped. All of them are one string, which is written
// in the room given.
func (p *page) escape(room []byte) []byte {
	for i := range p.Blocks {
		if b := &p.Blocks[i]; b.shown() != nil {
			room = appendLines(room, b.lines)
			b.end = len(room)
		} else if b.kind == listBlock {
			b.List = b.lines
		}
	}
	room = appendLines(room, p.quote)
	all, from := template.HTML(room), 0
	for i := range p.Blocks {
		b := &p.Blocks[i]
		if field := b.shown(); field != nil {
			*field, from = all[from:b.end], b.end
		}
	}
	p.Quote = all[from:]
	return room
}

// text appends the text part: the blocks, the foot, the quote.
func (p *page) text(out []byte, toDesk bool) []byte {
	for i := range p.Blocks {
		b := &p.Blocks[i]
		if b.kind == buttonsBlock { // a text has no buttons: it says how to answer
			continue
		}
		if i > 0 && !b.tight {
			out = append(out, '\n')
		}
		out = b.text(out, toDesk)
	}
	out = appendAll(out, "\n", p.Foot, "\n")
	if p.Ref != "" {
		out = appendAll(out, "ref: ", p.Ref, "\n")
	}
	if len(p.quote) > 0 {
		out = appendAll(out, "\n", p.QuoteIntro, "\n")
		for _, line := range p.quote {
			out = appendMarked(out, "> ", line)
		}
	}
	return out
}

// text appends the lines of a block.
func (b *block) text(out []byte, toDesk bool) []byte {
	for _, line := range b.lines {
		switch {
		case b.kind == listBlock:
			out = appendAll(out, "- ", line, "\n")
		case b.kind == wordsBlock && toDesk: // so that nobody can write what looks like a line of ours
			out = appendMarked(out, "| ", line)
		case b.kind == wordsBlock || b.kind == plainBlock:
			out = appendAll(out, guarded(line), "\n")
		default:
			out = appendAll(out, line, "\n")
		}
	}
	for _, f := range b.Facts {
		out = appendAll(out, f.Label, ": ", f.Text, "\n")
	}
	for _, bar := range b.Bars {
		out = appendAll(out, "- ", bar.Label, ": ", bar.Value, "\n")
		if bar.Note != "" {
			out = appendAll(out, "  ", bar.Note, "\n")
		}
	}
	return out
}

// appendMarked appends a line behind a mark; of an empty line the mark has no blank.
func appendMarked(out []byte, mark, line string) []byte {
	if line = strings.TrimRight(line, " "); line == "" {
		mark = strings.TrimRight(mark, " ")
	}
	return appendAll(out, mark, line, "\n")
}

func appendAll(out []byte, parts ...string) []byte {
	for _, s := range parts {
		out = append(out, s...)
	}
	return out
}
