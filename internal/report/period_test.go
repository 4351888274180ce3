package report

import (
	"errors"
	"testing"
	"time"
)

func TestPeriodsBeginAndEndWithTheCompanysDays(t *testing.T) {
	now := time.Date(2026, 1, 14, 20, 0, 0, 0, time.UTC) // the 15th in Jakarta
	for _, c := range []struct {
		ask            Ask
		zone, from, to string
	}{
		{Ask{}, "Asia/Jakarta", "2026-01-01T00:00:00+07:00", "2026-02-01T00:00:00+07:00"},
		{Ask{Period: "2026"}, "Asia/Jakarta", "2026-01-01T00:00:00+07:00", "2027-01-01T00:00:00+07:00"},
		{Ask{Period: "2026-q4"}, "Asia/Jakarta", "2026-10-01T00:00:00+07:00", "2027-01-01T00:00:00+07:00"},
		{Ask{Period: "2026-12"}, "Asia/Jakarta", "2026-12-01T00:00:00+07:00", "2027-01-01T00:00:00+07:00"},
		{Ask{Period: "2026-W01"}, "Asia/Jakarta", "2025-12-29T00:00:00+07:00", "2026-01-05T00:00:00+07:00"},
		{Ask{Period: "2026-W53"}, "Asia/Jakarta", "2026-12-28T00:00:00+07:00", "2027-01-04T00:00:00+07:00"},
		{Ask{Period: "2026-02-28"}, "Asia/Jakarta", "2026-02-28T00:00:00+07:00", "2026-03-01T00:00:00+07:00"},
		{Ask{From: "2026-01-05", To: "2026-01-09"}, "Asia/Jakarta", "2026-01-05T00:00:00+07:00", "2026-01-10T00:00:00+07:00"},
		{Ask{From: "2026-01-05"}, "Asia/Jakarta", "2026-01-05T00:00:00+07:00", "2026-01-16T00:00:00+07:00"},
		// The clocks change: a month of another length, a midnight that is not there, a midnight that comes twice.
		{Ask{Period: "2026-03"}, "Europe/Berlin", "2026-03-01T00:00:00+01:00", "2026-04-01T00:00:00+02:00"},
		{Ask{Period: "2026-03-29"}, "Asia/Beirut", "2026-03-29T01:00:00+03:00", "2026-03-30T00:00:00+03:00"},
		{Ask{Period: "2026-11-01"}, "America/Havana", "2026-11-01T00:00:00-04:00", "2026-11-02T00:00:00-05:00"},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		q, err := c.ask.Resolve(zone, now)
		if err != nil {
			t.Errorf("%+v: %v", c.ask, err)
			continue
		}
		if got := q.From.Format(time.RFC3339); got != c.from {
			t.Errorf("%+v begins %s, want %s", c.ask, got, c.from)
		}
		if got := q.To.Format(time.RFC3339); got != c.to {
			t.Errorf("%+v ends %s, want %s", c.ask, got, c.to)
		}
	}
}

func TestWhatIsNoPeriodIsSaid(t *testing.T) {
	for _, a := range []Ask{{Period: "2026-13"}, {Period: "2026-00"}, {Period: "2026-W54"}, {Period: "2025-W53"}, {Period: "2026-W00"}, {Period: "2026-Q5"}, {Period: "2026-02-30"}, {Period: "januari"}, {Period: "0000"},
		{Period: "2026", From: "2026-01-01"}, {To: "2026-01-01"}, {From: "2026-01-02", To: "2026-01-01"}, {From: "1.1.2026"}, {By: "colour"}} {
		if _, err := a.Resolve(time.UTC, start); !errors.Is(err, ErrAsk) {
			t.Errorf("%+v: %v", a, err)
		}
	}
}
