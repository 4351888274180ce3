package templates

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"helpost/internal/sop"
)

// Figures are what a `report` says: how targets were kept, how many tickets there were.
type Figures struct {
	Period   string    // "2026-W03"
	From, To time.Time // the first moment of the first day, and one of the last
	At       time.Time // the figures are as of this moment
	Team     string    // "": all
	Document string    // the SOP's name
	Head     string    // of the sealed record; "": not said
	Groups   []FigureGroup
	Total    FigureRow
}

// FigureGroup is one way to group the same tickets.
type FigureGroup struct {
	By   string // "priority", "team", …
	Rows []FigureRow
}

// FigureRow is the figures of one group of tickets.
type FigureRow struct {
	Key                                                     string // "": none
	Received, Incidents, Requests, Decided                  int
	Disputes, Reopened, Confirmed, Silent, ByHand           int
	Open, Awaiting, Merged, Rejected                        int
	OpenDay, OpenDays3, OpenWeek, OpenMonth, OpenOlder, Now int // open at that moment, by age; Now is all of them
	Response, Resolution                                    Kept
}

// Kept is how a target was kept.
type Kept struct {
	Met, Missed, Running, Unowed, ByChange, Count int
	Percent, Gross                                float64 // negative: there is nothing to say
	Median, P90                                   time.Duration
}

// figuresView is Figures as templates see them.
type figuresView struct {
	Period, Days, At, Team, Document, Head string
	Groups                                 []figureGroupView
	Total                                  figureRowView
}

type figureGroupView struct {
	By   string // "menurut prioritas"
	Rows []figureRowView
}

type figureRowView struct {
	Label                                                   string
	Share                                                   int // of the largest group, in percent
	Received, Incidents, Requests, Decided                  int
	Disputes, Reopened, Confirmed, Silent, ByHand           int
	Open, Awaiting, Merged, Rejected                        int
	OpenDay, OpenDays3, OpenWeek, OpenMonth, OpenOlder, Now int
	Response, Resolution                                    keptView
}

type keptView struct {
	Bar                                           string // the share in percent; "": none
	Percent, Gross                                string // "66,6%", "–"
	Met, Missed, Running, Unowed, ByChange, Count int
	Median, P90                                   string
}

// viewFigures tames figures for a template.
func viewFigures(l *language, d *Data) *figuresView {
	f := d.Figures
	if f == nil {
		return nil
	}
	v := &figuresView{
		Period: value(f.Period), Days: daysOf(l.lang, f.From, f.To), At: moment(l.lang, d.Now, f.At), Team: value(f.Team),
		Document: value(f.Document), Head: value(f.Head), Total: viewRow(l, "", &f.Total, f.Total.Received),
	}
	v.Total.Label = l.word("figure.total")
	for _, g := range f.Groups {
		most := 1
		for i := range g.Rows {
			most = max(most, g.Rows[i].Received)
		}
		view := figureGroupView{By: l.said("figure.by", g.By)}
		for i := range g.Rows[:min(len(g.Rows), maxListed)] {
			view.Rows = append(view.Rows, viewRow(l, g.By, &g.Rows[i], most))
		}
		v.Groups = append(v.Groups, view)
	}
	return v
}

func viewRow(l *language, by string, r *FigureRow, most int) figureRowView {
	label := l.word("figure.none")
	switch {
	case by == "type" && r.Key != "":
		label = l.said("type", r.Key)
	case r.Key != "":
		label = strings.ReplaceAll(value(r.Key), "|", "/") // a bar's line is parted by it
	}
	return figureRowView{
		Label: label, Share: 100 * r.Received / max(most, 1), Received: r.Received, Incidents: r.Incidents, Requests: r.Requests, Decided: r.Decided,
		Disputes: r.Disputes, Reopened: r.Reopened, Confirmed: r.Confirmed, Silent: r.Silent, ByHand: r.ByHand,
		Open: r.Open, Awaiting: r.Awaiting, Merged: r.Merged, Rejected: r.Rejected,
		OpenDay: r.OpenDay, OpenDays3: r.OpenDays3, OpenWeek: r.OpenWeek, OpenMonth: r.OpenMonth, OpenOlder: r.OpenOlder, Now: r.Now,
		Response: viewKept(l, &r.Response), Resolution: viewKept(l, &r.Resolution),
	}
}

func viewKept(l *language, k *Kept) keptView {
	v := keptView{
		Percent: percent(l.lang, k.Percent), Gross: percent(l.lang, k.Gross),
		Met: k.Met, Missed: k.Missed, Running: k.Running, Unowed: k.Unowed, ByChange: k.ByChange, Count: k.Count,
	}
	if k.Percent >= 0 {
		v.Bar = strconv.Itoa(int(k.Percent))
	}
	if k.Count > 0 {
		v.Median, v.P90 = span(l.lang, k.Median), span(l.lang, k.P90)
	}
	return v
}

// percent writes a share with a tenth, as the language does.
func percent(lang sop.Lang, p float64) string {
	if p < 0 {
		return "–"
	}
	s := strconv.FormatFloat(p, 'f', 1, 64)
	if lang != sop.English {
		s = strings.Replace(s, ".", ",", 1)
	}
	return s + "%"
}

// daysOf names a period by its first and last day.
func daysOf(lang sop.Lang, from, to time.Time) string {
	if from.IsZero() {
		return ""
	}
	name := func(t time.Time) string {
		if lang == sop.English {
			return t.Format("2 Jan 2006")
		}
		return fmt.Sprintf("%d %s %d", t.Day(), monthsID[t.Month()-1], t.Year())
	}
	if a, b := name(from), name(to); a != b {
		return a + " – " + b
	}
	return name(from)
}

// barRow is one row of bars: what it is, its value, and what there is to say beside.
type barRow struct {
	Label, Value, Note string
	Share, Rest        int // of the bar, in percent; both 0: there is no bar
}

// barOf reads the line of a bar, without its sign: "66: P1 | 66,6% | 2 of 3". Before the colon stands the share in percent,
// nothing where there is no bar.
func barOf(line string) barRow {
	share, rest, _ := strings.Cut(line, ":")
	parts := append(strings.SplitN(rest, "|", 3), "", "")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	b := barRow{Label: parts[0], Value: parts[1], Note: parts[2]}
	if n, err := strconv.Atoi(strings.TrimSpace(share)); err == nil {
		b.Share = max(0, min(n, 100))
		b.Rest = 100 - b.Share
	}
	return b
}
