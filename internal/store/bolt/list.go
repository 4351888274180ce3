package bolt

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/internal/store/kv"
	"helpost/internal/store/words"
	"helpost/workflow"
)

const (
	defaultPage = 50
	largestPage = 1000
	// mostRead is how many tickets one page of a search reads in vain, mostScanned the same where there is no index, and
	// mostSteps how many places it looks at in between; the cursor goes on from there.
	mostRead    = 2000
	mostScanned = 50_000
	mostSteps   = 500_000
)

// List gives a page of tickets, newest first. A page of a search may be short, or empty, and still have a next one.
func (r *reader) List(f store.Filter) ([]workflow.Ticket, string, error) {
	before, err := decodeCursor(f.After)
	if err != nil {
		return nil, "", err
	}
	l := listing{r: r, query: words.Parse(f.Query), sources: r.candidates(f), limit: min(f.Limit, largestPage), most: mostScanned, steps: math.MaxInt}
	if l.limit <= 0 {
		l.limit = defaultPage
	}
	switch {
	case l.query.Impossible():
		return nil, "", nil
	case l.query.Asks() && r.filler.index() != nil:
		return r.filler.search(l, before)
	}
	return l.page(before)
}

// listing is a page in the making.
type listing struct {
	r       *reader
	query   words.Query
	sources []source // a ticket must be in all of them
	limit   int
	most    int // tickets that it may read in vain
	steps   int // that it may take
}

func (l *listing) page(before sop.Number) ([]workflow.Ticket, string, error) {
	if len(l.sources) == 0 {
		l.sources = []source{everyTicket(l.r.tx.Bucket(bucketTickets))}
	}
	var page []workflow.Ticket
	for {
		n, more := l.next(before)
		switch {
		case !more && n == 0:
			return page, "", nil
		case !more:
			return page, encodeCursor(n), nil
		case l.most == 0:
			return page, encodeCursor(before), nil
		}
		if err := l.r.ctx.Err(); err != nil {
			return nil, "", err
		}
		t, matches, err := l.r.candidate(n, l.query)
		if err != nil {
			return nil, "", err
		}
		switch {
		case !matches:
			l.most--
		case len(page) == l.limit:
			return page, encodeCursor(before), nil
		default:
			page = append(page, t)
		}
		before = n
	}
}

// next is the greatest number below n that all sources have, false with 0 where there is none, and false with where to go on
// once all steps are taken. Whichever source is behind pulls the others along, so it looks at no more numbers than the
// shortest source has.
func (l *listing) next(n sop.Number) (sop.Number, bool) {
	for n > 0 {
		lowest, agreed := n, true
		for i, next := range l.sources {
			limit := n
			if i > 0 {
				limit = lowest + 1
			}
			got, more := next(limit)
			if l.steps--; !more {
				return 0, false
			}
			if i > 0 && got != lowest {
				agreed = false
			}
			lowest = got
		}
		if agreed {
			return lowest, true
		}
		if n = lowest + 1; l.steps <= 0 {
			return n, false
		}
	}
	return 0, false
}

// candidate reads a ticket and says whether it holds what is asked for.
func (r *reader) candidate(n sop.Number, q words.Query) (workflow.Ticket, bool, error) {
	row := r.tx.Bucket(bucketTickets).Get(ticketKey(n))
	if row == nil { // a log without a ticket
		return workflow.Ticket{}, false, nil
	}
	t, _, err := decodeTicket(row)
	if err != nil {
		return t, false, fmt.Errorf("ticket %d: %w", n, err)
	}
	m := q.Match()
	m.Look(t.Subject)
	for seq := 1; !m.All(); seq++ {
		message, err := r.Message(n, seq)
		if errors.Is(err, store.ErrNotFound) {
			return t, false, nil
		}
		if err != nil {
			return t, false, err
		}
		m.Look(message.Text)
	}
	return t, true, nil
}

// A source gives the numbers of tickets, newest first: the greatest below n.
type source func(n sop.Number) (sop.Number, bool)

// candidates are the sources that a filter names by itself.
func (r *reader) candidates(f store.Filter) []source {
	var all []source
	index := r.tx.Bucket(bucketIndex)
	if f.Reporter != "" {
		all = append(all, indexed(index, reporterPrefix(f.Reporter)))
	}
	if f.Assignee != "" {
		all = append(all, indexed(index, assigneePrefix(f.Assignee)))
	}
	if f.State != "" {
		all = append(all, indexed(index, statePrefix(string(f.State))))
	}
	return all
}

func indexed(b *kv.Bucket, prefix []byte) source {
	c := b.Cursor()
	return func(n sop.Number) (sop.Number, bool) {
		k, _ := seekBefore(c, append(bytes.Clone(prefix), numberKey(n)...))
		if len(k) != len(prefix)+numberSize || !bytes.HasPrefix(k, prefix) {
			return 0, false
		}
		return numberOf(k[len(prefix):]), true
	}
}

// everyTicket goes from ticket to ticket and skips the rows that lie between.
func everyTicket(b *kv.Bucket) source {
	c := b.Cursor()
	return func(n sop.Number) (sop.Number, bool) {
		k, _ := seekBefore(c, numberKey(n))
		if k == nil {
			return 0, false
		}
		return numberOf(k), numberOf(k) > 0
	}
}

// cursorVersion leads a cursor; what follows is the number of the last ticket looked at. Tickets that come later have
// greater numbers, so no page shows one twice.
const cursorVersion = 1

func encodeCursor(n sop.Number) string {
	return base64.RawURLEncoding.EncodeToString(append([]byte{cursorVersion}, numberKey(n)...))
}

func decodeCursor(s string) (sop.Number, error) {
	if s == "" {
		return math.MaxUint64, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) != 1+numberSize || b[0] != cursorVersion {
		return 0, store.ErrCursor
	}
	return numberOf(b[1:]), nil
}

// search makes a page of what the index finds. Where that is damaged it reads the tickets.
func (f *filler) search(l listing, before sop.Number) (page []workflow.Ticket, next string, err error) {
	f.mu.Lock()
	extra := slices.Collect(maps.Keys(f.changed))
	f.mu.Unlock()
	slices.SortFunc(extra, func(a, b sop.Number) int { return int(int64(b) - int64(a)) })
	found := l
	found.most, found.steps = mostRead, mostSteps
	var damage error
	err = f.x.Find(l.query, extra[:min(len(extra), mostExtra)], func(w *words.Found) error {
		for _, list := range w.Lists {
			found.sources = append(found.sources, source(list))
		}
		page, next, err = found.page(before)
		damage = w.Err()
		return err
	})
	if damage == nil || err != nil {
		return page, next, err
	}
	f.log.Warn("the search index is damaged: it is made anew", "error", damage)
	return l.page(before)
}
