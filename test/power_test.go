//go:build linux

package test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"helpost/test/power"
)

// cutsARound is how many moments of each recording the power is cut at, each in another way.
const cutsARound = 6

// 250 means kept, whatever a power cut leaves of what was not flushed. The real process is recorded under load; at many
// moments its folder is made as the disk might hold it then, and proven: every mail that had been answered 250 is one
// message, every notice that had been sent is on record, every blob that a row names is whole. Then the process goes on from
// what the last cut left.
func TestPowerCutsUnderLoad(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	dice := rand.New(rand.NewPCG(seed, 0))
	p, cuts := newProver(t), 0
	for left := rounds(); left > 0; left -= perDesk {
		d := crashDesk(t, memory(t))
		l := begin(d, 4, time.Millisecond)
		for round := range min(left, perDesk) {
			had := len(l.taken())
			w := d.startWatched(l.taken())
			until(t, "some mails are taken", func() bool { return len(l.taken()) >= had+6 })
			switch round % 5 {
			case 2:
				d.mustRun("compact")
			case 4: // the log comes into the file, and is written over
				d.mustRun("backup", filepath.Join(t.TempDir(), "backup"))
				more := len(l.taken())
				until(t, "some more are taken", func() bool { return len(l.taken()) >= more+4 })
			}
			time.Sleep(time.Duration(dice.IntN(100)) * time.Millisecond)
			rec := w.kill(t)
			l.open.Lock()
			for range cutsARound {
				cuts++
				moment := w.moment(rec, dice)
				w.proves(t, p, rec, moment, power.Cuts[cuts%len(power.Cuts)], dice.Uint64())
			}
			if t.Failed() {
				l.open.Unlock()
				l.end()
				return
			}
			d.leave(t, rec.Cut(rec.Length(), power.Cuts[dice.IntN(len(power.Cuts))], dice.Uint64()))
			l.open.Unlock()
		}
		d.start()
		l.end()
		l.settled(t)
		provesAll(t, d, l)
		t.Log(l.report(d.exported()))
		if err := d.end(); err != nil {
			t.Fatalf("SIGTERM: %v", err)
		}
	}
	t.Logf("%d cuts proven", cuts)
}

// memory is a folder whose files lie in memory, where there is one: what a disk keeps is simulated, and none is needed.
func memory(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("/dev/shm", "helpost-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	return folder
}

// leave puts an image in the place of a desk's folder. It was made hours ago.
func (d *desk) leave(t *testing.T, im *power.Image) {
	t.Helper()
	err := os.RemoveAll(d.data)
	if err == nil {
		err = im.Write(d.data, time.Now().Add(-2*time.Hour))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// watched is a program that is recorded, with what passed over the wire, and when.
type watched struct {
	d *desk
	p *power.Process

	mu       sync.Mutex
	lines    map[int]*line
	answered map[string]int // Message-ID of a mail: the moment at which its 250 was about to be written
	sent     map[string]int // Message-ID of a notice: the moment at which it was about to be written
	before   map[string]bool
}

// line is what is known of one connection.
type line struct {
	mail string // the mail that was read and is not answered
}

// startWatched starts the program under watch. What people know of it from before must be there at any moment.
func (d *desk) startWatched(before map[string]bool) *watched {
	d.t.Helper()
	return d.startWatchedOn(&disk{}, before)
}

// startWatchedOn starts it on a disk that does as it is told.
func (d *desk) startWatchedOn(f *disk, before map[string]bool) *watched {
	d.t.Helper()
	w := &watched{d: d, lines: map[int]*line{}, answered: map[string]int{}, sent: map[string]int{}, before: before}
	var err error
	w.p, err = power.Start(d.command(), power.Options{Root: d.data, Talk: w.talk, Meddle: f.call})
	if errors.Is(err, power.ErrNoTrace) {
		d.t.Skipf("nothing is proven of power cuts: %v", err)
	}
	if err != nil {
		d.t.Fatal(err)
	}
	d.awaits()
	return w
}

// talk follows the lines: which mail was answered, which notice was sent.
func (w *watched) talk(at, fd int, out bool, data []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if data == nil {
		delete(w.lines, fd)
		return
	}
	id := ""
	if _, rest, found := strings.Cut(string(data), "Message-ID: <"); found {
		id, _, found = strings.Cut(rest, ">")
		if found {
			id = "<" + id + ">"
		}
	}
	switch l := w.lines[fd]; {
	case out && id != "":
		w.sent[id] = min(at, orNever(w.sent[id]))
	case !out && id != "":
		w.lines[fd] = &line{mail: id}
	case out && l != nil && strings.HasPrefix(string(data), "250 "):
		w.answered[l.mail] = at
		delete(w.lines, fd)
	}
}

func orNever(at int) int {
	if at == 0 {
		return 1 << 62
	}
	return at
}

// kill ends the program and gives its recording.
func (w *watched) kill(t *testing.T) *power.Recording {
	t.Helper()
	if err := w.p.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	rec, status, err := w.p.Wait()
	if err != nil || status.Signal() != syscall.SIGKILL {
		t.Fatalf("%v, ended with %v", err, status)
	}
	return rec
}

// moment chooses when the power is cut: often where a 250 has just left, or a flush has just ended.
func (w *watched) moment(rec *power.Recording, dice *rand.Rand) int {
	var at []int
	switch dice.IntN(3) {
	case 0:
		for _, moment := range w.answered {
			at = append(at, moment+1)
		}
	case 1:
		for _, moment := range rec.Flushes() {
			at = append(at, moment+dice.IntN(4)-1)
		}
	}
	if len(at) == 0 {
		return dice.IntN(rec.Length() + 1)
	}
	return at[dice.IntN(len(at))]
}

// proves makes what a cut leaves, and proves it.
func (w *watched) proves(t *testing.T, p *prover, rec *power.Recording, moment int, cut power.Cut, seed uint64) {
	t.Helper()
	if wrong := w.wrong(t, p, rec, moment, cut, seed); len(wrong) > 0 {
		t.Errorf("power cut at %d of %d, %s (seed %d): %s", moment, rec.Length(), cut.Name, seed, strings.Join(wrong, "; "))
	}
}

// wrong says what is not as it must be after a cut.
func (w *watched) wrong(t *testing.T, p *prover, rec *power.Recording, moment int, cut power.Cut, seed uint64) []string {
	t.Helper()
	folder := filepath.Join(w.d.data, "..", "image")
	defer os.RemoveAll(folder)
	if err := rec.Cut(moment, cut, seed).Write(folder, time.Now()); err != nil {
		t.Fatal(err)
	}
	h := p.holds(t, filepath.Join(folder, "store"))
	wrong := h.Wrong
	taken := map[string]bool{}
	for id := range w.before {
		taken[id] = true
	}
	for id, at := range w.answered {
		if at < moment {
			taken[id] = true
		}
	}
	lost, twice := missing(h.Messages, taken)
	if len(lost) > 0 {
		wrong = append(wrong, fmt.Sprintf("of %d mails answered 250 are lost: %v", len(taken), lost))
	}
	if len(twice) > 0 {
		wrong = append(wrong, fmt.Sprintf("kept twice: %v", twice))
	}
	for _, m := range w.d.relay.mails() {
		n, is := noticeOf(m)
		if at, here := w.sent[n.id]; is && here && at < moment && !slices.Contains(h.Notified, fmt.Sprint(n.ticket, " ", n.event, " ", n.to, " ", n.at)) {
			wrong = append(wrong, fmt.Sprintf("was sent and is not on record: %+v", n))
		}
	}
	return wrong
}

// prover is a process that proves folders. One that dies of a folder is followed by another.
type prover struct {
	program string
	proc    *exec.Cmd
	in      io.WriteCloser
	out     *json.Decoder
}

// held is what a folder holds, as the prover says.
type held struct {
	Messages map[string]int
	Notified []string
	Wrong    []string
}

func newProver(t *testing.T) *prover {
	t.Helper()
	p := &prover{program: filepath.Join(t.TempDir(), "prove")}
	if out, err := exec.Command("go", "build", "-o", p.program, "helpost/test/prove").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	p.start(t)
	t.Cleanup(func() {
		p.in.Close()
		if err := p.proc.Wait(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func (p *prover) start(t *testing.T) {
	t.Helper()
	p.proc = exec.Command(p.program)
	var err error
	if p.in, err = p.proc.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := p.proc.StdoutPipe()
	if err == nil {
		err = p.proc.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	p.out = json.NewDecoder(out)
}

// holds opens a folder as the program would, and proves it.
func (p *prover) holds(t *testing.T, folder string) (h held) {
	t.Helper()
	_, err := fmt.Fprintln(p.in, folder)
	if err == nil {
		err = p.out.Decode(&h)
	}
	if err != nil {
		p.in.Close()
		h.Wrong = append(h.Wrong, fmt.Sprintf("who reads it dies: %v", errors.Join(err, p.proc.Wait())))
		p.start(t)
	}
	return h
}
