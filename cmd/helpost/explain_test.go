package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"helpost/internal/sop"
	"helpost/parser"
)

const reportMail = "From: Rina Wijaya <rina@company.com>\r\nTo: helpdesk@company.com\r\nSubject: Printer \x1b[31mmacet\r\n\r\nPrinter lantai 3 macet.\r\n"

// explained runs helpost explain.
func explained(t *testing.T, in string, args ...string) (out, errOut string, status exitStatus) {
	t.Helper()
	var o, e bytes.Buffer
	status = run(context.Background(), append([]string{"explain"}, args...), strings.NewReader(in), &o, &e)
	return o.String(), e.String(), status
}

func TestExplainPrintsAnObjectAMailInOrder(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.eml")
	if err := os.WriteFile(file, []byte(reportMail), 0o600); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(dir, "tidakada.eml")
	out, _, status := explained(t, reportMail, "--json", file, missing, "-")
	if status != exitFailed {
		t.Errorf("exit %d though a file could not be read", status)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines for three mails", len(lines))
	}
	for i, want := range []struct {
		file   string
		failed bool
	}{{file, false}, {missing, true}, {"-", false}} {
		var got map[string]any
		if err := json.Unmarshal([]byte(lines[i]), &got); err != nil {
			t.Fatal(err)
		}
		if got["file"] != want.file || (got["error"] != nil) != want.failed {
			t.Errorf("line %d: file %v, error %v", i, got["file"], got["error"])
		}
		for _, key := range []string{"from", "to", "subject", "lang", "text", "new_text", "attachments", "auto", "bounce", "report", "validation", "commands", "unknown_command", "misplaced_command"} {
			if _, ok := got[key]; !ok {
				t.Errorf("line %d has no %q", i, key)
			}
		}
	}
}

func TestExplainForPeople(t *testing.T) {
	out, _, status := explained(t, reportMail, "-")
	if status != exitOK || !strings.Contains(out, "Rina Wijaya <rina@company.com>") || !strings.Contains(out, "Printer lantai 3 macet.") {
		t.Errorf("exit %d: %s", status, out)
	}
	if strings.ContainsRune(out, '\x1b') {
		t.Error("a mail steers the terminal, or colours are written to a file")
	}
}

// The page shows what was taken and what was cut, and the words that each finding rests on, in their place.
func TestExplainShowsWhatWasCut(t *testing.T) {
	const mail = "From: Rina Wijaya <rina@company.com>\r\nTo: helpdesk@company.com\r\nSubject: Re: [IT-000123] Printer\r\nIn-Reply-To: <a@company.com>\r\n\r\n" +
		"#ambil\r\nMasih macet, kode aset NB-FIN-0113.\r\n\r\nSalam,\r\nRina Wijaya\r\n\r\nPada Sen, 12 Jan 2026 pukul 09.13 Helpdesk <helpdesk@company.com> menulis:\r\n> Sudah beres?\r\n"
	out, _, _ := explained(t, mail, "-")
	for _, want := range []string{"\n  # #ambil\n", "\n  | Masih macet, kode aset NB-FIN-0113.\n", "\n  ~ Salam,\n", "\n  ~ Rina Wijaya\n", "\n  > Pada Sen, 12 Jan", "\n  > > Sudah beres?\n",
		"Verdict     dispute  (macet)", "Impact      individual  (by default: nothing says otherwise)", "Language    id  (stop words: id "} {
		if !strings.Contains(out, want) {
			t.Errorf("the page lacks %q:\n%s", want, out)
		}
	}
	var page bytes.Buffer
	line := explainLine{Explained: parser.Explained{Report: &parser.ExplainedReport{Type: new(sop.Type), Evidence: map[string]string{"type": "macet"}},
		Lines: []parser.ExplainedLine{{Text: "Masih macet, macet.", Kind: parser.LineNew}, {Text: "> macet", Kind: parser.LineQuoted}}}}
	*line.Report.Type = sop.Incident
	if err := (&explainPage{out: &page, colour: true}).write(line, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| Masih \x1b[33mmacet\x1b[0m, \x1b[33mmacet\x1b[0m.\n", "\x1b[2m  > > macet\x1b[0m\n"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("in colours the page lacks %q:\n%q", want, page.String())
		}
	}
}

func TestUsageNamesTheVerbs(t *testing.T) {
	for _, args := range [][]string{{}, {"ngawur"}, {"explain"}, {"explain", "--as", "ngawur", "-"}, {"explain", "--tidak-ada", "-"}} {
		var out, errOut bytes.Buffer
		if status := run(context.Background(), args, strings.NewReader(""), &out, &errOut); status != exitUsage || !strings.Contains(errOut.String(), "explain") {
			t.Errorf("%q: exit %d, %q", args, status, errOut.String())
		}
	}
	var out, errOut bytes.Buffer
	if status := run(context.Background(), []string{"--help"}, strings.NewReader(""), &out, &errOut); status != exitOK || !strings.Contains(out.String(), "explain") {
		t.Errorf("--help: exit %d, %q", status, out.String())
	}
}
