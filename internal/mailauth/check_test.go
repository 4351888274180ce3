package mailauth

import (
	"iter"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const mx = "Authentication-Results: mx.company.com; "

// head makes fields of lines "Name: value".
func head(lines ...string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, l := range lines {
			name, value, _ := strings.Cut(l, ":")
			if !yield(name, value) {
				return
			}
		}
	}
}

func company(domain string) bool { return domain == "company.com" || domain == "xn--bcher-kva.example" }

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }

var (
	relay8601 = []Relay{{CIDR: []netip.Prefix{prefix("192.0.2.0/24")}, AuthservIDs: []string{"MX.company.com"}}}
	fromRelay = Connection{Peer: netip.MustParseAddr("192.0.2.7")}
)

func TestProofByAuthenticationResults(t *testing.T) {
	const andi = "andi@company.com"
	for _, c := range []struct {
		name, from string
		want       Proof
		head       []string
	}{
		{"nothing said", andi, None, nil},
		{"aligned dmarc", andi, Pass, []string{mx + "dmarc=pass header.from=company.com"}},
		{"case of letters", "Andi@COMPANY.com", Pass, []string{"authentication-RESULTS: Mx.Company.Com 1 ; DMARC=PASS Header.From=Company.COM."}},
		{"blank before the colon", andi, Pass, []string{"Authentication-Results : mx.company.com; dmarc=pass header.from=company.com"}},
		{"header.from with an address", andi, Pass, []string{mx + "dmarc=pass header.from=andi@company.com"}},
		{"header.from quoted", andi, Pass, []string{mx + `dmarc=pass header.from="company.com"`}},
		{"idn, U-label against A-label", "a@bücher.example", Pass, []string{mx + "dmarc=pass header.from=xn--bcher-kva.example"}},
		{"idn, A-label against U-label", "a@xn--bcher-kva.example", Pass, []string{mx + "dmarc=pass header.from=BüCHER.example"}},
		{"all methods of a large provider", andi, Pass, []string{mx + "dkim=pass header.i=@company.com header.s=s1 header.b=Ab/c; arc=pass (i=1 spf=pass spfdomain=x.example); spf=fail (mx: domain of a@x.example does not designate 192.0.2.9) smtp.mailfrom=a@x.example; dmarc=pass (p=NONE sp=NONE dis=NONE) header.from=company.com"}},

		{"no strict From", "", None, []string{mx + "dmarc=pass header.from=company.com"}},
		{"two at signs", "a@evil.example@company.com", None, []string{mx + "dmarc=pass header.from=company.com"}},
		{"no local part", "@company.com", None, []string{mx + "dmarc=pass header.from=company.com"}},
		{"another domain", andi, None, []string{mx + "dmarc=pass header.from=evil.example"}},
		{"a sub-domain", andi, None, []string{mx + "dmarc=pass header.from=sub.company.com"}},
		{"the parent", "a@sub.company.com", None, []string{mx + "dmarc=pass header.from=company.com"}},
		{"an address that ends like it", andi, None, []string{mx + "dmarc=pass header.from=company.com@evil.example"}},
		{"no header.from", andi, None, []string{mx + "dmarc=pass"}},
		{"full-width letters", andi, None, []string{mx + "dmarc=pass header.from=ｃompany.com"}},
		{"full-width letters in From", "andi@ｃompany.com", None, []string{mx + "dmarc=pass header.from=company.com"}},
		{"kelvin sign", "a@k.example", None, []string{mx + "dmarc=pass header.from=\u212a.example"}},
		{"dmarc inside a quoted string", andi, Fail, []string{mx + `spf=fail smtp.mailfrom="x; dmarc=pass header.from=company.com; spf=none a=b"@evil.example`}},
		{"dmarc inside a comment", andi, None, []string{mx + "spf=none (x; dmarc=pass header.from=company.com)"}},
		{"dmarc inside a nested comment", andi, None, []string{mx + `spf=none ((x)\) ; dmarc=pass header.from=company.com)`}},
		{"dmarc inside a reason", andi, None, []string{mx + `spf=none reason="; dmarc=pass header.from=company.com ;"`}},
		{"a property twice", andi, None, []string{mx + "dmarc=pass header.from=evil.example header.from=company.com"}},
		{"two dmarc results", andi, None, []string{mx + "dmarc=pass header.from=evil.example; dmarc=pass header.from=company.com"}},
		{"dmarc pass and fail", andi, None, []string{mx + "dmarc=pass header.from=company.com; dmarc=fail header.from=company.com"}},
		{"unquoted local part with a blank", andi, None, []string{mx + "spf=fail smtp.mailfrom=x; dmarc=pass header.from=company.com b@evil.example"}},
		{"unknown version", andi, None, []string{"Authentication-Results: mx.company.com 2; dmarc=pass header.from=company.com"}},
		{"another server", andi, None, []string{"Authentication-Results: mx.evil.example; dmarc=pass header.from=company.com"}},
		{"a server that begins like ours", andi, None, []string{"Authentication-Results: mx.company.com.evil.example; dmarc=pass header.from=company.com"}},
		{"ours in a comment", andi, None, []string{"Authentication-Results: (mx.company.com) mx.evil.example; dmarc=pass header.from=company.com"}},
		{"arc and the obsolete fields", andi, None, []string{"ARC-Authentication-Results: i=1; mx.company.com; dmarc=pass header.from=company.com", "X-Authentication-Results: mx.company.com; dmarc=pass header.from=company.com"}},

		{"the topmost counts: a pass below a fail", andi, Fail, []string{mx + "dmarc=fail header.from=company.com", mx + "dmarc=pass header.from=company.com"}},
		{"the topmost counts: a pass below nothing", andi, None, []string{mx + "none", mx + "dmarc=pass header.from=company.com"}},
		{"the topmost cannot be read", andi, None, []string{mx + "dmarc=fail header.from=", mx + "dmarc=pass header.from=company.com"}},
		{"the topmost has an unknown version", andi, None, []string{"Authentication-Results: mx.company.com 9; none", mx + "dmarc=pass header.from=company.com"}},
		{"one without a readable server above", andi, None, []string{"Authentication-Results: spf=pass smtp.mailfrom=company.com", mx + "dmarc=pass header.from=company.com"}},
		{"another server's above", andi, Pass, []string{"Authentication-Results: filter.company.com; spf=none", mx + "dmarc=pass header.from=company.com"}},

		{"auth, smtp.auth", andi, Pass, []string{mx + "auth=pass (plain) smtp.auth=andi@company.com"}},
		{"auth, smtp.mailfrom", andi, Pass, []string{mx + "auth=pass smtp.auth=andi smtp.mailfrom=Andi@Company.com"}},
		{"auth beside a dmarc fail", andi, Pass, []string{mx + "dmarc=fail header.from=company.com; auth=pass smtp.auth=andi@company.com"}},
		{"auth of another login", andi, None, []string{mx + "auth=pass smtp.auth=rina@company.com"}},
		{"auth of a login without a domain", andi, None, []string{mx + "auth=pass smtp.auth=andi"}},
		{"auth failed", andi, None, []string{mx + "auth=fail smtp.auth=andi@company.com"}},
		{"auth twice", andi, None, []string{mx + "auth=pass smtp.auth=rina@company.com; auth=pass smtp.auth=andi@company.com"}},
		{"auth quoted away", andi, None, []string{mx + `auth=pass smtp.auth="andi@company.com"@evil.example`}},
		{"auth with the From as domain", andi, None, []string{mx + "auth=pass smtp.auth=andi@company.com@evil.example"}},
		{"smtp.mailfrom of spf", andi, None, []string{mx + "spf=pass smtp.mailfrom=andi@company.com"}},

		{"dmarc fail", andi, Fail, []string{mx + "dmarc=fail (p=reject) header.from=company.com"}},
		{"dmarc fail, header.from unsaid", andi, Fail, []string{mx + "dmarc=fail"}},
		{"dmarc none", andi, None, []string{mx + "dmarc=none header.from=company.com"}},
		{"dmarc temperror", andi, None, []string{mx + "dmarc=temperror header.from=company.com"}},
		{"spf hard fail", andi, Fail, []string{mx + "spf=fail smtp.mailfrom=andi@company.com"}},
		{"spf hard fail, dkim fails", andi, Fail, []string{mx + "spf=fail smtp.mailfrom=andi@company.com; dkim=fail header.d=company.com"}},
		{"spf hard fail, dkim of somebody else", andi, Fail, []string{mx + "spf=fail smtp.mailfrom=andi@company.com; dkim=pass header.d=evil.example"}},
		{"spf hard fail, dkim of another customer of a suffix", "a@one.co.uk", Fail, []string{mx + "spf=fail; dkim=pass header.d=two.co.uk"}},
		{"spf hard fail, dkim aligned", andi, None, []string{mx + "spf=fail smtp.mailfrom=andi@company.com; dkim=pass header.d=mail.company.com"}},
		{"spf hard fail, dkim aligned by header.i", andi, None, []string{mx + "spf=fail smtp.mailfrom=a@b.c; dkim=pass header.i=@company.com"}},
		{"spf hard fail of the helo name alone", andi, None, []string{mx + "spf=fail smtp.helo=x.example; spf=pass smtp.mailfrom=andi@company.com"}},
		{"spf soft fail", andi, None, []string{mx + "spf=softfail smtp.mailfrom=andi@company.com"}},
		{"spf hard fail under dmarc none", andi, Fail, []string{mx + "dmarc=none; spf=fail smtp.mailfrom=andi@company.com"}},
		{"spf hard fail under a dmarc pass", andi, Pass, []string{mx + "dmarc=pass header.from=company.com; spf=fail smtp.mailfrom=andi@company.com"}},
		{"aligned dkim without dmarc", andi, None, []string{mx + "dkim=pass header.d=company.com"}},
	} {
		got, trusted := Check(relay8601, fromRelay, head(c.head...), c.from, company)
		if got != c.want || !trusted {
			t.Errorf("%s: %s (trusted %v), want %s", c.name, got, trusted, c.want)
		}
	}
}

func TestOnlyATrustedRelayIsHeard(t *testing.T) {
	pass := head(mx + "dmarc=pass header.from=company.com")
	cidr := []netip.Prefix{prefix("192.0.2.0/24"), prefix("2001:db8::/32")}
	ids := []string{"mx.company.com"}
	for _, c := range []struct {
		name    string
		relay   Relay
		conn    Connection
		trusted bool
	}{
		{"its address", Relay{CIDR: cidr}, Connection{Peer: netip.MustParseAddr("192.0.2.1")}, true},
		{"IPv6", Relay{CIDR: cidr}, Connection{Peer: netip.MustParseAddr("2001:db8::1")}, true},
		{"IPv6 with a zone", Relay{CIDR: []netip.Prefix{prefix("fe80::/10")}}, Connection{Peer: netip.MustParseAddr("fe80::1%eth0")}, true},
		{"IPv4 in IPv6", Relay{CIDR: cidr}, Connection{Peer: netip.MustParseAddr("::ffff:192.0.2.1")}, true},
		{"another address", Relay{CIDR: cidr}, Connection{Peer: netip.MustParseAddr("198.51.100.1")}, false},
		{"both", Relay{CIDR: cidr, TLSName: "mx.company.com"}, Connection{netip.MustParseAddr("192.0.2.1"), []string{"x.example", "MX.company.com"}}, true},
		{"address without the name", Relay{CIDR: cidr, TLSName: "mx.company.com"}, Connection{Peer: netip.MustParseAddr("192.0.2.1")}, false},
		{"name from elsewhere", Relay{CIDR: cidr, TLSName: "mx.company.com"}, Connection{netip.MustParseAddr("198.51.100.1"), []string{"mx.company.com"}}, false},
		{"another name", Relay{CIDR: cidr, TLSName: "mx.company.com"}, Connection{netip.MustParseAddr("192.0.2.1"), []string{"mx.company.com.evil.example"}}, false},
		{"name alone", Relay{TLSName: "mx.company.com"}, Connection{netip.MustParseAddr("198.51.100.1"), []string{"mx.company.com"}}, true},
		{"neither configured", Relay{}, Connection{netip.MustParseAddr("192.0.2.1"), []string{"mx.company.com", ""}}, false},
		{"the socket", Relay{Local: true}, Connection{}, true},
		{"the socket's trust on TCP", Relay{Local: true, CIDR: cidr}, Connection{Peer: netip.MustParseAddr("192.0.2.1")}, false},
		{"a relay's trust on the socket", Relay{CIDR: []netip.Prefix{prefix("0.0.0.0/0"), prefix("::/0")}}, Connection{}, false},
	} {
		c.relay.AuthservIDs = ids
		got, trusted := Check([]Relay{c.relay}, c.conn, pass, "andi@company.com", company)
		if trusted != c.trusted || (got == Pass) != c.trusted {
			t.Errorf("%s: %s, trusted %v", c.name, got, trusted)
		}
	}
	if got, trusted := Check(nil, fromRelay, pass, "andi@company.com", company); got != None || trusted {
		t.Errorf("no relay: %s %v", got, trusted)
	}
	first := []Relay{{CIDR: cidr, AuthservIDs: []string{"other"}}, {CIDR: cidr, AuthservIDs: ids}}
	if got, _ := Check(first, fromRelay, pass, "andi@company.com", company); got != None {
		t.Errorf("the second relay that matches counts: %s", got)
	}
}

func TestRelayThatAuthenticates(t *testing.T) {
	relays := []Relay{{CIDR: []netip.Prefix{prefix("192.0.2.0/24")}, Results: Authenticated}}
	for from, want := range map[string]Proof{
		"andi@company.com": Pass, "ANDI@Company.Com": Pass, "x@bücher.example": Pass,
		"vendor@mitra.example": None, "a@sub.company.com": None, "a@company.com.evil.example": None, "a@ｃompany.com": None, "": None,
	} {
		if got, _ := Check(relays, fromRelay, head(), from, company); got != want {
			t.Errorf("%q: %s, want %s", from, got, want)
		}
	}
	unknown := []Relay{{CIDR: relays[0].CIDR, Results: "anything"}}
	if got, _ := Check(unknown, fromRelay, head(mx+"dmarc=pass header.from=company.com"), "andi@company.com", company); got != None {
		t.Errorf("an unknown kind of trust proves %s", got)
	}
}

func TestExchangeOnlinesMark(t *testing.T) {
	const as, id = "X-MS-Exchange-CrossTenant-AuthAs: ", "X-MS-Exchange-CrossTenant-Id: "
	const tenant, other = "11111111-2222-3333-4444-aaaaaaaaaaaa", "99999999-2222-3333-4444-aaaaaaaaaaaa"
	relay := Relay{CIDR: []netip.Prefix{prefix("192.0.2.0/24")}, TLSName: "mail.protection.example", Results: ExchangeOnline, Tenant: tenant}
	conn := Connection{netip.MustParseAddr("192.0.2.7"), []string{"mail.protection.example"}}
	for _, c := range []struct {
		name, from string
		want       Proof
		head       []string
	}{
		{"marked", "andi@company.com", Pass, []string{as + "Internal", id + tenant}},
		{"case of letters", "andi@company.com", Pass, []string{strings.ToLower(as) + "internal", strings.ToUpper(id) + strings.ToUpper(tenant)}},
		{"not marked", "andi@company.com", None, nil},
		{"anonymous", "andi@company.com", None, []string{as + "Anonymous", id + tenant}},
		{"another tenant", "andi@company.com", None, []string{as + "Internal", id + other}},
		{"no tenant", "andi@company.com", None, []string{as + "Internal"}},
		{"two marks", "andi@company.com", None, []string{as + "Internal", as + "Internal", id + tenant}},
		{"a mark and its denial", "andi@company.com", None, []string{as + "Anonymous", as + "Internal", id + tenant}},
		{"two tenants", "andi@company.com", None, []string{as + "Internal", id + other, id + tenant}},
		{"From of elsewhere", "andi@evil.example", None, []string{as + "Internal", id + tenant}},
		{"no From", "", None, []string{as + "Internal", id + tenant}},
		{"results of a server", "andi@company.com", None, []string{mx + "dmarc=pass header.from=company.com"}},
	} {
		if got, _ := Check([]Relay{relay}, conn, head(c.head...), c.from, company); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	marks := head(as+"Internal", id+tenant)
	if got, trusted := Check([]Relay{relay}, fromRelay, marks, "andi@company.com", company); got != None || trusted {
		t.Errorf("without its certificate: %s %v", got, trusted)
	}
	bare := relay
	bare.TLSName = ""
	if got, _ := Check([]Relay{bare}, conn, marks, "andi@company.com", company); got != None {
		t.Errorf("without a configured name: %s", got)
	}
	empty := relay
	empty.Tenant = ""
	if got, _ := Check([]Relay{empty}, conn, head(as+"Internal", id), "andi@company.com", company); got != None {
		t.Errorf("without a configured tenant: %s", got)
	}
}

var (
	oracleDMARC = regexp.MustCompile(`(?i)^[ \t]*dmarc[ \t]*(/[ \t]*1[ \t]*)?=[ \t]*pass([ \t]|$)`)
	oracleFrom  = regexp.MustCompile(`(?i)header[ \t]*\.[ \t]*from[ \t]*=[ \t]*([^ \t]*@)?company\.com\.?([ \t]|$)`)
	oracleAuth  = regexp.MustCompile(`(?i)^[ \t]*auth[ \t]*(/[ \t]*1[ \t]*)?=[ \t]*pass([ \t]|$)`)
	oracleWho   = regexp.MustCompile(`(?i)smtp[ \t]*\.[ \t]*(auth|mailfrom)[ \t]*=[ \t]*andi@company\.com\.?([ \t]|$)`)
)

// oracle is a second reading by other means: comments and quoted strings become blanks or marks, what is left is cut at
// semicolons. It says whether a pass is possible at all.
func oracle(header string) bool {
	var b strings.Builder
	depth, inString := 0, false
	for i := 0; i < len(header); i++ {
		c := header[i]
		switch {
		case (depth > 0 || inString) && c == '\\':
			if i++; inString && i < len(header) && header[i] != ';' {
				b.WriteByte(header[i])
			}
		case inString:
			switch c {
			case '"':
				inString = false
			case ';', ' ', '\t':
				b.WriteByte('#')
			default:
				b.WriteByte(c)
			}
		case c == '(':
			depth++
			b.WriteByte(' ')
		case depth > 0 && c == ')':
			depth--
		case depth > 0:
		case c == '"':
			inString = true
		default:
			b.WriteByte(c)
		}
	}
	parts := strings.Split(b.String(), ";")
	dmarc, auth := 0, 0
	for _, p := range parts[1:] {
		if oracleDMARC.MatchString(p) && oracleFrom.MatchString(p) {
			dmarc++
		}
		if oracleAuth.MatchString(p) && oracleWho.MatchString(p) {
			auth++
		}
	}
	return strings.EqualFold(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(parts[0]), "1")), "mx.company.com") && (dmarc == 1 || auth == 1)
}

// No bytes make a pass that the oracle does not see, and none panic.
func FuzzCheck(f *testing.F) {
	for _, seed := range []string{
		"mx.company.com; dmarc=pass header.from=company.com",
		"mx.company.com (a(b)c) 1; spf=pass smtp.mailfrom=\"a;b\"@c.d; dmarc=pass (x) header.from=\"company.com\"",
		"mx.company.com; auth=pass smtp.auth=andi@company.com",
		`mx.company.com; spf=fail smtp.mailfrom="x; dmarc=pass header.from=company.com; spf=none a=b"@evil.example`,
		"mx.company.com; spf=none (x; dmarc=pass header.from=company.com",
		"mx.company.com;dmarc=pass header.from=\"x\\\"; dmarc=pass header.from=company.com",
		"mx.company.com; none", `"mx.company.com"1;dmarc/1=pass reason="(" header.from=company.com(")")`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		got, _ := Check(relay8601, fromRelay, head("Authentication-Results:"+header), "andi@company.com", company)
		if got == Pass && !oracle(header) {
			t.Fatalf("a pass for %q", header)
		}
	})
}

// Headers put together of the pieces that attacks are made of agree with the oracle too.
func TestPiecesOfHeaders(t *testing.T) {
	pieces := []string{"dmarc=pass", "header.from=company.com", "header.from=evil.example", `header.from="company.com"`, "; ", ";", " ", "(", ")", `"`, `\`, `"; dmarc=pass header.from=company.com"`,
		"auth=pass", "smtp.auth=andi@company.com", "smtp.mailfrom=", "andi@company.com", "@evil.example", "spf=fail", "dmarc=fail", "none", "1", "/1", "reason=", "x", "dkim=pass header.d=company.com", "header.from", "=", "company.com", "<>", "\t", "é", "\r\n", "\x00"}
	rapid.Check(t, func(t *rapid.T) {
		header := "mx.company.com; " + strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 12).Draw(t, "pieces"), rapid.SampledFrom([]string{"", " "}).Draw(t, "between"))
		got, _ := Check(relay8601, fromRelay, head("Authentication-Results: "+header), "andi@company.com", company)
		if got == Pass && !oracle(header) {
			t.Fatalf("a pass for %q", header)
		}
	})
	plain, _ := Check(relay8601, fromRelay, head("Authentication-Results: mx.company.com; "+pieces[0]+" "+pieces[1]), "andi@company.com", company)
	if plain != Pass || !oracle("mx.company.com; "+pieces[0]+" "+pieces[1]) {
		t.Errorf("the plain header: %s", plain)
	}
}
