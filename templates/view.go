package templates

import (
	"html/template"
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
	Ref string

	Hello          string // "Halo Rina Wijaya,"
	Phone, Hours   string
	Author, Role   string
	Reason, Detail string
	Marked         bool
	Files          string // "a.zip, b.iso"
	Words, Body    string // marks of the blocks
	Buttons        string
	Word, Nearest  string
	Line           int
	Long           bool // the body is too long for a button
	Failed         string
	FailedAddress  string
	Into           string
	IntoSubject    string
	Who            string // of a visit
	Next           string // who is told next
	Told           []string
	List           []*ticketView
	Count          int
	Level          int
	QuoteIntro     string
	Pictures       []template.URL

	d       *Data
	words   []string
	body    []string
	quote   []string
	buttons map[string][]Button
	set     *language
}

// ticketView is a ticket as templates see it.
type ticketView struct {
	ID, Subject         string
	Priority            string // to the desk only
	Decided             bool
	State, Type         string
	Impact, Urgency     string
	Evidence            string
	Reporter, Address   string
	Department, Assets  string
	Shots, Noted        string
	Assignee, Team      string
	Linked              string
	Responded           bool
	Suspicious, Stopped bool
	Buttons             string // of a bundle

	t    *Ticket
	data *Data
	lang *language
}

// newView tames everything that a template may show.
func newView(l *language, d *Data) *view {
	v := &view{d: d, set: l, Ref: oneLine(d.Ref, maxLine), Hello: l.word("hello.nobody"), buttons: map[string][]Button{"": l.labelled(d.Buttons)}}
	if name := FullName(d.To.Name); name != "" {
		v.Hello = strings.Replace(l.word("hello"), "{}", name, 1)
	}
	v.ticketView = viewTicket(l, d, &d.Ticket)
	v.ticketView.Buttons = ""
	v.Phone, v.Hours = value(d.Company.Phone), value(d.Company.Hours)
	v.Author, v.Role = person(d.Author), value(l.said("role", d.Role))
	v.Reason, v.Marked = value(d.Reason), d.Marked
	v.Files = value(joined(d.Files, 20))
	if lines, cut := manyLines(d.Words, maxWords); len(lines) > 0 {
		v.Words, v.words = wordsMark, lines
		if cut {
			v.words = append(lines, l.word("cut"))
		}
	}
	if len(d.Buttons) > 0 {
		v.Buttons = buttonsMark
	}
	v.viewDetails(l, d)
	v.viewQuote(l, d.Quote)
	return v
}

// viewDetails fills in what only some kinds have.
func (v *view) viewDetails(l *language, d *Data) {
	if e := d.Error; e != nil {
		v.Word, v.Nearest, v.Line = value(e.Word), value(e.Nearest), e.Line
		v.Detail = value(l.said("state", e.Detail))
		if lines, cut := manyLines(e.Body, maxWords); len(lines) > 0 {
			v.Body, v.body = bodyMark, lines
			if cut {
				v.body = append(lines, l.word("cut"))
			}
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
		v.Who = person(d.Visit.Who)
	}
	if d.Late != nil {
		v.Next, v.Level = value(l.said("level", d.Late.NextLevel)), d.Late.Level
	}
	for _, t := range d.Told {
		v.Told = append(v.Told, value(l.said("level", t.Who)+" ("+shortMoment(l.lang, d.Now, t.At)+")"))
	}
	v.Count = len(d.List)
	for i := range d.List[:min(len(d.List), maxListed)] {
		t := viewTicket(l, d, &d.List[i])
		if key := strconv.Itoa(i); len(d.List[i].Buttons) > 0 {
			t.Buttons = buttonsMark + key
			v.buttons[key] = l.labelled(d.List[i].Buttons)
		}
		v.List = append(v.List, &t)
	}
	for _, p := range d.Pictures {
		v.Pictures = append(v.Pictures, template.URL("cid:"+p))
	}
}

func (v *view) viewQuote(l *language, q *Quote) {
	if q == nil {
		return
	}
	lines, cut := manyLines(q.Text, maxQuote)
	if len(lines) > maxQuoteLines {
		lines, cut = lines[:maxQuoteLines], true
	}
	if len(lines) == 0 {
		return
	}
	if cut {
		lines = append(lines, "[…]")
	}
	v.quote = lines
	v.QuoteIntro = guarded(strings.Join(strings.Fields(quoteIntro(l.lang, &Quote{Author: unmark(person(q.Author)), At: q.At})), " "))
}

func viewTicket(l *language, d *Data, t *Ticket) ticketView {
	v := ticketView{
		ID: value(t.ID), Subject: value(t.Subject), Decided: t.Decided,
		State: value(l.said("state", t.State)), Type: l.said("type", string(t.Type)), Impact: l.said("impact", string(t.Impact)), Urgency: l.said("urgency", string(t.Urgency)),
		Reporter: person(t.Reporter.Name), Address: value(t.Reporter.Address), Department: value(t.Reporter.Department), Assets: value(joined(t.AssetCodes, 10)),
		Assignee: person(t.Assignee), Team: value(t.Team), Linked: value(joined(t.Linked, 10)),
		Responded: t.Responded, Suspicious: t.Suspicious, Stopped: t.Urgency == sop.High,
		t: t, data: d, lang: l,
	}
	if d.ToDesk {
		v.Priority = value(string(t.Priority))
	}
	if v.Reporter == "" {
		v.Reporter = v.Address
	}
	switch {
	case t.Screenshots == 1:
		v.Shots = l.word("screenshot")
	case t.Screenshots > 1:
		v.Shots = strings.Replace(l.word("screenshots"), "{}", strconv.Itoa(t.Screenshots), 1)
	}
	var noted []string
	for _, s := range []string{v.Department, v.Assets, v.Shots} {
		if s != "" {
			noted = append(noted, s)
		}
	}
	v.Noted = strings.Join(noted, ", ")
	v.Evidence = evidence(l, t.Evidence)
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

// value tames a value for a line, and marks it as one.
func value(s string) string {
	if s = oneLine(s, maxLine); s != "" {
		return valueMark + s
	}
	return ""
}

// person is a name put right; what is no name stays as it is, tamed.
func person(name string) string {
	if full := FullName(name); full != "" {
		return valueMark + full
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

// The times of a ticket, in words; "" where there is none.

func (t *ticketView) moment(at time.Time) string { return moment(t.lang.lang, t.data.Now, at) }

// Received is when the report came.
func (t *ticketView) Received() string { return t.moment(t.t.CreatedAt) }

// AnswerBy is the target of the first answer.
func (t *ticketView) AnswerBy() string { return t.moment(t.t.ResponseDue) }

// SolveBy is the target of the solution.
func (t *ticketView) SolveBy() string { return t.moment(t.t.ResolutionDue) }

// Received and the targets, short.
func (t *ticketView) AnswerByShort() string {
	return shortMoment(t.lang.lang, t.data.Now, t.t.ResponseDue)
}

// SolveByShort is the target of the solution, short.
func (t *ticketView) SolveByShort() string {
	return shortMoment(t.lang.lang, t.data.Now, t.t.ResolutionDue)
}

// Deadline says what is due next and how long it is until then, or how late it is; "" where no clock runs.
func (t *ticketView) Deadline() string {
	due, open, late := t.t.ResponseDue, "answer.due", "answer.late"
	if t.t.Responded {
		due, open, late = t.t.ResolutionDue, "solve.due", "solve.late"
	}
	switch t.t.State {
	case "resolved", "closed", "merged", "rejected":
		return ""
	case "pending":
		if t.t.Responded {
			return t.lang.word("clock.stopped")
		}
	}
	if due.IsZero() {
		return ""
	}
	left := due.Sub(t.data.Now)
	if left < 0 {
		return strings.Replace(t.lang.word(late), "{}", span(t.lang.lang, left), 1)
	}
	return strings.NewReplacer("{}", shortMoment(t.lang.lang, t.data.Now, due), "{left}", span(t.lang.lang, left)).Replace(t.lang.word(open))
}

// Overdue says of a bundle's ticket how late it is, or how long it is until then.
func (t *ticketView) Overdue() string {
	if t.t.Late < 0 {
		return strings.Replace(t.lang.word("left"), "{}", span(t.lang.lang, t.t.Late), 1)
	}
	return strings.Replace(t.lang.word("late"), "{}", span(t.lang.lang, t.t.Late), 1)
}

// Turn is whose move it is: the reader's, the assignee's, the team's, nobody's.
func (t *ticketView) Turn() string {
	switch {
	case t.Assignee != "" && t.Assignee == person(t.data.To.Name):
		return t.lang.word("you")
	case t.Assignee != "":
		return t.Assignee
	case t.Team != "":
		return strings.Replace(t.lang.word("team"), "{}", t.Team, 1)
	}
	return t.lang.word("nobody")
}

// Until is the moment of the wake-up or of the closing.
func (v *view) Until() string { return v.moment(v.d.Until) }

// UntilOn is the same by its date, never "tomorrow".
func (v *view) UntilOn() string { return moment(v.set.lang, time.Time{}, v.d.Until) }

// UntilDay is its day alone.
func (v *view) UntilDay() string { return dayOf(v.set.lang, v.d.Now, v.d.Until, false) }

// When is when the words came.
func (v *view) When() string { return v.moment(v.d.At) }

// VisitAt is when somebody comes or works remotely.
func (v *view) VisitAt() string {
	if v.d.Visit == nil {
		return ""
	}
	return v.moment(v.d.Visit.When)
}

// Onsite says whether somebody comes.
func (v *view) Onsite() bool { return v.d.Visit != nil && v.d.Visit.How == sop.Onsite }

// Late reports how late a target is, or in how long it is due.
func (v *view) Late() string {
	if v.d.Late == nil {
		return ""
	}
	return span(v.set.lang, v.d.Late.By)
}

// Due is the target that is missed, or about to be.
func (v *view) Due() string {
	if v.d.Late == nil {
		return ""
	}
	return v.moment(v.d.Late.Due)
}

// NextAt is when the next level is told.
func (v *view) NextAt() string {
	if v.d.Late == nil {
		return ""
	}
	return v.moment(v.d.Late.NextAt)
}

// ByChange says that the target was past already when the priority changed.
func (v *view) ByChange() bool { return v.d.Late != nil && v.d.Late.ByChange }

// Response says whether the clock is that of the first answer.
func (v *view) Response() bool { return v.d.Late != nil && v.d.Late.Clock == "response" }

// HasLate says whether the notice is about a clock.
func (v *view) HasLate() bool { return v.d.Late != nil }

// Silence is how long nobody answered before a ticket was closed.
func (v *view) Silence() string {
	if v.d.Silence <= 0 {
		return ""
	}
	return span(v.set.lang, v.d.Silence)
}

// Is tells texts of one kind apart: {{if .Is "note"}} for a status, {{if .Is "confirm"}} for a closing, a problem or a
// verdict of that name.
func (v *view) Is(name string) bool {
	return name == string(v.d.Status) || name == string(v.d.Closing) || name == string(v.d.Verdict) || v.d.Error != nil && name == v.d.Error.Problem
}

// Asks says whether a fact is asked for: {{if .Asks "department"}}.
func (v *view) Asks(name string) bool { return slices.Contains(v.d.Missing, name) }

// In says whether the ticket is in one of these states: {{if .In "resolved" "closed"}}.
func (t *ticketView) In(states ...string) bool { return slices.Contains(states, t.t.State) }

// ToDesk says whether an agent, a lead or the manager reads it.
func (v *view) ToDesk() bool { return v.d.ToDesk }

// Invited says whether an invitation for the calendar comes along.
func (v *view) Invited() bool { return v.d.Invited }

// Short says whether the words are one short line, to be quoted within a sentence's paragraph.
func (v *view) Short() bool { return len(v.words) == 1 && len(v.words[0]) <= 200 }

// Said are the words where they are short.
func (v *view) Said() string {
	if !v.Short() {
		return ""
	}
	return value(v.words[0])
}

// head is the first line of a mail to the desk.
func (v *view) head(what string) string {
	fields := make([]string, 0, 6)
	for _, s := range append([]string{unmark(v.ID), unmark(v.Priority)}, strings.Split(what, "·")...) {
		if s = strings.TrimSpace(s); s != "" {
			fields = append(fields, s)
		}
	}
	return strings.Join(append(fields, v.set.word(whereKey(v.d))), " · ")
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

// Foot is the last line but one.
func (v *view) Foot() string {
	foot := v.set.word("foot")
	if v.Phone != "" {
		foot += " · " + strings.Replace(v.set.word("foot.phone"), "{}", unmark(v.Phone), 1)
	}
	if v.Hours != "" {
		foot += " · " + unmark(v.Hours)
	}
	return foot
}

// QuoteHTML is the quote, escaped.
func (v *view) QuoteHTML() template.HTML { return escapedLines(v.quote, true) }

// Lang is the language, for the HTML.
func (v *view) Lang() string { return string(v.set.lang) }
