package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

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

// metrics writes Prometheus' text format.
func (s *Server) metrics(w http.ResponseWriter, r *http.Request) error {
	if s.Metrics == nil {
		return problem(http.StatusNotFound, "there is nothing at this address")
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	if err := s.Metrics(r.Context(), w); err != nil {
		s.Log.Debug("metrics broken off", "err", err) // who asked has gone
	}
	return nil
}
