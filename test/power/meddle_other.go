//go:build linux && !amd64

package power

import (
	"errors"

	"golang.org/x/sys/unix"
)

// CanMeddle says whether calls can be made to fail on this machine.
const CanMeddle = false

func skip(int) error { return errors.ErrUnsupported }

func setResult(int, unix.Errno) error { return errors.ErrUnsupported }
