package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"time"

	"helpost/internal/api"
	"helpost/internal/gateway"
	"helpost/internal/store"
	"helpost/smtpd"
)

// serveVerb runs the gateway until it is told to end.
type serveVerb struct {
	Config string `help:"The configuration." default:"/etc/helpost/helpost.toml" type:"path"`
}

// headroom keeps the garbage collector from running every few mails: it waits until as much was allocated as is alive,
// which is little, and counts so many bytes more as alive. Nobody touches them, so no memory stands behind them.
const headroom = 16 << 20

// drainTime is what SIGTERM leaves for what runs.
const drainTime = 9 * time.Second

func (v *serveVerb) Run(ctx context.Context, _ io.Reader, _, errOut io.Writer) error {
	cfg, err := loadConfig(v.Config, errOut)
	if err != nil {
		return err
	}
	lines := &logWriter{to: errOut}
	defer lines.Flush()
	log := slog.New(slog.NewTextHandler(lines, nil))
	for _, w := range cfg.Warnings {
		log.Warn(w.String())
	}
	h, err := build(cfg, log, nil)
	if errors.Is(err, store.ErrLocked) {
		return fmt.Errorf("%s: another helpost has it open; end that one first", cfg.Store.Path)
	}
	if err != nil {
		return err
	}
	defer runtime.KeepAlive(make([]byte, headroom))
	return h.serve(ctx, nil)
}

// running is what runs of a house, and how it ends.
type running struct {
	door   *smtpd.Server
	wait   sync.WaitGroup
	failed chan error
}

// serve opens every door, tells ready, and runs until ctx ends or something fails that helpost cannot be without.
func (h *house) serve(ctx context.Context, ready func()) error {
	r := &running{failed: make(chan error, 8)}
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	err := h.start(work, r)
	if err == nil {
		h.log.Info("ready", "smtp", fmt.Sprint(h.config.SMTP.Listen), "http", h.config.Portal.Listen, "store", h.config.Store.Path)
		if ready != nil {
			ready()
		}
		select {
		case <-ctx.Done():
		case err = <-r.failed:
		}
	}
	h.log.Info("ending")
	return errors.Join(err, h.end(r, stop))
}

// start brings up the store's house-keeping, the mailer, the passing of time, the doors.
func (h *house) start(ctx context.Context, r *running) error {
	fingerprint, err := h.config.Fingerprint()
	if err != nil {
		return err
	}
	if err := h.gateway.RecordPolicy(ctx, fingerprint); err != nil {
		return err
	}
	if r.door, err = h.door(); err != nil {
		return err
	}
	h.meters.opened(r.door)
	doors, err := smtpd.Listen(ctx, h.config.SMTP.Listen)
	if err != nil {
		return err
	}
	if err := h.listen(ctx, r); err != nil {
		return errors.Join(err, closeAll(doors))
	}
	r.wait.Go(func() { h.gateway.Run(ctx) })
	r.wait.Go(func() {
		h.sweep(ctx)
		h.keeper.Run(ctx)
	})
	r.wait.Go(func() { h.reload(ctx) })
	r.wait.Go(func() { h.alarms.Run(ctx) })
	r.serves("mailer", func() error { return h.mailer.Run(ctx) })
	r.serves("smtp", func() error { return r.door.Serve(ctx, doors...) })
	return nil
}

func closeAll(all []net.Listener) error {
	var err error
	for _, l := range all {
		err = errors.Join(err, l.Close())
	}
	return err
}

// listen opens the HTTP listener, where one is configured, and the control socket.
func (h *house) listen(ctx context.Context, r *running) error {
	server := h.api()
	socket, err := api.ListenControl(h.config.Control.Socket)
	if err != nil {
		return err
	}
	r.serves("control socket", func() error { return server.ServeControl(ctx, socket) })
	if h.config.Debug.Listen != "" {
		inside, err := api.ListenDebug(ctx, h.config.Debug.Listen)
		if err != nil {
			return err
		}
		r.serves("debug", func() error { return server.ServeDebug(ctx, inside) })
	}
	if h.config.Portal.Listen == "" {
		return nil
	}
	var lc net.ListenConfig
	public, err := lc.Listen(ctx, "tcp", h.config.Portal.Listen)
	if err != nil {
		return fmt.Errorf("portal: %w", err)
	}
	r.serves("portal", func() error { return server.ServePublic(ctx, public) })
	return nil
}

// serves runs a server until it ends; an end with an error ends the house.
func (r *running) serves(name string, serve func() error) {
	r.wait.Go(func() {
		if err := serve(); err != nil {
			r.failed <- fmt.Errorf("%s: %w", name, err)
		}
	})
}

// api makes the HTTP side of a house.
func (h *house) api() *api.Server {
	token := ""
	if len(h.config.Portal.APITokens) > 0 {
		token = h.config.Portal.APITokens[0]
	}
	return api.New(api.Options{
		Store: h.store, Blobs: h.blobs, Desk: h.gateway, Keeper: h.keeper, Prefix: h.config.Tickets.Prefix, Token: token, MaxMail: h.config.SMTP.MaxMessage.Bytes,
		Checks: []api.Check{{Name: "directory", Test: func(context.Context) error { return h.people.Problem() }}, {Name: "store", Test: func(context.Context) error { return h.store.Present() }}, {Name: "store", Test: h.alarms.Keeps}}, Alarms: h.standing, Metrics: h.meters.write, Counted: h.meters.Answered, Log: h.log,
		Figures: h.gateway.Figures, Note: h.gateway.Note,
	})
}

// end stops accepting, finishes what runs, commits, closes.
func (h *house) end(r *running, stop context.CancelFunc) error {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	var err error
	if r.door != nil {
		if e := r.door.Shutdown(ctx); e != nil && !errors.Is(e, context.DeadlineExceeded) {
			err = e
		}
	}
	stop()
	r.wait.Wait()
	return errors.Join(err, h.store.Close())
}

// reload reads the certificate again on SIGHUP; it is also looked at by itself now and then.
func (h *house) reload(ctx context.Context) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
			if h.certificate == nil {
				continue
			}
			if err := h.certificate.Reload(); err != nil {
				h.log.Error("certificate not read again; the one before stays in use", "error", err)
			}
		}
	}
}

// sweepAge keeps a sweep from what is being written.
const sweepAge = time.Hour

// sweep removes blobs that no commit names: what a crash left behind.
func (h *house) sweep(ctx context.Context) {
	named := map[string]bool{}
	if err := h.store.Blobs(ctx, func(name string) { named[name] = true }); err != nil {
		h.log.Warn("blobs not swept", "error", err)
		return
	}
	swept, err := h.blobs.Sweep(ctx, func(name string) bool { return named[name] }, sweepAge)
	if err != nil && ctx.Err() == nil {
		h.log.Warn("blobs not swept", "error", err)
	}
	if swept.Blobs+swept.Left > 0 {
		h.log.Info("orphans removed", "blobs", swept.Blobs, "temporary", swept.Left)
	}
}

var _ api.Desk = (*gateway.Gateway)(nil)
