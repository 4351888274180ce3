package workflow

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"helpost/internal/sop"
)

// rule is what a command is and does (contract §5, command × argument, and §2, state × event).
type rule struct {
	in      []State // where it can be carried out
	acts    bool    // it changes the ticket: a new one is open
	eases   bool    // somebody acts by it: a climb stops, also where the ticket is so already (contract §2)
	carries bool    // its own notice brings the words of the mail to the reporter
	alone   bool    // it needs no ticket
	words   bool    // what stands behind it on its line belongs to the words of the mail
	bare    bool    // it takes no argument
	do      func(c *Case, d *Draft, cmd sop.Command) *Mistake
}

var (
	living  = []State{New, Open, Paused, Resolved, Closed}
	working = []State{New, Open, Paused}
	all     = []State{New, Open, Paused, Resolved, Closed, Merged, Rejected}
)

// commands is the table of the commands: in which states each can be, and what it does.
var commands = map[sop.CommandName]rule{
	sop.Take:     {in: living, acts: true, eases: true, bare: true, do: doTake},
	sop.Assign:   {in: living, acts: true, eases: true, do: doAssign},
	sop.SetPrio:  {in: living, acts: true, eases: true, do: doPriority},
	sop.SetImp:   {in: living, acts: true, eases: true, do: doImpact},
	sop.SetUrg:   {in: living, acts: true, eases: true, do: doUrgency},
	sop.SetType:  {in: living, acts: true, do: doType},
	sop.Category: {in: living, acts: true, do: doCategory},
	sop.Pending:  {in: []State{New, Open, Paused, Resolved}, acts: true, eases: true, carries: true, do: doPending},
	sop.Resume:   {in: working, acts: true, bare: true, do: doResume},
	sop.Remote:   {in: living, acts: true, carries: true, do: doHandling},
	sop.Onsite:   {in: living, acts: true, carries: true, do: doHandling},
	sop.Note:     {in: living, words: true, do: nothing},
	sop.Reply:    {in: living, words: true, do: nothing},
	sop.Resolve:  {in: []State{New, Open, Paused, Resolved}, acts: true, eases: true, carries: true, words: true, do: doResolve},
	sop.Close:    {in: []State{New, Open, Paused, Resolved, Closed, Rejected}, acts: true, carries: true, do: doClose},
	sop.Reopen:   {in: []State{New, Open, Paused, Resolved, Closed, Rejected}, acts: true, bare: true, do: doReopen},
	sop.Merge:    {in: living, acts: true, do: doMerge},
	sop.Absorb:   {in: living, acts: true, do: doAbsorb},
	sop.Escalate: {in: working, acts: true, do: doEscalate},
	sop.For:      {in: living, acts: true, do: doFor},
	sop.Cc:       {in: living, acts: true, do: doCc},
	sop.Status:   {in: all, alone: true, do: doStatus},
	sop.Help:     {in: all, alone: true, do: doHelp},
	sop.Away:     {in: all, alone: true, do: doAway},
	sop.MarkSpam: {in: []State{New, Open, Paused, Rejected}, acts: true, bare: true, do: doSpam},
}

// allowed says whether a command can be carried out in a ticket's state.
func (r rule) allowed(d *Draft, cmd sop.Command) *Mistake {
	if slices.Contains(r.in, d.State) {
		if r.bare && cmd.Args != "" {
			return misunderstood(cmd)
		}
		return nil
	}
	return &Mistake{Problem: "state", Word: "#" + string(cmd.Name), Detail: string(d.State)}
}

// Changes says whether a command is about its ticket: others are answered wherever they stand.
func Changes(name sop.CommandName) bool { return !commands[name].alone }

func misunderstood(cmd sop.Command) *Mistake {
	return &Mistake{Problem: "argument", Word: "#" + string(cmd.Name), Detail: cmd.Args}
}

func nothing(*Case, *Draft, sop.Command) *Mistake { return nil }

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
		c.tell(d, sop.KindAssigned, Notice{Words: false, Buttons: []Button{{Name: "take", Sort: sop.Public}}}, c.m.From.Address)
	}
	return nil
}

// steers says whether a rune is none that is written, but one that moves a cursor or turns the direction of a text.
func steers(r rune) bool {
	return unicode.IsControl(r) || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}

// maxAddress is the longest address (RFC 5321 §4.5.3.1: 64 and 255, and the @).
const maxAddress = 320

func doPriority(c *Case, d *Draft, cmd sop.Command) *Mistake {
	to, ok := priorityWords[fold(cmd.Args)]
	if !ok {
		return misunderstood(cmd)
	}
	c.decidePriority(d, to)
	return nil
}

func (c *Case) decidePriority(d *Draft, to sop.Priority) {
	i := info{}
	if d.Priority != to && c.reprioritise(d, to) {
		i["breached_by_change"] = true
	}
	d.PriorityBy = "agent"
	if len(diff(&d.last.Facts, &d.Facts)) > 0 {
		d.event(Prioritised, i, nil)
	}
}

func doImpact(c *Case, d *Draft, cmd sop.Command) *Mistake {
	to, ok := impactWords[fold(cmd.Args)]
	if !ok {
		return misunderstood(cmd)
	}
	d.Impact = to
	c.decidePriority(d, c.p.priority(d.Impact, d.Urgency))
	return nil
}

func doUrgency(c *Case, d *Draft, cmd sop.Command) *Mistake {
	to, ok := urgencyWords[fold(cmd.Args)]
	if !ok {
		return misunderstood(cmd)
	}
	d.Urgency = to
	c.decidePriority(d, c.p.priority(d.Impact, d.Urgency))
	return nil
}

func doType(c *Case, d *Draft, cmd sop.Command) *Mistake {
	to, ok := typeWords[fold(cmd.Args)]
	if !ok {
		return misunderstood(cmd)
	}
	if d.Type != to {
		d.Type = to
		d.event(Classified, nil, nil)
	}
	return nil
}

func doCategory(_ *Case, d *Draft, cmd sop.Command) *Mistake {
	to := fold(cmd.Args)
	if to == "" || len(to) > 100 || strings.ContainsFunc(to, steers) {
		return misunderstood(cmd)
	}
	if d.Category != to {
		d.Category = to
		d.event(Classified, nil, nil)
	}
	return nil
}

func doPending(c *Case, d *Draft, cmd sop.Command) *Mistake {
	until, reason, ok := c.p.When(cmd.Args, c.now, c.calendar(d))
	if !ok || !until.After(c.now) {
		return misunderstood(cmd)
	}
	if d.State == Resolved {
		v := &d.Validation
		if v.CloseAt, v.RemindAt = &until, nil; v.Held == objection { // heard: the agent says until when
			v.Held = ""
		}
		d.event(PausedEvent, info{"closing": true}, said{"reason": reason})
		return nil
	}
	if d.State == Paused {
		d.PausedUntil, d.Wait = &until, reason
		d.event(PausedEvent, nil, said{"reason": reason})
	} else {
		c.pause(d, until, reason)
	}
	told := reason
	if out, _ := c.goesOut(); !out { // a note stays inside, and so does the reason that stands in it
		told = ""
	}
	c.tell(d, sop.KindPaused, Notice{Until: until, Reason: told, Words: c.spoken(), From: c.m.From.Address, Auto: "auto-generated"})
	return nil
}

// spoken says whether the mail has words that go to the reporter.
func (c *Case) spoken() bool {
	out, _ := c.goesOut()
	return out && (strings.TrimSpace(c.m.Body) != "" || c.m.Files > 0)
}

func (c *Case) calendar(d *Draft) Calendar {
	if d == nil {
		return allDay{}
	}
	return orAllDay(c.p.Targets[d.Priority].Calendar)
}

func doResume(c *Case, d *Draft, _ sop.Command) *Mistake {
	if d.State == Paused {
		c.resume(d)
	}
	return nil
}

func doHandling(c *Case, d *Draft, cmd sop.Command) *Mistake {
	h := &Handling{How: cmd.Name}
	if strings.TrimSpace(cmd.Args) != "" {
		at, rest, ok := c.p.When(cmd.Args, c.now, c.calendar(d))
		if !ok || rest != "" || !at.After(c.now) {
			return misunderstood(cmd)
		}
		h.When = &at
	}
	d.Handling = h
	if h.When == nil {
		d.event(HandlingSet, nil, nil)
		return nil
	}
	d.Visits++
	d.event(HandlingSet, nil, nil)
	c.begin(d)
	c.respond(d)
	c.acted(d)
	c.tell(d, sop.KindScheduled, Notice{Handling: h, Words: c.spoken(), From: c.m.From.Address, Auto: "auto-generated"})
	return nil
}

func doResolve(c *Case, d *Draft, _ sop.Command) *Mistake {
	if d.State == Resolved {
		return nil
	}
	c.begin(d)
	c.respond(d)
	c.resolve(d)
	c.tell(d, sop.KindResolved, Notice{Words: c.spoken(), From: c.m.From.Address, Until: *d.Validation.CloseAt, Buttons: validationButtons(), Auto: "auto-generated"})
	return nil
}

func doClose(c *Case, d *Draft, cmd sop.Command) *Mistake {
	reason, words := strings.TrimSpace(cmd.Args), c.spoken()
	if reason == "" && words { // the words are the reason; what stays inside is none
		reason, words = strings.TrimSpace(c.m.Body), false
	}
	switch {
	case d.State == Closed:
		return nil
	case reason == "":
		return misunderstood(cmd)
	}
	c.close(d, "hand", reason, words)
	return nil
}

func doReopen(c *Case, d *Draft, _ sop.Command) *Mistake {
	switch d.State {
	case Resolved, Closed:
	case Rejected:
		c.decided.Desk.Unblock = d.Reporter.Address
	default:
		return nil
	}
	c.reopen(d)
	c.tell(d, sop.KindReopened, Notice{}, c.m.From.Address)
	return nil
}

func doEscalate(c *Case, d *Draft, cmd sop.Command) *Mistake {
	c.escalate(d, "asked", strings.TrimSpace(cmd.Args))
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

func doStatus(c *Case, d *Draft, _ sop.Command) *Mistake {
	n := Notice{Status: "ticket", Desk: true}
	if d == nil || d.Number == 0 {
		n.Status, n.List = "mine", c.s.Desk.Holds
	}
	c.send(d, sop.KindStatus, n, c.desk(c.m.From.Address))
	return nil
}

func doHelp(c *Case, d *Draft, _ sop.Command) *Mistake {
	c.send(d, sop.KindHelp, Notice{Desk: true}, c.desk(c.m.From.Address))
	return nil
}

func doAway(c *Case, d *Draft, cmd sop.Command) *Mistake {
	a, ok := c.p.Agent(c.m.From.Address)
	if !ok {
		return misunderstood(cmd)
	}
	n := Notice{Status: "back", Desk: true, Failed: nil, From: a.Address}
	c.decided.Desk.Away = map[string]time.Time{a.Address: {}}
	if strings.TrimSpace(cmd.Args) != "" {
		until, rest, ok := c.p.LastDay(cmd.Args, c.now)
		if !ok || rest != "" || !until.After(c.now) {
			return misunderstood(cmd)
		}
		c.decided.Desk.Away[a.Address] = until
		n.Status, n.Until, n.List = "away", until, c.s.Desk.Holds
	}
	n.Auto = "auto-generated"
	for _, lead := range c.lead(a.Team) {
		c.send(nil, sop.KindStatus, n, lead, a.Address)
	}
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
