package api

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"strings"
	"time"
)

// profileTime bounds a profile or a trace of the running program.
const profileTime = 10 * time.Minute

// ListenDebug listens where the program shows its inside ([debug] listen): a loopback address, or "unix:" and a path, which
// its owner alone may open. Another address is an error, whoever let it pass.
func ListenDebug(ctx context.Context, address string) (net.Listener, error) {
	if path, isUnix := strings.CutPrefix(address, "unix:"); isUnix {
		return listenPrivate("debug socket", path)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("debug: %w", err)
	}
	if a, ok := l.Addr().(*net.TCPAddr); !ok || !a.IP.IsLoopback() {
		l.Close()
		return nil, fmt.Errorf("debug: %s can be reached from outside", address)
	}
	return l, nil
}

// ServeDebug serves profiles (net/http/pprof) on a private listener until ctx ends.
func (s *Server) ServeDebug(ctx context.Context, l net.Listener) error {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index) // heap, goroutine and the others too
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return serve(ctx, l, s.Log, &http.Server{Handler: mux, ReadTimeout: bodyTime, WriteTimeout: profileTime})
}
