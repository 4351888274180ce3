package kv

import (
	"bytes"
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
	"testing"

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
	names := append([]string{path}, segmentNames(path)...)
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
