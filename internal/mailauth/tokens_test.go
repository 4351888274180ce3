package mailauth

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"helpost/internal/sop"
)

var (
	oldKey      = []byte("old-key-0123456789abcdef")
	newKeyBytes = []byte("new-key-0123456789abcdef")
)

func tokens(t testing.TB, keys ...[]byte) *Tokens {
	t.Helper()
	if keys == nil {
		keys = [][]byte{newKeyBytes}
	}
	tok, err := NewTokens(keys)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func TestKeys(t *testing.T) {
	keys := Keys([]byte("\n first-key-of-the-file\r\n\nsecond\n"))
	if len(keys) != 2 || string(keys[0]) != "first-key-of-the-file" || string(keys[1]) != "second" {
		t.Fatalf("keys %q", keys)
	}
	for name, keys := range map[string][][]byte{"none": nil, "short": {[]byte("short")}, "second short": {newKeyBytes, []byte("x")}} {
		if _, err := NewTokens(keys); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// A Message-ID of ours is spoken of by the half that opens nothing; others as they are.
func TestWhatALogMayHoldOfAMessageID(t *testing.T) {
	tok := tokens(t)
	token := tok.Mint(7, "rina@company.com", sop.Public)
	for id, want := range map[string]string{
		"<" + token + ".3-0-mk4@company.com>":                  "<….3-0-mk4@company.com>",
		"<" + strings.ToUpper(token) + ".3-0-mk4@company.com>": "<….3-0-mk4@company.com>",
		" <" + token + ".3-0-mk4@company.com>":                 "<….3-0-mk4@company.com>",
		"<a.b@mail.example>":                                   "<a.b@mail.example>",
		"":                                                     "",
	} {
		if got := tok.Spoken(id); got != want {
			t.Errorf("%q is spoken of as %q, want %q", id, got, want)
		}
	}
}

// What a token says is what it was made of, in any case of letters, and its letters are those of the contract.
func TestTokenOpensToWhatItWasMadeOf(t *testing.T) {
	tok := tokens(t)
	rapid.Check(t, func(t *rapid.T) {
		n := sop.Number(rapid.Uint64Range(0, maxNumber).Draw(t, "number"))
		sort := sop.Sort(rapid.IntRange(1, 3).Draw(t, "sort"))
		who := rapid.StringMatching(`[a-zA-Z.]{1,20}@[a-z]{1,10}\.com`).Draw(t, "receiver")
		token := tok.Mint(n, who, sort)
		if len(token) != TokenLength || strings.Trim(token, "abcdefghijklmnopqrstuvwxyz234567") != "" {
			t.Fatalf("token %q", token)
		}
		for _, written := range []string{token, strings.ToUpper(token)} {
			got, ok := tok.Open(written)
			if !ok || got.Number != n || got.Sort != sort {
				t.Fatalf("%q opens to %+v, %v; made of %d, %d", written, got, ok, n, sort)
			}
			if !got.For(strings.ToUpper(who)) || got.For("x"+who) {
				t.Fatalf("the receiver of %q is not told", written)
			}
		}
	})
}

// No token with any one letter changed opens.
func TestTokenWithAChangedLetterIsNone(t *testing.T) {
	tok := tokens(t)
	token := tok.Mint(123, "rina@company.com", sop.Public)
	for i := range token {
		for _, c := range "abcdefghijklmnopqrstuvwxyz234567" {
			if byte(c) == token[i] {
				continue
			}
			if _, ok := tok.Open(token[:i] + string(c) + token[i+1:]); ok {
				t.Fatalf("letter %d as %c opens", i, c)
			}
		}
	}
	for _, bad := range []string{"", token[1:], token + "a", token[:31] + "1", token[:31] + "=", strings.Repeat("a", 32), token[:30] + "é"} {
		if _, ok := tok.Open(bad); ok {
			t.Errorf("%q opens", bad)
		}
	}
	if (Token{}).For("rina@company.com") {
		t.Error("the zero token is for somebody")
	}
}

func TestKeysRotate(t *testing.T) {
	before, after, gone := tokens(t, oldKey), tokens(t, newKeyBytes, oldKey), tokens(t, newKeyBytes)
	old := before.Mint(7, "rina@company.com", sop.Internal)
	if got, ok := after.Open(old); !ok || got.Number != 7 || !got.For("rina@company.com") {
		t.Error("a token of the former key does not open while the key is listed")
	}
	if _, ok := gone.Open(old); ok {
		t.Error("a token of a key that is gone opens")
	}
	if after.Mint(7, "a@b.c", sop.Public) != gone.Mint(7, "a@b.c", sop.Public) {
		t.Error("it is not the first key that signs")
	}
}

func TestTooLargeANumberFindsNoTicket(t *testing.T) {
	tok := tokens(t)
	if got, ok := tok.Open(tok.Mint(maxNumber+5, "a@b.c", sop.Public)); !ok || got.Number != 0 {
		t.Fatalf("%+v %v", got, ok)
	}
}

func TestWhereTokensStand(t *testing.T) {
	tok := tokens(t)
	token := tok.Mint(123, "rina@company.com", sop.Public)
	for s, want := range map[string]bool{
		"<" + token + ".x-1@company.com>":                  true,
		" <" + strings.ToUpper(token) + ".x@company.com> ": true,
		token + ".x@company.com":                           true,
		"<" + token + "@company.com>":                      false,
		"<x." + token + "@company.com>":                    false,
		"<" + token + ".x>":                                false,
		"<" + token[:31] + ".x@company.com>":               false,
		"":                                                 false,
	} {
		if _, ok := tok.InMessageID(s); ok != want {
			t.Errorf("Message-ID %q: %v", s, ok)
		}
	}
	for s, want := range map[string]bool{
		"helpdesk+" + token + "@company.com":          true,
		"HELPDESK+" + strings.ToUpper(token) + "@C.D": true,
		"<helpdesk+" + token + "@company.com>":        true,
		`"helpdesk+` + token + `"@company.com`:        true,
		"help+desk+" + token + "@company.com":         true,
		token + "@company.com":                        false,
		"helpdesk+" + token:                           false,
		"helpdesk+@company.com":                       false,
		"helpdesk+IT-000123@company.com":              false,
		"":                                            false,
	} {
		if _, ok := tok.InAddress(s); ok != want {
			t.Errorf("address %q: %v", s, ok)
		}
	}
}

func BenchmarkMint(b *testing.B) {
	tok := tokens(b)
	b.ReportAllocs()
	for b.Loop() {
		tok.Mint(123, "rina@company.com", sop.Public)
	}
}

func BenchmarkOpen(b *testing.B) {
	tok := tokens(b)
	token := tok.Mint(123, "rina@company.com", sop.Public)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := tok.Open(token); !ok {
			b.Fatal("does not open")
		}
	}
}
