package smtpd

import (
	"context"
	"slices"
	"sync"
	"time"
)

const (
	gateBears = 10          // mails that are with the Taker before the next one waits; a commit serves some four
	gateWait  = time.Second // that a MAIL waits at most
)

// gate lets mail begin no faster than the Taker takes it. Where as many mails as it bears are with the Taker, the next
// MAIL is answered as soon as one of them is done, in their order. So a client that comes to a busy desk waits before its
// mail, not after it: what was begun ends soon, and less is held in memory.
//
// Only what is with the Taker counts, so nobody holds up another by being slow.
type gate struct {
	mu     sync.Mutex
	busy   int // mails with the Taker
	queue  []chan struct{}
	bears  int
	atMost time.Duration // that a MAIL waits
}

// wait waits for a place. Nobody keeps one.
func (g *gate) wait(ctx context.Context) {
	g.mu.Lock()
	if g.busy < g.bears {
		g.mu.Unlock()
		return
	}
	turn := make(chan struct{})
	g.queue = append(g.queue, turn)
	g.mu.Unlock()
	over := time.NewTimer(g.atMost)
	defer over.Stop()
	select {
	case <-turn:
		return
	case <-over.C:
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if i := slices.Index(g.queue, turn); i >= 0 {
		g.queue = slices.Delete(g.queue, i, i+1)
	}
}

// begin and end stand around what the Taker does.
func (g *gate) begin() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.busy++
}

func (g *gate) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.busy--; g.busy < g.bears && len(g.queue) > 0 {
		close(g.queue[0])
		g.queue = g.queue[1:]
	}
}
