package proof_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"helpost/internal/life"
	"helpost/internal/life/lifetest"
	"helpost/internal/proof"
	"helpost/internal/seal"
	"helpost/internal/sop"
	"helpost/internal/store"
)

var rina = sop.Person{Address: "rina@company.com", Name: "Rina Wijaya"}

// Keys of the store's file, as docs/formats.md says them.
func key(n byte, kind ...byte) []byte { return append([]byte{0, 0, 0, 0, 0, 0, 0, n}, kind...) }
func entry(n, seq byte) []byte        { return key(n, 1, 0, 0, 0, seq) }
func message(n, seq byte) []byte      { return key(n, 2, 0, 0, 0, seq) }
func raw(n, seq byte) []byte          { return key(n, 0, 0, 0, seq) }

// busy is a desk of three tickets, two of them under a seal. The second ticket has a file that is a blob.
func busy(t *testing.T) (*lifetest.Desk, seal.Seal) {
	t.Helper()
	d := lifetest.New(t)
	for n := range 3 {
		d.Report(lifetest.Mail{From: rina, Subject: "Printer macet", Text: "Printer macet lagi", Files: map[string][]byte{"layar.bin": bytes.Repeat([]byte{byte('a' + n)}, []int{50, 90_000, 50}[n])}})
		d.Write(sop.Number(n+1), lifetest.Mail{From: rina, Text: "Masih sama"})
		if n == 1 {
			d.Write(1, lifetest.Mail{From: lifetest.Andi, Text: "Dicek.", Commands: []sop.Command{{Name: sop.Take}}})
			d.Now = d.Now.Add(24 * time.Hour)
			k, err := life.New(life.Parts{Store: d.Store, Blobs: d.Blobs, Policy: d.Policy, Clock: func() time.Time { return d.Now }})
			if err != nil {
				t.Fatal(err)
			}
			if made, err := k.Seal(context.Background()); err != nil || made != 1 {
				t.Fatalf("%d seals, %v", made, err)
			}
		}
	}
	d.Commit(store.Change{Quarantine: []store.Quarantined{{ID: "q1", At: d.Now, From: "x@example.net", RawMail: []byte("raw")}}})
	var s seal.Seal
	d.View(func(r store.Reader) (err error) { s, err = r.LastSeal(); return err })
	return d, s
}

func faults(t *testing.T, d *lifetest.Desk, mailed *seal.Line) (proof.Done, string) {
	t.Helper()
	var all []string
	done, err := proof.Job{Store: d.Store, Blobs: d.Blobs, Prefix: "IT", Mailed: mailed, Fault: func(f string) { all = append(all, f) }}.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if done.Faults != len(all) {
		t.Errorf("%d faults are told and %d counted", len(all), done.Faults)
	}
	return done, strings.Join(all, "\n")
}

func TestWhatIsSoundHolds(t *testing.T) {
	d, s := busy(t)
	line := s.Line()
	done, said := faults(t, d, &line)
	if said != "" {
		t.Errorf("faults:\n%s", said)
	}
	if done.Tickets != 3 || done.Messages != 7 || done.Files != 3 || done.Blobs != 1 || done.Seals != 1 || done.Entries < 9 || done.Last != line.String() {
		t.Errorf("it looked at %+v", done)
	}
}

// change opens the file of a store that is closed and changes it behind helpost's back.
func change(t *testing.T, d *lifetest.Desk, fn func(tx *bbolt.Tx) error) {
	t.Helper()
	if err := d.Store.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := bbolt.Open(d.Path(), 0o600, &bbolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(fn); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	d.Open()
}

// swapped writes new for old in a row, once; both have the same length.
func swapped(t *testing.T, b *bbolt.Bucket, key []byte, from, to string) error {
	t.Helper()
	row := bytes.Clone(b.Get(key))
	if !bytes.Contains(row, []byte(from)) || len(from) != len(to) {
		t.Fatalf("the row %x does not hold %q: %q", key, from, row)
	}
	return b.Put(key, bytes.Replace(row, []byte(from), []byte(to), 1))
}

func TestWhatIsChangedBehindItsBackIsFound(t *testing.T) {
	bucket := func(tx *bbolt.Tx, name string) *bbolt.Bucket { return tx.Bucket([]byte(name)) }
	for says, c := range map[string]struct {
		do   func(t *testing.T, tx *bbolt.Tx) error
		want []string // what one line says
	}{
		"a fact in an entry": {func(t *testing.T, tx *bbolt.Tx) error {
			return swapped(t, bucket(tx, "tickets"), entry(3, 1), `"priority":"P`, `"Priority":"P`)
		}, []string{"IT-000003", "entry 2 does not follow"}},
		"a fact in a last entry, which nothing follows": {func(t *testing.T, tx *bbolt.Tx) error {
			return swapped(t, bucket(tx, "tickets"), entry(2, 4), `"notices"`, `"notises"`)
		}, []string{"IT-000002", "entry 4", "sealed"}},
		"words of an entry": {func(t *testing.T, tx *bbolt.Tx) error {
			return swapped(t, bucket(tx, "tickets"), entry(3, 1), "Printer macet", "Printer bagus")
		}, []string{"IT-000003", "words of entry 1"}},
		"words that are gone though nobody erased them": {func(t *testing.T, tx *bbolt.Tx) error {
			b := bucket(tx, "tickets")
			row := b.Get(entry(3, 1))
			line := row[bytes.Index(row, []byte(`{"v":1`)):]
			return b.Put(entry(3, 1), append([]byte{1, 0, 0}, line...))
		}, []string{"IT-000003", "words of entry 1"}},
		"an entry that is missing": {func(_ *testing.T, tx *bbolt.Tx) error {
			return bucket(tx, "tickets").Delete(entry(3, 2))
		}, []string{"IT-000003", "entry 2 is missing"}},
		"a record that is cut off": {func(_ *testing.T, tx *bbolt.Tx) error {
			return bucket(tx, "tickets").Delete(entry(3, 4))
		}, []string{"IT-000003", "entry 4 is cut off"}},
		"entries in another order": {func(_ *testing.T, tx *bbolt.Tx) error {
			b := bucket(tx, "tickets")
			two, three := bytes.Clone(b.Get(entry(3, 2))), bytes.Clone(b.Get(entry(3, 3)))
			if err := b.Put(entry(3, 2), three); err != nil {
				return err
			}
			return b.Put(entry(3, 3), two)
		}, []string{"IT-000003", "entry 2 is missing, 3 stands"}},
		"an entry of another ticket": {func(_ *testing.T, tx *bbolt.Tx) error {
			b := bucket(tx, "tickets")
			return b.Put(entry(3, 2), bytes.Clone(b.Get(entry(2, 2))))
		}, []string{"IT-000003", "entry 2 belongs to ticket 2"}},
		"a ticket's field": {func(t *testing.T, tx *bbolt.Tx) error {
			return swapped(t, bucket(tx, "tickets"), key(3, 0), `"impact":"individual"`, `"impact":"department"`)
		}, []string{"IT-000003", `"impact" is not what its events say`}},
		"a ticket that is missing": {func(_ *testing.T, tx *bbolt.Tx) error {
			return bucket(tx, "tickets").Delete(key(3, 0))
		}, []string{"IT-000003", "the ticket is missing"}},
		"a message": {func(t *testing.T, tx *bbolt.Tx) error {
			return swapped(t, bucket(tx, "tickets"), message(3, 1), "macet lagi", "bagus lagi")
		}, []string{"IT-000003", "message 1 is not what entry 1 says"}},
		"a message that is missing": {func(_ *testing.T, tx *bbolt.Tx) error {
			return bucket(tx, "tickets").Delete(message(1, 2))
		}, []string{"IT-000001", "3 messages, and 2 are there"}},
		"a raw mail": {func(t *testing.T, tx *bbolt.Tx) error {
			return swapped(t, bucket(tx, "raw"), raw(3, 1), "macet lagi", "bagus lagi")
		}, []string{"IT-000003", "raw mail of message 1 was changed"}},
		"a raw mail that is missing": {func(_ *testing.T, tx *bbolt.Tx) error {
			return bucket(tx, "raw").Delete(raw(3, 1))
		}, []string{"IT-000003", "raw mail of message 1 is missing"}},
		"a file within a raw mail": {func(t *testing.T, tx *bbolt.Tx) error {
			return swapped(t, bucket(tx, "raw"), raw(1, 1), "YWFhYWFh", "YWFhYWFi")
		}, []string{"IT-000001", "attachment", "was changed"}},
		"an index": {func(_ *testing.T, tx *bbolt.Tx) error {
			k, _ := bucket(tx, "index").Cursor().Seek([]byte("a" + rina.Address))
			return bucket(tx, "index").Delete(k)
		}, []string{"the store is damaged"}},
		"what notes a ticket for the next seal": {func(_ *testing.T, tx *bbolt.Tx) error {
			return bucket(tx, "index").Delete(key('u', key(3)...)[7:])
		}, []string{"IT-000003", "under no seal"}},
		"a seal": {func(t *testing.T, tx *bbolt.Tx) error {
			return swapped(t, bucket(tx, "seals"), []byte("s2026-01-12"), `"tickets":2`, `"tickets":3`)
		}, []string{"2026-01-12", "tickets"}},
		"a head under a seal": {func(_ *testing.T, tx *bbolt.Tx) error {
			b := bucket(tx, "seals")
			k := append([]byte("h2026-01-12\x00"), 0, 0, 0, 0)
			row := bytes.Clone(b.Get(k))
			row[len(row)-1] ^= 1
			return b.Put(k, row)
		}, []string{"2026-01-12", "digest"}},
		"a quarantined mail": {func(_ *testing.T, tx *bbolt.Tx) error {
			return bucket(tx, "quarantine").Delete([]byte("rq1"))
		}, []string{"quarantined mail q1"}},
	} {
		t.Run(says, func(t *testing.T) {
			d, _ := busy(t)
			change(t, d, func(tx *bbolt.Tx) error { return c.do(t, tx) })
			_, said := faults(t, d, nil)
			for line := range strings.SplitSeq(said, "\n") {
				found := true
				for _, w := range c.want {
					found = found && strings.Contains(line, w)
				}
				if found {
					return
				}
			}
			t.Errorf("no fault says %q; it finds:\n%s", c.want, said)
		})
	}
}

// rows copies all rows of a ticket.
func rows(tx *bbolt.Tx, n byte) map[string][]byte {
	all := map[string][]byte{}
	c := tx.Bucket([]byte("tickets")).Cursor()
	for k, v := c.Seek(key(n)); bytes.HasPrefix(k, key(n)); k, v = c.Next() {
		all[string(k)] = bytes.Clone(v)
	}
	return all
}

// A ticket that is put back whole to where it once stood, its record with it, proves itself; only a seal tells.
func TestATicketThatIsPutBackIsFoundBySeals(t *testing.T) {
	d := lifetest.New(t)
	n := d.Report(lifetest.Mail{From: rina, Subject: "Printer", Text: "macet"})
	var before map[string][]byte
	change(t, d, func(tx *bbolt.Tx) error { before = rows(tx, 1); return nil })
	d.Write(n, lifetest.Mail{From: rina, Text: "masih macet"})
	d.Now = d.Now.Add(24 * time.Hour)
	k, err := life.New(life.Parts{Store: d.Store, Blobs: d.Blobs, Policy: d.Policy, Clock: func() time.Time { return d.Now }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Seal(context.Background()); err != nil {
		t.Fatal(err)
	}
	var mailed seal.Line
	d.View(func(r store.Reader) error { s, err := r.LastSeal(); mailed = s.Line(); return err })
	putBack := func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte("tickets"))
		for k := range rows(tx, 1) {
			if err := b.Delete([]byte(k)); err != nil {
				return err
			}
		}
		for k, v := range before {
			if err := b.Put([]byte(k), v); err != nil {
				return err
			}
		}
		return tx.Bucket([]byte("raw")).Delete(raw(1, 2))
	}
	change(t, d, putBack)
	if _, said := faults(t, d, nil); !strings.Contains(said, "IT-000001: entry") || !strings.Contains(said, "which the seal of 2026-01-12 names") {
		t.Errorf("it finds:\n%s", said)
	}
	// Who takes the seal away too is found by the line that was mailed out.
	change(t, d, func(tx *bbolt.Tx) error {
		if err := tx.DeleteBucket([]byte("seals")); err != nil {
			return err
		}
		if _, err := tx.CreateBucket([]byte("seals")); err != nil {
			return err
		}
		return tx.Bucket([]byte("index")).Put(append([]byte("u"), key(1)...), []byte{1, 0, 0, 0, 0})
	})
	if _, said := faults(t, d, nil); said != "" {
		t.Errorf("without the line it finds:\n%s", said)
	}
	if _, said := faults(t, d, &mailed); !strings.Contains(said, "one was mailed out") {
		t.Errorf("with the line it finds:\n%s", said)
	}
}

func TestABlobThatIsChangedOrMissingIsFound(t *testing.T) {
	for says, do := range map[string]func(path string) error{
		"was changed": func(path string) error {
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			content[len(content)/2] ^= 1
			return os.WriteFile(path, content, 0o600)
		},
		"not found": os.Remove,
	} {
		d, _ := busy(t)
		files, err := filepath.Glob(filepath.Join(d.Folder, "blobs", "*", "*"))
		if err != nil || len(files) != 1 {
			t.Fatal(files, err)
		}
		if err := do(files[0]); err != nil {
			t.Fatal(err)
		}
		if _, said := faults(t, d, nil); !strings.Contains(said, "IT-000002: ") || !strings.Contains(said, says) {
			t.Errorf("of one that %s it finds:\n%s", says, said)
		}
	}
}

func TestAProofEndsWithItsContext(t *testing.T) {
	d, _ := busy(t)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := (proof.Job{Store: d.Store, Blobs: d.Blobs, Prefix: "IT", Fault: func(string) {}}).Run(ended); err == nil {
		t.Error("it says that it was carried through")
	}
}
