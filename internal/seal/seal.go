// Package seal makes the daily digest over the heads of all tickets' records, each day chained to the one before it.
//
// A seal lists the heads that changed since the last one, so a day costs what changed on it; the chain makes its digest
// one of all tickets. It is pure: it reads no store and knows no clock. The bytes that are hashed are docs/formats.md,
// "Seal".
package seal

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"helpost/internal/sop"
)

// Version of the seal's format.
const Version = 1

// HeadSize is the length of a head as it is hashed and stored, in bytes.
const HeadSize = 8 + 4 + 4 + sha256.Size

// Head is where the record of a ticket stood when it was sealed.
type Head struct {
	Number sop.Number
	Was    int               // the last entry under the seal before, 0: none
	Seq    int               // the last entry under this one
	Hash   [sha256.Size]byte // of its line
}

// Append writes a head as it is hashed and stored.
func (h Head) Append(to []byte) []byte {
	to = binary.BigEndian.AppendUint64(to, uint64(h.Number))
	to = binary.BigEndian.AppendUint32(to, uint32(h.Was))
	to = binary.BigEndian.AppendUint32(to, uint32(h.Seq))
	return append(to, h.Hash[:]...)
}

// ReadHead reads what Append wrote.
func ReadHead(b []byte) (h Head, err error) {
	if len(b) < HeadSize {
		return h, fmt.Errorf("seal: a head of %d bytes, it has %d", len(b), HeadSize)
	}
	h.Number = sop.Number(binary.BigEndian.Uint64(b))
	h.Was, h.Seq = int(binary.BigEndian.Uint32(b[8:])), int(binary.BigEndian.Uint32(b[12:]))
	copy(h.Hash[:], b[16:HeadSize])
	return h, nil
}

// Open is a ticket whose record went on since it was last sealed.
type Open struct {
	Number sop.Number
	Was    int // the last entry under a seal, 0: none
}

// Seal is the digest of a day.
type Seal struct {
	Version int       `json:"v"`
	Day     string    `json:"day"` // "2026-01-30", of the company's zone; entries up to its end are under it
	Made    time.Time `json:"made"`
	Tickets int       `json:"tickets"` // under this seal and all before it
	Heads   int       `json:"heads"`   // that it lists
	Prev    string    `json:"prev"`    // the digest of the seal before, "" of the first
	Digest  string    `json:"digest"`
}

// ErrBroken is wrapped by every fault that Check and Line.Check find.
var ErrBroken = errors.New("the seal is broken")

// Make seals a day. prev is the seal before, the zero Seal where there is none; heads are in the order of their numbers.
func Make(prev Seal, day string, made time.Time, heads []Head) (Seal, error) {
	s := Seal{Version: Version, Day: day, Made: made, Tickets: prev.Tickets, Heads: len(heads), Prev: prev.Digest}
	if _, err := time.Parse(time.DateOnly, day); err != nil || day <= prev.Day {
		return s, fmt.Errorf("seal: %q is no day after %q", day, prev.Day)
	}
	last := sop.Number(0)
	for _, h := range heads {
		if h.Number <= last || h.Seq <= h.Was || h.Was < 0 {
			return s, fmt.Errorf("seal: the head of ticket %d is out of order", h.Number)
		}
		last = h.Number
		if h.Was == 0 {
			s.Tickets++
		}
	}
	s.Digest = s.digest(heads)
	return s, nil
}

// digest is over what the seal says and the heads that it lists.
func (s Seal) digest(heads []Head) string {
	listed := sha256.New()
	var b []byte
	for _, h := range heads {
		b = h.Append(b[:0])
		listed.Write(b)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "helpost seal %d\n%s\n%d\n%s\n%x\n", s.Version, s.Day, s.Tickets, s.Prev, listed.Sum(nil)))
	return hex.EncodeToString(sum[:])
}

// Check says whether a seal follows the one before it and is that of its heads.
func Check(prev, s Seal, heads []Head) error {
	if s.Version != Version {
		return fmt.Errorf("%w: that of %s has version %d, this helpost reads %d", ErrBroken, s.Day, s.Version, Version)
	}
	if s.Prev != prev.Digest {
		return fmt.Errorf("%w: that of %s does not follow the one of %s", ErrBroken, s.Day, orNone(prev.Day))
	}
	again, err := Make(prev, s.Day, s.Made, heads)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrBroken, err)
	case s.Heads != again.Heads:
		return fmt.Errorf("%w: that of %s lists %d heads, and %d are there", ErrBroken, s.Day, s.Heads, again.Heads)
	case s.Tickets != again.Tickets:
		return fmt.Errorf("%w: that of %s counts %d tickets, and there are %d", ErrBroken, s.Day, s.Tickets, again.Tickets)
	case s.Digest != again.Digest:
		return fmt.Errorf("%w: the digest of %s is not that of its heads", ErrBroken, s.Day)
	}
	return nil
}

func orNone(day string) string {
	if day == "" {
		return "none"
	}
	return day
}

// Line is a seal in one line, as it is mailed out: day, tickets, digest.
type Line struct {
	Day     string
	Tickets int
	Digest  string
}

// Line gives the line of a seal.
func (s Seal) Line() Line { return Line{s.Day, s.Tickets, s.Digest} }

func (l Line) String() string { return fmt.Sprintf("%s %d %s", l.Day, l.Tickets, l.Digest) }

// ParseLine reads the line of a seal; blanks around and between its three words do not matter.
func ParseLine(text string) (Line, error) {
	words := strings.Fields(text)
	if len(words) != 3 {
		return Line{}, fmt.Errorf("%q is no digest: it has a date, a count and 64 digits of hex", text)
	}
	l := Line{Day: words[0], Digest: strings.ToLower(words[2])}
	var err error
	if _, err = time.Parse(time.DateOnly, l.Day); err != nil {
		return Line{}, fmt.Errorf("%q is no date (YYYY-MM-DD)", l.Day)
	}
	if l.Tickets, err = strconv.Atoi(words[1]); err != nil || l.Tickets < 0 {
		return Line{}, fmt.Errorf("%q is no count of tickets", words[1])
	}
	if sum, err := hex.DecodeString(l.Digest); err != nil || len(sum) != sha256.Size {
		return Line{}, fmt.Errorf("%q is no digest: it has 64 digits of hex", words[2])
	}
	return l, nil
}

// Check says whether the seal that is kept is the one that was mailed out. The zero Seal: none is kept of that day.
func (l Line) Check(kept Seal) error {
	switch {
	case kept.Day == "":
		return fmt.Errorf("%w: there is none of %s, and one was mailed out", ErrBroken, l.Day)
	case kept.Line() != l:
		return fmt.Errorf("%w: that of %s is not the one that was mailed out: %s", ErrBroken, l.Day, kept.Line())
	}
	return nil
}
