package parser

import (
	"strings"

	"helpost/internal/sop"
)

// answer is what all clauses of an answer say together.
type answer struct {
	text  string
	words []token

	good, hedged, yes, thanks, praise, close bool
	negative, weak                           bool // before any other matter is spoken of
	was                                      bool // it did not work before
	relapsed                                 bool // nor after the fix, for a while
	supposed                                 bool // nor if …
	tries                                    bool // speaks of trying
	denied                                   bool // denies what may be a fault
	long                                     bool // speaks of long waiting
	perhapsLater                             bool // will do something if it fails
	complaint                                bool // about the service
	claimed                                  bool // tells what others say
	foreign                                  bool // it was not the writer who reported
	maybe                                    bool // speaks of what may be
	aside                                    bool // says something that no list understands, behind "it works"
	later, ask, request, keep                bool
	other                                    bool // another matter
	strange                                  int
	already                                  bool // says "already" and no more
	named                                    bool // names a thing: "ya, itu laptop saya" answers something else
	empty                                    bool
	evidence                                 string
}

// answerOf judges a text clause by clause. About are the things that the ticket is about.
func (v *vocabulary) answerOf(text string, words []token, about topic) answer {
	a := answer{text: text, words: words, empty: len(words) == 0}
	list := clauses(v.items(text, words))
	found := make([]finding, len(list))
	for i, c := range list {
		found[i] = v.judge(c, text, words)
		for _, it := range c.items {
			found[i].subject = found[i].subject || about.words[lower(text[words[it.first].start:words[it.first].end])]
		}
	}
	carryTime(list, found)
	for i := range list {
		a.take(list[i], found, i, about.things)
	}
	return a
}

// take adds one clause to the answer.
func (a *answer) take(c clause, found []finding, i int, about []string) {
	f := found[i]
	if f.negative && f.later && a.good && c.opens && !f.still && !c.but { // "ada kendala nanti saya kabari"
		f.negative, f.supposed, f.iff = false, true, true
	}
	a.strange += f.strange
	a.thanks = a.thanks || f.thanks
	a.praise = a.praise || f.praise
	a.later = a.later || f.later && !f.supposed && !(f.iff && !f.negative && a.good)
	a.perhapsLater = a.perhapsLater || f.later && f.supposed
	a.complaint = a.complaint || f.complaint
	a.keep = a.keep || f.keep
	a.close = a.close || f.close && !f.iff
	if f.fresh && !(f.iff && a.good) && !(f.worse && !a.good) { // "if it comes back I'll open a new ticket"
		a.other = true
		return
	}
	relapse := f.negative && f.again && len(f.things) == 0 // "eh sekarang error lagi"
	if f.beside && !relapse && a.wants(found[i:]) || a.isOther(c, f, found[:i], about) {
		a.other = true
		return
	}
	if c.question && !f.close {
		a.ask = true
		a.request = a.request || f.request
		if f.negative && !f.weak && (f.still || f.worse || hasAsk(c) || hasNotYet(c)) {
			a.setNegative(f)
		}
		return
	}
	a.ask = a.ask || f.ask && !f.negative && !f.good && !f.iff
	a.request = a.request || f.request && !f.close
	switch {
	case f.relapsed && a.good: // "sudah bisa kemarin, tadi pagi mati lagi"
		a.setNegative(f)
	case f.pastNegative && a.good && !f.cause && (c.but && !c.whereas || c.opens && (f.recent || f.briefly)): // "lancar, tapi tadi sempat mati"
		a.relapsed = true
	case f.negative:
		f.weak = f.weak && !c.but && !(a.good && !c.opens && c.items[len(c.items)-1].section == "not yet") // "cabang lain normal, kami belum"
		if !a.other {
			a.setNegative(f)
		}
	case c.except && f.good && !isSuccess(c.items[0]): // "everything except the printer is fine"
		a.setNegative(finding{worse: true, evidence: f.evidence})
	case a.good && c.only && len(c.items) == 0, a.good && f.briefly && isBare(c.items): // "opens the front door only", "it worked. For an hour."
		a.setNegative(finding{worse: true, evidence: found[max(i-1, 0)].evidence})
	case (f.good || f.hedged) && c.only && !hasSection(c, "duration"):
		a.setNegative(finding{weak: true, evidence: f.evidence})
	case f.good:
		a.good = true
		a.relapsed = a.relapsed && !f.now && !hasSection(c, "than") // "putus lagi, sejak diganti stabil"
		a.note(f)
	case f.denied && (c.but || f.bareNo && (c.opens || !a.good)): // "no fuss" says a fault only beside something good
		a.setNegative(finding{weak: !c.but, evidence: f.evidence})
	case f.denied, c.whereas && f.past: // "padahal dulu bisa ditinggal bikin kopi"
	case (c.but && !c.whereas || c.only && !c.opens && (a.good || a.hedged || a.yes || a.thanks || a.praise)) && !f.thanks && !f.close && !f.later && !f.praise && !f.cause && !f.pastNegative && !f.beside && !a.other && !(c.only && hasSection(c, "duration")):
		if len(c.items) > 0 { // "thanks, but …": whatever it is, it is an objection
			a.setNegative(finding{weak: f.hedged || c.only, evidence: [2]int{c.items[0].first, c.items[len(c.items)-1].first}})
		}
	}
	a.remember(c, f)
}

// remember keeps what a clause says beside "it works" and "it does not".
func (a *answer) remember(c clause, f finding) {
	a.was = a.was || f.pastNegative
	a.relapsed = a.relapsed || f.relapsed
	a.denied = a.denied || f.denied
	a.long = a.long || f.long || f.service && f.strange > 0 && !f.thanks
	a.foreign = a.foreign || f.foreign
	a.claimed = a.claimed || f.claimed
	a.supposed = a.supposed || f.supposed && !f.later
	a.tries = a.tries || f.try
	a.maybe = a.maybe || f.iff
	understood := f.good || f.thanks || f.praise || f.yes || f.close || f.cause || f.past || f.needless || f.denied || hasSection(c, "rating")
	a.aside = a.aside || a.good && !understood && !f.iff && (c.opens && f.strange-f.figures >= 3 || f.strange > 0 && (f.again || f.now || f.beside)) // "barusan logout lagi"
	a.hedged = a.hedged || f.hedged
	a.named = a.named || len(f.things) > 0
	already := f.done && f.strange == 0 && !f.iff && !f.hedged // "sudah, pak"
	a.already = a.already || already
	a.yes = a.yes || f.yes || already
}

// isSuccess says whether an item says by itself that it works: "selain cepat, juga stabil" excepts nothing.
func isSuccess(it item) bool {
	return it.section == "good" || it.section == "fair" || it.section == "solved"
}

// isBare says whether a clause holds a time and nothing more.
func isBare(items []item) bool {
	for _, it := range items {
		if it.section != "briefly" && it.section != "filler" {
			return false
		}
	}
	return true
}

func hasAsk(c clause) bool {
	return hasSection(c, "ask") || len(c.items) > 0 && c.items[0].section == "why"
}

func hasNotYet(c clause) bool { return hasSection(c, "not yet") }

func hasSection(c clause, section string) bool {
	for _, it := range c.items {
		if it.section == section {
			return true
		}
	}
	return false
}

func (a *answer) setNegative(f finding) {
	a.weak = f.weak && (a.weak || !a.negative)
	a.negative = true
	a.note(f)
}

func (a *answer) note(f finding) {
	if f.evidence[1] < len(a.words) {
		a.evidence = a.text[a.words[f.evidence[0]].start:a.words[f.evidence[1]].end]
	}
}

// wants says whether a wish or a fault follows "by the way".
func (a *answer) wants(rest []finding) bool {
	if a.negative {
		return false
	}
	for _, f := range rest {
		if f.request || f.negative || f.redo {
			return a.good || a.thanks || a.yes || a.praise || rest[0].good
		}
	}
	return false
}

// isOther says whether a clause that speaks of a fault speaks of another one: the fix was confirmed before it, and it is
// about other things than the ticket and all that was said to work.
func (a *answer) isOther(c clause, f finding, before []finding, about []string) bool {
	switch {
	case !a.good || a.negative, !f.negative || len(f.things) == 0:
		return false
	case f.still, f.weak && !f.now, hasSection(c, "not yet"): // the old fault goes on
		return false
	case c.but && !c.tail && (f.worse || !f.now), !c.but && !c.opens: // it belongs to what was said before
		return false
	}
	known, named := about, len(about) > 0
	for _, b := range before {
		if b.good {
			known = append(known[:len(known):len(known)], b.things...)
			named = named || len(b.things) > 0 || b.subject
		}
	}
	if !named || f.subject {
		return false
	}
	for _, t := range f.things {
		for _, k := range known {
			if t == k {
				return false
			}
		}
	}
	return true
}

// verdict weighs what was said.
func (a *answer) verdict(rating *int) (sop.Verdict, string) {
	sure := a.good || a.close
	agrees := a.yes || a.thanks || a.praise
	switch {
	case a.empty:
		return sop.Unclear, ""
	case a.foreign && !a.negative && !sure && !a.ask:
		return sop.Other, a.said()
	case a.other && !a.negative && (sure || agrees || a.hedged):
		return sop.Other, a.said()
	case a.other && !a.negative:
		return sop.Unclear, a.said()
	case a.negative && a.weak && (a.later || sure):
		return sop.Unclear, a.said()
	case a.negative:
		return sop.Dispute, a.said()
	case a.relapsed && !sure:
		return sop.Dispute, a.said()
	case a.supposed && !sure && !a.later && !a.ask && !agrees:
		return sop.Dispute, a.said()
	case a.keep, a.relapsed:
		return sop.Unclear, a.said()
	case a.request && sure && !a.close:
		return sop.Other, a.said()
	case a.later, a.perhapsLater && !sure, a.complaint:
		return sop.Unclear, a.said()
	case a.ask:
		return sop.Unclear, a.said()
	case a.request && !a.close:
		return sop.Unclear, a.said()
	case (a.was || a.tries || a.maybe || a.claimed) && !sure:
		return sop.Unclear, a.said()
	case sure && a.aside && !a.close:
		return sop.Unclear, a.said()
	case sure, a.hedged && agrees:
		return sop.Confirm, a.said()
	case a.denied, a.praise && a.long:
		return sop.Unclear, a.said()
	case a.thanks && a.strange <= strangeWords, a.praise && a.strange <= strangeWords/2, agrees && a.strange == 0 && !a.named, a.already && a.strange <= strangeWords/2:
		return sop.Confirm, a.said()
	case rating != nil && *rating >= 4 && a.strange <= strangeWords:
		return sop.Confirm, a.said()
	}
	return sop.Unclear, a.said()
}

// said gives the words that decided, or the beginning of the answer.
func (a *answer) said() string {
	if a.evidence != "" {
		return a.evidence
	}
	line, _, _ := strings.Cut(strings.TrimSpace(a.text), "\n")
	if len(line) > 120 {
		line = strings.ToValidUTF8(line[:120], "")
	}
	return line
}

// rating finds a mark from 1 to 5.
func (v *vocabulary) rating(text string, words []token) *int {
	if n := stars(text); n > 0 {
		return &n
	}
	for i := range words {
		n, ok := v.figure(text, words, i)
		if !ok {
			continue
		}
		if bounded, of := v.outOf(text, words, i); of {
			if bounded {
				return &n
			}
			continue
		}
		if len(words) == 1 && strings.Trim(text, " \n.!*") == text[words[i].start:words[i].end] {
			return &n
		}
		for j := i - 1; j >= 0 && words[j+1].breaks&breakStop == 0; j-- {
			said := v.isRating(words[j:])
			if said > 0 && i-j-said < 3 && !v.isLonger(words, j) && !v.isRange(text, words[i]) {
				return &n
			}
			if i-j > 5 {
				break
			}
		}
		if i+1 < len(words) && v.isRating(words[i+1:]) > 0 && words[i+1].breaks == 0 && !v.isRange(text, words[i]) {
			return &n
		}
	}
	return nil
}

// isRating says how many words from the first on say that a mark comes next.
func (v *vocabulary) isRating(words []token) int {
	n, marks := v.verdict.longest(words)
	for _, m := range marks {
		if m.section == "rating" {
			return n
		}
	}
	return 0
}

// isLonger says whether a word belongs to a phrase with the one before it: the "kasih" of "terima kasih" gives no mark.
func (v *vocabulary) isLonger(words []token, i int) bool {
	if i == 0 {
		return false
	}
	n, _ := v.verdict.longest(words[i-1:])
	return n > 1 && v.isRating(words[i-1:]) == 0
}

// figure reads 1 to 5, in a digit or a word.
func (v *vocabulary) figure(text string, words []token, i int) (int, bool) {
	s := text[words[i].start:words[i].end]
	if len(s) == 1 && s[0] >= '1' && s[0] <= '5' {
		return int(s[0] - '0'), !decimal(text, words[i])
	}
	_, marks := v.verdict.longest(words[i : i+1])
	for _, m := range marks {
		if m.section == "number" {
			return int(m.value[0] - '0'), true
		}
	}
	return 0, false
}

// decimal says whether a digit is a part of a larger number.
func decimal(text string, w token) bool {
	next := func(i int) bool { return i >= 0 && i < len(text) && text[i] >= '0' && text[i] <= '9' }
	before := w.start >= 2 && strings.IndexByte(".,:", text[w.start-1]) >= 0 && next(w.start-2)
	after := w.end+1 < len(text) && strings.IndexByte(".,:", text[w.end]) >= 0 && next(w.end+1)
	return before || after
}

// isRange says whether a figure is one end of "1-5".
func (v *vocabulary) isRange(text string, w token) bool {
	rest := strings.TrimLeft(text[w.end:min(len(text), w.end+12)], " ")
	word, _, _ := strings.Cut(rest, " ")
	if (strings.HasPrefix(rest, "-") || strings.HasPrefix(rest, "–") || v.links["range"][lower(word)]) && strings.ContainsAny(rest, "12345") {
		return true
	}
	before := strings.TrimRight(text[max(0, w.start-4):w.start], " ")
	return strings.HasSuffix(before, "-") && strings.ContainsAny(before, "12345")
}

// outOf reads "4/5" and "4 dari 5": of says that there is such a bound, bounded that it is 5.
func (v *vocabulary) outOf(text string, words []token, i int) (bounded, of bool) {
	rest := text[words[i].end:min(len(text), words[i].end+20)]
	trimmed := strings.TrimLeft(rest, " ")
	at := strings.IndexAny(trimmed, "0123456789")
	if at < 0 || !v.links["out of"][lower(strings.TrimSpace(trimmed[:at]))] && strings.TrimSpace(trimmed[:at]) != "/" {
		return false, false
	}
	tail := trimmed[at:]
	end := 0
	for end < len(tail) && tail[end] >= '0' && tail[end] <= '9' {
		end++
	}
	if end < len(tail) && tail[end] == '/' { // a date
		return false, true
	}
	return tail[:end] == "5", true
}

// stars counts a row of one to five stars that are no half.
func stars(text string) int {
	n := strings.Count(text, "★") + strings.Count(text, "⭐") + strings.Count(text, "🌟")
	if n > 5 {
		return 0
	}
	return n
}
