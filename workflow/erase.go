package workflow

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"time"

	"helpost/internal/sop"
)

// Erase asks that what is personal goes from a ticket and its record: one person's, or everybody's by age.
//
// The facts of every event stay: states, targets and times are the record. Words are read anew (Decision.Redacted), so that
// the events go on giving the ticket, without the person.
type Erase struct {
	Address string   // whose; "": everybody's, for the ticket is old enough
	Names   []string // what he is called
	Lines   []string // lines of his that others may have quoted
	Files   bool     // everybody's files and raw mails alone: no words change
	Remade  []int    // the messages that change with it
	Log     []Event  // the ticket's record
}

// decideErase says how the record reads from now on. A ticket that is on hold, or that nothing changes, has no draft.
func (p *Policy) decideErase(s Situation, e *Erase, now time.Time) Decision {
	d := Decision{Outcome: ErasedTicket}
	if s.Ticket.Hold {
		d.Outcome = KeptTicket
		return d
	}
	events := e.Log
	if !e.Files {
		events, d.Redacted = e.events()
	}
	if len(d.Redacted) == 0 && len(e.Remade) == 0 && e.Address != "" {
		d.Outcome = TimePassed
		return d
	}
	draft := newDraft(s.Ticket, now, "verb", "helpost")
	after, err := FoldAll(events)
	if err != nil || after.Seq != s.Ticket.Seq { // a record that is broken is nobody's to rewrite
		d.Outcome, d.Redacted, d.Detail = BrokenTicket, nil, "its record does not give the ticket"
		return d
	}
	kind, what := ErasedEvent, "person"
	switch draft.Ticket = after; {
	case e.Files:
		kind, what, draft.Stripped = ExpiredEvent, "files", true
	case e.Address == "":
		kind, what, draft.Expired, draft.Stripped = ExpiredEvent, "everything", true, true
	}
	i := info{"what": what}
	if len(e.Remade) > 0 {
		i["messages"] = e.Remade
	}
	draft.event(kind, i, nil)
	d.Drafts = []*Draft{draft}
	return d
}

// decideHold keeps a ticket from retention and erasure, or no longer.
func (p *Policy) decideHold(s Situation, on bool, now time.Time) Decision {
	d := Decision{Outcome: KeptTicket}
	if s.Ticket.Hold == on {
		return d
	}
	draft := newDraft(s.Ticket, now, "verb", "helpost")
	draft.Hold = on
	draft.event(HoldSet, info{"on": on}, nil)
	d.Drafts = []*Draft{draft}
	return d
}

// events gives the whole record as it reads from now on, and of it what is new.
func (e *Erase) events() (all, changed []Event) {
	his := e.His()
	for _, was := range e.Log {
		is := was
		is.Actor = e.actor(was.Actor)
		is.Words = e.words(was.Words, his)
		is.Said = e.said(was.Said, is.Actor != was.Actor)
		if is.Actor != was.Actor || !sameJSON(is.Words, was.Words) || !sameJSON(is.Said, was.Said) {
			changed = append(changed, is)
		} else {
			is = was
		}
		all = append(all, is)
	}
	return all, changed
}

// His says whether the ticket is the person's own: he reported it, at any time, or wrote its first words.
func (e *Erase) His() bool {
	if e.Address == "" {
		return true
	}
	return slices.ContainsFunc(e.Log, func(v Event) bool {
		var w Words
		if err := patch(&w, v.Words); err != nil {
			return false
		}
		return e.is(w.Reporter.Address) || v.Type == Created && e.is(v.Actor)
	})
}

func (e *Erase) actor(a string) string {
	if e.is(a) || e.Address == "" && a != "helpost" {
		return ""
	}
	return a
}

// words rewrites the personal fields that an event set. Those of others stay as they are.
func (e *Erase) words(was map[string]json.RawMessage, his bool) map[string]json.RawMessage {
	if len(was) == 0 {
		return was
	}
	var w Words
	if err := patch(&w, was); err != nil { // FoldAll says what is wrong with it
		return was
	}
	if e.Address == "" {
		w = Words{}
	} else {
		e.person(&w, his)
	}
	is := make(map[string]json.RawMessage, len(was))
	fields := reflect.ValueOf(&w).Elem()
	for i, name := range shapes[fields.Type()].names {
		raw, there := was[name]
		if !there {
			continue
		}
		if now, err := json.Marshal(fields.Field(i).Interface()); err == nil {
			raw = now
		}
		is[name] = raw
	}
	return is
}

// person takes the person out of the fields.
func (e *Erase) person(w *Words, his bool) {
	if e.is(w.Reporter.Address) {
		w.Reporter = sop.Person{}
	}
	w.CoReporters = slices.DeleteFunc(w.CoReporters, func(p sop.Person) bool { return e.is(p.Address) })
	w.Watchers = slices.DeleteFunc(w.Watchers, e.is)
	w.Wait = e.Text(w.Wait)
	if his {
		w.Subject, w.AssetCodes, w.Evidence, w.Pictures = "", nil, nil, nil
		return
	}
	w.Subject = e.Text(w.Subject)
	for k, v := range w.Evidence {
		w.Evidence[k] = e.Text(v)
	}
}

// said rewrites what an event tells beside its fields. mine: the person did it, so the words are his.
func (e *Erase) said(was map[string]any, mine bool) map[string]any {
	if len(was) == 0 {
		return was
	}
	is := make(map[string]any, len(was))
	for name, v := range was {
		switch {
		case name == "sha256": // of a message: no word, and it is made anew with the message
			is[name] = v
		case name == "to": // addresses, whose places count
			is[name] = each(v, func(a string) string {
				if e.is(a) || e.Address == "" {
					return ""
				}
				return e.Text(a)
			})
		case mine || e.Address == "":
			is[name] = each(v, func(string) string { return "" })
		default:
			is[name] = each(v, e.Text)
		}
	}
	return is
}

// In says whether an event names the person.
func (e *Erase) In(v Event) bool {
	if e.is(v.Actor) || e.InValue(v.Said) {
		return true
	}
	for _, raw := range v.Words {
		if e.InJSON(raw) {
			return true
		}
	}
	return false
}

// InJSON says whether a text in a JSON value names the person.
func (e *Erase) InJSON(raw []byte) bool {
	var v any
	return json.Unmarshal(raw, &v) == nil && e.InValue(v)
}

// InValue says whether a text in a value names the person.
func (e *Erase) InValue(v any) bool {
	found := false
	each(v, func(s string) string {
		found = found || e.is(s) || e.Mentions(s)
		return s
	})
	return found
}

// each changes every text in a value.
func each(v any, change func(string) string) any {
	switch v := v.(type) {
	case string:
		return change(v)
	case []string:
		out := make([]string, len(v))
		for i, s := range v {
			out[i] = change(s)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = each(x, change)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, x := range v {
			out[k] = each(x, change)
		}
		return out
	}
	return v
}

func sameJSON(a, b any) bool {
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && bytes.Equal(x, y)
}

// Personal gives the personal fields that an event set; the others are empty.
func (e Event) Personal() (w Words, err error) {
	err = patch(&w, e.Words)
	return w, err
}
