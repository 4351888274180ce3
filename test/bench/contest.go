package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// result is what one run measured; times in milliseconds, CPU and allocations a mail, memory in MB. drain is the rate until
// the last notice was handed to the relay, to the rate of taking.
type result struct{ rate, p50, p99, cpu, allocs, kb, drain, idle, anon float64 }

// contest is one load on all who took part.
type contest struct {
	shape
	ours, floor, postfix result
}

func (c contest) String() string {
	return fmt.Sprintf("%-24s %9.0f %9.0f %9.0f %9.2f %9.2f %8.2f %9.0f %9.0f %8.0f %7.2f", c.name, c.ours.rate, c.floor.rate, c.postfix.rate,
		c.ours.p50, c.ours.p99, c.ours.cpu, c.ours.allocs, c.ours.kb, c.ours.anon, c.ours.drain)
}

func (c contest) toFloor() float64   { return ratio(c.ours.rate, c.floor.rate) }
func (c contest) toPostfix() float64 { return ratio(c.ours.rate, c.postfix.rate) }

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// contest runs one load against all, in turns, and gives the medians.
func (b *bench) contest(s shape) (contest, error) {
	n := max(50, b.n/s.share)
	var ours, floor, postfix []result
	for range b.runs {
		r, err := b.oneHelpost(s, n)
		if err != nil {
			return contest{}, err
		}
		ours = append(ours, r)
		if b.floor != "" {
			if r, err = b.oneFloor(s, n); err != nil {
				return contest{}, err
			}
			floor = append(floor, r)
		}
		if b.postfix && s.picture == 0 {
			if r, err = b.onePostfix(s, n); err != nil {
				return contest{}, err
			}
			postfix = append(postfix, r)
		}
	}
	return contest{s, medians(ours), medians(floor), medians(postfix)}, nil
}

func medians(all []result) result {
	pick := func(of func(result) float64) float64 {
		if len(all) == 0 {
			return 0
		}
		var v []float64
		for _, r := range all {
			v = append(v, of(r))
		}
		slices.Sort(v)
		return v[len(v)/2]
	}
	return result{
		rate: pick(func(r result) float64 { return r.rate }), p50: pick(func(r result) float64 { return r.p50 }), p99: pick(func(r result) float64 { return r.p99 }),
		cpu: pick(func(r result) float64 { return r.cpu }), allocs: pick(func(r result) float64 { return r.allocs }), kb: pick(func(r result) float64 { return r.kb }),
		drain: pick(func(r result) float64 { return r.drain }), idle: pick(func(r result) float64 { return r.idle }), anon: pick(func(r result) float64 { return r.anon }),
	}
}

// oneFloor sends one load to the bare sink.
func (b *bench) oneFloor(s shape, n int) (result, error) {
	dir, err := os.MkdirTemp(b.dir, "floor-")
	if err != nil {
		return result{}, err
	}
	defer os.RemoveAll(dir)
	addr, err := freeAddress()
	if err != nil {
		return result{}, err
	}
	sink := exec.Command(b.floor, "sink", "-addr", addr, "-wal", filepath.Join(dir, "wal"))
	if err := sink.Start(); err != nil {
		return result{}, err
	}
	defer stop(sink)
	if err := listening(addr); err != nil {
		return result{}, err
	}
	return send(context.Background(), addr, s, n)
}

// oneHelpost sends one load to a fresh helpost whose relay takes everything, and waits until all notices are out.
func (b *bench) oneHelpost(s shape, n int) (result, error) {
	h, err := b.start()
	if err != nil {
		return result{}, err
	}
	defer h.stop()
	return h.measure(s, n)
}

// running is a helpost with its relay.
type running struct {
	dir    string
	relay  *relay
	files  files
	daemon *exec.Cmd
	said   strings.Builder
}

func (b *bench) start() (*running, error) {
	dir, err := os.MkdirTemp(b.dir, "helpost-")
	if err != nil {
		return nil, err
	}
	h := &running{dir: dir}
	if h.relay, err = newRelay(); err != nil {
		return nil, err
	}
	if h.files, err = configure(dir, h.relay.addr); err != nil {
		return nil, err
	}
	h.daemon = exec.Command(b.helpost, "serve", "--config", h.files.toml)
	h.daemon.Stderr = &h.said
	if err := h.daemon.Start(); err != nil {
		return nil, err
	}
	for _, addr := range []string{h.files.http, h.files.smtp} {
		if err := listening(addr); err != nil {
			h.stop()
			return nil, fmt.Errorf("%w: %s", err, h.said.String())
		}
	}
	return h, nil
}

func (h *running) stop() {
	stop(h.daemon)
	h.relay.close()
	os.RemoveAll(h.dir)
}

// measure sends a load and reads what it cost.
func (h *running) measure(s shape, n int) (result, error) {
	pid := h.daemon.Process.Pid
	before, err := readMeters(h.files.http, pid)
	if err != nil {
		return result{}, err
	}
	already := h.relay.count.Load()
	idle, watch := anonymous(pid), watchMemory(pid)
	begun := time.Now()
	r, err := send(context.Background(), h.files.smtp, s, n)
	if err != nil {
		return r, err
	}
	taken := time.Since(begun)
	if err := h.relay.await(already + 2*int64(n)); err != nil {
		return r, err
	}
	r.drain = taken.Seconds() / time.Since(begun).Seconds()
	r.idle, r.anon = idle, watch()
	after, err := readMeters(h.files.http, pid)
	if err != nil {
		return r, err
	}
	r.cpu = (after.cpu - before.cpu) / float64(n)
	r.allocs = (after.allocs - before.allocs) / float64(n)
	r.kb = (after.bytes - before.bytes) / 1024 / float64(n)
	return r, nil
}

// full is the rate of a helpost that holds few tickets, and of one that holds many, in turns.
func (b *bench) full(stored int) (few, many float64, err error) {
	var rates [2][]float64
	var both [2]*running
	for i, n := range []int{1000, stored} {
		h, err := b.start()
		if err != nil {
			return 0, 0, err
		}
		defer h.stop()
		both[i] = h
		if _, err := send(context.Background(), h.files.smtp, small50, n); err != nil {
			return 0, 0, err
		}
		if err := h.relay.await(2 * int64(n)); err != nil {
			return 0, 0, err
		}
	}
	for range b.runs {
		for i, h := range both {
			r, err := h.measure(small50, max(50, b.n/4))
			if err != nil {
				return 0, 0, err
			}
			rates[i] = append(rates[i], r.rate)
		}
	}
	for i := range rates {
		slices.Sort(rates[i])
	}
	return rates[0][b.runs/2], rates[1][b.runs/2], nil
}
