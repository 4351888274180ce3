package parser

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"strings"
	"testing"
	"unicode/utf16"
)

// names lists the files of a mail as name (kind, size).
func names(m *Mail) string {
	var list []string
	for _, a := range m.Attachments {
		list = append(list, fmt.Sprintf("%s (%s, %d)", a.Filename, a.ContentType, len(a.Data)))
	}
	return strings.Join(list, "; ")
}

func TestFiles(t *testing.T) {
	p := testParser(t)
	inner := "Subject: lama\nFrom: Andi <andi@company.com>\n" + multi("multipart/mixed", plainPart, logPart)
	for _, c := range []struct{ name, entity, want string }{
		{"a file", multi("multipart/mixed", plainPart, logPart), "a.log (text/plain, 3)"},
		{"the whole mail is a file", "Content-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\nJVBERg==\n", "a.pdf (application/pdf, 4)"},
		{"a name by its kind alone", multi("multipart/mixed", plainPart, "Content-Type: application/pdf; name=a.pdf\n\n%PDF\n"), "a.pdf (application/pdf, 4)"},
		{"no name", multi("multipart/mixed", plainPart, "Content-Type: application/pdf\n\n%PDF\n"), " (application/pdf, 4)"},
		{"an empty part is none", multi("multipart/mixed", plainPart, "\n"), ""},
		{"an attached mail and its files", multi("multipart/mixed", plainPart, "Content-Type: message/rfc822\n\n"+inner), fmt.Sprintf(" (message/rfc822, %d); a.log (text/plain, 3)", len(inner)-1)},
		{"an attached mail that calls itself any bytes", multi("multipart/mixed", plainPart, "Content-Type: application/octet-stream; name=\"FW.EML\"\n\n"+inner), fmt.Sprintf("FW.EML (application/octet-stream, %d); a.log (text/plain, 3)", len(inner)-1)},
		{"any bytes that are called a mail", multi("multipart/mixed", plainPart, "Content-Type: application/octet-stream; name=a.eml\n\n\x00\x01\x02"), "a.eml (application/octet-stream, 3)"},
		{"a mail of a report, whole", multi("multipart/report", plainPart, "Content-Type: message/rfc822\n\n"+inner), fmt.Sprintf(" (message/rfc822, %d)", len(inner)-1)},
		{"an invitation", multi("multipart/alternative", plainPart, "Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\n"), " (text/calendar, 15)"},
		{"a path", multi("multipart/mixed", plainPart, "Content-Disposition: attachment; filename=\"../../etc/passwd\"\n\nx\n"), "passwd (text/plain, 1)"},
		{"a path of Windows", multi("multipart/mixed", plainPart, `Content-Disposition: attachment; filename="C:\\temp\\a.txt"`+"\n\nx\n"), "a.txt (text/plain, 1)"},
		{"dots alone", multi("multipart/mixed", plainPart, "Content-Disposition: attachment; filename=\"..\"\n\nx\n"), " (text/plain, 1)"},
		{"control characters", multi("multipart/mixed", plainPart, "Content-Disposition: attachment; filename*=utf-8''a%00%0Ab%E2%80%AEgnp.exe\n\nx\n"), "a bgnp.exe (text/plain, 1)"},
		{"an unknown disposition", multi("multipart/mixed", plainPart, "Content-Disposition: form-data; name=a.txt\n\nx\n"), "a.txt (text/plain, 1)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			raw := []byte(testHead + c.entity)
			m := p.Parse(raw)
			if got := names(m); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
			for _, a := range m.Attachments {
				if sum := sha256.Sum256(a.Data); a.SHA256 != hex.EncodeToString(sum[:]) {
					t.Errorf("%s: digest %s", a.Filename, a.SHA256)
				}
			}
			checkLaws(t, raw, m)
		})
	}
}

func TestLongNamesKeepTheirEnding(t *testing.T) {
	name := safeName(strings.Repeat("laporan ", 100) + "akhir.docx")
	if len([]rune(name)) != maxFilename || !strings.HasSuffix(name, ".docx") {
		t.Errorf("%q", name)
	}
}

func TestForwardedAsAttachment(t *testing.T) {
	p := testParser(t)
	for _, kind := range []string{"message/rfc822", "application/octet-stream; name=lama.eml"} {
		m := p.Parse([]byte(testHead + multi("multipart/mixed", plainPart, "Content-Type: "+kind+"\n\nSubject: =?utf-8?q?lama?=\nFrom: Andi <andi@company.com>\n\nVPN putus.\n")))
		if f := m.Forward; f == nil || f.Subject != "lama" || f.From.Address != "andi@company.com" || strings.TrimSpace(f.Text) != "VPN putus." {
			t.Errorf("%s: %+v", kind, m.Forward)
		}
		if strings.Contains(m.Text, "VPN") {
			t.Errorf("the attached mail is no text of this one: %q", m.Text)
		}
	}
	if m := p.Parse([]byte(testHead + multi("multipart/mixed", plainPart, "Content-Type: application/octet-stream; name=a.eml\n\n\x00\x01\x02"))); m.Forward != nil {
		t.Errorf("of any bytes: %+v", *m.Forward)
	}
}

func TestSignedWithinSMIME(t *testing.T) {
	p := testParser(t)
	for _, file := range []string{"testdata/mime/smime-opaque.eml", "testdata/mime/smime-streamed.eml"} {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m := p.Parse(raw)
		if !m.Signed || strings.TrimSpace(m.Text) != "Printer lantai 3 macet, log terlampir." || !strings.HasPrefix(names(m), "printer.log (text/plain, 14); smime.p7m") {
			t.Errorf("%s: signed %v, %q, files %s", file, m.Signed, m.Text, names(m))
		}
	}
	if m := p.Parse([]byte(testHead + "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\nContent-Transfer-Encoding: base64\n\nMIAGCSqGSIb3DQEHA6CA\n")); m.Signed || names(m) != "smime.p7m (application/pkcs7-mime, 15)" {
		t.Errorf("encrypted: signed %v, files %s", m.Signed, names(m))
	}
}

func TestPicturesWithinHTML(t *testing.T) {
	p := testParser(t)
	m := p.Parse([]byte(testHead + "Content-Type: text/html\n\n<p>Galat:</p><img src=\"data:image/png;base64,iVBORw0KGgo=\"><p>data:image/png adalah teks</p>\n"))
	if names(m) != "image-1.png (image/png, 8)" || !m.Attachments[0].Inline {
		t.Error(names(m))
	}
}

// picture draws a picture and encodes it.
func picture(t *testing.T, kind string, width, height int) []byte {
	t.Helper()
	drawn := image.NewPaletted(image.Rect(0, 0, width, height), []color.Color{color.White, color.Black})
	for i := range drawn.Pix {
		drawn.Pix[i] = uint8(i*i>>3) & 1
	}
	var b bytes.Buffer
	var err error
	switch kind {
	case "png":
		err = png.Encode(&b, drawn)
	case "jpeg":
		err = jpeg.Encode(&b, drawn, nil)
	case "gif":
		err = gif.Encode(&b, drawn, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestScreenshots(t *testing.T) {
	p := testParser(t)
	pad := func(data []byte, n int) []byte { return append(data, make([]byte, n)...) }
	webp := append([]byte("RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00"), 0xff, 0x03, 0, 0xff, 0x02, 0)
	bmp := make([]byte, 60)
	copy(bmp, "BM")
	binary.LittleEndian.PutUint32(bmp[14:], 40)
	binary.LittleEndian.PutUint32(bmp[18:], 800)
	binary.LittleEndian.PutUint32(bmp[22:], 600)
	for _, c := range []struct {
		name string
		file Attachment
		want bool
	}{
		{"a PNG", Attachment{Filename: "error.png", Data: picture(t, "png", 960, 540)}, true},
		{"a JPEG without a name", Attachment{Data: picture(t, "jpeg", 800, 600)}, true},
		{"a GIF", Attachment{Data: picture(t, "gif", 640, 480)}, true},
		{"a WebP", Attachment{Data: pad(webp, 100)}, true},
		{"a BMP", Attachment{Data: bmp}, true},
		{"a photo of a phone", Attachment{Data: pad([]byte("\x00\x00\x00\x20ftypheic\x00\x00\x00\x00"), 50_000)}, true},
		{"whatever its type says", Attachment{ContentType: "application/octet-stream", Data: picture(t, "png", 960, 540)}, true},
		{"inline, as Outlook pastes it", Attachment{Filename: "image001.png", Inline: true, ContentID: "a", Data: picture(t, "png", 960, 540)}, true},
		{"a tracking pixel", Attachment{Data: picture(t, "gif", 1, 1)}, false},
		{"an icon", Attachment{Inline: true, Data: picture(t, "png", 24, 24)}, false},
		{"a small logo", Attachment{Inline: true, ContentID: "a", Data: picture(t, "png", 168, 44)}, false},
		{"a square logo", Attachment{Inline: true, ContentID: "a", Data: picture(t, "png", 180, 180)}, false},
		{"a banner", Attachment{Inline: true, ContentID: "a", Data: picture(t, "png", 600, 110)}, false},
		{"a logo by its name", Attachment{Filename: "logo-perusahaan.png", Inline: true, Data: picture(t, "png", 500, 400)}, false},
		{"a program with the name of a picture", Attachment{Filename: "bukti.png", ContentType: "image/png", Data: pad([]byte("MZ\x90\x00"), 5000)}, false},
		{"the head of a GIF before a script", Attachment{Filename: "a.gif", Data: pad([]byte("GIF89a/*\x00\x10\x00\x10*/=1;alert(1)"), 5000)}, false},
		{"a picture that is cut off in its head", Attachment{Data: picture(t, "png", 960, 540)[:20]}, false},
		{"a picture that is cut off behind it", Attachment{Data: picture(t, "png", 960, 540)[:200]}, true},
		{"a document", Attachment{Filename: "a.docx", Data: pad([]byte("PK\x03\x04"), 5000)}, false},
		{"nothing", Attachment{}, false},
	} {
		if got := isScreenshot(c.file, p.words.decoration); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// tnefAttribute writes one attribute of a TNEF stream.
func tnefAttribute(level byte, id uint32, value []byte) []byte {
	b := append([]byte{level}, binary.LittleEndian.AppendUint32(nil, id)...)
	b = append(binary.LittleEndian.AppendUint32(b, uint32(len(value))), value...)
	return append(b, 0, 0)
}

// tnefProperty writes one MAPI property whose value says its size.
func tnefProperty(kind, id uint16, value []byte) []byte {
	b := binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(nil, kind), id)
	b = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(b, 1), uint32(len(value)))
	return append(append(b, value...), make([]byte, -len(value)&3)...)
}

func wide(s string) []byte {
	var b []byte
	for _, u := range append(utf16.Encode([]rune(s)), 0) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func tnefStream(attributes ...[]byte) []byte {
	b := append(binary.LittleEndian.AppendUint32(nil, tnefSignature), 0, 0)
	return append(b, bytes.Join(attributes, nil)...)
}

func tnefProperties(properties ...[]byte) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(properties))), bytes.Join(properties, nil)...)
}

func TestWinmailIsOpened(t *testing.T) {
	p := testParser(t)
	inner := tnefStream(tnefAttribute(2, attAttachRender, nil), tnefAttribute(2, attAttachTitle, []byte("dalam.txt\x00")), tnefAttribute(2, attAttachData, []byte("dalam")))
	stream := tnefStream(
		tnefAttribute(1, attMsgProps, tnefProperties(tnefProperty(0x001f, propBody, wide("Printer macet é")))),
		tnefAttribute(2, attAttachRender, nil), tnefAttribute(2, attAttachTitle, []byte("LAPOR~1.TXT\x00")), tnefAttribute(2, attAttachData, []byte("isi")),
		tnefAttribute(2, attAttachProps, tnefProperties(tnefProperty(0x001f, propAttachLong, wide("laporan panjang é.txt")))),
		tnefAttribute(2, attAttachRender, nil), tnefAttribute(2, attAttachTitle, []byte("pesan\x00")),
		tnefAttribute(2, attAttachProps, tnefProperties(tnefProperty(0x000d, propAttachData, append(make([]byte, 16), inner...)))),
	)
	raw := []byte(testHead + "Content-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: 8bit\n\n" + string(stream))
	m := p.Parse(raw)
	if names(m) != "laporan panjang é.txt (text/plain, 3); dalam.txt (text/plain, 5)" || m.Text != "Printer macet é" {
		t.Errorf("files %s, text %q", names(m), m.Text)
	}
	checkLaws(t, raw, m)
	for n := range stream { // cut off anywhere
		readTNEF(stream[:n], 0)
	}
	if m := p.Parse([]byte(testHead + "Content-Type: application/ms-tnef; name=winmail.dat\n\nrusak\n")); names(m) != "winmail.dat (application/ms-tnef, 6)" {
		t.Errorf("what cannot be opened stays: %s", names(m))
	}
}

func FuzzTNEF(f *testing.F) {
	f.Add(tnefStream(tnefAttribute(2, attAttachRender, nil), tnefAttribute(2, attAttachData, []byte("isi"))))
	f.Add(tnefStream(tnefAttribute(1, attMsgProps, tnefProperties(tnefProperty(0x001f, propBody, wide("isi"))))))
	f.Fuzz(func(t *testing.T, data []byte) {
		if m := readTNEF(data, 0); m != nil {
			size := 0
			for _, file := range m.files {
				size += len(file.data)
			}
			if size > len(data)+1 {
				t.Errorf("%d bytes of files in %d", size, len(data))
			}
		}
	})
}

func FuzzSigned(f *testing.F) {
	f.Add([]byte("\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80\x30\x80\x02\x01\x01\x31\x00\x30\x80\x06\x01\x00\xa0\x80\x24\x80\x04\x01a\x00\x00"))
	f.Fuzz(func(t *testing.T, der []byte) {
		if content, ok := signedContent(der); ok && len(content) > len(der) {
			t.Errorf("%d bytes in %d", len(content), len(der))
		}
	})
}

// Where the base64 of a file stands in lines of 76 characters these are told; what they say is the file, however they end.
func TestLinesOfAFile(t *testing.T) {
	p := testParser(t)
	encoded := func(size, width int, ending string) (data []byte, text string) {
		for i := range size {
			data = append(data, byte(i*i>>3))
		}
		var b strings.Builder
		for rest := base64.StdEncoding.EncodeToString(data); rest != ""; {
			n := min(width, len(rest))
			b.WriteString(rest[:n] + ending)
			rest = rest[n:]
		}
		return data, b.String()
	}
	for _, c := range []struct {
		width  int
		ending string
		mend   func(string) string
		told   bool
	}{
		{76, "\r\n", nil, true},
		{76, "\r\n", func(s string) string { return s + "\r\n\r\n" }, true},
		{72, "\r\n", nil, false},
		{76, "\n", nil, false},
		{76, "\r\n", func(s string) string { return strings.Replace(s, "\r\n", " \r\n", 1) }, false},
		{76, "\r\n", func(s string) string { return s + "\r\n_____\r\n" }, false},
	} {
		for _, size := range []int{200, 57 * 4, 57*4 + 1, 57*4 + 55, 57*4 + 56} {
			data, text := encoded(size, c.width, c.ending)
			if c.mend != nil {
				text = c.mend(text)
			}
			raw := strings.ReplaceAll(testHead, "\n", "\r\n") + "Content-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n" + text
			a := p.Parse([]byte(raw)).Attachments[0]
			if !bytes.Equal(a.Data, data) {
				t.Errorf("%d bytes in lines of %d, %q: read as %d bytes", size, c.width, c.ending, len(a.Data))
			}
			if !c.told && a.Lines != nil {
				t.Errorf("%d bytes in lines of %d, %q: lines %q", size, c.width, c.ending, a.Lines)
			}
			if _, lines := encoded(size, 76, "\r\n"); c.told && string(a.Lines) != strings.TrimSuffix(lines, "\r\n") {
				t.Errorf("%d bytes: lines %q", size, a.Lines)
			}
		}
	}
}
