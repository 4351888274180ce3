package kv

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// segments are the files of the log.
func segments(t *testing.T, path string) []string {
	t.Helper()
	names := segmentNames(path)
	if len(names) == 0 {
		t.Fatal("there is no log")
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

// A log of which nothing is left in memory is merged like any other: the next one goes on from its number.
func TestALogWithoutRowsIsFollowed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	db := openTest(t, path)
	one(t, db, "a", "1")
	one(t, db, "a", "")
	if err := os.Remove(segments(t, path)[0]); err != nil {
		t.Fatal(err)
	}
	one(t, db, "b", "1")
	if got := get(t, openTest(t, killed(t, path)), "b"); got != "1" {
		t.Errorf("after a kill it shows %q", got)
	}
	db.segmentFull = 16 * block
	for range 100 {
		one(t, db, "a", "1")
		one(t, db, "a", "")
	}
	if db.log.now != nil && db.log.now.at > 2*lagLimit*db.segmentFull {
		t.Errorf("the log has %d bytes", db.log.now.at)
	}
}

// A segment that was free when somebody took it away is not written to.
func TestAFreeSegmentThatIsTakenAway(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	db := openTest(t, path)
	one(t, db, "a", "1")
	if err := db.Merge(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(segments(t, path)[0]); err != nil {
		t.Fatal(err)
	}
	one(t, db, "b", "1")
	if got := get(t, openTest(t, killed(t, path)), "b"); got != "1" {
		t.Errorf("after a kill it shows %q", got)
	}
}

// What only looks like a log is left alone.
func TestOtherFilesBesideTheLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a[b]*.db")
	db := openTest(t, path)
	one(t, db, "a", "1")
	path = killed(t, path)
	others := []string{path + ".log2026-11-24.txt", path + ".log1.bak", path + ".log", path + ".logs"}
	content, err := os.ReadFile(path + logSuffix + "1")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range others {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	again := openTest(t, path)
	if got := get(t, again, "a"); got != "1" {
		t.Errorf("it shows %q", got)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range others {
		if _, err := os.Stat(name); err != nil {
			t.Error(err)
		}
	}
}

// A record that does not follow is not the end of a log.
func TestAGapInTheLogIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	db := openTest(t, path)
	one(t, db, "a", "1")
	db.log.seq++
	one(t, db, "b", "1")
	if db, err := Open(killed(t, path), options()); err == nil {
		db.Close()
		t.Error("it was opened")
	} else if !strings.Contains(err.Error(), "damaged") {
		t.Errorf("it says %v", err)
	}
}
