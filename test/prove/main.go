// Command prove opens folders with a store and its blobs as helpost would, proves them, and says what they hold: one folder a
// line on standard input, one JSON object a line on standard output. Tests that prove many at once use it: they run under
// the race detector, which makes a proof ten times as long.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"

	"helpost/internal/blob/dir"
	"helpost/internal/proof"
	"helpost/internal/record"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/internal/store/bolt"
	"helpost/workflow"
)

func main() {
	debug.SetPanicOnFault(true) // a store's file that is too short is a fault like others
	out := json.NewEncoder(os.Stdout)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		h := held{Messages: map[string]int{}, Notified: []string{}, Wrong: []string{}}
		if err := h.prove(context.Background(), lines.Text()); err != nil {
			h.fault(err.Error())
		}
		if err := out.Encode(h); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// held is what a folder holds.
type held struct {
	Messages map[string]int // how often a Message-ID is kept
	Notified []string       // of each notice: ticket, entry, receiver, time in milliseconds
	Wrong    []string       // what is damaged
}

func (h *held) fault(text string) { h.Wrong = append(h.Wrong, text) }

// prove reads a folder. Without a store it holds nothing, which is no fault.
func (h *held) prove(ctx context.Context, folder string) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("damaged: %v", cause)
		}
	}()
	path := filepath.Join(folder, "helpost.db")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	kept, err := bolt.Open(path, bolt.Options{Log: slog.New(slog.DiscardHandler), NoSync: true})
	if err != nil {
		return err
	}
	blobs, err := dir.Open(filepath.Join(folder, "blobs"))
	if err == nil {
		_, err = proof.Job{Store: kept, Blobs: blobs, Prefix: "IT", Fault: h.fault}.Run(ctx)
	}
	if err == nil {
		err = kept.View(ctx, h.read)
	}
	return errors.Join(err, kept.Close())
}

func (h *held) read(r store.Reader) error {
	numbers, err := r.Numbers(0, 1<<20)
	if err != nil {
		return err
	}
	for _, n := range numbers {
		messages, err := r.Messages(n)
		if err != nil {
			return err
		}
		for _, m := range messages {
			h.Messages[m.MessageID]++
		}
		log, err := r.Log(n)
		if err != nil {
			return err
		}
		for _, entry := range log {
			if err := h.notice(n, entry); err != nil {
				return err
			}
		}
	}
	return nil
}

func (h *held) notice(n sop.Number, entry record.Entry) error {
	e, err := entry.Event()
	if err != nil || e.Type != workflow.Notified {
		return err
	}
	to, _ := e.Said["to"].([]any) // none where the words are gone
	for _, address := range to {
		h.Notified = append(h.Notified, fmt.Sprint(n.ID("IT"), " ", e.Seq, " ", address, " ", e.At.UnixMilli()))
	}
	return nil
}
