package checkup

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"helpost/internal/config"
	"helpost/internal/sop"
	"helpost/workflow"
)

// promises looks whether what the configuration promises can be kept.
func promises(c *config.Config) []Finding {
	var all []Finding
	hint := func(format string, args ...any) {
		all = append(all, Finding{Hint, "promises", fmt.Sprintf(format, args...)})
	}
	if c.SLA.P1.Calendar == config.Always && !slices.ContainsFunc(c.Hooks, func(h config.Hook) bool { return h.For(sop.AlarmP1) }) {
		hint("P1 runs around the clock, and no [[hook]] is called for p1: at night an alarm is a mail like any other, and see that it wakes somebody")
	}
	if len(c.SMTP.TrustedRelays) == 0 {
		hint("no [[smtp.trusted_relay]]: nobody's address is proven, so no agent's mail is obeyed; name your own mail system")
	}
	for _, level := range c.Escalation.Chain {
		if level == "manager" && c.Escalation.Manager == "" {
			hint("the chain names the manager, and [escalation] manager is not set: that level is skipped")
		}
		for _, t := range c.Teams {
			if level == "lead" && t.Lead == "" {
				hint("the chain names the lead, and team %s has none: that level is skipped for its tickets", t.Name)
			}
		}
	}
	for _, a := range c.AgentList {
		if !c.InCompany(a.Address) {
			hint("agent %s is not of %s: a trusted relay that vouches for the company's own domains alone cannot prove that mail", a.Address, strings.Join(c.Company.Domains, ", "))
		}
	}
	return all
}

// shown is how many days of a calendar are shown.
const shown = 14

// WriteCalendars writes what the calendars mean in the days to come, and what a report on a Friday afternoon would.
func WriteCalendars(w io.Writer, c *config.Config, now time.Time) error {
	var b strings.Builder
	for i := range c.Calendars {
		writeCalendar(&b, c, &c.Calendars[i], now)
	}
	if err := writeFriday(&b, c, now); err != nil {
		return err
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeCalendar(b *strings.Builder, c *config.Config, cal *config.Calendar, now time.Time) {
	made, _ := c.Calendar(cal.Name)
	hours, ok := made.(*workflow.Hours)
	zone, err := time.LoadLocation(cal.Timezone)
	if !ok || err != nil {
		return
	}
	fmt.Fprintf(b, "\ncalendar %s (%s), the next %d days:\n", cal.Name, cal.Timezone, shown)
	y, m, d := now.In(zone).Date()
	for i := range shown {
		from, to := time.Date(y, m, d+i, 0, 0, 0, 0, zone), time.Date(y, m, d+i+1, 0, 0, 0, 0, zone)
		var spans []string
		for _, s := range hours.Stretches(from, to) {
			closes := s.Closes.In(zone).Format("15:04")
			if s.Closes.Equal(to) {
				closes = "24:00"
			}
			spans = append(spans, s.Opens.In(zone).Format("15:04")+"-"+closes)
		}
		if len(spans) == 0 {
			spans = []string{"closed"}
		}
		if at := slices.IndexFunc(cal.Holidays, func(h config.Holiday) bool { return h.Date == workflow.DateOf(from) }); at >= 0 {
			spans = append(spans, "(holiday: "+cal.Holidays[at].Name+")")
		}
		fmt.Fprintf(b, "  %s  %s\n", from.Format("Mon 02 Jan"), strings.Join(spans, " "))
	}
}

// writeFriday writes until when a report of the coming Friday at 17:00 would be answered and fixed.
func writeFriday(b *strings.Builder, c *config.Config, now time.Time) error {
	p, err := c.Policy()
	if err != nil {
		return err
	}
	y, m, d := now.In(p.Zone).Date()
	days := (int(time.Friday) - int(now.In(p.Zone).Weekday()) + 7) % 7
	friday := time.Date(y, m, d+days, 17, 0, 0, 0, p.Zone)
	fmt.Fprintf(b, "\na report on %s means:\n", friday.Format("Mon 02 Jan, 15:04 MST"))
	for _, priority := range []sop.Priority{sop.P1, sop.P2, sop.P3} {
		t := p.Targets[priority]
		after := func(d time.Duration) string {
			at := friday.Add(d)
			if t.Calendar != nil {
				at = t.Calendar.Add(friday, d)
			}
			return at.In(p.Zone).Format("Mon 02 Jan, 15:04")
		}
		fmt.Fprintf(b, "  %s  answered by %s, fixed by %s\n", priority, after(t.Response), after(t.Resolution))
	}
	return nil
}
