package parser

import (
	"strings"

	"helpost/internal/sop"
)

// weights is what the words of a report say of its kind and its weight, each with the first words that say so.
type weights struct {
	fault                         int
	request, wish, thing          int // asked for by itself, near an asking word, as any thing at all
	requestSubject                int
	company, department, coreDown int
	individual                    int
	stopped, deadComputer         int
	wayRound, canWait             int
	asks                          int
	said                          map[string]string
	impact                        sop.Impact  // by the company's own words
	urgency                       sop.Urgency // likewise
}

// classify finds type, impact and urgency. The company's own words ([priority.words]) come first.
func (v *vocabulary) classify(r *sop.Report, s *source) {
	w := weights{said: map[string]string{}}
	v.weigh(&w, s.subject, s.subjectWords, true)
	v.weigh(&w, s.text, s.words, false)
	if w.wish > 0 {
		w.request += w.wish
		w.note("request", w.said["wish"])
	}
	if w.fault == 0 {
		w.request += w.thing
	}
	r.Type = sop.Incident
	if w.isRequest(s.form) {
		r.Type = sop.ServiceRequest
		r.Evidence["type"] = w.said["request"]
	} else {
		r.Evidence["type"] = w.said["fault"]
	}
	r.Impact, r.Evidence["impact"] = w.widest()
	r.Urgency, r.Evidence["urgency"] = w.pressing(r)
	r.Evidence["priority"] = r.Evidence["impact"]
	if r.Evidence["priority"] == "" {
		r.Evidence["priority"] = r.Evidence["urgency"]
	}
	for k, text := range r.Evidence {
		if text == "" {
			delete(r.Evidence, k)
		}
	}
}

// isRequest says whether something is asked for and nothing, or little, is broken.
func (w *weights) isRequest(f form) bool {
	switch {
	case f.request && !f.fault:
		return true
	case w.requestSubject > 0:
		return w.fault <= max(1, w.request)
	}
	return w.request > 0 && w.fault == 0
}

// widest gives the impact: the company's own words, then "only me", then the widest that is said.
func (w *weights) widest() (sop.Impact, string) {
	switch {
	case w.impact != "":
		return w.impact, w.said["own impact"]
	case w.individual > 0 && w.company == 0:
		return sop.Individual, w.said["individual"]
	case w.company > 0:
		return sop.Company, w.said["company"]
	case w.coreDown > 0 && w.department == 0:
		return sop.Company, w.said["core"]
	case w.department > 0:
		return sop.Department, w.said["department"]
	}
	return sop.Individual, ""
}

// pressing gives the urgency.
func (w *weights) pressing(r *sop.Report) (sop.Urgency, string) {
	switch {
	case w.urgency != "":
		return w.urgency, w.said["own urgency"]
	case w.stopped > 0 && w.wayRound == 0:
		return sop.High, w.said["stopped"]
	case w.canWait > 0:
		return sop.Low, w.said["wait"]
	case w.stopped > 0 && w.company > 0:
		return sop.High, w.said["stopped"]
	case w.coreDown > 0 && w.wayRound == 0 && r.Impact == sop.Company:
		return sop.High, w.said["core"]
	case w.deadComputer > 0 && w.wayRound == 0 && r.Type == sop.Incident:
		return sop.High, w.said["dead computer"]
	}
	if w.said["hindered"] != "" {
		return sop.Medium, w.said["hindered"]
	}
	return sop.Medium, w.said["way round"]
}

// weigh counts what a text says.
func (v *vocabulary) weigh(w *weights, text string, words []token, subject bool) {
	skip, asked := 0, 0
	for i := range words {
		n, marks := v.report.longest(words[i:])
		if n == 0 {
			continue
		}
		said := text[words[i].start:words[i+n-1].end]
		if hasMark(marks, "not fault") {
			skip = max(skip, i+n)
		}
		for _, m := range marks {
			if v.ownWord(w, m.section, said) {
				continue
			}
			if m.section == "request subject" && subject && i == firstContent(words) {
				w.requestSubject++
				w.note("request", said)
			}
			if m.section == "core system" {
				if v.isDown(text, words, i, n) {
					w.coreDown++
					w.note("core", said)
				}
			}
			if m.section == "group" && v.failsBehind(words, i+n, n > 1) && !(n == 1 && i > 0 && words[i].breaks == 0 && v.isThing(words[i-1])) {
				w.department++
				w.note("department", said)
			}
			if m.section == "quantifier" {
				v.quantified(w, text, words, i, n)
			}
			if m.section == "hindered" {
				w.note("hindered", said)
			}
			c := w.counter(m.section)
			if m.section == "asks" {
				asked = i + n
				if v.asksForThing(text, words, i, n) {
					w.thing++
					w.note("request", said)
				}
			}
			if m.section == "wish" && (asked == 0 || i-asked > 5 || i >= asked && stopsBetween(words[asked:i+1])) {
				continue
			}
			if c == nil || m.section == "fault" && (i < skip || v.negated(words, i)) || (m.section == "stopped" || m.section == "way round") && v.negated(words, i) {
				continue
			}
			if m.section == "company" && v.departmentBehind(words, i+n) {
				w.department++
				w.note("department", said)
				continue
			}
			*c++
			name := m.section
			if name == "can wait" {
				name = "wait"
			}
			w.note(name, said)
		}
	}
}

// counter counts what a section stands for; nil where nothing is counted.
func (w *weights) counter(section string) *int {
	switch section {
	case "fault":
		return &w.fault
	case "request":
		return &w.request
	case "wish":
		return &w.wish
	case "asks":
		return &w.asks
	case "company":
		return &w.company
	case "department":
		return &w.department
	case "individual":
		return &w.individual
	case "stopped":
		return &w.stopped
	case "dead computer":
		return &w.deadComputer
	case "way round":
		return &w.wayRound
	case "can wait":
		return &w.canWait
	}
	return nil
}

// stopsBetween says whether a sentence ends within some words.
func stopsBetween(words []token) bool {
	for _, w := range words {
		if w.breaks&(breakStop|breakLine) != 0 {
			return true
		}
	}
	return false
}

// asksForThing says whether an asking word asks for something to be had or done ("mohon … diganti", "we need a reader"),
// and not for help with what does not work.
func (v *vocabulary) asksForThing(text string, words []token, i, n int) bool {
	_, marks := v.report.longest(words[i:])
	needs := hasMark(marks, "needs")
	for j := i + n; j < len(words) && j < i+n+5; j++ {
		if words[j].breaks&(breakStop|breakLine) != 0 {
			return false
		}
		_, next := v.report.longest(words[j:])
		if hasMark(next, "help") || hasMark(next, "fault") {
			return false
		}
		said := lower(text[words[j].start:words[j].end])
		if needs || len(said) > 5 && strings.HasPrefix(said, "di") {
			return true
		}
	}
	return false
}

// firstContent gives the first word of a subject behind its prefixes.
func firstContent(words []token) int {
	i := 0
	for i+1 < len(words) && i < 4 && words[i+1].breaks&breakColon != 0 {
		i++
	}
	return i
}

func (w *weights) note(key, said string) {
	if w.said[key] == "" {
		w.said[key] = said
	}
}

// ownWord takes a word of the company's configuration.
func (v *vocabulary) ownWord(w *weights, section, said string) bool {
	switch section {
	case "own company":
		w.impact = sop.Company
	case "own department":
		if w.impact != sop.Company {
			w.impact = sop.Department
		}
	case "own individual":
		if w.impact == "" {
			w.impact = sop.Individual
		}
	case "own high":
		w.urgency = sop.High
	case "own medium":
		if w.urgency != sop.High {
			w.urgency = sop.Medium
		}
	case "own low":
		if w.urgency == "" {
			w.urgency = sop.Low
		}
	default:
		return false
	}
	if section == "own company" || section == "own department" || section == "own individual" {
		w.note("own impact", said)
	} else {
		w.note("own urgency", said)
	}
	return true
}

// negated says whether a "not" stands right before a phrase.
func (v *vocabulary) negated(words []token, i int) bool {
	for j := i - 1; j >= 0 && j >= i-2; j-- {
		if words[j+1].breaks&(breakStop|breakLine|breakComma) != 0 {
			return false
		}
		if _, marks := v.report.longest(words[j : j+1]); hasMark(marks, "not") {
			return true
		}
	}
	return false
}

// quantified reads "semua … bagian X": all of a department, if a word for one stands near behind it.
func (v *vocabulary) quantified(w *weights, text string, words []token, i, n int) {
	if v.departmentBehind(words, i+n) {
		w.department++
		w.note("department", text[words[i].start:words[min(i+n, len(words)-1)].end])
	} else if j := i + n; j+1 < len(words) && words[j].breaks == 0 && v.isFleet(words[j]) && !v.marked(words[j+1:], "mine") && v.failsBehind(words, j+1, true) { // "semua forklift berhenti"
		w.department++
		w.note("department", text[words[i].start:words[j].end])
	}
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

// isDown says whether a core system is out for everybody: "down" stands near, and nothing says that it is only mine.
func (v *vocabulary) isDown(text string, words []token, i, n int) bool {
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
