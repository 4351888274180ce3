package config

import (
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// checker holds a decoded configuration against the rules, fills in what follows from other keys, and notes problems.
type checker struct {
	*Config
	*decoder
	ours map[string]string // our addresses, and the path of the key that names each
}

func (k *checker) check() {
	k.notYet()
	k.company()
	k.tickets()
	k.mailboxes()
	k.smtp()
	k.relay()
	k.places()
	k.calendarList()
	k.sla()
	k.priority()
	k.people()
	k.escalation()
	k.validation()
	k.portal()
	k.hooks()
	k.debug()
	k.retention()
}

// notYet refuses what this version cannot do, so that nobody relies on it.
func (k *checker) notYet() {
	for _, s := range []struct{ path, header, what string }{
		{"lmtp", "[lmtp]", "mail comes by SMTP alone"},
		{"clamd", "[clamd]", "attachments are not scanned for viruses"},
	} {
		if k.at.has(s.path) {
			k.fail(s.path, "%s is not there yet: in this version %s; remove the section", s.header, s.what)
		}
	}
	if k.SMTP.Enforce {
		k.fail("smtp.enforce", "enforce = true is not there yet: this version makes no checks of SPF, DKIM and DMARC of its own; leave it false")
	}
}

// warn notes what is doubtful, but no error.
func (k *checker) warn(path, text string) {
	k.Warnings = append(k.Warnings, Problem{File: k.file, Line: k.at.line(path), Text: text})
}

// oneOf checks a value of a fixed set.
func (k *checker) oneOf(path, value string, known ...string) {
	if slices.Contains(known, value) {
		return
	}
	mend := ""
	if n := nearest(value, known); n != "" {
		mend = "; do you mean " + strconv.Quote(n) + "?"
	}
	k.fail(path, "%s must be one of %s; it is %q%s", key(path), quoted(known), value, mend)
}

func quoted(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = strconv.Quote(w)
	}
	return strings.Join(out, ", ")
}

// within checks that a duration is positive and not absurd.
func (k *checker) within(path string, d Duration, most time.Duration) {
	if d.Duration < time.Second || d.Duration > most {
		k.fail(path, "%s must be between 1s and %s; it is %s", key(path), Duration{most}, d)
	}
}

// domainPattern is a host name of RFC 1123 with at least two labels, in lower case; other scripts in their xn-- form.
var domainPattern = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

func isDomain(s string) bool { return len(s) <= 253 && domainPattern.MatchString(s) }

// localPattern is a dot-atom of RFC 5322 §3.2.3 in lower case.
var localPattern = regexp.MustCompile("^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$")

func isAddress(s string) bool {
	at := strings.LastIndexByte(s, '@')
	return at > 0 && at <= 64 && localPattern.MatchString(s[:at]) && isDomain(s[at+1:])
}

// lower turns ASCII letters, and nothing else, into lower case: no letter of another script may pass for one of ours.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// address checks a mail address and gives it in lower case.
func (k *checker) address(path, s string) string {
	s = lower(s)
	if !isAddress(s) {
		k.fail(path, "%s: %q is no mail address; write it like \"name@company.com\", without a name or brackets", key(path), s)
	}
	return s
}

func (k *checker) addresses(path string, list []string) {
	for i := range list {
		list[i] = k.address(item(path, i), list[i])
	}
}

// domain checks a domain and gives it in lower case.
func (k *checker) domain(path, s string) string {
	s = lower(s)
	if !isDomain(s) {
		k.fail(path, "%s: %q is no domain; write it like \"company.com\"", key(path), s)
	}
	return s
}

// hostPort checks an address to listen on or to dial.
func (k *checker) hostPort(path, s string, hostNeeded bool) {
	host, port, err := net.SplitHostPort(s)
	n, bad := strconv.Atoi(port)
	if err != nil || bad != nil || n < 1 || n > 65535 || (hostNeeded && host == "") {
		k.fail(path, "%s: %q is no address with a port; write it like \"127.0.0.1:25\"", key(path), s)
	}
}

func (k *checker) company() {
	for i := range k.Company.Domains {
		k.Company.Domains[i] = k.domain(item("company.domains", i), k.Company.Domains[i])
	}
	k.oneOf("company.language", k.Company.Language, "id", "en")
	k.zone("company.timezone", k.Company.Timezone)
}

// zone checks the name of a time zone.
func (k *checker) zone(path, name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		k.fail(path, "timezone: %q is no time zone; write an IANA name like \"Asia/Jakarta\"", name)
		return time.UTC
	}
	return zone
}

var prefixPattern = regexp.MustCompile(`^[A-Z][A-Z0-9]{0,9}$`)

func (k *checker) tickets() {
	t := &k.Tickets
	if !prefixPattern.MatchString(t.Prefix) {
		k.fail("tickets.prefix", "prefix: %q must be 1 to 10 capital letters and digits, a letter first", t.Prefix)
	}
	if t.First < 1 || t.First > 1e12 {
		k.fail("tickets.first", "first must be between 1 and 1000000000000; it is %d", t.First)
	}
	if _, err := regexp.Compile("^(?:" + t.AssetPattern + ")$"); err != nil {
		k.fail("tickets.asset_pattern", "asset_pattern: %q is no regular expression (RE2) like \"NB-[0-9]{4}|PC-[A-Z]{3}-[0-9]{3}\"", t.AssetPattern)
	}
	if t.SecretFile == "" {
		k.fail("tickets", "[tickets] secret_file is missing: it names a file with the key that signs the reply addresses; `helpost init` makes one")
		return
	}
	for _, line := range k.secrets("tickets.secret_file", &t.SecretFile, 16) {
		t.Secrets = append(t.Secrets, []byte(line))
	}
}

// places checks where things are kept, and fills in what lies beside the store.
func (k *checker) places() {
	k.Store.Path = k.place("store.url", k.Store.URL, "bbolt", "postgres")
	beside := filepath.Dir(k.Store.Path)
	if k.Blobs.URL == "" {
		k.Blobs.Dir = filepath.Join(beside, "blobs")
		k.Blobs.URL = "file://" + k.Blobs.Dir
	} else {
		k.Blobs.Dir = k.place("blobs.url", k.Blobs.URL, "file", "s3")
	}
	if k.Control.Socket == "" {
		k.Control.Socket = filepath.Join(beside, "helpost.sock")
	}
	k.Control.Socket = k.resolve(k.Control.Socket)
	if len(k.Control.Socket) > 107 {
		k.fail("control.socket", "socket: the path %q is longer than the 107 bytes that the system allows; set a shorter one under [control]", k.Control.Socket)
	}
	k.exists("directory.file", &k.Directory.File, false)
	k.exists("templates.dir", &k.Templates.Dir, true)
}

// place gives the path of a URL that names a file or a folder.
func (k *checker) place(path, raw, scheme, later string) string {
	found, rest, ok := strings.Cut(raw, "://")
	switch {
	case ok && (found == later || found == later+"ql"):
		k.fail(path, "url: %s:// is not there yet in this version; use %s://", found, scheme)
	case !ok || found != scheme || rest == "" || strings.ContainsAny(rest, "?#"):
		k.fail(path, "url: %q must be %s:// with a path, like \"%s:///var/lib/helpost/…\"", raw, scheme, scheme)
	}
	return k.resolve(rest)
}

// portal checks the web server and the address under which people reach it.
func (k *checker) portal() {
	p := &k.Portal
	k.hostPort("portal.listen", p.Listen, false)
	if p.BaseURL != "" {
		u, err := url.Parse(p.BaseURL)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
			k.fail("portal.base_url", "base_url: %q must be a web address like \"https://helpdesk.company.com\"", p.BaseURL)
		}
		p.BaseURL = strings.TrimRight(p.BaseURL, "/")
	}
	if p.APITokenFile != "" {
		p.APITokens = k.secrets("portal.api_token_file", &p.APITokenFile, 16)
	}
}

// prefixes reads the networks of a trusted relay.
func (k *checker) prefixes(path string, list []string) []netip.Prefix {
	var out []netip.Prefix
	for i, s := range list {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			if a, bad := netip.ParseAddr(s); bad == nil && a.Zone() == "" {
				p, err = netip.PrefixFrom(a, a.BitLen()), nil
			}
		}
		switch {
		case err != nil:
			k.fail(item(path, i), "cidr: %q is no network; write it like \"10.0.0.0/8\" or \"192.0.2.25\"", s)
		case p != p.Masked():
			k.fail(item(path, i), "cidr: %q has bits beyond its mask; do you mean %q?", s, p.Masked())
		default:
			out = append(out, p)
		}
	}
	return out
}
