package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"helpost/internal/blob"
	"helpost/internal/durable"
	"helpost/internal/store"
	"helpost/internal/store/bolt"
)

// ErrNotEmpty says that a backup would be brought back over tickets.
var ErrNotEmpty = errors.New("there are tickets already")

// Save writes a backup that comes as a stream to a file: under another name first, flushed and read again, so that what
// stands under its name is whole. A file of that name must be a backup too.
func Save(ctx context.Context, path string, from io.Reader) (m Manifest, err error) {
	if _, err := os.Lstat(path); err == nil && !IsBackup(path) {
		return m, fmt.Errorf("%s: there is a file of that name, and it is no backup; it is left as it is", path)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".") // mode 0600
	if err != nil {
		return m, err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, err = io.Copy(f, &cancelled{ctx, from})
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return m, err
	}
	if m, err = Check(ctx, f.Name()); err != nil {
		return m, err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return m, err
	}
	return m, durable.Sync(filepath.Dir(path))
}

// Restore brings a backup back: the store to a path at which there is none or one without tickets (else ErrNotEmpty), the
// blobs to where they belong. The backup is checked whole before anything is written. store.ErrLocked: a daemon runs there.
func Restore(ctx context.Context, path, to string, blobs blob.Store) (Manifest, error) {
	m, err := Check(ctx, path)
	if err != nil {
		return m, err
	}
	release, err := claim(ctx, to)
	if err != nil {
		return m, err
	}
	err = restore(ctx, path, to, blobs)
	return m, errors.Join(err, release(err == nil))
}

// claim locks the place of the store, so that nothing begins to use it meanwhile.
func claim(ctx context.Context, to string) (release func(restored bool) error, err error) {
	if err := durable.MkdirAll(filepath.Dir(to)); err != nil {
		return nil, err
	}
	_, err = os.Lstat(to)
	isNew := errors.Is(err, os.ErrNotExist)
	old, err := bolt.Open(to, bolt.Options{})
	if err != nil {
		return nil, err
	}
	var tickets int
	err = old.View(ctx, func(r store.Reader) error {
		counts, err := r.Counts()
		tickets = counts["tickets"]
		return err
	})
	if err == nil && tickets > 0 {
		err = fmt.Errorf("%s: %w (%d); nothing was changed", to, ErrNotEmpty, tickets)
	}
	release = func(restored bool) error {
		if isNew && !restored {
			_ = os.Remove(to) // the empty one that was made to be locked
		}
		return old.Close()
	}
	if err != nil {
		return nil, errors.Join(err, release(false))
	}
	return release, nil
}

func restore(ctx context.Context, path, to string, blobs blob.Store) error {
	fresh := to + ".restore"
	defer os.Remove(fresh) // gone, where all went well
	_, err := read(ctx, path, sink{
		store: func(r io.Reader) error { return writeFile(fresh, r) },
		blob:  func(_ string, content []byte) error { _, err := blobs.Put(ctx, content); return err },
	})
	if err != nil {
		return err
	}
	s, err := bolt.Open(fresh, bolt.Options{})
	if err != nil {
		return fmt.Errorf("the store in the backup: %w", err)
	}
	if err := errors.Join(s.Check(ctx), s.Close()); err != nil {
		return fmt.Errorf("the store in the backup: %w", err)
	}
	if err := os.Rename(fresh, to); err != nil {
		return err
	}
	return durable.Sync(filepath.Dir(to))
}

func writeFile(path string, from io.Reader) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
