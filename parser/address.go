package parser

import (
	"io"
	"mime"
	"net/mail"
	"strings"
	"unicode/utf8"
)

// strictFrom returns the one address of the one From field, in lower case; "" where there is not exactly one field with
// exactly one address that net/mail accepts (RFC 5322 §3.6.2), or where another program could read the header in
// another way: groups, control characters, quoted local parts, a header that had to be mended.
func strictFrom(h header, mended bool) string {
	values := h.all("From")
	if mended || len(values) != 1 || len(values[0]) > 2000 {
		return ""
	}
	for _, f := range h {
		if strings.ContainsAny(f.Value, "\r\x00") {
			return ""
		}
	}
	value := values[0]
	for _, r := range value {
		if r < ' ' && r != '\t' || r == 0x7f || r == utf8.RuneError || r >= 0x80 && r < 0xa0 {
			return ""
		}
	}
	if hasGroup(value) {
		return ""
	}
	list, err := (&mail.AddressParser{WordDecoder: &mime.WordDecoder{CharsetReader: anyCharset}}).ParseList(value)
	if err != nil || len(list) != 1 || !isPlainAddress(list[0].Address) || !strings.Contains(value, list[0].Address) {
		return "" // the last: blanks and comments within an address (RFC 5322 §4.4)
	}
	return lowerASCII(list[0].Address)
}

// anyCharset lets net/mail pass over display names in charsets that it does not know; the name is read elsewhere.
func anyCharset(_ string, input io.Reader) (io.Reader, error) {
	if _, err := io.Copy(io.Discard, input); err != nil {
		return nil, err
	}
	return strings.NewReader("x"), nil
}

// hasGroup says whether a colon or a semicolon stands outside of quotes and comments (RFC 5322 §3.4).
func hasGroup(value string) bool {
	quoted, depth := false, 0
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '\\':
			i++
		case quoted:
			quoted = c != '"'
		case c == '"' && depth == 0:
			quoted = true
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth == 0 && (c == ':' || c == ';'):
			return true
		}
	}
	return false
}

// isPlainAddress says whether an address is a dot-atom at a domain name, without quotes, literals and odd characters.
func isPlainAddress(address string) bool {
	local, domain, ok := strings.Cut(address, "@")
	if !ok || local == "" || domain == "" || len(local) > 64 || len(domain) > 255 || !utf8.ValidString(address) {
		return false
	}
	for _, r := range local {
		if r <= ' ' || r == 0x7f || strings.ContainsRune(`"(),:;<>@[\]`, r) {
			return false
		}
	}
	for _, r := range domain {
		if r <= ' ' || r == 0x7f || r < 0x80 && !isLetter(byte(r)) && (r < '0' || r > '9') && r != '-' && r != '.' {
			return false
		}
	}
	return local[0] != '.' && local[len(local)-1] != '.' && domain[0] != '.' && !strings.Contains(domain, "..")
}

// readAddresses reads the addresses of header values for people. It mends what net/mail refuses: missing quotes and
// brackets, commas in names, encoded words anywhere, comments, groups.
func readAddresses(values []string) []Address {
	var list []Address
	for _, value := range values {
		if len(value) > maxHeaderBytes {
			value = value[:maxHeaderBytes]
		}
		name := "" // words before a comma that belong to the next address: Wijaya, Rina <rina@…>
		for _, piece := range splitAddresses(value) {
			a, ok := readAddress(piece)
			if !ok {
				if word := readName(piece); word != "" && len(name) < maxName {
					name += word + ", "
				}
				continue
			}
			if name != "" && a.Name != "" {
				a.Name = shorten(name+a.Name, maxName)
			}
			name = ""
			if list = append(list, a); len(list) == maxAddresses {
				return list
			}
		}
	}
	return list
}

// splitAddresses cuts a value at the commas and semicolons outside of quotes, comments and brackets, and takes the names
// of groups off.
func splitAddresses(value string) []string {
	var pieces []string
	start, depth := 0, 0
	quoted, angle, at := false, false, false
	quoteEnds := strings.Count(value, `"`)%2 == 0 // an odd quote quotes nothing
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '\\' && (quoted || depth > 0):
			i++
		case c == '"' && depth == 0 && quoteEnds:
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth > 0:
		case c == '<':
			angle, at = true, true
		case c == '>':
			angle = false
		case angle:
		case c == ',' || c == ';':
			pieces = append(pieces, value[start:i])
			start, at = i+1, false
			if len(pieces) > 4*maxAddresses {
				return pieces
			}
		case c == '@':
			at = true
		case c == ':' && !at && !strings.EqualFold(value[max(start, i-len("mailto")):i], "mailto"):
			start = i + 1
		}
	}
	return append(pieces, value[start:])
}

// readAddress reads one mailbox: name <address>, address (name), or a bare address.
func readAddress(piece string) (Address, bool) {
	piece = strings.TrimSpace(piece)
	if open := angle(piece); open >= 0 {
		inner := piece[open+1:]
		after := ""
		if end := strings.IndexByte(inner, '>'); end >= 0 {
			inner, after = inner[:end], inner[end+1:]
		}
		if address := cleanAddress(inner); address != "" {
			name := readName(piece[:open])
			if name == "" {
				name = readName(after)
			}
			return Address{Address: address, Name: name}, true
		}
		if strings.TrimSpace(inner) == "" && !strings.Contains(piece[:open], "@") {
			return Address{}, false
		}
		piece = piece[:open] + " " + inner
	}
	bare, comment := cutComments(piece)
	if strings.Contains(bare, "=?") && !strings.Contains(bare, "@") {
		bare = decodeWords(bare)
	}
	fields := strings.Fields(bare)
	for i := len(fields) - 1; i >= 0; i-- {
		word := strings.Trim(fields[i], `"'[]`)
		if word = strings.TrimPrefix(word, "mailto:"); !strings.Contains(strings.Trim(word, "@"), "@") {
			continue
		}
		if address := cleanAddress(word); address != "" {
			name := readName(strings.Join(append(fields[:i:i], fields[i+1:]...), " "))
			if name == "" {
				name = readName(comment)
			}
			return Address{Address: address, Name: name}, true
		}
	}
	return Address{}, false
}

// angle returns where the bracket of the address stands: the last one outside of quotes and comments.
func angle(piece string) int {
	open, depth, quoted := -1, 0, false
	pairs := strings.Count(piece, `"`)%2 == 0
	for i := 0; i < len(piece); i++ {
		switch c := piece[i]; {
		case c == '\\':
			i++
		case c == '"' && depth == 0 && pairs:
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case c == '<' && depth == 0:
			open = i
		}
	}
	if depth > 0 && open < 0 { // a bracket that closes nothing
		return strings.LastIndexByte(piece, '<')
	}
	return open
}

// cutComments takes the comments out of a piece.
func cutComments(piece string) (bare, comment string) {
	if strings.IndexByte(piece, '(') < 0 && strings.IndexByte(piece, ')') < 0 {
		return piece, ""
	}
	var b, c strings.Builder
	depth := 0
	for i := 0; i < len(piece); i++ {
		switch piece[i] {
		case '(':
			depth++
			if depth == 1 {
				continue
			}
		case ')':
			if depth > 0 {
				depth--
			}
			if depth == 0 {
				continue
			}
		}
		if depth > 0 {
			c.WriteByte(piece[i])
		} else {
			b.WriteByte(piece[i])
		}
	}
	return b.String(), c.String()
}

// readName reads a display name: quotes, escapes and encoded words taken off.
func readName(s string) string {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "(") && strings.HasSuffix(s, ")") {
		s = s[1 : len(s)-1]
	}
	if strings.IndexByte(s, '"') >= 0 || strings.IndexByte(s, '\\') >= 0 {
		var b strings.Builder
		for i := 0; i < len(s); i++ {
			if s[i] == '\\' && i+1 < len(s) {
				i++
			} else if s[i] == '"' {
				continue
			}
			b.WriteByte(s[i])
		}
		s = b.String()
	}
	s = spaced(decodeWords(s))
	if n := len(s); n > 1 && (s[0] == '\'' && s[n-1] == '\'' || s[0] == '"' && s[n-1] == '"') {
		s = strings.TrimSpace(s[1 : n-1])
	}
	return shorten(s, maxName)
}

// cleanAddress returns an address in lower case without blanks and routes; "" where it is none. A bare word stands for
// a local user ("MAILER-DAEMON").
func cleanAddress(s string) string {
	s, _ = cutComments(s)
	if strings.Contains(s, "=?") {
		s = decodeWords(s)
	}
	s = strings.TrimPrefix(strings.TrimSpace(s), "mailto:")
	if strings.HasPrefix(s, "@") { // an obsolete route (RFC 5322 §4.4)
		if _, rest, ok := strings.Cut(s, ":"); ok {
			s = rest
		}
	}
	s = strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f || r == '<' || r == '>' || isBidi(r) {
			return -1
		}
		return r
	}, rawText(s))
	s = strings.Trim(s, ".,;'")
	if len(s) > 320 || s == "" || s == "@" {
		return ""
	}
	return lowerASCII(s)
}

// shorten cuts a text to n runes.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	count := 0
	for i := range s {
		if count == n {
			return s[:i]
		}
		count++
	}
	return s
}

// lowerASCII lowers ASCII letters alone: by Unicode's rules the Kelvin sign is a "k", and one address would be another.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
