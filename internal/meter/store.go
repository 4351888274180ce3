package meter

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"helpost/internal/store"
	"helpost/workflow"
)

// states are those that tickets are counted in, also where none is in one.
var states = []workflow.State{workflow.New, workflow.Open, workflow.Paused, workflow.Resolved, workflow.Closed, workflow.Merged, workflow.Rejected}

// counts are the store's own counts, under the names of the page.
var counts = map[string]string{"tickets": "helpost_tickets", "open": "helpost_tickets_open", "outbox": "helpost_outbox_mails", "quarantine": "helpost_quarantine_mails"}

// ofStore puts on the page what the store knows.
func ofStore(ctx context.Context, p *page, from *Sources) {
	p.set("helpost_commit_waiting", float64(from.Store.Waiting()))
	p.set("helpost_search_unread", float64(from.Store.Unread()))
	if size, err := from.Store.Size(); err == nil {
		p.set("helpost_store_bytes", float64(size))
	}
	var has map[string]int
	var next time.Time
	err := from.Store.View(ctx, func(r store.Reader) (err error) {
		if has, err = r.Counts(); err == nil {
			next, err = r.NextDue()
		}
		return err
	})
	p.set("helpost_store_up", truth(err == nil))
	if err != nil {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		p.set(counts[name], float64(has[name]))
	}
	for _, s := range states {
		p.set("helpost_tickets_in_state", float64(has["state/"+strings.ToLower(string(s))]), "state", string(s))
	}
	overdue := 0.0
	if !next.IsZero() {
		overdue = max(0, time.Since(next).Seconds())
	}
	p.set("helpost_overdue_seconds", overdue)
	if age, err := from.Queue(ctx); err == nil {
		p.set("helpost_outbox_oldest_seconds", age.Seconds())
	}
}
