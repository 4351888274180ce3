package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
