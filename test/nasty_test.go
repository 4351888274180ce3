package test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// headed is a mail with a usual header, of a kind, and a body.
func headed(subject, kind, extra, body string) []byte {
	return fmt.Appendf(nil, "From: Rina Wijaya <rina@company.com>\r\nTo: <helpdesk@company.com>\r\nSubject: %s\r\nMessage-ID: <%s@a>\r\nMIME-Version: 1.0\r\n%sContent-Type: %s\r\n\r\n%s", subject, strings.ReplaceAll(subject, " ", "."), extra, kind, body)
}

// nasty are mails that nobody should have sent. nobody: there is no one From, so that it may be kept in quarantine.
func nasty() []struct {
	name   string
	nobody bool
	raw    []byte
} {
	var deep, closing, parts, continued, addresses, fields, inner strings.Builder
	for i := range 300 {
		fmt.Fprintf(&deep, "--b%d\r\nContent-Type: multipart/mixed; boundary=\"b%d\"\r\n\r\n", i, i+1)
		fmt.Fprintf(&closing, "--b%d--\r\n", 300-i)
	}
	for range 100_000 {
		parts.WriteString("--b\r\n\r\n")
	}
	for i := range 20_000 {
		fmt.Fprintf(&continued, ";\r\n name*%d*=%%41", i)
		fmt.Fprintf(&addresses, "x%d@company.com,\r\n ", i)
	}
	for i := range 10_000 {
		fmt.Fprintf(&fields, "X-Banyak-%d: nilai\r\n", i)
	}
	for i := range 60 {
		fmt.Fprintf(&inner, "From: <budi@company.com>\r\nSubject: dalam %d\r\nMIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n\r\n", i)
	}
	block := make([]byte, 12_000_000)
	for i := range block {
		block[i] = byte(i * i >> 7)
	}
	return []struct {
		name   string
		nobody bool
		raw    []byte
	}{
		{"deep unclosed parts", false, headed("deep unclosed parts", `multipart/mixed; boundary="b0"`, "", deep.String()+"\r\ndalam")},
		{"deep closed parts", false, headed("deep closed parts", `multipart/mixed; boundary="b0"`, "", deep.String()+"\r\ndalam\r\n"+closing.String())},
		{"a hundred thousand parts", false, headed("a hundred thousand parts", `multipart/mixed; boundary="b"`, "", parts.String()+"--b--\r\n")},
		{"a flood of continuations", false, headed("a flood of continuations", "application/octet-stream"+continued.String(), "", "isi")},
		{"a flood of fields", false, headed("a flood of fields", "text/plain", fields.String(), "isi")},
		{"a flood of addresses", false, headed("a flood of addresses", "text/plain", "Cc: "+addresses.String()+"y@company.com\r\n", "isi")},
		{"mails in mails", false, headed("mails in mails", "message/rfc822", "", inner.String()+"dalam")},
		{"bad base64", false, headed("bad base64", `application/octet-stream; name="x.bin"`, "Content-Transfer-Encoding: base64\r\n", strings.Repeat("!@#$%^&*()_ ini bukan base64 ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~\r\n", 80_000))},
		{"bad quoted-printable", false, headed("bad quoted-printable", "text/plain", "Content-Transfer-Encoding: quoted-printable\r\n", strings.Repeat("=ZZ=\r\n=4\r\n===\r\n", 20_000))},
		{"an unknown charset", false, headed("an unknown charset", "text/plain; charset=x-tidak-ada", "", strings.Repeat("\x80\xff\xfe", 1000))},
		{"nested quotes", false, headed("nested quotes", "text/html", "", strings.Repeat("<blockquote><div>", 20_000)+"dalam")},
		{"many brackets", false, headed("many brackets", "text/html", "", strings.Repeat("<", 2_000_000))},
		{"an endless line", false, headed("an endless line", "text/plain", "", strings.Repeat("a", 300_000))},
		{"an endless header field", false, headed("an endless header field", "text/plain", "X-Panjang: "+strings.Repeat(" aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n", 25_000), "isi")},
		{"NUL", false, headed("NUL", "text/plain", "X-Nol: a\x00b\r\n", "isi\x00dengan nol")},
		{"24 MB", false, headed("24 MB", `application/octet-stream; name="b.bin"`, "Content-Transfer-Encoding: base64\r\n", wrapped(base64.StdEncoding.EncodeToString(block)))},
		{"no header", true, []byte("\r\nhanya isi\r\n")},
		{"nothing", true, []byte("")},
		{"no From", true, []byte("To: <helpdesk@company.com>\r\nSubject: no From\r\n\r\nisi\r\n")},
		{"two From fields", true, []byte("From: <andi@company.com>\r\nFrom: <rina@company.com>\r\nSubject: two From fields\r\n\r\n#tutup\r\n")},
		{"two addresses in From", true, []byte("From: <andi@company.com>, <rina@company.com>\r\nSubject: two addresses in From\r\n\r\n#tutup\r\n")},
	}
}

func wrapped(s string) string {
	var b strings.Builder
	for ; len(s) > 76; s = s[76:] {
		b.WriteString(s[:76] + "\r\n")
	}
	return b.String() + s
}

// Whatever comes is a ticket, or is refused with a clean 5xx, in some seconds; another mail is served meanwhile.
func TestNastyMails(t *testing.T) {
	d := newDesk(t)
	d.start()
	pid := d.proc.Process.Pid
	for _, c := range nasty() {
		t.Run(c.name, func(t *testing.T) {
			before := len(d.tickets())
			answered := make(chan error, 1)
			at := time.Now()
			go func() { answered <- d.send("rina@company.com", c.raw) }()
			if err := d.send("budi@company.com", report("budi@company.com", "sementara itu "+c.name)); err != nil {
				t.Errorf("meanwhile: %v", err)
			}
			if took := time.Since(at); took > 20*time.Second {
				t.Errorf("another mail waited for %v", took)
			}
			got := code(<-answered)
			if took := time.Since(at); took > 40*time.Second {
				t.Errorf("it took %v", took)
			}
			if got != 250 && (got < 500 || got > 559) {
				t.Errorf("answered %d", got)
			}
			if made := len(d.tickets()) - before - 1; got == 250 && made != 1 && !(c.nobody && made == 0) || got != 250 && made != 0 {
				t.Errorf("answered %d, and %d tickets came of it", got, made)
			}
		})
	}
	if d.proc.Process.Pid != pid || !d.healthy() {
		t.Fatal("it did not stay up")
	}
	if err := d.end(); err != nil {
		t.Fatal(err)
	}
}

func (d *desk) healthy() bool {
	r, err := http.Get("http://" + d.http + "/healthz")
	if err != nil {
		return false
	}
	defer r.Body.Close()
	return r.StatusCode == http.StatusOK
}

// Every mail of a collection of hard ones passes: 250, or a clean 5xx. HELPOST_CORPUS names the folder.
func TestTheCorpusPasses(t *testing.T) {
	folder := os.Getenv("HELPOST_CORPUS")
	if folder == "" {
		folder = filepath.Join("..", "..", "shared", "corpus", "mime")
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.eml"))
	if err != nil || len(files) == 0 {
		t.Skipf("there is no collection of mails in %s", folder)
	}
	d := newDesk(t)
	d.start()
	taken, refused := 0, 0
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		raw = bytes.ReplaceAll(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
		switch got := code(d.send("rina@company.com", raw)); {
		case got == 250:
			taken++
		case got >= 500 && got < 560:
			refused++
			t.Logf("%s: %d", filepath.Base(name), got)
		default:
			t.Errorf("%s: answered %d", filepath.Base(name), got)
		}
	}
	t.Logf("%d taken, %d refused", taken, refused)
	if !d.healthy() {
		t.Fatal("it did not stay up")
	}
	if refused > taken/10 {
		t.Errorf("%d of %d mails were refused", refused, len(files))
	}
	if err := d.end(); err != nil {
		t.Fatal(err)
	}
}
