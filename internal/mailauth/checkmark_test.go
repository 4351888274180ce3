package mailauth

import "testing"

func TestTheMarkOfACheckedMail(t *testing.T) {
	old, own, others := []byte("an old key of the desk"), []byte("the desk's present key"), []byte("the key of another desk")
	ours := tokens(t, own, old)
	const id = "<check.abc@mx.company.com>"
	for _, c := range []struct {
		name, value string
		ok          bool
	}{
		{"ours", ours.MarkCheck(id), true},
		{"folded, with blanks", " " + ours.MarkCheck(id) + " ", true},
		{"of a key that is still good", tokens(t, old).MarkCheck(id), true},
		{"of another desk", tokens(t, others).MarkCheck(id), false},
		{"of another mail", ours.MarkCheck("<other@mx.company.com>")[:40] + " " + id, false},
		{"nothing", "", false},
		{"too short", "00 " + id, false},
		{"a token", ours.Mint(1, "a@company.com", 1) + " " + id, false},
	} {
		got, ok := ours.Checked(c.value)
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
