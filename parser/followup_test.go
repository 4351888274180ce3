package parser

import (
	"slices"
	"testing"

	"helpost/internal/sop"
)

// A bare answer is understood, for the question says what it is about.
func TestABareAnswerToWhatWasAsked(t *testing.T) {
	p, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	department, screenshot, name := []string{sop.MissingDepartment}, []string{sop.MissingScreenshot}, []string{sop.MissingName}
	all := []string{sop.MissingName, sop.MissingDepartment, sop.MissingScreenshot}
	for _, c := range []struct {
		text                  string
		asked                 []string
		wantName, wantUnit    string
		wantScreenshotMissing bool
	}{
		{"Keuangan", department, "", "Keuangan", true},
		{"HRD pak", department, "", "HRD", true},
		{"dari gudang mas", department, "", "gudang", true},
		{"Produksi. tidak ada", []string{sop.MissingDepartment, sop.MissingScreenshot}, "", "Produksi", false},
		{"engineering, none", all, "", "engineering", false},
		{"- Marketing\n- tidak ada pak", all, "", "Marketing", false},
		{"gambarnya ga ada", screenshot, "", "", false},
		{"Rina Wijaya, Marketing", all, "Rina Wijaya", "Marketing", true},
		{"nanti saya kirim", all, "", "", true},
		{"makasih ya", all, "", "", true},
		{"Keuangan", screenshot, "", "", true}, // nobody asked
		{"Rina Wijaya", department, "", "", true},
		{"printer di lantai tiga masih macet", name, "", "", true},
	} {
		m := p.Parse([]byte("From: <x@company.com>\r\nTo: <helpdesk@company.com>\r\nSubject: Re: printer macet\r\n\r\n" + c.text + "\r\n"))
		r := p.FollowUp(m, c.asked)
		if r.Name != c.wantName || r.Department != c.wantUnit || slices.Contains(r.Missing, sop.MissingScreenshot) != c.wantScreenshotMissing {
			t.Errorf("%q asked for %v: name %q, department %q, missing %v", c.text, c.asked, r.Name, r.Department, r.Missing)
		}
	}
}
