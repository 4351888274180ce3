package parser

// lookAhead finds what a "not" or a "still" is about.
func lookAhead(items []item, i int) (int, string) {
	unknown, shown := 0, 0
	for j := i + 1; j < len(items) && unknown < negationSpan; j++ {
		if isManner(items, j) {
			continue
		}
		switch s := items[j].section; s {
		case "appears": // "belum muncul": good, "belum muncul error": no fault
			shown = j
			continue
		case "solved", "fair", "comes", "does", "wanted":
			return j, "good"
		case "broken", "relapse":
			return j, s
		case "fails", "stops":
			return j, "broken"
		}
		if shown > 0 || items[j].value == pictured {
			continue
		}
		switch s := items[j].section; s {
		case "good", "bad", "yes", "praise", "try", "later", "gone", "partly", "progress", "mended":
			return j, s
		case "still", "but", "not", "not yet", "thanks", "if", "unsure", "close", "redo", "request":
			return j, "stop"
		case "", figure:
			unknown++
		}
	}
	if shown > 0 {
		return shown, "good"
	}
	return len(items), ""
}

// isManner says whether a good word only says how a fault comes: "ga cepat panas", "tidak mudah putus".
func isManner(items []item, j int) bool {
	switch items[j].section {
	case "good", "fair", "praise", "wanted":
		return j+1 < len(items) && items[j+1].section == "broken" && items[j].after == 0
	}
	return false
}

// negation reads a "not": what it is about, or that it stands alone.
func (f *finding) negation(items []item, i int, hedged bool, written string) int {
	it := items[i]
	j, about := lookAhead(items, i)
	bareNo := lower(written) == "no" && it.count == 1
	switch about {
	case "good", "yes", "praise", "progress":
		if next := j + 1; items[j].section == "fair" && next < len(items) && items[next].section == "try" { // "belum bisa saya coba"
			f.later = true
			return next
		}
		f.sayNegative(items[j], false)
		return j
	case "stop":
		if items[j].section == "unsure" && noLonger(items[j:]) { // "tidak bingung lagi"
			f.sayGood(items[j], true)
			return j
		}
		if items[j].section == "request" && j == i+1 && (f.good || it.value == noMore || noLonger(items[j:])) { // "tidak minta password terus"
			f.sayGood(items[j], !(f.done && f.again) && it.value != noMore)
			return j
		}
	case "broken":
		f.sayDenied(items[j], hedged)
		for j+1 < len(items) && items[j].after == 0 && items[j+1].section == "broken" { // "ga nyasar ke bagian lain"
			j++
		}
		return j
	case "mended": // "belum diganti"
		f.worse = true
		f.sayNegative(items[j], false)
		return j
	case "gone":
		f.sayNegative(items[j], false)
		return j
	case "relapse": // "tidak kambuh lagi"; but "belum muncul lagi"
		f.sayGood(items[j], hedged || it.section == "not yet")
		return j
	case "bad", "partly":
		if bareNo || j > i+1 {
			f.sayNegative(items[j], false)
		} else {
			f.sayGood(items[j], i == 0 || items[i-1].section != "done") // "sudah tidak nyangkut"
		}
		return j
	case "try", "later":
		f.later = true
		return j
	}
	if about == "" && (f.deniesFault(items, i) || bareNo && i == 0 && i+1 < len(items) && items[i+1].section == "") { // "no fuss"
		if saidTwice(items[i:]) && noLonger(items[i+1:]) { // "ga teriak2 lagi"
			f.sayGood(it, hedged)
			return i
		}
		f.denied = true
		f.bareNo = bareNo
		f.hedged = f.hedged || f.done && !f.past // "sudah ga lari-lari"
		return i
	}
	return f.bareNegation(items, i, about)
}

// bareNegation reads a "not" that is about nothing that a list has.
func (f *finding) bareNegation(items []item, i int, about string) int {
	it := items[i]
	unknown, again := 0, false
	for _, next := range items[i+1:] {
		if next.section == "place" && about == "" {
			f.later = true // "belum kembali ke kantor"
			return i
		}
		if next.section == "" || next.section == figure {
			unknown++
		}
		again = again || next.section == "again"
	}
	bare := it.section == "not yet" && !(i > 0 && i+1 == len(items) && namesSomething(items[i-1])) // "belum" may mean that nobody has tried, "print belum" not
	f.sayNegative(it, unknown > 0 || again || bare)
	return i
}

// sayDenied notes a fault that is denied. What had none when it was tried says a little: "there were no errors".
func (f *finding) sayDenied(it item, hedged bool) {
	if f.past && f.tense && !f.iff && !f.thought {
		f.hedged = true
		return
	}
	f.sayGood(it, hedged)
}

// deniesFault says whether the word right behind a "not" that no list has is a fault by its form: it is no more ("ga burem
// lagi"), it is said twice ("ga kresek-kresek"), or denied as something good was said before ("tinta juga ga bleber"). What
// cannot be done, or is said of what a thing does ("keprint", "terbaca"), is none.
func (f *finding) deniesFault(items []item, i int) bool {
	if items[i].section != "not" || items[i].value == unable || f.now && !f.done {
		return false
	}
	j := i + 1
	for j < len(items) && (items[j].section == "filler" || items[j].section == "thing" && j+1 < len(items) && items[j+1].section == "") {
		j++
	}
	if j == len(items) || items[j].section != "" || items[j].value == doing {
		return false
	}
	if items[i].value == noMore || items[j].value == twice || i > 0 && items[i-1].value == parallel {
		return true
	}
	for _, next := range items[j+1:] {
		if next.section == "again" {
			return true
		}
	}
	return false
}

// saidTwice says whether the word behind a "not" is said twice.
func saidTwice(items []item) bool {
	for _, it := range items {
		if it.value == twice {
			return true
		}
	}
	return false
}

// namesSomething says whether an item is a name or a thing: what is said behind it is said of that.
func namesSomething(it item) bool {
	return it.section == "thing" || it.section == "number" || it.section == "name" || it.section == "" || it.section == figure
}

// noLonger says whether what begins the items is said to have happened again and again.
func noLonger(items []item) bool {
	for _, it := range items {
		switch it.section {
		case "again", "often":
			return true
		case "not", "not yet", "still", "but", "good", "solved", "bad", "broken":
			return false
		}
	}
	return false
}

// repaired finds, behind a fault, what makes it a thing of the past: "the error is gone", "printer yang rusak sudah
// normal". It gives the item, 0 where there is none.
func repaired(items []item, i int) int {
	for j := i + 1; j < len(items); j++ {
		if items[j].value == nothing { // "selisihnya nol"
			return j
		}
		switch items[j].section {
		case "not":
			return noMoreOf(items[j:], j)
		case "not yet", "not seen", "unsure", "later", "still", "but", "bad", "partly", "if", "perhaps", "request", "must":
			return 0
		case "gone", "solved", "comes", "mended":
			return j
		case "good", "fair", "yes":
			if followsDone(items, j, true) || items[j].value == already {
				return j
			}
			return 0
		}
	}
	return 0
}

// noMoreOf says whether a "not" is of a fault before it: "gangguan sudah tidak dirasakan lagi". It gives the place of the
// "lagi", from the place of the "not".
func noMoreOf(items []item, at int) int {
	for k, it := range items[1:] {
		switch it.section {
		case "again":
			return at + 1 + k
		case "", "filler":
		default:
			return 0
		}
	}
	if items[0].value == noMore && len(items) == 2 { // "the errors no longer occur"
		return at + 1
	}
	return 0
}

// followsDone says whether "already", or also "now", stands right before an item, or "all" anywhere before it.
func followsDone(items []item, j int, now bool) bool {
	for k := j - 1; k >= 0 && (k >= j-2 || items[j].section == "appears"); k-- {
		if items[k].value == all && items[j].section == "appears" {
			return true
		}
		if s := items[k].section; k >= j-2 && (s == "now" && now || s == "done" || s == "at once") {
			return true
		}
	}
	return false
}
