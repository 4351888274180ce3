package parser

import (
	"os"
	"strings"
	"testing"
)

type textCase struct{ name, text, want string }

// textCases reads cases of the form "### name", text, "### =", what is wanted.
func textCases(t testing.TB, file string) []textCase {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var out []textCase
	for _, block := range strings.Split(string(raw), "\n### ")[1:] {
		head, body, _ := strings.Cut(block, "\n")
		if head == "=" {
			out[len(out)-1].want = strings.TrimSpace(body)
			continue
		}
		if strings.HasPrefix(head, "=") {
			t.Fatalf("%s: bad head %q", file, head)
		}
		out = append(out, textCase{name: head, text: body})
	}
	return out
}

func fold(s string) string { return strings.Join(strings.Fields(s), " ") }

func TestNewText(t *testing.T) {
	p := newParser(t, Options{})
	for _, c := range textCases(t, "new/replies.txt") {
		m := &Mail{Subject: "Re: Laptop", Text: c.text, InReplyTo: []string{"<x@company.com>"}, From: Address{Address: "rina@company.com", Name: "Rina Wijaya"}}
		p.split(m, m.Text, "")
		if fold(m.NewText) != fold(c.want) {
			t.Errorf("%s: new text is\n%s\nwant\n%s", c.name, m.NewText, c.want)
		}
	}
}

func TestForwardedMailIsKept(t *testing.T) {
	p := newParser(t, Options{})
	for _, c := range []struct{ name, subject, text, from, topic, body string }{
		{"gmail", "Fwd: laptop", "Mohon bantu.\n\n---------- Forwarded message ---------\nDari: Sari Arum <sari@company.com>\nDate: Sen, 12 Jan 2026 pukul 08.30\nSubject: laptop lambat\nTo: Andi <andi@company.com>\n\nLaptop saya lambat.", "sari@company.com", "laptop lambat", "Laptop saya lambat."},
		{"outlook", "FW: laptop", "Please help.\n\nFrom: Sari Arum <sari@company.com>\nSent: Monday, January 12, 2026 8:30 AM\nTo: Andi\nSubject: slow laptop\n\nMy laptop is slow.", "sari@company.com", "slow laptop", "My laptop is slow."},
		{"apple", "Fwd: laptop", "See below\n\nBegin forwarded message:\n\n> From: Sari Arum <sari@company.com>\n> Subject: slow laptop\n> Date: 12 January 2026 at 8:30\n> To: andi@company.com\n> \n> My laptop is slow.", "sari@company.com", "slow laptop", "My laptop is slow."},
		{"thunderbird", "Fwd: laptop", "-------- Forwarded Message --------\nSubject: \tslow laptop\nDate: \tMon, 12 Jan 2026 08:30:00 +0700\nFrom: \tSari Arum <sari@company.com>\nTo: \tandi@company.com\n\n\nMy laptop is slow.", "sari@company.com", "slow laptop", "My laptop is slow."},
		{"samsung", "Terusan: laptop", "-------- Pesan asli --------\nDari: Sari Arum <sari@company.com>\nTanggal: 12/01/26 08.30 (GMT+07:00)\nKe: andi@company.com\nSubjek: laptop lambat\n\nLaptop saya lambat.", "sari@company.com", "laptop lambat", "Laptop saya lambat."},
	} {
		m := &Mail{Subject: c.subject, Text: c.text, From: Address{Address: "andi@company.com", Name: "Andi"}}
		p.split(m, m.Text, "")
		if m.Forward == nil {
			t.Errorf("%s: nothing is passed on; new text %q", c.name, m.NewText)
			continue
		}
		if m.Forward.From.Address != c.from || m.Forward.Subject != c.topic || m.Forward.Text != c.body || m.Forward.From.Name != "Sari Arum" {
			t.Errorf("%s: %+v", c.name, *m.Forward)
		}
		if !strings.Contains(m.NewText, c.body) {
			t.Errorf("%s: the new text %q lost what is passed on", c.name, m.NewText)
		}
	}
}

func TestQuoteByTheHTML(t *testing.T) {
	p := newParser(t, Options{})
	html := `<div>Sudah bisa.</div><div class="gmail_quote"><div class="gmail_attr">Penulis lain, kemarin sore</div><blockquote>Mohon dicoba lagi ya, printernya sudah kami ganti.</blockquote></div>`
	text := "Sudah bisa.\n\nPenulis lain, kemarin sore\nMohon dicoba lagi ya, printernya sudah kami ganti.\n"
	m := &Mail{Subject: "Re: Printer", Text: text}
	p.split(m, text, html)
	if m.NewText != "Sudah bisa." {
		t.Errorf("new text %q: the HTML says where the quote begins", m.NewText)
	}
}

// Every line of the new text is a line of the text, and every line of the text is somewhere.
func FuzzSplit(f *testing.F) {
	p := newParser(f, Options{})
	for _, c := range textCases(f, "new/replies.txt") {
		f.Add("Re: x", c.text)
		f.Add("Fwd: x", c.text)
	}
	f.Fuzz(func(t *testing.T, subject, text string) {
		m := &Mail{Subject: subject, Text: text, From: Address{Name: "Rina Wijaya"}}
		p.split(m, text, "")
		lines := map[string]int{}
		for _, line := range strings.Split(text, "\n") {
			lines[trimBlank(line)]++
		}
		for _, part := range []string{m.NewText, m.Quoted, m.Signature} {
			for _, line := range strings.Split(part, "\n") {
				if line = trimBlank(line); line == "" {
					continue
				}
				if lines[line]--; lines[line] < 0 {
					t.Fatalf("%q is no line of the text, or is there twice", line)
				}
			}
		}
		for line, n := range lines {
			if line != "" && n > 0 {
				t.Fatalf("%q is lost", line)
			}
		}
	})
}

func BenchmarkSplit(b *testing.B) {
	p := newParser(b, Options{})
	text := strings.Repeat("Printer di lantai tiga masih macet dan tidak bisa mencetak dokumen kami.\n", 8) +
		"\nSalam,\nRina Wijaya\n\nPada Sen, 12 Jan 2026 pukul 09.13 Helpdesk IT <helpdesk@company.com> menulis:\n\n" + strings.Repeat("> Mohon dicoba lagi ya, printernya sudah kami ganti.\n", 25)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		m := Mail{Subject: "Re: Printer", From: Address{Name: "Rina Wijaya"}}
		p.split(&m, text, "")
	}
}

func TestSignatureByTheHTML(t *testing.T) {
	p := newParser(t, Options{})
	html := `<div>Mohon dicek ya.</div><div class="gmail_signature"><div>dina, bagian umum</div><div>lantai dua</div></div>`
	text := readHTML(html).Text
	m := &Mail{Subject: "Printer", Text: text}
	p.split(m, text, html)
	if m.NewText != "Mohon dicek ya." || !strings.Contains(m.Signature, "bagian umum") {
		t.Errorf("new text %q, signature %q", m.NewText, m.Signature)
	}
}

// A notice of ours is known where a mail program quotes it without any mark, also where the notice itself quotes somebody:
// an agent who answers a note must not send it on.
func TestANoticeOfOursQuotedWithoutAMark(t *testing.T) {
	p := newParser(t, Options{})
	notice := "IT-000123 · P3 · catatan dari Andi Saputra · balasan Anda tetap internal\n\nPelapor ini sering lupa.\n\nref: IT-000123-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n\nPada Sen, 12 Jan 2026 pukul 09.13 Rina Wijaya menulis:\n> Printer macet\n"
	piped := "| " + strings.ReplaceAll(strings.TrimSpace(notice), "\n", "\n| ")
	for _, between := range []string{"\n\n", "\n\n---\n", "\n\n*Von:* Helpdesk\n\n", "\n\n12/01/26 09:13, Helpdesk:\n"} {
		for _, quoted := range []string{notice, piped} {
			m := p.Parse([]byte("From: rudi@company.com\nSubject: Re: [IT-000123] Printer\nIn-Reply-To: <x@company.com>\nContent-Type: text/plain; charset=utf-8\n\n#balas\nSudah kami proses." + between + quoted))
			if strings.Contains(m.NewText, "sering lupa") || strings.Contains(m.NewText, "Printer macet") || !strings.HasPrefix(m.NewText, "#balas\nSudah kami proses.") {
				t.Errorf("after %q new is %q", between, m.NewText)
			}
		}
	}
}
