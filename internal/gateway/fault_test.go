package gateway

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/smtpd"
	"helpost/workflow"
)

// size counts what a house keeps: half a change would show here.
func (h *house) size() string {
	h.t.Helper()
	messages, entries := 0, 0
	all := h.tickets()
	for _, t := range all {
		messages += len(h.messages(t.Number))
		entries += len(h.events(t.Number))
	}
	return fmt.Sprintf("%d tickets, %d messages, %d events, %d notices, %d in quarantine", len(all), messages, entries, len(h.sent("", "")), len(h.quarantined()))
}

// A store that fails at any one of its calls: the mail is answered 451, nothing of it is kept, and when it comes again
// it does what it would have done at first.
func TestAFaultAnywhereIsTriedAgain(t *testing.T) {
	for _, c := range []struct {
		name   string
		letter func(h *house) letter
	}{
		{"a report", func(*house) letter { return letter{id: "<baru@a>"} }},
		{"the reporter's answer", func(h *house) letter { return h.only(sop.KindAck, rina).answer(rina, "tambahan") }},
		{"an answer by Message-ID", func(h *house) letter { return letter{header: []string{"In-Reply-To: <satu@a>"}} }},
		{"an answer by the tag", func(h *house) letter { return letter{subject: "Re: [IT-000001] Printer macet"} }},
		{"the same Message-ID, another body", func(h *house) letter { return letter{id: "<satu@a>", text: "lain\r\n"} }},
		{"an agent's commands", func(h *house) letter {
			return h.only(sop.KindNew, andi).answer(andi, "#ambil\r\n#gabung IT-000002\r\nKami cek.")
		}},
		{"a dispute", func(h *house) letter {
			h.mustTake(h.only(sop.KindNew, andi).answer(andi, "#selesai\r\nSudah."))
			return h.only(sop.KindResolved, rina).answer(rina, "BELUM")
		}},
		{"a bounce", func(h *house) letter { return h.only(sop.KindAck, rina).bounce(rina) }},
		{"an outsider", func(*house) letter { return letter{from: outsider} }},
		{"an outsider, directly", func(*house) letter { return letter{from: outsider, direct: true} }},
		{"a blocked sender", func(h *house) letter {
			return letter{from: "blokir@mitra.example"}
		}},
		{"a monitor", func(*house) letter {
			return letter{from: "monitor@company.com", subject: "Disk penuh", header: []string{"Auto-Submitted: auto-generated"}, text: "server 2, 95 persen\r\n"}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			arrange := func() (*house, Received) {
				h := open(t, func(h *house) {
					h.people.known["blokir@mitra.example"] = sop.Person{Address: "blokir@mitra.example"}
				})
				h.report(letter{id: "<satu@a>"})
				l := c.letter(h)
				switch c.name {
				case "an agent's commands":
					h.report(letter{from: budi, name: "Budi"})
				case "a blocked sender":
					spam := h.report(letter{from: l.from})
					h.mustTake(h.last(sop.KindNew, andi).answer(andi, "#spam"))
					if h.ticket(spam.Number).State != workflow.Rejected {
						t.Fatal("not rejected")
					}
				case "a monitor":
					first := l
					first.text = "server 1, 95 persen\r\n"
					h.report(first)
				}
				return h, h.received(l)
			}
			plain, m := arrange()
			wantErr, want := "", ""
			if _, err := plain.g.Take(t.Context(), m); err != nil {
				wantErr = err.Error()
			}
			want = plain.size()
			h, m := arrange()
			before := h.size()
			for at := 0; ; at++ {
				calls, hit := 0, ""
				h.faults.set(func(call string) error {
					if calls++; calls == at+1 {
						hit = call
						return errors.New("the disk is gone")
					}
					return nil
				})
				_, err := h.g.Take(context.Background(), m)
				h.faults.set(nil)
				if hit == "" {
					if got := fmt.Sprint(err); wantErr != "" && got != wantErr || wantErr == "" && err != nil {
						t.Fatalf("answered %v, want %q", err, wantErr)
					}
					break
				}
				if err == nil {
					t.Fatalf("call %d (%s) failed, and the mail was answered 250", at+1, hit)
				}
				if kind := kindOf(t, err); kind != smtpd.Temporary {
					t.Fatalf("call %d (%s) failed, and the answer is of kind %d: %v", at+1, hit, kind, err)
				}
				if got := h.size(); got != before {
					t.Fatalf("call %d (%s) failed and left %s; before: %s", at+1, hit, got, before)
				}
			}
			if got := h.size(); got != want {
				t.Fatalf("in the end there are %s, want %s", got, want)
			}
		})
	}
}

// The kinds of fault and what the client is told.
func TestAFaultOfTheStoreIsNoRefusal(t *testing.T) {
	for _, c := range []struct {
		fault error
		want  smtpd.Kind
	}{
		{store.ErrFull, smtpd.Full},
		{fmt.Errorf("commit: %w", store.ErrFull), smtpd.Full},
		{store.ErrClosed, smtpd.Temporary},
		{store.ErrConflict, smtpd.Temporary}, // for ever: somebody writes without a pause
		{context.DeadlineExceeded, smtpd.Temporary},
		{errors.New("input/output error"), smtpd.Temporary},
	} {
		h := open(t)
		h.faults.set(func(call string) error {
			if call == "Commit" {
				return c.fault
			}
			return nil
		})
		if got := kindOf(t, h.take(letter{})); got != c.want {
			t.Errorf("%v: kind %d, want %d", c.fault, got, c.want)
		}
		h.faults.set(nil)
		if len(h.tickets()) != 0 {
			t.Errorf("%v: a ticket all the same", c.fault)
		}
	}
}

// A commit that was made though its answer was lost: the mail comes again, and is the same mail.
func TestACommitWhoseAnswerWasLost(t *testing.T) {
	h := open(t)
	lost := true
	h.faults.after = func(store.Change) error {
		if lost {
			lost = false
			return errors.New("the connection is gone")
		}
		return nil
	}
	l := letter{id: "<satu@a>"}
	if err := h.take(l); err == nil || kindOf(t, err) != smtpd.Temporary {
		t.Fatalf("answered %v", err)
	}
	h.mustTake(l)
	if len(h.tickets()) != 1 || len(h.sent(sop.KindAck, rina)) != 1 {
		t.Fatalf("%s", h.size())
	}
}

// A ticket whose time cannot be done does not hold up the others.
func TestOneBadTicketDoesNotStopTime(t *testing.T) {
	h := open(t)
	bad, good := h.report(letter{}), h.report(letter{from: budi, name: "Budi"})
	seen := 0
	h.faults.set(func(call string) error {
		if call == "Ticket" {
			if seen++; seen == 1 {
				return errors.New("its row cannot be read")
			}
		}
		return nil
	})
	h.mu.Lock()
	h.now = h.now.Add(h.policy.Targets[sop.P3].Response)
	h.mu.Unlock()
	if _, err := h.g.Tick(t.Context()); err == nil {
		t.Fatal("the fault was dropped in silence")
	}
	h.faults.set(nil)
	if !h.ticket(good.Number).Response.Breached {
		t.Fatal("the other ticket's time stood still")
	}
	if _, err := h.g.Tick(t.Context()); err != nil || !h.ticket(bad.Number).Response.Breached {
		t.Fatalf("it was not tried again: %v", err)
	}
}
