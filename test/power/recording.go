//go:build linux

// Package power shows what a power cut leaves on a disk, for tests. A program runs under watch (Start); what it does to its
// files is recorded in order; for any moment of the recording the folder can be made as a disk might hold it then: all
// that was flushed is there, of the rest any part, in any order, torn at any sector.
//
// What a disk promises: bytes of a file are kept once fsync or fdatasync of it has returned after their write had; a name in
// a folder once fsync of the folder has. A rename within a folder is done whole or not at all. Nothing else is promised: names
// may be lost though the file was flushed, later changes may be there without earlier ones, and what a flush that failed
// was to keep is kept by no later one.
package power

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// never is the end of a call that did not return.
const never = 1<<62 - 1

// node is a file or a folder, whatever its name is.
type node struct {
	dir  bool
	base *content         // a file's at the begin; nil: none
	old  map[string]*node // a folder's entries at the begin
	now  map[string]*node // as the process sees them
}

// kind of a change.
type kind uint8

const (
	writing  kind = iota // data at off of node
	sizing               // node gets a size, or at least a size
	naming               // name in the folder node stands for to; nil: for nothing
	renaming             // name in the folder node becomes toName, which stands for to
	flushing             // of node
)

// change is what one call did, or may have done where it never returned.
type change struct {
	kind        kind
	enter, exit int // moments
	node        *node
	off         int64
	data        []byte
	size        int64
	atLeast     bool // the file never gets smaller by it
	name        string
	toName      string
	to          *node
	undone      bool // the call failed
}

// Recording is what a process did to the files of a folder, in order, with the folder as it was before.
type Recording struct {
	root    *node
	changes []*change
	length  int // moments
}

// Length is the number of moments: 0 is before the first call.
func (r *Recording) Length() int { return r.length }

// Flushes lists the moments at which a flush returned.
func (r *Recording) Flushes() []int {
	var all []int
	for _, c := range r.changes {
		if c.kind == flushing && c.exit != never && !c.undone {
			all = append(all, c.exit)
		}
	}
	return all
}

// Moments lists those between which the disk changes: at the begin and the end of each call that does something to files.
// That folders are made is left out.
func (r *Recording) Moments() []int {
	var all []int
	for _, c := range r.changes {
		if c.undone || c.kind == naming && c.to != nil && c.to.dir {
			continue
		}
		all = append(all, c.enter+1)
		if c.exit != never {
			all = append(all, c.exit+1)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Sloppy is the recording of a program that does the same but leaves out some flushes: those of which forget says so,
// by the name that the file had at the begin or got first, relative to the root, and their place among its flushes.
func (r *Recording) Sloppy(forget func(name string, nth int) bool) *Recording {
	names := r.names()
	count := map[*node]int{}
	sloppy := &Recording{root: r.root, length: r.length}
	for _, c := range r.changes {
		if c.kind == flushing {
			count[c.node]++
			if forget(names[c.node], count[c.node]-1) {
				continue
			}
		}
		sloppy.changes = append(sloppy.changes, c)
	}
	return sloppy
}

func (r *Recording) names() map[*node]string {
	names := map[*node]string{r.root: "."}
	var walk func(path string, n *node)
	walk = func(path string, n *node) {
		for name, child := range n.old {
			names[child] = filepath.Join(path, name)
			walk(names[child], child)
		}
	}
	walk("", r.root)
	for _, c := range r.changes {
		if c.kind == naming && c.to != nil && names[c.to] == "" {
			names[c.to] = filepath.Join(names[c.node], c.name)
		}
	}
	return names
}

// load reads a folder as it is.
func load(path string) (*node, error) {
	n := &node{dir: true, old: map[string]*node{}, now: map[string]*node{}}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		var child *node
		switch {
		case e.IsDir():
			child, err = load(filepath.Join(path, e.Name()))
		case e.Type() == fs.ModeSocket:
			continue // names a process, which is gone
		case e.Type().IsRegular():
			child = &node{}
			child.base, err = readFile(filepath.Join(path, e.Name()))
		default:
			err = fmt.Errorf("%s is neither a file nor a folder", filepath.Join(path, e.Name()))
		}
		if err != nil {
			return nil, err
		}
		n.old[e.Name()], n.now[e.Name()] = child, child
	}
	return n, nil
}

// find gives what a path below the root stands for, as the process sees it; nil: nothing.
func (n *node) find(path string) *node {
	if path == "." {
		return n
	}
	for part := range strings.SplitSeq(path, "/") {
		if n == nil {
			return nil
		}
		n = n.now[part]
	}
	return n
}

// flushed is what the flushes of a node have kept: changes that ended before upTo, but for those that a flush was to keep
// and failed. The system may have given those up, and no later flush says so.
type flushed struct {
	upTo int
	lost [][2]int
}

func (f *flushed) keeps(end int) bool {
	return end < f.upTo && !slices.ContainsFunc(f.lost, func(l [2]int) bool { return l[0] <= end && end < l[1] })
}

// pending are the changes begun before a moment, in the order in which they ended, each with whether a flush had kept it
// by then.
func (r *Recording) pending(moment int) (all []*change, kept func(*change) bool) {
	flushes := map[*node]*flushed{}
	for _, c := range r.changes {
		if c.enter >= moment || c.undone && c.kind != flushing {
			continue
		}
		if c.kind != flushing {
			all = append(all, c)
			continue
		}
		f := flushes[c.node]
		if f == nil {
			f = &flushed{}
			flushes[c.node] = f
		}
		switch {
		case c.exit >= moment:
		case c.undone:
			f.lost = append(f.lost, [2]int{f.upTo, c.enter})
		default:
			f.upTo = max(f.upTo, c.enter)
		}
	}
	end := func(c *change) int { return min(c.exit, moment) }
	slices.SortStableFunc(all, func(a, b *change) int { return end(a) - end(b) })
	return all, func(c *change) bool {
		f := flushes[c.node]
		return f != nil && c.exit < moment && f.keeps(c.exit)
	}
}
