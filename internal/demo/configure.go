package demo

import (
	"fmt"
	"os"
	"path/filepath"
)

const configuration = `# The demo's helpost: nothing here is meant for service.
[company]
name = "PT Contoh"
domains = ["company.com"]
timezone = "Asia/Jakarta"
language = "id"
phone = "1500"
[tickets]
secret_file = "secret"
[[mailbox]]
address = "` + Helpdesk + `"
[smtp]
listen = [%q]
hostname = "helpost.demo"
verify_dns = false
[[smtp.trusted_relay]]
cidr = ["127.0.0.1/32"]
results = "authenticated"
[relay]
address = %q
tls = "none"
[store]
url = "bbolt://%s"
[directory]
file = "people.csv"
[[agent]]
address = "` + andi + `"
name = "Andi Saputra"
team = "service-desk"
[[agent]]
address = "` + rudi + `"
name = "Rudi Hartono"
team = "service-desk"
[[agent]]
address = "` + sari + `"
name = "Sari Dewi"
team = "service-desk"
level = 2
[[team]]
name = "service-desk"
members = ["` + andi + `", "` + rudi + `"]
lead = "` + sari + `"
assign = "manual"
# Seconds for hours, so that a whole ticket can be watched.
[sla.P1]
response = "4s"
resolution = "60s"
[escalation]
manager = "` + manager + `"
repeat = "3s"
[validation]
remind_after = "2s"
close_after = "5s"
[portal]
listen = %q
api_token_file = "api-token"
`

// Configure writes a helpost.toml with all that belongs to it into a folder, and gives its path.
func Configure(dir, smtp, http, relay string) (string, error) {
	toml := filepath.Join(dir, "helpost.toml")
	for name, content := range map[string]string{
		"secret":     "the demo's secret, known to everybody\n",
		"api-token":  "demo-token-known-to-all\n",
		"people.csv": People,
		toml:         fmt.Sprintf(configuration, smtp, relay, filepath.Join(dir, "helpost.db"), http),
	} {
		if !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			return "", err
		}
	}
	return toml, nil
}
