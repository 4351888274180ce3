package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"helpost/internal/checkup"
)

// checkVerb says whether a configuration and what it relies on are sound.
type checkVerb struct {
	Config string `help:"The configuration." default:"/etc/helpost/helpost.toml" type:"path"`
	Send   bool   `help:"Send test mail each way, too. Not there yet."`
	Hook   bool   `help:"Call every hook, too, to say that nothing is wrong."`
}

func (v *checkVerb) Run(ctx context.Context, _ io.Reader, out, errOut io.Writer) error {
	if v.Send {
		return usageError{errors.New("check --send is not there yet: this version sends no test mail; run check without it")}
	}
	cfg, err := loadConfig(v.Config, errOut)
	if err != nil {
		return err
	}
	now := time.Now()
	found := checkup.Look(ctx, cfg, checkup.Surroundings{Resolver: net.DefaultResolver, Now: now, Call: v.Hook})
	if err := checkup.Write(out, found); err != nil {
		return err
	}
	if err := checkup.WriteCalendars(out, cfg, now); err != nil {
		return err
	}
	switch checkup.Worst(found) {
	case checkup.Wrong:
		return exitUsage
	case checkup.Unreachable:
		return exitFailed
	}
	_, err = fmt.Fprintln(out, "\nall is well")
	return err
}
