package meter

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// family is a metric: its name, what it is, and what it says.
type family struct {
	name string
	kind string // counter, gauge, histogram
	help string
}

// page gathers the samples of one look, to be written in Prometheus' text format (version 0.0.4): each family once, with
// its kind and its meaning.
type page struct {
	samples map[string][]string // by family, as lines without the name
	unknown []string            // names that are in no table
}

func newPage() *page { return &page{samples: map[string][]string{}} }

// set puts a value on the page; labels are pairs of name and value.
func (p *page) set(name string, v float64, labels ...string) { p.line(name, name, v, labels...) }

func (p *page) line(of, name string, v float64, labels ...string) {
	if !slices.ContainsFunc(families, func(f family) bool { return f.name == of }) {
		p.unknown = append(p.unknown, of)
		return
	}
	var b strings.Builder
	b.WriteString(name)
	for i := 0; i+1 < len(labels); i += 2 {
		sep := ","
		if i == 0 {
			sep = "{"
		}
		fmt.Fprintf(&b, `%s%s="%s"`, sep, labels[i], escape.Replace(labels[i+1]))
	}
	if len(labels) > 0 {
		b.WriteByte('}')
	}
	b.WriteByte(' ')
	b.WriteString(number(v))
	p.samples[of] = append(p.samples[of], b.String())
}

var escape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func number(v float64) string {
	if math.IsInf(v, 1) {
		return "+Inf"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// counters puts all counts of a label on the page.
func (p *page) counters(name, label string, c *Counters) {
	for i, v := range c.values {
		p.set(name, float64(c.counts[i].n.Load()), label, v)
	}
}

// histogram puts a histogram on the page.
func (p *page) histogram(name string, h *Histogram) {
	total := int64(0)
	for i := range h.counts {
		total += h.counts[i].Load()
		bound := math.Inf(1)
		if i < len(h.bounds) {
			bound = float64(h.bounds[i]) / h.unit
		}
		p.line(name, name+"_bucket", float64(total), "le", number(bound))
	}
	p.line(name, name+"_sum", float64(h.sum.Load())/h.unit)
	p.line(name, name+"_count", float64(total))
}

// write writes the page in the order of the table.
func (p *page) write(w io.Writer) error {
	b := bufio.NewWriter(w)
	for _, f := range families {
		lines := p.samples[f.name]
		if len(lines) == 0 {
			continue
		}
		fmt.Fprintf(b, "# HELP %s %s\n# TYPE %s %s\n", f.name, f.help, f.name, f.kind)
		for _, l := range lines {
			b.WriteString(l)
			b.WriteByte('\n')
		}
	}
	return b.Flush()
}
