package alarm

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"helpost/internal/sop"
	"helpost/internal/store"
)

// caller makes the calls of one hook, one after the other, until each is taken or too old. What is to be called for comes
// from two places: rows that the gateway committed with a ticket's event, and the standing of the other alarms.
type caller struct {
	hook  Hook
	host  string
	store Store
	notes *notes
	log   *slog.Logger
	clock sop.Clock
	first time.Duration // the wait after a first failure

	nudge chan struct{}
	tries map[string]int  // of calls that were not taken yet
	done  map[string]bool // rows that are still in the store although nothing is left to do
	fails int             // in a row, of any call
	rest  time.Time       // no earlier try of a call that was not taken

	mu    sync.Mutex
	stood map[sop.Alarm]told // what the hook knows, and is to know

	taken, failed, dropped atomic.Int64
	waiting                atomic.Int64
}

// told is what a hook was told of an alarm that stands, or stood. A fact of the desk keeps it.
type told struct {
	Since   time.Time `json:"since"`
	Raised  time.Time `json:"raised"` // when we saw it
	Cleared time.Time `json:"cleared,omitzero"`
	Text    string    `json:"text"`
	Tried   bool      `json:"tried,omitempty"` // that it was raised may be known
	Told    bool      `json:"told,omitempty"`  // that it was raised was taken
}

const (
	maxWait = time.Minute    // between two calls of a hook that does not take them
	callAge = 24 * time.Hour // a call that nobody took is no alarm any more
)

func stoodKey(hook string) string   { return "hook/" + hook }
func callPrefix(hook string) string { return "call/" + hook + "/" }

// observe takes note of which alarms stand.
func (c *caller) observe(standing []Standing, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	changed := false
	stands := map[sop.Alarm]bool{}
	for _, s := range standing {
		if ofTicket(s.Alarm) || !c.hook.For(s.Alarm) {
			continue
		}
		stands[s.Alarm] = true
		if _, there := c.stood[s.Alarm]; !there { // one that is back before it was told that it was gone waits for that
			c.stood[s.Alarm] = told{Since: s.Since.UTC(), Raised: now.UTC(), Text: s.Text}
			changed = true
		}
	}
	for a, was := range c.stood {
		switch {
		case stands[a] || !was.Cleared.IsZero():
		case !was.Tried: // nobody knows of it, so there is nothing to take back
			delete(c.stood, a)
			changed = true
		default:
			was.Cleared = now.UTC()
			c.stood[a] = was
			changed = true
		}
	}
	if changed {
		c.notes.put(stoodKey(c.hook.id()), c.stood)
		wake(c.nudge)
	}
}

// standing is since when the alarms stand that the hook knows of.
func (c *caller) standing() map[sop.Alarm]time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := map[sop.Alarm]time.Time{}
	for a, t := range c.stood {
		if t.Cleared.IsZero() {
			all[a] = t.Since
		}
	}
	return all
}

// run makes calls until ctx ends.
func (c *caller) run(ctx context.Context) {
	for ctx.Err() == nil {
		var again <-chan time.Time
		if wait := c.step(ctx); wait > 0 {
			again = time.After(wait)
		}
		select {
		case <-c.nudge:
		case <-again:
		case <-ctx.Done():
		}
	}
}

// step makes the calls that are to be made, until one is not taken. It says when to try again, 0 where nothing is left.
func (c *caller) step(ctx context.Context) time.Duration {
	for ctx.Err() == nil {
		all, err := c.pending(ctx)
		if err != nil && ctx.Err() == nil {
			c.log.Warn("the calls that wait could not be read", "error", err)
		}
		c.waiting.Store(int64(len(all)))
		if len(all) == 0 {
			if err != nil {
				return maxWait
			}
			return 0
		}
		if wait := time.Until(c.rest); wait > 0 && c.tries[all[0].ID] > 0 { // what is new does not wait
			return wait
		}
		if !c.try(ctx, all[0]) {
			wait := c.pause()
			c.rest = time.Now().Add(wait)
			return wait
		}
	}
	return 0
}

// pause is the wait after so many failures: doubling, at most a minute, a tenth of it left to chance.
func (c *caller) pause() time.Duration {
	d := c.first << min(max(c.fails-1, 0), 10)
	d = min(d, maxWait)
	return d - time.Duration(rand.Float64()*float64(d)/10)
}

// try makes one call. It says whether it is done with: taken, or too old.
func (c *caller) try(ctx context.Context, call Call) bool {
	now := c.clock()
	if now.Sub(call.At) > callAge {
		c.log.Error("an alarm was never taken", "hook", c.hook.Name(), "id", call.ID)
		c.finish(call)
		c.dropped.Add(1)
		return true
	}
	c.begin(call)
	err := Try(ctx, &c.hook, call, now)
	if ctx.Err() != nil {
		return false
	}
	if err != nil {
		c.tries[call.ID]++
		c.fails++
		c.failed.Add(1)
		level := slog.LevelDebug
		if c.fails == 1 {
			level = slog.LevelWarn
		}
		c.log.Log(ctx, level, "a hook does not take an alarm", "hook", c.hook.Name(), "id", call.ID, "error", err)
		return false
	}
	c.fails = 0
	c.log.Info("alarm told", "hook", c.hook.Name(), "id", call.ID, "tries", c.tries[call.ID]+1)
	c.finish(call)
	c.taken.Add(1)
	return true
}

// begin notes that a call may be known from now on.
func (c *caller) begin(call Call) {
	if call.Ticket != "" || call.State != Raised {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if was, there := c.stood[call.Alarm]; there && was.Since.Equal(call.Since) && !was.Tried {
		was.Tried = true
		c.stood[call.Alarm] = was
		c.notes.put(stoodKey(c.hook.id()), c.stood)
	}
}

// finish notes that nothing is left to do for a call.
func (c *caller) finish(call Call) {
	delete(c.tries, call.ID)
	if call.Ticket != "" {
		c.done[call.ID] = true
		c.notes.drop(callPrefix(c.hook.id()) + call.ID)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	was, there := c.stood[call.Alarm]
	switch {
	case !there || !was.Since.Equal(call.Since):
		return
	case call.State == Cleared:
		delete(c.stood, call.Alarm)
	default:
		was.Told = true
		c.stood[call.Alarm] = was
	}
	c.notes.put(stoodKey(c.hook.id()), c.stood)
}

// pending lists the calls to be made: those that were tried least first, so that one that is never taken holds up no other.
func (c *caller) pending(ctx context.Context) ([]Call, error) {
	all := c.conditions()
	rows, err := c.rows(ctx)
	all = append(all, rows...)
	slices.SortStableFunc(all, func(a, b Call) int {
		return cmp.Or(cmp.Compare(c.tries[a.ID], c.tries[b.ID]), a.At.Compare(b.At))
	})
	return all, err
}

// conditions are the calls about alarms that are no ticket's.
func (c *caller) conditions() []Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []Call
	for a, t := range c.stood {
		call := Call{Alarm: a, State: Raised, Since: t.Since, At: t.Raised, Text: t.Text, Host: c.host}
		switch {
		case !t.Cleared.IsZero():
			call.State, call.At, call.Text = Cleared, t.Cleared, "over: "+t.Text
		case t.Told:
			continue
		}
		call.ID = fmt.Sprintf("%s-%d-%s", a, call.Since.UnixMilli(), call.State)
		all = append(all, call)
	}
	return all
}

// rows are the calls that the gateway committed.
func (c *caller) rows(ctx context.Context) ([]Call, error) {
	var facts []store.Fact
	prefix := callPrefix(c.hook.id())
	err := c.store.View(ctx, func(r store.Reader) (err error) {
		facts, err = r.Facts(prefix)
		return err
	})
	if err != nil {
		return nil, err
	}
	var all []Call
	there := map[string]bool{}
	for _, f := range facts {
		id := strings.TrimPrefix(f.Key, prefix)
		there[id] = true
		if f.Value == nil || c.done[id] {
			continue
		}
		var call Call
		if err := json.Unmarshal(f.Value, &call); err != nil || call.ID != id {
			c.log.Error("a call cannot be read", "id", id)
			c.done[id] = true
			c.notes.drop(f.Key)
			continue
		}
		all = append(all, call)
	}
	for id := range c.done {
		if !there[id] {
			delete(c.done, id)
		}
	}
	return all, nil
}
