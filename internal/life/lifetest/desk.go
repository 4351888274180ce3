// Package lifetest is a desk for tests: tickets with all that hangs on them, in a real store and real blobs, decided by
// workflow alone.
//
// It reads no mail and composes none: raw mails and notices are plain ones of its own.
package lifetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"helpost/internal/blob"
	"helpost/internal/blob/dir"
	"helpost/internal/record"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/internal/store/bolt"
	"helpost/workflow"
)

// Andi and Rudi are the agents of the desk, Sari leads it.
var (
	Andi = sop.Person{Address: "andi@company.com", Name: "Andi Saputra"}
	Rudi = sop.Person{Address: "rudi@company.com", Name: "Rudi Hartono"}
	Sari = sop.Person{Address: "sari@company.com", Name: "Sari Dewi"}
)

// Start is a Monday morning in Jakarta.
var Start = time.Date(2026, 1, 12, 2, 0, 0, 0, time.UTC)

// TB is what of a test the desk needs; *testing.T and *rapid.T are both.
type TB interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// Desk is a desk with its tickets.
type Desk struct {
	TB
	Store  *bolt.Store
	Blobs  *dir.Store
	Policy *workflow.Policy
	Now    time.Time
	Folder string
	mails  int
}

// New opens an empty desk, which ends with the test. Its time begins at Start and stands still.
func New(t testing.TB) *Desk {
	t.Helper()
	d := &Desk{TB: t, Policy: Policy(), Now: Start, Folder: t.TempDir()}
	d.Open()
	t.Cleanup(func() { d.Store.Close() })
	return d
}

// In opens an empty desk in a folder, with blobs that others may use too; its test closes the store.
func In(t TB, folder string, blobs *dir.Store) *Desk {
	d := &Desk{TB: t, Policy: Policy(), Now: Start, Folder: folder, Blobs: blobs}
	d.Open()
	return d
}

// Path is the file of the store.
func (d *Desk) Path() string { return filepath.Join(d.Folder, "helpost.db") }

// Search is the folder of the search index.
func (d *Desk) Search() string { return d.Path() + ".search" }

// Open opens store and blobs.
func (d *Desk) Open() {
	d.Helper()
	var err error
	if d.Store, err = bolt.Open(d.Path(), bolt.Options{NoSync: true, Search: d.Search()}); err != nil {
		d.Fatal(err)
	}
	if d.Blobs != nil {
		return
	}
	if d.Blobs, err = dir.Open(filepath.Join(d.Folder, "blobs")); err != nil {
		d.Fatal(err)
	}
}

// Policy is that of the desk.
func Policy() *workflow.Policy {
	return &workflow.Policy{
		Prefix: "IT", Lang: sop.Indonesian, Zone: time.FixedZone("WIB", 7*3600), Matrix: sop.DefaultMatrix(), WarnAt: 0.75,
		Targets: map[sop.Priority]workflow.Target{
			sop.P1: {Response: 15 * time.Minute, Resolution: 4 * time.Hour}, sop.P2: {Response: time.Hour, Resolution: 8 * time.Hour},
			sop.P3: {Response: 4 * time.Hour, Resolution: 48 * time.Hour},
		},
		Agents: []workflow.Agent{{Address: Andi.Address, Name: Andi.Name, Team: "desk"}, {Address: Rudi.Address, Name: Rudi.Name, Team: "desk"}, {Address: Sari.Address, Name: Sari.Name, Team: "desk"}},
		Teams:  []workflow.Team{{Name: "desk", Members: []string{Andi.Address, Rudi.Address}, Lead: Sari.Address}},
		Chain:  []string{"lead"}, Repeat: map[sop.Priority]time.Duration{sop.P1: 15 * time.Minute, sop.P2: 30 * time.Minute, sop.P3: 4 * time.Hour},
		CloseAfter: 24 * time.Hour, RemindAfter: 12 * time.Hour, ReopenWindow: 168 * time.Hour, PerAddressHour: 30,
		Inside: func(a string) bool { return strings.HasSuffix(a, "@company.com") },
	}
}

// Mail is what somebody writes. Subject and watchers are of a report.
type Mail struct {
	From     sop.Person
	Subject  string
	Text     string
	Quoted   string // stands below the text, in the raw mail alone
	Watchers []string
	Commands []sop.Command
	Verdict  sop.Verdict
	Files    map[string][]byte
}

// Report makes a ticket of a mail.
func (d *Desk) Report(m Mail) sop.Number {
	d.Helper()
	n, err := d.Store.Reserve(context.Background(), store.SeqTicket)
	if err != nil {
		d.Fatal(err)
	}
	in := &workflow.Mail{
		Auto: sop.NotAuto, Role: sop.RoleReporter, Voice: sop.VoiceNew, Proof: "pass", From: m.From, MailFrom: m.From.Address, Subject: m.Subject, Mailbox: "helpdesk@company.com", Team: "desk",
		Text: m.Text, Body: m.Text, Watchers: m.Watchers, Files: len(m.Files),
		Report: sop.Report{Name: m.From.Name, Department: "Keuangan", AssetCodes: []string{"NB-" + m.From.Address[:3]}, Evidence: map[string]string{"department": m.Text}},
	}
	d.decide(workflow.Situation{Number: sop.Number(n), Desk: d.desk()}, workflow.Input{Mail: in}, m)
	return sop.Number(n)
}

// Write lets somebody write on a ticket: an agent who is obeyed, the reporter, or who else.
func (d *Desk) Write(n sop.Number, m Mail) {
	d.Helper()
	t := d.Ticket(n)
	in := &workflow.Mail{Auto: sop.NotAuto, From: m.From, MailFrom: m.From.Address, Proof: "pass", Sort: sop.Public, Subject: "Re: " + t.Subject, Text: m.Text, Body: m.Text,
		Commands: m.Commands, Verdict: m.Verdict, Role: sop.RoleStranger, Voice: sop.VoiceWords}
	if _, is := d.Policy.Agent(m.From.Address); is && t.Reporter.Address != m.From.Address {
		in.Role, in.Voice = sop.RoleAgent, sop.VoiceObeyed
	} else if t.Reporter.Address == m.From.Address {
		in.Role, in.Voice = sop.RoleReporter, sop.VoiceFull
	}
	d.decide(workflow.Situation{Ticket: t, Desk: d.desk(), Others: map[sop.Number]workflow.Ticket{}}, workflow.Input{Mail: in}, m)
}

// Pass lets time pass for a ticket.
func (d *Desk) Pass(n sop.Number, by time.Duration) {
	d.Helper()
	d.Now = d.Now.Add(by)
	d.decide(workflow.Situation{Ticket: d.Ticket(n), Desk: d.desk()}, workflow.Input{}, Mail{})
}

func (d *Desk) desk() workflow.Desk {
	return workflow.Desk{Away: map[string]time.Time{}, Answers: map[string]workflow.Answers{}, MayAsk: func(string) bool { return true }}
}

func (d *Desk) decide(s workflow.Situation, in workflow.Input, m Mail) {
	d.Helper()
	decision := d.Policy.Decide(s, in, d.Now)
	var c store.Change
	var kept store.Message
	if decision.Message != nil {
		kept = d.message(decision.Message, decision.Drafts[0].Messages, m)
		c.Messages = []store.Message{kept}
		c.Seen = []store.Seen{{Key: store.SeenKey(kept.MessageID, SumOf([]byte(kept.MessageID+m.Text))), MessageID: kept.MessageID, From: m.From.Address, Ticket: kept.Ticket, Message: kept.Seq, At: d.Now}}
		c.Traces = []store.Trace{{At: d.Now, MessageID: kept.MessageID, From: m.From.Address, To: "helpdesk@company.com", Outcome: string(decision.Outcome), Ticket: kept.Ticket}}
		c.Facts = d.fact("person/"+m.From.Address, map[string]string{"name": m.From.Name, "department": "Keuangan"})
	}
	for _, draft := range decision.Drafts {
		version, prev := d.at(draft.Number)
		for _, e := range draft.Events {
			if kept.Ticket == draft.Number && e.Message() == kept.Seq {
				e.Said = map[string]any{store.SumKey: d.sum(kept)}
			}
			entry, err := record.Seal(draft.Number, e, prev, fmt.Appendf(nil, "%016d", e.Seq))
			if err != nil {
				d.Fatal(err)
			}
			prev = entry.Head()
			c.Entries = append(c.Entries, store.Entry{Number: draft.Number, Entry: entry})
		}
		c.Tickets = append(c.Tickets, store.Ticket{Ticket: draft.Ticket, Expect: version, Due: d.Policy.Wake(&draft.Ticket)})
	}
	for _, n := range decision.Notices {
		c.Outbox = append(c.Outbox, store.Outbox{Ticket: n.Ticket, Kind: n.Kind, To: n.To.Address, MessageID: fmt.Sprintf("<%d-%d@company.com>", n.Event, n.Place), Made: d.Now, NextTry: d.Now,
			Segments: []store.Segment{{Bytes: []byte("To: " + n.To.Address + "\r\n\r\n" + m.Text)}}})
	}
	d.Commit(c)
}

// message keeps a mail as the gateway does: the raw one in the store or a blob, files as slices of it.
func (d *Desk) message(w *workflow.Message, seq int, m Mail) store.Message {
	d.mails++
	k := store.Message{Ticket: w.Ticket, Seq: seq, MessageID: fmt.Sprintf("<%d.%s>", d.mails, m.From.Address), Direction: store.Direction(w.Direction), Kind: w.Kind,
		From: m.From.Address, Name: m.From.Name, At: d.Now, Text: w.Text, Marked: w.Marked}
	var raw bytes.Buffer
	fmt.Fprintf(&raw, "From: %s <%s>\r\nSubject: %s\r\n\r\n%s\r\n> %s\r\n", m.From.Name, m.From.Address, m.Subject, m.Text, m.Quoted)
	for name, content := range m.Files {
		encoded := base64.StdEncoding.EncodeToString(content)
		k.Attachments = append(k.Attachments, store.Attachment{Filename: name, ContentType: "application/octet-stream", Size: int64(len(content)), SHA256: SumOf(content),
			Ref: store.Ref{Offset: int64(raw.Len()), Length: int64(len(encoded)), Encoding: "base64"}})
		raw.WriteString(encoded + "\r\n")
	}
	if raw.Len() > blob.Limit {
		names, err := d.Blobs.Put(context.Background(), raw.Bytes())
		if err != nil {
			d.Fatal(err)
		}
		k.Raw = store.Ref{Blob: names[0]}
	} else {
		k.Raw, k.RawSum, k.RawMail = store.Ref{Ticket: w.Ticket, Message: seq}, SumOf(raw.Bytes()), raw.Bytes()
	}
	for i := range k.Attachments {
		r := &k.Attachments[i].Ref
		r.Blob, r.Ticket, r.Message = k.Raw.Blob, k.Raw.Ticket, k.Raw.Message
	}
	return k
}

// SumOf is the sha256 of bytes, hex.
func SumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func (d *Desk) sum(m store.Message) string {
	sum, err := m.Sum()
	if err != nil {
		d.Fatal(err)
	}
	return sum
}

func (d *Desk) fact(key string, v any) []store.Fact {
	raw, err := json.Marshal(v)
	if err != nil {
		d.Fatal(err)
	}
	var f store.Fact
	d.View(func(r store.Reader) error {
		f, err = r.Fact(key)
		return err
	})
	return []store.Fact{{Key: key, Version: f.Version, Value: raw}}
}

func (d *Desk) at(n sop.Number) (version store.Version, head string) {
	d.View(func(r store.Reader) error {
		_, version, _ = r.Ticket(n) // 0 of a new one
		log, err := r.Log(n)
		if len(log) > 0 {
			head = log[len(log)-1].Head()
		}
		return err
	})
	return version, head
}

// Commit commits a change.
func (d *Desk) Commit(c store.Change) {
	d.Helper()
	if err := d.Store.Commit(context.Background(), c); err != nil {
		d.Fatal(err)
	}
}

// View reads the store.
func (d *Desk) View(fn func(store.Reader) error) {
	d.Helper()
	if err := d.Store.View(context.Background(), fn); err != nil {
		d.Fatal(err)
	}
}

// Ticket reads a ticket.
func (d *Desk) Ticket(n sop.Number) (t workflow.Ticket) {
	d.Helper()
	d.View(func(r store.Reader) (err error) { t, _, err = r.Ticket(n); return err })
	return t
}

// Messages reads the messages of a ticket.
func (d *Desk) Messages(n sop.Number) (all []store.Message) {
	d.Helper()
	d.View(func(r store.Reader) (err error) { all, err = r.Messages(n); return err })
	return all
}

// Events reads the events of a ticket.
func (d *Desk) Events(n sop.Number) (all []workflow.Event) {
	d.Helper()
	d.View(func(r store.Reader) error {
		log, err := r.Log(n)
		for _, entry := range log {
			e, err := entry.Event()
			if err != nil {
				return err
			}
			all = append(all, e)
		}
		return err
	})
	return all
}

// Holding lists the files of the store and the blobs that hold some bytes as they stand, or in base64 at any offset.
func (d *Desk) Holding(what string) (found []string) {
	d.Helper()
	err := filepath.WalkDir(d.Folder, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err == nil && holds(content, what) {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		d.Fatal(err)
	}
	return found
}

func holds(content []byte, what string) bool {
	if bytes.Contains(bytes.ToLower(content), []byte(strings.ToLower(what))) {
		return true
	}
	for shift := range 3 {
		padded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + what))
		inner := padded[(shift*8+5)/6:] // the letters that this shift alone decides
		if rest := len(inner) - 2; rest > 8 && bytes.Contains(content, []byte(inner[:rest])) {
			return true
		}
	}
	return false
}
