package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"helpost/workflow"
)

// longest bounds what the SOP may promise or wait for.
const longest = 366 * 24 * time.Hour

func (k *checker) sla() {
	s := &k.SLA
	if !(s.WarnAt > 0 && s.WarnAt < 1) {
		k.fail("sla.warn_at", "warn_at must be between 0 and 1, both left out (0.75 warns when three quarters of the time are gone); it is %v", s.WarnAt)
	}
	for name, t := range map[string]*Target{"sla.P1": &s.P1, "sla.P2": &s.P2, "sla.P3": &s.P3} {
		k.within(join(name, "response"), t.Response, longest)
		k.within(join(name, "resolution"), t.Resolution, longest)
		k.knownCalendar(join(name, "calendar"), t.Calendar)
	}
}

func (k *checker) validation() {
	v := &k.Validation
	k.within("validation.close_after", v.CloseAfter, longest)
	k.within("validation.reopen_window", v.ReopenWindow, longest)
	if k.at.has("validation.remind_after") {
		k.within("validation.remind_after", v.RemindAfter, longest)
		if v.RemindAfter.Duration >= v.CloseAfter.Duration {
			k.warn("validation.remind_after", fmt.Sprintf("remind_after (%s) is not before close_after (%s): nobody is reminded", v.RemindAfter, v.CloseAfter))
		}
	} else {
		v.RemindAfter = Duration{v.CloseAfter.Duration / 2}
	}
	k.knownCalendar("validation.calendar", v.Calendar)
}

func (k *checker) knownCalendar(path, name string) {
	if _, known := k.calendars[name]; known {
		return
	}
	names := []string{Always}
	for n := range k.calendars {
		if n != Always {
			names = append(names, n)
		}
	}
	slices.Sort(names[1:])
	mend := "write a [[calendar]] with this name; there is " + strings.Join(names, ", ")
	if n := nearest(name, names); n != "" {
		mend = "do you mean " + n + "?"
	}
	k.fail(path, "calendar: there is no calendar %q: %s", name, mend)
}

// calendarList checks the calendars and makes them.
func (k *checker) calendarList() {
	k.calendars = map[string]workflow.Calendar{Always: nil}
	for i := range k.Calendars {
		c, path := &k.Calendars[i], item("calendar", i)
		_, taken := k.calendars[c.Name]
		switch {
		case c.Name == "":
			k.fail(path, "[[calendar]] without a name")
		case c.Name == Always:
			k.fail(join(path, "name"), "name: %q is always there and never closes; choose another", Always)
		case taken:
			k.fail(join(path, "name"), "name: a calendar %q is there already", c.Name)
		}
		made := k.calendar(path, c)
		if c.Name != Always {
			k.calendars[c.Name] = made
		}
	}
}

func (k *checker) calendar(path string, c *Calendar) workflow.Calendar {
	if c.Timezone == "" {
		c.Timezone = k.Company.Timezone
	}
	zone := time.UTC
	if k.at.has(join(path, "timezone")) {
		zone = k.zone(join(path, "timezone"), c.Timezone)
	} else if z, err := time.LoadLocation(c.Timezone); err == nil {
		zone = z
	}
	var week [7][]workflow.Opening
	total := 0
	for day, d := range c.Hours.days() {
		for i, text := range d.spans {
			span, err := parseSpan(text)
			if err != nil {
				k.fail(item(join(path, "hours."+d.key), i), "%s: %v", d.key, err)
				continue
			}
			week[day] = append(week[day], span)
		}
		total += len(d.spans)
	}
	if total == 0 {
		k.fail(path, "calendar %q never opens: write hours = { mon = [\"08:00-17:00\"], … }", c.Name)
	}
	if c.HolidaysFile != "" {
		k.holidays(join(path, "holidays_file"), c)
	}
	var free []workflow.Date
	for _, h := range c.Holidays {
		free = append(free, h.Date)
	}
	return workflow.NewHours(zone, week, free)
}

// day is a weekday of a calendar: its key and its spans.
type day struct {
	key   string
	spans []string
}

// days lists the weekdays from Sunday, as time.Weekday counts them.
func (h *Hours) days() [7]day {
	return [7]day{{"sun", h.Sun}, {"mon", h.Mon}, {"tue", h.Tue}, {"wed", h.Wed}, {"thu", h.Thu}, {"fri", h.Fri}, {"sat", h.Sat}}
}

// parseSpan reads opening hours: "08:00-12:00", "22:00-06:00" over midnight, "18:00-24:00".
func parseSpan(s string) (workflow.Opening, error) {
	bad := fmt.Errorf(`%q are no opening hours; write them like "08:00-12:00", over midnight "22:00-06:00", around the clock "00:00-24:00"`, s)
	a, b, ok := strings.Cut(s, "-")
	from, err1 := parseMinute(strings.TrimSpace(a))
	to, err2 := parseMinute(strings.TrimSpace(b))
	if !ok || err1 != nil || err2 != nil || from == to || from == 24*60 || to == 0 {
		if ok && err1 == nil && err2 == nil && to == 0 && from > 0 {
			return workflow.Opening{}, fmt.Errorf("%q: write the end of a day as 24:00", s)
		}
		return workflow.Opening{}, bad
	}
	return workflow.Opening{From: from, To: to}, nil
}

// parseMinute reads a time of the day as minutes since midnight, up to "24:00".
func parseMinute(s string) (int, error) {
	if len(s) != 5 || s[2] != ':' {
		return 0, fmt.Errorf("no time: %q", s)
	}
	for _, i := range []int{0, 1, 3, 4} {
		if s[i] < '0' || s[i] > '9' {
			return 0, fmt.Errorf("no time: %q", s)
		}
	}
	h, m := int(s[0]-'0')*10+int(s[1]-'0'), int(s[3]-'0')*10+int(s[4]-'0')
	if m > 59 || h > 24 || (h == 24 && m > 0) {
		return 0, fmt.Errorf("no time: %q", s)
	}
	return h*60 + m, nil
}

func (k *checker) priority() {
	for impact, row := range map[string]MatrixRow{"company": k.Priority.Matrix.Company, "department": k.Priority.Matrix.Department, "individual": k.Priority.Matrix.Individual} {
		for urgency, p := range map[string]string{"high": row.High, "medium": row.Medium, "low": row.Low} {
			k.oneOf("priority.matrix."+impact+"."+urgency, p, "P1", "P2", "P3")
		}
	}
	seen := map[string]bool{}
	for i, d := range k.Departments {
		path := item("department", i)
		switch name := strings.ToLower(d.Name); {
		case name == "":
			k.fail(path, "[[department]] without a name")
		case seen[name]:
			k.fail(join(path, "name"), "name: a department %q is there already", d.Name)
		default:
			seen[name] = true
		}
		for j, word := range d.Words {
			if word == "" {
				k.fail(item(join(path, "words"), j), "words: an empty word would fit everything")
			}
		}
	}
	w := k.Priority.Words
	for name, words := range map[string][]string{"company": w.Company, "department": w.Department, "individual": w.Individual, "high": w.High, "medium": w.Medium, "low": w.Low} {
		for i, word := range words {
			if word == "" {
				k.fail(item("priority.words."+name, i), "%s: an empty word would fit everything", name)
			}
		}
	}
}
