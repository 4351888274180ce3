package gateway

import (
	"bytes"
	"context"
	"encoding/base64"

	"helpost/internal/blob"
	"helpost/internal/store"
	"helpost/parser"
)

// keep makes the message of a decision: the raw mail once, attachments as slices of it where they can be found there.
func (g *Gateway) keep(ctx context.Context, d Decided, one *decided, c *store.Change) (store.Message, error) {
	w := one.Message
	if w == nil {
		return store.Message{}, nil
	}
	draft := one.Drafts[0]
	m := store.Message{
		Ticket: w.Ticket, Seq: draft.Messages, MessageID: d.Said.MessageID, Direction: store.Direction(w.Direction), Kind: w.Kind,
		From: one.mail.From.Address, Name: one.mail.From.Name, At: draft.Events[0].At, Text: w.Text, Marked: w.Marked,
	}
	name, inStore, err := g.place(ctx, d.Data)
	if err != nil {
		return m, err
	}
	m.RawMail = inStore
	if name != "" {
		m.Raw = store.Ref{Blob: name}
	} else {
		m.Raw, m.RawSum = store.Ref{Ticket: m.Ticket, Message: m.Seq}, store.SumOf(inStore)
	}
	one.private = g.private(one.mail, d.Said.Attachments)
	if m.Attachments, err = g.attachments(ctx, d.Data, m.Raw, d.Said.Attachments); err != nil {
		return m, err
	}
	c.Messages = append(c.Messages, m)
	return m, nil
}

// place puts a raw mail where its size belongs: into a blob, whose name it gives, or into the store.
func (g *Gateway) place(ctx context.Context, raw []byte) (name string, inStore []byte, err error) {
	if len(raw) <= blob.Limit {
		return "", raw, nil
	}
	names, err := g.Blobs.Put(ctx, raw)
	if err != nil {
		return "", nil, err
	}
	return names[0], nil, nil
}

// attachments says where the bytes of each attachment lie. One that does not stand in the raw mail as it is (of a
// winmail.dat, of a mail in a mail, quoted-printable) becomes a blob of its own.
func (g *Gateway) attachments(ctx context.Context, raw []byte, at store.Ref, all []parser.Attachment) ([]store.Attachment, error) {
	list := make([]store.Attachment, len(all))
	var apart [][]byte
	var whose []int
	from := 0
	for i, a := range all {
		list[i] = store.Attachment{Filename: a.Filename, ContentType: a.ContentType, Size: int64(len(a.Data)), SHA256: a.SHA256,
			Inline: a.Inline, ContentID: a.ContentID, Screenshot: a.Screenshot}
		offset, length, encoding, found := locate(raw[from:], a)
		if !found {
			apart, whose = append(apart, a.Data), append(whose, i)
			continue
		}
		ref := at
		ref.Offset, ref.Length, ref.Encoding = int64(from+offset), int64(length), encoding
		list[i].Ref = ref
		from += offset + length
	}
	if len(apart) == 0 {
		return list, nil
	}
	names, err := g.Blobs.Put(ctx, apart...)
	if err != nil {
		return nil, err
	}
	for j, i := range whose {
		list[i].Ref = store.Ref{Blob: names[j]}
	}
	return list, nil
}

// probeSize is how much of an attachment is looked for in the raw mail: no base64 line is shorter in real mail, but for
// the last one of a small file.
const probeSize = 36

// locate finds an attachment in the raw mail: base64 in lines, or as it is. What it finds gives the same bytes again.
func locate(raw []byte, a parser.Attachment) (offset, length int, encoding string, found bool) {
	data := a.Data
	if len(data) == 0 {
		return 0, 0, "", false
	}
	probe := base64.StdEncoding.EncodeToString(data[:min(len(data), probeSize)])
	if len(data) > probeSize {
		probe = probe[:probeSize/3*4]
	}
	if at := bytes.Index(raw, []byte(probe)); at >= 0 {
		if len(a.Lines) > 0 && bytes.HasPrefix(raw[at:], a.Lines) {
			return at, len(a.Lines), store.Base64Lines, true
		}
		if length, encoding := sameBase64(raw[at:], data); encoding != "" {
			return at, length, encoding, true
		}
	}
	if at := bytes.Index(raw, data); at >= 0 && len(data) > probeSize {
		return at, len(data), store.AsIs, true
	}
	return 0, 0, "", false
}

// sameBase64 says whether text begins with the base64 of data, in lines of at most 76 characters that end in CRLF; how long
// that is, and how it stands there. "": it does not.
func sameBase64(text, data []byte) (length int, encoding string) {
	var out [store.LineLength / 4 * 3]byte
	encoding = store.Base64Lines
	for at := 0; ; {
		line, _, _ := bytes.Cut(text[at:min(len(text), at+store.LineLength+4)], []byte("\r\n"))
		if len(line) > store.LineLength || len(line) == 0 {
			return 0, ""
		}
		n, err := base64.StdEncoding.Decode(out[:], line)
		if err != nil || n > len(data) || !bytes.Equal(out[:n], data[:n]) {
			return 0, ""
		}
		data, at = data[n:], at+len(line)
		if len(data) == 0 {
			return at, encoding
		}
		if n < len(out) {
			encoding = store.Base64
		}
		if !bytes.HasPrefix(text[at:], []byte("\r\n")) {
			return 0, ""
		}
		at += 2
	}
}
