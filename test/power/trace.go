//go:build linux

package power

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ErrNoTrace says that no process may be watched here: ptrace is forbidden, or the kernel is older than 5.3.
var ErrNoTrace = errors.New("ptrace does not work here")

// Options of a process under watch.
type Options struct {
	Root string // the folder whose files are recorded; all that lies in it belongs to the process alone
	// Talk is told of what passes over descriptors that are no files under Root, at a moment of the recording. No data:
	// the descriptor was closed. It is called on the way of the process, so that nothing else of it goes on meanwhile
	// that waits for this.
	Talk func(at, fd int, out bool, data []byte)
	// Meddle says what becomes of a call that changes or flushes files under Root; nil: nothing is done to it.
	Meddle func(Call) Meddling
}

// Call is a system call about a file under Root.
type Call struct {
	Name string // as the manual has it: pwrite64, fdatasync, renameat
	Path string
}

// Meddling is what is done to a call.
type Meddling struct {
	Fail  syscall.Errno // it does nothing and returns this; 0: it is done
	Delay time.Duration // it waits before
}

// Process is a program under watch.
type Process struct {
	pid    int
	ended  chan struct{}
	rec    *recorder
	err    error
	status unix.WaitStatus
}

// Start runs a command under watch. Its own Wait must not be called.
func Start(cmd *exec.Cmd, o Options) (*Process, error) {
	rec, err := newRecorder(o)
	if err != nil {
		return nil, err
	}
	p := &Process{ended: make(chan struct{}), rec: rec}
	started := make(chan error, 1)
	go func() {
		defer close(p.ended)
		runtime.LockOSThread() // one thread alone may trace; it ends with this goroutine, for it stays locked
		err := p.begin(cmd)
		started <- err
		if err == nil {
			p.err = errors.Join(p.watch(), cmd.Process.Release())
		}
	}()
	return p, <-started
}

// begin starts the command; it stands before its first instruction then.
func (p *Process) begin(cmd *exec.Cmd) error {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Ptrace = true
	if err := cmd.Start(); err != nil {
		if errors.Is(err, syscall.EPERM) {
			err = fmt.Errorf("%w: %w", ErrNoTrace, err)
		}
		return err
	}
	p.pid = cmd.Process.Pid
	p.rec.attach(p.pid, cmd.Dir)
	if _, err := unix.Wait4(p.pid, &p.status, unix.WALL, nil); err != nil {
		return err
	}
	err := unix.PtraceSetOptions(p.pid, unix.PTRACE_O_TRACESYSGOOD|unix.PTRACE_O_TRACECLONE|unix.PTRACE_O_EXITKILL)
	if err == nil {
		_, err = stopped(p.pid)
	}
	if err == nil {
		err = unix.PtraceSyscall(p.pid, 0)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("%w: %w", ErrNoTrace, err), cmd.Process.Kill())
	}
	return nil
}

// watch follows every thread until the last is gone.
func (p *Process) watch() error {
	defer p.rec.detach()
	known := map[int]bool{p.pid: true}
	held := map[int]time.Time{} // threads that wait in a call, and until when
	for {
		flags := unix.WCLONE | unix.WNOTHREAD // whom this thread traces, and no other child of the tests
		if len(held) > 0 {
			flags |= unix.WNOHANG
		}
		var ws unix.WaitStatus
		tid, err := unix.Wait4(-1, &ws, flags, nil)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.ECHILD):
			return p.rec.failure()
		case err != nil:
			return err
		case tid == 0:
			time.Sleep(time.Millisecond)
			for tid, until := range held {
				if time.Now().After(until) {
					delete(held, tid)
					resume(tid, 0)
				}
			}
			continue
		case ws.Exited() || ws.Signaled():
			delete(held, tid)
			if tid == p.pid {
				p.status = ws
			}
			continue
		}
		signal := 0
		switch sig := ws.StopSignal(); {
		case sig == unix.SIGTRAP|0x80:
			if wait := p.call(tid); wait > 0 {
				held[tid] = time.Now().Add(wait)
				continue
			}
		case sig == unix.SIGTRAP:
		case sig == unix.SIGSTOP && !known[tid]: // how a new thread begins
		default:
			signal = int(sig)
		}
		known[tid] = true
		resume(tid, signal)
	}
}

// resume lets a thread go on to its next call. One that was killed meanwhile is told of by wait.
func resume(tid, signal int) { _ = unix.PtraceSyscall(tid, signal) }

// call records a call that begins or ends, and says how long the thread is to wait in it.
func (p *Process) call(tid int) time.Duration {
	info, err := stopped(tid)
	if err != nil {
		return 0 // it was killed at this moment
	}
	switch info.op {
	case opEntry:
		m := p.rec.enter(tid, int(info.data[0]), [6]uint64(info.data[1:7]))
		if m.Fail != 0 {
			p.rec.fail(skip(tid))
		}
		return m.Delay
	case opExit:
		value := int64(info.data[0])
		if errno := p.rec.failing(tid); errno != 0 {
			p.rec.fail(setResult(tid, errno))
			value = -int64(errno)
		}
		p.rec.exit(tid, value)
	}
	return 0
}

// callInfo is struct ptrace_syscall_info (ptrace(2), PTRACE_GET_SYSCALL_INFO).
type callInfo struct {
	op   uint8
	_    [3]uint8
	arch uint32
	_    [2]uint64 // instruction and stack pointer
	data [8]uint64 // at the entry: number and arguments; at the exit: the result
}

const (
	getCallInfo = 0x420e
	opEntry     = 1
	opExit      = 2
)

func stopped(tid int) (callInfo, error) {
	var info callInfo
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, getCallInfo, uintptr(tid), unsafe.Sizeof(info), uintptr(unsafe.Pointer(&info)), 0, 0)
	if errno != 0 {
		return info, errno
	}
	return info, nil
}

// Signal sends the process a signal.
func (p *Process) Signal(sig syscall.Signal) error { return syscall.Kill(p.pid, sig) }

// Pid is the process's.
func (p *Process) Pid() int { return p.pid }

// Wait waits for the end of the process. Its error is of the watching: then the recording is not true.
func (p *Process) Wait() (*Recording, syscall.WaitStatus, error) {
	<-p.ended
	return p.rec.recording(), syscall.WaitStatus(p.status), p.err
}

// memory reads what a process has at an address.
func memory(pid int, at uint64, n int) ([]byte, error) {
	b := make([]byte, n)
	if n == 0 {
		return b, nil
	}
	got, err := unix.ProcessVMReadv(pid, []unix.Iovec{{Base: &b[0], Len: uint64(n)}}, []unix.RemoteIovec{{Base: uintptr(at), Len: n}}, 0)
	if err != nil {
		return nil, fmt.Errorf("memory of process %d: %w", pid, os.NewSyscallError("process_vm_readv", err))
	}
	return b[:got], nil
}
