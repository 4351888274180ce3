package parser

import (
	"slices"
	"strings"
	"testing"
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
	m.Lang = p.language(m)
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
