package bolt

import (
	"errors"
	"fmt"
	"os"
)

// Present says why the store's file is no longer at its name, nil where it is. Where somebody has taken it away, put
// another in its place or unmounted its disk, what is committed would be gone with the process: so no change is taken until
// it is back. What it holds can still be read, and backed up.
func (s *Store) Present() error {
	s.swap.RLock()
	mine := s.file
	s.swap.RUnlock()
	there, err := os.Stat(s.path)
	if err == nil && !os.SameFile(mine, there) {
		err = errors.New("another file has its name")
	}
	if err != nil {
		return fmt.Errorf("%s was taken away: put it back, or save what it holds by helpost backup: %w", s.path, err)
	}
	return nil
}
