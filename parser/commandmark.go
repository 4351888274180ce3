package parser

import (
	"strings"
	"unicode"
)

// What stands before a command's number sign may not be seen at all: marks of direction, joiners, soft hyphens, the blanks
// of other scripts. A line whose command is passed over for one of them would go to the reporter with all that the agent
// meant for the desk alone.

// lineBreaks are the ends of lines that are no line feed (Unicode UAX #14, BK and NL): notes and word processors paste them.
var lineBreaks = strings.NewReplacer("\u2028", "\n", "\u2029", "\n", "\u0085", "\n", "\v", "\n", "\f", "\n")

// unseen says whether a rune leaves no mark on a screen.
func unseen(r rune) bool {
	switch r {
	case '\u034f', '\u115f', '\u1160', '\u3164', '\uffa0', '\u2800': // a joiner, the fillers of Hangul, the blank of Braille
		return true
	}
	return unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Variation_Selector)
}

// trimUnseen takes what is not seen off both ends.
func trimUnseen(s string) string { return strings.TrimFunc(s, unseen) }

// numberSign cuts a number sign off the front of a line, in any of its widths. U+20E3 makes a key of it: "#️⃣".
func numberSign(s string) (rest string, ok bool) {
	for _, sign := range [...]string{"#", "＃", "﹟"} {
		if rest, ok := strings.CutPrefix(s, sign); ok {
			return strings.TrimLeftFunc(rest, func(r rune) bool { return r == '\u20e3' || unseen(r) && !unicode.IsSpace(r) }), true
		}
	}
	return s, false
}

// emphasis are the signs that a mail program writes around bold and slanted words in a plain text: "*#catatan*".
const emphasis = "*_~`"

// maxOrnament is how many signs may stand before a number sign: "1. ", "- ", "• ", "(".
const maxOrnament = 6

// dressed finds a number sign behind signs that are no words. Bold says that they are a mail program's.
func dressed(s string) (rest string, bold, ok bool) {
	count, digits := 0, false
	bold = true
	for i, r := range s {
		if rest, ok := numberSign(s[i:]); ok {
			if _, again := numberSign(rest); !again {
				before := trimUnseen(s[:i])
				return rest, bold, i > 0 && (!digits || strings.HasSuffix(before, ".") || strings.HasSuffix(before, ")"))
			}
		}
		if count++; count > maxOrnament || unicode.IsLetter(r) {
			break
		}
		digits = digits || unicode.IsDigit(r)
		bold = bold && strings.ContainsRune(emphasis, r)
	}
	return "", false, false
}

// narrow gives letters of full width their common form.
func narrow(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'Ａ' && r <= 'Ｚ' || r >= 'ａ' && r <= 'ｚ' {
			return r - 'Ａ' + 'A'
		}
		return r
	}, s)
}
