package workflow

import (
	"slices"
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"
)

func zone(t interface{ Fatal(...any) }, name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// office is open on weekdays from 08:00 to 12:00 and from 13:00 to 17:00.
func office(z *time.Location, holidays ...Date) *Hours {
	var week [7][]Opening
	for d := time.Monday; d <= time.Friday; d++ {
		week[d] = []Opening{{13 * 60, 17 * 60}, {8 * 60, 12 * 60}}
	}
	return NewHours(z, week, holidays)
}

func every(spans ...Opening) [7][]Opening {
	var week [7][]Opening
	for d := range week {
		week[d] = spans
	}
	return week
}

func TestBusinessTimeOnOfficeHours(t *testing.T) {
	wib := zone(t, "Asia/Jakarta")
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 1, day, hour, minute, 0, 0, wib) } // the 12th is a Monday
	free := office(wib, Date{2026, 1, 14})
	for _, c := range []struct {
		what string
		from time.Time
		d    time.Duration
		want time.Time
	}{
		{"inside a span", at(12, 9, 0), time.Hour, at(12, 10, 0)},
		{"to the very end of a span, not the next opening", at(12, 9, 0), 3 * time.Hour, at(12, 12, 0)},
		{"over the lunch break", at(12, 9, 0), 3*time.Hour + time.Second, at(12, 13, 0).Add(time.Second)},
		{"from before the opening", at(12, 5, 0), time.Hour, at(12, 9, 0)},
		{"from the break", at(12, 12, 30), time.Hour, at(12, 14, 0)},
		{"over the night", at(12, 16, 0), 2 * time.Hour, at(13, 9, 0)},
		{"over a holiday", at(13, 16, 0), 2 * time.Hour, at(15, 9, 0)},
		{"over the weekend", at(16, 16, 30), time.Hour, at(19, 8, 30)},
		{"from the weekend", at(17, 11, 0), 8 * time.Hour, at(19, 17, 0)},
		{"no time at all", at(17, 11, 0), 0, at(17, 11, 0)},
		{"four weeks", at(12, 8, 0), 19 * 8 * time.Hour, at(12, 8, 0).AddDate(0, 0, 25).Add(9 * time.Hour)},
	} {
		if got := free.Add(c.from, c.d); !got.Equal(c.want) {
			t.Errorf("%s: %v after %v is %v, want %v", c.what, c.d, c.from, got, c.want)
		}
		if got := free.Between(c.from, c.want); got != c.d {
			t.Errorf("%s: between %v and %v is %v, want %v", c.what, c.from, c.want, got, c.d)
		}
	}
	for from, want := range map[time.Time]time.Time{
		at(12, 9, 30): at(12, 9, 30), at(12, 12, 0): at(12, 13, 0), at(12, 17, 0): at(13, 8, 0), at(13, 17, 0): at(15, 8, 0), at(16, 17, 0): at(19, 8, 0),
	} {
		if got := free.Opens(from); !got.Equal(want) {
			t.Errorf("at %v it opens %v, want %v", from, got, want)
		}
	}
	if got := free.Between(at(13, 9, 0), at(12, 9, 0)); got != 0 {
		t.Errorf("backwards there is %v", got)
	}
}

func TestTheStretchesOfADay(t *testing.T) {
	wib := zone(t, "Asia/Jakarta")
	at := func(day, hour int) time.Time { return time.Date(2026, 1, day, hour, 0, 0, 0, wib) }
	h := NewHours(wib, every(Opening{8 * 60, 12 * 60}, Opening{12 * 60, 13 * 60}, Opening{22 * 60, 6 * 60}), []Date{{2026, 1, 13}})
	want := []Stretch{{at(12, 0), at(12, 6)}, {at(12, 8), at(12, 13)}, {at(12, 22), at(13, 6)}, {at(14, 8), at(14, 9)}}
	if got := h.Stretches(at(12, 0), at(14, 9)); !slices.EqualFunc(got, want, func(a, b Stretch) bool { return a.Opens.Equal(b.Opens) && a.Closes.Equal(b.Closes) }) {
		t.Errorf("the stretches are %v, want %v", got, want)
	}
}

func TestNightShiftsAndDaysWithoutAnEnd(t *testing.T) {
	wib := zone(t, "Asia/Jakarta")
	at := func(day, hour int) time.Time { return time.Date(2026, 1, day, hour, 0, 0, 0, wib) }
	night := NewHours(wib, every(Opening{22 * 60, 6 * 60}), []Date{{2026, 1, 14}})
	if got := night.Add(at(12, 12), 9*time.Hour); !got.Equal(at(13, 23)) {
		t.Errorf("nine hours of nights end at %v", got)
	}
	if got := night.Add(at(12, 3), 3*time.Hour); !got.Equal(at(12, 6)) {
		t.Errorf("the night of the day before does not count: %v", got)
	}
	if got := night.Between(at(14, 0), at(15, 12)); got != 6*time.Hour { // what began on the 13th; the 14th itself is free
		t.Errorf("around a holiday there are %v", got)
	}
	allDay := NewHours(wib, every(Opening{0, 24 * 60}), nil)
	if got := allDay.Add(at(12, 5), 1000*time.Hour); !got.Equal(at(12, 5).Add(1000 * time.Hour)) {
		t.Errorf("24 hours a day: %v", got)
	}
	twice := NewHours(wib, every(Opening{8 * 60, 12 * 60}, Opening{10 * 60, 14 * 60}), nil)
	if got := twice.Between(at(12, 0), at(13, 0)); got != 6*time.Hour {
		t.Errorf("spans that overlap count %v", got)
	}
}

func TestTheDayThatTheClocksChange(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	at := func(month time.Month, day, hour, minute int) time.Time {
		return time.Date(2026, month, day, hour, minute, 0, 0, berlin)
	}
	night := NewHours(berlin, every(Opening{22 * 60, 6 * 60}), nil)
	if got := night.Between(at(3, 28, 12, 0), at(3, 29, 12, 0)); got != 7*time.Hour {
		t.Errorf("the short night has %v", got)
	}
	if got := night.Between(at(10, 24, 12, 0), at(10, 25, 12, 0)); got != 9*time.Hour {
		t.Errorf("the long night has %v", got)
	}
	for _, c := range []struct {
		what string
		span Opening
		day  time.Time
		want time.Duration
	}{
		{"a span that the clock skips", Opening{120, 180}, at(3, 29, 0, 0), 0},
		{"a span that begins in what it skips", Opening{150, 240}, at(3, 29, 0, 0), time.Hour},
		{"a span that ends in what it skips", Opening{60, 150}, at(3, 29, 0, 0), time.Hour},
		{"a span over the hour that comes twice", Opening{60, 240}, at(10, 25, 0, 0), 4 * time.Hour},
		{"a span that ends in the hour that comes twice: at its first end", Opening{60, 150}, at(10, 25, 0, 0), 90 * time.Minute},
		{"a span that begins in the hour that comes twice: at its first beginning", Opening{150, 240}, at(10, 25, 0, 0), 150 * time.Minute},
		{"office hours", Opening{480, 1020}, at(10, 25, 0, 0), 9 * time.Hour},
	} {
		h := NewHours(berlin, every(c.span), nil)
		if got := h.Between(c.day, c.day.AddDate(0, 0, 1)); got != c.want {
			t.Errorf("%s: %v, want %v", c.what, got, c.want)
		}
	}
	apia := zone(t, "Pacific/Apia") // went without the 30th of December 2011
	from := time.Date(2011, 12, 29, 0, 0, 0, 0, apia)
	if got := NewHours(apia, every(Opening{480, 1020}), nil).Between(from, from.AddDate(0, 0, 3)); got != 18*time.Hour {
		t.Errorf("a day that never was counts: %v", got)
	}
}

func TestACalendarThatNeverOpensEndsTheSearch(t *testing.T) {
	from := time.Date(2026, 1, 12, 9, 0, 0, 0, time.UTC)
	h := NewHours(time.UTC, [7][]Opening{}, nil)
	if got := h.Add(from, time.Hour); got.Year() < 2200 || got.Year() > 9999 {
		t.Errorf("an hour later is %v", got)
	}
	if got := h.Opens(from); got.Year() < 2200 || got.Year() > 9999 {
		t.Errorf("it opens %v", got)
	}
	if got := h.Between(from, from.AddDate(90, 0, 0)); got != 0 {
		t.Errorf("it was open for %v", got)
	}
	if got := office(time.UTC).Add(from, 1<<62); got.Year() < 2200 {
		t.Errorf("a century of business hours ends in %d", got.Year())
	}
}

// zones have changes of an hour, of half an hour, of a day, at midnight, and none.
var zones = []string{"Asia/Jakarta", "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/St_Johns", "Africa/Cairo", "America/Sao_Paulo", "Pacific/Apia", "Africa/Casablanca", "Asia/Kathmandu"}

func drawHours(t *rapid.T) *Hours {
	z := zone(t, rapid.SampledFrom(zones).Draw(t, "zone"))
	var week [7][]Opening
	for d := range week {
		week[d] = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Opening {
			from := rapid.IntRange(0, 1439).Draw(t, "from")
			to := rapid.IntRange(1, 1440).Filter(func(to int) bool { return to != from }).Draw(t, "to")
			return Opening{from, to}
		}), 0, 3).Draw(t, "spans")
	}
	start := drawStart(t, z)
	holidays := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Date {
		return DateOf(start.AddDate(0, 0, rapid.IntRange(-2, 5).Draw(t, "holiday")))
	}), 0, 2).Draw(t, "holidays")
	return NewHours(z, week, holidays)
}

// drawStart gives a moment, more often than not near a change of the clocks.
func drawStart(t *rapid.T, z *time.Location) time.Time {
	at := time.Unix(rapid.Int64Range(1.2e9, 1.9e9).Draw(t, "start"), 0).In(z)
	if _, end := at.ZoneBounds(); !end.IsZero() && rapid.Bool().Draw(t, "near a change") {
		at = end.Add(time.Duration(rapid.IntRange(-50*60, 30*60).Draw(t, "minutes")) * time.Minute)
	}
	return at.Truncate(time.Minute)
}

// slowly walks minute by minute and looks at the clock on the wall: a span opens when it first shows the beginning or
// something later, and closes when it first shows the end.
func slowly(h *Hours, from time.Time, minutes int) []bool {
	type running struct{ opens, closes time.Time } // readings of the wall, as if in UTC
	begin := from.Add(-75 * time.Hour)
	open := make([]bool, minutes)
	var high time.Time // the latest reading that the wall has shown
	var spans []running
	y, m, d := begin.In(h.zone).Date()
	for i := -1; i < 8+minutes/1440; i++ {
		day := time.Date(y, m, d+i, 0, 0, 0, 0, time.UTC)
		if h.holidays[DateOf(day)] {
			continue
		}
		for _, s := range h.week[day.Weekday()] {
			to := s.To
			if to <= s.From {
				to += 1440
			}
			spans = append(spans, running{day.Add(time.Duration(s.From) * time.Minute), day.Add(time.Duration(to) * time.Minute)})
		}
	}
	for at := begin; ; at = at.Add(time.Minute) {
		i := int(at.Sub(from) / time.Minute)
		if i >= minutes && !at.Before(from) {
			return open
		}
		w := at.In(h.zone)
		reading := time.Date(w.Year(), w.Month(), w.Day(), w.Hour(), w.Minute(), w.Second(), 0, time.UTC)
		if reading.After(high) {
			high = reading
		}
		if !at.Before(from) {
			open[i] = slices.ContainsFunc(spans, func(s running) bool { return !s.opens.After(high) && s.closes.After(high) })
		}
	}
}

func TestTheCalendarEqualsAWalkByTheMinute(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHours(t)
		from := drawStart(t, h.zone)
		open := slowly(h, from, 3*1440)
		sum := 0
		first := -1
		for i, o := range open {
			at := from.Add(time.Duration(i) * time.Minute)
			if o && first < 0 {
				first = i
			}
			if i%37 == 0 || o != open[max(i-1, 0)] {
				if got := h.Between(from, at); got != time.Duration(sum)*time.Minute {
					t.Fatalf("between %v and %v: %v, by the minute %d", from, at, got, sum)
				}
				if opens := h.Opens(at); opens.Equal(at) != o {
					t.Fatalf("at %v it is open: %v, but opens %v", at, o, opens)
				}
			}
			if o {
				sum++
				if sum%61 == 0 {
					if got := h.Add(from, time.Duration(sum)*time.Minute); !got.Equal(at.Add(time.Minute)) {
						t.Fatalf("%d minutes after %v: %v, by the minute %v", sum, from, got, at.Add(time.Minute))
					}
				}
			}
		}
		if first >= 0 {
			if got, want := h.Opens(from), from.Add(time.Duration(first)*time.Minute); !got.Equal(want) {
				t.Fatalf("after %v it opens %v, by the minute %v", from, got, want)
			}
		}
	})
}

func TestWhatIsAddedIsBetween(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHours(t)
		from := drawStart(t, h.zone).Add(time.Duration(rapid.IntRange(0, 59999).Draw(t, "ms")) * time.Millisecond)
		d := time.Duration(rapid.Int64Range(0, int64(2000*time.Hour)).Draw(t, "d"))
		to := h.Add(from, d)
		if to.Sub(from) >= never {
			if year := h.Between(from, from.AddDate(1, 0, 0)); d <= year { // what opens a minute a week takes longer than it looks ahead
				t.Fatalf("%v after %v is never, though a year has %v", d, from, year)
			}
			return
		}
		if got := h.Between(from, to); got != d {
			t.Fatalf("%v after %v is %v, but between them is %v", d, from, to, got)
		}
		half := h.Add(from, d/2)
		if again := h.Add(half, d-d/2); !again.Equal(to) {
			t.Fatalf("%v in two steps is %v, in one %v", d, again, to)
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	h := office(time.FixedZone("WIB", 7*3600))
	if z, err := time.LoadLocation("Asia/Jakarta"); err == nil {
		h = office(z)
	}
	from := time.Date(2026, 1, 12, 9, 0, 0, 0, time.UTC)
	for _, d := range []time.Duration{8 * time.Hour, 4000 * time.Hour} {
		b.Run(d.String(), func(b *testing.B) {
			for b.Loop() {
				h.Add(from, d)
			}
		})
	}
}
