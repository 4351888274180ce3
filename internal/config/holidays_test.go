package config

import (
	"fmt"
	"strings"
	"testing"
)

func event(lines ...string) string {
	return "BEGIN:VEVENT\r\nUID:" + fmt.Sprint(len(lines)) + "@x\r\nDTSTAMP:20260101T000000Z\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VEVENT\r\n"
}

func ics(events ...string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x//ID\r\n" + strings.Join(events, "") + "END:VCALENDAR\r\n"
}

func TestHolidaysAreRead(t *testing.T) {
	newYear := event("DTSTART;VALUE=DATE:20260101", "SUMMARY:New Year")
	for _, c := range []struct{ name, file, want string }{
		{"a list", "# libur\n2026-01-01 New Year\n\n 2026-03-20\tNyepi  \n2026-08-17\n", "2026-01-01 New Year, 2026-03-20 Nyepi, 2026-08-17 "},
		{"a list with a BOM, CRLF and commas", "\ufeff2026-01-01, New Year\r\n2026-03-20;Nyepi\r\n", "2026-01-01 New Year, 2026-03-20 Nyepi"},
		{"a list out of order with a day twice", "2026-08-17 B\n2026-01-01 A\n2026-08-17 C\n", "2026-01-01 A, 2026-08-17 B"},
		{"nothing", "# none yet\n", ""},
		{"a day", ics(newYear), "2026-01-01 New Year"},
		{"a BOM and LF", "\ufeff" + strings.ReplaceAll(ics(newYear), "\r\n", "\n"), "2026-01-01 New Year"},
		{"several days: DTEND is the day after", ics(event("DTSTART;VALUE=DATE:20260320", "DTEND;VALUE=DATE:20260323", "SUMMARY:Lebaran")), "2026-03-20 Lebaran, 2026-03-21 Lebaran, 2026-03-22 Lebaran"},
		{"DTEND on the day itself", ics(event("DTSTART;VALUE=DATE:20260320", "DTEND;VALUE=DATE:20260320", "SUMMARY:A")), "2026-03-20 A"},
		{"a date without VALUE", ics(event("DTSTART:20260320", "SUMMARY:A")), "2026-03-20 A"},
		{"a meeting is no holiday", ics(event("DTSTART:20260320T090000Z", "SUMMARY:A"), newYear), "2026-01-01 New Year"},
		{"nor what was called off", ics(event("DTSTART;VALUE=DATE:20260320", "STATUS:CANCELLED", "SUMMARY:A"), newYear), "2026-01-01 New Year"},
		{"a name with escapes", ics(event("DTSTART;VALUE=DATE:20260320", `SUMMARY:Cuti\, bersama`)), "2026-03-20 Cuti, bersama"},
		{"every year, thrice", ics(event("DTSTART;VALUE=DATE:20260817", "RRULE:FREQ=YEARLY;COUNT=3", "SUMMARY:A")), "2026-08-17 A, 2027-08-17 A, 2028-08-17 A"},
		{"every year until, with the day said again", ics(event("DTSTART;VALUE=DATE:20260817", "RRULE:FREQ=YEARLY;UNTIL=20270101;BYMONTH=8;BYMONTHDAY=17", "SUMMARY:A")), "2026-08-17 A"},
		{"a leap day", ics(event("DTSTART;VALUE=DATE:20240229", "RRULE:FREQ=YEARLY;COUNT=2", "SUMMARY:A")), "2024-02-29 A, 2028-02-29 A"},
		{"a folded name, quotes and an alarm inside", ics(event("DTSTART;VALUE=DATE:20260320", "X-A;Y=\"a:b\":c", "SUMMARY:Ny", " epi", "BEGIN:VALARM", "DTSTART:20250101", "END:VALARM")), "2026-03-20 Nyepi"},
		{"a clock's rules are no holidays", ics("BEGIN:VTIMEZONE\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n", newYear), "2026-01-01 New Year"},
	} {
		list, err := parseHolidays([]byte(c.file))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var got []string
		for _, h := range list {
			got = append(got, dayTime(h.Date).Format("2006-01-02 ")+h.Name)
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s: %q, want %q", c.name, s, c.want)
		}
	}
}

func TestABrokenHolidayFileIsRefusedWithItsLine(t *testing.T) {
	for _, c := range []struct{ name, file, want string }{
		{"a date that is none", "2026-01-01 A\n2026-02-30 B\n", "line 2:"},
		{"another order", "01-01-2026 A\n", "line 1:"},
		{"a line that is none", strings.Replace(ics(event("DTSTART;VALUE=DATE:20260101")), "DTSTAMP:20260101T000000Z", "DTSTAMP", 1), "line 6:"},
		{"a DTSTART that is none", ics(event("DTSTART;VALUE=DATE:20260101"), event("DTSTART;VALUE=DATE:2026-01-01")), "line 12:"},
		{"a DTEND before DTSTART", ics(event("DTSTART;VALUE=DATE:20260320", "DTEND;VALUE=DATE:20260310")), "line 8:"},
		{"no DTSTART", ics(event("SUMMARY:A")), "line 4:"},
		{"a holiday every second", ics(event("DTSTART;VALUE=DATE:20260320", "RRULE:FREQ=SECONDLY")), "line 8:"},
		{"a holiday of years", ics(event("DTSTART;VALUE=DATE:20260320", "DTEND;VALUE=DATE:20360320")), "line 8:"},
		{"a rule that is not understood", ics(event("DTSTART;VALUE=DATE:20260320", "RRULE:FREQ=YEARLY;BYDAY=4TH")), "line 8:"},
		{"days taken out", ics(event("DTSTART;VALUE=DATE:20260320", "EXDATE;VALUE=DATE:20270320")), "line 8:"},
		{"cut off", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", "line 2:"},
	} {
		if list, err := parseHolidays([]byte(c.file)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, error %v; want %q", c.name, list, err, c.want)
		}
	}
}

// Whatever a holiday file holds, reading it ends, with days in order, each once.
func FuzzHolidays(f *testing.F) {
	f.Add([]byte("# x\n2026-01-01 New Year\n"))
	f.Add([]byte(ics(event("DTSTART;VALUE=DATE:20260320", "DTEND;VALUE=DATE:20260323", "SUMMARY:Lebaran"))))
	f.Add([]byte("BEGIN:VCALENDAR\n0;0="))
	f.Add([]byte(ics(event("DTSTART;VALUE=DATE:20260817", "RRULE:FREQ=YEARLY;COUNT=3", "SUMMARY:A"))))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := parseHolidays(data)
		if err != nil {
			return
		}
		for i := 1; i < len(list); i++ {
			if !dayTime(list[i-1].Date).Before(dayTime(list[i].Date)) {
				t.Errorf("%v does not come before %v", list[i-1], list[i])
			}
		}
	})
}
