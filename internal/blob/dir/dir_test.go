package dir

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"helpost/internal/blob"
)

func open(t *testing.T, root string) *Store {
	t.Helper()
	s, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t *testing.T, s *Store, values ...[]byte) []string {
	t.Helper()
	names, err := s.Put(context.Background(), values...)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func list(t *testing.T, s *Store) []string {
	t.Helper()
	var all []string
	for name, err := range s.All(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, name)
	}
	return all
}

func TestABlobIsNamedByItsContentAndComesBackWhole(t *testing.T) {
	ctx := context.Background()
	root := filepath.Join(t.TempDir(), "deep", "blobs")
	s := open(t, root)
	values := [][]byte{[]byte("satu"), {}, bytes.Repeat([]byte("x"), 300_000), []byte("satu")}
	names := put(t, s, values...)
	for i, v := range values {
		sum := sha256.Sum256(v)
		if names[i] != hex.EncodeToString(sum[:]) {
			t.Errorf("value %d is named %s", i, names[i])
		}
	}
	s = open(t, root) // as after a restart
	for i, v := range values {
		r, err := s.Open(ctx, names[i])
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, v) || r.Size() != int64(len(v)) {
			t.Errorf("value %d came back with %d bytes, size %d, %v", i, len(got), r.Size(), err)
		}
		part := make([]byte, 2)
		if n, err := r.ReadAt(part, 1); len(v) > 2 && (err != nil || string(part[:n]) != string(v[1:3])) {
			t.Errorf("value %d from 1 on: %q, %v", i, part[:n], err)
		}
		r.Close()
	}
	want := slices.Compact(slices.Sorted(slices.Values(names)))
	if got := list(t, s); !slices.Equal(got, want) {
		t.Errorf("All lists %v, want %v", got, want)
	}
	info, err := os.Stat(filepath.Join(root, names[0][:2], names[0]))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file has mode %v, %v", info.Mode(), err)
	}
	if info, _ := os.Stat(filepath.Join(root, names[0][:2])); info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %v", info.Mode())
	}
}

func TestWhatIsThereIsNotWrittenAgain(t *testing.T) {
	s := open(t, t.TempDir())
	name := put(t, s, []byte("satu"))[0]
	path, _ := s.path(name)
	first, _ := os.Stat(path)
	put(t, s, []byte("satu"))
	if second, _ := os.Stat(path); !os.SameFile(first, second) {
		t.Error("the file was replaced")
	}
	if err := os.WriteFile(path, []byte("sa"), 0o600); err != nil { // a file system that lost the end
		t.Fatal(err)
	}
	put(t, s, []byte("satu"))
	if got, _ := os.ReadFile(path); string(got) != "satu" {
		t.Errorf("a torn blob stayed torn: %q", got)
	}
}

func TestANameThatIsNoneNeverBecomesAPath(t *testing.T) {
	ctx := context.Background()
	root := t.TempDir()
	s := open(t, filepath.Join(root, "blobs"))
	if err := os.WriteFile(filepath.Join(root, "secret"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	name := put(t, s, []byte("satu"))[0]
	for _, bad := range []string{
		"", "../secret", "../../secret", "/etc/passwd", name[:63], name + "0", "../" + name[3:], "AB" + name[2:], name[:62] + "\x00a",
		name[:2] + "/" + name[3:],
	} {
		if _, err := s.Open(ctx, bad); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("Open(%q) is %v", bad, err)
		}
		if err := s.Delete(ctx, bad); err != nil {
			t.Errorf("Delete(%q) is %v", bad, err)
		}
	}
	if _, err := os.Stat(filepath.Join(root, "secret")); err != nil {
		t.Error(err)
	}
	link := hex.EncodeToString(bytes.Repeat([]byte{0xaa}, 32))
	if err := os.Symlink(filepath.Join(root, "secret"), filepath.Join(s.folder(0xaa), link)); err != nil {
		t.Fatal(err)
	}
	if r, err := s.Open(ctx, link); err == nil {
		r.Close()
		t.Error("a symbolic link was followed")
	}
}

func TestDeletingIsDoneOnce(t *testing.T) {
	ctx := context.Background()
	s := open(t, t.TempDir())
	name := put(t, s, []byte("satu"))[0]
	for range 2 {
		if err := s.Delete(ctx, name); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Open(ctx, name); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("a deleted blob is %v", err)
	}
}

func TestASweepTakesOldOrphansAlone(t *testing.T) {
	ctx := context.Background()
	s := open(t, t.TempDir())
	names := put(t, s, []byte("named"), []byte("orphan"), []byte("orphan put again"))
	left := filepath.Join(s.folder(3), tempPrefix+"1")
	if err := os.WriteFile(left, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	keep := func(name string) bool { return name == names[0] }
	s.now = func() time.Time { return time.Now().Add(30 * time.Minute) }
	if swept, err := s.Sweep(ctx, keep, time.Hour); err != nil || swept != (Swept{}) {
		t.Fatalf("all is fresh, and the sweep took %+v, %v", swept, err)
	}
	s.now = func() time.Time { return time.Now().Add(2 * time.Hour) }
	put(t, s, []byte("orphan put again")) // a mail is just coming that has it
	swept, err := s.Sweep(ctx, keep, time.Hour)
	if err != nil || swept != (Swept{Blobs: 1, Left: 1, Bytes: 10}) {
		t.Fatalf("the sweep took %+v, %v", swept, err)
	}
	want := []string{names[0], names[2]}
	slices.Sort(want)
	if got := list(t, s); !slices.Equal(got, want) {
		t.Errorf("there are %v, want %v", got, want)
	}
}

func TestManyPutTheSameAndDifferentAtOnce(t *testing.T) {
	ctx := context.Background()
	s := open(t, t.TempDir())
	var wg sync.WaitGroup
	stop := make(chan struct{})
	swept := make(chan error, 1)
	go func() {
		var err error
		for err == nil {
			select {
			case <-stop:
				swept <- nil
				return
			default:
				_, err = s.Sweep(ctx, func(string) bool { return false }, time.Hour)
			}
		}
		swept <- err
	}()
	for i := range 8 {
		wg.Go(func() {
			for j := range 5 {
				names, err := s.Put(ctx, []byte("same"), fmt.Appendf(nil, "%d of %d", j, i))
				if err != nil {
					t.Error(err)
					return
				}
				for _, name := range names {
					r, err := s.Open(ctx, name)
					if err != nil {
						t.Error(err)
						return
					}
					r.Close()
				}
			}
		})
	}
	wg.Wait()
	close(stop)
	if err := <-swept; err != nil {
		t.Error(err)
	}
	if got := len(list(t, s)); got != 41 {
		t.Errorf("there are %d blobs, want 41", got)
	}
}

func TestAFullDiskLeavesNothingHalf(t *testing.T) {
	ctx := context.Background()
	root := t.TempDir()
	if err := syscall.Mount("tmpfs", root, "tmpfs", 0, "size=2m"); err != nil {
		t.Skipf("no small file system can be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(root, 0); err != nil {
			t.Error(err)
		}
	})
	s := open(t, root)
	kept := put(t, s, bytes.Repeat([]byte("a"), 500_000))[0]
	large := bytes.Repeat([]byte("b"), 4_000_000)
	if _, err := s.Put(ctx, large); !errors.Is(err, blob.ErrFull) {
		t.Fatalf("4 MB on 2 MB is %v", err)
	}
	if got := list(t, s); !slices.Equal(got, []string{kept}) {
		t.Errorf("there are %v", got)
	}
	if files, _ := filepath.Glob(filepath.Join(root, "*", tempPrefix+"*")); len(files) > 0 {
		t.Errorf("left over: %v", files)
	}
	put(t, s, bytes.Repeat([]byte("c"), 1_000_000)) // the room is there again
}
