package mailer

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"

	"helpost/internal/blob"
	"helpost/internal/store"
)

// memory is a blob store of one blob.
type memory struct {
	blob.Store
	name, content string
}

type memoryBlob struct{ *strings.Reader }

func (memoryBlob) Close() error { return nil }

func (m memory) Open(_ context.Context, name string) (blob.Reader, error) {
	if name != m.name {
		return nil, blob.ErrNotFound
	}
	return memoryBlob{strings.NewReader(m.content)}, nil
}

func TestAttachmentsComeFromTheStoreAndItsBlobs(t *testing.T) {
	relay := newRelay(t).start()
	d := newDesk(t, relay.addr, nil)
	picture := strings.Repeat("picture ", 30_000)
	d.m.content = StoredContent{Store: d.store, Blobs: memory{name: "p", content: picture}}
	withBlob, gone := row(1), row(2)
	withBlob.Segments = append(withBlob.Segments, store.Segment{Ref: &store.Ref{Blob: "p"}})
	gone.Segments = append(gone.Segments, store.Segment{Ref: &store.Ref{Ticket: 7, Message: 1}})
	d.add(withBlob, gone)
	d.run()
	d.empty()
	_, encoded, _ := strings.Cut(relay.sent()[0].data, ".titik di depan\r\n")
	decoded, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(encoded, "\r\n", ""))
	if err != nil || string(decoded) != picture {
		t.Errorf("%d bytes arrived of %d: %v", len(decoded), len(picture), err)
	}
	if told := d.failures.all(); len(told) != 1 || told[0].row.Ticket != 2 || told[0].status != "5.6.0" {
		t.Errorf("the gateway was told %+v", told)
	}
}

// Base64 that stands in lines of ours already goes out as it stands, in the middle of a mail too.
func TestLinesOfOursGoOutAsTheyStand(t *testing.T) {
	relay := newRelay(t).start()
	d := newDesk(t, relay.addr, nil)
	var lines strings.Builder
	for range 3000 {
		lines.WriteString(strings.Repeat("QUJD", store.LineLength/4) + "\r\n")
	}
	lines.WriteString("QUI=")
	d.m.content = StoredContent{Store: d.store, Blobs: memory{name: "p", content: "kepala\r\n\r\n" + lines.String() + "\r\n--batas--"}}
	r := row(1)
	r.Segments = append(r.Segments, store.Segment{Ref: &store.Ref{Blob: "p", Offset: int64(len("kepala\r\n\r\n")), Length: int64(lines.Len()), Encoding: store.Base64Lines}},
		store.Segment{Bytes: []byte(".titik\r\n--b--\r\n")})
	d.add(r)
	d.run()
	d.empty()
	if got, want := relay.sent()[0].data, text(1)+lines.String()+"\r\n.titik\r\n--b--\r\n"; got != want {
		t.Errorf("%d bytes arrived of %d, or other ones", len(got), len(want))
	}
}
