package alarm

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"helpost/internal/store"
)

// Store is what of a store.Store is needed.
type Store interface {
	View(ctx context.Context, fn func(store.Reader) error) error
	Commit(ctx context.Context, c store.Change) error
}

// notes are what outlives a restart: facts of the desk, written beside the work, so that a store that fails or hangs holds
// up no call. The last word on a fact counts; what was not written yet is lost with the process.
type notes struct {
	store Store
	log   *slog.Logger
	nudge chan struct{}
	begun atomic.Int64 // nanoseconds since 1970 at which the commit that runs began; 0: none runs

	mu   sync.Mutex
	want map[string][]byte // by key; nil: gone
}

const (
	noteRetry = 5 * time.Second
	lastNote  = 2 * time.Second // for what is left at the end
)

func newNotes(s Store, log *slog.Logger) *notes {
	return &notes{store: s, log: log, nudge: make(chan struct{}, 1), want: map[string][]byte{}}
}

// put writes a fact, some time soon.
func (n *notes) put(key string, v any) {
	raw, err := json.Marshal(v)
	if err != nil { // nothing of ours fails to be written
		n.log.Error("a fact of the alarms cannot be written", "key", key, "error", err)
		return
	}
	n.set(key, raw)
}

// drop lets a fact go, some time soon.
func (n *notes) drop(key string) { n.set(key, nil) }

func (n *notes) set(key string, raw []byte) {
	n.mu.Lock()
	n.want[key] = raw
	n.mu.Unlock()
	wake(n.nudge)
}

// run writes until ctx ends, and then what is left.
func (n *notes) run(ctx context.Context) {
	for {
		var again <-chan time.Time
		if err := n.write(ctx); err != nil && ctx.Err() == nil {
			n.log.Warn("the alarms could not be noted", "error", err)
			again = time.After(noteRetry)
		}
		select {
		case <-n.nudge:
		case <-again:
		case <-ctx.Done():
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastNote)
			defer cancel()
			if err := n.write(end); err != nil {
				n.log.Warn("the alarms could not be noted", "error", err)
			}
			return
		}
	}
}

// write writes all that waits. What it could not write waits on, unless there is a later word.
func (n *notes) write(ctx context.Context) error {
	n.mu.Lock()
	want := n.want
	n.want = map[string][]byte{}
	n.mu.Unlock()
	if len(want) == 0 {
		return nil
	}
	err := n.commit(ctx, want)
	if err != nil {
		n.mu.Lock()
		maps.Copy(want, n.want)
		n.want = want
		n.mu.Unlock()
	}
	return err
}

func (n *notes) commit(ctx context.Context, want map[string][]byte) error {
	var c store.Change
	err := n.store.View(ctx, func(r store.Reader) error {
		for key, raw := range want {
			f, err := r.Fact(key)
			if err != nil {
				return err
			}
			if raw != nil || f.Value != nil {
				c.Facts = append(c.Facts, store.Fact{Key: key, Version: f.Version, Value: raw})
			}
		}
		return nil
	})
	if err != nil || len(c.Facts) == 0 {
		return err
	}
	n.begun.Store(time.Now().UnixNano())
	defer n.begun.Store(0)
	return n.store.Commit(ctx, c)
}

// stuck is for how long the commit that runs has been running.
func (n *notes) stuck() time.Duration {
	if begun := n.begun.Load(); begun != 0 {
		return time.Since(time.Unix(0, begun))
	}
	return 0
}

// read reads a fact into v, which stays as it is where there is none.
func read(ctx context.Context, s Store, key string, v any) error {
	return s.View(ctx, func(r store.Reader) error {
		f, err := r.Fact(key)
		if err != nil || f.Value == nil {
			return err
		}
		if err := json.Unmarshal(f.Value, v); err != nil {
			return fmt.Errorf("fact %s: %w", key, err)
		}
		return nil
	})
}

// wake tells a loop to look, without waiting for it.
func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
