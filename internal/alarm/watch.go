package alarm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/workflow"
)

// Parts are what a Watch is made of. Those that look must not block for long.
type Parts struct {
	Store  Store
	Hooks  []Hook
	Limits Limits // of what stands for monitoring: those of no hook
	Host   string // how we are called, for who hears of several
	Prefix string // of ticket numbers
	Clock  sop.Clock
	Log    *slog.Logger
	Retry  time.Duration // the wait after a call that was not taken, doubling up to a minute; 0: 5s

	LastMail func() time.Time                         // when a mail was last taken since the start; zero: none was
	Relay    func() (since time.Time)                 // since when the relay fails; zero: it does not
	Queue    func(context.Context) (time.Time, error) // since when the oldest mail waits to be sent; zero: none does
	Free     func() (int64, error)                    // bytes left where the house keeps things
}

// Watch looks at the house, knows which alarms stand, and lets hooks be called. All its methods may be called from many
// goroutines; none of those that the intake calls waits for anything.
type Watch struct {
	Parts
	tickets *tickets
	notes   *notes
	callers []*caller
	nudge   chan struct{}          // a ticket has become alarming
	wanted  map[sop.Alarm][]string // the hooks that are for an alarm
	began   time.Time
	every   time.Duration // between two looks
	noFrom  atomic.Int64  // since when nothing can be kept, in nanoseconds since 1970; 0: it can
	noted   time.Time     // the last mail, as it was noted

	mu       sync.Mutex
	last     time.Time // mail that was taken
	standing []Standing
	counted  map[sop.Alarm]int // tickets of each alarm
}

// mailKey is the fact that holds when the last mail was taken, so that a silence outlives a restart.
const mailKey = "alarm/mail"

type mailFact struct {
	At time.Time `json:"at"`
}

// New makes a watch. It looks at nothing yet.
func New(p Parts) (*Watch, error) {
	if p.Store == nil || p.LastMail == nil || p.Relay == nil || p.Queue == nil || p.Free == nil {
		return nil, errors.New("alarm: a part is missing")
	}
	if p.Clock == nil {
		p.Clock = time.Now
	}
	if p.Log == nil {
		p.Log = slog.New(slog.DiscardHandler)
	}
	if p.Retry <= 0 {
		p.Retry = 5 * time.Second
	}
	w := &Watch{Parts: p, tickets: &tickets{some: map[sop.Number]int{}}, notes: newNotes(p.Store, p.Log), nudge: make(chan struct{}, 1), wanted: map[sop.Alarm][]string{}, began: p.Clock()}
	w.every = w.often()
	for _, h := range p.Hooks {
		for _, a := range h.On {
			w.wanted[a] = append(w.wanted[a], h.id())
		}
		w.callers = append(w.callers, &caller{
			hook: h, host: p.Host, store: p.Store, notes: w.notes, log: p.Log, clock: p.Clock, first: p.Retry,
			nudge: make(chan struct{}, 1), tries: map[string]int{}, done: map[string]bool{}, stood: map[sop.Alarm]told{},
		})
	}
	return w, nil
}

// Calls gives the facts that make the hooks call for what happened to a ticket, for the change that makes it durable.
func (w *Watch) Calls(c workflow.Call) []store.Fact {
	hooks := w.wanted[c.Alarm]
	if len(hooks) == 0 {
		return nil
	}
	ticket := c.Ticket.ID(w.Prefix)
	call := Call{
		ID: fmt.Sprintf("%s-%s-%d", c.Alarm, ticket, c.Event), Alarm: c.Alarm, State: Raised, Since: c.Since.UTC(), At: c.At.UTC(),
		Text: ticket + " is a P1, and nobody has answered yet", Host: w.Host, Ticket: ticket, Priority: c.Priority, Clock: c.Clock,
	}
	if c.Alarm == sop.AlarmBreach {
		call.Text = fmt.Sprintf("%s (%s) has missed its %s target", ticket, c.Priority, c.Clock)
	}
	raw, err := json.Marshal(call)
	if err != nil { // nothing of it fails to be written
		w.Log.Error("a call cannot be written", "id", call.ID, "error", err)
		return nil
	}
	facts := make([]store.Fact, len(hooks))
	for i, hook := range hooks {
		facts[i] = store.Fact{Key: callPrefix(hook) + call.ID, Value: raw}
	}
	return facts
}

// Changed is told of tickets that were committed.
func (w *Watch) Changed(all []store.Ticket) {
	alarming := false
	for i := range all {
		alarming = w.tickets.note(&all[i].Ticket) || alarming
	}
	if alarming {
		wake(w.nudge)
		for _, c := range w.callers {
			wake(c.nudge)
		}
	}
}

// Kept is told how each commit ended.
func (w *Watch) Kept(err error) {
	if err == nil {
		if w.noFrom.Load() != 0 {
			w.noFrom.Store(0)
		}
		return
	}
	w.noFrom.CompareAndSwap(0, w.Clock().UnixNano())
}

// stuckAfter is how long a commit may take before nothing can be kept, as far as anybody can tell.
const stuckAfter = 30 * time.Second

// Keeps says why nothing can be kept just now, nil where it can: for readiness.
func (w *Watch) Keeps(context.Context) error {
	if since := w.broken(); !since.IsZero() {
		return fmt.Errorf("nothing can be kept since %s", since.UTC().Format(time.RFC3339))
	}
	return nil
}

func (w *Watch) broken() time.Time {
	if at := w.noFrom.Load(); at != 0 {
		return time.Unix(0, at)
	}
	if stuck := w.notes.stuck(); stuck > stuckAfter {
		return w.Clock().Add(-stuck)
	}
	return time.Time{}
}

// Run looks at the house now and then, and makes the calls, until ctx ends.
func (w *Watch) Run(ctx context.Context) {
	var running, noting sync.WaitGroup
	keep, last := context.WithCancel(context.WithoutCancel(ctx)) // what the last call brought is noted too
	defer noting.Wait()
	defer last()
	noting.Go(func() { w.notes.run(keep) })
	w.recall(ctx)
	for _, c := range w.callers {
		running.Go(func() { c.run(ctx) })
	}
	if err := w.tickets.find(ctx, w.Store); err != nil && ctx.Err() == nil {
		w.Log.Error("the alarms of the tickets could not be read: they stand from their next change on", "error", err)
	}
	ticker := time.NewTicker(w.every)
	defer ticker.Stop()
	for ctx.Err() == nil {
		w.look(ctx)
		select {
		case <-time.After(oftenest):
		case <-ctx.Done():
		}
		select {
		case <-ticker.C:
		case <-w.nudge:
		case <-ctx.Done():
		}
	}
	running.Wait()
}

// Between two looks there is a quarter of the shortest limit, within these bounds.
const (
	oftenest = 250 * time.Millisecond
	rarest   = 15 * time.Second
)

func (w *Watch) often() time.Duration {
	every := rarest
	limits := []Limits{w.Limits}
	for _, h := range w.Hooks {
		limits = append(limits, h.Limits)
	}
	for _, l := range limits {
		every = min(every, l.Silence/4, l.Relay/4, l.Queue/4)
	}
	return max(every, oftenest)
}

// recall reads what was noted before the start, and forgets the hooks that are gone.
func (w *Watch) recall(ctx context.Context) {
	var mail mailFact
	err := read(ctx, w.Store, mailKey, &mail)
	w.noted = mail.At
	known := map[string]bool{}
	for _, c := range w.callers {
		stood := map[sop.Alarm]told{}
		err = errors.Join(err, read(ctx, w.Store, stoodKey(c.hook.id()), &stood))
		c.mu.Lock()
		c.stood = stood
		c.mu.Unlock()
		known[c.hook.id()] = true
	}
	err = errors.Join(err, w.Store.View(ctx, func(r store.Reader) error {
		for _, prefix := range []string{"hook/", "call/"} {
			facts, err := r.Facts(prefix)
			if err != nil {
				return err
			}
			for _, f := range facts {
				hook, _, _ := strings.Cut(strings.TrimPrefix(f.Key, prefix), "/")
				if !known[hook] {
					w.notes.drop(f.Key)
				}
			}
		}
		return nil
	}))
	if err != nil && ctx.Err() == nil {
		w.Log.Error("what the alarms noted before could not be read", "error", err)
	}
}

// look judges the house as it is now.
func (w *Watch) look(ctx context.Context) {
	s := w.signs(ctx)
	if ctx.Err() != nil {
		return
	}
	for _, c := range w.callers {
		c.observe(Judge(s, c.hook.Limits, c.standing()), s.Now)
	}
	stood := map[sop.Alarm]time.Time{}
	for _, st := range w.Standing() {
		stood[st.Alarm] = st.Since
	}
	now := Judge(s, w.Limits, stood)
	w.tell(now, stood)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last, w.standing, w.counted = s.LastMail, now, map[sop.Alarm]int{}
	for a, list := range s.Tickets {
		w.counted[a] = len(list)
	}
}

// tell logs what has changed.
func (w *Watch) tell(now []Standing, stood map[sop.Alarm]time.Time) {
	for _, s := range now {
		if _, before := stood[s.Alarm]; !before {
			w.Log.Warn("alarm", "alarm", string(s.Alarm), "since", s.Since, "text", s.Text)
		}
		delete(stood, s.Alarm)
	}
	for a, since := range stood {
		w.Log.Info("alarm is over", "alarm", string(a), "since", since)
	}
}

// signs looks. What cannot be seen is no alarm: the store's own is another one's to raise.
func (w *Watch) signs(ctx context.Context) Signs {
	s := Signs{Now: w.Clock(), LastMail: w.lastMail(), Store: w.broken(), Relay: w.Relay()}
	var err error
	if s.Tickets, err = w.tickets.look(ctx, w.Store); err != nil && ctx.Err() == nil {
		w.Log.Warn("the tickets that are alarming could not be read", "error", err)
	}
	if s.Queue, err = w.Queue(ctx); err != nil && ctx.Err() == nil {
		w.Log.Warn("the queue could not be looked at", "error", err)
	}
	if s.Free, err = w.Free(); err != nil {
		s.Free = -1
	}
	return s
}

// lastMail is when the last mail was taken, before the start too. Where none ever was it counts from the first start. It
// is noted, but not with each mail: a restart may forget as much of it as lies between two looks.
func (w *Watch) lastMail() time.Time {
	last := w.LastMail()
	if last.Before(w.noted) {
		last = w.noted
	}
	if last.IsZero() {
		last = w.began
	}
	if last.Sub(w.noted) >= w.every || w.noFrom.Load() != 0 { // while nothing can be kept this tries whether something can
		w.noted = last
		w.notes.put(mailKey, mailFact{At: last.UTC()})
	}
	return last
}

// Standing lists the alarms that stand, the gravest first, as of the last look.
func (w *Watch) Standing() []Standing {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.standing
}

// Counts is what monitoring is told.
type Counts struct {
	Standing map[sop.Alarm]bool // every alarm
	Tickets  map[sop.Alarm]int  // for which the alarms of tickets stand
	LastMail time.Time          // when the last was taken; where none ever was, when it began to wait for one
	Free     int64              // bytes; negative: unknown

	Taken, Failed, Dropped int64 // calls of hooks since the start; Failed counts tries
	Waiting                int64 // calls that are not taken yet
}

// Counts gives what monitoring is told, as of the last look.
func (w *Watch) Counts() Counts {
	c := Counts{Standing: map[sop.Alarm]bool{}, LastMail: w.LastMail()}
	w.mu.Lock()
	for _, s := range w.standing {
		c.Standing[s.Alarm] = true
	}
	if c.Tickets = w.counted; c.LastMail.Before(w.last) {
		c.LastMail = w.last
	}
	w.mu.Unlock()
	var err error
	if c.Free, err = w.Free(); err != nil {
		c.Free = -1
	}
	for _, one := range w.callers {
		c.Taken, c.Failed, c.Dropped = c.Taken+one.taken.Load(), c.Failed+one.failed.Load(), c.Dropped+one.dropped.Load()
		c.Waiting += one.waiting.Load()
	}
	return c
}
