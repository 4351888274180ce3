package workflow

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"helpost/internal/sop"
)

func TestSameIsDeepEqual(t *testing.T) {
	utc, zone := time.Date(2026, 1, 12, 2, 0, 0, 0, time.UTC), time.FixedZone("WIB", 7*3600)
	here, copied := utc.In(zone), utc
	empty, filled := []string{}, []string{"a"}
	tickets := []Ticket{
		{},
		{Facts: Facts{State: New, Number: 1, CreatedAt: utc, RespondedAt: &utc, Response: Clock{Due: utc, ClimbAt: &utc}, Missing: filled, Stops: []Span{{From: utc, To: &utc}}}},
		{Facts: Facts{State: New, Number: 1, CreatedAt: here, RespondedAt: &copied, Response: Clock{Due: utc, ClimbAt: &copied}, Missing: []string{"a"}, Stops: []Span{{From: utc, To: &copied}}}},
		{Facts: Facts{Missing: empty, Linked: []sop.Number{}, Handling: &Handling{}, RespondedAt: &here}, Words: Words{Evidence: map[string]string{}, AssetCodes: empty}},
		{Facts: Facts{Missing: []string{"b"}, Suspicious: true, Handling: &Handling{When: &utc}}, Words: Words{Evidence: map[string]string{"impact": "x"}, AssetCodes: filled, Reporter: sop.Person{Name: "Rina"}}},
		{Facts: Facts{Handling: &Handling{When: &copied}}, Words: Words{Evidence: map[string]string{"impact": "x"}, AssetCodes: []string{"a"}, Reporter: sop.Person{Name: "Rina"}}},
	}
	unlike := 0
	for i := range tickets {
		for k := range tickets {
			for _, pair := range [][2]reflect.Value{
				{reflect.ValueOf(&tickets[i].Facts).Elem(), reflect.ValueOf(&tickets[k].Facts).Elem()},
				{reflect.ValueOf(&tickets[i].Words).Elem(), reflect.ValueOf(&tickets[k].Words).Elem()},
			} {
				for f := range pair[0].NumField() {
					a, b := pair[0].Field(f), pair[1].Field(f)
					want := reflect.DeepEqual(a.Interface(), b.Interface())
					if have := same(a, b); have != want {
						t.Errorf("%s of tickets %d and %d: %v", pair[0].Type().Field(f).Name, i, k, have)
					}
					if !want {
						unlike++
					}
				}
			}
		}
	}
	if unlike == 0 {
		t.Error("nothing differed")
	}
}

func TestAFieldIsWrittenAsJSONWritesIt(t *testing.T) {
	zone := time.FixedZone("WIB", 7*3600)
	at := time.Date(2026, 1, 12, 9, 0, 0, 123e6, zone)
	for _, text := range []string{"", "Printer macet", "<b>&\"\\", "\x00\n\x7f", "\xff", "naïve \u2028", "IT's"} {
		ticket := Ticket{
			Facts: Facts{Number: 7, Seq: -3, State: State(text), Suspicious: text == "", Handling: &Handling{How: sop.Onsite, When: &at}, Linked: []sop.Number{1},
				CreatedAt: at, Response: Clock{Due: at.UTC()}, Missing: []string{text}},
			Words: Words{Subject: text, Reporter: sop.Person{Name: text}, Evidence: map[string]string{text: text}},
		}
		for _, half := range []reflect.Value{reflect.ValueOf(&ticket.Facts).Elem(), reflect.ValueOf(&ticket.Words).Elem()} {
			for i := range half.NumField() {
				want, err := json.Marshal(half.Field(i).Interface())
				if have := appendValue(nil, half.Field(i)); err != nil || string(have) != string(want) {
					t.Errorf("%s: %s, want %s (%v)", half.Type().Field(i).Name, have, want, err)
				}
			}
		}
	}
}
