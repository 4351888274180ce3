package storetest

import (
	"testing"

	"helpost/internal/store"
)

// Run runs the whole suite. fresh makes a store for one test and returns how to open it; each opening but the first comes
// after a Close, and finds what was committed.
func Run(t *testing.T, fresh func(t *testing.T) Open) {
	for _, statement := range []struct {
		says string
		test func(*testing.T, Open)
	}{
		{"a change is there whole, also after opening anew", changeIsWhole},
		{"a refused change leaves nothing", refusedLeavesNothing},
		{"seen keys are looked at before versions", seenBeforeVersions},
		{"a version lets one of two writers through", versionsCompare},
		{"one of many writers at once gets through", oneWriterWins},
		{"a mail that comes many times at once is taken once", oneMailOnce},
		{"a log has no gap and no second of one place", logIsGapless},
		{"words that go, or give place to others, leave an entry as it was hashed", rewrittenEntry},
		{"a message is made anew, and its raw mail goes", remadeMessage},
		{"a seal takes in the logs that went on, once", sealsFollow},
		{"a message and its raw mail come once", messagesComeOnce},
		{"what no store can keep is refused", nonsenseIsRefused},
		{"mails are found by key and by Message-ID", mailsAreFound},
		{"a fact changes only from the version that was read", factsCompare},
		{"a fact that comes anew is not the one that is gone", factsComeAnew},
		{"facts are listed by prefix", factsByPrefix},
		{"numbers are given once", numbersOnce},
		{"a number that came from elsewhere is not given", numbersFromElsewhere},
		{"tickets are listed newest first, by state, reporter, assignee", listFilters},
		{"a list shows each ticket once while tickets come", listIsStable},
		{"a list refuses a cursor that is none", listRefusesCursor},
		{"a search finds words in subjects and messages", search},
		{"tickets are due in their order", due},
		{"the outbox gives what is due, the urgent first, to one at a time", outboxOrder},
		{"a lease ends by time, by Done and by Defer", outboxLease},
		{"many who claim at once get each row once", outboxMany},
		{"the outbox is listed by id", outboxList},
		{"a quarantined mail leaves once", quarantine},
		{"traces are found by Message-ID and by address", traces},
		{"the policy is the last one written", policy},
		{"counts follow", countsFollow},
		{"what was read stays valid", readsStay},
		{"a reader sees one state", readsAreConsistent},
		{"a context that has ended changes nothing", endedContext},
		{"a closed store says so", closed},
	} {
		t.Run(statement.says, func(t *testing.T) { statement.test(t, fresh(t)) })
	}
	t.Run("any sequence of changes gives what a model gives", func(t *testing.T) { law(t, fresh) })
}

// opened opens a store for a test that needs it once.
func opened(t *testing.T, open Open) store.Store {
	s := open()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}
