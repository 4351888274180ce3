package parser

import (
	"strconv"
	"strings"
	"time"
)

// absentUntil reads until when the writer of an absence is away: midnight UTC of the day after the last day. The words
// before a date say whether it is the last day ("sampai 19 Januari") or the day of the return ("back on 20 January").
// A date without a year is the next one from the date of the mail. The zero time where it says none.
func (p *Parser) absentUntil(m *Mail) time.Time {
	text := plainWords(m.Subject + "\n" + head(m.NewText, readForWords))
	for _, phrase := range p.auto.phrases["back"] {
		if day, ok := p.dateAfter(text, phrase, m.Date); ok {
			return day
		}
	}
	for _, phrase := range p.auto.phrases["until"] {
		if day, ok := p.dateAfter(text, phrase, m.Date); ok {
			return day.AddDate(0, 0, 1)
		}
	}
	if !p.auto.holds("absence", text) {
		return time.Time{}
	}
	for _, phrase := range p.auto.phrases["between"] { // "12 - 19 January": the words between two dates
		if day, ok := p.dateAfter(text, phrase, m.Date); ok {
			return day.AddDate(0, 0, 1)
		}
	}
	return time.Time{}
}

// dateAfter finds a phrase with a date behind it.
func (p *Parser) dateAfter(text, phrase string, sent time.Time) (time.Time, bool) {
	for from := 0; from < len(text); {
		at := indexWords(text[from:], phrase)
		if at < 0 {
			break
		}
		from += at + len(phrase)
		if day, ok := p.readDay(text[from:], sent); ok {
			return day, true
		}
	}
	return time.Time{}, false
}

// readDay reads the day that a text begins with: 19 januari 2026, January 19th, 2026-01-19, 19/01/2026, Friday, besok.
func (p *Parser) readDay(text string, sent time.Time) (time.Time, bool) {
	words := strings.FieldsFunc(head(strings.TrimLeft(text, " :,"), 80), func(r rune) bool { return r == ' ' || r == ',' || r == '(' || r == ')' })
	for len(words) > 0 && p.auto.members["before day"][words[0]] {
		words = words[1:]
	}
	if len(words) == 0 {
		return time.Time{}, false
	}
	first := strings.Trim(words[0], ".;!")
	if weekday, ok := p.auto.weekdays[first]; ok {
		if day, ok := p.readDay(strings.Join(words[1:], " "), sent); ok && len(words) > 1 && p.auto.startsDay(words[1]) {
			return day, true
		}
		return nextWeekday(weekday, sent)
	}
	if day, ok := numericDay(first, sent); ok {
		return day, true
	}
	return p.namedDay(words, sent)
}

// startsDay says whether a word may begin a date: a number, a month, or a word before one.
func (w *autoWords) startsDay(word string) bool {
	_, month := w.months[strings.Trim(word, ".")]
	return month || word != "" && word[0] >= '0' && word[0] <= '9' || w.members["before day"][word]
}

// namedDay reads a day with the name of its month, in either order.
func (p *Parser) namedDay(words []string, sent time.Time) (time.Time, bool) {
	var day, year int
	var month time.Month
	for i, word := range words[:min(len(words), 4)] {
		word = strings.Trim(word, ".;!")
		if m, ok := p.auto.months[word]; ok && month == 0 {
			month = m
			continue
		}
		digits := strings.TrimRight(word, "stndrh")
		n, err := strconv.Atoi(digits)
		switch {
		case err != nil || n <= 0:
			if i < 2 && word == "of" {
				continue
			}
			return makeDay(year, month, day, sent)
		case n <= 31 && day == 0:
			day = n
		case n >= 2000 && n < 2200 && month != 0:
			year = n
			return makeDay(year, month, day, sent)
		default:
			return makeDay(year, month, day, sent)
		}
	}
	return makeDay(year, month, day, sent)
}

// numericDay reads 2026-01-19, 19/01/2026, 19.1.26 and 19/1. Days come before months, as in Indonesia; a number that can be
// no month is the day.
func numericDay(word string, sent time.Time) (time.Time, bool) {
	parts := strings.FieldsFunc(word, func(r rune) bool { return r == '/' || r == '-' || r == '.' })
	if len(parts) < 2 || len(parts) > 3 {
		return time.Time{}, false
	}
	var n [3]int
	for i, part := range parts {
		var err error
		if n[i], err = strconv.Atoi(part); err != nil || n[i] < 0 {
			return time.Time{}, false
		}
	}
	if n[0] >= 2000 && len(parts) == 3 {
		return makeDay(n[0], time.Month(n[1]), n[2], sent)
	}
	if n[1] > 12 {
		n[0], n[1] = n[1], n[0]
	}
	if len(parts) == 3 && n[2] < 100 {
		n[2] += 2000
	}
	return makeDay(n[2], time.Month(n[1]), n[0], sent)
}

// makeDay makes a day of its numbers; year 0 is the next one from the date of the mail.
func makeDay(year int, month time.Month, day int, sent time.Time) (time.Time, bool) {
	if month < 1 || month > 12 || day < 1 || day > 31 {
		return time.Time{}, false
	}
	if year == 0 {
		if sent.IsZero() {
			return time.Time{}, false
		}
		year = sent.Year()
		if time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Before(sent.AddDate(0, -3, 0)) { // a little in the past is a late answer
			year++
		}
	}
	t := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	return t, t.Day() == day && year >= 2000 && year < 2200
}

// nextWeekday returns the next such day behind the date of the mail.
func nextWeekday(weekday time.Weekday, sent time.Time) (time.Time, bool) {
	if sent.IsZero() {
		return time.Time{}, false
	}
	day := time.Date(sent.Year(), sent.Month(), sent.Day(), 0, 0, 0, 0, time.UTC)
	ahead := (int(weekday) - int(day.Weekday()) + 7) % 7
	if ahead == 0 {
		ahead = 7
	}
	return day.AddDate(0, 0, ahead), true
}
