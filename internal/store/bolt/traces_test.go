package bolt

import (
	"context"
	"fmt"
	"testing"

	"go.etcd.io/bbolt"

	"helpost/internal/store"
	"helpost/internal/store/storetest"
)

func tracesOf(t *testing.T, s *Store, what string) []store.Trace {
	t.Helper()
	var all []store.Trace
	err := s.View(context.Background(), func(r store.Reader) (err error) { all, err = r.Traces(what); return err })
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestTracesAreFoundInEveryBlock(t *testing.T) {
	s := openTest(t, file(t), Options{NoSync: true})
	const all, times, messages = 2000, 20, 100 // each Message-ID in most of the blocks
	for at := 0; at < all; at += times {
		var c store.Change
		for i := range times {
			n := at + i
			c.Traces = append(c.Traces, store.Trace{At: storetest.At(n), MessageID: fmt.Sprintf("<%d@company.com>", n*7%messages), Outcome: "sent", Detail: fmt.Sprint(n)})
		}
		commitTest(t, s, c)
	}
	for id := range messages {
		found := tracesOf(t, s, fmt.Sprintf("%d@company.com", id))
		if len(found) != all/messages {
			t.Fatalf("of message %d there are %d traces", id, len(found))
		}
		for i, trace := range found {
			if want := fmt.Sprintf("<%d@company.com>", id); trace.MessageID != want || i > 0 && !trace.At.After(found[i-1].At) {
				t.Errorf("of message %d: %v", id, trace)
			}
		}
	}
	if found := tracesOf(t, s, "<nobody@company.com>"); len(found) > 0 {
		t.Errorf("of a message without traces: %v", found)
	}
	checkTest(t, s)
}

// A store of schema 2 had the keys of its traces among the mails.
func TestTracesFromBeforeBlocksAreFoundAndGo(t *testing.T) {
	path := file(t)
	s, err := open(path, Options{NoSync: true}, migrations[:1])
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= 3; n++ {
		commitTest(t, s, mail(n))
	}
	s.Close()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(func(tx *bbolt.Tx) error { // as it stood then
		return tx.Bucket(bucketTraces).ForEach(func(k, v []byte) error {
			var trace store.Trace
			if err := decodeDoc(v, &trace); err != nil {
				return err
			}
			if err := tx.Bucket(bucketIndex).Delete(append(blockPrefix(0, trace.MessageID), k...)); err != nil {
				return err
			}
			return tx.Bucket(bucketMails).Put(oldMailKey(trace.MessageID, k), mark)
		})
	}); err != nil {
		t.Fatal(err)
	}
	db.Close()
	s = openTest(t, path, Options{NoSync: true})
	checkTest(t, s)
	commitTest(t, s, store.Change{Traces: []store.Trace{{At: storetest.At(9), MessageID: "<report-2@company.com>", Outcome: "duplicate"}}})
	if all := tracesOf(t, s, "<report-2@company.com>"); len(all) != 2 || all[0].Outcome != "ticket" || all[1].Outcome != "duplicate" {
		t.Errorf("of a mail from before and its repeat: %v", all)
	}
	checkTest(t, s)
	if n, err := s.PruneTraces(context.Background(), storetest.At(100), nil); n != 4 || err != nil {
		t.Errorf("%d go, %v", n, err)
	}
	checkTest(t, s)
}
