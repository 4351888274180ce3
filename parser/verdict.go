package parser

import (
	"strings"

	"helpost/internal/sop"
)

const (
	verdictBytes = 4000 // of an answer; what is longer says it at its beginning
	negationSpan = 4    // how many words a "not" reaches
	strangeWords = 5    // unknown words beside a bare thanks or yes, at most
)

// Validation reads a mail as an answer to a fix: is it confirmed?
//
// Each clause is judged for itself, then the answer as a whole, and where the evidence conflicts it is never confirmed:
// a wrong confirmation closes a ticket over somebody's objection, all other mistakes are mended by an agent's look.
func (p *Parser) Validation(m *Mail) Validation {
	v := p.words
	text := m.NewText
	if len(text) > verdictBytes {
		text = strings.ToValidUTF8(text[:verdictBytes], "")
	}
	words := v.tokens(text)
	var out Validation
	out.Rating = v.rating(text, words)
	a := v.answerOf(text, words, v.topic(m.Subject))
	out.Verdict, out.Evidence = a.verdict(out.Rating)
	if plain := plainWords(text); out.Verdict == sop.Confirm && (p.auto.holds("machine words", plain) || p.auto.holds("taken", plain)) {
		out.Verdict = sop.Unclear // a machine that names itself by no header thanks for a mail, not for a fix
	}
	return out
}

// finding is what a clause says.
type finding struct {
	good, hedged   bool // it works; perhaps
	negative       bool // it does not work
	weak           bool // the negative rests on a bare "not" with unknown words
	pastNegative   bool // it did not, before
	relapsed       bool // "tadi mati lagi": before now, but not before the fix
	thought        bool // "I thought it was broken": no fact
	subject        bool // names what the ticket is about
	day            bool // names a day or an hour
	recent         bool // it was so before now, but perhaps after the fix
	figures        int  // unknown words that are numbers
	supposed       bool // it does not work if …
	still, worse   bool
	yes, thanks    bool
	praise         bool
	later, ask     bool
	request, redo  bool
	close, keep    bool
	fresh, beside  bool // speaks of another matter; may lead to one
	now, past, iff bool
	briefly, done  bool
	cause, again   bool
	needless, try  bool
	tense          bool // only a verb says that it was before: "there were no errors"
	atOnce         bool // "langsung"
	tested         bool // "saya tes": what follows is its result
	denied         bool // an unknown fault is denied: "ga burem lagi"
	claimed        bool // somebody else says that it works
	bareNo         bool // by a "no": "no fuss"
	stopped        bool // the negative is that something stopped
	service        bool // speaks of waiting and answers, not of the thing
	long           bool // of days and weeks
	came           bool // what is good is that something came, or went out
	complaint      bool // of the service
	foreign        bool // it was not the writer who reported
	strange        int  // unknown words
	things         []string
	evidence       [2]int // first and last word of what decided
}

// judge reads one clause.
func (v *vocabulary) judge(c clause, text string, words []token) finding {
	var f finding
	for i, it := range c.items {
		switch it.section {
		case "past", "recent", "tense":
			if v.isPast(c.items, i, words) {
				f.tense = it.section == "tense" && (f.tense || !f.past)
				f.past, f.recent = true, it.section == "recent" && (f.recent || !f.past)
			}
		case "claimed":
			f.claimed = true
		case "at once":
			f.atOnce = true
		case "service":
			f.service = true
		case "days":
			f.long = true
		case "briefly":
			f.past, f.briefly = true, true
		case "done":
			f.done = true
		case "good", "solved":
			f.done = f.done || it.value == already
		case "neutral": // "saya tes"
			for _, w := range words[it.first : it.first+it.count] {
				f.tested = f.tested || w.id == v.ids["tes"] || w.id == v.ids["coba"] || w.id == v.ids["cek"]
			}
		case "cause":
			f.cause = true
		case "needless":
			f.needless = true
		case "still", "often":
			f.still = true
		case "again":
			f.again = true
		case "if":
			f.iff = true
		case "once": // "once I am back", but "it refreshed once"
			f.iff = f.iff || i == 0 || i+1 < len(c.items) && c.items[i+1].section == "filler" && !endsClause(it)
		case "thought":
			f.thought = true
		case "day":
			f.day = true
		case "perhaps":
			f.hedged = true
		case "now":
			f.now = true
		case "thing":
			f.things = append(f.things, it.value)
		}
	}
	if f.now {
		f.past = false
	}
	f.day = f.day && isDate(c.items)
	hedged := f.hedged
	f.hedged = false
	for i := 0; i < len(c.items); i++ {
		i = v.judgeItem(&f, c, i, hedged, text, words)
	}
	f.reconsider(c)
	return f
}

// reconsider reads the clause as a whole.
func (f *finding) reconsider(c clause) {
	if f.service && f.negative && !f.still && !hasSection(c, "not") && !hasNotYet(c) { // "soalnya nunggunya agak lama"
		f.negative, f.weak, f.worse = !f.cause, true, false
	}
	if f.foreign && f.negative { // "I never reported a problem"
		f.negative = false
	}
	if f.needless && f.again && !f.negative && !c.question { // "no longer have to restart it"
		f.hedged = true
	}
	if shut, keep := closes(c.items); shut && !c.question {
		f.close, f.keep = !keep, f.keep || keep
	}
}

// judgeItem reads the item i of a clause, and gives the last item that it has read.
func (v *vocabulary) judgeItem(f *finding, c clause, i int, hedged bool, text string, words []token) int {
	it := c.items[i]
	switch it.section {
	case "until":
		f.until(c.items[i+1:], it)
	case "without":
		return f.without(c.items, i, hedged)
	case "must": // "harus di-restart dulu"; a question only asks for the way
		if !c.question && !f.needless {
			f.worse = true
			f.sayNegative(it, false)
		}
	case "same": // "same loop as before"
		f.same(c.items, i)
	case "not", "not yet":
		return f.negation(c.items, i, hedged, text[words[it.first].start:words[it.first].end])
	case "later", "unsure":
		if !wasThen(c.items, i) {
			f.later = true
		}
	case "still":
		return f.stillSo(c.items, i)
	case "good", "solved":
		f.sayGood(it, hedged)
	case "able": // "we can edit the file again"
		if next := i + 1; next < len(c.items) && (c.items[next].section == "" || c.items[next].section == "does") && (f.now || f.again) {
			f.sayGood(it, hedged)
		}
	case "fair":
		f.sayGood(it, hedged || !isPlain(c.items))
	case "comes":
		f.came = true
		f.sayGood(it, hedged || hasUnknown(c.items[i+1:]) && !followsDone(c.items, i, false))
	case figure:
		if it.value == share && succeeds(c.items[i+1:]) { // "80% sudah masuk"
			f.worse = true
			f.sayNegative(it, false)
		}
		f.mention(it)
	case "gone", "stops", "broken", "bad", "partly", "relapse", "not seen":
		return f.fault(c, i, hedged)
	case "appears":
		if followsDone(c.items, i, false) {
			f.sayGood(it, hedged || speaksOn(c.items[i+1:]))
		} else {
			f.strange++
		}
	case "request": // "sudah diinstal": done already; "setelah RAM ditambah"
		f.wish(c.items, i, lower(text[words[it.first].start:words[it.first].end]))
	case "yes":
		f.agree(c.items, i, lower(text[words[it.first].start:words[it.first].end]), hedged)
	default:
		f.mention(it)
	}
	return i
}

// mention notes what does not speak of the fix itself.
func (f *finding) mention(it item) {
	switch it.section {
	case "thanks":
		f.thanks = true
	case "praise":
		f.praise = true
	case "later", "unsure":
		f.later = true
	case "foreign":
		f.foreign = true
	case "complaint":
		f.complaint = true
	case "ask":
		f.ask = true
	case "try":
		f.try = true
	case "request":
		f.request = f.request || !f.needless
	case "redo":
		if f.needless {
			return
		}
		f.redo = true
		f.sayNegative(it, false)
	case "close":
		f.close = true
	case "keep open":
		f.keep = true
	case "new":
		f.fresh = true
	case "beside":
		f.beside = true
	case figure:
		f.strange, f.figures = f.strange+1, f.figures+1
	case "", "progress", "does", "fails", "wanted", "message":
		f.strange++
	}
}

func (f *finding) sayGood(it item, hedged bool) {
	switch {
	case f.iff, f.thought, f.claimed:
	case f.day:
		f.later = true
	case f.briefly: // "sempat bisa": no more
		f.sayBriefly(it)
	case f.past && !f.done && f.recent && !f.try && !f.tested && !f.atOnce:
		f.hedged = true
	case f.past && !f.done && f.recent: // "tadi saya coba, langsung bisa"
		f.good = true
		f.evidence = [2]int{it.first, it.first + it.count - 1}
	case f.past && !f.done:
	case hedged:
		f.hedged = true
	default:
		f.good = true
		f.evidence = [2]int{it.first, it.first + it.count - 1}
	}
}

func (f *finding) sayBriefly(it item) {
	if !f.negative {
		f.negative, f.weak = true, true
		f.evidence = [2]int{it.first, it.first + it.count - 1}
	}
}

func (f *finding) sayNegative(it item, weak bool) {
	switch {
	case f.iff && !f.still, f.thought:
		f.supposed = f.supposed || f.iff
	case f.past:
		f.pastNegative = true
		if f.again {
			f.relapsed = true
			f.evidence = [2]int{it.first, it.first + it.count - 1}
		}
	case f.negative && (weak || !f.weak):
	default:
		f.negative, f.weak = true, weak || f.iff
		f.evidence = [2]int{it.first, it.first + it.count - 1}
	}
}
