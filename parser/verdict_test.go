package parser

import (
	"os"
	"strings"
	"testing"

	"helpost/internal/sop"
)

func newParser(t testing.TB, o Options) *Parser {
	t.Helper()
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// rows reads a table of cases: cells parted by |, comments behind a number sign at the start of a line.
func rows(t testing.TB, file string, cells int) [][]string {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for i, line := range strings.Split(string(raw), "\n") {
		if line == "" || strings.HasPrefix(line, "# ") {
			continue
		}
		row := strings.SplitN(line, "|", cells)
		if len(row) != cells {
			t.Fatalf("%s:%d: %d cells, want %d", file, i+1, len(row), cells)
		}
		for k := range row {
			row[k] = strings.ReplaceAll(strings.TrimSpace(row[k]), `\n`, "\n")
		}
		out = append(out, row)
	}
	return out
}

func TestVerdicts(t *testing.T) {
	p := newParser(t, Options{})
	for _, row := range rows(t, "verdict/answers.txt", 2) {
		checkVerdict(t, p, row[0], "Re: [IT-000123] Printer lantai 3 macet", row[1])
	}
}

// What a ticket is about tells another matter from an objection.
func TestVerdictsByTheSubject(t *testing.T) {
	p := newParser(t, Options{})
	for _, row := range rows(t, "verdict/topics.txt", 3) {
		checkVerdict(t, p, row[0], row[1], row[2])
	}
}

// Answers of one kind, and others that look like them and mean the contrary.
func TestVerdictsByTheirKind(t *testing.T) {
	p := newParser(t, Options{})
	for _, row := range rows(t, "verdict/classes.txt", 2) {
		if row[0] != "no" {
			checkVerdict(t, p, row[0], "Re: [IT-000123] Printer lantai 3 macet", row[1])
		} else if got := p.Validation(&Mail{NewText: row[1]}); got.Verdict == sop.Confirm {
			t.Errorf("%q confirms (evidence %q)", row[1], got.Evidence)
		}
	}
}

// checkVerdict reads an answer; want is a verdict and a rating, if one is given.
func checkVerdict(t *testing.T, p *Parser, want, subject, answer string) {
	t.Helper()
	want, rating, _ := strings.Cut(want, " ")
	got := p.Validation(&Mail{Subject: subject, NewText: answer})
	if got.Verdict != sop.Verdict(want) {
		t.Errorf("%q is %s, want %s (evidence %q)", answer, got.Verdict, want, got.Evidence)
	}
	have := ""
	if got.Rating != nil {
		have = string(rune('0' + *got.Rating))
	}
	if have != strings.TrimSpace(rating) {
		t.Errorf("%q has the rating %q, want %q", answer, have, rating)
	}
}

// Who begins with "Belum." never confirms, whatever follows.
func FuzzVerdict(f *testing.F) {
	p := newParser(f, Options{})
	for _, row := range rows(f, "verdict/answers.txt", 2) {
		f.Add(row[1])
	}
	f.Fuzz(func(t *testing.T, text string) {
		v := p.Validation(&Mail{NewText: text})
		if v.Rating != nil && (*v.Rating < 1 || *v.Rating > 5) {
			t.Fatalf("rating %d", *v.Rating)
		}
		switch v.Verdict {
		case sop.Confirm, sop.Dispute, sop.Unclear, sop.Other:
		default:
			t.Fatalf("verdict %q", v.Verdict)
		}
		if v := p.Validation(&Mail{NewText: "Belum.\n\n" + text}); v.Verdict == sop.Confirm {
			t.Fatalf("a confirmation: %q", v.Evidence)
		}
	})
}

func BenchmarkVerdict(b *testing.B) {
	p := newParser(b, Options{})
	m := &Mail{Subject: "Re: Printer lantai 3", NewText: strings.Repeat("Terima kasih banyak, tetapi printer di lantai tiga masih macet dan tidak bisa mencetak.\n", 6)}
	b.ReportAllocs()
	for b.Loop() {
		p.Validation(m)
	}
}

// An autoresponder that names itself by no header thanks for a mail, not for a fix: it closes nothing.
func TestAMachinesThanksIsNoWord(t *testing.T) {
	p, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]sop.Verdict{
		"Terima kasih atas email Anda. Kami akan segera membalas.":     sop.Unclear,
		"Terima kasih atas email Anda. Ini adalah balasan otomatis.":   sop.Unclear,
		"Thank you for contacting us. Your message has been received.": sop.Unclear,
		"Terima kasih, pesan Anda sudah kami terima.":                  sop.Unclear,
		"Terima kasih banyak atas bantuannya":                          sop.Confirm,
		"makasih mas, sudah bisa":                                      sop.Confirm,
	} {
		m := p.Parse([]byte("From: <x@company.com>\r\nSubject: Re: x\r\n\r\n" + text + "\r\n"))
		if got := p.Validation(m); got.Verdict != want {
			t.Errorf("%q is %s, want %s", text, got.Verdict, want)
		}
	}
}
