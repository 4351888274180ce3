package gateway

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"mime"
	"net/mail"
	"net/netip"
	"strings"
	"time"

	"helpost/smtpd"
	"helpost/workflow"
)

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
