package gateway

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/workflow"
)

// Warnings and breaches of P3 reach one person at most every few minutes; what waited comes as one mail, each ticket once,
// and what is said of a ticket later names no mail that never was.
func TestWarningsComeBundled(t *testing.T) {
	h := open(t, func(h *house) { h.policy.Digest = 5 * time.Minute })
	var all []workflow.Ticket
	for range 3 {
		ticket := h.report(letter{})
		h.mustTake(h.last(sop.KindNew, andi).answer(andi, "#ambil"))
		all = append(all, ticket)
	}
	h.pass(3 * time.Hour) // three quarters of the response target
	if got := len(h.sent(sop.KindWarning, andi)); got != 1 {
		t.Fatalf("%d warnings at once, want 1", got)
	}
	h.pass(4 * time.Minute)
	if got := len(h.sent(sop.KindWarning, andi)); got != 1 {
		t.Fatalf("%d warnings within the digest, want 1", got)
	}
	h.pass(time.Minute)
	got := h.sent(sop.KindWarning, andi)
	if len(got) != 2 {
		t.Fatalf("%d warnings after it, want 2", len(got))
	}
	bundle := got[1]
	if bundle.header.Get("X-Helpost-Ticket") != "" || !strings.Contains(bundle.text, "IT-000002") || !strings.Contains(bundle.text, "IT-000003") || strings.Contains(bundle.text, "IT-000001") {
		t.Fatalf("the bundle is not of the two that waited:\n%s", bundle.text)
	}
	h.pass(2 * time.Hour)
	h.pass(5 * time.Minute)
	for _, ticket := range all {
		if !h.ticket(ticket.Number).Response.Breached {
			t.Fatal("no breach")
		}
		h.mustTake(h.last(sop.KindNew, andi).answer(andi, "Kami cek."))
	}
	h.mustTake(h.last(sop.KindReply, rina).answer(rina, "baik")) // an update to the one who was warned in a bundle
	if h.last(sop.KindUpdate, andi).header.Get("References") == "" {
		t.Fatal("no thread")
	}
}

// Both clocks of a ticket fall due at once for one person: neither word is lost.
func TestTwoClocksAtOnceForOnePerson(t *testing.T) {
	h := open(t, func(h *house) { h.policy.Digest = 5 * time.Minute })
	h.policy.Targets[sop.P3] = workflow.Target{Response: 4 * time.Hour, Resolution: 5 * time.Hour}
	h.report(letter{})
	h.mustTake(h.last(sop.KindNew, andi).answer(andi, "#ambil"))
	h.pass(3 * time.Hour)
	h.pass(time.Hour) // the response breached, the resolution due for a warning
	h.pass(10 * time.Minute)
	said := ""
	for _, n := range h.sent("", andi) {
		said += string(n.Kind) + " "
	}
	if !strings.Contains(said, "breach") {
		t.Fatalf("the breach was lost: %s", said)
	}
}

// A whole life by silence: reminder, closing, and nothing wakes for a closed ticket.
func TestSilenceCloses(t *testing.T) {
	h := open(t)
	ticket := h.report(letter{})
	h.mustTake(h.only(sop.KindNew, andi).answer(andi, "#selesai\r\nSudah diperbaiki."))
	h.pass(12 * time.Hour)
	h.only(sop.KindReminder, rina)
	h.pass(12 * time.Hour)
	h.only(sop.KindClosed, rina)
	if got := h.ticket(ticket.Number); got.State != workflow.Closed {
		t.Fatalf("%s", got.State)
	}
	before := h.size()
	h.pass(1000 * time.Hour)
	if h.size() != before {
		t.Fatalf("something happened to a closed ticket: %s, before %s", h.size(), before)
	}
}

// A late look does once what fell due in the meantime.
func TestALateLookDoesEachThingOnce(t *testing.T) {
	h := open(t)
	h.report(letter{})
	h.pass(100 * time.Hour)
	before := h.size()
	h.pass(0)
	if h.size() != before {
		t.Fatalf("a second look did more: %s, before %s", h.size(), before)
	}
	if got := len(h.sent(sop.KindBreach, boss)) + len(h.sent(sop.KindBreach, sari)); got == 0 {
		t.Fatal("the chain was not told")
	}
}

// What becomes due before Run would wake by itself wakes it; what is due later lets it sleep.
func TestOnlyWhatIsDueSoonerWakes(t *testing.T) {
	h := open(t)
	at := func(d time.Duration) store.Change {
		return store.Change{Tickets: []store.Ticket{{}, {Due: h.now.Add(d)}}}
	}
	waits := store.Change{Facts: []store.Fact{{Key: personKey(rina)}, {Key: bundlePrefix + andi}}}
	h.g.sleeps.Store(h.now.Add(time.Minute).UnixMilli())
	for what, c := range map[string]store.Change{"sooner": at(59 * time.Second), "now": at(0), "a warning that waits for others": waits} {
		if !h.g.rouses(c) {
			t.Errorf("%s: it sleeps on", what)
		}
	}
	for what, c := range map[string]store.Change{"later": at(time.Hour), "never": {Tickets: []store.Ticket{{}}}, "nothing": {}, "a fact": {Facts: waits.Facts[:1]}} {
		if h.g.rouses(c) {
			t.Errorf("%s: it is woken", what)
		}
	}
	h.g.sleeps.Store(0) // it is awake, and may have looked already
	if !h.g.rouses(at(time.Hour)) {
		t.Error("it is not told while it looks")
	}
	h.g.sleeps.Store(h.now.Add(-time.Second).UnixMilli()) // the clock was set forward while it slept
	if !h.g.rouses(at(time.Hour)) {
		t.Error("it sleeps on after the clock was set")
	}
}

// A mail whose ticket is due at once, while Run sleeps: what is due is done then, and not when the nap is over.
func TestAMailWakesWhoSleeps(t *testing.T) {
	h := open(t, func(h *house) {
		h.tamper = func(p *Parts) { p.Clock = time.Now }
		h.policy.Targets[sop.P3] = workflow.Target{Response: 200 * time.Millisecond, Resolution: time.Hour}
	})
	ctx, stop := context.WithTimeout(context.Background(), longestSleep/2)
	defer stop()
	var run sync.WaitGroup
	defer run.Wait()
	run.Go(func() { h.g.Run(ctx) })
	for h.g.sleeps.Load() == 0 && ctx.Err() == nil {
		runtime.Gosched()
	}
	h.report(letter{})
	for len(h.sent(sop.KindBreach, sari)) == 0 {
		if ctx.Err() != nil {
			t.Fatal("it slept on")
		}
		time.Sleep(time.Millisecond)
	}
	stop()
}
