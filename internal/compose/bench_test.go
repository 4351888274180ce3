package compose

import (
	"testing"

	"helpost/templates"
)

func BenchmarkCompose(b *testing.B) {
	for _, name := range []string{"ack.id", "new.id", "resolved.en"} {
		b.Run(name, func(b *testing.B) {
			c, j := composer(b), job()
			j.Data = templates.Samples()[name]
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Compose(j); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkQuotedPrintable(b *testing.B) {
	var p templates.Parts
	d := templates.Samples()["new.id"]
	if err := composer(b).Templates.Write(&p, &d); err != nil {
		b.Fatal(err)
	}
	w := newWriter("m1-1")
	b.SetBytes(int64(len(p.HTML)))
	for b.Loop() {
		w.buf = w.buf[:0]
		w.quotedPrintable(p.HTML)
	}
}
