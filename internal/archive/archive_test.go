package archive_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"helpost/internal/archive"
	"helpost/internal/blob/dir"
	"helpost/internal/life/lifetest"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/internal/store/bolt"
)

var (
	background = context.Background()
	rina       = sop.Person{Address: "rina@company.com", Name: "Rina Wijaya"}
)

func busy(t *testing.T) *lifetest.Desk {
	t.Helper()
	d := lifetest.New(t)
	for n := range 3 {
		d.Report(lifetest.Mail{From: rina, Subject: "Printer", Text: "Printer macet", Files: map[string][]byte{"layar.bin": bytes.Repeat([]byte{byte(n)}, 40_000*n)}})
	}
	d.Write(1, lifetest.Mail{From: lifetest.Andi, Text: "Dicek.", Commands: []sop.Command{{Name: sop.Take}}})
	return d
}

func written(t *testing.T, d *lifetest.Desk) ([]byte, archive.Manifest) {
	t.Helper()
	var b bytes.Buffer
	m, err := archive.Write(background, &b, d.Store, d.Blobs, d.Now)
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), m
}

func saved(t *testing.T, content []byte) (string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "backup")
	_, err := archive.Save(background, path, bytes.NewReader(content))
	return path, err
}

// everything is what a store holds, as its readers see it.
func everything(t *testing.T, s *bolt.Store, blobs *dir.Store) map[string]any {
	t.Helper()
	all := map[string]any{}
	err := s.View(background, func(r store.Reader) error {
		numbers, err := r.Numbers(0, 100)
		if err != nil {
			return err
		}
		for _, n := range numbers {
			ticket, version, err := r.Ticket(n)
			if err != nil {
				return err
			}
			log, _ := r.Log(n)
			messages, _ := r.Messages(n)
			all[n.ID("IT")] = []any{ticket, version, log, messages}
			for _, m := range messages {
				for _, a := range m.Attachments {
					content, err := store.OpenRef(background, r, blobs, a.Ref)
					if err != nil {
						return err
					}
					b, err := io.ReadAll(content)
					if err = errors.Join(err, content.Close()); err != nil {
						return err
					}
					all[n.ID("IT")+a.SHA256] = lifetest.SumOf(b)
				}
			}
		}
		queue, err := r.Queue(0, 1000)
		all["queue"] = queue
		counts, _ := r.Counts()
		all["counts"] = counts
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestABackupBringsBackWhatItTook(t *testing.T) {
	d := busy(t)
	before := everything(t, d.Store, d.Blobs)
	content, m := written(t, d)
	d.Write(2, lifetest.Mail{From: rina, Text: "sesudahnya"}) // is not in it
	path, err := saved(t, content)
	if err != nil {
		t.Fatal(err)
	}
	if m.Blobs != 1 || len(m.Missing) != 0 {
		t.Errorf("the manifest is %+v", m)
	}
	folder := t.TempDir()
	blobs, err := dir.Open(filepath.Join(folder, "b"))
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(folder, "new", "helpost.db")
	if got, err := archive.Restore(background, path, to, blobs); err != nil || !reflect.DeepEqual(got, m) {
		t.Fatalf("%+v, %v", got, err)
	}
	s, err := bolt.Open(to, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if after := everything(t, s, blobs); !reflect.DeepEqual(before, after) {
		t.Errorf("before\n%v\nafter\n%v", before, after)
	}
	if err := errors.Join(s.Check(background), s.Close()); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(folder, "new", "*")); len(left) != 1 {
		t.Errorf("there is left %v", left)
	}
	if info, err := os.Stat(to); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v, %v", info.Mode(), err)
	}
}

func TestABackupIsNotBroughtBackOverTickets(t *testing.T) {
	d := busy(t)
	content, _ := written(t, d)
	path, err := saved(t, content)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := archive.Restore(background, path, d.Path(), d.Blobs); !errors.Is(err, store.ErrLocked) {
		t.Errorf("over a store that is open: %v", err)
	}
	d.Write(2, lifetest.Mail{From: rina, Text: "sesudahnya"})
	was := everything(t, d.Store, d.Blobs)
	d.Store.Close()
	if _, err := archive.Restore(background, path, d.Path(), d.Blobs); !errors.Is(err, archive.ErrNotEmpty) {
		t.Errorf("over tickets: %v", err)
	}
	d.Open()
	if is := everything(t, d.Store, d.Blobs); !reflect.DeepEqual(was, is) {
		t.Error("the store was changed")
	}
	empty := lifetest.New(t)
	empty.Store.Close()
	if _, err := archive.Restore(background, path, empty.Path(), empty.Blobs); err != nil {
		t.Errorf("over a store without tickets: %v", err)
	}
	empty.Open()
	if empty.Ticket(1).Number != 1 {
		t.Error("nothing was brought back")
	}
}

// Whatever byte of a backup is changed, and wherever it is cut off, it is not brought back, and no place is made for it.
func TestADamagedBackupIsRefused(t *testing.T) {
	d := busy(t)
	content, _ := written(t, d)
	damaged := map[string][]byte{"empty": {}, "a text": []byte("this is no backup\n"), "cut off at the end": content[:len(content)-1500]}
	for _, part := range []int{20, 45, 70, 97} {
		at := len(content) * part / 100
		damaged["cut off in its middle "+string(rune('a'+part%26))] = content[:at]
	}
	for name, at := range placesIn(t, content) {
		flipped := bytes.Clone(content)
		flipped[at] ^= 1
		damaged["a changed byte in "+name] = flipped
	}
	for says, b := range damaged {
		path := filepath.Join(t.TempDir(), "backup")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(t.TempDir(), "helpost.db")
		if _, err := archive.Restore(background, path, to, d.Blobs); !errors.Is(err, archive.ErrDamaged) && !errors.Is(err, archive.ErrNoBackup) {
			t.Errorf("%s: %v", says, err)
		}
		if _, err := os.Stat(to); err == nil {
			t.Errorf("%s: a store was made", says)
		}
		if saved, err := saved(t, b); err == nil {
			t.Errorf("%s: it was saved", says)
		} else if left, _ := filepath.Glob(filepath.Dir(saved) + "/*"); len(left) > 0 {
			t.Errorf("%s: there is left %v", says, left)
		}
	}
}

// placesIn gives the middle of each member's content.
func placesIn(t *testing.T, content []byte) map[string]int {
	t.Helper()
	places := map[string]int{}
	r := bytes.NewReader(content)
	for members := tar.NewReader(r); ; {
		h, err := members.Next()
		if err == io.EOF {
			return places
		}
		if err != nil {
			t.Fatal(err)
		}
		begin := len(content) - r.Len()
		places[h.Name] = begin + int(h.Size)/2
	}
}

func TestABackupOfWhatIsDamagedSaysWhatItLacks(t *testing.T) {
	d := busy(t)
	files, err := filepath.Glob(filepath.Join(d.Folder, "blobs", "*", "*"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	if err := os.WriteFile(files[0], []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	content, m := written(t, d)
	if len(m.Missing) != 1 || m.Missing[0] != filepath.Base(files[0]) || m.Blobs != 0 {
		t.Errorf("the manifest is %+v", m)
	}
	if _, err := saved(t, content); err != nil {
		t.Errorf("what is there cannot be saved: %v", err)
	}
}

func TestABackupReplacesABackupAndNothingElse(t *testing.T) {
	d := busy(t)
	content, _ := written(t, d)
	path, err := saved(t, content)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := archive.Save(background, path, bytes.NewReader(content)); err != nil {
		t.Errorf("a second time: %v", err)
	}
	d.Store.Close()
	if _, err := archive.Save(background, d.Path(), bytes.NewReader(content)); err == nil {
		t.Error("the store itself was replaced")
	}
	d.Open()
	if d.Ticket(1).Number != 1 {
		t.Error("the store is gone")
	}
}

func TestABackupIsTakenWhileMailComes(t *testing.T) {
	d := busy(t)
	read, write := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, err := archive.Write(background, write, d.Store, d.Blobs, d.Now)
		write.CloseWithError(err)
		done <- err
	}()
	first := make([]byte, 4096) // it has begun
	if _, err := io.ReadFull(read, first); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		d.Report(lifetest.Mail{From: rina, Subject: "Baru", Text: "datang sementara itu"})
	}
	path := filepath.Join(t.TempDir(), "backup")
	if _, err := archive.Save(background, path, io.MultiReader(bytes.NewReader(first), read)); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "helpost.db")
	if _, err := archive.Restore(background, path, to, d.Blobs); err != nil {
		t.Fatal(err)
	}
	s, err := bolt.Open(to, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.View(background, func(r store.Reader) error {
		numbers, err := r.Numbers(0, 100)
		if len(numbers) != 3 {
			t.Errorf("it holds tickets %v, it was begun with 3", numbers)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// Any bytes are either a backup or refused; nothing is read without bound.
func FuzzCheck(f *testing.F) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range []struct{ name, content string }{{"helpost-backup.json", `{"format":1}`}, {"helpost.db", "x"}, {"manifest.json", `{}`}} {
		w.WriteHeader(&tar.Header{Name: m.name, Size: int64(len(m.content)), Mode: 0o600})
		io.WriteString(w, m.content)
	}
	w.Close()
	f.Add(b.Bytes())
	f.Add([]byte("x"))
	path := filepath.Join(f.TempDir(), "backup")
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if m, err := archive.Check(background, path); err == nil && m.StoreSize < 0 {
			t.Errorf("%+v", m)
		}
	})
}
