//go:build linux

package power

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"
)

// The units in which a disk keeps what was not flushed.
const (
	sector = 512
	page   = 4096
)

// Cut is a way in which the power may go: what of the changes that nobody flushed is on the disk all the same.
type Cut struct {
	Name string
	unit int
	// keep makes the choice for n changes: whether a unit of the i-th is there.
	keep func(r *rand.Rand, n int) func(i int) bool
}

// Cuts are all ways.
var Cuts = []Cut{
	{"nothing is kept", page, func(*rand.Rand, int) func(int) bool { return func(int) bool { return false } }},
	{"all is kept", page, func(*rand.Rand, int) func(int) bool { return func(int) bool { return true } }},
	{"half of the pages", page, share(0.5)},
	{"half of the sectors", sector, share(0.5)},
	{"few sectors", sector, share(0.1)},
	{"most sectors", sector, share(0.9)},
	{"one change is lost", page, func(r *rand.Rand, n int) func(int) bool {
		lost := r.IntN(n)
		return func(i int) bool { return i != lost }
	}},
	{"one change is kept", page, func(r *rand.Rand, n int) func(int) bool {
		kept := r.IntN(n)
		return func(i int) bool { return i == kept }
	}},
	{"one change is torn", sector, func(r *rand.Rand, n int) func(int) bool {
		torn := r.IntN(n)
		return func(i int) bool { return i != torn || r.IntN(2) == 0 }
	}},
	{"the early ones", page, func(r *rand.Rand, n int) func(int) bool {
		end := r.IntN(n + 1)
		return func(i int) bool { return i < end }
	}},
	{"the late ones", page, func(r *rand.Rand, n int) func(int) bool {
		begin := r.IntN(n + 1)
		return func(i int) bool { return i >= begin }
	}},
}

func share(p float64) func(*rand.Rand, int) func(int) bool {
	return func(r *rand.Rand, _ int) func(int) bool { return func(int) bool { return r.Float64() < p } }
}

// Image is a folder as a disk may hold it.
type Image struct {
	root    *node
	entries map[*node]map[string]*node
	content map[*node]*content
}

// Cut makes the folder as it may be where the power goes at a moment: what was begun before it and flushed is there.
// The same seed cuts the same way.
func (r *Recording) Cut(moment int, cut Cut, seed uint64) *Image {
	dice := rand.New(rand.NewPCG(seed, uint64(moment)))
	all, kept := r.pending(moment)
	loose := 0
	for _, c := range all {
		if !kept(c) {
			loose++
		}
	}
	keep := cut.keep(dice, max(loose, 1))
	im := &Image{root: r.root, entries: map[*node]map[string]*node{}, content: map[*node]*content{}}
	w := writer{Image: im, unit: cut.unit, stale: dice.IntN(2) == 0, dice: dice}
	i := 0
	for _, c := range all {
		if kept(c) {
			w.do(c, func() bool { return true })
			continue
		}
		w.do(c, func() bool { return keep(i) })
		i++
	}
	return im
}

// writer applies changes to an image.
type writer struct {
	*Image
	unit  int
	stale bool // where a file grew and the bytes are lost stands what the disk held before, else zeros
	dice  *rand.Rand
}

func (w *writer) do(c *change, keep func() bool) {
	switch c.kind {
	case writing:
		w.write(c, keep)
	case sizing:
		if keep() {
			f, size := w.file(c.node), c.size
			if c.atLeast {
				size = max(size, f.size)
			}
			f.resize(size)
		}
	case naming:
		if !keep() {
			return
		}
		if c.to == nil {
			delete(w.names(c.node), c.name)
		} else {
			w.names(c.node)[c.name] = c.to
		}
	case renaming:
		if keep() {
			names := w.names(c.node)
			if names[c.name] == c.to {
				delete(names, c.name)
			}
			names[c.toName] = c.to
		}
	}
}

// write writes those units of a change that are kept. The file may have grown though the bytes are not there: zeros stand
// in their place, or what the disk held before.
func (w *writer) write(c *change, keep func() bool) {
	f, end := w.file(c.node), c.off+int64(len(c.data))
	for from := c.off; from < end; {
		to := min((from/int64(w.unit)+1)*int64(w.unit), end)
		switch kept, had := keep(), f.size; {
		case kept:
			f.writeAt(c.data[from-c.off:to-c.off], from)
		case had < to && w.dice.IntN(8) == 0:
			f.resize(to)
			if from = max(from, had); w.stale {
				f.writeAt(junk[:to-from], from)
			}
		}
		from = to
	}
}

// junk is what a disk held before.
var junk = bytes.Repeat([]byte("what was here before "), page/20+1)

func (w *writer) names(n *node) map[string]*node {
	if w.entries[n] == nil {
		w.entries[n] = map[string]*node{}
		for name, child := range n.old {
			w.entries[n][name] = child
		}
	}
	return w.entries[n]
}

// file is a file's content, the image's own.
func (w *writer) file(n *node) *content {
	if w.content[n] == nil {
		w.content[n] = n.content().clone()
	}
	return w.content[n]
}

func (n *node) content() *content {
	if n.base == nil {
		return &content{pages: map[int64]*[page]byte{}}
	}
	return n.base
}

// Write makes the image under a new folder. Its files were last changed when the caller says.
func (im *Image) Write(folder string, changed time.Time) error {
	return im.make(im.root, folder, changed)
}

func (im *Image) make(n *node, path string, changed time.Time) error {
	if !n.dir {
		c := im.content[n]
		if c == nil {
			c = n.content()
		}
		if err := c.write(path); err != nil {
			return err
		}
		return os.Chtimes(path, changed, changed)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		return err
	}
	names, is := im.entries[n]
	if !is {
		names = n.old
	}
	for name, child := range names {
		if err := im.make(child, filepath.Join(path, name), changed); err != nil {
			return err
		}
	}
	return nil
}
