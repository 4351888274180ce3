package bolt

import (
	"context"
	"reflect"
	"testing"
	"time"

	"helpost/internal/store"
	"helpost/internal/store/storetest"
)

// What is handed out from memory is what would be read, whatever it holds.
func TestAClaimedMailIsAsItWouldBeRead(t *testing.T) {
	s := openTest(t, file(t), Options{NoSync: true})
	ctx := context.Background()
	var c store.Change
	for _, text := range []string{"", "a@company.com", "\xff<", "\ufffd", `\ufffd`} {
		for _, at := range []time.Time{storetest.At(1), {}, time.Now().UTC().Add(-time.Hour), storetest.At(2).In(time.FixedZone("WIB", 7*3600))} {
			for _, body := range [][]store.Segment{nil, {{Bytes: []byte("x")}}, {{Bytes: []byte{}}, {Ref: &store.Ref{Blob: "b", Offset: 3}}, {Bytes: []byte("y")}}} {
				c.Outbox = append(c.Outbox, store.Outbox{Ticket: 7, Trace: text, Kind: "ack", From: text, To: text, MessageID: text, Made: at, NextTry: at, Segments: body})
			}
		}
	}
	commitTest(t, s, c)
	kept := 0
	for _, p := range s.outbox.rows {
		if p.row != nil {
			kept++
		}
	}
	if kept != len(c.Outbox)*3/5 { // but for the two texts that are no UTF-8, or may be
		t.Errorf("%d of %d are kept", kept, len(c.Outbox))
	}
	rows, err := s.Claim(ctx, time.Now(), 100, time.Minute)
	if err != nil || len(rows) != len(c.Outbox) {
		t.Fatalf("%d are claimed, %v", len(rows), err)
	}
	err = s.View(ctx, func(r store.Reader) error {
		for _, row := range rows {
			read, err := r.Queue(row.ID-1, 1)
			if err != nil || !reflect.DeepEqual(row, read[0]) {
				t.Errorf("claimed %#v\n   read %#v, %v", row, read[0], err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if s.outbox.kept != 0 {
		t.Errorf("%d bytes are still kept", s.outbox.kept)
	}
}

func TestOfMailsThatNobodyClaimsFewStayInMemory(t *testing.T) {
	s := openTest(t, file(t), Options{NoSync: true})
	body := make([]byte, 1<<20)
	var c store.Change
	for range 10 {
		c.Outbox = append(c.Outbox, storetest.Row("a@company.com", store.ClassAnswer, storetest.At(0), body))
	}
	commitTest(t, s, c)
	if s.outbox.kept == 0 || s.outbox.kept > mostKept {
		t.Errorf("%d bytes are kept", s.outbox.kept)
	}
	commitTest(t, s, store.Change{Done: []uint64{1}, Defer: []store.Deferral{{ID: 2, NextTry: storetest.At(1), Tries: 1}}})
	rows, err := s.Claim(context.Background(), storetest.At(2), 10, time.Minute)
	if err != nil || len(rows) != 9 || s.outbox.kept != 0 {
		t.Fatalf("%d are claimed, %d bytes kept, %v", len(rows), s.outbox.kept, err)
	}
	for _, row := range rows {
		if len(row.Segments) != 1 || len(row.Segments[0].Bytes) != len(body) || row.ID == 2 && row.Tries != 1 {
			t.Errorf("row %d has %d segments and %d tries", row.ID, len(row.Segments), row.Tries)
		}
	}
}
