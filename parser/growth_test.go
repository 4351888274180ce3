package parser

import (
	"bytes"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// Twice the mail is at most some twice the memory.
func TestMemoryGrowsWithTheMail(t *testing.T) {
	p := testParser(t)
	for _, h := range hostile {
		t.Run(h.name, func(t *testing.T) {
			half, whole := []byte(h.make(h.big/8)), []byte(h.make(h.big/4))
			small, large := allocated(func() { p.Parse(half) }), allocated(func() { p.Parse(whole) })
			growth := float64(len(whole)) / float64(len(half))
			if float64(large) > 1.6*growth*float64(small)+1<<20 {
				t.Errorf("%d bytes take %d, %d bytes take %d", len(half), small, len(whole), large)
			}
			if large > 24*uint64(len(whole))+32<<20 {
				t.Errorf("%d bytes take %d: far more than the mail", len(whole), large)
			}
		})
	}
}

// allocated counts the bytes that f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Four times the mail is at most some four times the work. What is measured is the time that the processor gave, so that a
// busy machine does not matter; a reader whose work grew with the square would take sixteen times as much.
func TestTimeGrowsWithTheMail(t *testing.T) {
	p := testParser(t)
	const tries, floor = 5, 20 * time.Millisecond // below, the clock and the collector are most of it
	for _, h := range hostile {
		t.Run(h.name, func(t *testing.T) {
			quarter, whole := []byte(h.make(h.big/8)), []byte(h.make(h.big/2))
			growth := float64(len(whole)) / float64(len(quarter))
			var small, large time.Duration
			for range tries {
				small, large = worked(func() { p.Parse(quarter) }), worked(func() { p.Parse(whole) })
				if float64(large) <= 2*growth*float64(small)+float64(floor) {
					return
				}
			}
			t.Errorf("%d bytes take %s, %d bytes take %s", len(quarter), small, len(whole), large)
		})
	}
}

// worked is the processor time that this process takes for f.
func worked(f func()) time.Duration {
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			return 0
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	runtime.GC()
	before := used()
	f()
	return used() - before
}

// A mail of 14 MB in one file takes little more than its own size.
func TestLargeFileTakesLittleMoreThanItself(t *testing.T) {
	p := testParser(t)
	data := bytes.Repeat([]byte("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc=\n"), 14<<20/77)
	raw := append([]byte(testHead+"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nTerlampir.\n--b\nContent-Type: application/zip; name=a.zip\nContent-Transfer-Encoding: base64\n\n"), data...)
	raw = append(raw, "\n--b--\n"...)
	var m *Mail
	took := allocated(func() { m = p.Parse(raw) })
	checkLaws(t, raw, m)
	if len(m.Attachments) != 1 || len(m.Attachments[0].Data) != len(data)/77*56 || m.Problem != "" {
		t.Fatalf("%d attachments, problem %q", len(m.Attachments), m.Problem)
	}
	if took > uint64(len(raw)) {
		t.Errorf("took %d bytes for a mail of %d", took, len(raw))
	}
}
