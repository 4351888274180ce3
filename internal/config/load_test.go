package config

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"helpost/internal/sop"
)

// least is the smallest configuration that is complete.
const least = `[[mailbox]]
address = "helpdesk@company.com"
[tickets]
secret_file = "secret"
[relay]
address = "127.0.0.1:2526"
[[agent]]
address = "andi@company.com"
`

// write puts a configuration and its secret into a folder of their own.
func write(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "secret"), strings.Repeat("s", 64)+"\n")
	put(t, filepath.Join(dir, "helpost.toml"), text)
	return filepath.Join(dir, "helpost.toml")
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func load(t *testing.T, text string) *Config {
	t.Helper()
	c, err := Load(write(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheSmallestConfigurationIsComplete(t *testing.T) {
	c := load(t, least)
	for what, pair := range map[string][2]any{
		"company.domains":    {fmt.Sprint(c.Company.Domains), "[company.com]"},
		"company.name":       {c.Company.Name, "company.com"},
		"timezone":           {c.Company.Timezone, "Asia/Jakarta"},
		"store":              {c.Store.Path, "/var/lib/helpost/helpost.db"},
		"blobs":              {c.Blobs.Dir, "/var/lib/helpost/blobs"},
		"socket":             {c.Control.Socket, "/var/lib/helpost/helpost.sock"},
		"smtp.listen":        {fmt.Sprint(c.SMTP.Listen), "[0.0.0.0:25]"},
		"smtp.max_message":   {c.SMTP.MaxMessage.Bytes, int64(25 << 20)},
		"relay.give_up":      {c.Relay.GiveUpAfter.Duration, 120 * time.Hour},
		"relay.rate":         {c.Relay.Rate, Rate{}},
		"mailbox.team":       {c.Mailboxes[0].Team, "service-desk"},
		"mailbox.style":      {c.Mailboxes[0].ReplyStyle, "plus"},
		"agent.name":         {c.AgentList[0].Name, "andi"},
		"agent.level":        {c.AgentList[0].Level, 1},
		"team":               {fmt.Sprint(c.Teams), "[{service-desk [andi@company.com]  round-robin}]"},
		"portal.listen":      {c.Portal.Listen, "127.0.0.1:8080"},
		"remind_after":       {c.Validation.RemindAfter.Duration, 12 * time.Hour},
		"secrets":            {len(c.Tickets.Secrets), 1},
		"warnings":           {len(c.Warnings), 0},
		"show_address":       {c.Agents.ShowAddress, false},
		"relay.connections":  {c.Relay.Connections, 4},
		"per_address_hour":   {c.Loops.PerAddressHour, 30},
		"escalation.chain":   {fmt.Sprint(c.Escalation.Chain), "[lead manager]"},
		"dkim":               {c.Relay.DKIMKey, ""},
		"prefix":             {c.Tickets.Prefix, "IT"},
		"smtp.verify_dns":    {c.SMTP.VerifyDNS, true},
		"validation.reopen":  {c.Validation.ReopenWindow.String(), "168h"},
		"escalation.digest":  {c.Escalation.Digest.String(), "5m"},
		"sla.P1.response":    {c.SLA.P1.Response.String(), "15m"},
		"company.language":   {c.Lang(), sop.Indonesian},
		"relay.tls":          {c.Relay.TLS, "starttls"},
		"relay.envelope":     {c.Relay.Envelope, "verp"},
		"portal.api_tokens":  {len(c.Portal.APITokens), 0},
		"directory.file":     {c.Directory.File, ""},
		"matrix, individual": {c.Priority.Matrix.Individual, MatrixRow{"P2", "P3", "P3"}},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %v, want %v", what, pair[0], pair[1])
		}
	}
}

func TestTheSmallestConfigurationIsTheSOP(t *testing.T) {
	p, err := load(t, least).Policy()
	if err != nil {
		t.Fatal(err)
	}
	for priority, want := range map[sop.Priority][3]time.Duration{
		sop.P1: {15 * time.Minute, 4 * time.Hour, 15 * time.Minute},
		sop.P2: {time.Hour, 8 * time.Hour, 30 * time.Minute},
		sop.P3: {4 * time.Hour, 48 * time.Hour, 4 * time.Hour},
	} {
		target := p.Targets[priority]
		if got := [3]time.Duration{target.Response, target.Resolution, p.Repeat[priority]}; got != want || target.Calendar != nil {
			t.Errorf("%s: respond, resolve, repeat are %v on %v; want %v around the clock", priority, got, target.Calendar, want)
		}
	}
	for impact, row := range sop.DefaultMatrix() {
		for urgency, want := range row {
			if p.Matrix[impact][urgency] != want {
				t.Errorf("%s × %s is %s, want %s", impact, urgency, p.Matrix[impact][urgency], want)
			}
		}
	}
	if a := p.Agents[0]; a.Team != "service-desk" || !p.Teams[0].RoundRobin || p.ValidationCalendar != nil {
		t.Errorf("agent %+v, teams %+v", a, p.Teams)
	}
}

// whole has every section of a desk at work.
const whole = `
[company]
name = "PT Contoh"
domains = ["company.com"]
timezone = "Asia/Jakarta"
language = "id"
phone = "1500"
[tickets]
prefix = "IT"
secret_file = "secret"
[[mailbox]]
address = "Helpdesk@Company.com"
aliases = ["it@company.com"]
reply_domain = "reply.company.com"
list_ids = ["<IT.lists.company.com>"]
[smtp]
listen = ["127.0.0.1:2525"]
hostname = "mx.helpost.test"
verify_dns = false
[[smtp.trusted_relay]]
cidr = ["127.0.0.0/8", "192.0.2.7"]
results = "rfc8601"
authserv_ids = ["MX.company.com"]
[relay]
address = "127.0.0.1:2526"
tls = "none"
auth = "none"
envelope = "verp"
rate = "30/m"
[store]
url = "bbolt://data/helpost.db"
[blobs]
url = "file:///srv/blobs"
[sla]
warn_at = 0.75
take_counts = true
[sla.P1]
response = "4s"
resolution = "60s"
[sla.P3]
calendar = "kantor"
[[calendar]]
name = "kantor"
hours = { mon = ["08:00-12:00", "13:00-17:00"], fri = ["22:00-06:00"] }
[priority.matrix]
individual = { high = "P3" }
[priority.words]
company = ["SAP"]
high = ["deadline"]
[[department]]
name = "Keuangan"
words = ["finance"]
[[agent]]
address = "andi@company.com"
name = "Andi Saputra"
team = "service-desk"
[[agent]]
address = "sari@company.com"
name = "Sari Dewi"
level = 2
[[team]]
name = "service-desk"
members = ["andi@company.com"]
lead = "sari@company.com"
assign = "manual"
[escalation]
chain = ["lead", "manager"]
manager = "manager@company.com"
repeat = "2s"
digest = "0s"
[validation]
close_after = "6s"
remind_after = "3s"
reopen_window = "168h"
[loops]
per_address_hour = 1000
[portal]
listen = "127.0.0.1:8080"
base_url = "http://127.0.0.1:8080/"
api_token_file = "secret"
`

func TestWhatIsWrittenIsWhatHolds(t *testing.T) {
	path := write(t, whole)
	c, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	p, err := c.Policy()
	if err != nil {
		t.Fatal(err)
	}
	for what, pair := range map[string][2]any{
		"a mailbox in lower case":      {c.Mailboxes[0].Address, "helpdesk@company.com"},
		"a store beside the file":      {c.Store.Path, filepath.Join(filepath.Dir(path), "data/helpost.db")},
		"the socket beside the store":  {c.Control.Socket, filepath.Join(filepath.Dir(path), "data/helpost.sock")},
		"blobs elsewhere":              {c.Blobs.Dir, "/srv/blobs"},
		"an id in lower case":          {c.SMTP.TrustedRelays[0].AuthservIDs[0], "mx.company.com"},
		"a single address":             {c.SMTP.TrustedRelays[0].Prefixes[1].String(), "192.0.2.7/32"},
		"the rate":                     {c.Relay.Rate, Rate{30, time.Minute}},
		"the base URL without a slash": {c.Portal.BaseURL, "http://127.0.0.1:8080"},
		"the API token":                {c.Portal.APITokens[0], strings.Repeat("s", 64)},
		"no bundling":                  {p.Digest, time.Duration(0)},
		"one repeat for all":           {p.Repeat[sop.P3], 2 * time.Second},
		"a cell of the matrix":         {p.Matrix[sop.Individual][sop.High], sop.P3},
		"the rest of the matrix":       {p.Matrix[sop.Individual][sop.Medium], sop.P3},
		"P2 untouched":                 {p.Targets[sop.P2].Response, time.Hour},
		"the lead's team":              {p.Agents[1].Team, "service-desk"},
		"manual":                       {p.Teams[0].RoundRobin, false},
		"the lead":                     {p.Teams[0].Lead, "sari@company.com"},
		"take counts":                  {p.TakeCounts, true},
		"P1 around the clock":          {p.Targets[sop.P1].Calendar, nil},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %v, want %v", what, pair[0], pair[1])
		}
	}
	jakarta, _ := time.LoadLocation("Asia/Jakarta")
	friday := time.Date(2026, 1, 9, 17, 0, 0, 0, jakarta)
	if got := p.Targets[sop.P3].Calendar.Opens(friday); !got.Equal(friday.Add(5 * time.Hour)) {
		t.Errorf("on Friday at 17:00 the calendar opens %v", got)
	}
	o := c.ParserOptions()
	if got := fmt.Sprint(o.Mailboxes, o.ListIDs, o.Departments, o.Words, " ", o.Language, " ", o.Prefix); got !=
		"[helpdesk@company.com it@company.com helpdesk@reply.company.com] [it.lists.company.com] [{Keuangan [finance]}] [{company  [SAP]} { high [deadline]}] id IT" {
		t.Errorf("the parser is told %s", got)
	}
	for _, a := range c.AgentList {
		for _, address := range append(a.Aliases, a.Address) {
			if a.Name == "" || o.Names[address] != a.Name {
				t.Errorf("the parser knows %s as %q, want %q", address, o.Names[address], a.Name)
			}
		}
	}
}

func TestTheFingerprintIsStableAndTellsPoliciesApart(t *testing.T) {
	print := func(text string) []byte {
		t.Helper()
		f, err := load(t, text).Fingerprint()
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	first := print(whole)
	if !bytes.Equal(first, print(whole)) {
		t.Error("the same policy has two fingerprints")
	}
	if !bytes.Equal(first, print(strings.Replace(whole, `rate = "30/m"`, `rate = "31/m"`, 1))) {
		t.Error("the relay's rate is no policy, but changes the fingerprint")
	}
	if bytes.Contains(first, []byte("ssss")) {
		t.Error("the fingerprint holds a secret")
	}
	for _, change := range [][2]string{
		{`response = "4s"`, `response = "5s"`}, {`individual = { high = "P3" }`, `individual = { high = "P1" }`},
		{`"13:00-17:00"`, `"13:00-16:00"`}, {`chain = ["lead", "manager"]`, `chain = ["lead"]`}, {`name = "Andi Saputra"`, `name = "Andi"`},
		{`assign = "manual"`, `assign = "round-robin"`}, {`close_after = "6s"`, `close_after = "7s"`}, {`repeat = "2s"`, ``},
	} {
		if bytes.Equal(first, print(strings.Replace(whole, change[0], change[1], 1))) {
			t.Errorf("%s: the fingerprint is the same", change[1])
		}
	}
}

func TestSecretsMayBeSeveralAndShouldBePrivate(t *testing.T) {
	path := write(t, least)
	put(t, filepath.Join(filepath.Dir(path), "secret"), "\n  "+strings.Repeat("n", 20)+"  \r\n\n"+strings.Repeat("o", 20)+"\n")
	if err := os.Chmod(filepath.Join(filepath.Dir(path), "secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprintf("%s", c.Tickets.Secrets) != "["+strings.Repeat("n", 20)+" "+strings.Repeat("o", 20)+"]" {
		t.Errorf("the keys are %s", c.Tickets.Secrets)
	}
	if len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0].Text, "chmod 600") || c.Warnings[0].Line != 4 {
		t.Errorf("the warnings are %v", c.Warnings)
	}
}

func TestAFileThatIsNotThere(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "helpost.toml"))
	if err == nil || !strings.Contains(err.Error(), "helpost.toml: cannot be read: no such file") {
		t.Errorf("the error is %v", err)
	}
}
