package bolt

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"time"

	"helpost/internal/sop"
	"helpost/internal/store/kv"
)

// The kinds of row under a ticket's number.
const (
	kindTicket  byte = 0
	kindLog     byte = 1
	kindMessage byte = 2
)

const (
	numberSize = 8
	seqSize    = 4
	maxSeq     = math.MaxUint32
	maxKey     = 1024 // of names that come from outside
	maxWord    = 200  // of a word in an index; a longer one is hashed
)

func be64(v uint64) []byte { return binary.BigEndian.AppendUint64(nil, v) }

func numberKey(n sop.Number) []byte { return be64(uint64(n)) }

func ticketKey(n sop.Number) []byte { return append(numberKey(n), kindTicket) }

func logKey(n sop.Number, seq int) []byte {
	return binary.BigEndian.AppendUint32(append(numberKey(n), kindLog), uint32(seq))
}

func messageKey(n sop.Number, seq int) []byte {
	return binary.BigEndian.AppendUint32(append(numberKey(n), kindMessage), uint32(seq))
}

func rawKey(n sop.Number, seq int) []byte {
	return binary.BigEndian.AppendUint32(numberKey(n), uint32(seq))
}

func numberOf(key []byte) sop.Number { return sop.Number(binary.BigEndian.Uint64(key)) }

// The indexes that share a bucket, by the first byte of their keys.
const (
	byState    byte = 's' // state 0 number
	byAddress  byte = 'a' // address 0 'r' number, of its tickets; address 0 't' trace
	byAssignee byte = 'w' // address 0 number
	byDue      byte = 'd' // due number
	byMail     byte = 'm' // block, hash of a Message-ID, trace (traces.go)
	byUnsealed byte = 'u' // number of a ticket whose log went on since it was sealed
)

func statePrefix(state string) []byte      { return wordPrefix(byState, state) }
func assigneePrefix(address string) []byte { return wordPrefix(byAssignee, address) }
func reporterPrefix(address string) []byte { return append(wordPrefix(byAddress, address), 'r') }
func tracePrefix(address string) []byte    { return append(wordPrefix(byAddress, address), 't') }

func wordPrefix(index byte, word string) []byte {
	return append(append([]byte{index}, indexWord(word)...), 0)
}

// indexWord is how a word stands in an index: in lower case, hashed where it is long or holds what ends a word.
func indexWord(w string) string {
	w = strings.ToLower(w)
	if len(w) > maxWord || strings.IndexByte(w, 0) >= 0 {
		sum := sha256.Sum256([]byte(w))
		return "\x01" + hex.EncodeToString(sum[:])
	}
	return w
}

func dueKey(due uint64, n sop.Number) []byte {
	return binary.BigEndian.AppendUint64(append([]byte{byDue}, be64(due)...), uint64(n))
}

// nanos writes a time so that times sort as bytes do; the zero time is 0. Times beyond what nanoseconds can say (the
// years 1678 to 2262) become the nearest that they can.
func nanos(t time.Time) uint64 {
	const flip = 1 << 63
	switch {
	case t.IsZero():
		return 0
	case t.Year() < 1678:
		return 1
	case t.Year() > 2261:
		return math.MaxUint64
	}
	return uint64(t.UnixNano()) ^ flip
}

func timeOf(v uint64) time.Time {
	const flip = 1 << 63
	if v == 0 {
		return time.Time{}
	}
	return time.Unix(0, int64(v^flip)).UTC()
}

// checkKey refuses names that cannot be keys.
func checkKey(what, key string) error {
	switch {
	case key == "":
		return fmt.Errorf("%s without a name", what)
	case len(key) > maxKey:
		return fmt.Errorf("name of a %s has %d bytes, more than %d", what, len(key), maxKey)
	case strings.IndexByte(key, 0) >= 0:
		return fmt.Errorf("name of a %s holds a NUL", what)
	}
	return nil
}

// seekBefore moves the cursor to the last key below key; nil where there is none.
func seekBefore(c *kv.Cursor, key []byte) (k, v []byte) {
	if k, _ := c.Seek(key); k == nil {
		return c.Last()
	}
	return c.Prev()
}

// above is a key that sorts after all keys with a prefix (no key goes on with as many 0xff).
func above(prefix []byte) []byte {
	return append(bytes.Clone(prefix), bytes.Repeat([]byte{0xff}, 32)...)
}
