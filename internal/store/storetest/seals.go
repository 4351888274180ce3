package storetest

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"testing"

	"helpost/internal/record"
	"helpost/internal/seal"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/workflow"
)

func rewrittenEntry(t *testing.T, open Open) {
	s := opened(t, open)
	e := Log(1, nil, workflow.Created, workflow.Assigned)
	commit(t, s, store.Change{Entries: e})
	other, digest, err := record.Rewrite(e[1].Entry, workflow.Event{Seq: 2, Actor: "helpost"}, bytes.Repeat([]byte{7}, record.SaltSize))
	if err != nil {
		t.Fatal(err)
	}
	erased, err := record.Seal(1, workflow.Event{Seq: 3, At: At(3), Type: workflow.ErasedEvent,
		Info: map[string]any{record.RewrittenKey: map[string]string{"1": "", "2": digest}}}, e[1].Head(), make([]byte, record.SaltSize))
	if err != nil {
		t.Fatal(err)
	}
	commit(t, s, store.Change{
		Entries:   []store.Entry{{Number: 1, Entry: erased}},
		Rewritten: []store.Rewrite{{Number: 1, Seq: 1}, {Number: 1, Seq: 2, Salt: other.Salt, Words: other.Words}},
	})
	log := get(t, s, func(r store.Reader) ([]record.Entry, error) { return r.Log(1) })
	if len(log) != 3 || !bytes.Equal(log[0].Line, e[0].Line) || log[0].Words != nil || log[0].Salt != nil || !same(log[1], other) {
		t.Errorf("it came back as %+v", log)
	}
	if err := record.Verify(1, log); err != nil {
		t.Error(err)
	}
	one := get(t, s, func(r store.Reader) (record.Entry, error) { return r.Entry(1, 2) })
	if !same(one, other) {
		t.Errorf("alone it is %+v", one)
	}
	equal(t, "numbers", get(t, s, func(r store.Reader) ([]sop.Number, error) { return r.Numbers(0, 10) }), []sop.Number{1}, nil)
	equal(t, "numbers after 1", get(t, s, func(r store.Reader) ([]sop.Number, error) { return r.Numbers(1, 10) }), nil, nil)
	view(t, s, func(r store.Reader) error {
		for _, seq := range []int{0, 4, -1, 1 << 40} {
			if _, err := r.Entry(1, seq); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("entry %d is %v", seq, err)
			}
		}
		return nil
	})
	refused(t, s, store.Change{Rewritten: []store.Rewrite{{Number: 1, Seq: 4}}}, store.ErrConflict)
	refused(t, s, store.Change{Rewritten: []store.Rewrite{{Number: 2, Seq: 1}}}, store.ErrConflict)
}

func remadeMessage(t *testing.T, open Open) {
	s := opened(t, open)
	m := store.Message{Ticket: 1, Seq: 1, Text: "dulu", At: At(0), Raw: store.Ref{Ticket: 1, Message: 1}, RawMail: []byte("raw")}
	commit(t, s, store.Change{Messages: []store.Message{m}})
	m.Text = "kini"
	commit(t, s, store.Change{Remade: []store.Message{m}})
	if raw := get(t, s, func(r store.Reader) ([]byte, error) { return r.Raw(1, 1) }); string(raw) != "raw" {
		t.Errorf("its raw mail is %q", raw)
	}
	m.Text, m.Raw = "", store.Ref{}
	commit(t, s, store.Change{Remade: []store.Message{m}})
	if got := get(t, s, func(r store.Reader) (store.Message, error) { return r.Message(1, 1) }); got.Text != "" {
		t.Errorf("it is %+v", got)
	}
	view(t, s, func(r store.Reader) error {
		if _, err := r.Raw(1, 1); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("its raw mail is there: %v", err)
		}
		return nil
	})
	m.Seq = 2
	refused(t, s, store.Change{Remade: []store.Message{m}}, store.ErrConflict)
}

func sealsFollow(t *testing.T, open Open) {
	s := opened(t, open)
	one, two := Log(1, nil, workflow.Created, workflow.Assigned), Log(2, nil, workflow.Created)
	commit(t, s, store.Change{Entries: one})
	commit(t, s, store.Change{Entries: two})
	unsealed := func(want ...seal.Open) {
		t.Helper()
		got := get(t, s, func(r store.Reader) ([]seal.Open, error) { return r.Unsealed(0, 10) })
		equal(t, "unsealed", got, want, nil)
	}
	unsealed(seal.Open{Number: 1}, seal.Open{Number: 2})
	head := func(n sop.Number, was, seq int, e store.Entry) seal.Head {
		return seal.Head{Number: n, Was: was, Seq: seq, Hash: sha256.Sum256(e.Line)}
	}
	sealed := func(day string, heads ...seal.Head) store.Change {
		t.Helper()
		last := get(t, s, func(r store.Reader) (seal.Seal, error) { return r.LastSeal() })
		made, err := seal.Make(last, day, At(0), heads)
		if err != nil {
			t.Fatal(err)
		}
		return store.Change{Seal: &store.Seal{Seal: made, List: heads}}
	}
	first := sealed("2026-03-01", head(1, 0, 1, one[0]), head(2, 0, 1, two[0]))
	commit(t, s, first)
	unsealed(seal.Open{Number: 1, Was: 1}) // the first ticket went on after the head that was sealed
	refused(t, s, first, store.ErrConflict)
	commit(t, s, sealed("2026-03-02", head(1, 1, 2, one[1])))
	unsealed()
	commit(t, s, store.Change{Entries: Log(2, []record.Entry{two[0].Entry}, workflow.Assigned)})
	unsealed(seal.Open{Number: 2, Was: 1})
	all := get(t, s, func(r store.Reader) ([]seal.Seal, error) { return r.Seals("", 10) })
	if len(all) != 2 || all[0].Day != "2026-03-01" || all[0].Tickets != 2 || all[1].Prev != all[0].Digest {
		t.Fatalf("the seals are %+v", all)
	}
	rest := get(t, s, func(r store.Reader) ([]seal.Seal, error) { return r.Seals("2026-03-01", 10) })
	equal(t, "after the first", rest, all[1:], nil)
	prev := seal.Seal{}
	for _, one := range all {
		heads := get(t, s, func(r store.Reader) ([]seal.Head, error) { return r.SealHeads(one.Day) })
		if err := seal.Check(prev, one, heads); err != nil {
			t.Error(err)
		}
		prev = one
	}
	skips := sealed("2026-03-03")
	skips.Seal.Prev = all[0].Digest
	refused(t, s, skips, store.ErrConflict)
}

// same says whether two entries are the same, byte for byte.
func same(a, b record.Entry) bool {
	return bytes.Equal(a.Line, b.Line) && bytes.Equal(a.Words, b.Words)
}
