// Package record makes the record of a ticket tamper-evident: each event becomes an entry that hashes the one before it.
//
// Personal words stand apart from the entry, which keeps a salted digest of them: they can be erased, and the chain
// still holds. The format is docs/formats.md, "Record".
package record

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"helpost/internal/sop"
	"helpost/workflow"
)

// Version of the entry format.
const Version = 1

// SaltSize is the length of the salt of an entry's words, in bytes.
const SaltSize = 16

// Entry is one event as it is kept.
type Entry struct {
	Line  []byte // the canonical JSON of the facts: what the chain hashes
	Salt  []byte // of the words' digest; nil once they are erased
	Words []byte // JSON of the words; nil once they are erased
}

// line is the hashed part of an entry; the order of its fields is the format.
type line struct {
	Version int                        `json:"v"`
	Number  sop.Number                 `json:"n"`
	Seq     int                        `json:"seq"`
	At      time.Time                  `json:"at"`
	Type    workflow.EventType         `json:"type"`
	Cause   string                     `json:"cause,omitempty"`
	Facts   map[string]json.RawMessage `json:"facts,omitempty"`
	Info    map[string]any             `json:"info,omitempty"`
	Words   string                     `json:"words"` // hex of sha256(salt ‖ words)
	Prev    string                     `json:"prev"`  // hex of the hash of the line before; "" for the first
}

type words struct {
	Actor string                     `json:"actor,omitempty"`
	Words map[string]json.RawMessage `json:"words,omitempty"`
	Said  map[string]any             `json:"said,omitempty"`
}

// Seal makes an entry of an event. prev is the Head of the entry before it, "" for the first; salt is SaltSize random bytes.
func Seal(n sop.Number, e workflow.Event, prev string, salt []byte) (Entry, error) {
	w, err := (&words{e.Actor, e.Words, e.Said}).appendJSON(make([]byte, 0, 100+roomFor(e.Words)))
	if err != nil {
		return Entry{}, fmt.Errorf("record: words of event %d: %w", e.Seq, err)
	}
	l, err := (&line{Version, n, e.Seq, e.At, e.Type, e.Cause, e.Facts, e.Info, digest(salt, w), prev}).appendJSON(make([]byte, 0, 400+roomFor(e.Facts)))
	if err != nil {
		return Entry{}, fmt.Errorf("record: event %d: %w", e.Seq, err)
	}
	return Entry{Line: l, Salt: salt, Words: w}, nil
}

// Head is the hash of an entry, hex: what the next one names.
func (e Entry) Head() string {
	sum := sha256.Sum256(e.Line)
	return hex.EncodeToString(sum[:])
}

// Place is of which ticket an entry is, and where it stands in its log.
func (e Entry) Place() (sop.Number, int, error) {
	n, rest, ok := number(e.Line, `{"v":1,"n":`)
	seq, rest, also := number(rest, `,"seq":`)
	if ok && also && len(rest) > 0 && rest[0] == ',' && seq <= math.MaxInt {
		return sop.Number(n), int(seq), nil
	}
	var l line // nobody writes it otherwise
	if err := json.Unmarshal(e.Line, &l); err != nil {
		return 0, 0, fmt.Errorf("record: %w", err)
	}
	return l.Number, l.Seq, nil
}

// number cuts a number off that stands behind a prefix.
func number(b []byte, prefix string) (n uint64, rest []byte, ok bool) {
	if len(b) < len(prefix) || string(b[:len(prefix)]) != prefix {
		return 0, nil, false
	}
	end := len(prefix)
	for end < len(b) && b[end] >= '0' && b[end] <= '9' {
		end++
	}
	n, err := strconv.ParseUint(string(b[len(prefix):end]), 10, 64)
	return n, b[end:], err == nil
}

// Event reads an entry back. Of an erased one the words are missing.
func (e Entry) Event() (workflow.Event, error) {
	var l line
	if err := json.Unmarshal(e.Line, &l); err != nil {
		return workflow.Event{}, fmt.Errorf("record: %w", err)
	}
	if l.Version != Version {
		return workflow.Event{}, fmt.Errorf("record: entry of version %d, this helpost reads %d", l.Version, Version)
	}
	var w words
	if e.Words != nil {
		if err := json.Unmarshal(e.Words, &w); err != nil {
			return workflow.Event{}, fmt.Errorf("record: words of event %d: %w", l.Seq, err)
		}
	}
	return workflow.Event{Seq: l.Seq, At: l.At, Type: l.Type, Cause: l.Cause, Actor: w.Actor, Facts: l.Facts, Words: w.Words, Info: l.Info, Said: w.Said}, nil
}

// ErrBroken is wrapped by every fault that Verify finds.
var ErrBroken = errors.New("the record is broken")

// Verify checks the chain of a ticket: order, completeness from the first entry on, hashes, and the words' digests. Words
// may have gone, or others stand in their place, where a later entry says so (Rewritten).
func Verify(n sop.Number, entries []Entry) error {
	prev := ""
	sealed := make([]string, len(entries)) // the digest that each entry's words must have
	for i, e := range entries {
		var l line
		if err := json.Unmarshal(e.Line, &l); err != nil {
			return fmt.Errorf("%w: entry %d cannot be read: %v", ErrBroken, i+1, err)
		}
		switch {
		case l.Number != n:
			return fmt.Errorf("%w: entry %d belongs to ticket %d", ErrBroken, i+1, l.Number)
		case l.Seq != i+1:
			return fmt.Errorf("%w: entry %d is missing, %d stands in its place", ErrBroken, i+1, l.Seq)
		case l.Prev != prev:
			return fmt.Errorf("%w: entry %d does not follow the one before it", ErrBroken, l.Seq)
		}
		prev, sealed[i] = e.Head(), l.Words
		rewritten, err := rewrittenBy(l)
		if err != nil {
			return err
		}
		for seq, digest := range rewritten {
			sealed[seq-1] = digest
		}
	}
	for i, e := range entries {
		have := ""
		if e.Words != nil {
			have = digest(e.Salt, e.Words)
		}
		if subtle.ConstantTimeCompare([]byte(have), []byte(sealed[i])) != 1 {
			return fmt.Errorf("%w: the words of entry %d were changed", ErrBroken, i+1)
		}
	}
	return nil
}

func digest(salt, words []byte) string {
	h := sha256.New()
	h.Write(salt)
	h.Write(words)
	return hex.EncodeToString(h.Sum(nil))
}
