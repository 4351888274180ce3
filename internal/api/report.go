package api

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"helpost/internal/report"
)

// figures answers with the figures that are asked for.
func (s *Server) figures(w http.ResponseWriter, r *http.Request) error {
	var a report.Ask
	if err := arguments(w, r, &a); err != nil {
		return err
	}
	if s.Figures == nil {
		return problem(http.StatusNotFound, "there are no reports here")
	}
	found, err := s.Figures(r.Context(), a)
	if errors.Is(err, report.ErrAsk) {
		return problem(http.StatusBadRequest, "%v", err)
	}
	if err != nil {
		return err
	}
	return reply(w, found)
}

// Report gives the figures that are asked for. IsMistaken tells that the question cannot be understood.
func (c *Client) Report(ctx context.Context, a report.Ask) (report.Report, error) {
	var r report.Report
	err := c.post(ctx, "report", a, &r)
	return r, err
}

// IsMistaken says whether an error means that what was asked cannot be understood.
func IsMistaken(err error) bool {
	var p *Problem
	return errors.As(err, &p) && p.Status == http.StatusBadRequest
}

// figure is a column of a report: its name, and what stands in it.
type figure struct {
	name string
	of   func(*report.Row) string
}

func counts(name string, of func(*report.Row) int) figure {
	return figure{name, func(r *report.Row) string { return strconv.Itoa(of(r)) }}
}

// slaFigures and volumeFigures are the columns of the two reports.
var (
	slaFigures = append(append([]figure{counts("received", func(r *report.Row) int { return r.Received })},
		targetFigures("response", func(r *report.Row) *report.Target { return &r.Response })...),
		targetFigures("resolution", func(r *report.Row) *report.Target { return &r.Resolution })...)
	volumeFigures = []figure{
		counts("received", func(r *report.Row) int { return r.Received }),
		counts("incidents", func(r *report.Row) int { return r.Incidents }),
		counts("service_requests", func(r *report.Row) int { return r.ServiceRequests }),
		counts("p1", func(r *report.Row) int { return r.P1 }),
		counts("p2", func(r *report.Row) int { return r.P2 }),
		counts("p3", func(r *report.Row) int { return r.P3 }),
		counts("decided_by_agent", func(r *report.Row) int { return r.DecidedByAgent }),
		counts("disputes", func(r *report.Row) int { return r.Disputes }),
		counts("reopened", func(r *report.Row) int { return r.Reopened }),
		counts("closed_by_confirm", func(r *report.Row) int { return r.ByConfirm }),
		counts("closed_by_silence", func(r *report.Row) int { return r.BySilence }),
		counts("closed_by_hand", func(r *report.Row) int { return r.ByHand }),
		counts("open", func(r *report.Row) int { return r.Open }),
		counts("awaiting_validation", func(r *report.Row) int { return r.Awaiting }),
		counts("merged", func(r *report.Row) int { return r.Merged }),
		counts("rejected", func(r *report.Row) int { return r.Rejected }),
		counts("open_now_under_1d", func(r *report.Row) int { return r.OpenNow.Day }),
		counts("open_now_under_3d", func(r *report.Row) int { return r.OpenNow.Days3 }),
		counts("open_now_under_7d", func(r *report.Row) int { return r.OpenNow.Week }),
		counts("open_now_under_30d", func(r *report.Row) int { return r.OpenNow.Month }),
		counts("open_now_older", func(r *report.Row) int { return r.OpenNow.Older }),
	}
)

func targetFigures(name string, of func(*report.Row) *report.Target) []figure {
	count := func(what string, n func(*report.Target) int) figure {
		return counts(name+"_"+what, func(r *report.Row) int { return n(of(r)) })
	}
	percent := func(what string, v func(*report.Target) *float64) figure {
		return figure{name + "_" + what, func(r *report.Row) string {
			if p := v(of(r)); p != nil {
				return strconv.FormatFloat(*p, 'f', 1, 64)
			}
			return ""
		}}
	}
	length := func(what string, v func(*report.Target) *int64) figure {
		return figure{name + "_" + what, func(r *report.Row) string {
			if s := v(of(r)); s != nil {
				return strconv.FormatInt(*s, 10)
			}
			return ""
		}}
	}
	return []figure{
		count("met", func(t *report.Target) int { return t.Met }),
		count("missed", func(t *report.Target) int { return t.Missed }),
		count("running", func(t *report.Target) int { return t.Running }),
		percent("percent", func(t *report.Target) *float64 { return t.Percent }),
		count("gross_met", func(t *report.Target) int { return t.GrossMet }),
		count("gross_missed", func(t *report.Target) int { return t.GrossMissed }),
		count("gross_running", func(t *report.Target) int { return t.GrossRunning }),
		percent("gross_percent", func(t *report.Target) *float64 { return t.GrossPercent }),
		count("unowed", func(t *report.Target) int { return t.Unowed }),
		count("by_change", func(t *report.Target) int { return t.ByChange }),
		count("count", func(t *report.Target) int { return t.Count }),
		length("median_seconds", func(t *report.Target) *int64 { return t.Median }),
		length("p90_seconds", func(t *report.Target) *int64 { return t.P90 }),
		length("gross_median_seconds", func(t *report.Target) *int64 { return t.GrossMedian }),
		length("gross_p90_seconds", func(t *report.Target) *int64 { return t.GrossP90 }),
	}
}

// WriteReportCSV writes a line a group and one of the total, with a line of names above (RFC 4180). No cell is a formula
// for whoever opens it.
func WriteReportCSV(w io.Writer, r report.Report, volume bool) error {
	columns := slaFigures
	if volume {
		columns = volumeFigures
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	line := []string{"period", "from", "to", "row", r.By}
	for _, c := range columns {
		line = append(line, c.name)
	}
	if err := out.Write(line); err != nil {
		return err
	}
	write := func(sort string, row *report.Row) error {
		line := []string{r.Period, r.From.Format(time.RFC3339), r.To.Format(time.RFC3339), sort, row.Key}
		for _, c := range columns {
			line = append(line, c.of(row))
		}
		for i := range line {
			line[i] = cell(line[i])
		}
		return out.Write(line)
	}
	for i := range r.Rows {
		if err := write("group", &r.Rows[i]); err != nil {
			return err
		}
	}
	if err := write("total", &r.Total); err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}
