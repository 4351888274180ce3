package peers

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The people. Everybody's password is the same.
const (
	helpdesk = "helpdesk@company.com"
	rina     = "rina.wijaya@company.com"
	james    = "james.whitfield@company.com"
	andi     = "andi.saputra@company.com" // the agent
	lost     = "hilang@company.com"       // Postfix knows the address, Dovecot has no mailbox for it
	password = "kata-sandi"
)

// world is a company's mail system with a helpdesk.
type world struct {
	dir                              string
	mx, submission, lmtp, imap, http string  // where each listens
	helpost                          string  // where helpost itself does
	in, out                          *cutter // between Postfix and helpost, between helpost and Postfix
	tls                              *authority
	dkimRecord                       string
	boxes                            map[string]*box
}

// newWorld starts everything; with TLS everywhere or nowhere.
func newWorld(t *testing.T, secure bool) *world {
	t.Helper()
	asked(t)
	dir, err := os.MkdirTemp("", "peers-") // not t.TempDir: other users must get in, and a socket's path has 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	w := &world{
		dir: dir, mx: freeAddress(t), submission: freeAddress(t), lmtp: freeAddress(t), imap: freeAddress(t),
		http: freeAddress(t), helpost: freeAddress(t), boxes: map[string]*box{},
	}
	w.in, w.out = newCutter(t, w.helpost), newCutter(t, w.mx)
	if secure {
		w.tls = newAuthority(t, filepath.Join(dir, "ca"))
	}
	t.Cleanup(func() { w.tellLogs(t) })
	w.startDovecot(t)
	w.startPostfix(t)
	w.configureHelpost(t)
	w.startHelpost(t)
	return w
}

// tellLogs shows the ends of all logs of a test that failed.
func (w *world) tellLogs(t *testing.T) {
	if !t.Failed() {
		return
	}
	logs, _ := filepath.Glob(filepath.Join(w.dir, "*.log"))
	for _, name := range logs {
		said, err := os.ReadFile(name)
		t.Logf("%s (%v):\n%s", filepath.Base(name), err, said[max(0, len(said)-6000):])
	}
}

// snippet is a block of docs/mailsystems.md, found by the name in its first line, with the addresses and folders of this
// world.
func (w *world) snippet(t *testing.T, name string) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/mailsystems.md")
	if err != nil {
		t.Fatal(err)
	}
	for i, block := range strings.Split(string(page), "\n```") {
		_, block, _ = strings.Cut(block, "\n") // the fence's own line
		first, _, _ := strings.Cut(block, "\n")
		title, _, _ := strings.Cut(strings.TrimPrefix(first, "# "), ":")
		if i%2 == 1 && title == name {
			return w.here(block) + "\n"
		}
	}
	t.Fatalf("docs/mailsystems.md has no block %q", name)
	return ""
}

// here puts the addresses and folders of this world in the place of those of the page.
func (w *world) here(block string) string {
	into := w.in.address
	pairs := []string{
		"/etc/postfix/", w.dir + "/postfix/",
		"[10.0.0.40]:25", "[127.0.0.1]:" + port(into),
		"10.0.0.25/32", "127.0.0.1/32",
		"mx.company.com:25", w.out.address,
		"submission inet", w.submission + " inet",
	}
	if w.tls == nil {
		pairs = append(pairs, "smtpd_tls_security_level=encrypt", "smtpd_tls_security_level=none")
	}
	return strings.NewReplacer(pairs...).Replace(block)
}

func port(address string) string { return address[strings.LastIndexByte(address, ':')+1:] }

// titled names a block of the page: its TLS form where this world has TLS.
func (w *world) titled(name string) string {
	if w.tls != nil {
		return name + ", with TLS"
	}
	return name
}

const helpostBase = `
[company]
name = "PT Contoh"
domains = ["company.com"]
[tickets]
secret_file = "secret"
[[mailbox]]
address = "helpdesk@company.com"
[store]
url = "bbolt://%[1]s/helpost.db"
[[agent]]
address = "andi.saputra@company.com"
name = "Andi Saputra"
[portal]
listen = %[2]q
api_token_file = "token"
[smtp]
listen = [%[3]q]
hostname = "helpost.company.com"
`

const token = "a-token-for-the-tests"

// configureHelpost writes helpost.toml: the page's part of it and what any helpdesk has. Its notices are signed.
func (w *world) configureHelpost(t *testing.T) {
	t.Helper()
	dir := filepath.Join(w.dir, "helpost")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf(helpostBase, dir, w.http, w.helpost)
	if w.tls != nil {
		config += fmt.Sprintf("tls_cert = %q\ntls_key = %q\n", w.tls.path("helpost.company.com.pem"), w.tls.path("helpost.company.com.key"))
	}
	config += w.snippet(t, w.titled("helpost.toml")) // ends within [relay]
	if w.tls == nil {
		config += "tls = \"none\"\n"
	}
	config += "retry = \"1s\"\ndkim_selector = \"helpost\"\ndkim_key = \"dkim.pem\"\n"
	write(t, filepath.Join(dir, "helpost.toml"), config)
	for name, secret := range map[string]string{"dkim.pem": w.newSigner(t), "secret": "0123456789abcdef0123456789abcdef\n", "token": token + "\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(secret), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// newSigner makes a DKIM key, and the record by which notices are verified.
func (w *world) newSigner(t *testing.T) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	w.dkimRecord = "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(public)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
}

func (w *world) startHelpost(t *testing.T) {
	t.Helper()
	var env []string
	if w.tls != nil {
		env = []string{"SSL_CERT_FILE=" + w.tls.path("ca.pem"), "SSL_CERT_DIR=/nonexistent"}
	}
	start(t, filepath.Join(w.dir, "helpost.log"), env, binary, "serve", "--config", filepath.Join(w.dir, "helpost", "helpost.toml"))
	eventually(t, "helpost is ready", func() bool { return w.get("/readyz", nil) == nil })
}
