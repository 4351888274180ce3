package templates

import (
	"bytes"
	"fmt"
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
	blocks := v.blocksOf(buf.String())
	buf.Reset()
	if err := s.layout.Execute(buf, page{view: v, Blocks: blocks}); err != nil {
		return Mail{}, broken(err)
	}
	return Mail{Text: v.text(blocks), HTML: strings.TrimSpace(buf.String()) + "\n"}, nil
}

// page is what the layout sees.
type page struct {
	*view
	Blocks []block
}
