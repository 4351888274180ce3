package parser

import (
	"strings"
	"unicode/utf8"
)

// pictured is the value of a praise that is no word: no "not" is about it.
const pictured = "picture"

// figure is the section of a number that no list has.
const figure = "figure"

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
var verdictOrder = []string{"neutral", "foreign", "not seen", "unsure", "needless", "keep open", "close", "redo", "new", "later", "relapse", "bad", "partly", "beside", "gone", "solved", "good", "fair", "broken", "not yet", "not", "unable", "no more",
	"still", "briefly", "perhaps", "thought", "if", "past", "cause", "though", "whereas", "except", "but", "only", "ask", "request", "yes", "thanks", "praise", "now", "comes", "try", "again", "rating", "number", "thing", "day", "done", "why", "often", "place", "appears", "progress", "then", "and", "than", "mended", "shut", "allow", "ticket", "service", "days", "tense", "at once", "complaint", "does", "claimed", "able", "fails", "stops", "wanted", "message", "after", "name", "filler"}

// What a "not" is besides: of what cannot be done, or of what is no more.
const (
	unable = "unable"
	noMore = "no more"
)

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
		if it.section == "broken" && hasMark(marks, "appears") {
			it.value = either
		}
		if it.section == "" && isFigure(text, words[i]) {
			it.section = figure
		}
		if (it.section == figure || it.section == "number") && v.isPart(text, words, i) {
			it.section = "partly"
		}
		if it.section == figure && isShare(text, words[i]) {
			it.value = share
		}
		if (it.section == figure || it.section == "number") && i > 0 && words[i-1].id == v.ids["baru"] && (it.value == share || i+1 < len(words) && words[i+1].id == v.ids["yang"]) {
			it.section = "partly" // "baru 30%", "baru satu yang jalan"
		}
		if r, _ := utf8.DecodeRuneInString(text[words[i].start:]); (it.section == "praise" || it.section == "yes") && isPicture(r) {
			it.value = pictured
		}
		if it.section == unable || it.section == noMore {
			it.section, it.value = "not", it.section
		}
		it.value = v.wordForm(it, text, words)
		switch {
		case it.section == "fails" && i > 0 && it.breaks == 0 && strings.HasSuffix(text[:words[i-1].end], "s"):
			it.section = "broken"
		case it.section == "" && i > 0 && it.breaks&(breakStop|breakLine) == 0 && isName(text[words[i].start:words[i].end]):
			it.section = "name"
		}
		i += it.count
		it.after = words[i-1].after
		items = append(items, it)
	}
	return items
}

// isFirstWord says whether nothing but fillers stands before an item.
func isFirstWord(items []item, i int) bool {
	for _, it := range items[:i] {
		if it.section != "filler" {
			return false
		}
	}
	return true
}

// succeeds says whether something is said to work among the items.
func succeeds(items []item) bool {
	for _, it := range items {
		switch it.section {
		case "good", "fair", "solved", "appears", "comes", "does":
			return true
		}
	}
	return false
}

// clause is a run of items that is judged for itself.
type clause struct {
	items    []item
	but      bool // it begins with "but"
	whereas  bool // it begins with "whereas", likewise a "but"
	except   bool // it begins with "except", likewise a "but"
	only     bool // it begins with "only"
	then     bool // it begins with "then"
	tail     bool // its "but" stands at its end: "it hums though"
	opens    bool // it begins a sentence
	question bool
}

// clauses cuts an answer at its stops, commas and buts. A sentence with a question mark asks in its last clause, or in
// all where it begins with a question word.
func clauses(items []item) []clause {
	var out []clause
	sentence, start, but, whereas, except, only, then := 0, 0, false, false, false, false, false
	flush := func(end int) {
		if end > start || but || only {
			out = append(out, clause{items: items[start:end], but: but, whereas: whereas, except: except, only: only, then: then, opens: len(out) == sentence})
		}
		start, but, whereas, except, only, then = end, false, false, false, false, false
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
		switch {
		case it.section == "though" && i > start && (i+1 == len(items) || it.after != 0): // "new thing though: …"
			but = true
			flush(i)
			out[len(out)-1].tail = true
			start = i + 1
		case it.section == "though":
			flush(i)
			start, but = i+1, true
		case it.section == "but" || it.section == "whereas" || it.section == "except" || it.section == "only" && !but:
			flush(i)
			start, but, only = i+1, it.section != "only", it.section == "only"
			whereas, except = it.section == "whereas", it.section == "except"
		case it.section == "then":
			if i > start {
				flush(i)
			}
			start, then = i+1, true
		}
	}
	flush(len(items))
	endSentence(len(items) > 0 && items[len(items)-1].after&breakQuestion != 0)
	return out
}

// hasUnknown says whether a word stands among the items that no list has.
func hasUnknown(items []item) bool {
	for _, it := range items {
		if it.section == "" || it.section == figure {
			return true
		}
	}
	return false
}

// speaksOn says whether more than a word or two follow that no list has: what has appeared may be no good.
func speaksOn(items []item) bool {
	unknown := 0
	for _, it := range items {
		if it.section == "" || it.section == figure || it.section == "message" {
			unknown++
		}
	}
	return unknown > 2
}

// endsClause says whether a comma or a stop stands behind an item.
func endsClause(it item) bool { return it.after != 0 }

// isDate says whether a clause with a day or an hour is about when something suits, and not about how it is since then:
// "Tuesday at two works for me".
func isDate(items []item) bool {
	day := false
	for _, it := range items {
		switch it.section {
		case "day":
			day = true
		case "done", "now", "again", "than", "past", "recent", "briefly", "not", "not yet", "still", "thing", "broken":
			return false
		case "good", "fair", "solved":
			return day
		}
	}
	return false
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
		case "", figure:
			unknown++
		}
	}
	return unknown <= 2
}

// topic is what a ticket is about: things, and other words of its subject that no list has.
type topic struct {
	things []string
	words  map[string]bool
}

// topic reads the subject of a ticket.
func (v *vocabulary) topic(subject string) topic {
	t := topic{words: map[string]bool{}}
	words := v.tokens(subject)
	for _, it := range v.items(subject, words) {
		switch it.section {
		case "thing":
			t.things = append(t.things, it.value)
		case "":
			w := words[it.first]
			if said := lower(subject[w.start:w.end]); len(said) > 2 {
				t.words[said] = true
			}
		}
	}
	return t
}
