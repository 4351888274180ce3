package show

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"helpost/internal/report"
)

// widestKey is how much of a group's name a report shows.
const widestKey = 32

// Report writes the figures of a period: how the targets were kept, or with volume how many tickets there were. bars
// draws a small one behind each row.
func Report(w io.Writer, r report.Report, volume, bars bool) error {
	p := &printer{w: w}
	what := "SLA"
	if volume {
		what = "volume"
	}
	last := r.To.Add(-time.Second).In(r.From.Location())
	head := []string{fmt.Sprintf("%s %s", what, r.Period), fmt.Sprintf("received from %s to %s (%s)", r.From.Format("2 Jan 2006"), last.Format("2 Jan 2006"), r.Timezone)}
	if r.Team != nil {
		head = append(head, "team "+line(*r.Team, widestKey))
	}
	head = append(head, "as of "+r.At.Format("2 Jan 2006 15:04"))
	p.say("%s", strings.Join(head, " · "))
	if volume {
		volumes(p, &r, bars)
	} else {
		targets(p, &r, bars)
	}
	p.say("")
	p.say("%s", line(r.Document, 120))
	if r.RecordHead != nil {
		p.say("record sealed at %s", line(*r.RecordHead, 120))
	}
	return p.err
}

// rowsOf are the rows of a report with the total below.
func rowsOf(r *report.Report) []*report.Row {
	var all []*report.Row
	for i := range r.Rows {
		all = append(all, &r.Rows[i])
	}
	return append(all, &r.Total)
}

func keyOf(k string) string {
	if k == "" {
		return "(none)"
	}
	return line(k, widestKey)
}

func targets(p *printer, r *report.Report, bars bool) {
	for _, t := range []struct {
		name string
		of   func(*report.Row) *report.Target
	}{{"RESPONSE", func(r *report.Row) *report.Target { return &r.Response }}, {"RESOLUTION", func(r *report.Row) *report.Target { return &r.Resolution }}} {
		g := grid{{t.name, "TICKETS", "MET", "MISSED", "BY CHANGE", "UNOWED", "RUNNING", "NET", "GROSS", "MEDIAN", "P90", "GROSS MEDIAN", "GROSS P90"}}
		for _, row := range rowsOf(r) {
			k := t.of(row)
			g = append(g, []string{keyOf(row.Key), strconv.Itoa(row.Received), strconv.Itoa(k.Met), strconv.Itoa(k.Missed), strconv.Itoa(k.ByChange), strconv.Itoa(k.Unowed), strconv.Itoa(k.Running),
				percent(k.Percent), percent(k.GrossPercent), length(k.Median), length(k.P90), length(k.GrossMedian), length(k.GrossP90)})
			if last := len(g) - 1; bars && k.Percent != nil {
				g[last] = append(g[last], bar(*k.Percent/100))
			}
		}
		p.say("")
		g.write(p)
	}
}

func volumes(p *printer, r *report.Report, bars bool) {
	most := 1
	for i := range r.Rows {
		most = max(most, r.Rows[i].Received)
	}
	g := grid{{strings.ToUpper(r.By), "RECEIVED", "INCIDENTS", "REQUESTS", "P1", "P2", "P3", "DECIDED", "DISPUTES", "REOPENED", "CONFIRMED", "SILENCE", "BY HAND", "OPEN", "AWAITING", "MERGED", "REJECTED"}}
	ages := grid{{"OPEN NOW", "ALL", "< 1 DAY", "1-3 DAYS", "3-7 DAYS", "7-30 DAYS", "OLDER"}}
	for _, row := range rowsOf(r) {
		g = append(g, numbers(row.Key, row.Received, row.Incidents, row.ServiceRequests, row.P1, row.P2, row.P3, row.DecidedByAgent, row.Disputes, row.Reopened, row.ByConfirm, row.BySilence, row.ByHand, row.Open, row.Awaiting, row.Merged, row.Rejected))
		if last := len(g) - 1; bars && row != &r.Total {
			g[last] = append(g[last], bar(float64(row.Received)/float64(most)))
		}
		a := row.OpenNow
		ages = append(ages, numbers(row.Key, a.Total(), a.Day, a.Days3, a.Week, a.Month, a.Older))
	}
	p.say("")
	g.write(p)
	p.say("")
	ages.write(p)
}

func numbers(key string, n ...int) []string {
	cells := []string{keyOf(key)}
	for _, v := range n {
		cells = append(cells, strconv.Itoa(v))
	}
	return cells
}

// grid is a table: names above, the first column to the left, numbers to the right. What a row has beyond the names stands
// behind it.
type grid [][]string

func (g grid) write(p *printer) {
	widths := make([]int, len(g[0]))
	for _, row := range g {
		for i := range widths {
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	for _, row := range g {
		var b strings.Builder
		for i, cell := range row {
			switch {
			case i == 0:
				b.WriteString(cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)))
			case i < len(widths):
				b.WriteString("  " + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)) + cell)
			default:
				b.WriteString("  " + cell)
			}
		}
		p.say("%s", strings.TrimRight(b.String(), " "))
	}
}

// bar draws a share, ten characters for all of it.
func bar(share float64) string {
	const whole, parts = 10, "▏▎▍▌▋▊▉█"
	eighths := int(share*whole*8 + 0.5)
	b := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		b += string([]rune(parts)[rest-1])
	}
	return b
}

func percent(p *float64) string {
	if p == nil {
		return "–"
	}
	return strconv.FormatFloat(*p, 'f', 1, 64) + "%"
}

// length is a time in its two largest units.
func length(seconds *int64) string {
	if seconds == nil {
		return "–"
	}
	d, h, m, s := *seconds/86400, *seconds/3600%24, *seconds/60%60, *seconds%60
	switch {
	case d > 0:
		return fmt.Sprintf("%dd %02dh", d, h)
	case h > 0:
		return fmt.Sprintf("%dh %02dm", h, m)
	case m > 0:
		return fmt.Sprintf("%dm %02ds", m, s)
	}
	return fmt.Sprintf("%ds", s)
}
