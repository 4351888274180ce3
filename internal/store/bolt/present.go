package bolt

import "fmt"

// Present says why the store's file is no longer at its name, nil where it is. Where somebody has taken it away, put
// another in its place or unmounted its disk, what is committed would be gone with the process: so no change is taken until
// it is back. What it holds can still be read, and backed up.
func (s *Store) Present() error {
	if err := s.db.Present(); err != nil {
		return fmt.Errorf("%s was taken away: put it back, or save what it holds by helpost backup: %w", s.path, err)
	}
	return nil
}
