package parser

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"helpost/internal/sop"
)

// CommandWord is a command and what people write for it, without the number sign.
type CommandWord struct {
	Name sop.CommandName
	ID   []string // Indonesian, the usual one first
	EN   []string // English, the usual one first
}

// CommandWords lists all commands in the order of the contract (§5), as the word files have them.
func CommandWords() ([]CommandWord, error) {
	all, err := embedded()
	if err != nil {
		return nil, err
	}
	words, _, err := newCommandWords(all)
	return words, err
}

var commandNames = map[sop.CommandName]bool{sop.Take: true, sop.Assign: true, sop.SetPrio: true, sop.SetImp: true, sop.SetUrg: true, sop.SetType: true,
	sop.Category: true, sop.Pending: true, sop.Resume: true, sop.Remote: true, sop.Onsite: true, sop.Note: true, sop.Reply: true, sop.Resolve: true,
	sop.Close: true, sop.Reopen: true, sop.Merge: true, sop.Absorb: true, sop.Escalate: true, sop.For: true, sop.Cc: true, sop.Status: true,
	sop.Help: true, sop.Away: true, sop.MarkSpam: true}

// newCommandWords reads the list of commands, and an index from each word to its place in it.
func newCommandWords(l lists) ([]CommandWord, map[string]int, error) {
	var out []CommandWord
	index, place := map[string]int{}, map[sop.CommandName]int{}
	for _, e := range l["command/command"] {
		lang, w, ok := strings.Cut(strings.ToLower(e.phrase), " ")
		name := sop.CommandName(e.value)
		switch {
		case !ok || lang != "id" && lang != "en" || w == "" || strings.ContainsFunc(w, func(r rune) bool { return !isCommandRune(r) }):
			return nil, nil, e.fail("%q should be a language, id or en, and one word", e.phrase)
		case !commandNames[name]:
			return nil, nil, e.fail("%q is no command", e.value)
		}
		i, known := place[name]
		if !known {
			i = len(out)
			place[name] = i
			out = append(out, CommandWord{Name: name})
		}
		if have, taken := index[w]; taken && have != i {
			return nil, nil, e.fail("%q is already a word for %s", w, out[have].Name)
		}
		index[w] = i
		if lang == "id" {
			out[i].ID = append(out[i].ID, w)
		} else {
			out[i].EN = append(out[i].EN, w)
		}
	}
	return out, index, nil
}

func isCommandRune(r rune) bool { return unicode.IsLetter(r) || r == '_' }

// commandLine is a line that begins with a number sign.
type commandLine struct {
	word    string // in lower case; "" where no letter follows the sign
	written string // as it was written
	args    string
	blank   bool // a blank stands between the sign and the word
	dressed bool // other signs stand before the number sign: "- #catatan"
	known   int  // its place among the commands, -1 where no known word fits
}

// readCommand reads a line that begins with a number sign; ok is false for any other.
func (v *vocabulary) readCommand(line string) (c commandLine, ok bool) {
	s := trimUnseen(line)
	rest, ok := numberSign(s)
	if !ok {
		return v.readDressed(s)
	}
	bare := trimUnseen(rest)
	if _, again := numberSign(rest); again { // "##catatan" is a slip, "## Catatan" a heading
		c, _ = v.readDressed(s)
		return c, true
	}
	c.blank = len(bare) < len(rest)
	end := strings.IndexFunc(bare, func(r rune) bool { return !isCommandRune(r) })
	if end < 0 {
		end = len(bare)
	}
	c.written, c.known = bare[:end], -1
	c.word = strings.ToLower(narrow(c.written))
	rest = bare[end:]
	if next, _ := utf8.DecodeRuneInString(rest); end > 0 && rest != "" && (unicode.IsDigit(next) || next == '-' && !strings.ContainsAny(rest, " @")) {
		c.written += rest[:wordLength(rest)] // "#kb5034441", "#p1": the digits belong to the word
		c.word = strings.ToLower(c.written)
		rest = rest[wordLength(rest):]
	}
	if i, known := v.commandName[c.word]; known {
		c.known = i
		c.args = tidyArgs(rest)
	}
	return c, true
}

// readDressed reads a line whose number sign other signs stand before. It is a command where a mail program wrote them
// around bold words; else ok is true for a known word alone, which must be asked about.
func (v *vocabulary) readDressed(s string) (c commandLine, ok bool) {
	none := commandLine{known: -1}
	rest, bold, ok := dressed(s)
	if first, _ := utf8.DecodeRuneInString(rest); !ok || !isCommandRune(first) {
		return none, false
	}
	if bold {
		rest = strings.TrimRight(rest, emphasis)
	}
	if c, ok = v.readCommand("#" + rest); !ok || c.known < 0 {
		return none, false
	}
	if bold {
		c.args = trimBlank(strings.TrimLeft(c.args, emphasis))
	}
	c.dressed = !bold
	return c, true
}

func wordLength(s string) int {
	if i := strings.IndexFunc(s, func(r rune) bool { return !isCommandRune(r) && !unicode.IsDigit(r) && r != '-' }); i >= 0 {
		return i
	}
	return len(s)
}

// tidyArgs forgives a colon after the word, a full stop after a word alone, and blanks of every kind.
func tidyArgs(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == '\u200b' || r == '\ufeff' || r == '\u202f' }), " ")
	s = trimBlank(strings.TrimLeft(s, ":："))
	if strings.Trim(s, ".,;!:") == "" {
		return ""
	}
	return s
}

// nearest gives the known word with the least distance to w, and that distance.
func (v *vocabulary) nearest(w string) (string, int) {
	best, least := "", 1<<30
	for i := range v.commands {
		for _, list := range [...][]string{v.commands[i].ID, v.commands[i].EN} {
			for _, known := range list {
				if d := distance(w, known, least); d < least {
					best, least = known, d
				}
			}
		}
	}
	return best, least
}

// isSlip says whether a word is a known one but for a slip of the fingers.
func (v *vocabulary) isSlip(w string) bool {
	if stem, _, cut := strings.Cut(w, "-"); cut { // "#catatan-internal"
		if _, known := v.commandName[stem]; known {
			return true
		}
	}
	if n := len(w); n < 3 || n > 20 {
		return false
	}
	known, d := v.nearest(w)
	if len(w) >= 4 && len(known)-len(w) <= 3 && strings.HasPrefix(known, w) { // "#catat"
		return true
	}
	switch {
	case known == "" || known[0] != w[0] && !(len(w) > 1 && len(known) > 1 && known[0] == w[1]):
		return false
	case len(w) >= 7 || len(known) >= 8:
		return d <= 2
	}
	return d == 1
}

// looksLikeCommand says whether a line is a command or a slip of one.
func (v *vocabulary) looksLikeCommand(s string) bool {
	c, ok := v.readCommand(s)
	return ok && (c.known >= 0 || v.isSlip(c.word))
}

// distance is the least number of letters put in, left out, changed or swapped with their neighbour that turn a into b;
// at least limit where it is not less than that.
func distance(a, b string, limit int) int {
	if len(a) > 40 || len(b) > 40 || len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	var rows [3][42]int
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], limit)
}
