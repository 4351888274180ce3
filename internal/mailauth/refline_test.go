package mailauth

import (
	"strings"
	"testing"

	"helpost/internal/sop"
)

func TestRefLineIsFoundAsClientsLeaveIt(t *testing.T) {
	tok := tokens(t)
	k := tok.Mint(123, "rina@company.com", sop.Public)
	other := tok.Mint(124, "rina@company.com", sop.Public)
	for name, c := range map[string]struct {
		text string
		want sop.Number
	}{
		"plain":                {"IT Service Desk\nref: IT-000123-" + k, 123},
		"quoted":               {"> > ref: IT-000123-" + k + "\n", 123},
		"upper case":           {"REF: it-000123-" + strings.ToUpper(k), 123},
		"wrapped in the token": {"> ref: IT-000123-" + k[:11] + "\r\n> " + k[11:], 123},
		"wrapped after ref":    {"| ref:\n| IT-000123-\n| " + k, 123},
		"no-break spaces":      {"ref:\u00a0IT-000123-\u00a0" + k, 123},
		"zero-width":           {"ref: IT-\u200b000123-" + k[:5] + "\u200b" + k[5:], 123},
		"soft line break":      {"ref: IT-000123-" + k[:20] + "=\r\n" + k[20:], 123},
		"markdown":             {"*ref: IT-000123-" + k + "*", 123},
		"better hyphens":       {"ref: IT‑000123–" + k, 123},
		"blank before colon":   {"ref : IT-000123-" + k, 123},
		"short number":         {"ref: IT-123-" + k, 123},
		"second of two":        {"ref: IT-000123-" + strings.Repeat("a", 32) + "\nref: IT-000124-" + other, 124},
		"first of two":         {"ref: IT-000123-" + k + "\nref: IT-000124-" + other, 123},
		"another number":       {"ref: IT-000124-" + k, 0},
		"another prefix":       {"ref: HD-000123-" + k, 0},
		"no ref":               {"IT-000123-" + k, 0},
		"a letter changed":     {"ref: IT-000123-" + strings.Repeat("b", 4) + k[4:], 0},
		"cut":                  {"ref: IT-000123-" + k[:31], 0},
		"no number":            {"ref: IT--" + k, 0},
		"a very long number":   {"ref: IT-00000000000000000000000000123-" + k, 0},
		"empty":                {"", 0},
		"only ref":             {"ref", 0},
	} {
		got, ok := tok.InRefLine(c.text, "IT")
		if ok != (c.want != 0) || got.Number != c.want {
			t.Errorf("%s: %d, %v; want %d", name, got.Number, ok, c.want)
		}
	}
}

func TestRefLineAboutNoTicketIsNone(t *testing.T) {
	tok := tokens(t)
	if _, ok := tok.InRefLine("ref: IT-0-"+tok.Mint(0, "a@b.c", sop.Public), "IT"); ok {
		t.Error("found")
	}
}

// A hostile text costs MACs up to the bound, and the line behind them is not looked for.
func TestRefLinesAreTriedUpToABound(t *testing.T) {
	tok := tokens(t)
	bad := "ref: IT-000123-" + strings.Repeat("a", 32) + "\n"
	good := "ref: IT-000123-" + tok.Mint(123, "a@b.c", sop.Public)
	if _, ok := tok.InRefLine(strings.Repeat(bad, maxRefLines-1)+good, "IT"); !ok {
		t.Error("not found within the bound")
	}
	if _, ok := tok.InRefLine(strings.Repeat(bad, maxRefLines)+good, "IT"); ok {
		t.Error("found beyond the bound")
	}
}

func FuzzRefLine(f *testing.F) {
	tok := tokens(f)
	k := tok.Mint(123, "rina@company.com", sop.Public)
	for _, seed := range []string{"ref: IT-000123-" + k, "> ref: IT-000123-\n> " + k, "refref: IT-", "ref: \xff", "ref: IT-00000000000000", strings.Repeat("ref", 50)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := tok.InRefLine(text, "IT")
		if !ok {
			return
		}
		// What is found must have stood there: its letters in their order, whatever lies between them.
		rest := strings.ToLower(text)
		for _, c := range "ref:it-" {
			i := strings.IndexRune(rest, c)
			if i < 0 {
				t.Fatalf("ticket %d found in %q", got.Number, text)
			}
			rest = rest[i+1:]
		}
		if got.Number == 0 {
			t.Fatal("found no ticket's token")
		}
	})
}
