package parser

import (
	"sort"
	"strconv"
	"strings"
)

// params are the parameters of a Content-Type or a Content-Disposition, names in lower case, values decoded.
type params []struct{ name, value string }

// get returns the first parameter of that name.
func (p params) get(name string) string {
	for _, x := range p {
		if x.name == name {
			return x.value
		}
	}
	return ""
}

// piece is one RFC 2231 piece of a parameter: name*0, name*1*.
type piece struct {
	number  int
	encoded bool
	value   string
}

// readParams reads "kind; name=value; …" as mail programs write it, not only as RFC 2045 §5.1 has it: doubled and
// missing semicolons, unquoted values with odd characters, RFC 2231 pieces in any order and RFC 2047 words in values
// are all read. kind is in lower case.
func readParams(value string, g *guard) (kind string, list params) {
	if len(value) > maxHeaderBytes {
		value = value[:maxHeaderBytes]
	}
	s := scanner{text: value}
	s.skip(" \t\r\n")
	start := s.pos
	for s.pos < len(s.text) && strings.IndexByte("; \t\r\n(", s.text[s.pos]) < 0 {
		s.pos++
	}
	kind = strings.ToLower(s.text[start:s.pos])
	pieces := map[string][]piece{}
	var order []string
	for n := 0; ; n++ {
		name, val, ok := s.param()
		if !ok {
			break
		}
		if n >= maxPieces {
			g.stop(errPieces)
			break
		}
		base, number, encoded, plain := splitPiece(strings.ToLower(name))
		if plain {
			list = append(list, struct{ name, value string }{base, decodeWords(val)})
			continue
		}
		if _, seen := pieces[base]; !seen {
			order = append(order, base)
		}
		pieces[base] = append(pieces[base], piece{number, encoded, val})
	}
	for _, name := range order { // RFC 2231 before the plain form, which is for old programs
		list = append(params{{name, joinPieces(pieces[name])}}, list...)
	}
	return kind, list
}

// splitPiece reads name, name*, name*1 and name*1*.
func splitPiece(name string) (base string, number int, encoded, plain bool) {
	base, rest, ok := strings.Cut(name, "*")
	if !ok || base == "" {
		return name, 0, false, true
	}
	if rest == "" {
		return base, 0, true, false
	}
	digits, encoded := strings.CutSuffix(rest, "*")
	number, err := strconv.Atoi(digits)
	if err != nil || number < 0 {
		return name, 0, false, true
	}
	return base, number, encoded, false
}

// joinPieces puts the pieces of one parameter together and decodes their charset.
func joinPieces(list []piece) string {
	sort.SliceStable(list, func(i, j int) bool { return list[i].number < list[j].number })
	var raw strings.Builder
	charset := ""
	for i, p := range list {
		value := p.value
		if i == 0 && p.encoded {
			if cs, rest, ok := strings.Cut(value, "'"); ok {
				if _, text, ok := strings.Cut(rest, "'"); ok {
					charset, value = cs, text
				}
			}
		}
		if p.encoded {
			value = unpercent(value)
		}
		raw.WriteString(value)
	}
	if charset == "" {
		return decodeWords(raw.String())
	}
	return decodeText([]byte(raw.String()), charset)
}

// unpercent decodes %XX and keeps what is none.
func unpercent(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if hi, lo := unhex(s[i+1]), unhex(s[i+2]); hi >= 0 && lo >= 0 {
				b.WriteByte(byte(hi<<4 | lo))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// unhex gives the value of a hexadecimal digit, -1 for any other byte.
func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// scanner reads parameters from left to right.
type scanner struct {
	text string
	pos  int
}

// param reads the next name=value.
func (s *scanner) param() (name, value string, ok bool) {
	for s.pos < len(s.text) {
		s.skip(" \t\r\n;,")
		if s.pos < len(s.text) && s.text[s.pos] == '(' {
			s.comment()
			continue
		}
		start := s.pos
		for s.pos < len(s.text) && strings.IndexByte("=; \t\"", s.text[s.pos]) < 0 {
			s.pos++
		}
		name = s.text[start:s.pos]
		s.skip(" \t\r\n")
		if s.pos >= len(s.text) || s.text[s.pos] != '=' {
			if s.pos < len(s.text) && s.pos == start {
				s.pos++ // a stray quote
			}
			continue // a word without a value
		}
		s.pos++
		s.skip(" \t\r\n")
		if name == "" {
			continue
		}
		return name, s.value(), true
	}
	return "", "", false
}

// value reads a quoted string or all that stands before the next semicolon.
func (s *scanner) value() string {
	if s.pos >= len(s.text) || s.text[s.pos] != '"' {
		return s.bare()
	}
	s.pos++
	var b strings.Builder
	for s.pos < len(s.text) {
		c := s.text[s.pos]
		s.pos++
		if c == '"' {
			return b.String()
		}
		if c == '\\' && s.pos < len(s.text) && (s.text[s.pos] == '"' || s.text[s.pos] == '\\') {
			c = s.text[s.pos]
			s.pos++
		}
		b.WriteByte(c)
	}
	return b.String()
}

// bare reads a value without quotes: up to the next semicolon, or to a blank where another parameter follows without
// one ("a=b charset=c"). Other blanks belong to it, as people's file names have them.
func (s *scanner) bare() string {
	start := s.pos
	for s.pos < len(s.text) && s.text[s.pos] != ';' && !s.paramFollows() {
		s.pos++
	}
	value := strings.Trim(s.text[start:s.pos], " \t\r\n")
	if n := len(value); n > 1 && value[0] == '\'' && value[n-1] == '\'' {
		value = value[1 : n-1]
	}
	return value
}

// paramFollows says whether a blank stands here and a parameter that is known behind it.
func (s *scanner) paramFollows() bool {
	if c := s.text[s.pos]; c != ' ' && c != '\t' {
		return false
	}
	word, _, ok := strings.Cut(s.text[s.pos+1:min(s.pos+32, len(s.text))], "=")
	if !ok {
		return false
	}
	base, _, _ := strings.Cut(strings.ToLower(strings.Trim(word, " \t")), "*")
	switch base {
	case "charset", "name", "filename", "boundary", "format", "delsp", "type", "size", "method", "protocol", "micalg", "report-type":
		return true
	}
	return false
}

func (s *scanner) skip(set string) {
	for s.pos < len(s.text) && strings.IndexByte(set, s.text[s.pos]) >= 0 {
		s.pos++
	}
}

// comment passes a comment (RFC 5322 §3.2.2).
func (s *scanner) comment() {
	depth := 0
	for ; s.pos < len(s.text); s.pos++ {
		switch s.text[s.pos] {
		case '\\':
			s.pos++
		case '(':
			depth++
		case ')':
			depth--
			if depth == 0 {
				s.pos++
				return
			}
		}
	}
	s.pos = min(s.pos, len(s.text))
}
