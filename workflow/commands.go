package workflow

import (
	"slices"
	"strings"
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
