package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"helpost/internal/api"
)

// personVerb shows or erases all that is kept of a person.
type personVerb struct {
	Export personExport `cmd:"" help:"Write all that is kept of a person, as JSON."`
	Erase  personErase  `cmd:"" help:"Take a person out of everything that is kept. It cannot be undone."`
}

type personExport struct {
	configured
	Address string `arg:""`
}

func (v *personExport) Run(ctx context.Context, _ io.Reader, out, errOut io.Writer) error {
	return v.withKept(ctx, errOut, func(c *api.Client) error {
		known, err := c.PersonExport(ctx, v.Address)
		if err != nil {
			return err
		}
		e := json.NewEncoder(out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(known)
	})
}

type personErase struct {
	configured
	Address string `arg:""`
}

func (v *personErase) Run(ctx context.Context, _ io.Reader, out, errOut io.Writer) error {
	return v.withKept(ctx, errOut, func(c *api.Client) error {
		done, err := c.PersonErase(ctx, v.Address)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "erased from %d tickets: %d messages, %d traces, %d dedup keys, %d mails in quarantine, %d waiting mails, %d facts, %d blobs\n",
			len(done.Tickets), done.Messages, done.Traces, done.Mails, done.Quarantine, done.Queued, done.Facts, done.Blobs)
		fmt.Fprintln(out, "The store's file still has the old bytes in pages that are free: helpost compact removes them. Older backups, logs and people.csv are yours to clean.")
		if len(done.Held) > 0 {
			fmt.Fprintf(errOut, "helpost: not erased, for they are on hold: %s; after helpost ticket hold --off ID ask again\n", strings.Join(done.Held, " "))
			return exitFailed
		}
		return nil
	})
}
