package parser

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"helpost/internal/sop"
)

// reportCase reads the head and the text of a case of testdata/report.
func reportMail(p *Parser, text string) *Mail {
	head, body, _ := strings.Cut(text, "\n\n")
	m := &Mail{Text: body}
	for _, line := range strings.Split(head, "\n") {
		key, value, _ := strings.Cut(line, ": ")
		switch key {
		case "From":
			name, address, found := strings.Cut(value, " <")
			if !found {
				name, address = "", value
			}
			m.From = Address{Name: strings.Trim(name, `"`), Address: strings.TrimSuffix(address, ">")}
		case "Subject":
			m.Subject = value
		case "Shots":
			for _, name := range strings.Split(value, ", ") {
				m.Attachments = append(m.Attachments, Attachment{Filename: name, Screenshot: true})
			}
		}
	}
	p.split(m, m.Text, "")
	m.Lang, _ = p.language(m)
	return m
}

func TestReports(t *testing.T) {
	p := newParser(t, Options{})
	for _, c := range textCases(t, "report/reports.txt") {
		want := map[string]string{}
		for _, line := range strings.Split(c.want, "\n") {
			key, value, _ := strings.Cut(line, "=")
			want[key] = value
		}
		m := reportMail(p, c.text)
		r := p.Report(m)
		assets, missing := slices.Sorted(slices.Values(r.AssetCodes)), slices.Sorted(slices.Values(r.Missing))
		got := map[string]string{"name": r.Name, "department": r.Department, "assets": strings.Join(assets, ","), "type": string(r.Type),
			"impact": string(r.Impact), "priority": string(r.Priority), "missing": strings.Join(missing, ","), "lang": string(m.Lang)}
		for key, have := range got {
			if have != want[key] {
				t.Errorf("%s: %s is %q, want %q (evidence %q)", c.name, key, have, want[key], r.Evidence)
			}
		}
	}
}

func TestWordsOfTheCompany(t *testing.T) {
	p := newParser(t, Options{
		Departments: []Department{{Name: "Finance & Accounting", Words: []string{"keuangan", "FIN"}}},
		Words:       []ImpactWords{{Impact: sop.Company, Urgency: sop.High, Words: []string{"Mesin Boiler"}}},
	})
	m := &Mail{NewText: "Saya Rina Wijaya dari bagian Keuangan. Mesin boiler berhenti.", From: Address{Name: "Rina Wijaya"}}
	r := p.Report(m)
	if r.Department != "Finance & Accounting" {
		t.Errorf("department %q, want the company's name for it", r.Department)
	}
	if r.Impact != sop.Company || r.Urgency != sop.High || r.Priority != sop.P1 {
		t.Errorf("%s, %s, %s: the company's own words speak first", r.Impact, r.Urgency, r.Priority)
	}
	if r.Evidence["priority"] != "Mesin boiler" {
		t.Errorf("evidence %q, want the very words", r.Evidence)
	}
}

func TestAssetPatternOfTheCompany(t *testing.T) {
	p := newParser(t, Options{AssetPattern: `X[0-9]{3}`})
	r := p.Report(&Mail{NewText: "Laptop X123 rusak, LT-0234 juga."})
	if !slices.Equal(r.AssetCodes, []string{"X123"}) {
		t.Errorf("codes %q", r.AssetCodes)
	}
	floors := newParser(t, Options{AssetPattern: `[A-Z]+[0-9]*`}) // LT is a floor, and no code of anything
	if r := floors.Report(&Mail{NewText: "Printer di LT 3 macet, unit PRN7."}); !slices.Equal(r.AssetCodes, []string{"PRN7"}) {
		t.Errorf("codes %q", r.AssetCodes)
	}
	if _, err := New(Options{AssetPattern: "("}); err == nil {
		t.Error("a pattern that is none is accepted")
	}
}

func TestDisplayNames(t *testing.T) {
	for in, want := range map[string]string{
		"WIJAYA, Rina (Finance)": "Rina Wijaya", "Rina Wijaya": "Rina Wijaya", "rina wijaya": "Rina Wijaya", "RINA WIJAYA": "Rina Wijaya",
		"Rina Wijaya, S.Kom": "Rina Wijaya", "Rina Wijaya, MBA": "Rina Wijaya", "Rina Wijaya - Finance": "Rina Wijaya", "rina.w": "", "rina@company.com": "", "": "",
		`"Wijaya, Rina"`: "Rina Wijaya", "I Made Suarta": "I Made Suarta", "O'Brien, Pat": "Pat O'Brien", "Rina Wijaya | PT Contoh": "Rina Wijaya",
	} {
		if got := tidyName(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

// What a report gives stands in the mail, whatever the mail.
func FuzzReport(f *testing.F) {
	p := newParser(f, Options{})
	for _, c := range textCases(f, "report/reports.txt") {
		f.Add("Fwd: x", "Rina", c.text)
		f.Add("laptop", "", c.text)
	}
	f.Fuzz(func(t *testing.T, subject, from, text string) {
		m := &Mail{Subject: subject, Text: text, From: Address{Name: from, Address: "rina@company.com"}}
		p.split(m, text, "")
		m.Lang, _ = p.language(m)
		r := p.Report(m)
		if r.Priority != p.opts.Matrix[r.Impact][r.Urgency] || r.Priority == "" {
			t.Fatalf("priority %q of %s, %s", r.Priority, r.Impact, r.Urgency)
		}
		for _, code := range r.AssetCodes {
			if !strings.Contains(text, code) && !strings.Contains(subject, code) {
				t.Fatalf("the code %q stands nowhere", code)
			}
		}
		if (r.Name == "") != slices.Contains(r.Missing, sop.MissingName) || (r.Department == "") != slices.Contains(r.Missing, sop.MissingDepartment) {
			t.Fatalf("name %q, department %q, missing %q", r.Name, r.Department, r.Missing)
		}
	})
}

func BenchmarkReport(b *testing.B) {
	p := newParser(b, Options{})
	m := &Mail{Subject: "Printer lantai 3 macet", From: Address{Name: "Rina Wijaya"}, NewText: "Nama: Rina Wijaya\nDepartemen: Keuangan\nKode Aset: NB-FIN-0113\n\n" +
		strings.Repeat("Dokumen saya tidak bisa dicetak sejak pagi, sementara saya pakai printer di lantai dua.\n", 8)}
	b.ReportAllocs()
	for b.Loop() {
		p.Report(m)
	}
}

// A sentence of testdata/report/sentences.txt says what stands before it.
func TestSentencesOfReports(t *testing.T) {
	p := newParser(t, Options{})
	raw, err := os.ReadFile("testdata/report/sentences.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, raw, _ = bytes.Cut(raw, []byte("\n\n"))
	for _, line := range strings.Split(string(raw), "\n") {
		truth, text, found := strings.Cut(line, ": ")
		field, want, is := strings.Cut(truth, "=")
		if !found || !is {
			continue
		}
		m := reportMail(p, "From: Rina Wijaya <rina@company.com>\n\n"+strings.ReplaceAll(text, " / ", "\n"))
		r := p.Report(m)
		have, known := map[string]string{"impact": string(r.Impact), "urgency": string(r.Urgency), "type": string(r.Type), "name": r.Name,
			"department": r.Department, "assets": strings.Join(r.AssetCodes, ",")}[field]
		if !known || have != want {
			t.Errorf("%q: %s is %q, want %q (evidence %q)", text, field, have, want, r.Evidence)
		}
	}
}
