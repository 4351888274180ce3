package parser

// How far a sentence is looked at, in words.
const (
	sentenceWords = 40
	clauseWords   = 12
)

// asides marks the words of a text that do not say how many are hit: those of people who are fine ("my colleagues can
// print"), and of questions that leave it open ("is it the whole office or only me?"). It is nil where there are none.
func (v *vocabulary) asides(w *weights, text string, words []token) []bool {
	var aside []bool
	set := func(from, to int) {
		if aside == nil {
			aside = make([]bool, len(words))
		}
		for i := from; i < to; i++ {
			aside[i] = true
		}
	}
	for i := range words {
		n, marks := v.report.longest(words[i:])
		if hasMark(marks, "individual") || hasMark(marks, "mine alone") {
			if from, to := v.openQuestion(text, words, i); to > from {
				set(from, to)
			}
		}
		if i > 0 && v.links["list"][lower(text[words[i].start:words[i].end])] && v.speaksOf(words[i+1:min(len(words), i+5)], "mine") { // "or is it my cable?"
			if from, to := v.openQuestion(text, words, i); to > from {
				set(from, to)
			}
		}
		if hasMark(marks, "company") {
			set(i, v.fineSoon(words, i, i+n)) // "satu kantor lancar": who else is hit, it does not say
			continue
		}
		apart := hasMark(marks, "others")
		if !apart && !hasMark(marks, "colleagues") || v.wasOrShouldBe(words, i) {
			continue
		}
		from, to, near := v.fineBehind(words, i, i+n, apart)
		if to == 0 {
			from, to, near = v.fineBefore(text, words, i, i+n)
		}
		if to == 0 {
			continue
		}
		set(from, to)
		if near {
			w.others++
			w.note("others", text[words[from].start:words[to-1].end])
		}
	}
	return aside
}

// wasOrShouldBe says whether the clause of a word speaks of the past, of a condition or of an aim: "so that my colleagues can
// print".
func (v *vocabulary) wasOrShouldBe(words []token, i int) bool {
	for j := clauseStart(words, i); j < i; j++ {
		if v.marked(words[j:], "formerly") || v.marked(words[j:], "aim") {
			return true
		}
	}
	return false
}

// wasBefore says whether the clause of a word speaks of the past: "first it was only me".
func (v *vocabulary) wasBefore(words []token, i int) bool {
	for j := clauseStart(words, i); j < i; j++ {
		if v.marked(words[j:], "formerly") {
			return true
		}
	}
	return false
}

// fineBehind finds that people are fine in what stands behind the word for them. Near says that they are the writer's own
// people, and not those of another place.
func (v *vocabulary) fineBehind(words []token, at, i int, apart bool) (from, to int, near bool) {
	same, elsewhere := false, false
	for j := i; j < len(words) && j < i+8; j++ {
		if words[j].breaks&(breakStop|breakLine|breakComma) != 0 {
			break
		}
		n, marks := v.report.longest(words[j:])
		switch {
		case hasMark(marks, "fine"),
			v.marked(words[j:j+1], "able") && v.isAbleTo(words, j+1, apart),
			v.marked(words[j:j+1], "runs") && isClauseEnd(words, j+1),
			apart && n == 1 && hasMark(marks, "does not") && isClauseEnd(words, j+1): // "yang lain tidak"
			return at, j + max(n, 1), !elsewhere
		case hasMark(marks, "not"), hasMark(marks, "fault"), hasMark(marks, "outage"), hasMark(marks, "stopped"), hasMark(marks, "formerly"):
			return 0, 0, false
		}
		same = same || v.marked(words[j:j+1], "same")
		elsewhere = elsewhere || !same && v.isPlace(marks)
	}
	return 0, 0, false
}

// fineSoon gives the end of a "fine" within the next words behind a word for the whole company, i where there is none.
func (v *vocabulary) fineSoon(words []token, i, end int) int {
	for j := clauseStart(words, i); j < i; j++ {
		if v.marked(words[j:], "not") || v.marked(words[j:], "everybody") || v.marked(words[j:], "quantifier") || v.marked(words[j:], "aim") || v.marked(words[j:], "formerly") {
			return i
		}
	}
	for j := end; j < end+3 && !isClauseEnd(words, j); j++ {
		n, marks := v.report.longest(words[j:])
		if hasMark(marks, "fine") {
			return j + n
		}
		if hasMark(marks, "not") || hasMark(marks, "fault") {
			break
		}
	}
	return i
}

// fineBefore finds "works for everybody else": that all is well stands before the word for the people.
func (v *vocabulary) fineBefore(text string, words []token, i, end int) (from, to int, near bool) {
	with := false
	for j := i - 1; j >= 0 && j >= i-4 && words[j+1].breaks&(breakStop|breakLine|breakComma) == 0; j-- {
		_, marks := v.report.longest(words[j:])
		if with && (hasMark(marks, "fine") || v.marked(words[j:j+1], "runs")) {
			for k := clauseStart(words, j); k < j; k++ {
				if v.marked(words[k:], "not") {
					return 0, 0, false
				}
			}
			for end < len(words) && words[end].breaks == 0 && end < i+8 { // "for everybody else in the company"
				end++
			}
			return j, end, true
		}
		with = with || hasMark(marks, "with")
	}
	return 0, 0, false
}

// isAbleTo says whether "can" is what others can and the writer cannot, and no offer or wish of help, and nothing that goes
// wrong for them too.
func (v *vocabulary) isAbleTo(words []token, i int, apart bool) bool {
	if isClauseEnd(words, i) {
		return true
	}
	for j := i; j < i+clauseWords && !isClauseEnd(words, j); j++ {
		_, marks := v.report.longest(words[j:])
		if j < i+2 && (hasMark(marks, "help") || hasMark(marks, "asks")) || hasMark(marks, "not") || hasMark(marks, "fault") || hasMark(marks, "too") {
			return false
		}
	}
	return apart || v.marked(words[i:], "opens")
}

// openQuestion gives the words of a question in which "only me" is one of the answers.
func (v *vocabulary) openQuestion(text string, words []token, i int) (from, to int) {
	from, to = sentenceStart(words, i), i+1
	for to < len(words) && to < i+sentenceWords && words[to].breaks&(breakStop|breakLine) == 0 {
		to++
	}
	whether, or := words[to-1].after&breakQuestion != 0, false
	for j := from; j < to; j++ {
		if _, marks := v.report.longest(words[j:]); hasMark(marks, "why") {
			return 0, 0
		} else if hasMark(marks, "whether") {
			whether = true
		}
		or = or || v.links["list"][lower(text[words[j].start:words[j].end])]
	}
	if !whether {
		return 0, 0
	}
	if !or {
		from = clauseStart(words, i)
	}
	return from, to
}

// sentenceStart gives the first word of the sentence of a word.
func sentenceStart(words []token, i int) int {
	for least := i - sentenceWords; i > 0 && i > least && words[i].breaks&(breakStop|breakLine) == 0; {
		i--
	}
	return i
}

// clauseStart gives the first word of the clause of a word.
func clauseStart(words []token, i int) int {
	for least := i - clauseWords; i > 0 && i > least && words[i].breaks&(breakStop|breakLine|breakComma) == 0; {
		i--
	}
	return i
}

// isClauseEnd says whether a clause ends before a word.
func isClauseEnd(words []token, i int) bool {
	return i >= len(words) || words[i].breaks&(breakStop|breakLine|breakComma) != 0
}
