package workflow

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// When reads a moment at the head of an argument as people write it, and gives what stands after it: "2h", "3 hari",
// "besok jam 9", "senin", "30/1 14:00", "2026-01-30", "tomorrow 9am", "next monday". A day without an hour is that day's
// opening in the calendar, 08:00 where the calendar never closes.
func (p *Policy) When(arg string, now time.Time, cal Calendar) (at time.Time, rest string, ok bool) {
	m, rest, ok := p.readMoment(arg, now)
	if !ok {
		return time.Time{}, "", false
	}
	if m.exact {
		return Moment(m.at), rest, true
	}
	midnight := m.at
	opens := cal.Opens(midnight)
	if opens.Equal(midnight) {
		opens = time.Date(midnight.Year(), midnight.Month(), midnight.Day(), 8, 0, 0, 0, midnight.Location())
	}
	return Moment(opens), rest, true
}

// LastDay reads an absence: a day without an hour is the last day of it, so it ends at the midnight after.
func (p *Policy) LastDay(arg string, now time.Time) (until time.Time, rest string, ok bool) {
	m, rest, ok := p.readMoment(arg, now)
	if ok && !m.exact {
		m.at = m.at.AddDate(0, 0, 1)
	}
	return Moment(m.at), rest, ok
}

// reading is a moment, or the midnight at which a day begins.
type reading struct {
	at    time.Time
	exact bool
}

func (p *Policy) readMoment(arg string, now time.Time) (reading, string, bool) {
	zone := p.Zone
	if zone == nil {
		zone = time.UTC
	}
	now = now.In(zone)
	words := strings.Fields(arg)
	words = skip(words, "sampai", "hingga", "until", "till", "til", "s/d", "sd", "for", "selama", "dalam", "in")
	if d, used := duration(words); used > 0 {
		return reading{now.Add(d), true}, strings.Join(words[used:], " "), true
	}
	words = skip(words, "hari", "tanggal", "tgl", "on", "pada", "the")
	day, used := dayOf(words, now)
	words = words[used:]
	hour, minute, taken := hourOf(skip(words, "at", "jam", "pukul", "pkl", "@"), len(skip(words, "jam", "pukul", "pkl", "at", "@")) < len(words))
	switch {
	case taken > 0:
		words = skip(words, "at", "jam", "pukul", "pkl", "@")[taken:]
		words = skip(words, "wib", "wita", "wit")
		if used == 0 { // the next time the clock shows it
			day = midnight(now)
			if at := clock(day, hour, minute); !at.After(now) {
				day = day.AddDate(0, 0, 1)
			}
		}
		return reading{clock(day, hour, minute), true}, strings.Join(words, " "), true
	case used > 0:
		return reading{day, false}, strings.Join(words, " "), true
	}
	return reading{}, "", false
}

func skip(words []string, fillers ...string) []string {
	for len(words) > 0 {
		w := clean(words[0])
		found := false
		for _, f := range fillers {
			found = found || w == f
		}
		if !found {
			return words
		}
		words = words[1:]
	}
	return words
}

func clean(w string) string { return strings.ToLower(strings.Trim(w, ",;:()")) }

func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}

func clock(day time.Time, h, m int) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), h, m, 0, 0, day.Location())
}

var (
	durationParts = regexp.MustCompile(`^(?:(\d{1,3})(w|d|h|m|s))?(?:(\d{1,2})(h|m|s))?$`)
	units         = map[string]time.Duration{
		"s": time.Second, "sec": time.Second, "dtk": time.Second, "detik": time.Second, "second": time.Second, "seconds": time.Second,
		"m": time.Minute, "min": time.Minute, "mnt": time.Minute, "menit": time.Minute, "minute": time.Minute, "minutes": time.Minute,
		"h": time.Hour, "jam": time.Hour, "j": time.Hour, "hour": time.Hour, "hours": time.Hour, "hr": time.Hour, "hrs": time.Hour,
		"d": 24 * time.Hour, "hari": 24 * time.Hour, "day": 24 * time.Hour, "days": 24 * time.Hour,
		"w": 7 * 24 * time.Hour, "minggu": 7 * 24 * time.Hour, "pekan": 7 * 24 * time.Hour, "week": 7 * 24 * time.Hour, "weeks": 7 * 24 * time.Hour,
	}
	numerals = map[string]int{"satu": 1, "dua": 2, "tiga": 3, "empat": 4, "lima": 5, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "a": 1, "an": 1, "sejam": 1, "sehari": 1, "seminggu": 1}
)

// duration reads "2h", "1h30m", "2 jam 30 menit", "seminggu"; used is how many words it took.
func duration(words []string) (d time.Duration, used int) {
	for last := time.Duration(math.MaxInt64); ; {
		more, n := piece(words[used:])
		if n == 0 || more >= last { // what is longer than the piece before it is of the reason
			return d, used
		}
		d, last, used = d+more, more, used+n
	}
}

// piece reads one number with its unit, or two that are written as one word.
func piece(words []string) (d time.Duration, used int) {
	if len(words) == 0 {
		return 0, 0
	}
	first := clean(words[0])
	switch first {
	case "sejam":
		return time.Hour, 1
	case "sehari":
		return units["d"], 1
	case "seminggu":
		return units["w"], 1
	}
	if m := durationParts.FindStringSubmatch(first); m != nil && m[1] != "" {
		d = times(m[1], m[2])
		if m[3] != "" {
			d += times(m[3], m[4])
		}
		return d, 1
	}
	if len(words) > 1 {
		n, err := strconv.Atoi(first)
		if err != nil {
			n = numerals[first]
		}
		if u := units[clean(words[1])]; u > 0 && n > 0 && n < 1000 {
			return time.Duration(n) * u, 2
		}
	}
	return 0, 0
}

func times(n, unit string) time.Duration {
	v, err := strconv.Atoi(n)
	if err != nil {
		return 0
	}
	return time.Duration(v) * units[unit]
}

var (
	weekdays = map[string]time.Weekday{
		"senin": time.Monday, "selasa": time.Tuesday, "rabu": time.Wednesday, "kamis": time.Thursday, "jumat": time.Friday, "jum'at": time.Friday, "sabtu": time.Saturday, "minggu": time.Sunday, "ahad": time.Sunday,
		"sen": time.Monday, "sel": time.Tuesday, "rab": time.Wednesday, "kam": time.Thursday, "jum": time.Friday, "sab": time.Saturday, "min": time.Sunday,
		"monday": time.Monday, "tuesday": time.Tuesday, "wednesday": time.Wednesday, "thursday": time.Thursday, "friday": time.Friday, "saturday": time.Saturday, "sunday": time.Sunday,
		"mon": time.Monday, "tue": time.Tuesday, "tues": time.Tuesday, "wed": time.Wednesday, "thu": time.Thursday, "fri": time.Friday, "sat": time.Saturday, "sun": time.Sunday,
	}
	months = map[string]time.Month{
		"jan": 1, "januari": 1, "january": 1, "feb": 2, "februari": 2, "february": 2, "mar": 3, "maret": 3, "march": 3, "apr": 4, "april": 4, "mei": 5, "may": 5,
		"jun": 6, "juni": 6, "june": 6, "jul": 7, "juli": 7, "july": 7, "agu": 8, "agt": 8, "ags": 8, "agustus": 8, "aug": 8, "august": 8, "sep": 9, "sept": 9, "september": 9,
		"okt": 10, "oktober": 10, "oct": 10, "october": 10, "nov": 11, "november": 11, "des": 12, "desember": 12, "dec": 12, "december": 12,
	}
	isoDay   = regexp.MustCompile(`^(\d{4})-(\d{1,2})-(\d{1,2})$`)
	slashDay = regexp.MustCompile(`^(\d{1,2})[/.-](\d{1,2})(?:[/.-](\d{4}|\d{2}))?$`)
	dayNum   = regexp.MustCompile(`^(\d{1,2})(?:st|nd|rd|th)?$`)
)

// dayOf reads a day; used is how many words it took, 0 where there is none.
func dayOf(words []string, now time.Time) (day time.Time, used int) {
	if len(words) == 0 {
		return day, 0
	}
	today, w := midnight(now), clean(words[0])
	second := ""
	if len(words) > 1 {
		second = clean(words[1])
	}
	switch w {
	case "besok", "bsk", "bsok", "tomorrow", "tmrw", "esok":
		return today.AddDate(0, 0, 1), 1
	case "lusa":
		return today.AddDate(0, 0, 2), 1
	case "today", "ini": // "hari ini"
		return today, 1
	case "next", "this":
		if d, ok := weekdays[second]; ok {
			return following(today, d), 2
		}
		if second == "week" {
			return following(today, time.Monday), 2
		}
		return day, 0
	}
	if w == "minggu" && (second == "depan" || second == "dpn") { // "minggu depan": next week
		return following(today, time.Monday), 2
	}
	if d, ok := weekdays[w]; ok {
		used = 1
		if second == "depan" || second == "dpn" || second == "ini" || second == "besok" {
			used = 2
		}
		return following(today, d), used
	}
	return dateOf(words, w, second, today)
}

func following(today time.Time, d time.Weekday) time.Time {
	days := (int(d) - int(today.Weekday()) + 7) % 7
	if days == 0 {
		days = 7
	}
	return today.AddDate(0, 0, days)
}

// dateOf reads a date: 2026-01-30, 30/1, 30/1/2026, 30 januari, jan 30. Without a year it is the next such day.
func dateOf(words []string, w, second string, today time.Time) (time.Time, int) {
	if m := isoDay.FindStringSubmatch(w); m != nil {
		return date(m[1], m[2], m[3], today, 1)
	}
	if m := slashDay.FindStringSubmatch(w); m != nil && (strings.ContainsAny(w, "/-") || m[3] != "") {
		return date(m[3], m[2], m[1], today, 1)
	}
	year := ""
	used := 2
	if len(words) > 2 && len(clean(words[2])) == 4 {
		if _, err := strconv.Atoi(clean(words[2])); err == nil {
			year, used = clean(words[2]), 3
		}
	}
	if m := dayNum.FindStringSubmatch(w); m != nil && months[second] != 0 {
		return date(year, strconv.Itoa(int(months[second])), m[1], today, used)
	}
	if m := dayNum.FindStringSubmatch(second); m != nil && months[w] != 0 {
		return date(year, strconv.Itoa(int(months[w])), m[1], today, used)
	}
	return time.Time{}, 0
}

// farthest is how many years ahead a day may lie: what is farther is a slip of the fingers.
const farthest = 10

func date(year, month, day string, today time.Time, used int) (time.Time, int) {
	m, err1 := strconv.Atoi(month)
	d, err2 := strconv.Atoi(day)
	y, err3 := strconv.Atoi(orElse(year, strconv.Itoa(today.Year())))
	if err1 != nil || err2 != nil || err3 != nil {
		return time.Time{}, 0
	}
	if len(year) == 2 {
		y += 2000
	}
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, today.Location())
	if t.Day() != d || int(t.Month()) != m || t.After(today.AddDate(farthest, 0, 0)) {
		return time.Time{}, 0
	}
	if year == "" && t.Before(today) {
		t = t.AddDate(1, 0, 0)
	}
	return t, used
}

var clockTime = regexp.MustCompile(`^(\d{1,2})(?:[:.](\d{2}))?(am|pm)?$`)

// hourOf reads an hour: 10:00, 10.00, 9am, and 9 where a word before it ("jam") says that it is one.
func hourOf(words []string, said bool) (h, m, used int) {
	if len(words) == 0 {
		return 0, 0, 0
	}
	g := clockTime.FindStringSubmatch(clean(words[0]))
	if g == nil {
		return 0, 0, 0
	}
	h, _ = strconv.Atoi(g[1])
	m, _ = strconv.Atoi(orElse(g[2], "0"))
	used, half := 1, g[3]
	if len(words) > 1 {
		switch next := clean(words[1]); {
		case next == "am", next == "pm":
			half, used = next, 2
		case next == "pagi":
			half, used = "am", 2
		case next == "sore", next == "malam", next == "siang" && h < 11:
			half, used = "pm", 2
		case next == "siang":
			used = 2
		}
	}
	if g[2] == "" && half == "" && used == 1 && !said {
		return 0, 0, 0
	}
	if half == "pm" && h < 12 {
		h += 12
	}
	if half == "am" && h == 12 {
		h = 0
	}
	if h > 23 || m > 59 {
		return 0, 0, 0
	}
	return h, m, used
}
