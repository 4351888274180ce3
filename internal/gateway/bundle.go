package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"helpost/internal/compose"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/templates"
	"helpost/workflow"
)

// Warnings and breaches of P2 and P3 reach one person at most once in a while, as one mail that lists the tickets
// (contract §2): what comes within that time waits in a fact of the desk.

// bundleFact is what waits for one person, and when he was last told.
type bundleFact struct {
	Last  time.Time `json:"last"`
	Items []bundled `json:"items,omitempty"`
}

// bundled is one warning or breach that waits.
type bundled struct {
	Ticket  sop.Number        `json:"ticket"`
	Kind    sop.Kind          `json:"kind"`
	Due     time.Time         `json:"due"`
	To      sop.Person        `json:"to"`
	Buttons []workflow.Button `json:"buttons,omitempty"`
}

const bundlePrefix = "bundle/"

// bundle lets a notice wait where its receiver was told a short time ago; else it may go, and the time begins.
func (g *Gateway) bundle(ctx context.Context, facts factSet, n *workflow.Notice, now time.Time) (waits bool, err error) {
	key := bundlePrefix + n.To.Address
	var b bundleFact
	var version store.Version
	if f, ok := facts[key]; ok { // another notice of this same change
		version, err = f.Version, json.Unmarshal(f.Value, &b)
	} else {
		err = g.Store.View(ctx, func(v store.Reader) error {
			version, err = readFact(v, key, &b)
			return err
		})
	}
	if err != nil {
		return false, err
	}
	if len(b.Items) == 0 && !now.Before(b.Last.Add(g.Policy.Digest)) {
		return false, facts.put(key, version, bundleFact{Last: now})
	}
	b.Items = append(b.Items, bundled{Ticket: n.Ticket, Kind: n.Kind, Due: n.Late.Due, To: n.To, Buttons: n.Buttons})
	return true, facts.put(key, version, b)
}

// sendBundles sends what has waited long enough, and says when the next is due.
func (g *Gateway) sendBundles(ctx context.Context) (next time.Time, err error) {
	if g.Policy.Digest <= 0 {
		return next, nil
	}
	var all []store.Fact
	if err := g.Store.View(ctx, func(v store.Reader) error {
		all, err = v.Facts(bundlePrefix)
		return err
	}); err != nil {
		return next, err
	}
	now := workflow.Moment(g.Clock())
	for _, f := range all {
		var b bundleFact
		if f.Value == nil || json.Unmarshal(f.Value, &b) != nil || len(b.Items) == 0 {
			continue
		}
		if due := b.Last.Add(g.Policy.Digest); now.Before(due) {
			next = earlier(next, due)
			continue
		}
		if err := g.sendBundle(ctx, f, b, now); err != nil && !isConflict(err) {
			return next, err
		}
	}
	return next, nil
}

// sendBundle writes one mail of all that waits for somebody.
func (g *Gateway) sendBundle(ctx context.Context, f store.Fact, b bundleFact, now time.Time) error {
	job := compose.Job{
		To: b.Items[0].To, Sort: sop.Internal, Mailbox: g.Default.Mailbox, Auto: "auto-generated", At: now.In(g.Policy.Zone), Class: store.ClassUrgent,
		Data: templates.Data{Kind: sop.KindWarning, Lang: b.Items[0].To.Lang, Now: now.In(g.Policy.Zone), Company: g.Company, To: b.Items[0].To, ToDesk: true, Sort: sop.Internal},
	}
	listed := map[sop.Number]int{}
	err := g.Store.View(ctx, func(v store.Reader) error {
		for _, item := range b.Items {
			if item.Kind != sop.KindWarning {
				job.Data.Kind = sop.KindBreach
			}
			t, _, err := v.Ticket(item.Ticket)
			if err != nil {
				return err
			}
			row := g.ticketData(&t)
			row.Late = now.Sub(item.Due)
			if i, there := listed[item.Ticket]; there { // a breach after its warning: once, with the later word
				job.Data.List[i] = row
				continue
			}
			listed[item.Ticket] = len(job.Data.List)
			job.Data.List = append(job.Data.List, row)
			answers := compose.Listed{Number: item.Ticket}
			for _, a := range item.Buttons {
				answers.Buttons = append(answers.Buttons, compose.Answer{Name: a.Name, With: a.With, Body: a.Body, Sort: a.Sort})
			}
			job.Listed = append(job.Listed, answers)
		}
		return nil
	})
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(f.Key + now.String()))
	job.Unique = "bundle-" + hex.EncodeToString(sum[:6])
	job.Subject = g.Composer.Templates.Subject(job.Data.Kind, job.Data.Lang)
	row, err := g.Composer.Compose(job)
	if err != nil {
		return err
	}
	facts := factSet{}
	if err := facts.put(f.Key, f.Version, bundleFact{Last: now}); err != nil {
		return err
	}
	c := store.Change{Facts: facts.list(), Outbox: []store.Outbox{row}}
	if err := g.Store.Commit(ctx, c); err != nil {
		return err
	}
	g.Log.Info("bundle", "tickets", len(job.Data.List))
	g.committed(c)
	return nil
}
