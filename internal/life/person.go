package life

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/workflow"
)

// ErrAgent says that somebody has worked on tickets: his acts are the record, and are not erased.
var ErrAgent = errors.New("is an agent, whose acts are the record of what was done; only what somebody reported can be erased")

// person is somebody of whom everything is to be found.
type person struct {
	workflow.Erase                     // address and names
	tickets        []sop.Number        // that name him
	own            map[sop.Number]bool // that he reported or wrote first
	acted          bool                // as an agent
	seen           bool                // anything is known of him
}

// atOnce is how many tickets are looked at in one view.
const atOnce = 200

// find goes through all tickets for somebody: by his address first, which gives his names, then by those too.
func (k *Keeper) find(ctx context.Context, address string) (*person, error) {
	address = strings.ToLower(strings.TrimSpace(address))
	if address == "" || !strings.Contains(address, "@") {
		return nil, store.ErrNotFound
	}
	p := &person{Erase: workflow.Erase{Address: address}, own: map[sop.Number]bool{}}
	if known := k.Known(address); known.Name != "" {
		p.name(known.Name)
	}
	if err := k.beside(ctx, p); err != nil {
		return nil, err
	}
	before := len(p.Names)
	if err := k.scan(ctx, p); err != nil {
		return nil, err
	}
	if len(p.Names) > before { // others may have written of him by name
		p.tickets = nil
		if err := k.scan(ctx, p); err != nil {
			return nil, err
		}
	}
	if !p.seen && len(p.tickets) == 0 {
		return nil, store.ErrNotFound
	}
	return p, nil
}

func (p *person) name(n string) {
	n = strings.TrimSpace(n)
	if n != "" && !slices.ContainsFunc(p.Names, func(o string) bool { return strings.EqualFold(o, n) }) {
		p.Names = append(p.Names, n)
	}
}

func (p *person) is(address string) bool { return strings.EqualFold(address, p.Address) }

// beside looks at what is known of somebody beside the tickets.
func (k *Keeper) beside(ctx context.Context, p *person) error {
	return k.Store.View(ctx, func(v store.Reader) error {
		traces, err := v.Traces(p.Address)
		if err != nil {
			return err
		}
		facts, err := factsOf(v, p)
		if err != nil {
			return err
		}
		for _, f := range facts {
			p.name(nameIn(f.Value))
		}
		quarantined, err := quarantineOf(v, p)
		p.seen = p.seen || len(traces)+len(facts)+len(quarantined) > 0
		return err
	})
}

func (k *Keeper) scan(ctx context.Context, p *person) error {
	for after := sop.Number(0); ; {
		var numbers []sop.Number
		err := k.Store.View(ctx, func(v store.Reader) (err error) {
			if numbers, err = v.Numbers(after, atOnce); err != nil {
				return err
			}
			for _, n := range numbers {
				after = n
				t, err := load(v, n)
				if err != nil {
					return fmt.Errorf("%s: %w", n.ID(k.Policy.Prefix), err)
				}
				k.look(p, t)
			}
			return ctx.Err()
		})
		if err != nil || len(numbers) == 0 {
			return err
		}
	}
}

// look notes what a ticket says of somebody.
func (k *Keeper) look(p *person, t loaded) {
	names := p.Names
	if p.namesake(t) {
		p.Names = nil
		defer func() { p.Names = append(names, p.Names...) }()
	}
	named := false
	p.Log = t.events
	if p.His() {
		p.own[t.Number] = true
	}
	_, isAgent := k.Policy.Agent(p.Address)
	for _, e := range t.events {
		named = named || p.In(e)
		if p.is(e.Actor) && isAgent && !p.own[t.Number] {
			p.acted = true
		}
		var w workflow.Words
		if w, _ = e.Personal(); p.is(w.Assignee) {
			p.acted = true
		}
		for _, who := range append([]sop.Person{w.Reporter}, w.CoReporters...) {
			if p.is(who.Address) {
				p.name(who.Name)
			}
		}
	}
	for _, m := range t.messages {
		if p.is(m.From) {
			named = true
			p.name(m.Name)
			p.acted = p.acted || m.Direction != store.In
		}
		named = named || p.Mentions(m.Text)
	}
	if p.Log = nil; named {
		p.tickets = append(p.tickets, t.Number)
	}
}

// namesake says whether somebody else of the same name takes part in a ticket: there the name may be his.
func (p *person) namesake(t loaded) bool {
	other := func(address, name string) bool {
		return !p.is(address) && name != "" && slices.ContainsFunc(p.Names, func(n string) bool { return strings.EqualFold(n, name) })
	}
	for _, m := range t.messages {
		if other(m.From, m.Name) {
			return true
		}
	}
	for _, who := range append([]sop.Person{t.Reporter}, t.CoReporters...) {
		if other(who.Address, who.Name) {
			return true
		}
	}
	return false
}
