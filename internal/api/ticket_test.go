package api

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"helpost/internal/record"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/workflow"
)

var update = flag.Bool("update", false, "write the golden files anew")

// whole is a ticket of which everything is said, with its messages and its log.
func whole(t *testing.T) (workflow.Ticket, []store.Message, []record.Entry) {
	t.Helper()
	jakarta := time.FixedZone("WIB", 7*3600)
	at := func(minutes int) time.Time {
		return time.Date(2026, 1, 12, 9, 13, 0, 0, jakarta).Add(time.Duration(minutes) * time.Minute)
	}
	ptr := func(t time.Time) *time.Time { return &t }
	var k workflow.Ticket
	k.Number, k.Seq, k.State, k.Type, k.Impact, k.Urgency, k.Priority, k.PriorityBy = 123, 3, workflow.Resolved, sop.Incident, sop.Department, sop.High, sop.P2, "agent"
	k.Category, k.Lang, k.Mailbox, k.Team = "jaringan", sop.Indonesian, "helpdesk@company.com", "service-desk"
	k.Handling = &workflow.Handling{How: sop.Onsite, When: ptr(at(60))}
	k.Linked, k.MergedInto, k.Disputes, k.Suspicious, k.Hold = []sop.Number{122, 7}, 130, 1, true, true
	k.CreatedAt, k.RespondedAt, k.ResolvedAt, k.ClosedAt, k.PausedUntil = at(0), ptr(at(5)), ptr(at(50)), ptr(at(55)), ptr(at(58))
	k.Response = workflow.Clock{Due: at(60), Breached: true, Level: 1}
	k.Resolution = workflow.Clock{Due: at(480), Breached: true, ByChange: true, Level: 2, ClimbAt: ptr(at(500))}
	k.Subject = "Printer <macet> & \"berasap\""
	k.Reporter = sop.Person{Address: "rina@company.com", Name: "Rina Wijaya", Department: "Keuangan", AssetCode: "NB-FIN-0113"}
	k.CoReporters = []sop.Person{{Address: "joko@company.com", Name: "Joko Prasetyo"}}
	k.Watchers, k.AssetCodes, k.Assignee = []string{"wati@company.com"}, []string{"NB-FIN-0113", "PR-3"}, "andi@company.com"
	messages := []store.Message{
		{Seq: 1, MessageID: "report@company.com", Direction: store.In, Kind: "report", From: "rina@company.com", At: at(0), Text: "Printer macet.\nTolong.",
			Attachments: []store.Attachment{{Filename: "layar.png", ContentType: "image/png", Size: 12, SHA256: "ab12", Screenshot: true, Ref: store.Ref{Blob: "secret"}}}},
		{Seq: 2, MessageID: "<answer@company.com>", Direction: store.Out, Kind: "agent", From: "andi@company.com", At: at(5), Text: "Saya cek."},
		{Seq: 3, Direction: store.In, Kind: "stranger", From: "asing@company.com", At: at(6), Marked: true},
	}
	raw := func(v any) json.RawMessage {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	events := []workflow.Event{
		{Type: workflow.Created, Actor: "rina@company.com", Facts: map[string]json.RawMessage{"number": raw(123), "seq": raw(1), "state": raw("new"), "linked": raw([]int{122, 7})},
			Words: map[string]json.RawMessage{"subject": raw(k.Subject)}, Info: map[string]any{"state": "hidden", "auto": "none"}},
		{Type: workflow.Absorbed, Actor: "andi@company.com", Info: map[string]any{"from": sop.Number(122)}, Said: map[string]any{"to": []string{"rina@company.com"}}},
		{Type: workflow.MergedEvent, Actor: "helpost", Facts: map[string]json.RawMessage{"merged_into": raw(130), "closed_at": raw(nil)}, Said: map[string]any{"from": "a word"}},
	}
	var log []record.Entry
	prev := ""
	for i, e := range events {
		e.Seq, e.At, e.Cause = i+1, at(i).UTC(), "mail"
		entry, err := record.Seal(123, e, prev, bytes.Repeat([]byte{1}, record.SaltSize))
		if err != nil {
			t.Fatal(err)
		}
		prev, log = entry.Head(), append(log, entry)
	}
	return k, messages, log
}

// The object of a ticket is the contract's, byte for byte.
func TestObjectOfATicket(t *testing.T) {
	for name, make := range map[string]func() (Ticket, error){
		"whole.json": func() (Ticket, error) {
			k, messages, log := whole(t)
			return View("IT", k, messages, log)
		},
		"bare.json": func() (Ticket, error) {
			return View("IT", workflow.Ticket{Facts: workflow.Facts{Number: 1, State: workflow.New, CreatedAt: time.Unix(0, 0)}}, nil, nil)
		},
		"erased.json": func() (Ticket, error) {
			k, messages, log := whole(t)
			k.Words = workflow.Words{}
			for i := range log {
				log[i].Words, log[i].Salt = nil, nil
			}
			return View("IT", k, messages[:0], log)
		},
	} {
		v, err := make()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, '\n')
		file := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is now\n%s", name, got)
		}
	}
}

// Every field that the contract names is there, and no list is null.
func TestObjectHasTheContractsFields(t *testing.T) {
	v, err := View("IT", workflow.Ticket{}, []store.Message{{}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var o map[string]any
	if err := json.Unmarshal(body, &o); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"id", "state", "type", "impact", "urgency", "priority", "priority_by", "category", "subject", "lang", "mailbox", "reporter", "co_reporters", "asset_code", "assignee", "team", "watchers",
		"handling", "linked", "merged_into", "disputes", "suspicious", "created_at", "response_due", "responded_at", "resolution_due", "resolved_at", "closed_at", "paused_until", "escalation_level", "messages", "events"} {
		if _, there := o[name]; !there {
			t.Errorf("no %q", name)
		}
	}
	for _, name := range []string{"co_reporters", "watchers", "linked", "messages", "events", "asset_codes"} {
		if _, list := o[name].([]any); !list {
			t.Errorf("%q is no list: %v", name, o[name])
		}
	}
	if _, list := o["messages"].([]any)[0].(map[string]any)["attachments"].([]any); !list {
		t.Error("a message's attachments are no list")
	}
}

func TestParseID(t *testing.T) {
	for s, want := range map[string]sop.Number{"IT-000123": 123, "it-123": 123, "123": 123, "IT-1000000": 1000000,
		"": 0, "IT-": 0, "IT-0": 0, "HD-1": 0, "IT-1x": 0, "IT-+1": 0, "IT--1": 0, " 1": 0, "IT-9999999999999999": 0, "IT-１": 0} {
		if got, ok := ParseID(s, "IT"); got != want || ok != (want != 0) {
			t.Errorf("%q: %d, %v", s, got, ok)
		}
	}
}
