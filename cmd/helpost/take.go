package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"helpost/internal/api"
)

// takeVerb hands one mail on standard input to the running daemon, as a mail server's pipe transport does.
type takeVerb struct {
	configured
	From string   `help:"The envelope sender; empty for the null one." required:""`
	To   []string `help:"An address of the helpdesk." required:""`
}

func (v *takeVerb) Run(ctx context.Context, in io.Reader, out, errOut io.Writer) error {
	cfg, err := loadConfig(v.Config, errOut)
	if err != nil {
		return err
	}
	client := api.Dial(cfg.Control.Socket)
	defer client.Close()
	became, err := client.Take(ctx, v.From, v.To, in)
	var problem *api.Problem
	switch {
	case err == nil:
		_, err = fmt.Fprintln(out, became)
		return err
	case errors.As(err, &problem) && !problem.Temporary():
		return err
	default: // not taken, for now: the sender's mail server keeps it
		fmt.Fprintln(errOut, "helpost:", err)
		return exitRetry
	}
}
