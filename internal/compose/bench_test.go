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
