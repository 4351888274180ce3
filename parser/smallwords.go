package parser

import "strings"

// without reads a "tanpa", which says a fault only where a fault, or no fault, follows.
func (f *finding) without(items []item, i int, hedged bool) int {
	j, about := lookAhead(items, i)
	if about == "good" && items[j].section != "good" { // "without being sent back"
		about = ""
	}
	f.needless = true // "tanpa harus diulang"
	if about == "" || about == "stop" {
		if next := i + 1; f.good && (f.came || next < len(items) && (items[next].section == "thing" || items[next].section == "wanted")) { // "the mails came in without attachments"
			f.good, f.hedged = false, true
		}
		return i // "without VPN": no fault by itself
	}
	return f.negation(items, i, hedged, "")
}

// same reads a "same", which says a fault at the beginning and before a word of the past.
func (f *finding) same(items []item, i int) {
	it := items[i]
	if isFirstWord(items, i) { // "new toner, same grey prints"
		f.worse = true
		f.sayNegative(it, false)
	}
	for _, next := range items[i+1:] {
		if next.section == "past" || next.section == "recent" || next.section == "tense" {
			f.past, f.worse = false, true
			f.sayNegative(it, false)
			return
		}
	}
}

// stillSo reads a "still".
func (f *finding) stillSo(items []item, i int) int {
	j, about := lookAhead(items, i)
	if about == "good" && (items[j].section == "appears" || items[j].section == "does") { // "masih muncul pesan itu"
		about = ""
	}
	switch about {
	case "good":
		f.sayGood(items[j], true)
		return j
	case "try", "later":
		f.later = true
		return j
	}
	f.still = true
	if about == "" {
		f.sayNegative(items[i], false)
	}
	return i
}

// wish reads what is asked for, where it was not done already.
func (f *finding) wish(items []item, i int, said string) {
	if strings.HasPrefix(said, "di") || strings.HasPrefix(said, "inst") {
		if followsDone(items, i, false) {
			f.sayGood(items[i], true)
			return
		}
		if hasSection(clause{items: items[:i]}, "after") {
			return
		}
	}
	if f.thanks && f.done { // "terima kasih sudah datang ke sini"
		return
	}
	f.mention(items[i])
}

// agree reads a yes, which behind other words may say how something is.
func (f *finding) agree(items []item, i int, said string, hedged bool) {
	switch {
	case f.done && strings.HasPrefix(said, "ok"):
		f.sayGood(items[i], hedged)
	case leads(items, i):
		f.yes = true
	case strings.HasPrefix(said, "ok") || strings.HasPrefix(said, "sip"): // "hasilnya oke"
		f.sayGood(items[i], hedged)
	}
}
