package alarm

import (
	"strings"
	"testing"
	"time"

	"helpost/internal/sop"
	"helpost/workflow"
)

var noon = time.Date(2026, 1, 12, 5, 0, 0, 0, time.UTC) // a Monday, 12:00 in Jakarta

// limits are those of the tests.
var limits = Limits{Silence: 8 * time.Hour, Relay: 5 * time.Minute, Queue: 4 * time.Hour, Disk: 1 << 30}

// well are the signs of a house in which nothing is wrong.
func well() Signs {
	return Signs{Now: noon, LastMail: noon.Add(-time.Minute), Free: 1 << 40}
}

// office is open on weekdays from eight to five, in Jakarta.
func office() workflow.Calendar {
	var week [7][]workflow.Opening
	for day := time.Monday; day <= time.Friday; day++ {
		week[day] = []workflow.Opening{{From: 8 * 60, To: 17 * 60}}
	}
	return workflow.NewHours(time.FixedZone("WIB", 7*3600), week, nil)
}

func TestWhatIsAnAlarm(t *testing.T) {
	ago := func(d time.Duration) time.Time { return noon.Add(-d) }
	hours := limits
	hours.Open = office()
	for _, c := range []struct {
		name   string
		change func(*Signs)
		limits Limits
		stood  map[sop.Alarm]time.Time
		want   string // alarm and how long ago it began
	}{
		{"all is well", func(*Signs) {}, limits, nil, ""},
		{"nothing was ever looked at", func(s *Signs) { *s = Signs{Now: noon, Free: -1} }, limits, nil, ""},
		{"no mail for long", func(s *Signs) { s.LastMail = ago(8 * time.Hour) }, limits, nil, "silence 8h0m0s"},
		{"no mail, not yet for long", func(s *Signs) { s.LastMail = ago(8*time.Hour - time.Second) }, limits, nil, ""},
		{"no mail over a weekend", func(s *Signs) { s.LastMail = ago(68 * time.Hour) }, hours, nil, ""},
		{"no mail in a working day", func(s *Signs) { s.LastMail = ago(72 * time.Hour) }, hours, nil, "silence 72h0m0s"},
		{"a clock that was set back", func(s *Signs) { s.LastMail = noon.Add(9 * time.Hour) }, limits, nil, ""},
		{"the relay fails", func(s *Signs) { s.Relay = ago(5 * time.Minute) }, limits, nil, "relay 5m0s"},
		{"the relay has failed for a moment", func(s *Signs) { s.Relay = ago(time.Minute) }, limits, nil, ""},
		{"a mail waits", func(s *Signs) { s.Queue = ago(5 * time.Hour) }, limits, nil, "queue 5h0m0s"},
		{"another mail waits still", func(s *Signs) { s.Queue = ago(4 * time.Hour) }, limits, map[sop.Alarm]time.Time{sop.AlarmQueue: ago(9 * time.Hour)}, "queue 9h0m0s"},
		{"little room", func(s *Signs) { s.Free = 1<<30 - 1 }, limits, nil, "disk 0s"},
		{"little room still", func(s *Signs) { s.Free = 1<<30 + 1<<20 }, limits, map[sop.Alarm]time.Time{sop.AlarmDisk: ago(time.Hour)}, "disk 1h0m0s"},
		{"room again", func(s *Signs) { s.Free = 2 << 30 }, limits, map[sop.Alarm]time.Time{sop.AlarmDisk: ago(time.Hour)}, ""},
		{"nothing can be kept", func(s *Signs) { s.Store = ago(time.Second) }, limits, nil, "store 1s"},
		{"all at once, the gravest first", func(s *Signs) {
			s.Tickets = map[sop.Alarm][]Alarmed{sop.AlarmP1: {{7, ago(time.Minute)}}, sop.AlarmBreach: {{3, ago(2 * time.Hour)}, {7, ago(time.Hour)}}}
			s.Relay, s.Store = ago(time.Hour), ago(time.Minute)
		}, limits, map[sop.Alarm]time.Time{sop.AlarmBreach: ago(9 * time.Hour)}, "p1 1m0s, breach 2h0m0s, store 1m0s, relay 1h0m0s"},
	} {
		s := well()
		c.change(&s)
		var got []string
		for _, st := range Judge(s, c.limits, c.stood) {
			got = append(got, string(st.Alarm)+" "+noon.Sub(st.Since).String())
			if st.Text == "" || strings.Contains(st.Text, "%!") {
				t.Errorf("%s: %s says %q", c.name, st.Alarm, st.Text)
			}
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s: there stands %q, want %q", c.name, s, c.want)
		}
	}
}

func TestEveryAlarmHasARule(t *testing.T) {
	for _, a := range sop.Alarms {
		if r := rules[a]; r.since == nil || r.text == nil {
			t.Errorf("%s has no rule", a)
		}
	}
	if len(rules) != len(sop.Alarms) {
		t.Errorf("%d rules for %d alarms", len(rules), len(sop.Alarms))
	}
}
