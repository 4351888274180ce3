package mailer

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"helpost/internal/store"
)

func pkcs8(t testing.TB, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func rsaKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func edKey(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// keyFile writes a key and reads it as a signer.
func keyFile(t testing.TB, domain string, data []byte) (*Signer, error) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "dkim.pem")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := LoadSigner("desk2026", domain, name)
	if err != nil && !strings.Contains(err.Error(), name) {
		t.Errorf("the error does not name the file: %v", err)
	}
	return s, err
}

// zone answers for the signer's record alone.
func zone(t testing.TB, s *Signer, domain string) func(string) ([]string, error) {
	t.Helper()
	record, err := s.Record()
	if err != nil {
		t.Fatal(err)
	}
	return func(name string) ([]string, error) {
		if name != s.selector+"._domainkey."+domain {
			return nil, errors.New("no such name: " + name)
		}
		return []string{record}, nil
	}
}

func verify(t testing.TB, data string, lookup func(string) ([]string, error)) *dkim.Verification {
	t.Helper()
	got, err := dkim.VerifyWithOptions(strings.NewReader(data), &dkim.VerifyOptions{LookupTXT: lookup, MaxVerifications: 2})
	if err != nil || len(got) != 1 {
		t.Fatalf("%d signatures, %v", len(got), err)
	}
	return got[0]
}

func TestMailsAreSigned(t *testing.T) {
	key := rsaKey(t)
	for _, c := range []struct {
		name, domain, want string
		pem                []byte
	}{
		{"RSA, PKCS#8", "", "company.com", pkcs8(t, key)},
		{"RSA, PKCS#1", "", "company.com",
			pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})},
		{"Ed25519", "", "company.com", pkcs8(t, edKey(t))},
		{"a domain that is given", "mail.company.com", "mail.company.com", pkcs8(t, edKey(t))},
	} {
		t.Run(c.name, func(t *testing.T) {
			signer, err := keyFile(t, c.domain, c.pem)
			if err != nil {
				t.Fatal(err)
			}
			relay := newRelay(t).start()
			d := newDesk(t, relay.addr, func(cfg *Config) { cfg.DKIM = signer })
			d.blobs["file"] = strings.Repeat("YWJj\n", 30_000)
			r := row(1)
			r.Segments = append(r.Segments, store.Segment{Ref: &store.Ref{Blob: "file"}}, store.Segment{Bytes: []byte("\r\nend \t \r\n\r\n\r\n")})
			d.add(r)
			d.run()
			d.empty()
			data, lookup := relay.sent()[0].data, zone(t, signer, c.want)
			v := verify(t, data, lookup)
			if v.Err != nil || v.Domain != c.want {
				t.Fatalf("domain %s: %v", v.Domain, v.Err)
			}
			want := []string{"From", "Subject", "From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"}
			if !slices.Equal(v.HeaderKeys, want) {
				t.Errorf("signed: %v, want %v", v.HeaderKeys, want)
			}
			for what, forged := range map[string]string{
				"a second From":     strings.Replace(data, "From: IT", "From: boss@company.com\r\nFrom: IT", 1),
				"a second Subject":  strings.Replace(data, "Subject:", "Subject: pay now\r\nSubject:", 1),
				"another recipient": strings.Replace(data, "To: rina1@", "To: boss@", 1),
				"another word":      strings.Replace(data, "pagi", "siang", 1),
				"a longer body":     data + "more\r\n",
			} {
				if forged == data || verify(t, forged, lookup).Err == nil {
					t.Errorf("%s is not noticed", what)
				}
			}
		})
	}
}

func TestWhatIsSignedFollowsTheMail(t *testing.T) {
	signer, err := newSigner("s", "", pkcs8(t, edKey(t)))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, head, domain, err string
		keys                    []string
	}{
		{"an answer", "from: =?utf-8?q?Dewi?= <desk@Company.COM>\r\nIn-Reply-To: <a@b>\r\nReferences: <a@b>\r\n\t<c@d>\r\n" +
			"Reply-To: desk+x@company.com\r\nAuto-Submitted: auto-replied\r\nX-Other: y\r\nSubject: a\r\n b\r\n", "company.com", "",
			[]string{"From", "Subject", "From", "Subject", "In-Reply-To", "References", "Reply-To", "Auto-Submitted"}},
		{"a domain in our letters", "From: desk@bücher.example\r\nSubject: x\r\n", "xn--bcher-kva.example", "",
			[]string{"From", "Subject", "From", "Subject"}},
		{"no From", "Subject: x\r\n", "", "the From cannot be read", nil},
		{"two people in From", "From: a@company.com, b@company.com\r\n", "", "the From cannot be read", nil},
		{"no header", "hello", "", "no header", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			mails := []store.Segment{{Bytes: []byte(c.head)}, {Bytes: []byte("\r\nbody\r\n")}}
			m, err := prepare(context.Background(), mails, blobs{}, signer)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("error %v, want %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			if err := m.writeTo(context.Background(), &b); err != nil {
				t.Fatal(err)
			}
			v := verify(t, b.String(), zone(t, signer, c.domain))
			if v.Err != nil || v.Domain != c.domain || !slices.Equal(v.HeaderKeys, c.keys) {
				t.Errorf("domain %s, keys %v, %v", v.Domain, v.HeaderKeys, v.Err)
			}
			if m.size != int64(b.Len()) {
				t.Errorf("size %d of %d bytes", m.size, b.Len())
			}
		})
	}
}

func TestKeysThatCannotSignAreRefusedAtStart(t *testing.T) {
	t.Setenv("GODEBUG", "rsa1024min=0")
	short, err := rsa.GenerateKey(rand.Reader, 512)
	if err != nil {
		t.Fatal(err)
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(ec.Public())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":        {nil, "no PEM"},
		"no PEM":         {[]byte("secret"), "no PEM"},
		"a public key":   {pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}), "no private key"},
		"ECDSA":          {pkcs8(t, crypto.PrivateKey(ec)), "RSA and Ed25519"},
		"a short RSA":    {pkcs8(t, short), "too short"},
		"a damaged key":  {pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("xyz")}), "asn1"},
		"encrypted":      {pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("xyz")}), "no private key"},
		"encrypted, old": {pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Headers: map[string]string{"DEK-Info": "AES-256-CBC,00"}, Bytes: []byte("x")}), "encrypted"},
	} {
		if _, err := keyFile(t, "", c.data); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
	if _, err := LoadSigner("desk", "", filepath.Join(t.TempDir(), "missing")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	for _, selector := range []string{"", "a b", "a;d=evil", "-a", "a."} {
		if _, err := newSigner(selector, "", pkcs8(t, edKey(t))); err == nil {
			t.Errorf("selector %q is taken", selector)
		}
	}
}

func TestALargeMailIsNotCopied(t *testing.T) {
	signer, err := newSigner("s", "", pkcs8(t, edKey(t)))
	if err != nil {
		t.Fatal(err)
	}
	const size = 20 << 20
	content := blobs{"big": strings.Repeat(strings.Repeat("x", 76)+"\r\n", size/78)}
	segments := []store.Segment{{Bytes: []byte(text(1))}, {Ref: &store.Ref{Blob: "big"}}}
	peak := &peakMemory{}
	before := heap()
	m, err := prepare(context.Background(), segments, content, signer)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.writeTo(context.Background(), peak); err != nil {
		t.Fatal(err)
	}
	if m.size < size-100 || peak.bytes != m.size {
		t.Errorf("size %d, written %d", m.size, peak.bytes)
	}
	if most := int64(peak.most) - int64(before); most > 2<<20 {
		t.Errorf("%d KB more are in use while a mail of 20 MB goes out", most>>10)
	}
}

// peakMemory looks at the live heap now and then while it is written to.
type peakMemory struct {
	bytes int64
	seen  int64
	most  uint64
}

func (p *peakMemory) Write(b []byte) (int, error) {
	p.bytes += int64(len(b))
	if p.bytes-p.seen > 4<<20 {
		p.seen = p.bytes
		p.most = max(p.most, heap())
	}
	return len(b), nil
}

// heap is what is live.
func heap() uint64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}
