package setup

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"helpost/internal/config"
)

func TestWhatIsMadeIsASoundConfiguration(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	key, err := Make(dir, "contoh.co.id")
	if err != nil || key.N.BitLen() != 2048 {
		t.Fatal(key, err)
	}
	c, err := config.Load(filepath.Join(dir, ConfigFile))
	if err != nil {
		t.Fatal(err)
	}
	if c.Mailboxes[0].Address != "helpdesk@contoh.co.id" || len(c.Tickets.Secrets) != 1 || len(c.Warnings) != 0 {
		t.Errorf("mailbox %v, %d secrets, warnings %v", c.Mailboxes[0].Address, len(c.Tickets.Secrets), c.Warnings)
	}
	for _, name := range []string{SecretFile, DKIMFile} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", name, info.Mode(), err)
		}
	}
}

// Every key that the example shows as a default is one, and taking away the comment marks changes nothing but examples.
func TestWhatTheExampleShowsIsKnown(t *testing.T) {
	dir := t.TempDir()
	if _, err := Make(dir, exampleDomain); err != nil {
		t.Fatal(err)
	}
	shown := regexp.MustCompile(`(?m)^# (\[|[a-z_]+ = )`).ReplaceAllString(Example(exampleDomain), "$1")
	for _, f := range []struct{ name, text string }{
		{"relay-password", "secret word\n"}, {"people.csv", "address\n"}, {"holidays.txt", "2026-01-01 New Year\n"}, {"api-token", strings.Repeat("t", 32) + "\n"}, {"hook-secret", strings.Repeat("h", 32) + "\n"},
	} {
		if err := os.WriteFile(filepath.Join(dir, f.name), []byte(f.text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"cert.pem", "key.pem"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "templates"), 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "all.toml")
	if err := os.WriteFile(path, []byte(shown), 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := config.Load(path)
	if err != nil {
		t.Fatalf("%v\n%s", err, shown)
	}
	plain, err := config.Load(filepath.Join(dir, ConfigFile))
	if err != nil {
		t.Fatal(err)
	}
	for what, pair := range map[string][2]any{
		"timezone": {all.Company.Timezone, plain.Company.Timezone}, "language": {all.Company.Language, plain.Company.Language},
		"document": {all.SOP, plain.SOP}, "first": {all.Tickets.First, plain.Tickets.First}, "prefix": {all.Tickets.Prefix, plain.Tickets.Prefix},
		"style": {all.Mailboxes[0].ReplyStyle, plain.Mailboxes[0].ReplyStyle}, "team": {all.Mailboxes[0].Team, plain.Mailboxes[0].Team},
		"max_message": {all.SMTP.MaxMessage, plain.SMTP.MaxMessage}, "tls": {all.Relay.TLS, plain.Relay.TLS}, "auth": {all.Relay.Auth, plain.Relay.Auth},
		"envelope": {all.Relay.Envelope, plain.Relay.Envelope}, "rate": {all.Relay.Rate, plain.Relay.Rate}, "max_size": {all.Relay.MaxSize, plain.Relay.MaxSize},
		"retry": {all.Relay.Retry, plain.Relay.Retry}, "give_up_after": {all.Relay.GiveUpAfter, plain.Relay.GiveUpAfter},
		"store": {all.Store, plain.Store}, "blobs": {all.Blobs, plain.Blobs}, "control": {all.Control, plain.Control}, "sla": {all.SLA, plain.SLA},
		"matrix": {all.Priority.Matrix, plain.Priority.Matrix}, "level": {all.AgentList[0].Level, plain.AgentList[0].Level},
		"assign": {all.Teams[0].Assign, plain.Teams[0].Assign}, "agents": {all.Agents, plain.Agents}, "digest": {all.Escalation.Digest, plain.Escalation.Digest},
		"validation": {all.Validation, plain.Validation}, "loops": {all.Loops, plain.Loops}, "portal": {all.Portal.Listen, plain.Portal.Listen},
		"hook":             {fmt.Sprint(limitsOf(all.Hooks[0])), fmt.Sprint(limitsOf(config.DefaultHook()))},
		"quarantine_after": {all.Retention.QuarantineAfter, plain.Retention.QuarantineAfter}, "traces_after": {all.Retention.TracesAfter, plain.Retention.TracesAfter},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: the example shows %v as the default, but it is %v", what, pair[0], pair[1])
		}
	}
}

// limitsOf is what of a hook has a default.
func limitsOf(h config.Hook) []any {
	return []any{h.On, h.SilenceAfter, h.Calendar, h.RelayAfter, h.QueueAfter, h.DiskBelow}
}

func TestNothingIsOverwritten(t *testing.T) {
	for _, name := range []string{ConfigFile, SecretFile, DKIMFile} {
		dir := t.TempDir()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Make(dir, exampleDomain); err == nil || !strings.Contains(err.Error(), name+" is there already") {
			t.Errorf("%s: %v", name, err)
		}
		files, err := os.ReadDir(dir)
		if kept, _ := os.ReadFile(path); err != nil || len(files) != 1 || string(kept) != "mine" {
			t.Errorf("%s: %v, %d files, %q", name, err, len(files), kept)
		}
	}
}

func TestTheRecordsThatArePublished(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	records, err := Records("contoh.co.id", &key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	zone := Zone(records)
	for _, want := range []string{
		"helpdesk.contoh.co.id. IN MX 10 helpost.contoh.co.id.\n",
		"contoh.co.id. IN TXT \"v=spf1 mx a:smtp.contoh.co.id ~all\"\n",
		"helpost._domainkey.contoh.co.id. IN TXT \"v=DKIM1; k=rsa; p=MIIB",
		"_dmarc.contoh.co.id. IN TXT \"v=DMARC1; p=none; rua=mailto:postmaster@contoh.co.id\"\n",
	} {
		if !strings.Contains(zone, want) {
			t.Errorf("no %q in\n%s", want, zone)
		}
	}
	for _, quoted := range regexp.MustCompile(`"([^"]*)"`).FindAllStringSubmatch(zone, -1) {
		if len(quoted[1]) > 255 {
			t.Errorf("a string of %d bytes", len(quoted[1]))
		}
	}
}
