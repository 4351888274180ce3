package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"helpost/smtpd"
)

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
`

type files struct{ toml, smtp, http string }

func configure(dir, relay string) (files, error) {
	var f files
	var err error
	if f.smtp, err = freeAddress(); err != nil {
		return f, err
	}
	if f.http, err = freeAddress(); err != nil {
		return f, err
	}
	f.toml = filepath.Join(dir, "helpost.toml")
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte("0123456789abcdef0123456789abcdef\n"), 0o600); err != nil {
		return f, err
	}
	return f, os.WriteFile(f.toml, fmt.Appendf(nil, configuration, f.smtp, relay, dir, f.http), 0o600)
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// listening waits until somebody listens.
func listening(addr string) error {
	for range 500 {
		if c, err := net.Dial("tcp", addr); err == nil {
			return c.Close()
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("nobody listens at %s", addr)
}

func stop(c *exec.Cmd) {
	_ = c.Process.Signal(syscall.SIGTERM) // it may have ended
	_ = c.Wait()
}

// relay takes every notice and counts them.
type relay struct {
	addr  string
	count atomic.Int64
	door  *smtpd.Server
	done  chan error
}

func newRelay() (*relay, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &relay{addr: l.Addr().String(), done: make(chan error, 1)}
	r.door = smtpd.New(smtpd.Config{Hostname: "relay.test"}, r)
	go func() { r.done <- r.door.Serve(context.Background(), l) }()
	return r, nil
}

func (r *relay) Rcpt(context.Context, smtpd.Envelope, string) error { return nil }

func (r *relay) Take(context.Context, smtpd.Mail) (string, error) {
	r.count.Add(1)
	return "kept", nil
}

func (r *relay) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = r.door.Shutdown(ctx) // the run is over
	<-r.done
}

// await waits until so many notices came: an acknowledgement and the assignee's for each mail.
func (r *relay) await(n int64) error {
	for seen, end := int64(0), time.Now().Add(2*time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		have := r.count.Load()
		if have >= n {
			return nil
		}
		if have > seen { // it goes on
			seen, end = have, time.Now().Add(2*time.Minute)
		}
	}
	return fmt.Errorf("%d of %d notices came", r.count.Load(), n)
}

// meterReading is what the daemon has used so far: CPU in milliseconds, allocations, bytes allocated.
type meterReading struct{ cpu, allocs, bytes float64 }

func readMeters(addr string, pid int) (meterReading, error) {
	var m meterReading
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return m, err
	}
	after := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(after) < 13 {
		return m, errors.New("/proc/PID/stat has another shape")
	}
	for _, ticks := range after[11:13] {
		n, err := strconv.ParseFloat(ticks, 64)
		if err != nil {
			return m, err
		}
		m.cpu += n * 10 // USER_HZ is 100
	}
	answer, err := http.Get("http://" + addr + "/metrics")
	if err != nil {
		return m, err
	}
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		v, err := strconv.ParseFloat(value, 64)
		switch {
		case err != nil:
		case name == "helpost_go_allocs_total":
			m.allocs = v
		case name == "helpost_go_alloc_bytes_total":
			m.bytes = v
		}
	}
	return m, nil
}

// anonymous is how much memory a process has that no file stands behind, in MB; 0 where that cannot be read.
func anonymous(pid int) float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if value, is := strings.CutPrefix(line, "RssAnon:"); is {
			kb, err := strconv.ParseFloat(strings.Fields(value)[0], 64)
			if err != nil {
				return 0
			}
			return kb / 1024
		}
	}
	return 0
}

// watchMemory looks at a process until the function that it returns is called, which says the most it had.
func watchMemory(pid int) func() float64 {
	most := make(chan float64)
	end := make(chan struct{})
	go func() {
		high := 0.0
		for {
			high = max(high, anonymous(pid))
			select {
			case <-end:
				most <- high
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return func() float64 {
		close(end)
		return <-most
	}
}
