package peers

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-message/mail"
	"github.com/emersion/go-msgauth/dkim"
)

// letter is a mail as it lies in somebody's mailbox.
type letter struct {
	raw    []byte
	header mail.Header
	text   string
	files  map[string][]byte
	read   bool // it was awaited already
}

func (l *letter) get(field string) string { return l.header.Get(field) }
func (l *letter) kind() string            { return l.get("X-Helpost-Notice") }
func (l *letter) ticket() string          { return l.get("X-Helpost-Ticket") }
func (l *letter) messageID() string       { return strings.Trim(l.get("Message-Id"), "<>") }

// address gives the one address of a field.
func (l *letter) address(t *testing.T, field string) string {
	t.Helper()
	all, err := l.header.AddressList(field)
	if err != nil || len(all) != 1 {
		t.Fatalf("%s: %q is not one address (%v)", field, l.get(field), err)
	}
	return all[0].Address
}

// box is what is known of somebody's mailbox.
type box struct {
	last    uint64
	letters []*letter
}

// look gives all letters in somebody's mailbox, the oldest first.
func (w *world) look(t *testing.T, name string) []*letter {
	t.Helper()
	b := w.boxes[name]
	if b == nil {
		b = &box{}
		w.boxes[name] = b
	}
	mails, last, err := inbox(w.imap, name, b.last)
	if err != nil {
		t.Fatal(err)
	}
	b.last = last
	for _, raw := range mails {
		l, err := open(raw)
		if err != nil {
			t.Fatalf("a mail in the mailbox of %s cannot be read: %v\n%s", name, err, raw[:min(len(raw), 2000)])
		}
		b.letters = append(b.letters, l)
	}
	return b.letters
}

func open(raw []byte) (*letter, error) {
	r, err := mail.CreateReader(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	l := &letter{raw: raw, header: r.Header, files: map[string][]byte{}}
	for {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return l, nil
		}
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(part.Body)
		if err != nil {
			return nil, err
		}
		switch h := part.Header.(type) {
		case *mail.InlineHeader:
			if kind, _, err := h.ContentType(); err == nil && kind == "text/plain" {
				l.text += string(content)
			}
		case *mail.AttachmentHeader:
			name, err := h.Filename()
			if err != nil {
				return nil, err
			}
			l.files[name] = content
		}
	}
}

// await waits for a notice about a ticket that was not awaited before; one of several kinds. Every notice must have come
// through the mail servers unchanged: its signature says so.
func (w *world) await(t *testing.T, name, ticket string, kinds ...string) *letter {
	t.Helper()
	var found *letter
	eventually(t, fmt.Sprintf("%s gets %s about %s", name, strings.Join(kinds, " or "), ticket), func() bool {
		for _, l := range w.look(t, name) {
			if !l.read && l.ticket() == ticket && slices.Contains(kinds, l.kind()) {
				found = l
				return true
			}
		}
		return false
	})
	found.read = true
	w.verify(t, found)
	return found
}

// verify checks the signature of a notice.
func (w *world) verify(t *testing.T, l *letter) {
	t.Helper()
	record := func(name string) ([]string, error) {
		if name != "helpost._domainkey.company.com" {
			return nil, fmt.Errorf("asked for %s", name)
		}
		return []string{w.dkimRecord}, nil
	}
	signatures, err := dkim.VerifyWithOptions(bytes.NewReader(l.raw), &dkim.VerifyOptions{LookupTXT: record})
	if err != nil || len(signatures) != 1 || signatures[0].Err != nil {
		t.Errorf("the signature of %s about %s does not hold: %v %+v", l.kind(), l.ticket(), err, signatures)
	}
}
