package gateway

import (
	"bufio"
	"bytes"
	"context"
	"net/textproto"
	"sync"
	"time"

	"helpost/internal/store"
	"helpost/smtpd"
	"helpost/workflow"
)

// Refused mails leave a trace and no more, so it costs no flush of its own: it waits for the next commit, for somebody who
// asks, or for noteDelay. A crash may lose what waits. Whoever offers refused mail all day long leaves notesAnHour traces
// in each hour; the counters and the log have the rest.
const (
	noteDelay   = 10 * time.Second
	notesAnHour = 500
)

// notes are traces that wait.
type notes struct {
	mu      sync.Mutex
	waiting []store.Trace
	hour    int64
	written int // in this hour
}

// add keeps a trace for the next commit, and says whether it is the first that waits.
func (n *notes) add(t store.Trace) (first bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if hour := t.At.Unix() / 3600; hour != n.hour {
		n.hour, n.written = hour, 0
	}
	if n.written < notesAnHour {
		n.written++
		n.waiting = append(n.waiting, t)
		return len(n.waiting) == 1
	}
	return false
}

func (n *notes) waits() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.waiting) > 0
}

// due says whether one waits for long enough.
func (n *notes) due(now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.waiting) > 0 && now.Sub(n.waiting[0].At) >= noteDelay
}

func (n *notes) take() []store.Trace {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := n.waiting
	n.waiting = nil
	return all
}

func (n *notes) giveBack(all []store.Trace) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.waiting = append(all, n.waiting...)
}

// commit commits a change, and what waits with it.
func (g *Gateway) commit(ctx context.Context, c store.Change) error {
	late := g.notes.take()
	c.Traces = append(c.Traces, late...)
	err := g.Store.Commit(ctx, c)
	if err != nil {
		g.notes.giveBack(late)
	}
	return err
}

// Note makes the traces durable that wait.
func (g *Gateway) Note(ctx context.Context) error {
	if !g.notes.waits() {
		return nil
	}
	return g.commit(ctx, store.Change{})
}

// Refused notes a mail that the door refused (smtpd.Config.Refused).
func (g *Gateway) Refused(r smtpd.Refusal) {
	g.note(store.Trace{
		At: workflow.Moment(g.Clock()), ID: r.Trace, MessageID: messageIDOf(r.Begin), From: r.From, To: r.To, Outcome: "refused", Detail: r.Text,
	})
}

func (g *Gateway) note(t store.Trace) {
	if g.notes.add(t) {
		g.rouse() // so that the nap under way is not too long
	}
}

// longestHeader is how far a refused mail is read for its Message-ID.
const longestHeader = 64 << 10

// messageIDOf reads the Message-ID of a mail that nobody reads otherwise; "" where none is found.
func messageIDOf(mail []byte) string {
	head, err := textproto.NewReader(bufio.NewReader(bytes.NewReader(mail[:min(len(mail), longestHeader)]))).ReadMIMEHeader()
	if err != nil {
		return "" // cut off, or no header: its addresses find it
	}
	return head.Get("Message-Id")
}
