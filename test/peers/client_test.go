package peers

import (
	"bytes"
	"fmt"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// mailing counts mails, for their Message-IDs and files.
var mailing atomic.Int64

// draft is a mail that somebody writes.
type draft struct {
	from, name, to, subject string
	inReplyTo, references   string
	fields                  string // more header fields, each with its line end
	text                    string
}

// raw writes the mail out, as mail clients do, and gives its Message-ID.
func (d draft) raw() (raw []byte, messageID string) {
	messageID = fmt.Sprintf("%d.%d@client.company.com", mailing.Add(1), time.Now().UnixNano())
	var b bytes.Buffer
	fmt.Fprintf(&b, "From: %s\r\nTo: %s\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%s>\r\n", (&mail.Address{Name: d.name, Address: d.from}).String(), d.to, d.subject, time.Now().Format(time.RFC1123Z), messageID)
	if d.inReplyTo != "" {
		fmt.Fprintf(&b, "In-Reply-To: %s\r\nReferences: %s\r\n", d.inReplyTo, d.references)
	}
	b.WriteString(d.fields)
	if !strings.Contains(strings.ToLower(d.fields), "content-type:") {
		b.WriteString("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n")
	}
	b.WriteString("\r\n" + strings.ReplaceAll(d.text, "\n", "\r\n") + "\r\n")
	return b.Bytes(), messageID
}

// reply is an answer to a letter, with the letter quoted below.
func reply(t *testing.T, l *letter, from, text string) draft {
	t.Helper()
	quoted := "> " + strings.ReplaceAll(strings.TrimRight(strings.ReplaceAll(l.text, "\r\n", "\n"), "\n"), "\n", "\n> ")
	return draft{
		from: from, to: l.address(t, "Reply-To"), subject: "Re: " + l.get("Subject"),
		inReplyTo: l.get("Message-Id"), references: strings.TrimSpace(l.get("References") + " " + l.get("Message-Id")),
		text: text + "\n\nPada " + l.get("Date") + ", " + l.get("From") + " menulis:\n" + quoted,
	}
}

// send sends a mail as its From, who signs in at the submission port, by swaks. It gives the Message-ID.
func (w *world) send(t *testing.T, d draft) string {
	t.Helper()
	raw, id := d.raw()
	if said, err := w.signedIn(t, d.from, raw, d.to); err != nil {
		t.Fatalf("not sent: %v\n%s", err, said)
	}
	return id
}

// signedIn sends a mail as somebody who signs in. It gives the dialogue.
func (w *world) signedIn(t *testing.T, login string, raw []byte, to string) ([]byte, error) {
	t.Helper()
	args := []string{"--auth", "PLAIN", "--auth-user", login, "--auth-password", password}
	if w.tls != nil {
		args = append(args, "--tls", "--tls-verify", "--tls-ca-path", w.tls.path("ca.pem"))
	}
	return w.swaks(t, w.submission, login, to, raw, args...)
}

// swaks sends a mail by swaks, byte for byte.
func (w *world) swaks(t *testing.T, server, from, to string, raw []byte, more ...string) ([]byte, error) {
	t.Helper()
	file := filepath.Join(w.dir, fmt.Sprintf("mail-%d.eml", mailing.Add(1)))
	write(t, file, strings.ReplaceAll("\n"+string(raw), "\n.", "\n..")[1:]+".\r\n") // swaks leaves the dots to us
	defer os.Remove(file)
	args := append([]string{"--server", server, "--from", from, "--to", to, "--data", "@" + file, "--no-data-fixup", "--hide-all", "--timeout", "60"}, more...)
	return exec.Command("swaks", args...).CombinedOutput()
}

// arrive sends a mail to port 25, as the world does: nobody signs in.
func (w *world) arrive(t *testing.T, from, to string, raw []byte) {
	t.Helper()
	if said, err := w.swaks(t, w.mx, from, to, raw); err != nil {
		t.Fatalf("not taken: %v\n%s", err, said)
	}
}

// curl sends a mail as somebody who signs in, by curl.
func (w *world) curl(t *testing.T, d draft) string {
	t.Helper()
	raw, id := d.raw()
	file := filepath.Join(w.dir, fmt.Sprintf("mail-%d.eml", mailing.Add(1)))
	write(t, file, string(raw))
	defer os.Remove(file)
	args := []string{"--silent", "--show-error", "--max-time", "60", "--user", d.from + ":" + password, "--mail-from", d.from, "--mail-rcpt", d.to, "--upload-file", file}
	if w.tls != nil {
		args = append(args, "--ssl-reqd", "--cacert", w.tls.path("ca.pem"))
	}
	if said, err := exec.Command("curl", append(args, "smtp://"+w.submission)...).CombinedOutput(); err != nil {
		t.Fatalf("curl: %v\n%s", err, said)
	}
	return id
}
