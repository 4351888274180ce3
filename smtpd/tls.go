package smtpd

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Certificate is a pair of PEM files that is read again when the files change or Reload is called.
// A new pair that is bad leaves the old one in use.
type Certificate struct {
	certFile, keyFile string
	log               *slog.Logger
	every             time.Duration // between two looks at the files

	pair atomic.Pointer[tls.Certificate]
	next atomic.Int64 // when to look at the files again, Unix nanoseconds

	mu   sync.Mutex
	seen [2]fileStamp // of the last pair that was tried, good or bad
}

type fileStamp struct {
	changed time.Time
	size    int64
}

// LoadCertificate reads a certificate with its chain and its key. log is told of later pairs that are bad; it may be nil.
func LoadCertificate(certFile, keyFile string, log *slog.Logger) (*Certificate, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	c := &Certificate{certFile: certFile, keyFile: keyFile, log: log, every: 30 * time.Second}
	if err := c.Reload(); err != nil {
		return nil, err
	}
	return c, nil
}

// Reload reads the files now, as at SIGHUP. On an error the pair in use stays.
func (c *Certificate) Reload() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reload(c.stamps())
}

func (c *Certificate) reload(stamps [2]fileStamp) error {
	c.seen = stamps
	c.next.Store(time.Now().Add(c.every).UnixNano())
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("smtpd: certificate %s: %w", c.certFile, err)
	}
	c.pair.Store(&pair)
	return nil
}

// stamps tells whether the files have changed; a file that cannot be seen has the zero stamp.
func (c *Certificate) stamps() (s [2]fileStamp) {
	for i, name := range []string{c.certFile, c.keyFile} {
		if info, err := os.Stat(name); err == nil {
			s[i] = fileStamp{info.ModTime(), info.Size()}
		}
	}
	return s
}

// GetCertificate serves tls.Config. It looks at the files itself now and then, so that nothing has to run beside it.
func (c *Certificate) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if time.Now().UnixNano() >= c.next.Load() && c.mu.TryLock() {
		defer c.mu.Unlock()
		c.next.Store(time.Now().Add(c.every).UnixNano())
		if stamps := c.stamps(); stamps != c.seen {
			if err := c.reload(stamps); err != nil {
				c.log.Error("new certificate is bad, the old one stays", "err", err)
			} else {
				c.log.Info("certificate read again", "file", c.certFile)
			}
		}
	}
	return c.pair.Load(), nil
}

func tlsConfig(cfg Config) *tls.Config {
	if cfg.TLS == nil {
		return nil
	}
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: cfg.TLS.GetCertificate,
		// Asked for, never demanded: a client with a certificate that we cannot verify is a client without one.
		ClientAuth: tls.RequestClientCert,
		ClientCAs:  cfg.ClientCAs,
	}
}

// verifiedNames gives the DNS names of a client's certificate, in lower case, if a CA that we know vouches for it now.
// Certificates of mail hosts are made for servers, so that usage will do.
func verifiedNames(state tls.ConnectionState, roots *x509.CertPool, now time.Time) []string {
	if len(state.PeerCertificates) == 0 {
		return nil
	}
	leaf, between := state.PeerCertificates[0], x509.NewCertPool()
	for _, c := range state.PeerCertificates[1:] {
		between.AddCert(c)
	}
	_, err := leaf.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: between, CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	})
	if err != nil {
		return nil
	}
	names := make([]string, 0, len(leaf.DNSNames))
	for _, n := range leaf.DNSNames {
		names = append(names, strings.ToLower(n))
	}
	return names
}
