package smtpd

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// authority is a CA for a test.
type authority struct {
	t    testing.TB
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	n    int64
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{t: t, key: key, n: 1}
	a.cert = &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, a.cert, a.cert, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *authority) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.cert)
	return p
}

// issue makes a certificate and its key as PEM.
func (a *authority) issue(usage x509.ExtKeyUsage, until time.Time, names ...string) (cert, key []byte) {
	a.t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	a.n++
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(a.n), Subject: pkix.Name{CommonName: "cn.company.com"}, DNSNames: names,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: until, ExtKeyUsage: []x509.ExtKeyUsage{usage},
	}, a.cert, k.Public(), a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		a.t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})
}

func (a *authority) client(usage x509.ExtKeyUsage, until time.Time, names ...string) tls.Certificate {
	a.t.Helper()
	pair, err := tls.X509KeyPair(a.issue(usage, until, names...))
	if err != nil {
		a.t.Fatal(err)
	}
	return pair
}

type pairFiles struct{ cert, key string }

func (a *authority) files(names ...string) pairFiles {
	dir := a.t.TempDir()
	f := pairFiles{filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")}
	cert, key := a.issue(x509.ExtKeyUsageServerAuth, time.Now().Add(time.Hour), names...)
	f.write(a.t, cert, key)
	return f
}

func (f pairFiles) write(t testing.TB, cert, key []byte) {
	t.Helper()
	for name, b := range map[string][]byte{f.cert: cert, f.key: key} {
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func openTLS(t testing.TB, a *authority) *door {
	t.Helper()
	f := a.files("mx.company.com")
	cert, err := LoadCertificate(f.cert, f.key, nil)
	if err != nil {
		t.Fatal(err)
	}
	return open(t, Config{TLS: cert, ClientCAs: a.pool()}, &desk{})
}

// starttls takes a client that said EHLO over to TLS.
func (c *client) starttls(a *authority, certs ...tls.Certificate) (*client, *tls.Conn) {
	c.t.Helper()
	c.say("STARTTLS\r\n").want("220")
	over := tls.Client(c.Conn, &tls.Config{ServerName: "mx.company.com", RootCAs: a.pool(), Certificates: certs})
	if err := over.Handshake(); err != nil {
		c.t.Fatal(err)
	}
	return &client{over, bufio.NewReader(over), c.t}, over
}

func TestMailOverTLS(t *testing.T) {
	a := newAuthority(t)
	s := openTLS(t, a)
	c := s.hello(t)
	c.say("MAIL FROM:<a@company.com>\r\n").want("250")
	c, _ = c.starttls(a)
	c.say("MAIL FROM:<" + rina + ">\r\n").want("502") // nothing of before is left, the EHLO neither
	if got := c.say("EHLO inside\r\n").want("250"); strings.Contains(got, "STARTTLS") || strings.Contains(got, "AUTH") {
		t.Errorf("inside it offers %q", got)
	}
	c.begin().say(report + ".\r\n").want("250")
	long := strings.Repeat("a", 300_000) + "\r\n"
	c.begin().say(long + ".\r\n").want("250")
	c.say("QUIT\r\n").want("221")
	m := s.taken()
	if !m[0].TLS || len(m[0].TLSNames) != 0 || m[0].Hello != "inside" || string(m[1].Data) != long {
		t.Errorf("taken %+v", m[0].Envelope)
	}
}

func TestOnlyVerifiedNamesOfAClientCount(t *testing.T) {
	a, stranger := newAuthority(t), newAuthority(t)
	soon, gone := time.Now().Add(time.Hour), time.Now().Add(-time.Minute)
	s := openTLS(t, a)
	for name, k := range map[string]struct {
		cert tls.Certificate
		want []string
	}{
		"ours":               {a.client(x509.ExtKeyUsageClientAuth, soon, "Relay.company.com", "mx2.company.com"), []string{"relay.company.com", "mx2.company.com"}},
		"a server's":         {a.client(x509.ExtKeyUsageServerAuth, soon, "relay.company.com"), []string{"relay.company.com"}},
		"for code":           {a.client(x509.ExtKeyUsageCodeSigning, soon, "relay.company.com"), nil},
		"expired":            {a.client(x509.ExtKeyUsageClientAuth, gone, "relay.company.com"), nil},
		"a common name only": {a.client(x509.ExtKeyUsageClientAuth, soon), nil},
		"of a stranger's CA": {stranger.client(x509.ExtKeyUsageClientAuth, soon, "relay.company.com"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := s.hello(t)
			c.say("STARTTLS\r\n").want("220")
			over := tls.Client(c.Conn, &tls.Config{InsecureSkipVerify: true, GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &k.cert, nil }})
			c = &client{over, bufio.NewReader(over), t}
			c.say("EHLO x\r\n").want("250")
			n := len(s.taken())
			c.begin().say(report + ".\r\n").want("250")
			if m := s.taken()[n]; !m.TLS || !slices.Equal(m.TLSNames, k.want) {
				t.Errorf("names %q, want %q", m.TLSNames, k.want)
			}
		})
	}
}

// What a man in the middle glues behind STARTTLS is not carried out inside (RFC 3207 §4.2 and the flaw of 2011).
func TestNothingIsInjectedBeforeTLS(t *testing.T) {
	a := newAuthority(t)
	s := openTLS(t, a)
	c := s.hello(t)
	c.say("STARTTLS\r\nEHLO evil\r\nMAIL FROM:<evil@company.com>\r\nRCPT TO:<" + helpdesk + ">\r\n").want("220")
	over := tls.Client(c.Conn, &tls.Config{ServerName: "mx.company.com", RootCAs: a.pool()})
	c = &client{over, bufio.NewReader(over), t}
	c.say("DATA\r\n").want("502")
	c.say("RCPT TO:<" + helpdesk + ">\r\n").want("502")
	c.say("EHLO x\r\n").want("250")
	c.say("MAIL FROM:<" + rina + ">\r\n").want("250 2.0.0")
}

func TestAFailedHandshakeEndsTheConnection(t *testing.T) {
	s := openTLS(t, newAuthority(t))
	for _, instead := range []string{"EHLO plain\r\nMAIL FROM:<>\r\nRCPT TO:<a@company.com>\r\nDATA\r\nx\r\n.\r\n", "\x16\x03\x01\x00\x05hello"} {
		c := s.hello(t)
		c.say("STARTTLS\r\n").want("220")
		c.say(instead)
		all, _ := io.ReadAll(c.r) // an alert, perhaps, and the last reply
		if !bytes.Contains(all, []byte("550 ")) || bytes.Contains(all, []byte("250 ")) {
			t.Errorf("after %q: %q", instead, all)
		}
	}
}

// TLS may say its goodbye in the middle of the last chunk: no error below, and yet no mail.
func TestAChunkCutByTLSIsNoMail(t *testing.T) {
	a := newAuthority(t)
	s := openTLS(t, a)
	for _, whole := range []bool{false, true} {
		c, over := s.hello(t).starttls(a)
		c.say("EHLO x\r\n").want("250")
		c.say("MAIL FROM:<" + rina + ">\r\n").want("250")
		c.say("RCPT TO:<" + helpdesk + ">\r\n").want("250")
		if whole {
			c.say(fmt.Sprintf("BDAT %d LAST\r\n%s", len(report), report)).want("250 2.0.0 kept")
			c.say(fmt.Sprintf("MAIL FROM:<>\r\nRCPT TO:<a@b.c>\r\nBDAT %d\r\n%s", len(report), report))
			c.want("250")
			c.want("250")
			c.want("250")
			c.say("BDAT 0 LAST\r\n").want("250 2.0.0 kept")
			c.say("NOOP\r\n").want("250")
			continue
		}
		c.say("BDAT 5000 LAST\r\n" + report)
		over.CloseWrite()
		c.want("451 4.4.2")
		c.closed()
		if n := len(s.taken()); n != 0 {
			t.Fatalf("%d mails taken", n)
		}
	}
	if n := len(s.taken()); n != 2 {
		t.Errorf("%d mails taken, want 2", n)
	}
}

func TestCommandsBehindTheLastChunkInsideTLS(t *testing.T) {
	a := newAuthority(t)
	s := openTLS(t, a)
	c, _ := s.hello(t).starttls(a)
	c.say("EHLO x\r\n").want("250")
	c.say("MAIL FROM:<" + rina + ">\r\n").want("250")
	c.say("RCPT TO:<" + helpdesk + ">\r\n").want("250")
	chunk := strings.Repeat(strings.Repeat("a", 98)+"\r\n", 600)
	c.say(fmt.Sprintf("BDAT %d LAST\r\n%sQUIT\r\n", len(chunk), chunk)).want("250 2.0.0 kept")
	if codes := c.closed(); len(codes) > 1 || len(codes) == 1 && codes[0] != "221" {
		t.Errorf("replies %q", codes)
	}
	if n := len(s.taken()); n != 1 {
		t.Errorf("%d mails taken", n)
	}
}

func TestACertificateIsReadAgain(t *testing.T) {
	a := newAuthority(t)
	f := a.files("old.company.com")
	var log safeBuffer
	c, err := LoadCertificate(f.cert, f.key, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	serves := func() string {
		pair, err := c.GetCertificate(nil)
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := x509.ParseCertificate(pair.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		return leaf.DNSNames[0]
	}
	until := time.Now().Add(time.Hour)
	cert, key := a.issue(x509.ExtKeyUsageServerAuth, until, "new.company.com")
	_, otherKey := a.issue(x509.ExtKeyUsageServerAuth, until, "other.company.com")

	f.write(t, cert, otherKey)
	if err := c.Reload(); err == nil {
		t.Error("a key of another certificate: no error")
	}
	if got := serves(); got != "old.company.com" {
		t.Errorf("after a bad pair it serves %s", got)
	}
	f.write(t, cert, key)
	if err := c.Reload(); err != nil {
		t.Error(err)
	}
	if got := serves(); got != "new.company.com" {
		t.Errorf("after Reload it serves %s", got)
	}

	// By itself it looks now and then; a bad pair is said once and does no harm.
	c.every = 0
	f.write(t, []byte("rubbish"), key)
	for range 3 {
		c.next.Store(0)
		if got := serves(); got != "new.company.com" {
			t.Errorf("after rubbish it serves %s", got)
		}
	}
	if n := strings.Count(log.String(), "the old one stays"); n != 1 {
		t.Errorf("said %d times:\n%s", n, log.String())
	}
	cert, key = a.issue(x509.ExtKeyUsageServerAuth, until, "newest.company.com")
	f.write(t, cert, key)
	c.next.Store(0)
	if got := serves(); got != "newest.company.com" {
		t.Errorf("after a change it serves %s", got)
	}
	os.Remove(f.cert)
	c.next.Store(0)
	if got := serves(); got != "newest.company.com" {
		t.Errorf("without a file it serves %s", got)
	}
	if c, err := LoadCertificate(f.cert, f.key, nil); err == nil || c != nil {
		t.Error("no file: no error")
	}
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
