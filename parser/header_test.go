package parser

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestHeaderIsReadAsMailProgramsReadIt(t *testing.T) {
	p := testParser(t)
	for _, c := range []struct{ name, raw, subject, from, text string }{
		{"plain", "Subject: a\nFrom: x@company.com\n\nisi\n", "a", "x@company.com", "isi"},
		{"CRLF", "Subject: a\r\nFrom: x@company.com\r\n\r\nisi\r\n", "a", "x@company.com", "isi"},
		{"CR alone", "Subject: a\rFrom: x@company.com\r\risi\r", "a", "x@company.com", "isi"},
		{"folded", "Subject: a\n b\n\tc\nFrom: x@company.com\n\nisi\n", "a b c", "x@company.com", "isi"},
		{"a fold of blanks alone", "Subject: a\n   \n b\nFrom: x@company.com\n\nisi\n", "a b", "x@company.com", "isi"},
		{"mbox line", "From x@company.com Mon Jan 12 09:00:00 2026\nSubject: a\nFrom: x@company.com\n\nisi\n", "a", "x@company.com", "isi"},
		{"first line begins with a blank", " Subject: a\nFrom: x@company.com\n\nisi\n", "a", "x@company.com", "isi"},
		{"blank before the colon", "Subject : a\nFrom\t: x@company.com\n\nisi\n", "a", "x@company.com", "isi"},
		{"no empty line before the body", "Subject: a\nFrom: x@company.com\nini isi surat\n", "a", "x@company.com", "ini isi surat"},
		{"a stray line among the fields", "Subject: a\nrusak di tengah\nFrom: x@company.com\n\nisi\n", "a rusak di tengah", "x@company.com", "isi"},
		{"byte order mark", "\xef\xbb\xbfSubject: a\nFrom: x@company.com\n\nisi\n", "a", "x@company.com", "isi"},
		{"no header", "\nhanya isi\n", "", "", "hanya isi"},
		{"no body", "Subject: a\nFrom: x@company.com\n", "a", "x@company.com", ""},
		{"8-bit header in Latin-1", "Subject: Caf\xe9 tutup\nFrom: x@company.com\n\nisi\n", "Café tutup", "x@company.com", "isi"},
		{"8-bit header in UTF-8", "Subject: Café tutup\nFrom: x@company.com\n\nisi\n", "Café tutup", "x@company.com", "isi"},
		{"line ends in an encoded subject", "Subject: =?utf-8?q?a=0D=0ABcc:_y=40evil.example?=\nFrom: x@company.com\n\nisi\n", "a Bcc: y@evil.example", "x@company.com", "isi"},
		{"NUL", "Subject: a\x00b\nFrom: x@company.com\n\nis\x00i\n", "ab", "x@company.com", "isi"},
		{"empty", "", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := p.Parse([]byte(c.raw))
			if m.Subject != c.subject || m.From.Address != c.from || strings.TrimSpace(m.Text) != c.text {
				t.Errorf("subject %q from %q text %q", m.Subject, m.From.Address, m.Text)
			}
			checkLaws(t, []byte(c.raw), m)
		})
	}
}

func TestEncodedWords(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"Q", "=?utf-8?Q?Printer_macet_=C3=A9?=", "Printer macet é"},
		{"B", "=?UTF-8?B?UHJpbnRlcg==?= macet", "Printer macet"},
		{"blanks between words are none", "=?utf-8?q?a?= =?utf-8?q?b?=", "ab"},
		{"a character split between words", "=?utf-8?B?w6nD?= =?utf-8?B?qQ==?=", "éé"},
		{"touching text", "Re:=?utf-8?q?a?=b", "Re:ab"},
		{"in quotes", "\"=?utf-8?q?a_b?=\"", "\"a b\""},
		{"blanks within", "=?utf-8?q?a b c?=", "a b c"},
		{"base64 without padding", "=?utf-8?b?YWI?=", "ab"},
		{"a language", "=?utf-8*id?q?a?=", "a"},
		{"unknown charset", "=?NONE?B?VEVTVA==?=", "TEST"},
		{"no end", "=?utf-8?q?abc", "=?utf-8?q?abc"},
		{"unknown encoding", "=?utf-8?x?abc?=", "=?utf-8?x?abc?="},
		{"Japanese", "=?iso-2022-jp?B?GyRCJUYlOSVIGyhC?=", "テスト"},
		{"direction marks", "=?utf-8?q?a=E2=80=AEb?=", "ab"},
	} {
		if got := decodeWords(c.in); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestParameters(t *testing.T) {
	for _, c := range []struct{ in, kind, name, want string }{
		{"text/plain; charset=utf-8", "text/plain", "charset", "utf-8"},
		{"Text/Plain;CHARSET=\"utf-8\"", "text/plain", "charset", "utf-8"},
		{"text/plain;; ; charset = utf-8 ;", "text/plain", "charset", "utf-8"},
		{"text/plain charset=utf-8", "text/plain", "charset", "utf-8"},
		{"text/plain; charset; name=a", "text/plain", "name", "a"},
		{"text/plain; charset='utf-8'", "text/plain", "charset", "utf-8"},
		{"text/plain (a comment; x=y); charset=utf-8", "text/plain", "charset", "utf-8"},
		{"multipart/mixed; boundary=----=_Part_1.2", "multipart/mixed", "boundary", "----=_Part_1.2"},
		{"attachment; filename=surat permohonan baru.pdf", "attachment", "filename", "surat permohonan baru.pdf"},
		{"attachment; filename=a b.pdf size=12", "attachment", "filename", "a b.pdf"},
		{`attachment; filename="a\"b.pdf"`, "attachment", "filename", `a"b.pdf`},
		{`attachment; filename="a;b=c.pdf"`, "attachment", "filename", "a;b=c.pdf"},
		{"attachment; filename*=utf-8''laporan%20%C3%A9.pdf", "attachment", "filename", "laporan é.pdf"},
		{"attachment; filename*0*=utf-8''a%20; filename*1=b; filename*2*=%20c.pdf", "attachment", "filename", "a b c.pdf"},
		{"attachment; filename*1=b.pdf; filename*0=a", "attachment", "filename", "ab.pdf"},
		{"attachment; filename=old.pdf; filename*=utf-8''new.pdf", "attachment", "filename", "new.pdf"},
		{"attachment; filename=\"=?utf-8?Q?a_b.pdf?=\"", "attachment", "filename", "a b.pdf"},
		{"attachment; filename=\"tak berakhir", "attachment", "filename", "tak berakhir"},
		{"", "", "x", ""},
	} {
		kind, list := readParams(c.in, newGuard(0))
		if got := list.get(c.name); kind != c.kind || got != c.want {
			t.Errorf("%q: %q %q, want %q %q", c.in, kind, got, c.kind, c.want)
		}
	}
}

func TestStrictFromIsStrict(t *testing.T) {
	p := testParser(t)
	for _, c := range []struct{ name, header, want string }{
		{"one address", "From: Rina Wijaya <Rina@Company.com>", "rina@company.com"},
		{"bare", "From: rina@company.com", "rina@company.com"},
		{"encoded name", "From: =?iso-2022-jp?B?GyRCJUYlOSVIGyhC?= <rina@company.com>", "rina@company.com"},
		{"a colon within quotes", `From: "IT: Rina" <rina@company.com>`, "rina@company.com"},
		{"a comment", "From: rina@company.com (Rina; Keuangan)", "rina@company.com"},
		{"two fields", "From: rina@company.com\nFrom: andi@company.com", ""},
		{"two fields in other cases", "From: rina@company.com\nFROM : andi@company.com", ""},
		{"two addresses", "From: rina@company.com, andi@company.com", ""},
		{"a missing comma", "From: <andi@company.com> rina@company.com", ""},
		{"a group", "From: Tim: rina@company.com;", ""},
		{"an empty group", "From: Tim:;", ""},
		{"a null address", "From: <>", ""},
		{"no domain", "From: rina", ""},
		{"a quoted local part", `From: "andi@company.com"@evil.example`, ""},
		{"a literal", "From: rina@[192.0.2.1]", ""},
		{"a blank within the address", "From: rina@ company.com", ""},
		{"a comment within the address", "From: rina@(x)company.com", ""},
		{"a control character", "From: rina@company.com\x01", ""},
		{"a carriage return", "From: rina@company.com\rFrom: andi@company.com", ""},
		{"a carriage return in another field", "Subject: a\rFrom: andi@company.com\nFrom: rina@company.com", ""},
		{"a NUL", "From: rina@company.com\x00", ""},
		{"bytes that are no UTF-8", "From: R\xefna <rina@company.com>", ""},
		{"a header that begins with a blank", " From: andi@company.com\nFrom: rina@company.com", ""},
		{"a stray line in the header", "From: rina@company.com\nrusak\nSubject: a", ""},
		{"none", "Sender: rina@company.com", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := p.Parse([]byte(c.header + "\n\nisi\n")).StrictFrom; got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestAddressesAreMendedForPeople(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"Rina Wijaya <Rina@company.com>", "Rina Wijaya <rina@company.com>"},
		{`"Wijaya, Rina" <rina@company.com>`, "Wijaya, Rina <rina@company.com>"},
		{"Wijaya, Rina <rina@company.com>", "Wijaya, Rina <rina@company.com>"},
		{"rina@company.com (Rina Wijaya)", "Rina Wijaya <rina@company.com>"},
		{"rina@company.com", " <rina@company.com>"},
		{"rina@company.com (<andi@company.com>)", "<andi@company.com> <rina@company.com>"},
		{`"<andi@company.com>" <rina@company.com>`, "<andi@company.com> <rina@company.com>"},
		{"'Rina' <rina@company.com>", "Rina <rina@company.com>"},
		{"Rina rina@company.com", "Rina <rina@company.com>"},
		{"rina@company.com <rina@company.com>", "rina@company.com <rina@company.com>"},
		{"<mailto:rina@company.com>", " <rina@company.com>"},
		{"=?utf-8?q?Andr=C3=A9?= <a@company.com>, b@company.com", "André <a@company.com>; <b@company.com>"},
		{"=?utf-8?q?Wijaya=2C_Rina?= <rina@company.com>", "Wijaya, Rina <rina@company.com>"},
		{"Tim IT: a@company.com, b@company.com;, c@company.com", " <a@company.com>; <b@company.com>; <c@company.com>"},
		{"undisclosed-recipients:;", ""},
		{"<@relay.example:rina@company.com>", " <rina@company.com>"},
		{"Rina <rina@company.com", "Rina <rina@company.com>"},
		{"Rina \"Wijaya <rina@company.com>", "Rina Wijaya <rina@company.com>"},
		{"a@company.com; b@company.com", " <a@company.com>; <b@company.com>"},
		{"Rina < rina@company.com >", "Rina <rina@company.com>"},
		{"MAILER-DAEMON <>", ""},
		{"", ""},
	} {
		var got []string
		for _, a := range readAddresses([]string{c.in}) {
			got = append(got, a.Name+" <"+a.Address+">")
		}
		if joined := strings.ReplaceAll(strings.Join(got, "; "), ";  <", "; <"); joined != c.want {
			t.Errorf("%q: %q, want %q", c.in, joined, c.want)
		}
	}
}

func TestMessageIDs(t *testing.T) {
	many := strings.Repeat("x", 3)
	for i := range 300 {
		many += " <" + strings.Repeat("a", i+1) + "@b>"
	}
	for _, c := range []struct {
		in   string
		want []string
	}{
		{"<a@b> <c@d>", []string{"<a@b>", "<c@d>"}},
		{"<a@b>,<c@d>", []string{"<a@b>", "<c@d>"}},
		{"<a@b><c@d> <a@b>", []string{"<a@b>", "<c@d>"}},
		{"rusak <a@b", nil},
		{"<rusak <a@b>", []string{"<a@b>"}},
		{"<a.\r\n b@c>", []string{"<a.b@c>"}},
		{"<>", nil},
	} {
		if got := messageIDs([]string{c.in}); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
	}
	ids := messageIDs([]string{many})
	if len(ids) != maxMessageIDs || ids[0] != "<a@b>" || len(ids[len(ids)-1]) != 300+len("<@b>") {
		t.Errorf("%d ids, first %q: the first and the last ones must stay", len(ids), ids[0])
	}
	if got := messageID("abc@company.com"); got != "<abc@company.com>" {
		t.Errorf("without brackets: %q", got)
	}
}

func TestDates(t *testing.T) {
	want := time.Date(2026, 1, 12, 2, 15, 0, 0, time.UTC)
	for _, in := range []string{
		"Mon, 12 Jan 2026 09:15:00 +0700", "12 Jan 2026 09:15:00 +0700", "Mon, 12 Jan 2026 09:15:00 +0700 (WIB)",
		"Mon, 12 Jan 2026 02:15:00 GMT", "Mon, 12 Jan 2026 02:15 +0000", "2026-01-12T09:15:00+07:00", "Mon Jan 12 02:15:00 2026",
	} {
		if got := readDate(in); !got.Equal(want) {
			t.Errorf("%q: %v", in, got)
		}
	}
	if got := readDate("kemarin"); !got.IsZero() {
		t.Errorf("no date reads as %v", got)
	}
}
