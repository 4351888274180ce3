package smtpd

import (
	"strconv"
	"sync/atomic"

	"github.com/emersion/go-smtp"
)

// Stats counts what the door sees, for whoever publishes it. All but Open and Held only grow.
type Stats struct {
	Open               atomic.Int64 // connections now
	Held               atomic.Int64 // bytes of mail now in memory
	Connections        atomic.Int64 // let in
	ConnectionsRefused atomic.Int64 // turned away at a limit
	TLS                atomic.Int64 // connections that went over to TLS
	Taken              atomic.Int64 // mails answered with 250
	TakenBytes         atomic.Int64
	BrokenOff          atomic.Int64 // mails whose end did not come: cut, too slow, reset
	LimitsHit          atomic.Int64 // connections ended because a client cost too much
	Panics             atomic.Int64

	refused [len(reasons)]atomic.Int64
}

// reasons are why commands and mails are refused, by us or by the Taker: what Refusals counts under which name. The first
// whose code and enhanced code fit counts; one without an enhanced code fits any reply of its class.
var reasons = [...]struct {
	name     string
	code     int
	enhanced smtp.EnhancedCode
}{
	{"temporary", 451, smtp.EnhancedCode{4, 3, 0}},
	{"full", 452, smtp.EnhancedCode{4, 3, 1}},
	{"broken_off", 451, smtp.EnhancedCode{4, 4, 2}},
	{"closing", 421, smtp.EnhancedCode{4, 3, 2}},
	{"too_large", 552, smtp.EnhancedCode{5, 3, 4}},
	{"no_mailbox", 550, smtp.EnhancedCode{5, 1, 1}},
	{"not_allowed", 550, smtp.EnhancedCode{5, 7, 1}},
	{"malformed", 550, smtp.EnhancedCode{5, 6, 0}},
	{"bad_sender", 501, smtp.EnhancedCode{5, 1, 7}},
	{"bad_recipient", 501, smtp.EnhancedCode{5, 1, 3}},
	{"needs_smtputf8", 553, smtp.EnhancedCode{5, 6, 7}},
	{"out_of_order", 503, smtp.EnhancedCode{5, 5, 1}},
	{"other", 400, smtp.EnhancedCode{}},
	{"other", 500, smtp.EnhancedCode{}},
}

// refuse counts a refusal.
func (s *Stats) refuse(reply *smtp.SMTPError) {
	for i, r := range reasons {
		if r.code == reply.Code && r.enhanced == reply.EnhancedCode || r.enhanced == (smtp.EnhancedCode{}) && r.code/100 == reply.Code/100 {
			s.refused[i].Add(1)
			return
		}
	}
}

// Refusals gives the refused commands and mails by class ("4xx", "5xx") and reason.
func (s *Stats) Refusals(yield func(class, reason string, n int64)) {
	for i, r := range reasons {
		yield(strconv.Itoa(r.code/100)+"xx", r.name, s.refused[i].Load())
	}
}
