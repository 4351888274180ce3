package parser

import (
	"fmt"
	"strings"
	"testing"
)

// multi puts parts, each with its header, into a multipart.
func multi(kind string, parts ...string) string {
	boundary := fmt.Sprintf("=_%d", len(strings.Join(parts, "")))
	body := "Content-Type: " + kind + "; boundary=\"" + boundary + "\"\n\n"
	for _, p := range parts {
		body += "--" + boundary + "\n" + strings.TrimSuffix(p, "\n") + "\n"
	}
	return body + "--" + boundary + "--\n"
}

const (
	plainPart = "Content-Type: text/plain; charset=utf-8\n\nhalo dunia\n"
	htmlPart  = "Content-Type: text/html; charset=utf-8\n\n<p>halo <b>dunia</b></p>\n"
	logPart   = "Content-Type: text/plain; name=a.log\nContent-Disposition: attachment; filename=a.log\n\nlog\n"
)

func TestOneTextIsChosen(t *testing.T) {
	p := testParser(t)
	for _, c := range []struct{ name, entity, want string }{
		{"plain", plainPart, "halo dunia"},
		{"HTML", htmlPart, "halo dunia"},
		{"alternatives", multi("multipart/alternative", plainPart, htmlPart), "halo dunia"},
		{"alternatives, HTML first", multi("multipart/alternative", htmlPart, plainPart), "halo dunia"},
		{"an empty plain alternative", multi("multipart/alternative", "Content-Type: text/plain\n\n\n", htmlPart), "halo dunia"},
		{"a stub as plain alternative", multi("multipart/alternative", "Content-Type: text/plain\n\nYour mail program does not show HTML.\n", "Content-Type: text/html\n\n<p>"+strings.Repeat("Printer macet lagi. ", 9)+"</p>\n"), strings.TrimSpace(strings.Repeat("Printer macet lagi. ", 9))},
		{"alternatives with pictures", multi("multipart/related", multi("multipart/alternative", plainPart, htmlPart), "Content-Type: image/png\nContent-ID: <a>\n\nx\n"), "halo dunia"},
		{"an alternative with pictures", multi("multipart/alternative", plainPart, multi("multipart/related", htmlPart, "Content-Type: image/png\nContent-ID: <a>\n\nx\n")), "halo dunia"},
		{"related names its root", "Content-Type: multipart/related; boundary=r; start=\"<root>\"\n\n--r\nContent-Type: text/html\nContent-ID: <frame>\n\nbingkai\n--r\nContent-Type: text/html\nContent-ID: <root>\n\nhalo dunia\n--r--\n", "halo dunia"},
		{"text, file, text", multi("multipart/mixed", plainPart, logPart, "Content-Type: text/plain\n\nsalam\n"), "halo dunia\nsalam"},
		{"a file is no text", multi("multipart/mixed", plainPart, logPart), "halo dunia"},
		{"nothing but a named inline text", multi("multipart/mixed", "Content-Type: text/plain; name=isi.txt\nContent-Disposition: inline; filename=isi.txt\n\nhalo dunia\n"), "halo dunia"},
		{"signed", multi("multipart/signed", plainPart, "Content-Type: application/pgp-signature; name=signature.asc\n\nx\n"), "halo dunia"},
		{"a page that calls itself plain", "Content-Type: text/plain\n\n<!DOCTYPE html><html><body><p>halo <b>dunia</b></p></body></html>\n", "halo dunia"},
		{"no boundary, but parts", "Content-Type: multipart/mixed\n\n--b\nContent-Type: text/plain\n\nhalo dunia\n--b--\n", "halo dunia"},
		{"no boundary and no parts", "Content-Type: multipart/mixed\n\nhalo dunia\n", "halo dunia"},
		{"another boundary than declared", "Content-Type: multipart/mixed; boundary=a\n\n--b\nContent-Type: text/plain\n\nhalo dunia\n--b--\n", "halo dunia"},
		{"a boundary that nothing closes", "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhalo dunia\n", "halo dunia"},
		{"the last delimiter again as a first one", "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhalo dunia\n--b\n\n", "halo dunia"},
		{"an inner multipart that nothing closes", "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/alternative; boundary=i\n\n--i\nContent-Type: text/plain\n\nhalo dunia\n--o\n" + logPart + "--o--\n", "halo dunia"},
		{"a part behind the last one", "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhalo\n--b--\n--b\n\ndunia\n--b--\n", "halo\ndunia"},
		{"no kind", "Content-Type: text\n\nhalo dunia\n", "halo dunia"},
		{"two kinds", "Content-Type: text/plain\nContent-Type: text/html\n\nhalo dunia\n", "halo dunia"},
		{"quoted-printable", "Content-Transfer-Encoding: quoted-printable\n\nhalo =\ndunia =3D =xy=\n", "halo dunia = =xy"},
		{"soft break with blanks behind", "Content-Transfer-Encoding: quoted-printable\n\nhalo = \t\ndunia\n", "halo dunia"},
		{"base64", "Content-Transfer-Encoding: BASE64;\n\naGFsbyBk\ndW5pYQ==\n", "halo dunia"},
		{"base64 with the foot of a list", "Content-Transfer-Encoding: base64\n\naGFsbyBkdW5pYQ==\n\n_______\nmilis: https://a.example/list/info\n", "halo dunia"},
		{"base64 piece by piece", "Content-Transfer-Encoding: base64\n\naGFsbyA=\nZHVuaWE=\n", "halo dunia"},
		{"an unknown encoding", "Content-Transfer-Encoding: hogwarts\n\nhalo dunia\n", "halo dunia"},
		{"uuencode", "Content-Transfer-Encoding: x-uuencode\n\nbegin 644 a\n*:&%L;R!D=6YI80  \n`\nend\n", "halo dunia"},
		{"flowed", "Content-Type: text/plain; format=flowed\n\nhalo \ndunia\n> kutip \n> an\n-- \nRina\n", "halo dunia\n> kutip an\n-- \nRina"},
		{"flowed with DelSp", "Content-Type: text/plain; format=flowed; delsp=yes\n\nhalo du \nnia\n", "halo dunia"},
		{"enriched", "Content-Type: text/enriched\n\n<bold>halo</bold>\n<color><param>red</param>dunia</color> <<1>\n\nbaris dua\n", "halo dunia <1>\nbaris dua"},
		{"enriched that nothing closes", "Content-Type: text/enriched\n\nhalo <b dunia\n", "halo <b dunia"},
		{"the charset of the page", "Content-Type: text/html\n\n<html><head><meta charset=\"windows-1251\"></head><body>\xef\xf0\xe8\xed\xf2\xe5\xf0</body></html>\n", "принтер"},
	} {
		t.Run(c.name, func(t *testing.T) {
			raw := []byte(testHead + c.entity)
			m := p.Parse(raw)
			if got := strings.TrimSpace(m.Text); got != c.want || m.Problem != "" {
				t.Errorf("%q, want %q (%s)", got, c.want, m.Problem)
			}
			checkLaws(t, raw, m)
			crlf := []byte(strings.ReplaceAll(string(raw), "\n", "\r\n"))
			if m := p.Parse(crlf); strings.TrimSpace(m.Text) != c.want {
				t.Errorf("with CRLF: %q", m.Text)
			}
		})
	}
}

func TestSignedWordsAreReadWithoutTheirArmour(t *testing.T) {
	p := testParser(t)
	m := p.Parse([]byte(testHead + "\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nPrinter macet.\n- - lantai 3\n-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----\n"))
	if !m.Signed || strings.TrimSpace(m.NewText) != "Printer macet.\n- lantai 3" || !strings.Contains(m.Text, "PGP SIGNATURE") {
		t.Errorf("signed %v, new text %q", m.Signed, m.NewText)
	}
	if m := p.Parse([]byte(testHead + "\nApa itu -----BEGIN PGP SIGNED MESSAGE-----?\n")); m.Signed {
		t.Error("a question about signatures is not signed")
	}
}
