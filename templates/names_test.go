package templates

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestNamesArePutRight(t *testing.T) {
	for name, want := range map[string]string{
		"Rina Wijaya":                       "Rina Wijaya",
		"WIJAYA, Rina (Finance)":            "Rina Wijaya",
		"Wijaya, Rina":                      "Rina Wijaya",
		"WIJAYA, RINA [External]":           "Rina Wijaya",
		"Rina Wijaya, S.Kom., M.M.":         "Rina Wijaya",
		"Rina Wijaya, PhD":                  "Rina Wijaya",
		"RINA WIJAYA":                       "Rina Wijaya",
		"Muhammad Rizky Pratama":            "Muhammad Rizky Pratama",
		"I Made Sudarma":                    "I Made Sudarma",
		"Siti":                              "Siti",
		"d'Arc, Jeanne":                     "Jeanne d'Arc",
		"O'BRIEN-SMITH, Kate":               "Kate O'Brien-Smith",
		"Rina Wijaya | PT Contoh":           "Rina Wijaya",
		"Rina Wijaya - Finance":             "Rina Wijaya",
		"'Rina Wijaya'":                     "Rina Wijaya",
		`"Rina Wijaya" <rina@company.com>`:  "",
		"rina@company.com":                  "",
		"https://menang.example":            "",
		"www.menang.example":                "",
		"":                                  "",
		"   ":                               "",
		"12345":                             "",
		"(Finance)":                         "",
		"Rina\r\nBcc: x":                    "Rina Bcc: x",
		"Rina\x00\x1b[31m Wijaya":           "Rina",
		"Rina\u202e Wijaya\u200b":           "Rina Wijaya",
		"Rina \xff\xfe Wijaya":              "Rina Wijaya",
		"Müller, Jürgen (IT)":               "Jürgen Müller",
		strings.Repeat("a", 1000):           "",
		strings.Repeat("Rina ", 200):        strings.TrimSpace(strings.Repeat("Rina ", 12)),
		"Rina " + strings.Repeat("x", 1000): "Rina",
	} {
		if got := FullName(name); got != want {
			t.Errorf("%.60q is %q, want %q", name, got, want)
		}
	}
}

func TestWhoHasNoNameIsGreetedWithoutOne(t *testing.T) {
	s := set(t)
	for name, want := range map[string]string{"": "Halo,", "rina@company.com": "Halo,", strings.Repeat("a", 1000): "Halo,", "WIJAYA, Rina (Finance)": "Halo Rina Wijaya,", "Budi\r\n# x": "Halo Budi # x,"} {
		d := Samples()["ack.id"]
		d.To.Name = name
		m, err := s.Render(d)
		if err != nil {
			t.Fatal(err)
		}
		if first, _, _ := strings.Cut(m.Text, "\n"); first != want {
			t.Errorf("%.40q is greeted %q, want %q", name, first, want)
		}
	}
}

func TestALineIsOneLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })).Draw(t, "s")
		most := rapid.IntRange(1, 50).Draw(t, "most")
		for _, got := range []string{Line(s, most), FullName(s)} {
			if !utf8.ValidString(got) || strings.ContainsFunc(got, unicode.IsControl) || strings.ContainsAny(got, "\u2028\u2029\u202e\u200b") || strings.TrimSpace(got) != got || utf8.RuneCountInString(got) > max(most, maxName)+1 {
				t.Fatalf("%q became %q", s, got)
			}
		}
	})
}

func TestManyLinesKeepTheirShape(t *testing.T) {
	for text, want := range map[string]string{
		"a\r\nb\rc\u2028d\x0be":     "a|b|c|d|e",
		"\n\n  a \t\n\n\n\n\nb\n\n": "  a|||b",
		"a\x00\x1b[0mb\u202ec":      "a[0mbc",
		"\xffa\xe2\x82":             "a",
		"\tcode\n\t\tmore":          "\tcode|\t\tmore",
		"":                          "",
	} {
		lines, cut := manyLines(text, 100)
		if got := strings.Join(lines, "|"); got != want || cut {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	lines, cut := manyLines(strings.Repeat("é", 100), 9)
	if !cut || len(lines) != 1 || lines[0] != "éééé" {
		t.Errorf("cut in the middle of a letter: %q", lines)
	}
}
