package show

import (
	"strings"
	"testing"
	"time"

	"helpost/internal/api"
)

func TestNothingThatPeopleWriteSteersATerminal(t *testing.T) {
	for text, want := range map[string]string{
		"merah\x1b[31m\x07": "merah·[31m·", "a\u202egnp.exe": "a·gnp.exe", "a\u2066b\u2069": "a·b·", "a\u009b1mb\x7f": "a·1mb·", "a\u2028b": "a·b", "dua\tkolom é 😀": "dua\tkolom é 😀",
	} {
		if got := clean(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}

func TestOneIsNotMany(t *testing.T) {
	rows := func(n int) func(func(api.QuarantineRow, error) bool) {
		return func(yield func(api.QuarantineRow, error) bool) {
			for range n {
				if !yield(api.QuarantineRow{At: time.Date(2026, 1, 12, 2, 0, 0, 0, time.UTC)}, nil) {
					return
				}
			}
		}
	}
	for n, want := range map[int]string{0: "0 mails in quarantine", 1: "1 mail in quarantine", 2: "2 mails in quarantine"} {
		var b strings.Builder
		if err := Quarantine(&b, rows(n), time.FixedZone("WIB", 7*3600)); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(b.String(), "\n"+want+"\n") || n > 0 && !strings.Contains(b.String(), "2026-01-12 09:00:00 WIB") {
			t.Errorf("%d: %q", n, b.String())
		}
	}
}
