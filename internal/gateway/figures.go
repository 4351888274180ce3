package gateway

import (
	"context"

	"helpost/internal/report"
	"helpost/internal/store"
)

// Figures counts what is asked for. What cannot be understood is report.ErrAsk.
func (g *Gateway) Figures(ctx context.Context, a report.Ask) (report.Report, error) {
	q, err := a.Resolve(g.Policy.Zone, g.Clock())
	if err != nil {
		return report.Report{}, err
	}
	if _, known := g.Policy.Team(a.Team); a.Team != "" && !known {
		return report.Report{}, report.UnknownTeam(a.Team)
	}
	r, err := report.Read(ctx, g.Store, g.Policy, q)
	if err != nil {
		return r, err
	}
	r.Document = g.Reports.Document
	return r, g.Store.View(ctx, func(v store.Reader) error {
		last, err := v.LastSeal()
		if err == nil && last.Digest != "" {
			head := last.Line().String()
			r.RecordHead = &head
		}
		return err
	})
}
