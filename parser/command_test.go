package parser

import (
	"fmt"
	"strings"
	"testing"

	"helpost/internal/sop"
)

func TestCommands(t *testing.T) {
	p := newParser(t, Options{})
	for _, c := range textCases(t, "command/mails.txt") {
		m := &Mail{Subject: "Re: [IT-000123] Printer", Text: c.text, InReplyTo: []string{"<x@company.com>"}, From: Address{Address: "andi@company.com", Name: "Andi Saputra"}}
		if strings.Contains(c.text, "Forwarded") {
			m.Subject, m.InReplyTo = "Fwd: laptop", nil
		}
		p.split(m, m.Text, "")
		got := p.Commands(m)
		var b strings.Builder
		for _, cmd := range got.List {
			fmt.Fprintln(&b, strings.TrimSpace("do "+string(cmd.Name)+" "+cmd.Args))
		}
		if got.Unknown != "" {
			nearest := got.Nearest
			if strings.Contains(c.want, "()") {
				nearest = ""
			}
			fmt.Fprintf(&b, "unknown %s (%s) %d\n", got.Unknown, nearest, got.Line)
		}
		if got.Misplaced != "" {
			fmt.Fprintf(&b, "misplaced %s %d\n", got.Misplaced, got.Line)
		}
		have := b.String() + "body:\n" + got.Body
		if strings.TrimSpace(have) != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, have, c.want)
		}
	}
}

func TestCommandWordsHaveBothLanguages(t *testing.T) {
	words, err := CommandWords()
	if err != nil {
		t.Fatal(err)
	}
	if len(words) != len(commandNames) {
		t.Errorf("%d commands, want %d", len(words), len(commandNames))
	}
	for _, w := range words {
		if len(w.ID) == 0 || len(w.EN) == 0 {
			t.Errorf("%s has no word in one of the languages: %q, %q", w.Name, w.ID, w.EN)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"selesai", "selesai", 0}, {"selesei", "selesai", 1}, {"selsai", "selesai", 1}, {"selesia", "selesai", 1}, {"catatn", "catatan", 1}, {"asign", "assign", 1}, {"take", "note", 3}} {
		if got := distance(c.a, c.b, 99); got != c.want {
			t.Errorf("distance of %s and %s is %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

// What is understood as a command never stays in the body, and the body holds nothing that was not written.
func FuzzCommands(f *testing.F) {
	p := newParser(f, Options{})
	for _, c := range textCases(f, "command/mails.txt") {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m := &Mail{NewText: text, InReplyTo: []string{"<x@company.com>"}, From: Address{Name: "Andi Saputra"}}
		got := p.Commands(m)
		written := map[string]int{}
		for _, line := range strings.Split(lineBreaks.Replace(text), "\n") {
			written[trimBlank(line)]++
		}
		known := 0
		for _, line := range strings.Split(got.Body, "\n") {
			if line = trimBlank(line); line != "" {
				if written[line]--; written[line] < 0 {
					t.Fatalf("the body holds %q, which nobody wrote", line)
				}
			}
			if c, ok := p.words.readCommand(line); ok && c.known >= 0 {
				known++
			}
		}
		if known > 0 && got.Misplaced == "" && !strings.Contains(strings.ToLower(text), "orward") && !strings.Contains(text, "@") && !strings.Contains(text, ":") {
			t.Fatalf("a command stays in the body and is not misplaced: %q", got.Body)
		}
		if (got.Line > 0) != (got.Unknown != "" || got.Misplaced != "") {
			t.Fatalf("line %d with unknown %q and misplaced %q", got.Line, got.Unknown, got.Misplaced)
		}
		for _, c := range got.List {
			if !commandNames[sop.CommandName(c.Name)] || strings.Contains(c.Args, "\n") {
				t.Fatalf("command %q with arguments %q", c.Name, c.Args)
			}
		}
	})
}
