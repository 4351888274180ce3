package report

import (
	"testing"
	"time"

	"helpost/internal/sop"
	"helpost/workflow"
)

var (
	fix   = command(sop.Resolve, "")
	pause = command(sop.Pending, "10d vendor")
	p1    = command(sop.SetPrio, "p1")
	p3    = command(sop.SetPrio, "p3")
	shut  = command(sop.Close, "sudah diganti")
)

// Each line lives through a ticket that was received on Monday at 09:00 and says what became of its targets. P2 is to be
// answered in an hour and resolved in eight, around the clock; P3 in 4 and 48 hours of the office.
func TestWhatBecomesOfATarget(t *testing.T) {
	const minute = time.Minute
	for _, c := range []struct {
		what                   string
		impact                 sop.Impact
		live                   func(l *life)
		response, gross        Outcome
		resolution, resolGross Outcome
	}{
		{"nothing happened yet", sop.Department, func(l *life) { l.pass(10 * minute) }, Running, Running, Running, Running},
		{"answered at the last moment", sop.Department, func(l *life) { l.sleep(60 * minute).agent("kata") }, Met, Met, Running, Running},
		{"answered a moment late, before anybody noticed", sop.Department, func(l *life) { l.sleep(60*minute + time.Millisecond).agent("kata") }, Missed, Missed, Running, Running},
		{"answered late, and the breach is on record", sop.Department, func(l *life) { l.pass(61 * minute).agent("kata") }, Missed, Missed, Running, Running},
		{"not answered, past the target", sop.Department, func(l *life) { l.sleep(60 * minute) }, Missed, Missed, Running, Running},
		{"not answered, not past it yet", sop.Department, func(l *life) { l.sleep(60*minute - time.Millisecond) }, Running, Running, Running, Running},
		{"not resolved, past the target", sop.Department, func(l *life) { l.agent("kata").sleep(8 * time.Hour) }, Met, Met, Missed, Missed},
		{"resolved in time", sop.Department, func(l *life) { l.pass(30*minute).agent("", fix).pass(20 * time.Hour) }, Met, Met, Met, Met},
		{"a pause is no fault, but by the clock on the wall", sop.Department, func(l *life) { l.agent("kata", pause).sleep(9*time.Hour).agent("", fix) }, Met, Met, Met, Missed},
		{"a pause, and all within the target by the clock on the wall", sop.Department, func(l *life) { l.agent("kata", pause).sleep(8*time.Hour).agent("", fix) }, Met, Met, Met, Met},
		{"a pause, and a second too long by the clock on the wall", sop.Department, func(l *life) { l.agent("kata", pause).sleep(8*time.Hour+time.Second).agent("", fix) }, Met, Met, Met, Missed},
		{"paused after the target", sop.Department, func(l *life) { l.agent("kata").sleep(9*time.Hour).agent("", pause).sleep(time.Hour).agent("", fix) }, Met, Met, Missed, Missed},
		{"paused before the target, still paused", sop.Department, func(l *life) { l.agent("kata", pause).sleep(9 * time.Hour) }, Met, Met, Running, Missed},
		{"paused, resumed, resolved in what was left", sop.Department, func(l *life) {
			l.agent("kata").sleep(7*time.Hour).agent("", pause).sleep(20*time.Hour).agent("", command(sop.Resume, "")).sleep(59*minute).agent("", fix)
		}, Met, Met, Met, Missed},
		{"paused, resumed, resolved after what was left", sop.Department, func(l *life) {
			l.agent("kata").sleep(7*time.Hour).agent("", pause).sleep(20*time.Hour).agent("", command(sop.Resume, "")).sleep(61*minute).agent("", fix)
		}, Met, Met, Missed, Missed},
		{"disputed: the clock goes on from what was left", sop.Department, func(l *life) {
			l.sleep(6*time.Hour).agent("", fix).sleep(time.Hour).reporter(sop.Dispute).sleep(time.Hour)
		}, Missed, Missed, Running, Missed},
		{"disputed, and resolved too late in the end", sop.Department, func(l *life) {
			l.agent("kata").sleep(6*time.Hour).agent("", fix).sleep(time.Hour).reporter(sop.Dispute).sleep(3*time.Hour).agent("", fix)
		}, Met, Met, Missed, Missed},
		{"the office's night is no fault, but by the clock on the wall", sop.Individual, func(l *life) { l.sleep(23*time.Hour + 30*minute).agent("kata") }, Missed, Missed, Running, Running},
		{"answered within office hours after a break", sop.Individual, func(l *life) { l.sleep(5 * time.Hour).agent("kata") }, Met, Missed, Running, Running},
		{"the priority went up when the new target was past", sop.Individual, func(l *life) { l.pass(30*minute).agent("", p1) }, ByChange, ByChange, Running, Running},
		{"what was answered in time is not judged again when the priority goes up", sop.Individual, func(l *life) { l.sleep(30*minute).agent("kata").agent("", p1) }, Met, Met, Running, Running},
		{"what was resolved in time is not judged again", sop.Individual, func(l *life) { l.sleep(30*minute).agent("", fix).sleep(9*time.Hour).agent("", p1) }, Met, Met, Met, Met},
		{"a breach survives a change of priority", sop.Department, func(l *life) { l.pass(61*minute).agent("", p3).agent("kata") }, Missed, Missed, Running, Running},
		{"closed by hand before an answer was due", sop.Department, func(l *life) { l.sleep(30*minute).agent("", shut).pass(48 * time.Hour) }, Unowed, Unowed, Met, Met},
		{"closed by hand when the answer was past due", sop.Department, func(l *life) { l.sleep(61*minute).agent("", shut) }, Missed, Missed, Met, Met},
		{"an answer that came back does not count", sop.Department, func(l *life) { l.agent("kata").bounce(); l.sleep(61 * minute) }, Missed, Missed, Running, Running},
		{"a fix that the reporter never heard of answers nothing", sop.Department, func(l *life) { l.agent("", fix).lose(); l.sleep(61 * minute) }, Missed, Missed, Met, Met},
		{"closed by silence: the solution counts, not the closing", sop.Department, func(l *life) { l.sleep(7*time.Hour).agent("", fix).pass(48 * time.Hour) }, Missed, Missed, Met, Met},
	} {
		l := begin(t, policy(), start, 1, workflow.Mail{Subject: "printer", Report: sop.Report{Impact: c.impact, Urgency: sop.Medium}})
		c.live(l)
		s := l.story(t)
		if s.Response.Net != c.response || s.Response.Gross != c.gross {
			t.Errorf("%s: the response is %d, gross %d, want %d and %d", c.what, s.Response.Net, s.Response.Gross, c.response, c.gross)
		}
		if s.Resolution.Net != c.resolution || s.Resolution.Gross != c.resolGross {
			t.Errorf("%s: the resolution is %d, gross %d, want %d and %d", c.what, s.Resolution.Net, s.Resolution.Gross, c.resolution, c.resolGross)
		}
	}
}

func TestTimesAreGrossByTheWallAndNetByTheCalendarWithoutPauses(t *testing.T) {
	// Received on Monday at 09:00, answered at 14:00, paused until Thursday 10:00 (Wednesday is a holiday), resolved at 12:00.
	l := begin(t, policy(), start, 1, workflow.Mail{Subject: "printer", Report: sop.Report{Impact: sop.Individual, Urgency: sop.Medium}})
	l.sleep(5*time.Hour).agent("kata", command(sop.Pending, "2026-01-15 10:00")).pass(68*time.Hour).sleep(2*time.Hour).agent("", fix)
	s := l.story(t)
	for _, c := range []struct {
		what      string
		got, want time.Duration
	}{
		{"gross response", s.Response.GrossTime, 5 * time.Hour},
		{"net response", s.Response.NetTime, 4 * time.Hour},
		{"gross resolution", s.Resolution.GrossTime, 75 * time.Hour},
		{"net resolution", s.Resolution.NetTime, 6 * time.Hour},
	} {
		if c.got != c.want {
			t.Errorf("%s is %v, want %v", c.what, c.got, c.want)
		}
	}
}

func TestPercentilesAreOfTheNearestRank(t *testing.T) {
	ten := []int32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	for _, c := range []struct {
		of      []int32
		percent int
		want    int64
	}{{ten, 50, 5}, {ten, 90, 9}, {ten[:1], 50, 1}, {ten[:1], 90, 1}, {ten[:2], 50, 1}, {ten[:2], 90, 2}, {ten[:3], 50, 2}, {ten[:9], 50, 5}, {ten[:9], 90, 9}, {ten[:4], 50, 2}} {
		if got := percentile(c.of, c.percent); got == nil || *got != c.want {
			t.Errorf("the %dth percentile of %v is not %d", c.percent, c.of, c.want)
		}
	}
	if percentile(nil, 50) != nil {
		t.Error("nothing has a median")
	}
}

func TestAHundredPercentMeansThatNoneWasMissed(t *testing.T) {
	if got := share(1999, 1); got == nil || *got != 99.9 {
		t.Errorf("1999 of 2000 are %v", *got)
	}
	if got := share(7, 0); got == nil || *got != 100 {
		t.Errorf("7 of 7 are %v", *got)
	}
	if share(0, 0) != nil {
		t.Error("none of none is no share")
	}
}
