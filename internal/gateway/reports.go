package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"helpost/internal/compose"
	"helpost/internal/report"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/templates"
	"helpost/workflow"
)

// What goes out by itself: figures and lists. What is due and to whom says internal/report; that it was done is a fact of
// the desk, committed with the mails, so that each goes out once.

// runKey is the fact that holds the last run of a job.
func runKey(job report.Job) string { return "run/" + string(job) }

// later is when a job that failed is tried again.
const later = time.Minute

func (g *Gateway) plan() report.Plan {
	return report.Plan{Zone: g.Policy.Zone, Calendar: g.Policy.Targets[sop.P3].Calendar}
}

// sendReports carries out the jobs that are due, and says when the next is. One that fails holds up nothing else.
func (g *Gateway) sendReports(ctx context.Context) (next time.Time) {
	wanted := map[report.Job]bool{report.Weekly: g.Reports.Weekly, report.Monthly: g.Reports.Monthly, report.Morning: g.Reports.Morning}
	for _, job := range report.Jobs {
		if !wanted[job] {
			continue
		}
		now := workflow.Moment(g.Clock())
		if err := g.runJob(ctx, job, now); err != nil && !isConflict(err) {
			if ctx.Err() == nil {
				g.Log.Error("report not sent", "job", string(job), "error", err)
			}
			next = earlier(next, now.Add(later))
			continue
		}
		next = earlier(next, g.plan().Next(job, now))
	}
	return next
}

// runJob carries out a job where it is due. A conflict means that another gateway did.
func (g *Gateway) runJob(ctx context.Context, job report.Job, now time.Time) error {
	var done report.Run
	var version store.Version
	err := g.Store.View(ctx, func(v store.Reader) (err error) {
		version, err = readFact(v, runKey(job), &done)
		return err
	})
	if err != nil {
		return err
	}
	due, begun := g.plan().Due(job, done, now)
	var c store.Change
	switch {
	case due != nil && job == report.Morning:
		c.Outbox, err = g.mornings(ctx, now)
	case due != nil:
		c.Outbox, err = g.figureMails(ctx, *due, now)
	case begun != nil:
		due = begun
	default:
		return nil
	}
	if err != nil {
		return err
	}
	facts := factSet{}
	if err := facts.put(runKey(job), version, due); err != nil {
		return err
	}
	c.Facts = facts.list()
	if err := g.Store.Commit(ctx, c); err != nil {
		return err
	}
	if len(c.Outbox) > 0 {
		g.Log.Info("report", "job", string(job), "run", due.Key, "mails", len(c.Outbox))
	}
	g.committed(store.Change{Outbox: c.Outbox})
	return nil
}

// figureMails writes a report to each of its receivers.
func (g *Gateway) figureMails(ctx context.Context, run report.Run, now time.Time) ([]store.Outbox, error) {
	var rows []store.Outbox
	for _, to := range report.Receivers(run.Job, g.Policy) {
		asks := []report.Ask{{Period: run.Key, By: report.ByPriority, Team: to.Team}}
		if to.Team == "" && len(g.Policy.Teams) > 1 {
			asks = append(asks, report.Ask{Period: run.Key, By: report.ByTeam})
		}
		var all []report.Report
		for _, a := range asks {
			r, err := g.Figures(ctx, a)
			if err != nil {
				return nil, err
			}
			all = append(all, r)
		}
		d := templates.Data{Kind: sop.KindReport, Figures: figuresOf(all)}
		about := run.Key
		if to.Team != "" {
			about += " · " + to.Team
		}
		rows = g.address(rows, d, to.To, about, string(run.Job)+to.Team, now)
	}
	return rows, nil
}

// mornings writes the lists of a morning.
func (g *Gateway) mornings(ctx context.Context, now time.Time) ([]store.Outbox, error) {
	var away map[string]time.Time
	err := g.Store.View(ctx, func(v store.Reader) error {
		desk, err := g.readDesk(v, "", nil)
		away = desk.Away
		return err
	})
	if err != nil {
		return nil, err
	}
	lists, err := report.ReadMornings(ctx, g.Store, report.NewMornings(g.Policy, g.plan(), away, now))
	if err != nil {
		return nil, err
	}
	var rows []store.Outbox
	for i := range lists {
		l := &lists[i]
		d := templates.Data{
			Kind: sop.KindMorning, Due: g.ticketsData(l.Due.First), List: g.ticketsData(l.Mine.First), Awaiting: g.ticketsData(l.Awaiting.First),
			DueCount: l.Due.Count, ListCount: l.Mine.Count, AwaitingCount: l.Awaiting.Count,
		}
		rows = g.address(rows, d, l.To, now.In(g.Policy.Zone).Format("2006-01-02"), "morning", now)
	}
	return rows, nil
}

func (g *Gateway) ticketsData(all []workflow.Ticket) []templates.Ticket {
	var data []templates.Ticket
	for i := range all {
		data = append(data, g.ticketData(&all[i]))
	}
	return data
}

// address writes a mail about no ticket to somebody of the desk, and adds its row. One that cannot be written, now or
// later, is left out and logged: it must not keep the others from theirs.
func (g *Gateway) address(rows []store.Outbox, d templates.Data, to sop.Person, about, what string, now time.Time) []store.Outbox {
	d.Lang, d.Now, d.Company, d.To, d.ToDesk, d.Sort = to.Lang, now.In(g.Policy.Zone), g.Company, to, true, sop.Internal
	sum := sha256.Sum256([]byte(what + "\x00" + to.Address + "\x00" + now.String()))
	row, err := g.Composer.Compose(compose.Job{
		Data: d, To: to, Sort: sop.Internal, Mailbox: g.Default.Mailbox, Auto: "auto-generated", At: d.Now, Class: store.ClassRoutine,
		Subject: g.Composer.Templates.Subject(d.Kind, d.Lang) + " " + about, Unique: string(d.Kind) + "-" + hex.EncodeToString(sum[:6]),
	})
	if err != nil {
		level := g.Log.Error
		if errors.Is(err, compose.ErrJob) {
			level = g.Log.Warn
		}
		level("report not written", "kind", string(d.Kind), "error", err)
		return rows
	}
	return append(rows, row)
}

// figuresOf lays reports of the same tickets, each grouped another way, out for a notice.
func figuresOf(all []report.Report) *templates.Figures {
	r := &all[0]
	f := &templates.Figures{Period: r.Period, From: r.From, To: r.To.Add(-time.Second), At: r.At, Document: r.Document, Total: figureRow(&r.Total)}
	if r.Team != nil {
		f.Team = *r.Team
	}
	if r.RecordHead != nil {
		f.Head = *r.RecordHead
	}
	for i := range all {
		group := templates.FigureGroup{By: all[i].By}
		for k := range all[i].Rows {
			group.Rows = append(group.Rows, figureRow(&all[i].Rows[k]))
		}
		f.Groups = append(f.Groups, group)
	}
	return f
}

func figureRow(r *report.Row) templates.FigureRow {
	return templates.FigureRow{
		Key: r.Key, Received: r.Received, Incidents: r.Incidents, Requests: r.ServiceRequests, Decided: r.DecidedByAgent,
		Disputes: r.Disputes, Reopened: r.Reopened, Confirmed: r.ByConfirm, Silent: r.BySilence, ByHand: r.ByHand,
		Open: r.Open, Awaiting: r.Awaiting, Merged: r.Merged, Rejected: r.Rejected,
		OpenDay: r.OpenNow.Day, OpenDays3: r.OpenNow.Days3, OpenWeek: r.OpenNow.Week, OpenMonth: r.OpenNow.Month, OpenOlder: r.OpenNow.Older, Now: r.OpenNow.Total(),
		Response: kept(&r.Response), Resolution: kept(&r.Resolution),
	}
}

func kept(t *report.Target) templates.Kept {
	share := func(p *float64) float64 {
		if p == nil {
			return -1
		}
		return *p
	}
	length := func(s *int64) time.Duration {
		if s == nil {
			return 0
		}
		return time.Duration(*s) * time.Second
	}
	return templates.Kept{
		Met: t.Met, Missed: t.Missed, Running: t.Running, Unowed: t.Unowed, ByChange: t.ByChange, Count: t.Count,
		Percent: share(t.Percent), Gross: share(t.GrossPercent), Median: length(t.Median), P90: length(t.P90),
	}
}
