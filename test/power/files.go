//go:build linux

package power

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"
)

// What calls do to open files.

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
