package bolt

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"go.etcd.io/bbolt"

	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/internal/store/kv"
	"helpost/internal/store/storetest"
	"helpost/internal/store/words"
	"helpost/workflow"
)

func TestABackupIsAStoreOfItsMoment(t *testing.T) {
	ctx := context.Background()
	s := openTest(t, file(t), Options{})
	commitTest(t, s, mail(1))
	var copied bytes.Buffer
	if err := s.Backup(ctx, &copied); err != nil {
		t.Fatal(err)
	}
	commitTest(t, s, mail(2))
	path := file(t)
	if err := os.WriteFile(path, copied.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	b := openTest(t, path, Options{})
	expectTickets(t, b, 1)
	checkTest(t, b)
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := s.Backup(ended, &copied); !errors.Is(err, context.Canceled) {
		t.Errorf("a backup whose context has ended says %v", err)
	}
}

func TestCompactingGivesRoomBackWhileTheStoreServes(t *testing.T) {
	ctx := context.Background()
	path := file(t)
	s := openTest(t, path, Options{NoSync: true})
	for n := range 300 {
		commitTest(t, s, mail(n+1))
	}
	rows, err := s.Claim(ctx, storetest.At(1<<20), 1<<20, 1)
	if err != nil {
		t.Fatal(err)
	}
	var done []uint64
	for _, r := range rows[:590] {
		done = append(done, r.ID)
	}
	commitTest(t, s, store.Change{Done: done})
	merge(t, s)
	before := onDisk(t, path)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 10 {
				if err := s.Commit(ctx, mail(1000+10*i+j)); err != nil {
					t.Error(err)
				}
				if err := s.View(ctx, func(r store.Reader) error { _, err := r.Raw(1, 1); return err }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 3 {
		if err := s.Compact(ctx); err != nil {
			t.Fatal(err)
		}
	}
	wg.Wait()
	if after := onDisk(t, path); after >= before*3/4 {
		t.Errorf("the file had %d bytes and has %d", before, after)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v, %v", info.Mode(), err)
	}
	checkTest(t, s)
	if _, err := Open(path, Options{}); !errors.Is(err, store.ErrLocked) {
		t.Errorf("the new file is not locked: %v", err)
	}
	if err := s.Backup(ctx, &bytes.Buffer{}); err != nil {
		t.Errorf("a backup afterwards: %v", err)
	}
	n, err := s.Reserve(ctx, store.SeqTicket)
	if err != nil || n != 1040 {
		t.Errorf("the next number is %d, %v", n, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openTest(t, path, Options{})
	checkTest(t, s)
	if err := s.View(ctx, func(r store.Reader) error {
		c, err := r.Counts()
		if c["tickets"] != 340 || c["outbox"] != 90 {
			t.Errorf("counts are %v", c)
		}
		all, err2 := r.Queue(rows[599].ID, 1000)
		if len(all) != 80 {
			t.Errorf("%d rows came after the last one claimed", len(all))
		}
		return errors.Join(err, err2)
	}); err != nil {
		t.Error(err)
	}
}

// onDisk is how many bytes of the disk a file takes; what it never wrote it does not take.
func onDisk(t *testing.T, path string) int64 {
	t.Helper()
	var st syscall.Stat_t
	if err := syscall.Stat(path, &st); err != nil {
		t.Fatal(err)
	}
	return st.Blocks * 512
}

func TestWhatABrokenOffCompactionLeftIsRemoved(t *testing.T) {
	path := file(t)
	if err := os.WriteFile(path+kv.CopySuffix, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	openTest(t, path, Options{})
	if _, err := os.Stat(path + kv.CopySuffix); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestOldTracesArePrunedWithTheirKeys(t *testing.T) {
	ctx := context.Background()
	s := openTest(t, file(t), Options{NoSync: true})
	const all = 1200
	for i := range all / 100 {
		var c store.Change
		for j := range 100 {
			c.Traces = append(c.Traces, store.Trace{At: storetest.At(100*i + j), MessageID: "<a@company.com>", From: "a@company.com", To: "a@company.com"})
		}
		commitTest(t, s, c)
	}
	commitTest(t, s, store.Change{Traces: []store.Trace{{At: storetest.At(3), MessageID: "policy", Outcome: "policy"}}})
	keep := func(tr store.Trace) bool { return tr.Outcome == "policy" }
	if n, err := s.PruneTraces(ctx, storetest.At(1150), keep); err != nil || n != 1150 {
		t.Errorf("%d were pruned, %v", n, err)
	}
	checkTest(t, s)
	for what, want := range map[string]int{"<a@company.com>": 50, "a@company.com": 50, "policy": 1} {
		err := s.View(ctx, func(r store.Reader) error {
			left, err := r.Traces(what)
			if len(left) != want || want == 50 && !left[0].At.Equal(storetest.At(1150)) {
				t.Errorf("of %q %d are left", what, len(left))
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	if n, err := s.PruneTraces(ctx, storetest.At(5000), nil); err != nil || n != 51 {
		t.Errorf("then %d were pruned, %v", n, err)
	}
	checkTest(t, s)
}

func TestOfManyTracesTheNewestAreShown(t *testing.T) {
	s := openTest(t, file(t), Options{NoSync: true})
	var c store.Change
	for i := range maxTraces + 10 {
		c.Traces = append(c.Traces, store.Trace{At: storetest.At(i), From: "a@company.com"})
	}
	commitTest(t, s, c)
	err := s.View(context.Background(), func(r store.Reader) error {
		all, err := r.Traces("a@company.com")
		if len(all) != maxTraces || !all[0].At.Equal(storetest.At(10)) {
			t.Errorf("%d are shown, from %v on", len(all), all[0].At)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestBlobsNamesWhatRowsName(t *testing.T) {
	s := openTest(t, file(t), Options{})
	c := mail(1)
	c.Messages[0].Raw = store.Ref{Blob: "raw"}
	c.Messages[0].Attachments = []store.Attachment{{Ref: store.Ref{Blob: "attachment"}}, {Ref: store.Ref{Ticket: 1, Message: 1}}}
	c.Outbox[0].Segments = append(c.Outbox[0].Segments, store.Segment{Ref: &store.Ref{Blob: "segment"}})
	c.Quarantine = []store.Quarantined{{ID: "q", Blob: "quarantined", RawMail: []byte("x")}}
	commitTest(t, s, c)
	var got []string
	if err := s.Blobs(context.Background(), func(name string) { got = append(got, name) }); err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	if want := "attachment quarantined raw segment"; strings.Join(got, " ") != want {
		t.Errorf("it names %v, want %s", got, want)
	}
}

func TestCheckFindsDamage(t *testing.T) {
	for says, damage := range map[string]func(tx *bbolt.Tx) error{
		"an index key too many": func(tx *bbolt.Tx) error {
			return tx.Bucket(bucketIndex).Put(append(statePrefix("open"), numberKey(1)...), mark)
		},
		"an index key too few": func(tx *bbolt.Tx) error {
			return tx.Bucket(bucketIndex).Delete(append(statePrefix("new"), numberKey(1)...))
		},
		"a trace's key too few": func(tx *bbolt.Tx) error {
			c := tx.Bucket(bucketIndex).Cursor()
			c.Seek(tracePrefix("helpdesk@company.com"))
			return c.Delete()
		},
		"a trace's Message-ID gone": func(tx *bbolt.Tx) error {
			c := tx.Bucket(bucketIndex).Cursor()
			c.Seek(blockPrefix(0, "<report-1@company.com>"))
			return c.Delete()
		},
		"a ticket whose head lies": func(tx *bbolt.Tx) error {
			ticket := storetest.Ticket(1, "other@company.com", storetest.At(1))
			h := headOf(&ticket)
			b := tx.Bucket(bucketTickets)
			row := bytes.Clone(b.Get(ticketKey(1)))
			row = bytes.Replace(row, []byte("person1@company.com"), []byte("person9@company.com"), 1)
			index := tx.Bucket(bucketIndex)
			h.reporter = "person9@company.com"
			return errors.Join(b.Put(ticketKey(1), row), index.Put(append(reporterPrefix(h.reporter), numberKey(1)...), mark),
				index.Delete(append(reporterPrefix("person1@company.com"), numberKey(1)...)))
		},
		"a torn ticket":  func(tx *bbolt.Tx) error { return tx.Bucket(bucketTickets).Put(ticketKey(1), []byte{1, 2}) },
		"a torn message": func(tx *bbolt.Tx) error { return tx.Bucket(bucketTickets).Put(messageKey(1, 1), []byte("x")) },
		"a torn entry":   func(tx *bbolt.Tx) error { return tx.Bucket(bucketTickets).Put(logKey(1, 2), []byte{1, 200}) },
		"a missing entry": func(tx *bbolt.Tx) error {
			return tx.Bucket(bucketTickets).Delete(logKey(1, 2))
		},
		"a key that is none":  func(tx *bbolt.Tx) error { return tx.Bucket(bucketTickets).Put([]byte("x"), mark) },
		"a torn mail":         func(tx *bbolt.Tx) error { return tx.Bucket(bucketMails).Put([]byte("k"), []byte("xx")) },
		"a missing body":      func(tx *bbolt.Tx) error { return tx.Bucket(bucketBodies).Delete(be64(1)) },
		"a body too many":     func(tx *bbolt.Tx) error { return tx.Bucket(bucketBodies).Put(be64(9), mark) },
		"a torn fact":         func(tx *bbolt.Tx) error { return tx.Bucket(bucketFacts).Put([]byte("f"), mark) },
		"a torn quarantine":   func(tx *bbolt.Tx) error { return tx.Bucket(bucketQuarantine).Put(quarantineKey("q"), mark) },
		"wrong counts":        func(tx *bbolt.Tx) error { return tx.Bucket(bucketMeta).Put(metaCounts, []byte("\x01{}")) },
		"a sequence too low":  func(tx *bbolt.Tx) error { return tx.Bucket(bucketMeta).Put(sequenceKey(store.SeqTicket), be64(0)) },
		"a torn outbox state": func(tx *bbolt.Tx) error { return tx.Bucket(bucketOutbox).Put(be64(1), []byte{2}) },
	} {
		t.Run(says, func(t *testing.T) {
			s := openTest(t, file(t), Options{NoSync: true})
			commitTest(t, s, mail(1))
			checkTest(t, s)
			merge(t, s)
			if err := s.db.File(func(db *bbolt.DB) error { return db.Update(damage) }); err != nil {
				t.Fatal(err)
			}
			if err := s.Check(context.Background()); !errors.Is(err, ErrDamaged) {
				t.Errorf("Check says %v", err)
			}
		})
	}
}

func TestAStoreOfOneMailIsSmall(t *testing.T) {
	path := file(t)
	s := openTest(t, path, Options{})
	commitTest(t, s, mail(1))
	if info, err := os.Stat(path); err != nil || info.Size() > 32<<20 {
		t.Errorf("its file has %d bytes, %v", info.Size(), err)
	}
	if s.Path() != path || filepath.Dir(s.Path()) == "" {
		t.Errorf("its path is %s", s.Path())
	}
}

func TestASearchOfManyTicketsGoesOnByItsCursor(t *testing.T) {
	s := openTest(t, file(t), Options{NoSync: true})
	for i := range 5 {
		var c store.Change
		for j := range 20 {
			ticket := storetest.Ticket(mail(1 + 20*i + j).Tickets[0].Ticket.Number, "a@company.com", storetest.At(0))
			ticket.Ticket.State = workflow.Closed
			c.Tickets = append(c.Tickets, ticket)
		}
		commitTest(t, s, c)
	}
	err := s.view(context.Background(), func(r *reader) error {
		pages, found := 0, 0
		for before := sop.Number(math.MaxUint64); pages == 0 || before > 0; pages++ {
			l := listing{r: r, query: words.Parse("lancar"), limit: 50, most: 7, steps: math.MaxInt}
			page, next, err := l.page(before)
			if err != nil {
				return err
			}
			found += len(page)
			before = 0
			if next != "" {
				before, err = decodeCursor(next)
			}
			if err != nil {
				return err
			}
		}
		if pages != 15 || found != 0 {
			t.Errorf("%d pages brought %d tickets", pages, found)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
