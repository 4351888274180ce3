// Package alarm says when something is wrong beside mail: it watches the house, knows which alarms stand, and calls the
// hooks ([[hook]]) that are for them.
//
// It decides nothing about a ticket: which of its events call says workflow, and the gateway commits the call with the
// event. It sends no mail, and nothing waits for it.
package alarm

import (
	"fmt"
	"time"

	"helpost/internal/sop"
	"helpost/workflow"
)

// Signs are what a look at the house shows: all that an alarm is judged by.
type Signs struct {
	Now      time.Time
	LastMail time.Time               // when the last mail was taken
	Store    time.Time               // since when nothing can be kept; zero: it can
	Free     int64                   // bytes left on the disk that has the least; negative: unknown
	Relay    time.Time               // since when the relay fails; zero: it does not
	Queue    time.Time               // since when the oldest mail waits to be sent; zero: none does
	Tickets  map[sop.Alarm][]Alarmed // by what they are alarming for, those of the longest standing first
}

// Alarmed is a ticket for which an alarm stands.
type Alarmed struct {
	Ticket sop.Number
	Since  time.Time
}

// Limits say from when on a sign is an alarm.
type Limits struct {
	Silence time.Duration     // without a mail
	Open    workflow.Calendar // on which silence counts; nil: always
	Relay   time.Duration     // that the relay fails
	Queue   time.Duration     // that a mail waits
	Disk    int64             // bytes that must be left
}

// Standing is an alarm that stands.
type Standing struct {
	Alarm sop.Alarm
	Since time.Time
	Text  string // a sentence, without anybody's name
}

// rule is an alarm: since when it stands (zero: it does not), and its sentence. stood says whether it stood before.
type rule struct {
	since func(s *Signs, l *Limits, stood bool) time.Time
	text  func(s *Signs) string
}

// rules is the table of alarms. Those of tickets stand for their tickets; what calls for them is each ticket's own event.
var rules = map[sop.Alarm]rule{
	sop.AlarmP1:     ofTickets(sop.AlarmP1, "%d P1 wait for an answer", "a P1 waits for an answer"),
	sop.AlarmBreach: ofTickets(sop.AlarmBreach, "%d tickets have missed a target", "a ticket has missed a target"),
	sop.AlarmStore: {
		since: func(s *Signs, _ *Limits, _ bool) time.Time { return s.Store },
		text:  func(*Signs) string { return "nothing can be kept: every mail is put off" },
	},
	sop.AlarmDisk: {
		since: func(s *Signs, l *Limits, stood bool) time.Time {
			least := l.Disk
			if stood { // what was freed must be worth a word
				least += least / 4
			}
			if s.Free < 0 || s.Free >= least {
				return time.Time{}
			}
			return s.Now
		},
		text: func(s *Signs) string { return fmt.Sprintf("the disk is nearly full: %d MB are left", s.Free>>20) },
	},
	sop.AlarmRelay: {
		since: func(s *Signs, l *Limits, _ bool) time.Time { return after(s.Now, s.Relay, l.Relay) },
		text:  func(*Signs) string { return "the relay fails: no mail goes out" },
	},
	sop.AlarmQueue: {
		since: func(s *Signs, l *Limits, _ bool) time.Time { return after(s.Now, s.Queue, l.Queue) },
		text: func(s *Signs) string {
			return fmt.Sprintf("a mail has waited for %s to be sent", s.Now.Sub(s.Queue).Round(time.Second))
		},
	},
	sop.AlarmSilence: {
		since: func(s *Signs, l *Limits, _ bool) time.Time {
			quiet := s.Now.Sub(s.LastMail)
			if l.Open != nil && quiet > 0 {
				quiet = l.Open.Between(s.LastMail, s.Now)
			}
			if s.LastMail.IsZero() || quiet < l.Silence {
				return time.Time{}
			}
			return s.LastMail
		},
		text: func(*Signs) string { return "no mail comes in" },
	},
}

// after is since, where that is so long ago; else the zero time.
func after(now, since time.Time, long time.Duration) time.Time {
	if since.IsZero() || now.Sub(since) < long {
		return time.Time{}
	}
	return since
}

// ofTickets is the rule of an alarm that stands as long as a ticket does for which it was raised.
func ofTickets(a sop.Alarm, many, one string) rule {
	return rule{
		since: func(s *Signs, _ *Limits, _ bool) time.Time {
			if len(s.Tickets[a]) == 0 {
				return time.Time{}
			}
			return s.Tickets[a][0].Since
		},
		text: func(s *Signs) string {
			if n := len(s.Tickets[a]); n > 1 {
				return fmt.Sprintf(many, n)
			}
			return one
		},
	}
}

// ofTicket says whether an alarm is a ticket's: then its events call, and not that it stands.
func ofTicket(a sop.Alarm) bool { return a == sop.AlarmP1 || a == sop.AlarmBreach }

// Judge lists the alarms that stand, the gravest first. stood are those that stood before, and since when.
func Judge(s Signs, l Limits, stood map[sop.Alarm]time.Time) []Standing {
	var all []Standing
	for _, a := range sop.Alarms {
		was, before := stood[a]
		since := rules[a].since(&s, &l, before)
		if since.IsZero() {
			continue
		}
		if before && was.Before(since) && !ofTicket(a) { // it is the same one still
			since = was
		}
		all = append(all, Standing{Alarm: a, Since: since, Text: rules[a].text(&s)})
	}
	return all
}
