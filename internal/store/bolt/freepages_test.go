package bolt

import (
	"context"
	"encoding/binary"
	"os"
	"testing"

	"go.etcd.io/bbolt"

	"helpost/internal/store"
)

// The list of free pages that commits and a Close leave is right, for the next start and for one after a crash: no page is lost, none
// is used twice, and what was freed is used again.
func TestFreePagesAreKeptOverAClose(t *testing.T) {
	path := file(t)
	sound := func(path string) {
		t.Helper()
		db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoFreelistSync: true})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if err := db.View(func(tx *bbolt.Tx) error {
			for err := range tx.Check() {
				t.Error(err)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	round := func(s *Store) {
		t.Helper()
		ctx := context.Background()
		for range 40 {
			n++
			commitTest(t, s, mail(n))
			merge(t, s)
		}
		var ids []uint64
		if err := s.View(ctx, func(r store.Reader) error {
			rows, err := r.Queue(0, 1000)
			for _, row := range rows {
				ids = append(ids, row.ID)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := s.Commit(ctx, store.Change{Done: ids}); err != nil {
			t.Fatal(err)
		}
		merge(t, s)
	}
	for i := range 6 {
		s := openTest(t, path, Options{})
		round(s)
		if i >= 4 { // a commit that does not list them after some that did
			if err := s.db.File(func(db *bbolt.DB) error {
				db.NoFreelistSync = true
				return db.Update(func(tx *bbolt.Tx) error { return nil })
			}); err != nil {
				t.Fatal(err)
			}
		}
		crashed := file(t)
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(crashed, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := listed(raw); got != (i < 4) {
			t.Errorf("round %d: the file lists its free pages: %v", i, got)
		}
		sound(crashed) // as if it had been killed here
		after := openTest(t, crashed, Options{})
		round(after)
		n -= 40
		checkTest(t, after)
		after.Close()
		s.Close()
		sound(path)
	}
	s := openTest(t, path, Options{})
	checkTest(t, s)
	if err := s.db.File(func(db *bbolt.DB) error {
		if db.Stats().FreePageN == 0 {
			t.Error("no page is free after the start, though much was freed")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// merge brings all that was committed into the file.
func merge(t *testing.T, s *Store) {
	t.Helper()
	if err := s.db.Merge(); err != nil {
		t.Fatal(err)
	}
}

// listed says whether the newest meta page of a bbolt file names a list of free pages.
func listed(file []byte) bool {
	const meta, freelist, txid = 16, 32, 48 // where a meta begins in its page, and its fields in it
	var newest, list uint64
	for page := range 2 {
		m := file[page*os.Getpagesize()+meta:]
		if tx := binary.NativeEndian.Uint64(m[txid:]); tx >= newest {
			newest, list = tx, binary.NativeEndian.Uint64(m[freelist:])
		}
	}
	return list != 1<<64-1
}
