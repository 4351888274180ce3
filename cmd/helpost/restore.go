package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"helpost/internal/api"
	"helpost/internal/archive"
	"helpost/internal/blob/dir"
	"helpost/internal/store"
)

// restoreVerb brings a backup back.
type restoreVerb struct {
	configured
	File string `arg:"" type:"path" help:"The backup."`
}

func (v *restoreVerb) Run(ctx context.Context, _ io.Reader, out, errOut io.Writer) error {
	cfg, err := loadConfig(v.Config, errOut)
	if err != nil {
		return err
	}
	client := api.Dial(cfg.Control.Socket)
	defer client.Close()
	if running, err := client.Running(ctx); running || err != nil {
		return errors.Join(fmt.Errorf("a helpost runs here (control socket %s); end it first", cfg.Control.Socket), err)
	}
	blobs, err := dir.Open(cfg.Blobs.Dir)
	if err != nil {
		return err
	}
	m, err := archive.Restore(ctx, v.File, cfg.Store.Path, blobs)
	switch {
	case errors.Is(err, store.ErrLocked):
		return fmt.Errorf("%s is open in another process; end that first", cfg.Store.Path)
	case err != nil:
		return err
	}
	if err := os.RemoveAll(searchFolder(cfg)); err != nil { // it knew what was there before; the next start makes it anew
		return err
	}
	fmt.Fprintf(out, "%s: brought back as it was on %s: the store (%d bytes) and %d blobs\n", v.File, m.Made.Local().Format("2006-01-02 15:04:05"), m.StoreSize, m.Blobs)
	fmt.Fprintln(out, "Mail that waited then is sent when helpost is started; helpost queue list shows it.")
	return toldMissing(m, errOut)
}
