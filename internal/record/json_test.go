package record

import (
	"fmt"
	"testing"

	"helpost/internal/jot/jottest"
	"helpost/internal/sop"
)

func TestEntriesAreWrittenAsEncodingJSONWritesThem(t *testing.T) {
	jottest.Hold(t, (*line).appendJSON)
	jottest.Hold(t, (*words).appendJSON)
}

func TestThePlaceOfAnEntry(t *testing.T) {
	for _, c := range []struct {
		line string
		n    sop.Number
		seq  int
		ok   bool
	}{
		{`{"v":1,"n":7,"seq":12,"at":"2026-01-30T08:00:00Z"}`, 7, 12, true},
		{`{"v":1,"n":18446744073709551615,"seq":1,"at":"2026-01-30T08:00:00Z"}`, 1<<64 - 1, 1, true},
		{`{"seq":3, "n":7}`, 7, 3, true},
		{`{"v":1,"n":7,"seq":-1,"at":"2026-01-30T08:00:00Z"}`, 7, -1, true},
		{`{"v":1,"n":7}`, 7, 0, true},
		{`{"v":1,"n":18446744073709551616,"seq":1,`, 0, 0, false},
		{`{"v":1,"n":7,"seq":9999999999999999999,`, 0, 0, false},
		{`{"v":1,"n":7,"seq":1.5,"at":"2026-01-30T08:00:00Z"}`, 0, 0, false},
		{`{"v":1,"n":,"seq":1,`, 0, 0, false},
		{`{"v":1,"n":7,"seq":1`, 0, 0, false},
		{``, 0, 0, false},
	} {
		n, seq, err := Entry{Line: []byte(c.line)}.Place()
		if have := fmt.Sprint(n, seq, err == nil); have != fmt.Sprint(c.n, c.seq, c.ok) {
			t.Errorf("%s: %s (%v)", c.line, have, err)
		}
	}
}
