// Package jot appends JSON to bytes as encoding/json writes it, byte for byte, without a look at types.
//
// It is for the few documents that are written for every mail; all else is encoding/json's. Whoever uses it keeps a test that
// holds the two to one another.
package jot

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// Writer writes a document. What opens an object or a list, and what stands in one, sets the commas; names of fields are
// constants without anything to escape. The zero Writer writes to new bytes.
type Writer struct {
	b     []byte
	begun int // length of what stood before
	err   error
}

// To is a Writer that appends to b.
func To(b []byte) Writer { return Writer{b: b, begun: len(b)} }

// Bytes is what was written. It fails where a time cannot be said in RFC 3339, as encoding/json does.
func (w *Writer) Bytes() ([]byte, error) { return w.b, w.err }

// Fail makes Bytes fail.
func (w *Writer) Fail(err error) {
	if w.err == nil { // the first one counts
		w.err = err
	}
}

// next sets a comma, but at the begin of an object or a list.
func (w *Writer) next() {
	if n := len(w.b); n > w.begun && w.b[n-1] != '{' && w.b[n-1] != '[' && w.b[n-1] != ':' {
		w.b = append(w.b, ',')
	}
}

// Name begins a field.
func (w *Writer) Name(name string) {
	w.next()
	w.b = append(w.b, '"')
	w.b = append(w.b, name...)
	w.b = append(w.b, '"', ':')
}

// Key begins a field whose name may hold anything.
func (w *Writer) Key(name string) {
	w.Value(name)
	w.b = append(w.b, ':')
}

// Open begins an object: a document, or where Name or another value of a list stands before.
func (w *Writer) Open() { w.begin('{') }

// Close ends an object.
func (w *Writer) Close() { w.b = append(w.b, '}') }

// OpenList begins a list.
func (w *Writer) OpenList() { w.begin('[') }

// CloseList ends a list.
func (w *Writer) CloseList() { w.b = append(w.b, ']') }

func (w *Writer) begin(sign byte) {
	w.next()
	w.b = append(w.b, sign)
}

// Value writes a text in a list, or behind a name.
func (w *Writer) Value(text string) {
	w.next()
	w.b = appendText(w.b, text)
}

// Text writes a field.
func (w *Writer) Text(name, text string) {
	w.Name(name)
	w.b = appendText(w.b, text)
}

// Some writes a text that is not empty.
func (w *Writer) Some(name, text string) {
	if text != "" {
		w.Text(name, text)
	}
}

// Int writes a number.
func (w *Writer) Int(name string, n int64) {
	w.Name(name)
	w.b = strconv.AppendInt(w.b, n, 10)
}

// SomeInt writes a number that is not 0.
func (w *Writer) SomeInt(name string, n int64) {
	if n != 0 {
		w.Int(name, n)
	}
}

// Uint writes a number without sign.
func (w *Writer) Uint(name string, n uint64) {
	w.Name(name)
	w.b = strconv.AppendUint(w.b, n, 10)
}

// SomeUint writes a number without sign that is not 0.
func (w *Writer) SomeUint(name string, n uint64) {
	if n != 0 {
		w.Uint(name, n)
	}
}

// True writes what holds, and nothing of what does not.
func (w *Writer) True(name string, is bool) {
	if is {
		w.Name(name)
		w.b = append(w.b, "true"...)
	}
}

// Time writes a moment (RFC 3339).
func (w *Writer) Time(name string, t time.Time) {
	w.Name(name)
	w.b = append(w.b, '"')
	b, err := t.AppendText(w.b)
	if err != nil {
		w.Fail(err)
		return
	}
	w.b = append(b, '"')
}

// SomeTime writes a moment where there is one.
func (w *Writer) SomeTime(name string, t *time.Time) {
	if t != nil {
		w.Time(name, *t)
	}
}

// Texts writes a list that is not empty.
func (w *Writer) Texts(name string, all []string) {
	if len(all) == 0 {
		return
	}
	w.Name(name)
	w.List(all)
}

// List writes a list of texts; nil is null.
func (w *Writer) List(all []string) {
	if all == nil {
		w.Raw([]byte("null"))
		return
	}
	w.OpenList()
	for _, text := range all {
		w.Value(text)
	}
	w.CloseList()
}

// Map writes a map that is not empty, in the order of its keys.
func (w *Writer) Map(name string, m map[string]string) {
	if len(m) == 0 {
		return
	}
	w.Name(name)
	w.Open()
	var room [8]string
	for _, k := range Keys(m, room[:0]) {
		w.Key(k)
		w.Value(m[k])
	}
	w.Close()
}

// Keys gives the keys of a map in order. They stand in room, where that is enough.
func Keys[T any](m map[string]T, room []string) []string {
	all := slices.AppendSeq(room, maps.Keys(m))
	slices.Sort(all)
	return all
}

// Other leaves a value to encoding/json.
func (w *Writer) Other(v any) {
	raw, err := json.Marshal(v)
	w.Raw(raw)
	w.Fail(err)
}

// Raw writes a value that is JSON already, as encoding/json writes it.
func (w *Writer) Raw(value []byte) {
	w.next()
	w.b = append(w.b, value...)
}

// plain are the bytes that stand in a text as they are: encoding/json escapes what HTML would read, too.
var plain = func() (t [256]bool) {
	for c := byte(' '); c < utf8.RuneSelf; c++ {
		t[c] = c != '"' && c != '\\' && c != '<' && c != '>' && c != '&'
	}
	return t
}()

const hex = "0123456789abcdef"

func appendText(b []byte, text string) []byte {
	b = append(b, '"')
	begin := 0 // of what is yet to be copied
	for i := 0; i < len(text); {
		c := text[i]
		if plain[c] {
			i++
			continue
		}
		size, escape := 1, ""
		if c >= utf8.RuneSelf {
			var r rune
			r, size = utf8.DecodeRuneInString(text[i:])
			switch {
			case r == utf8.RuneError && size == 1:
				escape = `\ufffd`
			case r == '\u2028':
				escape = `\u2028`
			case r == '\u2029':
				escape = `\u2029`
			default:
				i += size
				continue
			}
		}
		b = append(b, text[begin:i]...)
		if escape != "" {
			b = append(b, escape...)
		} else {
			b = appendEscaped(b, c)
		}
		i += size
		begin = i
	}
	b = append(b, text[begin:]...)
	return append(b, '"')
}

func appendEscaped(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\b':
		return append(b, '\\', 'b')
	case '\f':
		return append(b, '\\', 'f')
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	}
	return append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}
