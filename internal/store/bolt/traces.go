package bolt

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"time"

	"helpost/internal/store"
)

// Traces stand in the order of time, and are found by Message-ID and by both addresses.
//
// A hash of a Message-ID would lead to another page for each mail that we send. So the keys stand in blocks of so many traces,
// by the hash within one: what is written at the same time lies together, and whoever looks for a Message-ID looks into each
// block, which is two steps for 256 traces. Before schema 3 they stood among the mails; those that do are found there.

// traceSize is the length of a trace's key: its time, then a number that makes it unique.
const traceSize = 12

// maxTraces is how many traces one question brings, the newest.
const maxTraces = 1000

const (
	blockBits = 8 // of a trace's number are its place in a block
	blockSize = 3 // bytes of a block's number
	hashSize  = 8
)

func traceKey(at time.Time, n uint64) []byte {
	return binary.BigEndian.AppendUint32(be64(nanos(at)), uint32(n))
}

// blockOf is the block of a trace.
func blockOf(trace []byte) uint32 {
	return binary.BigEndian.Uint32(trace[traceSize-4:]) >> blockBits
}

// blockPrefix leads to the traces of a Message-ID in a block; nil where there is no Message-ID.
func blockPrefix(block uint32, messageID string) []byte {
	hash := store.MessageKey(messageID)
	if hash == "" {
		return nil
	}
	key := binary.BigEndian.AppendUint32(make([]byte, 0, 1+blockSize+hashSize+traceSize), uint32(byMail)<<(8*blockSize)|block)
	key, _ = hex.AppendDecode(key, []byte(hash))
	return key
}

// oldMailKey is where the key of a trace stood among the mails before schema 3; nil where it has no Message-ID.
func oldMailKey(messageID string, trace []byte) []byte {
	hash := store.MessageKey(messageID)
	if hash == "" {
		return nil
	}
	return append(append([]byte(hash), 0), trace...)
}

// traceKeys are the keys of a trace in the index: by its Message-ID, and by both addresses.
func traceKeys(t *store.Trace, trace []byte) [][]byte {
	var keys [][]byte
	if prefix := blockPrefix(blockOf(trace), t.MessageID); prefix != nil {
		keys = append(keys, append(prefix, trace...))
	}
	for _, address := range []string{t.From, t.To} {
		if address != "" {
			keys = append(keys, append(tracePrefix(address), trace...))
		}
	}
	return keys
}

func (w *writer) putTraces(p *prepared) error {
	for i := range p.traces {
		t := &p.traces[i]
		n, err := w.traces.NextSequence()
		if err != nil {
			return err
		}
		key := traceKey(t.trace.At, n)
		if err := w.traces.Put(key, t.row); err != nil {
			return err
		}
		for _, k := range traceKeys(&t.trace, key) {
			if err := w.index.Put(k, mark); err != nil {
				return err
			}
		}
	}
	return nil
}

// deleteTrace takes a trace out, with its keys.
func (w *writer) deleteTrace(t *store.Trace, trace []byte) error {
	for _, k := range traceKeys(t, trace) {
		if err := w.index.Delete(k); err != nil {
			return err
		}
	}
	if old := oldMailKey(t.MessageID, trace); old != nil {
		if err := w.mails.Delete(old); err != nil {
			return err
		}
	}
	return w.traces.Delete(trace)
}

func (r *reader) Traces(what string) ([]store.Trace, error) {
	keys := map[string]bool{}
	if old := oldMailKey(what, nil); old != nil {
		r.lastTraces(bucketMails, old, keys)
		r.tracesInBlocks(what, keys)
	}
	r.lastTraces(bucketIndex, tracePrefix(what), keys)
	sorted := make([]string, 0, len(keys))
	for k := range keys {
		sorted = append(sorted, k)
	}
	slices.Sort(sorted)
	sorted = sorted[max(0, len(sorted)-maxTraces):]
	var all []store.Trace
	for _, k := range sorted {
		var t store.Trace
		if err := r.doc(bucketTraces, []byte(k), &t); err != nil {
			return nil, err
		}
		if store.BareID(t.MessageID) == store.BareID(what) || indexWord(t.From) == indexWord(what) || indexWord(t.To) == indexWord(what) {
			all = append(all, t)
		}
	}
	return all, nil
}

// lastTraces collects the keys of the newest traces under a prefix of an index.
func (r *reader) lastTraces(bucket, prefix []byte, keys map[string]bool) {
	c := r.tx.Bucket(bucket).Cursor()
	n := 0
	for k, _ := seekBefore(c, above(prefix)); n < maxTraces && bytes.HasPrefix(k, prefix); k, _ = c.Prev() {
		if len(k) == len(prefix)+traceSize {
			keys[string(k[len(prefix):])] = true
			n++
		}
	}
}

// tracesInBlocks collects the keys of the newest traces of a Message-ID, from the last block down.
func (r *reader) tracesInBlocks(messageID string, keys map[string]bool) {
	at := uint32(1)<<(8*blockSize) - 1
	c := r.tx.Bucket(bucketIndex).Cursor()
	prefix := blockPrefix(at, messageID)
	n := 0
	k, _ := seekBefore(c, above(prefix))
	for n < maxTraces && len(k) == len(prefix)+traceSize && k[0] == byMail {
		if bytes.HasPrefix(k, prefix) {
			keys[string(k[len(prefix):])] = true
			n++
			k, _ = c.Prev()
			continue
		}
		if below := blockOf(k[len(prefix):]); below < at {
			at = below
		} else if at--; at > below { // it had no more, and was the first
			return
		}
		prefix = blockPrefix(at, messageID)
		k, _ = seekBefore(c, above(prefix))
	}
}
