package bolt

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"helpost/internal/record"
	"helpost/internal/seal"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/internal/store/storetest"
	"helpost/internal/store/words"
	"helpost/workflow"
)

// said is a change that adds a message to a ticket, and makes that where it is the first. kind is what its event is.
func said(n sop.Number, seq int, before []record.Entry, kind workflow.EventType, text string) (store.Change, []record.Entry) {
	t := storetest.Ticket(n, "a@company.com", storetest.At(0))
	t.Expect, t.Ticket.Seq, t.Ticket.Messages = store.Version(seq-1), seq, seq
	entries := storetest.Log(n, before, kind)
	m := store.Message{Ticket: n, Seq: seq, MessageID: fmt.Sprintf("<%d.%d@company.com>", n, seq), From: "a@company.com", At: storetest.At(seq), Text: text}
	return store.Change{Tickets: []store.Ticket{t}, Entries: entries, Messages: []store.Message{m}}, append(before, entries[0].Entry)
}

// tells makes tickets of one message each, from a number on.
func tells(t *testing.T, s *Store, first sop.Number, texts ...string) {
	t.Helper()
	for i, text := range texts {
		c, _ := said(first+sop.Number(i), 1, nil, workflow.Created, text)
		commitTest(t, s, c)
	}
}

// allRead waits until the index has read everything.
func allRead(t *testing.T, s *Store) {
	t.Helper()
	for begin := time.Now(); s.Unread() > 0; time.Sleep(time.Millisecond) {
		if time.Since(begin) > time.Minute {
			t.Fatalf("%d tickets are not read", s.Unread())
		}
	}
}

// finds says which tickets a query finds.
func finds(t *testing.T, s *Store, query string) (all []sop.Number) {
	t.Helper()
	for after := ""; ; {
		err := s.View(context.Background(), func(r store.Reader) error {
			page, next, err := r.List(store.Filter{Query: query, After: after})
			for _, t := range page {
				all = append(all, t.Number)
			}
			after = next
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if after == "" {
			return all
		}
	}
}

func mustFind(t *testing.T, s *Store, query string, want ...sop.Number) {
	t.Helper()
	if got := finds(t, s, query); !slices.Equal(got, want) {
		t.Errorf("%q finds %v, want %v", query, got, want)
	}
}

func searchable(t *testing.T, path string) *Store {
	t.Helper()
	return openTest(t, path, Options{NoSync: true, Search: path + ".search", Log: slog.New(slog.DiscardHandler)})
}

// holds says whether a file of the index holds a text.
func holds(t *testing.T, path, text string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(path+".search", "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no index: %v", err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte(text)) {
			return true
		}
	}
	return false
}

func TestWhatWasCommittedIsFoundAtOnceAndLater(t *testing.T) {
	path := file(t)
	s := searchable(t, path)
	for i := range 30 {
		word := fmt.Sprintf("kode%d", i)
		tells(t, s, sop.Number(i+1), "galat "+word)
		mustFind(t, s, word, sop.Number(i+1))
	}
	allRead(t, s)
	mustFind(t, s, "galat kode7", 8)
	mustFind(t, s, "kode2 lantai", 3)
	mustFind(t, s, "kode2", 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 3)
	c, _ := said(5, 2, storetest2(5), workflow.MessageCame, "masih begitu")
	commitTest(t, s, c)
	mustFind(t, s, "kode4 begitu", 5)
	allRead(t, s)
	mustFind(t, s, "kode4 begitu", 5)
	s.Close()
	s = searchable(t, path)
	mustFind(t, s, "kode4 begitu", 5)
	allRead(t, s)
	if n := s.filler.x.Waiting(); n != 0 {
		t.Errorf("after an end %d tickets were read anew", n)
	}
}

// storetest2 is the log of a ticket of one message.
func storetest2(n sop.Number) []record.Entry {
	return []record.Entry{storetest.Log(n, nil, workflow.Created)[0].Entry}
}

// TestWhatTheIndexMissedIsReadLater: what was committed while there was no index, or was lost with a process.
func TestWhatTheIndexMissedIsReadLater(t *testing.T) {
	path := file(t)
	s := searchable(t, path)
	tells(t, s, 1, "satu", "dua")
	allRead(t, s)
	sealTest(t, s, "2026-03-02", storetest2(1)[0], storetest2(2)[0])
	s.Close()

	s = openTest(t, path, Options{NoSync: true})
	tells(t, s, 3, "tiga")
	sealTest(t, s, "2026-03-03", storetest2(3)[0])
	tells(t, s, 4, "empat")
	sealTest(t, s, "2026-03-04", storetest2(4)[0])
	tells(t, s, 5, "lima")
	c, _ := said(1, 2, storetest2(1), workflow.MessageCame, "enam")
	commitTest(t, s, c)
	mustFind(t, s, "enam", 1)
	s.Close()

	for range 2 {
		s = searchable(t, path)
		allRead(t, s)
		for n, word := range []string{"satu", "dua", "tiga", "empat", "lima"} {
			mustFind(t, s, word, sop.Number(n+1))
		}
		mustFind(t, s, "satu enam", 1)
		mustFind(t, s, "macet", 5, 4, 3, 2, 1)
		at := s.filler.x.Place()
		s.Close()
		if at == nil || at.Below != 0 {
			t.Errorf("its place is %v", at)
		}
	}
	s = searchable(t, path)
	allRead(t, s)
	if at := s.filler.x.Place(); at.Day != "2026-03-03" {
		t.Errorf("its place is %v, want that of the seal before the last", at)
	}
}

// sealTest seals a day with the heads of tickets that have one entry.
func sealTest(t *testing.T, s *Store, day string, heads ...record.Entry) {
	t.Helper()
	var last seal.Seal
	var list []seal.Head
	err := s.View(context.Background(), func(r store.Reader) (err error) {
		open, err := r.Unsealed(0, len(heads))
		if err != nil || len(open) != len(heads) {
			return errors.Join(err, fmt.Errorf("%d tickets are under no seal", len(open)))
		}
		for i, e := range heads {
			list = append(list, seal.Head{Number: open[i].Number, Seq: 1, Hash: sha256.Sum256(e.Line)})
		}
		last, err = r.LastSeal()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	made, err := seal.Make(last, day, storetest.At(0), list)
	if err != nil {
		t.Fatal(err)
	}
	commitTest(t, s, store.Change{Seal: &store.Seal{Seal: made, List: list}})
}

// TestAnIndexThatIsGoneIsMadeAnew: deleted, damaged, of another store.
func TestAnIndexThatIsGoneIsMadeAnew(t *testing.T) {
	path := file(t)
	s := searchable(t, path)
	for n := sop.Number(1); n <= 400; n += 100 {
		var texts []string
		for i := range sop.Number(100) {
			texts = append(texts, fmt.Sprintf("nomor%03d", n+i))
		}
		tells(t, s, n, texts...)
	}
	allRead(t, s)
	s.Close()
	for name, spoil := range map[string]func(string) error{
		"deleted": os.RemoveAll,
		"damaged": func(folder string) error {
			files, _ := filepath.Glob(filepath.Join(folder, "*.words"))
			f, err := os.OpenFile(files[0], os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteAt(bytes.Repeat([]byte{0xAA}, 200), 100)
			return errors.Join(err, f.Close())
		},
		"of no format": func(folder string) error { return os.WriteFile(filepath.Join(folder, "index"), nil, 0o600) },
	} {
		if err := spoil(path + ".search"); err != nil {
			t.Fatal(err)
		}
		s = searchable(t, path)
		finds(t, s, "nomor007 macet") // what is known, whatever that is
		allRead(t, s)
		for begin := time.Now(); len(finds(t, s, "nomor007 macet")) == 0 && time.Since(begin) < time.Minute; {
			allRead(t, s)
		}
		mustFind(t, s, "nomor007 macet", 7)
		mustFind(t, s, "nomor400", 400)
		if got := finds(t, s, "macet"); len(got) != 400 {
			t.Errorf("%s: %d are found", name, len(got))
		}
		s.Close()
	}
}

func TestAnIndexOfAnotherStoreIsNotBelieved(t *testing.T) {
	path, older := file(t), file(t)
	s := searchable(t, path)
	tells(t, s, 1, "satu", "dua")
	s.Close()
	b, err := os.ReadFile(path)
	if err = errors.Join(err, os.WriteFile(older, b, 0o600)); err != nil {
		t.Fatal(err)
	}
	s = searchable(t, path) // goes on, and is lost
	c, log := said(2, 2, storetest2(2), workflow.MessageCame, "hilang")
	commitTest(t, s, c)
	c, _ = said(2, 3, log, workflow.MessageCame, "hilangjuga")
	commitTest(t, s, c)
	tells(t, s, 3, "tiga")
	allRead(t, s)
	s.Close()
	if err := errors.Join(os.Remove(path), os.Rename(older, path)); err != nil {
		t.Fatal(err)
	}
	s = searchable(t, path) // a backup that was brought back
	c, _ = said(2, 2, storetest2(2), workflow.MessageCame, "lain")
	commitTest(t, s, c)
	c, _ = said(3, 1, nil, workflow.Assigned, "ketiga") // another record under its number
	commitTest(t, s, c)
	allReadButErased(t, s)
	mustFind(t, s, "hilang")
	mustFind(t, s, "dua lain", 2)
	mustFind(t, s, "ketiga", 3)
	s.Close()
	if holds(t, path, "hilang") {
		t.Error("the index holds words that the store does not")
	}
	s = searchable(t, path)
	mustFind(t, s, "dua lain", 2)
}

// allReadButErased waits until all is read but the tickets that must leave the index first: those wait for others.
func allReadButErased(t *testing.T, s *Store) {
	t.Helper()
	for begin := time.Now(); s.Unread() > 2; time.Sleep(time.Millisecond) {
		if time.Since(begin) > time.Minute {
			t.Fatalf("%d tickets are not read", s.Unread())
		}
	}
}

func TestErasedWordsLeaveTheIndex(t *testing.T) {
	for _, kind := range []workflow.EventType{workflow.ErasedEvent, workflow.ExpiredEvent} {
		path := file(t)
		s := searchable(t, path)
		tells(t, s, 1, "satu", "rahasia dua", "tiga")
		allRead(t, s)
		s.Close()
		if !holds(t, path, "rahasia") {
			t.Fatal("it was never there")
		}
		s = searchable(t, path)
		c, _ := said(2, 2, storetest2(2), kind, "")
		c.Remade, c.Messages = []store.Message{{Ticket: 2, Seq: 1, Text: "dihapus"}}, nil
		commitTest(t, s, c)
		mustFind(t, s, "rahasia")
		mustFind(t, s, "dihapus", 2)
		s.Close()
		if holds(t, path, "rahasia") {
			t.Errorf("after %s the index holds the word", kind)
		}
		s = searchable(t, path)
		allRead(t, s)
		mustFind(t, s, "rahasia")
		mustFind(t, s, "dihapus", 2)
		mustFind(t, s, "macet", 3, 2, 1)
		s.Close()
	}
}

// TestWhatChangesIsReadBeforeTheRestIsCompared: a start after which much is to be compared keeps no new mail from the index.
func TestWhatChangesIsReadBeforeTheRestIsCompared(t *testing.T) {
	s := openTest(t, file(t), Options{NoSync: true})
	tells(t, s, 1, "satu", "dua")
	f := &filler{s: s, changed: map[sop.Number]uint64{}, erased: map[sop.Number]bool{}, begun: true}
	var err error
	if f.x, err = words.Open(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	defer f.x.Close()
	f.check = &recheck{numbers: slices.Repeat([]sop.Number{1}, 10*fillStep)}
	f.changed[2] = 1
	if more, err := f.look(context.Background()); !more || err != nil {
		t.Fatal(more, err)
	}
	if _, read, err := f.x.Known(2); !read || err != nil {
		t.Errorf("what changed was not read first: %v", err)
	}
	if more, err := f.look(context.Background()); !more || err != nil || len(f.check.numbers) != 9*fillStep {
		t.Errorf("then a part is compared: %v, %v, %d are left", more, err, len(f.check.numbers))
	}
}

// TestMoreThanIsRememberedIsFoundAgain: tickets beyond what the filler keeps in mind.
func TestMoreThanIsRememberedIsFoundAgain(t *testing.T) {
	s := searchable(t, file(t))
	allRead(t, s)
	s.filler.mu.Lock()
	for n := range sop.Number(mostChanged) {
		s.filler.changed[1<<30+n] = 0 // of tickets that are not there
	}
	s.filler.mu.Unlock()
	tells(t, s, 1, "satu", "dua")
	allRead(t, s)
	mustFind(t, s, "satu", 1)
	mustFind(t, s, "macet", 2, 1)
}

func TestAStoreWithoutItsIndexIsSearchedAllTheSame(t *testing.T) {
	path := file(t)
	if err := os.WriteFile(path+".search", nil, 0o600); err != nil { // a file in its place
		t.Fatal(err)
	}
	s := searchable(t, path)
	tells(t, s, 1, "satu", "dua")
	mustFind(t, s, "satu", 1)
	if n := s.Unread(); n != 0 {
		t.Errorf("%d are to be read", n)
	}
}

// TestASearchTakesPartOfManyStepsAtATime: words that many tickets hold, and none all of them.
func TestASearchTakesManyStepsInPages(t *testing.T) {
	s := searchable(t, file(t))
	tells(t, s, 1, strings.Fields(strings.Repeat("kiri kanan ", 50))...)
	allRead(t, s)
	mustFind(t, s, "kiri kanan")
	err := s.view(context.Background(), func(r *reader) error {
		index := r.tx.Bucket(bucketTickets)
		odd := func(n sop.Number) (sop.Number, bool) { return (n - 1) &^ 1, n > 2 }
		l := listing{r: r, sources: []source{everyTicket(index), odd, func(n sop.Number) (sop.Number, bool) { m, more := odd(n + 1); return m - 1, more }}, limit: 50, most: 50, steps: 30}
		pages := 0
		for before := sop.Number(101); ; pages++ {
			page, next, err := l.page(before)
			if err != nil || len(page) > 0 {
				return errors.Join(err, fmt.Errorf("%d are found", len(page)))
			}
			if next == "" {
				break
			}
			n, err := decodeCursor(next)
			if err != nil || n >= before {
				return fmt.Errorf("the page before %d goes on before %d, %v", before, n, err)
			}
			before, l.steps = n, 30
		}
		if pages < 3 {
			t.Errorf("it took %d pages", pages)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
