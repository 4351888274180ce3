package workflow

import (
	"slices"

	"helpost/internal/sop"
)

// maxWatchers is how many colleagues in To and Cc of a first mail become watchers; of more, none does.
const maxWatchers = 10

// report makes a ticket of a mail.
func (c *Case) report() {
	d := c.t
	c.open(d, c.m.From)
	c.assign(d)
	c.keep(In, "report")
	if c.m.Auto == sop.NotAuto {
		c.acknowledge(d)
	}
	c.announce(d)
	c.decided.Outcome = BecameTicket
	if d.Suspicious {
		c.decided.Outcome = SuspectMail
	}
}

// open fills a new ticket from the mail, for a reporter, and writes its first event.
func (c *Case) open(d *Draft, reporter sop.Person) {
	m, r := c.m, c.m.Report
	d.Number, d.State = c.s.Number, New
	d.Type, d.Impact, d.Urgency = orElse(r.Type, sop.Incident), orElse(r.Impact, sop.Individual), orElse(r.Urgency, sop.Medium)
	d.Priority, d.PriorityBy = c.p.priority(d.Impact, d.Urgency), "suggested"
	d.Suspicious = m.Suspicious || m.Proof == "fail"
	if d.Suspicious {
		d.Priority = sop.P3
	}
	d.Lang, d.Mailbox, d.Team = orElse(m.Lang, c.p.Lang), m.Mailbox, m.Team
	d.CreatedAt = c.now
	d.Subject = m.Subject
	d.Evidence = r.Evidence
	d.AssetCodes = r.AssetCodes
	d.Screenshots, d.Pictures = len(m.Pictures), m.Pictures
	d.Reporter = c.describe(reporter)
	if len(d.AssetCodes) == 0 && c.s.Desk.Known.AssetCode != "" && reporter.Address == m.From.Address {
		d.AssetCodes = []string{c.s.Desk.Known.AssetCode}
	}
	if m.Link != 0 {
		d.Linked = []sop.Number{m.Link}
	}
	d.Missing = c.missing(d)
	d.Watchers = m.Watchers
	c.p.startClocks(&d.Ticket)
	extra := info{}
	if c.crowded() {
		d.Watchers, extra["crowd"] = nil, true
	}
	d.event(Created, extra, nil)
}

// crowded says whether more people stood in To and Cc of a report than may watch: then nobody does, and the desk is told.
func (c *Case) crowded() bool {
	return c.m.Crowd || len(c.m.Watchers) > maxWatchers
}

// describe says who a reporter is: what he says goes before what is known of him.
func (c *Case) describe(p sop.Person) sop.Person {
	own := p.Address == c.m.From.Address
	known := c.s.Desk.Known
	if !own {
		known = sop.Person{}
		if c.s.Desk.Person != nil {
			known = c.s.Desk.Person(p.Address)
		}
	}
	return sop.Person{
		Address:    p.Address,
		Name:       orElse(p.Name, orElse(c.m.Report.Name, known.Name)),
		Department: orElse(c.m.Report.Department, known.Department),
	}
}

// missing lists what a ticket lacks of what the SOP asks of a report: name, department, and a screenshot of an
// incident below P2. Nobody is asked whose mail was a machine's.
func (c *Case) missing(d *Draft) []string {
	var all []string
	if d.Reporter.Name == "" {
		all = append(all, sop.MissingName)
	}
	if d.Reporter.Department == "" {
		all = append(all, sop.MissingDepartment)
	}
	if d.Type == sop.Incident && d.Priority == sop.P3 && d.Screenshots == 0 && slices.Contains(c.m.Report.Missing, sop.MissingScreenshot) {
		all = append(all, sop.MissingScreenshot)
	}
	return all
}

// acknowledge answers the writer: `missing` where something is to be asked for, else `ack`.
func (c *Case) acknowledge(d *Draft) {
	c.learn(d)
	if len(d.Missing) > 0 {
		c.tell(d, sop.KindMissing, Notice{Missing: d.Missing})
		return
	}
	c.tell(d, sop.KindAck, Notice{})
}

// announce tells the desk of a new ticket: `assigned` whose turn it is, `new` to the team where nobody has it or it is P1.
func (c *Case) announce(d *Draft) { c.announceBut(d, "") }

// announceBut leaves out who knows already.
func (c *Case) announceBut(d *Draft, knows string) {
	n := c.announcement()
	if d.Assignee != "" {
		c.tell(d, sop.KindAssigned, n, knows)
	}
	if d.Assignee == "" || d.Priority == sop.P1 {
		c.tell(d, sop.KindNew, n, d.Assignee, knows)
	}
}

// announcement is what whoever gets a ticket is told.
func (c *Case) announcement() Notice {
	n := Notice{Words: true, Buttons: []Button{{Name: "take", Sort: sop.Public}}}
	if c.s.Ticket.Number != 0 { // assigned later: the mail that does it is not what the ticket is about
		n.Words, n.Report = false, true
	}
	if c.crowded() {
		n.Status = "crowd"
	}
	return n
}

// assign gives a new ticket to the member whose turn it is, who is not away and did not write it.
func (c *Case) assign(d *Draft) {
	t, ok := c.p.Team(d.Team)
	if !ok || !t.RoundRobin {
		return
	}
	who := c.turn(t)
	if who == "" {
		return
	}
	d.Assignee = who
	d.event(Assigned, info{"by": "turn"}, nil)
}

// turn is the member of a team whose turn it is: the turns count up, and who is away is passed over.
func (c *Case) turn(t Team) string {
	var here []string
	for _, m := range t.Members {
		if !c.away(m) {
			here = append(here, m)
		}
	}
	if len(here) == 0 {
		return ""
	}
	return here[(c.s.Desk.Turns[t.Name]+uint64(len(here))-1)%uint64(len(here))]
}

// Turns are the teams whose next turn a mail may take: its mailbox's where it makes a ticket (fresh), and those that it
// assigns to.
func (p *Policy) Turns(m *Mail, fresh bool) []string {
	var all []string
	take := func(name string) {
		if t, ok := p.Team(name); ok && t.RoundRobin && !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	if fresh {
		take(m.Team)
	}
	for _, cmd := range m.Commands {
		if cmd.Name == sop.Assign {
			_, team, _ := p.whom(cmd.Args)
			take(team)
		}
	}
	return all
}

// learn remembers what somebody said of himself, for his next report.
func (c *Case) learn(d *Draft) {
	m := c.m
	if m.Proof == "fail" || d.Reporter.Address != m.From.Address {
		return
	}
	k := sop.Person{Address: d.Reporter.Address, Name: d.Reporter.Name, Department: d.Reporter.Department}
	if len(d.AssetCodes) == 1 {
		k.AssetCode = d.AssetCodes[0]
	}
	was := c.s.Desk.Known
	if k.Name != was.Name || k.Department != was.Department || k.AssetCode != was.AssetCode {
		c.decided.Desk.Known = &k
	}
}

// keep keeps the words of the mail on its ticket.
func (c *Case) keep(way Direction, kind string) {
	d, m := c.t, c.m
	d.Messages++
	marked := m.Suspicious || m.Voice == sop.VoiceMarked || m.Voice == sop.VoiceSuspicious || m.Voice == sop.VoiceObjects && m.Proof != "pass" || d.Number == c.s.Number && d.Suspicious
	text := m.Text
	if way != In {
		text = m.Body
	}
	c.decided.Message = &Message{Ticket: d.Number, Direction: way, Kind: kind, Text: text, Marked: marked}
	if d.Messages > 1 {
		d.event(MessageCame, info{"message": d.Messages, "kind": kind, "direction": string(way)}, nil)
	}
}

func (p *Policy) priority(i sop.Impact, u sop.Urgency) sop.Priority {
	m := p.Matrix
	if m == nil {
		m = sop.DefaultMatrix()
	}
	return orElse(m[i][u], sop.P3)
}

func orElse[T comparable](v, other T) T {
	var zero T
	if v == zero {
		return other
	}
	return v
}
