// Command bench measures helpost beside a bare durable sink, both in one run and in turns: mails a second, the time from
// DATA to the 250, CPU, allocations and bytes a mail. It prints ratios, since the machine is never quiet.
//
// The floor is `load sink -wal` of the folder that -load names: one process that appends each mail to one file and
// fdatasyncs before its 250. Without that folder only helpost's own figures are printed.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	load := flag.String("load", "../shared/load", "folder of the load generator, whose sink is the floor")
	mails := flag.Int("n", 3000, "small mails in each run; of large ones a tenth")
	runs := flag.Int("runs", 3, "runs of each, in turns")
	flag.Parse()
	if err := run(*load, *mails, *runs); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// shape is one load.
type shape struct {
	name    string
	conns   int
	picture int // bytes of the attachment; 0: none
	share   int // of n
}

var shapes = []shape{
	{"2 KB, 1 sender", 1, 0, 4}, {"2 KB, 10 connections", 10, 0, 1}, {"2 KB, 50 connections", 50, 0, 1},
	{"350 KB, 10 connections", 10, 255_000, 10}, {"350 KB, 50 connections", 50, 255_000, 10},
}

func run(load string, n, runs int) error {
	dir, err := os.MkdirTemp("", "helpost-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	helpost := filepath.Join(dir, "helpost")
	if out, err := exec.Command("go", "build", "-o", helpost, "./cmd/helpost").CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w: %s", err, out)
	}
	floor := ""
	if _, err := os.Stat(load); err == nil {
		floor = filepath.Join(dir, "load")
		build := exec.Command("go", "build", "-o", floor, ".")
		build.Dir = load
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("build of the floor: %w: %s", err, out)
		}
	} else {
		fmt.Println("no floor: there is no", load)
	}
	average, _ := os.ReadFile("/proc/loadavg") // only told
	fmt.Printf("load average before: %s", average)
	fmt.Printf("%-24s %9s %9s %6s %9s %9s %6s %8s %9s %9s %9s %7s\n", "", "helpost/s", "floor/s", "ratio", "p50 ms", "p99 ms", "×p50", "×p99", "CPU ms", "allocs", "KB alloc", "drain")
	for _, s := range shapes {
		if err := measure(dir, helpost, floor, s, max(50, n/s.share), runs); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

// measure runs one shape against both, in turns, and prints the medians.
func measure(dir, helpost, floor string, s shape, n, runs int) error {
	var ours, theirs []result
	for i := range runs {
		r, err := oneHelpost(filepath.Join(dir, fmt.Sprintf("h%d", time.Now().UnixNano())), helpost, s, n)
		if err != nil {
			return err
		}
		ours = append(ours, r)
		if floor != "" {
			r, err := oneFloor(filepath.Join(dir, fmt.Sprintf("f%d-%d", i, time.Now().UnixNano())), floor, s, n)
			if err != nil {
				return err
			}
			theirs = append(theirs, r)
		}
	}
	o, f := medians(ours), medians(theirs)
	fmt.Printf("%-24s %9.0f %9.0f %6.2f %9.2f %9.2f %6.1f %8.1f %9.2f %9.0f %9.0f %7.2f\n", s.name, o.rate, f.rate, ratio(o.rate, f.rate),
		o.p50, o.p99, ratio(o.p50, f.p50), ratio(o.p99, f.p99), o.cpu, o.allocs, o.kb, o.drain)
	return nil
}

// result is what one run measured; times in milliseconds, CPU and allocations a mail. drain is the rate until the last
// notice was handed to the relay, to the rate of taking.
type result struct{ rate, p50, p99, cpu, allocs, kb, drain float64 }

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
		pick(func(r result) float64 { return r.rate }), pick(func(r result) float64 { return r.p50 }), pick(func(r result) float64 { return r.p99 }),
		pick(func(r result) float64 { return r.cpu }), pick(func(r result) float64 { return r.allocs }), pick(func(r result) float64 { return r.kb }), pick(func(r result) float64 { return r.drain }),
	}
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// oneFloor sends one load to the bare sink.
func oneFloor(dir, floor string, s shape, n int) (result, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return result{}, err
	}
	defer os.RemoveAll(dir)
	addr, err := freeAddress()
	if err != nil {
		return result{}, err
	}
	sink := exec.Command(floor, "sink", "-addr", addr, "-wal", filepath.Join(dir, "wal"))
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
func oneHelpost(dir, helpost string, s shape, n int) (result, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return result{}, err
	}
	defer os.RemoveAll(dir)
	relay, err := newRelay()
	if err != nil {
		return result{}, err
	}
	defer relay.close()
	d, err := configure(dir, relay.addr)
	if err != nil {
		return result{}, err
	}
	daemon := exec.Command(helpost, "serve", "--config", d.toml)
	var said strings.Builder
	daemon.Stderr = &said
	if err := daemon.Start(); err != nil {
		return result{}, err
	}
	defer stop(daemon)
	if err := listening(d.smtp); err != nil {
		return result{}, fmt.Errorf("%w: %s", err, said.String())
	}
	before, err := readMeters(d.http, daemon.Process.Pid)
	if err != nil {
		return result{}, err
	}
	begun := time.Now()
	r, err := send(context.Background(), d.smtp, s, n)
	if err != nil {
		return r, err
	}
	taken := time.Since(begun)
	if err := relay.await(2 * n); err != nil {
		return r, err
	}
	r.drain = taken.Seconds() / time.Since(begun).Seconds()
	after, err := readMeters(d.http, daemon.Process.Pid)
	if err != nil {
		return r, err
	}
	r.cpu = (after.cpu - before.cpu) / float64(n)
	r.allocs = (after.allocs - before.allocs) / float64(n)
	r.kb = (after.bytes - before.bytes) / 1024 / float64(n)
	return r, nil
}
