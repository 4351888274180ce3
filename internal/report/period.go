package report

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Period is a stretch of whole days in the company's zone, from the first moment of the first to that after the last.
type Period struct {
	Name     string
	From, To time.Time // To is the first moment after it
}

// Ask is what somebody asks for, in words: a period, or its first and last day; neither is this month.
type Ask struct {
	Period   string // "2026", "2026-Q1", "2026-01", "2026-W03", "2026-01-15"
	From, To string // "2026-01-05", both included
	By       string // "": by priority
	Team     string
}

// ErrAsk is wrapped by every error of Resolve: what was asked for cannot be understood.
var ErrAsk = errors.New("not understood")

// Resolve makes a query of what is asked for. The error wraps ErrAsk and says how to write it.
func (a Ask) Resolve(zone *time.Location, now time.Time) (Query, error) {
	q := Query{By: a.By, Team: a.Team, At: now}
	if q.By == "" {
		q.By = ByPriority
	}
	if !slices.Contains(Groupings, q.By) {
		return q, fmt.Errorf("%w: group by one of %s, not %.40q", ErrAsk, strings.Join(Groupings, ", "), a.By)
	}
	var err error
	switch {
	case a.Period != "" && (a.From != "" || a.To != ""):
		err = fmt.Errorf("%w: give a period, or its first and last day", ErrAsk)
	case a.Period != "":
		q.Period, err = parsePeriod(a.Period, zone)
	case a.From == "" && a.To == "":
		q.Period, err = parsePeriod(now.In(zone).Format("2006-01"), zone)
	case a.From == "":
		err = fmt.Errorf("%w: a last day needs a first one", ErrAsk)
	default:
		q.Period, err = between(a.From, a.To, zone, now)
	}
	return q, err
}

// UnknownTeam says that there is no such team; it wraps ErrAsk.
func UnknownTeam(name string) error { return fmt.Errorf("%w: there is no team %.40q", ErrAsk, name) }

// between is the period of two days, both included; without the last it goes on until today.
func between(first, last string, zone *time.Location, now time.Time) (Period, error) {
	if last == "" {
		last = now.In(zone).Format("2006-01-02")
	}
	from, err := parseDay(first)
	if err != nil {
		return Period{}, err
	}
	to, err := parseDay(last)
	if err != nil {
		return Period{}, err
	}
	if to.Before(from) {
		return Period{}, fmt.Errorf("%w: %s is before %s", ErrAsk, last, first)
	}
	return days(first+"/"+last, from, to.AddDate(0, 0, 1), zone), nil
}

var written = regexp.MustCompile(`^(\d{4})(?:-(?:W(\d{2})|Q([1-4])|(\d{2})(?:-(\d{2}))?))?$`)

// parsePeriod reads a year, a quarter, a month, an ISO 8601 week or a day.
func parsePeriod(s string, zone *time.Location) (Period, error) {
	m := written.FindStringSubmatch(strings.ToUpper(strings.TrimSpace(s)))
	bad := fmt.Errorf("%w: %.40q is no period; write 2026, 2026-Q1, 2026-01, 2026-W03 or 2026-01-15", ErrAsk, s)
	if m == nil {
		return Period{}, bad
	}
	number := func(s string) int {
		n, _ := strconv.Atoi(s) // two or four digits, or none
		return n
	}
	year := number(m[1])
	day := func(month, d int) time.Time { return time.Date(year, time.Month(month), d, 0, 0, 0, 0, time.UTC) }
	switch {
	case year < 1970:
		return Period{}, bad
	case m[2] != "":
		from := monday(year, number(m[2]))
		if y, w := from.ISOWeek(); y != year || w != number(m[2]) {
			return Period{}, bad
		}
		return days(m[0], from, from.AddDate(0, 0, 7), zone), nil
	case m[3] != "":
		return days(m[0], day(3*number(m[3])-2, 1), day(3*number(m[3])+1, 1), zone), nil
	case m[5] != "":
		from, err := parseDay(m[0])
		return days(m[0], from, from.AddDate(0, 0, 1), zone), err
	case m[4] != "":
		if month := number(m[4]); month < 1 || month > 12 {
			return Period{}, bad
		}
		return days(m[0], day(number(m[4]), 1), day(number(m[4])+1, 1), zone), nil
	}
	return days(m[0], day(1, 1), day(13, 1), zone), nil
}

// monday is the first day of an ISO 8601 week: the fourth of January is always in the first.
func monday(year, week int) time.Time {
	t := time.Date(year, 1, 4, 0, 0, 0, 0, time.UTC)
	return t.AddDate(0, 0, -(int(t.Weekday())+6)%7+7*(week-1))
}

func parseDay(s string) (time.Time, error) {
	t, err := time.Parse("2006-01-02", strings.TrimSpace(s))
	if err != nil || t.Year() < 1970 {
		return t, fmt.Errorf("%w: %.40q is no day; write it like 2026-01-15", ErrAsk, s)
	}
	return t, nil
}

// days is the period between two days, of which the second is not in it any more.
func days(name string, from, to time.Time, zone *time.Location) Period {
	return Period{Name: name, From: wallClock(from, 0, zone), To: wallClock(to, 0, zone)}
}

// wallClock is the first moment at which the clock on the wall shows an hour of a day, or something later where the clocks
// jump over it.
func wallClock(day time.Time, hour int, zone *time.Location) time.Time {
	y, m, d := day.Date()
	reading := time.Date(y, m, d, hour, 0, 0, 0, time.UTC)
	at := reading.Add(-26 * time.Hour).In(zone) // no zone is as far from UTC: the clock shows less here
	for {
		start, stop := at.ZoneBounds()
		_, offset := at.Zone()
		shows := reading.Add(-time.Duration(offset) * time.Second)
		if !start.IsZero() && shows.Before(start) { // jumped over
			shows = start
		}
		if stop.IsZero() || shows.Before(stop) {
			return shows.In(zone)
		}
		at = stop
	}
}
