package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"helpost/internal/blob/dir"
	"helpost/internal/compose"
	"helpost/internal/config"
	"helpost/internal/mailauth"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/internal/store/bolt"
	"helpost/parser"
	"helpost/smtpd"
	"helpost/templates"
	"helpost/workflow"
)

// The people of the tests.
const (
	helpdesk = "helpdesk@company.com"
	rina     = "rina@company.com"
	budi     = "budi@company.com"
	tono     = "tono@company.com"
	andi     = "andi@company.com"
	rudi     = "rudi@company.com"
	sari     = "sari@company.com"
	boss     = "manager@company.com"
	outsider = "orang@luar.example"
)

var start = time.Date(2026, 1, 12, 2, 0, 0, 0, time.UTC) // Monday, 09:00 in Jakarta

// house is a gateway of real parts: store, blobs, parser, tokens, composer. Only its clock and its directory are made up.
type house struct {
	t      testing.TB
	g      *Gateway
	store  *bolt.Store
	faults *unsteady
	blobs  *dir.Store
	policy *workflow.Policy
	people people
	boxes  []config.Mailbox
	fixed  bool // envelope = "fixed"
	tamper func(*Parts)

	mu   sync.Mutex
	now  time.Time
	next int // of Message-IDs
	lost []store.Outbox
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

// people is the directory: who stands in it, and whether there is one.
type people struct {
	listed bool
	known  map[string]sop.Person
}

func (p people) Person(address string) (sop.Person, bool) {
	known, ok := p.known[address]
	return known, ok
}

func (p people) MayReport(address string) bool {
	_, known := p.known[address]
	return known || strings.HasSuffix(address, "@company.com")
}

func (p people) Listed() bool { return p.listed }

func newPolicy() *workflow.Policy {
	return &workflow.Policy{
		Prefix: "IT", Lang: sop.Indonesian, Zone: time.FixedZone("WIB", 7*3600), Matrix: sop.DefaultMatrix(), WarnAt: 0.75,
		Targets: map[sop.Priority]workflow.Target{
			sop.P1: {Response: 15 * time.Minute, Resolution: 4 * time.Hour},
			sop.P2: {Response: time.Hour, Resolution: 8 * time.Hour},
			sop.P3: {Response: 4 * time.Hour, Resolution: 48 * time.Hour},
		},
		Agents: []workflow.Agent{{Address: andi, Name: "Andi Saputra", Team: "desk"}, {Address: rudi, Name: "Rudi Hartono", Team: "desk"}, {Address: sari, Name: "Sari Dewi", Team: "desk"}},
		Teams:  []workflow.Team{{Name: "desk", Members: []string{andi, rudi}, Lead: sari}},
		Chain:  []string{"lead", "manager"}, Manager: boss,
		Repeat:     map[sop.Priority]time.Duration{sop.P1: 15 * time.Minute, sop.P2: 30 * time.Minute, sop.P3: 4 * time.Hour},
		CloseAfter: 24 * time.Hour, RemindAfter: 12 * time.Hour, ReopenWindow: 168 * time.Hour, PerAddressHour: 30,
		Inside: func(a string) bool { return strings.HasSuffix(a, "@company.com") },
	}
}

// What all houses share, for it is slow to make: where blobs lie, under their digests, and the wording of the notices.
var (
	blobs   *dir.Store
	wording *templates.Set
)

func TestMain(m *testing.M) {
	if path := os.Getenv(diesWith); path != "" {
		die(path)
	}
	code := 1
	folder, err := os.MkdirTemp("", "helpost-gateway-")
	if err == nil {
		if blobs, err = dir.Open(folder); err == nil {
			wording, err = templates.Load("")
		}
	}
	if err == nil {
		code = m.Run()
	} else {
		fmt.Fprintln(os.Stderr, err)
	}
	os.RemoveAll(folder)
	os.Exit(code)
}

// open brings a house up; arrange changes it before its gateway is made. At the end of the test all that it keeps is sound.
func open(t testing.TB, arrange ...func(*house)) *house {
	t.Helper()
	h := &house{t: t, policy: newPolicy(), now: start, people: people{known: map[string]sop.Person{}},
		boxes: []config.Mailbox{{Address: helpdesk, Team: "desk"}}}
	for _, a := range arrange {
		a(h)
	}
	var err error
	if h.store, err = bolt.Open(filepath.Join(t.TempDir(), "helpost.db"), bolt.Options{NoSync: true}); err != nil {
		t.Fatal(err)
	}
	h.blobs = blobs
	h.faults = &unsteady{Store: h.store}
	h.build()
	t.Cleanup(func() {
		if !t.Failed() {
			h.sound()
		}
		if err := h.store.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// build wires the gateway.
func (h *house) build() {
	h.t.Helper()
	tokens, err := mailauth.NewTokens([][]byte{[]byte("0123456789abcdef0123456789abcdef")})
	if err != nil {
		h.t.Fatal(err)
	}
	var own []string
	for _, b := range h.boxes {
		own = append(append(own, b.Address), b.Aliases...)
	}
	reader, err := parser.New(parser.Options{Mailboxes: own, Names: map[string]string{andi: "Andi Saputra"}, Language: sop.Indonesian, Prefix: "IT", Matrix: sop.DefaultMatrix(),
		Ours: func(id string) bool { _, ours := tokens.InMessageID(id); return ours }})
	if err != nil {
		h.t.Fatal(err)
	}
	box := func(m config.Mailbox) Mailbox {
		return Mailbox{Team: m.Team, ListIDs: m.ListIDs, Mailbox: compose.Mailbox{Address: m.Address, Name: "IT Service Desk PT Contoh", ReplyDomain: m.ReplyDomain, Plain: m.ReplyStyle == "plain", Verp: !h.fixed}}
	}
	addresses := (&config.Config{Mailboxes: h.boxes}).Addresses()
	inside := func(domain string) bool { return domain == "company.com" }
	parts := Parts{
		Store: h.faults, Blobs: h.blobs, Policy: h.policy, Parser: reader, Tokens: tokens,
		Relays: []mailauth.Relay{
			{CIDR: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, Results: "rfc8601", AuthservIDs: []string{"mx.company.com"}},
		},
		Composer: &compose.Composer{Templates: wording, Tokens: tokens}, Directory: h.people, Company: templates.Company{Name: "PT Contoh"},
		Mailbox: func(rcpt string) (Mailbox, string, bool) {
			m, token, ok := addresses.Lookup(rcpt)
			return box(m), token, ok
		},
		Default: box(h.boxes[0]), Inside: inside, Hosted: inside, Clock: h.clock,
	}
	if h.tamper != nil {
		h.tamper(&parts)
	}
	if h.g, err = New(parts); err != nil {
		h.t.Fatal(err)
	}
}

// pass lets time go by, and does what is due.
func (h *house) pass(d time.Duration) {
	h.t.Helper()
	h.mu.Lock()
	h.now = h.now.Add(d)
	h.mu.Unlock()
	if _, err := h.g.Tick(context.Background()); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) view(fn func(store.Reader) error) {
	h.t.Helper()
	if err := h.store.View(context.Background(), fn); err != nil {
		h.t.Fatal(err)
	}
}

// tickets lists all tickets, by number.
func (h *house) tickets() []workflow.Ticket {
	h.t.Helper()
	var all []workflow.Ticket
	h.view(func(v store.Reader) error {
		for after := ""; ; {
			page, next, err := v.List(store.Filter{After: after, Limit: 200})
			if err != nil {
				return err
			}
			if all = append(all, page...); next == "" {
				return nil
			}
			after = next
		}
	})
	slices.SortFunc(all, func(a, b workflow.Ticket) int { return int(a.Number) - int(b.Number) })
	return all
}

func (h *house) ticket(n sop.Number) (t workflow.Ticket) {
	h.t.Helper()
	h.view(func(v store.Reader) (err error) { t, _, err = v.Ticket(n); return err })
	return t
}

func (h *house) messages(n sop.Number) (all []store.Message) {
	h.t.Helper()
	h.view(func(v store.Reader) (err error) { all, err = v.Messages(n); return err })
	return all
}

func (h *house) events(n sop.Number) (all []workflow.Event) {
	h.t.Helper()
	h.view(func(v store.Reader) error {
		entries, err := v.Log(n)
		for _, e := range entries {
			event, err := e.Event()
			if err != nil {
				return err
			}
			all = append(all, event)
		}
		return err
	})
	return all
}

// outcomes lists what the trace of a Message-ID or an address says, oldest first.
func (h *house) outcomes(of string) (all []string) {
	h.t.Helper()
	h.view(func(v store.Reader) error {
		traces, err := v.Traces(of)
		for _, tr := range traces {
			all = append(all, tr.Outcome)
		}
		return err
	})
	return all
}

func (h *house) quarantined() (all []store.Quarantined) {
	h.t.Helper()
	h.view(func(v store.Reader) (err error) { all, err = v.Quarantined("", 100); return err })
	return all
}

// kindOf gives the kind of reply that an error of Take is.
func kindOf(t testing.TB, err error) smtpd.Kind {
	t.Helper()
	var told *smtpd.Error
	if !errors.As(err, &told) {
		t.Fatalf("%v is no error with a kind", err)
	}
	return told.Kind
}
