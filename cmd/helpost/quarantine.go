package main

import (
	"context"
	"fmt"
	"io"

	"helpost/internal/api"
	"helpost/internal/show"
)

// quarantineVerb shows and lets in the mails that were taken and are no tickets.
type quarantineVerb struct {
	List    quarantineList    `cmd:"" help:"List the mails in quarantine."`
	Release quarantineRelease `cmd:"" help:"Take a mail as if its sender might report."`
}

type quarantineList struct {
	configured
	JSON bool `name:"json" help:"One JSON object a line."`
}

func (v *quarantineList) Run(ctx context.Context, _ io.Reader, out, errOut io.Writer) error {
	return v.with(ctx, errOut, func(c *api.Client) error {
		rows := c.Quarantine(ctx)
		if !v.JSON {
			return show.Quarantine(out, rows, v.zone)
		}
		return jsonLines(out, rows)
	})
}

type quarantineRelease struct {
	configured
	ID string `arg:"" help:"From quarantine list."`
}

func (v *quarantineRelease) Run(ctx context.Context, _ io.Reader, out, errOut io.Writer) error {
	return v.with(ctx, errOut, func(c *api.Client) error {
		became, err := c.Release(ctx, v.ID)
		if api.IsUnknown(err) {
			return fmt.Errorf("there is no mail %q in quarantine; helpost quarantine list shows them", v.ID)
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "released: %s\n", became)
		return err
	})
}
