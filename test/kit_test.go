// Package test drives the real program from outside: a configuration, SMTP to it, the mail it sends, its API. It knows
// nothing of what lies behind them.
package test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/mail"
	"net/smtp"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"helpost/smtpd"
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "helpost-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(dir, "helpost")
	build := exec.Command("go", "build", "-o", binary, "helpost/cmd/helpost")
	build.Stderr = os.Stderr
	code := 1
	if err := build.Run(); err == nil {
		code = m.Run()
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

// relay is a mail server that keeps what helpost sends.
type relay struct {
	addr string
	mu   sync.Mutex
	got  []received
}

type received struct {
	To     string
	Header mail.Header
}

func (r *relay) Rcpt(context.Context, smtpd.Envelope, string) error { return nil }

func (r *relay) Take(_ context.Context, m smtpd.Mail) (string, error) {
	parsed, err := mail.ReadMessage(bytes.NewReader(m.Data))
	if err != nil {
		return "", err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, received{m.Rcpt[0], parsed.Header})
	return "kept", nil
}

// mails gives what came so far.
func (r *relay) mails() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]received(nil), r.got...)
}

func newRelay(t *testing.T) *relay {
	t.Helper()
	r := &relay{}
	r.addr = serve(t, "relay.test", r)
	return r
}

// serve runs a mail server beside the program until the test ends, and gives its address.
func serve(t *testing.T, hostname string, taker smtpd.Taker) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := smtpd.New(smtpd.Config{Hostname: hostname}, taker)
	done := make(chan error, 1)
	go func() { done <- s.Serve(context.Background(), l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = s.Shutdown(ctx)
		<-done
	})
	return l.Addr().String()
}

// desk is a running helpost with its files.
type desk struct {
	t          *testing.T
	dir        string
	data       string // the folder of store and blobs
	smtp, http string
	relay      *relay
	proc       *exec.Cmd
}

const token = "a-token-for-the-tests"

const configuration = `
[company]
name = "PT Contoh"
domains = ["company.com"]
[tickets]
secret_file = "secret"
[[mailbox]]
address = "helpdesk@company.com"
[smtp]
listen = [%q]
hostname = "mx.helpost.test"
verify_dns = false
[[smtp.trusted_relay]]
cidr = ["127.0.0.0/8"]
results = "authenticated"
[relay]
address = %q
tls = "none"
[store]
url = "bbolt://%s/helpost.db"
[loops]
per_address_hour = 100000
[[agent]]
address = "andi@company.com"
name = "Andi Saputra"
[portal]
listen = %q
api_token_file = "token"
`

func newDesk(t *testing.T) *desk {
	t.Helper()
	dir := t.TempDir()
	d := &desk{t: t, dir: dir, data: dir, smtp: freeAddress(t), http: freeAddress(t), relay: newRelay(t)}
	for name, content := range map[string]string{
		"helpost.toml": fmt.Sprintf(configuration, d.smtp, d.relay.addr, d.dir, d.http),
		"secret":       "0123456789abcdef0123456789abcdef\n",
		"token":        token + "\n",
	} {
		if err := os.WriteFile(filepath.Join(d.dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if d.proc != nil {
			d.kill()
		}
	})
	return d
}

// freeAddress is an address that somebody may listen on later. Its port is none that the system gives to those who call out
// (they begin at 32768 on Linux), so that nobody has it by then, and none that was given before.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 1000 {
		address := fmt.Sprintf("127.0.0.1:%d", 12_000+rand.IntN(20_000))
		l, err := net.Listen("tcp", address)
		if err != nil {
			continue
		}
		l.Close() // it took nothing
		if _, given := addresses.LoadOrStore(address, true); !given {
			return address
		}
	}
	t.Fatal("no port is free")
	return ""
}

// addresses are those that freeAddress has given.
var addresses sync.Map

// command is the program, about to serve. What it says goes to the log.
func (d *desk) command() *exec.Cmd {
	d.t.Helper()
	log, err := os.OpenFile(filepath.Join(d.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { log.Close() })
	c := exec.Command(binary, "serve", "--config", filepath.Join(d.dir, "helpost.toml"))
	c.Stdout, c.Stderr = log, log
	return c
}

// start brings the program up and waits until it is ready.
func (d *desk) start() {
	d.t.Helper()
	d.proc = d.command()
	if err := d.proc.Start(); err != nil {
		d.t.Fatal(err)
	}
	d.awaits()
}

// awaits waits until the program is.
func (d *desk) awaits() {
	d.t.Helper()
	for range 500 {
		if r, err := http.Get("http://" + d.http + "/readyz"); err == nil {
			r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	said := d.logged()
	d.t.Fatalf("not ready: %s", said[max(0, len(said)-2000):])
}

// logged is what the program has said.
func (d *desk) logged() string {
	d.t.Helper()
	said, err := os.ReadFile(filepath.Join(d.dir, "log"))
	if err != nil {
		d.t.Fatal(err)
	}
	return string(said)
}

// kill ends the program as a power cut does, as far as a process can tell.
func (d *desk) kill() {
	_ = d.proc.Process.Signal(syscall.SIGKILL)
	_ = d.proc.Wait() // killed: its status says so
	d.proc = nil
}

// end ends the program politely.
func (d *desk) end() error {
	if err := d.proc.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	err := d.proc.Wait()
	d.proc = nil
	return err
}

// send hands a mail to the program; nil means that it was answered 250.
func (d *desk) send(from string, raw []byte) error {
	c, err := smtp.Dial(d.smtp)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Mail(from); err != nil {
		return err
	}
	if err := c.Rcpt("helpdesk@company.com"); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(raw); err != nil {
		return err
	}
	return w.Close()
}

type ticket struct {
	ID, Subject, State string
	Reporter           struct{ Address string }
}

// tickets lists all tickets by the API.
func (d *desk) tickets() []ticket {
	d.t.Helper()
	var all []ticket
	for after := ""; ; {
		var page struct {
			Tickets []ticket
			Next    *string
		}
		d.get("/api/v1/tickets?limit=500&after="+after, &page)
		all = append(all, page.Tickets...)
		if page.Next == nil {
			return all
		}
		after = *page.Next
	}
}

func (d *desk) get(path string, into any) {
	d.t.Helper()
	r, err := http.NewRequest(http.MethodGet, "http://"+d.http+path, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		d.t.Fatalf("%s: %s", path, answer.Status)
	}
	if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
		d.t.Fatal(err)
	}
}
