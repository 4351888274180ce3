// Package mailer drains the outbox to the relay: it claims due rows, signs them (RFC 6376), sends them (RFC 5321) and
// records what became of each.
//
// It composes nothing and decides nothing about a ticket: a row is final, and a mail that is refused for good goes to
// Failures. A crash between the relay's 250 and the record sends the same mail with the same Message-ID again.
package mailer

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"helpost/internal/sop"
	"helpost/internal/store"
)

// Queue is what the mailer needs of a store.Store.
type Queue interface {
	View(ctx context.Context, fn func(store.Reader) error) error
	Commit(ctx context.Context, c store.Change) error
	Claim(ctx context.Context, now time.Time, n int, lease time.Duration) ([]store.Outbox, error)
}

// Content opens the bytes of a segment as they stand in the mail, transfer-encoded. Each mail is read twice.
// An error that is blob.ErrNotFound or store.ErrNotFound is for good.
type Content interface {
	Open(ctx context.Context, s store.Segment) (io.ReadCloser, error)
}

// Failures is told of a mail that cannot be delivered. It makes the row leave (store.Change.Done) together with what
// follows from it, in one commit, and may put FailureTrace in it. Where it returns an error the row stays and is tried again.
type Failures interface {
	// Undelivered gets the row, the status (RFC 3463, as "5.1.1") and the relay's or our own words, one line.
	Undelivered(ctx context.Context, row store.Outbox, status, text string) error
}

// TLS says how the connection to the relay is protected (contract: relay.tls).
type TLS string

// The ways to protect the connection.
const (
	StartTLS TLS = "starttls" // RFC 3207, required: without it nothing is sent
	Implicit TLS = "implicit" // RFC 8314
	NoTLS    TLS = "none"
)

// Config is the relay and how it is to be used. Zero values of what is optional stand for the default named.
type Config struct {
	Address  string         // host:port; without a port 587, 465 or 25, by TLS
	TLS      TLS            // StartTLS
	RootCAs  *x509.CertPool // whom the relay's certificate is checked against; nil: the system's
	Hello    string         // our name in EHLO; "localhost"
	Username string         // "": no AUTH
	Password string

	Rate        string        // "30/m", "10/s", "500/h"; "": as fast as the relay takes
	MaxSize     int64         // bytes of a whole mail; 0: the relay's limit alone
	Retry       time.Duration // the first wait of a mail that was put off, doubling up to an hour; 5s
	GiveUpAfter time.Duration // counted from Outbox.Made; 120h
	DKIM        *Signer       // nil: unsigned

	Connections int           // at once; 4
	IdleAfter   time.Duration // an unused connection is closed after it; 30s
	Timeout     time.Duration // for one command and its reply; 1m
	DataTimeout time.Duration // for the reply after the body, in which relays scan; 5m (RFC 5321 §4.5.3.2.6)
	Grace       time.Duration // what a stop waits for running transactions, and for their record; 10s

	Jitter  func() float64             // in [0,1); math/rand
	Tried   func(took time.Duration)   // told of each mail that the relay was asked to take; must be quick
	Sent    func(waited time.Duration) // told of each that it took: how long ago it was made; must be quick
	OnRelay func(State)                // told when the relay fails and a probe after it too, and when it is back; must return at once
}

// Mailer sends what is in the outbox. Run does the work; the other methods may be called from any goroutine.
type Mailer struct {
	cfg      Config
	queue    Queue
	content  Content
	failures Failures
	clock    sop.Clock
	log      *slog.Logger
	limiter  *rate.Limiter // nil: no limit
	back     backoff

	wake    chan struct{}
	records chan record

	mu       sync.Mutex // guards what is below
	inFlight map[uint64]struct{}
	kicked   bool
	state    State

	sent, deferred, failed atomic.Uint64
}

// State is what the mailer is doing, for health, metrics and people.
type State struct {
	Failing     bool      // the relay does not serve us; no mail's fault
	Since       time.Time // of Failing
	Error       string    // the last failure of the relay
	NextProbe   time.Time // while Failing
	Connections int       // open now
	Sending     int       // transactions that run now

	Sent, Deferred, Failed uint64 // mails since the start; Deferred counts tries
}

const (
	maxRetry   = time.Hour   // between two tries of a mail
	maxProbe   = time.Minute // between two probes of a relay that fails
	troubleMax = 3           // mails in a row that got no proper answer: then it is the relay
)

// New makes a Mailer. It connects to nothing yet; an error is a fault of the configuration.
func New(cfg Config, queue Queue, content Content, failures Failures, clock sop.Clock, log *slog.Logger) (*Mailer, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	limiter, err := parseRate(cfg.Rate)
	if err != nil {
		return nil, err
	}
	return &Mailer{
		cfg: cfg, queue: queue, content: content, failures: failures, clock: clock, log: log,
		limiter:  limiter,
		back:     backoff{first: cfg.Retry, jitter: cfg.Jitter},
		wake:     make(chan struct{}, 1),
		inFlight: map[uint64]struct{}{},
	}, nil
}

// complete checks a configuration and fills in the defaults.
func (c *Config) complete() error {
	if c.TLS == "" {
		c.TLS = StartTLS
	}
	ports := map[TLS]string{StartTLS: "587", Implicit: "465", NoTLS: "25"}
	port, ok := ports[c.TLS]
	if !ok {
		return fmt.Errorf("relay.tls: %q is none of starttls, implicit, none", c.TLS)
	}
	if c.Address == "" {
		return errors.New("relay.address is missing")
	}
	if _, _, err := net.SplitHostPort(c.Address); err != nil {
		c.Address = net.JoinHostPort(strings.Trim(c.Address, "[]"), port)
	}
	if host, p, err := net.SplitHostPort(c.Address); err != nil || host == "" || p == "" {
		return fmt.Errorf("relay.address: %q is not host:port", c.Address)
	}
	if strings.ContainsAny(c.Hello, " \r\n") {
		return fmt.Errorf("smtp.hostname: %q is not a name", c.Hello)
	}
	if c.Hello == "" {
		c.Hello = "localhost"
	}
	if c.Jitter == nil {
		c.Jitter = rand.Float64
	}
	if c.Tried == nil {
		c.Tried = func(time.Duration) {}
	}
	if c.Sent == nil {
		c.Sent = func(time.Duration) {}
	}
	if c.Connections <= 0 {
		c.Connections = 4
	}
	orElse(&c.Retry, 5*time.Second)
	orElse(&c.GiveUpAfter, 120*time.Hour)
	orElse(&c.IdleAfter, 30*time.Second)
	orElse(&c.Timeout, time.Minute)
	orElse(&c.DataTimeout, 5*time.Minute)
	orElse(&c.Grace, 10*time.Second)
	return nil
}

func orElse(d *time.Duration, otherwise time.Duration) {
	if *d <= 0 {
		*d = otherwise
	}
}

// Notify says that there may be new rows. Call it after a commit that made some; it never blocks.
func (m *Mailer) Notify() {
	select {
	case m.wake <- struct{}{}:
	default: // a wake-up that was not yet seen stands for this one too
	}
}

// State tells what the mailer is doing.
func (m *Mailer) State() State {
	m.mu.Lock()
	s := m.state
	m.mu.Unlock()
	s.Sent, s.Deferred, s.Failed = m.sent.Load(), m.deferred.Load(), m.failed.Load()
	return s
}

// QueueAge is how long the oldest row of the outbox has waited; 0 where it is empty.
func (m *Mailer) QueueAge(ctx context.Context) (time.Duration, error) {
	var age time.Duration
	err := m.queue.View(ctx, func(r store.Reader) error {
		rows, err := r.Queue(0, 1)
		if err != nil || len(rows) == 0 {
			return err
		}
		age = max(0, m.clock().Sub(rows[0].Made))
		return nil
	})
	return age, err
}
