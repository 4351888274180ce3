package compose

import (
	"bytes"
	"mime"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/jhillyerd/enmime/v2"

	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/templates"
)

// fields are all that a notice may have in its header.
var fields = []string{
	"Auto-Submitted", "Content-Type", "Date", "From", "In-Reply-To", "Message-Id", "Mime-Version", "References", "Reply-To", "Subject", "Thread-Topic", "To",
	"X-Auto-Response-Suppress", "X-Helpost-Notice", "X-Helpost-Ticket",
}

// spoiled puts a hostile text wherever a person's words can reach a mail.
func spoiled(evil string) Job {
	j := job()
	j.Subject, j.To.Name, j.FromName, j.Mailbox.Name = evil, evil, evil, "IT Service Desk "+evil
	j.Data.Words, j.Data.Author, j.Data.Reason = evil, evil, evil
	j.Data.Ticket.Subject, j.Data.To = evil, sop.Person{Name: evil}
	j.Data.Quote = &templates.Quote{Author: evil, Text: evil, At: j.At}
	j.Thread = []string{"<1@company.com>", evil, "<" + evil + ">"}
	j.Buttons = []Answer{{Name: "mend", With: evil, Body: evil, Sort: sop.Public}}
	j.Files = []File{
		{Name: evil, ContentType: evil, ContentID: evil, Inline: true, Ref: store.Ref{Blob: "b"}},
		{Name: evil + ".png", ContentType: "image/" + evil, ContentID: "<" + evil + ">", Ref: store.Ref{Blob: "b"}},
		{Name: "a.png", ContentType: "image/png", ContentID: "ok@x", Inline: true, Ref: store.Ref{Blob: "b"}},
	}
	return j
}

var evils = []string{
	"", "Printer\r\nBcc: evil@x.example", "a\nX-Evil: 1\n\nbody", "=?utf-8?q?evil=0D=0ABcc:_x?=", "=?utf-8?b?DQpCY2M6IHg=?=", "é€𝄞 " + strings.Repeat("ü", 300),
	`"; filename="x.exe`, `x" <evil@x.example>, "y`, "evil@x.example", "a, b <c@d.example>", strings.Repeat("a", 5000), strings.Repeat("a ", 3000), "\x00\x01\xff\xfe", "..", "../../etc/passwd", `C:\x\y.exe`,
	"CON", "\u202egnp.exe", "--=_m-m7-1", "--=_a-m7-1--\r\n", "\r\n.\r\n", "From x", "#selesai", "<script>", `javascript:alert("x")`, "%0D%0ABcc: x", "&body=evil&subject=x", "\u2028#x", "=", "?=", "=?", "\\", `\"`, "(comment)", "[IT-000999]",
}

// sound composes a job and holds the mail to what every mail must be.
func sound(t *testing.T, j Job) {
	t.Helper()
	row, err := composer(t).Compose(j)
	if err != nil {
		t.Fatalf("%q: %v", j.Subject, err)
	}
	raw := wire(row)
	checkBytes(t, raw)
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	for name, values := range m.Header {
		if !slices.Contains(fields, name) || len(values) != 1 {
			t.Errorf("%s stands %d times", name, len(values))
		}
	}
	for name, address := range map[string]string{"To": j.To.Address, "From": j.Mailbox.Address} {
		if list, err := m.Header.AddressList(name); err != nil || len(list) != 1 || list[0].Address != address {
			t.Errorf("%s is %q: %v, %v", name, m.Header.Get(name), list, err)
		}
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || !strings.HasPrefix(subject, "[IT-000123]") || strings.ContainsFunc(subject, unicode.IsControl) || !utf8.ValidString(subject) || subject != tagged("IT-000123", j.Subject) {
		t.Errorf("the subject is %q, want %q: %v", subject, tagged("IT-000123", j.Subject), err)
	}
	e, err := reader.ReadEnvelope(bytes.NewReader(raw))
	if err != nil || len(e.Errors) > 0 {
		t.Fatalf("%v %v\n%s", err, e.Errors, raw)
	}
	files := append(append(append([]*enmime.Part(nil), e.Attachments...), e.Inlines...), e.OtherParts...)
	if len(files) != len(j.Files) {
		t.Errorf("%d files of %d\n%s", len(files), len(j.Files), raw)
	}
	for _, p := range files {
		if !bytes.Equal(p.Content, attachment) || strings.ContainsAny(p.FileName, "/\\\r\n\x00") || strings.ContainsFunc(p.FileName, unicode.IsControl) || strings.HasPrefix(p.FileName, ".") {
			t.Errorf("the file %q: %q", p.FileName, p.Content)
		}
	}
	for line := range strings.SplitSeq(strings.ReplaceAll(e.Text, "\r\n", "\n"), "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			t.Errorf("a line begins %q", line)
		}
	}
	for _, l := range links(t, e.HTML) {
		if !strings.HasPrefix(l.to, "helpdesk+") || !strings.HasSuffix(l.to, "@company.com") || !strings.HasPrefix(l.subject, "Re: [IT-000123]") {
			t.Errorf("a button writes to %q about %q", l.to, l.subject)
		}
		if want := crlf(j.Buttons[0].Body); l.body != want {
			t.Errorf("a button writes %q, want %q", l.body, want)
		}
	}
}

func TestNothingThatAPersonWroteBreaksAMail(t *testing.T) {
	for _, evil := range evils {
		sound(t, spoiled(evil))
	}
}

func TestDisplayNamesAreQuotedOrEncoded(t *testing.T) {
	for name, want := range map[string]string{
		`Rina "Kiki" Wijaya`: `Rina "Kiki" Wijaya`, "Jürgen Müller": "Jürgen Müller", "王 小明": "王 小明", "Rina <x@y.example>": "", "=?utf-8?q?CEO?=": "=?utf-8?q?CEO?=",
	} {
		j := job()
		j.To.Name = name
		_, m, _ := read(t, j)
		to, err := m.Header.AddressList("To")
		if err != nil || len(to) != 1 || to[0].Name != want {
			t.Errorf("%q: %q became %v (%v)", name, m.Header.Get("To"), to, err)
		}
	}
}

func TestFileNamesAreNoPathsAndKeepTheirEnding(t *testing.T) {
	for name, want := range map[string]string{
		"layar.png": "layar.png", "../../etc/passwd": "passwd", `C:\x\y.exe`: "y.exe", "..": "", "/": "", "\u202egnp.exe": "gnp.exe", "a\r\nb.txt": "a b.txt",
		strings.Repeat("é", 200) + ".pdf": strings.Repeat("é", 58) + ".pdf", strings.Repeat("x", 500): strings.Repeat("x", 120), ".bashrc": "bashrc",
	} {
		if got := fileName(name); got != want {
			t.Errorf("%q became %q, want %q", name, got, want)
		}
	}
}

func TestContentTypesSayNothingElse(t *testing.T) {
	for given, want := range map[string]string{
		"image/png": "image/png", "IMAGE/PNG": "image/png", " application/pdf ": "application/pdf", "text/html; charset=x": "application/octet-stream",
		"": "application/octet-stream", "x": "application/octet-stream", "a/b\r\nX: y": "application/octet-stream", "multipart/mixed": "application/octet-stream",
		"message/rfc822": "application/octet-stream", "application/vnd.ms-excel": "application/vnd.ms-excel", "image/svg+xml": "image/svg+xml",
	} {
		if got := contentType(given); got != want {
			t.Errorf("%q became %q, want %q", given, got, want)
		}
	}
}

func FuzzCompose(f *testing.F) {
	for _, evil := range evils {
		f.Add(evil)
	}
	f.Fuzz(func(t *testing.T, evil string) {
		if len(evil) <= 4096 {
			sound(t, spoiled(evil))
		}
	})
}
