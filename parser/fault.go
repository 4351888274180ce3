package parser

// fault reads an item that speaks of a fault, and gives the last item that it has read.
func (f *finding) fault(c clause, i int, hedged bool) int {
	it := c.items[i]
	switch it.section {
	case "stops": // "stopped flickering", "stopped responding"
		if next := i + 1; next < len(c.items) && (c.items[next].section == "broken" || c.items[next].section == "fails") {
			f.sayGood(c.items[next], hedged)
			return next
		}
		f.sayNegative(it, false)
	case "gone":
		return f.gone(c, i, hedged)
	case "broken":
		if it.value == either && followsDone(c.items, i, true) { // "sudah bunyi"
			f.sayGood(it, hedged)
			return i
		}
		if j := repaired(c.items, i); j > 0 {
			f.briefly = false
			f.sayGood(c.items[j], hedged)
			return j
		}
		if f.cause && !f.still && !f.again {
			f.pastNegative = true // "ternyata kabelnya lepas"
			return i
		}
		f.sayNegative(it, false)
	case "relapse":
		if len(f.things) > 0 && followsDone(c.items, i, false) && !hasSection(c, "broken") { // "foldernya sudah muncul lagi"
			f.sayGood(it, true)
			return i
		}
		f.worse, f.again = true, true
		f.sayNegative(it, false)
	case "not seen": // "I haven't seen a single blank one since"
		switch j, about := lookAhead(c.items, i); about {
		case "broken", "bad", "relapse", "partly":
			f.sayGood(c.items[j], hedged)
			return j
		case "good", "progress":
			f.sayNegative(c.items[j], false)
			return j
		}
		f.later = true
	default:
		if next := i + 1; it.value == notFound && next < len(c.items) && c.items[next].section == "broken" { // "tidak ditemukan masalah"
			f.sayGood(c.items[next], hedged)
			return next
		}
		if j, about := lookAhead(c.items, i); it.section == "partly" && about == "try" && j <= i+2 { // "baru bisa kami pastikan"
			f.later = true
			return j
		}
		f.worse = true
		f.sayNegative(it, false)
	}
	return i
}

// gone reads that something is gone: a fault that was named is over, anything else is missing ("my file is gone").
func (f *finding) gone(c clause, i int, hedged bool) int {
	it := c.items[i]
	j := repaired(c.items, i)
	if f.good { // "I can confirm that the alerts have stopped"
		return i
	}
	if hasSection(c, "message") {
		f.sayGood(it, hedged)
		return i
	}
	if next := i + 1; j == 0 && next < len(c.items) && (c.items[next].section == "broken" || c.items[next].section == "relapse") {
		j = next // "tidak muncul lagi errornya"
	}
	if j > 0 {
		f.briefly = false // "yang sempat hilang sudah kembali"
		f.sayGood(c.items[j], hedged)
		return j
	}
	f.stopped = true
	f.sayNegative(it, i+1 == len(c.items) || !succeeds(c.items[i+1:i+2])) // "has stopped responding"
	return i
}
