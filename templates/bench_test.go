package templates

import "testing"

func BenchmarkRender(b *testing.B) {
	s, samples := set(b), Samples()
	for _, name := range []string{"ack.id", "new.id", "resolved.en"} {
		b.Run(name, func(b *testing.B) {
			d, p := samples[name], new(Parts)
			b.ReportAllocs()
			for b.Loop() {
				if err := s.Write(p, &d); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
