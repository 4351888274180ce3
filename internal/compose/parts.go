package compose

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"sync"
	"unicode/utf8"

	"helpost/internal/store"
	"helpost/templates"
)

// writer collects a mail: exact bytes, and references to attachments between them.
//
// It is written by hand, not by go-mail: a row holds attachments by reference, so the bytes of head and parts must be
// had piece by piece, and go-mail writes whole mails only. It also takes a fifth of go-mail's time.
type writer struct {
	buf      []byte
	segments []store.Segment
	unique   string
	data     templates.Data
	parts    templates.Parts
}

// writers are used again, for their room.
var writers = sync.Pool{New: func() any { return &writer{buf: make([]byte, 0, 32<<10)} }}

func newWriter(unique string) *writer {
	w := writers.Get().(*writer)
	w.unique = unique
	return w
}

// release gives the room back; the segments have copies. What a huge mail took is not kept.
func (w *writer) release() {
	if cap(w.buf) <= 1<<20 {
		*w = writer{buf: w.buf[:0], parts: w.parts}
		writers.Put(w)
	}
}

func (w *writer) add(parts ...string) {
	for _, s := range parts {
		w.buf = append(w.buf, s...)
	}
}

// flush ends a segment of bytes.
func (w *writer) flush() {
	if len(w.buf) > 0 {
		w.segments = append(w.segments, store.Segment{Bytes: append([]byte(nil), w.buf...)})
		w.buf = w.buf[:0]
	}
}

func (w *writer) reference(r store.Ref) {
	w.flush()
	w.segments = append(w.segments, store.Segment{Ref: &r})
}

// boundary is fixed by the Message-ID, so that a repeat has the same bytes. "=_" stands in no line of quoted-printable or
// base64, so no text can hold it.
func (w *writer) boundary(level string) string { return "=_" + level + "-" + w.unique }

// open begins a multipart whose type says how its parts belong together.
func (w *writer) open(subtype, level string) {
	w.add("Content-Type: multipart/", subtype, ";\r\n boundary=\"", w.boundary(level), "\"\r\n\r\n")
}

func (w *writer) next(level string)  { w.add("--", w.boundary(level), "\r\n") }
func (w *writer) close(level string) { w.add("--", w.boundary(level), "--\r\n") }

// body writes the parts: mixed around what comes along, alternative around text, HTML and invitation, related around
// the HTML and its pictures; each only where it is needed.
func (w *writer) body(files []File, calendar []byte) {
	var inline, along []File
	for _, f := range files {
		if f.Inline {
			inline = append(inline, f)
		} else {
			along = append(along, f)
		}
	}
	if len(along) > 0 {
		w.open("mixed", "m")
		w.next("m")
	}
	w.open("alternative", "a")
	w.next("a")
	w.text("plain", w.parts.Text)
	w.next("a")
	if len(inline) > 0 {
		w.open("related", "r")
		w.next("r")
	}
	w.text("html", w.parts.HTML)
	for _, f := range inline {
		w.next("r")
		w.file(f)
	}
	if len(inline) > 0 {
		w.close("r")
	}
	if len(calendar) > 0 {
		w.next("a")
		w.add("Content-Type: text/calendar; charset=utf-8; method=REQUEST\r\nContent-Transfer-Encoding: base64\r\n\r\n")
		w.base64(calendar)
	}
	w.close("a")
	for _, f := range along {
		w.next("m")
		w.file(f)
	}
	if len(along) > 0 {
		w.close("m")
	}
	w.flush()
}

func (w *writer) text(subtype string, text []byte) {
	w.add("Content-Type: text/", subtype, "; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
	w.quotedPrintable(text)
}

// file writes the header of an attachment and refers to its bytes.
func (w *writer) file(f File) {
	ascii, extended := fileNames(f.Name)
	w.add("Content-Type: ", f.ContentType)
	if ascii != "" {
		w.add(";\r\n name=\"", ascii, `"`)
	}
	w.add("\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: ")
	if f.Inline {
		w.add("inline")
	} else {
		w.add("attachment")
	}
	if ascii != "" {
		w.add(";\r\n filename=\"", ascii, `"`)
	}
	if extended != "" {
		w.add(";\r\n filename*=UTF-8''", extended)
	}
	if f.ContentID != "" {
		w.add("\r\nContent-ID: <", f.ContentID, ">")
	}
	w.add("\r\n\r\n")
	w.reference(f.Ref)
	w.add("\r\n")
}

// base64 writes bytes in lines of 76.
func (w *writer) base64(b []byte) {
	for len(b) > 0 {
		n := min(len(b), 57)
		w.buf = base64.StdEncoding.AppendEncode(w.buf, b[:n])
		w.add("\r\n")
		b = b[n:]
	}
}

// quotedPrintable writes text whose lines end in LF (RFC 2045 §6.7), lines of 76 at most.
func (w *writer) quotedPrintable(text []byte) {
	text = bytes.TrimSuffix(text, []byte("\n"))
	buf, column, begin := w.buf, 0, 0 // begin: where the line does that is being written
	for i := 0; ; {
		run := i // of characters that stand as they are, as far as the line has room
		most := min(len(text), i+lineLength-1-column)
		for run+8 <= most && allAsItIs(binary.LittleEndian.Uint64(text[run:])) {
			run += 8
		}
		for run < most && asItIs[text[run]] {
			run++
		}
		if run > i && (run == len(text) || text[run] == '\n') && (text[run-1] == ' ' || text[run-1] == '\t') {
			run-- // a blank at the end of a line would be lost
		}
		if i == begin && bytes.HasPrefix(text[i:], []byte("From ")) {
			run = i // old mail systems put a ">" before it, and a signature no longer fits
		}
		buf = append(buf, text[i:run]...)
		column += run - i
		switch i = run; {
		case i == len(text):
			w.buf = append(buf, "\r\n"...)
			return
		case text[i] == '\n':
			buf = append(buf, "\r\n"...)
			i++
			begin, column = i, 0
		case column+3 > lineLength-1:
			buf = append(buf, "=\r\n"...)
			column = 0
		default:
			buf = append(buf, '=', hex[text[i]>>4], hex[text[i]&15])
			column += 3
			i++
		}
	}
}

// asItIs are the bytes that quoted-printable leaves alone.
var asItIs = func() (is [256]bool) {
	for c := ' '; c <= '~'; c++ {
		is[c] = c != '='
	}
	is['\t'] = true
	return is
}()

// allAsItIs says whether quoted-printable leaves eight bytes alone, but for tabs, which it says of none. Each test sets the
// highest bit of a byte that is not so; a carry may set more, and then they are looked at one by one.
func allAsItIs(eight uint64) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	equals := eight ^ '='*ones
	return (eight|(eight-' '*ones)|(eight+ones)|(equals-ones))&tops == 0
}

const maxFileName = 120 // bytes

// fileNames gives a name for every reader: plain ASCII, and as RFC 2231 has it where that is not all. Neither holds a
// path or anything that a header or a shell could take for more than a name.
func fileNames(name string) (ascii, extended string) {
	if name == "" {
		return "", ""
	}
	var a, e strings.Builder
	same := true
	for _, r := range name {
		if r < utf8.RuneSelf && (isToken(byte(r)) && r != '/' && r != '*' && r != '!' || strings.ContainsRune(" ._()+,@#&", r)) {
			a.WriteByte(byte(r))
		} else {
			a.WriteByte('_')
			same = false
		}
		var c [utf8.UTFMax]byte
		for _, b := range c[:utf8.EncodeRune(c[:], r)] {
			if isToken(b) && b != '/' && b != '*' && b != '!' || b == '.' || b == '_' {
				e.WriteByte(b)
			} else {
				e.WriteString("%" + string(hex[b>>4]) + string(hex[b&15]))
			}
		}
	}
	if same {
		return a.String(), ""
	}
	return a.String(), e.String()
}

// tamed makes files that people sent fit to be sent on.
func tamed(files []File) []File {
	safe := make([]File, 0, len(files))
	for _, f := range files {
		f.Name, f.ContentType, f.ContentID = fileName(f.Name), contentType(f.ContentType), contentID(f.ContentID)
		f.Inline = f.Inline && f.ContentID != "" && shown(f.ContentType)
		if !f.Inline {
			f.ContentID = ""
		}
		safe = append(safe, f)
	}
	return safe
}

// fileName is a name without a path, controls, and what shows another ending than it has; its own ending is kept.
func fileName(name string) string {
	name = templates.Line(name, 1000)
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.Trim(strings.ReplaceAll(name, "=?", "=_"), ". ") // some readers decode encoded words even here
	if len(name) <= maxFileName {
		return name
	}
	ending := ""
	if i := strings.LastIndexByte(name, '.'); i > 0 && len(name)-i <= 16 {
		ending = name[i:]
	}
	cut := maxFileName - len(ending)
	for cut > 0 && !utf8.RuneStart(name[cut]) {
		cut--
	}
	return name[:cut] + ending
}

// contentType is a type that says nothing but one: no parameters, no multipart, no mail (RFC 2046 §5.2.1 wants that
// unencoded).
func contentType(t string) string {
	t = strings.ToLower(strings.TrimSpace(t))
	kind, sub, ok := strings.Cut(t, "/")
	const token = "abcdefghijklmnopqrstuvwxyz0123456789!#$&^_.+-"
	if !ok || !only(kind, 60, token) || !only(sub, 100, token) || kind == "multipart" || kind == "message" {
		return "application/octet-stream"
	}
	return t
}

// contentID is an id without its brackets, or "" where it is none that may stand in a header and a link.
func contentID(id string) string {
	id = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(id), "<"), ">")
	if !only(id, 200, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.!$*+-=_~@") {
		return ""
	}
	return id
}

// shown says whether mail clients show a picture of this type within a mail.
func shown(contentType string) bool {
	switch contentType {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
		return true
	}
	return false
}

// pictures gives the words without the marks that text parts have for pictures, and the ids of those that are shown.
func pictures(words string, files []File) (string, []string) {
	var ids []string
	for _, f := range files {
		if f.Inline {
			ids = append(ids, f.ContentID)
			words = strings.ReplaceAll(words, "[cid:"+f.ContentID+"]", "")
		}
	}
	return words, ids
}
