package workflow

import (
	"time"

	"helpost/internal/sop"
)

// The steps of a ticket's life (contract §2): each changes the state with all that hangs on it, and writes its event.

// begin opens a new ticket: somebody of the desk has acted on it.
func (c *Case) begin(d *Draft) {
	if d.State == New {
		d.State = Open
	}
}

// pause lets the resolution clock stand still until a moment.
func (c *Case) pause(d *Draft, until time.Time, reason string) {
	at := c.now
	c.stop(d)
	d.State, d.PausedAt, d.PausedUntil, d.Wait = Paused, &at, &until, reason
	d.event(PausedEvent, nil, said{"reason": reason})
}

// resume lets the clock go on.
func (c *Case) resume(d *Draft) {
	c.goOn(d)
	d.State, d.PausedAt, d.PausedUntil, d.Wait = Open, nil, nil, ""
	d.event(Resumed, nil, nil)
}

// resolve waits for the reporter's word on a fix.
func (c *Case) resolve(d *Draft) {
	if d.State == Paused {
		d.PausedAt, d.PausedUntil, d.Wait = nil, nil, ""
	}
	c.stop(d)
	at := c.now
	d.State, d.ResolvedAt, d.Raised = Resolved, &at, 0
	d.Response.rest()
	d.Validation = Validation{Since: d.Seq + 1}
	c.p.startValidation(&d.Ticket, c.now)
	d.event(ResolvedEvent, nil, nil)
}

// close ends a ticket: by confirm, by silence, or by hand with a reason. The reporter is told; words says whether the
// notice carries those of the mail.
func (c *Case) close(d *Draft, how, reason string, words bool) {
	c.stop(d)
	at := c.now
	d.State, d.ClosedAt, d.Raised = Closed, &at, 0
	d.PausedAt, d.PausedUntil, d.Wait = nil, nil, ""
	d.Response.rest()
	d.Validation.CloseAt, d.Validation.RemindAt, d.Validation.Held = nil, nil, ""
	d.event(ClosedEvent, info{"how": how}, said{"reason": reason})
	c.tell(d, sop.KindClosed, Notice{Closing: how, Reason: reason, Words: words, Until: c.now.Add(c.p.ReopenWindow)})
}

// reopen takes a ticket back to work with what was left of its resolution clock.
func (c *Case) reopen(d *Draft) { c.reopenAs(d, Reopened) }

func (c *Case) reopenAs(d *Draft, why EventType) {
	d.State, d.ResolvedAt, d.ClosedAt = Open, nil, nil
	d.Validation = Validation{}
	c.goOn(d)
	c.owed(d, c.now)
	d.event(why, nil, nil)
}

// hold keeps silence from closing a ticket.
func (d *Draft) hold(why string) {
	v := &d.Validation
	v.Held, v.RemindAt, v.CloseAt = why, nil, nil
}
