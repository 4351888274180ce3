package life

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"helpost/internal/blob"
	"helpost/internal/store"
)

// quarantined are the ids in quarantine.
func quarantined(t *testing.T, s store.Store) (ids []string) {
	t.Helper()
	err := s.View(context.Background(), func(v store.Reader) error {
		for after := ""; ; after = ids[len(ids)-1] {
			page, err := v.Quarantined(after, 500)
			if err != nil || len(page) == 0 {
				return err
			}
			for _, q := range page {
				ids = append(ids, q.ID)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func tidy(t *testing.T, k *Keeper) (mails, blobs int) {
	t.Helper()
	mails, blobs, err := k.TidyQuarantine(background)
	if err != nil {
		t.Fatal(err)
	}
	holds(t, k)
	return mails, blobs
}

func TestTheQuarantineForgetsByAge(t *testing.T) {
	d, k := opened(t)
	k.QuarantineAfter = 30 * day
	large := bytes.Repeat([]byte("besar "), blob.Limit)
	names, err := k.Blobs.Put(background, large)
	if err != nil {
		t.Fatal(err)
	}
	d.Commit(store.Change{Quarantine: []store.Quarantined{{ID: "lama", At: d.Now, Size: len(large), Blob: names[0]}}})
	d.Now = d.Now.Add(20 * day)
	d.Commit(store.Change{Quarantine: []store.Quarantined{{ID: "baru", At: d.Now, Size: 3, RawMail: []byte("raw")}}})
	if mails, blobs := tidy(t, k); mails+blobs != 0 {
		t.Errorf("too soon there go %d mails and %d blobs", mails, blobs)
	}
	d.Now = d.Now.Add(10 * day)
	if mails, blobs := tidy(t, k); mails != 1 || blobs != 1 {
		t.Errorf("there go %d mails and %d blobs, want one of each", mails, blobs)
	}
	if got := quarantined(t, k.Store); !slices.Equal(got, []string{"baru"}) {
		t.Errorf("there stays %v", got)
	}
}

func TestTheQuarantineHoldsOnlySoMuch(t *testing.T) {
	d, k := opened(t)
	put := func(size int, ids ...string) {
		var c store.Change
		for _, id := range ids {
			d.Now = d.Now.Add(time.Second)
			c.Quarantine = append(c.Quarantine, store.Quarantined{ID: id, At: d.Now, Size: size, RawMail: []byte("raw")})
		}
		d.Commit(c)
	}
	put(maxQuarantineBytes/2, "z-pertama", "y-kedua")
	if mails, _ := tidy(t, k); mails != 0 {
		t.Fatalf("%d mails went that have room", mails)
	}
	put(1, "x-ketiga")
	if mails, _ := tidy(t, k); mails != 1 {
		t.Fatalf("%d mails went, want the oldest", mails)
	}
	if got := quarantined(t, k.Store); !slices.Equal(got, []string{"x-ketiga", "y-kedua"}) {
		t.Fatalf("there stays %v", got)
	}
	var many []string
	for i := range maxQuarantined {
		many = append(many, fmt.Sprintf("banjir-%05d", i))
	}
	put(1, many...)
	if mails, _ := tidy(t, k); mails != 2 {
		t.Fatalf("%d mails went, want the two oldest", mails)
	}
	if got := quarantined(t, k.Store); !slices.Equal(got, many) {
		t.Fatalf("there stay %d, from %v", len(got), got[:3])
	}
}
