package life

import (
	"encoding/json"
	"errors"
	"os"
	"strconv"
	"testing"
	"time"

	"helpost/internal/life/lifetest"
	"helpost/internal/record"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/workflow"
)

// filled is a desk of so many tickets with three entries and a raw mail of 4 KB each.
func filled(b *testing.B, tickets int) (*lifetest.Desk, *Keeper) {
	b.Helper()
	d := lifetest.New(b)
	raw := make([]byte, 4096)
	for n := 1; n <= tickets; {
		var c store.Change
		for range 500 {
			t := workflow.Ticket{Facts: workflow.Facts{Number: sop.Number(n), State: workflow.Open, CreatedAt: d.Now, Messages: 1}}
			draft := []workflow.Event{{Seq: 1, Type: workflow.Created}, {Seq: 2, Type: workflow.Assigned}, {Seq: 3, Type: workflow.Notified}}
			prev := ""
			for i, e := range draft {
				e.At = d.Now
				e.Facts = map[string]json.RawMessage{"seq": json.RawMessage(strconv.Itoa(i + 1))}
				entry, err := record.Seal(t.Number, e, prev, make([]byte, record.SaltSize))
				if err != nil {
					b.Fatal(err)
				}
				prev = entry.Head()
				c.Entries = append(c.Entries, store.Entry{Number: t.Number, Entry: entry})
			}
			t.Seq = 3
			c.Tickets = append(c.Tickets, store.Ticket{Ticket: t})
			c.Messages = append(c.Messages, store.Message{Ticket: t.Number, Seq: 1, At: d.Now, Raw: store.Ref{Ticket: t.Number, Message: 1}, RawSum: store.SumOf(raw), RawMail: raw})
			n++
		}
		d.Commit(c)
	}
	return d, keeper(b, d)
}

// A seal costs what changed on its day, whatever there is beside.
func BenchmarkSeal(b *testing.B) {
	const changed = 10_000
	d, k := filled(b, changed)
	begun := time.Now()
	d.Now = d.Now.Add(24 * time.Hour)
	if made, err := k.Seal(background); err != nil || made != 1 {
		b.Fatal(made, err)
	}
	took := time.Since(begun)
	for b.Loop() { // a day on which nothing changed
		d.Now = d.Now.Add(24 * time.Hour)
		if _, err := k.Seal(background); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(took.Microseconds())/changed, "µs/changed")
}

// What is read of a whole store: proving it, erasing of it, copying it.
func BenchmarkWholeStore(b *testing.B) {
	const tickets = 20_000
	d, k := filled(b, tickets)
	info, err := os.Stat(d.Path())
	if err != nil {
		b.Fatal(err)
	}
	for name, do := range map[string]func() error{
		"verify":  func() error { _, err := k.Verify(background, nil, func(string) {}, nil); return err },
		"find":    func() error { _, err := k.find(background, rina.Address); return ignoreUnknown(err) },
		"compact": func() error { _, _, err := k.Compact(background); return err },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(info.Size())
			for b.Loop() {
				if err := do(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/tickets, "µs/ticket")
		})
	}
}

func ignoreUnknown(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}
