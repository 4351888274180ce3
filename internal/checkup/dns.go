package checkup

import (
	"context"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"

	"helpost/internal/config"
)

// Resolver is what is asked of DNS; *net.Resolver is one.
type Resolver interface {
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
	LookupTXT(ctx context.Context, name string) ([]string, error)
}

// dns gives hints about the records that others read. They are asked at once, for a short time; a network that is not there
// is no fault.
func dns(ctx context.Context, c *config.Config, r Resolver) []Finding {
	ctx, stop := context.WithTimeout(ctx, dnsTime)
	defer stop()
	var asks []func() Finding
	seen := map[string]bool{}
	for _, m := range c.Mailboxes {
		_, domain, _ := strings.Cut(m.Address, "@")
		replies := domain
		if m.ReplyDomain != "" {
			replies = m.ReplyDomain
		}
		if !seen[replies] {
			asks = append(asks, func() Finding { return mx(ctx, r, replies) }, func() Finding { return spf(ctx, r, replies) })
		}
		if !seen[domain] {
			asks = append(asks, func() Finding { return dmarc(ctx, r, domain) })
			if c.Relay.DKIMKey != "" {
				asks = append(asks, func() Finding { return dkim(ctx, r, c, domain) })
			}
		}
		seen[domain], seen[replies] = true, true
	}
	found := make([]Finding, len(asks))
	var wait sync.WaitGroup
	for i, ask := range asks {
		wait.Go(func() { found[i] = ask() })
	}
	wait.Wait()
	return found
}

// noRecord says that DNS answered, but not with what was asked for.
var noRecord error = &net.DNSError{Err: "no such record", IsNotFound: true}

// unasked says that DNS gave no answer, or that there is no such record.
func unasked(name, kind string, err error) Finding {
	var failed *net.DNSError
	if errors.As(err, &failed) && failed.IsNotFound {
		return Finding{Hint, "dns", fmt.Sprintf("%s has no %s record", name, kind)}
	}
	return Finding{Hint, "dns", fmt.Sprintf("%s %s: DNS did not answer", name, kind)}
}

func mx(ctx context.Context, r Resolver, name string) Finding {
	hosts, err := r.LookupMX(ctx, name)
	if err == nil && len(hosts) == 0 {
		err = noRecord
	}
	if err != nil {
		return unasked(name, "MX", err)
	}
	var names []string
	for _, h := range hosts {
		names = append(names, strings.TrimSuffix(h.Host, "."))
	}
	return Finding{Fine, "dns", fmt.Sprintf("mail for %s goes to %s: see that it comes here", name, strings.Join(names, ", "))}
}

// txt gives the first TXT record that begins with a tag.
func txt(ctx context.Context, r Resolver, name, tag string) (string, error) {
	records, err := r.LookupTXT(ctx, name)
	if err != nil {
		return "", err
	}
	for _, t := range records {
		if strings.HasPrefix(strings.ToLower(t), tag) {
			return t, nil
		}
	}
	return "", noRecord
}

func spf(ctx context.Context, r Resolver, name string) Finding {
	record, err := txt(ctx, r, name, "v=spf1")
	if err != nil {
		return unasked(name, "SPF", err)
	}
	return Finding{Fine, "dns", fmt.Sprintf("%s: %s: see that it has the relay", name, record)}
}

func dmarc(ctx context.Context, r Resolver, domain string) Finding {
	record, err := txt(ctx, r, "_dmarc."+domain, "v=dmarc1")
	if err != nil {
		return unasked("_dmarc."+domain, "DMARC", err)
	}
	return Finding{Fine, "dns", "_dmarc." + domain + ": " + record}
}

func dkim(ctx context.Context, r Resolver, c *config.Config, domain string) Finding {
	name := c.Relay.DKIMSelector + "._domainkey." + domain
	record, err := txt(ctx, r, name, "")
	if err != nil {
		return unasked(name, "DKIM", err)
	}
	public, err := publicKey(c.Relay.DKIMKey)
	if err != nil {
		return Finding{Wrong, "dkim", err.Error()}
	}
	published := ""
	for _, tag := range strings.Split(record, ";") {
		if k, v, _ := strings.Cut(strings.TrimSpace(tag), "="); strings.TrimSpace(k) == "p" {
			published = strings.Join(strings.Fields(v), "")
		}
	}
	if published != public {
		return Finding{Hint, "dns", name + " publishes another key than that of " + c.Relay.DKIMKey + ": our signatures do not verify"}
	}
	return Finding{Fine, "dns", name + " publishes our key"}
}

// publicKey gives the public half of a private key file as DKIM publishes it (RFC 6376 §3.6.1, RFC 8463 §4).
func publicKey(file string) (string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return "", fmt.Errorf("%s holds no key", file)
	}
	var key any
	if key, err = x509.ParsePKCS8PrivateKey(block.Bytes); err != nil {
		if key, err = x509.ParsePKCS1PrivateKey(block.Bytes); err != nil {
			return "", fmt.Errorf("%s holds no key: %w", file, err)
		}
	}
	switch key := key.(type) {
	case ed25519.PrivateKey:
		return base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey)), nil
	case *rsa.PrivateKey:
		der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
		return base64.StdEncoding.EncodeToString(der), err
	}
	return "", fmt.Errorf("%s: DKIM knows RSA and Ed25519 keys only", file)
}
