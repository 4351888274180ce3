package test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// rounds is how often the program is killed: HELPOST_CRASH_ROUNDS, else 20.
func rounds() int {
	if n, err := strconv.Atoi(os.Getenv("HELPOST_CRASH_ROUNDS")); err == nil && n > 0 {
		return n
	}
	return 20
}

// perDesk is how many rounds one desk goes through: with more its store would grow, and each proof last.
const perDesk = 20

// 250 means kept: the real process is killed at random moments under load, again and again. Afterwards every mail that was
// answered 250 is exactly one message, what was due happened once, and each notice went out, under one Message-ID.
func TestKilledUnderLoad(t *testing.T) {
	t.Parallel()
	for left := rounds(); left > 0; left -= perDesk {
		d := crashDesk(t, t.TempDir())
		d.start()
		l := begin(d, 4, time.Millisecond)
		for range min(left, perDesk) {
			time.Sleep(time.Duration(100+rand.IntN(400)) * time.Millisecond)
			d.kill()
			if said := d.mustRun("verify"); !strings.Contains(said, "all holds") {
				t.Fatalf("after a kill: %s", said)
			}
			d.aged()
			d.start()
		}
		time.Sleep(300 * time.Millisecond)
		until(t, "something of each kind falls due", d.hasLived)
		l.end()
		l.settled(t)
		provesAll(t, d, l)
		t.Log(l.report(d.exported()))
		if err := d.end(); err != nil {
			t.Fatalf("SIGTERM: %v", err)
		}
	}
}

// crashDesk is a desk whose tickets live fast, and whose store and blobs lie in a folder of their own.
func crashDesk(t *testing.T, folder string) *desk {
	t.Helper()
	d := newDesk(t)
	d.data = filepath.Join(folder, "data")
	d.edit("bbolt://"+d.dir, "bbolt://"+d.store())
	d.edit("[relay]", hasty+"[relay]")
	if err := os.Mkdir(d.data, 0o700); err != nil {
		t.Fatal(err)
	}
	return d
}

// store is the folder of a crash desk's store and blobs. The program makes it itself.
func (d *desk) store() string { return filepath.Join(d.data, "store") }

// aged lets hours pass for what lies on the disk, so that the next sweep takes what nobody named.
func (d *desk) aged() {
	d.t.Helper()
	blobs, err := filepath.Glob(filepath.Join(d.store(), "blobs", "*", "*"))
	hidden, err2 := filepath.Glob(filepath.Join(d.store(), "blobs", "*", ".*"))
	if err != nil || err2 != nil {
		d.t.Fatal(err, err2)
	}
	then := time.Now().Add(-2 * time.Hour)
	for _, name := range append(blobs, hidden...) {
		if err := os.Chtimes(name, then, then); err != nil {
			d.t.Fatal(err)
		}
	}
}
