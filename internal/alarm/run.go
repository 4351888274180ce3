package alarm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"syscall"
	"time"
)

// maxSaid is how much of what a program says is kept, in bytes.
const maxSaid = 4 << 10

// run runs a program, without a shell, arguments or our environment, and gives it a call on its standard input. Exit
// status 0 means that the call was taken. Where ctx ends before the program does, it ends with all that it started.
func run(ctx context.Context, name string, call []byte) error {
	c := exec.CommandContext(ctx, name)
	c.Dir, c.Env = "/", []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8"}
	c.Stdin = bytes.NewReader(call)
	var said brief
	c.Stdout, c.Stderr = &said, &said
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	c.WaitDelay = time.Second
	err := c.Run()
	if errors.Is(err, exec.ErrWaitDelay) { // it ended well, and left something behind that holds its output open
		err = nil
	}
	if err != nil && len(said) > 0 {
		return fmt.Errorf("%w: %s", err, oneLine(string(said)))
	}
	return err
}

// brief keeps the begin of what is written to it.
type brief []byte

func (b *brief) Write(p []byte) (int, error) {
	*b = append(*b, p[:min(len(p), maxSaid-len(*b))]...)
	return len(p), nil
}
