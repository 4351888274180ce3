package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"helpost/internal/api"
	"helpost/internal/show"
)

// queueVerb shows and moves the mail that waits to be sent.
type queueVerb struct {
	List  queueList  `cmd:"" help:"List what waits to be sent."`
	Retry queueRetry `cmd:"" help:"Try again now: the mails named, or all."`
	Drop  queueDrop  `cmd:"" help:"Take a mail out of the queue for good."`
}

type queueList struct {
	configured
	JSON bool `name:"json" help:"One JSON object a line."`
}

func (v *queueList) Run(ctx context.Context, _ io.Reader, out, errOut io.Writer) error {
	return v.with(ctx, errOut, func(c *api.Client) error {
		rows := c.Queue(ctx)
		if !v.JSON {
			return show.Queue(out, rows, time.Now())
		}
		return jsonLines(out, rows)
	})
}

type queueRetry struct {
	configured
	IDs []uint64 `arg:"" optional:"" name:"id" help:"From queue list; none: all."`
}

func (v *queueRetry) Run(ctx context.Context, _ io.Reader, out, errOut io.Writer) error {
	return v.with(ctx, errOut, func(c *api.Client) error {
		n, err := c.Retry(ctx, v.IDs...)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%d mails are due now\n", n)
		return err
	})
}

type queueDrop struct {
	configured
	ID string `arg:"" help:"From queue list."`
}

func (v *queueDrop) Run(ctx context.Context, _ io.Reader, out, errOut io.Writer) error {
	id, err := strconv.ParseUint(v.ID, 10, 64)
	if err != nil {
		return fmt.Errorf("there is no mail %q in the queue; helpost queue list shows them", v.ID)
	}
	return v.with(ctx, errOut, func(c *api.Client) error {
		if err := c.Drop(ctx, id); api.IsUnknown(err) {
			return fmt.Errorf("there is no mail %d in the queue; helpost queue list shows them", id)
		} else if err != nil {
			return err
		}
		_, err := fmt.Fprintf(out, "mail %d was dropped\n", id)
		return err
	})
}
