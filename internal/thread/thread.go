// Package thread says which ticket a mail belongs to, and in which role its sender speaks there (contract §4).
//
// It is pure over a small Lookup. The table who × proof × carrier is its code, its test and its documentation.
package thread

import (
	"helpost/internal/mailauth"
	"helpost/internal/sop"
	"helpost/workflow"
)

// Carrier is what bound a mail to a ticket, strongest first.
type Carrier uint8

// The carriers (contract §4, in their order).
const (
	Unbound    Carrier = iota
	ByEnvelope         // a token in the envelope recipient
	ByTokenID          // a token inside a Message-ID in In-Reply-To or References
	ByHeader           // a token in To, Cc, Delivered-To, X-Original-To
	ByMailID           // a Message-ID that was sent or received before
	BySubject          // [IT-000123] in the subject
	ByRefLine          // the ref: line in the quoted text
)

// Role is who somebody is to a ticket.
type Role string

// The roles.
const (
	Reporter   Role = "reporter"
	CoReporter Role = "co-reporter"
	Watcher    Role = "watcher"
	Agent      Role = "agent"
	Stranger   Role = "stranger"
)

// Voice is what of a mail counts.
type Voice string

// The voices.
const (
	Full       Voice = "full"       // words, follow-up, verdict, reopening
	WordsOnly  Voice = "words"      // words alone
	MarkedOnly Voice = "marked"     // words, marked as unproven
	Objecting  Voice = "objects"    // words, marked; a dispute holds the closing
	Obeyed     Voice = "obeyed"     // an agent's: commands and answers
	NoteOnly   Voice = "note"       // an agent's: a note, unless #reply sends it
	Suspicious Voice = "suspicious" // kept and marked, obeyed in nothing; the real agent is told
	NewTicket  Voice = "new"        // a report of its own
)

// Mail is what Bind must know of a mail.
type Mail struct {
	From       string // the strict address, or what stands in for it
	Proof      mailauth.Proof
	Envelope   []string // recipients
	InReplyTo  []string
	References []string
	OriginalID string
	Header     []string // addresses of To, Cc, Delivered-To, X-Original-To
	Subject    string
	Quoted     string // where the ref: line stands; the new text too, for clients that keep no quote marks
	IsForward  bool
	IsAgent    bool // From is an agent's address
	MayReport  bool
}

// Lookup is what Bind asks of the store.
type Lookup interface {
	Ticket(n sop.Number) (workflow.Ticket, error)       // an error: there is none
	ByMessageID(id string) (ticket sop.Number, ok bool) // of a mail received before
}

// Binding is one ticket that a mail belongs to, or none.
type Binding struct {
	Ticket     sop.Number // after following merges; 0: a new one
	Asked      sop.Number // before following merges
	Carrier    Carrier
	Role       Role
	Voice      Voice
	Sort       sop.Sort   // of the token or notice answered; 0: none
	Answered   string     // the Message-ID of ours that it answers, if any
	Link       sop.Number // a new ticket names this one
	Suspicious bool       // a new ticket is marked
}
