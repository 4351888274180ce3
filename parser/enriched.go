package parser

import "strings"

// unenrich gives the words of a text/enriched part (RFC 1896): without its marks and their parameters, with the lines
// that were folded put together.
func unenrich(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	hidden := false
	for i := 0; i < len(s); {
		switch {
		case strings.HasPrefix(s[i:], "<<"):
			if !hidden {
				b.WriteByte('<')
			}
			i += 2
		case s[i] == '<':
			end := strings.IndexByte(s[i:], '>')
			if end < 0 {
				return b.String() + s[i:]
			}
			switch strings.ToLower(s[i : i+end+1]) {
			case "<param>":
				hidden = true
			case "</param>":
				hidden = false
			}
			i += end + 1
		case s[i] == '\n':
			n := len(s[i:]) - len(strings.TrimLeft(s[i:], "\n"))
			if n == 1 && i+1 < len(s) {
				b.WriteByte(' ')
			}
			b.WriteString(s[i : i+n-1])
			i += n
		default:
			if !hidden {
				b.WriteByte(s[i])
			}
			i++
		}
	}
	return b.String()
}
