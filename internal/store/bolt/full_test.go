package bolt

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"helpost/internal/store"
	"helpost/internal/store/kv"
	"helpost/internal/store/storetest"
)

// smallDisk mounts a file system of a few megabytes.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	root := t.TempDir()
	if err := syscall.Mount("tmpfs", root, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("no small file system can be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(root, 0); err != nil {
			t.Error(err)
		}
	})
	return root
}

func TestAFullDiskRefusesAndServiceGoesOnWhenThereIsRoom(t *testing.T) {
	ctx := context.Background()
	root := smallDisk(t, "4m")
	path := filepath.Join(root, "helpost.db")
	s := openTest(t, path, Options{})
	ballast := filepath.Join(root, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	kept := 0
	var err error
	for err == nil {
		if err = s.Commit(ctx, mail(kept+1)); err == nil {
			kept++
		}
	}
	if !errors.Is(err, store.ErrFull) {
		t.Fatalf("after %d mails a commit says %v", kept, err)
	}
	for range 3 { // it stays so, in a batch too, and nothing of what is there suffers
		for i, err := range batched(t, s, rowsOf(t, mail(1001)), rowsOf(t, mail(1002))) {
			if !errors.Is(err, store.ErrFull) {
				t.Errorf("change %d is answered %v", i, err)
			}
		}
	}
	expectTickets(t, s, kept)
	checkTest(t, s)
	// What makes room goes through on a full disk, for it needs none but what was free inside the file.
	rows, err := s.Claim(ctx, storetest.At(1<<20), 4, 1)
	if err != nil || len(rows) != 4 {
		t.Fatal(len(rows), err)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	commitTest(t, s, mail(kept+1))
	expectTickets(t, s, kept+1)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openTest(t, path, Options{})
	expectTickets(t, s, kept+1)
	checkTest(t, s)
	s.Close()
}

func expectTickets(t *testing.T, s *Store, want int) {
	t.Helper()
	err := s.View(context.Background(), func(r store.Reader) error {
		c, err := r.Counts()
		if c["tickets"] != want || c["outbox"] != 2*want {
			t.Errorf("there are %d tickets and %d rows in the outbox, want %d", c["tickets"], c["outbox"], want)
		}
		for n := 1; n <= want; n++ { // reading touches every page
			raw, err := r.Raw(mail(n).Tickets[0].Ticket.Number, 1)
			if err != nil || !bytes.Equal(raw, mail(n).Messages[0].RawMail) {
				t.Errorf("raw mail %d: %d bytes, %v", n, len(raw), err)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestOnAFullDiskSmallChangesGoThroughBesideLargeOnes(t *testing.T) {
	ctx := context.Background()
	root := smallDisk(t, "4m")
	s := openTest(t, filepath.Join(root, "helpost.db"), Options{})
	defer s.Close()
	for n := range 20 {
		commitTest(t, s, mail(n+1))
	}
	rows, err := s.Claim(ctx, storetest.At(1<<20), 100, 1)
	if err != nil {
		t.Fatal(err)
	}
	var done []uint64
	for _, r := range rows {
		done = append(done, r.ID)
	}
	large := mail(100)
	large.Messages[0].RawMail = make([]byte, 8<<20)
	answers := batched(t, s, rowsOf(t, large), rowsOf(t, store.Change{Done: done}))
	if !errors.Is(answers[0], store.ErrFull) || answers[1] != nil {
		t.Errorf("the large one is answered %v, the one that makes room %v", answers[0], answers[1])
	}
	commitTest(t, s, mail(101))
	checkTest(t, s)
}

func TestAStoreThatFindsNoRoomToBeginLeavesNoFile(t *testing.T) {
	root := smallDisk(t, "64k")
	if err := os.WriteFile(filepath.Join(root, "ballast"), make([]byte, 60<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(root, "helpost.db")
	if s, err := Open(path, Options{}); err == nil {
		s.Close()
		t.Error("a store was made without room")
	} else if !errors.Is(err, store.ErrFull) {
		t.Errorf("it says %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its file: %v", err)
	}
}

func TestACompactionWithoutRoomLeavesTheStoreAsItWas(t *testing.T) {
	ctx := context.Background()
	root := smallDisk(t, "4m")
	path := filepath.Join(root, "helpost.db")
	s := openTest(t, path, Options{})
	defer s.Close()
	const all = 60
	for n := range all {
		commitTest(t, s, mail(n+1))
	}
	if err := os.WriteFile(filepath.Join(root, "ballast"), make([]byte, 4<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err) // it takes what is left
	}
	if err := s.Compact(ctx); !errors.Is(err, store.ErrFull) {
		t.Fatalf("it says %v", err)
	}
	if _, err := os.Stat(path + kv.CopySuffix); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it left its file: %v", err)
	}
	expectTickets(t, s, all)
	checkTest(t, s)
}
