package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"helpost/internal/api"
	"helpost/internal/archive"
)

// backupVerb writes the store and its files into one file.
type backupVerb struct {
	configured
	File string `arg:"" type:"path" help:"The backup; one of that name is replaced."`
}

func (v *backupVerb) Run(ctx context.Context, _ io.Reader, out, errOut io.Writer) error {
	return v.withKept(ctx, errOut, func(c *api.Client) error {
		stream, err := c.Backup(ctx)
		if err != nil {
			return err
		}
		m, err := archive.Save(ctx, v.File, stream)
		if err = errors.Join(err, stream.Close()); err != nil {
			return err
		}
		fmt.Fprintf(out, "%s: the store (%d bytes) and %d blobs (%d bytes), written and read again\n", v.File, m.StoreSize, m.Blobs, m.BlobBytes)
		fmt.Fprintln(out, "The configuration, the secret and the keys are not in it: keep copies of them apart.")
		return toldMissing(m, errOut)
	})
}

// toldMissing says which blobs a backup lacks.
func toldMissing(m archive.Manifest, errOut io.Writer) error {
	for _, name := range m.Missing {
		fmt.Fprintf(errOut, "helpost: the blob %s was missing or damaged, and is not in the backup; helpost verify says whose it is\n", name)
	}
	if len(m.Missing) > 0 {
		return exitFailed
	}
	return nil
}
