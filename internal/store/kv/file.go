package kv

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"helpost/internal/durable"
)

// ErrLocked says that another process has the file open.
var ErrLocked = errors.New("another process has the file open")

// mapSize is how much address space the file's mapping takes from the start. bbolt must wait for all readers before it
// maps anew; with this it never does before the file has grown as large.
func mapSize() int {
	if strconv.IntSize < 64 {
		return 0
	}
	gib := 1 << 30
	return 16 * gib
}

// newSuffix and some digits are the end of the name under which a store is made, CopySuffix that of one that is written anew.
const (
	newSuffix  = ".new-"
	CopySuffix = ".compact"
)

// makeNew makes a store where there is none, and gives it its name last: a power cut leaves a whole one or none. Where another process
// was faster it is that one's.
func makeNew(path string, o Options) error {
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if logs := segmentNames(path); len(logs) > 0 {
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) { // another process was faster
			return nil
		}
		return fmt.Errorf("it is not there, but its log is (%s): bring it back, or move its log away", logs[0])
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+newSuffix) // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := f.Close(); err != nil {
		return err
	}
	db, err := openFile(f.Name(), o.NoSync)
	if err != nil {
		return err
	}
	if err := errors.Join(o.Make(db), db.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil {
		if _, there := os.Lstat(path); there != nil {
			return err
		}
	}
	if o.NoSync {
		return nil
	}
	return durable.Sync(filepath.Dir(path))
}

// removeLeft removes what was left where a copy or the making of a store was broken off.
func removeLeft(path string) {
	left, _ := filepath.Glob(escape(path) + newSuffix + "*")
	for _, name := range append(left, path+CopySuffix) {
		_ = os.Remove(name)
	}
}

// openFile opens and locks the file itself.
func openFile(path string, noSync bool) (*bbolt.DB, error) {
	var opened *os.File
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout:         time.Nanosecond, // a second process is told at once
		FreelistType:    bbolt.FreelistMapType,
		NoFreelistSync:  true, // freepages.go says when it is written
		NoSync:          noSync,
		NoGrowSync:      noSync,
		InitialMmapSize: mapSize(),
		OpenFile: func(name string, flag int, perm os.FileMode) (*os.File, error) {
			f, err := os.OpenFile(name, flag, perm)
			opened = f
			return f, err
		},
	})
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return nil, fmt.Errorf("%s: %w", path, ErrLocked)
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrVersionMismatch), errors.Is(err, berrors.ErrChecksum):
		return nil, fmt.Errorf("%s is not a helpost store, or it is damaged: %w", path, err)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	// A copy may have been put in its place between opening and locking: the lock would be on the old one.
	mine, err1 := opened.Stat()
	there, err2 := os.Stat(path)
	if err1 != nil || err2 != nil || !os.SameFile(mine, there) {
		db.Close()
		return nil, fmt.Errorf("%s: %w", path, ErrLocked)
	}
	return db, nil
}
