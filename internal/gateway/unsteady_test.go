package gateway

import (
	"context"
	"sync"
	"time"

	"helpost/internal/record"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/workflow"
)

// unsteady is a store that may fail at any of its calls: fault is asked before each, by its name.
type unsteady struct {
	store.Store
	mu    sync.Mutex
	fault func(call string) error
	after func(store.Change) error // asked after a commit that was made
}

func (u *unsteady) ask(call string) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.fault == nil {
		return nil
	}
	return u.fault(call)
}

// set says which calls fail from now on; nil: none.
func (u *unsteady) set(fault func(call string) error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.fault = fault
}

func (u *unsteady) View(ctx context.Context, fn func(store.Reader) error) error {
	if err := u.ask("View"); err != nil {
		return err
	}
	return u.Store.View(ctx, func(r store.Reader) error { return fn(&shaky{Reader: r, u: u}) })
}

func (u *unsteady) Commit(ctx context.Context, c store.Change) error {
	if err := u.ask("Commit"); err != nil {
		return err
	}
	if err := u.Store.Commit(ctx, c); err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.after != nil {
		return u.after(c)
	}
	return nil
}

func (u *unsteady) Reserve(ctx context.Context, sequence string) (uint64, error) {
	if err := u.ask("Reserve"); err != nil {
		return 0, err
	}
	return u.Store.Reserve(ctx, sequence)
}

// shaky is its Reader.
type shaky struct {
	store.Reader
	u *unsteady
}

func (r *shaky) Ticket(n sop.Number) (workflow.Ticket, store.Version, error) {
	if err := r.u.ask("Ticket"); err != nil {
		return workflow.Ticket{}, 0, err
	}
	return r.Reader.Ticket(n)
}

func (r *shaky) Log(n sop.Number) ([]record.Entry, error) {
	if err := r.u.ask("Log"); err != nil {
		return nil, err
	}
	return r.Reader.Log(n)
}

func (r *shaky) LogBefore(n sop.Number, seq, most int) ([]record.Entry, error) {
	if err := r.u.ask("LogBefore"); err != nil {
		return nil, err
	}
	return r.Reader.LogBefore(n, seq, most)
}

func (r *shaky) Message(n sop.Number, seq int) (store.Message, error) {
	if err := r.u.ask("Message"); err != nil {
		return store.Message{}, err
	}
	return r.Reader.Message(n, seq)
}

func (r *shaky) Messages(n sop.Number) ([]store.Message, error) {
	if err := r.u.ask("Messages"); err != nil {
		return nil, err
	}
	return r.Reader.Messages(n)
}

func (r *shaky) Seen(key string) (store.Seen, error) {
	if err := r.u.ask("Seen"); err != nil {
		return store.Seen{}, err
	}
	return r.Reader.Seen(key)
}

func (r *shaky) Mail(id string) ([]store.Seen, error) {
	if err := r.u.ask("Mail"); err != nil {
		return nil, err
	}
	return r.Reader.Mail(id)
}

func (r *shaky) Fact(key string) (store.Fact, error) {
	if err := r.u.ask("Fact"); err != nil {
		return store.Fact{}, err
	}
	return r.Reader.Fact(key)
}

func (r *shaky) Facts(prefix string) ([]store.Fact, error) {
	if err := r.u.ask("Facts"); err != nil {
		return nil, err
	}
	return r.Reader.Facts(prefix)
}

func (r *shaky) List(f store.Filter) ([]workflow.Ticket, string, error) {
	if err := r.u.ask("List"); err != nil {
		return nil, "", err
	}
	return r.Reader.List(f)
}

func (r *shaky) Due(now time.Time, n int) ([]sop.Number, error) {
	if err := r.u.ask("Due"); err != nil {
		return nil, err
	}
	return r.Reader.Due(now, n)
}
