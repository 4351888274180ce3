package parser

import (
	"strings"

	"helpost/internal/sop"
)

// widest gives the impact: the company's own words, then "only me", then the widest that is said.
func (w *weights) widest() (sop.Impact, string) {
	switch {
	case w.impact != "":
		return w.impact, w.said["own impact"]
	case w.individual > 0 && w.company == 0:
		return sop.Individual, w.said["individual"]
	case w.company > 0:
		return sop.Company, w.said["company"]
	case w.others > 0 && w.group == 0:
		return sop.Individual, w.said["others"]
	case w.everybody > 0 && w.placeHit == "":
		return sop.Company, w.said["everybody"]
	case w.coreDown > 0 && w.department == 0:
		return sop.Company, w.said["core"]
	case w.department > 0:
		return sop.Department, w.said["department"]
	case w.everybody > 0:
		return sop.Department, w.placeHit
	case w.several > 0:
		return sop.Department, w.said["not only me"]
	}
	return sop.Individual, ""
}

// impactOf counts what a phrase says of how many are hit.
func (v *vocabulary) impactOf(w *weights, section, text string, words []token, i, n int) {
	said := text[words[i].start:words[i+n-1].end]
	group := func(said string) {
		w.department++
		w.group++
		w.note("department", said)
	}
	switch section {
	case "company":
		if v.departmentBehind(words, i+n) {
			group(said)
			return
		}
		w.company++
	case "department":
		if v.isOnly(words[i]) && v.negated(words, i) || v.isTold(text, words, i) { // "not only our department"
			return
		}
		w.department++
		for j := i; j < i+n; j++ {
			if v.marked(words[j:j+1], "quantifier") {
				w.group++
				break
			}
		}
	case "individual":
		if v.negated(words, i) || v.wasBefore(words, i) {
			return
		}
		w.individual++
	case "mine alone":
		if v.negated(words, i) || !v.failsInSentence(words, i) {
			return
		}
		section = "individual"
		w.individual++
	case "not only me":
		w.several++
	case "everybody":
		if v.isTold(text, words, i) {
			return
		}
		if v.departmentBehind(words, i+n) || v.isBounded(text, words, i, i+n) {
			group(said)
			return
		}
		if v.waitsBehind(words, i+n) {
			return
		}
		w.everybody++
	case "core system":
		if !v.isDown(words, i, n) {
			return
		}
		section = "core"
		w.coreDown++
	default:
		if said := v.groupOf(section, text, words, i, n); said != "" {
			group(said)
		}
		return
	}
	w.note(section, said)
}

// groupOf reads a phrase that means all of a department where a fault, a place or a word for a department stands by it: the
// very words.
func (v *vocabulary) groupOf(section, text string, words []token, i, n int) string {
	switch section {
	case "all of it": // "gudang Cikarang offline semua"
		for j := sentenceStart(words, i); j < i; j++ {
			if v.isPlaceAt(text, words, j) && !v.isIntroduced(words, j) {
				return text[words[j].start:words[i+n-1].end]
			}
		}
	case "quantifier":
		return v.quantified(text, words, i, n)
	case "group":
		if v.failsBehind(words, i+n, n > 1) && !(n == 1 && i > 0 && words[i].breaks == 0 && v.isThing(words[i-1])) {
			return text[words[i].start:words[i+n-1].end]
		}
	}
	return ""
}

// quantified reads "semua … bagian X", all of a department, if a word for one stands near behind it: the very words.
func (v *vocabulary) quantified(text string, words []token, i, n int) string {
	if v.departmentBehind(words, i+n) {
		return text[words[i].start:words[min(i+n, len(words)-1)].end]
	}
	if j := i + n; j+1 < len(words) && words[j].breaks == 0 && v.isFleet(words[j]) && !v.marked(words[j+1:], "mine") && v.failsBehind(words, j+1, true) { // "semua forklift berhenti"
		return text[words[i].start:words[j].end]
	}
	return ""
}

// isFleet says whether a word is something of which a whole department has many.
func (v *vocabulary) isFleet(w token) bool {
	_, marks := v.verdict.longest([]token{w})
	for _, m := range marks {
		switch m.value {
		case "printer", "computer", "scanner", "handheld", "pos", "phone", "cctv", "vehicle", "edc":
			return m.section == "thing"
		}
	}
	return false
}

// isThing says whether a word is something that a ticket can be about: "komputer kami" is no group of people.
func (v *vocabulary) isThing(w token) bool {
	_, marks := v.verdict.longest([]token{w})
	return hasMark(marks, "thing")
}

// failsBehind says whether a "not" or an outage, or also a fault, follows within two words: "kami pecah" is what we do.
func (v *vocabulary) failsBehind(words []token, i int, fault bool) bool {
	for j := i; j < len(words) && j < i+2; j++ {
		if words[j].breaks&(breakStop|breakLine|breakComma) != 0 {
			return false
		}
		if _, marks := v.report.longest(words[j:]); fault && hasMark(marks, "fault") || hasMark(marks, "not") || hasMark(marks, "stopped") || hasMark(marks, "outage") {
			return true
		}
	}
	return false
}

// failsInSentence says whether the sentence of a word tells of a fault.
func (v *vocabulary) failsInSentence(words []token, i int) bool {
	for j := sentenceStart(words, i); j < len(words) && j < i+sentenceWords; j++ {
		if j > i && words[j].breaks&(breakStop|breakLine) != 0 {
			return false
		}
		if _, marks := v.report.longest(words[j:]); hasMark(marks, "fault") || hasMark(marks, "not") || hasMark(marks, "outage") {
			return true
		}
	}
	return false
}

// departmentBehind says whether "bagian", "department", "lantai" or the like stands within the next words.
func (v *vocabulary) departmentBehind(words []token, i int) bool {
	for j := i; j < len(words) && j < i+4; j++ {
		if words[j].breaks&(breakStop|breakLine|breakComma) != 0 {
			return false
		}
		_, marks := v.report.longest(words[j:])
		if hasMark(marks, "unit before") || hasMark(marks, "unit after") || hasMark(marks, "place") {
			return true
		}
	}
	return false
}

// isPlace says whether a phrase is a place where a part of the company works.
func (v *vocabulary) isPlace(marks []mark) bool {
	return (hasMark(marks, "place") || hasMark(marks, "whole unit")) && !hasMark(marks, "core system")
}

// isPlaceAt says whether a word is such a place, an office with its town ("the Medan office"), or "here".
func (v *vocabulary) isPlaceAt(text string, words []token, i int) bool {
	_, marks := v.report.longest(words[i:])
	switch {
	case v.isPlace(marks):
		return !v.isOurDesk(text, words, i)
	case hasMark(marks, "here"):
		return true
	case hasMark(marks, "site"):
		return i > 1 && words[i].breaks == 0 && isCapital(text, words[i-1]) && words[i-1].breaks == 0 || i+1 < len(words) && words[i+1].breaks == 0 && isCapital(text, words[i+1])
	}
	return false
}

// isOurDesk says whether the word beside "department" names the desk that is written to.
func (v *vocabulary) isOurDesk(text string, words []token, i int) bool {
	for j := max(0, i-1); j < len(words) && j <= i+1; j++ {
		if v.links["our desk"][lower(text[words[j].start:words[j].end])] {
			return true
		}
	}
	return false
}

// isBounded says whether the sentence of "everybody" names a place: behind it in the same clause, or before it if that is not
// where the writer says that he is from.
func (v *vocabulary) isBounded(text string, words []token, at, end int) bool {
	for j := end; j < len(words) && j < end+8 && words[j].breaks&(breakStop|breakLine|breakComma) == 0; j++ {
		if v.isPlaceAt(text, words, j) {
			return true
		}
	}
	for j := sentenceStart(words, at); j < at; j++ {
		if v.isPlaceAt(text, words, j) && !v.isIntroduced(words, j) {
			return true
		}
	}
	return false
}

// isIntroduced says whether a place is where the writer says that he is from: "saya dari bagian Umum".
func (v *vocabulary) isIntroduced(words []token, i int) bool {
	for j := i - 1; j >= 0 && j >= i-5 && words[j+1].breaks&(breakStop|breakLine|breakComma) == 0; j-- {
		if v.marked(words[j:], "i am") {
			return true
		}
	}
	return false
}

// placeOfFault gives the place of a sentence that tells of a fault there, "" where none does.
func (v *vocabulary) placeOfFault(text string, words []token) string {
	place, fault := "", false
	for i := range words {
		if i > 0 && words[i].breaks&(breakStop|breakLine) != 0 {
			if place != "" && fault {
				return place
			}
			place, fault = "", false
		}
		_, marks := v.report.longest(words[i:])
		fault = fault || hasMark(marks, "fault") || hasMark(marks, "outage") || hasMark(marks, "not")
		if place == "" && v.isPlace(marks) && !v.isOurDesk(text, words, i) && !v.isIntroduced(words, i) && !(i > 1 && (v.isOnly(words[i-1]) || v.isOnly(words[i-2]))) {
			place = text[words[i].start:words[i].end]
		}
	}
	if fault {
		return place
	}
	return ""
}

// isTold says whether people are only those to whom something goes: "shared to all staff".
func (v *vocabulary) isTold(text string, words []token, i int) bool {
	return i > 0 && words[i].breaks == 0 && v.links["toward"][lower(text[words[i-1].start:words[i-1].end])]
}

// waitsBehind says whether people only wait or watch: "everybody is waiting for my figures".
func (v *vocabulary) waitsBehind(words []token, i int) bool {
	for j := i; j < i+6 && !isClauseEnd(words, j); j++ {
		if v.marked(words[j:], "waits") {
			return true
		}
	}
	return false
}

// isOnly says whether a word is "only" or the like.
func (v *vocabulary) isOnly(w token) bool {
	_, marks := v.verdict.longest([]token{w})
	return hasMark(marks, "only")
}

// isDown says whether a core system is out for everybody: "down" stands near, and nothing says that it is only mine.
func (v *vocabulary) isDown(words []token, i, n int) bool {
	down := false
	for j := max(0, i-3); j < len(words) && j < i+n+5; j++ {
		if j > i && words[j].breaks&(breakStop|breakLine) != 0 {
			break
		}
		_, marks := v.report.longest(words[j:])
		if hasMark(marks, "mine") {
			return false
		}
		down = down || j >= i+n && hasMark(marks, "outage") && !v.negated(words, j)
	}
	return down
}

// haveCeased says whether "stopped working" is said of people: "everybody here has stopped working". Between the people and
// the words stands nothing but a place and a "have".
func (v *vocabulary) haveCeased(text string, words []token, i int) bool {
	for j := i - 1; j >= 0 && j >= i-7 && words[j+1].breaks&(breakStop|breakLine|breakComma) == 0; j-- {
		_, marks := v.report.longest(words[j:])
		switch said := lower(text[words[j].start:words[j].end]); {
		case hasMark(marks, "people"):
			return true
		case v.isThing(words[j]):
			return false
		case hasMark(marks, "here"), v.isPlace(marks), hasMark(marks, "site"), isCapital(text, words[j]), v.links["have"][said], v.links["of"][said], v.links["article"][said], v.links["from"][said]:
		default:
			return false
		}
	}
	return false
}

// thingFails says whether a "does not" says what a thing does not do: "mouse-nya tidak merespons".
func (v *vocabulary) thingFails(text string, words []token, i int) bool {
	at := i - 1
	if at > 0 && strings.EqualFold(text[words[at].start:words[at].end], "nya") {
		at--
	}
	return at >= 0 && words[i].breaks == 0 && v.isThing(words[at]) && i+1 < len(words) && words[i+1].breaks == 0 && !v.marked(words[i+1:], "lacks")
}
