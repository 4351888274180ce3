package bolt

import (
	"context"
	"fmt"

	"helpost/internal/store"
)

// What changes rows that a change otherwise only adds: words of entries that go, messages that are made anew, dedup keys
// that are forgotten.

// remadeRow is a message in the place of the one that is there.
type remadeRow struct {
	keyed
	raw     []byte // the key of its raw mail
	keepRaw bool
}

func (p *prepared) addRewritten(c *store.Change) error {
	for _, r := range c.Rewritten {
		if r.Number == 0 || r.Seq < 1 || r.Seq > maxSeq {
			return fmt.Errorf("entry %d of ticket %d is none", r.Seq, r.Number)
		}
		p.size += len(r.Words)
	}
	for i := range c.Remade {
		m := &c.Remade[i]
		if m.Ticket == 0 || m.Seq < 1 || m.Seq > maxSeq {
			return fmt.Errorf("message %d of ticket %d is none", m.Seq, m.Ticket)
		}
		row, err := p.doc(m)
		if err != nil {
			return err
		}
		p.remade = append(p.remade, remadeRow{keyed{messageKey(m.Ticket, m.Seq), row}, rawKey(m.Ticket, m.Seq), m.Raw.Ticket == m.Ticket && m.Raw.Message == m.Seq})
	}
	if c.Seal != nil {
		p.size += len(c.Seal.List) * 48
	}
	return nil
}

func (w *writer) checkRewritten(p *prepared) error {
	for _, r := range p.rewritten {
		if w.tickets.Get(logKey(r.Number, r.Seq)) == nil {
			return fmt.Errorf("entry %d of ticket %d: %w", r.Seq, r.Number, store.ErrConflict)
		}
	}
	for _, m := range p.remade {
		if w.tickets.Get(m.key) == nil {
			return fmt.Errorf("a message of ticket %d: %w", numberOf(m.key), store.ErrConflict)
		}
	}
	return w.checkSeal(p.seal)
}

// putRewritten comes after new entries were put: none of those is rewritten by its own change.
func (w *writer) putRewritten(p *prepared) error {
	for _, r := range p.rewritten {
		key := logKey(r.Number, r.Seq)
		e, err := decodeEntry(w.tickets.Get(key))
		if err != nil {
			return fmt.Errorf("entry %d of ticket %d: %w", r.Seq, r.Number, err)
		}
		e.Salt, e.Words = r.Salt, r.Words
		if err := w.tickets.Put(key, encodeEntry(e)); err != nil {
			return err
		}
	}
	for _, m := range p.remade {
		if err := w.tickets.Put(m.key, m.row); err != nil {
			return err
		}
		if m.keepRaw {
			continue
		}
		if err := w.raw.Delete(m.raw); err != nil {
			return err
		}
	}
	return nil
}

// ForgetMails deletes the dedup keys that forget wants to go, and says how many. A mail whose key is gone would be taken
// anew. It goes through all of them, in transactions of some hundred rows; forget must not use the store.
func (s *Store) ForgetMails(ctx context.Context, forget func(store.Seen) bool) (int, error) {
	var next []byte
	removed := 0
	for ended := false; !ended; {
		n := 0
		err := s.maintain(ctx, func(w *writer) (err error) {
			n, next, ended, err = w.forgetMails(next, forget)
			return err
		})
		if err != nil {
			return removed, err
		}
		removed += n
	}
	return removed, nil
}

func (w *writer) forgetMails(from []byte, forget func(store.Seen) bool) (removed int, next []byte, ended bool, err error) {
	var gone [][]byte
	once := map[string]bool{}
	c := w.mails.Cursor()
	k, v := c.Seek(from)
	for looked := 0; k != nil && looked < pruneStep; k, v = c.Next() {
		looked++
		if len(v) == len(mark) { // a trace's
			continue
		}
		var s store.Seen
		if err := decodeDoc(v, &s); err != nil {
			return 0, nil, false, fmt.Errorf("mail %q: %w", k, err)
		}
		if !forget(s) || once[s.Key] {
			continue
		}
		once[s.Key] = true
		gone = append(gone, []byte(s.Key), []byte(store.MessageKey(s.MessageID)+s.Key))
	}
	if k != nil {
		next = append([]byte(nil), k...)
	}
	for _, key := range gone {
		if row := w.mails.Get(key); row == nil || len(row) == len(mark) {
			continue
		}
		if err := w.mails.Delete(key); err != nil {
			return 0, nil, false, err
		}
	}
	return len(once), next, k == nil, nil
}
