package workflow

import (
	"slices"
	"strings"

	"helpost/internal/sop"
)

func doMerge(c *Case, d *Draft, cmd sop.Command) *Mistake {
	list, err := c.p.numbers(cmd.Args)
	if err != nil || len(list) != 1 {
		return misunderstood(cmd)
	}
	into, known := c.other(list[0])
	if !known || list[0] == d.Number {
		return misunderstood(cmd)
	}
	return c.merge(d, into, cmd)
}

func doAbsorb(c *Case, d *Draft, cmd sop.Command) *Mistake {
	list, err := c.p.numbers(cmd.Args)
	if err != nil {
		return misunderstood(cmd)
	}
	ranged := len(list) > len(strings.Fields(cmd.Args))
	for _, n := range list {
		from, known := c.other(n)
		switch {
		case !known && ranged: // a number that was never used
			continue
		case !known || n == d.Number || from.State == Rejected:
			return misunderstood(cmd)
		}
		if wrong := c.merge(from, d, cmd); wrong != nil {
			return wrong
		}
	}
	return nil
}

// merge joins one ticket into another: its people become co-reporters and watchers there.
func (c *Case) merge(from, into *Draft, cmd sop.Command) *Mistake {
	switch {
	case from.State == Merged && from.MergedInto == into.Number: // already so
		return nil
	case from.State == Merged, into.State == Closed, into.State == Merged, into.State == Rejected:
		return &Mistake{Problem: "state", Word: "#" + string(cmd.Name), Detail: string(into.State)}
	}
	c.stop(from)
	from.State, from.MergedInto, from.Raised = Merged, into.Number, 0
	from.PausedAt, from.PausedUntil, from.Wait = nil, nil, ""
	from.Response.rest()
	from.Validation = Validation{}
	from.event(MergedEvent, info{"into": into.Number}, nil)
	for _, p := range append([]sop.Person{from.Reporter}, from.CoReporters...) {
		if p.Address != "" && p.Address != into.Reporter.Address && !slices.ContainsFunc(into.CoReporters, func(o sop.Person) bool { return o.Address == p.Address }) {
			p.Lang = from.Lang
			into.CoReporters = append(into.CoReporters, p)
			into.Watchers = without(into.Watchers, p.Address)
		}
	}
	for _, w := range from.Watchers {
		if w != into.Reporter.Address && !slices.Contains(into.Watchers, w) && !slices.ContainsFunc(into.CoReporters, func(o sop.Person) bool { return o.Address == w }) {
			into.Watchers = append(into.Watchers, w)
		}
	}
	if !slices.Contains(into.Linked, from.Number) {
		into.Linked = append(into.Linked, from.Number)
	}
	into.event(Absorbed, info{"from": from.Number}, nil)
	c.tell(from, sop.KindMerged, Notice{Into: into.Number, Auto: "auto-generated"})
	return nil
}
