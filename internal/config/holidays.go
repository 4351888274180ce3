package config

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

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
	var bad *lineError
	if errors.As(err, &bad) {
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
