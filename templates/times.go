package templates

import (
	"fmt"
	"strings"
	"time"

	"helpost/internal/sop"
)

var (
	daysID     = [...]string{"Minggu", "Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu"}
	dayShortID = [...]string{"Min", "Sen", "Sel", "Rab", "Kam", "Jum", "Sab"}
	monthsID   = [...]string{"Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"}
)

// moment is a time in words: "hari ini (Senin, 12 Jan) pukul 13.20 WIB", "13:20 WIB today (Mon 12 Jan)",
// "Rabu, 14 Jan pukul 09.20 WIB", "Wed 14 Jan, 09:20 WIB".
func moment(l sop.Lang, now, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	day := dayOf(l, now, t, false)
	near := nearness(l, now, t)
	switch {
	case l == sop.English && near != "":
		return t.Format("15:04 ") + zone(t) + " " + near + " (" + day + ")"
	case l == sop.English:
		return day + ", " + t.Format("15:04 ") + zone(t)
	case near != "":
		return near + " (" + day + ") pukul " + t.Format("15.04 ") + zone(t)
	}
	return day + " pukul " + t.Format("15.04 ") + zone(t)
}

// shortMoment is a time for the first line: "Sen, 12 Jan 13.20 WIB".
func shortMoment(l sop.Lang, now, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	clock := "15.04 "
	if l == sop.English {
		clock = "15:04 "
	}
	return dayOf(l, now, t, true) + " " + t.Format(clock) + zone(t)
}

// dayOf is the day of a time: "Senin, 12 Jan", "Mon 12 Jan"; with the year where it is another one than now's.
func dayOf(l sop.Lang, now, t time.Time, short bool) string {
	if t.IsZero() {
		return ""
	}
	year := ""
	if !now.IsZero() && now.In(t.Location()).Year() != t.Year() {
		year = fmt.Sprintf(" %d", t.Year())
	}
	if l == sop.English {
		return t.Format("Mon 2 Jan") + year
	}
	day := daysID[t.Weekday()]
	if short {
		day = dayShortID[t.Weekday()]
	}
	return fmt.Sprintf("%s, %d %s%s", day, t.Day(), monthsID[t.Month()-1], year)
}

func nearness(l sop.Lang, now, t time.Time) string {
	y, m, d := now.In(t.Location()).Date()
	is := func(days int) bool {
		y2, m2, d2 := time.Date(y, m, d+days, 12, 0, 0, 0, t.Location()).Date()
		ty, tm, td := t.Date()
		return y2 == ty && m2 == tm && d2 == td
	}
	words := [2]string{"hari ini", "besok"}
	if l == sop.English {
		words = [2]string{"today", "tomorrow"}
	}
	switch {
	case is(0):
		return words[0]
	case is(1):
		return words[1]
	}
	return ""
}

// zone names Indonesia's zones, and every other by its distance from UTC: abbreviations are not unique.
func zone(t time.Time) string {
	name, offset := t.Zone()
	switch {
	case name == "WIB" || name == "WITA" || name == "WIT":
		return name
	case offset == 0:
		return "UTC"
	case offset%3600 == 0:
		return fmt.Sprintf("UTC%+d", offset/3600)
	}
	sign := '+'
	if offset < 0 {
		sign, offset = '-', -offset
	}
	return fmt.Sprintf("UTC%c%d:%02d", sign, offset/3600, offset%3600/60)
}

// span is a duration in words, its two largest units: "2 jam 10 menit", "1 day 3 hours", "40 detik".
func span(l sop.Lang, d time.Duration) string {
	d = max(d, -d)
	units := []struct {
		size   time.Duration
		id, en string
	}{{24 * time.Hour, "hari", "day"}, {time.Hour, "jam", "hour"}, {time.Minute, "menit", "minute"}, {time.Second, "detik", "second"}}
	var said []string
	for i, u := range units {
		n := int(d / u.size)
		d %= u.size
		if n == 0 && (len(said) > 0 || i < len(units)-1) {
			if len(said) > 0 {
				break
			}
			continue
		}
		if i == len(units)-1 && len(said) > 0 {
			break
		}
		switch {
		case l != sop.English:
			said = append(said, fmt.Sprintf("%d %s", n, u.id))
		case n == 1:
			said = append(said, "1 "+u.en)
		default:
			said = append(said, fmt.Sprintf("%d %ss", n, u.en))
		}
		if len(said) == 2 {
			break
		}
	}
	return strings.Join(said, " ")
}

// inHours is a span as rules name it: whole hours up to three days, "24 jam".
func inHours(l sop.Lang, d time.Duration) string {
	switch hours := d / time.Hour; {
	case d%time.Hour != 0 || hours < 2 || hours > 72:
		return span(l, d)
	case l == sop.English:
		return fmt.Sprintf("%d hours", hours)
	default:
		return fmt.Sprintf("%d jam", hours)
	}
}

// quoteIntro is the line above a quote, as mail clients write it, so that every reader of replies knows it.
func quoteIntro(l sop.Lang, q *Quote) string {
	who := q.Author
	if l == sop.English {
		if q.At.IsZero() {
			return who + " wrote:"
		}
		return q.At.Format("On Mon, 2 Jan 2006 at 15:04, ") + who + " wrote:"
	}
	if q.At.IsZero() {
		return who + " menulis:"
	}
	return fmt.Sprintf("Pada %s, %d %s %d pukul %s %s menulis:", dayShortID[q.At.Weekday()], q.At.Day(), monthsID[q.At.Month()-1], q.At.Year(), q.At.Format("15.04"), who)
}
