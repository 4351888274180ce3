package mailer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"helpost/internal/store"
)

func TestAMailThatTheGatewayCannotReportStays(t *testing.T) {
	relay := newRelay(t)
	relay.script = at("RCPT", "550 5.1.1 no such person")
	d := newDesk(t, relay.start().addr, nil)
	d.failures.refuse = store.ErrFull
	d.add(row(1))
	d.run().tried(1)
	d.failures.mu.Lock()
	d.failures.refuse = nil
	d.failures.mu.Unlock()
	d.pass(5 * time.Second)
	d.empty()
	eventually(t, "it is counted as failed", func() bool { return d.m.State().Failed == 1 })
	if n := len(d.failures.all()); n != 1 {
		t.Errorf("told %d times", n)
	}
}

func TestResultsAreRecordedWhenTheStoreIsBack(t *testing.T) {
	relay := newRelay(t).start()
	d := newDesk(t, relay.addr, nil)
	var refused atomic.Int32
	d.queue.refusing(func(c store.Change) error {
		if len(c.Done) > 0 {
			refused.Add(1)
			return store.ErrFull
		}
		return nil
	})
	d.add(rows(10)...)
	d.run()
	eventually(t, "several attempts to record", func() bool { return refused.Load() > 12 })
	d.queue.refusing(nil)
	d.empty()
	once(t, relay, 10)
}

func TestSendingStopsWhereNothingCanBeRecorded(t *testing.T) {
	relay := newRelay(t).start()
	d := newDesk(t, relay.addr, nil)
	d.queue.refusing(func(c store.Change) error {
		if len(c.Done) > 0 {
			return store.ErrFull
		}
		return nil
	})
	d.add(rows(800)...)
	d.run()
	most := 3*recordBatch + 4 // stuck, waiting, and on the connections
	eventually(t, "mails beyond one batch", func() bool { return len(relay.sent()) > recordBatch })
	time.Sleep(200 * time.Millisecond)
	if n := len(relay.sent()); n > most {
		t.Errorf("%d mails were sent and not recorded, %d at most may be", n, most)
	}
	d.queue.refusing(nil)
	d.empty()
	once(t, relay, 800)
}

func TestAMailIsNotSentTwiceBecauseItTakesLong(t *testing.T) {
	relay := newRelay(t)
	reached, goOn := make(chan bool, 1), make(chan bool)
	relay.script = func(c *relayConn, step, _ string) string {
		if step == "BODY" && c.mail.to == "rina1@company.com" {
			reached <- true
			<-goOn
		}
		return usual
	}
	d := newDesk(t, relay.start().addr, nil)
	d.add(row(1))
	d.run()
	<-reached
	if _, err := d.m.Retry(context.Background()); err != nil {
		t.Fatal(err)
	}
	d.pass(2 * d.m.cfg.lease()) // the store would give it to anybody now
	d.add(row(2))
	eventually(t, "the other mail", func() bool { return len(relay.sent()) == 1 })
	close(goOn)
	d.empty()
	once(t, relay, 2)
}

func TestOneRowThatTheStoreRefusesHoldsUpNoOther(t *testing.T) {
	relay := newRelay(t).start()
	d := newDesk(t, relay.addr, nil)
	var refuse atomic.Uint64
	d.add(rows(20)...)
	refuse.Store(d.waiting()[3].ID)
	d.queue.refusing(func(c store.Change) error {
		if slices.Contains(c.Done, refuse.Load()) {
			return fmt.Errorf("row: %w", store.ErrConflict)
		}
		return nil
	})
	d.run()
	eventually(t, "the others have left", func() bool { return len(d.waiting()) == 1 })
	refuse.Store(0)
	d.empty()
	once(t, relay, 20)
}

func TestAStopSaysWhatCouldNotBeRecorded(t *testing.T) {
	relay := newRelay(t).start()
	d := newDesk(t, relay.addr, func(c *Config) { c.Grace = 50 * time.Millisecond })
	d.queue.refusing(func(store.Change) error { return errors.New("no store") })
	d.add(row(1))
	d.run()
	eventually(t, "it is sent", func() bool { return len(relay.sent()) == 1 })
	if err := d.end(); err == nil || !strings.Contains(err.Error(), "1 results") {
		t.Errorf("the end says %v", err)
	}
}
