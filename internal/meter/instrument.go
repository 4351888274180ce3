package meter

import (
	"slices"
	"sync/atomic"
	"time"
)

// Counter counts what happens. Its zero value is ready.
type Counter struct{ n atomic.Int64 }

// Inc counts one.
func (c *Counter) Inc() { c.n.Add(1) }

// Add counts some.
func (c *Counter) Add(n int) { c.n.Add(int64(n)) }

// Counters counts by a label whose values are known beforehand; what is none of them is "other".
type Counters struct {
	values []string
	counts []Counter // of values, and of "other"
}

func newCounters(values ...string) *Counters {
	values = append(values, "other")
	return &Counters{values: values, counts: make([]Counter, len(values))}
}

// Inc counts one.
func (c *Counters) Inc(value string) {
	i := slices.Index(c.values, value)
	if i < 0 {
		i = len(c.values) - 1
	}
	c.counts[i].Inc()
}

// Histogram counts values by their size. It takes no lock: a page that is written meanwhile may have a value in its bucket
// that its sum lacks.
type Histogram struct {
	bounds []int64 // in units of the values, ascending
	unit   float64 // how many of these the written value 1 has
	counts []atomic.Int64
	sum    atomic.Int64
}

// newTimes makes a histogram of durations, written in seconds.
func newTimes(bounds ...time.Duration) *Histogram {
	h := &Histogram{unit: float64(time.Second), counts: make([]atomic.Int64, len(bounds)+1)}
	for _, b := range bounds {
		h.bounds = append(h.bounds, int64(b))
	}
	return h
}

// newSizes makes a histogram of numbers.
func newSizes(bounds ...int64) *Histogram {
	return &Histogram{bounds: bounds, unit: 1, counts: make([]atomic.Int64, len(bounds)+1)}
}

// Took counts a duration; less than nothing is nothing.
func (h *Histogram) Took(d time.Duration) { h.add(max(0, int64(d))) }

// Count counts a number.
func (h *Histogram) Count(n int) { h.add(int64(n)) }

func (h *Histogram) add(v int64) {
	i := 0
	for i < len(h.bounds) && v > h.bounds[i] {
		i++
	}
	h.counts[i].Add(1)
	h.sum.Add(v)
}
