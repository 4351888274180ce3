package workflow

import (
	"time"

	"helpost/internal/sop"
)

// Situation is all that a decision may look at: the ticket, the other tickets that a mail names, and the desk.
type Situation struct {
	Ticket Ticket                // Number 0: none yet
	Number sop.Number            // reserved for the ticket that a report makes
	Others map[sop.Number]Ticket // tickets that a command or a link names; absent: unknown
	Desk   Desk
}

// Desk is what is known beside the tickets. Each fact is as it was read; a decision that changes one says so.
type Desk struct {
	Turns   map[string]uint64               // whose turn it is in each team that Policy.Turns names: numbers that only grow
	Away    map[string]time.Time            // agents who are away, and until when
	Answers map[string]Answers              // automatic answers to an address in this hour
	Known   sop.Person                      // what the directory and earlier reports say of the writer
	Told    time.Time                       // when the agent was last told of a mail in his name that was not obeyed
	Holds   []Ticket                        // the writer's open tickets, where a command asks for them
	Load    map[string]int                  // open tickets of each agent, where a notice offers to assign
	Person  func(address string) sop.Person // who somebody is, by the directory; nil: nobody is known
	MayAsk  func(address string) bool       // who may report
	Ours    func(address string) bool       // our own mailboxes
}

// Answers counts automatic answers to one address.
type Answers struct {
	Hour  time.Time `json:"hour"` // the hour they are counted in
	Count int       `json:"count"`
}

// Input is what happened: a mail, a notice that failed for good, a verb of the operator's about what is kept, or time that
// passed (none set).
type Input struct {
	Mail   *Mail
	Failed *Failed
	Erase  *Erase
	Hold   *bool // keep the ticket from erasure and retention, or no longer
}

// Mail is what somebody wrote, read and bound to a ticket or to none.
type Mail struct {
	Role       sop.Role
	Voice      sop.Voice
	Proof      string   // "pass", "fail", "none"
	Sort       sop.Sort // of the notice that it answers; 0: none of ours
	ByTag      bool     // the tag in the subject alone bound it
	Many       bool     // it bears the tokens of several tickets
	Link       sop.Number
	Led        sop.Number // where merges lead from the ticket that it is about
	Suspicious bool       // a ticket made of it is marked, and one that it joins

	From      sop.Person
	MailFrom  string // of the envelope, "" for the null sender
	MessageID string
	Subject   string
	Lang      sop.Lang
	To        []string // addresses in To and Cc
	Mailbox   string   // our address it came to
	Team      string   // of that mailbox

	Text     string // what is new
	Body     string // what is new without commands
	Report   sop.Report
	Verdict  sop.Verdict
	Commands []sop.Command
	Slip     *Slip
	Forward  *sop.Person // the sender of the mail that it passes on

	Auto     sop.Auto
	Suppress bool      // the writer wants no automatic answer
	NoReply  bool      // from a mailer-daemon, a no-reply
	Until    time.Time // of an absence

	Files    int      // attachments
	Pictures []string // sha256 of screenshots
	Watchers []string // colleagues in To or Cc of a first mail
	Crowd    bool     // more of them than may watch
}

// Slip is a line of an agent's mail that looks like a command and cannot be carried out.
type Slip struct {
	Problem string // "unknown" or "misplaced"
	Word    string
	Nearest string
	Line    int
}

// Failed is a notice that did not reach its receiver, for good.
type Failed struct {
	Kind      sop.Kind
	To        string
	MessageID string
	Event     int    // the event that says it was sent
	Status    string // RFC 3463
	Text      string // what the other side said, one line
}

// Decision is what an input brings about: all of it, or nothing.
type Decision struct {
	Drafts  []*Draft // the tickets that change, the one that the input is about first
	Message *Message // the words to keep; nil: none
	Notices []Notice
	Desk    DeskChange
	Outcome Outcome // for the trace
	Detail  string

	Redacted []Event // of an erasure: events of the ticket that have other words from now on, or none
}

// DeskChange are the desk facts that a decision changes; nil: unchanged.
type DeskChange struct {
	Answers map[string]Answers   // by address
	Known   *sop.Person          // of the writer
	Away    map[string]time.Time // who is away until when; zero: back again
	Told    *time.Time           // the agent in whose name a mail came
	Block   string               // an address to refuse from now on
	Unblock string
}

// Outcome says what became of an input (contract: trace).
type Outcome string

// The outcomes.
const (
	BecameTicket Outcome = "ticket"
	JoinedTicket Outcome = "joined"
	ObeyedMail   Outcome = "obeyed"
	MistakenMail Outcome = "error" // an agent's mail of which nothing was done
	DroppedMail  Outcome = "dropped"
	SuspectMail  Outcome = "suspicious"
	BouncedMail  Outcome = "bounced"
	TimePassed   Outcome = "tick"
	ErasedTicket Outcome = "erased"
	KeptTicket   Outcome = "held"   // it is on hold
	BrokenTicket Outcome = "broken" // its record is damaged, and is left as it is
)

// Direction says which way words went.
type Direction string

// The directions of a message (contract §8).
const (
	In       Direction = "in"
	Out      Direction = "out"
	NoteOnly Direction = "note"
)

// Message are the words of a mail as they are kept on a ticket.
type Message struct {
	Ticket    sop.Number
	Direction Direction
	Kind      string // report, comment, validation, agent, note, stranger, watcher, automatic, unproven
	Text      string
	Marked    bool
}

// Decide says what an input brings about. The same arguments give the same decision, always.
func (p *Policy) Decide(s Situation, in Input, now time.Time) Decision {
	now = Moment(now)
	switch {
	case in.Mail != nil:
		return p.decideMail(s, in.Mail, now)
	case in.Failed != nil:
		return p.decideFailure(s, in.Failed, now)
	case in.Erase != nil:
		return p.decideErase(s, in.Erase, now)
	case in.Hold != nil:
		return p.decideHold(s, *in.Hold, now)
	default:
		return p.decideTick(s, now)
	}
}

// Moment is a time as the record keeps it: UTC, whole milliseconds.
func Moment(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// decideMail finds the rule for a mail: by what it is, then by whose it is.
func (p *Policy) decideMail(s Situation, m *Mail, now time.Time) Decision {
	c := p.newCase(s, m, now)
	switch {
	case m.Auto != sop.NotAuto:
		c.automatic()
	case m.Voice == sop.VoiceObeyed || m.Voice == sop.VoiceNote:
		c.agentsMail()
	case m.Voice == sop.VoiceSuspicious:
		c.unproven()
	case s.Ticket.Number == 0 && m.Role == sop.RoleAgent && m.Proof == "pass" && (len(m.Commands) > 0 || m.Slip != nil):
		c.agentsNewMail()
	case s.Ticket.Number == 0:
		c.report()
	default:
		c.words()
	}
	return c.done()
}
