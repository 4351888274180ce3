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
	a := v.answerOf(text, words, v.things(m.Subject))
	out.Verdict, out.Evidence = a.verdict(out.Rating)
	if plain := plainWords(text); out.Verdict == sop.Confirm && (p.auto.holds("machine words", plain) || p.auto.holds("taken", plain)) {
		out.Verdict = sop.Unclear // a machine that names itself by no header thanks for a mail, not for a fix
	}
	return out
}

// item is a phrase of an answer, or a word that no list has.
type item struct {
	section string
	value   string
	first   int // word
	count   int
	breaks  uint8
	after   uint8
}

// The order in which the meanings of one phrase are tried.
var verdictOrder = []string{"neutral", "unsure", "needless", "keep open", "close", "redo", "new", "later", "bad", "partly", "beside", "gone", "solved", "good", "fair", "broken", "not yet", "not",
	"still", "briefly", "perhaps", "if", "past", "cause", "but", "only", "ask", "request", "yes", "thanks", "praise", "now", "try", "again", "rating", "number", "thing", "done", "why", "often", "place", "and", "than", "filler"}

var verdictRank = func() map[string]int {
	rank := map[string]int{}
	for i, s := range verdictOrder {
		rank[s] = i
	}
	return rank
}()

func (v *vocabulary) items(text string, words []token) []item {
	items := make([]item, 0, len(words))
	for i := 0; i < len(words); {
		n, marks := v.verdict.longest(words[i:])
		it := item{first: i, count: max(n, 1), breaks: words[i].breaks}
		for k, m := range marks {
			if k == 0 || verdictRank[m.section] < verdictRank[it.section] {
				it.section, it.value = m.section, m.value
			}
		}
		if it.section == "" && isShare(text, words[i]) {
			it.section = "partly"
		}
		i += it.count
		it.after = words[i-1].after
		items = append(items, it)
	}
	return items
}

// isShare knows "30%": less than all.
func isShare(text string, w token) bool {
	s := text[w.start:w.end]
	return strings.HasPrefix(text[w.end:], "%") && s != "100" && strings.Trim(s, "0123456789") == ""
}

// clause is a run of items that is judged for itself.
type clause struct {
	items    []item
	but      bool // it begins with "but"
	only     bool // it begins with "only"
	opens    bool // it begins a sentence
	question bool
}

// clauses cuts an answer at its stops, commas and buts. A sentence with a question mark asks in its last clause, or in
// all where it begins with a question word.
func clauses(items []item) []clause {
	var out []clause
	sentence, start, but, only := 0, 0, false, false
	flush := func(end int) {
		if end > start || but || only {
			out = append(out, clause{items: items[start:end], but: but, only: only, opens: len(out) == sentence})
		}
		start, but, only = end, false, false
	}
	endSentence := func(question bool) {
		for k := sentence; k < len(out); k++ {
			asks := len(out[sentence].items) > 0 && out[sentence].items[0].section == "ask"
			out[k].question = question && (asks || k == len(out)-1)
		}
		sentence = len(out)
	}
	for i, it := range items {
		if i > 0 && it.breaks&(breakStop|breakLine) != 0 {
			flush(i)
			endSentence(it.breaks&breakQuestion != 0)
		} else if i > 0 && it.breaks&breakComma != 0 {
			flush(i)
		}
		if it.section == "but" || it.section == "only" && !but {
			flush(i)
			start, but, only = i+1, it.section == "but", it.section == "only"
		}
	}
	flush(len(items))
	endSentence(len(items) > 0 && items[len(items)-1].after&breakQuestion != 0)
	return out
}

// finding is what a clause says.
type finding struct {
	good, hedged   bool // it works; perhaps
	negative       bool // it does not work
	weak           bool // the negative rests on a bare "not" with unknown words
	pastNegative   bool // it did not, before
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
	strange        int // unknown words
	things         []string
	evidence       [2]int // first and last word of what decided
}

// judge reads one clause.
func (v *vocabulary) judge(c clause, text string, words []token) finding {
	var f finding
	for i, it := range c.items {
		switch it.section {
		case "past":
			f.past = f.past || i == 0 || c.items[i-1].section != "than" // "kayak kemarin"
		case "briefly":
			f.past, f.briefly = true, true
		case "done":
			f.done = true
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
	hedged := f.hedged
	f.hedged = false
	for i := 0; i < len(c.items); i++ {
		i = v.judgeItem(&f, c, i, hedged, text, words)
	}
	return f
}

// judgeItem reads the item i of a clause, and gives the last item that it has read.
func (v *vocabulary) judgeItem(f *finding, c clause, i int, hedged bool, text string, words []token) int {
	it := c.items[i]
	switch it.section {
	case "not", "not yet":
		return f.negation(c.items, i, hedged, text[words[it.first].start:words[it.first].end])
	case "still":
		j, about := lookAhead(c.items, i)
		switch about {
		case "good":
			f.sayGood(c.items[j], true)
			return j
		case "try", "later":
			f.later = true
			return j
		}
		f.still = true
		if about == "" {
			f.sayNegative(it, false)
		}
	case "good", "solved":
		f.sayGood(it, hedged)
	case "fair":
		f.sayGood(it, hedged || !isPlain(c.items))
	case "gone": // of nothing that was named: "my file is gone"
		if j := repaired(c.items, i); j > 0 {
			f.sayGood(c.items[j], hedged)
			return j
		}
		if j := i + 1; j < len(c.items) && c.items[j].section == "broken" { // "tidak muncul lagi errornya"
			f.sayGood(c.items[j], hedged)
			return j
		}
		f.sayNegative(it, true)
	case "broken":
		if j := repaired(c.items, i); j > 0 {
			f.sayGood(c.items[j], hedged)
			return j
		}
		if f.cause && !f.still && !f.again {
			f.pastNegative = true // "ternyata kabelnya lepas"
			return i
		}
		f.sayNegative(it, false)
	case "bad", "partly":
		f.worse = true
		f.sayNegative(it, false)
	case "yes":
		switch said := lower(text[words[it.first].start:words[it.first].end]); {
		case f.done && strings.HasPrefix(said, "ok"):
			f.sayGood(it, hedged)
		case leads(c.items, i):
			f.yes = true
		case strings.HasPrefix(said, "ok") || strings.HasPrefix(said, "sip"): // "hasilnya oke"
			f.sayGood(it, hedged)
		}
	default:
		f.mention(it)
	}
	return i
}

// leads says whether nothing but fillers stands before an item: a "ya" behind other words is no yes.
func leads(items []item, i int) bool {
	for _, it := range items[:i] {
		switch it.section {
		case "filler", "yes", "thanks", "praise", "done", "good", "solved", "fair":
		default:
			return false
		}
	}
	return true
}

// isPlain says whether a clause speaks of success plainly: it is so now or again, or there are few other words.
func isPlain(items []item) bool {
	unknown := 0
	for _, it := range items {
		switch it.section {
		case "done", "now", "again", "yes":
			return true
		case "":
			unknown++
		}
	}
	return unknown <= 2
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
	case "":
		f.strange++
	}
}

func (f *finding) sayGood(it item, hedged bool) {
	switch {
	case f.iff:
	case f.briefly: // "sempat bisa": no more
		f.sayBriefly(it)
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
	case f.iff && !f.still:
	case f.past:
		f.pastNegative = true
	case f.negative && (weak || !f.weak):
	default:
		f.negative, f.weak = true, weak || f.iff
		f.evidence = [2]int{it.first, it.first + it.count - 1}
	}
}

// things lists what a text is about.
func (v *vocabulary) things(text string) []string {
	var out []string
	words := v.tokens(text)
	for i := range words {
		if _, marks := v.verdict.longest(words[i:]); marks != nil {
			for _, m := range marks {
				if m.section == "thing" {
					out = append(out, m.value)
				}
			}
		}
	}
	return out
}
