package alarm

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"helpost/internal/sop"
)

var secret = []byte("a-secret-of-the-tests")

// receiver is who is called, and keeps what it hears.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	answer int // its status; 0: 204
	heard  []heard
}

// heard is a call as the receiver got it.
type heard struct {
	Call
	header http.Header
	body   string
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil {
			return
		}
		h := heard{header: q.Header, body: string(body)}
		if err := json.Unmarshal(body, &h.Call); err != nil {
			t.Errorf("no JSON: %s", body)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.heard = append(r.heard, h)
		switch {
		case r.answer == http.StatusFound:
			http.Redirect(w, q, "/elsewhere", http.StatusFound)
		case r.answer != 0:
			w.WriteHeader(r.answer)
		default:
			w.WriteHeader(http.StatusNoContent)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) answers(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = status
}

func (r *receiver) calls() []heard {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.heard)
}

// verifies checks a call as docs/monitoring.md tells receivers to.
func verifies(h heard, secret []byte) bool {
	mac := hmac.New(sha256.New, secret)
	fmt.Fprintf(mac, "%s.%s.%s", h.header.Get("Webhook-Id"), h.header.Get("Webhook-Timestamp"), h.body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	return slices.Contains(strings.Fields(h.header.Get("Webhook-Signature")), want)
}

var p1 = Call{ID: "p1-IT-000007-1", Alarm: sop.AlarmP1, State: Raised, Since: noon, At: noon, Text: "IT-000007 is a P1", Host: "mx.helpost.test", Ticket: "IT-000007", Priority: sop.P1}

// What goes to an address is signed with each secret, over its id, the time of the try and every byte.
func TestACallIsSigned(t *testing.T) {
	r := newReceiver(t)
	other := []byte("the-secret-before-it")
	h := &Hook{URL: r.URL + "/a?key=geheim", Secrets: [][]byte{secret, other}}
	if err := Try(t.Context(), h, p1, noon); err != nil {
		t.Fatal(err)
	}
	got := r.calls()[0]
	if got.Call != p1 || got.header.Get("Webhook-Id") != p1.ID || got.header.Get("Webhook-Timestamp") != fmt.Sprint(noon.Unix()) || got.header.Get("Content-Type") != "application/json" {
		t.Errorf("it heard %+v", got)
	}
	if !verifies(got, secret) || !verifies(got, other) || verifies(got, []byte("another-secret-altogether")) {
		t.Errorf("the signature is %q", got.header.Get("Webhook-Signature"))
	}
	later := got
	later.header = got.header.Clone()
	later.header.Set("Webhook-Timestamp", fmt.Sprint(noon.Add(time.Hour).Unix()))
	changed := got
	changed.body = strings.Replace(got.body, "000007", "000008", 1)
	if verifies(later, secret) || verifies(changed, secret) {
		t.Error("a call that was changed verifies")
	}
	h.Secrets = nil
	if err := Try(t.Context(), h, p1, noon); err != nil || r.calls()[1].header.Get("Webhook-Signature") != "" {
		t.Errorf("without a secret: %v, %v", err, r.calls()[1].header)
	}
}

// A call holds what it takes to wake somebody, and nobody's name.
func TestWhatACallHolds(t *testing.T) {
	raw, err := json.Marshal(p1)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":"p1-IT-000007-1","alarm":"p1","state":"raised","since":"2026-01-12T05:00:00Z","at":"2026-01-12T05:00:00Z","text":"IT-000007 is a P1","host":"mx.helpost.test","ticket":"IT-000007","priority":"P1"}`
	if string(raw) != want {
		t.Errorf("a call is\n%s\nwant\n%s", raw, want)
	}
}

// Only a 2xx of the very address means that a call was taken; no error repeats the address, which may be a secret.
func TestWhatIsNotTaken(t *testing.T) {
	r := newReceiver(t)
	gone := newReceiver(t)
	gone.Close()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for _, c := range []struct {
		name, url string
		status    int
		taken     bool
	}{
		{"200", r.URL, 200, true}, {"202", r.URL, 202, true}, {"a redirect", r.URL, 302, false}, {"400", r.URL, 400, false}, {"500", r.URL, 500, false},
		{"nobody there", gone.URL, 0, false}, {"no answer", "http://" + silent.Addr().String(), 0, false},
	} {
		r.answers(c.status)
		before := len(r.calls())
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		err := Try(ctx, &Hook{URL: c.url + "/geheim?token=geheim"}, p1, noon)
		cancel()
		if (err == nil) != c.taken {
			t.Errorf("%s: %v", c.name, err)
		}
		if err != nil && strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: the error tells the address: %v", c.name, err)
		}
		if n := len(r.calls()) - before; c.url == r.URL && n != 1 {
			t.Errorf("%s: %d calls", c.name, n)
		}
	}
}

// program writes a script that can be run.
func program(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "wake-somebody")
	if err := os.WriteFile(name, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
		t.Fatal(err)
	}
	return name
}

// A program gets the call on its standard input, no argument, and nothing of our environment.
func TestAProgramIsRun(t *testing.T) {
	t.Setenv("HELPOST_TEST_SECRET", "geheim")
	heard := filepath.Join(t.TempDir(), "heard")
	name := program(t, `{ echo "$# arguments in $(pwd)"; env | grep -v '^_=\|^PWD=\|^OLDPWD=\|^SHLVL=' | sort; cat; } > `+heard)
	if err := Try(t.Context(), &Hook{Exec: name}, p1, noon); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(heard)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(p1)
	if err != nil {
		t.Fatal(err)
	}
	if want := "0 arguments in /\nLANG=C.UTF-8\nPATH=/usr/local/bin:/usr/bin:/bin\n" + string(raw) + "\n"; string(got) != want {
		t.Errorf("it heard\n%s\nwant\n%s", got, want)
	}
}

// A program that fails has not taken the call, and says why; one that does not end is ended with all that it started; one
// that leaves something behind has taken it.
func TestAProgramThatFails(t *testing.T) {
	err := Try(t.Context(), &Hook{Exec: program(t, "echo 'tidak ada\nsinyal' >&2; exit 3")}, p1, noon)
	if err == nil || !strings.Contains(err.Error(), "exit status 3: tidak ada sinyal") {
		t.Errorf("it failed, and the error is %v", err)
	}
	pid := filepath.Join(t.TempDir(), "pid")
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	at := time.Now()
	err = Try(ctx, &Hook{Exec: program(t, "sleep 600 & echo $! > "+pid+"\nwait")}, p1, noon)
	if err == nil || time.Since(at) > 20*time.Second {
		t.Errorf("after %v: %v", time.Since(at), err)
	}
	child, err := os.ReadFile(pid)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "what it started has ended", func() bool {
		state, err := os.ReadFile("/proc/" + strings.TrimSpace(string(child)) + "/stat")
		return err != nil || strings.Contains(string(state), ") Z ")
	})
	if err := Try(t.Context(), &Hook{Exec: program(t, "sleep 5 &\nexit 0")}, p1, noon); err != nil {
		t.Errorf("one that left something behind: %v", err)
	}
	if err := Try(t.Context(), &Hook{Exec: filepath.Join(t.TempDir(), "gone")}, p1, noon); err == nil {
		t.Error("a program that is not there was run")
	}
}

func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for this: %s", what)
		}
	}
}
