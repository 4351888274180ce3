// Package report counts: from the events of tickets it makes the figures that the SOP asks for, says which report or
// morning list is due to whom, and lays figures out for a notice.
//
// It judges a ticket by its record alone and decides nothing about it. It reads the store, sends nothing and knows no
// clock. docs/reports.md defines every figure.
package report

import (
	"time"

	"helpost/workflow"
)

// The ways in which figures are grouped.
const (
	ByPriority   = "priority"
	ByTeam       = "team"
	ByType       = "type"
	ByCategory   = "category"
	ByDepartment = "department"
	ByAgent      = "agent"
)

// Groupings are all of them.
var Groupings = []string{ByPriority, ByTeam, ByType, ByCategory, ByDepartment, ByAgent}

// Query says what is counted: the tickets that were received in a period, those of one team where one is named.
type Query struct {
	Period
	By   string    // one of Groupings
	Team string    // "": all
	At   time.Time // the moment at which the tickets are looked at
}

// Report is the figures of a period: the object of `helpost report --json`.
type Report struct {
	Document   string    `json:"document"`    // the SOP's name
	Period     string    `json:"period"`      // "2026-W03", "2026-01", "2026-01-05/2026-01-09"
	From       time.Time `json:"from"`        // in the company's zone
	To         time.Time `json:"to"`          // the first moment after the period
	At         time.Time `json:"at"`          // the figures are as of this moment
	Timezone   string    `json:"timezone"`    // IANA name
	By         string    `json:"by"`          // what Rows are grouped by
	Team       *string   `json:"team"`        // the only team counted; null: all
	RecordHead *string   `json:"record_head"` // the head of the sealed record; null where none was sealed
	Rows       []Row     `json:"rows"`
	Total      Row       `json:"total"`
}

// Row is the figures of one group of tickets, or of all. Everything but OpenNow is about the tickets received in the
// period; merged and rejected ones are counted apart and in nothing else.
type Row struct {
	Key             string `json:"key"` // "" is "none": no team, no category, …
	Received        int    `json:"received"`
	Incidents       int    `json:"incidents"`
	ServiceRequests int    `json:"service_requests"`
	P1              int    `json:"p1"`
	P2              int    `json:"p2"`
	P3              int    `json:"p3"`
	DecidedByAgent  int    `json:"decided_by_agent"` // priorities that a person decided
	Response        Target `json:"response"`
	Resolution      Target `json:"resolution"`
	Disputes        int    `json:"disputes"` // how often a fix was disputed
	Reopened        int    `json:"reopened"` // how often one was opened again for another reason
	ByConfirm       int    `json:"closed_by_confirm"`
	BySilence       int    `json:"closed_by_silence"`
	ByHand          int    `json:"closed_by_hand"` // without the reporter's word
	Open            int    `json:"open"`           // new, open, pending
	Awaiting        int    `json:"awaiting_validation"`
	Merged          int    `json:"merged"`
	Rejected        int    `json:"rejected"`
	OpenNow         Ages   `json:"open_now"`

	times [4][]int32 // in seconds: the gross and net times of the response, then of the resolution
}

// Target is how one of the two targets was kept. Met + Missed + Running + Unowed + ByChange are all tickets, and so it is
// with the gross ones in the place of the first three.
type Target struct {
	Met          int      `json:"met"`
	Missed       int      `json:"missed"` // the breaches
	Running      int      `json:"running"`
	Percent      *float64 `json:"percent"` // of Met and Missed, tenths rounded down; null where there is neither
	GrossMet     int      `json:"gross_met"`
	GrossMissed  int      `json:"gross_missed"`
	GrossRunning int      `json:"gross_running"`
	GrossPercent *float64 `json:"gross_percent"`
	Unowed       int      `json:"unowed"`    // closed before an answer was due and without one
	ByChange     int      `json:"by_change"` // past already when the priority changed
	Count        int      `json:"count"`     // of the times: tickets that were answered, or resolved
	Median       *int64   `json:"median_seconds"`
	P90          *int64   `json:"p90_seconds"`
	GrossMedian  *int64   `json:"gross_median_seconds"`
	GrossP90     *int64   `json:"gross_p90_seconds"`
}

// Ages counts the tickets that are open at the moment of the report, whenever they were received, by the time since.
type Ages struct {
	Day   int `json:"under_1d"`
	Days3 int `json:"under_3d"`
	Week  int `json:"under_7d"`
	Month int `json:"under_30d"`
	Older int `json:"older"`
}

// Total is all of them.
func (a Ages) Total() int { return a.Day + a.Days3 + a.Week + a.Month + a.Older }

func (a *Ages) add(age time.Duration) {
	const day = 24 * time.Hour
	switch {
	case age < day:
		a.Day++
	case age < 3*day:
		a.Days3++
	case age < 7*day:
		a.Week++
	case age < 30*day:
		a.Month++
	default:
		a.Older++
	}
}

// keyOf is the group of a ticket.
func keyOf(t *workflow.Ticket, by string) string {
	switch by {
	case ByTeam:
		return t.Team
	case ByType:
		return string(t.Type)
	case ByCategory:
		return t.Category
	case ByDepartment:
		return t.Reporter.Department
	case ByAgent:
		return t.Assignee
	}
	return string(t.Priority)
}
