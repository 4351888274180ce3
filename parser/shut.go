package parser

// closes says whether a clause speaks of closing the ticket and allows it, in whatever words ("happy for you to close"), and
// whether it is to be kept open.
func closes(items []item) (shut, keep bool) {
	allowed, able, ticket, unknown := false, false, false, 0
	for _, it := range items {
		switch it.section {
		case "shut":
			shut = true
		case "not", "not yet", "needless":
			keep = true
		case "allow", "request", "yes", "thanks":
			allowed = true
		case "fair", "good", "solved", "able":
			able = true
		case "ticket":
			ticket = true
		case "if", "ask", "why", "past", "recent", "tense", "broken", "bad", "relapse", "partly", "gone", "perhaps", "still":
			return false, false
		case "thing", "":
			unknown++
		}
	}
	return shut && unknown <= 1 && (allowed || keep || able && (ticket || unknown == 0)), keep
}
