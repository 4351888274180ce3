// Package compose makes an outbox row of a notice: its headers, tokens, quote, buttons and parts, as exact bytes.
//
// What it makes is final: the mailer signs and sends it, and a repeat is byte-identical.
package compose

import (
	"time"

	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/templates"
)

// Job is one notice to one receiver, all decided.
type Job struct {
	Data     templates.Data // Ref and the buttons' URLs are filled in here
	Number   sop.Number     // 0: about no ticket
	Subject  string         // of the ticket; the tag and "Re:" are added here
	To       sop.Person
	Sort     sop.Sort
	FromName string // display name before the company's: an agent's on his own words; "" for the desk itself
	Mailbox  Mailbox
	Auto     string    // Auto-Submitted: "auto-replied", "auto-generated", or "" on a person's own words
	NullFrom bool      // the envelope sender is <>: an automatic answer to somebody unknown
	Thread   []string  // Message-IDs that the receiver sent or got about this ticket, oldest first
	Unique   string    // [a-z0-9-]+, fixed in the commit: the Message-ID's second half
	At       time.Time // Date
	Class    store.Class
	Files    []File   // attachments that come along
	Buttons  []Answer // ready answers
	Calendar []byte   // text/calendar; method=REQUEST, of `scheduled`
}

// Mailbox is the address of ours that a notice comes from.
type Mailbox struct {
	Address     string // helpdesk@company.com
	Name        string // display name: "IT Service Desk PT Contoh"
	ReplyDomain string // "" : the address's
	Plain       bool   // reply_style = "plain": Reply-To is the address itself
	Verp        bool   // relay.envelope = "verp"
}

// File is an attachment by reference.
type File struct {
	Name, ContentType, ContentID string
	Inline                       bool
	Size                         int64
	Ref                          store.Ref
}

// Answer is a button: what it writes, and where that goes.
type Answer struct {
	Name, With string
	Body       string
	Sort       sop.Sort // of the token it is sent to
}
