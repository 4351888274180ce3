package bolt

import (
	"context"
	"path/filepath"
	"testing"

	"helpost/internal/store"
	"helpost/internal/store/storetest"
)

// checked is a store that is checked as it closes: whatever a test did to it, its indexes and counts are right.
type checked struct {
	*Store
	t *testing.T
}

func (c checked) Close() error {
	if err := c.Check(context.Background()); err != nil && err != store.ErrClosed {
		c.t.Errorf("check: %v", err)
	}
	return c.Store.Close()
}

func TestStore(t *testing.T) { runSuite(t, "") }

func TestStoreWithASearchIndex(t *testing.T) { runSuite(t, "search") }

func runSuite(t *testing.T, search string) {
	storetest.Run(t, func(t *testing.T) storetest.Open {
		folder := t.TempDir()
		path := filepath.Join(folder, "helpost.db")
		if search != "" {
			search = filepath.Join(folder, "search")
		}
		return func() store.Store {
			s, err := Open(path, Options{NoSync: true, Search: search}) // durability is the crash test's
			if err != nil {
				t.Fatal(err)
			}
			return checked{s, t}
		}
	})
}
