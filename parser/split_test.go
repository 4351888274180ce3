package parser

import (
	"os"
	"strings"
	"testing"
)

type textCase struct{ name, text, want string }

// textCases reads cases of the form "### name", text, "### =", what is wanted.
func textCases(t testing.TB, file string) []textCase {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var out []textCase
	for _, block := range strings.Split(string(raw), "\n### ")[1:] {
		head, body, _ := strings.Cut(block, "\n")
		if head == "=" {
			out[len(out)-1].want = strings.TrimSpace(body)
			continue
		}
		if strings.HasPrefix(head, "=") {
			t.Fatalf("%s: bad head %q", file, head)
		}
		out = append(out, textCase{name: head, text: body})
	}
	return out
}

func fold(s string) string { return strings.Join(strings.Fields(s), " ") }

func TestNewText(t *testing.T) {
	p := newParser(t, Options{})
	for _, c := range textCases(t, "new/replies.txt") {
		m := &Mail{Subject: "Re: Laptop", Text: c.text, InReplyTo: []string{"<x@company.com>"}, From: Address{Address: "rina@company.com", Name: "Rina Wijaya"}}
		p.split(m, m.Text, "")
		if fold(m.NewText) != fold(c.want) {
			t.Errorf("%s: new text is\n%s\nwant\n%s", c.name, m.NewText, c.want)
		}
	}
}
