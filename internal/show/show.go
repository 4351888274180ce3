// Package show writes tickets, the queue and the quarantine for a person at a terminal.
//
// It knows the API's objects and nothing behind them. What it writes is for eyes, times in the zone that it is given:
// programs take --json.
package show

import (
	"fmt"
	"io"
	"iter"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"helpost/internal/api"
)

// widest is how much of a subject a list shows.
const widest = 60

// Tickets writes a list of tickets, one a line.
func Tickets(w io.Writer, tickets iter.Seq2[api.Summary, error], now time.Time) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "TICKET\tSTATE\tPRIO\tASSIGNEE\tREPORTER\tAGE\tSUBJECT")
	n := 0
	for s, err := range tickets {
		if err != nil {
			return err
		}
		n++
		marks := ""
		if s.Suspicious {
			marks = " (suspicious)"
		}
		fmt.Fprintf(t, "%s\t%s%s\t%s\t%s\t%s\t%s\t%s\n", s.ID, s.State, marks, word(s.Priority), word(s.Assignee), line(s.Reporter.Address, 40), age(now.Sub(s.CreatedAt)), line(s.Subject, widest))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w, count(n, "ticket", "tickets"))
	return err
}

// Queue writes what waits to be sent.
func Queue(w io.Writer, rows iter.Seq2[api.QueueRow, error], now time.Time) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "ID\tTICKET\tKIND\tTO\tAGE\tTRIES\tNEXT\tWHY IT WAITS")
	n := 0
	for r, err := range rows {
		if err != nil {
			return err
		}
		n++
		next := "now"
		if wait := r.NextTry.Sub(now); wait > 0 {
			next = "in " + age(wait)
		}
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\t%d\t%s\t%s\n", r.ID, word(r.Ticket), r.Kind, line(r.To, 60), age(now.Sub(r.Made)), r.Tries, next, line(word(r.LastError), 80))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w, count(n, "mail waits", "mails wait"))
	return err
}

// Quarantine writes the mails in quarantine.
func Quarantine(w io.Writer, rows iter.Seq2[api.QuarantineRow, error], zone *time.Location) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "ID\tAT\tFROM\tWHY\tSIZE\tSUBJECT")
	n := 0
	for r, err := range rows {
		if err != nil {
			return err
		}
		n++
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%s\n", r.ID, moment(r.At, zone), line(r.From, 60), r.Reason, r.Size, line(r.Subject, widest))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w, count(n, "mail in quarantine", "mails in quarantine"))
	return err
}

// Traces writes what became of mails.
func Traces(w io.Writer, rows []api.TraceRow, zone *time.Location) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for _, r := range rows {
		what := []string{r.Outcome}
		if r.Ticket != nil {
			what = append(what, *r.Ticket)
		}
		if r.Detail != "" {
			what = append(what, "("+line(r.Detail, 2000)+")")
		}
		route := r.From
		if r.To != "" {
			route += " → " + r.To
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", moment(r.At, zone), line(route, 120), line(r.MessageID, 120), strings.Join(what, " "), r.Trace)
	}
	return t.Flush()
}

// Ticket tells a ticket's story: what it is, what happened, what was said, in its order.
func Ticket(w io.Writer, t api.Ticket, zone *time.Location) error {
	p := &printer{w: w, zone: zone}
	p.say("%s · %s · %s · %s", t.ID, t.State, word(t.Priority), line(t.Subject, 200))
	p.say("reported by %s, %s", person(t.Reporter), moment(t.CreatedAt, zone))
	facts := []string{word(t.Type), "impact " + word(t.Impact), "urgency " + word(t.Urgency), "priority " + by(t.PriorityBy)}
	if len(t.AssetCodes) > 0 {
		facts = append(facts, "assets "+strings.Join(t.AssetCodes, ", "))
	}
	if t.Category != nil {
		facts = append(facts, "category "+*t.Category)
	}
	p.say("%s", strings.Join(facts, " · "))
	p.say("assigned to %s, team %s", word(t.Assignee), word(t.Team))
	p.target("response", t.ResponseDue, t.RespondedAt, t.ResponseBreached)
	p.target("resolution", t.ResolutionDue, t.ResolvedAt, t.ResolutionBreached)
	if len(t.Watchers)+len(t.CoReporters)+len(t.Linked) > 0 {
		p.say("watchers %s · co-reporters %s · linked %s", list(t.Watchers), list(t.CoReporters), list(t.Linked))
	}
	if t.Hold {
		p.say("on hold: neither age nor an erasure takes anything from it")
	}
	if t.Suspicious {
		p.say("SUSPICIOUS: words on it came from somebody whose address is not proven")
	}
	messages := 0
	for _, e := range t.Events {
		if e.Type == "created" || e.Type == "message" {
			if messages < len(t.Messages) {
				p.message(t.Messages[messages])
				messages++
			}
		}
		p.event(e)
	}
	for ; messages < len(t.Messages); messages++ {
		p.message(t.Messages[messages])
	}
	return p.err
}

type printer struct {
	w    io.Writer
	zone *time.Location
	err  error
}

func (p *printer) say(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

func (p *printer) target(name string, due, done *time.Time, missed bool) {
	if due == nil {
		return
	}
	said := "due " + moment(*due, p.zone)
	if done != nil {
		said = "met " + moment(*done, p.zone)
	}
	if missed {
		said += ", MISSED"
	}
	p.say("%s %s", name, said)
}

func (p *printer) message(m api.Message) {
	ways := map[string]string{"in": "wrote", "out": "answered", "note": "noted (internal)"}
	mark := ""
	if m.Marked && m.Kind != "unproven" {
		mark = ", UNPROVEN"
	}
	p.say("\n%s  %s %s (%s%s):", moment(m.At, p.zone), m.From, ways[m.Direction], m.Kind, mark)
	for l := range strings.SplitSeq(strings.TrimSpace(m.Text), "\n") {
		p.say("    %s", clean(l))
	}
	for _, a := range m.Attachments {
		p.say("    [%s, %s, %d bytes, sha256 %.12s]", line(a.Filename, 100), a.ContentType, a.Size, a.SHA256)
	}
}

func (p *printer) event(e api.Event) {
	if e.Type == "message" {
		return
	}
	p.say("%s  %s", moment(e.At, p.zone), sentence(e, p.zone))
}

func by(who *string) string {
	if word(who) == "agent" {
		return "decided by an agent"
	}
	return "suggested"
}

func person(r api.Reporter) string {
	said := r.Address
	if said == "" {
		said = "somebody who was erased"
	}
	if r.Name != nil {
		said = line(*r.Name, 100) + " <" + said + ">"
	}
	if r.Department != nil {
		said += ", " + line(*r.Department, 100)
	}
	return said
}

func list(all []string) string {
	if len(all) == 0 {
		return "-"
	}
	return strings.Join(all, ", ")
}

func word(s *string) string {
	if s == nil || *s == "" {
		return "-"
	}
	return *s
}

func moment(t time.Time, zone *time.Location) string {
	return t.In(zone).Format("2006-01-02 15:04:05 MST")
}

// count says how many there are of something.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// age writes how long something is, coarsely: 3d4h, 2h10m, 45s.
func age(d time.Duration) string {
	switch d = d.Round(time.Second); {
	case d >= 24*time.Hour:
		return fmt.Sprintf("%dd%dh", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
	case d >= time.Hour:
		return fmt.Sprintf("%dh%dm", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%dm", d/time.Minute)
	default:
		return fmt.Sprintf("%ds", max(0, d/time.Second))
	}
}

// clean takes what could move a terminal's cursor, change its colours or turn the direction of its text out of what
// people wrote.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		turns := r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
		if turns || r < ' ' && r != '\t' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' {
			return '·'
		}
		return r
	}, s)
}

// line is a text on one line, cut where it is too long.
func line(s string, most int) string {
	s = clean(strings.Join(strings.Fields(s), " "))
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}
