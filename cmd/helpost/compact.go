package main

import (
	"context"
	"fmt"
	"io"

	"helpost/internal/api"
)

// compactVerb gives back the room of what is gone.
type compactVerb struct{ configured }

func (v *compactVerb) Run(ctx context.Context, _ io.Reader, out, errOut io.Writer) error {
	return v.withKept(ctx, errOut, func(c *api.Client) error {
		done, err := c.Compact(ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "the store had %d bytes and has %d\n", done.Was, done.Is)
		return err
	})
}
