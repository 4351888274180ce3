package parser

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

const testHead = "From: Rina Wijaya <rina@company.com>\nTo: helpdesk@company.com\nSubject: Printer macet\nMessage-ID: <1@company.com>\nMIME-Version: 1.0\n"

// hostile are mails that make a careless reader slow or large. n says how much of the shape there is; problem is the limit
// that the mail passes at the size of big, nil where it passes none.
var hostile = []struct {
	name    string
	big     int // n at which the mail has a few megabytes or passes its limit by far
	problem error
	make    func(n int) string
}{
	{"multiparts one in another, none closed", 2000, errDepth, func(n int) string {
		var b strings.Builder
		b.WriteString(testHead + "Content-Type: multipart/mixed; boundary=b0\n\n")
		for i := range n {
			fmt.Fprintf(&b, "--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n", i, i+1)
		}
		return b.String() + "dalam\n"
	}},
	{"multiparts one in another, all closed", 2000, errDepth, func(n int) string {
		var b strings.Builder
		b.WriteString(testHead + "Content-Type: multipart/mixed; boundary=b0\n\n")
		for i := range n {
			fmt.Fprintf(&b, "--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n", i, i+1)
		}
		b.WriteString("dalam\n")
		for i := n; i >= 0; i-- {
			fmt.Fprintf(&b, "--b%d--\n", i)
		}
		return b.String()
	}},
	{"multiparts with one boundary for all", 4000, errDepth, func(n int) string {
		return testHead + "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\nContent-Type: multipart/mixed; boundary=b\n\n", n)
	}},
	{"empty parts", 100_000, errParts, func(n int) string {
		return testHead + "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\n\n", n) + "--b--\n"
	}},
	{"text parts", 20_000, errParts, func(n int) string {
		return testHead + "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\nContent-Type: text/plain\n\nisi\n", n) + "--b--\n"
	}},
	{"files without content", 20_000, errParts, func(n int) string {
		return testHead + "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\nContent-Disposition: attachment; filename=a\n\n", n) + "--b--\n"
	}},
	{"multiparts without a boundary", 1900, nil, func(n int) string {
		return testHead + "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\nContent-Type: multipart/mixed\n\n--x\n\nisi\n", n) + strings.Repeat("isi isi isi\n", 40*n)
	}},
	{"lines of two dashes", 1 << 20, nil, func(n int) string {
		return testHead + "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--\n", n)
	}},
	{"RFC 2231 pieces", 10_000, errPieces, func(n int) string {
		var b strings.Builder
		b.WriteString(testHead + "Content-Type: text/plain")
		for i := range n {
			fmt.Fprintf(&b, "; name*%d*=a%%20", i)
		}
		return b.String() + "\n\nisi\n"
	}},
	{"RFC 2231 pieces in every part", 1500, nil, func(n int) string {
		piece := strings.Repeat("; name*7*=a", 40)
		return testHead + "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\nContent-Type: text/plain"+piece+"\n\nisi\n", n)
	}},
	{"a header without an end", 1 << 20, errHeader, func(n int) string { return testHead + "X-A: " + strings.Repeat("a ", n) }},
	{"fields without number", 100_000, errHeader, func(n int) string { return testHead + strings.Repeat("X-A: a\n", n) + "\nisi\n" }},
	{"folds without number", 100_000, errHeader, func(n int) string { return testHead + "X-A: a\n" + strings.Repeat(" a\n", n) + "\nisi\n" }},
	{"stray lines in the header", 6_000, nil, func(n int) string { return strings.Repeat("From: a@b.example\nstray\n", n/2) + testHead + "\nisi\n" }},
	{"encoded words without an end", 20_000, nil, func(n int) string { return testHead + "Cc: " + strings.Repeat("=?a?Q?", n) + "\n\nisi\n" }},
	{"addresses without number", 10_000, nil, func(n int) string { return testHead + "Cc: " + strings.Repeat("a@b.example, ", n) + "\n\nisi\n" }},
	{"colons in addresses", 60_000, nil, func(n int) string {
		return testHead + "Cc: " + strings.Repeat("a", n) + "@" + strings.Repeat(":", n) + "\n\nisi\n"
	}},
	{"comments in addresses", 60_000, nil, func(n int) string { return testHead + "Cc: " + strings.Repeat("(", n) + "\n\nisi\n" }},
	{"Message-IDs without number", 20_000, nil, func(n int) string {
		return testHead + "References: " + strings.Repeat("<a@b>", n/2) + strings.Repeat("<", n) + "\n\nisi\n"
	}},
	{"bad base64", 60_000, nil, func(n int) string {
		return testHead + "Content-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\n" + strings.Repeat("AAAA!AAA*AAAA?AAAA(AAAA)AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=AAAAAA\n", n)
	}},
	{"base64 of strange bytes alone", 60_000, nil, func(n int) string {
		return testHead + "Content-Transfer-Encoding: base64\n\n" + strings.Repeat("!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!\n", n)
	}},
	{"quoted-printable of equals signs", 2 << 20, nil, func(n int) string {
		return testHead + "Content-Transfer-Encoding: quoted-printable\n\n" + strings.Repeat("=", n)
	}},
	{"mails one in another", 200, errNested, func(n int) string {
		return testHead + "Content-Type: message/rfc822\n\n" + strings.Repeat("Subject: a\nContent-Type: message/rfc822\n\n", n) + "isi\n"
	}},
	{"mails beside each other", 1000, nil, func(n int) string {
		return testHead + "Content-Type: multipart/digest; boundary=b\n\n" + strings.Repeat("--b\n\nSubject: a\nContent-Type: text/plain; name=a.txt\n\nisi\n", n) + "--b--\n"
	}},
	{"blockquotes one in another", 100_000, nil, func(n int) string {
		return testHead + "Content-Type: text/html\n\n" + strings.Repeat("<blockquote>", n) + "dalam" + strings.Repeat("</blockquote>", n)
	}},
	{"tables one in another", 40_000, nil, func(n int) string {
		return testHead + "Content-Type: text/html\n\n" + strings.Repeat("<table><tr><td>a<td>b", n) + strings.Repeat("</table>", n)
	}},
	{"lists one in another", 40_000, nil, func(n int) string {
		return testHead + "Content-Type: text/html\n\n" + strings.Repeat("<ul><li>a", n)
	}},
	{"attributes without number", 200_000, nil, func(n int) string {
		return testHead + "Content-Type: text/html\n\n<div " + strings.Repeat("a=b ", n) + ">isi</div>"
	}},
	{"rows without number", 60_000, nil, func(n int) string {
		return testHead + "Content-Type: text/html\n\n<table>" + strings.Repeat("<tr><td>a<td>b", n)
	}},
	{"one endless line", 2 << 20, nil, func(n int) string { return testHead + "\n" + strings.Repeat("a", n) }},
	{"NUL alone", 2 << 20, nil, func(n int) string { return testHead + "\n" + strings.Repeat("\x00", n) }},
	{"bytes of no charset", 2 << 20, nil, func(n int) string { return testHead + "\n" + strings.Repeat("\xff\x80\xfe", n/3) }},
	{"flowed lines", 200_000, nil, func(n int) string {
		return testHead + "Content-Type: text/plain; format=flowed\n\n" + strings.Repeat("a \n> b \n", n)
	}},
	{"UTF-7", 200_000, nil, func(n int) string {
		return testHead + "Content-Type: text/plain; charset=utf-7\n\n" + strings.Repeat("+AGE-+", n)
	}},
	{"winmail.dat of empty files", 50_000, nil, func(n int) string {
		return testHead + "Content-Type: application/ms-tnef; name=winmail.dat\n\n" + "\x78\x9f\x3e\x22\x00\x00" + strings.Repeat("\x02\x02\x90\x06\x00\x00\x00\x00\x00\x00\x00", n)
	}},
	{"a report of recipients without number", 20_000, nil, func(n int) string {
		return testHead + "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nMaaf\n--b\nContent-Type: message/delivery-status\n\n" +
			strings.Repeat("Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n\n", n) + "--b--\n"
	}},
}

func testParser(t testing.TB) *Parser {
	t.Helper()
	p, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A mail beyond the limits keeps what people need of it, and says why the rest was not read. A reader whose work grew
// faster than the mail would not come to the end of these.
func TestHostileMailIsSurvived(t *testing.T) {
	p := testParser(t)
	for _, h := range hostile {
		t.Run(h.name, func(t *testing.T) {
			raw := []byte(h.make(h.big))
			m := p.Parse(raw)
			checkLaws(t, raw, m)
			if want := fmt.Sprint(h.problem); h.problem != nil && m.Problem != want {
				t.Errorf("problem %q, want %q", m.Problem, want)
			}
			if h.problem == nil && m.Problem != "" {
				t.Errorf("problem %q, want none", m.Problem)
			}
			if strings.HasPrefix(string(raw), testHead) && (m.Subject != "Printer macet" || m.From.Address != "rina@company.com" || m.MessageID != "<1@company.com>") {
				t.Errorf("head not read: %q %q %q", m.Subject, m.From.Address, m.MessageID)
			}
		})
	}
}

// checkLaws checks what holds for every mail whatever is in it.
func checkLaws(t testing.TB, raw []byte, m *Mail) {
	t.Helper()
	texts := map[string]string{"text": m.Text, "new text": m.NewText, "quoted": m.Quoted, "subject": m.Subject, "problem": m.Problem,
		"message id": m.MessageID, "name": m.From.Name, "address": m.From.Address, "returned id": m.ReturnedID, "strict from": m.StrictFrom}
	for _, f := range m.Fields {
		texts["field "+f.Name] = f.Value
	}
	for _, list := range [][]string{m.InReplyTo, m.References, m.DeliveredTo} {
		if len(list) > maxAddresses {
			t.Errorf("%d entries of one kind of field", len(list))
		}
		for _, s := range list {
			texts["list"] += s
		}
	}
	for _, list := range [][]Address{m.To, m.Cc} {
		if len(list) > maxAddresses {
			t.Errorf("%d addresses of one kind of field", len(list))
		}
		for _, a := range list {
			texts["addresses"] += a.Address + a.Name
		}
	}
	size := 0
	for _, a := range m.Attachments {
		texts["attachments"] += a.Filename + a.ContentType + a.ContentID
		if !a.within {
			size += len(a.Data)
		}
		if strings.ContainsAny(a.Filename, "/\\\x00\n\r") || utf8.RuneCountInString(a.Filename) > maxFilename {
			t.Errorf("file name %q", a.Filename)
		}
	}
	if m.Bounce != nil {
		texts["bounce"] = m.Bounce.Status + m.Bounce.Recipient + m.Bounce.Action
	}
	if m.Forward != nil {
		texts["forward"] = m.Forward.Subject + m.Forward.Text + m.Forward.From.Address + m.Forward.From.Name
	}
	for what, s := range texts {
		if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
			t.Errorf("%s is no clean UTF-8: %q", what, head(s, 200))
		}
	}
	if strings.ContainsAny(m.Subject+m.From.Name+m.From.Address+m.StrictFrom, "\r\n") {
		t.Errorf("more than one line: %q %q %q", m.Subject, m.From.Name, m.From.Address)
	}
	if size > len(raw) {
		t.Errorf("attachments of %d bytes in a mail of %d", size, len(raw))
	}
	text, _ := clearSigned(m.Text) // the dashes of a signed text go
	lines := map[string]bool{}
	for line := range strings.SplitSeq(readable(text), "\n") {
		lines[trimBlank(line)] = true
	}
	for line := range strings.SplitSeq(m.NewText, "\n") {
		if line = trimBlank(line); line != "" && !lines[line] {
			t.Errorf("%q is new, and no line of the text", head(line, 200))
		}
	}
	if m.StrictFrom != "" && m.From.Address != m.StrictFrom {
		t.Errorf("From reads %q for people and %q strictly", m.From.Address, m.StrictFrom)
	}
}
