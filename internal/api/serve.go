package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// Limits of a connection.
const (
	maxHeader    = 16 << 10
	headerTime   = 10 * time.Second
	bodyTime     = 20 * time.Second // the public side takes no bodies
	answerTime   = 5 * time.Minute  // an attachment on a slow line
	idleTime     = time.Minute
	shutdownTime = 5 * time.Second
)

// maxSocketPath is the longest path that a unix socket can have on every system, in bytes.
const maxSocketPath = 103

// ServePublic serves Public on a listener until ctx ends, then lets running requests finish.
func (s *Server) ServePublic(ctx context.Context, l net.Listener) error {
	return serve(ctx, l, s.Log, &http.Server{Handler: s.Public(), ReadTimeout: bodyTime, WriteTimeout: answerTime})
}

// ServeControl serves Control on a listener until ctx ends, then lets running verbs finish.
func (s *Server) ServeControl(ctx context.Context, l net.Listener) error {
	return serve(ctx, l, s.Log, &http.Server{Handler: s.Control(), ReadTimeout: controlTime, WriteTimeout: controlTime})
}

func serve(ctx context.Context, l net.Listener, log *slog.Logger, h *http.Server) error {
	h.ReadHeaderTimeout, h.IdleTimeout, h.MaxHeaderBytes = headerTime, idleTime, maxHeader
	h.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelDebug)
	ended := make(chan error, 1)
	go func() { ended <- h.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	err := h.Shutdown(grace)
	if err != nil {
		err = h.Close()
	}
	if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
		return errors.Join(err, served)
	}
	return err
}

// ListenControl listens at a control socket that its owner alone may open (mode 0600) from the first moment. A socket that
// a dead process left behind is replaced; one where somebody answers is not. Closing the listener removes it.
func ListenControl(path string) (net.Listener, error) { return listenPrivate("control socket", path) }

// listenPrivate is ListenControl for a socket of any use, which what names.
func listenPrivate(what, path string) (net.Listener, error) {
	if len(path) > maxSocketPath {
		return nil, fmt.Errorf("%s %s: the path has %d bytes, a socket's may have %d", what, path, len(path), maxSocketPath)
	}
	if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
		c.Close()
		return nil, fmt.Errorf("%s %s: another helpost answers there", what, path)
	}
	if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeSocket == 0 {
		return nil, fmt.Errorf("%s %s: there is a file of that name", what, path)
	}
	// Made in a directory of our own and moved: at no moment does the path stand open to others.
	dir, err := os.MkdirTemp(filepath.Dir(path), ".h")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	defer os.Remove(dir)
	made := filepath.Join(dir, "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: made, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", what, path, err)
	}
	l.SetUnlinkOnClose(false)
	if err = os.Chmod(made, 0o600); err == nil {
		err = os.Rename(made, path)
	}
	if err != nil {
		l.Close()
		os.Remove(made)
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return &controlSocket{l, path}, nil
}

type controlSocket struct {
	*net.UnixListener
	path string
}

func (c *controlSocket) Close() error {
	err := c.UnixListener.Close()
	if gone := os.Remove(c.path); err == nil && !errors.Is(gone, os.ErrNotExist) {
		err = gone
	}
	return err
}
