package mailer

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/emersion/go-msgauth/dkim"
)

// Signer signs mails with one DKIM key (RFC 6376; Ed25519: RFC 8463).
type Signer struct {
	selector string
	domain   string // "": the domain of each mail's From
	key      crypto.Signer
}

// minRSA is the least size of an RSA key in bits (RFC 8301 §3.2).
const minRSA = 1024

var selectorForm = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)*$`)

// LoadSigner reads an RSA or Ed25519 key, PKCS#8 or PKCS#1 in PEM. With domain "" each mail is signed for the domain of
// its From. A key that cannot sign is an error that names the file.
func LoadSigner(selector, domain, keyFile string) (*Signer, error) {
	data, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, fmt.Errorf("relay.dkim_key: %w", err)
	}
	s, err := newSigner(selector, domain, data)
	if err != nil {
		return nil, fmt.Errorf("relay.dkim_key %s: %w", keyFile, err)
	}
	return s, nil
}

func newSigner(selector, domain string, data []byte) (*Signer, error) {
	if !selectorForm.MatchString(selector) {
		return nil, fmt.Errorf("%q is not a selector: letters, digits, hyphens and dots", selector)
	}
	key, err := parseKey(data)
	if err != nil {
		return nil, err
	}
	return &Signer{selector: selector, domain: domain, key: key}, nil
}

func parseKey(data []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, errors.New("it holds no PEM block")
	}
	var key any
	var err error
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		if block.Headers["DEK-Info"] != "" {
			return nil, errors.New("the key is encrypted")
		}
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	default:
		return nil, fmt.Errorf("a PEM block %q is no private key of PKCS#8 or PKCS#1", block.Type)
	}
	if err != nil {
		return nil, err
	}
	switch key := key.(type) {
	case ed25519.PrivateKey:
		return key, nil
	case *rsa.PrivateKey:
		if key.N.BitLen() < minRSA {
			return nil, fmt.Errorf("an RSA key of %d bits is too short: %d at least, better 2048", key.N.BitLen(), minRSA)
		}
		return key, nil
	}
	return nil, fmt.Errorf("DKIM knows RSA and Ed25519, not %T", key)
}

// Record is the TXT record of the public key, to publish at SELECTOR._domainkey.DOMAIN (RFC 6376 §3.6.1).
func (s *Signer) Record() (string, error) {
	if public, ok := s.key.Public().(ed25519.PublicKey); ok {
		return "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public), nil
	}
	der, err := x509.MarshalPKIXPublicKey(s.key.Public())
	if err != nil {
		return "", err
	}
	return "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der), nil
}

// signed are the header fields that are signed where they are present; From and Subject are signed once more than they
// stand there, so that nobody can add a second one (RFC 6376 §8.15).
var signed = []string{
	"From", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Reply-To", "Auto-Submitted",
	"MIME-Version", "Content-Type", "Content-Transfer-Encoding",
}

// sign reads a mail and gives its DKIM-Signature field, with its line end.
func (s *Signer) sign(ctx context.Context, m *mail, count io.Writer) (string, error) {
	head, err := m.head()
	if err != nil {
		return "", err
	}
	domain := s.domain
	if domain == "" {
		if domain, err = head.fromDomain(); err != nil {
			return "", err
		}
	}
	keys := []string{"From", "Subject"}
	for _, name := range signed {
		if head.has(name) {
			keys = append(keys, name)
		}
	}
	signer, err := dkim.NewSigner(&dkim.SignOptions{
		Domain: domain, Selector: s.selector, Signer: s.key, HeaderKeys: keys,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
	})
	if err != nil {
		return "", err
	}
	err = m.writeTo(ctx, io.MultiWriter(count, signer))
	if errClose := signer.Close(); err == nil { // always: it ends the signer's goroutine
		err = errClose
	}
	if err != nil {
		return "", err
	}
	return signer.Signature(), nil
}

// fromDomain is the domain of the From, as an A-label where the mail has one.
func (h head) fromDomain() (string, error) {
	address, err := h.from()
	if err != nil {
		return "", err
	}
	_, domain, ok := cutLast(address, "@")
	if !ok || domain == "" {
		return "", errors.New("the From has no domain")
	}
	return asciiDomain(strings.ToLower(domain))
}
