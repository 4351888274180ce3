package kv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

var kinds = []Kind{{Name: []byte("one")}, {Name: []byte("two"), Fill: 1}, {Name: []byte("three")}}

func options() Options {
	return Options{
		Buckets: kinds,
		Make: func(db *bbolt.DB) error {
			return db.Update(func(tx *bbolt.Tx) error {
				for _, k := range kinds {
					if _, err := tx.CreateBucket(k.Name); err != nil {
						return err
					}
				}
				return nil
			})
		},
		Check: func(*bbolt.Tx) error { return nil },
		Log:   slog.New(slog.DiscardHandler),
	}
}

func openTest(t *testing.T, path string) *DB {
	t.Helper()
	db, err := Open(path, options())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		db.merger.end()
		db.file.Close()
	})
	return db
}

// model is what a store should hold: bucket, NUL, key.
type model map[string]string

func (m model) keys(bucket string) []string {
	var all []string
	for k := range m {
		if name, key, _ := strings.Cut(k, "\x00"); name == bucket {
			all = append(all, key)
		}
	}
	slices.Sort(all)
	return all
}

// step makes random changes and notes them.
func step(t *testing.T, dice *rand.Rand, tx *Tx, m model) {
	t.Helper()
	for range 1 + dice.IntN(6) {
		name := kinds[dice.IntN(len(kinds))].Name
		b := tx.Bucket(name)
		key := fmt.Sprintf("k%03d", dice.IntN(150))
		var err error
		switch dice.IntN(8) {
		case 0, 1, 2, 3:
			v := fmt.Sprint(dice.Uint64(), strings.Repeat("x", dice.IntN(400)))
			err = b.Put([]byte(key), []byte(v))
			m[string(name)+"\x00"+key] = v
		case 4, 5, 6:
			err = b.Delete([]byte(key))
			delete(m, string(name)+"\x00"+key)
		default:
			var n uint64
			if n, err = b.NextSequence(); n != b.Sequence() {
				t.Errorf("the sequence is %d after %d", b.Sequence(), n)
			}
			m["#\x00"+string(name)] = fmt.Sprint(n)
		}
		if err != nil {
			t.Fatal(err)
		}
		if want, there := m[string(name)+"\x00"+key]; there != (b.Get([]byte(key)) != nil) || string(b.Get([]byte(key))) != want {
			t.Errorf("in its own transaction %s is %q, want %q", key, b.Get([]byte(key)), want)
		}
	}
}

// expect compares all that a transaction shows with the model, by each way there is to read it.
func expect(t *testing.T, dice *rand.Rand, tx *Tx, m model) {
	t.Helper()
	for _, k := range kinds {
		b, keys := tx.Bucket(k.Name), m.keys(string(k.Name))
		var got []string
		if err := b.ForEach(func(k, v []byte) error {
			got = append(got, string(k))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, keys) {
			t.Fatalf("bucket %s has the keys %v, want %v", k.Name, got, keys)
		}
		if want := m["#\x00"+string(k.Name)]; want != "" && fmt.Sprint(b.Sequence()) != want {
			t.Errorf("the sequence of %s is %d, want %s", k.Name, b.Sequence(), want)
		}
		c, at := b.Cursor(), -1
		for range 24 { // a walk
			var key, v []byte
			switch dice.IntN(9) {
			case 0:
				key, v = c.First()
				at = 0
			case 1:
				key, v = c.Last()
				at = len(keys) - 1
			case 2, 3:
				from := fmt.Sprintf("k%03d", dice.IntN(152))
				key, v = c.Seek([]byte(from))
				at, _ = slices.BinarySearch(keys, from)
			case 4, 5, 6:
				if at < 0 || at >= len(keys) {
					continue
				}
				key, v = c.Next()
				at++
			default:
				if at < 0 || at >= len(keys) {
					continue
				}
				key, v = c.Prev()
				at--
			}
			want := ""
			if at >= 0 && at < len(keys) {
				want = keys[at]
			}
			if string(key) != want || want != "" && string(v) != m[string(k.Name)+"\x00"+want] {
				t.Fatalf("bucket %s: the cursor stands at %q, want %q", k.Name, key, want)
			}
		}
	}
}

// A store shows what was committed, whatever of it is in memory, being merged, or in the file; after a commit that was given
// up, after a clean end and after a kill.
func TestItHoldsWhatWasCommitted(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			dice := rand.New(rand.NewPCG(seed, 1))
			path := filepath.Join(t.TempDir(), "x.db")
			db, m := openTest(t, path), model{}
			db.mergeAt = 2000
			for range 250 {
				tx, err := db.Begin()
				if err != nil {
					t.Fatal(err)
				}
				next := maps.Clone(m)
				step(t, dice, tx, next)
				expect(t, dice, tx, next)
				if dice.IntN(5) == 0 {
					tx.Rollback()
				} else if err := tx.Commit(); err != nil {
					t.Fatal(err)
				} else {
					m = next
				}
				switch dice.IntN(30) {
				case 0:
					if err := db.Merge(); err != nil {
						t.Fatal(err)
					}
				case 1:
					if err := db.Close(); err != nil {
						t.Fatal(err)
					}
					if left, _ := filepath.Glob(path + "*"); len(left) != 1 {
						t.Fatalf("after a clean end there are %v", left)
					}
					db = openTest(t, path)
					db.mergeAt = 2000
				case 2:
					path = killed(t, path)
					db = openTest(t, path)
					db.mergeAt = 3000
				case 3:
					if err := db.Compact(); err != nil {
						t.Fatal(err)
					}
				}
				if err := db.View(func(tx *Tx) error { expect(t, dice, tx, m); return nil }); err != nil {
					t.Fatal(err)
				}
			}
			whole := filepath.Join(t.TempDir(), "copy.db")
			if err := db.Whole(func(tx *Tx) error {
				f, err := os.Create(whole)
				if err == nil {
					_, err = tx.WriteTo(f)
				}
				return errors.Join(err, f.Close())
			}); err != nil {
				t.Fatal(err)
			}
			if err := openTest(t, whole).View(func(tx *Tx) error { expect(t, dice, tx, m); return nil }); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// killed copies a store as a kill would leave it, and says where.
func killed(t *testing.T, path string) string {
	t.Helper()
	names, err := filepath.Glob(path + "*")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names) // the file before its log: as if it had been killed between
	to := filepath.Join(t.TempDir(), filepath.Base(path))
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to+strings.TrimPrefix(name, path), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// Readers see each commit whole, while others are committed and merged.
func TestReadersSeeCommitsWhole(t *testing.T) {
	db := openTest(t, filepath.Join(t.TempDir(), "x.db"))
	db.mergeAt = 10_000
	const keys = 40
	var wg sync.WaitGroup
	var ended atomic.Bool
	for range 4 {
		wg.Go(func() {
			for !ended.Load() {
				err := db.View(func(tx *Tx) error {
					var first []byte
					n := 0
					for _, k := range kinds {
						if err := tx.Bucket(k.Name).ForEach(func(k, v []byte) error {
							if n++; first == nil {
								first = bytes.Clone(v)
							}
							if !bytes.Equal(v, first) {
								t.Errorf("beside %q stands %q at %s", first, v, k)
							}
							return nil
						}); err != nil {
							return err
						}
					}
					if n != 0 && n != keys*len(kinds) {
						t.Errorf("%d keys are seen", n)
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := 0; i < 200 || db.over.Load().epoch < 5; i++ { // and some merges
		put(t, db, keys, fmt.Sprintf("%08d", i))
	}
	ended.Store(true)
	wg.Wait()
}

func put(t *testing.T, db *DB, keys int, value string) {
	t.Helper()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range kinds {
		for n := range keys {
			if err := tx.Bucket(k.Name).Put(fmt.Appendf(nil, "%04d", n), []byte(value)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, db *DB, key string) string {
	t.Helper()
	var v string
	if err := db.View(func(tx *Tx) error { v = string(tx.Bucket(kinds[0].Name).Get([]byte(key))); return nil }); err != nil {
		t.Fatal(err)
	}
	return v
}

// segments are the files of the log.
func segments(t *testing.T, path string) []string {
	t.Helper()
	names, err := filepath.Glob(path + logSuffix + "*")
	if err != nil || len(names) == 0 {
		t.Fatalf("there is no log: %v", err)
	}
	return names
}

// A last record that is cut or torn anywhere is left out, and whatever came before it is there.
func TestATornRecordWasAnsweredByNobody(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	db := openTest(t, path)
	const commits = 12
	for i := range commits {
		put(t, db, 100, fmt.Sprint(i))
	}
	path = killed(t, path)
	name := segments(t, path)[0]
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	end := int(db.log.now.at)
	begin := end - (end-block)/commits
	dice := rand.New(rand.NewPCG(1, 1))
	for range 25 {
		torn := bytes.Clone(content)
		at := begin + dice.IntN(end-begin)/512*512
		last := fmt.Sprint(commits - 2)
		switch dice.IntN(3) {
		case 0:
			torn = torn[:at]
		case 1:
			clear(torn[at:min(at+512, end)])
		default:
			clear(torn[at:end])
		}
		if bytes.Equal(torn, content) { // it tore nothing but what fills the block
			last = fmt.Sprint(commits - 1)
		}
		path := killed(t, path)
		if err := os.WriteFile(segments(t, path)[0], torn, 0o600); err != nil {
			t.Fatal(err)
		}
		again := openTest(t, path)
		if got := get(t, again, "0003"); got != last && !(got == fmt.Sprint(commits-1) && len(torn) < len(content)) {
			t.Fatalf("torn at %d of %d to %d: it shows %s, want %s", at, begin, end, got, last)
		}
		put(t, again, 100, "after")
		path = killed(t, path)
		if got := get(t, openTest(t, path), "0003"); got != "after" {
			t.Fatalf("after another commit and a kill it shows %s", got)
		}
	}
}

func TestALogThatDoesNotFitIsRefusedAndLeft(t *testing.T) {
	db := openTest(t, filepath.Join(t.TempDir(), "x.db"))
	for i := range 5 {
		put(t, db, 60, fmt.Sprint(i))
	}
	other := openTest(t, filepath.Join(t.TempDir(), "y.db"))
	put(t, other, 1, "other")
	record := int(db.log.now.at-block) / 5
	later := openTest(t, killed(t, db.path))
	for i := range 9 {
		if err := later.Merge(); err != nil {
			t.Fatal(err)
		}
		put(t, later, 3, fmt.Sprint("later", i))
	}
	for says, damage := range map[string]func(path string) error{
		"damaged at byte 4096": func(path string) error { return scribble(segments(t, path)[0], block+recordHead+50) },
		"damaged at byte " + fmt.Sprint(block+2*record): func(path string) error {
			return scribble(segments(t, path)[0], int64(block+2*record+recordHead+50))
		},
		"damaged at its begin": func(path string) error { return scribble(segments(t, path)[0], 3) },
		"another store":        func(path string) error { return replace(segments(t, path)[0], segments(t, other.path)[0]) },
		"another time": func(path string) error {
			for _, name := range segments(t, path) {
				os.Remove(name)
			}
			return replace(path+logSuffix+"1", later.log.now.f.Name())
		},
		"other buckets": func(path string) error { return scribble(segments(t, path)[0], int64(len(headMagic)+16+3)) },
	} {
		t.Run(says, func(t *testing.T) {
			path := killed(t, db.path)
			if err := damage(path); err != nil {
				t.Fatal(err)
			}
			before := read(t, path)
			if db, err := Open(path, options()); err == nil {
				db.Close()
				t.Fatal("it was opened")
			} else if !strings.Contains(err.Error(), strings.ReplaceAll(says, "another time", "of another time")) || !strings.Contains(err.Error(), path+logSuffix) {
				t.Errorf("it says %v", err)
			}
			if after := read(t, path); !maps.EqualFunc(before, after, bytes.Equal) {
				t.Error("something was changed")
			}
		})
	}
}

func scribble(name string, at int64) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte("~~"), at)
	return errors.Join(err, f.Close())
}

func replace(name, by string) error {
	content, err := os.ReadFile(by)
	if err != nil {
		return err
	}
	return os.WriteFile(name, content, 0o600)
}

func read(t *testing.T, path string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, name := range segments(t, path) {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = content
	}
	return all
}

// Where the file is gone and its log is not, no new one is made over it.
func TestALogWithoutItsFileIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	put(t, openTest(t, path), 5, "old")
	path = killed(t, path)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, options()); err == nil || !strings.Contains(err.Error(), path+logSuffix+"1") {
		t.Errorf("it says %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its file: %v", err)
	}
}

// A log that knows the first buckets only is taken in: the helpost before knew no more.
func TestALogOfFewerBucketsIsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	put(t, openTest(t, path), 5, "old")
	o := options()
	o.Buckets = append(slices.Clone(kinds), Kind{Name: []byte("four")})
	db, err := Open(killed(t, path), o)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if got := get(t, db, "0003"); got != "old" {
		t.Errorf("it shows %q", got)
	}
}

// After a flush that failed nothing is taken until all was written anew, and what failed is not seen then.
func TestAFailedFlushIsMended(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	db := openTest(t, path)
	put(t, db, 5, "before")
	fails := true
	db.flush = func(f *os.File) error {
		if fails {
			return syscall.EIO
		}
		return f.Sync()
	}
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.Bucket(kinds[0].Name).Put([]byte("0003"), []byte("failed")); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); !errors.Is(err, syscall.EIO) || !strings.Contains(err.Error(), path) {
		t.Errorf("the commit says %v", err)
	}
	if got := get(t, db, "0003"); got != "before" {
		t.Errorf("it shows %q", got)
	}
	fails = false
	put(t, db, 1, "after")
	if got := get(t, db, "0003"); got != "before" {
		t.Errorf("it shows %q", got)
	}
	if got := get(t, db, "0000"); got != "after" {
		t.Errorf("it shows %q", got)
	}
	again := openTest(t, killed(t, path))
	if a, b := get(t, again, "0003"), get(t, again, "0000"); a != "before" || b != "after" {
		t.Errorf("after a kill it shows %q and %q", a, b)
	}
}

// A segment whose rows are in the file is written again, so the log stays as small as what waits.
func TestSegmentsAreUsedAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	db := openTest(t, path)
	db.segmentFull = 100_000
	for i := range 300 {
		put(t, db, 20, fmt.Sprint(i))
	}
	if n := len(segments(t, path)); n > 3 {
		t.Errorf("the log has %d files", n)
	}
	if got := get(t, openTest(t, killed(t, path)), "0003"); got != "299" {
		t.Errorf("after a kill it shows %s", got)
	}
}

// A log that somebody takes away is begun anew, and what it had is in the file.
func TestALogThatIsTakenAway(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	db := openTest(t, path)
	put(t, db, 5, "before")
	for _, name := range segments(t, path) {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	put(t, db, 1, "after")
	again := openTest(t, killed(t, path))
	if a, b := get(t, again, "0003"), get(t, again, "0000"); a != "before" || b != "after" {
		t.Errorf("after a kill it shows %q and %q", a, b)
	}
}

// On a full disk commits that find no room are refused, whatever is kept stays, and all goes on as soon as there is room.
func TestAFullDisk(t *testing.T) {
	root := t.TempDir()
	if err := syscall.Mount("tmpfs", root, "tmpfs", 0, "size=3m"); err != nil {
		t.Skipf("no small file system can be mounted here: %v", err)
	}
	path := filepath.Join(root, "x.db")
	db := openTest(t, path)
	t.Cleanup(func() {
		db.Close()
		if err := syscall.Unmount(root, 0); err != nil {
			t.Error(err)
		}
	})
	db.mergeAt = 200_000
	commit := func(n int) error {
		tx, err := db.Begin()
		if err != nil {
			return err
		}
		defer tx.Rollback()
		if err := tx.Bucket(kinds[0].Name).Put(fmt.Appendf(nil, "%04d", n), bytes.Repeat([]byte{byte(n)}, 20_000)); err != nil {
			return err
		}
		return tx.Commit()
	}
	kept := 0
	var err error
	for err == nil {
		if err = commit(kept); err == nil {
			kept++
		}
	}
	if !strings.Contains(err.Error(), syscall.ENOSPC.Error()) || kept < 40 {
		t.Fatalf("after %d commits it says %v", kept, err)
	}
	whole := func(db *DB) {
		t.Helper()
		for n := range kept {
			if got := get(t, db, fmt.Sprintf("%04d", n)); got != strings.Repeat(string([]byte{byte(n)}), 20_000) {
				t.Errorf("%d has %d bytes", n, len(got))
			}
		}
	}
	whole(db)
	whole(openTest(t, killed(t, path)))
	if err := syscall.Mount("tmpfs", root, "tmpfs", syscall.MS_REMOUNT, "size=20m"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for err = commit(kept); err != nil; err = commit(kept) {
		if ctx.Err() != nil {
			t.Fatalf("with room again it says %v", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	kept++
	whole(db)
	if err := db.Merge(); err != nil {
		t.Error(err)
	}
	whole(db)
}
