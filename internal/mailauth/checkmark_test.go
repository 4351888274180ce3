package mailauth

import (
	"testing"
	"time"
)

func TestTheMarkOfACheckedMail(t *testing.T) {
	old, own, others := []byte("an old key of the desk"), []byte("the desk's present key"), []byte("the key of another desk")
	ours, now := tokens(t, own, old), time.Date(2026, 1, 12, 2, 0, 0, 0, time.UTC)
	const id = "<check.abc@mx.company.com>"
	for _, c := range []struct {
		name, value string
		ok          bool
	}{
		{"ours", ours.MarkCheck(id, now), true},
		{"folded, with blanks", " " + ours.MarkCheck(id, now) + " ", true},
		{"of a key that is still good", tokens(t, old).MarkCheck(id, now), true},
		{"of another desk", tokens(t, others).MarkCheck(id, now), false},
		{"of another mail", ours.MarkCheck("<other@mx.company.com>", now)[:40] + ours.MarkCheck(id, now)[40:], false},
		{"of yesterday", ours.MarkCheck(id, now.Add(-25*time.Hour)), false},
		{"of another time", ours.MarkCheck(id, now.Add(-25*time.Hour))[:40] + ours.MarkCheck(id, now)[40:], false},
		{"nothing", "", false},
		{"too short", "00 " + id, false},
		{"a token", ours.Mint(1, "a@company.com", 1) + " " + id, false},
	} {
		got, ok := ours.Checked(c.value, now)
		if ok != c.ok || ok && got != id {
			t.Errorf("%s: %q %v", c.name, got, ok)
		}
	}
	for _, r := range []CheckResult{{Pass, true}, {None, true}, {Fail, false}, {None, false}} {
		if got := ReadCheckResult(r.String()); got != r {
			t.Errorf("%v is read as %v", r, got)
		}
	}
}
