package life

import (
	"bytes"
	"testing"
	"time"

	"helpost/internal/life/lifetest"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/workflow"
)

const (
	day  = 24 * time.Hour
	year = 365 * day
)

// ended is a desk with a ticket that was closed at its time, with files, and one that is open.
func ended(t *testing.T) (d *lifetest.Desk, k *Keeper, closed, open sop.Number) {
	d, k = opened(t)
	k.ClosedAfter, k.AttachmentsAfter = year, 90*day
	closed = d.Report(lifetest.Mail{From: rina, Subject: "Printer rusak", Text: herWords, Files: map[string][]byte{"besar.bin": bytes.Repeat([]byte("besar "), 20_000), "kecil.bin": []byte("kecil sekali")}})
	d.Write(closed, lifetest.Mail{From: lifetest.Andi, Text: "Selesai.", Commands: []sop.Command{{Name: sop.Close, Args: "sudah beres"}}})
	open = d.Report(lifetest.Mail{From: tono, Subject: "VPN", Text: "VPN putus", Files: map[string][]byte{"lain.bin": []byte("berkas lain")}})
	d.Commit(store.Change{
		Quarantine: []store.Quarantined{{ID: "q1", At: d.Now, From: "x@example.net", RawMail: []byte("raw")}},
		Traces:     []store.Trace{{At: d.Now, From: "x@example.net", Outcome: "refused"}, {At: d.Now, MessageID: "policy", From: "helpost", Outcome: "policy"}},
	})
	if d.Ticket(closed).State != workflow.Closed {
		t.Fatalf("the ticket is %s", d.Ticket(closed).State)
	}
	return d, k, closed, open
}

func expire(t *testing.T, k *Keeper) Expired {
	t.Helper()
	e, err := k.Expire(background)
	if err != nil {
		t.Fatal(err)
	}
	holds(t, k)
	return e
}

func TestFilesGoByAgeAndWordsStay(t *testing.T) {
	d, k, closed, open := ended(t)
	d.Now = d.Now.Add(90*day - time.Second)
	if e := expire(t, k); e != (Expired{}) {
		t.Errorf("too soon there goes %+v", e)
	}
	d.Now = d.Now.Add(time.Second)
	if e := expire(t, k); e != (Expired{Stripped: 1, Blobs: 1}) {
		t.Errorf("there goes %+v", e)
	}
	m := d.Messages(closed)[0]
	if m.Text != herWords || m.From != rina.Address || len(m.Attachments) != 2 || m.Attachments[0].Ref != (store.Ref{}) || m.Raw != (store.Ref{}) {
		t.Errorf("the message is %+v", m)
	}
	if other := d.Messages(open)[0]; other.Raw == (store.Ref{}) || other.Attachments[0].Ref == (store.Ref{}) {
		t.Errorf("the open ticket lost its files: %+v", other)
	}
	if e := expire(t, k); e != (Expired{}) {
		t.Errorf("again there goes %+v", e)
	}
}

func TestWhatIsPersonalGoesByAgeAndFactsStay(t *testing.T) {
	d, k, closed, open := ended(t)
	before := d.Ticket(closed)
	d.Now = d.Now.Add(year)
	e := expire(t, k)
	if e.Tickets != 1 || e.Stripped != 0 || e.Quarantine != 1 || e.Blobs != 1 || e.Traces != 3 || e.Mails != 2 || e.Facts != 2 {
		t.Errorf("there goes %+v", e)
	}
	after := d.Ticket(closed)
	if after.Subject != "" || after.Reporter.Address != "" || after.Assignee != "" || !after.Expired {
		t.Errorf("the ticket is %+v", after)
	}
	before.Facts.Seq++
	before.Expired, before.Stripped = true, true
	if !sameFacts(before.Facts, after.Facts) {
		t.Errorf("the facts changed:\n%+v\n%+v", before.Facts, after.Facts)
	}
	for _, v := range d.Events(closed) {
		if v.Actor != "" && v.Actor != "helpost" {
			t.Errorf("event %d names %s", v.Seq, v.Actor)
		}
	}
	if other := d.Ticket(open); other.Reporter.Address != tono.Address {
		t.Error("the open ticket went")
	}
	d.View(func(r store.Reader) error {
		policy, err := r.Traces("policy")
		if len(policy) != 1 {
			t.Errorf("the trace of the policy is %v", policy)
		}
		return err
	})
	if _, _, err := k.Compact(background); err != nil {
		t.Fatal(err)
	}
	d.Store.Close()
	for _, word := range []string{herWords, "Printer rusak", "sudah beres", "Wijayakusuma", "x@example.net"} {
		found := d.Holding(word)
		if len(found) > 0 {
			t.Errorf("%q stands in %v", word, found)
		}
	}
	d.Open()
}

// Traces have an age of their own, also of tickets that are open or on hold; those of the policy stay for ever.
func TestTracesGoByAge(t *testing.T) {
	d, k, closed, open := ended(t)
	k.ClosedAfter, k.AttachmentsAfter, k.TracesAfter = 0, 0, 30*day
	if err := k.Hold(background, closed, true); err != nil {
		t.Fatal(err)
	}
	d.Now = d.Now.Add(30*day - time.Second)
	if e := expire(t, k); e != (Expired{}) {
		t.Errorf("too soon there goes %+v", e)
	}
	d.Commit(store.Change{Traces: []store.Trace{{At: d.Now, From: tono.Address, Outcome: "joined", Ticket: open}}})
	d.Now = d.Now.Add(time.Second)
	if e := expire(t, k); e.Traces != 4 || e != (Expired{Traces: e.Traces}) {
		t.Errorf("there goes %+v", e)
	}
	d.View(func(r store.Reader) error {
		for of, want := range map[string]int{"policy": 1, tono.Address: 1, rina.Address: 0, "x@example.net": 0} {
			if left, err := r.Traces(of); err != nil || len(left) != want {
				t.Errorf("of %s there is left %v, %v", of, left, err)
			}
		}
		return nil
	})
	if got := d.Messages(closed)[0]; got.Text != herWords {
		t.Errorf("the ticket lost %+v", got)
	}
}

func TestHoldAndNoAgeKeepTickets(t *testing.T) {
	d, k, closed, _ := ended(t)
	if err := k.Hold(background, closed, true); err != nil {
		t.Fatal(err)
	}
	d.Now = d.Now.Add(2 * year)
	if e := expire(t, k); e.Tickets+e.Stripped > 0 || d.Messages(closed)[0].Text == "" {
		t.Errorf("of a ticket on hold there goes %+v", e)
	}
	if err := k.Hold(background, closed, false); err != nil {
		t.Fatal(err)
	}
	k.ClosedAfter, k.AttachmentsAfter = 0, 0
	if e := expire(t, k); e != (Expired{}) {
		t.Errorf("without ages there goes %+v", e)
	}
	k.ClosedAfter = year
	if e := expire(t, k); e.Tickets != 1 {
		t.Errorf("of a ticket that is no longer on hold there goes %+v", e)
	}
}
