package smtpd

import (
	"errors"
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestPath is the sum of RFC 5321 §4.5.3.1.1 and .2 (64 + 1 + 255). The local part alone is not held to 64 octets:
// senders that rewrite (VERP, SRS) pass it, and receivers are asked to bear more where they can.
const longestPath = 320

var (
	errAddress = errors.New("smtpd: address is malformed")
	errNonASCI = errors.New("smtpd: address needs SMTPUTF8")
)

// mailbox checks an address as go-smtp hands it on, with the quotes of its local part gone, and writes it as RFC 5321 §4.1.2
// spells it, quoted where it must be. The last @ parts it: "a@b@c" is the local part a@b, quoted, at c, and so is nobody else.
// Letters beyond ASCII need utf8 (RFC 6531).
func mailbox(s string, utf8OK bool) (string, error) {
	if len(s) > longestPath {
		return "", errAddress
	}
	if !utf8OK && !ascii(s) {
		return "", errNonASCI
	}
	at := strings.LastIndexByte(s, '@')
	if at < 1 {
		return "", errAddress
	}
	local, domain := s[:at], s[at+1:]
	if !printable(local) || !validDomain(domain) {
		return "", errAddress
	}
	if dotString(local) {
		return s, nil
	}
	return quote(local) + "@" + domain, nil
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// printable: what a quoted local part may hold; no control characters, and nothing that is not UTF-8.
func printable(s string) bool {
	for _, r := range s {
		if r == utf8.RuneError || r != ' ' && !unicode.IsGraphic(r) {
			return false
		}
	}
	return utf8.ValidString(s)
}

func dotString(s string) bool {
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" {
			return false
		}
		for _, r := range atom {
			if r < utf8.RuneSelf && !letterOrDigit(r) && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r) {
				return false
			}
			if unicode.IsSpace(r) {
				return false
			}
		}
	}
	return true
}

func quote(local string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(local) {
		if local[i] == '"' || local[i] == '\\' {
			b.WriteByte('\\')
		}
		b.WriteByte(local[i])
	}
	b.WriteByte('"')
	return b.String()
}

// validDomain takes host names, with the underscore that real networks use, U-labels, and address literals (§4.1.3).
func validDomain(s string) bool {
	if literal, ok := strings.CutPrefix(s, "["); ok {
		literal, ok = strings.CutSuffix(literal, "]")
		if six, is6 := strings.CutPrefix(strings.ToLower(literal), "ipv6:"); is6 {
			a, err := netip.ParseAddr(six)
			return ok && err == nil && a.Is6() && a.Zone() == ""
		}
		a, err := netip.ParseAddr(literal)
		return ok && err == nil && a.Is4()
	}
	if s == "" || len(s) > 255 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 && ascii(label) || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, r := range label {
			if !letterOrDigit(r) && r != '-' && r != '_' && (r < utf8.RuneSelf || !unicode.In(r, unicode.L, unicode.M, unicode.N)) {
				return false
			}
		}
	}
	return true
}

func letterOrDigit(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

// helloName keeps what a client calls itself fit for a header and a log: it is unverified, so it is bounded and not refused.
func helloName(s string) string {
	const longest = 255
	if len(s) > longest {
		s = s[:longest]
	}
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}
