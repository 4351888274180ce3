package workflow

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"helpost/internal/sop"
)

func raw(t testing.TB, v any) json.RawMessage {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// recorded is a ticket of Rina's with a record that names her, others, and an agent.
func recorded(t testing.TB) (Ticket, []Event) {
	t.Helper()
	facts := func(seq int) map[string]json.RawMessage {
		return map[string]json.RawMessage{"seq": raw(t, seq), "number": raw(t, 1), "state": raw(t, Open)}
	}
	log := []Event{
		{Seq: 1, At: start, Type: Created, Cause: "mail", Actor: rina, Facts: facts(1), Said: map[string]any{"sha256": "aa"}, Words: map[string]json.RawMessage{
			"subject": raw(t, "Printer Rina"), "reporter": raw(t, sop.Person{Address: rina, Name: "Rina Wijaya", Department: "Keuangan"}),
			"watchers": raw(t, []string{tono, "rina@company.com"}), "asset_codes": raw(t, []string{"NB-1"}), "evidence": raw(t, map[string]string{"impact": "saya saja"}),
			"pictures": raw(t, []string{"ff"}),
		}},
		{Seq: 2, At: start, Type: Notified, Cause: "mail", Actor: rina, Facts: facts(2), Info: map[string]any{"notices": []any{"ack", "new"}}, Said: map[string]any{"to": []any{rina, andi}}},
		{Seq: 3, At: start, Type: PausedEvent, Cause: "mail", Actor: andi, Facts: facts(3), Said: map[string]any{"reason": "menunggu Bu Rina Wijaya"},
			Words: map[string]json.RawMessage{"wait": raw(t, "menunggu Bu Rina Wijaya"), "assignee": raw(t, andi)}},
		{Seq: 4, At: start, Type: Undelivered, Cause: "delivery", Actor: "helpost", Facts: facts(4), Said: map[string]any{"to": rina, "text": "550 <RINA@company.com> unknown"}},
		{Seq: 5, At: start, Type: MessageCame, Cause: "mail", Actor: tono, Facts: facts(5), Info: map[string]any{"n": 1}},
	}
	ticket, err := FoldAll(log)
	if err != nil {
		t.Fatal(err)
	}
	return ticket, log
}

func TestWhatAnErasureChanges(t *testing.T) {
	ticket, log := recorded(t)
	rinas := Erase{Address: rina, Names: []string{"Rina Wijaya"}}
	for says, c := range map[string]struct {
		erase   Erase
		outcome Outcome
		changed []int // events with other words
		words   func(*Words)
		facts   func(*Facts)
		event   EventType
	}{
		"a reporter": {erase: rinas, outcome: ErasedTicket, changed: []int{1, 2, 3, 4}, event: ErasedEvent, words: func(w *Words) {
			*w = Words{Watchers: []string{tono}, Assignee: andi, Wait: "menunggu Bu …"}
		}},
		"an address in capitals": {erase: Erase{Address: strings.ToUpper(rina)}, outcome: ErasedTicket, changed: []int{1, 2, 4}, event: ErasedEvent, words: func(w *Words) {
			*w = Words{Watchers: []string{tono}, Assignee: andi, Wait: "menunggu Bu Rina Wijaya"}
		}},
		"a watcher":                     {erase: Erase{Address: tono}, outcome: ErasedTicket, changed: []int{1, 5}, event: ErasedEvent, words: func(w *Words) { w.Watchers = []string{rina} }},
		"nobody of the ticket":          {erase: Erase{Address: budi}, outcome: TimePassed},
		"somebody whom a message names": {erase: Erase{Address: budi, Remade: []int{1}}, outcome: ErasedTicket, event: ErasedEvent},
		"everybody, by age": {erase: Erase{Remade: []int{1}}, outcome: ErasedTicket, changed: []int{1, 2, 3, 4, 5}, event: ExpiredEvent,
			words: func(w *Words) { *w = Words{} }, facts: func(f *Facts) { f.Expired, f.Stripped = true, true }},
		"files, by age": {erase: Erase{Files: true, Remade: []int{1}}, outcome: ErasedTicket, event: ExpiredEvent, facts: func(f *Facts) { f.Stripped = true }},
	} {
		c.erase.Log = log
		d := policy().Decide(Situation{Ticket: ticket}, Input{Erase: &c.erase}, start)
		if d.Outcome != c.outcome {
			t.Errorf("%s: the outcome is %s", says, d.Outcome)
		}
		var changed []int
		for _, e := range d.Redacted {
			changed = append(changed, e.Seq)
		}
		if !slices.Equal(changed, c.changed) {
			t.Errorf("%s: events %v have other words, want %v", says, changed, c.changed)
		}
		if c.event == "" {
			if len(d.Drafts) > 0 {
				t.Errorf("%s: there is a draft", says)
			}
			continue
		}
		want := clone(ticket)
		want.Seq++
		if c.words != nil {
			c.words(&want.Words)
		}
		if c.facts != nil {
			c.facts(&want.Facts)
		}
		draft := d.Drafts[0]
		if !sameJSON(draft.Ticket, want) {
			t.Errorf("%s: the ticket is\n%s\nwant\n%s", says, raw(t, draft.Ticket), raw(t, want))
		}
		e := draft.Events[0]
		if len(draft.Events) != 1 || e.Type != c.event || e.Actor != "helpost" || e.Cause != "verb" || c.erase.In(e) && c.erase.Address != "" {
			t.Errorf("%s: the event is %+v", says, e)
		}
		if len(c.erase.Remade) > 0 && !reflect.DeepEqual(e.Info["messages"], c.erase.Remade) {
			t.Errorf("%s: it says of messages %v", says, e.Info["messages"])
		}
		folds(t, says, log, d)
	}
}

// folds checks that the record as it reads after a decision gives the ticket of it.
func folds(t interface {
	Helper()
	Errorf(string, ...any)
}, says string, log []Event, d Decision) {
	t.Helper()
	now := slices.Clone(log)
	for _, e := range d.Redacted {
		now[e.Seq-1] = e
	}
	now = append(now, d.Drafts[0].Events...)
	folded, err := FoldAll(now)
	if err != nil || !sameJSON(folded, d.Drafts[0].Ticket) {
		t.Errorf("%s: its events give another ticket, %v", says, err)
	}
}

func TestWhatAnEventSaysAfterAnErasure(t *testing.T) {
	ticket, log := recorded(t)
	e := Erase{Address: rina, Names: []string{"Rina Wijaya"}, Log: log}
	d := policy().Decide(Situation{Ticket: ticket}, Input{Erase: &e}, start)
	for i, want := range []Event{
		{Actor: "", Said: map[string]any{"sha256": "aa"}},
		{Actor: "", Said: map[string]any{"to": []any{"", andi}}},
		{Actor: andi, Said: map[string]any{"reason": "menunggu Bu …"}},
		{Actor: "helpost", Said: map[string]any{"to": "", "text": "550 <…> unknown"}},
	} {
		if got := d.Redacted[i]; got.Actor != want.Actor || !reflect.DeepEqual(got.Said, want.Said) {
			t.Errorf("event %d is %q, %v", i+1, got.Actor, got.Said)
		}
	}
}

func TestHoldKeepsATicket(t *testing.T) {
	ticket, log := recorded(t)
	on, off := true, false
	d := policy().Decide(Situation{Ticket: ticket}, Input{Hold: &on}, start)
	if len(d.Drafts) != 1 || !d.Drafts[0].Hold || d.Drafts[0].Events[0].Type != HoldSet {
		t.Fatalf("a hold is %+v", d)
	}
	if again := policy().Decide(Situation{Ticket: d.Drafts[0].Ticket}, Input{Hold: &on}, start); len(again.Drafts) > 0 {
		t.Error("a second hold is an event")
	}
	for _, e := range []Erase{{Address: rina}, {}, {Files: true}} {
		e.Log = log
		if d := policy().Decide(Situation{Ticket: d.Drafts[0].Ticket}, Input{Erase: &e}, start); d.Outcome != KeptTicket || len(d.Drafts)+len(d.Redacted) > 0 {
			t.Errorf("%+v of a ticket on hold is %+v", e, d)
		}
	}
	if d := policy().Decide(Situation{Ticket: d.Drafts[0].Ticket}, Input{Hold: &off}, start); len(d.Drafts) != 1 || d.Drafts[0].Hold {
		t.Errorf("the end of a hold is %+v", d)
	}
}

func TestABrokenRecordIsNotRewritten(t *testing.T) {
	ticket, log := recorded(t)
	for says, broken := range map[string][]Event{"cut off": log[:3], "unreadable": append(slices.Clone(log[:4]), Event{Seq: 5, Facts: map[string]json.RawMessage{"none": raw(t, 1)}})} {
		if d := policy().Decide(Situation{Ticket: ticket}, Input{Erase: &Erase{Address: rina, Log: broken}}, start); d.Outcome != BrokenTicket || len(d.Drafts)+len(d.Redacted) > 0 {
			t.Errorf("%s: %+v", says, d)
		}
	}
}

func TestWhatOthersWroteWithoutAPerson(t *testing.T) {
	e := Erase{Address: rina, Names: []string{"Rina Wijaya", "RW"}, Lines: []string{"Printer lantai 7 macet", "ya", "  sejak pagi tadi  "}}
	for was, want := range map[string]string{
		"":                             "",
		"Halo Bu Rina,":                "Halo Bu …,",
		"Rina Wijaya dan RINA WIJAYA":  "… dan …",
		"Wijaya saja":                  "… saja",
		"Marina dan Wijayanti":         "Marina dan Wijayanti",
		"tulis ke <rina@company.com>.": "tulis ke <…>.",
		"tulis ke Rina@Company.Com":    "tulis ke …",
		"marina@company.com":           "marina@company.com",
		"bu.rina@company.com":          "bu.rina@company.com",
		"> Printer lantai 7 macet":     "> …",
		"ya, sejak pagi tadi":          "ya, …",
		"RW hadir, RWX tidak":          "RW hadir, RWX tidak",
		"kata rina\xffx":               "kata …\xffx",
	} {
		if was == "RW hadir, RWX tidak" {
			want = "… hadir, RWX tidak"
		}
		if got := e.Text(was); got != want {
			t.Errorf("%q becomes %q, want %q", was, got, want)
		}
	}
	for text, want := range map[string]bool{"rina@company.com": true, "<RINA@company.com>": true, "marina@company.com": false, "Rina": false, "RW": false, "rina wijaya": true, "rina wijayanti": false, "": false} {
		if got := e.Mentions(text); got != want {
			t.Errorf("that %q names her is %v", text, got)
		}
	}
}

// Whatever happened to a ticket, erasing whoever leaves a record that gives the ticket, names him nowhere, and keeps every
// fact.
func TestLawOfErasing(t *testing.T) {
	outer := t
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(outer)
		n := w.report(Mail{Subject: "satu", Watchers: []string{tono}})
		w.report(Mail{Subject: "dua", From: sop.Person{Address: budi, Name: "Budi"}})
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			step(t, w, n, rapid.SampledFrom(stepKinds).Draw(t, "step"))
		}
		e := Erase{Address: rapid.SampledFrom([]string{rina, tono, budi, "asing@company.com", ""}).Draw(t, "who"), Log: w.events[n]}
		before := w.tickets[n]
		d := w.p.Decide(w.situation(n), Input{Erase: &e}, w.now)
		if len(d.Drafts) == 0 {
			for _, v := range w.events[n] {
				if e.In(v) {
					t.Fatalf("event %d names %s, and nothing was done", v.Seq, e.Address)
				}
			}
			return
		}
		folds(t, "after erasing "+e.Address, w.events[n], d)
		for _, v := range append(d.Redacted, d.Drafts[0].Events...) {
			if e.In(v) {
				t.Fatalf("event %d names %s", v.Seq, e.Address)
			}
		}
		after := d.Drafts[0].Ticket
		before.Seq, before.Expired, before.Stripped = after.Seq, after.Expired, after.Stripped
		if !sameJSON(before.Facts, after.Facts) {
			t.Fatal("a fact changed")
		}
	})
}

func FuzzText(f *testing.F) {
	f.Add("Halo Bu Rina Wijaya <rina@company.com>", "baris miliknya")
	f.Fuzz(func(t *testing.T, text, line string) {
		e := Erase{Address: rina, Names: []string{"Rina Wijaya"}, Lines: []string{line}}
		if got := e.Text(text); e.Mentions(got) {
			t.Errorf("%q becomes %q, which names her", text, got)
		}
	})
}
