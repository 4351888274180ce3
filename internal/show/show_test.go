package show

import "testing"

func TestNothingThatPeopleWriteSteersATerminal(t *testing.T) {
	for text, want := range map[string]string{
		"merah\x1b[31m\x07": "merah·[31m·", "a\u202egnp.exe": "a·gnp.exe", "a\u2066b\u2069": "a·b·", "a\u009b1mb\x7f": "a·1mb·", "a\u2028b": "a·b", "dua\tkolom é 😀": "dua\tkolom é 😀",
	} {
		if got := clean(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}
