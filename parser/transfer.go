package parser

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"strings"
)

// content returns the body of a leaf with its transfer encoding taken off (RFC 2045 §6). What is not encoded is a
// slice of the mail. Nothing is refused: what cannot be decoded is passed over.
func (p *part) content(g *guard) []byte {
	if !p.ready {
		p.decoded, p.ready = p.decode(g), true
	}
	return p.decoded
}

func (p *part) decode(g *guard) []byte {
	encoding, _, _ := strings.Cut(strings.ToLower(p.header.get("Content-Transfer-Encoding")), ";")
	switch strings.Trim(encoding, " \t\"'.") {
	case "base64", "b", "base-64":
		if g.decode(len(p.body)/4*3 + 3) {
			var data []byte
			data, p.lines = decodeBase64(p.body)
			return data
		}
	case "quoted-printable", "q", "qp", "quoted-printeable", "quotedprintable":
		if bytes.IndexByte(p.body, '=') < 0 {
			return p.body
		}
		if g.decode(len(p.body)) {
			return decodeQuoted(p.body)
		}
	case "x-uuencode", "uuencode", "x-uue", "uue":
		if g.decode(len(p.body)) {
			return decodeUU(p.body)
		}
	default:
		return p.body
	}
	return nil
}

// lineLength is how many characters of base64 stand on a line as nearly all mail programs write it (RFC 2045 §6.8).
const lineLength = 76

// decodeLines decodes base64 that stands in lines of lineLength but for the last, CRLF between them, into out, which has room
// for it. It gives the bytes and these lines; nil where it stands there in another way.
func decodeLines(out, body []byte) (data, lines []byte) {
	lines = bytes.TrimRight(body, "\r\n")
	rest := lines
	for ; len(rest) > lineLength; rest = rest[lineLength+2:] {
		if rest[lineLength] != '\r' || len(rest) < lineLength+3 || rest[lineLength+1] != '\n' {
			return nil, nil
		}
		var ok bool
		if out, ok = appendLine(out, (*[lineLength]byte)(rest)); !ok {
			return nil, nil
		}
	}
	n, err := base64.StdEncoding.Decode(out[len(out):cap(out)], rest)
	if err != nil || n == 0 || bytes.IndexByte(rest, '\r') >= 0 || bytes.IndexByte(rest, '\n') >= 0 {
		return nil, nil
	}
	return out[:len(out)+n], lines
}

// appendLine decodes a whole line without padding, eight characters at a time. out has room for it, and for two bytes more.
func appendLine(out []byte, line *[lineLength]byte) ([]byte, bool) {
	var strange int8
	n := len(out)
	out = out[:n+lineLength/4*3+2]
	for i := 0; i < lineLength-4; i += 8 {
		a, b, c, d := base64Value[line[i]], base64Value[line[i+1]], base64Value[line[i+2]], base64Value[line[i+3]]
		e, f, g, h := base64Value[line[i+4]], base64Value[line[i+5]], base64Value[line[i+6]], base64Value[line[i+7]]
		strange |= a | b | c | d | e | f | g | h
		binary.BigEndian.PutUint64(out[n:], uint64(a)<<58|uint64(b)<<52|uint64(c)<<46|uint64(d)<<40|uint64(e)<<34|uint64(f)<<28|uint64(g)<<22|uint64(h)<<16)
		n += 6
	}
	a, b, c, d := base64Value[line[lineLength-4]], base64Value[line[lineLength-3]], base64Value[line[lineLength-2]], base64Value[line[lineLength-1]]
	strange |= a | b | c | d
	binary.BigEndian.PutUint32(out[n:], uint32(a)<<26|uint32(b)<<20|uint32(c)<<14|uint32(d)<<8)
	return out[:n+3], strange >= 0
}

// decodeBase64 decodes as RFC 2045 §6.8 wants it: bytes outside the alphabet are passed over. Padding ends a run; a
// line of base64 behind it begins the next one, for some programs encode piece by piece. A line that is no base64 at
// all (the foot of a mailing list) is passed over as a whole. lines is Attachment.Lines.
func decodeBase64(body []byte) (data, lines []byte) {
	out := make([]byte, len(body)*3/4+3) // more than StdEncoding.DecodedLen where the last quantum is cut off
	if data, lines := decodeLines(out[:0], body); lines != nil {
		return data, lines
	}
	if n, err := base64.StdEncoding.Decode(out, body); err == nil {
		return out[:n], nil
	}
	n := 0
	var acc uint32
	bits := 0
	for pos := 0; pos < len(body); {
		line, next := lineAt(body, pos)
		pos = next
		if !mostlyBase64(line) {
			continue
		}
		for _, c := range line {
			if c == '=' {
				bits = 0
				continue
			}
			v := base64Value[c]
			if v < 0 {
				continue
			}
			acc = acc<<6 | uint32(v)
			bits += 6
			if bits >= 8 {
				bits -= 8
				out[n] = byte(acc >> bits)
				n++
			}
		}
	}
	return out[:n], nil
}

// mostlyBase64 says whether a line has no blank between words and at most a tenth of strange bytes.
func mostlyBase64(line []byte) bool {
	line = bytes.TrimSpace(line)
	strange := 0
	for _, c := range line {
		if base64Value[c] < 0 && c != '=' {
			strange++
		}
	}
	return strange*10 <= len(line)
}

var base64Value = func() (values [256]int8) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for i := range values {
		values[i] = -1
	}
	for i := range len(alphabet) {
		values[alphabet[i]] = int8(i)
	}
	return values
}()

// decodeQuoted decodes quoted-printable (RFC 2045 §6.7). An equals sign that begins no code stays; blanks at the end
// of a line were added on the way and go.
func decodeQuoted(body []byte) []byte {
	out := make([]byte, 0, len(body))
	for pos := 0; pos < len(body); {
		line, next := lineAt(body, pos)
		end := body[pos+len(line) : next] // "\n", "\r\n" or nothing
		line = bytes.TrimRight(line, " \t\r")
		soft := false
		if n := len(line); n > 0 && line[n-1] == '=' {
			line, soft = line[:n-1], true
		}
		for {
			i := bytes.IndexByte(line, '=')
			if i < 0 {
				break
			}
			out = append(out, line[:i]...)
			line = line[i:]
			if len(line) > 2 {
				if hi, lo := unhex(line[1]), unhex(line[2]); hi >= 0 && lo >= 0 {
					out = append(out, byte(hi<<4|lo))
					line = line[3:]
					continue
				}
			}
			out = append(out, '=')
			line = line[1:]
		}
		out = append(out, line...)
		if !soft {
			out = append(out, end...)
		}
		pos = next
	}
	return out
}

// decodeUU decodes uuencoded lines between "begin" and "end"; without them it gives the body back.
func decodeUU(body []byte) []byte {
	var out []byte
	begun := false
	for pos := 0; pos < len(body); {
		line, next := lineAt(body, pos)
		pos = next
		switch {
		case !begun:
			begun = bytes.HasPrefix(line, []byte("begin "))
		case bytes.HasPrefix(line, []byte("end")):
			return out
		case len(line) > 0:
			out = append(out, uuLine(line)...)
		}
	}
	if !begun {
		return body
	}
	return out
}

// uuLine decodes one uuencoded line: its first byte says how many bytes it stands for.
func uuLine(line []byte) []byte {
	want := int(line[0]-' ') & 0x3f
	var out []byte
	for i := 1; i < len(line) && len(out) < want; i += 4 {
		var c [4]byte
		for j := range c {
			if i+j < len(line) {
				c[j] = (line[i+j] - ' ') & 0x3f
			}
		}
		out = append(out, c[0]<<2|c[1]>>4, c[1]<<4|c[2]>>2, c[2]<<6|c[3])
	}
	return out[:min(want, len(out))]
}
