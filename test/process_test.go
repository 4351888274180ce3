package test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// objects gives all tickets as the API gives them, by id.
func (d *desk) objects() map[string]any {
	d.t.Helper()
	all := map[string]any{}
	for _, t := range d.tickets() {
		var one any
		d.get("/api/v1/tickets/"+t.ID, &one)
		all[t.ID] = one
	}
	return all
}

// lived makes some tickets with a life behind them: an answer, a fix, a follow-up, a merge, a mail in quarantine.
func (d *desk) lived() {
	d.t.Helper()
	for i, from := range []string{"rina@company.com", "budi@company.com", "tono@company.com"} {
		d.hand(from, report(from, fmt.Sprintf("laporan %d", i)))
	}
	d.agent("IT-000001", "#ambil\r\n#kategori jaringan\r\n#balas\r\nSaya cek.")
	d.agent("IT-000002", "#selesai\r\nSudah diperbaiki.")
	d.agent("IT-000003", "#gabung IT-000001")
	d.hand("orang@luar.example", report("orang@luar.example", "penawaran"))
}

// agent writes an agent's answer to what he was told of a ticket.
func (d *desk) agent(id, text string) {
	d.t.Helper()
	var told *received
	until(d.t, "andi is told of "+id, func() bool {
		for _, m := range d.relay.mails() {
			if m.To == "andi@company.com" && m.Header.Get("X-Helpost-Ticket") == id {
				told = &m
				return true
			}
		}
		return false
	})
	mid := told.Header.Get("Message-Id")
	raw := fmt.Appendf(nil, "From: Andi <andi@company.com>\r\nTo: <helpdesk@company.com>\r\nSubject: Re: [%s]\r\nIn-Reply-To: %s\r\nReferences: %s\r\nMessage-ID: <andi.%s@client.company.com>\r\nDate: %s\r\n\r\n%s\r\n", id, mid, mid, id, time.Now().Format(time.RFC1123Z), text)
	d.hand("andi@company.com", raw)
}

// quiet waits until nothing waits to be sent.
func (d *desk) quiet() {
	d.t.Helper()
	until(d.t, "an empty queue", func() bool { return d.verb(0, "", "queue", "list", "--json").out == "" })
}

// A stop and a start change nothing: the same tickets, to the letter; a mail that comes again is the same mail still.
func TestARestartChangesNothing(t *testing.T) {
	d := newDesk(t)
	d.start()
	first := report("siti@company.com", "laporan")
	d.lived()
	d.hand("siti@company.com", first)
	d.quiet()
	before := d.objects()
	if err := d.end(); err != nil {
		t.Fatalf("SIGTERM: %v", err)
	}
	d.start()
	d.hand("siti@company.com", first)
	if after := d.objects(); !reflect.DeepEqual(before, after) || len(after) != 4 {
		t.Fatalf("%d tickets before, %d after, or another content", len(before), len(after))
	}
	sent := len(d.relay.mails())
	d.quiet()
	if got := len(d.relay.mails()); got != sent {
		t.Fatalf("%d mails went out for nothing", got-sent)
	}
	d.kill()
	d.start()
	if after := d.objects(); !reflect.DeepEqual(before, after) {
		t.Fatal("a kill changed the tickets")
	}
}

// A second daemon on the same file ends with 1, at once, and names the file; the first goes on.
func TestASecondDaemonOnTheSameFile(t *testing.T) {
	d := newDesk(t)
	d.start()
	second := newDesk(t)
	second.edit("bbolt://"+second.dir, "bbolt://"+d.dir)
	at := time.Now()
	if got := second.verb(1, "", "serve"); !strings.Contains(got.all(), filepath.Join(d.dir, "helpost.db")) {
		t.Errorf("it does not name the file: %s", got.all())
	}
	if took := time.Since(at); took > 15*time.Second {
		t.Errorf("it took %v", took)
	}
	d.hand("rina@company.com", report("rina@company.com", "printer"))
}

// SIGTERM ends the program with 0 within ten seconds though clients are idle and one is in the middle of its mail: that
// one is answered 250 and kept, or not answered so and not kept.
func TestItEndsPolitely(t *testing.T) {
	t.Parallel()
	for _, finishes := range []bool{true, false} {
		d := newDesk(t)
		d.start()
		for range 5 {
			idle, err := d.connect()
			if err != nil {
				t.Fatal(err)
			}
			defer idle.Close()
		}
		raw := report("rina@company.com", "printer")
		s := d.begin("rina@company.com")
		defer s.Close()
		if _, err := s.Write(raw[:100]); err != nil {
			t.Fatal(err)
		}
		at := time.Now()
		ended := make(chan error, 1)
		if err := d.proc.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		proc := d.proc
		go func() { ended <- proc.Wait() }()
		code := 0
		if finishes {
			time.Sleep(300 * time.Millisecond)
			_, _ = s.Write(append(raw[100:], "\r\n.\r\n"...)) // the line may be gone: then there is no reply
			code, _ = s.reply()
		}
		if err := <-ended; err != nil {
			t.Errorf("finishes %v: ended with %v", finishes, err)
		}
		d.proc = nil
		if took := time.Since(at); took > 12*time.Second {
			t.Errorf("finishes %v: it took %v", finishes, took)
		}
		if c, err := net.Dial("tcp", d.smtp); err == nil {
			c.Close()
			t.Error("still listening")
		}
		if code != 250 && code != 0 && (code < 400 || code > 499) {
			t.Errorf("answered %d", code)
		}
		d.start()
		want := 0
		if code == 250 {
			want = 1
		}
		if got := len(d.tickets()); got != want {
			t.Errorf("answered %d, and there are %d tickets", code, got)
		}
		if err := d.end(); err != nil {
			t.Error(err)
		}
	}
}

// Many connections that say nothing hold nobody up.
func TestIdleClientsHoldNobodyUp(t *testing.T) {
	d := newDesk(t)
	d.start()
	for range 40 {
		if c, err := net.Dial("tcp", d.smtp); err == nil {
			defer c.Close()
		}
	}
	at := time.Now()
	d.hand("rina@company.com", report("rina@company.com", "printer"))
	if took := time.Since(at); took > 10*time.Second {
		t.Errorf("a mail waited for %v", took)
	}
}

// A mail whose end never came is none.
func TestABrokenLineMakesNoTicket(t *testing.T) {
	d := newDesk(t)
	d.start()
	s := d.begin("rina@company.com")
	if _, err := s.Write(report("rina@company.com", "printer")); err != nil {
		t.Fatal(err)
	}
	s.Close()
	d.hand("budi@company.com", report("budi@company.com", "sesudahnya"))
	if got := d.tickets(); len(got) != 1 || got[0].Reporter.Address != "budi@company.com" {
		t.Fatalf("%v", got)
	}
}

// At rest it needs little memory.
func TestMemoryAtRest(t *testing.T) {
	const limit = 40 << 10 // KB
	d := newDesk(t)
	d.start()
	d.lived()
	d.quiet()
	var kb int
	until(t, fmt.Sprintf("less than %d KB of anonymous memory", limit), func() bool {
		smaps, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", d.proc.Process.Pid))
		if err != nil {
			t.Skipf("no smaps_rollup on %s: %v", runtime.GOOS, err)
		}
		_, after, found := bytes.Cut(smaps, []byte("\nAnonymous:"))
		if !found {
			t.Skip("smaps_rollup says nothing of anonymous memory")
		}
		if _, err := fmt.Sscan(string(after), &kb); err != nil {
			t.Fatal(err)
		}
		return kb < limit
	})
	t.Logf("%d KB", kb)
}

// A full disk: 452 or 451 and nothing half-kept; when there is room again it goes on by itself.
func TestAFullDisk(t *testing.T) {
	small := t.TempDir()
	if err := mountSmall(small); err != nil {
		t.Skipf("no small disk can be had here: %v", err)
	}
	t.Cleanup(func() { _ = exec.Command("umount", "-l", small).Run() })
	d := newDesk(t)
	d.edit("bbolt://"+d.dir, "bbolt://"+small)
	d.start()
	d.hand("rina@company.com", report("rina@company.com", "sebelumnya"))
	filler := filepath.Join(small, "pengisi")
	fill(t, filler)
	accepted := map[string]bool{"sebelumnya": true}
	refused := 0
	for i := range 8 {
		subject := fmt.Sprintf("penuh %d", i)
		raw := report("rina@company.com", subject)
		raw = append(raw, bytes.Repeat([]byte("kata demi kata demi kata demi kata\r\n"), 12_000)...)
		switch got := code(d.send("rina@company.com", raw)); {
		case got == 250:
			accepted[subject] = true
		case got == 451 || got == 452:
			refused++
		default:
			t.Errorf("answered %d", got)
		}
	}
	if refused == 0 {
		t.Error("the disk was never full")
	}
	d.holds(accepted)
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	accepted["sesudahnya"] = true
	raw := report("rina@company.com", "sesudahnya")
	until(t, "it takes mail again", func() bool { return d.send("rina@company.com", raw) == nil })
	d.holds(accepted)
	d.kill()
	d.start()
	d.holds(accepted)
}

// The store's file is taken away from under the daemon: 451, not ready, and a backup has what it held; back at its name, it
// goes on by itself.
func TestTheStoresFileIsTakenAway(t *testing.T) {
	d := newDesk(t)
	d.start()
	d.hand("rina@company.com", report("rina@company.com", "sebelumnya"))
	path := filepath.Join(d.dir, "helpost.db")
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	raw := report("rina@company.com", "sesudahnya")
	if got := code(d.send("rina@company.com", raw)); got != 451 {
		t.Errorf("answered %d", got)
	}
	if got := d.ready(http.StatusServiceUnavailable); !strings.Contains(got, `"ready":false`) || !strings.Contains(got, path) {
		t.Errorf("/readyz says %s", got)
	}
	d.mustRun("backup", filepath.Join(d.dir, "cadangan"))
	if err := os.Rename(path+".away", path); err != nil {
		t.Fatal(err)
	}
	until(t, "it takes mail again", func() bool { return d.send("rina@company.com", raw) == nil })
	d.holds(map[string]bool{"sebelumnya": true, "sesudahnya": true})
}

// holds: exactly these subjects are tickets.
func (d *desk) holds(subjects map[string]bool) {
	d.t.Helper()
	got := map[string]bool{}
	for _, ticket := range d.tickets() {
		got[ticket.Subject] = true
	}
	if !maps.Equal(got, subjects) {
		d.t.Errorf("tickets %v, want %v", got, subjects)
	}
}

func mountSmall(folder string) error {
	if os.Geteuid() != 0 {
		return errors.New("not root")
	}
	out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(out))
	}
	return nil
}

// fill writes until the disk is full.
func fill(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size > 0; size /= 2 {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, size))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
	}
}
