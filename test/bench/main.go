// Command bench measures helpost beside a bare durable sink, and beside Postfix where that is installed: all in one run and
// in turns, several times each. It prints medians and ratios, since the machine is never quiet, and what they should be.
//
// The floor is `load sink -wal` of the folder that -load names: one process that appends each mail to one file and
// fdatasyncs before its 250. Without that folder only helpost's own figures are printed.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	load := flag.String("load", "../shared/load", "folder of the load generator, whose sink is the floor")
	mails := flag.Int("n", 3000, "small mails in each run; of large ones a tenth")
	runs := flag.Int("runs", 3, "runs of each, in turns")
	stored := flag.Int("stored", 100_000, "tickets that a full store holds; 0: that is not measured")
	flag.Parse()
	if err := run(*load, *mails, *runs, *stored); err != nil {
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

const picture = 255_000 // in base64 and with the rest 350 KB

var (
	alone    = shape{"2 KB, 1 sender", 1, 0, 4}
	small10  = shape{"2 KB, 10 connections", 10, 0, 1}
	small50  = shape{"2 KB, 50 connections", 50, 0, 1}
	small200 = shape{"2 KB, 200 connections", 200, 0, 1}
	large10  = shape{"350 KB, 10 connections", 10, picture, 10}
	large50  = shape{"350 KB, 50 connections", 50, picture, 10}
)

// bench is what a run of this command has.
type bench struct {
	dir     string
	helpost string // the program
	floor   string // the program; "": none
	postfix bool
	n, runs int
}

func run(load string, n, runs, stored int) error {
	dir, err := os.MkdirTemp("", "helpost-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &bench{dir: dir, helpost: filepath.Join(dir, "helpost"), postfix: hasPostfix(), n: n, runs: runs}
	if out, err := exec.Command("go", "build", "-o", b.helpost, "./cmd/helpost").CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w: %s", err, out)
	}
	if _, err := os.Stat(load); err == nil {
		b.floor = filepath.Join(dir, "load")
		build := exec.Command("go", "build", "-o", b.floor, ".")
		build.Dir = load
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("build of the floor: %w: %s", err, out)
		}
	} else {
		fmt.Println("no floor: there is no", load)
	}
	fmt.Println("load average before:", loadAverage())
	fmt.Printf("%-24s %9s %9s %9s %9s %9s %8s %9s %9s %8s %7s\n", "", "helpost/s", "floor/s", "postfix/s", "p50 ms", "p99 ms", "CPU ms", "allocs", "KB alloc", "anon MB", "drain")
	all := map[string]contest{}
	for _, s := range []shape{alone, small10, small50, small200, large10, large50} {
		c, err := b.contest(s)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		all[s.name] = c
		fmt.Println(c)
	}
	rows := judge(all)
	if stored > 0 {
		few, many, err := b.full(stored)
		if err != nil {
			return fmt.Errorf("with %d tickets stored: %w", stored, err)
		}
		rows = append(rows, row{fmt.Sprintf("rate with %d tickets stored, to that with 1000", stored), ratio(many, few), 0.6, 0.85, false})
	}
	fmt.Println("\nload average after:", loadAverage())
	printTable(rows)
	return nil
}

func loadAverage() string {
	line, _ := os.ReadFile("/proc/loadavg") // only told
	return strings.TrimSpace(string(line))
}
