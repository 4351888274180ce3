package templates

import "testing"

func BenchmarkRender(b *testing.B) {
	s, samples := set(b), Samples()
	for _, name := range []string{"ack.id", "new.id", "resolved.en"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Render(samples[name]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
