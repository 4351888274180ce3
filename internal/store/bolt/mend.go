package bolt

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"

	"helpost/internal/durable"
)

// After a flush that failed nobody knows what the disk holds: the system may have given up pages that it could not write,
// and show them all the same. A later flush says nothing of them. So the store takes no more changes until all that it
// shows was written anew, to another file, and flushed.

// mendPause is the least time between two attempts to write a broken store anew; one that took long is not repeated soon.
const mendPause = 2 * time.Second

// damage is why a store takes no changes. It belongs to the writer.
type damage struct {
	err  error // nil: it takes them
	next time.Time
}

func (d *damage) set(path, what string, err error) error {
	d.err = fmt.Errorf("%s: no changes until it is written anew, for %s: %w", path, what, err)
	return d.err
}

// mend writes a broken store anew where that was not just tried. Its error is why it still takes no changes.
func (s *Store) mend() error {
	if s.broken.err == nil || time.Now().Before(s.broken.next) {
		return s.broken.err
	}
	begin := time.Now()
	err := s.renew()
	if err == nil {
		err = s.db.View(s.outbox.reload)
	}
	if err != nil {
		s.broken.next = time.Now().Add(mendPause + 10*time.Since(begin))
		s.log.Warn("the store could not be written anew; it is tried again", "error", err)
		return s.broken.err
	}
	s.broken = damage{}
	s.log.Warn("the store was written anew and takes changes again", "took", time.Since(begin))
	return nil
}

// renew writes the store anew, without free pages, and puts the new file in the place of the old one.
func (s *Store) renew() error {
	if err := s.Present(); err != nil {
		return err
	}
	name := s.path + compactSuffix
	if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	fresh, err := s.copyTo(name)
	var file os.FileInfo
	if err == nil {
		file, err = os.Stat(name)
	}
	if err == nil {
		err = os.Rename(name, s.path)
	}
	if err != nil {
		if fresh != nil {
			fresh.Close()
		}
		os.Remove(name)
		return fmt.Errorf("%s: %w", name, fault(err))
	}
	// The new file was locked before it got its name, and the old one stays so until it has none.
	s.swap.Lock()
	old := s.db
	s.db, s.file = fresh, file
	s.swap.Unlock()
	err = durable.Sync(filepath.Dir(s.path))
	if err != nil { // after a power cut the old file might stand there again, without what is committed from now on
		err = s.broken.set(s.path, "the name of its file could not be flushed", err)
	}
	return errors.Join(err, old.Close())
}

// copyTo makes a compact copy, flushed and still open.
func (s *Store) copyTo(name string) (*bbolt.DB, error) {
	o := s.opts
	o.NoSync = true // one flush at the end serves
	fresh, err := openFile(name, o)
	if err != nil {
		return nil, err
	}
	if err := bbolt.Compact(fresh, s.db, compactStep); err != nil {
		return fresh, err
	}
	fresh.NoSync, fresh.NoGrowSync = s.opts.NoSync, s.opts.NoSync
	return fresh, fresh.Sync()
}
