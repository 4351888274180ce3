package test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// run runs a verb on the desk's configuration and gives its exit status and what it said.
func (d *desk) run(args ...string) (int, string) {
	d.t.Helper()
	c := exec.Command(binary, append(args, "--config", filepath.Join(d.dir, "helpost.toml"))...)
	out, err := c.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		d.t.Fatal(err)
	}
	return c.ProcessState.ExitCode(), string(out)
}

func (d *desk) mustRun(args ...string) string {
	d.t.Helper()
	status, out := d.run(args...)
	if status != 0 {
		d.t.Fatalf("helpost %s: exit %d: %s", strings.Join(args, " "), status, out)
	}
	return out
}

func (d *desk) mustFail(want int, says string, args ...string) {
	d.t.Helper()
	if status, out := d.run(args...); status != want || !strings.Contains(out, says) {
		d.t.Errorf("helpost %s: exit %d, want %d and %q: %s", strings.Join(args, " "), status, want, says, out)
	}
}

func (d *desk) mustSend(from, name, id, subject, text string, file []byte) {
	d.t.Helper()
	var b bytes.Buffer
	fmt.Fprintf(&b, "From: %s <%s>\r\nTo: helpdesk@company.com\r\nSubject: %s\r\nMessage-ID: <%s@client.company.com>\r\nDate: Mon, 12 Jan 2026 09:00:00 +0700\r\nMIME-Version: 1.0\r\n", name, from, subject, id)
	b.WriteString("Content-Type: multipart/mixed; boundary=\"batas\"\r\n\r\n--batas\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + text + "\r\n")
	if file != nil {
		b.WriteString("--batas\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"berkas.bin\"\r\nContent-Transfer-Encoding: base64\r\n\r\n")
		for coded := base64.StdEncoding.EncodeToString(file); coded != ""; coded = coded[min(76, len(coded)):] {
			b.WriteString(coded[:min(76, len(coded))] + "\r\n")
		}
	}
	b.WriteString("--batas--\r\n")
	if err := d.send(from, b.Bytes()); err != nil {
		d.t.Fatal(err)
	}
}

// whole gives all tickets as the API gives them, by id.
func (d *desk) whole() map[string]string {
	d.t.Helper()
	all := map[string]string{}
	for _, t := range d.tickets() {
		var one any
		d.get("/api/v1/tickets/"+t.ID, &one)
		all[t.ID] = fmt.Sprint(one)
	}
	return all
}

// holding lists the files of the store and the blobs that hold a word.
func (d *desk) holding(word string) (found []string) {
	d.t.Helper()
	for _, root := range []string{filepath.Join(d.dir, "helpost.db"), filepath.Join(d.dir, "blobs")} {
		err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			content, err := os.ReadFile(path)
			if bytes.Contains(bytes.ToLower(content), []byte(strings.ToLower(word))) {
				found = append(found, path)
			}
			return err
		})
		if err != nil {
			d.t.Fatal(err)
		}
	}
	return found
}

// All verbs that look after what is kept, beside a daemon that runs: nothing of them needs it to stop.
func TestKeepingBesideARunningDaemon(t *testing.T) {
	d := newDesk(t)
	d.mustFail(1, "there is no store", "verify")
	d.mustFail(2, "digest", "verify", "--digest", "kemarin")
	d.start()
	const siti, words = "siti@company.com", "Mesin fotokopi lantai tiga mengeluarkan asap"
	d.mustSend(siti, "Siti Rahmawati", "a1", "Fotokopi berasap", "Nama: Siti Rahmawati\r\nDivisi: Keuangan\r\n\r\n"+words+"\r\n", bytes.Repeat([]byte("berkas milik siti "), 15_000))
	d.mustSend("budi@company.com", "Budi Gunawan", "b1", "VPN putus", "Nama: Budi Gunawan\r\nDivisi: Gudang\r\n\r\nVPN saya putus sejak pagi.\r\n", nil)
	d.mustSend("andi@company.com", "Andi Saputra", "c1", "Re: [IT-000001] Fotokopi berasap", "Bu Siti Rahmawati sudah saya telepon, teknisi datang sore.\r\n\r\nPada Sen, 12 Jan 2026 Siti Rahmawati <siti@company.com> menulis:\r\n> "+words+"\r\n", nil)
	if len(d.holding(words)) == 0 || len(d.holding(siti)) == 0 {
		t.Fatal("what is to be erased later is not found where it is")
	}
	if out := d.mustRun("verify"); !strings.Contains(out, "all holds: 2 tickets") {
		t.Errorf("verify says %q", out)
	}

	before := d.whole()
	kept := filepath.Join(d.dir, "cadangan")
	if out := d.mustRun("backup", kept); !strings.Contains(out, "not in it") {
		t.Errorf("backup does not say what is not in it: %q", out)
	}
	d.mustFail(1, "runs here", "restore", kept)
	d.mustFail(1, "no backup", "backup", filepath.Join(d.dir, "helpost.db"))

	if out := d.mustRun("person", "export", siti); !strings.Contains(out, words) || !strings.Contains(out, "IT-000001") || strings.Contains(out, "budi@") {
		t.Errorf("export says %s", out)
	}
	d.mustRun("ticket", "hold", "IT-000001")
	d.mustFail(1, "IT-000001", "person", "erase", siti)
	if len(d.holding(words)) == 0 {
		t.Error("a ticket on hold was erased")
	}
	d.mustRun("ticket", "hold", "--off", "IT-000001")
	d.mustRun("person", "erase", siti)
	d.mustFail(1, siti, "person", "erase", siti)
	d.mustFail(1, "is an agent", "person", "erase", "andi@company.com")
	d.mustFail(1, "IT-000009", "ticket", "hold", "IT-000009")
	d.mustRun("compact")
	d.mustRun("verify")
	d.mustSend("budi@company.com", "Budi Gunawan", "b2", "Mouse rusak", "Nama: Budi Gunawan\r\nDivisi: Gudang\r\n\r\nMouse saya rusak.\r\n", nil)
	if err := d.end(); err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{siti, "rahmawati", words, "fotokopi berasap", "a1@client", base64.StdEncoding.EncodeToString([]byte("berkas milik siti berkas milik siti "))[:40]} {
		if found := d.holding(word); len(found) > 0 {
			t.Errorf("%q stands in %v", word, found)
		}
	}
	if out := d.mustRun("verify"); !strings.Contains(out, "all holds: 3 tickets") {
		t.Errorf("verify says %q", out)
	}
	d.mustFail(1, "there are tickets already", "restore", kept)

	other := newDesk(t)
	other.mustRun("restore", kept)
	other.mustRun("verify")
	other.start()
	after := other.whole()
	for id, was := range before {
		if after[id] != was {
			t.Errorf("%s came back as\n%s\nit was\n%s", id, after[id], was)
		}
	}
	if len(after) != len(before) {
		t.Errorf("%d tickets came back, there were %d", len(after), len(before))
	}
}
