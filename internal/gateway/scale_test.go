package gateway

import (
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"
)

const (
	mostRatio  = 1.5                  // of the large store's times by the small one's
	chance     = 1.2                  // how far two runs of the same lie apart
	unmeasured = 2 * time.Millisecond // what takes less is left to chance: a cold page more or less decides
)

// scaleOf is how many tickets the largest store has: HELPOST_SCALE. It takes minutes and gigabytes, so unset nothing is done.
func scaleOf(b *testing.B) int {
	set := os.Getenv("HELPOST_SCALE")
	if set == "" {
		b.Skip("make scale does this")
	}
	all, err := strconv.Atoi(set)
	if err != nil {
		b.Fatal(err)
	}
	return all
}

// act is something that is measured. before is not counted.
type act struct {
	name   string
	rounds int
	do     func(*stock)
	before func(*stock)
}

// BenchmarkScale does the same in a store of 5,000 tickets that are all open, and in one that holds 5,000 open among many
// closed ones. None may take 1.5 times as long in the large one. Each commit is flushed, as in a daemon.
func BenchmarkScale(b *testing.B) {
	const open = 5000
	sizes := []int{open, scaleOf(b)}
	sideBySide(b, []*stock{newStock(b, sizes[0], open), newStock(b, sizes[1], open)}, sizes, func(int) float64 { return mostRatio }, slices.Concat(acts(open), []act{
		{name: "counts", rounds: 300, do: (*stock).counts},
		{name: "figures for who has the fewest", rounds: 30, do: (*stock).fewest},
		{name: "start after a crash", rounds: 9, do: (*stock).starts, before: (*stock).crash},
	}))
}

// BenchmarkGrowth does the same in stores of 10,000 tickets, 100,000, and so on up to HELPOST_SCALE, each with 3,000 open
// and three messages a ticket. It may grow as the logarithm does.
func BenchmarkGrowth(b *testing.B) {
	const open, least = 3000, 10_000
	var sizes []int
	var all []*stock
	for n := least; n <= scaleOf(b); n *= 10 {
		sizes, all = append(sizes, n), append(all, newStock(b, n, open))
	}
	sideBySide(b, all, sizes, func(n int) float64 { return chance * math.Log(float64(n)) / math.Log(least) }, slices.Concat(acts(open), []act{
		{name: "intake", rounds: 200, do: (*stock).intake},
		{name: "search, one ticket", rounds: 100, do: func(s *stock) { s.search("nomor4321 kode", 1) }},
		{name: "search, a code", rounds: 100, do: func(s *stock) { s.search("lt-04321", 1) }},
		{name: "search, a common word", rounds: 50, do: func(s *stock) { s.search("printer macet x", 0); s.search("printer", 50) }},
		{name: "search, a common word and a rare one", rounds: 100, do: func(s *stock) { s.search("kode nomor4321 nomor", 1) }},
		{name: "search, a beginning", rounds: 50, do: func(s *stock) { s.search("pri", 50) }},
		{name: "search, nothing", rounds: 100, do: func(s *stock) { s.search("takada", 0) }},
	}))
}

// acts are what is done all day.
func acts(open int) []act {
	return []act{
		{name: "start", rounds: 15, do: (*stock).starts, before: (*stock).stop},
		{name: "tick, nothing due", rounds: 300, do: func(s *stock) { s.tick(0) }},
		{name: "tick, 20 due", rounds: 30, do: func(s *stock) { s.tick(20) }},
		{name: "reply", rounds: 200, do: (*stock).reply},
		{name: "list of the open, a page", rounds: 100, do: func(s *stock) { s.list(1) }},
		{name: "list of the open, all", rounds: 15, do: func(s *stock) { s.list(open) }},
	}
}

// sideBySide lets the stores take turns. "ratio" is the median of a larger one by that of the first.
func sideBySide(b *testing.B, stocks []*stock, sizes []int, most func(int) float64, acts []act) {
	for _, s := range stocks {
		s.warm()
	}
	for _, c := range acts {
		b.Run(c.name, func(b *testing.B) {
			times := make([][]time.Duration, len(stocks))
			for b.Loop() {
				for range c.rounds {
					for i, s := range stocks {
						if c.before != nil {
							c.before(s)
						}
						begin := time.Now()
						c.do(s)
						times[i] = append(times[i], time.Since(begin))
					}
				}
			}
			b.ReportMetric(0, "ns/op")
			first := median(times[0])
			for i, n := range sizes {
				took := median(times[i])
				b.ReportMetric(took.Seconds()*1e6, "µs/"+strconv.Itoa(n))
				if i == 0 {
					continue
				}
				ratio := took.Seconds() / first.Seconds()
				b.ReportMetric(ratio, "ratio/"+strconv.Itoa(n))
				if ratio > most(n) && took > unmeasured {
					b.Errorf("%s takes %v among %d tickets, %.2f times as long as %v among %d", c.name, took, n, ratio, first, sizes[0])
				}
			}
		})
	}
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

// TestNothingReadsMoreWhereThereIsMore: what a mail, a tick, a list and a search ask of the store is as much among ten times
// as many tickets.
func TestNothingReadsMoreWhereThereIsMore(t *testing.T) {
	const open = 40
	asked := func(all int) map[string]map[string]int {
		s := newStock(t, all, open)
		got := map[string]map[string]int{}
		for _, c := range []act{
			{name: "tick, 5 due", do: func(s *stock) { s.tick(5) }}, {name: "tick", do: func(s *stock) { s.tick(0) }},
			{name: "intake", do: (*stock).intake}, {name: "reply", do: (*stock).reply},
		} {
			calls := map[string]int{}
			s.faults.set(func(call string) error { calls[call]++; return nil })
			c.do(s)
			s.faults.set(nil)
			got[c.name] = calls
		}
		s.list(open)
		s.search(fmt.Sprintf("nomor%d", all/2), 1)
		s.search("lt-00100", 1)
		s.search("pri", 25)
		return got
	}
	few, many := asked(120), asked(1200)
	for name, calls := range few {
		if !maps.Equal(calls, many[name]) {
			t.Errorf("%s asks %v of a small store, %v of a large one", name, calls, many[name])
		}
	}
}
