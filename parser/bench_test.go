package parser

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/png"
	"math/rand"
	"strings"
	"testing"
)

// replyMail is an answer of some 2 KB, as Gmail writes it.
func replyMail() []byte {
	return []byte(testHead + "In-Reply-To: <a@company.com>\nReferences: <a@company.com>\nContent-Type: multipart/alternative; boundary=\"000b\"\n\n--000b\nContent-Type: text/plain; charset=\"UTF-8\"\nContent-Transfer-Encoding: quoted-printable\n\n" +
		"Sudah bisa, terima kasih.\n\nPada Sen, 12 Jan 2026 pukul 09.13 Helpdesk IT <helpdesk@company.com> menulis:\n\n" + strings.Repeat("> Halo Bu Rina, tiket IT-000123 sudah kami selesaikan.\n", 8) +
		"\n--000b\nContent-Type: text/html; charset=\"UTF-8\"\nContent-Transfer-Encoding: quoted-printable\n\n<div dir=3D\"ltr\">Sudah bisa, terima kasih.</div><br><div class=3D\"gmail_quote\"><div dir=3D\"ltr\" class=3D\"gmail_attr\">Pada Sen, 12 Jan 2026 pukul 09.13 Helpdesk IT menulis:<br></div><blockquote class=3D\"gmail_quote\">" +
		strings.Repeat("Halo Bu Rina, tiket IT-000123 sudah kami selesaikan.<br>", 8) + "</blockquote></div>\n\n--000b--\n")
}

// noisyPicture is a PNG of about the wanted size.
func noisyPicture(t testing.TB, size int) []byte {
	t.Helper()
	side := 16
	for side*side*4 < size {
		side += 8
	}
	picture := image.NewNRGBA(image.Rect(0, 0, side, side))
	random := rand.New(rand.NewSource(1))
	for y := range side {
		for x := range side {
			picture.Set(x, y, color.NRGBA{uint8(random.Int()), uint8(random.Int()), uint8(random.Int()), 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// fileMail is a report with one file.
func fileMail(kind, name string, data []byte) []byte {
	var b bytes.Buffer
	b.WriteString(testHead + "Content-Type: multipart/mixed; boundary=\"b\"\n\n--b\nContent-Type: text/plain; charset=utf-8\n\nPrinter lantai 3 macet, mohon bantuan. Departemen Keuangan, NB-FIN-0113.\n\n--b\nContent-Type: " + kind + "; name=\"" + name + "\"\nContent-Disposition: attachment; filename=\"" + name + "\"\nContent-Transfer-Encoding: base64\n\n")
	text := base64.StdEncoding.EncodeToString(data)
	for len(text) > 76 {
		b.WriteString(text[:76] + "\r\n")
		text = text[76:]
	}
	b.WriteString(text + "\n--b--\n")
	return b.Bytes()
}

func BenchmarkParse(b *testing.B) {
	p := testParser(b)
	for _, c := range []struct {
		name string
		raw  []byte
	}{
		{"reply2KB", replyMail()},
		{"picture350KB", fileMail("image/png", "error.png", noisyPicture(b, 256<<10))},
		{"file14MB", fileMail("application/zip", "log.zip", bytes.Repeat([]byte("0123456789abcdef"), 640<<10))},
		{"html200KB", []byte(testHead + "Content-Type: text/html; charset=utf-8\n\n" + strings.Repeat("<p class=\"MsoNormal\"><span style=\"font-size:11pt\">Printer macet lagi, mohon bantuan.</span></p>\n", 2000))},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.raw)))
			b.ReportAllocs()
			for b.Loop() {
				p.Parse(c.raw)
			}
		})
	}
}
