package workflow

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"helpost/internal/sop"
)

// Notice is one mail to one person, decided and not yet written.
type Notice struct {
	Kind   sop.Kind
	To     sop.Person
	Desk   bool       // to an agent, a lead, the manager
	Sort   sop.Sort   // where an answer goes
	Auto   string     // Auto-Submitted (RFC 3834 §5): "auto-replied", "auto-generated", "" for a person's own words
	Class  int        // 0 urgent, 1 answers, 2 routine
	Ticket sop.Number // 0: about none
	Event  int        // the event that says that it was sent
	Place  int        // its place among the notices of that event

	Bundle   bool   // waits for others to the same person, to come as one mail (escalation.digest)
	Words    bool   // carries the words and files of the mail that caused it
	Report   bool   // carries those of the report instead
	From     string // the agent whose words they are
	Missing  []string
	Verdict  sop.Verdict
	Closing  string // "confirm", "silence", "hand"
	Reason   string
	Until    time.Time
	Handling *Handling
	Late     *Late
	Mistake  *Mistake
	Into     sop.Number
	List     []Ticket
	Failed   *Failed
	Status   string // which text of `status`
	Buttons  []Button
}

// Late says which target a warning or a breach is about.
type Late struct {
	Clock     string // "response", "resolution"
	Due       time.Time
	ByChange  bool
	Level     int
	NextLevel string // "lead", "manager"; "": nobody more
	NextAt    time.Time
}

// Mistake says why nothing of an agent's mail was done.
type Mistake struct {
	Problem string // "unknown", "misplaced", "argument", "state", "conflict", "tickets", "for", "empty"
	Word    string
	Nearest string
	Line    int
	Detail  string
}

// Button is a ready answer.
type Button struct {
	Name string   // "confirm", "dispute", "take", "assign", "mend", "plain"
	With string   // what the label adds
	Arg  string   // of a command
	Body string   // what it writes; by Name and the receiver's language where it is empty
	Sort sop.Sort // of the token it is sent to
}

// ready is what each button writes, by language.
var ready = map[string]map[sop.Lang]string{
	"confirm": {sop.Indonesian: "YA", sop.English: "YES"},
	"dispute": {sop.Indonesian: "BELUM. Yang masih terjadi: ", sop.English: "NO. What still happens: "},
	"take":    {sop.Indonesian: "#ambil", sop.English: "#take"},
	"assign":  {sop.Indonesian: "#tugaskan ", sop.English: "#assign "},
}

// written are buttons with their words in a language.
func written(buttons []Button, lang sop.Lang) []Button {
	all := slices.Clone(buttons)
	for i, b := range all {
		if b.Body == "" {
			all[i].Body = orElse(ready[b.Name][lang], ready[b.Name][sop.Indonesian]) + b.Arg
		}
	}
	return all
}

// validationButtons answer whether a fix helped.
func validationButtons() []Button {
	return []Button{{Name: "confirm", Sort: sop.Public}, {Name: "dispute", Sort: sop.Public}}
}

// actButtons are the two likeliest answers to a ticket that is late: I take it, or who is here and has the fewest does.
func (c *Case) actButtons(d *Draft) []Button {
	all := []Button{{Name: "take", Sort: sop.Internal}}
	team, ok := c.p.Team(d.Team)
	if !ok || c.s.Desk.Load == nil {
		return all
	}
	best := ""
	for _, m := range team.Members {
		if m != d.Assignee && !c.away(m) && (best == "" || c.s.Desk.Load[m] < c.s.Desk.Load[best]) {
			best = m
		}
	}
	if best != "" {
		name, _, _ := strings.Cut(orElse(c.desk(best).Name, best), " ")
		all = append(all, Button{Name: "assign", Arg: best, With: fmt.Sprintf("%s, %d", name, c.s.Desk.Load[best]), Sort: sop.Internal})
	}
	return all
}

// receiver names who gets a notice. From theAssignee on they are people of the desk.
type receiver uint8

const (
	theWriter receiver = iota
	theReporter
	theCoReporters
	theWatchers
	theAssignee       // while away: the lead too
	theAssigneeOrTeam // the team where nobody has it
	theTeam
	theLeadOfP1
	theAgent // who wrote, an agent
)

// letter is the rule of a kind of notice: who gets it, and where an answer goes (contract §3).
type letter struct {
	to      []receiver
	answer  sop.Sort
	class   int
	ceiling bool // counts against the automatic answers to one address in an hour
	asked   bool // goes only to whom may be answered automatically (RFC 3834)
	carries bool // may carry an agent's words to the reporter, or is an answer by itself
}

// letters is the contract's table kind × receiver. Kinds whose receivers depend on the level of the chain have none here.
var letters = map[sop.Kind]letter{
	sop.KindAck:           {to: []receiver{theWriter}, answer: sop.Public, class: 2, ceiling: true, asked: true},
	sop.KindMissing:       {to: []receiver{theWriter}, answer: sop.Public, class: 2, ceiling: true, asked: true},
	sop.KindNew:           {to: []receiver{theTeam, theLeadOfP1}, answer: sop.Public, class: 1},
	sop.KindAssigned:      {to: []receiver{theAssignee}, answer: sop.Public, class: 1},
	sop.KindUpdate:        {to: []receiver{theAssigneeOrTeam}, answer: sop.Public, class: 1},
	sop.KindReply:         {to: []receiver{theReporter, theCoReporters, theWatchers}, answer: sop.Public, class: 1, carries: true},
	sop.KindPaused:        {to: []receiver{theReporter}, answer: sop.Public, class: 1, carries: true},
	sop.KindScheduled:     {to: []receiver{theReporter, theWatchers, theAgent}, answer: sop.Public, class: 1, carries: true},
	sop.KindResolved:      {to: []receiver{theReporter, theCoReporters}, answer: sop.Public, class: 1, carries: true},
	sop.KindReminder:      {to: []receiver{theReporter, theCoReporters}, answer: sop.Public, class: 2},
	sop.KindClosed:        {to: []receiver{theReporter, theCoReporters, theWatchers}, answer: sop.Public, class: 1, carries: true},
	sop.KindReopened:      {to: []receiver{theAssigneeOrTeam}, answer: sop.Public, class: 1},
	sop.KindMerged:        {to: []receiver{theReporter}, answer: sop.Public, class: 2, ceiling: true},
	sop.KindNote:          {to: []receiver{theAssigneeOrTeam}, answer: sop.Internal, class: 1},
	sop.KindWarning:       {to: []receiver{theAssigneeOrTeam}, answer: sop.Internal, class: 0},
	sop.KindBreach:        {answer: sop.Internal, class: 0},
	sop.KindEscalated:     {answer: sop.Internal, class: 0},
	sop.KindStatus:        {answer: sop.Internal, class: 1},
	sop.KindHelp:          {to: []receiver{theAgent}, answer: sop.Internal, class: 1},
	sop.KindError:         {to: []receiver{theAgent}, answer: sop.Internal, class: 1, ceiling: true, asked: true},
	sop.KindUndeliverable: {to: []receiver{theAssigneeOrTeam}, answer: sop.Internal, class: 1},
}

// tell sends a notice about a ticket to whom the table names; without leaves addresses out.
func (c *Case) tell(d *Draft, kind sop.Kind, n Notice, without ...string) {
	for _, r := range letters[kind].to {
		n.Desk = r >= theAssignee
		for _, to := range c.receivers(d, r) {
			c.send(d, kind, n, to, without...)
		}
	}
}

// send sends a notice to one person, unless he has it already, is left out, or may not be answered.
func (c *Case) send(d *Draft, kind sop.Kind, n Notice, to sop.Person, without ...string) {
	rule := letters[kind]
	number := sop.Number(0)
	if d != nil {
		number = d.Number
	}
	switch {
	case to.Address == "", slices.Contains(without, to.Address):
		return
	case slices.ContainsFunc(c.decided.Notices, func(o Notice) bool {
		return o.Kind == kind && o.To.Address == to.Address && o.Ticket == number && o.Status == n.Status
	}):
		return
	case rule.asked && !c.mayAnswer():
		return
	case rule.ceiling && !c.withinCeiling(to.Address):
		c.decided.Detail = "answer withheld: ceiling"
		return
	}
	n.Kind, n.To, n.Ticket, n.Sort, n.Class = kind, to, number, rule.answer, rule.class
	if d != nil && d.Priority == sop.P1 {
		n.Class = 0
	}
	n.Bundle = n.Late != nil && d.Priority != sop.P1 && c.p.Digest > 0
	if n.Auto == "" && !(n.From != "" && (kind == sop.KindReply)) {
		n.Auto = "auto-generated"
		if c.m != nil {
			n.Auto = "auto-replied"
		}
	}
	n.Buttons = written(n.Buttons, to.Lang)
	c.decided.Notices = append(c.decided.Notices, n)
}

// mayAnswer says whether the mail may be answered automatically at all (RFC 3834 §2; contract §3).
func (c *Case) mayAnswer() bool {
	m := c.m
	switch {
	case m == nil, m.MailFrom == "", m.Auto != sop.NotAuto, m.NoReply, m.Suppress, m.Proof == "fail":
		return false
	case m.Proof != "pass" && m.MailFrom != m.From.Address:
		return false
	}
	return c.s.Desk.Ours == nil || !c.s.Desk.Ours(m.From.Address)
}

// withinCeiling counts one automatic answer to an address, and says whether it may go.
func (c *Case) withinCeiling(address string) bool {
	hour := c.now.Truncate(time.Hour)
	a, ok := c.decided.Desk.Answers[address]
	if !ok {
		a = c.s.Desk.Answers[address]
	}
	if !a.Hour.Equal(hour) {
		a = Answers{Hour: hour}
	}
	if a.Count >= c.p.PerAddressHour {
		return false
	}
	a.Count++
	if c.decided.Desk.Answers == nil {
		c.decided.Desk.Answers = map[string]Answers{}
	}
	c.decided.Desk.Answers[address] = a
	return true
}

// receivers says who a receiver of the table is, for a ticket.
func (c *Case) receivers(d *Draft, r receiver) []sop.Person {
	switch r {
	case theWriter:
		return []sop.Person{c.person(c.m.From.Address, c.m.From.Name, c.m.Lang)}
	case theAgent:
		return []sop.Person{c.desk(c.m.From.Address)}
	case theReporter:
		if d.Reporter.Address == "" { // erased
			return nil
		}
		return []sop.Person{c.person(d.Reporter.Address, d.Reporter.Name, d.Lang)}
	case theCoReporters:
		var all []sop.Person
		for _, p := range d.CoReporters {
			all = append(all, c.person(p.Address, p.Name, p.Lang))
		}
		return all
	case theWatchers:
		var all []sop.Person
		for _, a := range d.Watchers {
			all = append(all, c.person(a, "", d.Lang))
		}
		return all
	case theTeam:
		return c.team(d)
	case theLeadOfP1:
		if d.Priority == sop.P1 {
			return c.lead(d.Team)
		}
	case theAssignee, theAssigneeOrTeam:
		switch {
		case d.Assignee == "" && r == theAssigneeOrTeam:
			return c.team(d)
		case d.Assignee != "" && c.away(d.Assignee):
			return append([]sop.Person{c.desk(d.Assignee)}, c.lead(d.Team)...)
		case d.Assignee != "":
			return []sop.Person{c.desk(d.Assignee)}
		}
	}
	return nil
}

// person is somebody outside the desk: what the directory says of his language goes first.
func (c *Case) person(address, name string, lang sop.Lang) sop.Person {
	p := sop.Person{Address: address, Name: name, Lang: lang}
	if c.s.Desk.Person != nil {
		known := c.s.Desk.Person(address)
		if p.Name == "" {
			p.Name = known.Name
		}
		if known.Lang != "" {
			p.Lang = known.Lang
		}
	}
	if p.Lang == "" {
		p.Lang = c.p.Lang
	}
	return p
}

// desk is somebody of the desk.
func (c *Case) desk(address string) sop.Person {
	p := sop.Person{Address: address, Lang: c.p.Lang}
	if a, ok := c.p.Agent(address); ok {
		p.Address, p.Name = a.Address, a.Name
		if a.Lang != "" {
			p.Lang = a.Lang
		}
	}
	return p
}

// team are the members of a ticket's team, the lead where it has none.
func (c *Case) team(d *Draft) []sop.Person {
	t, ok := c.p.Team(d.Team)
	if !ok {
		return nil
	}
	var all []sop.Person
	for _, m := range t.Members {
		all = append(all, c.desk(m))
	}
	if len(all) == 0 {
		return c.lead(d.Team)
	}
	return all
}

func (c *Case) lead(team string) []sop.Person {
	if t, ok := c.p.Team(team); ok && t.Lead != "" {
		return []sop.Person{c.desk(t.Lead)}
	}
	return nil
}

func (c *Case) away(agent string) bool { return c.s.Desk.Away[agent].After(c.now) }

// Agent finds an agent by his address or an alias of it.
func (p *Policy) Agent(address string) (Agent, bool) {
	for _, a := range p.Agents {
		if a.Address == address || slices.Contains(a.Aliases, address) {
			return a, true
		}
	}
	return Agent{}, false
}

// Team finds a team by its name.
func (p *Policy) Team(name string) (Team, bool) {
	for _, t := range p.Teams {
		if t.Name == name {
			return t, true
		}
	}
	return Team{}, false
}

// OnDesk says whether an address is an agent's, a lead's or the manager's.
func (p *Policy) OnDesk(address string) bool {
	if _, ok := p.Agent(address); ok || address == p.Manager {
		return true
	}
	return slices.ContainsFunc(p.Teams, func(t Team) bool { return t.Lead == address })
}

// SortOf says where an answer to a kind of notice goes.
func SortOf(k sop.Kind) sop.Sort { return letters[k].answer }
