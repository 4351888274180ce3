package words

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func wordsOf(text string) (all []string) {
	for w := range Of(text) {
		all = append(all, string(w))
	}
	return all
}

func TestWordsAreLettersAndDigitsInPlainForm(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "",
		" \r\n--- !":                  "",
		"Printer MACET, lantai 2.":    "printer macet lantai 2",
		"LT-0234":                     "lt 0234",
		"0x80070005":                  "0x80070005",
		"rina@company.com":            "rina company com",
		"Ärger über Straße":           "arger uber strasse",
		"A\u0308rger":                 "arger",
		"ﬁle ＡＢＣ①":                    "file abc1",
		"Đà Nẵng, Łódź, København":    "da nang lodz kobenhavn",
		"ΟΔΟΣ οδος οδός":              "οδοσ οδοσ οδοσ",
		"принтер Ёлка":                "принтер елка",
		"a\xffb":                      "a b",
		"don't":                       "don t",
		"x\x00y":                      "x y",
		"हिन्दी":                      "हिनदी",
		strings.Repeat("ab", 50):      strings.Repeat("ab", 32),
		strings.Repeat("ü", 70) + "x": strings.Repeat("u", 64),
	} {
		if got := strings.Join(wordsOf(text), " "); got != want {
			t.Errorf("%q has the words %q, want %q", text, got, want)
		}
	}
}

func TestAQueryAsksForAllOfItsTerms(t *testing.T) {
	texts := []string{"Printer macet", "Laptop LT-0234 milik Rina <rina@company.com>; galat 0x80070005.", "Ärger über 100% Kertas, kode LT 0999"}
	for query, want := range map[string]bool{
		"":                       true,
		"printer":                true,
		"PRINTER kertas":         true,
		"print":                  true, // the last word by its beginning
		"print kertas":           false,
		"kertas print":           true,
		"rinter":                 false,
		"p":                      false, // one letter is a word
		"lt-0234":                true,
		"LT-02":                  true,
		"lt-0234-rina":           false,
		"lt-0999":                true,
		"0234-lt":                false,
		"lt-0234 printer":        true,
		"lt-02 printer":          false,
		"rina@company.com":       true,
		"rina@company.co":        true,
		"company@rina":           false,
		"macet-laptop":           false, // not in one text
		"arger uber":             true,
		"100%":                   true,
		"0X80070005":             true,
		"80070005":               false,
		"%":                      false,
		"% printer":              true,
		"macet macet":            true,
		"vpn":                    false,
		"printer macet laptop x": false,
	} {
		m := Parse(query).Match()
		for _, text := range texts {
			m.Look(text)
		}
		if m.All() != want {
			t.Errorf("%q: %v, want %v", query, m.All(), want)
		}
	}
	for query, want := range map[string][2]bool{"": {false, false}, " ": {false, false}, "%": {true, true}, "% a": {true, false}} {
		if q := Parse(query); q.Asks() != want[0] || q.Impossible() != want[1] {
			t.Errorf("%q asks: %v, impossible: %v", query, q.Asks(), q.Impossible())
		}
	}
}

func TestATermIsFoundWhereItBeginsAnewWithinItself(t *testing.T) {
	m := Parse("a-a-b").Match()
	if m.Look("a a a b"); !m.All() {
		t.Error("it was not found")
	}
}

func TestWhatIsBeyondTheEndOfALongTextIsNotRead(t *testing.T) {
	m := Parse("akhir").Match()
	if m.Look(strings.Repeat("x ", mostText/2) + "akhir"); m.All() {
		t.Error("it was found")
	}
	for w := range Of(strings.Repeat("ü", mostText)) {
		if !utf8.Valid(w) {
			t.Errorf("%q", w)
		}
	}
}

// FuzzOf: a word is one again, and stands in an index as it is.
func FuzzOf(f *testing.F) {
	for _, s := range []string{"Printer macet", "LT-0234", "Ärger", "\xff\x00", "ﬁ①", "हिन्दी", "İıß"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, w := range wordsOf(text) {
			if len(w) == 0 || len(w) > mostWord+utf8.UTFMax || !utf8.ValidString(w) || strings.ContainsFunc(w, func(r rune) bool { return r <= ' ' }) {
				t.Fatalf("%q has the word %q", text, w)
			}
			if again := wordsOf(w); len(w) <= mostWord && !slices.Equal(again, []string{w}) {
				t.Fatalf("the word %q of %q has the words %q", w, text, again)
			}
			if m := Parse(w).Match(); len(w) <= mostWord {
				if m.Look(text); !m.All() {
					t.Fatalf("%q is not found in %q", w, text)
				}
			}
		}
	})
}
