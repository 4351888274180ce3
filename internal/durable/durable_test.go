package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestFoldersAreMadeWhereTheyAreMissing(t *testing.T) {
	root := t.TempDir()
	deep := filepath.Join(root, "satu", "dua", "tiga")
	for range 2 {
		if err := MkdirAll(deep); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(deep); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info, err)
	}
	if err := Sync(deep); err != nil {
		t.Error(err)
	}
	file := filepath.Join(root, "berkas")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := MkdirAll(file); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a file in its place: %v", err)
	}
	if err := MkdirAll(filepath.Join(file, "bawah")); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("a file above it: %v", err)
	}
	if err := Sync(filepath.Join(root, "tidak-ada")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
