package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"helpost/internal/api"
	"helpost/internal/report"
	"helpost/internal/show"
)

// reportVerb counts.
type reportVerb struct {
	SLA    reportSLA    `cmd:"" name:"sla" help:"How the targets were kept."`
	Volume reportVolume `cmd:"" help:"How many tickets there were, and what became of them."`
}

type reportSLA struct{ reported }

type reportVolume struct{ reported }

// reported are the flags of both.
type reported struct {
	configured
	Period string `help:"2026, 2026-Q1, 2026-01, 2026-W03 or 2026-01-15; by default this month."`
	From   string `help:"The first day, as 2026-01-05."`
	To     string `help:"The last day; by default today."`
	By     string `help:"Group by priority, team, type, category, department or agent." enum:"priority,team,type,category,department,agent" default:"priority"`
	Team   string `help:"Only the tickets of this team."`
	CSV    bool   `name:"csv" help:"For spreadsheets." xor:"format"`
	JSON   bool   `name:"json" help:"One JSON object." xor:"format"`
}

func (v *reportSLA) Run(ctx context.Context, _ io.Reader, out, errOut io.Writer) error {
	return v.write(ctx, out, errOut, false)
}

func (v *reportVolume) Run(ctx context.Context, _ io.Reader, out, errOut io.Writer) error {
	return v.write(ctx, out, errOut, true)
}

func (v *reported) write(ctx context.Context, out, errOut io.Writer, volume bool) error {
	ask := report.Ask{Period: v.Period, From: v.From, To: v.To, By: v.By, Team: v.Team}
	if _, err := ask.Resolve(time.UTC, time.Now()); err != nil {
		return usageError{err}
	}
	return v.with(ctx, errOut, func(c *api.Client) error {
		r, err := c.Report(ctx, ask)
		switch {
		case api.IsMistaken(err):
			return usageError{fmt.Errorf("%w", err)}
		case err != nil:
			return err
		case v.JSON:
			return json.NewEncoder(out).Encode(r)
		case v.CSV:
			return api.WriteReportCSV(out, r, volume)
		}
		return show.Report(out, r, volume, isTerminal(out))
	})
}
