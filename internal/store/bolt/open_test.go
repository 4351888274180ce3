package bolt

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"helpost/internal/seal"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/internal/store/storetest"
)

func openTest(t *testing.T, path string, o Options) *Store {
	t.Helper()
	s, err := Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func file(t *testing.T) string { return filepath.Join(t.TempDir(), "helpost.db") }

func mail(n int) store.Change {
	return storetest.Mail(sop.Number(n), storetest.Reporter(n%10), storetest.At(n), bytes.Repeat([]byte("r"), 2000), bytes.Repeat([]byte("b"), 8000))
}

func commitTest(t *testing.T, s *Store, c store.Change) {
	t.Helper()
	if err := s.Commit(context.Background(), c); err != nil {
		t.Fatal(err)
	}
}

func checkTest(t *testing.T, s *Store) {
	t.Helper()
	if err := s.Check(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestASecondProcessIsToldAtOnceWhichFile(t *testing.T) {
	path := file(t)
	openTest(t, path, Options{})
	_, err := Open(path, Options{})
	if !errors.Is(err, store.ErrLocked) || !strings.Contains(err.Error(), path) {
		t.Errorf("it is told %v", err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestTheFileIsItsOwnersAlone(t *testing.T) {
	path := file(t)
	openTest(t, path, Options{})
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestAStoreOfALaterSchemaIsRefused(t *testing.T) {
	path := file(t)
	s, err := open(path, Options{}, append(slices.Clone(migrations), nil, nil)) // written by one that knows two more steps
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	_, err = Open(path, Options{})
	if !errors.Is(err, store.ErrNewer) || !strings.Contains(err.Error(), path) {
		t.Errorf("opening it says %v", err)
	}
}

func TestMigrationsRunOnceInOrderAndWhole(t *testing.T) {
	path := file(t)
	s := openTest(t, path, Options{})
	commitTest(t, s, mail(1))
	s.Close()
	var ran []string
	step := func(name string, err error) migration {
		return func(tx *bbolt.Tx) error {
			ran = append(ran, name)
			return errors.Join(err, tx.Bucket(bucketMeta).Put([]byte(name), []byte("done")))
		}
	}
	broken := errors.New("broken")
	if _, err := open(path, Options{}, append(slices.Clone(migrations), step("one more", nil), step("and one", broken))); !errors.Is(err, broken) {
		t.Fatalf("a broken step says %v", err)
	}
	for range 2 {
		s, err := open(path, Options{}, append(slices.Clone(migrations), step("one more", nil), step("and one", nil)))
		if err != nil {
			t.Fatal(err)
		}
		checkTest(t, s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(ran, ", "); got != "one more, and one, and one" {
		t.Errorf("there ran %s", got)
	}
}

func TestWhatIsNoStoreIsRefusedAndLeftAlone(t *testing.T) {
	for says, content := range map[string][]byte{
		"a text": []byte("this is no store\n"), "zeros": make([]byte, 1<<15), "much": bytes.Repeat([]byte("helpost "), 1<<13),
		"a store without its pages": withoutPages(t), "a store that was cut off": cutOff(t),
	} {
		path := file(t)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := Open(path, Options{}); err == nil {
			s.Close()
			t.Errorf("%s was opened", says)
		} else if !strings.Contains(err.Error(), path) {
			t.Errorf("%s: the error does not name the file: %v", says, err)
		}
		if got, _ := os.ReadFile(path); !bytes.Equal(got, content) {
			t.Errorf("%s was changed", says)
		}
	}
	path := file(t)
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte("other")); return err }); err != nil {
		t.Fatal(err)
	}
	db.Close()
	if _, err := Open(path, Options{}); err == nil {
		t.Error("another program's bbolt file was opened")
	}
}

// withoutPages is a file that begins as a bbolt file does, and holds zeros where its pages should be.
func withoutPages(t *testing.T) []byte {
	t.Helper()
	path := file(t)
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	metas := 2 * db.Info().PageSize
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	clear(content[metas:])
	return content
}

// cutOff is a store of which the last pages are missing.
func cutOff(t *testing.T) []byte {
	t.Helper()
	path := file(t)
	s := openTest(t, path, Options{})
	commitTest(t, s, mail(1))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content[:5*os.Getpagesize()]
}

func TestAStoreThatCannotBeMadeLeavesNoFile(t *testing.T) {
	path := file(t)
	refuse := errors.New("no")
	steps := []migration{}
	if _, err := open(filepath.Join(path, "missing", "x.db"), Options{}, steps); err == nil {
		t.Error("a store was made in no folder")
	}
	s, err := open(path, Options{}, steps)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, err := open(path, Options{}, []migration{func(*bbolt.Tx) error { return refuse }}); !errors.Is(err, refuse) {
		t.Error(err)
	}
	if left, err := filepath.Glob(path + "*"); err != nil || len(left) != 1 {
		t.Errorf("beside a store that was there before stand %v", left)
	}
}

func TestNumbersBeginWhereTheyAreToldTo(t *testing.T) {
	ctx := context.Background()
	path := file(t)
	s := openTest(t, path, Options{FirstTicket: 1000})
	if n, _ := s.Reserve(ctx, store.SeqTicket); n != 1000 {
		t.Errorf("the first is %d", n)
	}
	if n, _ := s.Reserve(ctx, store.SeqTurn("a")); n != 1 {
		t.Errorf("the first turn is %d", n)
	}
	commitTest(t, s, mail(1000))
	s.Close()
	s = openTest(t, path, Options{FirstTicket: 5}) // too late to begin lower
	if n, _ := s.Reserve(ctx, store.SeqTicket); n != 1001 {
		t.Errorf("then comes %d", n)
	}
}

func TestAStoreFromBeforeSealsGetsThem(t *testing.T) {
	path := file(t)
	s, err := open(path, Options{}, []migration{}) // schema 1
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= 3; n++ {
		commitTest(t, s, mail(n))
	}
	s.Close()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(func(tx *bbolt.Tx) error { // as it stood then
		for n := range 3 {
			if err := tx.Bucket(bucketIndex).Delete(unsealedKey(sop.Number(n + 1))); err != nil {
				return err
			}
		}
		return tx.DeleteBucket(bucketSeals)
	}); err != nil {
		t.Fatal(err)
	}
	db.Close()
	s = openTest(t, path, Options{})
	checkTest(t, s)
	if err := s.View(context.Background(), func(r store.Reader) error {
		all, err := r.Unsealed(0, 10)
		if len(all) != 3 || all[2] != (seal.Open{Number: 3}) {
			t.Errorf("unsealed are %v", all)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// Of several that make the same store at the same moment one has it, and the others are told so.
func TestOneOfManyMakesTheStore(t *testing.T) {
	for range 10 {
		path := file(t)
		stores, begin := make(chan *Store, 6), make(chan bool)
		for range cap(stores) {
			go func() {
				<-begin
				s, err := Open(path, Options{})
				if err != nil && !errors.Is(err, store.ErrLocked) {
					t.Error(err)
				}
				stores <- s
			}()
		}
		close(begin)
		var mine *Store
		for range cap(stores) {
			if s := <-stores; s != nil && mine != nil {
				t.Error("two have it")
			} else if s != nil {
				mine = s
			}
		}
		if mine == nil {
			t.Fatal("nobody has it")
		}
		commitTest(t, mine, mail(1))
		if err := mine.Close(); err != nil {
			t.Fatal(err)
		}
		expectTickets(t, openTest(t, path, Options{}), 1)
		if left, err := filepath.Glob(path + "*"); err != nil || len(left) != 1 {
			t.Errorf("there are %v", left)
		}
	}
}

// A store whose file was taken away, or has another in its place, takes no change until it is back; it can be read.
func TestAFileThatIsNoLongerThere(t *testing.T) {
	path := file(t)
	s := openTest(t, path, Options{})
	commitTest(t, s, mail(1))
	if err := s.Compact(context.Background()); err != nil { // another file, and it is the store's
		t.Fatal(err)
	}
	commitTest(t, s, mail(2))
	away := path + ".away"
	for _, put := range []func() error{
		func() error { return nil },
		func() error { return os.WriteFile(path, nil, 0o600) },
	} {
		if err := errors.Join(os.Rename(path, away), put()); err != nil {
			t.Fatal(err)
		}
		for _, err := range []error{s.Present(), s.Commit(context.Background(), mail(3))} {
			if err == nil || !strings.Contains(err.Error(), path) {
				t.Fatalf("a change is taken that goes with the process: %v", err)
			}
		}
		err := s.View(context.Background(), func(v store.Reader) error {
			_, _, err := v.Ticket(2)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(away, path); err != nil {
			t.Fatal(err)
		}
		if err := s.Present(); err != nil {
			t.Fatal(err)
		}
	}
	commitTest(t, s, mail(3))
}
