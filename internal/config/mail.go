package config

import (
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"
)

// maxToken is the longest token that a reply address may carry (contract: 26 to 40 characters), and maxLocal the longest
// local part (RFC 5321 §4.5.3.1.1).
const (
	maxToken = 40
	maxLocal = 64
)

// maxConnections is more than any relay takes from one client.
const maxConnections = 100

// mailboxes checks our own addresses, fills in what follows from them, and remembers which address is ours.
func (k *checker) mailboxes() {
	k.ours = map[string]string{}
	if len(k.Mailboxes) == 0 {
		k.fail("mailbox", "there is no [[mailbox]]: it names the address of the helpdesk, like address = \"helpdesk@company.com\"")
	}
	for i := range k.Mailboxes {
		k.mailbox(item("mailbox", i), &k.Mailboxes[i])
	}
	if k.at.has("company.domains") {
		if len(k.Company.Domains) == 0 {
			k.fail("company.domains", "domains is empty: nobody could report; remove it for the mailboxes' own domains")
		}
	} else {
		for _, m := range k.Mailboxes {
			if _, domain, ok := strings.Cut(m.Address, "@"); ok && !slices.Contains(k.Company.Domains, domain) {
				k.Company.Domains = append(k.Company.Domains, domain)
			}
		}
	}
	if k.Company.Name == "" && len(k.Company.Domains) > 0 {
		k.Company.Name = k.Company.Domains[0]
	}
}

func (k *checker) mailbox(path string, m *Mailbox) {
	if m.Address == "" {
		k.fail(path, "[[mailbox]] without an address: write address = \"helpdesk@company.com\"")
		return
	}
	m.Address = k.address(join(path, "address"), m.Address)
	k.addresses(join(path, "aliases"), m.Aliases)
	if m.ReplyDomain != "" {
		m.ReplyDomain = k.domain(join(path, "reply_domain"), m.ReplyDomain)
	}
	if m.ReplyStyle == "" {
		m.ReplyStyle = "plus"
	}
	k.oneOf(join(path, "reply_style"), m.ReplyStyle, "plus", "plain")
	local, _, _ := strings.Cut(m.Address, "@")
	if k.Relay.Envelope != "fixed" || m.ReplyStyle != "plain" {
		if len(local)+1+maxToken > maxLocal {
			k.fail(join(path, "address"), "address: %q is too long to carry a token: the part before the @ may have %d characters, for mail systems take %d with \"+\" and a token; choose a shorter one, or set reply_style = \"plain\" and [relay] envelope = \"fixed\"",
				m.Address, maxLocal-1-maxToken, maxLocal)
		}
	}
	k.ownAddress(join(path, "address"), m.Address)
	for i, alias := range m.Aliases {
		k.ownAddress(item(join(path, "aliases"), i), alias)
	}
	if m.ReplyDomain != "" && !strings.HasSuffix(m.Address, "@"+m.ReplyDomain) {
		k.ownAddress(join(path, "reply_domain"), local+"@"+m.ReplyDomain)
	}
	for i := range m.ListIDs {
		m.ListIDs[i] = strings.Trim(lower(m.ListIDs[i]), "<>")
	}
}

// ownAddress notes an address as ours. No two mailboxes may share one.
func (k *checker) ownAddress(path, address string) {
	if first, taken := k.ours[address]; taken {
		k.fail(path, "%s: %q is there already, in line %d; one address belongs to one mailbox", key(path), address, k.at.line(first))
		return
	}
	k.ours[address] = path
}

var tenantPattern = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

func (k *checker) smtp() {
	s := &k.SMTP
	if len(s.Listen) == 0 {
		k.fail("smtp.listen", "listen is empty: write an address with a port, like [\"0.0.0.0:25\"]")
	}
	for i, a := range s.Listen {
		k.hostPort(item("smtp.listen", i), a, false)
	}
	if k.at.has("smtp.hostname") {
		s.Hostname = k.domain("smtp.hostname", s.Hostname)
	}
	if s.MaxMessage.Bytes < 64<<10 || s.MaxMessage.Bytes > 1<<30 {
		k.fail("smtp.max_message", "max_message must be between 64KB and 1GB; it is %s", s.MaxMessage)
	}
	if (s.TLSCert == "") != (s.TLSKey == "") {
		has, lacks := "tls_cert", "tls_key"
		if s.TLSCert == "" {
			has, lacks = lacks, has
		}
		k.fail("smtp."+has, "%s without %s: a certificate and its key belong together; set both, or neither", has, lacks)
	}
	k.exists("smtp.tls_cert", &s.TLSCert, false)
	k.exists("smtp.tls_key", &s.TLSKey, false)
	for i := range s.TrustedRelays {
		k.trustedRelay(item("smtp.trusted_relay", i), &s.TrustedRelays[i])
	}
}

func (k *checker) trustedRelay(path string, r *TrustedRelay) {
	if r.Results == "" {
		r.Results = ResultsRFC8601
	}
	k.oneOf(join(path, "results"), r.Results, ResultsRFC8601, ResultsAuthenticated, ResultsExchangeOnline)
	r.Prefixes = k.prefixes(join(path, "cidr"), r.CIDR)
	r.Tenant = lower(r.Tenant)
	if r.TLSName != "" {
		r.TLSName = k.domain(join(path, "tls_name"), strings.TrimPrefix(r.TLSName, "*."))
		if k.SMTP.TLSCert == "" {
			k.fail(join(path, "tls_name"), "tls_name needs TLS at this door: set tls_cert and tls_key under [smtp]")
		}
	}
	switch {
	case len(r.CIDR) == 0 && r.TLSName == "":
		k.fail(path, "[[smtp.trusted_relay]] without cidr and tls_name would trust everybody; name the relay's network or its certificate")
	case r.TLSName == "" && slices.ContainsFunc(r.Prefixes, func(p netip.Prefix) bool { return p.Bits() == 0 }):
		k.fail(join(path, "cidr"), "cidr: the whole internet is no trusted relay: whoever connects could write as anybody; name the relay's network, or add tls_name")
	}
	for i := range r.AuthservIDs {
		r.AuthservIDs[i] = lower(r.AuthservIDs[i])
	}
	switch r.Results {
	case ResultsRFC8601:
		if len(r.AuthservIDs) == 0 {
			k.fail(path, "results = \"rfc8601\" needs authserv_ids: the name with which the relay begins its Authentication-Results, like authserv_ids = [\"mx.company.com\"]")
		}
	case ResultsExchangeOnline:
		if r.TLSName == "" {
			k.fail(path, "results = \"exchange-online\" needs tls_name: without the relay's certificate anybody could write its header fields; set it to the name in that certificate, like \"mail.protection.outlook.com\"")
		}
		if !tenantPattern.MatchString(r.Tenant) {
			k.fail(join(path, "tenant"), "results = \"exchange-online\" needs tenant: the id of your Microsoft 365 tenant, like \"01234567-89ab-cdef-0123-456789abcdef\"; it is %q", r.Tenant)
		}
	}
}

func (k *checker) relay() {
	r := &k.Relay
	if r.Address == "" {
		k.fail("relay", "[relay] address is missing: it names the mail server that sends our mail, like \"smtp.company.com:587\"")
	} else {
		k.hostPort("relay.address", r.Address, true)
	}
	k.oneOf("relay.tls", r.TLS, "starttls", "implicit", "none")
	k.oneOf("relay.envelope", r.Envelope, "verp", "fixed")
	if r.Auth == "xoauth2" {
		k.fail("relay.auth", "auth = \"xoauth2\" is not there yet in this version; use \"password\" or \"none\"")
	} else {
		k.oneOf("relay.auth", r.Auth, "none", "password")
	}
	k.relayPassword(r)
	if r.MaxSize.Bytes < 64<<10 || r.MaxSize.Bytes > 1<<30 {
		k.fail("relay.max_size", "max_size must be between 64KB and 1GB; it is %s", r.MaxSize)
	}
	k.within("relay.retry", r.Retry, time.Hour)
	k.within("relay.give_up_after", r.GiveUpAfter, 30*24*time.Hour)
	if r.Connections < 1 || r.Connections > maxConnections {
		k.fail("relay.connections", "connections must be between 1 and %d; it is %d", maxConnections, r.Connections)
	}
	if (r.DKIMSelector == "") != (r.DKIMKey == "") {
		k.fail("relay", "dkim_selector and dkim_key belong together: set both, or neither")
	}
	if r.DKIMKey != "" {
		k.dkimKey("relay.dkim_key", &r.DKIMKey)
	}
	if r.DKIMSelector != "" && !isDomain(lower(r.DKIMSelector)+".example") {
		k.fail("relay.dkim_selector", "dkim_selector: %q is no DNS name; letters, digits and hyphens, like \"helpost\"", r.DKIMSelector)
	}
}

// relayPassword checks how we prove to the relay who we are.
func (k *checker) relayPassword(r *Relay) {
	if r.Auth != "password" {
		if r.Username != "" || r.PasswordFile != "" {
			k.warn("relay.username", "[relay] username and password_file count only with auth = \"password\"")
		}
		return
	}
	if r.Username == "" || r.PasswordFile == "" {
		k.fail("relay.auth", "auth = \"password\" needs username and password_file")
		return
	}
	if host, _, err := net.SplitHostPort(r.Address); r.TLS == "none" && err == nil && !isLoopback(host) {
		k.fail("relay.tls", "tls = \"none\" with a password would send it readable for all between here and %s; use \"starttls\" or \"implicit\"", host)
	}
	text, ok := k.private("relay.password_file", &r.PasswordFile)
	if ok && strings.ContainsAny(text, "\r\n\x00") {
		k.fail("relay.password_file", "password_file: %s has more than one line", r.PasswordFile)
	}
	r.Password = text
}

func isLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && a.IsLoopback())
}
