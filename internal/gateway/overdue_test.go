package gateway

import (
	"testing"
	"time"

	"helpost/internal/sop"
	"helpost/workflow"
)

// sleep lets time go by while helpost is down: nothing is done.
func (h *house) sleep(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// What fell due before a mail came is done before it, whichever of the two is looked at first after a start.
func TestWhatFellDueBeforeAMailIsDoneBeforeIt(t *testing.T) {
	for _, c := range []struct {
		name   string
		asleep time.Duration
		text   string
		want   func(workflow.Ticket) bool
		told   sop.Kind // to the lead; "": nothing
	}{
		{"a late answer is late on record", 5 * time.Hour, "Kami cek.", func(t workflow.Ticket) bool { return t.Response.Breached && t.RespondedAt != nil }, sop.KindBreach},
		{"a late pause too", 50 * time.Hour, "#tunda 3d vendor", func(t workflow.Ticket) bool { return t.Resolution.Breached && t.State == workflow.Paused }, sop.KindBreach},
		{"a late change of priority is no excuse", 5 * time.Hour, "#prioritas p1", func(t workflow.Ticket) bool { return t.Response.Breached && !t.Response.ByChange }, sop.KindBreach},
		{"an answer in time is in time", 239 * time.Minute, "Kami cek.", func(t workflow.Ticket) bool { return !t.Response.Breached && t.Response.Warned }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := open(t)
			ticket := h.report(letter{})
			ask := h.only(sop.KindNew, andi)
			h.sleep(c.asleep)
			h.mustTake(ask.answer(andi, c.text))
			if got := h.ticket(ticket.Number); !c.want(got) {
				t.Fatalf("response %+v, resolution %+v, %s", got.Response, got.Resolution, got.State)
			}
			if c.told != "" {
				h.last(c.told, sari)
			} else if got := h.sent("", sari); len(got) != 0 {
				t.Fatalf("the lead was told %v", got)
			}
		})
	}
}

// The reporter's word that comes after the time of silence finds the ticket closed, and opens it again or changes nothing.
func TestAWordAfterTheClosing(t *testing.T) {
	h := open(t)
	ticket := h.report(letter{})
	h.mustTake(h.only(sop.KindNew, andi).answer(andi, "#selesai\r\nSudah diperbaiki."))
	fixed := h.only(sop.KindResolved, rina)
	h.sleep(30 * time.Hour)
	h.mustTake(fixed.answer(rina, "Belum, masih macet."))
	got := h.ticket(ticket.Number)
	if got.State != workflow.Open || got.Disputes != 0 {
		t.Fatalf("%s with %d disputes, want it closed by silence and opened again", got.State, got.Disputes)
	}
	h.only(sop.KindClosed, rina)
}
