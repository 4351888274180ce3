package parser

import "strings"

// clearInitials takes from the initials of a department or a place ("HRD & GA", "gedung G") the number of the word that
// they are else a spelling of: "ga" is a "tidak", "GA" beside a department, or where nothing is denied, is General Affairs.
// It says whether there were any.
func (v *vocabulary) clearInitials(text string, words []token) (cleared bool) {
	for i := range words {
		if w := words[i]; w.end-w.start <= 2 && w.id != 0 && v.isInitials(text, words, i) {
			words[i].id = 0
			cleared = true
		}
	}
	return cleared
}

func (v *vocabulary) isInitials(text string, words []token, i int) bool {
	said := text[words[i].start:words[i].end]
	if !v.initials[lower(said)] || said != strings.ToUpper(said) {
		return false
	}
	next, last := "", i+1 == len(words) || words[i+1].breaks&(breakLine|breakStop|breakComma) != 0
	if !last {
		next = text[words[i+1].start:words[i+1].end]
		_, marks := v.verdict.longest(words[i+1:])
		for _, m := range marks {
			switch m.section {
			case "done", "not", "not yet", "still": // none of them stands behind a "tidak"
				return true
			}
		}
		if v.isUnit(next) {
			return true
		}
	}
	if len(next) > 2 && next == strings.ToUpper(next) || i == 0 || words[i].breaks&breakLine != 0 { // "GA BISA"
		return false
	}
	before := i - 1
	if before > 0 && words[before].breaks&breakLine == 0 && v.links["and"][lower(text[words[before].start:words[before].end])] {
		before--
	}
	said = text[words[before].start:words[before].end]
	if v.isUnit(said) || v.beforeInitials[lower(said)] {
		return true
	}
	return last && words[i].breaks&breakComma != 0 && said != lower(said) // "Rudi - GA"
}

// isUnit says whether a word is a department, a job, or stands beside the name of one.
func (v *vocabulary) isUnit(s string) bool {
	s = lower(s)
	return v.departments[s] || v.unit[s] != 0 || v.role[s]
}
