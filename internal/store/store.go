// Package store says what is durable and how it changes: a small interface, and the rows that cross it.
//
// It decides nothing: every change comes whole from the gateway, and is committed whole or not at all. storetest is the
// suite that every implementation runs.
package store

import (
	"context"
	"errors"
	"time"

	"helpost/internal/record"
	"helpost/internal/seal"
	"helpost/internal/sop"
	"helpost/workflow"
)

// The errors that a store's callers tell apart. Everything else is a fault: nothing was committed.
var (
	ErrConflict  = errors.New("the ticket or a fact of the desk has changed: read again, decide again")
	ErrDuplicate = errors.New("this mail was taken before")
	ErrFull      = errors.New("the disk is full")
	ErrNotFound  = errors.New("not found")
	ErrLocked    = errors.New("another process has the store open")
	ErrNewer     = errors.New("the store was written by a newer helpost")
	ErrClosed    = errors.New("the store is closed")
	ErrCursor    = errors.New("not a cursor of this list")
)

// Store is what is durable. All methods may be called from many goroutines.
type Store interface {
	// View reads a consistent state. What it hands out stays valid after fn returns; the Reader itself does not.
	// Keep it short, for it pins pages, and call neither View nor Commit inside.
	View(ctx context.Context, fn func(Reader) error) error
	// Commit makes a change durable, whole, before it returns nil; else nothing of it is.
	// ErrDuplicate: a Seen key is there. ErrConflict: something is not as the change was decided on: a version, the
	// next entry of a log, a message or a quarantined mail that is there, a quarantined mail to be released that is
	// not. ErrFull: no room. Seen keys are looked at first. Where ctx ends before the change was begun, nothing happened.
	Commit(ctx context.Context, c Change) error
	// Reserve gives the next number of a named sequence, from 1. No number is given twice to what is committed;
	// gaps are allowed. The sequences: SeqTicket, and SeqTurn(team).
	Reserve(ctx context.Context, sequence string) (uint64, error)
	// Claim leases due rows of the outbox so that nobody else gets them until the lease ends: by class, then the longest
	// due first. A lease need not outlive the process; the row does. Done ends it, Defer ends it and sets the next try.
	Claim(ctx context.Context, now time.Time, n int, lease time.Duration) ([]Outbox, error)
	// Close ends the store after what runs.
	Close() error
}

// SeqTicket is the sequence of ticket numbers.
const SeqTicket = "ticket"

// SeqTurn is the sequence of a team's turns.
func SeqTurn(team string) string { return "turn/" + team }

// Reader reads one consistent state.
type Reader interface {
	Ticket(n sop.Number) (workflow.Ticket, Version, error)         // ErrNotFound
	Log(n sop.Number) ([]record.Entry, error)                      // all entries, in order
	LogBefore(n sop.Number, seq, most int) ([]record.Entry, error) // the last entries before one, most at most, in order
	Entry(n sop.Number, seq int) (record.Entry, error)             // ErrNotFound
	Numbers(after sop.Number, n int) ([]sop.Number, error)         // of all tickets of which anything is there, ascending
	Messages(n sop.Number) ([]Message, error)                      // all messages, in order, without raw mails
	Message(n sop.Number, seq int) (Message, error)                // ErrNotFound
	Raw(n sop.Number, seq int) ([]byte, error)                     // a raw mail that is kept in the store itself; ErrNotFound
	Seen(key string) (Seen, error)                                 // by dedup key; ErrNotFound
	Mail(messageID string) ([]Seen, error)                         // mails that came with this Message-ID
	Fact(key string) (Fact, error)                                 // the zero Fact, Version 0, where there is none
	Facts(prefix string) ([]Fact, error)
	List(f Filter) ([]workflow.Ticket, string, error) // a page and the cursor of the next, "" at the end; newest first
	Due(now time.Time, n int) ([]sop.Number, error)   // tickets that are due, the longest first
	NextDue() (time.Time, error)                      // zero where nothing is
	Queue(after uint64, n int) ([]Outbox, error)      // outbox rows by id
	QueueSize() (int, error)
	NextTry() (time.Time, error) // when the next outbox row can be claimed (its try, or the end of its lease); zero where none is
	Quarantined(after string, n int) ([]Quarantined, error)
	QuarantinedRaw(id string) ([]byte, error)
	Traces(messageIDOrAddress string) ([]Trace, error)     // oldest first, of very many the newest
	Policy() ([]byte, error)                               // the policy in force, as last written; nil where none was
	Unsealed(after sop.Number, n int) ([]seal.Open, error) // tickets whose log went on since they were sealed, by number
	Seals(after string, n int) ([]seal.Seal, error)        // by day
	LastSeal() (seal.Seal, error)                          // the zero Seal where there is none
	SealHeads(day string) ([]seal.Head, error)             // of a seal, by number
	Counts() (map[string]int, error)                       // for metrics: "tickets", "open" (new, open, pending), "state/"+State, "outbox", "quarantine"
}

// Version counts the changes of a ticket or a fact; 0 is "not there yet".
type Version uint64

// Change is everything that one input brings about.
type Change struct {
	Seen       []Seen    // dedup keys (SeenKey); one that is there already makes the whole change ErrDuplicate
	Tickets    []Ticket  // with the versions that they must have
	Facts      []Fact    // desk facts that change, with the versions that they must have
	Entries    []Entry   // each the next of its log, else ErrConflict
	Messages   []Message // new ones
	Outbox     []Outbox  // new rows; the store gives them ids, class by class
	Quarantine []Quarantined
	Release    []string // quarantined mails that leave
	Traces     []Trace
	Done       []uint64   // outbox rows that leave; one that has left already is no error
	Defer      []Deferral // likewise
	Policy     []byte     // nil: unchanged

	Rewritten []Rewrite // entries that get other words, or none; each must be there, else ErrConflict
	Remade    []Message // messages that are there, anew; a raw mail in the store that Raw no longer names leaves it. One that is not there is ErrConflict
	Seal      *Seal     // the next one; ErrConflict where it does not follow the last
}

// Rewrite is what stands beside the line of an entry from now on: another's words, or none (nil). The line stays.
type Rewrite struct {
	Number sop.Number
	Seq    int
	Salt   []byte
	Words  []byte
}

// Seal is a seal with the heads that it lists. They are no longer unsealed then, unless their logs went on meanwhile.
type Seal struct {
	seal.Seal
	List []seal.Head
}

// Ticket is a ticket to be written.
type Ticket struct {
	Ticket workflow.Ticket
	Expect Version   // what it must be now; 0: not there. The new version is Expect+1.
	Due    time.Time // when it is next due; zero: never
}

// Entry is one entry of a ticket's record.
type Entry struct {
	Number sop.Number
	record.Entry
}

// Seen is a mail that was taken: its dedup key, and where it went.
type Seen struct {
	Key       string     `json:"key"`        // digest of From, Message-ID and body
	MessageID string     `json:"message_id"` // "" where it had none
	From      string     `json:"from"`
	Ticket    sop.Number `json:"ticket"` // 0: none
	Message   int        `json:"message"`
	At        time.Time  `json:"at"`
}

// Fact is something the desk knows beside its tickets: who is away, who is blocked, what a person once gave.
type Fact struct {
	Key     string
	Version Version // of the fact as it was read; a write must name it, and makes it one more (a fact that was gone: more than it ever was)
	Value   []byte  // JSON; nil: gone
}

// Direction says which way a message went.
type Direction string

// The directions of a message (contract §8).
const (
	In       Direction = "in"
	Out      Direction = "out"
	NoteOnly Direction = "note"
)

// Message is one person's words on a ticket.
type Message struct {
	Ticket      sop.Number   `json:"ticket"`
	Seq         int          `json:"seq"` // from 1
	MessageID   string       `json:"message_id"`
	Direction   Direction    `json:"direction"`
	Kind        string       `json:"kind"` // report, comment, validation, agent, stranger, …
	From        string       `json:"from"`
	Name        string       `json:"name,omitempty"`
	At          time.Time    `json:"at"`
	Text        string       `json:"text"`
	Marked      bool         `json:"marked,omitempty"` // its sender is not proven
	Attachments []Attachment `json:"attachments,omitempty"`
	Raw         Ref          `json:"raw"`               // the zero Ref once the raw mail is gone
	RawSum      string       `json:"raw_sum,omitempty"` // hex of the sha256 of a raw mail that is kept in the store
	RawMail     []byte       `json:"-"`                 // on writing: the raw mail, where it is kept in the store
}

// Attachment is a file of a message: what it is, and where its bytes lie.
type Attachment struct {
	Filename    string `json:"filename"`
	ContentType string `json:"content_type"`
	Size        int64  `json:"size"`
	SHA256      string `json:"sha256"`
	Inline      bool   `json:"inline,omitempty"`
	ContentID   string `json:"content_id,omitempty"`
	Screenshot  bool   `json:"screenshot,omitempty"`
	Ref         Ref    `json:"ref"`
}

// Ref says where bytes lie: in a blob, or in the raw mail of a message, which itself is in the store or a blob.
type Ref struct {
	Blob     string     `json:"blob,omitempty"` // sha256 of the blob that holds it
	Ticket   sop.Number `json:"ticket,omitempty"`
	Message  int        `json:"message,omitempty"` // with Ticket: in the raw mail of this message, kept in the store
	Offset   int64      `json:"offset,omitempty"`
	Length   int64      `json:"length,omitempty"`   // in the place where it lies; 0 with Offset 0: all of it
	Encoding string     `json:"encoding,omitempty"` // AsIs, Base64 or Base64Lines
}

// Outbox is a mail that waits to be sent: one recipient, its exact bytes, its tries.
type Outbox struct {
	ID        uint64     `json:"id"`
	Ticket    sop.Number `json:"ticket,omitempty"`
	Trace     string     `json:"trace,omitempty"` // of the mail that caused it, for the log; "": a timer did
	Kind      sop.Kind   `json:"kind"`
	From      string     `json:"from"` // envelope sender, "" for the null one
	To        string     `json:"to"`
	MessageID string     `json:"message_id"`
	Class     Class      `json:"class"`
	Segments  []Segment  `json:"segments"`
	Made      time.Time  `json:"made"`
	NextTry   time.Time  `json:"next_try"`
	Tries     int        `json:"tries,omitempty"`
	LastError string     `json:"last_error,omitempty"`
}

// Class orders the outbox: lower goes first.
type Class uint8

// The classes of mail in the outbox.
const (
	ClassUrgent  Class = iota // mail of a P1, escalations
	ClassAnswer               // people's words, what a person waits for
	ClassRoutine              // acknowledgements
)

// Segment is a piece of a mail to be sent: exact bytes, or the bytes of an attachment by reference, base64-encoded in
// lines of 76 where they are not yet.
type Segment struct {
	Bytes []byte `json:"bytes,omitempty"`
	Ref   *Ref   `json:"ref,omitempty"`
}

// Deferral puts an outbox row off.
type Deferral struct {
	ID      uint64
	NextTry time.Time
	Tries   int
	Error   string
}

// Quarantined is a mail that was taken and is no ticket.
type Quarantined struct {
	ID        string    `json:"id"`
	At        time.Time `json:"at"`
	From      string    `json:"from"` // of the header, or of the envelope
	MailFrom  string    `json:"mail_from"`
	Rcpt      string    `json:"rcpt"`
	Peer      string    `json:"peer,omitempty"`
	MessageID string    `json:"message_id"`
	Subject   string    `json:"subject"`
	Reason    string    `json:"reason"`
	Size      int       `json:"size"`
	Blob      string    `json:"blob,omitempty"` // where the raw mail lies, if not in the store
	RawMail   []byte    `json:"-"`
}

// Trace says what became of a mail.
type Trace struct {
	At        time.Time  `json:"at"`
	ID        string     `json:"id,omitempty"` // of the mail, as the log has it; of one of ours: of the mail that caused it
	MessageID string     `json:"message_id"`
	From      string     `json:"from"`
	To        string     `json:"to,omitempty"`
	Outcome   string     `json:"outcome"` // ticket, joined, duplicate, quarantined, refused, dropped, sent, failed, …
	Ticket    sop.Number `json:"ticket,omitempty"`
	Detail    string     `json:"detail,omitempty"`
}

// Filter narrows a list of tickets. Its zero value lists all.
type Filter struct {
	State    workflow.State // any case
	Reporter string         // address, any case
	Query    string         // words in subject and texts, any case
	Assignee string         // any case
	After    string         // a cursor; another string is ErrCursor
	Limit    int            // 0: 50
}
