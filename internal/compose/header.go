package compose

import (
	"strings"
	"time"
	"unicode/utf8"

	"helpost/templates"
)

// header writes the fields of a notice (contract §3).
func (m *letterhead) header(w *writer, j *Job) {
	from := templates.Line(j.Mailbox.Name, 100)
	if who := templates.Line(j.FromName, 100); who != "" && from != "" {
		from = who + " - " + from
	} else if who != "" {
		from = who
	}
	w.field("Message-ID", m.id)
	w.field("Date", j.At.Format(time.RFC1123Z))
	w.mailbox("From", from, j.Mailbox.Address)
	w.mailbox("To", templates.FullName(j.To.Name), j.To.Address)
	answers := m.address(m.token)
	if j.Mailbox.Plain || j.Number == 0 {
		answers = j.Mailbox.Address
	}
	w.mailbox("Reply-To", templates.Line(j.Mailbox.Name, 100), answers)
	w.unstructured("Subject", m.subject)
	w.unstructured("Thread-Topic", m.subject)
	if known := references(j.Thread); len(known) > 0 {
		w.field("In-Reply-To", known[len(known)-1])
		w.field("References", strings.Join(known, "\r\n "))
	}
	if j.Auto != "" {
		w.field("Auto-Submitted", j.Auto)
		if !j.Data.ToDesk {
			w.field("X-Auto-Response-Suppress", "DR, RN, NRN, OOF, AutoReply")
		}
	}
	if j.Number != 0 {
		w.field("X-Helpost-Ticket", j.Data.Ticket.ID)
	}
	w.field("X-Helpost-Notice", string(j.Data.Kind))
	w.field("MIME-Version", "1.0")
}

// MaxReferences is how many Message-IDs a notice names at most (contract §3).
const MaxReferences = 20

// MayBeNamed says whether a Message-ID may stand in a header of ours.
func MayBeNamed(id string) bool {
	return len(id) >= 3 && len(id) <= 500 && id[0] == '<' && id[len(id)-1] == '>' && visible(id[1:len(id)-1])
}

// references are the Message-IDs that may stand in a header: the newest, each once, oldest first.
func references(thread []string) []string {
	seen := map[string]bool{}
	var newest []string
	for i := len(thread) - 1; i >= 0 && len(newest) < MaxReferences; i-- {
		id := thread[i]
		if seen[id] || !MayBeNamed(id) {
			continue
		}
		seen[id] = true
		newest = append(newest, id)
	}
	for i, k := 0, len(newest)-1; i < k; i, k = i+1, k-1 {
		newest[i], newest[k] = newest[k], newest[i]
	}
	return newest
}

// visible says whether s is visible ASCII without angle brackets.
func visible(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f || s[i] == '<' || s[i] == '>' {
			return false
		}
	}
	return true
}

// field writes a field whose value is ours and ASCII.
func (w *writer) field(name, value string) { w.add(name, ": ", value, "\r\n") }

// quoting escapes what ends a quoted string (RFC 5322 §3.2.4).
var quoting = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// mailbox writes a field with one address. What a person chose as a name is quoted, or encoded where it is not ASCII.
func (w *writer) mailbox(name, display, address string) {
	w.add(name, ":")
	switch {
	case display == "":
		w.add(" ", address, "\r\n")
		return
	case plainASCII(display):
		w.add(` "`, quoting.Replace(display), `"`)
	default:
		w.encoded(len(name)+1, display)
	}
	w.add("\r\n <", address, ">\r\n")
}

// unstructured writes a field of free text.
func (w *writer) unstructured(name, text string) {
	w.add(name, ":")
	if plainASCII(text) {
		w.folded(len(name)+1, text)
	} else {
		w.encoded(len(name)+1, text)
	}
	w.add("\r\n")
}

// plainASCII says whether text may stand in a header as it is. What looks like an encoded word may not: a reader would
// decode it.
func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return !strings.Contains(s, "=?")
}

const lineLength = 76 // RFC 5322 §2.1.1 says 78 at most, RFC 2047 §2 76

// folded writes ASCII text in lines, broken before blanks. used is what stands on the line already.
func (w *writer) folded(used int, text string) {
	for word := range strings.SplitSeq(text, " ") {
		if used+1+len(word) > lineLength && used > 1 {
			w.add("\r\n")
			used = 0
		}
		w.add(" ", word)
		used += 1 + len(word)
	}
}

// encoded writes text as encoded words (RFC 2047, Q), one a line.
func (w *writer) encoded(used int, text string) {
	const begin, end = "=?utf-8?q?", "?="
	w.add(" ", begin)
	room := lineLength - used - 1 - len(begin) - len(end)
	for _, r := range text {
		var c [utf8.UTFMax]byte
		n := utf8.EncodeRune(c[:], r)
		size := 3 * n
		if n == 1 && (r == ' ' || isToken(byte(r))) {
			size = 1
		}
		if room < size {
			w.add(end, "\r\n ", begin)
			room = lineLength - 1 - len(begin) - len(end)
		}
		room -= size
		switch {
		case r == ' ':
			w.buf = append(w.buf, '_')
		case size == 1:
			w.buf = append(w.buf, byte(r))
		default:
			for _, b := range c[:n] {
				w.buf = append(w.buf, '=', hex[b>>4], hex[b&15])
			}
		}
	}
	w.add(end)
}

const hex = "0123456789ABCDEF"

// isToken names the characters that stand for themselves in an encoded word of a phrase (RFC 2047 §5.3).
func isToken(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '!' || c == '*' || c == '/'
}
