package workflow

import (
	"fmt"
	"slices"
	"strings"

	"helpost/internal/sop"
)

// agentsMail takes what a proven agent writes on a ticket: commands in their order, all or none, then his words.
func (c *Case) agentsMail() {
	c.decided.Outcome = ObeyedMail
	c.inline()
	if mistake := c.obey(); mistake != nil {
		c.refuse(*mistake)
	}
}

// inline moves what stands behind #note, #reply and #resolve on their line to the words, so that none of it is lost.
func (c *Case) inline() {
	m := *c.m
	m.Commands = slices.Clone(m.Commands)
	for i, cmd := range m.Commands {
		if commands[cmd.Name].words && cmd.Args != "" {
			m.Body, m.Commands[i].Args = strings.TrimSpace(cmd.Args+"\n"+m.Body), ""
		}
	}
	c.m = &m
}

// obey carries out a mail's commands and words.
func (c *Case) obey() *Mistake {
	d, m := c.t, c.m
	if wrong := c.misread(); wrong != nil {
		return wrong
	}
	public, wrong := c.goesOut()
	if wrong != nil {
		return wrong
	}
	spoken := strings.TrimSpace(m.Body) != "" || m.Files > 0
	if spoken && public {
		c.answer(d)
	}
	carried := false // a command's own notice carries the words to the reporter
	for _, cmd := range m.Commands {
		rule := commands[cmd.Name]
		if wrong := rule.allowed(d, cmd); wrong != nil {
			return wrong
		}
		before := d.Seq
		if wrong := rule.do(c, d, cmd); wrong != nil {
			return wrong
		}
		if rule.acts && d.Seq > before {
			c.begin(d)
		}
		if rule.eases {
			c.acted(d)
		}
		carried = carried || rule.carries
	}
	switch {
	case spoken && public:
		c.acted(d)
		c.keep(Out, "agent")
		c.passOn(d, carried)
	case spoken:
		c.keep(NoteOnly, "note")
		c.tell(d, sop.KindNote, Notice{Words: true}, m.From.Address)
		if (m.Voice == sop.VoiceNote || m.Sort != sop.Internal) && !c.has(sop.Note) { // he may think that it went out
			status := "unsent"
			if m.Voice == sop.VoiceNote {
				status = "note"
			}
			c.send(d, sop.KindStatus, Notice{Status: status, Desk: true}, c.desk(m.From.Address))
		}
	}
	if len(diff(&d.last.Facts, &d.Facts)) > 0 {
		what := Acted // a climb stopped, or an objection was heard
		if d.last.State == New && d.State == Open {
			what = Opened
		}
		d.event(what, nil, nil)
	}
	return nil
}

// maxCommands is how many commands one mail may have.
const maxCommands = 100

// misread says what stands in the way of carrying a mail out at all.
func (c *Case) misread() *Mistake {
	m := c.m
	switch {
	case m.Slip != nil:
		return &Mistake{Problem: m.Slip.Problem, Word: "#" + m.Slip.Word, Nearest: m.Slip.Nearest, Line: m.Slip.Line}
	case len(m.Commands) > maxCommands:
		return &Mistake{Problem: "argument", Word: "#" + string(m.Commands[maxCommands].Name), Detail: fmt.Sprintf("> %d", maxCommands)}
	case m.Many:
		return &Mistake{Problem: "tickets"}
	case c.has(sop.Note) && (c.has(sop.Reply) || c.has(sop.Resolve)):
		return &Mistake{Problem: "conflict"}
	}
	return nil
}

func (c *Case) has(name sop.CommandName) bool {
	return slices.ContainsFunc(c.m.Commands, func(cmd sop.Command) bool { return cmd.Name == name })
}

// goesOut says whether the words of an agent's mail go to the reporter. From an internal notice, and where the tag alone
// bound the mail, only the commands that say so send them.
func (c *Case) goesOut() (bool, *Mistake) {
	switch {
	case c.has(sop.Note):
		return false, nil
	case c.has(sop.Reply), c.has(sop.Resolve), c.has(sop.Onsite), c.has(sop.Remote):
		return true, nil
	case c.t.State == Merged, c.t.State == Rejected && !c.has(sop.Reopen), c.has(sop.MarkSpam): // nobody answers whom he blocks
		return false, nil
	}
	return c.m.Voice == sop.VoiceObeyed && c.m.Sort != sop.Internal, nil
}

// answer is what an agent's words to the reporter do: the ticket is open, answered, and his where nobody has it.
func (c *Case) answer(d *Draft) {
	own := d.Reporter.Address == c.m.From.Address
	if d.Assignee == "" && !own {
		if a, ok := c.p.Agent(c.m.From.Address); ok {
			d.Assignee = a.Address
			d.event(Assigned, info{"by": "answer"}, nil)
		}
	}
	if !own {
		c.begin(d)
	}
	c.respond(d)
}

// passOn sends an agent's words to the reporter, the co-reporters and the watchers, but not to who had them already.
func (c *Case) passOn(d *Draft, carried bool) {
	n := Notice{Words: true, From: c.m.From.Address}
	left := append([]string{c.m.From.Address}, c.m.To...)
	if carried { // the notice of a command brings them to those it goes to
		for _, o := range c.decided.Notices {
			if o.Words && o.Ticket == d.Number && !o.Desk {
				left = append(left, o.To.Address)
			}
		}
	}
	c.tell(d, sop.KindReply, n, left...)
}

// refuse ends an agent's mail of which nothing is done: nothing is sent on, and he is told why and how to mend it.
func (c *Case) refuse(wrong Mistake) {
	desk, ticket := c.decided.Desk, c.s.Ticket
	c.decided = Decision{Outcome: MistakenMail, Detail: wrong.Problem}
	c.decided.Desk.Answers = desk.Answers
	c.others = nil
	c.t = newDraft(ticket, c.now, c.t.cause, c.t.actor)
	n := Notice{Mistake: &wrong, Buttons: c.mend(wrong), Into: ticket.MergedInto}
	if n.Into != 0 && c.m.Led != 0 {
		n.Into = c.m.Led
	}
	c.tell(c.t, sop.KindError, n)
}

// mend offers the mended mail, and the mail without any command.
func (c *Case) mend(wrong Mistake) []Button {
	if c.t.Number == 0 || wrong.Problem == "tickets" {
		return nil
	}
	sort := sop.Public
	if c.m.Sort == sop.Internal { // what it answers: the mended mail goes no further than the first would have
		sort = sop.Internal
	}
	var all []Button
	lines, i := strings.Split(c.m.Text, "\n"), wrong.Line-1
	plain := strings.Split(c.m.Body, "\n")
	if i >= 0 && i < len(lines) {
		plain = without(plain, lines[i]) // else it would stand in the way again
		if wrong.Nearest != "" {
			at := strings.Index(strings.ToLower(lines[i]), strings.ToLower(strings.TrimPrefix(wrong.Word, "#")))
			if at >= 0 {
				lines[i] = lines[i][:at] + strings.TrimPrefix(wrong.Nearest, "#") + lines[i][at+len(wrong.Word)-1:]
				all = append(all, Button{Name: "mend", Body: strings.Join(lines, "\n"), Sort: sort})
			}
		}
	}
	if words := strings.TrimSpace(strings.Join(plain, "\n")); words != "" && !c.has(sop.Note) {
		all = append(all, Button{Name: "plain", Body: words, Sort: sort})
	}
	return all
}

// agentsNewMail takes an agent's mail that belongs to no ticket and has commands.
func (c *Case) agentsNewMail() {
	c.decided.Outcome = ObeyedMail
	c.inline()
	if wrong := c.misread(); wrong != nil {
		c.refuse(*wrong)
		return
	}
	if c.has(sop.For) {
		if wrong := c.onBehalf(); wrong != nil {
			c.refuse(*wrong)
		}
		return
	}
	for _, cmd := range c.m.Commands {
		rule := commands[cmd.Name]
		if !rule.alone {
			c.refuse(Mistake{Problem: "for", Word: "#for"})
			return
		}
		if wrong := rule.do(c, nil, cmd); wrong != nil {
			c.refuse(*wrong)
			return
		}
	}
}

// onBehalf opens a ticket for somebody who called: it is answered at its creation.
func (c *Case) onBehalf() *Mistake {
	d := c.t
	i := slices.IndexFunc(c.m.Commands, func(cmd sop.Command) bool { return cmd.Name == sop.For })
	reporter, wrong := c.named(c.m.Commands[i])
	if wrong != nil {
		return wrong
	}
	c.m.Watchers = without(c.m.Watchers, reporter.Address)
	c.open(d, reporter)
	d.OnBehalf = true
	c.begin(d)
	if strings.TrimSpace(c.m.Commands[i].Args) != "" { // he called; who is found in a forwarded mail still waits for an answer
		at := c.now
		d.RespondedAt = &at
		d.event(Responded, info{"by": "phone"}, nil)
	}
	c.assign(d)
	c.m.Text = c.m.Body
	c.keep(In, "report")
	for _, cmd := range c.m.Commands {
		if cmd.Name == sop.For {
			continue
		}
		rule := commands[cmd.Name]
		if wrong := rule.allowed(d, cmd); wrong != nil {
			return wrong
		}
		if wrong := rule.do(c, d, cmd); wrong != nil {
			return wrong
		}
	}
	c.send(d, sop.KindAck, Notice{Status: "for"}, c.person(reporter.Address, reporter.Name, d.Lang))
	c.announceBut(d, c.m.From.Address)
	c.decided.Outcome = BecameTicket
	return nil
}
