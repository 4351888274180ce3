// Package templates writes the notices: text and HTML, by language, from embedded templates that an operator may override.
//
// Rendering is pure. It knows nothing of headers, tokens or addresses: what it needs to say stands in Data.
package templates

import (
	"time"

	"helpost/internal/sop"
)

// Data is all that a notice may say. Every time is in the zone it is to be shown in.
type Data struct {
	Kind sop.Kind
	Lang sop.Lang
	Now  time.Time

	Company Company
	To      sop.Person // who reads it
	ToDesk  bool       // an agent, a lead, the manager: priorities are named, the first line says whose move it is
	Sort    sop.Sort   // where an answer goes: to the reporter, or it stays inside

	Ticket Ticket // zero where the notice is about none
	Ref    string // the ref: line, "IT-000123-TOKEN"; "" where there is none

	Author string    // who wrote Words: a person's name, else the address's local part; never an agent's address to a reporter
	Role   string    // of the author where it matters to an agent: "reporter", "co-reporter", "watcher", "stranger"
	At     time.Time // when the words came
	Words  string    // the words that this notice carries: new text without quotes and commands
	Marked bool      // the sender of the words is not proven
	Files  []string  // names of attachments that are too large to come along

	Quote *Quote // the last message of the conversation, quoted below

	Missing []string    // of `missing`: sop.MissingName, …
	Verdict sop.Verdict // of `update`, `reopened`
	Closing Closing     // of `closed`: why
	Reason  string      // of `closed` by hand, `paused`, `escalated`, `undeliverable`
	Until   time.Time   // of `paused`: the wake-up; of `closed`: until when a reply reopens; of `resolved`: when silence closes
	Visit   *Visit      // of `scheduled`
	Late    *Late       // of `warning`, `breach`, `escalated`
	Error   *Error      // of `error`
	Merged  *Merge      // of `merged`: into which ticket
	List    []Ticket    // of `status`, of a bundle of warnings or breaches
	Failed  *sop.Person // of `undeliverable`: who was not reached
	Status  Status      // of `status`: which of its texts
	Told    []Told      // who was told already of a breach
	Buttons []Button

	Silence  time.Duration // of `closed` by silence: how long nobody answered; 0: not said
	Pictures []string      // Content-IDs, without brackets, of pictures that come along and are shown below the words
	Invited  bool          // of `scheduled`: an invitation comes along

	Figures                            *Figures // of `report`
	Due                                []Ticket // of `morning`: due today, or late; List are the others of his own
	Awaiting                           []Ticket // of `morning`: waiting for the reporter's word
	DueCount, ListCount, AwaitingCount int      // how many there are, where not all are listed; 0: those listed
}

// Company is what a notice says of the company.
type Company struct{ Name, Phone, Hours string }

// Ticket is what a notice may say of a ticket.
type Ticket struct {
	ID, Subject   string
	State         string
	Type          sop.Type
	Impact        sop.Impact
	Urgency       sop.Urgency
	Priority      sop.Priority
	Decided       bool              // an agent decided the priority
	Evidence      map[string]string // the very words that the suggestion rests on
	Reporter      sop.Person
	AssetCodes    []string
	Screenshots   int
	Assignee      string // name, or "" where nobody has it
	Team          string
	CreatedAt     time.Time
	ResponseDue   time.Time
	ResolutionDue time.Time
	Responded     bool
	Suspicious    bool
	Linked        []string
	Late          time.Duration // of a bundle: how late; negative: how long until it is
	Buttons       []Button      // of a bundle
}

// Quote is a message of the conversation.
type Quote struct {
	Author string
	At     time.Time
	Text   string
}

// Visit is when somebody comes, or works remotely.
type Visit struct {
	How  sop.CommandName // sop.Onsite or sop.Remote
	When time.Time       // zero: not said
	Who  string          // the agent's name
}

// Late says which target is missed, or about to be.
type Late struct {
	Clock     string // "response" or "resolution"
	Due       time.Time
	By        time.Duration // negative: not yet
	ByChange  bool
	Level     int
	NextLevel string    // who is told next; "" : nobody
	NextAt    time.Time // when
}

// Told is somebody who was told, and when.
type Told struct {
	Who string
	At  time.Time
}

// Error says why nothing of an agent's mail was done.
type Error struct {
	Problem string // "unknown", "misplaced", "argument", "state", "conflict", "tickets", "for", "empty"
	Word    string // the word, with its number sign
	Nearest string // the known one nearest to it, with its number sign
	Line    int
	Detail  string // of "argument": what was written; of "state": where the ticket stands
	Body    string // the agent's text, whole
}

// Merge names the ticket that took another over.
type Merge struct{ Into, Subject string }

// Closing is why a ticket was closed.
type Closing string

// The reasons of a closing.
const (
	ByConfirm Closing = "confirm"
	BySilence Closing = "silence"
	ByHand    Closing = "hand"
)

// Status is which text a `status` notice has.
type Status string

// The texts of `status`.
const (
	StatusOfTicket  Status = "ticket"   // asked by #status on a ticket
	StatusOfAgent   Status = "mine"     // asked by #status in a new mail
	StatusNote      Status = "note"     // your mail became a note
	StatusUnsent    Status = "unsent"   // your words to a rejected ticket were kept, and not sent
	StatusUnobeyed  Status = "unobeyed" // a mail in your name was not obeyed
	StatusAway      Status = "away"     // to the lead: who is away until when and what he holds
	StatusBack      Status = "back"     // to the lead: who is back
	StatusPauseOver Status = "pause"    // unused by `status`; of `warning`: the pause is over
	StatusCrowd     Status = "crowd"    // unused by `status`; of `new`, `assigned`: so many stood in To and Cc that nobody watches
)

// Button is a ready answer: a label by name, and the mailto: link that opens it.
type Button struct {
	Name string // "confirm", "dispute", "take", "assign", "mend", "plain", "reopen", "pending", "resume"
	With string // what the label adds: "Andi, 2"
	URL  string // mailto:
}

// Mail is a rendered notice.
type Mail struct{ Text, HTML string }
