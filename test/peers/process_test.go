package peers

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long anything may take on a slow and busy machine.
const patience = 90 * time.Second

// watch runs a program until its own input ends, which it does when the test's process is gone, whatever ended it.
// (A signal on the parent's death does not do: it is forgotten when a program changes its user, as Postfix does.) The
// program leads a process group of its own, for Postfix ends its children by it.
const watch = `set -m; "$@" </dev/null & cat >/dev/null; kill -TERM $!; wait $!`

// start runs a program until the test ends, in a session of its own.
func start(t *testing.T, logFile string, env []string, program string, args ...string) {
	t.Helper()
	log, err := os.OpenFile(logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command("sh", append([]string{"-c", watch, "sh", program}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	life, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if left := stop(cmd, life); left != "" {
			t.Errorf("%s did not end by itself: %s", program, left)
		}
	})
}

// stop ends a program and its children, first politely. It names those that had to be killed.
func stop(cmd *exec.Cmd, life io.Closer) (left string) {
	session := cmd.Process.Pid
	_ = life.Close() // it may have ended already
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // ended by us: its status says so
		close(ended)
	}()
	for end := time.Now().Add(patience / 3); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if len(members(session)) == 0 {
			<-ended
			return ""
		}
	}
	for pid, name := range members(session) {
		left += name + " "
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	<-ended
	return left
}

// members lists the processes of a session that still run. Zombies do not: they wait for their parent's interest alone.
func members(session int) map[int]string {
	all := map[int]string{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range stats {
		said, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		var state string
		var pid, parent, group, of int
		behind := bytes.LastIndexByte(said, ')') + 1
		if _, err := fmt.Sscan(string(said[behind:]), &state, &parent, &group, &of); err != nil || of != session || state == "Z" {
			continue
		}
		if _, err := fmt.Sscan(string(said), &pid); err == nil {
			all[pid] = string(said[:behind])
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
