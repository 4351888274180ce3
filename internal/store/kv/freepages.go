package kv

import "go.etcd.io/bbolt"

// Which pages of the file are free is what bbolt must know before it can write. Where the last merge did not write it down,
// an Open looks at every page: seconds for each gigabyte. Where every merge does, a file with a million free pages (after
// much was deleted) writes megabytes each time. So a merge writes the list while it is short, and a clean end always.

// mostListed is how many free pages a merge writes down: 32 KB.
const mostListed = 4096

// listFreePages lets the merge under way write down the free pages where they are few.
func (db *DB) listFreePages() {
	stats := db.file.Stats()
	db.file.NoFreelistSync = stats.FreePageN+stats.PendingPageN > mostListed
}

// keepFreePages writes down the free pages at the end, however many there are. Where that fails the next Open looks for them.
func (db *DB) keepFreePages() {
	db.file.NoFreelistSync = false
	if err := db.file.Update(func(*bbolt.Tx) error { return nil }); err != nil {
		db.opts.Log.Warn("the free pages could not be written down: the next start looks for them", "error", err)
	}
}
