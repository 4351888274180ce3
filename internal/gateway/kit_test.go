package gateway

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
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
	reader, err := parser.New(parser.Options{Mailboxes: own, Language: sop.Indonesian, Prefix: "IT", Matrix: sop.DefaultMatrix(),
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

// letter is a mail as its sender means it. The zero letter is a complete report of Rina's, proven, by the trusted relay.
type letter struct {
	from, name, to, subject, text string
	rcpt                          []string
	mailFrom                      string // "" : from; "<>": the null sender
	proof                         string // what the relay says: "pass" ("" too), "fail", "none"
	direct                        bool   // not by the trusted relay
	id                            string // Message-ID; "-": none
	header                        []string
	files                         []file
	raw                           string // the whole mail instead
}

type file struct {
	name, contentType, disposition, id string
	data                               []byte
	encoded                            string // its bytes as they stand in the mail; "": base64 in lines of 76
	encoding                           string
}

const complete = "Nama: Rina Wijaya\r\nDivisi: Keuangan\r\n\r\nPrinter macet, dokumen saya tidak bisa dicetak. Tidak ada tangkapan layar.\r\n"

func (h *house) received(l letter) smtpd.Mail {
	if l.from == "" {
		l.from = rina
	}
	if l.mailFrom == "" {
		l.mailFrom = l.from
	}
	if len(l.rcpt) == 0 {
		l.rcpt = []string{helpdesk}
	}
	m := smtpd.Mail{Envelope: smtpd.Envelope{Session: "test", Peer: netip.MustParseAddr("127.0.0.1"), From: strings.Trim(l.mailFrom, "<>"), Rcpt: l.rcpt}, Received: h.clock()}
	m.Data = []byte(l.raw)
	if l.raw == "" {
		m.Data = h.write(l)
	}
	if l.direct {
		m.Peer = netip.MustParseAddr("203.0.113.9")
	}
	domain := l.from[strings.LastIndexByte(l.from, '@')+1:]
	switch {
	case l.direct || l.proof == "none":
	case l.proof == "fail":
		m.Data = append(fmt.Appendf(nil, "Authentication-Results: mx.company.com; dmarc=fail header.from=%s\r\n", domain), m.Data...)
	default:
		m.Data = append(fmt.Appendf(nil, "Authentication-Results: mx.company.com; dmarc=pass header.from=%s\r\n", domain), m.Data...)
	}
	return m
}

func (h *house) write(l letter) []byte {
	var b bytes.Buffer
	put := func(format string, a ...any) { fmt.Fprintf(&b, format+"\r\n", a...) }
	if l.name == "" && l.from == rina {
		l.name = "Rina Wijaya"
	}
	if l.to == "" {
		l.to = l.rcpt[0]
	}
	if l.subject == "" {
		l.subject = "Printer macet"
	}
	if l.text == "" {
		l.text = complete
	}
	if l.id == "" {
		h.mu.Lock()
		h.next++
		l.id = fmt.Sprintf("<%d@client.company.com>", h.next)
		h.mu.Unlock()
	}
	put("From: %s", (&mail.Address{Name: l.name, Address: l.from}).String())
	put("To: %s", l.to)
	put("Subject: %s", mime.QEncoding.Encode("utf-8", l.subject))
	if l.id != "-" {
		put("Message-ID: %s", l.id)
	}
	put("Date: %s", h.clock().Format(time.RFC1123Z))
	for _, line := range l.header {
		put("%s", line)
	}
	put("MIME-Version: 1.0")
	if len(l.files) == 0 {
		put("Content-Type: text/plain; charset=utf-8\r\n")
		b.WriteString(l.text)
		return b.Bytes()
	}
	put("Content-Type: multipart/mixed; boundary=\"batas\"\r\n")
	put("--batas\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s", l.text)
	for _, f := range l.files {
		put("--batas\r\nContent-Type: %s; name=\"%s\"", f.contentType, f.name)
		put("Content-Disposition: %s; filename=\"%s\"", orWord(f.disposition, "attachment"), f.name)
		if f.id != "" {
			put("Content-ID: <%s>", f.id)
		}
		put("Content-Transfer-Encoding: %s\r\n", orWord(f.encoding, "base64"))
		if f.encoded == "" {
			f.encoded = lines(base64.StdEncoding.EncodeToString(f.data), 76)
		}
		put("%s", f.encoded)
	}
	put("--batas--")
	return b.Bytes()
}

// lines breaks a text into lines of a width.
func lines(s string, width int) string {
	var b strings.Builder
	for len(s) > width {
		b.WriteString(s[:width] + "\r\n")
		s = s[width:]
	}
	return b.String() + s
}

// take hands a mail in; what the client is told is the error.
func (h *house) take(l letter) error {
	_, err := h.g.Take(context.Background(), h.received(l))
	return err
}

// mustTake hands in a mail that is answered 250.
func (h *house) mustTake(l letter) {
	h.t.Helper()
	if err := h.take(l); err != nil {
		h.t.Fatal(err)
	}
}

// report hands in a mail that makes a ticket, and gives that.
func (h *house) report(l letter) workflow.Ticket {
	h.t.Helper()
	before := h.tickets()
	h.mustTake(l)
	after := h.tickets()
	if len(after) != len(before)+1 {
		h.t.Fatalf("%d tickets came of the mail, want 1", len(after)-len(before))
	}
	return after[len(after)-1]
}

// answer writes an answer to a notice as a mail client does: to its Reply-To, with its Message-ID and its text below.
func (n notice) answer(from, text string) letter {
	to := n.reply()
	return letter{from: from, rcpt: []string{to}, to: to, subject: "Re: " + n.subject(),
		header: []string{"In-Reply-To: " + n.MessageID, "References: " + n.MessageID},
		text:   text + "\r\n\r\nPada Sen, 12 Jan 2026 pukul 09.13 IT Service Desk <helpdesk@company.com> menulis:\r\n> " + strings.Join(strings.Split(n.text, "\n"), "\r\n> ") + "\r\n"}
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

// notice is a mail in the outbox, as its receiver will see it.
type notice struct {
	store.Outbox
	raw        []byte
	header     mail.Header
	text, html string
	files      map[string][]byte // by name
}

func (n notice) subject() string {
	s, _ := new(mime.WordDecoder).DecodeHeader(n.header.Get("Subject"))
	return s
}

func (n notice) reply() string {
	a, err := mail.ParseAddress(n.header.Get("Reply-To"))
	if err != nil {
		return ""
	}
	return a.Address
}

// rows lists the outbox, oldest first.
func (h *house) rows() []store.Outbox {
	h.t.Helper()
	var rows []store.Outbox
	h.view(func(v store.Reader) error {
		for after := uint64(0); ; {
			page, err := v.Queue(after, 500)
			if err != nil || len(page) == 0 {
				return err
			}
			rows, after = append(rows, page...), page[len(page)-1].ID
		}
	})
	return rows
}

// sent reads all notices in the outbox, oldest first, of a kind ("": any) and to somebody ("": anybody).
func (h *house) sent(kind sop.Kind, to string) []notice {
	h.t.Helper()
	var all []notice
	for _, row := range h.rows() {
		if (kind == "" || row.Kind == kind) && (to == "" || row.To == to) {
			all = append(all, h.read(row))
		}
	}
	return all
}

// undelivered says that a notice failed for good, as the mailer does.
func (h *house) undelivered(n notice) {
	h.t.Helper()
	if err := h.g.Undelivered(h.t.Context(), n.Outbox, "5.1.1", "550 5.1.1 no such user"); err != nil {
		h.t.Fatal(err)
	}
	h.lost = append(h.lost, n.Outbox)
}

// only gives the one notice of a kind to somebody.
func (h *house) only(kind sop.Kind, to string) notice {
	h.t.Helper()
	all := h.sent(kind, to)
	if len(all) != 1 {
		h.t.Fatalf("%d notices %s to %s, want 1; there are %v", len(all), kind, to, h.kinds(""))
	}
	return all[0]
}

// last gives the newest notice of a kind to somebody.
func (h *house) last(kind sop.Kind, to string) notice {
	h.t.Helper()
	all := h.sent(kind, to)
	if len(all) == 0 {
		h.t.Fatalf("no notice %s to %s; there are %v", kind, to, h.kinds(""))
	}
	return all[len(all)-1]
}

// kinds lists what is in the outbox for somebody ("": everybody), sorted.
func (h *house) kinds(to string) []string {
	h.t.Helper()
	var all []string
	for _, n := range h.sent("", to) {
		said := string(n.Kind)
		if to == "" {
			said += " to " + n.To
		}
		all = append(all, said)
	}
	slices.Sort(all)
	return all
}

func (h *house) read(row store.Outbox) notice {
	h.t.Helper()
	n := notice{Outbox: row, files: map[string][]byte{}}
	h.view(func(v store.Reader) error {
		for _, s := range row.Segments {
			r, err := store.OpenSegment(context.Background(), v, h.blobs, s)
			if err != nil {
				return fmt.Errorf("notice %s: %w", row.Kind, err)
			}
			piece, err := io.ReadAll(r)
			if err = errors.Join(err, r.Close()); err != nil {
				return fmt.Errorf("notice %s: %w", row.Kind, err)
			}
			n.raw = append(n.raw, piece...)
		}
		return nil
	})
	m, err := mail.ReadMessage(bytes.NewReader(n.raw))
	if err != nil {
		h.t.Fatal(err)
	}
	n.header = m.Header
	h.part(&n, m.Header.Get, m.Body)
	return n
}

// part reads a part of a notice, and those within it.
func (h *house) part(n *notice, head func(string) string, body io.Reader) {
	h.t.Helper()
	kind, params, err := mime.ParseMediaType(head("Content-Type"))
	if err != nil {
		h.t.Fatal(err)
	}
	if strings.HasPrefix(kind, "multipart/") {
		for r := multipart.NewReader(body, params["boundary"]); ; {
			p, err := r.NextRawPart()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				h.t.Fatalf("%v in\n%s", err, n.raw[:min(len(n.raw), 3000)])
			}
			h.part(n, p.Header.Get, p)
		}
	}
	switch strings.ToLower(head("Content-Transfer-Encoding")) {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	data, err := io.ReadAll(body)
	if err != nil {
		h.t.Fatalf("part %s: %v", kind, err)
	}
	disposition, named, _ := mime.ParseMediaType(head("Content-Disposition"))
	text := strings.ReplaceAll(string(data), "\r\n", "\n")
	switch {
	case disposition == "" && kind == "text/plain":
		n.text += text
	case disposition == "" && kind == "text/html":
		n.html += text
	default:
		n.files[orWord(named["filename"], params["name"])] = data
	}
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

// bounce is the report of a delivery of a notice that failed, as a mail server writes it.
func (n notice) bounce(who string) letter {
	return bounce(n.From, who, n.MessageID)
}

func bounce(to, who, returned string) letter {
	return letter{from: "mailer-daemon@mx.example", mailFrom: "<>", proof: "none", rcpt: []string{to}, raw: "From: Mail Delivery System <mailer-daemon@mx.example>\r\nTo: <" + to + ">\r\nSubject: Undelivered Mail Returned to Sender\r\n" +
		fmt.Sprintf("Message-ID: <%x@mx.example>\r\n", time.Now().UnixNano()) +
		"Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"dsn\"\r\n\r\n--dsn\r\nContent-Type: text/plain\r\n\r\nThis is the mail system.\r\n--dsn\r\nContent-Type: message/delivery-status\r\n\r\n" +
		"Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; " + who + "\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 User unknown\r\n\r\n--dsn\r\nContent-Type: text/rfc822-headers\r\n\r\n" +
		"From: <helpdesk@company.com>\r\nTo: <" + who + ">\r\nSubject: x\r\nMessage-ID: " + returned + "\r\n\r\n--dsn--\r\n"}
}
