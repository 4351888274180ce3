// Package dir keeps blobs as files, each named by the sha256 of its content, in 256 folders.
//
// A file gets its name only when its bytes are on disk, so a named file is whole. It knows nothing of who names a blob:
// Sweep is told.
package dir

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"helpost/internal/blob"
	"helpost/internal/durable"
)

const (
	folders    = 256
	nameLength = 2 * sha256.Size
	tempPrefix = ".new-"
)

// Store is a blob.Store in a folder.
type Store struct {
	root    string
	folders [folders]folder
	sweep   sync.RWMutex // read-held from where Put finds a file until it is fresh, and to name one; held to remove one
	now     func() time.Time
}

var _ blob.Store = (*Store)(nil)

// folder flushes its entries to disk, for all who wait at once.
type folder struct {
	mu      sync.Mutex
	wanted  uint64 // asked for so far
	flushed uint64 // of these, done
	failed  int    // flushes: what they were to keep no later one may keep, though it says so
	flush   sync.Mutex
}

// Open opens the folder and makes it where there is none.
func Open(root string) (*Store, error) {
	s := &Store{root: root, now: time.Now}
	if err := durable.MkdirAll(root); err != nil {
		return nil, fmt.Errorf("blobs: %w", fault(err))
	}
	for i := range folders {
		if err := os.Mkdir(s.folder(byte(i)), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("blobs: %w", fault(err))
		}
	}
	for _, d := range []string{root, filepath.Dir(filepath.Clean(root))} {
		if err := durable.Sync(d); err != nil {
			return nil, fmt.Errorf("blobs: %w", fault(err))
		}
	}
	return s, nil
}

func (s *Store) folder(i byte) string {
	return filepath.Join(s.root, hex.EncodeToString([]byte{i}))
}

// path is the file of a blob; only a name that is a sha256 in lower case has one.
func (s *Store) path(name string) (string, error) {
	if !isName(name) {
		return "", fmt.Errorf("blob %q: %w", name, blob.ErrNotFound)
	}
	return filepath.Join(s.root, name[:2], name), nil
}

func isName(name string) bool {
	if len(name) != nameLength {
		return false
	}
	return strings.Trim(name, "0123456789abcdef") == ""
}

// Put makes all values durable: each file flushed before it gets its name, then each folder once.
func (s *Store) Put(ctx context.Context, values ...[]byte) ([]string, error) {
	names := make([]string, len(values))
	var touched [folders]bool
	var failed [folders]int
	for i, v := range values {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		sum := sha256.Sum256(v)
		names[i] = hex.EncodeToString(sum[:])
		if !touched[sum[0]] {
			touched[sum[0]], failed[sum[0]] = true, s.folders[sum[0]].failures()
		}
		if err := s.put(names[i], sum[0], v, failed[sum[0]] == 0); err != nil {
			return nil, fmt.Errorf("blob %s: %w", names[i], fault(err))
		}
	}
	// A file that was there already may have come a moment ago by another Put: its folder is flushed all the same.
	for i := range touched {
		if !touched[i] {
			continue
		}
		if err := s.folders[i].sync(s.folder(byte(i))); err != nil {
			return nil, fmt.Errorf("blobs: %w", fault(err))
		}
		if s.folders[i].failures() != failed[i] {
			return nil, fmt.Errorf("blobs: %s: a flush failed meanwhile", s.folder(byte(i)))
		}
	}
	return names, nil
}

// put brings a file under its name. One that is there already serves where its folder's flushes are trusted.
func (s *Store) put(name string, first byte, v []byte, trusted bool) error {
	path := filepath.Join(s.folder(first), name)
	if trusted {
		if there, err := s.freshen(path, int64(len(v))); there || err != nil {
			return err
		}
	}
	return s.write(s.folder(first), path, v)
}

// freshen says whether the blob is there already, and makes it fresh then, so that no sweep takes it for an orphan before
// the commit that names it.
func (s *Store) freshen(path string, size int64) (bool, error) {
	s.sweep.RLock()
	defer s.sweep.RUnlock()
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() != size {
		return false, nil // it is written anew, and that says what is wrong
	}
	now := s.now()
	return true, os.Chtimes(path, now, now)
}

// write makes a file whole or not at all.
func (s *Store) write(folder, path string, v []byte) (err error) {
	f, err := os.CreateTemp(folder, tempPrefix) // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(v); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	s.sweep.RLock()
	defer s.sweep.RUnlock()
	return os.Rename(f.Name(), path)
}

// sync returns when the folder's entries as they are now are on disk. Who waits for a flush that began after he came
// needs none of his own.
func (d *folder) sync(path string) error {
	d.mu.Lock()
	d.wanted++
	mine := d.wanted
	d.mu.Unlock()

	d.flush.Lock()
	defer d.flush.Unlock()
	d.mu.Lock()
	covers, done := d.wanted, d.flushed >= mine
	d.mu.Unlock()
	if done {
		return nil
	}
	err := durable.Sync(path)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		d.failed++
		return err
	}
	d.flushed = covers
	return nil
}

func (d *folder) failures() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.failed
}

// reader is an open file.
type reader struct {
	*os.File
	size int64
}

// Size is the length of the blob in bytes.
func (r reader) Size() int64 { return r.size }

// Open reads a blob. A name that is none is blob.ErrNotFound too: it never becomes a path.
func (s *Store) Open(ctx context.Context, name string) (blob.Reader, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	path, err := s.path(name)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("blob %s: %w", name, blob.ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("blob %s: %w", name, err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("blob %s: %w", name, err)
	}
	return reader{f, info.Size()}, nil
}

// Delete removes a blob that nothing names and nobody is about to name; Sweep is for those of which that is not sure.
func (s *Store) Delete(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	path, err := s.path(name)
	if err != nil {
		return nil
	}
	s.sweep.Lock()
	defer s.sweep.Unlock()
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("blob %s: %w", name, err)
	}
	return nil
}

// All lists the names of all blobs, in order.
func (s *Store) All(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for f, err := range s.files(ctx) {
			if err != nil {
				yield("", err)
				return
			}
			if isName(f.name) && !yield(f.name, nil) {
				return
			}
		}
	}
}

// file is what stands in a folder.
type file struct{ name, path string }

// files lists all files in the folders, folder by folder.
func (s *Store) files(ctx context.Context) iter.Seq2[file, error] {
	return func(yield func(file, error) bool) {
		for i := range folders {
			if err := ctx.Err(); err != nil {
				yield(file{}, err)
				return
			}
			entries, err := os.ReadDir(s.folder(byte(i)))
			if err != nil {
				yield(file{}, fmt.Errorf("blobs: %w", err))
				return
			}
			for _, e := range entries {
				if !yield(file{e.Name(), filepath.Join(s.folder(byte(i)), e.Name())}, nil) {
					return
				}
			}
		}
	}
}

// Swept says what a sweep removed.
type Swept struct {
	Blobs int   // orphans
	Left  int   // files that a crash left before they had a name
	Bytes int64 // of both
}

// Sweep removes the blobs that keep refuses and the unfinished files, those alone that nobody put for olderThan: what is
// fresh may be about to be named by a commit. What keep knows must be no older than olderThan.
func (s *Store) Sweep(ctx context.Context, keep func(name string) bool, olderThan time.Duration) (Swept, error) {
	var swept Swept
	before := s.now().Add(-olderThan)
	for f, err := range s.files(ctx) {
		if err != nil {
			return swept, err
		}
		orphan := isName(f.name) && !keep(f.name)
		left := strings.HasPrefix(f.name, tempPrefix)
		if !orphan && !left {
			continue
		}
		size, removed, err := s.removeOld(f.path, before)
		switch {
		case err != nil:
			return swept, fmt.Errorf("blobs: %w", err)
		case !removed:
			continue
		case orphan:
			swept.Blobs++
		default:
			swept.Left++
		}
		swept.Bytes += size
	}
	return swept, nil
}

// removeOld removes a file that was last put before a moment.
func (s *Store) removeOld(path string, before time.Time) (size int64, removed bool, err error) {
	s.sweep.Lock()
	defer s.sweep.Unlock()
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0, false, nil
	case err != nil:
		return 0, false, err
	case !info.ModTime().Before(before):
		return 0, false, nil
	}
	if err := os.Remove(path); err != nil {
		return 0, false, err
	}
	return info.Size(), true, nil
}

// fault gives an error of the file system its kind.
func fault(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: %w", blob.ErrFull, err)
	}
	return err
}
