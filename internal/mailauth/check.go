package mailauth

import (
	"iter"
	"net/netip"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// Trust is how a relay says who wrote ("results" of the configuration).
type Trust string

// What relays may be trusted with (contract §5).
const (
	RFC8601        Trust = "rfc8601"         // it writes Authentication-Results
	Authenticated  Trust = "authenticated"   // it takes mail of the company from the company's people alone
	ExchangeOnline Trust = "exchange-online" // its mark says that a mail comes from within the tenant
)

// Relay is a mail server whose word about senders counts.
type Relay struct {
	CIDR        []netip.Prefix // its addresses; with TLSName both must hold
	TLSName     string         // a name of its client certificate
	Local       bool           // the LMTP socket: connections without an address, and no others
	Results     Trust          // "": RFC8601
	AuthservIDs []string       // of RFC8601: the names it signs its results with
	Tenant      string         // of ExchangeOnline: the tenant's id
}

// Connection is what is known of the client that brought a mail.
type Connection struct {
	Peer     netip.Addr // invalid: a socket without addresses
	TLSNames []string   // names of a client certificate that verified
}

// Check says what a trusted relay proves of a mail's sender. fields are the header in its order, names and unfolded
// values; from is the address where From holds exactly one, else ""; company says whether a domain (lower case) is the
// company's. trusted says that the connection is a trusted relay's. Of several relays that match, the first counts.
func Check(relays []Relay, c Connection, fields iter.Seq2[string, string], from string, company func(domain string) bool) (proof Proof, trusted bool) {
	relay := match(relays, c)
	if relay == nil {
		return None, false
	}
	domain := domainOf(from)
	if domain == "" {
		return None, true
	}
	switch relay.Results {
	case Authenticated:
		if company(domain) {
			return Pass, true
		}
	case ExchangeOnline:
		if company(domain) && relay.TLSName != "" && marked(fields, relay.Tenant) {
			return Pass, true
		}
	case RFC8601, "":
		if r, ok := topmost(fields, relay.AuthservIDs); ok {
			return r.prove(from, domain), true
		}
	}
	return None, true
}

// match finds the first relay whose addresses and name both hold.
func match(relays []Relay, c Connection) *Relay {
	for i := range relays {
		if relays[i].is(c) {
			return &relays[i]
		}
	}
	return nil
}

func (r *Relay) is(c Connection) bool {
	if !c.Peer.IsValid() {
		return r.Local
	}
	if r.Local || len(r.CIDR) == 0 && r.TLSName == "" {
		return false
	}
	peer, inside := c.Peer.Unmap().WithZone(""), len(r.CIDR) == 0
	for _, p := range r.CIDR {
		inside = inside || p.Contains(peer)
	}
	named := r.TLSName == ""
	for _, name := range c.TLSNames {
		named = named || sameDomain(name, r.TLSName)
	}
	return inside && named
}

// topmost reads the first Authentication-Results of a server among ids. Where that one cannot be read, or one above it
// is not even signed readably, there is none: what stands below may be the sender's own.
func topmost(fields iter.Seq2[string, string], ids []string) (results, bool) {
	for name, value := range fields {
		if !isField(name, "authentication-results") {
			continue
		}
		r, err := parseResults(value)
		if r.server == "" {
			return results{}, false
		}
		for _, id := range ids {
			if LowerASCII(id) == r.server {
				return r, err == nil
			}
		}
	}
	return results{}, false
}

// marked says whether Exchange Online marks a mail as one of the tenant's own people: each field exactly once.
func marked(fields iter.Seq2[string, string], tenant string) bool {
	as, id := "", ""
	seenAs, seenID := 0, 0
	for name, value := range fields {
		switch {
		case isField(name, "x-ms-exchange-crosstenant-authas"):
			as, seenAs = strings.Trim(value, " \t"), seenAs+1
		case isField(name, "x-ms-exchange-crosstenant-id"):
			id, seenID = strings.Trim(value, " \t"), seenID+1
		}
	}
	return seenAs == 1 && seenID == 1 && tenant != "" && LowerASCII(as) == "internal" && LowerASCII(id) == LowerASCII(tenant)
}

// isField compares a field's name; blanks before the colon are RFC 5322's obsolete syntax and no other name.
func isField(name, want string) bool { return LowerASCII(strings.TrimRight(name, " \t")) == want }

// prove weighs one header: an aligned DMARC pass or an authenticated sender proves, a DMARC fail disproves, and without a
// word of DMARC's an SPF hard fail does that no aligned DKIM signature outweighs. Two results of DMARC prove nothing.
func (r results) prove(from, domain string) Proof {
	dmarc, auth := r.of("dmarc"), r.of("auth")
	if len(dmarc) == 1 && dmarc[0].value == "pass" && sameDomain(lastDomain(dmarc[0].props["header.from"]), domain) {
		return Pass
	}
	if len(auth) == 1 && auth[0].value == "pass" && (sameAddress(auth[0].props["smtp.auth"], from) || sameAddress(auth[0].props["smtp.mailfrom"], from)) {
		return Pass
	}
	passed, failed := false, false
	for _, d := range dmarc {
		passed, failed = passed || d.value == "pass", failed || d.value == "fail"
	}
	switch {
	case passed: // for another domain, or beside another result
		return None
	case failed:
		return Fail
	case r.spfFails() && !r.signedBy(domain):
		return Fail
	}
	return None
}

// spfFails says whether SPF found a hard fail for MAIL FROM and no pass.
func (r results) spfFails() bool {
	failed := false
	for _, spf := range r.of("spf") {
		_, from := spf.props["smtp.mailfrom"]
		if _, helo := spf.props["smtp.helo"]; helo && !from {
			continue
		}
		switch spf.value {
		case "pass":
			return false
		case "fail", "hardfail": // the latter is RFC 5451's
			failed = true
		}
	}
	return failed
}

// signedBy says whether a DKIM signature holds whose domain aligns with the author's (RFC 7489 §3.1.1, relaxed).
func (r results) signedBy(domain string) bool {
	for _, dkim := range r.of("dkim") {
		signer, named := dkim.props["header.d"]
		if !named {
			signer = lastDomain(dkim.props["header.i"])
		}
		if dkim.value == "pass" && aligned(signer, domain) {
			return true
		}
	}
	return false
}

func aligned(a, b string) bool {
	if a, b = canonical(a), canonical(b); a == "" || b == "" {
		return false
	}
	if a == b {
		return true
	}
	orgA, errA := publicsuffix.EffectiveTLDPlusOne(a)
	orgB, errB := publicsuffix.EffectiveTLDPlusOne(b)
	return errA == nil && errB == nil && orgA == orgB
}

// domainOf gives the domain of an address as it is compared, "" where it has none or more than one "@".
func domainOf(address string) string {
	local, domain, found := strings.Cut(address, "@")
	if !found || local == "" || strings.ContainsRune(domain, '@') {
		return ""
	}
	return canonical(domain)
}

// lastDomain gives what stands behind the last "@" of a value, or all of it.
func lastDomain(value string) string { return value[strings.LastIndexByte(value, '@')+1:] }

func sameDomain(a, b string) bool {
	a, b = canonical(a), canonical(b)
	return a != "" && a == b
}

// sameAddress compares addresses: the domain as domains compare, the local part by its ASCII letters in any case.
func sameAddress(a, b string) bool {
	i, j := strings.IndexByte(a, '@'), strings.IndexByte(b, '@')
	return i > 0 && j > 0 && LowerASCII(a[:i]) == LowerASCII(b[:j]) && sameDomain(a[i+1:], b[j+1:])
}

// canonical gives the form in which domains compare: lower case, A-labels (RFC 5891), no final dot. What is no host name
// gives "". Nothing is mapped: a full-width "ｃompany.com" must not become company.com.
func canonical(domain string) string {
	domain = strings.TrimSuffix(LowerASCII(domain), ".")
	if domain == "" || len(domain) > 253 {
		return ""
	}
	ascii := true
	for i := range len(domain) {
		c := domain[i]
		ascii = ascii && c < 0x80
		if c < 0x80 && !keyChar(c) && c != '.' {
			return ""
		}
	}
	if ascii {
		return domain
	}
	a, err := idna.Registration.ToASCII(domain)
	if err != nil {
		return ""
	}
	return a
}
