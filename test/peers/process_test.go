package peers

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long anything may take on a slow and busy machine.
const patience = 90 * time.Second

// start runs a program until the test ends. It is a process group of its own, which dies with the test's process too, so
// that nothing stays behind whatever happens.
func start(t *testing.T, logFile string, env []string, program string, args ...string) *child {
	t.Helper()
	log, err := os.OpenFile(logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	c := &child{cmd: exec.Command(program, args...)}
	c.cmd.Env = append(os.Environ(), env...)
	c.cmd.Stdout, c.cmd.Stderr = log, log
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if left := c.stop(); left != "" {
			t.Errorf("%s did not end by itself: %s", program, left)
		}
	})
	return c
}

// child is a running program.
type child struct {
	cmd  *exec.Cmd
	once sync.Once
}

// stop ends the program and its children, first politely. It names those that had to be killed.
func (c *child) stop() (left string) {
	c.once.Do(func() {
		group := c.cmd.Process.Pid
		ended := make(chan struct{})
		go func() {
			_ = c.cmd.Wait() // ended by us: its status says so
			close(ended)
		}()
		_ = c.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(patience / 3):
			left = "the program itself "
		}
		for range 100 {
			if len(members(group)) == 0 {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		left += strings.Join(members(group), ", ")
		_ = syscall.Kill(-group, syscall.SIGKILL)
		<-ended
	})
	return left
}

// members lists the processes of a group that still run. Zombies do not: they wait for their parent's interest alone.
func members(group int) []string {
	var all []string
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range stats {
		said, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		var state string
		var parent, of int
		behind := said[bytes.LastIndexByte(said, ')')+1:]
		if _, err := fmt.Sscan(string(behind), &state, &parent, &of); err == nil && of == group && state != "Z" {
			all = append(all, string(said[:bytes.LastIndexByte(said, ')')+1]))
		}
	}
	return all
}

// ports that were handed out already, so that nobody gets one twice.
var ports sync.Map

// freeAddress finds an address on the loopback interface that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		if _, taken := ports.LoadOrStore(l.Addr().String(), true); !taken {
			return l.Addr().String()
		}
	}
	t.Fatal("no free port")
	return ""
}

// eventually waits until something is so; what says what.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		if is() {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("in vain: %s", what)
		}
	}
}

func listens(address string) bool {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return false
	}
	c.Close()
	return true
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
