package bolt

import (
	"hash/crc32"
	"strings"
	"unicode/utf8"

	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/internal/store/words"
)

// What a new ticket says its commit has in hand, so that the filler need not read it. It keeps that until it comes to it, or the
// ticket changes again.

// saying is what a new ticket says, and how far it is read by that.
type saying struct {
	words.Read
	texts []string
}

// mostSaid is how many bytes of what new tickets say wait for the filler. The other tickets are read.
const mostSaid = 2 << 20

// say notes of each new ticket of a change what it says. It holds on to nothing of the change.
func (p *prepared) say(c *store.Change) {
	for i := range p.tickets {
		if t := &c.Tickets[i]; t.Expect == 0 {
			p.tickets[i].saying = sayingOf(c, t)
		}
	}
}

// sayingOf is nil where the change does not bring all that the ticket says, or not as it would be read.
func sayingOf(c *store.Change, t *store.Ticket) *saying {
	n := t.Ticket.Number
	s := &saying{texts: []string{strings.Clone(t.Ticket.Subject)}}
	for i := range c.Messages {
		m := &c.Messages[i]
		if m.Ticket != n {
			continue
		}
		if s.Messages++; m.Seq != s.Messages {
			return nil
		}
		s.texts = append(s.texts, strings.Clone(m.Text))
	}
	for i := range c.Entries {
		if c.Entries[i].Number == n {
			s.Seq++
			s.Sum = crc32.ChecksumIEEE(c.Entries[i].Line)
		}
	}
	if s.Seq == 0 || s.Seq != t.Ticket.Seq {
		return nil
	}
	for _, text := range s.texts {
		if !utf8.ValidString(text) {
			return nil
		}
	}
	return s
}

func (s *saying) size() int {
	n := 0
	for _, text := range s.texts {
		n += len(text)
	}
	return n
}

// remember keeps what a new ticket says, where there is room. The caller holds mu.
func (f *filler) remember(n sop.Number, s *saying) {
	if s == nil || f.held+s.size() > mostSaid {
		return
	}
	if _, noted := f.changed[n]; noted {
		f.said[n] = s
		f.held += s.size()
	}
}

// take gives what was kept of a ticket, nil where nothing was. The caller holds mu.
func (f *filler) take(n sop.Number) *saying {
	s := f.said[n]
	if s != nil {
		delete(f.said, n)
		f.held -= s.size()
	}
	return s
}

// addSaid adds the tickets of which it knows what they say, and gives those that must be read.
func (f *filler) addSaid(numbers []sop.Number) (left []sop.Number, err error) {
	said := make([]*saying, len(numbers))
	f.mu.Lock()
	for i, n := range numbers {
		said[i] = f.take(n)
	}
	f.mu.Unlock()
	for i, n := range numbers {
		there := true
		if said[i] != nil {
			if _, there, err = f.x.Known(n); err != nil {
				return nil, err
			}
		}
		if there {
			left = append(left, n)
		} else {
			f.tell(n, said[i].Read, said[i].texts)
		}
	}
	return left, nil
}
