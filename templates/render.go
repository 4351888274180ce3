package templates

import (
	"bytes"
	"fmt"
	"html/template"
	"strings"
	"sync"
)

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Render writes a notice: both parts from the same lines. It is pure. An error names the template's file and line.
func (s *Set) Render(d Data) (Mail, error) {
	l := s.language(d.Lang)
	t := l.kinds[d.Kind]
	if t == nil {
		return Mail{}, fmt.Errorf("there is no template for a notice of kind %q", d.Kind)
	}
	v := newView(l, &d)
	buf := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(buf)
	buf.Reset()
	if err := t.Execute(buf, v); err != nil {
		return Mail{}, broken(err)
	}
	p := page{Lang: string(l.lang), Blocks: v.blocksOf(buf.String()), Foot: v.foot(), Ref: oneLine(d.Ref, maxLine)}
	p.QuoteIntro, p.quote = v.quoted()
	p.Quote = escapedLines(p.quote)
	for i := range p.Blocks {
		p.Blocks[i].fill()
		p.Bars = p.Bars || p.Blocks[i].kind == barsBlock
	}
	for _, id := range d.Pictures {
		p.Pictures = append(p.Pictures, template.URL("cid:"+id))
	}
	buf.Reset()
	if err := s.layout.Execute(buf, &p); err != nil {
		return Mail{}, broken(err)
	}
	return Mail{Text: p.text(d.ToDesk), HTML: strings.TrimSpace(buf.String()) + "\n"}, nil
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

// text writes the text part: the blocks, the foot, the quote.
func (p *page) text(toDesk bool) string {
	var b strings.Builder
	b.Grow(2048)
	for i, bl := range p.Blocks {
		if bl.kind == buttonsBlock { // a text has no buttons: it says how to answer
			continue
		}
		if i > 0 && !bl.tight {
			b.WriteByte('\n')
		}
		for _, line := range bl.lines {
			switch {
			case bl.kind == listBlock:
				b.WriteString("- ")
			case bl.kind == wordsBlock && toDesk: // so that nobody can write what looks like a line of ours
				line = strings.TrimRight("| "+line, " ")
			case bl.kind == wordsBlock || bl.kind == plainBlock:
				line = guarded(line)
			}
			b.WriteString(line)
			b.WriteByte('\n')
		}
		for _, f := range bl.Facts {
			b.WriteString(f.Label + ": " + f.Text + "\n")
		}
		for _, bar := range bl.Bars {
			b.WriteString("- " + bar.Label + ": " + bar.Value + "\n")
			if bar.Note != "" {
				b.WriteString("  " + bar.Note + "\n")
			}
		}
	}
	b.WriteString("\n" + p.Foot + "\n")
	if p.Ref != "" {
		b.WriteString("ref: " + p.Ref + "\n")
	}
	if len(p.quote) > 0 {
		b.WriteString("\n" + p.QuoteIntro + "\n")
		for _, line := range p.quote {
			b.WriteString(strings.TrimRight("> "+line, " ") + "\n")
		}
	}
	return b.String()
}
