package jot

import (
	"encoding/json"
	"testing"
	"time"
)

// A text is written as encoding/json writes it, whatever it holds.
func FuzzTextsAreThoseOfEncodingJSON(f *testing.F) {
	for _, seed := range []string{"", "printer macet", "\"\\/\b\f\n\r\t\x00\x1f\x7f", "<b>&</b>", "\u2028\u2029\u202a", "é€😀", "\xff", "\xe2\x80", "\xed\xa0\x80", "\ufffd"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		if have := appendText(nil, text); string(have) != string(want) {
			t.Errorf("%q is %s, not %s", text, have, want)
		}
	})
}

func TestATimeThatCannotBeSaidIsAnError(t *testing.T) {
	for _, at := range []time.Time{time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 1, 1, 0, 0, 0, 0, time.FixedZone("", 25*3600))} {
		if _, err := json.Marshal(at); err == nil {
			t.Fatalf("encoding/json writes %v", at)
		}
		var w Writer
		w.Open()
		w.Time("at", at)
		w.Text("more", "")
		w.Close()
		if b, err := w.Bytes(); err == nil {
			t.Errorf("%v is %s", at, b)
		}
	}
}
