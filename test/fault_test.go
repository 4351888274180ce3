//go:build linux

package test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"helpost/test/power"
)

// disk decides what becomes of the calls that a program makes about its files.
type disk struct {
	mu     sync.Mutex
	meddle func(power.Call) power.Meddling
	hit    int // how many calls it did something to
}

func (f *disk) call(c power.Call) power.Meddling {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.meddle == nil {
		return power.Meddling{}
	}
	m := f.meddle(c)
	if m != (power.Meddling{}) {
		f.hit++
	}
	return m
}

// set changes what becomes of the calls; nil: they are done. It gives how many were meddled with before.
func (f *disk) set(meddle func(power.Call) power.Meddling) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	was := f.hit
	f.meddle, f.hit = meddle, 0
	return was
}

// startOn starts the program on a disk that does as it is told.
func (d *desk) startOn(f *disk) *power.Process {
	d.t.Helper()
	if !power.CanMeddle {
		d.t.Skip("calls cannot be made to fail on this kind of machine")
	}
	p, err := power.Start(d.command(), power.Options{Root: d.data, Meddle: f.call})
	if errors.Is(err, power.ErrNoTrace) {
		d.t.Skipf("no call can be made to fail: %v", err)
	}
	if err != nil {
		d.t.Fatal(err)
	}
	d.awaits()
	return p
}

// ends ends a program under watch politely.
func ends(t *testing.T, p *power.Process) {
	t.Helper()
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if _, status, err := p.Wait(); err != nil || !status.Exited() || status.ExitStatus() != 0 {
		t.Errorf("ended with %v, %v", status, err)
	}
}

// Any call about a file may fail, by a full disk, a broken one, or one that can only be read: the mail is answered 451 or 452,
// or 250 where it is kept all the same. When the disk is well again the same process takes mail again, the refused ones too,
// and each is one ticket.
func TestAnyCallMayFail(t *testing.T) {
	t.Parallel()
	d, f := crashDesk(t, memory(t)), &disk{}
	p := d.startOn(f)
	taken := map[string]bool{}
	sent := 0
	for _, no := range []syscall.Errno{syscall.ENOSPC, syscall.EIO, syscall.EROFS} {
		for _, c := range []struct {
			call  string
			after int // so many are done before
		}{{"", 0}, {"openat", 0}, {"write", 0}, {"pwrite64", 0}, {"pwrite64", 1}, {"fsync", 0}, {"fdatasync", 0}, {"fdatasync", 1}, {"renameat", 0}} {
			f.set(failing(c.call, no, c.after))
			var refused []letter
			for _, n := range []int{0, 4} { // the second is large
				sent++
				m := reportOf(sent, n)
				taken[m.id] = true
				switch got := code(d.send(m.from, m.raw)); {
				case got == map[bool]int{true: 452, false: 451}[no == syscall.ENOSPC]:
					refused = append(refused, m)
				case got != 250:
					t.Fatalf("%q fails by %v: answered %d", c.call, no, got)
				}
			}
			if hit := f.set(nil); hit == 0 || len(refused) == 0 && c.after == 0 {
				t.Errorf("%q failed by %v %d times, and %d mails were refused", c.call, no, hit, len(refused))
			}
			for _, m := range refused {
				until(t, fmt.Sprintf("a mail is taken after %q failed by %v", c.call, no), func() bool { return d.send(m.from, m.raw) == nil })
			}
		}
	}
	onceKept(t, d.exported(), taken)
	if said := d.mustRun("verify"); !strings.Contains(said, "all holds") {
		t.Errorf("verify says %s", said)
	}
	if !strings.Contains(d.logged(), "the store was written anew") {
		t.Error("no flush failed after its commit could be seen: nothing is proven of that")
	}
	ends(t, p)
	d.start()
	onceKept(t, d.exported(), taken)
	d.quiet()
	if err := d.end(); err != nil {
		t.Error(err)
	}
}

// failing lets a call fail from one of its times on; "": all of them.
func failing(call string, no syscall.Errno, after int) func(power.Call) power.Meddling {
	return func(c power.Call) power.Meddling {
		if call != "" && c.Name != call {
			return power.Meddling{}
		}
		if after--; after >= 0 {
			return power.Meddling{}
		}
		return power.Meddling{Fail: no}
	}
}

// failingOnce lets one call of a name fail: the first after so many.
func failingOnce(call string, no syscall.Errno, after int) func(power.Call) power.Meddling {
	return func(c power.Call) power.Meddling {
		if c.Name == call {
			if after--; after == -1 {
				return power.Meddling{Fail: no}
			}
		}
		return power.Meddling{}
	}
}

// A disk that takes seconds for each flush: a mail is answered late and kept, and nobody else waits for it.
func TestASlowDisk(t *testing.T) {
	t.Parallel()
	const slow = time.Second
	d, f := crashDesk(t, memory(t)), &disk{}
	p := d.startOn(f)
	d.hand("rina@company.com", report("rina@company.com", "sebelumnya"))
	d.quiet()
	f.set(func(c power.Call) power.Meddling {
		if strings.HasSuffix(c.Name, "sync") {
			return power.Meddling{Delay: slow}
		}
		return power.Meddling{}
	})
	begin := time.Now()
	var wait sync.WaitGroup
	for i := range 10 {
		wait.Go(func() {
			from := fmt.Sprintf("orang%d@company.com", i)
			if err := d.send(from, report(from, fmt.Sprint("lambat ", i))); err != nil {
				t.Error(err)
			}
		})
	}
	for time.Since(begin) < slow { // meanwhile
		at := time.Now()
		if c, err := d.connect(); err != nil {
			t.Error(err)
		} else {
			c.Close()
		}
		for _, path := range []string{"/readyz", "/metrics"} {
			r, err := http.Get("http://" + d.http + path)
			if err != nil {
				t.Error(err)
				continue
			}
			r.Body.Close()
		}
		_ = d.tickets()
		if took := time.Since(at); took > slow {
			t.Errorf("others waited for %v", took)
		}
		time.Sleep(100 * time.Millisecond)
	}
	wait.Wait()
	if took := time.Since(begin); took < 2*slow {
		t.Errorf("ten mails took %v: the disk was not slow", took)
	}
	f.set(nil)
	if got := len(d.tickets()); got != 11 {
		t.Errorf("%d tickets", got)
	}
	ends(t, p)
}
