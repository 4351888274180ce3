package main

import "fmt"

// row is one measure with what it must and should be.
type row struct {
	what      string
	is        float64
	must, aim float64
	less      bool // less is better
}

// judge makes the table of all but what a full store costs.
func judge(all map[string]contest) []row {
	a, s10, s50, s200, l10, l50 := all[alone.name], all[small10.name], all[small50.name], all[small200.name], all[large10.name], all[large50.name]
	rows := []row{
		{"2 KB, 10 connections, rate to the floor's", s10.toFloor(), 0.3, 0.45, false},
		{"2 KB, 50 connections, rate to the floor's", s50.toFloor(), 0.3, 0.45, false},
		{"350 KB, 10 connections, rate to the floor's", l10.toFloor(), 0.4, 0.6, false},
		{"350 KB, 50 connections, rate to the floor's", l50.toFloor(), 0.4, 0.6, false},
		{"2 KB, 10 connections, rate to Postfix's", s10.toPostfix(), 1.7, 2.3, false},
		{"2 KB, 50 connections, rate to Postfix's", s50.toPostfix(), 2.5, 4, false},
		{"rate until the last notice is out, to the rate of taking, 10", s10.ours.drain, 0.6, 0.9, false},
		{"the same, 50", s50.ours.drain, 0.6, 0.9, false},
		{"DATA to 250, 1 sender, p50 to the floor's", ratio(a.ours.p50, a.floor.p50), 4, 2.5, true},
		{"DATA to 250, 50 connections, p99 to the floor's", ratio(s50.ours.p99, s50.floor.p99), 4, 2.5, true},
		{"CPU a mail of 2 KB with both notices, ms", s50.ours.cpu, 0.6, 0.35, true},
		{"CPU a mail of 350 KB, ms", l50.ours.cpu, 3, 2, true},
		{"anonymous memory, idle, MB", s50.ours.idle, 40, 25, true},
		{"anonymous memory, 50 connections of 2 KB, MB", s50.ours.anon, 80, 50, true},
		{"anonymous memory, 50 connections of 350 KB, MB", l50.ours.anon, 160, 96, true},
		{"rate of 200 connections to that of 50", ratio(s200.ours.rate, s50.ours.rate), 0.7, 0.9, false},
	}
	return rows
}

func printTable(rows []row) {
	fmt.Println("\n| measure | is | must | aim |\n|---|---|---|---|")
	for _, r := range rows {
		if r.is == 0 { // there was nothing to compare with
			continue
		}
		word := "misses"
		if holds := func(bar float64) bool { return r.less && r.is <= bar || !r.less && r.is >= bar }; holds(r.aim) {
			word = "aim"
		} else if holds(r.must) {
			word = "must"
		}
		fmt.Printf("| %s | %.2f (%s) | %g | %g |\n", r.what, r.is, word, r.must, r.aim)
	}
}
