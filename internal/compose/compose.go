// Package compose makes an outbox row of a notice: its headers, tokens, quote, buttons and parts, as exact bytes.
//
// What it makes is final: the mailer signs and sends it, and a repeat is byte-identical.
package compose

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/templates"
)

// TokenMaker makes the tokens that mails carry: [a-z2-7]{26,40}, fixed for a ticket, a receiver and a sort.
type TokenMaker interface {
	Mint(n sop.Number, receiver string, s sop.Sort) string
}

// Composer makes outbox rows. It may be used from many goroutines.
type Composer struct {
	Templates *templates.Set
	Tokens    TokenMaker
}

// ErrJob says that a job cannot become a mail, now or later: an address that is none, a name that is not from us.
var ErrJob = errors.New("this notice cannot be written as a mail")

// Job is one notice to one receiver, all decided.
type Job struct {
	Data     templates.Data // Ref and the buttons' URLs are filled in here
	Number   sop.Number     // 0: about no ticket
	Subject  string         // of the ticket; the tag and "Re:" are added here
	To       sop.Person
	Sort     sop.Sort
	FromName string // display name before the company's: an agent's on his own words; "" for the desk itself
	Mailbox  Mailbox
	Auto     string    // Auto-Submitted: "auto-replied", "auto-generated", or "" on a person's own words
	NullFrom bool      // the envelope sender is <>: an automatic answer to somebody unknown
	Thread   []string  // Message-IDs that the receiver sent or got about this ticket, oldest first
	Unique   string    // [a-z0-9-]+, fixed in the commit: the Message-ID's second half
	At       time.Time // Date
	Class    store.Class
	Files    []File   // attachments that come along
	Buttons  []Answer // ready answers
	Visit    *Visit   // of `scheduled`: the appointment that an invitation asks for
	Listed   []Listed // of a bundle: beside each ticket of Data.List, its number and its own ready answers
}

// Listed is a ticket of a bundle: its buttons go to it, for the bundle itself has no token.
type Listed struct {
	Number  sop.Number
	Buttons []Answer
}

// Mailbox is the address of ours that a notice comes from.
type Mailbox struct {
	Address     string // helpdesk@company.com
	Name        string // display name: "IT Service Desk PT Contoh"
	ReplyDomain string // "" : the address's
	Plain       bool   // reply_style = "plain": Reply-To is the address itself
	Verp        bool   // relay.envelope = "verp"
}

// File is an attachment by reference.
type File struct {
	Name, ContentType, ContentID string
	Inline                       bool
	Size                         int64
	Ref                          store.Ref
}

// Answer is a button: what it writes, and where that goes.
type Answer struct {
	Name, With string
	Body       string
	Sort       sop.Sort // of the token it is sent to
}

const (
	maxSubject = 200  // characters of a ticket's subject in a header
	maxButton  = 1500 // characters of a ready answer; mail clients cut longer links
)

// Compose makes the row of a notice. Two calls with the same job give the same bytes. ErrJob: the job can never be
// written; other errors are a template's.
func (c *Composer) Compose(j Job) (store.Outbox, error) {
	m, err := c.envelope(&j)
	if err != nil {
		return store.Outbox{}, err
	}
	w := newWriter(j.Unique)
	defer w.release()
	w.data = j.Data
	data := &w.data
	data.Sort, data.Ref = j.Sort, ""
	if j.Number != 0 {
		data.Ref = data.Ticket.ID + "-" + m.token
	}
	if data.To.Address == "" && data.To.Name == "" {
		data.To = j.To
	}
	data.Invited = data.Invited || j.Visit != nil
	data.Buttons = c.buttons(&j, m, j.Number, data.Ticket.ID, j.Subject, j.Buttons)
	data.List = c.listed(&j, m)
	files := tamed(j.Files)
	data.Words, data.Pictures = pictures(data.Words, files)
	if err := c.Templates.Write(&w.parts, data); err != nil {
		return store.Outbox{}, fmt.Errorf("notice %s in %q: %w", data.Kind, data.Lang, err)
	}
	m.header(w, &j)
	var invitation []byte
	if j.Visit != nil {
		invitation = m.invitation(&j, j.Visit)
	}
	w.body(files, invitation)
	return store.Outbox{
		Ticket: j.Number, Kind: data.Kind, From: m.sender, To: j.To.Address, MessageID: m.id, Class: j.Class,
		Segments: w.segments, Made: j.At, NextTry: j.At,
	}, nil
}

// letterhead is what a notice's header and buttons say of addresses.
type letterhead struct {
	local, domain string // of our address as answers reach it
	token         string
	id            string // Message-ID with its brackets
	sender        string // of the envelope
	subject       string
}

// envelope checks what a job brings, and makes what header and envelope need of it.
func (c *Composer) envelope(j *Job) (letterhead, error) {
	local, domain, ok := splitAddress(j.Mailbox.Address)
	if !ok {
		return letterhead{}, fmt.Errorf("%w: our address is %q", ErrJob, j.Mailbox.Address)
	}
	if _, _, ok := splitAddress(j.To.Address); !ok {
		return letterhead{}, fmt.Errorf("%w: the receiver's address is none", ErrJob)
	}
	if j.Mailbox.ReplyDomain != "" {
		domain = j.Mailbox.ReplyDomain
	}
	if _, _, ok := splitAddress(local + "@" + domain); !ok {
		return letterhead{}, fmt.Errorf("%w: the reply domain is %q", ErrJob, domain)
	}
	if !only(j.Unique, 100, "abcdefghijklmnopqrstuvwxyz0123456789-") {
		return letterhead{}, fmt.Errorf("%w: the unique half of the Message-ID is %q", ErrJob, j.Unique)
	}
	if j.Auto != "" && j.Auto != "auto-replied" && j.Auto != "auto-generated" {
		return letterhead{}, fmt.Errorf("%w: Auto-Submitted is %q", ErrJob, j.Auto)
	}
	id := j.Data.Ticket.ID
	if j.Number != 0 && !only(id, 40, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-") {
		return letterhead{}, fmt.Errorf("%w: the ticket's name is %q", ErrJob, id)
	}
	m := letterhead{local: local, domain: domain, token: c.Tokens.Mint(j.Number, j.To.Address, j.Sort), sender: j.Mailbox.Address}
	m.id = "<" + m.token + "." + j.Unique + "@" + domain + ">"
	m.subject = templates.Line(j.Subject, maxSubject)
	if j.Number != 0 {
		m.subject = tagged(id, j.Subject)
	} else if m.subject == "" {
		m.subject = c.Templates.Subject(j.Data.Kind, j.Data.Lang)
	}
	if j.Mailbox.Verp { // a fixed envelope is fixed: some relays take no other sender, not even none
		m.sender = ""
		if !j.NullFrom {
			m.sender = m.address(c.Tokens.Mint(j.Number, j.To.Address, sop.Bouncing))
		}
	}
	return m, nil
}

// address is ours with a token; without one it is the plain address.
func (m *letterhead) address(token string) string {
	if token == "" {
		return m.local + "@" + m.domain
	}
	return m.local + "+" + token + "@" + m.domain
}

// tagged puts a ticket's tag before its subject. Tags that the subject brings go: a foreign one would lead an answer
// astray.
func tagged(id, subject string) string {
	prefix, _, _ := strings.Cut(id, "-")
	subject = templates.Line(withoutTags(templates.Line(subject, 2*maxSubject), prefix), maxSubject)
	return strings.TrimSpace("[" + id + "] " + subject)
}

// withoutTags drops every [IT-000123], also one that comes about when another goes.
func withoutTags(s, prefix string) string {
	for from := 0; ; {
		i := strings.IndexByte(s[from:], '[')
		if i < 0 {
			return s
		}
		i += from
		end := strings.IndexByte(s[i:], ']')
		if end < 0 {
			return s
		}
		number, is := strings.CutPrefix(strings.ToUpper(s[i+1:i+end]), strings.ToUpper(prefix)+"-")
		if from = i + 1; is && only(number, 20, "0123456789") {
			s, from = s[:i]+s[i+end+1:], 0
		}
	}
}

// only says whether s is not empty, not too long and made of these characters alone.
func only(s string, most int, of string) bool {
	if s == "" || len(s) > most {
		return false
	}
	for i := range len(s) {
		if strings.IndexByte(of, s[i]) < 0 {
			return false
		}
	}
	return true
}

// beyondASCII lets the letters of a local part that ASCII lacks pass for one of its own (RFC 6531 §3.3).
func beyondASCII(r rune) rune {
	if r >= utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)) {
		return 'x'
	}
	return r
}

// splitAddress parts an address that may stand in a header and an envelope as it is: one @, nothing to be quoted
// (RFC 5322 §3.4.1, dot-atom), letters beyond ASCII in the local part alone (RFC 6532 §3.2).
func splitAddress(a string) (local, domain string, ok bool) {
	local, domain, ok = strings.Cut(a, "@")
	const atoms = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.!#$%&'*+-/=?^_`{|}~"
	if !ok || !only(strings.Map(beyondASCII, local), 64, atoms) || !utf8.ValidString(local) || !only(domain, 253, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") {
		return "", "", false
	}
	return local, domain, local[0] != '.' && local[len(local)-1] != '.' && !strings.Contains(a, "..")
}
