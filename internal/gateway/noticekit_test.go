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
	"slices"
	"strings"

	"helpost/internal/sop"
	"helpost/internal/store"
)

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
