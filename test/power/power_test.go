//go:build linux

package power

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The test program is the program under watch, too.
func TestMain(m *testing.M) {
	if folder := os.Getenv("POWER_CHILD"); folder != "" {
		if err := child(folder); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

var (
	first  = bytes.Repeat([]byte("first "), 2000)
	second = bytes.Repeat([]byte("SECOND"), 2000)
)

// child writes a file and flushes it and its name, writes over it, and makes another one that nobody flushes.
func child(folder string) error {
	kept, err := os.Create(filepath.Join(folder, "kept"))
	if err != nil {
		return err
	}
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	_, err = kept.Write(first)
	if err = errors.Join(err, kept.Sync(), d.Sync()); err != nil {
		return err
	}
	if _, err = kept.WriteAt(second, 0); err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(folder, "deep"), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "deep", "new"), first, 0o600); err != nil {
		return err
	}
	return os.Rename(filepath.Join(folder, "deep", "new"), filepath.Join(folder, "deep", "renamed"))
}

// watch runs the child to its end.
func watch(t *testing.T, meddle func(Call) Meddling) (folder, said string, rec *Recording, status syscall.WaitStatus) {
	t.Helper()
	folder = t.TempDir()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "POWER_CHILD="+folder)
	w, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	c.Stderr = w
	p, err := Start(c, Options{Root: folder, Meddle: meddle})
	if errors.Is(err, ErrNoTrace) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	rec, status, err = p.Wait()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(w.Name())
	if err != nil {
		t.Fatal(err)
	}
	return folder, string(text), rec, status
}

// files reads a folder: what stands under each path.
func files(t *testing.T, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, pattern := range []string{"*", "*/*"} {
		names, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			content, err := os.ReadFile(name)
			if errors.Is(err, syscall.EISDIR) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			below, _ := filepath.Rel(folder, name)
			all[below] = string(content)
		}
	}
	return all
}

func cutInto(t *testing.T, rec *Recording, moment int, cut Cut, seed uint64) map[string]string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "image")
	if err := rec.Cut(moment, cut, seed).Write(folder, time.Now()); err != nil {
		t.Fatal(err)
	}
	return files(t, folder)
}

func TestACutLeavesWhatADiskMayHold(t *testing.T) {
	folder, _, rec, status := watch(t, nil)
	if !status.Exited() || status.ExitStatus() != 0 {
		t.Fatalf("the child ended with %v", status)
	}
	now := files(t, folder)
	if now["kept"] != string(second) || now["deep/renamed"] != string(first) {
		t.Fatalf("the child made %d files", len(now))
	}
	seen := map[string]bool{}
	for seed := range uint64(40) {
		for _, cut := range Cuts {
			got := cutInto(t, rec, rec.Length(), cut, seed)
			kept := got["kept"]
			if len(kept) != len(first) {
				t.Fatalf("%s: what was flushed has %d bytes", cut.Name, len(kept))
			}
			old, fresh := 0, 0
			for i := 0; i < len(kept); i += sector {
				switch end := min(i+sector, len(kept)); kept[i:end] {
				case string(first[i:end]):
					old++
				case string(second[i:end]):
					fresh++
				default:
					t.Fatalf("%s: the sector at %d is neither old nor new", cut.Name, i)
				}
			}
			seen["torn"] = seen["torn"] || old > 0 && fresh > 0
			seen["old"] = seen["old"] || fresh == 0
			seen["new"] = seen["new"] || old == 0
			before, unnamed := got["deep/new"]
			after, named := got["deep/renamed"]
			if unnamed && named {
				t.Fatalf("%s: a rename left both names", cut.Name)
			}
			seen["no name"] = seen["no name"] || !named && !unnamed
			seen["the first name"] = seen["the first name"] || unnamed
			seen["empty"] = seen["empty"] || named && after == ""
			seen["whole"] = seen["whole"] || named && after == string(first)
			seen["holes"] = seen["holes"] || len(before+after) > 0 && strings.Contains(before+after, "\x00")
			seen["what the disk held"] = seen["what the disk held"] || strings.Contains(before+after, "what was here before")
		}
	}
	for _, what := range []string{"torn", "old", "new", "no name", "the first name", "empty", "whole", "holes", "what the disk held"} {
		if !seen[what] {
			t.Errorf("no cut left this: %s", what)
		}
	}
	if got := cutInto(t, rec, 0, Cuts[1], 0); len(got) != 0 {
		t.Errorf("before the first call there are %v", got)
	}
	if again := cutInto(t, rec, rec.Length(), Cuts[3], 7); again["kept"] != cutInto(t, rec, rec.Length(), Cuts[3], 7)["kept"] {
		t.Error("a seed cuts in two ways")
	}
}

func TestWhatIsFlushedIsKeptFromThenOn(t *testing.T) {
	_, _, rec, _ := watch(t, nil)
	flushes := rec.Flushes()
	if len(flushes) != 2 {
		t.Fatalf("%d flushes", len(flushes))
	}
	file, name := false, false
	for seed := range uint64(40) {
		for _, cut := range Cuts {
			if _, there := cutInto(t, rec, flushes[1], cut, seed)["kept"]; !there {
				name = true // the folder's flush has not returned
			}
			if got := cutInto(t, rec, flushes[1]+1, cut, seed); got["kept"] != string(first) {
				t.Fatalf("%s: the file is gone, or was changed, after its flush and its folder's", cut.Name)
			}
			sloppy := rec.Sloppy(func(path string, _ int) bool { return path == "kept" })
			if got, there := cutInto(t, sloppy, flushes[1]+1, cut, seed)["kept"]; there && got != string(first) {
				file = true
			}
		}
	}
	if !file || !name {
		t.Errorf("without its flush the file was lost: %t; without its folder's the name: %t", file, name)
	}
}

func TestCallsAreMadeToFailAndToWait(t *testing.T) {
	if !CanMeddle {
		t.Skip("calls cannot be made to fail on this kind of machine")
	}
	for _, call := range []string{"write", "fsync", "pwrite64", "mkdirat", "renameat"} {
		begin := time.Now()
		folder, said, rec, status := watch(t, func(c Call) Meddling {
			if c.Name == call {
				return Meddling{Fail: syscall.EIO, Delay: 50 * time.Millisecond}
			}
			return Meddling{}
		})
		if status.ExitStatus() != 1 || !strings.Contains(said, syscall.EIO.Error()) {
			t.Errorf("%s: exit %d: %s", call, status.ExitStatus(), said)
		}
		if took := time.Since(begin); took < 50*time.Millisecond {
			t.Errorf("%s: it took %v", call, took)
		}
		// What the recording says is done is what was done.
		now, made := files(t, folder), cutInto(t, rec, rec.Length(), Cuts[1], 0)
		if names := keys(now); !slices.Equal(names, keys(made)) || now["kept"] != made["kept"] {
			t.Errorf("%s: there are %v, and by the recording %v", call, names, keys(made))
		}
	}
}

func keys(m map[string]string) (all []string) {
	for k := range m {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}
