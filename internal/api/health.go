package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"helpost/internal/store"
)

// checkTime bounds each test of /readyz.
const checkTime = 3 * time.Second

// health says that the process answers.
func (s *Server) health(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(w, "ok\n")
	return nil
}

// readiness is the answer of /readyz.
type readiness struct {
	Ready   bool     `json:"ready"`
	Reasons []string `json:"reasons"` // why not
	Alarms  []Alarm  `json:"alarms"`  // that stand
}

// ready says whether mail can be taken: 503, with the reasons, while it cannot. Alarms are named and change nothing about
// that: who takes a host out of service because the relay fails, or because nobody writes, makes it worse.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) error {
	answer := readiness{Reasons: []string{}, Alarms: []Alarm{}}
	if s.Alarms != nil {
		answer.Alarms = s.Alarms()
	}
	checks := append([]Check{{"store", s.storeAnswers}}, s.Checks...)
	for _, c := range checks {
		if err := within(r.Context(), checkTime, c.Test); err != nil {
			answer.Reasons = append(answer.Reasons, c.Name+": "+err.Error())
		}
	}
	answer.Ready = len(answer.Reasons) == 0
	body, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if !answer.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	w.Write(append(body, '\n')) // what cannot be written has lost its reader
	return nil
}

func (s *Server) storeAnswers(ctx context.Context) error {
	return s.Store.View(ctx, func(v store.Reader) error {
		_, err := v.NextDue()
		return err
	})
}

// within runs a test that may hang, and waits for it no longer than d.
func within(ctx context.Context, d time.Duration, test func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- test(ctx) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("no answer within %s", d)
	}
}

// metrics writes Prometheus' text format. While the store is gone its gauges are missing, and helpost_store_up is 0.
func (s *Server) metrics(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	s.stats.WritePrometheus(w)
	for _, more := range s.Metrics {
		more(w)
	}
	var counts map[string]int
	err := s.Store.View(r.Context(), func(v store.Reader) (err error) {
		counts, err = v.Counts()
		return err
	})
	if err != nil {
		metrics.WriteGaugeUint64(w, "helpost_store_up", 0)
		s.Log.Error("the store does not count", "err", err)
		return nil
	}
	metrics.WriteGaugeUint64(w, "helpost_store_up", 1)
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		metrics.WriteGaugeUint64(w, gauge(name), uint64(max(counts[name], 0)))
	}
	return nil
}

// gauges are the store's counts under the names that monitoring sees.
var gauges = map[string]string{"tickets": "helpost_tickets", "open": "helpost_tickets_open", "outbox": "helpost_outbox_mails", "quarantine": "helpost_quarantine_mails"}

func gauge(count string) string {
	if name, known := gauges[count]; known {
		return name
	}
	if state, is := strings.CutPrefix(count, "state/"); is {
		return fmt.Sprintf("helpost_tickets_in_state{state=%q}", state)
	}
	return fmt.Sprintf("helpost_store_count{of=%q}", count)
}

// count keeps the figures of HTTP itself.
func (s *Server) count(code int, took time.Duration) {
	s.stats.GetOrCreateCounter(fmt.Sprintf(`helpost_http_requests_total{code="%d"}`, code)).Inc()
	s.stats.GetOrCreatePrometheusHistogram("helpost_http_request_duration_seconds").Update(took.Seconds())
}
