package peers

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"helpost/internal/config"
)

var tomlBlock = regexp.MustCompile("(?s)\n *```toml\n(.*?)\n *```")

// Every piece of helpost.toml on the page is one that helpost takes, without a warning. (This needs no mail server.)
func TestThePagesSettingsAreTaken(t *testing.T) {
	page, err := os.ReadFile("../../docs/mailsystems.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := tomlBlock.FindAllStringSubmatch(string(page), -1)
	if len(blocks) < 6 {
		t.Fatalf("only %d pieces were found", len(blocks))
	}
	for _, block := range blocks {
		dir := t.TempDir()
		whole := "[company]\ndomains = [\"company.com\"]\n[tickets]\nsecret_file = \"secret\"\n[[mailbox]]\naddress = \"helpdesk@company.com\"\n[[agent]]\naddress = \"andi@company.com\"\n[store]\nurl = \"bbolt://" + dir + "/helpost.db\"\n" + block[1] + "\n"
		if strings.Contains(whole, "tls_name") && !strings.Contains(whole, "[smtp]") {
			whole += "[smtp]\ntls_cert = \"cert.pem\"\ntls_key = \"key.pem\"\n" // the text above that block says so
		}
		if !strings.Contains(whole, "[relay]") {
			whole += "[relay]\naddress = \"mx.company.com:25\"\n"
		}
		for name, content := range map[string]string{"helpost.toml": whole, "secret": "0123456789abcdef0123456789abcdef\n", "relay-password": password, "cert.pem": "", "key.pem": ""} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		cfg, err := config.Load(filepath.Join(dir, "helpost.toml"))
		if err != nil {
			t.Errorf("%s\n%v", block[1], err)
			continue
		}
		for _, w := range cfg.Warnings {
			if strings.Contains(w.String(), "relay") || strings.Contains(w.String(), "smtp") {
				t.Errorf("%s\n%s", block[1], w.String())
			}
		}
	}
}
