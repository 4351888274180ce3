package parser

import (
	"bytes"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"
)

// header is a header block: its fields in their order, values unfolded, bytes as they came.
type header []Field

// get returns the value of the first field of that name, in any case; "" where there is none.
func (h header) get(name string) string {
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// has says whether a field of that name is there.
func (h header) has(name string) bool {
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			return true
		}
	}
	return false
}

// all returns the values of every field of that name, in their order.
func (h header) all(name string) []string {
	var values []string
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			values = append(values, f.Value)
		}
	}
	return values
}

// lines is a place in raw bytes, moved line by line. A line ends at LF or CRLF.
type lines struct {
	raw []byte
	pos int
}

func (l *lines) more() bool { return l.pos < len(l.raw) }

// line returns the line at pos without its end, and where the next one begins.
func (l *lines) line() (line []byte, next int) { return lineAt(l.raw, l.pos) }

func lineAt(raw []byte, pos int) (line []byte, next int) {
	rest := raw[pos:]
	i := bytes.IndexByte(rest, '\n')
	if i < 0 {
		return rest, len(raw)
	}
	line = rest[:i]
	if i > 0 && line[i-1] == '\r' {
		line = line[:i-1]
	}
	return line, pos + i + 1
}

// usualFields is how many fields the header of a mail has room for at once.
const usualFields = 16

// readHeader reads the header block at l and leaves l at the first byte of the body. It forgives what mail programs
// forgive: a first line that begins with a blank is a field, a line that is no field ends the header. With mail (the
// header of a whole mail) an mbox "From " line and blank lines before the first field are skipped, and a line that is
// no field but is followed by one that every mail has goes on the field above it. Where ends is true of a line (a
// delimiter of a multipart), the header ends before it. Mended says that something had to be forgiven, so that another
// program may read other fields here.
func readHeader(l *lines, g *guard, mail bool, ends func(line []byte) bool) (h header, mended bool) {
	if mail {
		skipEnvelope(l)
		h = make(header, 0, usualFields)
	}
	for start := l.pos; l.more(); {
		line, next := l.line()
		if len(line) == 0 {
			l.pos = next
			break
		}
		if ends != nil && ends(line) {
			break
		}
		if len(h) == 0 && (line[0] == ' ' || line[0] == '\t') {
			line, mended = bytes.TrimLeft(line, " \t"), true
		}
		colon := fieldColon(line)
		mended = mended || colon < 0
		if colon < 0 && !(mail && next < len(l.raw) && isUsualField(l.raw[next:])) {
			break
		}
		end := foldEnd(l.raw, next, ends)
		if end-start > maxHeaderBytes || len(h) >= maxFields {
			g.stop(errHeader)
			skipHeader(l)
			mended = true
			break
		}
		if colon < 0 { // a stray line among the fields
			if len(h) > 0 && !bytes.HasPrefix(line, []byte("From ")) && !bytes.HasPrefix(line, []byte(">From ")) {
				h[len(h)-1].Value += " " + unfold(string(l.raw[l.pos:end]))
			}
		} else {
			name, value, _ := strings.Cut(string(l.raw[l.pos:end]), ":")
			h = append(h, Field{Name: strings.Trim(name, " \t"), Value: unfold(value)})
		}
		l.pos = end
	}
	return h, mended
}

// skipEnvelope passes what may stand before the header of a mail: blank lines, and an mbox "From " line.
func skipEnvelope(l *lines) {
	l.pos += len(l.raw) - l.pos - len(bytes.TrimPrefix(l.raw[l.pos:], []byte("\xef\xbb\xbf")))
	for l.more() {
		line, next := l.line()
		blank := len(bytes.TrimSpace(line)) == 0
		mbox := bytes.HasPrefix(line, []byte("From ")) || bytes.HasPrefix(line, []byte(">From "))
		if !blank && !mbox {
			return
		}
		if blank && !isField(l.raw[next:]) && next < len(l.raw) && len(bytes.TrimSpace(l.raw[next:min(next+200, len(l.raw))])) > 0 {
			return // a mail without a header: its body begins here
		}
		l.pos = next
	}
}

// skipHeader moves l behind the next empty line.
func skipHeader(l *lines) {
	for l.more() {
		line, next := l.line()
		l.pos = next
		if len(line) == 0 {
			return
		}
	}
}

// foldEnd returns where the field ends whose first line ends at next: behind the last line that begins with a blank.
func foldEnd(raw []byte, next int, ends func([]byte) bool) int {
	for next < len(raw) && (raw[next] == ' ' || raw[next] == '\t') {
		line, after := lineAt(raw, next)
		if ends != nil && ends(line) {
			break
		}
		next = after
	}
	return next
}

// fieldColon returns where the colon of a field's first line stands (RFC 5322 §2.2); -1 where the line is no field.
func fieldColon(line []byte) int {
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 {
		return -1
	}
	name := bytes.TrimRight(line[:colon], " \t")
	if len(name) == 0 {
		return -1
	}
	for _, c := range name {
		if c <= ' ' || c >= 0x7f {
			return -1
		}
	}
	return colon
}

// isField says whether the text begins with a field or an mbox line.
func isField(text []byte) bool {
	line, _ := lineAt(text, 0)
	return fieldColon(bytes.TrimLeft(line, " \t")) > 0 || bytes.HasPrefix(line, []byte("From "))
}

// isUsualField says whether the text begins with a field that mails of every kind have.
func isUsualField(text []byte) bool {
	line, _ := lineAt(text, 0)
	colon := fieldColon(line)
	if colon < 0 {
		return false
	}
	switch strings.ToLower(string(line[:colon])) {
	case "from", "to", "cc", "subject", "date", "message-id", "mime-version", "content-type", "content-transfer-encoding",
		"content-disposition", "received", "return-path", "reply-to", "references", "in-reply-to", "delivered-to":
		return true
	}
	return false
}

// unfold removes the line ends of a folded value (RFC 5322 §2.2.3) and the blanks around it.
func unfold(value string) string {
	value = strings.Trim(value, " \t\r\n")
	if strings.IndexByte(value, '\n') < 0 {
		return value
	}
	var b strings.Builder
	b.Grow(len(value))
	for more := true; more; {
		var line string
		if line, value, more = strings.Cut(value, "\n"); more {
			line = strings.TrimSuffix(line, "\r")
		}
		b.WriteString(line)
	}
	return b.String()
}

// publicFields returns the fields as Mail shows them: valid UTF-8 without NUL.
func publicFields(h header) []Field {
	fields := make([]Field, len(h))
	for i, f := range h {
		fields[i] = Field{Name: f.Name, Value: marked(f.Value)}
	}
	return fields
}

// marked replaces what is no UTF-8 and every NUL by U+FFFD, so that nobody takes the value for one without them.
func marked(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "\uFFFD")
	}
	return s
}

// messageIDs finds the Message-IDs in a value, with their brackets, each once, at most maxMessageIDs. A References
// longer than that loses its middle: its first one and its last ones tell the thread.
func messageIDs(values []string) []string {
	var ids []string
	seen := map[string]bool{}
	for _, value := range values {
		for rest := value; ; {
			open := strings.IndexByte(rest, '<')
			if open < 0 {
				break
			}
			end := strings.IndexAny(rest[open+1:], "<>")
			if end < 0 {
				break
			}
			end += open + 1
			if rest[end] == '<' {
				rest = rest[end:]
				continue
			}
			id := cleanID(rest[open+1 : end])
			rest = rest[end+1:]
			if id != "" && !seen[id] {
				seen[id] = true
				ids = append(ids, id)
			}
		}
	}
	if len(ids) > maxMessageIDs {
		ids = append(ids[:1:1], ids[len(ids)-maxMessageIDs+1:]...)
	}
	return ids
}

// cleanID gives an id its brackets back and takes the blanks of a broken folding out; "" where it is none.
func cleanID(id string) string {
	id = strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f {
			return -1
		}
		return r
	}, marked(id))
	if id == "" || len(id) > 998 {
		return ""
	}
	return "<" + id + ">"
}

// messageID reads a Message-ID field, also where its brackets are missing.
func messageID(value string) string {
	if ids := messageIDs([]string{value}); len(ids) > 0 {
		return ids[0]
	}
	word, _, _ := strings.Cut(strings.TrimSpace(value), " ")
	word = strings.Trim(word, "<>")
	if !strings.Contains(word, "@") {
		return ""
	}
	return cleanID(word)
}

// readDate reads a Date field (RFC 5322 §3.3) as far as it can be read; the zero time where it cannot.
func readDate(value string) time.Time {
	value = strings.TrimSpace(value)
	if t, err := time.Parse("Mon, 2 Jan 2006 15:04:05 -0700", value); err == nil { // nearly all; mail.ParseDate comes to it late
		return t
	}
	if t, err := mail.ParseDate(value); err == nil {
		return t
	}
	if i := strings.IndexByte(value, '('); i > 0 {
		value = strings.TrimSpace(value[:i])
	}
	for _, layout := range []string{
		"Mon, 2 Jan 2006 15:04:05 MST", "Mon, 2 Jan 2006 15:04:05", "2 Jan 2006 15:04:05 MST", "2 Jan 2006 15:04:05",
		"Mon Jan 2 15:04:05 2006 -0700", "Mon Jan 2 15:04:05 MST 2006", "Mon Jan 2 15:04:05 2006", "Mon, 2 Jan 2006 15:04 -0700",
		time.RFC3339, "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05", "Monday, 2 January 2006 15:04:05 -0700", "Mon, 2 January 2006 15:04:05 -0700",
	} {
		if t, err := time.Parse(layout, value); err == nil {
			return t
		}
	}
	return time.Time{}
}
