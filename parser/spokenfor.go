package parser

import "strings"

const spokenWords = 150 // of a mail that are looked at for whom it speaks for

// spokenFor finds whom somebody reports for in free words: "Please help Kevin Salim in the Trade Operations department. His
// laptop …", "PC milik Sdr. Wahyu Hidayat", "Pak Benny Sukmana dari Divisi Investasi lapor, mouse-nya …". It wants a full
// name that is not the sender's, and words by which the trouble is that person's; who speaks of a thing of his own speaks for
// himself.
func (v *vocabulary) spokenFor(s *source) (name, said string) {
	text, words := s.own, s.ownWords[:min(len(s.ownWords), spokenWords)]
	if v.hasOwnThing(words) || v.speaksOf(words, "newcomer") || v.speaksOf(s.subjectWords, "newcomer") {
		return "", ""
	}
	from := tidyName(s.from.Name)
	for i := range words {
		for _, frame := range [...]func(string, []token, int) (string, int){v.helped, v.ownerOf, v.possessor, v.complainer} {
			name, end := frame(text, words, i)
			if name == "" || len(strings.Fields(name)) < 2 || sharesName(name, from) || sharesName(name, s.signature) || v.isNoPerson(name) || v.isOutsider(text, words, end) {
				continue
			}
			return name, text[words[i].start:words[end-1].end]
		}
	}
	return "", ""
}

// isNoPerson says whether a name is a department's, a place's or a thing's: "Cabang Solo Baru", "Dell Latitude".
func (v *vocabulary) isNoPerson(name string) bool {
	if v.isDepartment(name) || v.holdsDepartment(name) {
		return true
	}
	words := v.tokens(name)
	for i, w := range words {
		if _, marks := v.report.longest(words[i : i+1]); hasMark(marks, "place") || hasMark(marks, "site") || hasMark(marks, "core system") || hasMark(marks, "unit before") || hasMark(marks, "unit after") ||
			v.isThing(w) || v.asset.brand[lower(name[w.start:w.end])] {
			return true
		}
	}
	return false
}

// helped reads "please help NAME", if a department or a "his" follows.
func (v *vocabulary) helped(text string, words []token, i int) (string, int) {
	n, marks := v.report.longest(words[i:])
	if n == 0 || !hasMark(marks, "helps") || i > 0 && words[i].breaks == 0 && v.marked(words[i-1:], "i am") {
		return "", 0
	}
	j := i + n
	for j < len(words) && words[j].breaks == 0 && v.links["before name"][lower(text[words[j].start:words[j].end])] {
		j++
	}
	if j >= len(words) || words[j].breaks != 0 {
		return "", 0
	}
	name, end := v.statedName(text, words, j, false)
	if name == "" || !v.unitFollows(text, words, end) && !v.isOfAnother(text, words, end) {
		return "", 0
	}
	return name, end
}

// ownerOf reads "PC milik NAME", "the laptop of NAME", "laptop Bu NAME".
func (v *vocabulary) ownerOf(text string, words []token, i int) (string, int) {
	if !v.isDevice(words[i]) || v.isBesides(words, i) || v.writerBefore(words, i) {
		return "", 0
	}
	j := i + 1
	for ; j < len(words) && j < i+3 && words[j].breaks == 0; j++ {
		n, marks := v.report.longest(words[j:])
		if hasMark(marks, "owner") {
			j += n
			break
		}
		if hasMark(marks, "honorific") {
			break
		}
	}
	if j >= len(words) || j > i+4 || words[j].breaks != 0 || j == i+1 && !v.marked(words[j:], "honorific") {
		return "", 0
	}
	called := v.marked(words[j:], "honorific")
	name, end := v.statedName(text, words, j, false)
	if name == "" || v.writerBehind(words, end) || !called && !v.unitFollows(text, words, end) && !v.isOfAnother(text, words, end) && !v.failsInSentence(words, i) {
		return "", 0
	}
	return name, end
}

// possessor reads "NAME's laptop".
func (v *vocabulary) possessor(text string, words []token, i int) (string, int) {
	if !isCapital(text, words[i]) || i > 0 && words[i].breaks == 0 && isCapital(text, words[i-1]) || v.isBesides(words, i) || v.writerBefore(words, i) {
		return "", 0
	}
	name, end := v.statedName(text, words, i, false)
	name = strings.ReplaceAll(name, "’", "'")
	if end >= len(words) || !strings.HasSuffix(name, "'s") || words[end].breaks != 0 || !v.isDevice(words[end]) {
		return "", 0
	}
	return strings.TrimSuffix(name, "'s"), end
}

// complainer reads "NAME from the Payroll department cannot …, his …" at the beginning of a clause.
func (v *vocabulary) complainer(text string, words []token, i int) (string, int) {
	if i > 0 && !isClauseEnd(words, i) || !v.marked(words[i:], "honorific") && v.known(words[i:i+1]) {
		return "", 0
	}
	name, end := v.statedName(text, words, i, false)
	if name == "" || !v.unitFollows(text, words, end) || !v.isOfAnother(text, words, end) {
		return "", 0
	}
	for j := end; j < len(words) && j < end+clauseWords && (j == end || words[j].breaks&(breakStop|breakLine) == 0); j++ {
		_, marks := v.report.longest(words[j:])
		switch {
		case hasMark(marks, "tells"):
			return "", 0
		case hasMark(marks, "complains"), hasMark(marks, "fault"):
			return name, end
		}
	}
	return "", 0
}

// unitFollows says whether a department follows a name: "dari bagian Legal", "(Payroll)", "in the Trade Operations department".
func (v *vocabulary) unitFollows(text string, words []token, i int) bool {
	if i >= len(words) || words[i].breaks&(breakStop|breakLine) != 0 {
		return false
	}
	if v.isNamedUnitAhead(words[:min(len(words), i+2)], i) {
		return true
	}
	if n, marks := v.report.longest(words[i:]); hasMark(marks, "from unit") || hasMark(marks, "owner") {
		i += n
	} else if words[i].breaks&breakComma == 0 {
		return false
	}
	if i < len(words) && v.links["article"][lower(text[words[i].start:words[i].end])] {
		i++
	}
	if i < len(words) && v.knownEnd(text, words, i) > i {
		return true
	}
	for j := i; j < len(words) && j < i+unitWords && (j == i || words[j].breaks == 0); j++ {
		if j > i && v.marked(words[j:], "unit after") {
			return true
		}
		if !isCapital(text, words[j]) {
			return false
		}
	}
	return false
}

// isOfAnother says whether a "his" or the like follows: "beliau", "layarnya".
func (v *vocabulary) isOfAnother(text string, words []token, i int) bool {
	for ; i < len(words); i++ {
		said := lower(text[words[i].start:words[i].end])
		if v.marked(words[i:i+1], "his") || said == "nya" && v.isThing(words[i-1]) {
			return true
		}
		if stem, ok := strings.CutSuffix(said, "nya"); ok && v.isThing(token{id: v.ids[stem]}) {
			return true
		}
	}
	return false
}

// isDevice says whether a word is something that one person uses.
func (v *vocabulary) isDevice(w token) bool {
	_, marks := v.verdict.longest([]token{w})
	for _, m := range marks {
		switch m.value {
		case "computer", "monitor", "keyboard", "mouse", "phone", "account", "camera", "sound", "printer", "scanner", "dock", "tablet", "handheld", "battery":
			return m.section == "thing"
		}
	}
	return false
}

// hasOwnThing says whether the writer speaks of a thing of his own: "laptop saya", "my account".
func (v *vocabulary) hasOwnThing(words []token) bool {
	for i := 1; i < len(words); i++ {
		if words[i].breaks != 0 {
			continue
		}
		if v.isThing(words[i-1]) && v.marked(words[i:i+1], "mine") || v.isThing(words[i]) && v.marked(words[i-1:i], "mine") {
			return true
		}
	}
	return false
}

// isBesides says whether a thing is only where something is, or comes from: "next to the laptop of …".
func (v *vocabulary) isBesides(words []token, i int) bool {
	for j := i - 1; j >= 0 && j >= i-3 && words[j+1].breaks == 0; j-- {
		if v.marked(words[j:], "beside") {
			return true
		}
	}
	return false
}

// writerBefore says whether the writer stands before a thing in its sentence, and does not report or ask: "I use the laptop of
// …".
func (v *vocabulary) writerBefore(words []token, i int) bool {
	writer := false
	for j := sentenceStart(words, i); j < i; j++ {
		_, marks := v.report.longest(words[j:])
		switch {
		case hasMark(marks, "complains"), hasMark(marks, "helps"), hasMark(marks, "asks"), hasMark(marks, "help"):
			return false
		case hasMark(marks, "i am"), hasMark(marks, "mine"):
			writer = true
		}
	}
	return writer
}

// writerBehind says whether the clause goes on with the writer: "laptop bekas Pak … yang sekarang saya pakai".
func (v *vocabulary) writerBehind(words []token, i int) bool {
	for j := i; j < i+6 && !isClauseEnd(words, j); j++ {
		if v.marked(words[j:], "mine") {
			return true
		}
	}
	return false
}

// isOutsider says whether somebody is no employee, or one of those who are written to: "dari vendor", "of IT Support".
func (v *vocabulary) isOutsider(text string, words []token, i int) bool {
	for j := i; j < len(words) && j < i+4 && words[j].breaks&(breakStop|breakLine) == 0; j++ {
		_, marks := v.report.longest(words[j:])
		if hasMark(marks, "outsider") || hasMark(marks, "company name") || v.isOurDeskAt(text, words, j) {
			return true
		}
	}
	return false
}

// isOurDeskAt says whether the name of the desk that is written to begins at a word.
func (v *vocabulary) isOurDeskAt(text string, words []token, i int) bool {
	for end := i + 1; end <= len(words) && end <= i+3; end++ {
		said := text[words[i].start:words[end-1].end]
		if v.links["our desk"][strings.ToLower(said)] && (len(said) > 2 || said == strings.ToUpper(said)) {
			return true
		}
	}
	return false
}
