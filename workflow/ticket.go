// Package workflow is the SOP: what becomes of a ticket, when something is due, who gets which notice.
//
// It is pure and deterministic: Decide makes events and notices from a situation and an input, Fold builds a ticket from
// its events, Wake says when something is next due. It does no I/O, reads no mail, and time comes in as a value.
package workflow

import (
	"time"

	"helpost/internal/sop"
)

// State is where a ticket stands in its life (SOP; contract §2).
type State string

// The states of a ticket.
const (
	New      State = "new"
	Open     State = "open"
	Paused   State = "pending"
	Resolved State = "resolved" // awaits the reporter's word
	Closed   State = "closed"
	Merged   State = "merged" // into another
	Rejected State = "rejected"
)

// Ticket is a report and all that was decided about it: the fold of its events, and nothing else.
//
// Facts and Words are apart because the record keeps facts for ever, and words until a person is erased.
type Ticket struct {
	Facts
	Words
}

// Facts are the impersonal fields of a ticket.
type Facts struct {
	Number     sop.Number   `json:"number"`
	Seq        int          `json:"seq"` // of its last event
	State      State        `json:"state"`
	Type       sop.Type     `json:"type"`
	Impact     sop.Impact   `json:"impact"`
	Urgency    sop.Urgency  `json:"urgency"`
	Priority   sop.Priority `json:"priority"`
	PriorityBy string       `json:"priority_by"` // "suggested" or "agent"
	Category   string       `json:"category,omitempty"`
	Lang       sop.Lang     `json:"lang"`
	Mailbox    string       `json:"mailbox"` // our address it came to
	Team       string       `json:"team,omitempty"`
	Handling   *Handling    `json:"handling,omitempty"`
	Linked     []sop.Number `json:"linked,omitempty"`
	MergedInto sop.Number   `json:"merged_into,omitempty"`
	Disputes   int          `json:"disputes,omitempty"`
	Suspicious bool         `json:"suspicious,omitempty"`
	OnBehalf   bool         `json:"on_behalf,omitempty"` // an agent opened it for somebody
	Hold       bool         `json:"hold,omitempty"`      // kept from retention and erasure
	Expired    bool         `json:"expired,omitempty"`   // what was personal went by age
	Stripped   bool         `json:"stripped,omitempty"`  // its files and raw mails went by age

	CreatedAt   time.Time  `json:"created_at"` // receipt of the report
	RespondedAt *time.Time `json:"responded_at,omitempty"`
	ResolvedAt  *time.Time `json:"resolved_at,omitempty"`
	ClosedAt    *time.Time `json:"closed_at,omitempty"`
	PausedAt    *time.Time `json:"paused_at,omitempty"`
	PausedUntil *time.Time `json:"paused_until,omitempty"`

	Stops      []Span     `json:"stops,omitempty"` // when the resolution clock stood still; the last one may be open
	Response   Clock      `json:"response"`
	Resolution Clock      `json:"resolution"`
	Validation Validation `json:"validation"`

	Missing     []string `json:"missing,omitempty"`     // what was asked for and has not come
	Screenshots int      `json:"screenshots,omitempty"` // how many came
	Messages    int      `json:"messages"`              // how many people's words it has
	Visits      int      `json:"visits,omitempty"`      // invitations sent: the iCalendar SEQUENCE of the next
	Answer      int      `json:"answer,omitempty"`      // the event by which the first answer went out
	Raised      int      `json:"raised,omitempty"`      // the level of the chain told on request or by a second dispute
}

// Clock is one of the two targets of a ticket. Durations are business time of the clock's calendar.
type Clock struct {
	Due      time.Time  `json:"due"`                 // the target as it stands now
	Goal     int64      `json:"goal,omitempty"`      // the target's length as it was promised, in milliseconds
	WarnAt   time.Time  `json:"warn_at"`             // when the warning is due
	Warned   bool       `json:"warned,omitempty"`    // the warning was given
	Breached bool       `json:"breached,omitempty"`  // the target was missed; survives every change
	ByChange bool       `json:"by_change,omitempty"` // it was past already when the priority changed
	Level    int        `json:"level,omitempty"`     // the highest level of the chain that was told of this breach
	ClimbAt  *time.Time `json:"climb_at,omitempty"`  // when the next level is told; nil: nobody more
}

// Span is a stretch of time; To is nil while it lasts.
type Span struct {
	From time.Time  `json:"from"`
	To   *time.Time `json:"to,omitempty"`
}

// Validation is the clock of the reporter's word after a fix.
type Validation struct {
	RemindAt  *time.Time `json:"remind_at,omitempty"`
	CloseAt   *time.Time `json:"close_at,omitempty"`
	Restarted bool       `json:"restarted,omitempty"` // an unclear answer began it anew; it does so once
	Held      string     `json:"held,omitempty"`      // why silence does not close: "objection" or "undeliverable"
	Since     int        `json:"since,omitempty"`     // the event by which it was resolved
}

// Handling is how a ticket is handled: remotely, or by a visit.
type Handling struct {
	How  sop.CommandName `json:"how"` // sop.Remote or sop.Onsite
	When *time.Time      `json:"when,omitempty"`
}

// Words are the personal fields of a ticket: who, and what people wrote.
type Words struct {
	Subject     string            `json:"subject"`
	Reporter    sop.Person        `json:"reporter"`
	CoReporters []sop.Person      `json:"co_reporters,omitempty"` // reporters of tickets that were merged into this one
	Watchers    []string          `json:"watchers,omitempty"`
	AssetCodes  []string          `json:"asset_codes,omitempty"`
	Assignee    string            `json:"assignee,omitempty"`
	Evidence    map[string]string `json:"evidence,omitempty"` // the words that the suggestion rests on
	Pictures    []string          `json:"pictures,omitempty"` // sha256 of screenshots that came, so that one quoted back is not a new one
	Wait        string            `json:"wait,omitempty"`     // why it is paused
}
