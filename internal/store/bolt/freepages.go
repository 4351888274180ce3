package bolt

import "go.etcd.io/bbolt"

// Which pages of the file are free is what bbolt must know before it can write. Where the last commit did not write it down,
// an Open looks at every page: seconds for each gigabyte. Where every commit does, a file with a million free pages (after
// much was deleted) writes megabytes with each mail. So a commit writes the list while it is short, and a clean end always.

// mostListed is how many free pages a commit writes down: 32 KB.
const mostListed = 4096

// listFreePages lets the commit that follows write down the free pages where they are few. The writer alone calls it.
func (s *Store) listFreePages() {
	stats := s.db.Stats()
	s.db.NoFreelistSync = stats.FreePageN+stats.PendingPageN > mostListed
}

// keepFreePages writes down the free pages at the end, however many there are. Where that fails the next Open looks for them.
func (s *Store) keepFreePages() {
	if s.broken.err != nil {
		return
	}
	s.db.NoFreelistSync = false
	if err := s.db.Update(func(*bbolt.Tx) error { return nil }); err != nil {
		s.log.Warn("the free pages could not be written down: the next start looks for them", "error", err)
	}
}
