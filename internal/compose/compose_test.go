package compose

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jhillyerd/enmime/v2"

	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/templates"
)

// tokens makes tokens that say what they were made of.
type tokens struct{}

func (tokens) Mint(n sop.Number, receiver string, s sop.Sort) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, receiver)
	t := fmt.Sprintf("t%c%s%s", 'a'+rune(s), strings.Repeat("n", int(n%7)), name)
	return (t + strings.Repeat("2", 30))[:30]
}

func mint(n sop.Number, receiver string, s sop.Sort) string { return tokens{}.Mint(n, receiver, s) }

// embedded is the embedded templates, read once.
var embedded = sync.OnceValues(func() (*templates.Set, error) { return templates.Load("") })

func composer(t testing.TB) *Composer {
	t.Helper()
	set, err := embedded()
	if err != nil {
		t.Fatal(err)
	}
	return &Composer{Templates: set, Tokens: tokens{}}
}

// job is a `resolved` to a reporter.
func job() Job {
	d := templates.Samples()["resolved.id"]
	return Job{
		Data: d, Number: 123, Subject: "Printer lantai 2 macet", To: d.To, Sort: sop.Public,
		Mailbox: Mailbox{Address: "helpdesk@company.com", Name: "IT Service Desk PT Contoh", Verp: true},
		Auto:    "auto-replied", Thread: []string{"<1@company.com>", "<2@company.com>"}, Unique: "m7-1",
		At: time.Date(2026, 1, 12, 9, 13, 0, 0, time.FixedZone("WIB", 7*3600)), Class: store.ClassAnswer,
		Buttons: []Answer{{Name: "confirm", Body: "YA", Sort: sop.Public}, {Name: "dispute", Body: "BELUM. Yang masih terjadi: ", Sort: sop.Public}},
	}
}

var attachment = []byte(strings.Repeat("attached bytes ", 20))

// reader believes the declared character set.
var reader = enmime.NewParser(enmime.DisableCharacterDetection(true))

// wire is the mail as the mailer sends it: the referenced bytes in base64.
func wire(row store.Outbox) []byte {
	var b bytes.Buffer
	for _, s := range row.Segments {
		b.Write(s.Bytes)
		if s.Ref != nil {
			text := base64.StdEncoding.EncodeToString(attachment)
			for len(text) > 76 {
				b.WriteString(text[:76] + "\r\n")
				text = text[76:]
			}
			b.WriteString(text + "\r\n")
		}
	}
	return b.Bytes()
}

// read composes a job and reads the mail back with two readers.
func read(t testing.TB, j Job) (store.Outbox, *mail.Message, *enmime.Envelope) {
	t.Helper()
	row, err := composer(t).Compose(j)
	if err != nil {
		t.Fatal(err)
	}
	raw := wire(row)
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	e, err := reader.ReadEnvelope(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	for _, problem := range e.Errors {
		t.Errorf("enmime: %v\n%s", problem, raw)
	}
	checkBytes(t, raw)
	return row, m, e
}

// checkBytes holds a mail to what every mail must be.
func checkBytes(t testing.TB, raw []byte) {
	t.Helper()
	if strings.Contains(strings.ReplaceAll(string(raw), "\r\n", ""), "\n") || strings.Contains(strings.ReplaceAll(string(raw), "\r\n", ""), "\r") {
		t.Errorf("a bare CR or LF:\n%q", raw)
	}
	for line := range strings.SplitSeq(string(raw), "\r\n") {
		if len(line) > 998 {
			t.Errorf("a line of %d bytes", len(line))
		}
		if i := strings.IndexFunc(line, func(r rune) bool { return r >= 0x7f || r < ' ' && r != '\t' }); i >= 0 {
			t.Errorf("a byte that is not ASCII text: %q", line)
		}
	}
}

func TestANoticeHasTheHeadersOfTheContract(t *testing.T) {
	row, m, _ := read(t, job())
	token := mint(123, "rina@company.com", sop.Public)
	for name, want := range map[string]string{
		"Message-ID": "<" + token + ".m7-1@company.com>", "Date": "Mon, 12 Jan 2026 09:13:00 +0700",
		"From": `"IT Service Desk PT Contoh" <helpdesk@company.com>`, "To": `"Rina Wijaya" <rina@company.com>`,
		"Reply-To": `"IT Service Desk PT Contoh" <helpdesk+` + token + `@company.com>`,
		"Subject":  "[IT-000123] Printer lantai 2 macet", "Thread-Topic": "[IT-000123] Printer lantai 2 macet",
		"In-Reply-To": "<2@company.com>", "References": "<1@company.com> <2@company.com>", "Auto-Submitted": "auto-replied",
		"X-Auto-Response-Suppress": "DR, RN, NRN, OOF, AutoReply", "X-Helpost-Ticket": "IT-000123", "X-Helpost-Notice": "resolved", "Mime-Version": "1.0",
	} {
		if got := m.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
		if n := len(m.Header[name]); name != "Message-ID" && n != 1 {
			t.Errorf("%s stands %d times", name, n)
		}
	}
	bounce := "helpdesk+" + mint(123, "rina@company.com", sop.Bouncing) + "@company.com"
	if row.From != bounce || row.To != "rina@company.com" || row.MessageID != m.Header.Get("Message-ID") || row.Ticket != 123 || row.Kind != sop.KindResolved || row.Class != store.ClassAnswer || !row.NextTry.Equal(row.Made) {
		t.Errorf("the row is %+v", row)
	}
	if m.Header.Get("User-Agent") != "" || m.Header.Get("X-Mailer") != "" {
		t.Error("the mail names its program")
	}
}

func TestTheRefLineBearsTheTokenOfReplyToAndMessageID(t *testing.T) {
	_, m, e := read(t, job())
	token := regexp.MustCompile(`\+([a-z2-7]{26,40})@`).FindStringSubmatch(m.Header.Get("Reply-To"))[1]
	ref := "ref: IT-000123-" + token
	if !strings.Contains(strings.ReplaceAll(e.Text, "\r", ""), "\n"+ref+"\n") || !strings.Contains(e.HTML, ref) || !strings.HasPrefix(m.Header.Get("Message-ID"), "<"+token+".") {
		t.Errorf("want %s in\n%s\n%s", ref, e.Text, e.HTML)
	}
}

func TestTheEnvelopeSenderIsAsTheRelayWants(t *testing.T) {
	for name, test := range map[string]struct {
		verp, null bool
		want       string
	}{
		"verp":                      {true, false, "helpdesk+" + mint(123, "rina@company.com", sop.Bouncing) + "@company.com"},
		"verp, to somebody unknown": {true, true, ""},
		"fixed":                     {false, false, "helpdesk@company.com"},
		"fixed is always fixed":     {false, true, "helpdesk@company.com"},
	} {
		j := job()
		j.Mailbox.Verp, j.NullFrom = test.verp, test.null
		if row, _, _ := read(t, j); row.From != test.want {
			t.Errorf("%s: %q, want %q", name, row.From, test.want)
		}
	}
}

func TestAReplyDomainIsWhereAnswersAndBouncesGo(t *testing.T) {
	j := job()
	j.Mailbox.ReplyDomain = "help.company.com"
	row, m, _ := read(t, j)
	if !strings.HasSuffix(m.Header.Get("Reply-To"), "@help.company.com>") || !strings.HasSuffix(m.Header.Get("Message-ID"), "@help.company.com>") || !strings.HasSuffix(row.From, "@help.company.com") || !strings.HasSuffix(m.Header.Get("From"), "<helpdesk@company.com>") {
		t.Errorf("%v, envelope %s", m.Header, row.From)
	}
}

func TestPlainStyleAnswersGoToTheAddressItself(t *testing.T) {
	j := job()
	j.Mailbox.Plain = true
	_, m, e := read(t, j)
	if got := m.Header.Get("Reply-To"); got != `"IT Service Desk PT Contoh" <helpdesk@company.com>` {
		t.Errorf("Reply-To: %s", got)
	}
	b := links(t, e.HTML)
	token := mint(123, "rina@company.com", sop.Public)
	if len(b) != 2 || b[0].to != "helpdesk@company.com" || b[0].body != "YA\r\n\r\n> ref: IT-000123-"+token {
		t.Errorf("buttons: %+v", b)
	}
	if !strings.Contains(m.Header.Get("Message-ID"), token) {
		t.Error("the token is nowhere to be found")
	}
}

func TestANoticeAboutNoTicketNamesNone(t *testing.T) {
	j := job()
	j.Data, j.Number, j.Subject, j.Buttons = templates.Samples()["warning.bundle.id"], 0, "", nil
	j.To = sop.Person{Address: "andi@company.com", Name: "Andi Saputra"}
	j.Listed = []Listed{{Number: 123, Buttons: []Answer{{Name: "take", Body: "#ambil", Sort: sop.Internal}}}, {Number: 124, Buttons: []Answer{{Name: "take", Body: "#ambil", Sort: sop.Internal}}}}
	row, m, e := read(t, j)
	if m.Header.Get("X-Helpost-Ticket") != "" || strings.Contains(m.Header.Get("Subject"), "[") || m.Header.Get("Subject") == "" || strings.Contains(e.Text, "ref:") || strings.Contains(m.Header.Get("Reply-To"), "+") || row.Ticket != 0 {
		t.Errorf("%v\n%s", m.Header, e.Text)
	}
	if !strings.HasPrefix(row.MessageID, "<"+mint(0, "andi@company.com", sop.Public)+".") {
		t.Errorf("Message-ID %s", row.MessageID)
	}
	b := links(t, e.HTML)
	if len(b) != 2 || b[0].to == b[1].to || !strings.Contains(b[0].subject, "[IT-000123]") || !strings.Contains(b[1].subject, "[IT-000124]") || b[0].to != "helpdesk+"+mint(123, "andi@company.com", sop.Internal)+"@company.com" {
		t.Errorf("buttons: %+v", b)
	}
}

func TestWordsOfAPersonAreNoAutomaticMail(t *testing.T) {
	j := job()
	j.Data = templates.Samples()["reply.id"]
	j.Auto, j.FromName = "", "Andi Saputra"
	_, m, e := read(t, j)
	if m.Header.Get("Auto-Submitted") != "" || m.Header.Get("X-Auto-Response-Suppress") != "" || m.Header.Get("From") != `"Andi Saputra - IT Service Desk PT Contoh" <helpdesk@company.com>` {
		t.Errorf("%v", m.Header)
	}
	if !strings.Contains(e.Text, "1 masalah ada di kabel") {
		t.Errorf("%s", e.Text)
	}
}

func TestTheDeskIsNotAskedToSuppressItsAnswers(t *testing.T) {
	j := job()
	j.Data = templates.Samples()["new.id"]
	if _, m, _ := read(t, j); m.Header.Get("X-Auto-Response-Suppress") != "" || m.Header.Get("Auto-Submitted") != "auto-replied" {
		t.Errorf("%v", m.Header)
	}
}

func TestReferencesAreTheNewestTwenty(t *testing.T) {
	j := job()
	j.Thread = nil
	for i := range 30 {
		j.Thread = append(j.Thread, fmt.Sprintf("<%d@company.com>", i))
	}
	j.Thread = append(j.Thread, "<29@company.com>", "no id", "<bad id@x>", "<a@b>\r\nX-Evil: 1", "<"+strings.Repeat("a", 2000)+"@x>")
	_, m, _ := read(t, j)
	got := strings.Fields(m.Header.Get("References"))
	if len(got) != 20 || got[0] != "<10@company.com>" || got[19] != "<29@company.com>" || m.Header.Get("In-Reply-To") != "<29@company.com>" {
		t.Errorf("In-Reply-To %s, References %q", m.Header.Get("In-Reply-To"), got)
	}
	j.Thread = nil
	if _, m, _ := read(t, j); m.Header.Get("References") != "" || m.Header.Get("In-Reply-To") != "" {
		t.Error("a thread of nothing was named")
	}
}

func TestTheSubjectHasOneTagOurs(t *testing.T) {
	for subject, want := range map[string]string{
		"Printer macet": "[IT-000123] Printer macet", "": "[IT-000123]", "Re: [IT-000005] Printer": "[IT-000123] Re: Printer",
		"[it-5][IT-000123] [tag] x [": "[IT-000123] [tag] x [", "[IT-000[IT-000005]005] x": "[IT-000123] x",
		"[IT-000005": "[IT-000123] [IT-000005", "[HR-000005] x": "[IT-000123] [HR-000005] x",
	} {
		j := job()
		j.Subject = subject
		_, m, _ := read(t, j)
		got := m.Header.Get("Subject")
		if got != want {
			t.Errorf("%q became %q, want %q", subject, got, want)
		}
	}
}

// link is what a button opens.
type link struct{ to, subject, body string }

func links(t testing.TB, page string) []link {
	t.Helper()
	var all []link
	for _, h := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		u, err := url.Parse(html.UnescapeString(h[1]))
		if err != nil || u.Scheme != "mailto" {
			t.Errorf("a button opens %q: %v", h[1], err)
			continue
		}
		to, err := url.PathUnescape(u.Opaque)
		if err != nil {
			t.Error(err)
		}
		if strings.Contains(u.RawQuery, "+") || strings.Contains(u.RawQuery, " ") {
			t.Errorf("a blank that mail clients show as a plus: %s", u.RawQuery)
		}
		q, err := url.ParseQuery(u.RawQuery)
		if err != nil {
			t.Error(err)
		}
		all = append(all, link{to, q.Get("subject"), q.Get("body")})
	}
	return all
}

func TestButtonsOpenAReadyAnswer(t *testing.T) {
	j := job()
	j.Subject = `50% + "ä" & co?`
	j.Buttons = append(j.Buttons, Answer{Name: "mend", Body: "#selesai\nBaris dua & lagi = 1+1\r\n\"tiga\"", Sort: sop.Internal}, Answer{Name: "plain", Body: strings.Repeat("x", 1501)})
	_, _, e := read(t, j)
	public, internal := mint(123, "rina@company.com", sop.Public), mint(123, "rina@company.com", sop.Internal)
	want := []link{
		{"helpdesk+" + public + "@company.com", `Re: [IT-000123] 50% + "ä" & co?`, "YA"},
		{"helpdesk+" + public + "@company.com", `Re: [IT-000123] 50% + "ä" & co?`, "BELUM. Yang masih terjadi: "},
		{"helpdesk+" + internal + "@company.com", `Re: [IT-000123] 50% + "ä" & co?`, "#selesai\r\nBaris dua & lagi = 1+1\r\n\"tiga\""},
	}
	if got := links(t, e.HTML); !slices.Equal(got, want) {
		t.Errorf("have %+v, want %+v", got, want)
	}
}

func TestAttachmentsComeAlongByReference(t *testing.T) {
	j := job()
	j.Data.Words = "Lihat gambar: [cid:logo@x] di sini"
	ref := store.Ref{Ticket: 123, Message: 1, Offset: 10, Length: 20, Encoding: "base64"}
	j.Files = []File{
		{Name: "layar.png", ContentType: "image/png", ContentID: "<logo@x>", Inline: true, Ref: store.Ref{Blob: "b1"}},
		{Name: "Laporan Träger 2026.pdf", ContentType: "application/pdf", Ref: ref},
		{Name: `../../etc\jahat.html`, ContentType: "text/html; charset=x", Inline: true, Ref: store.Ref{Blob: "b2"}},
		{Name: "", ContentType: "message/rfc822", Ref: store.Ref{Blob: "b3"}},
	}
	row, m, e := read(t, j)
	if !strings.HasPrefix(m.Header.Get("Content-Type"), "multipart/mixed") {
		t.Error(m.Header.Get("Content-Type"))
	}
	var refs []store.Ref
	for _, s := range row.Segments {
		if s.Ref != nil {
			refs = append(refs, *s.Ref)
		}
	}
	if !slices.Equal(refs, []store.Ref{{Blob: "b1"}, ref, {Blob: "b2"}, {Blob: "b3"}}) {
		t.Errorf("references %+v", refs)
	}
	got := map[string]string{}
	for _, p := range append(append(e.Attachments, e.Inlines...), e.OtherParts...) {
		got[p.FileName] = p.ContentType
		if !bytes.Equal(p.Content, attachment) {
			t.Errorf("%s: other bytes: %q", p.FileName, p.Content)
		}
	}
	want := map[string]string{"layar.png": "image/png", "Laporan Träger 2026.pdf": "application/pdf", "jahat.html": "application/octet-stream", "": "application/octet-stream"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("have %v, want %v", got, want)
	}
	if !strings.Contains(e.HTML, `src="cid:logo@x"`) || strings.Contains(e.Text, "[cid:") {
		t.Errorf("the picture is not shown:\n%s\n%s", e.Text, e.HTML)
	}
}

func TestAnInvitationStandsBesideTheText(t *testing.T) {
	j := job()
	j.Data = templates.Samples()["scheduled.onsite.id"]
	j.Visit = &Visit{Start: j.At.Add(24 * time.Hour), Sequence: 2, Onsite: true}
	_, m, e := read(t, j)
	if !strings.HasPrefix(m.Header.Get("Content-Type"), "multipart/alternative") {
		t.Error(m.Header.Get("Content-Type"))
	}
	part := e.Root.DepthMatchFirst(func(p *enmime.Part) bool { return p.ContentType == "text/calendar" })
	if part == nil || !strings.Contains(part.Header.Get("Content-Type"), "method=REQUEST") {
		t.Fatalf("%+v", part)
	}
	checkInvitation(t, part.Content, j)
}

func TestARepeatHasTheSameBytes(t *testing.T) {
	c := composer(t)
	for name, d := range templates.Samples() {
		j := job()
		if j.Data = d; d.Ref == "" {
			j.Number = 0
		}
		j.Files = []File{{Name: "a.pdf", ContentType: "application/pdf", Ref: store.Ref{Blob: "b"}}}
		first, err := c.Compose(j)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		second, err := c.Compose(j)
		if err != nil || !bytes.Equal(wire(first), wire(second)) {
			t.Errorf("%s: two calls gave two mails (%v)", name, err)
		}
	}
}

func TestEveryNoticeIsAMailThatReadersUnderstand(t *testing.T) {
	for name, d := range templates.Samples() {
		t.Run(name, func(t *testing.T) {
			j := job()
			j.Data, j.To = d, sop.Person{Address: "rina@company.com", Name: d.To.Name}
			if d.Ref == "" {
				j.Number = 0
			}
			_, _, e := read(t, j)
			text, page := templateParts(t, j)
			if got := strings.ReplaceAll(e.Text, "\r\n", "\n"); strings.TrimSpace(got) != strings.TrimSpace(text) {
				t.Errorf("the text came back otherwise:\n%s\n---\n%s", got, text)
			}
			if got := strings.ReplaceAll(e.HTML, "\r\n", "\n"); strings.TrimSpace(got) != strings.TrimSpace(page) {
				t.Errorf("the HTML came back otherwise")
			}
		})
	}
}

// templateParts renders what Compose hands to the templates.
func templateParts(t *testing.T, j Job) (text, page string) {
	t.Helper()
	c := composer(t)
	m, err := c.envelope(&j)
	if err != nil {
		t.Fatal(err)
	}
	d := j.Data
	if d.Sort, d.Ref = j.Sort, ""; j.Number != 0 {
		d.Ref = d.Ticket.ID + "-" + m.token
	}
	if d.To.Name == "" && d.To.Address == "" {
		d.To = j.To
	}
	d.Buttons = c.buttons(&j, m, j.Number, d.Ticket.ID, j.Subject, j.Buttons)
	got, err := c.Templates.Render(d)
	if err != nil {
		t.Fatal(err)
	}
	return got.Text, got.HTML
}

func TestWhatCannotBeAMailIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*Job){
		"no receiver":            func(j *Job) { j.To.Address = "" },
		"two receivers":          func(j *Job) { j.To.Address = "a@x.com,b@x.com" },
		"receiver with a line":   func(j *Job) { j.To.Address = "a@x.com\r\nBcc: b@x.com" },
		"receiver's domain":      func(j *Job) { j.To.Address = "rina@cömpany.com" },
		"receiver is no letter":  func(j *Job) { j.To.Address = "rina\u202e@company.com" },
		"receiver in brackets":   func(j *Job) { j.To.Address = "a@x.com> <b@x.com" },
		"no address of ours":     func(j *Job) { j.Mailbox.Address = "helpdesk" },
		"reply domain":           func(j *Job) { j.Mailbox.ReplyDomain = "a b" },
		"no unique":              func(j *Job) { j.Unique = "" },
		"unique with a line":     func(j *Job) { j.Unique = "a\nb" },
		"unknown Auto-Submitted": func(j *Job) { j.Auto = "yes\r\nX: y" },
		"ticket without a name":  func(j *Job) { j.Data.Ticket.ID = "" },
		"ticket's name":          func(j *Job) { j.Data.Ticket.ID = "IT-1\r\nX: y" },
	} {
		j := job()
		spoil(&j)
		if row, err := composer(t).Compose(j); !errors.Is(err, ErrJob) {
			t.Errorf("%s: %v\n%s", name, err, wire(row))
		}
	}
}
