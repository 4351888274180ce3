package templates

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"helpost/internal/sop"
)

const (
	maxWords      = 64 << 10 // bytes of a person's words in a notice
	maxQuote      = 4 << 10  // bytes of the quote
	maxQuoteLines = 60
	maxListed     = 100 // tickets of a list
)

// view is Data as templates see it: every value tamed to one line, times and fixed words in the reader's language.
// docs/templates.md lists what stands here for who edits a template.
type view struct {
	ticketView
	Hello             string // "Halo Rina Wijaya,"
	ToDesk            bool
	Phone, Hours      string
	Author, Role      string
	When              string // the words came
	Words, Said       string // the mark of their block; the words themselves where they are one short line
	Marked            bool
	Files             string // "a.zip, b.iso"
	Reason            string
	Until             string
	UntilOn           string // by its date, never "tomorrow"
	UntilDay          string // without the hour
	Silence           string
	Buttons           string // the mark of their block
	Invited           bool
	Onsite            bool
	Who, VisitAt      string
	Late, Due         string
	HasLate, Response bool
	ByChange          bool
	Next, NextAt      string
	Level             int
	Told              []string
	Word, Nearest     string
	Example           string // how the command is written
	Line              int
	Detail, Body      string
	Long              bool // the body is too long for a button
	Into, IntoSubject string
	Failed            string
	FailedAddress     string
	List              []ticketView
	Count             int
	Figures           *figuresView
	Today, Awaiting   []ticketView // of `morning`; List are the others of his own
	TodayCount        int
	AwaitingCount     int

	d       *Data
	l       *language
	words   []string
	body    []string
	buttons [][]Button // of the notice, then of each ticket of a list
	lines   []string   // room for the lines of blocks
	facts   []fact     // likewise
}

// ticketView is a ticket as templates see it: the notice's, or one of a list.
type ticketView struct {
	ID, Subject                 string
	Priority                    string // to the desk only
	Decided                     bool
	State, Type                 string
	Impact, Urgency             string
	Evidence                    string // "semua cabang" (dampak), "mati" (urgensi)
	Reporter, Address           string
	Department, Assets          string
	Shots                       string // "1 tangkapan layar"
	Noted                       string // department, assets, screenshots
	Turn                        string // whose move it is
	Linked                      string
	Responded, Suspicious       bool
	Stopped                     bool   // the urgency is high: work has stopped
	Received, AnswerBy, SolveBy string // moments
	AnswerByShort, SolveByShort string
	Deadline                    string // what is due next, and how long it is until then or how late it is; "" where no clock runs
	Overdue                     string // of a bundle: how late
	Buttons                     string // of a bundle
}

// fill tames everything that a template may show.
func (v *view) fill(l *language, d *Data) {
	*v = view{
		ticketView: viewTicket(l, d, &d.Ticket),
		Hello:      l.hello(d.To.Name), ToDesk: d.ToDesk, Phone: value(d.Company.Phone), Hours: value(d.Company.Hours),
		Author: person(d.Author), Role: value(l.said("role", d.Role)), When: moment(l.lang, d.Now, d.At), Marked: d.Marked,
		Files: value(joined(d.Files, 20)), Reason: value(d.Reason), Until: moment(l.lang, d.Now, d.Until),
		UntilOn: moment(l.lang, time.Time{}, d.Until), UntilDay: dayOf(l.lang, d.Now, d.Until, false), Invited: d.Invited,
		d: d, l: l, buttons: [][]Button{l.labelled(d.Buttons)}, lines: v.lines[:0], facts: v.facts[:0],
	}
	if v.words = l.lines(d.Words); len(v.words) > 0 {
		v.Words = wordsMark
	}
	if len(v.words) == 1 && len(v.words[0]) <= 200 {
		v.Said = value(v.words[0])
	}
	if len(d.Buttons) > 0 {
		v.Buttons = buttonsMark + "0"
	}
	if d.Silence > 0 {
		v.Silence = inHours(l.lang, d.Silence)
	}
	v.details()
	v.list()
	v.Figures = viewFigures(l, d)
}

// details fills in what only some kinds have.
func (v *view) details() {
	d, l := v.d, v.l
	if e := d.Error; e != nil {
		v.Word, v.Nearest, v.Example = value(l.command(e.Word, e.Body)), value(l.command(e.Nearest, e.Nearest)), l.example(e.Word)
		v.Line, v.Detail = e.Line, value(l.said("state", e.Detail))
		if v.body = l.lines(e.Body); len(v.body) > 0 {
			v.Body = bodyMark
		}
		v.Long = len(d.Buttons) == 0
	}
	if d.Failed != nil {
		v.Failed, v.FailedAddress = person(d.Failed.Name), value(d.Failed.Address)
		if v.Failed == "" {
			v.Failed = v.FailedAddress
		}
	}
	if d.Merged != nil {
		v.Into, v.IntoSubject = value(d.Merged.Into), value(d.Merged.Subject)
	}
	if d.Visit != nil {
		v.Who, v.VisitAt, v.Onsite = person(d.Visit.Who), moment(l.lang, d.Now, d.Visit.When), d.Visit.How == sop.Onsite
	}
	if late := d.Late; late != nil {
		v.HasLate, v.Response, v.ByChange, v.Level = true, late.Clock == "response", late.ByChange, late.Level
		v.Late, v.Due = span(l.lang, late.By), moment(l.lang, d.Now, late.Due)
		v.Next, v.NextAt = value(l.said("level", late.NextLevel)), moment(l.lang, d.Now, late.NextAt)
	}
	for _, t := range d.Told {
		v.Told = append(v.Told, value(l.said("level", t.Who)+" ("+shortMoment(l.lang, d.Now, t.At)+")"))
	}
}

// command is a command as people write it, with its number sign: in the reader's language, but for one that stands in
// the text as it is.
func (l *language) command(word, text string) string {
	name := strings.TrimPrefix(oneLine(word, 60), "#")
	if name == "" {
		return ""
	}
	if said := l.said("command", name); !strings.Contains(strings.ToLower(text), "#"+strings.ToLower(name)) {
		return "#" + said
	}
	return "#" + name
}

// example shows how a command is written; "" where there is nothing to show.
func (l *language) example(word string) string {
	name := strings.TrimPrefix(word, "#")
	if said := l.words["command."+name]; said != "" && l.words["example."+name] == "" { // it takes no argument
		return "#" + said
	}
	return l.words["example."+name]
}

// list fills in the tickets of a list, each with its buttons.
func (v *view) list() {
	v.Count, v.TodayCount, v.AwaitingCount = max(len(v.d.List), v.d.ListCount), max(len(v.d.Due), v.d.DueCount), max(len(v.d.Awaiting), v.d.AwaitingCount)
	v.List, v.Today, v.Awaiting = v.listed(v.d.List), v.listed(v.d.Due), v.listed(v.d.Awaiting)
}

func (v *view) listed(tickets []Ticket) (list []ticketView) {
	for i := range tickets[:min(len(tickets), maxListed)] {
		t := viewTicket(v.l, v.d, &tickets[i])
		if buttons := tickets[i].Buttons; len(buttons) > 0 {
			t.Buttons = buttonsMark + strconv.Itoa(len(v.buttons))
			v.buttons = append(v.buttons, v.l.labelled(buttons))
		}
		list = append(list, t)
	}
	return list
}

// hello greets by the full name; whoever has none is greeted without.
func (l *language) hello(name string) string {
	if name = FullName(name); name != "" {
		return strings.Replace(l.word("hello"), "{}", name, 1)
	}
	return l.word("hello.nobody")
}

// lines gives the lines of a text that somebody wrote, and says where it was cut.
func (l *language) lines(text string) []string {
	lines, cut := manyLines(text, maxWords)
	if cut {
		lines = append(lines, l.word("cut"))
	}
	return lines
}

// quoted gives the quote and the line above it.
func (v *view) quoted() (intro string, lines []string) {
	q := v.d.Quote
	if q == nil {
		return "", nil
	}
	lines, cut := manyLines(q.Text, maxQuote)
	if len(lines) > maxQuoteLines {
		lines, cut = lines[:maxQuoteLines], true
	}
	if len(lines) == 0 {
		return "", nil
	}
	if cut {
		lines = append(lines, "[…]")
	}
	intro = quoteIntro(v.l.lang, &Quote{Author: unmark(person(q.Author)), At: q.At})
	return guarded(strings.Join(strings.Fields(intro), " ")), lines
}

func viewTicket(l *language, d *Data, t *Ticket) ticketView {
	v := ticketView{
		ID: value(t.ID), Subject: value(t.Subject), Decided: t.Decided, Evidence: evidence(l, t.Evidence),
		State: value(l.said("state", t.State)), Type: l.said("type", string(t.Type)),
		Impact: l.said("impact", string(t.Impact)), Urgency: l.said("urgency", string(t.Urgency)),
		Reporter: person(t.Reporter.Name), Address: value(t.Reporter.Address), Department: value(t.Reporter.Department),
		Assets: value(joined(t.AssetCodes, 10)), Linked: value(joined(t.Linked, 10)), Turn: turn(l, d, t),
		Responded: t.Responded, Suspicious: t.Suspicious, Stopped: t.Urgency == sop.High,
		Received: moment(l.lang, d.Now, t.CreatedAt),
		AnswerBy: moment(l.lang, d.Now, t.ResponseDue), AnswerByShort: shortMoment(l.lang, d.Now, t.ResponseDue),
		SolveBy: moment(l.lang, d.Now, t.ResolutionDue), SolveByShort: shortMoment(l.lang, d.Now, t.ResolutionDue),
		Deadline: deadline(l, d, t),
	}
	if d.ToDesk {
		v.Priority = value(string(t.Priority))
	}
	if v.Reporter == "" {
		v.Reporter = v.Address
	}
	if t.Late < 0 {
		v.Overdue = strings.Replace(l.word("left"), "{}", span(l.lang, t.Late), 1)
	} else {
		v.Overdue = strings.Replace(l.word("late"), "{}", span(l.lang, t.Late), 1)
	}
	switch {
	case t.Screenshots == 1:
		v.Shots = l.word("screenshot")
	case t.Screenshots > 1:
		v.Shots = strings.Replace(l.word("screenshots"), "{}", strconv.Itoa(t.Screenshots), 1)
	}
	for _, s := range []string{v.Department, v.Assets, v.Shots} {
		if s != "" && v.Noted != "" {
			v.Noted += ", "
		}
		v.Noted += s
	}
	return v
}

// evidence lists the very words that the suggestion rests on: "semua cabang" (dampak), "mati" (urgensi).
func evidence(l *language, words map[string]string) string {
	var said []string
	for _, field := range []string{"priority", "impact", "urgency", "type"} {
		if w := oneLine(words[field], 120); w != "" {
			said = append(said, `"`+w+`" (`+l.word("field."+field)+")")
		}
	}
	return value(strings.Join(said, ", "))
}

// value tames a value for a line, and marks it where it could be taken for a line of another kind.
func value(s string) string { return marked(oneLine(s, maxLine)) }

func marked(s string) string {
	if s != "" && strings.IndexByte(lineSigns, s[0]) >= 0 {
		return valueMark + s
	}
	return s
}

// person is a name put right; what is no name stays as it is, tamed.
func person(name string) string {
	if full := FullName(name); full != "" {
		return marked(full)
	}
	return value(oneLine(name, maxName))
}

// joined lists at most so many values.
func joined(list []string, most int) string {
	var said []string
	for _, s := range list[:min(len(list), most)] {
		if s = oneLine(s, 100); s != "" {
			said = append(said, s)
		}
	}
	if len(list) > most {
		said = append(said, "…")
	}
	return strings.Join(said, ", ")
}

// deadline says what is due next and how long it is until then, or how late it is; "" where no clock runs.
func deadline(l *language, d *Data, t *Ticket) string {
	due, open, late := t.ResponseDue, "answer.due", "answer.late"
	if t.Responded {
		due, open, late = t.ResolutionDue, "solve.due", "solve.late"
	}
	switch {
	case t.State == "resolved", t.State == "closed", t.State == "merged", t.State == "rejected":
		return ""
	case t.State == "pending" && t.Responded:
		return l.word("clock.stopped")
	case due.IsZero():
		return ""
	}
	left := due.Sub(d.Now)
	if left < 0 {
		return strings.Replace(l.word(late), "{}", span(l.lang, left), 1)
	}
	said := strings.Replace(l.word(open), "{}", shortMoment(l.lang, d.Now, due), 1)
	return strings.Replace(said, "{left}", span(l.lang, left), 1)
}

// turn is whose move it is: the reader's, the assignee's, the team's, nobody's.
func turn(l *language, d *Data, t *Ticket) string {
	switch who := person(t.Assignee); {
	case t.State == "closed", t.State == "merged", t.State == "rejected":
		return l.word("turn.none")
	case t.State == "resolved" && d.Kind != sop.KindUndeliverable:
		return l.word("turn.reporter")
	case who != "" && who == person(d.To.Name):
		return l.word("you")
	case who != "":
		return who
	}
	if team := value(t.Team); team != "" {
		return strings.Replace(l.word("team"), "{}", team, 1)
	}
	return l.word("nobody")
}

// Is tells texts of one kind apart: {{if .Is "note"}} for a status, {{if .Is "confirm"}} for a closing, a problem or a
// verdict of that name.
func (v *view) Is(name string) bool {
	return name == string(v.d.Status) || name == string(v.d.Closing) || name == string(v.d.Verdict) || v.d.Error != nil && name == v.d.Error.Problem
}

// Asks says whether a fact is asked for: {{if .Asks "department"}}.
func (v *view) Asks(name string) bool { return slices.Contains(v.d.Missing, name) }

// In says whether the ticket is in one of these states: {{if .In "resolved" "closed"}}.
func (v *view) In(states ...string) bool { return slices.Contains(states, v.d.Ticket.State) }

// head is the first line of a mail to the desk.
func (v *view) head(what string) string {
	fields := make([]string, 0, 6)
	for _, s := range append([]string{unmark(v.ID), unmark(v.Priority)}, strings.Split(what, "·")...) {
		if s = strings.TrimSpace(s); s != "" {
			fields = append(fields, s)
		}
	}
	return strings.Join(append(fields, v.l.word(whereKey(v.d))), " · ")
}

// whereKey names the words that say where an answer goes.
func whereKey(d *Data) string {
	switch {
	case d.Ref == "":
		return "where.none"
	case d.Sort == sop.Internal:
		return "where.internal"
	}
	return "where.public"
}

// foot is the last line but one.
func (v *view) foot() string {
	foot := v.l.word("foot")
	if v.Phone != "" {
		foot += " · " + strings.Replace(v.l.word("foot.phone"), "{}", unmark(v.Phone), 1)
	}
	if v.Hours != "" {
		foot += " · " + unmark(v.Hours)
	}
	return foot
}
