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
type Role = sop.Role

// The roles.
const (
	Reporter   = sop.RoleReporter
	CoReporter = sop.RoleCoReporter
	Watcher    = sop.RoleWatcher
	Agent      = sop.RoleAgent
	Stranger   = sop.RoleStranger
)

// Voice is what of a mail counts.
type Voice = sop.Voice

// The voices.
const (
	Full       = sop.VoiceFull       // words, follow-up, verdict, reopening
	WordsOnly  = sop.VoiceWords      // words alone
	MarkedOnly = sop.VoiceMarked     // words, marked as unproven
	Objecting  = sop.VoiceObjects    // words, marked; a dispute holds the closing
	Obeyed     = sop.VoiceObeyed     // an agent's: commands and answers
	NoteOnly   = sop.VoiceNote       // an agent's: a note, unless #reply sends it
	Suspicious = sop.VoiceSuspicious // kept and marked, obeyed in nothing; the real agent is told
	NewTicket  = sop.VoiceNew        // a report of its own
	Refused    = sop.VoiceRefused    // may not report: 550 on a direct connection, else quarantine; no number, no answer
)

// Mail is what Bind must know of a mail.
type Mail struct {
	From       string // the strict address, or what stands in for it; "" where there is neither
	StoodIn    bool   // From is MAIL FROM's address, for the header has no single readable one; Proof is None then
	Proof      mailauth.Proof
	Envelope   []string // recipients
	InReplyTo  []string // of a bounce also the Message-ID of the mail that came back
	References []string
	OriginalID string
	Header     []string // addresses of To, Cc, Delivered-To, X-Original-To
	Subject    string
	Quoted     string // where the ref: line stands; the new text too, for clients that keep no quote marks
	IsForward  bool
	IsAgent    bool // From is an agent's address
	Commands   bool // of an agent: the mail has commands
	IsBounce   bool // a report of a delivery: its From need not be readable
	MayReport  bool // From may report (agents may)
}

// Lookup is what Bind asks of the store.
type Lookup interface {
	// Ticket gives a ticket; an error means that there is none. A fault of the store is the Lookup's to remember: its
	// caller asks for it when Bind has returned, and tries again later.
	Ticket(n sop.Number) (workflow.Ticket, error)
	ByMessageID(id string) (ticket sop.Number, ok bool) // of a mail received before
}

// Binding is one ticket that a mail belongs to, or none.
type Binding struct {
	Ticket     sop.Number // after following merges; 0: a new one
	Asked      sop.Number // before following merges
	Carrier    Carrier
	Role       Role
	Voice      Voice
	Sort       sop.Sort   // of the token or notice answered; 0: none. Without a ticket: of a notice about none
	Answered   string     // the Message-ID of ours that it answers, if any
	Link       sop.Number // a new ticket names this one; Ticket is 0 then
	Suspicious bool       // a new ticket is marked
}
