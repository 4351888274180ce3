package mailer

import (
	"testing"
	"time"
)

func TestAClockThatIsSetBackHoldsUpNoMail(t *testing.T) {
	relay := newRelay(t)
	relay.script = at("RCPT", "451 4.7.1 later")
	d := newDesk(t, relay.start().addr, nil)
	d.add(row(1))
	d.run()
	d.tried(1)
	relay.mu.Lock()
	relay.script = nil
	relay.mu.Unlock()
	d.pass(-240 * time.Hour)
	d.empty()
	once(t, relay, 1)
}

func TestAMailFromBeforeTheClockWasSetBackIsSent(t *testing.T) {
	relay := newRelay(t).start()
	d := newDesk(t, relay.addr, nil)
	ahead := row(1)
	ahead.Made, ahead.NextTry = epoch.Add(240*time.Hour), epoch.Add(240*time.Hour)
	d.add(ahead)
	d.run()
	d.empty()
	once(t, relay, 1)
}

func TestARelayThatFailsIsTriedAfterTheClockWasSetBack(t *testing.T) {
	relay := newRelay(t)
	d := newDesk(t, relay.addr, nil)
	d.add(row(1))
	d.run().failing(true)
	relay.start()
	d.pass(-240 * time.Hour)
	d.empty()
	d.failing(false)
}

func TestAClockThatIsSetForwardSendsEachOnce(t *testing.T) {
	relay := newRelay(t).start()
	d := newDesk(t, relay.addr, nil)
	d.add(rows(10)...)
	d.run()
	d.pass(240 * time.Hour)
	d.empty()
	d.pass(-240 * time.Hour)
	d.add(row(11))
	d.empty()
	once(t, relay, 11)
}
