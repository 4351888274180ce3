package mailer

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"helpost/internal/store"
)

// settle does what follows from the end of a try: the row leaves, or is put off, or goes to Failures.
func (m *Mailer) settle(ctx context.Context, row store.Outbox, v verdict, took time.Duration) {
	now := m.clock()
	if v.asked {
		m.cfg.Tried(took)
	}
	switch v.fate {
	case fateSent:
		m.sent.Add(1)
		m.cfg.Sent(now.Sub(row.Made))
		m.report(ctx, row, v, "mail sent", slog.Duration("took", took.Round(time.Millisecond)))
		t := trace(row, now, outcomeSent, v.text)
		m.records <- record{id: row.ID, done: true, trace: &t}
	case fateFailed:
		m.undelivered(ctx, row, v)
	case fateDeferred:
		if m.tooOld(row, now) {
			m.undelivered(ctx, row, m.givenUp(v))
			return
		}
		m.putOff(ctx, row, v)
	case fateStopped:
		m.release(row, row.LastError)
	case fateStale: // it goes on at once, over another connection
	}
}

func (m *Mailer) tooOld(row store.Outbox, now time.Time) bool {
	return !now.Before(row.Made.Add(m.cfg.GiveUpAfter))
}

// givenUp turns the last of many tries into a failure (RFC 3463 §3.5, X.4.7).
func (m *Mailer) givenUp(v verdict) verdict {
	v.fate, v.status = fateFailed, "5.4.7"
	v.text = oneLine(fmt.Sprintf("given up after %s: %s", m.cfg.GiveUpAfter, v.text))
	return v
}

// putOff defers a row by its own schedule. Its last try is when it is too old.
func (m *Mailer) putOff(ctx context.Context, row store.Outbox, v verdict) {
	now := m.clock()
	tries := row.Tries + 1
	next := now.Add(m.back.after(tries))
	if last := row.Made.Add(m.cfg.GiveUpAfter); last.After(now) && next.After(last) {
		next = last
	}
	m.deferred.Add(1)
	m.report(ctx, row, v, "mail deferred", slog.Int("tries", tries), slog.Time("next", next))
	t := trace(row, now, outcomeDeferred, v.text)
	m.records <- record{
		id: row.ID, put: &store.Deferral{ID: row.ID, NextTry: next, Tries: tries, Error: v.text}, trace: &t,
	}
}

// undelivered hands a row to Failures. Where that does not take it, it stays.
func (m *Mailer) undelivered(ctx context.Context, row store.Outbox, v verdict) {
	if err := m.failures.Undelivered(ctx, row, v.status, v.text); err != nil {
		m.log.Error("a failed mail could not be reported", "trace", row.Trace, "row", row.ID, "ticket", row.Ticket, "error", err)
		m.putOff(ctx, row, v)
		return
	}
	m.failed.Add(1)
	m.report(ctx, row, v, "mail failed")
	m.recorded([]record{{id: row.ID}})
}

// release gives a claimed row back as it was: nothing was tried, or it does not count.
func (m *Mailer) release(row store.Outbox, reason string) {
	m.records <- record{
		id: row.ID, put: &store.Deferral{ID: row.ID, NextTry: row.NextTry, Tries: row.Tries, Error: reason},
	}
}

// report writes the one line of a try. The relay's words may name people, and the first half of a Message-ID is the token
// that an answer bears: both stand in the trace, not here.
func (m *Mailer) report(ctx context.Context, row store.Outbox, v verdict, what string, more ...slog.Attr) {
	level := slog.LevelInfo
	if v.fate == fateFailed {
		level = slog.LevelWarn
	}
	all := append(make([]slog.Attr, 0, 11), // what slog knows by its type is written without a detour
		slog.String("trace", row.Trace), slog.Uint64("row", row.ID), slog.Uint64("ticket", uint64(row.Ticket)),
		slog.String("unique", unique(row.MessageID)), slog.String("kind", string(row.Kind)), slog.String("status", v.status))
	if v.fate != fateSent {
		all = append(all, slog.String("stage", string(v.stage)), slog.Int("code", v.code))
	}
	m.log.LogAttrs(ctx, level, what, append(all, more...)...)
}

// unique is the second half of a Message-ID of ours, <TOKEN.UNIQUE@domain>: it tells notices apart and opens nothing.
func unique(messageID string) string {
	local, _, _ := strings.Cut(messageID, "@")
	_, half, _ := strings.Cut(local, ".")
	return half
}

// nameless is a relay's words without addresses, for a log.
func nameless(text string) string {
	words := strings.Fields(text)
	for i, w := range words {
		if strings.Contains(w, "@") {
			words[i] = "<…>"
		}
	}
	return strings.Join(words, " ")
}
