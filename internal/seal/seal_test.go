package seal

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"helpost/internal/sop"
)

var made = time.Date(2026, 1, 31, 17, 2, 0, 0, time.UTC)

func head(n sop.Number, was, seq int) Head {
	return Head{Number: n, Was: was, Seq: seq, Hash: [32]byte{byte(n), byte(seq)}}
}

func mustMake(t testing.TB, prev Seal, day string, heads ...Head) Seal {
	t.Helper()
	s, err := Make(prev, day, made, heads)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The format is for ever: a seal that was mailed out must be proven by every later version.
func TestTheDigestOfASealIsFixed(t *testing.T) {
	one := mustMake(t, Seal{}, "2026-01-30", head(1, 0, 2), head(3, 0, 1))
	two := mustMake(t, one, "2026-01-31", head(3, 1, 4))
	for got, want := range map[string]string{
		one.Line().String(): "2026-01-30 2 bd28ce81b4734ccab68cffc8462312eb8c8f912a182fb11324210317c805b316",
		two.Line().String(): "2026-01-31 2 ba91788e542c0f76f1a3ad809256fefbf485c60618f6f40fb67d8410d18f02e0",
	} {
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestWhatASealCatches(t *testing.T) {
	first := mustMake(t, Seal{}, "2026-01-30", head(1, 0, 2), head(3, 0, 1))
	heads := []Head{head(2, 0, 3), head(3, 1, 4)}
	good := mustMake(t, first, "2026-01-31", heads...)
	if err := Check(first, good, heads); err != nil {
		t.Fatal(err)
	}
	for says, change := range map[string]func(prev, s *Seal, heads *[]Head){
		"a head of another hash":     func(_, _ *Seal, h *[]Head) { (*h)[0].Hash[31] ^= 1 },
		"a head further back":        func(_, _ *Seal, h *[]Head) { (*h)[1].Seq = 3 },
		"a head that is missing":     func(_, _ *Seal, h *[]Head) { *h = (*h)[:1] },
		"a head too many":            func(_, _ *Seal, h *[]Head) { *h = append(*h, head(9, 0, 1)) },
		"heads in another order":     func(_, _ *Seal, h *[]Head) { slices.Reverse(*h) },
		"another day":                func(_, s *Seal, _ *[]Head) { s.Day = "2026-02-01" },
		"a day before the last":      func(_, s *Seal, _ *[]Head) { s.Day = "2026-01-29" },
		"another count of tickets":   func(_, s *Seal, _ *[]Head) { s.Tickets++ },
		"another digest":             func(_, s *Seal, _ *[]Head) { s.Digest = strings.Repeat("0", 64) },
		"another one before it":      func(p, _ *Seal, _ *[]Head) { p.Digest = strings.Repeat("0", 64) },
		"none before it":             func(p, _ *Seal, _ *[]Head) { *p = Seal{} },
		"a version of another time":  func(_, s *Seal, _ *[]Head) { s.Version++ },
		"a ticket that was new once": func(_, _ *Seal, h *[]Head) { (*h)[1].Was = 0 },
	} {
		prev, s, list := first, good, slices.Clone(heads)
		change(&prev, &s, &list)
		if err := Check(prev, s, list); !errors.Is(err, ErrBroken) {
			t.Errorf("%s: %v", says, err)
		}
	}
}

func TestASealIsMadeOfHeadsInOrder(t *testing.T) {
	for says, heads := range map[string][]Head{
		"twice the same ticket": {head(1, 0, 1), head(1, 1, 2)}, "backwards": {head(2, 0, 1), head(1, 0, 1)},
		"no ticket": {head(0, 0, 1)}, "nothing new": {head(1, 2, 2)}, "back": {head(1, 2, 1)},
	} {
		if _, err := Make(Seal{}, "2026-01-30", made, heads); err == nil {
			t.Errorf("%s was sealed", says)
		}
	}
	for _, day := range []string{"", "30.01.2026", "2026-02-30"} {
		if _, err := Make(Seal{}, day, made, nil); err == nil {
			t.Errorf("the day %q was sealed", day)
		}
	}
}

func TestALineIsReadAsItWasMailed(t *testing.T) {
	s := mustMake(t, Seal{}, "2026-01-30", head(1, 0, 2))
	for _, text := range []string{s.Line().String(), "  " + strings.ReplaceAll(s.Line().String(), " ", "\t ") + "\n", strings.ToUpper(s.Line().String())} {
		l, err := ParseLine(text)
		if err != nil || l.Check(s) != nil {
			t.Errorf("%q: %v, %v", text, err, l.Check(s))
		}
	}
	for _, text := range []string{"", "2026-01-30", "2026-01-30 1 abc", "30-01-2026 1 " + s.Digest, "2026-01-30 one " + s.Digest, "2026-01-30 -1 " + s.Digest, s.Line().String() + " x"} {
		if _, err := ParseLine(text); err == nil {
			t.Errorf("%q was read", text)
		}
	}
	l := s.Line()
	if err := l.Check(Seal{}); !errors.Is(err, ErrBroken) {
		t.Errorf("a seal that is gone: %v", err)
	}
	l.Tickets++
	if err := l.Check(s); !errors.Is(err, ErrBroken) {
		t.Errorf("another count: %v", err)
	}
}

// Whatever is changed in any head of any day, the last digest is another one.
func TestTheLastDigestIsOneOfEverything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		days := rapid.IntRange(1, 6).Draw(t, "days")
		lists := make([][]Head, days)
		at := map[sop.Number]int{}
		for d := range lists {
			for n := range sop.Number(rapid.IntRange(0, 5).Draw(t, "tickets")) {
				h := head(n+1, at[n+1], at[n+1]+rapid.IntRange(1, 3).Draw(t, "entries"))
				at[n+1] = h.Seq
				lists[d] = append(lists[d], h)
			}
		}
		chain := func() string {
			var s Seal
			for d, list := range lists {
				next, err := Make(s, made.AddDate(0, 0, d).Format(time.DateOnly), made, list)
				if err != nil {
					t.Fatal(err)
				}
				s = next
			}
			return s.Digest
		}
		before := chain()
		d := rapid.IntRange(0, days-1).Draw(t, "day")
		if len(lists[d]) == 0 {
			return
		}
		h := &lists[d][rapid.IntRange(0, len(lists[d])-1).Draw(t, "head")]
		h.Hash[rapid.IntRange(0, 31).Draw(t, "byte")] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		if chain() == before {
			t.Fatal("the last digest is the same")
		}
	})
}

func FuzzParseLine(f *testing.F) {
	f.Add("2026-01-30 2 " + strings.Repeat("ab", 32))
	f.Fuzz(func(t *testing.T, text string) {
		l, err := ParseLine(text)
		if err != nil {
			return
		}
		if again, err := ParseLine(l.String()); err != nil || again != l {
			t.Errorf("%q is read as %v and again as %v, %v", text, l, again, err)
		}
	})
}

func FuzzReadHead(f *testing.F) {
	f.Add(head(1, 2, 3).Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ReadHead(b)
		if err == nil && string(h.Append(nil)) != string(b[:HeadSize]) {
			t.Errorf("%x is read as %+v", b, h)
		}
	})
}
