//go:build linux

package power

import (
	"errors"
	"io"
	"maps"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// content is the bytes of a file, by pages; one that is not there holds zeros. Pages are shared between contents and never
// change: a store's file has many, and few of them differ from one cut to the next.
type content struct {
	size  int64
	pages map[int64]*[page]byte
}

func (c *content) clone() *content { return &content{c.size, maps.Clone(c.pages)} }

// writeAt writes bytes and lets the file grow to hold them.
func (c *content) writeAt(b []byte, off int64) {
	c.size = max(c.size, off+int64(len(b)))
	for len(b) > 0 {
		at, in := off/page, off%page
		fresh := new([page]byte)
		if was := c.pages[at]; was != nil {
			*fresh = *was
		}
		n := copy(fresh[in:], b)
		c.pages[at] = fresh
		b, off = b[n:], off+int64(n)
	}
}

// resize cuts a file or lets it grow by zeros.
func (c *content) resize(size int64) {
	if size < c.size {
		maps.DeleteFunc(c.pages, func(at int64, _ *[page]byte) bool { return at*page >= size })
		c.size = size
		if in := size % page; c.pages[size/page] != nil {
			c.writeAt(make([]byte, page-in), size)
		}
	}
	c.size = size
}

// readFile reads a file, but not its holes.
func readFile(path string) (*content, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	c := &content{pages: map[int64]*[page]byte{}}
	block := make([]byte, page)
	for off := int64(0); off < info.Size(); {
		off, err = f.Seek(off, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) { // a hole up to the end
			break
		}
		if err != nil {
			return nil, err
		}
		off -= off % page
		n, err := f.ReadAt(block, off)
		if err != nil && err != io.EOF {
			return nil, err
		}
		c.writeAt(block[:n], off)
		off += page
	}
	c.resize(info.Size())
	return c, nil
}

// write makes a file of it, with holes where it has none.
func (c *content) write(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	for _, at := range slices.Sorted(maps.Keys(c.pages)) {
		if _, err := f.WriteAt(c.pages[at][:min(page, c.size-at*page)], at*page); err != nil {
			return err
		}
	}
	if err := f.Truncate(c.size); err != nil {
		return err
	}
	return f.Close()
}
