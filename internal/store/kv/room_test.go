package kv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

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

// one changes a key of the first bucket in a transaction of its own; "" takes it out.
func one(t *testing.T, db *DB, key, value string) {
	t.Helper()
	if err := try(db, key, value); err != nil {
		t.Fatal(err)
	}
}

func try(db *DB, key, value string) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	b := tx.Bucket(kinds[0].Name)
	if value == "" {
		err = b.Delete([]byte(key))
	} else {
		err = b.Put([]byte(key), []byte(value))
	}
	return errors.Join(err, tx.Commit())
}

// What was put and deleted in memory stays gone where its commit finds the log full, and all else is merged for it.
func TestADeletionOnAFullDiskStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	db := openTest(t, path)
	one(t, db, "other", "1")
	one(t, db, "gone", "1")
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	info, err := full.Stat()
	if err != nil {
		t.Fatal(err)
	}
	db.log.now = &segment{f: full, info: info, at: block, size: 1 << 40} // every write says that there is no room
	one(t, db, "gone", "")
	expectGone := func(db *DB) {
		t.Helper()
		if a, b := get(t, db, "gone"), get(t, db, "other"); a != "" || b != "1" {
			t.Errorf("there are %q and %q", a, b)
		}
	}
	expectGone(db)
	expectGone(openTest(t, killed(t, path)))
	one(t, db, "more", "1")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	expectGone(openTest(t, path))
}

// A flush that fails for want of room is a flush that failed.
func TestAFlushThatFindsNoRoomIsMended(t *testing.T) {
	for _, no := range []error{syscall.ENOSPC, syscall.EDQUOT} {
		for before, changes := range map[string][]string{"nothing": nil, "a row": {"1"}, "a row that is gone": {"1", ""}} {
			path := filepath.Join(t.TempDir(), "x.db")
			db := openTest(t, path)
			for _, value := range changes {
				one(t, db, "before", value)
			}
			flush := db.flush
			db.flush = func(*os.File) error { db.flush = flush; return no }
			if err := try(db, "failed", "1"); !errors.Is(err, no) {
				t.Fatalf("after %s a commit says %v", before, err)
			}
			one(t, db, "after", "1")
			one(t, db, "before", "")
			for _, db := range []*DB{db, openTest(t, killed(t, path))} {
				if a, b, c := get(t, db, "before"), get(t, db, "failed"), get(t, db, "after"); a != "" || b != "" || c != "1" {
					t.Errorf("after %s there are %q, %q and %q", before, a, b, c)
				}
			}
		}
	}
}
