package gateway

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/parser"
)

// noise is data that compresses to nothing and looks like nothing.
func noise(size int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	return data
}

// quotedPrintable writes every byte as =XX in lines.
func quotedPrintable(data []byte) string {
	var b strings.Builder
	for i, c := range data {
		if i > 0 && i%24 == 0 {
			b.WriteString("=\r\n")
		}
		fmt.Fprintf(&b, "=%02X", c)
	}
	return b.String()
}

// tnef writes a winmail.dat with one file in it.
func tnef(name string, data []byte) []byte {
	var b bytes.Buffer
	put := func(v any) { _ = binary.Write(&b, binary.LittleEndian, v) } // into memory: never fails
	attribute := func(level byte, id uint32, value []byte) {
		put(level)
		put(id)
		put(uint32(len(value)))
		b.Write(value)
		var sum uint16
		for _, c := range value {
			sum += uint16(c)
		}
		put(sum)
	}
	put(uint32(0x223e9f78))
	put(uint16(1))
	attribute(2, 0x00069002, make([]byte, 14)) // attAttachRenddata
	attribute(2, 0x00018010, append([]byte(name), 0))
	attribute(2, 0x0006800f, data)
	return b.Bytes()
}

// A file comes out of the store, and goes to the desk, byte for byte, however its mail wrote it.
func TestAFileComesThroughByteForByte(t *testing.T) {
	small, large := noise(3_000, 1), noise(200_000, 2)
	encoded := base64.StdEncoding.EncodeToString
	inner := func(data []byte) string {
		return "From: <budi@company.com>\r\nSubject: dalam\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"dalam\"\r\n\r\n--dalam\r\nContent-Type: text/plain\r\n\r\nisi\r\n" +
			"--dalam\r\nContent-Type: application/octet-stream; name=\"isi.bin\"\r\nContent-Disposition: attachment; filename=\"isi.bin\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + lines(encoded(data), 76) + "\r\n--dalam--\r\n"
	}
	for _, data := range [][]byte{small, large} {
		bin := func(f file) file {
			f.name, f.contentType, f.data = "isi.bin", orWord(f.contentType, "application/octet-stream"), data
			return f
		}
		for _, c := range []struct {
			name string
			file file
		}{
			{"lines of 76", bin(file{})},
			{"lines of 64", bin(file{encoded: lines(encoded(data), 64)})},
			{"lines of 75, no whole group", bin(file{encoded: lines(encoded(data), 75)})},
			{"lines of 57", bin(file{encoded: lines(encoded(data), 57)})},
			{"one line", bin(file{encoded: lines(encoded(data), 996)})},
			{"blanks before each line", bin(file{encoded: "  " + strings.ReplaceAll(lines(encoded(data), 76), "\r\n", "\r\n  ")})},
			{"an empty line in the middle", bin(file{encoded: strings.Replace(lines(encoded(data), 76), "\r\n", "\r\n\r\n", 1)})},
			{"quoted-printable", bin(file{encoding: "quoted-printable", encoded: quotedPrintable(data)})},
			{"a picture in the text", bin(file{disposition: "inline", id: "gambar@a", contentType: "image/x-apa"})},
		} {
			t.Run(fmt.Sprintf("%s, %d", c.name, len(data)), func(t *testing.T) {
				h := open(t)
				h.report(letter{files: []file{c.file, {name: "lain.txt", contentType: "text/csv", data: []byte("a;b\r\n1;2\r\n")}}})
				got := h.messages(1)[0].Attachments
				if len(got) != 2 || !bytes.Equal(h.bytes(got[0].Ref), data) {
					t.Fatalf("%d attachments, not the same bytes", len(got))
				}
				n := h.only(sop.KindNew, andi)
				if !bytes.Equal(n.files["isi.bin"], data) || string(n.files["lain.txt"]) != "a;b\r\n1;2\r\n" {
					t.Fatal("the desk got other bytes")
				}
			})
		}
		t.Run(fmt.Sprintf("in a mail in the mail, %d", len(data)), func(t *testing.T) {
			h := open(t)
			h.report(letter{raw: "From: Rina Wijaya <rina@company.com>\r\nTo: <helpdesk@company.com>\r\nSubject: terlampir\r\nMessage-ID: <luar@a>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"luar\"\r\n\r\n--luar\r\nContent-Type: text/plain\r\n\r\n" + complete +
				"--luar\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\n" + inner(data) + "--luar--\r\n"})
			all := ""
			for _, a := range h.messages(1)[0].Attachments {
				all += string(h.bytes(a.Ref))
			}
			if !strings.Contains(all, string(data)) && !strings.Contains(all, lines(encoded(data), 76)) {
				t.Fatal("the file of the inner mail is not kept")
			}
		})
		t.Run(fmt.Sprintf("in a winmail.dat, %d", len(data)), func(t *testing.T) {
			h := open(t)
			h.report(letter{files: []file{{name: "winmail.dat", contentType: "application/ms-tnef", data: tnef("isi.bin", data)}}})
			if n := h.only(sop.KindNew, andi); !bytes.Equal(n.files["isi.bin"], data) {
				t.Fatalf("the desk did not get the file in it: %d files", len(n.files))
			}
		})
	}
}

// What an agent attaches goes to the reporter, and from there to nobody whom it is not for.
func TestAnAgentsFile(t *testing.T) {
	h := open(t)
	h.reported("<satu@a>")
	data := noise(90_000, 3)
	l := h.only(sop.KindNew, andi).answer(andi, "Silakan pasang ini.")
	l.files = []file{{name: "obat.zip", contentType: "application/zip", data: data}, {name: "smime.p7s", contentType: "application/pkcs7-signature", data: []byte(andi + string(data))},
		{name: "OpenPGP_0x1.asc", contentType: "application/pgp-keys", data: []byte(andi + string(data))}}
	h.mustTake(l)
	if got := h.only(sop.KindReply, rina).files; !bytes.Equal(got["obat.zip"], data) || len(got) != 1 {
		t.Fatalf("the reporter got other bytes, or what names the agent: %d files", len(got))
	}
	card := func(address string) file {
		return file{name: "kartu.vcf", contentType: "text/vcard", data: []byte("BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Kartu\r\nEMAIL;PREF=1:" + address + "\r\nEND:VCARD\r\n")}
	}
	for address, want := range map[string]int{"Andi@Company.com": 0, "toko@luar.example": 1} {
		l = h.only(sop.KindNew, andi).answer(andi, "Kartu terlampir.")
		l.files = []file{card(address)}
		h.mustTake(l)
		if got := h.last(sop.KindReply, rina).files; len(got) != want {
			t.Fatalf("the card of %s: the reporter got %d files, want %d", address, len(got), want)
		}
	}
	before := len(h.sent(sop.KindReply, rina))
	l = h.only(sop.KindNew, andi).answer(andi, "#catatan\r\n"+secret)
	l.files = []file{{name: "rahasia.zip", contentType: "application/zip", data: []byte(secret + string(data))}}
	h.mustTake(l)
	if got := len(h.sent(sop.KindReply, rina)); got != before {
		t.Fatal("a note went out")
	}
}

// What is too large for the relay is named.
func TestAFileTooLargeForTheRelayIsNamed(t *testing.T) {
	h := open(t, func(h *house) { h.tamper = func(p *Parts) { p.MaxSize = 300_000 } })
	small, large := noise(20_000, 4), noise(400_000, 5)
	h.report(letter{files: []file{{name: "besar.bin", contentType: "application/octet-stream", data: large}, {name: "kecil.bin", contentType: "application/octet-stream", data: small}}})
	n := h.only(sop.KindNew, andi)
	if !strings.Contains(n.text, "besar.bin") || n.files["besar.bin"] != nil || !bytes.Equal(n.files["kecil.bin"], small) || len(n.raw) > 300_000 {
		t.Fatalf("%d bytes, files %d:\n%s", len(n.raw), len(n.files), n.text)
	}
}

// A screenshot that is quoted back is no new one.
func TestAScreenshotQuotedBack(t *testing.T) {
	h := open(t)
	shot := file{name: "layar.png", contentType: "image/png", data: picture(40, 7)}
	ticket := h.report(letter{files: []file{shot}})
	l := h.only(sop.KindAck, rina).answer(rina, "tambahan")
	l.files = []file{shot, {name: "baru.png", contentType: "image/png", data: picture(40, 8)}}
	h.mustTake(l)
	if got := h.ticket(ticket.Number); got.Screenshots != 2 || len(got.Pictures) != 2 {
		t.Fatalf("%d screenshots, want 2", got.Screenshots)
	}
}

// An agent whose mail client calls him by his address is called by his name all the same.
func TestAnAgentsAddressStaysPrivate(t *testing.T) {
	h := open(t)
	h.reported("<satu@a>")
	l := h.only(sop.KindNew, andi).answer(andi, "Kami cek.\r\n\r\n-- \r\nAndi Saputra\r\nandi@company.com")
	l.name = andi
	h.mustTake(l)
	l = h.only(sop.KindNew, andi).answer(andi, "#selesai")
	l.name = andi
	h.mustTake(l) // it quotes what went out before; what it holds is checked at the end
	if n := h.only(sop.KindResolved, rina); !strings.Contains(n.text, "> Kami cek.") || !strings.Contains(n.text, "Andi Saputra") {
		t.Fatalf("it quotes nobody:\n%s", n.text)
	}
	h.mustTake(h.last(sop.KindResolved, rina).answer(rina, "Belum bisa."))
	if n := h.only(sop.KindReopened, andi); !strings.Contains(n.text, "Andi Saputra menulis:\n> Kami cek.") {
		t.Fatalf("the desk is shown the bare address:\n%s", n.text)
	}
}

// Whatever is located in a raw mail gives the same bytes again, whether the parser knows its lines or not.
func TestWhatIsLocatedIsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOfN(rapid.Byte(), 1, 300).Draw(t, "data")
		width := rapid.IntRange(1, 100).Draw(t, "width")
		written := lines(base64.StdEncoding.EncodeToString(data), width)
		raw := "kepala\r\n\r\n" + written
		whole := true
		if rapid.Bool().Draw(t, "cut") {
			at := rapid.IntRange(0, len(raw)).Draw(t, "at")
			raw, whole = raw[:at], false
		}
		raw += rapid.SampledFrom([]string{"", "\r\n--batas--", "=", "\n"}).Draw(t, "end")
		isSame(t, raw, parser.Attachment{Data: data})
		if width == store.LineLength {
			known := parser.Attachment{Data: data, Lines: []byte(strings.TrimSuffix(written, "\r\n"))}
			if found := isSame(t, raw, known); whole && !found {
				t.Fatal("lines that are known are not found")
			}
		}
	})
}

// isSame says whether a file is located in a raw mail, and sees that it is the file.
func isSame(t *rapid.T, raw string, a parser.Attachment) bool {
	offset, length, encoding, found := locate([]byte(raw), a)
	if !found {
		return false
	}
	piece := []byte(raw[offset : offset+length])
	ours := strings.TrimRight(lines(base64.StdEncoding.EncodeToString(a.Data), store.LineLength), "\r\n")
	if encoding == store.Base64Lines && strings.TrimRight(string(piece), "\r\n") != ours {
		t.Fatalf("lines of other lengths pass for ours: %q", piece)
	}
	if encoding != store.AsIs {
		var err error
		if piece, err = base64.StdEncoding.DecodeString(strings.ReplaceAll(string(piece), "\r\n", "")); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(piece, a.Data) {
		t.Fatalf("located %q", piece)
	}
	return true
}
