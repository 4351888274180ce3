package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"helpost/internal/mailauth"
	"helpost/internal/record"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/workflow"
)

// history is what is on record of a ticket, read from its end as far back as somebody asks: most mails ask about the last
// few entries, however many there are. The zero value is that of a ticket of which nothing is on record.
//
// An entry is looked at as it stands before it is read: names and types stand in its bytes as record.Seal wrote them.
type history struct {
	view     func(func(store.Reader) error) error
	number   sop.Number
	last     int              // the last entry that counts
	entries  []record.Entry   // from there back, as far as they were fetched
	whole    bool             // they are all
	naming   map[string][]int // which of them name an address, as it is written there
	events   map[int]told
	messages map[int]store.Message
}

// The entries that are fetched at once: a few, and more where they did not do.
const (
	firstFetch = 16
	mostFetch  = 512
)

// entry gives the entry that is so many before the last, false where there is none.
func (h *history) entry(i int) (record.Entry, bool, error) {
	for i >= len(h.entries) {
		if more, err := h.fetch(); !more || err != nil {
			return record.Entry{}, false, err
		}
	}
	return h.entries[i], true, nil
}

// fetch fetches some entries more, false where there are none.
func (h *history) fetch() (more bool, err error) {
	if h.whole || len(h.entries) >= h.last {
		return false, nil
	}
	n := min(max(firstFetch, len(h.entries)), mostFetch)
	var page []record.Entry
	err = h.view(func(v store.Reader) (err error) {
		page, err = v.LogBefore(h.number, h.last-len(h.entries)+1, n)
		return err
	})
	if err != nil {
		return false, err
	}
	if h.naming == nil {
		h.naming = map[string][]int{}
	}
	for _, e := range slices.Backward(page) {
		for address := range addresses(e.Words) {
			if at := h.naming[string(address)]; len(at) == 0 || at[len(at)-1] != len(h.entries) {
				h.naming[string(address)] = append(at, len(h.entries))
			}
		}
		h.entries = append(h.entries, e)
	}
	h.whole = len(page) < n
	return len(page) > 0, nil
}

// addresses are the texts of a JSON that may be addresses, as they are written there.
func addresses(doc []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for {
			begin := bytes.IndexByte(doc, '"')
			if begin < 0 {
				return
			}
			doc = doc[begin+1:]
			end := 0
			for end < len(doc) && doc[end] != '"' {
				if doc[end] == '\\' {
					end++
				}
				end++
			}
			end = min(end, len(doc))
			if text := doc[:end]; len(text) <= 6*maxAddress && bytes.IndexByte(text, '@') >= 0 && !yield(text) {
				return
			}
			doc = doc[min(end+1, len(doc)):]
		}
	}
}

// named gives the place of the entry that names an address after so many others did, false where there is none. The address
// is as written gives it.
func (h *history) named(address string, after int) (i int, more bool, err error) {
	for len(h.naming[address]) <= after {
		if more, err := h.fetch(); !more || err != nil {
			return 0, false, err
		}
	}
	return h.naming[address][after], true, nil
}

// told is an event, with the notices that it says went out.
type told struct {
	workflow.Event
	to    []string
	kinds []sop.Kind // as many
}

// event reads that entry, which was fetched.
func (h *history) event(i int) (told, error) {
	if e, known := h.events[i]; known {
		return e, nil
	}
	e, err := h.entries[i].Event()
	if err != nil {
		return told{}, fmt.Errorf("ticket %d: %w", h.number, err)
	}
	t := told{Event: e}
	if e.Type == workflow.Notified {
		t.to = texts(e.Said["to"])
		for _, k := range texts(e.Info["notices"]) {
			t.kinds = append(t.kinds, sop.Kind(k))
		}
		t.to = t.to[:min(len(t.to), len(t.kinds))]
	}
	if h.events == nil {
		h.events = map[int]told{}
	}
	h.events[i] = t
	return t, nil
}

// message reads a message of the ticket, the zero one where it is not there: that is for verify to say.
func (h *history) message(seq int) (store.Message, error) {
	if m, known := h.messages[seq]; known {
		return m, nil
	}
	var m store.Message
	err := h.view(func(v store.Reader) (err error) { m, err = v.Message(h.number, seq); return err })
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return m, fmt.Errorf("message %d of ticket %d: %w", seq, h.number, err)
	}
	if h.messages == nil {
		h.messages = map[int]store.Message{}
	}
	h.messages[seq] = m
	return m, nil
}

// has says whether an entry is of one of the types.
func has(e record.Entry, types ...workflow.EventType) bool {
	return slices.ContainsFunc(types, func(t workflow.EventType) bool { return bytes.Contains(e.Line, []byte(`"type":"`+string(t)+`"`)) })
}

// written is an address as it stands in the words of an entry.
func written(address string) string {
	if !strings.ContainsFunc(address, func(r rune) bool { return r < ' ' || r > '~' || strings.ContainsRune(`"\<>&`, r) }) {
		return address // as nearly all do
	}
	raw, _ := json.Marshal(address) // a text can always be written
	return string(raw[1 : len(raw)-1])
}

// past gives the histories of the tickets that change.
func (g *Gateway) past(ctx context.Context, drafts []*workflow.Draft) map[sop.Number]*history {
	all := map[sop.Number]*history{}
	for _, d := range drafts {
		all[d.Number] = &history{number: d.Number, last: d.Before.Seq, view: func(fn func(store.Reader) error) error { return g.Store.View(ctx, fn) }}
	}
	return all
}

// head is the head of the ticket's chain, "" where that has yet to begin. store.ErrConflict: it is not there.
func (h *history) head() (string, error) {
	if h.last == 0 {
		return "", nil
	}
	e, there, err := h.entry(0)
	switch {
	case err != nil:
		return "", err
	case !there:
		return "", store.ErrConflict
	}
	return e.Head(), nil
}

// lastTo is the last notice to whom a token was made for: its event and its place there, 0 where there is none.
func (h *history) lastTo(token mailauth.Token) (event, place int, err error) {
	for i := 0; ; i++ {
		entry, more, err := h.entry(i)
		if err != nil || !more {
			return 0, 0, err
		}
		if !has(entry, workflow.Notified) {
			continue
		}
		e, err := h.event(i)
		if err != nil {
			return 0, 0, err
		}
		if place := slices.IndexFunc(e.to, token.For); place >= 0 {
			return e.Seq, place, nil
		}
	}
}

// undelivered says whether it stands on record already that a notice of an event did not reach somebody: two servers on the
// way may both report it.
func (h *history) undelivered(event int, to string) (bool, error) {
	address := written(to)
	for k := 0; ; k++ {
		i, more, err := h.named(address, k)
		if err != nil || !more || i >= h.last-event {
			return false, err
		}
		e, err := h.event(i)
		if err != nil {
			return false, err
		}
		if e.Type == workflow.Undelivered && e.Said["to"] == to && lostEvent(e.Event) == event {
			return true, nil
		}
	}
}
