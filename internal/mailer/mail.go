package mailer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	netmail "net/mail"
	"strings"
	"sync"

	"golang.org/x/net/idna"

	"helpost/internal/store"
)

// mail is a row's bytes, not in memory but where they lie. It is read when it is signed, and when it is sent.
type mail struct {
	segments  []store.Segment
	content   Content
	signature string // DKIM-Signature field, or ""
	size      int64  // as sent, before dot-stuffing, signature included
}

// prepare measures a mail and signs it.
func prepare(ctx context.Context, segments []store.Segment, content Content, signer *Signer) (*mail, error) {
	m := &mail{segments: segments, content: content}
	var size counter
	var err error
	if signer == nil {
		err = m.measure(ctx, &size)
	} else {
		m.signature, err = signer.sign(ctx, m, &size)
	}
	m.size = int64(size) + int64(len(m.signature))
	return m, err
}

// measure is writeTo without a look at bytes whose size is known.
func (m *mail) measure(ctx context.Context, size *counter) error {
	if len(m.segments) == 0 {
		return errEmpty
	}
	for _, s := range m.segments {
		if s.Ref != nil {
			if known, ok := s.Ref.LinesSize(); ok {
				there, err := m.content.Open(ctx, s)
				if err != nil {
					return contentError{err}
				}
				there.Close() // nothing was read
				*size += counter(known)
				continue
			}
		}
		if err := (&mail{segments: []store.Segment{s}, content: m.content}).writeTo(ctx, size); err != nil {
			return err
		}
	}
	return nil
}

// errEmpty says that a row holds no mail.
var errEmpty = errors.New("the mail is empty")

var copyBuffers = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}

// writeTo writes the mail with CRLF line ends throughout: a bare CR or LF would break the signature on its way, or
// smuggle a second mail past a relay that takes it for a line end.
func (m *mail) writeTo(ctx context.Context, w io.Writer) error {
	if len(m.segments) == 0 {
		return errEmpty
	}
	lines := &crlf{w: w}
	if m.signature != "" {
		if _, err := io.WriteString(w, m.signature); err != nil {
			return err
		}
	}
	for _, s := range m.segments {
		if s.Ref == nil {
			if _, err := lines.Write(s.Bytes); err != nil {
				return err
			}
			continue
		}
		if err := m.copyRef(ctx, lines, s); err != nil {
			return err
		}
	}
	return nil
}

// contentError is a failure to read what a segment refers to: no fault of the relay's.
type contentError struct{ error }

func (e contentError) Unwrap() error { return e.error }

func (m *mail) copyRef(ctx context.Context, w io.Writer, s store.Segment) error {
	r, err := m.content.Open(ctx, s)
	if err != nil {
		return contentError{err}
	}
	defer r.Close() // it was only read
	write := writer(w)
	if _, known := s.Ref.LinesSize(); known {
		write = straightWriter(w)
	}
	buffer := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buffer)
	for {
		n, err := r.Read(*buffer)
		if n > 0 {
			if err := write((*buffer)[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return contentError{err}
		}
	}
}

// liner takes base64 that is known to stand in lines of ours: nothing in it is to be mended or doubled.
type liner interface{ writeLines(b []byte) error }

func writer(w io.Writer) func([]byte) error {
	return func(b []byte) error {
		_, err := w.Write(b)
		return err
	}
}

// straightWriter writes such lines without a look at them where w can.
func straightWriter(w io.Writer) func([]byte) error {
	if l, ok := w.(liner); ok {
		return l.writeLines
	}
	return writer(w)
}

type counter int64

func (c *counter) Write(b []byte) (int, error) { *c += counter(len(b)); return len(b), nil }

// crlf turns a bare LF into CRLF and drops a bare CR.
type crlf struct{ w io.Writer }

func (c *crlf) writeLines(b []byte) error { return straightWriter(c.w)(b) }

var lineEnd = []byte("\r\n")

func (c *crlf) Write(b []byte) (int, error) {
	total := len(b)
	for len(b) > 0 {
		n := 1
		var err error
		switch b[0] {
		case '\n':
			_, err = c.w.Write(lineEnd)
		case '\r': // written with its LF
		default:
			n = clean(b)
			_, err = c.w.Write(b[:n])
		}
		if err != nil {
			return total - len(b), err
		}
		b = b[n:]
	}
	return total, nil
}

// clean is the length of the longest beginning that needs no mending: whole lines that end in CRLF, then what has no CR
// or LF.
func clean(b []byte) int {
	n := 0
	for {
		i := bytes.IndexByte(b[n:], '\n')
		rest := b[n:]
		if i >= 0 {
			rest = rest[:i]
		}
		if cr := bytes.IndexByte(rest, '\r'); cr >= 0 && (i < 0 || cr < i-1) {
			return n + cr
		} else if cr < 0 || i < 0 { // a bare LF, or the end
			return n + len(rest)
		}
		n += i + 1
		if n == len(b) {
			return n
		}
	}
}

// head is the header of a mail.
type head struct {
	fields netmail.Header
}

// head reads the header, which must stand in the exact bytes at the mail's beginning.
func (m *mail) head() (head, error) {
	var exact []byte
	for _, s := range m.segments {
		if s.Ref != nil {
			break
		}
		if exact == nil {
			exact = s.Bytes
		} else {
			exact = append(exact[:len(exact):len(exact)], s.Bytes...)
		}
		if bytes.Contains(s.Bytes, []byte("\n\r\n")) || bytes.Contains(s.Bytes, []byte("\n\n")) {
			break
		}
	}
	parsed, err := netmail.ReadMessage(bytes.NewReader(exact))
	if err != nil {
		return head{}, fmt.Errorf("the mail has no header: %w", err)
	}
	return head{fields: parsed.Header}, nil
}

func (h head) has(name string) bool { return h.fields.Get(name) != "" }

func (h head) from() (string, error) {
	address, err := netmail.ParseAddress(h.fields.Get("From"))
	if err != nil {
		return "", fmt.Errorf("the From cannot be read: %w", err)
	}
	return address.Address, nil
}

// asciiDomain writes a domain as RFC 5321 has it, with A-labels (RFC 5891).
func asciiDomain(domain string) (string, error) {
	if isASCII(domain) {
		return domain, nil
	}
	return idna.Lookup.ToASCII(domain)
}

var errAddress = errors.New("the address cannot be written in SMTP")

// envelope writes an address as it goes into MAIL and RCPT: its domain in A-labels, so that SMTPUTF8 (RFC 6531) is
// needed for a local part only. "" is the null sender.
func envelope(address string) (string, bool, error) {
	if address == "" {
		return "", false, nil
	}
	local, domain, ok := cutLast(address, "@")
	quoted := strings.HasPrefix(local, `"`) && strings.HasSuffix(local, `"`) && len(local) > 1
	bad := func(r rune) bool { return r < ' ' || r == 0x7f || r == '<' || r == '>' || r == ' ' && !quoted }
	if !ok || local == "" || domain == "" || strings.ContainsFunc(address, bad) || strings.Contains(domain, " ") {
		return "", false, errAddress
	}
	ascii, err := asciiDomain(domain)
	if err != nil {
		return "", false, errors.Join(errAddress, err)
	}
	return local + "@" + ascii, !isASCII(local), nil
}

func cutLast(s, sep string) (string, string, bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > 0x7f })
}
