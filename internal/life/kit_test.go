package life

import (
	"context"
	"testing"
	"time"

	"helpost/internal/life/lifetest"
	"helpost/internal/proof"
	"helpost/internal/sop"
)

// The people of the tests.
var (
	rina = sop.Person{Address: "rina@company.com", Name: "Rina Wijayakusuma"}
	tono = sop.Person{Address: "tono@company.com", Name: "Tono Hadi"}
)

var background = context.Background()

func keeper(t lifetest.TB, d *lifetest.Desk) *Keeper {
	t.Helper()
	k, err := New(Parts{Store: d.Store, Blobs: d.Blobs, Policy: d.Policy, Clock: func() time.Time { return d.Now }})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// holds proves the store, and fails where a fault is found.
func holds(t lifetest.TB, k *Keeper) proof.Done {
	t.Helper()
	done, faults := faultsOf(t, k)
	if len(faults) > 0 {
		t.Fatalf("verify finds %q", faults)
	}
	return done
}

func faultsOf(t lifetest.TB, k *Keeper) (done proof.Done, faults []string) {
	t.Helper()
	done, err := k.Verify(background, nil, func(f string) { faults = append(faults, f) }, nil)
	if err != nil {
		t.Fatal(err)
	}
	return done, faults
}

func opened(t testing.TB) (*lifetest.Desk, *Keeper) {
	d := lifetest.New(t)
	return d, keeper(t, d)
}
