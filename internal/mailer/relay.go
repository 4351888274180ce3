package mailer

import (
	"context"
	"time"
)

// relay is what we know of the relay's health. It fails when no connection can be opened, or when several mails in a
// row got no proper answer. Then one probe at a time is made, instead of a try for each mail, until one mail is answered.
type relay struct {
	back    backoff
	failing bool
	since   time.Time
	probe   time.Time // no earlier try, while failing
	reason  string
	told    bool // that it fails: not before a probe has failed too
	trouble int  // mails in a row without a proper answer
	hurt    map[uint64]struct{}
}

// maxHurt bounds how many mails are remembered that a failing relay put off.
const maxHurt = 10_000

// fail notes that the relay does not serve us. It says whether that is to be told.
func (r *relay) fail(now time.Time, reason string) bool {
	tell := r.failing && !r.told
	if !r.failing {
		r.failing, r.since = true, now
	}
	r.told = r.told || tell
	r.reason = reason
	r.probe = now.Add(r.back.probe(now.Sub(r.since)))
	return tell
}

// ok notes that the relay serves us. It says whether that is a change.
func (r *relay) ok() bool {
	back := r.failing
	if !back {
		r.hurt = nil // then it was not the relay
	}
	r.failing, r.trouble = false, 0
	return back
}

// judge takes a verdict into account. It says whether a failure is to be told, and whether the relay is back.
func (r *relay) judge(now time.Time, id uint64, v verdict) (tell, back bool) {
	if !v.asked || v.fate == fateStale || v.fate == fateStopped {
		return false, false
	}
	if v.blame == blameNone {
		return false, r.ok()
	}
	if v.fate == fateDeferred && len(r.hurt) < maxHurt {
		if r.hurt == nil {
			r.hurt = map[uint64]struct{}{}
		}
		r.hurt[id] = struct{}{}
	}
	r.trouble++
	if v.blame == blameRelay || r.trouble >= troubleMax || r.failing {
		return r.fail(now, v.text), false
	}
	return false, false
}

// healed gives the mails that a failing relay put off, once.
func (r *relay) healed() []uint64 {
	ids := make([]uint64, 0, len(r.hurt))
	for id := range r.hurt {
		ids = append(ids, id)
	}
	r.hurt = nil
	return ids
}

// refused is a connection that we did not get. Beside others that work it only says how many we may have.
func (l *loop) refused(ctx context.Context, now time.Time, err error) {
	if ctx.Err() != nil {
		return
	}
	if live := len(l.idle) + l.busy; live > 0 {
		l.limit, l.growAt = live, now.Add(growAfter)
		l.m.log.Info("the relay takes no more connections", "connections", live, "error", nameless(oneLine(err.Error())))
		return
	}
	l.m.log.DebugContext(ctx, "no connection to the relay", "error", nameless(oneLine(err.Error())))
	l.down(ctx, l.relay.fail(now, oneLine(err.Error())))
}

// down is a relay that fails: nothing is held for it, neither connections nor rows.
func (l *loop) down(ctx context.Context, tell bool) {
	for _, s := range l.idle {
		l.farGone.Go(s.quit)
	}
	for _, row := range l.ready.takeAll() {
		l.m.release(row, l.relay.reason)
	}
	l.idle, l.more = nil, true
	if tell {
		l.m.log.ErrorContext(ctx, "the relay fails", "error", nameless(l.relay.reason))
		l.tell()
	}
	l.m.sweep(l.keep, l.relay.reason)
}

// back is a relay that serves us again.
func (l *loop) back(ctx context.Context) {
	if l.relay.ok() {
		l.healed(ctx)
	}
}

// healed lets go at once what the relay put off while it failed.
func (l *loop) healed(ctx context.Context) {
	if l.relay.told {
		l.relay.told = false
		l.m.log.InfoContext(ctx, "the relay is back", "after", l.m.clock().Sub(l.relay.since).Round(time.Millisecond))
		l.tell()
	}
	l.more = true
	ids := l.relay.healed()
	if len(ids) == 0 {
		return
	}
	if _, err := Requeue(ctx, l.m.queue, l.m.clock(), ids...); err != nil {
		l.m.log.Error("mails could not be put forward; they go by their own schedule", "error", err)
	}
}

func (l *loop) tell() {
	l.publish()
	if l.m.cfg.OnRelay != nil {
		l.m.cfg.OnRelay(l.m.State())
	}
}

func (l *loop) publish() {
	s := State{Connections: len(l.idle) + l.busy, Sending: l.busy, Error: l.relay.reason}
	if l.relay.failing {
		s.Failing, s.Since, s.NextProbe = true, l.relay.since, l.relay.probe
	}
	l.m.mu.Lock()
	l.m.state = s
	l.m.mu.Unlock()
}
