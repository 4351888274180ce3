package smtpd

import (
	"crypto/x509"
	"log/slog"
	"net/netip"
	"time"

	"helpost/internal/sop"
)

// Config says where and how the door stands open. The zero value of every field but Listen and Hostname is a sane default.
type Config struct {
	Listen     []string       // "host:port" or "unix:/path", for Serve without listeners
	Hostname   string         // our name in the greeting (RFC 5321 §4.2); "localhost" where empty
	LMTP       bool           // speak LMTP (RFC 2033) instead of SMTP
	MaxMessage int64          // largest mail in bytes, this size included; 25 MiB
	TLS        *Certificate   // offers STARTTLS (RFC 3207); nil: not offered
	ClientCAs  *x509.CertPool // who may vouch for a client's certificate; nil: the system's
	Limits     Limits
	Log        *slog.Logger // nil: silent
	Clock      sop.Clock    // stamps mails; nil: the system's
	// Took is told of each mail that was taken: how long it was from its DATA to the reply, and from its last byte. It must
	// be quick. nil: nobody is.
	Took func(whole, answer time.Duration)
	// Refused is told of each mail that was not let as far as the Taker's Take, but for one that says in MAIL that it is
	// too large: go-smtp refuses that. It must be quick. nil: nobody is.
	Refused func(Refusal)
}

// Refusal is a mail that was refused before the Taker had it.
type Refusal struct {
	Envelope        // as far as it was known; Rcpt holds those that were let in
	To       string // the recipient that was refused; "": the mail was
	Begin    []byte // of the mail, as far as it came; nil: none of it did. It is another mail's after the call
	Code     int    // of the reply
	Text     string // of the reply
}

// Limits bounds what a client may cost. A zero means the default, which suits a company of 2,000.
type Limits struct {
	Connections int            // open at a time; 1000
	PerAddress  int            // open at a time from one IPv4 address or IPv6 /64; 100
	Exempt      []netip.Prefix // not counted by PerAddress: our own relays
	Recipients  int            // of one mail; 100 (RFC 5321 §4.5.3.1.8)
	Commands    int            // between two mails that are taken; 1000
	Refusals    int            // refused commands between two mails that are taken; 50

	Command  time.Duration // wait for a whole command; 5m (RFC 5321 §4.5.3.2.7)
	Reply    time.Duration // wait for the client to read a reply; 1m
	Session  time.Duration // after this no further command is read; 1h
	Block    time.Duration // longest silence inside a mail; 3m
	Transfer time.Duration // a whole mail; 20m
	Rate     int64         // bytes a second of a mail, on average after the first Block; 1024
	Take     time.Duration // for Taker, by its context; 5m
	Drain    time.Duration // what a mail under way gets at Shutdown; 5s

	Memory int64 // bytes of all mails held at a time; 256 MiB, never less than two of MaxMessage
}

const (
	// commandBytes bounds what is read without an end of line, a TLS handshake with certificates included.
	commandBytes = 64 << 10
	// firstBuffer is what a mail of unannounced size begins with.
	firstBuffer = 8 << 10
	// trustedSize is how much of an announced SIZE is believed before any of it has come.
	trustedSize = 1 << 20
	// lingerTime is how long a closed connection is still read, so that the last reply is not lost to a reset.
	lingerTime = 2 * time.Second
	// lastWrite is how long a client gets to read the last reply before its connection is closed.
	lastWrite = 5 * time.Second
)

func (c Config) withDefaults() Config {
	if c.Hostname == "" {
		c.Hostname = "localhost"
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Took == nil {
		c.Took = func(time.Duration, time.Duration) {}
	}
	orElse(&c.MaxMessage, 25<<20)
	l := &c.Limits
	orElse(&l.Connections, 1000)
	orElse(&l.PerAddress, 100)
	orElse(&l.Recipients, 100)
	orElse(&l.Commands, 1000)
	orElse(&l.Refusals, 50)
	orElse(&l.Command, 5*time.Minute)
	orElse(&l.Reply, time.Minute)
	orElse(&l.Session, time.Hour)
	orElse(&l.Block, 3*time.Minute)
	orElse(&l.Transfer, 20*time.Minute)
	orElse(&l.Rate, 1024)
	orElse(&l.Take, 5*time.Minute)
	orElse(&l.Drain, 5*time.Second)
	orElse(&l.Memory, 256<<20)
	l.Memory = max(l.Memory, 2*c.MaxMessage+2*firstBuffer)
	return c
}

func orElse[T int | int64 | time.Duration](v *T, def T) {
	if *v <= 0 {
		*v = def
	}
}
