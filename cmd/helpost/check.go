package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"helpost/internal/api"
	"helpost/internal/checkup"
	"helpost/internal/config"
	"helpost/internal/mailauth"
)

// checkVerb says whether a configuration and what it relies on are sound.
type checkVerb struct {
	Config string        `help:"The configuration." default:"/etc/helpost/helpost.toml" type:"path"`
	Send   bool          `help:"Send mail each way, too, and try to pass for an agent. The daemon must be running."`
	Wait   time.Duration `help:"How long a mail that was sent may take to come back." default:"60s"`
	Hook   bool          `help:"Call every hook, too, to say that nothing is wrong."`
}

func (v *checkVerb) Run(ctx context.Context, _ io.Reader, out, errOut io.Writer) error {
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
	if v.Send {
		sent, err := v.send(ctx, cfg, errOut)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(out); err != nil {
			return err
		}
		if err := checkup.Write(out, sent); err != nil {
			return err
		}
		found = append(found, sent...)
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

// send sends mail each way, and asks the running daemon what it saw of it.
func (v *checkVerb) send(ctx context.Context, cfg *config.Config, errOut io.Writer) ([]checkup.Finding, error) {
	client := api.Dial(cfg.Control.Socket)
	defer client.Close()
	running, err := client.Running(ctx)
	if err != nil {
		return nil, fmt.Errorf("control socket %s: %w", cfg.Control.Socket, err)
	}
	if !running {
		return []checkup.Finding{{Level: checkup.Unreachable, What: "mail", Text: "helpost is not running with this configuration: start it, then run check --send beside it"}}, nil
	}
	signer, err := signerOf(cfg)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(errOut, "sending mail each way; it may take %s to come back\n", v.Wait)
	return checkup.Send(ctx, cfg, checkup.Post{Signer: signer, Wait: v.Wait, Trace: func(ctx context.Context, id string) (string, bool, error) {
		rows, err := client.Trace(ctx, id)
		var unknown *api.Problem
		if errors.As(err, &unknown) && unknown.Status == http.StatusNotFound {
			return "", false, nil
		}
		for _, r := range rows {
			if r.Outcome == mailauth.CheckOutcome {
				return r.Detail, true, nil
			}
		}
		return "", false, err
	}})
}
