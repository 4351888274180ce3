//go:build linux

package power

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// recorder turns system calls into changes. Only the thread that traces uses it.
type recorder struct {
	Options
	root   *node
	pid    int
	folder string // the working directory
	moment int
	fds    map[int]*open
	calls  map[int]*underWay // by thread
	all    []*change
	faults []error
}

// open is an open file or folder under the root.
type open struct {
	node   *node // nil: not known when it was opened; found by its path when it matters
	path   string
	pos    int64
	append bool
	sync   bool // each write is flushed
}

// underWay is a call between its entry and its exit.
type underWay struct {
	number int
	args   [6]uint64
	does   []*change
	file   *open  // that it works on
	path   string // that it opens
	node   *node
	fail   syscall.Errno
	odd    error // why it must fail, else the recording is not true
}

func newRecorder(o Options) (*recorder, error) {
	root, err := load(o.Root)
	if err != nil {
		return nil, err
	}
	return &recorder{Options: o, root: root, fds: map[int]*open{}, calls: map[int]*underWay{}}, nil
}

func (r *recorder) attach(pid int, folder string) {
	r.pid, r.folder = pid, folder
	if folder == "" {
		r.folder, _ = os.Getwd() // "": relative paths are nobody's then
	}
}

func (r *recorder) detach() {
	for _, c := range r.all {
		c.exit = min(c.exit, never)
	}
}

func (r *recorder) fail(err error) {
	if err != nil && !errors.Is(err, unix.ESRCH) && len(r.faults) < 10 { // ESRCH: it was killed meanwhile
		r.faults = append(r.faults, err)
	}
}

func (r *recorder) failure() error { return errors.Join(r.faults...) }

func (r *recorder) recording() *Recording {
	return &Recording{root: r.root, changes: r.all, length: r.moment + 1}
}

// failing says whether the call that a thread ends was made to fail.
func (r *recorder) failing(tid int) syscall.Errno {
	if c := r.calls[tid]; c != nil {
		return c.fail
	}
	return 0
}

// call describes what is done at the entry and at the exit of a system call.
type call struct {
	name  string
	enter func(r *recorder, c *underWay) error
	exit  func(r *recorder, c *underWay, value int64)
}

// calls are those that are understood. What is not here changes no file under the root, or stands in unknown.
var calls = map[int]call{
	unix.SYS_OPENAT:    {"openat", (*recorder).opens, (*recorder).opened},
	unix.SYS_CLOSE:     {"close", (*recorder).closes, nil},
	unix.SYS_READ:      {"read", (*recorder).reads, (*recorder).hasRead},
	unix.SYS_LSEEK:     {"lseek", (*recorder).reads, (*recorder).sought},
	unix.SYS_WRITE:     {"write", (*recorder).writes, (*recorder).wrote},
	unix.SYS_WRITEV:    {"writev", (*recorder).writes, (*recorder).wrote},
	unix.SYS_PWRITE64:  {"pwrite64", (*recorder).writes, (*recorder).wrote},
	unix.SYS_PWRITEV:   {"pwritev", (*recorder).writes, (*recorder).wrote},
	unix.SYS_FTRUNCATE: {"ftruncate", (*recorder).sizes, nil},
	unix.SYS_FALLOCATE: {"fallocate", (*recorder).sizes, nil},
	unix.SYS_FSYNC:     {"fsync", (*recorder).flushes, nil},
	unix.SYS_FDATASYNC: {"fdatasync", (*recorder).flushes, nil},
	unix.SYS_MKDIRAT:   {"mkdirat", (*recorder).makes, (*recorder).named},
	unix.SYS_UNLINKAT:  {"unlinkat", (*recorder).unlinks, (*recorder).named},
	unix.SYS_RENAMEAT:  {"renameat", (*recorder).renames, (*recorder).named},
	unix.SYS_LINKAT:    {"linkat", (*recorder).links, (*recorder).named},
}

// unknown are calls that might change a file under the root in a way that is not recorded: the recording fails then.
// on is the argument that says of which descriptor; -1: any use.
var unknown = map[int]struct {
	name string
	on   int
}{
	unix.SYS_DUP: {"dup", 0}, unix.SYS_DUP3: {"dup3", 0}, unix.SYS_PWRITEV2: {"pwritev2", 0}, unix.SYS_SENDFILE: {"sendfile", 0},
	unix.SYS_COPY_FILE_RANGE: {"copy_file_range", 2}, unix.SYS_SPLICE: {"splice", 2}, unix.SYS_SYNCFS: {"syncfs", 0},
	unix.SYS_SYNC_FILE_RANGE: {"sync_file_range", 0}, unix.SYS_OPENAT2: {"openat2", -1}, unix.SYS_RENAMEAT2: {"renameat2", -1},
	unix.SYS_SYMLINKAT: {"symlinkat", -1}, unix.SYS_TRUNCATE: {"truncate", -1}, unix.SYS_IO_URING_SETUP: {"io_uring_setup", -1},
	unix.SYS_IO_SUBMIT: {"io_submit", -1},
}

// enter takes the begin of a call.
func (r *recorder) enter(tid, number int, args [6]uint64) (m Meddling) {
	r.moment++
	c := &underWay{number: number, args: args}
	r.calls[tid] = c
	if u, is := unknown[number]; is && (u.on < 0 || r.fds[fdOf(args[u.on])] != nil) {
		r.fail(fmt.Errorf("%s is not understood: teach it to the recorder", u.name))
	}
	if f := r.fds[fdOf(args[4])]; number == unix.SYS_MMAP && f != nil && args[2]&unix.PROT_WRITE != 0 && args[3]&unix.MAP_SHARED != 0 {
		r.fail(fmt.Errorf("%s is written through memory, which is not understood", f.path))
	}
	does, is := calls[number]
	if !is {
		return m
	}
	if err := does.enter(r, c); err != nil {
		r.fail(fmt.Errorf("%s: %w", does.name, err))
	}
	if len(c.does) > 0 && r.Meddle != nil {
		m = r.Meddle(Call{Name: does.name, Path: c.path})
		c.fail = m.Fail
	}
	for _, d := range c.does {
		d.enter, d.exit = r.moment, never
		d.undone = m.Fail != 0
	}
	r.all = append(r.all, c.does...)
	return m
}

// exit takes its end.
func (r *recorder) exit(tid int, value int64) {
	r.moment++
	c := r.calls[tid]
	delete(r.calls, tid)
	if c == nil {
		return
	}
	for _, d := range c.does {
		d.exit = r.moment
		d.undone = value < 0
	}
	if value >= 0 {
		r.fail(c.odd)
	}
	if end := calls[c.number].exit; end != nil {
		end(r, c, value)
	}
}

func fdOf(arg uint64) int { return int(int32(arg)) }

// text reads a string of the process.
func (r *recorder) text(at uint64) (string, error) {
	var all []byte
	for len(all) < unix.PathMax {
		n := 256 - int(at)%256 // never over the end of a page
		b, err := memory(r.pid, at, n)
		if err != nil {
			return "", err
		}
		for i, c := range b {
			if c == 0 {
				return string(append(all, b[:i]...)), nil
			}
		}
		all, at = append(all, b...), at+uint64(n)
	}
	return "", errors.New("a path without an end")
}

// below gives a path that a call names, relative to the root; false: it lies elsewhere.
func (r *recorder) below(dirfd int, at uint64) (string, bool, error) {
	path, err := r.text(at)
	if err != nil {
		return "", false, err
	}
	if !filepath.IsAbs(path) {
		switch d := r.fds[dirfd]; {
		case dirfd == unix.AT_FDCWD:
			path = filepath.Join(r.folder, path)
		case d != nil:
			path = filepath.Join(r.Root, d.path, path)
		default: // a folder elsewhere
			where, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", r.pid, dirfd))
			if err != nil {
				return "", false, err
			}
			path = filepath.Join(where, path)
		}
	}
	below, err := filepath.Rel(r.Root, path)
	if err != nil || below == ".." || strings.HasPrefix(below, "../") {
		return "", false, nil
	}
	return below, true, nil
}

// place gives the folder of a path, and the name in it.
func (r *recorder) place(path string) (*node, string, error) {
	dir := r.root.find(filepath.Dir(path))
	if path == "." || dir == nil || !dir.dir {
		return nil, "", fmt.Errorf("%s lies in no known folder", path)
	}
	return dir, filepath.Base(path), nil
}
