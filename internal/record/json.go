package record

import (
	"encoding/json"

	"helpost/internal/jot"
)

// An entry is written for every event, so without reflection, as encoding/json would write line and words.

func (l *line) appendJSON(b []byte) ([]byte, error) {
	w := jot.To(b)
	w.Open()
	w.Int("v", int64(l.Version))
	w.Uint("n", uint64(l.Number))
	w.Int("seq", int64(l.Seq))
	w.Time("at", l.At)
	w.Text("type", string(l.Type))
	w.Some("cause", l.Cause)
	writeRaws(&w, "facts", l.Facts)
	writeValues(&w, "info", l.Info)
	w.Text("words", l.Words)
	w.Text("prev", l.Prev)
	w.Close()
	return w.Bytes()
}

func (s *words) appendJSON(b []byte) ([]byte, error) {
	w := jot.To(b)
	w.Open()
	w.Some("actor", s.Actor)
	writeRaws(&w, "words", s.Words)
	writeValues(&w, "said", s.Said)
	w.Close()
	return w.Bytes()
}

// roomFor is what fields take, about.
func roomFor(fields map[string]json.RawMessage) int {
	n := 0
	for k, v := range fields {
		n += len(k) + len(v) + len(`"":,`)
	}
	return n
}

func writeRaws(w *jot.Writer, name string, m map[string]json.RawMessage) {
	if len(m) == 0 {
		return
	}
	w.Name(name)
	w.Open()
	var room [32]string
	for _, k := range jot.Keys(m, room[:0]) {
		w.Key(k)
		if v := m[k]; tidy(v) {
			w.Raw(v)
		} else {
			w.Other(v)
		}
	}
	w.Close()
}

func writeValues(w *jot.Writer, name string, m map[string]any) {
	if len(m) == 0 {
		return
	}
	w.Name(name)
	w.Open()
	var room [8]string
	for _, k := range jot.Keys(m, room[:0]) {
		w.Key(k)
		switch v := m[k].(type) {
		case string:
			w.Value(v)
		case []string:
			w.List(v)
		default:
			w.Other(v)
		}
	}
	w.Close()
}

// tidy says whether encoding/json would write a value as it stands: it takes blanks out and escapes what HTML would read. A
// field that workflow wrote is a value, and tidy.
func tidy(value []byte) bool {
	inText := false
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '"':
			inText = !inText
		case c == '\\':
			i++
		case c == '<', c == '>', c == '&', c == 0xe2: // U+2028 and U+2029 begin with it
			return false
		case c <= ' ' && !inText:
			return false
		}
	}
	return len(value) > 0
}
