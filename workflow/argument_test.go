package workflow

import (
	"strings"
	"testing"
	"time"
)

// Whatever stands behind a command is read without a fault, and what is understood of it stands in it and can be kept.
func FuzzArguments(f *testing.F) {
	for _, seed := range []string{"", "2h", "3d", "besok jam 9", "senin", "30/1 14:00", "2026-01-30 14:00 menunggu vendor", "tomorrow 9am", "next monday", "999999999999999999d", "0h", "31/2",
		"andi", "Andi Saputra <andi@company.com>", "IT-000124 IT-000130-000183", "1-501", "99999999999999999999", "a@b@c", "<>", "p1"} {
		f.Add(seed)
	}
	p := policy()
	f.Fuzz(func(t *testing.T, arg string) {
		for _, read := range []func(string, time.Time) (time.Time, string, bool){
			func(a string, now time.Time) (time.Time, string, bool) { return p.When(a, now, allDay{}) },
			p.LastDay,
		} {
			at, rest, ok := read(arg, start)
			if ok && (at.After(start.AddDate(farthest, 0, 2)) || at.Location() != time.UTC) {
				t.Errorf("%q is %s", arg, at)
			}
			if ok && len(rest) > len(arg) {
				t.Errorf("%q leaves %q", arg, rest)
			}
		}
		if a := addressIn(arg); a != "" && !strings.Contains(strings.ToLower(arg), a) {
			t.Errorf("%q holds no %q", arg, a)
		}
		if list, err := p.numbers(arg); err == nil && (len(list) == 0 || len(list) > 1100) {
			t.Errorf("%q names %d tickets", arg, len(list))
		}
		p.whom(arg)
	})
}
