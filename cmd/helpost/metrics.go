package main

import (
	"context"
	"io"
	"runtime/metrics"
	"sync"
	"time"

	vm "github.com/VictoriaMetrics/metrics"

	"helpost/internal/store/bolt"
	"helpost/smtpd"
)

// meters keeps what the parts of a house tell of themselves as they work.
type meters struct {
	set     *vm.Set
	batch   *vm.PrometheusHistogram
	commit  *vm.PrometheusHistogram
	bytes   *vm.Counter
	failed  *vm.Counter
	guarded sync.Mutex
	door    *smtpd.Server // nil until it is open
}

func newMeters() *meters {
	s := vm.NewSet()
	return &meters{
		set:    s,
		batch:  s.NewPrometheusHistogramExt("helpost_commit_batch_changes", []float64{1, 2, 4, 8, 16, 32, 64, 128, 256}),
		commit: s.NewPrometheusHistogramExt("helpost_commit_duration_seconds", []float64{.0005, .001, .002, .005, .01, .02, .05, .1, .5, 1, 5}),
		bytes:  s.NewCounter("helpost_commit_bytes_total"),
		failed: s.NewCounter("helpost_commit_failures_total"),
	}
}

// committed is told of each group commit.
func (m *meters) committed(c bolt.Commit) {
	m.batch.Update(float64(c.Changes))
	m.commit.Update(c.Took.Seconds())
	m.bytes.Add(c.Bytes)
	if c.Err != nil {
		m.failed.Inc()
	}
}

func (m *meters) opened(door *smtpd.Server) {
	m.guarded.Lock()
	defer m.guarded.Unlock()
	m.door = door
}

// write writes what the parts of a house tell, in Prometheus' text format.
func (h *house) writeMetrics(w io.Writer) {
	m := h.meters
	m.set.WritePrometheus(w)
	m.guarded.Lock()
	door := m.door
	m.guarded.Unlock()
	if door != nil {
		s := door.Stats()
		gauge(w, "helpost_smtp_connections_open", s.Open.Load())
		gauge(w, "helpost_smtp_held_bytes", s.Held.Load())
		counter(w, "helpost_smtp_connections_total", s.Connections.Load())
		counter(w, "helpost_smtp_connections_refused_total", s.ConnectionsRefused.Load())
		counter(w, "helpost_smtp_mails_taken_total", s.Taken.Load())
		counter(w, "helpost_smtp_mails_taken_bytes_total", s.TakenBytes.Load())
		counter(w, `helpost_smtp_refused_total{class="4xx"}`, s.RefusedForNow.Load())
		counter(w, `helpost_smtp_refused_total{class="5xx"}`, s.RefusedForGood.Load())
		counter(w, "helpost_smtp_broken_off_total", s.BrokenOff.Load())
		counter(w, "helpost_smtp_limits_hit_total", s.LimitsHit.Load())
		counter(w, "helpost_smtp_panics_total", s.Panics.Load())
	}
	relay := h.mailer.State()
	gauge(w, "helpost_relay_up", int64(boolean(!relay.Failing)))
	gauge(w, "helpost_relay_connections_open", int64(relay.Connections))
	counter(w, `helpost_relay_mails_total{outcome="sent"}`, int64(relay.Sent))
	counter(w, `helpost_relay_mails_total{outcome="deferred"}`, int64(relay.Deferred))
	counter(w, `helpost_relay_mails_total{outcome="failed"}`, int64(relay.Failed))
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if age, err := h.mailer.QueueAge(ctx); err == nil {
		vm.WriteGaugeFloat64(w, "helpost_outbox_oldest_seconds", age.Seconds())
	}
	writeRuntime(w)
}

// writeRuntime writes what the Go runtime tells of itself, without stopping it.
func writeRuntime(w io.Writer) {
	samples := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}, {Name: "/gc/heap/allocs:objects"}, {Name: "/memory/classes/heap/objects:bytes"}, {Name: "/sched/goroutines:goroutines"}}
	metrics.Read(samples)
	counter(w, "helpost_go_alloc_bytes_total", int64(samples[0].Value.Uint64()))
	counter(w, "helpost_go_allocs_total", int64(samples[1].Value.Uint64()))
	gauge(w, "helpost_go_heap_bytes", int64(samples[2].Value.Uint64()))
	gauge(w, "helpost_go_goroutines", int64(samples[3].Value.Uint64()))
}

func gauge(w io.Writer, name string, v int64)   { vm.WriteGaugeUint64(w, name, uint64(max(0, v))) }
func counter(w io.Writer, name string, v int64) { vm.WriteCounterUint64(w, name, uint64(max(0, v))) }

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}
