package main

import (
	"context"
	"fmt"
	"io"

	"helpost/internal/api"
	"helpost/internal/proof"
	"helpost/internal/seal"
)

// verifyVerb proves that everything kept is what it was.
type verifyVerb struct {
	configured
	Digest string `help:"A line that was mailed out (date, count, digest): the store must be the one that it was made of." placeholder:"LINE"`
}

func (v *verifyVerb) Run(ctx context.Context, _ io.Reader, out, errOut io.Writer) error {
	if v.Digest != "" {
		if _, err := seal.ParseLine(v.Digest); err != nil {
			return usageError{err}
		}
	}
	return v.withKept(ctx, errOut, func(c *api.Client) error {
		shown := isTerminal(errOut)
		wipe := func() {
			if shown {
				fmt.Fprint(errOut, "\r\x1b[K")
			}
		}
		done, err := c.Verify(ctx, v.Digest, func(fault string) {
			wipe()
			fmt.Fprintln(out, fault)
		}, func(d proof.Done) {
			if shown {
				fmt.Fprintf(errOut, "\r\x1b[K%d tickets, %d entries, %d messages, %d files", d.Tickets, d.Entries, d.Messages, d.Files)
			}
		})
		wipe()
		if err != nil {
			return err
		}
		if done.Faults > 0 {
			fmt.Fprintf(errOut, "helpost: faults found: %d (in %d tickets looked at)\n", done.Faults, done.Tickets)
			return exitFailed
		}
		fmt.Fprintf(out, "all holds: %d tickets, %d entries, %d messages, %d files, %d blobs, %d seals\n", done.Tickets, done.Entries, done.Messages, done.Files, done.Blobs, done.Seals)
		if done.Last != "" {
			fmt.Fprintln(out, "last seal:", done.Last)
		}
		return nil
	})
}
