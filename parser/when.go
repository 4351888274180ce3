package parser

// until reads "sampai": what stands behind it is no fact, but for a time; what worked until a time before does no more.
func (f *finding) until(rest []item, it item) {
	if len(rest) > 0 {
		switch rest[0].section {
		case "now", "day":
			return
		}
	}
	for _, next := range rest {
		switch next.section {
		case "past", "tense", "recent", "broken", "bad", "relapse", "partly", "gone", "not", "not yet":
			if f.good || f.hedged {
				f.good, f.hedged = false, false
				f.sayBriefly(it)
				return
			}
		}
	}
	f.iff = true
}

// isPast says whether a word of time says that it was before: not in "kayak kemarin", nor in "restart dulu".
func (v *vocabulary) isPast(items []item, i int, words []token) bool {
	if i == 0 || i+1 < len(items) && items[i+1].section == "broken" { // "yang kemarin rusak"
		return true
	}
	if items[i].section == "recent" && succeeds(items[:i]) { // "normal jam 10 tadi"
		return false
	}
	return items[i-1].section != "than" && !v.isFirst(items, i, words)
}

// wasThen says whether a "later" was: "I was on leave", "ternyata harus tunggu sebentar".
func wasThen(items []item, i int) bool {
	for k := i - 1; k >= 0; k-- {
		switch items[k].section {
		case "than": // "from outside the office"
			if k == i-1 && items[i].section == "later" {
				return true
			}
		case "tense", "past", "recent", "briefly":
			if k >= i-2 {
				return true
			}
		case "cause", "done":
			if items[i].section == "later" && (items[k].section == "cause" || k == i-1) {
				return true
			}
		}
	}
	return false
}

// isFirst says whether a "dulu" says that something is to be done first ("harus restart dulu"), not that it was before.
func (v *vocabulary) isFirst(items []item, i int, words []token) bool {
	if items[i].count > 1 || words[items[i].first].id != v.ids["dulu"] {
		return false
	}
	s := items[i-1].section
	return s != "filler" && s != "past" && s != "recent"
}

// carryTime lets "kemarin, …" hold for the clause behind its comma, "it was slow and then …" behind its "then", and takes
// "it used to crash, that has stopped" together.
func carryTime(list []clause, found []finding) {
	for i := range found[:max(len(found)-1, 0)] {
		f, next := &found[i], &found[i+1]
		only := f.past
		for _, it := range list[i].items {
			only = only && (it.section == "past" || it.section == "tense" || it.section == "recent" || it.section == "filler")
		}
		if only && !list[i+1].but && !next.now && next.negative && !next.still {
			next.negative, next.pastNegative = false, true
		}
		if f.iff && !list[i+1].opens && !list[i+1].but && next.good && !next.done && !next.now { // "if it stays like this, fine"
			next.good, next.hedged = false, true
		}
		if f.pastNegative && list[i+1].then && next.negative && !next.still && !next.now {
			next.negative, next.pastNegative = false, true
		}
		if f.cause && !list[i+1].opens && !list[i+1].but && next.negative && next.weak && !next.still { // "ternyata kabelnya, bukan printernya"
			next.negative, next.pastNegative = false, true
		}
		if f.pastNegative && next.stopped && next.negative {
			next.negative, next.good = false, true
		}
	}
}
