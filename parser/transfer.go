package parser

import (
	"bytes"
	"encoding/base64"
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
			return decodeBase64(p.body)
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

// decodeBase64 decodes as RFC 2045 §6.8 wants it: bytes outside the alphabet are passed over. Padding ends a run; a
// line of base64 behind it begins the next one, for some programs encode piece by piece. A line that is no base64 at
// all (the foot of a mailing list) is passed over as a whole.
func decodeBase64(body []byte) []byte {
	out := make([]byte, len(body)*3/4+3) // more than StdEncoding.DecodedLen where the last quantum is cut off
	if n, err := base64.StdEncoding.Decode(out, body); err == nil {
		return out[:n]
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
	return out[:n]
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
