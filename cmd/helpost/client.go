package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"os"
	"time"

	"helpost/internal/api"
	"helpost/internal/store"
)

// configured is what every verb takes that works on a store: beside a running daemon, through its control socket, as well
// as without one.
type configured struct {
	Config string `help:"The configuration." default:"/etc/helpost/helpost.toml" type:"path"`

	zone *time.Location // the company's, which times are shown in; known within with
}

// with runs what a verb does with a client of the running daemon, or of the store itself where none runs.
func (c *configured) with(ctx context.Context, errOut io.Writer, do func(*api.Client) error) error {
	return c.reach(ctx, errOut, false, do)
}

// withKept is with, for the verbs that ask for what is kept: where there is no store they make none.
func (c *configured) withKept(ctx context.Context, errOut io.Writer, do func(*api.Client) error) error {
	return c.reach(ctx, errOut, true, do)
}

func (c *configured) reach(ctx context.Context, errOut io.Writer, kept bool, do func(*api.Client) error) error {
	cfg, err := loadConfig(c.Config, errOut)
	if err != nil {
		return err
	}
	if c.zone, err = time.LoadLocation(cfg.Company.Timezone); err != nil {
		return usageError{err}
	}
	client := api.Dial(cfg.Control.Socket)
	defer client.Close()
	running, err := client.Running(ctx)
	if err != nil {
		return fmt.Errorf("control socket %s: %w", cfg.Control.Socket, err)
	}
	if running {
		return do(client)
	}
	if _, err := os.Stat(cfg.Store.Path); kept && err != nil {
		return fmt.Errorf("there is no store: %w", err)
	}
	h, err := build(cfg, slog.New(slog.NewTextHandler(errOut, &slog.HandlerOptions{Level: slog.LevelWarn})), nil)
	if errors.Is(err, store.ErrLocked) {
		return fmt.Errorf("%s is open in another process that does not answer at %s", cfg.Store.Path, cfg.Control.Socket)
	}
	if err != nil {
		return err
	}
	return errors.Join(do(api.InProcess(h.api().Control())), h.store.Close())
}

// jsonLines writes rows for programs: one JSON object a line.
func jsonLines[Row any](out io.Writer, rows iter.Seq2[Row, error]) error {
	lines := json.NewEncoder(out)
	for r, err := range rows {
		if err != nil {
			return err
		}
		if err := lines.Encode(r); err != nil {
			return err
		}
	}
	return nil
}
