package workflow

import (
	"slices"
	"strings"
	"time"

	"helpost/internal/sop"
)

// The commands about people: whose ticket it is, who works on it, who watches it, who is away or blocked.

func doTake(c *Case, d *Draft, _ sop.Command) *Mistake {
	a, ok := c.p.Agent(c.m.From.Address)
	if ok && d.Assignee != a.Address {
		d.Assignee = a.Address
		d.event(Assigned, info{"by": "take"}, nil)
	}
	if c.p.TakeCounts {
		c.respond(d)
	}
	return nil
}

func doAssign(c *Case, d *Draft, cmd sop.Command) *Mistake {
	agent, team, ok := c.p.whom(cmd.Args)
	if !ok {
		return misunderstood(cmd)
	}
	if team != "" {
		if d.Team != team || d.Assignee != "" {
			d.Team, d.Assignee = team, ""
			if t, _ := c.p.Team(team); t.RoundRobin {
				d.Assignee = c.turn(t)
			}
			d.event(Assigned, info{"by": "assign"}, nil)
			c.announceBut(d, c.m.From.Address)
		}
		return nil
	}
	if d.Assignee != agent {
		d.Assignee = agent
		d.event(Assigned, info{"by": "assign"}, nil)
		c.tell(d, sop.KindAssigned, c.announcement(), c.m.From.Address)
	}
	return nil
}

// named reads whom #for names: an address, or the sender of the mail that was passed on.
func (c *Case) named(cmd sop.Command) (sop.Person, *Mistake) {
	var p sop.Person
	switch arg := strings.ToLower(strings.TrimSpace(cmd.Args)); {
	case arg != "":
		p.Address = addressIn(arg)
	case c.m.Forward != nil:
		p = *c.m.Forward
	}
	ours := c.s.Desk.Ours != nil && c.s.Desk.Ours(p.Address) // what goes to ourselves is dropped as a loop
	if p.Address == "" || ours || c.s.Desk.MayAsk != nil && !c.s.Desk.MayAsk(p.Address) {
		return p, &Mistake{Problem: "for", Word: "#for", Detail: orElse(cmd.Args, p.Address)}
	}
	return p, nil
}

func doFor(c *Case, d *Draft, cmd sop.Command) *Mistake {
	p, wrong := c.named(cmd)
	if wrong != nil {
		return wrong
	}
	former := d.Reporter
	if former.Address == p.Address {
		return nil
	}
	d.Reporter = c.describe(p)
	d.Watchers = without(d.Watchers, p.Address)
	if former.Address != "" && !slices.Contains(d.Watchers, former.Address) && !c.p.OnDesk(former.Address) {
		d.Watchers = append(d.Watchers, former.Address)
	}
	d.event(ReporterSet, nil, nil)
	c.send(d, sop.KindAck, Notice{Status: "for"}, c.person(p.Address, p.Name, d.Lang))
	return nil
}

// maxAdded is how many people may watch a ticket by #cc: each gets a mail of his own for each answer.
const maxAdded = 100

func doCc(c *Case, d *Draft, cmd sop.Command) *Mistake {
	words := strings.Fields(strings.NewReplacer(",", " ", ";", " ", "−", "-", "–", "-").Replace(cmd.Args))
	if len(words) == 0 {
		return misunderstood(cmd)
	}
	for _, w := range words {
		address := addressIn(strings.TrimLeft(w, "+-"))
		if address == "" {
			return misunderstood(cmd)
		}
		drop := strings.HasPrefix(w, "-")
		switch {
		case drop:
			d.Watchers = without(d.Watchers, address)
		case c.s.Desk.Ours != nil && c.s.Desk.Ours(address) || c.p.OnDesk(address):
			return misunderstood(cmd)
		case !slices.Contains(d.Watchers, address) && address != d.Reporter.Address:
			if len(d.Watchers) >= maxAdded {
				return misunderstood(cmd)
			}
			d.Watchers = append(d.Watchers, address)
		}
	}
	if len(diff(&d.last.Words, &d.Words)) > 0 {
		d.event(WatchersSet, nil, nil)
	}
	return nil
}

func doAway(c *Case, d *Draft, cmd sop.Command) *Mistake {
	a, ok := c.p.Agent(c.m.From.Address)
	if !ok {
		return misunderstood(cmd)
	}
	n := Notice{Status: "back"}
	c.decided.Desk.Away = map[string]time.Time{a.Address: {}}
	if strings.TrimSpace(cmd.Args) != "" {
		until, rest, ok := c.p.LastDay(cmd.Args, c.now)
		if !ok || rest != "" || !until.After(c.now) {
			return misunderstood(cmd)
		}
		c.decided.Desk.Away[a.Address] = until
		n.Status, n.Until, n.List = "away", until, c.s.Desk.Holds
	}
	c.tellLead(a, n)
	return nil
}

func doSpam(c *Case, d *Draft, cmd sop.Command) *Mistake {
	if d.State == Rejected {
		return nil
	}
	if c.p.Inside != nil && c.p.Inside(d.Reporter.Address) {
		return &Mistake{Problem: "state", Word: "#spam", Detail: "company"}
	}
	c.stop(d)
	d.State = Rejected
	d.PausedAt, d.PausedUntil, d.Wait = nil, nil, ""
	d.Response.rest()
	c.decided.Desk.Block = d.Reporter.Address
	d.event(RejectedEvent, nil, nil)
	return nil
}

// Addresses lists whom a mail's commands make the reporter, so that what is known of them can be read before it is decided.
func Addresses(m *Mail) []string {
	var all []string
	for _, cmd := range m.Commands {
		if cmd.Name != sop.For {
			continue
		}
		if address := addressIn(strings.ToLower(cmd.Args)); address != "" {
			all = append(all, address)
		} else if m.Forward != nil {
			all = append(all, m.Forward.Address)
		}
	}
	return all
}
