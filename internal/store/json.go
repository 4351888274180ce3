package store

import (
	"helpost/internal/jot"
)

// What is written for every mail is written without reflection, in the fields' order, as encoding/json would.

// AppendJSON appends the JSON of a message.
func (m *Message) AppendJSON(b []byte) ([]byte, error) {
	w := jot.To(b)
	w.Open()
	w.Uint("ticket", uint64(m.Ticket))
	w.Int("seq", int64(m.Seq))
	w.Text("message_id", m.MessageID)
	w.Text("direction", string(m.Direction))
	w.Text("kind", m.Kind)
	w.Text("from", m.From)
	w.Some("name", m.Name)
	w.Time("at", m.At)
	w.Text("text", m.Text)
	w.True("marked", m.Marked)
	if len(m.Attachments) > 0 {
		w.Name("attachments")
		w.OpenList()
		for i := range m.Attachments {
			m.Attachments[i].write(&w)
		}
		w.CloseList()
	}
	w.Name("raw")
	m.Raw.write(&w)
	w.Some("raw_sum", m.RawSum)
	w.Close()
	return w.Bytes()
}

func (a *Attachment) write(w *jot.Writer) {
	w.Open()
	w.Text("filename", a.Filename)
	w.Text("content_type", a.ContentType)
	w.Int("size", a.Size)
	w.Text("sha256", a.SHA256)
	w.True("inline", a.Inline)
	w.Some("content_id", a.ContentID)
	w.True("screenshot", a.Screenshot)
	w.Name("ref")
	a.Ref.write(w)
	w.Close()
}

func (r *Ref) write(w *jot.Writer) {
	w.Open()
	w.Some("blob", r.Blob)
	w.SomeUint("ticket", uint64(r.Ticket))
	w.SomeInt("message", int64(r.Message))
	w.SomeInt("offset", r.Offset)
	w.SomeInt("length", r.Length)
	w.Some("encoding", r.Encoding)
	w.Close()
}

// AppendJSON appends the JSON of a dedup key and where its mail went.
func (s *Seen) AppendJSON(b []byte) ([]byte, error) {
	w := jot.To(b)
	w.Open()
	w.Text("key", s.Key)
	w.Text("message_id", s.MessageID)
	w.Text("from", s.From)
	w.Uint("ticket", uint64(s.Ticket))
	w.Int("message", int64(s.Message))
	w.Time("at", s.At)
	w.Close()
	return w.Bytes()
}

// AppendJSON appends the JSON of a trace.
func (t *Trace) AppendJSON(b []byte) ([]byte, error) {
	w := jot.To(b)
	w.Open()
	w.Time("at", t.At)
	w.Some("id", t.ID)
	w.Text("message_id", t.MessageID)
	w.Text("from", t.From)
	w.Some("to", t.To)
	w.Text("outcome", t.Outcome)
	w.SomeUint("ticket", uint64(t.Ticket))
	w.Some("detail", t.Detail)
	w.Close()
	return w.Bytes()
}

// AppendJSON appends the JSON of a mail that waits.
func (o *Outbox) AppendJSON(b []byte) ([]byte, error) {
	w := jot.To(b)
	w.Open()
	w.Uint("id", o.ID)
	w.SomeUint("ticket", uint64(o.Ticket))
	w.Some("trace", o.Trace)
	w.Text("kind", string(o.Kind))
	w.Text("from", o.From)
	w.Text("to", o.To)
	w.Text("message_id", o.MessageID)
	w.Uint("class", uint64(o.Class))
	w.Name("segments")
	if o.Segments == nil { // a store keeps them beside
		w.Raw([]byte("null"))
	} else {
		w.Other(o.Segments)
	}
	w.Time("made", o.Made)
	w.Time("next_try", o.NextTry)
	w.SomeInt("tries", int64(o.Tries))
	w.Some("last_error", o.LastError)
	w.Close()
	return w.Bytes()
}
