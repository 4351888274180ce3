package config

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"15m": 15 * time.Minute, "24h": 24 * time.Hour, "7d": 168 * time.Hour, "1s": time.Second, "0s": 0, "1h30m": 90 * time.Minute,
		"1.5h": 90 * time.Minute, "1d12h": 36 * time.Hour, "0.25s": 250 * time.Millisecond, "2d3h4m5s": 51*time.Hour + 4*time.Minute + 5*time.Second,
	} {
		if got, err := ParseDuration(text); err != nil || got.Duration != want {
			t.Errorf("%q is %v (%v), want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "15", "m", "-5m", "+5m", "5 m", "5min", "1m1h", "1h1h", "1ms", "1e3s", "1..5h", ".", "0x5m", "99999999d", "５m", "1h ", "Inf"} {
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("%q passes as %v", text, got)
		}
	}
}

func TestADurationIsReadAsItIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Duration{time.Duration(rapid.Int64Range(0, maxDuration.Milliseconds()).Draw(t, "ms")) * time.Millisecond}
		if got, err := ParseDuration(d.String()); err != nil || got != d {
			t.Errorf("%v is written %q and read %v (%v)", d.Duration, d, got.Duration, err)
		}
	})
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]int64{"25MB": 25 << 20, "512KB": 512 << 10, "1GB": 1 << 30, "100B": 100, "1.5MB": 3 << 19, "25mb": 25 << 20, "25 MB": 25 << 20} {
		if got, err := ParseSize(text); err != nil || got.Bytes != want {
			t.Errorf("%q is %v (%v), want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "25", "MB", "-1MB", "25M", "25MiB", "1e9B", "99999999GB", "1.2.3MB"} {
		if got, err := ParseSize(text); err == nil {
			t.Errorf("%q passes as %v", text, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := Size{rapid.Int64Range(0, 1<<50).Draw(t, "bytes")}
		if got, err := ParseSize(s.String()); err != nil || got != s {
			t.Errorf("%d is written %q and read %v (%v)", s.Bytes, s, got, err)
		}
	})
}

func TestRates(t *testing.T) {
	for text, want := range map[string]Rate{"": {}, "30/m": {30, time.Minute}, "1/s": {1, time.Second}, "1000/h": {1000, time.Hour}} {
		if got, err := ParseRate(text); err != nil || got != want || got.String() != text {
			t.Errorf("%q is %v (%v), want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"30", "30/", "/m", "30/d", "0/m", "-1/m", "30/m/m", "99999999/s"} {
		if got, err := ParseRate(text); err == nil {
			t.Errorf("%q passes as %v", text, got)
		}
	}
}

func TestOpeningHoursAreRead(t *testing.T) {
	for text, want := range map[string][2]int{"08:00-12:00": {480, 720}, "22:00-06:00": {1320, 360}, "00:00-24:00": {0, 1440}, "13:00 - 17:30": {780, 1050}} {
		if got, err := parseSpan(text); err != nil || got.From != want[0] || got.To != want[1] {
			t.Errorf("%q is %v (%v), want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "08:00", "8:00-12:00", "08:00-25:00", "08:60-09:00", "24:00-08:00", "08:00-08:00", "08.00-12.00", "08:00-12:00-13:00", "08:00–12:00", "24:01-02:00", "aa:bb-cc:dd"} {
		if got, err := parseSpan(text); err == nil {
			t.Errorf("%q passes as %v", text, got)
		}
	}
}

// What is read as a duration, a size, a rate or a span is never negative and is written as something that reads the same.
func FuzzValues(f *testing.F) {
	for _, s := range []string{"15m", "1.5h", "25MB", "30/m", "22:00-06:00", "00:00-24:00", "9999999999999999999h", "1e400s"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := ParseDuration(s); err == nil {
			if again, err := ParseDuration(d.String()); err != nil || again != d || d.Duration < 0 || d.Duration > maxDuration {
				t.Errorf("%q is %v, written %q, read %v (%v)", s, d.Duration, d, again.Duration, err)
			}
		}
		if z, err := ParseSize(s); err == nil {
			if again, err := ParseSize(z.String()); err != nil || again != z || z.Bytes < 0 {
				t.Errorf("%q is %d, read again %v (%v)", s, z.Bytes, again, err)
			}
		}
		if r, err := ParseRate(s); err == nil && s != "" && (r.Mails < 1 || r.Per <= 0) {
			t.Errorf("%q is %v", s, r)
		}
		if o, err := parseSpan(s); err == nil && (o.From < 0 || o.From >= 1440 || o.To < 1 || o.To > 1440) {
			t.Errorf("%q is %v", s, o)
		}
	})
}
