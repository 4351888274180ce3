package bolt

import (
	"path/filepath"
	"syscall"
	"time"

	"helpost/internal/store"
)

// fullDisk remembers that the disk was full. Each failed commit makes bbolt read all its pages anew, so while there is no
// room, changes as large as the one that failed are tried once a second only. Smaller ones are tried at once: there may be
// free pages inside the file, and those that let mail leave make more of them. It belongs to the writer.
type fullDisk struct {
	since time.Time // of the last failure; zero: there is room
	size  int       // of the smallest change that failed since there was room
}

const (
	fullRetry = time.Second
	fullSlack = 1 << 20 // room that must be there beyond the rows
)

func (f *fullDisk) set(size int) {
	if f.since.IsZero() || size < f.size {
		f.size = size
	}
	f.since = time.Now()
}

func (f *fullDisk) clear() { f.since = time.Time{} }

// refuse is store.ErrFull where a commit of so many bytes would fail as the last one did.
func (f *fullDisk) refuse(path string, size int) error {
	if f.since.IsZero() || size < f.size || time.Since(f.since) >= fullRetry || room(path) >= uint64(2*size+fullSlack) {
		return nil
	}
	return store.ErrFull
}

// room is how many bytes the file system has left; where it does not say, as many as one can want.
func room(path string) uint64 {
	var st syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(path), &st); err != nil {
		return ^uint64(0)
	}
	return st.Bavail * uint64(st.Bsize)
}
