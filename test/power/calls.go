//go:build linux

package power

import (
	"encoding/binary"
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

func (r *recorder) opens(c *underWay) error {
	path, mine, err := r.below(fdOf(c.args[0]), c.args[1])
	if err != nil || !mine {
		return err
	}
	flags := c.args[2]
	c.path, c.node = path, r.root.find(path)
	c.file = &open{path: path, append: flags&unix.O_APPEND != 0, sync: flags&unix.O_DSYNC != 0}
	if c.node == nil && flags&unix.O_CREAT != 0 {
		dir, name, odd := r.place(path)
		if odd != nil {
			c.odd = odd
			return nil
		}
		c.node = &node{}
		c.does = append(c.does, &change{kind: naming, node: dir, name: name, to: c.node})
	} else if c.node != nil && flags&unix.O_TRUNC != 0 {
		c.does = append(c.does, &change{kind: sizing, node: c.node})
	}
	return nil
}

func (r *recorder) opened(c *underWay, value int64) {
	if c.file == nil || value < 0 {
		return
	}
	c.file.node = c.node
	r.fds[int(value)] = c.file
	r.named(c, value)
}

// named lets the folders be as the process sees them now.
func (r *recorder) named(c *underWay, value int64) {
	if value < 0 {
		return
	}
	for _, d := range c.does {
		switch {
		case d.kind == renaming:
			delete(d.node.now, d.name)
			d.node.now[d.toName] = d.to
		case d.kind == naming && d.to == nil:
			delete(d.node.now, d.name)
		case d.kind == naming:
			d.node.now[d.name] = d.to
		}
	}
}

func (r *recorder) closes(c *underWay) error {
	fd := fdOf(c.args[0])
	if r.fds[fd] == nil && r.Talk != nil {
		r.Talk(r.moment, fd, false, nil)
	}
	delete(r.fds, fd) // the number may be given again before this call ends
	return nil
}

func (r *recorder) reads(c *underWay) error {
	c.file = r.fds[fdOf(c.args[0])]
	return nil
}

func (r *recorder) hasRead(c *underWay, value int64) {
	switch {
	case value <= 0:
	case c.file != nil:
		c.file.pos += value
	case r.Talk != nil:
		data, err := memory(r.pid, c.args[1], int(min(value, mostTalk)))
		if err != nil {
			r.fail(err)
			return
		}
		r.Talk(r.moment, fdOf(c.args[0]), false, data)
	}
}

// mostTalk is how many bytes of one call Talk is told.
const mostTalk = 16 << 10

func (r *recorder) sought(c *underWay, value int64) {
	if c.file != nil && value >= 0 {
		c.file.pos = value
	}
}

func (r *recorder) writes(c *underWay) error {
	fd := fdOf(c.args[0])
	c.file = r.fds[fd]
	if c.file == nil && r.Talk == nil {
		return nil
	}
	data, err := r.written(c)
	if err != nil {
		return err
	}
	if c.file == nil {
		r.Talk(r.moment, fd, true, data)
		return nil
	}
	if err := r.known(c.file); err != nil {
		return err
	}
	c.path = c.file.path
	d := &change{kind: writing, node: c.file.node, off: c.file.pos, data: data}
	switch {
	case c.number == unix.SYS_PWRITE64 || c.number == unix.SYS_PWRITEV:
		d.off = int64(c.args[3])
	case c.file.append:
		return fmt.Errorf("%s is appended to by O_APPEND, which is not understood", c.path)
	}
	c.does = append(c.does, d)
	return nil
}

// written reads what a call is about to write.
func (r *recorder) written(c *underWay) ([]byte, error) {
	if c.number == unix.SYS_WRITE || c.number == unix.SYS_PWRITE64 {
		n := int(c.args[2])
		if c.file == nil {
			n = min(n, mostTalk)
		}
		return memory(r.pid, c.args[1], n)
	}
	var all []byte
	vector, err := memory(r.pid, c.args[1], 16*int(c.args[2]))
	for ; err == nil && len(vector) >= 16; vector = vector[16:] {
		var part []byte
		part, err = memory(r.pid, binary.NativeEndian.Uint64(vector), int(binary.NativeEndian.Uint64(vector[8:])))
		all = append(all, part...)
	}
	return all, err
}

func (r *recorder) wrote(c *underWay, value int64) {
	if len(c.does) == 0 || value < 0 {
		return
	}
	d := c.does[0]
	d.data = d.data[:min(len(d.data), int(value))]
	if c.number == unix.SYS_WRITE || c.number == unix.SYS_WRITEV {
		c.file.pos += value
	}
	if c.file.sync {
		r.all = append(r.all, &change{kind: flushing, node: d.node, enter: d.exit + 1, exit: d.exit + 2})
		r.moment += 2
	}
}

// known finds the node of a file that was opened before its name was seen: another thread's rename had not ended yet.
func (r *recorder) known(f *open) error {
	if f.node == nil {
		f.node = r.root.find(f.path)
	}
	if f.node == nil {
		return fmt.Errorf("%s was made by nobody", f.path)
	}
	return nil
}

func (r *recorder) sizes(c *underWay) error {
	if c.file = r.fds[fdOf(c.args[0])]; c.file == nil {
		return nil
	}
	if err := r.known(c.file); err != nil {
		return err
	}
	c.path = c.file.path
	d := &change{kind: sizing, node: c.file.node, size: int64(c.args[1])}
	if c.number == unix.SYS_FALLOCATE {
		if c.args[1] != 0 {
			return fmt.Errorf("mode %#x is not understood", c.args[1])
		}
		d.size, d.atLeast = int64(c.args[2]+c.args[3]), true
	}
	c.does = append(c.does, d)
	return nil
}

func (r *recorder) flushes(c *underWay) error {
	if c.file = r.fds[fdOf(c.args[0])]; c.file == nil {
		return nil
	}
	if err := r.known(c.file); err != nil {
		return err
	}
	c.path = c.file.path
	c.does = append(c.does, &change{kind: flushing, node: c.file.node})
	return nil
}

// changesName records that a path stands for something else: by one entry of its folder.
func (r *recorder) changesName(c *underWay, dirfd int, at uint64, to *node) error {
	path, mine, err := r.below(dirfd, at)
	if err != nil || !mine {
		return err
	}
	dir, name, odd := r.place(path)
	if odd != nil {
		c.odd = odd
		return nil
	}
	c.path = path
	c.does = append(c.does, &change{kind: naming, node: dir, name: name, to: to})
	return nil
}

func (r *recorder) makes(c *underWay) error {
	return r.changesName(c, fdOf(c.args[0]), c.args[1], &node{dir: true, old: map[string]*node{}, now: map[string]*node{}})
}

func (r *recorder) unlinks(c *underWay) error {
	return r.changesName(c, fdOf(c.args[0]), c.args[1], nil)
}

func (r *recorder) links(c *underWay) error {
	path, mine, err := r.below(fdOf(c.args[0]), c.args[1])
	if err != nil || !mine {
		return err
	}
	return r.changesName(c, fdOf(c.args[2]), c.args[3], r.root.find(path))
}

// renames records a rename; one from a folder into another as two changes, of which a disk may do either alone.
func (r *recorder) renames(c *underWay) error {
	from, mine, err := r.below(fdOf(c.args[0]), c.args[1])
	if err != nil || !mine {
		return err
	}
	moved := r.root.find(from)
	if moved == nil {
		return nil // it fails
	}
	if err := r.changesName(c, fdOf(c.args[2]), c.args[3], moved); err != nil {
		return err
	}
	dir, name, err := r.place(from)
	if err != nil || len(c.does) == 0 {
		return err
	}
	if to := c.does[0]; to.node == dir {
		to.kind, to.toName, to.name = renaming, to.name, name
		return nil
	}
	c.does = append(c.does, &change{kind: naming, node: dir, name: name})
	return nil
}
