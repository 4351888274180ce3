package templates

import (
	"fmt"
	"strconv"
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
	var room [64]byte
	b, near := room[:0], nearness(l, now, t)
	switch {
	case l == sop.English && near != "":
		b = append(appendAll(appendClock(b, l, t), " ", near, " ("), appendDay(nil, l, now, t, false)...)
		b = append(b, ')')
	case l == sop.English:
		b = appendClock(append(appendDay(b, l, now, t, false), ", "...), l, t)
	case near != "":
		b = append(appendDay(appendAll(b, near, " ("), l, now, t, false), ") pukul "...)
		b = appendClock(b, l, t)
	default:
		b = appendClock(append(appendDay(b, l, now, t, false), " pukul "...), l, t)
	}
	return string(b)
}

// shortMoment is a time for the first line: "Sen, 12 Jan 13.20 WIB".
func shortMoment(l sop.Lang, now, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	var room [64]byte
	return string(appendClock(append(appendDay(room[:0], l, now, t, true), ' '), l, t))
}

// dayOf is the day of a time: "Senin, 12 Jan", "Mon 12 Jan"; with the year where it is another one than now's.
func dayOf(l sop.Lang, now, t time.Time, short bool) string {
	if t.IsZero() {
		return ""
	}
	return string(appendDay(nil, l, now, t, short))
}

func appendDay(b []byte, l sop.Lang, now, t time.Time, short bool) []byte {
	year, month, day := t.Date()
	switch {
	case l == sop.English:
		b = t.AppendFormat(b, "Mon 2 Jan")
	case short:
		b = appendDate(append(b, dayShortID[t.Weekday()]...), day, month)
	default:
		b = appendDate(append(b, daysID[t.Weekday()]...), day, month)
	}
	if !now.IsZero() && now.In(t.Location()).Year() != year {
		b = strconv.AppendInt(append(b, ' '), int64(year), 10)
	}
	return b
}

// appendDate appends ", 12 Jan".
func appendDate(b []byte, day int, month time.Month) []byte {
	return appendAll(strconv.AppendInt(append(b, ", "...), int64(day), 10), " ", monthsID[month-1])
}

// appendClock appends "13.20 WIB", in English "13:20 WIB".
func appendClock(b []byte, l sop.Lang, t time.Time) []byte {
	sign := byte('.')
	if l == sop.English {
		sign = ':'
	}
	hour, minute, _ := t.Clock()
	b = append(b, '0'+byte(hour/10), '0'+byte(hour%10), sign, '0'+byte(minute/10), '0'+byte(minute%10), ' ')
	return append(b, zone(t)...)
}

// nearness is the word for today and tomorrow; "" for any other day.
func nearness(l sop.Lang, now, t time.Time) string {
	words := [2]string{"hari ini", "besok"}
	if l == sop.English {
		words = [2]string{"today", "tomorrow"}
	}
	if days := dayNumber(t) - dayNumber(now.In(t.Location())); days == 0 || days == 1 {
		return words[days]
	}
	return ""
}

// dayNumber counts the days of the calendar, from whichever.
func dayNumber(t time.Time) int64 {
	year, month, day := t.Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60)
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
	var room [32]byte
	b := room[:0]
	for i, u := range units {
		n, last := int64(d/u.size), i == len(units)-1
		d %= u.size
		switch {
		case len(b) == 0 && (n > 0 || last):
			b = appendUnit(b, l, n, u.id, u.en)
		case len(b) > 0 && n > 0 && !last:
			return string(appendUnit(append(b, ' '), l, n, u.id, u.en))
		case len(b) > 0:
			return string(b)
		}
	}
	return string(b)
}

func appendUnit(b []byte, l sop.Lang, n int64, id, en string) []byte {
	b = append(strconv.AppendInt(b, n, 10), ' ')
	switch {
	case l != sop.English:
		return append(b, id...)
	case n == 1:
		return append(b, en...)
	}
	return appendAll(b, en, "s")
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
	var room [64]byte
	b := appendDate(appendAll(room[:0], "Pada ", dayShortID[q.At.Weekday()]), q.At.Day(), q.At.Month())
	b = q.At.AppendFormat(b, " 2006 pukul 15.04 ")
	return string(appendAll(b, who, " menulis:"))
}
