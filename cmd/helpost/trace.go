package main

import (
	"context"
	"fmt"
	"io"

	"helpost/internal/api"
	"helpost/internal/show"
)

// traceVerb says what became of a mail.
type traceVerb struct {
	configured
	JSON bool   `name:"json" help:"One JSON object a line."`
	Of   string `arg:"" name:"message-id|address" help:"A Message-ID, an address, or \"policy\" for the changes of the policy."`
}

func (v *traceVerb) Run(ctx context.Context, _ io.Reader, out, errOut io.Writer) error {
	return v.with(ctx, errOut, func(c *api.Client) error {
		rows, err := c.Trace(ctx, v.Of)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return fmt.Errorf("nothing is known of %s", v.Of)
		}
		if !v.JSON {
			return show.Traces(out, rows, v.zone)
		}
		return jsonLines(out, func(yield func(api.TraceRow, error) bool) {
			for _, r := range rows {
				if !yield(r, nil) {
					return
				}
			}
		})
	})
}
