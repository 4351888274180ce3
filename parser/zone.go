package parser

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"helpost/internal/sop"
)

// lineRole is what a line is among an agent's words.
type lineRole uint8

const (
	roleBlank   lineRole = iota
	roleWords            // sent on
	roleCommand          // begins with a number sign and a known word
	roleOdd              // begins with a number sign, a letter, and no known word
	roleDressed          // a known word whose number sign stands behind other signs
	roleClosing          // a thanks or a closing that was not taken for a signature
)

// Commands reads a mail as an agent's (contract §5).
//
// Commands stand in two zones: before the first other line, and after the last other line. Elsewhere a known word is
// Misplaced; a word in a zone that is none is Unknown. Neither is ever passed over: what an agent means for the desk
// must not reach a reporter by a slip.
func (p *Parser) Commands(m *Mail) Commands {
	v := p.words
	text := lineBreaks.Replace(m.NewText)
	lines := strings.SplitN(text, "\n", maxReadableLines+1)
	end := v.ownLines(lines, p.occasionOf(m))
	read := make([]commandLine, end)
	roles := make([]lineRole, end)
	for i := range end {
		roles[i], read[i] = v.roleOf(lines[i])
	}
	top, bottom := v.zones(lines[:end], roles, read)
	var c Commands
	drop := make([]bool, len(lines))
	for i := range end {
		inZone := i < top || i >= bottom
		switch {
		case roles[i] == roleCommand && inZone:
			c.List = append(c.List, sop.Command{Name: v.commands[read[i].known].Name, Args: read[i].args})
			c.Lines = append(c.Lines, i+1)
			drop[i] = true
		case roles[i] == roleCommand, roles[i] == roleDressed:
			if c.Misplaced == "" {
				c.Misplaced = string(v.commands[read[i].known].Name)
				c.setLine(i)
			}
		case roles[i] == roleOdd && v.isUnknown(read[i], i < top, i >= bottom):
			if c.Unknown == "" {
				c.Unknown = read[i].written
				c.Nearest, _ = v.nearest(read[i].word)
				c.setLine(i)
			}
		}
	}
	if c.Misplaced == "" {
		v.findUnread(m, &c, len(lines))
	}
	c.Body = withoutLines(lines, drop)
	return c
}

// findUnread looks for a command in what is too long to be read for its meaning: what stands above it must not be sent on.
func (v *vocabulary) findUnread(m *Mail, c *Commands, line int) {
	rest := m.Text[len(readable(m.Text)):]
	if rest == "" || m.Quoted != "" {
		return
	}
	for s := range strings.SplitSeq(rest, "\n") {
		if read, ok := v.readCommand(head(s, maxValue)); ok && read.known >= 0 {
			c.Misplaced = string(v.commands[read.known].Name)
			c.setLine(line)
			return
		}
	}
}

func (c *Commands) setLine(i int) {
	if c.Line == 0 {
		c.Line = i + 1
	}
}

// ownLines gives how many lines are the agent's own: a mail passed on holds no commands.
func (v *vocabulary) ownLines(lines []string, o occasion) int {
	cut := cutLines(strings.Join(lines[:min(len(lines), maxReadableLines)], "\n"))
	for i := range cut {
		if cut[i].s == "" {
			continue
		}
		if _, forward := v.opener(cut, i, o); forward {
			return i
		}
	}
	return len(lines)
}

func (v *vocabulary) roleOf(line string) (lineRole, commandLine) {
	s := trimUnseen(line)
	if s == "" {
		return roleBlank, commandLine{}
	}
	if c, ok := v.readCommand(s); ok {
		switch {
		case c.dressed:
			return roleDressed, c
		case c.known >= 0:
			return roleCommand, c
		case c.word != "":
			return roleOdd, c
		}
		return roleWords, c
	}
	if kind, rest := v.closingKind(s); kind != 0 && rest == "" {
		return roleClosing, commandLine{}
	}
	return roleWords, commandLine{}
}

// zones gives the first line after the commands at the top, and the first line of those at the bottom.
func (v *vocabulary) zones(lines []string, roles []lineRole, read []commandLine) (top, bottom int) {
	greeted := false
	for top < len(roles) {
		switch {
		case roles[top] == roleBlank, roles[top] == roleCommand, roles[top] == roleOdd && v.isUnknown(read[top], true, false):
			top++
			continue
		case !greeted && (roles[top] == roleWords || roles[top] == roleClosing) && v.isGreeting(lines[top]) && !anyCommand(roles[:top]):
			greeted = true
			top++
			continue
		}
		break
	}
	bottom = len(roles)
	for bottom > top {
		i := bottom - 1
		if roles[i] == roleBlank || roles[i] == roleCommand || roles[i] == roleClosing || roles[i] == roleOdd && v.isUnknown(read[i], false, true) {
			bottom--
			continue
		}
		break
	}
	return top, bottom
}

func anyCommand(roles []lineRole) bool {
	for _, r := range roles {
		if r == roleCommand || r == roleOdd {
			return true
		}
	}
	return false
}

// isUnknown says whether a word that is no command must be asked about: at the top, right behind the number sign, any
// word; elsewhere, where headings, hashtags and code are written, only a slip of a known one.
func (v *vocabulary) isUnknown(c commandLine, top, bottom bool) bool {
	if top && !c.blank {
		return true
	}
	return (top || bottom) && v.isSlip(c.word)
}

// isAddressLine knows a line that is nothing but whom it is for: "Pak Surya,".
func (v *vocabulary) isAddressLine(s string) bool {
	name, ends := strings.CutSuffix(s, ",")
	words := strings.Fields(name)
	if !ends || len(s) > 40 || len(words) == 0 || len(words) > 4 || !v.closing.isAddress[strings.ToLower(strings.Trim(words[0], "."))] {
		return false
	}
	for _, w := range words[1:] {
		if r, _ := utf8.DecodeRuneInString(w); !unicode.IsUpper(r) {
			return false
		}
	}
	return true
}

// isGreeting knows a line that only greets: "Selamat siang Bu,", "Pak Surya,".
func (v *vocabulary) isGreeting(line string) bool {
	s := trimBlank(line)
	if v.isAddressLine(s) {
		return true
	}
	if len(s) > 80 || at(v.closing.starts, firstOf(s))&startsGreeting == 0 {
		return false
	}
	bare := strings.TrimLeftFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) })
	_, rest, ok := begins(bare, v.closing.greeting)
	if !ok {
		return false
	}
	words := strings.Fields(rest)
	if len(words) > 5 || v.says(rest) {
		return false
	}
	if strings.HasSuffix(s, ",") || strings.HasSuffix(s, "!") || strings.HasSuffix(s, ":") {
		return true
	}
	known := 0
	for _, w := range words { // without a comma: whom one greets, and a name at most
		if v.closing.isAddress[strings.Trim(w, ".,!")] {
			known++
		}
	}
	return len(words)-known <= 2 && !strings.HasSuffix(s, "?")
}

// withoutLines gives the text that is left when lines are dropped, without the blank lines that gape there.
func withoutLines(lines []string, drop []bool) string {
	kept := make([]string, 0, len(lines))
	gap := false
	for i, line := range lines {
		if drop[i] {
			gap = true
			continue
		}
		if gap && trimBlank(line) == "" && (len(kept) == 0 || trimBlank(kept[len(kept)-1]) == "") {
			continue
		}
		gap = false
		kept = append(kept, line)
	}
	return strings.Trim(strings.Join(kept, "\n"), "\n \t\r\u00a0")
}
