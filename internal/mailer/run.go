package mailer

import (
	"context"
	"slices"
	"sync"
	"time"

	"helpost/internal/store"
)

// loop is what Run's goroutine owns: connections, claimed rows, and what it knows of relay and queue. Dials and
// transactions run in goroutines of their own and end as an event.
type loop struct {
	m     *Mailer
	relay relay

	idle    []*session // the last one is used first
	busy    int        // transactions that run
	dialing bool       // one at a time: that is the probe, too
	limit   int        // connections that the relay lets us have
	growAt  time.Time  // when to ask for more than limit

	ready shelf
	more  bool      // there may be due rows that are not claimed
	next  time.Time // while !more: when the next row is due; zero: none is

	helpsItself bool // a connection takes the next row without being given it: there is no rate

	latest time.Time // when it last looked

	events  chan event
	farGone sync.WaitGroup // goroutines that say goodbye
	fresh   context.Context
	work    context.Context
	keep    context.Context
}

// event is the end of a dial, or of a connection's work.
type event struct {
	dial      bool
	session   *session // nil: the dial failed
	err       error
	row       store.Outbox // the last that was tried
	verdict   verdict
	answered  bool          // the relay served one before it
	announced *store.Outbox // the next, which was taken and not begun
}

const (
	safetyWake = time.Minute // a clock that was set, or a machine that slept, is noticed after it
	storeWait  = time.Second // after a store that failed, or rows that are leased elsewhere
	growAfter  = time.Minute // a relay that refused one more connection is asked again
)

// Run sends what is due until ctx ends. Then it begins nothing more, lets running transactions end and be recorded
// (each within Config.Grace; what runs longer is cut and sent again after the next start), and says goodbye to the
// relay. Its error says that results could not be recorded. It must not run twice at once.
func (m *Mailer) Run(ctx context.Context) error {
	keep, cutRecords := context.WithCancel(context.WithoutCancel(ctx))
	defer cutRecords()
	work, cut := context.WithCancel(keep)
	defer cut()
	defer context.AfterFunc(ctx, func() {
		time.AfterFunc(m.cfg.Grace, cut)
		time.AfterFunc(2*m.cfg.Grace, cutRecords)
	})()
	m.records = make(chan record, recordBatch)
	l := &loop{
		m: m, relay: relay{back: m.back}, limit: m.cfg.Connections, more: true,
		events: make(chan event), fresh: ctx, work: work, keep: keep, helpsItself: m.limiter == nil,
	}
	recorded := make(chan error, 1)
	go func() { recorded <- m.recorder(keep) }()

	l.run(ctx)
	l.drain()
	close(m.records)
	return <-recorded
}

func (l *loop) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		now := l.m.clock()
		wake := l.step(ctx, now)
		l.publish()
		timer.Reset(max(time.Millisecond, min(wake.Sub(now), safetyWake)))
		select {
		case <-ctx.Done():
		case e := <-l.events:
			l.ended(ctx, e)
		case <-l.m.wake:
			l.woken()
		case <-timer.C:
			l.more = true
		}
	}
}

func (l *loop) woken() {
	l.more = true
	l.m.mu.Lock()
	kicked := l.m.kicked
	l.m.kicked = false
	l.m.mu.Unlock()
	if kicked {
		l.relay.probe, l.growAt = time.Time{}, time.Time{}
	}
}

// step begins all that can begin now, and says when to look again if nothing happens before.
func (l *loop) step(ctx context.Context, now time.Time) time.Time {
	if now.Round(0).Before(l.latest.Add(-clockSlack)) {
		l.setBack(ctx, now)
	}
	l.latest = now.Round(0) // by the wall: the process's own clock never goes back
	wake := l.retire(now)
	if l.relay.failing && now.Before(l.relay.probe) {
		return earlier(wake, l.relay.probe)
	}
	if !now.Before(l.growAt) {
		l.limit = l.m.cfg.Connections
	}
	most := l.limit
	if l.relay.failing {
		most = 1
	}
	if paced := l.feed(ctx, now, most); !paced.IsZero() {
		return earlier(wake, paced)
	}
	if l.relay.failing && l.busy == 0 && len(l.idle) > 0 && l.ready.len() == 0 {
		l.back(ctx) // it lets us in, and there is nothing to try it with
	}
	if len(l.idle) == 0 && l.busy < most && !l.dialing && (l.relay.failing || l.waiting(ctx, now)) {
		l.dial(ctx)
	}
	if !l.more && !l.next.IsZero() {
		wake = earlier(wake, l.next)
	}
	return wake
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// retire says goodbye to connections that were idle for too long, and says when to do so next.
func (l *loop) retire(now time.Time) time.Time {
	wake := now.Add(safetyWake)
	l.idle = slices.DeleteFunc(l.idle, func(s *session) bool {
		end := s.since.Add(l.m.cfg.IdleAfter)
		if now.Before(end) {
			wake = earlier(wake, end)
			return false
		}
		l.farGone.Go(s.quit)
		return true
	})
	return wake
}

// feed gives rows to idle connections. Where the rate stops it, it says until when.
func (l *loop) feed(ctx context.Context, now time.Time, most int) time.Time {
	for len(l.idle) > 0 && l.busy < most {
		if l.ready.len() == 0 && !l.more {
			break
		}
		if ok, at := l.m.pace(now); !ok {
			return at
		}
		if l.ready.len() == 0 {
			l.claim(ctx, now, most)
		}
		row, ok := l.ready.take()
		if !ok {
			break
		}
		if l.m.limiter != nil {
			l.m.limiter.AllowN(now, 1)
		}
		s := l.idle[len(l.idle)-1]
		l.idle = l.idle[:len(l.idle)-1]
		l.begin(s, row)
	}
	return time.Time{}
}

// dial opens a connection; ctx ends it at once, for nothing is under way yet.
func (l *loop) dial(ctx context.Context) {
	l.dialing = true
	go func() {
		s, err := connect(ctx, &l.m.cfg)
		l.events <- event{dial: true, session: s, err: err}
	}()
}

// begin tries a row over a connection, and what waits behind it.
func (l *loop) begin(s *session, row store.Outbox) {
	l.busy++
	go func() { l.events <- l.serve(s, row) }()
}

// ended takes the end of a dial or of a transaction into account.
func (l *loop) ended(ctx context.Context, e event) {
	now := l.m.clock()
	if e.dial {
		l.dialing = false
		if e.err != nil {
			l.refused(ctx, now, e.err)
			return
		}
		e.session.since = now
		l.idle = append(l.idle, e.session)
		return
	}
	l.landed(now, e)
	if e.answered {
		l.back(ctx)
	}
	tell, back := l.relay.judge(now, e.row.ID, e.verdict)
	if l.relay.failing {
		l.down(ctx, tell)
	}
	if back {
		l.healed(ctx)
	}
}

// landed takes back a connection, and the rows that are to go on at once.
func (l *loop) landed(now time.Time, e event) {
	l.busy--
	if e.verdict.keep {
		e.session.since = now
		l.idle = append(l.idle, e.session)
	} else {
		e.session.drop()
	}
	if e.announced != nil {
		l.ready.putBack(*e.announced)
	}
	if e.verdict.fate == fateStale {
		l.ready.putBack(e.row)
	}
}

// drain ends what runs, after ctx of Run has.
func (l *loop) drain() {
	for l.busy > 0 || l.dialing {
		e := <-l.events
		switch {
		case !e.dial:
			l.landed(l.m.clock(), e)
		case e.session != nil:
			l.dialing = false
			l.idle = append(l.idle, e.session)
		default:
			l.dialing = false
		}
	}
	for _, s := range l.idle {
		l.farGone.Go(s.quit)
	}
	for _, row := range l.ready.takeAll() {
		l.m.release(row, row.LastError)
	}
	l.idle = nil
	l.farGone.Wait()
	l.publish()
}
