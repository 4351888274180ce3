// Package parser reads mail as a careful person does: who wrote, what is new in it, what it reports, asks or answers,
// each finding with its evidence.
//
// It is pure: bytes in, what they say out; no clock, no network, no store. It never fails: what cannot be read is said
// in Mail.Problem, and the raw mail is the caller's to keep.
package parser

import (
	"time"

	"helpost/internal/sop"
)

// Options are what a reader must know of the company. The zero value reads for helpdesk@company.com in Indonesian.
type Options struct {
	Mailboxes   []string     // our own addresses, aliases included, lower case
	Language    sop.Lang     // of a text too short to tell
	Prefix      string       // of ticket numbers: "IT"
	Matrix      sop.Matrix   // impact × urgency
	Departments []Department // canonical names with what people call them
	Words       []ImpactWords
	// AssetPattern is a regular expression (RE2) of asset codes that stand without a label, matched against whole words;
	// "": the one of words/asset.txt.
	AssetPattern string
	ListIDs      []string // List-Ids of mailing lists that hand on to a mailbox of ours: their mail is people's
	// Names are what people are called whose From may hold an address alone, by that address, lower case: by its name a
	// signature is told from words.
	Names map[string]string
	// Ours says whether a Message-ID bears a token of ours whose MAC holds; nil: none does.
	Ours func(messageID string) bool
}

// Department is a canonical name of a department and what people call it.
type Department struct {
	Name  string
	Words []string
}

// ImpactWords are words or names of systems that speak for an impact or an urgency ([priority.words]).
type ImpactWords struct {
	Impact  sop.Impact
	Urgency sop.Urgency
	Words   []string
}

// Mail is what a mail says.
type Mail struct {
	Fields []Field // the header in its order, values unfolded, undecoded

	From        Address   // the best reading of From, for people; proves nothing
	StrictFrom  string    // the address where there is exactly one From with exactly one address (RFC 5322 §3.6.2), lower case; else ""
	To, Cc      []Address // at most 500 of each
	DeliveredTo []string  // Delivered-To and X-Original-To, lower case
	Subject     string    // decoded, one line, valid UTF-8
	Date        time.Time

	MessageID         string   // with its brackets, "" where there is none
	InReplyTo         []string // Message-IDs with brackets
	References        []string // in their order
	OriginalMessageID string   // X-Microsoft-Original-Message-ID

	Text    string // the whole text, decoded
	NewText string // what is new in its first 256 KB: without quotes, signature, closing, disclaimer; lines with # stay
	Quoted  string // what was cut as a quote
	// Signature is what was cut beside the quote: signature, closing, the phone's line, disclaimer.
	Signature string
	Lang      sop.Lang

	Attachments []Attachment

	Auto        sop.Auto
	AutoBy      string      // what shows Auto: a field, a part, an address, or the very words; "" for NotAuto
	Bounce      *sop.Bounce // for Bounced and Delayed
	ReturnedID  string      // of a bounce: the Message-ID of the mail that came back
	ReturnedWhy string      // of a bounce: what the server that refused the mail said, on one line; "" where its form tells nothing
	Until       time.Time   // of an absence: until when, midnight UTC of the day after the last day; zero where it does not say
	Suppress    bool        // X-Auto-Response-Suppress or a foreign X-Helpost-*: no automatic answer is wanted
	Forward     *Forward    // where the mail passes another one on
	PassesOn    bool        // its subject says that it passes one on: "Fwd:"
	Signed      bool        // S/MIME or PGP/MIME signed (not verified)

	Problem string // why the mail could not be read as MIME; "" where it could

	spoken spoken // the words of NewText, as far as it is read as a report

	lines []textLine       // the text that was split, line by line, and what each was found to be
	stops map[sop.Lang]int // the stop words that told Lang
}

// Field is a header field as it stands in the mail.
type Field struct{ Name, Value string }

// Address is one mailbox of an address header.
type Address struct {
	Address string `json:"address"` // lower case
	Name    string `json:"name"`
}

// Attachment is a file that came with a mail, decoded.
type Attachment struct {
	Filename    string // no path, no control characters; "" where it has none
	ContentType string // as declared, lower case, without parameters
	ContentID   string
	Inline      bool
	Screenshot  bool // a real picture of some size (by its bytes), not a logo, an icon or a tracking pixel
	SHA256      string
	Data        []byte
	Lines       []byte // the base64 of Data where it stands in the mail in lines of 76 characters, CRLF between them and nothing else; nil: it does not

	within bool // its bytes stand in another file of the mail too: it came in an attached mail, or its content was opened
}

// Forward is a mail passed on: by the forwarded block in the text, or attached.
type Forward struct {
	From    Address
	Subject string
	Text    string
}

// Validation is what a reporter says of a fix.
type Validation struct {
	Verdict  sop.Verdict
	Rating   *int // 1 to 5, where one was given
	Evidence string
}

// Commands are an agent's commands and what stands beside them.
type Commands struct {
	List      []sop.Command // what was understood, in order, also where Unknown or Misplaced say that none applies
	Unknown   string        // a word that looks like a command and is none, without its number sign
	Nearest   string        // the known word nearest to Unknown, as people write it, without its number sign
	Misplaced string        // the English name of a command outside the zones
	Line      int           // the line of NewText where Unknown or Misplaced stands, from 1
	Lines     []int         // the lines of NewText where those of List stand, from 1
	Body      string        // NewText without the command lines
}
