package main

import (
	"context"
	"io"
	"time"

	"helpost/internal/meter"
	"helpost/internal/store/bolt"
	"helpost/smtpd"
)

// gauges are what a house counts, and where it looks for the rest.
type gauges struct {
	*meter.Meters
	from meter.Sources
}

func newGauges() *gauges { return &gauges{Meters: meter.New()} }

// committed is told of each group commit.
func (h *house) committed(c bolt.Commit) {
	h.meters.Committed(c.Changes, c.Bytes, c.Took, c.Err)
	if h.alarms != nil {
		h.alarms.Kept(c.Err)
	}
}

// look lets the gauges look into the parts of a house that is wired.
func (g *gauges) look(h *house) {
	g.from.Store, g.from.Relay, g.from.Queue, g.from.Parsing, g.from.Alarms = h.store, h.mailer.State, h.mailer.QueueAge, h.gateway.Parsing, h.alarms.Counts
}

func (g *gauges) opened(door *smtpd.Server) { g.from.Door.Store(door) }

func (g *gauges) write(ctx context.Context, w io.Writer) error { return g.Write(ctx, w, &g.from) }

func (g *gauges) took(whole, answer time.Duration) {
	g.Data.Took(whole)
	g.Answer.Took(answer)
}
