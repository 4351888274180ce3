// Package gateway is where the parts meet: it takes a mail through its five stages, lets time pass for tickets, and
// carries out the operator's verbs.
//
// It decides nothing of the SOP (workflow does) and writes no wording (templates do). Everything that one input brings
// about is one atomic commit; a conflict means: read again, decide again.
package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"helpost/internal/blob"
	"helpost/internal/compose"
	"helpost/internal/mailauth"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/parser"
	"helpost/templates"
	"helpost/workflow"
)

// Mailbox is one of our addresses.
type Mailbox struct {
	compose.Mailbox
	Team    string
	ListIDs []string // list ids that it may be reached through
}

// Directory knows who works here.
type Directory interface {
	// Person is what is known of an address; the zero Person where nothing is.
	Person(address string) (p sop.Person, known bool)
	// MayReport says whether an address may report at all.
	MayReport(address string) bool
	// Listed says whether there is a directory, so that only who stands in it may watch.
	Listed() bool
}

// Parts are what a gateway is made of.
type Parts struct {
	Store     store.Store
	Blobs     blob.Store
	Policy    *workflow.Policy
	Parser    *parser.Parser
	Tokens    *mailauth.Tokens
	Relays    []mailauth.Relay
	Composer  *compose.Composer
	Directory Directory
	Company   templates.Company
	// Mailbox finds our mailbox for a recipient: its token, if it bears one. ok is false where the address is none of ours.
	Mailbox     func(rcpt string) (m Mailbox, token string, ok bool)
	Default     Mailbox                  // what notices about no mailbox come from
	Inside      func(domain string) bool // a domain of the company
	Hosted      func(domain string) bool // a domain that we receive for
	First       sop.Number               // the first ticket number
	ShowAddress bool                     // an agent's address is shown to reporters
	MaxSize     int64                    // of a mail that the relay takes, in bytes; 0: 20 MB
	Clock       sop.Clock
	Log         *slog.Logger
	Requeue     func(ctx context.Context, ids ...uint64) (int, error) // makes waiting mails due now: the mailer's
	Sent        func()                                                // told after each commit that put mail into the outbox
	Reports     Reports
	Watch       func(Passed) // told of each mail that passed; nil: nobody watches
	// Calls gives the facts that make hooks call for what happened to a ticket; they are committed with it. nil: none.
	Calls   func(workflow.Call) []store.Fact
	Changed func([]store.Ticket) // told of tickets that were committed; it must be quick
	Meter   Meter
}

// Meter is told what takes how long and what becomes of mails. Its functions must be quick; nil: nobody is told.
type Meter struct {
	Parsed func(time.Duration)  // a mail was read
	Became func(outcome string) // of each mail that was offered
	Late   func(time.Duration)  // something was done so much later than it was due
}

// Reports says which figures and lists go out by themselves.
type Reports struct {
	Document                 string // the SOP's name, as reports print it
	Weekly, Monthly, Morning bool
}

// Passed is a mail that was taken, as the operator sees it go by.
type Passed struct {
	At         time.Time
	From, Rcpt string
	Subject    string
	Outcome    string
	Detail     string
	Ticket     string
	Raw        []byte
	Report     sop.Report
	Commands   []sop.Command // of an agent
	Verdict    sop.Verdict   // of a reporter who was asked for it
	Notices    []workflow.Notice
}

// Gateway takes mail. All methods may be called from many goroutines.
type Gateway struct {
	Parts
	parses chan struct{} // as many as may be read at once
	notes  notes
	wake   chan struct{} // something is due sooner than was known
	sleeps atomic.Int64  // until when Run does, in milliseconds since 1970; 0: it is awake
	last   atomic.Int64  // when a mail was last taken, in nanoseconds since 1970; 0: none was
	quiet  sync.RWMutex  // read-held from where a mail's blobs are placed until its commit
}

// New makes a gateway of its parts.
func New(p Parts) (*Gateway, error) {
	if p.Store == nil || p.Blobs == nil || p.Policy == nil || p.Parser == nil || p.Tokens == nil || p.Composer == nil || p.Mailbox == nil {
		return nil, fmt.Errorf("gateway: a part is missing")
	}
	p.complete()
	return &Gateway{Parts: p, parses: make(chan struct{}, 2*runtime.GOMAXPROCS(0)), wake: make(chan struct{}, 1)}, nil
}

// complete fills in what a part may leave out.
func (p *Parts) complete() {
	if p.Clock == nil {
		p.Clock = time.Now
	}
	if p.Log == nil {
		p.Log = slog.New(slog.DiscardHandler)
	}
	if p.MaxSize == 0 {
		p.MaxSize = 20 << 20
	}
	if p.Sent == nil {
		p.Sent = func() {}
	}
	if p.Calls == nil {
		p.Calls = func(workflow.Call) []store.Fact { return nil }
	}
	if p.Changed == nil {
		p.Changed = func([]store.Ticket) {}
	}
	if p.Meter.Parsed == nil {
		p.Meter.Parsed = func(time.Duration) {}
	}
	if p.Meter.Late == nil {
		p.Meter.Late = func(time.Duration) {}
	}
	if p.Meter.Became == nil {
		p.Meter.Became = func(string) {}
	}
}

// Quiet runs fn while no mail is between placing its blobs and its commit: what nothing names then, nothing is about to name.
func (g *Gateway) Quiet(fn func() error) error {
	g.quiet.Lock()
	defer g.quiet.Unlock()
	return fn()
}

// Parsing says how many mails are being read, and how many may be at once.
func (g *Gateway) Parsing() (running, most int) { return len(g.parses), cap(g.parses) }

// LastMail is when a mail was last taken; zero: none was since the start.
func (g *Gateway) LastMail() time.Time {
	if at := g.last.Load(); at != 0 {
		return time.Unix(0, at)
	}
	return time.Time{}
}

// maxTries is how often a decision is made anew when the ticket changed meanwhile.
const maxTries = 50

// retry runs a read–decide–commit until it does not meet a change of somebody else's.
func retry(ctx context.Context, try func() error) error {
	var err error
	for range maxTries {
		if err = ctx.Err(); err != nil {
			return err
		}
		if err = try(); err == nil || !isConflict(err) {
			return err
		}
	}
	return err
}
