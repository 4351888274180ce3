package workflow

import (
	"slices"
	"time"
)

// Opening is a stretch of opening hours, in minutes since midnight by the clock on the wall. To may be 1440, the day's end;
// a To that is not after From is on the day after.
type Opening struct{ From, To int }

// Date is a day of the calendar.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf gives the day of a moment in the moment's zone.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// Hours is a calendar of opening hours in a zone, with holidays.
//
// A span opens at the moment when the clock on the wall first shows its beginning or something later, and closes when it
// first shows its end: so a night shift on the day that the clocks change is an hour shorter or longer, and nothing opens
// twice. Spans may overlap: time counts once. A holiday takes the spans that begin on it.
type Hours struct {
	zone     *time.Location
	week     [7][]Opening
	holidays map[Date]bool
}

const (
	idleDays = 20 * 366       // without an opening: it never opens again
	farDays  = 250 * 366      // no walk goes further
	widest   = 26 * time.Hour // no zone's clock differs by as much from UTC
	never    = 250 * 365 * 24 * time.Hour
)

// NewHours makes a calendar. Spans are by weekday.
func NewHours(zone *time.Location, week [7][]Opening, holidays []Date) *Hours {
	h := &Hours{zone: zone, holidays: make(map[Date]bool, len(holidays))}
	for day, spans := range week {
		h.week[day] = slices.Clone(spans)
		slices.SortFunc(h.week[day], func(a, b Opening) int { return a.From - b.From })
	}
	for _, d := range holidays {
		h.holidays[d] = true
	}
	return h
}

// Add gives the first moment at which so much business time has passed since from: a span's end rather than the next
// opening. It is centuries away where the calendar does not open again.
func (h *Hours) Add(from time.Time, d time.Duration) time.Time {
	if d <= 0 {
		return from
	}
	at := from.Add(never)
	h.walk(from, func(opens, closes time.Time) bool {
		length := closes.Sub(opens)
		if d <= length {
			at = opens.Add(d)
			return false
		}
		d -= length
		return true
	})
	return at.In(from.Location())
}

// Between gives the business time between two moments, 0 where to is not after from.
func (h *Hours) Between(from, to time.Time) time.Duration {
	var sum time.Duration
	if !to.After(from) {
		return 0
	}
	h.walk(from, func(opens, closes time.Time) bool {
		if !opens.Before(to) {
			return false
		}
		if closes.After(to) {
			closes = to
		}
		sum += closes.Sub(opens)
		return closes.Before(to)
	})
	return sum
}

// Opens gives the first business moment at or after t. It is centuries away where the calendar does not open again.
func (h *Hours) Opens(t time.Time) time.Time {
	at := t.Add(never)
	h.walk(t, func(opens, _ time.Time) bool {
		at = opens
		return false
	})
	return at.In(t.Location())
}

// Stretch is business time without a gap.
type Stretch struct{ Opens, Closes time.Time }

// Stretches lists the business time between two moments, in order.
func (h *Hours) Stretches(from, to time.Time) []Stretch {
	var all []Stretch
	h.walk(from, func(opens, closes time.Time) bool {
		if !opens.Before(to) {
			return false
		}
		if closes.After(to) {
			closes = to
		}
		if last := len(all) - 1; last >= 0 && all[last].Closes.Equal(opens) {
			all[last].Closes = closes
		} else {
			all = append(all, Stretch{opens, closes})
		}
		return true
	})
	return all
}

// walk visits the stretches of business time after from in their order, disjoint and not empty, until visit says no more.
func (h *Hours) walk(from time.Time, visit func(opens, closes time.Time) bool) {
	wall := wall{zone: h.zone}
	y, m, d := from.In(h.zone).Date()
	midnight := time.Date(y, m, d-1, 0, 0, 0, 0, time.UTC) // the wall's, read as if it were UTC; a night began yesterday
	done := from                                           // business time up to here was visited
	for day, idle := 0, 0; day < farDays && idle < idleDays; day, idle = day+1, idle+1 {
		if !h.holidays[DateOf(midnight)] {
			for _, s := range h.week[midnight.Weekday()] {
				opens, closes := h.span(&wall, midnight, s)
				if opens.Before(done) {
					opens = done
				}
				if !closes.After(opens) {
					continue
				}
				if !visit(opens, closes) {
					return
				}
				done, idle = closes, 0
			}
		}
		midnight = midnight.AddDate(0, 0, 1)
	}
}

// span gives the moments at which a span that begins on a day opens and closes.
func (h *Hours) span(w *wall, midnight time.Time, s Opening) (opens, closes time.Time) {
	to := s.To
	if to <= s.From {
		to += 24 * 60
	}
	return w.shows(midnight.Add(time.Duration(s.From) * time.Minute)), w.shows(midnight.Add(time.Duration(to) * time.Minute))
}

// wall is a clock on a wall in a zone. It remembers the stretch of time in which the zone's offset does not change.
type wall struct {
	zone       *time.Location
	start, end time.Time // of the stretch; zero: unbounded
	offset     time.Duration
	known      bool
}

// shows gives the first moment at which the clock shows a reading (written as if it were UTC) or something later.
func (w *wall) shows(reading time.Time) time.Time {
	if at := reading.Add(-w.offset); w.known && (w.start.IsZero() || at.Sub(w.start) > 2*widest) && w.within(at) {
		return at
	}
	w.enter(reading.Add(-widest)) // the clock shows less here
	for {
		at := reading.Add(-w.offset)
		if at.Before(w.start) { // skipped: the clock jumped over it
			at = w.start
		}
		if w.within(at) {
			return at
		}
		w.enter(w.end)
	}
}

// enter moves to the stretch that a moment is in.
func (w *wall) enter(t time.Time) {
	t = t.In(w.zone)
	w.start, w.end = t.ZoneBounds()
	_, seconds := t.Zone()
	w.offset, w.known = time.Duration(seconds)*time.Second, true
}

func (w *wall) within(t time.Time) bool { return w.end.IsZero() || t.Before(w.end) }
