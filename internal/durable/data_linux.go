package durable

import (
	"os"
	"syscall"
)

// Data flushes the bytes of a file, and of what is known of it as much as is needed to read them.
func Data(f *os.File) error {
	for {
		err := syscall.Fdatasync(int(f.Fd()))
		if err != syscall.EINTR {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}
