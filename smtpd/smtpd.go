// Package smtpd is the door: it receives mail by SMTP under limits and hands it to a Taker.
//
// Envelope and bytes go in, a reply code comes out. It knows nothing of tickets, of who is trusted, or of a store.
package smtpd

import (
	"context"
	"fmt"
	"net/netip"
	"time"
)

// Envelope is what a client said before DATA.
type Envelope struct {
	Session  string     // an id for the log, one a connection
	Trace    string     // an id for the log and for what follows from it, one a mail
	Peer     netip.Addr // of the client
	Hello    string     // its EHLO name, unverified
	TLS      bool
	TLSNames []string // names of a client certificate that verified
	From     string   // MAIL FROM, "" for the null sender
	UTF8     bool     // SMTPUTF8 was asked for
	Rcpt     []string // as the client wrote them
}

// Mail is one received mail.
type Mail struct {
	Envelope
	Data     []byte // CRLF line ends, dots unstuffed, as it came; another mail's once Take has returned
	Received time.Time
}

// Taker takes mail. Both methods are called from many goroutines.
type Taker interface {
	// Rcpt says whether mail for rcpt is taken at all; env.Rcpt holds those before it.
	Rcpt(ctx context.Context, env Envelope, rcpt string) error
	// Take makes the mail durable. A nil error means that it is: the client is told 250 with the id.
	Take(ctx context.Context, m Mail) (id string, err error)
}

// Kind says what went wrong, and so which reply the client gets.
type Kind uint8

// The kinds of error and their replies.
const (
	Temporary Kind = iota // 451 4.3.0
	Full                  // 452 4.3.1
	TooLarge              // 552 5.3.4
	Unknown               // 550 5.1.1: no such mailbox here
	NoRelay               // 550 5.7.1: not ours to relay
	Refused               // 550 5.7.1: this sender may not
	Malformed             // 550 5.6.0
)

// Error is an error with the reply that the client gets. Text goes to the client: no detail of ours in it.
type Error struct {
	Kind Kind
	Text string
	Err  error // the cause, for the log
}

func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %v", e.Text, e.Err)
	}
	return e.Text
}

func (e *Error) Unwrap() error { return e.Err }
