package bolt

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math"
	"strings"

	"go.etcd.io/bbolt"

	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/workflow"
)

const (
	defaultPage = 50
	largestPage = 1000
	// mostSearched is how many tickets one page of a search looks through; the cursor goes on from there.
	mostSearched = 50_000
)

// List gives a page of tickets, newest first. A page of a search may be short, or empty, and still have a next one.
func (r *reader) List(f store.Filter) ([]workflow.Ticket, string, error) {
	return r.list(f, mostSearched)
}

func (r *reader) list(f store.Filter, most int) ([]workflow.Ticket, string, error) {
	before, err := decodeCursor(f.After)
	if err != nil {
		return nil, "", err
	}
	limit := min(f.Limit, largestPage)
	if limit <= 0 {
		limit = defaultPage
	}
	words := strings.Fields(strings.ToLower(f.Query))
	candidates := r.candidates(f)
	var page []workflow.Ticket
	for looked := 0; ; looked++ {
		n, more := newestBefore(candidates, before)
		if !more {
			return page, "", nil
		}
		if looked >= most {
			return page, encodeCursor(before), nil
		}
		if err := r.ctx.Err(); err != nil {
			return nil, "", err
		}
		t, matches, err := r.candidate(n, words)
		if err != nil {
			return nil, "", err
		}
		if matches && len(page) == limit {
			return page, encodeCursor(before), nil
		}
		if before = n; matches {
			page = append(page, t)
		}
	}
}

// candidate reads a ticket and says whether it has all words. It is where an index of words would come in.
func (r *reader) candidate(n sop.Number, words []string) (workflow.Ticket, bool, error) {
	row := r.tx.Bucket(bucketTickets).Get(ticketKey(n))
	if row == nil { // a log without a ticket
		return workflow.Ticket{}, false, nil
	}
	t, _, err := decodeTicket(row)
	if err != nil {
		return t, false, fmt.Errorf("ticket %d: %w", n, err)
	}
	words = without(words, t.Subject)
	if len(words) == 0 {
		return t, true, nil
	}
	messages, err := r.Messages(n)
	if err != nil {
		return t, false, err
	}
	for _, m := range messages {
		words = without(words, m.Text)
	}
	return t, len(words) == 0, nil
}

// without leaves the words that a text does not hold.
func without(words []string, text string) []string {
	if len(words) == 0 {
		return nil
	}
	text = strings.ToLower(text)
	var left []string
	for _, w := range words {
		if !strings.Contains(text, w) {
			left = append(left, w)
		}
	}
	return left
}

// A source gives the numbers of tickets, newest first: the greatest below n.
type source func(n sop.Number) (sop.Number, bool)

// candidates are the sources that a filter names; a ticket must be in all of them.
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
	if len(all) == 0 {
		all = append(all, everyTicket(r.tx.Bucket(bucketTickets)))
	}
	return all
}

func indexed(b *bbolt.Bucket, prefix []byte) source {
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
func everyTicket(b *bbolt.Bucket) source {
	c := b.Cursor()
	return func(n sop.Number) (sop.Number, bool) {
		k, _ := seekBefore(c, numberKey(n))
		if k == nil {
			return 0, false
		}
		return numberOf(k), numberOf(k) > 0
	}
}

// newestBefore is the greatest number below n that all sources have. Whichever is behind pulls the others along, so it
// looks at no more numbers than the shortest source has.
func newestBefore(sources []source, n sop.Number) (sop.Number, bool) {
	for n > 0 {
		lowest, agreed := n, true
		for i, next := range sources {
			limit := n
			if i > 0 {
				limit = lowest + 1
			}
			got, more := next(limit)
			if !more {
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
		n = lowest + 1
	}
	return 0, false
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
