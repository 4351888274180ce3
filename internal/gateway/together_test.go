package gateway

import (
	"sync"
	"testing"

	"helpost/internal/sop"
	"helpost/workflow"
)

// Two agents write on one ticket at the same moment: both take effect, in some order, and neither is lost.
func TestTwoAgentsAtTheSameMoment(t *testing.T) {
	h := open(t)
	ticket, _ := h.reported("<satu@a>")
	one := h.last(sop.KindNew, andi).answer(andi, "#prioritas p2\nKami cek dari sini.")
	two := h.last(sop.KindNew, rudi).answer(rudi, "#kategori printer\nSaya ke sana.")
	var both sync.WaitGroup
	for _, l := range []letter{one, two} {
		both.Go(func() { h.mustTake(l) })
	}
	both.Wait()
	got := h.ticket(ticket.Number)
	if got.Priority != sop.P2 || got.Category != "printer" || got.State != workflow.Open || got.RespondedAt == nil {
		t.Fatalf("priority %s, category %q, %s", got.Priority, got.Category, got.State)
	}
	if got.Assignee != andi && got.Assignee != rudi {
		t.Fatalf("nobody of the two has it: %q", got.Assignee)
	}
	if n := len(h.messages(ticket.Number)); n != 3 {
		t.Fatalf("%d messages, want the report and both answers", n)
	}
}
