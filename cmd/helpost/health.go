package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	// Where the machine has no time zones, as in a container made from scratch, these are used.
	_ "time/tzdata"
)

// healthVerb asks the running daemon whether it is well: what a container's health check runs.
type healthVerb struct {
	Config string `help:"The configuration." default:"/etc/helpost/helpost.toml" type:"path"`
}

// healthTime bounds the question.
const healthTime = 4 * time.Second

func (v *healthVerb) Run(ctx context.Context, _ io.Reader, out, errOut io.Writer) error {
	cfg, err := loadConfig(v.Config, errOut)
	if err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(cfg.Portal.Listen)
	if err != nil {
		return err
	}
	if host == "" || host == "0.0.0.0" || host == "::" {
		host = "localhost"
	}
	ctx, stop := context.WithTimeout(ctx, healthTime)
	defer stop()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/healthz", nil)
	if err != nil {
		return err
	}
	answer, err := (&http.Client{Transport: &http.Transport{}}).Do(request) // no proxy between us and ourselves
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s says %s", request.URL, answer.Status)
	}
	_, err = fmt.Fprintln(out, "ok")
	return err
}
