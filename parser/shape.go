package parser

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What a word is by its form, or beside its meaning.
const (
	doing    = "doing"    // what a thing does or is to do, of a word that no list has: "keprint"
	twice    = "twice"    // a word that is said twice: "kresek2"
	parallel = "parallel" // "also"
	all      = "all"      // "semua"
	already  = "already"  // it begins with "sudah"
	share    = "share"    // "30%"
	either   = "either"   // a fault, but what is wanted of some things: "bunyi"
	nothing  = "nothing"  // "nol"
	notFound = "not"      // it begins with "tidak"
)

// wordForm gives what a word is by its form; the value that it has otherwise.
func (v *vocabulary) wordForm(it item, text string, words []token) string {
	w := words[it.first]
	switch it.section {
	case "filler":
		switch w.id {
		case v.ids["juga"]:
			return parallel
		case v.ids["semua"], v.ids["all"]:
			return all
		}
	case "broken", "bad":
		if w.id == v.ids["nol"] || w.id == v.ids["nihil"] {
			return nothing
		}
		if w.id == v.ids["tidak"] {
			return notFound
		}
	case "good", "solved":
		if w.id == v.ids["sudah"] {
			return already
		}
	case "":
		said := lower(text[w.start:w.end])
		if next := it.first + 1; len(said) > 3 && next < len(words) && lower(text[words[next].start:words[next].end]) == said || len(said) > 4 && said[len(said)-1] == '2' {
			return twice
		}
		if len(said) > 5 && (strings.HasPrefix(said, "ke") || strings.HasPrefix(said, "ter") || strings.HasPrefix(said, "di")) {
			return doing
		}
	}
	return it.value
}

// isName says whether a word in the middle of a sentence is somebody's name, or a town's.
func isName(s string) bool {
	r, size := utf8.DecodeRuneInString(s)
	return unicode.IsUpper(r) && size < len(s) && s[size:] == strings.ToLower(s[size:])
}

// isPart knows "5 of 20" and "one branch of three", but no marks out of five or ten.
func (v *vocabulary) isPart(text string, words []token, i int) bool {
	for of := i + 1; of <= i+2 && of+1 < len(words); of++ {
		if words[of].breaks == 0 && v.links["out of"][lower(text[words[of].start:words[of].end])] {
			some, whole := v.count(text, words, i), v.count(text, words, of+1)
			return 0 < some && some < whole && whole != 5 && whole != 10
		}
	}
	return false
}

// count reads a number, in digits or a small one in a word; 0 where it is none.
func (v *vocabulary) count(text string, words []token, i int) int {
	if n, ok := v.figure(text, words, i); ok {
		return n
	}
	n, _ := strconv.Atoi(text[words[i].start:words[i].end])
	return n
}

// isShare knows "30%": less than all.
func isShare(text string, w token) bool {
	s := text[w.start:w.end]
	return strings.HasPrefix(text[w.end:], "%") && s != "100" && strings.Trim(s, "0123456789") == ""
}
