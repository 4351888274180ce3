package api

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Profiles are to be had on the machine itself, at an address of their own, and nowhere else.
func TestProfilesAreForTheOwnerAlone(t *testing.T) {
	for _, public := range []string{"0.0.0.0:0", ":0", "[::]:0"} {
		if l, err := ListenDebug(t.Context(), public); err == nil {
			l.Close()
			t.Errorf("%s is listened to", public)
		}
	}
	w := newWorld(t)
	socket := filepath.Join(t.TempDir(), "debug.sock")
	for _, address := range []string{"127.0.0.1:0", "unix:" + socket} {
		l, err := ListenDebug(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(socket); strings.HasPrefix(address, "unix:") && (err != nil || info.Mode().Perm() != 0o600) {
			t.Errorf("the socket is %v, %v", info, err)
		}
		ctx, end := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- w.ServeDebug(ctx, l) }()
		client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			if strings.HasPrefix(address, "unix:") {
				return d.DialContext(ctx, "unix", socket)
			}
			return d.DialContext(ctx, "tcp", l.Addr().String())
		}}}
		for path, want := range map[string]string{"/debug/pprof/": "goroutine", "/debug/pprof/goroutine?debug=1": "ServeDebug", "/debug/pprof/cmdline": "test"} {
			answer, err := client.Get("http://debug" + path)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(answer.Body)
			answer.Body.Close()
			if err != nil || answer.StatusCode != http.StatusOK || !strings.Contains(string(body), want) {
				t.Errorf("%s: %s, %v, no %q in %.200s", path, answer.Status, err, want, body)
			}
		}
		client.CloseIdleConnections()
		end()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	wantProblem(t, "on the public side", w.asking(http.MethodGet, "/debug/pprof/"), http.StatusNotFound)
}
