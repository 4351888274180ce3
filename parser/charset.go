package parser

import (
	"bytes"
	"encoding/base64"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// decodeText turns bytes in a declared charset into valid UTF-8 without NUL. The declaration is believed unless the
// bytes belie it: text that is UTF-8 throughout is no Latin-1, and what is no UTF-8 was mislabelled. "" declares nothing.
func decodeText(data []byte, declared string) string {
	if text, ok := decodeMarked(data); ok {
		return text
	}
	name := charsetName(declared)
	switch {
	case name == "utf-7":
		return clean(decodeUTF7(data))
	case name == "iso-2022-kr":
		return clean(decodeISO2022KR(data))
	case isASCII(data) && !bytes.Contains(data, []byte{0x1b}) && name != "hz-gb-2312" && !strings.HasPrefix(name, "utf-16") && !isEBCDIC(name):
		return clean(string(data))
	case name == "utf-8" || name == "":
		return clean(decodeUnknown(data, name == "utf-8"))
	}
	codec := codecs(name)
	if codec == nil {
		return clean(decodeUnknown(data, false))
	}
	if utf8.Valid(data) && plausibleUTF8(data) {
		return clean(string(data))
	}
	text, bad := decodeWith(codec, data)
	if bad > 0 && isMultibyte(codec) {
		if guess, guessBad := decodeWith(guessCodec(data), data); guessBad < bad {
			text = guess
		}
	}
	return clean(text)
}

// decodeMarked decodes text that begins with a byte order mark.
func decodeMarked(data []byte) (string, bool) {
	switch {
	case bytes.HasPrefix(data, []byte{0xef, 0xbb, 0xbf}):
		return clean(decodeUnknown(data[3:], true)), true
	case len(data) >= 4 && bytes.HasPrefix(data, []byte{0xff, 0xfe}):
		return clean(decodeUTF16(data[2:], false)), true
	case len(data) >= 4 && bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		return clean(decodeUTF16(data[2:], true)), true
	}
	return "", false
}

// charsetName brings the many ways in which people's programs write a charset to one; "" where it names none.
func charsetName(declared string) string {
	name := strings.ToLower(strings.Trim(declared, " \t\"'<>;,"))
	name = strings.TrimPrefix(name, "charset=")
	name = strings.Trim(name, "\"' ")
	if i := strings.IndexAny(name, " \t;\"'"); i > 0 {
		name = name[:i]
	}
	switch name {
	case "utf8", "utf-8", "utf_8", "unicode-1-1-utf-8", "utf8mb4", "utf-8-mac", "unicode":
		return "utf-8"
	case "us-ascii", "ascii", "ansi_x3.4-1968", "iso646-us", "7bit", "8bit", "x-unknown", "unknown", "unknown-8bit", "x-user-defined", "default", "none", "binary":
		return ""
	case "utf-7", "utf7", "unicode-1-1-utf-7", "x-unicode-2-0-utf-7":
		return "utf-7"
	case "iso-2022-kr", "csiso2022kr":
		return "iso-2022-kr"
	}
	return name
}

// aliases are names that no index knows, or knows as less than mail programs mean by them: Windows calls its own
// superset by the name of the standard.
var aliases = map[string]encoding.Encoding{
	"iso-8859-1": charmap.Windows1252, "latin-1": charmap.Windows1252, "iso8859-1": charmap.Windows1252, "iso8859_1": charmap.Windows1252, "iso_8859_1": charmap.Windows1252, "8859-1": charmap.Windows1252,
	"ansi": charmap.Windows1252, "windows1252": charmap.Windows1252, "win-1252": charmap.Windows1252, "cp-1252": charmap.Windows1252,
	"iso8859-15": charmap.ISO8859_15, "iso-8859-15": charmap.ISO8859_15, "latin-9": charmap.ISO8859_15, "latin9": charmap.ISO8859_15, "iso8859-2": charmap.ISO8859_2, "iso-8859-9": charmap.Windows1254,
	"win-1251": charmap.Windows1251, "win1251": charmap.Windows1251, "windows1251": charmap.Windows1251, "cp-1251": charmap.Windows1251, "koi8": charmap.KOI8R, "koi8r": charmap.KOI8R,
	"cp850": charmap.CodePage850, "ibm850": charmap.CodePage850, "cp437": charmap.CodePage437, "ibm437": charmap.CodePage437, "cp866": charmap.CodePage866, "cp858": charmap.CodePage858, "macintosh": charmap.Macintosh, "x-mac-roman": charmap.Macintosh,
	"gb2312": simplifiedchinese.GB18030, "gbk": simplifiedchinese.GB18030, "cp936": simplifiedchinese.GB18030, "ms936": simplifiedchinese.GB18030, "x-gbk": simplifiedchinese.GB18030, "gb18030": simplifiedchinese.GB18030, "euc-cn": simplifiedchinese.GB18030, "gb_2312-80": simplifiedchinese.GB18030, "hz-gb-2312": simplifiedchinese.HZGB2312,
	"big5": traditionalchinese.Big5, "big-5": traditionalchinese.Big5, "cp950": traditionalchinese.Big5, "big5-hkscs": traditionalchinese.Big5,
	"sjis": japanese.ShiftJIS, "cp932": japanese.ShiftJIS, "ms932": japanese.ShiftJIS, "windows-31j": japanese.ShiftJIS, "shift-jis": japanese.ShiftJIS, "shift_jis": japanese.ShiftJIS, "x-sjis": japanese.ShiftJIS,
	"eucjp": japanese.EUCJP, "euc-jp": japanese.EUCJP, "x-euc-jp": japanese.EUCJP, "iso-2022-jp": japanese.ISO2022JP, "iso-2022-jp-1": japanese.ISO2022JP, "iso-2022-jp-2": japanese.ISO2022JP, "iso-2022-jp-3": japanese.ISO2022JP, "iso-2022-jp-ms": japanese.ISO2022JP, "cp50220": japanese.ISO2022JP, "cp50221": japanese.ISO2022JP, "iso2022jp": japanese.ISO2022JP,
	"ks_c_5601-1987": korean.EUCKR, "ks_c_5601": korean.EUCKR, "ksc5601": korean.EUCKR, "cp949": korean.EUCKR, "uhc": korean.EUCKR, "euckr": korean.EUCKR,
	"cp874": charmap.Windows874, "tis620": charmap.Windows874,
}

// codecs finds the codec for a name; nil where nobody knows it.
func codecs(name string) encoding.Encoding {
	if codec := aliases[name]; codec != nil {
		return codec
	}
	if codec, err := htmlindex.Get(name); err == nil && codec != encoding.Replacement {
		return codec
	}
	if codec, err := ianaindex.MIME.Encoding(name); err == nil && codec != nil {
		return codec
	}
	if codec, err := ianaindex.IANA.Encoding(name); err == nil && codec != nil {
		return codec
	}
	return nil
}

func isMultibyte(codec encoding.Encoding) bool {
	_, single := codec.(*charmap.Charmap)
	return !single
}

func isEBCDIC(name string) bool {
	return strings.HasPrefix(name, "ibm") || strings.HasPrefix(name, "cp037")
}

// decodeWith decodes and counts what could not be.
func decodeWith(codec encoding.Encoding, data []byte) (text string, bad int) {
	out, err := codec.NewDecoder().Bytes(data)
	if err != nil {
		return decodeMixed(data), len(data)
	}
	return string(out), bytes.Count(out, []byte("\uFFFD"))
}

// decodeUnknown reads bytes that are UTF-8 or nobody says what.
func decodeUnknown(data []byte, sayUTF8 bool) string {
	if utf8.Valid(data) {
		if bytes.Contains(data, []byte("\x1b$")) || bytes.Contains(data, []byte("\x1b(J")) {
			if text, bad := decodeWith(japanese.ISO2022JP, data); bad == 0 {
				return text
			}
		}
		return string(data)
	}
	if odd, whole := countUTF8(data); whole > 0 && (sayUTF8 && odd <= whole || odd*4 <= whole) {
		return decodeMixed(data)
	}
	text, _ := decodeWith(guessCodec(data), data)
	return text
}

// countUTF8 counts the bytes that are no UTF-8 and the characters beyond ASCII that are.
func countUTF8(data []byte) (odd, whole int) {
	for i := 0; i < len(data); {
		if data[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			odd++
		} else {
			whole++
		}
		i += n
	}
	return odd, whole
}

// plausibleUTF8 says whether text beyond ASCII is there and reads as UTF-8 rather than by accident: one character of two
// bytes may be two letters of another charset.
func plausibleUTF8(data []byte) bool {
	_, whole := countUTF8(data)
	if whole == 0 {
		return false
	}
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if n > 1 && (r < 0xa0 || unicode.Is(unicode.Co, r)) {
			return false
		}
		i += n
	}
	return true
}

// decodeMixed reads UTF-8 with bytes of Windows-1252 among it, as quoting programs make it.
func decodeMixed(data []byte) string {
	var b strings.Builder
	b.Grow(len(data) + len(data)/8)
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			r = charmap.Windows1252.DecodeByte(data[i])
		}
		b.WriteRune(r)
		i += n
	}
	return b.String()
}

// decodeUTF16 decodes UTF-16 without its mark.
func decodeUTF16(data []byte, bigEndian bool) string {
	units := make([]uint16, len(data)/2)
	for i := range units {
		if bigEndian {
			units[i] = uint16(data[2*i])<<8 | uint16(data[2*i+1])
		} else {
			units[i] = uint16(data[2*i+1])<<8 | uint16(data[2*i])
		}
	}
	return string(utf16.Decode(units))
}

// decodeUTF7 decodes UTF-7 (RFC 2152). A run that is no base64 stays as it is.
func decodeUTF7(data []byte) string {
	var b strings.Builder
	for i := 0; i < len(data); {
		if data[i] != '+' {
			next := bytes.IndexByte(data[i:], '+')
			if next < 0 {
				next = len(data) - i
			}
			b.Write(data[i : i+next])
			i += next
			continue
		}
		end := i + 1
		for end < len(data) && base64Value[data[end]] >= 0 {
			end++
		}
		run := data[i+1 : end]
		switch raw, err := base64.RawStdEncoding.DecodeString(string(run)); {
		case len(run) == 0 && end < len(data) && data[end] == '-':
			b.WriteByte('+')
		case err != nil || len(run) == 0:
			b.Write(data[i:end])
			i = end
			continue
		default:
			b.WriteString(decodeUTF16(raw, true))
		}
		if end < len(data) && data[end] == '-' {
			end++
		}
		i = end
	}
	return b.String()
}

// decodeISO2022KR decodes ISO-2022-KR (RFC 1557): between SO and SI stand two bytes a character.
func decodeISO2022KR(data []byte) string {
	data = bytes.ReplaceAll(data, []byte("\x1b$)C"), nil)
	out := make([]byte, 0, len(data))
	shifted := false
	for _, c := range data {
		switch {
		case c == 0x0e:
			shifted = true
		case c == 0x0f:
			shifted = false
		case c == '\n':
			shifted = false
			out = append(out, c)
		case shifted && c > ' ':
			out = append(out, c|0x80)
		default:
			out = append(out, c)
		}
	}
	text, _ := decodeWith(korean.EUCKR, out)
	return text
}

func isASCII[T string | []byte](data T) bool {
	for i := range len(data) {
		if data[i] >= 0x80 {
			return false
		}
	}
	return true
}

// clean makes text valid UTF-8 without NUL, with line feeds as line ends.
func clean(s string) string {
	if strings.IndexByte(s, '\r') >= 0 {
		s = strings.ReplaceAll(s, "\r\n", "\n")
		s = strings.ReplaceAll(s, "\r", "\n")
	}
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return s
}
