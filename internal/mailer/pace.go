package mailer

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

// backoff says how long a mail waits after a failed try, and how long a failing relay is left alone.
type backoff struct {
	first  time.Duration
	jitter func() float64
}

// after is the wait after so many failed tries: the first wait, doubling, at most an hour. Jitter takes up to a tenth
// off, so that mails put off together do not come back together, and none later than the doubling says.
func (b backoff) after(tries int) time.Duration {
	d := b.first
	for i := 1; i < tries && d < maxRetry; i++ {
		d *= 2
	}
	return b.shorten(min(d, maxRetry))
}

// probe is the wait before a relay that has failed for so long is tried again: a quarter of that time, at least a fifth
// of a mail's first wait and at most a minute. So mail is late by a quarter of the outage, and a blip costs a second.
func (b backoff) probe(failing time.Duration) time.Duration {
	return b.shorten(min(maxProbe, max(b.first/5, failing/4)))
}

func (b backoff) shorten(d time.Duration) time.Duration {
	return d - time.Duration(b.jitter()*float64(d)/10)
}

// parseRate reads mails per second, minute or hour. No burst: a relay that counts in windows of its own is never
// surprised.
func parseRate(s string) (*rate.Limiter, error) {
	if s == "" {
		return nil, nil
	}
	count, unit, ok := strings.Cut(s, "/")
	n, err := strconv.Atoi(strings.TrimSpace(count))
	per, known := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}[strings.TrimSpace(unit)]
	if !ok || err != nil || n <= 0 || !known {
		return nil, fmt.Errorf("relay.rate: %q is not like 30/m, 10/s or 500/h", s)
	}
	return rate.NewLimiter(rate.Every(per/time.Duration(n)), 1), nil
}

// pace tells whether a mail may go now and, if not, when.
func (m *Mailer) pace(now time.Time) (bool, time.Time) {
	if m.limiter == nil {
		return true, time.Time{}
	}
	tokens := m.limiter.TokensAt(now)
	if tokens >= 1 {
		return true, time.Time{}
	}
	missing := time.Duration((1 - tokens) / float64(m.limiter.Limit()) * float64(time.Second))
	return false, now.Add(missing + time.Millisecond)
}
