// Package directory knows who works here: it keeps the people of a CSV file and follows its changes.
//
// It says who may report and what is known of a person. It decides nothing about tickets, and proves nothing about a sender.
package directory

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"helpost/internal/sop"
)

// Directory answers from memory; all its methods may be called from many goroutines, and reads take no lock.
//
// The file is looked at when somebody is asked for, once in Every at most. A file that cannot be read as it stands leaves
// the people as they were: see Problem.
type Directory struct {
	file    string
	domains map[string]bool
	clock   sop.Clock
	log     *slog.Logger

	people  atomic.Pointer[map[string]sop.Person] // by address
	next    atomic.Int64                          // when the file is looked at next, Unix nanoseconds
	problem atomic.Pointer[error]

	reading sync.Mutex // guards what is below
	stamp   stamp
}

// Every is the shortest time between two looks at the file.
const Every = time.Second

// maxFile bounds the size of the file in bytes.
const maxFile = 128 << 20

// stamp is what tells one state of the file from another.
type stamp struct {
	info os.FileInfo
	late bool // it was read so soon after it was written that a later write may not show in its time
}

// same says whether the file is as it was.
func (s stamp) same(info os.FileInfo) bool {
	return s.info != nil && !s.late && os.SameFile(s.info, info) && s.info.Size() == info.Size() && s.info.ModTime().Equal(info.ModTime())
}

// Open reads the directory. file may be "": then nobody stands in it, and a company's domains alone say who may report.
// The error names the file and the lines that are wrong.
func Open(file string, domains []string, log *slog.Logger) (*Directory, error) {
	return open(file, domains, time.Now, log)
}

func open(file string, domains []string, clock sop.Clock, log *slog.Logger) (*Directory, error) {
	d := &Directory{file: file, domains: map[string]bool{}, clock: clock, log: log}
	for _, name := range domains {
		d.domains[fold(name)] = true
	}
	d.people.Store(&map[string]sop.Person{})
	if file == "" {
		return d, nil
	}
	d.reading.Lock()
	defer d.reading.Unlock()
	d.next.Store(clock().Add(Every).UnixNano())
	if err := d.read(); err != nil {
		return nil, err
	}
	return d, nil
}

// Listed says whether there is a directory at all.
func (d *Directory) Listed() bool { return d.file != "" }

// Size is the number of people in the directory.
func (d *Directory) Size() int { return len(d.current()) }

// Person gives who has an address, in any case; the zero Person and false where the directory knows nobody.
func (d *Directory) Person(address string) (sop.Person, bool) {
	p, ok := d.current()[fold(address)]
	return p, ok
}

// MayReport says whether somebody may report by the address alone: it is of a company's domain, not of one below it, or it
// stands in the directory.
func (d *Directory) MayReport(address string) bool {
	local, domain, ok := strings.Cut(fold(address), "@")
	if ok && local != "" && d.domains[domain] {
		return true
	}
	_, known := d.Person(address)
	return known
}

// Problem says why the file as it stands now is not in use; nil where it is. The people are those of the last good one.
func (d *Directory) Problem() error {
	d.current()
	if p := d.problem.Load(); p != nil {
		return *p
	}
	return nil
}

// current gives the people, after a look at the file where one is due. One goroutine looks; the others do not wait for it.
func (d *Directory) current() map[string]sop.Person {
	if d.file != "" {
		now, due := d.clock().UnixNano(), d.next.Load()
		if now >= due && d.next.CompareAndSwap(due, now+int64(Every)) && d.reading.TryLock() {
			d.look()
			d.reading.Unlock()
		}
	}
	return *d.people.Load()
}

// look reads the file again where it has changed.
func (d *Directory) look() {
	info, err := os.Stat(d.file)
	if err == nil && d.stamp.same(info) {
		return
	}
	if err == nil {
		err = d.read()
	}
	before := d.problem.Load()
	switch {
	case err == nil:
		d.problem.Store(nil)
		if before != nil {
			d.log.Info("the directory is in use again", "file", d.file, "people", d.Size())
		}
	case before == nil || (*before).Error() != err.Error():
		d.problem.Store(&err)
		d.log.Error("the directory cannot be read: the people stay as they were", "error", err)
	}
}

// read takes the people of the file, all of them or none.
func (d *Directory) read() error {
	f, err := os.Open(d.file)
	if err != nil {
		return err
	}
	defer f.Close()
	before, err := f.Stat()
	if err != nil {
		return err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return err
	}
	if len(data) > maxFile {
		return fmt.Errorf("%s is larger than %d MB", d.file, maxFile>>20)
	}
	after, err := f.Stat()
	if err != nil {
		return err
	}
	if before.Size() != after.Size() || !before.ModTime().Equal(after.ModTime()) {
		d.stamp = stamp{}
		return fmt.Errorf("%s is being written", d.file)
	}
	d.stamp = stamp{info: before, late: d.clock().Sub(before.ModTime()).Abs() < 2*Every}
	people, err := Parse(data)
	if err != nil {
		return located(d.file, err)
	}
	d.people.Store(&people)
	return nil
}

// located puts the file before each problem.
func located(file string, err error) error {
	var bad Errors
	if !errors.As(err, &bad) {
		return fmt.Errorf("%s: %w", file, err)
	}
	lines := make([]string, len(bad))
	for i, p := range bad {
		lines[i] = fmt.Sprintf("%s:%d: %s", file, p.Line, p.Text)
	}
	return errors.New(strings.Join(lines, "\n"))
}

// fold turns ASCII letters, and nothing else, into lower case: no letter of another script may pass for one of ours.
func fold(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for j := i; j < len(b); j++ {
				if 'A' <= b[j] && b[j] <= 'Z' {
					b[j] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}
