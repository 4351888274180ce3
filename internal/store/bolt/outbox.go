package bolt

import (
	"container/heap"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"helpost/internal/store"
	"helpost/internal/store/kv"
)

// outbox is the order in which the rows of the outbox go: in memory, read at open, and led on by each commit. Leases
// stand here alone; a new process finds every row free.
type outbox struct {
	mu    sync.Mutex
	rows  map[uint64]*place
	later places // by the moment at which they can be claimed
	ready places // by class, then next try, then id: those whose moment had come when somebody last claimed
	kept  int    // bytes of the bodies that places keep
}

// mostKept is how many bytes of new mails stay in memory until they are claimed. The others are read.
const mostKept = 4 << 20

// place is where a row stands.
type place struct {
	id    uint64
	class store.Class
	next  uint64     // nanos of the next try
	free  uint64     // nanos at which it can be claimed: the next try, or the end of a lease
	at    int        // in its heap
	ready bool       // which heap that is
	row   *outboxRow // as it was committed, until it is claimed; nil: it must be read
}

// outboxStep is what a commit did to a row.
type outboxStep struct {
	id    uint64
	class store.Class
	next  uint64
	row   *outboxRow // of a new one
	gone  bool
}

// places is a heap of rows.
type places struct {
	rows []*place
	less func(a, b *place) bool
}

func (p *places) Len() int           { return len(p.rows) }
func (p *places) Less(i, j int) bool { return p.less(p.rows[i], p.rows[j]) }
func (p *places) Swap(i, j int) {
	p.rows[i], p.rows[j] = p.rows[j], p.rows[i]
	p.rows[i].at, p.rows[j].at = i, j
}

// Push is heap.Interface's.
func (p *places) Push(x any) {
	row := x.(*place)
	row.at = len(p.rows)
	p.rows = append(p.rows, row)
}

// Pop is heap.Interface's.
func (p *places) Pop() any {
	last := len(p.rows) - 1
	row := p.rows[last]
	p.rows[last] = nil
	p.rows = p.rows[:last]
	return row
}

func newOutbox() *outbox {
	return &outbox{
		rows: map[uint64]*place{},
		later: places{less: func(a, b *place) bool {
			if a.free != b.free {
				return a.free < b.free
			}
			return a.id < b.id
		}},
		ready: places{less: func(a, b *place) bool {
			switch {
			case a.class != b.class:
				return a.class < b.class
			case a.next != b.next:
				return a.next < b.next
			}
			return a.id < b.id
		}},
	}
}

func loadOutbox(tx *kv.Tx) (*outbox, error) {
	o := newOutbox()
	var steps []outboxStep
	c := tx.Bucket(bucketOutbox).Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		var row store.Outbox
		if err := decodeDoc(v, &row); err != nil || len(k) != 8 {
			return nil, fmt.Errorf("outbox row %x: %w", k, errRow)
		}
		steps = append(steps, outboxStep{id: binary.BigEndian.Uint64(k), class: row.Class, next: nanos(row.NextTry)})
	}
	o.apply(steps)
	return o, nil
}

// apply follows a durable commit.
func (o *outbox) apply(steps []outboxStep) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, s := range steps {
		if p := o.rows[s.id]; p != nil {
			heap.Remove(o.heapOf(p), p.at)
			o.forget(p)
			delete(o.rows, s.id)
		}
		if !s.gone {
			p := &place{id: s.id, class: s.class, next: s.next, free: s.next}
			if s.row != nil && s.row.mail != nil && o.kept+s.row.size() <= mostKept {
				p.row = s.row
				o.kept += s.row.size()
			}
			o.rows[s.id] = p
			heap.Push(&o.later, p)
		}
	}
}

// forget gives the row that a place keeps, which it no longer does.
func (o *outbox) forget(p *place) *outboxRow {
	row := p.row
	if row != nil {
		o.kept -= row.size()
		p.row = nil
	}
	return row
}

func (o *outbox) heapOf(p *place) *places {
	if p.ready {
		return &o.ready
	}
	return &o.later
}

func (o *outbox) move(p *place, ready bool) {
	heap.Remove(o.heapOf(p), p.at)
	p.ready = ready
	heap.Push(o.heapOf(p), p)
}

// leased is a row that somebody may have.
type leased struct {
	id  uint64
	row *outboxRow // nil: it must be read
}

// lease takes up to n rows that can be claimed at now, in their order.
func (o *outbox) lease(now, until uint64, n int) []leased {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.later.rows) > 0 && o.later.rows[0].free <= now {
		o.move(o.later.rows[0], true)
	}
	var all []leased
	for len(all) < n && len(o.ready.rows) > 0 {
		p := o.ready.rows[0]
		if p.free > now { // somebody claimed with a later clock
			o.move(p, false)
			continue
		}
		all = append(all, leased{p.id, o.forget(p)})
		p.free = max(until, now+1)
		o.move(p, false)
	}
	return all
}

// release gives rows back that were leased and not handed out.
func (o *outbox) release(all []leased) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, l := range all {
		if p := o.rows[l.id]; p != nil {
			p.free = p.next
			o.move(p, false)
		}
	}
}

// nextFree is the first moment at which a row can be claimed.
func (o *outbox) nextFree() (uint64, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var first uint64
	found := false
	if len(o.later.rows) > 0 {
		first, found = o.later.rows[0].free, true
	}
	for _, p := range o.ready.rows {
		if !found || p.free < first {
			first, found = p.free, true
		}
	}
	return first, found
}

// Claim leases due rows of the outbox. A row that cannot be read stays leased, so that it holds up no other one.
func (s *Store) Claim(ctx context.Context, now time.Time, n int, lease time.Duration) ([]store.Outbox, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	all := s.outbox.lease(nanos(now), nanos(now.Add(lease)), n)
	var rows []store.Outbox
	var damaged error
	err := s.view(ctx, func(r *reader) error {
		for _, l := range all {
			row, err := l.read(r)
			switch {
			case errors.Is(err, store.ErrNotFound): // it left meanwhile
			case err != nil:
				damaged = errors.Join(damaged, err)
			default:
				rows = append(rows, row)
			}
		}
		return nil
	})
	if err != nil {
		s.outbox.release(all)
		return nil, err
	}
	if damaged != nil {
		s.log.Error("rows of the outbox cannot be read", "error", damaged)
	}
	if len(rows) > 0 {
		return rows, nil
	}
	return nil, damaged
}
