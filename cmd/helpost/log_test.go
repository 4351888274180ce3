package main

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
)

// kept is a writer that many may use.
type kept struct {
	mu     sync.Mutex
	all    bytes.Buffer
	writes int
}

func (k *kept) Write(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.writes++
	return k.all.Write(p)
}

func (k *kept) read() (string, int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.all.String(), k.writes
}

func TestLinesOfTheLogAreWrittenTogether(t *testing.T) {
	var out kept
	w := &logWriter{to: &out}
	log := slog.New(slog.NewTextHandler(w, nil))
	for range 5 {
		log.Info("mail")
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if said, _ := out.read(); strings.Count(said, "msg=mail\n") == 5 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the lines were never written")
		}
	}
	log.Info("before")
	log.Warn("now", "why", "x")
	said, writes := out.read()
	if !strings.HasSuffix(said, " why=x\n") || !strings.Contains(said, "msg=before\n") {
		t.Errorf("a warning waits: %s", said)
	}
	if writes > 6 {
		t.Errorf("%d writes", writes)
	}
	log.Info("last")
	w.Flush()
	if said, _ := out.read(); !strings.HasSuffix(said, "msg=last\n") {
		t.Errorf("the last line is lost: %s", said)
	}
}
