package gateway

import (
	"testing"
	"time"

	"helpost/internal/sop"
	"helpost/workflow"
)

// A clock that goes ahead for a moment: what falls due then is done once, and the desk goes on when it is right again.
func TestAClockThatIsAheadForAMoment(t *testing.T) {
	h := open(t)
	ticket := h.report(letter{})
	h.pass(1000 * time.Hour)
	breaches := len(h.sent(sop.KindBreach, sari))
	if breaches == 0 {
		t.Fatal("nothing fell due")
	}
	h.pass(-1000 * time.Hour)
	for range 3 {
		h.pass(time.Hour)
	}
	if got := len(h.sent(sop.KindBreach, sari)); got != breaches {
		t.Errorf("%d breaches were told, then %d", breaches, got)
	}
	h.mustTake(h.last(sop.KindNew, andi).answer(andi, "#selesai\r\nSudah diperbaiki."))
	h.mustTake(h.only(sop.KindResolved, rina).answer(rina, "YA"))
	if got := h.ticket(ticket.Number); got.State != workflow.Closed {
		t.Errorf("the ticket is %s", got.State)
	}
}

// A clock that is set back: nothing is due twice, nothing is lost, and what is due comes when the clock shows it.
func TestAClockThatIsSetBack(t *testing.T) {
	h := open(t)
	ticket := h.report(letter{})
	h.mustTake(h.only(sop.KindNew, andi).answer(andi, "#selesai\r\nSudah diperbaiki."))
	h.pass(12 * time.Hour)
	h.only(sop.KindReminder, rina)
	h.pass(-48 * time.Hour)
	h.report(letter{from: budi, name: "Budi"})
	if got := h.ticket(ticket.Number); got.State != workflow.Resolved {
		t.Fatalf("the ticket is %s", got.State)
	}
	for range 6 {
		h.pass(10 * time.Hour)
	}
	h.only(sop.KindReminder, rina)
	h.only(sop.KindClosed, rina)
	if got := h.ticket(ticket.Number); got.State != workflow.Closed {
		t.Errorf("the ticket is %s", got.State)
	}
}

// A dispute, an answer and a pause under a clock that jumps: the record stays sound, and everybody can go on.
func TestALifeUnderAClockThatJumps(t *testing.T) {
	h := open(t)
	ticket := h.report(letter{})
	steps := []func(){
		func() { h.mustTake(h.last(sop.KindNew, andi).answer(andi, "#ambil\r\nSaya cek.")) },
		func() { h.mustTake(h.last(sop.KindNew, andi).answer(andi, "#tunda 2j menunggu vendor")) },
		func() { h.mustTake(h.last(sop.KindNew, andi).answer(andi, "#selesai\r\nSudah.")) },
		func() { h.mustTake(h.last(sop.KindResolved, rina).answer(rina, "BELUM")) },
		func() { h.mustTake(h.last(sop.KindNew, andi).answer(andi, "#selesai\r\nSekarang sudah.")) },
		func() { h.mustTake(h.last(sop.KindResolved, rina).answer(rina, "YA")) },
	}
	for i, step := range steps {
		step()
		h.pass([]time.Duration{-72 * time.Hour, 5 * time.Hour, -time.Hour, 100 * time.Hour, -200 * time.Hour, time.Hour}[i])
	}
	if got := h.ticket(ticket.Number); got.State != workflow.Closed || got.Disputes != 1 {
		t.Errorf("the ticket is %s after %d disputes", got.State, got.Disputes)
	}
}
