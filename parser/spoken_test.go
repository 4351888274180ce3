package parser

import (
	"math/rand"
	"reflect"
	"strings"
	"testing"
)

// Words that were cut once are the words that are cut anew, whichever lines are left out or changed between them.
func TestWordsAreCutOnce(t *testing.T) {
	v := testParser(t).words
	random := rand.New(rand.NewSource(1))
	lines := []string{"", "", "Nama: Rina", "Printer macet lagi, dan tidak mau mencetak apa pun sejak tadi pagi", "sampai sekarang.", "- GA", "HRD & GA", "GA BISA", "ga bisa :)",
		"it'", "s :", "D", "+", "1 👍", ":-(", "  -", "(lihat di bawah)", "/ atau", "sudaaah…", "\u0301kah?", "A.", "b.C", "NB-FIN-0113 rusak!"}
	initials := 0
	for range 20000 {
		var own []string
		for range 1 + random.Intn(8) {
			own = append(own, lines[random.Intn(len(lines))])
		}
		s := v.speak(strings.Join(own, "\n"))
		if !reflect.DeepEqual(s.words, v.tokens(s.text)) {
			t.Fatalf("%q is %+v", s.text, s.words)
		}
		if s.cleared {
			initials++
		}
		var f form
		f.lines = map[int]bool{}
		for i := range own {
			f.lines[i] = random.Intn(4) == 0
		}
		text, kept := v.prose(append(own, "", "macet"), f, len(s.text))
		if have, want := v.retold(text, &s, kept, nil), v.tokens(text); !reflect.DeepEqual(have, want) && len(have)+len(want) > 0 {
			t.Fatalf("%q of %q:\n%+v, want\n%+v", text, s.text, have, want)
		}
		room := make([]token, 0, 1+random.Intn(6))
		for _, text := range []string{s.text, s.text[:random.Intn(len(s.text)+1)], "macet"} {
			have, want := v.first(text, &s, room), v.firstTokens(text, cap(room))
			for i := range want {
				if len(have) != len(want) || have[i].id != want[i].id || have[i].start != want[i].start || have[i].end != want[i].end {
					t.Fatalf("the first of %q of %q: %+v, want %+v", text, s.text, have, want)
				}
			}
		}
	}
	if initials == 0 {
		t.Error("no initials were among them")
	}
}
