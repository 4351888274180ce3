package words

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
	"unicode/utf8"

	"helpost/internal/sop"
)

// The tickets of a word stand in pieces, each of the numbers that share all bits but the last twelve, so that one that holds
// a million tickets is read only where somebody looks.
const (
	pieceBits = 12
	pieceSize = 1 << pieceBits
	docBits   = 8 // the same of the list of tickets
	docSize   = 1 << docBits
	placeSize = 6 // bytes of a piece's number in a key
)

// Keys: a term, 0, and the number of the piece with its bits turned over, so that the newest comes first. No word holds a
// byte below ' ', so the terms that are none stand before all others.
const (
	docTerm     = "\x01"    // which tickets there are, and how far they were read
	prefixTerm  = "\x02"    // and the first letters of a word: the tickets that hold any such word
	prefixRunes = 3         // so many letters
	pieceMask   = 1<<48 - 1 // of the number of a piece
)

func pieceOf(n sop.Number) uint64 { return uint64(n) >> pieceBits & pieceMask }

func appendKey(to []byte, term []byte, piece uint64) []byte {
	var place [8]byte
	binary.BigEndian.PutUint64(place[:], ^piece)
	return append(append(append(to, term...), 0), place[8-placeSize:]...)
}

// cutKey splits a key.
func cutKey(key []byte) (term []byte, piece uint64, ok bool) {
	at := len(key) - placeSize - 1
	if at < 0 || key[at] != 0 {
		return nil, 0, false
	}
	var place [8]byte
	copy(place[8-placeSize:], key[at+1:])
	return key[:at], ^binary.BigEndian.Uint64(place[:]) & pieceMask, true
}

// shortTerm is the term of a word's first letters, nil where it has fewer.
func shortTerm(to []byte, word string) []byte {
	end := 0
	for range prefixRunes {
		if end >= len(word) {
			return nil
		}
		_, size := utf8.DecodeRuneInString(word[end:])
		end += size
	}
	return append(append(to[:0], prefixTerm...), word[:end]...)
}

// The forms of a piece: differences as varints, or a bit for each number where those would take more room.
const (
	formList byte = 0
	formBits byte = 1
)

// appendPiece writes the last bits of numbers, which are sorted and distinct.
func appendPiece(to []byte, lows []uint16) []byte {
	if len(lows) > pieceSize/8 {
		begin := len(to) + 1
		to = append(append(to, formBits), make([]byte, pieceSize/8)...)
		for _, l := range lows {
			to[begin+int(l>>3)] |= 1 << (l & 7)
		}
		return to
	}
	to = append(to, formList)
	last := uint16(0)
	for _, l := range lows {
		to = binary.AppendUvarint(to, uint64(l-last))
		last = l
	}
	return to
}

// readPiece reads them into a slice.
func readPiece(to []uint16, piece []byte) ([]uint16, error) {
	to = to[:0]
	if len(piece) < 2 {
		return nil, errDamaged
	}
	switch piece[0] {
	case formBits:
		if len(piece) != 1+pieceSize/8 {
			return nil, errDamaged
		}
		for i, b := range piece[1:] {
			for ; b != 0; b &= b - 1 {
				to = append(to, uint16(i<<3+bits.TrailingZeros8(b)))
			}
		}
		return to, nil
	case formList:
		last := uint64(0)
		for piece = piece[1:]; len(piece) > 0; {
			d, used := binary.Uvarint(piece)
			if used <= 0 || d > pieceSize {
				return nil, errDamaged
			}
			if last += d; last >= pieceSize || d == 0 && len(to) > 0 {
				return nil, errDamaged
			}
			to, piece = append(to, uint16(last)), piece[used:]
		}
		return to, nil
	}
	return nil, errDamaged
}

// Read is how far a ticket was read: its last event and its last message then. Sum is whatever tells that event from the one
// that another history has in its place.
type Read struct {
	Seq, Messages int
	Sum           uint32
}

// doc is a ticket in the list of them.
type doc struct {
	n sop.Number
	Read
}

func docKey(n sop.Number) []byte {
	return appendKey(nil, []byte(docTerm), uint64(n)>>docBits&pieceMask)
}

// appendDocs writes the tickets of a piece, which are sorted.
func appendDocs(to []byte, all []doc) []byte {
	last := uint64(0)
	for _, d := range all {
		low := uint64(d.n) & (docSize - 1)
		to = binary.AppendUvarint(to, low-last)
		to = binary.AppendUvarint(to, uint64(d.Seq))
		to = binary.AppendUvarint(to, uint64(d.Messages))
		to = binary.AppendUvarint(to, uint64(d.Sum))
		last = low
	}
	return to
}

// readDocs reads them.
func readDocs(to []doc, place uint64, piece []byte) ([]doc, error) {
	low := uint64(0)
	for len(piece) > 0 {
		var v [4]uint64
		for i := range v {
			n, used := binary.Uvarint(piece)
			if used <= 0 {
				return nil, errDamaged
			}
			v[i], piece = n, piece[used:]
		}
		if low += v[0]; low >= docSize || v[0] >= docSize || v[1]|v[2] > 1<<40 || v[3] > math.MaxUint32 {
			return nil, errDamaged
		}
		to = append(to, doc{sop.Number(place<<docBits | low), Read{Seq: int(v[1]), Messages: int(v[2]), Sum: uint32(v[3])}})
	}
	return to, nil
}

// isDocs says whether a term is the one of the tickets.
func isDocs(term []byte) bool { return bytes.Equal(term, []byte(docTerm)) }
