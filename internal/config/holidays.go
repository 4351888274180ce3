package config

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-ical"

	"helpost/workflow"
)

// Holiday is a day on which a calendar does not open.
type Holiday struct {
	Date workflow.Date
	Name string
}

// lineError is what is wrong in a line of a file.
type lineError struct {
	line int
	text string
}

func (e *lineError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.text) }

// holidays reads the holidays of a calendar.
func (k *checker) holidays(path string, c *Calendar) {
	c.HolidaysFile = k.resolve(c.HolidaysFile)
	data, err := readFile(c.HolidaysFile)
	if err != nil {
		k.fail(path, "holidays_file: %s: %s", c.HolidaysFile, cause(err))
		return
	}
	list, err := parseHolidays(data)
	if bad, ok := err.(*lineError); ok {
		k.problems = append(k.problems, Problem{File: c.HolidaysFile, Line: bad.line, Text: bad.text})
		return
	}
	if err != nil {
		k.fail(path, "holidays_file: %s: %v", c.HolidaysFile, err)
		return
	}
	c.Holidays = list
}

// parseHolidays reads an iCalendar file or a plain list, and gives its days in order, each once.
func parseHolidays(data []byte) ([]Holiday, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	read := parseHolidayList
	if start := bytes.TrimSpace(data); len(start) >= 15 && strings.EqualFold(string(start[:15]), "BEGIN:VCALENDAR") {
		read = parseHolidayCalendar
	}
	list, err := read(data)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(list, func(a, b Holiday) int { return dayTime(a.Date).Compare(dayTime(b.Date)) })
	return slices.CompactFunc(list, func(a, b Holiday) bool { return a.Date == b.Date }), nil
}

func dayTime(d workflow.Date) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
}

// parseHolidayList reads a date and a name a line: "2026-01-01 New Year". What follows a # at a line's start is a comment.
func parseHolidayList(data []byte) ([]Holiday, error) {
	var list []Holiday
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		date, name := line, ""
		if at := strings.IndexAny(line, " \t,;"); at >= 0 {
			date, name = line[:at], strings.Trim(line[at:], " \t,;")
		}
		t, err := time.Parse("2006-01-02", date)
		if err != nil {
			return nil, &lineError{i + 1, fmt.Sprintf("%q is no date; write YYYY-MM-DD and a name, like \"2026-01-01 New Year\"", shorten(date))}
		}
		list = append(list, Holiday{workflow.DateOf(t), name})
	}
	return list, nil
}

// The bounds of what a recurring holiday may bring.
var (
	firstHoliday = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	lastHoliday  = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

const maxHolidays = 20000

// parseHolidayCalendar reads the all-day events of an iCalendar file (RFC 5545). DTEND is the day after the last one.
func parseHolidayCalendar(data []byte) ([]Holiday, error) {
	calendar, err := ical.NewDecoder(bytes.NewReader(data)).Decode()
	if err != nil {
		return nil, &lineError{brokenLine(data), "this is no sound iCalendar: " + strings.TrimPrefix(err.Error(), "ical: ")}
	}
	var list []Holiday
	for _, event := range calendar.Events() {
		days, err := allDay(event)
		if err != nil {
			return nil, &lineError{eventLine(data, event), err.Error()}
		}
		if list = append(list, days...); len(list) > maxHolidays {
			return nil, fmt.Errorf("it holds more than %d days", maxHolidays)
		}
	}
	return list, nil
}

// allDay gives the days of an event, or none where it has hours or was called off: a meeting is no holiday.
func allDay(event ical.Event) ([]Holiday, error) {
	start := event.Props.Get(ical.PropDateTimeStart)
	if start == nil {
		return nil, fmt.Errorf("an event without DTSTART")
	}
	if start.ValueType() != ical.ValueDate && len(start.Value) != len("20060102") {
		return nil, nil
	}
	if status := event.Props.Get(ical.PropStatus); status != nil && strings.EqualFold(status.Value, "CANCELLED") {
		return nil, nil
	}
	first, err := time.Parse("20060102", start.Value)
	if err != nil {
		return nil, fmt.Errorf("DTSTART: %q is no date", shorten(start.Value))
	}
	after := first.AddDate(0, 0, 1)
	if end := event.Props.Get(ical.PropDateTimeEnd); end != nil {
		if after, err = time.Parse("20060102", end.Value); err != nil || after.Before(first) {
			return nil, fmt.Errorf("DTEND: %q is no date after DTSTART", shorten(end.Value))
		}
	}
	length := max(int(after.Sub(first).Hours()/24), 1)
	if length > 366 {
		return nil, fmt.Errorf("a holiday of %d days", length)
	}
	name, err := event.Props.Text(ical.PropSummary)
	if err != nil {
		name = ""
	}
	starts, err := recurrences(event, first)
	if err != nil {
		return nil, err
	}
	var list []Holiday
	for _, s := range starts {
		for i := range length {
			list = append(list, Holiday{workflow.DateOf(s.AddDate(0, 0, i)), name})
		}
	}
	return list, nil
}

// recurrences gives the first days of an event that comes again, its own where it does not.
func recurrences(event ical.Event, first time.Time) ([]time.Time, error) {
	rule := event.Props.Get(ical.PropRecurrenceRule)
	if rule == nil {
		return []time.Time{first}, nil
	}
	for _, fast := range []string{"SECONDLY", "MINUTELY", "HOURLY"} {
		if strings.Contains(strings.ToUpper(rule.Value), fast) {
			return nil, fmt.Errorf("RRULE: %q is no holiday", shorten(rule.Value))
		}
	}
	set, err := event.RecurrenceSet(time.UTC)
	if err != nil {
		return nil, fmt.Errorf("RRULE: %v", err)
	}
	return set.Between(firstHoliday, lastHoliday, true), nil
}

// eventLine finds the line at which an event begins, by its DTSTART and its name.
func eventLine(data []byte, event ical.Event) int {
	begin, found := 0, 0
	start := event.Props.Get(ical.PropDateTimeStart)
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.ToUpper(strings.TrimSpace(line))
		switch {
		case line == "BEGIN:VEVENT":
			begin = i + 1
		case found == 0 && start != nil && strings.HasPrefix(line, "DTSTART") && strings.HasSuffix(line, ":"+strings.ToUpper(start.Value)):
			found = i + 1
		case start == nil && line == "END:VEVENT" && found == 0:
			found = begin
		}
	}
	return found
}

// brokenLine finds the first line of an iCalendar file that is no content line (RFC 5545 §3.1), 1 where all are.
func brokenLine(data []byte) int {
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimRight(line, "\r")
		if line == "" || line[0] == ' ' || line[0] == '\t' {
			continue
		}
		if at := strings.IndexAny(line, ":;"); at <= 0 || !strings.Contains(line, ":") {
			return i + 1
		}
	}
	return 1
}
