//go:build !linux

package durable

import "os"

// Data flushes the bytes of a file.
func Data(f *os.File) error { return f.Sync() }
