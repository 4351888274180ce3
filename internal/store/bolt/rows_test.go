package bolt

import (
	"bytes"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"helpost/internal/record"
	"helpost/internal/store"
	"helpost/internal/store/storetest"
)

// FuzzRows: no row, however damaged, makes a decoder do anything but say so; what it reads it writes again the same.
func FuzzRows(f *testing.F) {
	is := storetest.Ticket(1, "a@company.com", storetest.At(0))
	_, ticket, err := encodeTicket(&is)
	if err != nil {
		f.Fatal(err)
	}
	segments, _, err := encodeSegments([]store.Segment{{Bytes: []byte("x")}, {Ref: &store.Ref{Blob: "b", Offset: 3}}})
	if err != nil {
		f.Fatal(err)
	}
	for _, row := range [][]byte{
		nil, {1}, {2}, ticket, segments, encodeEntry(record.Entry{Line: []byte("{}"), Salt: []byte("s"), Words: []byte("w")}),
		encodeEntry(record.Entry{Line: []byte("{}")}), encodeFact(3, []byte("v")),
		append([]byte{1}, bytes.Repeat([]byte{0xff}, 30)...),
	} {
		f.Add(row)
	}
	f.Fuzz(func(t *testing.T, row []byte) {
		if _, h, err := decodeTicket(row); err == nil && h.version > 0 {
			h.keys(1)
		}
		if e, err := decodeEntry(row); err == nil {
			again, err := decodeEntry(encodeEntry(e))
			if err != nil || !bytes.Equal(e.Line, again.Line) || !bytes.Equal(e.Words, again.Words) || !bytes.Equal(e.Salt, again.Salt) {
				t.Errorf("an entry of %x came back as %+v, was %+v, %v", row, again, e, err)
			}
		}
		if s, err := decodeSegments(row); err == nil {
			if _, _, err := encodeSegments(s); err != nil {
				t.Errorf("segments of %x cannot be written: %v", row, err)
			}
		}
		if v, value, err := decodeFact(row); err == nil && !bytes.Equal(encodeFact(v, value), row) {
			t.Errorf("a fact of %x is written otherwise", row)
		}
		var o store.Outbox
		_ = decodeDoc(row, &o)
		if _, _, is := cutDue(row); is && len(row) != 17 {
			t.Errorf("%x was taken for a due time", row)
		}
	})
}

func TestTimesSortAsTheirBytesDo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) time.Time {
			return time.Unix(rapid.Int64Range(-1<<33, 1<<33).Draw(t, name), rapid.Int64Range(0, 999_999_999).Draw(t, name+" ns")).UTC()
		}
		a, b := draw("a"), draw("b")
		if got := bytes.Compare(be64(nanos(a)), be64(nanos(b))); got != a.Compare(b) {
			t.Fatalf("%v and %v sort as %d", a, b, got)
		}
		if back := timeOf(nanos(a)); !back.Equal(a) {
			t.Fatalf("%v came back as %v", a, back)
		}
	})
	if nanos(time.Time{}) != 0 || !timeOf(0).IsZero() {
		t.Error("never is not never")
	}
	if nanos(time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC)) != math.MaxUint64 || nanos(time.Date(1000, 1, 1, 0, 0, 0, 0, time.UTC)) != 1 {
		t.Error("times that nanoseconds cannot say are not at the ends")
	}
}

func TestErasingWordsTouchesNoLine(t *testing.T) {
	e := record.Entry{Line: []byte(`{"v":1}`), Salt: []byte("salt"), Words: []byte(`{"actor":"a"}`)}
	whole := encodeEntry(e)
	e.Salt, e.Words = nil, nil
	erased := encodeEntry(e)
	if !bytes.HasSuffix(whole, e.Line) || !bytes.HasSuffix(erased, e.Line) || len(erased) != 3+len(e.Line) {
		t.Errorf("%q and %q", whole, erased)
	}
}
