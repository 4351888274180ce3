package smtpd

import (
	"errors"
	"io"
	"sync"

	"github.com/emersion/go-smtp"
)

// buffer gathers a mail in one piece of memory, which counts towards Limits.Memory until the Taker is done.
type buffer struct {
	srv  *Server
	data []byte
	held int64
}

// rooms are the sizes of pieces of memory that are used again: each fits eight times as much as the one before, so that a
// mail of 2 KB needs the first, one with a screenshot the third, and gathering copies little.
var rooms = [...]struct {
	size int64
	free *sync.Pool // of *[]byte
}{{firstBuffer, &sync.Pool{}}, {8 * firstBuffer, &sync.Pool{}}, {64 * firstBuffer, &sync.Pool{}}}

// fill reads r to its end. It trusts an announced size as far as bytes came to back it.
func (b *buffer) fill(r io.Reader, size int64, progress func()) error {
	limit := b.srv.cfg.MaxMessage
	if size > 0 {
		size = min(size, limit) + 1024 // room to see the end without another step
	}
	for {
		if len(b.data) == cap(b.data) {
			have := int64(len(b.data))
			believed := min(size, max(trustedSize, 8*have))
			if !b.grow(min(max(firstBuffer, next(have), believed), limit+1024)) {
				return errNoRoom
			}
		}
		n, err := r.Read(b.data[len(b.data):cap(b.data)])
		b.data = b.data[:len(b.data)+n]
		progress()
		switch {
		case int64(len(b.data)) > limit || errors.Is(err, smtp.ErrDataTooLarge):
			return errTooLarge
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// next is the size to which a mail of an unknown size is let grow.
func next(have int64) int64 {
	for _, r := range rooms {
		if have < r.size {
			return r.size
		}
	}
	return 2 * have
}

func (b *buffer) grow(to int64) bool {
	room := -1
	for i, r := range rooms {
		if to <= r.size && r.size <= b.srv.cfg.MaxMessage {
			room, to = i, r.size
			break
		}
	}
	if b.srv.stats.Held.Add(to-b.held) > b.srv.cfg.Limits.Memory {
		b.srv.stats.Held.Add(b.held - to)
		return false
	}
	var bigger []byte
	if room >= 0 {
		if used, ok := rooms[room].free.Get().(*[]byte); ok {
			bigger = *used
		}
	}
	if bigger == nil {
		bigger = make([]byte, to)
	}
	bigger = bigger[:copy(bigger[:cap(bigger)], b.data)]
	b.giveBack()
	b.held, b.data = to, bigger
	return true
}

// giveBack lets another mail have the memory.
func (b *buffer) giveBack() {
	for _, r := range rooms {
		if int64(cap(b.data)) == r.size {
			used := b.data[:0]
			r.free.Put(&used)
		}
	}
	b.data = nil
}

func (b *buffer) release() {
	b.giveBack()
	b.srv.stats.Held.Add(-b.held)
}
