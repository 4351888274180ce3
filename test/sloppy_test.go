//go:build linux

package test

import (
	"iter"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"helpost/test/power"
)

// recorded is a program that was started on an empty folder, took some mails, small and large, compacted its store, took some
// more, brought them from its log into the file for a backup, which lets it write over that log, took some more, and was killed.
func recorded(t *testing.T) (*watched, *power.Recording) {
	t.Helper()
	d := crashDesk(t, memory(t))
	w := d.startWatched(nil)
	for from := 0; from < 15; from += 5 { // each fifth is large
		var wait sync.WaitGroup
		for i := range 2 {
			wait.Go(func() {
				for n := from; n < from+5; n++ {
					if m := reportOf(i, n); d.send(m.from, m.raw) != nil {
						t.Error("a mail was not taken")
					}
				}
			})
		}
		wait.Wait()
		switch from {
		case 0:
			d.mustRun("compact")
		case 5:
			d.mustRun("backup", filepath.Join(t.TempDir(), "backup"))
		}
	}
	d.quiet()
	return w, w.kill(t)
}

// firstCuts is how many cuts of a short recording are tried for each round.
const firstCuts = 3

// A power cut at any moment of a first start, and of the mails after it.
func TestPowerCutsFromTheFirstStartOn(t *testing.T) {
	t.Parallel()
	w, rec := recorded(t)
	p, seed := newProver(t), rand.Uint64()
	for moment, cut := range some(rec, rounds()*firstCuts) {
		w.proves(t, p, rec, moment, cut, seed)
	}
}

// A flush fails, and the system gives up what it was to keep, though it shows it still: the program goes on, and a power cut
// at any moment after loses nothing that was answered 250.
func TestPowerCutsAfterAFailedFlush(t *testing.T) {
	t.Parallel()
	d, f := crashDesk(t, memory(t)), &disk{}
	if !power.CanMeddle {
		t.Skip("calls cannot be made to fail on this kind of machine")
	}
	w := d.startWatchedOn(f, nil)
	for i, call := range []string{"fdatasync", "fdatasync", "fsync", "fsync"} { // of the store's file; of a blob, and its folder
		f.set(failingOnce(call, syscall.EIO, i%2))
		for _, n := range []int{4, 5} { // the first is large
			m := reportOf(i, n)
			until(t, "a mail is taken", func() bool { return d.send(m.from, m.raw) == nil })
		}
	}
	d.quiet()
	rec := w.kill(t)
	if !strings.Contains(d.logged(), "the store was written anew") {
		t.Error("no flush failed after its commit could be seen: nothing is proven of that")
	}
	p, seed := newProver(t), rand.Uint64()
	for moment, cut := range some(rec, rounds()*firstCuts) {
		w.proves(t, p, rec, moment, cut, seed)
	}
}

// some gives n cuts of a recording: moments and ways by chance, all there are where n is as many.
func some(rec *power.Recording, n int) iter.Seq2[int, power.Cut] {
	return func(yield func(int, power.Cut) bool) {
		moments := rec.Moments()
		all := rand.Perm(len(moments) * len(power.Cuts))
		for _, i := range all[:min(n, len(all))] {
			if !yield(moments[i/len(power.Cuts)], power.Cuts[i%len(power.Cuts)]) {
				return
			}
		}
	}
}

// The proof can fail: a program that leaves out any one kind of its flushes does not pass it.
func TestWithoutAFlushThePowerProofFails(t *testing.T) {
	t.Parallel()
	w, rec := recorded(t)
	p := newProver(t)
	for _, c := range []struct {
		flush  string
		forget func(name string, nth int) bool
	}{
		{"of the log", func(name string, _ int) bool { return strings.HasPrefix(name, "store/helpost.db.log") }},
		{"of the log, each second", func(name string, nth int) bool { return strings.HasPrefix(name, "store/helpost.db.log") && nth%2 == 1 }},
		{"of the store", func(name string, _ int) bool { return theFile(name) }},
		{"of the store, each first", func(name string, nth int) bool { return theFile(name) && nth%2 == 0 }},
		{"of the store, each second", func(name string, nth int) bool { return theFile(name) && nth%2 == 1 }},
		{"of a blob", func(name string, _ int) bool { return strings.Contains(name, "/.new-") }},
		{"of a blob's name", func(name string, _ int) bool { return filepath.Dir(name) == "store/blobs" }},
		{"of the blobs' folders", func(name string, _ int) bool { return name == "store/blobs" }},
		{"of the store's name", func(name string, _ int) bool { return name == "store" }},
		{"of the compacted store's name", func(name string, nth int) bool { return name == "store" && nth >= 3 }},
		{"of the folder's own name", func(name string, _ int) bool { return name == "." }},
	} {
		sloppy, tried := rec.Sloppy(c.forget), 0
		var wrong []string
		for moment, cut := range some(rec, 2000) {
			tried++
			if wrong = w.wrong(t, p, sloppy, moment, cut, rand.Uint64()); len(wrong) > 0 {
				break
			}
		}
		if len(wrong) == 0 {
			t.Errorf("nobody notices that the flush %s is left out", c.flush)
		}
		t.Logf("without the flush %s, at cut %d: %.200s", c.flush, tried, strings.Join(wrong, "; "))
	}
}

// theFile says whether a name is that of the store's file, also while it is made or made anew, and not of its log.
func theFile(name string) bool {
	return strings.HasPrefix(name, "store/helpost.db") && !strings.HasPrefix(name, "store/helpost.db.log")
}

// An answer that is given before the flush is noticed.
func TestAnEarlyAnswerFailsThePowerProof(t *testing.T) {
	t.Parallel()
	w, rec := recorded(t)
	p := newProver(t)
	flushes := rec.Flushes()
	for id, at := range w.answered { // as if each had been given before the last flush but one of its commit
		i, _ := slices.BinarySearch(flushes, at)
		w.answered[id] = flushes[i-1] - 2
	}
	for _, at := range w.answered {
		if len(w.wrong(t, p, rec, at+1, power.Cuts[0], rand.Uint64())) > 0 {
			return
		}
	}
	t.Error("nobody notices that mails are answered before they are kept")
}
