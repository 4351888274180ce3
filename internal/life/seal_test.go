package life

import (
	"sync"
	"testing"
	"time"

	"helpost/internal/life/lifetest"
	"helpost/internal/seal"
	"helpost/internal/store"
)

func sealsOf(d *lifetest.Desk) (all []seal.Seal) {
	d.Helper()
	d.View(func(r store.Reader) (err error) { all, err = r.Seals("", 100); return err })
	return all
}

func sealed(t *testing.T, d *lifetest.Desk, k *Keeper, want ...string) {
	t.Helper()
	if _, err := k.Seal(background); err != nil {
		t.Fatal(err)
	}
	var days []string
	for _, s := range sealsOf(d) {
		days = append(days, s.Day)
	}
	if len(days) != len(want) {
		t.Fatalf("sealed are %v, want %v", days, want)
	}
	for i := range want {
		if days[i] != want[i] {
			t.Fatalf("sealed are %v, want %v", days, want)
		}
	}
}

// The zone of the desk is seven hours ahead: its midnight is at 17:00 UTC.
func at(day, hour, minute int) time.Time {
	return time.Date(2026, 1, day, hour, minute, 0, 0, time.UTC)
}

func TestEachDayThatIsOverIsSealedOnce(t *testing.T) {
	d, k := opened(t)
	sealed(t, d, k) // nothing was there ever
	d.Now = at(12, 3, 0)
	d.Report(lifetest.Mail{From: rina, Subject: "satu", Text: "satu"})
	sealed(t, d, k)
	d.Now = at(12, 17, 1) // midnight is past, and the last moments of the day may still be on their way
	sealed(t, d, k)
	d.Now = at(12, 17, 2)
	sealed(t, d, k, "2026-01-12")
	sealed(t, d, k, "2026-01-12")
	d.Now = at(13, 17, 3) // a day on which nothing happened
	sealed(t, d, k, "2026-01-12", "2026-01-13")
	all := sealsOf(d)
	if all[0].Tickets != 1 || all[0].Heads != 1 || all[1].Tickets != 1 || all[1].Heads != 0 || all[1].Prev != all[0].Digest {
		t.Errorf("the seals are %+v", all)
	}
	if s, err := k.LastSeal(background); err != nil || s != all[1] {
		t.Errorf("the last is %+v, %v", s, err)
	}
	holds(t, k)
}

func TestMissedDaysAreMadeUpEachWithWhatItHad(t *testing.T) {
	d, k := opened(t)
	d.Now = at(12, 3, 0)
	first := d.Report(lifetest.Mail{From: rina, Subject: "satu", Text: "satu"})
	d.Now = at(13, 3, 0)
	sealed(t, d, k, "2026-01-12")
	d.Write(first, lifetest.Mail{From: rina, Text: "lagi"})
	d.Now = at(15, 3, 0)
	d.Report(lifetest.Mail{From: tono, Subject: "dua", Text: "dua"})
	d.Now = at(17, 3, 0) // the daemon did not run for days
	d.Write(first, lifetest.Mail{From: rina, Text: "hari ini"})
	sealed(t, d, k, "2026-01-12", "2026-01-13", "2026-01-14", "2026-01-15", "2026-01-16")
	for i, want := range []struct{ tickets, heads int }{{1, 1}, {1, 1}, {1, 0}, {2, 1}, {2, 0}} {
		if s := sealsOf(d)[i]; s.Tickets != want.tickets || s.Heads != want.heads {
			t.Errorf("%s has %d tickets and %d heads, want %v", s.Day, s.Tickets, s.Heads, want)
		}
	}
	holds(t, k)
	d.Now = at(18, 3, 0)
	sealed(t, d, k, "2026-01-12", "2026-01-13", "2026-01-14", "2026-01-15", "2026-01-16", "2026-01-17")
	if s := sealsOf(d)[5]; s.Heads != 1 {
		t.Errorf("what was written today came under no seal: %+v", s)
	}
	if holds(t, k).Seals != 6 {
		t.Error("not all seals were proven")
	}
}

func TestTwoWhoSealAtOnceMakeOneSeal(t *testing.T) {
	d, k := opened(t)
	d.Report(lifetest.Mail{From: rina, Subject: "satu", Text: "satu"})
	d.Now = d.Now.Add(72 * time.Hour)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if _, err := k.Seal(background); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	sealed(t, d, k, "2026-01-14")
	holds(t, k)
}

func TestAnErasureLeavesSealsAsTheyWere(t *testing.T) {
	d, k, _, _ := quoting(t)
	d.Now = d.Now.Add(24 * time.Hour)
	if _, err := k.Seal(background); err != nil {
		t.Fatal(err)
	}
	s, err := k.LastSeal(background)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Erase(background, rina.Address); err != nil {
		t.Fatal(err)
	}
	line := s.Line()
	done, err := k.Verify(background, &line, func(f string) { t.Error(f) }, nil)
	if err != nil || done.Seals != 1 {
		t.Errorf("%+v, %v", done, err)
	}
}

func TestTheWorkOfTheDayIsDoneAfterMidnightOrSooner(t *testing.T) {
	d, k := opened(t)
	for says, c := range map[string]struct {
		now    time.Time
		closed time.Duration
		failed bool
		want   time.Time
	}{
		"before midnight":         {now: at(12, 16, 0), want: at(12, 17, 2)},
		"just after midnight":     {now: at(12, 17, 1), want: at(12, 17, 2)},
		"after it was done":       {now: at(12, 17, 2), want: at(13, 17, 2)},
		"after a failure":         {now: at(12, 3, 0), failed: true, want: at(12, 3, 10)},
		"an age of an hour":       {now: at(12, 3, 0), closed: time.Hour, want: at(12, 4, 0)},
		"an age of a year":        {now: at(12, 3, 0), closed: 8760 * time.Hour, want: at(12, 17, 2)},
		"an age next to midnight": {now: at(12, 16, 30), closed: time.Hour, want: at(12, 17, 2)},
	} {
		d.Now, k.ClosedAfter = c.now, c.closed
		if got := k.nextRun(c.failed); !got.Equal(c.want) {
			t.Errorf("%s: %v, want %v", says, got, c.want)
		}
	}
}
