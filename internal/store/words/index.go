package words

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"helpost/internal/sop"
)

// format is the version of the files. Another one is no index: it begins anew.
const format = 1

const (
	manifestName = "index"
	fileSuffix   = ".words"
	mostMemory   = 8 << 20 // bytes that wait for a file to be written
	mostSame     = 4       // files of a size before they are merged
	sizeStep     = 2       // bits: one size is four times the one before
	leastSize    = 18      // bits: files below 256 KB are of one size
)

// Place says how far an index came. It means something to whoever fills it.
type Place struct {
	Day    string     `json:"day"`    // of the seal up to which all tickets that changed were read
	Digest string     `json:"digest"` // of it
	Below  sop.Number `json:"below"`  // the tickets with lower numbers have yet to be read for the first time; 0: none
}

// manifest is which files there are, the oldest first. It is written anew with each of them, under another name.
type manifest struct {
	Format int      `json:"format"`
	Next   int      `json:"next"` // number of the next file
	Files  []string `json:"files"`
	Place  *Place   `json:"place"`
}

// Index is an index. One goroutine at a time may change it; many may look.
type Index struct {
	folder string
	Rest   func() error // called now and then by what takes long; an error breaks that off

	mu       sync.RWMutex // held to change what follows
	segments []*segment   // the oldest first
	active   *memory
	frozen   *memory // while it is written; nil: none

	next    int
	place   *Place
	spoiled atomic.Bool
}

// Open opens the index in a folder, and makes the folder. Where it is of another format or damaged it is emptied: Place then
// is nil.
func Open(folder string) (*Index, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	x := &Index{folder: folder, active: newMemory(), Rest: func() error { return nil }, next: 1}
	err := x.load()
	if err != nil && !errors.Is(err, errDamaged) && !errors.Is(err, os.ErrNotExist) {
		x.close()
		return nil, err
	}
	if err != nil {
		return x, x.Empty()
	}
	return x, x.tidy()
}

func (x *Index) path(name string) string { return filepath.Join(x.folder, name) }

func (x *Index) load() error {
	raw, err := os.ReadFile(x.path(manifestName))
	if err != nil {
		return err
	}
	var m manifest
	doc, _, _ := bytes.Cut(raw, []byte("\n"))
	if err := json.Unmarshal(doc, &m); err != nil || m.Format != format || m.Next < 1 || string(raw) != string(signed(doc)) {
		return fmt.Errorf("%s: %w", x.path(manifestName), errDamaged)
	}
	for _, name := range m.Files {
		if filepath.Base(name) != name || !strings.HasSuffix(name, fileSuffix) {
			return fmt.Errorf("%s: %w", x.path(manifestName), errDamaged)
		}
		s, err := openSegment(x.path(name), name)
		if err != nil {
			return err
		}
		x.segments = append(x.segments, s)
	}
	x.next, x.place = m.Next, m.Place
	return nil
}

// signed is a line with its checksum in the next.
func signed(doc []byte) []byte {
	return fmt.Appendf(nil, "%s\n%08x\n", doc, crc32.Checksum(doc, castagnoli))
}

// tidy removes files that the manifest does not name: what was not finished, or merged into others.
func (x *Index) tidy() error {
	all, err := os.ReadDir(x.folder)
	if err != nil {
		return err
	}
	for _, f := range all {
		ours := strings.HasSuffix(f.Name(), fileSuffix) || strings.HasPrefix(f.Name(), manifestName)
		kept := f.Name() == manifestName || slices.ContainsFunc(x.segments, func(s *segment) bool { return s.name == f.Name() })
		if ours && !kept {
			err = errors.Join(err, os.Remove(x.path(f.Name())))
		}
	}
	return err
}

// Empty lets go of everything: the index begins anew.
func (x *Index) Empty() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.close()
	x.segments, x.active, x.frozen, x.place = nil, newMemory(), nil, nil
	x.spoiled.Store(false)
	if err := os.Remove(x.path(manifestName)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return x.tidy()
}

func (x *Index) close() error {
	var err error
	for _, s := range x.segments {
		err = errors.Join(err, s.f.Close())
	}
	return err
}

// Close closes the files. What was not flushed is lost.
func (x *Index) Close() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	err := x.close()
	x.segments = nil
	return err
}

// Spoiled says whether a file was found to be damaged: the index should be emptied.
func (x *Index) Spoiled() bool { return x.spoiled.Load() }

// Place is how far the index came when it was last flushed, nil where it never was.
func (x *Index) Place() *Place { return x.place }

// memories are what is not in files. The caller holds mu.
func (x *Index) memories() []*memory {
	if x.frozen != nil {
		return []*memory{x.active, x.frozen}
	}
	return []*memory{x.active}
}

// Known says how far a ticket was read, false where it was not.
func (x *Index) Known(n sop.Number) (Read, bool, error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	for _, m := range x.memories() {
		if r, there := m.docs[n]; there {
			return r, true, nil
		}
	}
	for _, s := range slices.Backward(x.segments) {
		r, there, err := s.known(n)
		if err != nil {
			x.spoiled.Store(true)
		}
		if there || err != nil {
			return r, there, err
		}
	}
	return Read{}, false, nil
}

// known looks for a ticket in a file.
func (s *segment) known(n sop.Number) (Read, bool, error) {
	key := docKey(n)
	if len(s.blocks) == 0 || bytes.Compare(s.first(0), key) > 0 { // all its tickets are older: the newest stand first
		return Read{}, false, nil
	}
	docs, err := s.docsOf(key, uint64(n)>>docBits)
	if err != nil {
		return Read{}, false, err
	}
	for _, d := range docs.all {
		if d.n == n {
			return d.Read, true, nil
		}
	}
	return Read{}, false, nil
}

// docsOf gives the tickets of a piece. The piece that was asked for last stays: whoever reads all tickets asks for neighbours.
func (s *segment) docsOf(key []byte, piece uint64) (*pieceDocs, error) {
	if last := s.last.Load(); last != nil && last.piece == piece {
		return last, nil
	}
	docs := &pieceDocs{piece: piece}
	c := s.cursor((*segment).read)
	more, err := c.seek(key)
	if err == nil && more && bytes.Equal(c.key, key) {
		docs.all, err = readDocs(nil, piece, c.value)
	}
	if err != nil {
		return nil, err
	}
	s.last.Store(docs)
	return docs, nil
}

// Add adds what a ticket says, or says more, and how far it was read by that. It is found from now on.
func (x *Index) Add(n sop.Number, r Read, texts ...string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.active.add(n, r, texts)
}

// Full says whether it is time to flush.
func (x *Index) Full() bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.active.size > mostMemory
}

// Waiting is how many tickets wait for a flush.
func (x *Index) Waiting() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return len(x.active.docs)
}

// Flush writes what was added into a file, with the place that this means, and merges files that have become many.
func (x *Index) Flush(at Place) error {
	x.mu.Lock()
	if len(x.active.docs) > 0 && x.frozen == nil {
		x.active, x.frozen = newMemory(), x.active
	}
	frozen := x.frozen
	x.mu.Unlock()
	if frozen != nil {
		s, err := x.write(frozen.write)
		if err != nil {
			return err // it stays, and is found
		}
		x.mu.Lock()
		x.segments, x.frozen = append(x.segments, s), nil
		x.mu.Unlock()
	}
	x.place = &at
	if err := x.keep(); err != nil {
		return err
	}
	return x.mergeSmall()
}

// write writes a file and opens it.
func (x *Index) write(fill func(*writer) error) (*segment, error) {
	name := fmt.Sprintf("%08d%s", x.next, fileSuffix)
	x.next++
	w, err := create(x.path(name))
	if err != nil {
		return nil, err
	}
	if err = fill(w); err == nil {
		err = w.end()
	}
	if err != nil {
		w.abandon()
		return nil, err
	}
	return openSegment(x.path(name), name)
}

// keep writes the manifest.
func (x *Index) keep() error {
	m := manifest{Format: format, Next: x.next, Place: x.place}
	for _, s := range x.segments {
		m.Files = append(m.Files, s.name)
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return err
	}
	fresh := x.path(manifestName + ".new")
	if err := os.WriteFile(fresh, signed(raw), 0o600); err != nil {
		return err
	}
	return os.Rename(fresh, x.path(manifestName))
}

// mergeSmall merges the newest files while there are many of a size.
func (x *Index) mergeSmall() error {
	for {
		from := tooMany(x.segments)
		if from < 0 {
			return nil
		}
		if err := x.replace(from, len(x.segments), nil); err != nil {
			return err
		}
	}
}

// tooMany is where the files begin that should be merged, -1 where none should.
func tooMany(all []*segment) int {
	for class, begin := 0, len(all); begin > 0; class++ {
		same := 0
		for _, s := range all[begin:] {
			if classOf(s.size) == class {
				same++
			}
		}
		for ; begin > 0 && classOf(all[begin-1].size) <= class; begin-- {
			if classOf(all[begin-1].size) == class {
				same++
			}
		}
		if same >= mostSame {
			return begin
		}
	}
	return -1
}

// classOf is the size of a file: each is four times the one before.
func classOf(size int64) int {
	class := 0
	for size >>= leastSize; size > 0; size >>= sizeStep {
		class++
	}
	return class
}

// replace puts one file in the place of some, without the tickets that are gone.
func (x *Index) replace(from, to int, gone map[sop.Number]bool) error {
	old := slices.Clone(x.segments[from:to])
	newestFirst := slices.Clone(old)
	slices.Reverse(newestFirst)
	s, err := x.write(func(w *writer) error { return merge(w, newestFirst, gone, x.Rest) })
	if err != nil {
		if errors.Is(err, errDamaged) {
			x.spoiled.Store(true)
		}
		return err
	}
	x.mu.Lock()
	x.segments = slices.Replace(x.segments, from, to, s)
	x.mu.Unlock()
	err = x.keep()
	for _, o := range old {
		o.f.Close()
		if err == nil { // else the old manifest holds, and names them
			err = os.Remove(x.path(o.name))
		}
	}
	return err
}

// Forget takes tickets out of all files, words and all, as if they had never been added. A file that holds none of them stays.
func (x *Index) Forget(gone map[sop.Number]bool) error {
	x.mu.Lock()
	for _, m := range x.memories() {
		m.forget(gone)
	}
	x.mu.Unlock()
	for i := range x.segments {
		holds := false
		for n := range gone {
			_, there, err := x.segments[i].known(n)
			if err != nil {
				x.spoiled.Store(true)
				return err
			}
			if holds = there; there {
				break
			}
		}
		if holds {
			if err := x.replace(i, i+1, gone); err != nil {
				return err
			}
		}
	}
	return nil
}
