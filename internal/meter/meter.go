// Package meter counts what helpost does, and shows it to a monitoring system in Prometheus' text format (contract §8).
//
// Who works counts by atomic operations, without a lock; who asks for the page pays for the rest: what the parts know
// themselves is read then. It judges nothing: alarms are another package's.
package meter

import (
	"context"
	"io"
	"strconv"
	"sync/atomic"
	"time"

	"helpost/internal/alarm"
	"helpost/internal/mailer"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/smtpd"
)

// Meters are the counts and times that the parts tell of.
type Meters struct {
	Data   *Histogram // a mail that was taken: from its DATA to the reply
	Answer *Histogram // the same from its last byte
	Parse  *Histogram // the reading of a mail
	Mails  *Counters  // by what became of them
	Late   *Histogram // by how much something was done later than it was due

	Batch       *Histogram // changes in a group commit
	Commit      *Histogram // a group commit, until it is durable
	CommitBytes Counter
	CommitFails Counter

	Delivery *Histogram // a try to hand a mail to the relay
	Wait     *Histogram // a mail that was sent: since it was made

	Requests *Histogram   // an HTTP request
	codes    [600]Counter // of answers
	began    time.Time
}

const ms = time.Millisecond

// New makes meters that stand at nothing.
func New() *Meters {
	return &Meters{
		Data:   newTimes(ms, 2*ms, 5*ms, 10*ms, 20*ms, 50*ms, 100*ms, 200*ms, 500*ms, time.Second, 2*time.Second, 5*time.Second, 10*time.Second, time.Minute),
		Answer: newTimes(ms, 2*ms, 5*ms, 10*ms, 20*ms, 50*ms, 100*ms, 200*ms, 500*ms, time.Second, 2*time.Second, 5*time.Second, 10*time.Second, time.Minute),
		Parse:  newTimes(ms/10, ms/5, ms/2, ms, 2*ms, 5*ms, 10*ms, 20*ms, 50*ms, 100*ms, 500*ms, time.Second, 5*time.Second),
		Mails:  newCounters("ticket", "joined", "obeyed", "error", "dropped", "suspicious", "bounced", "quarantined", "duplicate", "refused", "put_off"),
		Late:   newTimes(10*ms, 100*ms, time.Second, 5*time.Second, 30*time.Second, time.Minute, 5*time.Minute, time.Hour),

		Batch:  newSizes(1, 2, 4, 8, 16, 32, 64, 128, 256),
		Commit: newTimes(ms/2, ms, 2*ms, 5*ms, 10*ms, 20*ms, 50*ms, 100*ms, 500*ms, time.Second, 5*time.Second),

		Delivery: newTimes(5*ms, 10*ms, 20*ms, 50*ms, 100*ms, 200*ms, 500*ms, time.Second, 5*time.Second, 30*time.Second, time.Minute, 5*time.Minute),
		Wait:     newTimes(10*ms, 50*ms, 100*ms, 500*ms, time.Second, 5*time.Second, 30*time.Second, time.Minute, 5*time.Minute, 30*time.Minute, time.Hour, 6*time.Hour, 24*time.Hour),

		Requests: newTimes(ms, 5*ms, 10*ms, 50*ms, 100*ms, 500*ms, time.Second, 5*time.Second, 30*time.Second),
		began:    time.Now(),
	}
}

// Committed counts a group commit.
func (m *Meters) Committed(changes, bytes int, took time.Duration, err error) {
	m.Batch.Count(changes)
	m.Commit.Took(took)
	m.CommitBytes.Add(bytes)
	if err != nil {
		m.CommitFails.Inc()
	}
}

// Answered counts an HTTP request.
func (m *Meters) Answered(code int, took time.Duration) {
	m.Requests.Took(took)
	if code >= 0 && code < len(m.codes) {
		m.codes[code].Inc()
	}
}

// Sources are the parts that know something themselves. Door is set once the door is open.
type Sources struct {
	Door  atomic.Pointer[smtpd.Server]
	Store interface {
		View(ctx context.Context, fn func(store.Reader) error) error
		Waiting() int
		Unread() int
		Size() (int64, error)
	}
	Relay   func() mailer.State
	Queue   func(context.Context) (time.Duration, error) // the age of the oldest mail
	Parsing func() (running, most int)
	Alarms  func() alarm.Counts
}

// Write writes the page. While the store is gone what it counts is missing, and helpost_store_up is 0.
func (m *Meters) Write(ctx context.Context, w io.Writer, from *Sources) error {
	p := newPage()
	m.mine(p)
	if door := from.Door.Load(); door != nil {
		ofDoor(p, door)
	}
	ofRelay(p, from.Relay())
	ofAlarms(p, from.Alarms())
	running, most := from.Parsing()
	p.set("helpost_parse_running", float64(running))
	p.set("helpost_parse_limit", float64(most))
	ofStore(ctx, p, from)
	ofProcess(p, m.began)
	return p.write(w)
}

// mine puts what was told on the page.
func (m *Meters) mine(p *page) {
	for name, h := range map[string]*Histogram{
		"helpost_smtp_data_duration_seconds": m.Data, "helpost_smtp_answer_duration_seconds": m.Answer, "helpost_parse_duration_seconds": m.Parse,
		"helpost_late_seconds": m.Late, "helpost_commit_batch_changes": m.Batch, "helpost_commit_duration_seconds": m.Commit,
		"helpost_relay_delivery_duration_seconds": m.Delivery, "helpost_outbox_wait_seconds": m.Wait, "helpost_http_request_duration_seconds": m.Requests,
	} {
		p.histogram(name, h)
	}
	p.counters("helpost_mails_total", "outcome", m.Mails)
	p.set("helpost_commit_bytes_total", float64(m.CommitBytes.n.Load()))
	p.set("helpost_commit_failures_total", float64(m.CommitFails.n.Load()))
	for code := range m.codes {
		if n := m.codes[code].n.Load(); n > 0 || code == 200 {
			p.set("helpost_http_requests_total", float64(n), "code", strconv.Itoa(code))
		}
	}
}

func ofDoor(p *page, door *smtpd.Server) {
	s, l := door.Stats(), door.Limits()
	p.set("helpost_smtp_connections_open", float64(s.Open.Load()))
	p.set("helpost_smtp_connections_limit", float64(l.Connections))
	p.set("helpost_smtp_held_bytes", float64(s.Held.Load()))
	p.set("helpost_smtp_held_limit_bytes", float64(l.Memory))
	p.set("helpost_smtp_connections_total", float64(s.Connections.Load()))
	p.set("helpost_smtp_connections_tls_total", float64(s.TLS.Load()))
	p.set("helpost_smtp_connections_refused_total", float64(s.ConnectionsRefused.Load()))
	p.set("helpost_smtp_mails_taken_total", float64(s.Taken.Load()))
	p.set("helpost_smtp_mails_taken_bytes_total", float64(s.TakenBytes.Load()))
	s.Refusals(func(class, reason string, n int64) {
		p.set("helpost_smtp_refused_total", float64(n), "class", class, "reason", reason)
	})
	p.set("helpost_smtp_broken_off_total", float64(s.BrokenOff.Load()))
	p.set("helpost_smtp_limits_hit_total", float64(s.LimitsHit.Load()))
	p.set("helpost_smtp_panics_total", float64(s.Panics.Load()))
}

func ofRelay(p *page, s mailer.State) {
	p.set("helpost_relay_up", truth(!s.Failing))
	p.set("helpost_relay_connections_open", float64(s.Connections))
	p.set("helpost_relay_sending", float64(s.Sending))
	p.set("helpost_relay_mails_total", float64(s.Sent), "outcome", "sent")
	p.set("helpost_relay_mails_total", float64(s.Deferred), "outcome", "deferred")
	p.set("helpost_relay_mails_total", float64(s.Failed), "outcome", "failed")
}

func ofAlarms(p *page, c alarm.Counts) {
	for _, a := range sop.Alarms {
		p.set("helpost_alarm_standing", truth(c.Standing[a]), "alarm", string(a))
	}
	for _, a := range []sop.Alarm{sop.AlarmP1, sop.AlarmBreach} {
		p.set("helpost_alarm_tickets", float64(c.Tickets[a]), "alarm", string(a))
	}
	p.set("helpost_hook_calls_total", float64(c.Taken), "outcome", "taken")
	p.set("helpost_hook_calls_total", float64(c.Failed), "outcome", "failed")
	p.set("helpost_hook_calls_total", float64(c.Dropped), "outcome", "given_up")
	p.set("helpost_hook_waiting", float64(c.Waiting))
	if !c.LastMail.IsZero() {
		p.set("helpost_mail_last_timestamp_seconds", float64(c.LastMail.UnixMilli())/1000)
	}
	if c.Free >= 0 {
		p.set("helpost_disk_free_bytes", float64(c.Free))
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
