package gateway

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"helpost/internal/record"
	"helpost/internal/report"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/workflow"
)

// What the year is judged by: every figure counted a second time, from the record alone.

// judge counts everything a second time, from the record.
func (y *year) judge() {
	y.t.Helper()
	now := workflow.Moment(y.clock())
	var mine report.Row
	told, bundled := 0, map[sop.Kind]bool{sop.KindWarning: true, sop.KindBreach: true, sop.KindEscalated: true}
	all := y.tickets()
	var response, resolution struct{ desk, change int }
	for _, t := range all {
		if at := y.policy.Wake(&t); !at.IsZero() && !at.After(now) {
			y.t.Errorf("ticket %d was due at %v", t.Number, at)
		}
		var entries []record.Entry
		y.view(func(v store.Reader) (err error) { entries, err = v.Log(t.Number); return err })
		if err := record.Verify(t.Number, entries); err != nil {
			y.t.Error(err)
		}
		y.soundRecord(t)
		told += y.placesKept(t.Number, entries, bundled)
		r, err := recounted(y.policy, entries, now)
		if err != nil {
			y.t.Fatal(err)
		}
		for _, c := range []struct {
			name string
			k    *workflow.Clock
			j    judged
		}{{"response", &t.Response, r.response}, {"resolution", &t.Resolution, r.resolution}} {
			if c.k.Breached != (c.j.desk || c.j.change) || c.k.ByChange != c.j.change {
				y.t.Errorf("ticket %d, %s: recounted %+v, the ticket says %+v", t.Number, c.name, c.j, *c.k)
			}
		}
		if r.state != t.State || r.priority != t.Priority || r.disputes != t.Disputes || (t.RespondedAt == nil) != r.answered.IsZero() {
			y.t.Errorf("ticket %d: recounted %+v", t.Number, r)
		}
		y.figures["state "+string(r.state)]++
		y.figures["priority "+string(r.priority)]++
		switch r.state {
		case workflow.Merged:
			mine.Merged++
			continue
		case workflow.Rejected:
			mine.Rejected++
			continue
		case workflow.Resolved:
			mine.Awaiting++
		case workflow.Closed:
			map[string]func(){"confirm": func() { mine.ByConfirm++ }, "silence": func() { mine.BySilence++ }, "hand": func() { mine.ByHand++ }}[r.closedBy]()
		default:
			mine.Open++
		}
		mine.Received++
		mine.Disputes += r.disputes
		mine.Reopened += r.reopened
		for _, c := range []struct {
			j    judged
			into *struct{ desk, change int }
		}{{r.response, &response}, {r.resolution, &resolution}} {
			switch {
			case c.j.change:
				c.into.change++
			case c.j.desk:
				c.into.desk++
			}
		}
	}
	y.agree(mine, response.desk, response.change, resolution.desk, resolution.change, now)
	y.soundDue()
	y.lived(len(all), told)
}

// placesKept compares the notices on a ticket's record with those that were sent; warnings may have come bundled.
func (y *year) placesKept(n sop.Number, entries []record.Entry, bundled map[sop.Kind]bool) (told int) {
	for _, e := range entries {
		event, err := e.Event()
		if err != nil {
			y.t.Fatal(err)
		}
		if event.Type != workflow.Notified {
			continue
		}
		for i, kind := range texts(event.Info["notices"]) {
			told++
			if y.placed[place{n, event.Seq, i}] == "" && !bundled[sop.Kind(kind)] {
				y.t.Errorf("ticket %d, event %d: %s was never sent", n, event.Seq, kind)
			}
		}
	}
	return told
}

// agree compares the figures with those of the report.
func (y *year) agree(mine report.Row, response, responseByChange, resolution, resolutionByChange int, now time.Time) {
	y.t.Helper()
	q := report.Query{By: report.ByPriority, At: now}
	q.From, q.To = y.begin, y.begin.AddDate(2, 0, 0)
	got, err := report.Read(context.Background(), y.store, y.policy, q)
	if err != nil {
		y.t.Fatal(err)
	}
	is := got.Total
	for _, c := range []struct {
		name      string
		mine, his int
	}{
		{"received", mine.Received, is.Received}, {"disputes", mine.Disputes, is.Disputes}, {"reopened", mine.Reopened, is.Reopened},
		{"closed by confirm", mine.ByConfirm, is.ByConfirm}, {"closed by silence", mine.BySilence, is.BySilence}, {"closed by hand", mine.ByHand, is.ByHand},
		{"open", mine.Open, is.Open}, {"awaiting", mine.Awaiting, is.Awaiting}, {"merged", mine.Merged, is.Merged}, {"rejected", mine.Rejected, is.Rejected},
		{"responses missed", response, is.Response.Missed}, {"responses missed by a change", responseByChange, is.Response.ByChange},
		{"resolutions missed", resolution, is.Resolution.Missed}, {"resolutions missed by a change", resolutionByChange, is.Resolution.ByChange},
	} {
		y.figures[c.name] = c.mine
		if c.mine != c.his {
			y.t.Errorf("%s: recounted %d, reported %d", c.name, c.mine, c.his)
		}
	}
	if is.Response.Percent != nil && is.Resolution.Percent != nil {
		y.figures["attainment of responses, percent"], y.figures["attainment of resolutions, percent"] = int(*is.Response.Percent), int(*is.Resolution.Percent)
	}
}

// lived says what the year was, and that it was one: everything happened in it.
func (y *year) lived(tickets, told int) {
	y.t.Helper()
	if float64(tickets) < 0.8*y.perDay*yearDays {
		y.t.Errorf("%d tickets in a year", tickets)
	}
	if tickets > 500 {
		for _, must := range []string{"disputes", "reopened", "closed by confirm", "closed by silence", "closed by hand", "merged", "rejected", "responses missed", "responses missed by a change",
			"resolutions missed", "undelivered", "bounced", "priority P1", "priority P2", "priority P3"} {
			if y.figures[must] == 0 {
				y.t.Errorf("%s: none in a year", must)
			}
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d tickets, %d notices on record, %d mails without a ticket", y.zone, tickets, told, y.bundles)
	for _, name := range slices.SortedFunc(maps.Keys(y.figures), cmp.Compare[string]) {
		fmt.Fprintf(&b, "; %s %d", name, y.figures[name])
	}
	y.t.Log(b.String())
}
