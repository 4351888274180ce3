package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration is a length of time in the configuration: "90s", "15m", "1h30m", "7d". A day is 24 hours.
//
// It is a struct so that no bare number can pass for nanoseconds.
type Duration struct{ time.Duration }

// maxDuration bounds what a duration may say: a hundred years.
const maxDuration = 100 * 365 * 24 * time.Hour

// ParseDuration reads a duration. It knows d, h, m and s, in this order, whole numbers or decimals.
func ParseDuration(s string) (Duration, error) {
	var total float64
	rest, order := s, "dhms"
	for rest != "" {
		i := strings.IndexFunc(rest, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
		if i <= 0 {
			return Duration{}, durationError(s)
		}
		n, err := strconv.ParseFloat(rest[:i], 64)
		at := strings.IndexByte(order, rest[i])
		if err != nil || at < 0 {
			return Duration{}, durationError(s)
		}
		total += n * map[byte]float64{'d': 86400, 'h': 3600, 'm': 60, 's': 1}[rest[i]]
		rest, order = rest[i+1:], order[at+1:]
	}
	if s == "" {
		return Duration{}, durationError(s)
	}
	if total > maxDuration.Seconds() {
		return Duration{}, fmt.Errorf("%q is longer than a hundred years", s)
	}
	return Duration{time.Duration(math.Round(total*1000)) * time.Millisecond}, nil
}

func durationError(s string) error {
	return fmt.Errorf(`%q is no duration; write it like "90s", "15m", "1h30m" or "7d"`, s)
}

// String writes a duration the way that ParseDuration reads it.
func (d Duration) String() string {
	if d.Duration == 0 {
		return "0s"
	}
	var b strings.Builder
	rest := d.Duration
	for _, u := range []struct {
		name string
		size time.Duration
	}{{"h", time.Hour}, {"m", time.Minute}} {
		if n := rest / u.size; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, u.name)
			rest %= u.size
		}
	}
	if rest > 0 {
		b.WriteString(strconv.FormatFloat(rest.Seconds(), 'f', -1, 64) + "s")
	}
	return b.String()
}

// MarshalText writes a duration into the record of the policy.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Size is a number of bytes in the configuration: "25MB", "512KB", "1GB"; a KB is 1024 bytes.
//
// It is a struct so that no bare number can pass for bytes.
type Size struct{ Bytes int64 }

// ParseSize reads a size.
func ParseSize(s string) (Size, error) {
	bad := fmt.Errorf(`%q is no size; write it like "25MB", "512KB" or "1GB"`, s)
	i := strings.IndexFunc(s, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	if i <= 0 {
		return Size{}, bad
	}
	n, err := strconv.ParseFloat(s[:i], 64)
	unit, known := map[string]float64{"B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30}[strings.ToUpper(strings.TrimSpace(s[i:]))]
	if err != nil || !known {
		return Size{}, bad
	}
	if n*unit > 1<<50 {
		return Size{}, fmt.Errorf("%q is more than any disk holds", s)
	}
	return Size{int64(math.Round(n * unit))}, nil
}

// String writes a size the way that ParseSize reads it.
func (s Size) String() string {
	for _, u := range []struct {
		name string
		size int64
	}{{"GB", 1 << 30}, {"MB", 1 << 20}, {"KB", 1 << 10}} {
		if s.Bytes >= u.size && s.Bytes%u.size == 0 {
			return fmt.Sprintf("%d%s", s.Bytes/u.size, u.name)
		}
	}
	return fmt.Sprintf("%dB", s.Bytes)
}

// Rate is how many mails may go in a time; the zero value is as many as it takes.
type Rate struct {
	Mails int
	Per   time.Duration
}

// ParseRate reads a rate: "30/m", "5/s", "1000/h", or "" for none.
func ParseRate(s string) (Rate, error) {
	if s == "" {
		return Rate{}, nil
	}
	count, unit, _ := strings.Cut(s, "/")
	n, err := strconv.Atoi(count)
	per, known := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}[unit]
	if err != nil || !known || n < 1 || n > 1_000_000 {
		return Rate{}, fmt.Errorf(`%q is no rate; write mails in a second, minute or hour, like "30/m", or "" for as many as it takes`, s)
	}
	return Rate{n, per}, nil
}

// String writes a rate the way that ParseRate reads it.
func (r Rate) String() string {
	if r == (Rate{}) {
		return ""
	}
	unit := map[time.Duration]string{time.Second: "s", time.Minute: "m", time.Hour: "h"}[r.Per]
	return fmt.Sprintf("%d/%s", r.Mails, unit)
}
