// Package durable makes folders that are there after a power cut, with what was named in them. A file's own bytes are kept
// by its Sync; its name, and a folder's, are kept by the folder that holds them alone.
package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Sync flushes the entries of a folder: what has a name in it keeps it from now on.
func Sync(folder string) error {
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// MkdirAll makes a folder and those above it that are missing, for the owner alone, and flushes the entry of each that it
// makes.
func MkdirAll(folder string) error {
	err := os.Mkdir(folder, 0o700)
	above := filepath.Dir(folder)
	if errors.Is(err, fs.ErrNotExist) && above != folder {
		if err := MkdirAll(above); err != nil {
			return err
		}
		err = os.Mkdir(folder, 0o700)
	}
	if errors.Is(err, fs.ErrExist) {
		info, statErr := os.Stat(folder)
		if statErr == nil && !info.IsDir() {
			return err
		}
		return statErr
	}
	if err != nil {
		return err
	}
	return Sync(above)
}
