package smtpd

import "sync/atomic"

// Stats counts what the door sees, for whoever publishes it. All but Open and Held only grow.
type Stats struct {
	Open               atomic.Int64 // connections now
	Held               atomic.Int64 // bytes of mail now in memory
	Connections        atomic.Int64 // let in
	ConnectionsRefused atomic.Int64 // turned away at a limit
	TLS                atomic.Int64 // connections that went over to TLS
	Taken              atomic.Int64 // mails answered with 250
	TakenBytes         atomic.Int64
	RefusedForNow      atomic.Int64 // commands and mails answered 4xx by us or by the Taker
	RefusedForGood     atomic.Int64 // … 5xx
	BrokenOff          atomic.Int64 // mails whose end did not come: cut, too slow, reset
	LimitsHit          atomic.Int64 // connections ended because a client cost too much
	Panics             atomic.Int64
}
