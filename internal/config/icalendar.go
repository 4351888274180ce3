package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"helpost/workflow"
)

// What an iCalendar file of holidays may hold.
const (
	maxHolidays = 20000 // days
	lastYear    = 2100  // of a holiday that comes again every year
)

// contentLine is one line of an iCalendar file, unfolded (RFC 5545 §3.1).
type contentLine struct {
	number int // of its first line in the file
	name   string
	params string
	value  string
}

// parseHolidayCalendar reads the all-day events of an iCalendar file (RFC 5545 §3.6.1). DTEND is the day after the last one.
// Events with hours, and those that were called off, are no holidays.
func parseHolidayCalendar(data []byte) ([]Holiday, error) {
	lines, err := contentLines(string(data))
	if err != nil {
		return nil, err
	}
	var list []Holiday
	var event map[string]contentLine // nil: outside
	begin, depth := 0, 0
	for _, l := range lines {
		component := strings.ToUpper(l.value)
		switch {
		case l.name == "BEGIN":
			if depth++; component == "VEVENT" && depth == 2 {
				event, begin = map[string]contentLine{}, l.number
			}
		case l.name == "END":
			if depth--; event != nil && depth == 1 {
				days, err := holidayEvent(event, begin)
				if err != nil {
					return nil, err
				}
				list, event = append(list, days...), nil
			}
		case event != nil && depth == 2:
			event[l.name] = l
		}
		if len(list) > maxHolidays {
			return nil, &lineError{l.number, fmt.Sprintf("more than %d holidays", maxHolidays)}
		}
	}
	if depth != 0 {
		return nil, &lineError{lines[len(lines)-1].number, "the calendar is cut off: no END:VCALENDAR"}
	}
	return list, nil
}

// contentLines unfolds and splits the lines of an iCalendar file.
func contentLines(text string) ([]contentLine, error) {
	var folded []contentLine
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimRight(line, "\r")
		switch {
		case line == "":
		case (line[0] == ' ' || line[0] == '\t') && len(folded) > 0:
			folded[len(folded)-1].value += line[1:]
		default:
			folded = append(folded, contentLine{number: i + 1, value: line})
		}
	}
	for i, l := range folded {
		head, value, ok := cutOutsideQuotes(l.value)
		name, params, _ := strings.Cut(head, ";")
		if !ok || name == "" || strings.ContainsAny(name, " \t\"") {
			return nil, &lineError{l.number, fmt.Sprintf("%q is no line of an iCalendar file", shorten(l.value))}
		}
		folded[i] = contentLine{l.number, strings.ToUpper(name), strings.ToUpper(params), strings.TrimSpace(value)}
	}
	return folded, nil
}

// cutOutsideQuotes cuts at the first colon that stands in no quotes.
func cutOutsideQuotes(s string) (before, after string, ok bool) {
	quoted := false
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ':' && !quoted:
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

// holidayEvent gives the days of an event.
func holidayEvent(event map[string]contentLine, begin int) ([]Holiday, error) {
	start, ok := event["DTSTART"]
	if !ok {
		return nil, &lineError{begin, "an event without DTSTART"}
	}
	if len(start.value) > len("20060102") && !strings.Contains(start.params, "VALUE=DATE") || strings.Contains(start.params, "VALUE=DATE-TIME") ||
		strings.EqualFold(event["STATUS"].value, "CANCELLED") {
		return nil, nil
	}
	first, err := icalDate(start)
	if err != nil {
		return nil, err
	}
	length := 1
	if end, ok := event["DTEND"]; ok {
		after, err := icalDate(end)
		if err != nil {
			return nil, err
		}
		if after.Before(first) || after.Sub(first) > 366*24*time.Hour {
			return nil, &lineError{end.number, "DTEND must be up to a year after DTSTART"}
		}
		length = max(int(after.Sub(first)/(24*time.Hour)), 1)
	}
	for _, name := range []string{"RDATE", "EXDATE", "EXRULE", "DURATION"} {
		if l, ok := event[name]; ok {
			return nil, &lineError{l.number, name + " is not understood here: write each holiday as an event of its own"}
		}
	}
	starts, err := yearly(first, event["RRULE"])
	if err != nil {
		return nil, err
	}
	name := unescapeText(event["SUMMARY"].value)
	var list []Holiday
	for _, s := range starts {
		for i := range length {
			list = append(list, Holiday{workflow.DateOf(s.AddDate(0, 0, i)), name})
		}
	}
	return list, nil
}

func icalDate(l contentLine) (time.Time, error) {
	t, err := time.Parse("20060102", l.value)
	if err != nil || t.Year() < 1900 || t.Year() > lastYear {
		return time.Time{}, &lineError{l.number, fmt.Sprintf("%s: %q is no date like 20260101", l.name, shorten(l.value))}
	}
	return t, nil
}

// yearly gives the dates of an event that comes again every year on the same day (RFC 5545 §3.3.10), or its own date.
func yearly(first time.Time, rule contentLine) ([]time.Time, error) {
	if rule.value == "" {
		return []time.Time{first}, nil
	}
	count, interval, until := lastYear, 1, time.Date(lastYear, 12, 31, 0, 0, 0, 0, time.UTC)
	frequency := ""
	for _, part := range strings.Split(strings.ToUpper(rule.value), ";") {
		name, value, _ := strings.Cut(part, "=")
		n, err := strconv.Atoi(value)
		switch {
		case name == "FREQ":
			frequency = value
		case name == "COUNT" && err == nil && n > 0:
			count = n
		case name == "INTERVAL" && err == nil && n > 0 && n < 1000:
			interval = n
		case name == "UNTIL" && len(value) >= 8:
			if until, err = time.Parse("20060102", value[:8]); err != nil {
				return nil, &lineError{rule.number, fmt.Sprintf("RRULE: %q is no date", shorten(value))}
			}
		case name == "WKST", name == "BYMONTH" && n == int(first.Month()), name == "BYMONTHDAY" && n == first.Day():
		default:
			frequency = "another"
		}
	}
	if frequency != "YEARLY" {
		return nil, &lineError{rule.number, fmt.Sprintf("RRULE: %q is not understood here, only the same day every year: write each holiday as an event of its own", shorten(rule.value))}
	}
	var dates []time.Time
	for year := first.Year(); year <= lastYear && len(dates) < count; year += interval {
		date := time.Date(year, first.Month(), first.Day(), 0, 0, 0, 0, time.UTC)
		if date.After(until) {
			break
		}
		if date.Day() == first.Day() { // the 29th of February comes in leap years
			dates = append(dates, date)
		}
	}
	return dates, nil
}

// unescapeText undoes the escapes of a TEXT value (RFC 5545 §3.3.11).
func unescapeText(s string) string {
	return strings.NewReplacer(`\\`, `\`, `\,`, ",", `\;`, ";", `\n`, " ", `\N`, " ").Replace(s)
}
