package alarm

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/internal/store/bolt"
	"helpost/internal/store/storetest"
	"helpost/workflow"
)

// house is a watch over a real store, whose signs a test sets.
type house struct {
	t     *testing.T
	path  string
	store *bolt.Store
	w     *Watch
	hooks []Hook
	hung  chan struct{} // while it is open commits of the alarms hang; nil: they do not
	end   func()

	mu    sync.Mutex
	ahead time.Duration // of the real clock
	mail  time.Time
	relay time.Time
	log   strings.Builder
}

// brisk are limits that a test can live through.
var brisk = Limits{Silence: time.Hour, Relay: time.Second, Queue: time.Hour, Disk: 1 << 20}

func newHouse(t *testing.T, hooks ...Hook) *house {
	h := &house{t: t, path: filepath.Join(t.TempDir(), "helpost.db"), hooks: hooks}
	t.Cleanup(h.stop)
	return h
}

func (h *house) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.log.Write(p)
}

func (h *house) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Now().Add(h.ahead)
}

func (h *house) set(change func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change()
}

// hanging is a store whose commits hang as long as the house says.
type hanging struct {
	Store
	h *house
}

func (s hanging) Commit(ctx context.Context, c store.Change) error {
	if s.h.hung != nil {
		select {
		case <-s.h.hung:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return s.Store.Commit(ctx, c)
}

// start opens the store and lets the watch run.
func (h *house) start() *house {
	h.t.Helper()
	var err error
	if h.store, err = bolt.Open(h.path, bolt.Options{NoSync: true}); err != nil {
		h.t.Fatal(err)
	}
	h.w, err = New(Parts{
		Store: hanging{h.store, h}, Hooks: h.hooks, Limits: brisk, Host: "mx.helpost.test", Prefix: "IT", Clock: h.now, Retry: 20 * time.Millisecond,
		Log:      slog.New(slog.NewTextHandler(h, &slog.HandlerOptions{Level: slog.LevelDebug})),
		LastMail: func() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.mail },
		Relay:    func() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.relay },
		Queue:    func(context.Context) (time.Time, error) { return time.Time{}, nil },
		Free:     func() (int64, error) { return 1 << 40, nil },
	})
	if err != nil {
		h.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { h.w.Run(ctx); close(ended) }()
	h.end = func() { cancel(); <-ended; h.end = nil; _ = h.store.Close() }
	return h
}

func (h *house) stop() {
	if h.end != nil {
		h.end()
	}
}

// happens commits what happened to a ticket, as the gateway does.
func (h *house) happens(calls ...workflow.Call) {
	h.t.Helper()
	var c store.Change
	for _, call := range calls {
		c.Facts = append(c.Facts, h.w.Calls(call)...)
	}
	if err := h.store.Commit(context.Background(), c); err != nil {
		h.t.Fatal(err)
	}
	for _, one := range h.w.callers {
		wake(one.nudge)
	}
}

// facts are the names of the facts that the alarms keep.
func (h *house) facts(prefix string) string {
	h.t.Helper()
	var all []string
	err := h.store.View(context.Background(), func(r store.Reader) error {
		facts, err := r.Facts(prefix)
		for _, f := range facts {
			all = append(all, f.Key)
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return strings.Join(all, " ")
}

func hookTo(r *receiver, on ...sop.Alarm) Hook {
	return Hook{URL: r.URL, Secrets: [][]byte{secret}, On: on, Limits: brisk}
}

func isP1(n sop.Number) workflow.Call {
	return workflow.Call{Alarm: sop.AlarmP1, Ticket: n, Priority: sop.P1, Event: 1, At: time.Now(), Since: time.Now()}
}

// told lists what a receiver was told, in order.
func (r *receiver) told() string {
	var all []string
	for _, h := range r.calls() {
		all = append(all, strings.TrimSpace(string(h.State)+" "+string(h.Alarm)+" "+h.Ticket))
	}
	return strings.Join(all, ", ")
}

// A P1 that was committed is told though nobody listened, and though the process ended; once it was taken, never again.
func TestACallOutlivesARestart(t *testing.T) {
	r := newReceiver(t)
	r.answers(http.StatusServiceUnavailable)
	h := newHouse(t, hookTo(r, sop.AlarmP1)).start()
	h.happens(isP1(7))
	eventually(t, "it was tried twice", func() bool { return len(r.calls()) >= 2 })
	h.stop()
	r.answers(0)
	tried := len(r.calls())
	h.start()
	eventually(t, "it was taken", func() bool { return h.w.Counts().Taken == 1 })
	eventually(t, "nothing is left of it", func() bool { return h.facts("call/") == "" })
	h.stop()
	h.start()
	h.happens(isP1(8))
	eventually(t, "the next was taken", func() bool { return h.w.Counts().Taken == 1 })
	all := r.calls()
	if len(all) != tried+2 || all[tried+1].Ticket != "IT-000008" {
		t.Errorf("it was told: %s", r.told())
	}
	for _, c := range all[:tried+1] {
		if c.ID != "p1-IT-000007-1" || !verifies(c, secret) {
			t.Errorf("a repeat is %+v", c)
		}
	}
}

// Each hook is called for what it is for, and one that takes nothing holds up no other; one that is gone from the
// configuration is forgotten.
func TestEachHookForItself(t *testing.T) {
	deaf, both, breaches := newReceiver(t), newReceiver(t), newReceiver(t)
	deaf.answers(http.StatusInternalServerError)
	h := newHouse(t, hookTo(deaf, sop.AlarmP1), hookTo(both, sop.AlarmP1, sop.AlarmBreach), hookTo(breaches, sop.AlarmBreach)).start()
	late := isP1(3)
	late.Alarm, late.Priority, late.Clock, late.Event = sop.AlarmBreach, sop.P2, workflow.ResponseClock, 5
	h.happens(isP1(7), late)
	eventually(t, "three calls are taken", func() bool { return h.w.Counts().Taken == 3 })
	if got := breaches.told(); got != "raised breach IT-000003" {
		t.Errorf("the one for breaches was told: %s", got)
	}
	if got := len(both.calls()); got != 2 {
		t.Errorf("the one for both was told: %s", both.told())
	}
	if got := breaches.calls()[0].Text; got != "IT-000003 (P2) has missed its response target" {
		t.Errorf("it reads %q", got)
	}
	eventually(t, "what nobody took waits", func() bool { return h.w.Counts().Waiting == 1 })
	h.stop()
	h.hooks = h.hooks[1:]
	h.start()
	eventually(t, "it is forgotten", func() bool { return h.facts("call/") == "" })
}

// A call that is never taken holds up no later one, and ends after a day.
func TestACallThatIsNeverTaken(t *testing.T) {
	r := newReceiver(t)
	r.answers(http.StatusBadRequest)
	h := newHouse(t, hookTo(r, sop.AlarmP1)).start()
	h.happens(isP1(7))
	eventually(t, "it was tried", func() bool { return len(r.calls()) > 0 })
	h.happens(isP1(8))
	eventually(t, "the other was tried as well", func() bool { return strings.Contains(r.told(), "IT-000008") })
	h.set(func() { h.ahead = callAge + time.Hour })
	eventually(t, "both are given up", func() bool { return h.w.Counts().Dropped == 2 })
	eventually(t, "nothing is left of them", func() bool { return h.facts("call/") == "" })
}

// What is wrong with the house is told once, also over a restart, and so is its end.
func TestAnAlarmIsRaisedAndCleared(t *testing.T) {
	r := newReceiver(t)
	h := newHouse(t, hookTo(r, sop.AlarmRelay)).start()
	h.set(func() { h.relay = time.Now().Add(-time.Minute) })
	eventually(t, "it is told", func() bool { return r.told() == "raised relay" && h.w.Counts().Taken == 1 })
	if s := h.w.Standing(); len(s) != 1 || s[0].Alarm != sop.AlarmRelay || !h.w.Counts().Standing[sop.AlarmRelay] {
		t.Errorf("there stands %+v", s)
	}
	h.stop()
	h.start()
	eventually(t, "it stands again", func() bool { return len(h.w.Standing()) == 1 })
	h.set(func() { h.relay = time.Time{} })
	eventually(t, "its end is told", func() bool { return r.told() == "raised relay, cleared relay" })
	eventually(t, "nothing stands", func() bool { return len(h.w.Standing()) == 0 })
	all := r.calls()
	if !all[0].Since.Equal(all[1].Since) || all[0].ID == all[1].ID || all[0].Ticket != "" {
		t.Errorf("it was told %+v, then %+v", all[0].Call, all[1].Call)
	}
	h.set(func() { h.relay = time.Now().Add(-time.Minute) })
	eventually(t, "the next one is told", func() bool { return strings.Count(r.told(), "raised relay") == 2 })
	if ids := r.calls(); ids[2].ID == ids[0].ID {
		t.Errorf("another alarm has the id %s again", ids[0].ID)
	}
}

// What began and ended while the hook could not be reached is taken back all the same, for it may have heard of it.
func TestWhatMayHaveBeenHeardIsTakenBack(t *testing.T) {
	r := newReceiver(t)
	r.answers(http.StatusInternalServerError)
	h := newHouse(t, hookTo(r, sop.AlarmRelay)).start()
	h.set(func() { h.relay = time.Now().Add(-time.Minute) })
	eventually(t, "it is tried", func() bool { return len(r.calls()) > 0 })
	h.set(func() { h.relay = time.Time{} })
	eventually(t, "nothing stands", func() bool { return len(h.w.Standing()) == 0 })
	r.answers(0)
	eventually(t, "its end is told", func() bool { return strings.HasSuffix(r.told(), "cleared relay") })
}

// A store that hangs or fails is an alarm of its own, and holds up no call.
func TestTheStoreHangs(t *testing.T) {
	r := newReceiver(t)
	h := newHouse(t, hookTo(r, sop.AlarmRelay, sop.AlarmStore))
	h.hung = make(chan struct{})
	h.start()
	h.set(func() { h.relay = time.Now().Add(-time.Minute); h.mail = time.Now() })
	eventually(t, "it is told", func() bool { return r.told() == "raised relay" })
	h.w.Kept(errors.New("input/output error"))
	eventually(t, "the store is told of too", func() bool { return r.told() == "raised relay, raised store" })
	if err := h.w.Keeps(t.Context()); err == nil {
		t.Error("the store keeps all the same")
	}
	close(h.hung)
	h.w.Kept(nil)
	eventually(t, "its end is told", func() bool { return strings.HasSuffix(r.told(), "cleared store") })
}

// A silence goes on over a restart.
func TestASilenceOutlivesARestart(t *testing.T) {
	r := newReceiver(t)
	h := newHouse(t, hookTo(r, sop.AlarmSilence)).start()
	heard := time.Now()
	h.set(func() { h.mail = heard })
	eventually(t, "the mail is noted", func() bool { return h.facts("alarm/") == mailKey && h.w.Counts().LastMail.Equal(heard) })
	h.stop()
	h.set(func() { h.mail, h.ahead = time.Time{}, 2*time.Hour })
	h.start()
	eventually(t, "it is told", func() bool { return r.told() == "raised silence" })
	if since := r.calls()[0].Since; since.Sub(heard).Abs() > time.Second {
		t.Errorf("since %v, and a mail came at %v", since, heard)
	}
	h.set(func() { h.mail = time.Now().Add(h.ahead) })
	eventually(t, "its end is told", func() bool { return r.told() == "raised silence, cleared silence" })
}

// The tickets that are alarming are known from the start on, and led on.
func TestAlarmingTickets(t *testing.T) {
	h := newHouse(t)
	var err error
	if h.store, err = bolt.Open(h.path, bolt.Options{NoSync: true}); err != nil {
		t.Fatal(err)
	}
	commit := func(n sop.Number, expect store.Version, change func(*workflow.Ticket)) store.Ticket {
		ticket := storetest.Ticket(n, "rina@company.com", noon)
		ticket.Expect, ticket.Ticket.Seq = expect, int(expect)+1
		ticket.Ticket.State, ticket.Ticket.Priority, ticket.Ticket.RespondedAt = workflow.Open, sop.P1, nil
		change(&ticket.Ticket)
		if err := h.store.Commit(t.Context(), store.Change{Tickets: []store.Ticket{ticket}}); err != nil {
			t.Fatal(err)
		}
		return ticket
	}
	for n := range sop.Number(150) {
		commit(n+1, 0, func(t *workflow.Ticket) {
			if n%3 != 0 {
				t.Priority = sop.P2
			}
		})
	}
	if err := h.store.Close(); err != nil {
		t.Fatal(err)
	}
	h.start()
	counts := func(want int) func() bool {
		return func() bool { return h.w.Counts().Tickets[sop.AlarmP1] == want }
	}
	eventually(t, "fifty P1 stand", counts(50))
	if s := h.w.Standing(); len(s) != 1 || s[0].Text != "50 P1 wait for an answer" {
		t.Errorf("there stands %+v", s)
	}
	at := time.Now()
	answered := commit(1, 1, func(t *workflow.Ticket) { t.RespondedAt = &at })
	h.w.Changed([]store.Ticket{answered})
	eventually(t, "one of them is answered", counts(49))
	answered.Ticket.RespondedAt = nil
	h.w.Changed([]store.Ticket{answered}) // an older word, come late
	raised := commit(2, 1, func(*workflow.Ticket) {})
	h.w.Changed([]store.Ticket{raised})
	eventually(t, "another has become a P1", counts(50))
}

// A watch that nobody stops ends with its context, whatever hangs.
func TestItEnds(t *testing.T) {
	h := newHouse(t, Hook{Exec: program(t, "sleep 600"), On: sop.Alarms, Limits: brisk})
	h.hung = make(chan struct{})
	h.start()
	h.happens(isP1(1))
	h.set(func() { h.mail = time.Now() })
	eventually(t, "the program runs", func() bool { return h.w.Counts().Waiting == 1 })
	at := time.Now()
	h.stop()
	if took := time.Since(at); took > 8*time.Second {
		t.Errorf("it took %v", took)
	}
}
