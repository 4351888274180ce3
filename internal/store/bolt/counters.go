package bolt

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"sync"

	"helpost/internal/store"
	"helpost/internal/store/kv"
)

// counters are the sequences: given out in memory, kept with the next commit. A number that something committed bears was
// given out before that commit, so it is kept by then; what nobody committed may be given again after a crash.
type counters struct {
	mu    sync.Mutex
	given map[string]uint64 // the last number given
	saved map[string]uint64 // what of it is durable
}

func sequenceKey(name string) []byte { return append(bytes.Clone(metaSeq), name...) }

func loadCounters(tx *kv.Tx, firstTicket uint64) (*counters, error) {
	c := &counters{given: map[string]uint64{}, saved: map[string]uint64{}}
	cursor := tx.Bucket(bucketMeta).Cursor()
	for k, v := cursor.Seek(metaSeq); bytes.HasPrefix(k, metaSeq); k, v = cursor.Next() {
		if len(v) != 8 {
			return nil, fmt.Errorf("sequence %q has %d bytes instead of 8", k, len(v))
		}
		n := binary.BigEndian.Uint64(v)
		c.given[string(k[len(metaSeq):])], c.saved[string(k[len(metaSeq):])] = n, n
	}
	if firstTicket > 0 {
		c.raise(store.SeqTicket, firstTicket-1)
	}
	return c, nil
}

func (c *counters) next(name string) uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.given[name]++
	return c.given[name]
}

// raise makes the next number of a sequence one above n at least.
func (c *counters) raise(name string, n uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n > c.given[name] {
		c.given[name] = n
	}
}

// unkept are the sequences that went on since they were kept.
func (c *counters) unkept() map[string]uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[string]uint64{}
	for name, n := range c.given {
		if n > c.saved[name] {
			out[name] = n
		}
	}
	return out
}

func (c *counters) kept(sequences map[string]uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, n := range sequences {
		c.saved[name] = n
	}
}
