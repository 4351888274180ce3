package main

import (
	"bytes"
	"io"
	"sync"
	"time"
)

const (
	logDelay = 50 * time.Millisecond // the longest that a line of the log waits for others
	logRoom  = 32 << 10
)

// logWriter writes lines of a log together, for under load each would cost as much as a reply to a client. A line that
// warns is written at once, with all before it. What waits when a process is killed is lost.
type logWriter struct {
	mu      sync.Mutex
	to      io.Writer
	waiting []byte
	timer   *time.Timer
}

var warns = [][]byte{[]byte(" level=WARN "), []byte(" level=ERROR ")}

// Write takes one line. Its error is of an earlier one.
func (w *logWriter) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting = append(w.waiting, line...)
	head := line[:min(len(line), 64)] // time and level
	if len(w.waiting) >= logRoom || bytes.Contains(head, warns[0]) || bytes.Contains(head, warns[1]) {
		return len(line), w.write()
	}
	if w.timer == nil {
		w.timer = time.AfterFunc(logDelay, w.Flush)
	}
	return len(line), nil
}

// Flush writes what waits. A log that cannot be written is nothing to fail for.
func (w *logWriter) Flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.write()
}

func (w *logWriter) write() error {
	if w.timer != nil {
		w.timer.Stop()
		w.timer = nil
	}
	_, err := w.to.Write(w.waiting)
	w.waiting = w.waiting[:0]
	return err
}
