package workflow

import (
	"time"

	"helpost/internal/sop"
)

// Policy is the SOP as this company has set it. It is a value: Decide and Wake read it and nothing else.
type Policy struct {
	Prefix                                string   // of ticket numbers
	Lang                                  sop.Lang // the company's
	Zone                                  *time.Location
	Targets                               map[sop.Priority]Target
	Matrix                                sop.Matrix
	WarnAt                                float64 // share of a clock's business time at which a warning is due
	TakeCounts                            bool    // #take counts as a response
	Agents                                []Agent
	Teams                                 []Team
	Chain                                 []string // "lead", "manager"
	Manager                               string
	Repeat                                map[sop.Priority]time.Duration // between two levels of the chain
	Digest                                time.Duration                  // at most one mail of warnings and breaches of P2 and P3 a person in this time
	CloseAfter, RemindAfter, ReopenWindow time.Duration
	ValidationCalendar                    Calendar
	Inside                                func(address string) bool // of the company's domains; nil: nobody
	PerAddressHour                        int                       // automatic answers to one address in an hour
}

// Target is what the SOP promises for a priority, in business time of its calendar.
type Target struct {
	Response, Resolution time.Duration
	Calendar             Calendar
}

// Agent is somebody who works on tickets.
type Agent struct {
	Address string // lower case
	Aliases []string
	Name    string
	Team    string
	Level   int
	Lang    sop.Lang
}

// Team is a group of agents with a lead.
type Team struct {
	Name       string
	Address    string   // of its own, if it has one
	Members    []string // addresses of agents
	Lead       string
	RoundRobin bool // else a ticket waits until somebody takes it
}

// Calendar turns business time into moments and back. The zero value is the clock around.
type Calendar interface {
	// Add gives the moment at which so much business time has passed since from.
	Add(from time.Time, d time.Duration) time.Time
	// Between gives the business time between two moments, 0 where to is not after from.
	Between(from, to time.Time) time.Duration
	// Opens gives the first business moment at or after t.
	Opens(t time.Time) time.Time
}
