package workflow

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// EventType names what happened to a ticket.
type EventType string

// The events of a ticket's life.
const (
	Created       EventType = "created"
	MessageCame   EventType = "message"   // somebody's words joined
	Completed     EventType = "completed" // what was missing came, or was settled
	Notified      EventType = "notified"  // notices went out
	Responded     EventType = "responded"
	Assigned      EventType = "assigned"
	Prioritised   EventType = "prioritised" // priority, impact, urgency
	Classified    EventType = "classified"  // type or category
	PausedEvent   EventType = "paused"
	Resumed       EventType = "resumed"
	HandlingSet   EventType = "handling"
	ResolvedEvent EventType = "resolved"
	Confirmed     EventType = "confirmed"
	Disputed      EventType = "disputed"
	ClosedEvent   EventType = "closed"
	Reopened      EventType = "reopened"
	MergedEvent   EventType = "merged"
	Absorbed      EventType = "absorbed"
	EscalatedBy   EventType = "escalated"
	Warned        EventType = "warned"
	Breached      EventType = "breached"
	Reminded      EventType = "reminded"
	WatchersSet   EventType = "watchers"
	ReporterSet   EventType = "reporter"
	RejectedEvent EventType = "rejected"
	Suspected     EventType = "suspected"
	Undelivered   EventType = "undelivered"
	Held          EventType = "held" // an objection without a voice holds the closing
	Opened        EventType = "opened"
	Acted         EventType = "acted"    // somebody of the desk acted: a climb stopped, or an objection was heard
	Extended      EventType = "extended" // an unclear answer let the reporter's time begin anew
	ErasedEvent   EventType = "erased"   // a person was erased from the ticket and its record
	ExpiredEvent  EventType = "expired"  // what was personal of it, or its files, went by age
	HoldSet       EventType = "hold"     // it is kept from both, or no longer is
)

// Event is one thing that happened to a ticket, with its results: the fields of the ticket that it changed, at the
// values that they have since. So a fold needs no policy and no clock, and gives the same ticket for ever.
type Event struct {
	Seq   int       // from 1, without gaps
	At    time.Time // UTC, whole milliseconds
	Type  EventType
	Cause string // what brought it about: "mail", "tick", "verb", "delivery"
	Actor string // an address, or "helpost"

	Facts map[string]json.RawMessage // fields of Facts, by their JSON names
	Words map[string]json.RawMessage // fields of Words
	Info  map[string]any             // impersonal facts that are no field of the ticket
	Said  map[string]any             // personal ones
}

// Message is the message that an event brought, by its place on the ticket; 0 where it brought none.
func (e Event) Message() int {
	switch e.Type {
	case Created:
		return 1
	case MessageCame:
		switch n := e.Info["message"].(type) {
		case int:
			return n
		case float64: // as it was read back
			return int(n)
		}
	}
	return 0
}

// Fold builds the ticket that follows t by an event. It is the only code that changes a ticket.
func Fold(t Ticket, e Event) (Ticket, error) {
	next := clone(t)
	if err := patch(&next.Facts, e.Facts); err != nil {
		return t, fmt.Errorf("event %d (%s): %w", e.Seq, e.Type, err)
	}
	if err := patch(&next.Words, e.Words); err != nil {
		return t, fmt.Errorf("event %d (%s): %w", e.Seq, e.Type, err)
	}
	return next, nil
}

// FoldAll builds a ticket from all its events.
func FoldAll(events []Event) (Ticket, error) {
	var t Ticket
	var err error
	for _, e := range events {
		if t, err = Fold(t, e); err != nil {
			return t, err
		}
	}
	return t, nil
}

// patch sets the fields of a struct that changes names, each anew: nothing of the old value shines through.
func patch[T any](to *T, changes map[string]json.RawMessage) error {
	if len(changes) == 0 {
		return nil
	}
	v := reflect.ValueOf(to).Elem()
	places := shapes[v.Type()].places
	for name, raw := range changes {
		i, known := places[name]
		if !known {
			return fmt.Errorf("unknown field %q", name)
		}
		field := v.Field(i)
		field.SetZero()
		if err := json.Unmarshal(raw, field.Addr().Interface()); err != nil {
			return fmt.Errorf("field %q: %w", name, err)
		}
	}
	return nil
}

// diff lists the fields that differ between two structs, by their JSON names, at the values of the second.
func diff[T any](from, to *T) map[string]json.RawMessage {
	a, b := reflect.ValueOf(from).Elem(), reflect.ValueOf(to).Elem()
	names := shapes[a.Type()].names
	var room [mostFields]int
	differ := room[:0]
	for i := range names {
		if !same(a.Field(i), b.Field(i)) {
			differ = append(differ, i)
		}
	}
	if len(differ) == 0 {
		return nil
	}
	changes := make(map[string]json.RawMessage, len(differ))
	all := make([]byte, 0, 24*len(differ)) // of all values, one behind the other
	for _, i := range differ {
		begin := len(all)
		all = appendValue(all, b.Field(i))
		changes[names[i]] = all[begin:len(all):len(all)]
	}
	return changes
}

// same is reflect.DeepEqual; it takes values out of their struct only where it has to.
func same(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.String:
		return a.String() == b.String()
	case reflect.Int, reflect.Int64:
		return a.Int() == b.Int()
	case reflect.Bool:
		return a.Bool() == b.Bool()
	case reflect.Slice:
		if a.IsNil() != b.IsNil() || a.Len() != b.Len() {
			return false
		}
		if texts, ok := a.Addr().Interface().(*[]string); ok {
			return slices.Equal(*texts, *b.Addr().Interface().(*[]string))
		}
	case reflect.Map, reflect.Pointer:
		if a.IsNil() && b.IsNil() {
			return true
		}
	case reflect.Struct:
		if a.Type().Comparable() && a.Equal(b) {
			return true
		}
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

// appendValue writes a field as encoding/json does; what nearly all fields are, without its help.
func appendValue(b []byte, v reflect.Value) []byte {
	switch {
	case v.Kind() == reflect.String && isPlain(v.String()):
		return append(append(append(b, '"'), v.String()...), '"')
	case v.CanInt():
		return strconv.AppendInt(b, v.Int(), 10)
	case v.CanUint():
		return strconv.AppendUint(b, v.Uint(), 10)
	case v.Kind() == reflect.Bool:
		return strconv.AppendBool(b, v.Bool())
	}
	raw, err := json.Marshal(v.Addr().Interface())
	if err != nil { // no field of a ticket can fail to be written
		raw = []byte("null")
	}
	return append(b, raw...)
}

// isPlain says whether a text stands in JSON as it is.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return false
		}
	}
	return true
}

// shape is how a half of a ticket is written: the JSON names of its fields in their order, and the place of each.
type shape struct {
	names  []string
	places map[string]int
}

// mostFields is room for the fields of either half.
const mostFields = 64

var shapes = map[reflect.Type]shape{
	reflect.TypeFor[Facts](): shapeOf(reflect.TypeFor[Facts]()),
	reflect.TypeFor[Words](): shapeOf(reflect.TypeFor[Words]()),
}

func shapeOf(t reflect.Type) shape {
	s := shape{places: map[string]int{}}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		s.names = append(s.names, name)
		s.places[name] = i
	}
	return s
}

// clone copies a ticket deeply enough that a change to the copy leaves the original alone.
func clone(t Ticket) Ticket {
	c := t
	c.Linked = append(c.Linked[:0:0], t.Linked...)
	c.Stops = append(c.Stops[:0:0], t.Stops...)
	c.Missing = append(c.Missing[:0:0], t.Missing...)
	c.CoReporters = append(c.CoReporters[:0:0], t.CoReporters...)
	c.Watchers = append(c.Watchers[:0:0], t.Watchers...)
	c.AssetCodes = append(c.AssetCodes[:0:0], t.AssetCodes...)
	c.Pictures = append(c.Pictures[:0:0], t.Pictures...)
	return c
}
