package words

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"helpost/internal/sop"
)

// prose makes texts of words as people use them: a few often, most seldom.
func prose(r *rand.Rand) func(words int) string {
	often := rand.NewZipf(r, 1.1, 8, 200_000)
	return func(words int) string {
		var b strings.Builder
		for range words {
			n := often.Uint64()
			fmt.Fprintf(&b, "%s%s%s ", syllables[n%20], syllables[n/20%20], []string{"", "kan", "an", "nya", "i"}[n/400%5])
			if n > 2000 {
				fmt.Fprintf(&b, "%s%d ", syllables[n%17], n)
			}
		}
		return b.String()
	}
}

var syllables = strings.Fields("prin ter ma cet lap top ka bel ja ring an da ko de se mu a per sam bung")

// BenchmarkAdd adds tickets of three messages of sixty words each, and writes and merges the files.
func BenchmarkAdd(b *testing.B) {
	x := openTest(b, b.TempDir())
	say := prose(rand.New(rand.NewPCG(1, 2)))
	texts := make([][]string, 2000)
	for i := range texts {
		texts[i] = []string{say(6), say(60), say(60), say(60)}
	}
	n := sop.Number(0)
	var adding, flushing time.Duration
	for b.Loop() {
		n++
		begin := time.Now()
		x.Add(n, Read{1, 3, 1 << 30}, texts[n%2000]...)
		adding += time.Since(begin)
		if x.Full() {
			begin = time.Now()
			if err := x.Flush(Place{}); err != nil {
				b.Fatal(err)
			}
			flushing += time.Since(begin)
		}
	}
	if err := x.Flush(Place{}); err != nil {
		b.Fatal(err)
	}
	size := int64(0)
	for _, s := range x.segments {
		size += s.size
	}
	b.ReportMetric(float64(size)/float64(n), "B/ticket")
	b.ReportMetric(float64(adding.Nanoseconds())/float64(n), "ns/added")
	b.ReportMetric(float64(flushing.Nanoseconds())/float64(n), "ns/written")
	b.ReportMetric(float64(len(x.segments)), "files")
}
