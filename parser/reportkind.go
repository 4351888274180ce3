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
	group                         int    // of the departments: all of it is hit, and not only what it shares
	others                        int    // other people are fine
	everybody                     int    // whose everybody nobody says
	several                       int    // "not only me"
	placeHit                      string // where, if the mail tells of a fault at a place
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
	if w.everybody > 0 {
		if w.placeHit = v.placeOfFault(s.subject, s.subjectWords); w.placeHit == "" {
			w.placeHit = v.placeOfFault(s.text, s.words)
		}
	}
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

// pressing gives the urgency.
func (w *weights) pressing(r *sop.Report) (sop.Urgency, string) {
	switch {
	case w.urgency != "":
		return w.urgency, w.said["own urgency"]
	case w.stopped > 0 && w.wayRound == 0:
		return sop.High, w.said["stopped"]
	case w.canWait > 0:
		return sop.Low, w.said["wait"]
	case w.stopped > 0 && r.Impact == sop.Company:
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
	skip, asked, given, halted := 0, 0, 0, 0
	aside := v.asides(w, text, words)
	for i := range words {
		n, marks := v.report.longest(words[i:])
		if n == 0 {
			continue
		}
		said := text[words[i].start:words[i+n-1].end]
		if hasMark(marks, "not fault") {
			skip = max(skip, i+n)
		}
		if hasMark(marks, "stopped") {
			halted = i + n
		}
		for _, m := range marks {
			if v.ownWord(w, m.section, said) {
				continue
			}
			if m.section == "request subject" && subject && i == firstContent(words) {
				w.requestSubject++
				w.note("request", said)
			}
			if aside == nil || !aside[i] {
				v.impactOf(w, m.section, text, words, i, n)
			}
			if m.section == "ceased" && v.haveCeased(text, words, i) {
				w.stopped++
				w.note("stopped", said)
			}
			if m.section == "does not" && n == 1 && v.thingFails(text, words, i) {
				w.fault++
				w.note("fault", said)
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
			if m.section == "gives" && !v.negated(words, i) {
				given = i + n
			}
			if m.section == "goods" && v.isGiven(text, words, given, i, n) {
				w.wish++
				w.note("wish", said)
			}
			if m.section == "wish" && (asked == 0 || i-asked > 5 || i >= asked && stopsBetween(words[asked:i+1]) || n == 1 && v.isOwnThing(words, asked, i)) {
				continue
			}
			if c == nil || m.section == "fault" && (i < skip || v.negated(words, i)) || (m.section == "stopped" || m.section == "way round") && v.negated(words, i) || m.section == "way round" && i < halted {
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

// isOwnThing says whether a thing near an asking word is what the writer has, and no wish: "tolong mouse saya …", "please
// call, my mouse …".
func (v *vocabulary) isOwnThing(words []token, asked, i int) bool {
	return v.isThing(words[i]) && (v.marked(words[i+1:], "mine") || i > asked && !sameClause(words[asked:i+1]))
}

// sameClause says whether nothing but blanks and joints stands between some words.
func sameClause(words []token) bool {
	for _, w := range words {
		if w.breaks&(breakStop|breakLine|breakComma) != 0 {
			return false
		}
	}
	return true
}

// asksForThing says whether an asking word asks for something to be had or done ("mohon … diganti", "we need a reader"),
// and not for help with what does not work.
func (v *vocabulary) asksForThing(text string, words []token, i, n int) bool {
	_, marks := v.report.longest(words[i:])
	needs := hasMark(marks, "needs")
	if needs && (v.negated(words, i) || v.asksForHelp(words, i+n)) {
		return false
	}
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

// asksForHelp says whether help is asked for within the next words of a sentence: "can i get someone to look at this".
func (v *vocabulary) asksForHelp(words []token, i int) bool {
	for j := i; j < len(words) && j < i+5 && (j == i || words[j].breaks&(breakStop|breakLine) == 0); j++ {
		if v.marked(words[j:], "helping") {
			return true
		}
	}
	return false
}

// isGiven says whether a small thing is asked for by a giving word before it ("mohon kabel LAN", "send me a charger"), and is
// none that the writer has: "mohon charger saya …".
func (v *vocabulary) isGiven(text string, words []token, given, i, n int) bool {
	if given == 0 || given > i || i-given > 5 || !sameClause(words[given:i+1]) || v.links["article"][lower(text[words[i-1].start:words[i-1].end])] || strings.HasSuffix(lower(text[words[i].start:words[i+n-1].end]), "nya") {
		return false
	}
	for j := given; j < i; j++ {
		if v.marked(words[j:], "help") || v.marked(words[j:], "mine") {
			return false
		}
	}
	return i+n >= len(words) || words[i+n].breaks != 0 || !v.marked(words[i+n:], "mine") && !v.marked(words[i+n:], "behalf")
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
