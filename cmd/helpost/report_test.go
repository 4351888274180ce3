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

// reportOn runs a report on an empty store without a daemon.
func reportOn(t *testing.T, config string, args ...string) (exitStatus, string, string) {
	t.Helper()
	var out, errOut bytes.Buffer
	status := run(context.Background(), append([]string{"report"}, append(args, "--config", config)...), strings.NewReader(""), &out, &errOut)
	return status, out.String(), errOut.String()
}

func TestReportsInEachForm(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "helpost.toml")
	for name, text := range map[string]string{
		"secret": "0123456789abcdef0123456789abcdef\n",
		"helpost.toml": "[tickets]\nsecret_file = \"secret\"\n[[mailbox]]\naddress = \"helpdesk@company.com\"\n[relay]\naddress = \"127.0.0.1:1\"\n[[agent]]\naddress = \"andi@company.com\"\n" +
			"[store]\nurl = \"bbolt://" + filepath.Join(dir, "helpost.db") + "\"\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	status, out, errOut := reportOn(t, config, "sla", "--period", "2026-W03", "--json")
	var r struct {
		Period, By, Timezone string
		Rows                 []struct{ Key string }
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil || status != exitOK || r.Period != "2026-W03" || r.By != "priority" || r.Timezone != "Asia/Jakarta" || len(r.Rows) != 3 || r.Rows[0].Key != "P1" {
		t.Errorf("exit %d, %v: %s%s", status, err, out, errOut)
	}
	if status, out, errOut := reportOn(t, config, "volume", "--by", "type", "--csv", "--from", "2026-01-05", "--to", "2026-01-09"); status != exitOK || !strings.HasPrefix(out, "period,from,to,row,type,received,") || strings.Count(out, "\r\n") != 4 {
		t.Errorf("exit %d: %s%s", status, out, errOut)
	}
	if status, out, errOut := reportOn(t, config, "sla", "--team", "service-desk"); status != exitOK || !strings.Contains(out, "RESPONSE") || !strings.Contains(out, "SOP-IT-GEN-001 rev 01") || strings.ContainsRune(out, '█') {
		t.Errorf("exit %d: %s%s", status, out, errOut)
	}
	for _, wrong := range [][]string{{"sla", "--period", "2026-13"}, {"sla", "--period", "2026", "--from", "2026-01-01"}, {"volume", "--by", "colour"}, {"volume", "--team", "nobody"}, {"sla", "--csv", "--json"}, {"costs"}} {
		if status, out, errOut := reportOn(t, config, wrong...); status != exitUsage || out != "" || errOut == "" {
			t.Errorf("%v: exit %d: %s%s", wrong, status, out, errOut)
		}
	}
}
