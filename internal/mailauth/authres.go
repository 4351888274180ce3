package mailauth

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// Authentication-Results (RFC 8601 §2.2) is read whole or not at all: who can bring a reader to a half-understood header
// can write himself a pass. So quoted strings and comments are read as such, a property that stands twice, an unknown
// version or a stray word make the header unreadable.

// errUnreadable says that a header is none that this reader understands whole.
var errUnreadable = errors.New("unreadable Authentication-Results")

// maxResults bounds the methods of one header, and the properties of one method.
const maxResults = 64

// results is one Authentication-Results header.
type results struct {
	server string // authserv-id, lower case
	list   []result
}

// result is what one method found.
type result struct {
	method, value string            // lower case
	props         map[string]string // "header.from": values as they stand, unquoted
}

// of lists the results of one method.
func (r results) of(method string) []result {
	var found []result
	for _, res := range r.list {
		if res.method == method {
			found = append(found, res)
		}
	}
	return found
}

// parseResults reads the value of a header. Beside an error, server is set where the authserv-id could be read: the
// header is that server's all the same.
func parseResults(value string) (r results, err error) {
	if !clean(value) {
		return r, errUnreadable
	}
	p := arReader{rest: value}
	id, ok := p.server()
	if !ok {
		return r, errUnreadable
	}
	r.server = LowerASCII(id)
	if !p.version() {
		return r, errUnreadable
	}
	if p.isNone() {
		return r, nil
	}
	for p.rest != "" {
		res, ok := p.result()
		if !ok || len(r.list) == maxResults {
			r.list = nil
			return r, errUnreadable
		}
		r.list = append(r.list, res)
	}
	if len(r.list) == 0 { // RFC 8601 has ";" and one result at least
		return r, errUnreadable
	}
	return r, nil
}

// clean says whether a value has nothing but printable characters and blanks. Folding is undone before.
func clean(s string) bool {
	for _, c := range s {
		if c == utf8.RuneError || c < ' ' && c != '\t' || c >= 0x7f && c < 0xa0 || c == '\u2028' || c == '\u2029' {
			return false
		}
	}
	return true
}

// arReader reads the grammar from left to right. Its methods leave the reader anywhere when they fail.
type arReader struct{ rest string }

// server reads [CFWS] authserv-id.
func (p *arReader) server() (string, bool) {
	if !p.blanks() {
		return "", false
	}
	id, quoted, ok := p.value(tokenChar)
	if !ok || id == "" || strings.ContainsAny(id, " \t") || !quoted && p.rest != "" && !strings.ContainsRune(" \t(;", rune(p.rest[0])) {
		return "", false
	}
	return id, true
}

// version reads [CFWS version] [CFWS]. RFC 8601 §2.5: a version that is not 1 is not for us.
func (p *arReader) version() bool {
	if !p.blanks() {
		return false
	}
	v := p.word(digit)
	return (v == "" || v == "1") && p.blanks()
}

// isNone says whether "; none" is all that is left: nothing was checked.
func (p arReader) isNone() bool {
	return p.char(';') && p.blanks() && LowerASCII(p.word(keyChar)) == "none" && p.blanks() && p.rest == ""
}

// result reads ";" method [/ version] "=" result [reason] *propspec, up to the next ";" or the end.
func (p *arReader) result() (res result, ok bool) {
	if !p.char(';') || !p.blanks() {
		return res, false
	}
	if res.method = LowerASCII(p.word(keyChar)); res.method == "" || !p.blanks() {
		return res, false
	}
	if p.char('/') && (!p.blanks() || p.word(digit) != "1" || !p.blanks()) {
		return res, false
	}
	if !p.char('=') || !p.blanks() {
		return res, false
	}
	if res.value = LowerASCII(p.word(keyChar)); res.value == "" || !p.atEnd() {
		return res, false
	}
	res.props = map[string]string{}
	for p.rest != "" && p.rest[0] != ';' {
		name, value, ok := p.property()
		if _, twice := res.props[name]; !ok || twice || len(res.props) == maxResults {
			return res, false
		}
		res.props[name] = value
	}
	return res, true
}

// property reads ptype "." property "=" value, or reason "=" value. Microsoft's "action=" is read like a reason.
func (p *arReader) property() (name, value string, ok bool) {
	if name = LowerASCII(p.word(keyChar)); name == "" || !p.blanks() {
		return "", "", false
	}
	if p.char('.') {
		if !p.blanks() {
			return "", "", false
		}
		property := LowerASCII(p.word(keyChar))
		if property == "" || !p.blanks() {
			return "", "", false
		}
		name += "." + property
	} else if name != "reason" && name != "action" {
		return "", "", false
	}
	if !p.char('=') || !p.blanks() {
		return "", "", false
	}
	if value, _, ok = p.value(valueChar); !ok || !p.atEnd() {
		return "", "", false
	}
	return name, value, true
}

// value reads a quoted string, a run of chars, or a quoted local part with "@domain". It may be empty only where it is
// quoted, or "<>".
func (p *arReader) value(char func(byte) bool) (s string, quoted, ok bool) {
	switch {
	case strings.HasPrefix(p.rest, "<>"):
		p.rest = p.rest[2:]
		return "", true, true
	case !strings.HasPrefix(p.rest, `"`):
		s = p.word(char)
		return s, false, s != ""
	}
	s, ok = p.quoted()
	if ok && strings.HasPrefix(p.rest, "@") {
		domain := p.word(char)
		// A local part with an "@" or a blank of its own is kept recognisably apart from a plain address.
		return `"` + s + `"` + domain, true, len(domain) > 1 && strings.LastIndexByte(domain, '@') == 0
	}
	return s, true, ok
}

// quoted reads a quoted string (RFC 5322 §3.2.4).
func (p *arReader) quoted() (string, bool) {
	var b strings.Builder
	for i := 1; i < len(p.rest); i++ {
		switch c := p.rest[i]; c {
		case '"':
			p.rest = p.rest[i+1:]
			return b.String(), true
		case '\\':
			if i++; i == len(p.rest) {
				return "", false
			}
			b.WriteByte(p.rest[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", false
}

// atEnd reads the blanks behind a value and says whether it ended there: a blank, a comment, a ";" or the end follow it.
func (p *arReader) atEnd() bool {
	before := len(p.rest)
	if !p.blanks() {
		return false
	}
	return p.rest == "" || p.rest[0] == ';' || len(p.rest) < before
}

// blanks reads CFWS: blanks and nested comments. It fails in a comment that has no end.
func (p *arReader) blanks() bool {
	depth := 0
	for i := 0; i < len(p.rest); i++ {
		switch c := p.rest[i]; {
		case c == '(':
			depth++
		case depth > 0 && c == ')':
			depth--
		case depth > 0 && c == '\\':
			i++
		case depth == 0 && c != ' ' && c != '\t':
			p.rest = p.rest[i:]
			return true
		}
	}
	p.rest = ""
	return depth == 0
}

func (p *arReader) char(c byte) bool {
	if p.rest == "" || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

func (p *arReader) word(char func(byte) bool) string {
	i := 0
	for i < len(p.rest) && char(p.rest[i]) {
		i++
	}
	word := p.rest[:i]
	p.rest = p.rest[i:]
	return word
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// keyChar is a character of a keyword (RFC 5321 Ldh-str; "_" as some servers write it).
func keyChar(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || digit(c) || c == '-' || c == '_'
}

// tokenChar is a character of a token (RFC 2045 §5.1), or of UTF-8 beyond ASCII (RFC 6532).
func tokenChar(c byte) bool {
	return c > ' ' && c != 0x7f && strings.IndexByte(`()<>@,;:\"/[]?=`, c) < 0
}

// valueChar is a character of an unquoted value: an address, a domain, an IP address, base64.
func valueChar(c byte) bool {
	return c > ' ' && c != 0x7f && strings.IndexByte(`()<>,;\"`, c) < 0
}
