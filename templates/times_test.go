package templates

import (
	"testing"
	"time"

	"helpost/internal/sop"
)

func TestMomentsCarryDayAndZone(t *testing.T) {
	jakarta := time.FixedZone("WIB", 7*3600)
	now := time.Date(2026, 1, 12, 9, 13, 0, 0, jakarta)
	on := func(month time.Month, day, hour, minute int) time.Time {
		return time.Date(2026, month, day, hour, minute, 0, 0, jakarta)
	}
	for _, test := range []struct {
		at     time.Time
		id, en string
	}{
		{on(1, 12, 13, 20), "hari ini (Senin, 12 Jan) pukul 13.20 WIB", "13:20 WIB today (Mon 12 Jan)"},
		{on(1, 13, 9, 13), "besok (Selasa, 13 Jan) pukul 09.13 WIB", "09:13 WIB tomorrow (Tue 13 Jan)"},
		{on(1, 14, 9, 20), "Rabu, 14 Jan pukul 09.20 WIB", "Wed 14 Jan, 09:20 WIB"},
		{on(1, 11, 2, 0), "Minggu, 11 Jan pukul 02.00 WIB", "Sun 11 Jan, 02:00 WIB"},
		{on(8, 17, 0, 0), "Senin, 17 Agu pukul 00.00 WIB", "Mon 17 Aug, 00:00 WIB"},
		{time.Date(2027, 1, 4, 8, 0, 0, 0, jakarta), "Senin, 4 Jan 2027 pukul 08.00 WIB", "Mon 4 Jan 2027, 08:00 WIB"},
		{time.Time{}, "", ""},
		{time.Date(2026, 1, 12, 15, 20, 0, 0, time.FixedZone("WITA", 8*3600)), "hari ini (Senin, 12 Jan) pukul 15.20 WITA", "15:20 WITA today (Mon 12 Jan)"},
		{time.Date(2026, 1, 12, 15, 20, 0, 0, time.FixedZone("WIT", 9*3600)), "hari ini (Senin, 12 Jan) pukul 15.20 WIT", "15:20 WIT today (Mon 12 Jan)"},
		{time.Date(2026, 1, 12, 15, 20, 0, 0, time.UTC), "hari ini (Senin, 12 Jan) pukul 15.20 UTC", "15:20 UTC today (Mon 12 Jan)"},
		{time.Date(2026, 1, 12, 15, 20, 0, 0, time.FixedZone("CET", 3600)), "hari ini (Senin, 12 Jan) pukul 15.20 UTC+1", "15:20 UTC+1 today (Mon 12 Jan)"},
		{time.Date(2026, 1, 12, 15, 20, 0, 0, time.FixedZone("IST", 5*3600+1800)), "hari ini (Senin, 12 Jan) pukul 15.20 UTC+5:30", "15:20 UTC+5:30 today (Mon 12 Jan)"},
		{time.Date(2026, 1, 12, 15, 20, 0, 0, time.FixedZone("NST", -3*3600-1800)), "besok (Senin, 12 Jan) pukul 15.20 UTC-3:30", "15:20 UTC-3:30 tomorrow (Mon 12 Jan)"},
	} {
		if got := moment(sop.Indonesian, now, test.at); got != test.id {
			t.Errorf("%v: %q, want %q", test.at, got, test.id)
		}
		if got := moment(sop.English, now, test.at); got != test.en {
			t.Errorf("%v: %q, want %q", test.at, got, test.en)
		}
	}
}

func TestTodayIsTheDayInTheZoneThatIsShown(t *testing.T) {
	now := time.Date(2026, 1, 12, 18, 30, 0, 0, time.UTC) // the 13th in Jakarta
	at := time.Date(2026, 1, 13, 9, 0, 0, 0, time.FixedZone("WIB", 7*3600))
	if got := moment(sop.English, now, at); got != "09:00 WIB today (Tue 13 Jan)" {
		t.Error(got)
	}
}

func TestSpansAreInTheirTwoLargestUnits(t *testing.T) {
	for d, want := range map[time.Duration][2]string{
		5 * time.Minute:                       {"5 menit", "5 minutes"},
		-time.Minute:                          {"1 menit", "1 minute"},
		130 * time.Minute:                     {"2 jam 10 menit", "2 hours 10 minutes"},
		2 * time.Hour:                         {"2 jam", "2 hours"},
		24*time.Hour + 59*time.Minute:         {"1 hari", "1 day"},
		47*time.Hour + 59*time.Minute:         {"1 hari 23 jam", "1 day 23 hours"},
		40 * time.Second:                      {"40 detik", "40 seconds"},
		5*time.Minute + 50*time.Second:        {"5 menit", "5 minutes"},
		0:                                     {"0 detik", "0 seconds"},
		300 * time.Millisecond:                {"0 detik", "0 seconds"},
		3*time.Hour + 59*time.Minute + 59*1e9: {"3 jam 59 menit", "3 hours 59 minutes"},
	} {
		if id, en := span(sop.Indonesian, d), span(sop.English, d); id != want[0] || en != want[1] {
			t.Errorf("%v: %q, %q, want %q", d, id, en, want)
		}
	}
}

func TestARuleNamesHours(t *testing.T) {
	for d, want := range map[time.Duration]string{24 * time.Hour: "24 hours", 72 * time.Hour: "72 hours", 96 * time.Hour: "4 days", time.Hour: "1 hour", 6 * time.Second: "6 seconds"} {
		if got := inHours(sop.English, d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
