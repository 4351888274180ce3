// Package setup makes what a new helpdesk needs: a commented helpost.toml, a secret, a key for DKIM, and the DNS records to
// publish. It publishes nothing and starts nothing.
package setup

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

//go:embed helpost.toml
var example string

// exampleDomain is the domain that the example is written for.
const exampleDomain = "company.com"

// The files that are made.
const (
	ConfigFile = "helpost.toml"
	SecretFile = "secret"
	DKIMFile   = "dkim.pem"
)

// Selector is the DKIM selector of the example.
const Selector = "helpost"

// dkimBits is the length of the RSA key: what every verifier takes (RFC 8301 §3.2).
const dkimBits = 2048

// Example is a commented helpost.toml for a domain.
func Example(domain string) string { return strings.ReplaceAll(example, exampleDomain, domain) }

// Make writes the files into a folder, which it makes where there is none, and gives the public half of the DKIM key. It
// overwrites nothing: where one of the files is there already it writes none.
func Make(dir, domain string) (*rsa.PublicKey, error) {
	for _, name := range []string{ConfigFile, SecretFile, DKIMFile} {
		if _, err := os.Lstat(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			if err != nil {
				return nil, err
			}
			return nil, fmt.Errorf("%s is there already; nothing was written", filepath.Join(dir, name))
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return nil, err
	}
	key, err := rsa.GenerateKey(rand.Reader, dkimBits)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	var made []string
	for _, f := range []struct {
		name string
		mode os.FileMode
		data []byte
	}{
		{SecretFile, 0o600, []byte(hex.EncodeToString(secret) + "\n")},
		{DKIMFile, 0o600, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})},
		{ConfigFile, 0o644, []byte(Example(domain))},
	} {
		path := filepath.Join(dir, f.name)
		if err := writeNew(path, f.data, f.mode); err != nil {
			for _, m := range made {
				err = errors.Join(err, os.Remove(m))
			}
			return nil, err
		}
		made = append(made, path)
	}
	return &key.PublicKey, nil
}

// writeNew writes a file that is not there yet.
func writeNew(path string, data []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// Record is a DNS record to publish.
type Record struct {
	Name, Type, Value string
	Why               string // for people
}

// Records gives the DNS records of a helpdesk at a domain whose mail is signed with a key.
func Records(domain string, key *rsa.PublicKey) ([]Record, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, err
	}
	return []Record{
		{"helpost." + domain, "A", "192.0.2.25", "this machine; put its own public address in place of 192.0.2.25"},
		{"helpdesk." + domain, "MX", "10 helpost." + domain + ".", "where replies come to, with reply_domain = \"helpdesk." + domain + "\" under [[mailbox]]; mail for helpdesk@" + domain + " itself your mail system passes on to helpost." + domain},
		{domain, "TXT", text("v=spf1 mx a:smtp." + domain + " ~all"), "who may send as " + domain + ": the relay. Where there is an SPF record already, add the relay to it: there may be only one"},
		{"helpdesk." + domain, "TXT", text("v=spf1 mx a:smtp." + domain + " ~all"), "the same for bounces to the reply domain"},
		{Selector + "._domainkey." + domain, "TXT", text("v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der)), "what our signature is checked with (" + DKIMFile + ")"},
		{"_dmarc." + domain, "TXT", text("v=DMARC1; p=none; rua=mailto:postmaster@" + domain), "asks for reports; set p=quarantine when they show that all is well. Keep the one that you have"},
	}, nil
}

// text writes a TXT value: in quotes, cut into strings of at most 255 bytes (RFC 1035 §3.3.14).
func text(s string) string {
	var parts []string
	for len(s) > 255 {
		parts, s = append(parts, `"`+s[:255]+`"`), s[255:]
	}
	return strings.Join(append(parts, `"`+s+`"`), " ")
}

// Zone writes records the way that a zone file has them, each with a comment above.
func Zone(records []Record) string {
	var b strings.Builder
	for _, r := range records {
		fmt.Fprintf(&b, "; %s\n%s. IN %s %s\n\n", r.Why, r.Name, r.Type, r.Value)
	}
	return b.String()
}

var domainForm = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// CheckDomain says why a text is no domain that an example can be written for.
func CheckDomain(s string) error {
	if len(s) > 200 || !domainForm.MatchString(s) {
		return fmt.Errorf("%q is no domain; write it in lower case, like company.com", s)
	}
	return nil
}
