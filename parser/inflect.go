package parser

import "strings"

// addVerb adds an English verb of the answers with its endings: a fault in all of them, a success where it is said to
// happen. Its bare form may be what somebody does ("restart"); behind a "not" it is what a thing does not, and behind a plural
// what things do ("mails bounce").
func (v *vocabulary) addVerb(e entry, section string) error {
	verb, rest, more := strings.Cut(e.phrase, " ")
	if more {
		rest = " " + rest
	}
	s, ed, ing := inflect(verb)
	forms, section := map[string][]string{"breaks": {s, ed, ing}, "works": {s, "is " + ing, "are " + ing, "it's " + ing, "they're " + ing, "is " + ed, "are " + ed}}[section], map[string]string{"breaks": "broken", "works": "fair"}[section]
	if err := v.add(&v.verdict, e, map[string]string{"fair": "does", "broken": "fails"}[section]); err != nil {
		return err
	}
	for _, form := range forms {
		e.phrase = form + rest
		if err := v.add(&v.verdict, e, section); err != nil {
			return err
		}
	}
	return nil
}

// inflect gives the endings of a regular English verb: jams, jammed, jamming.
func inflect(verb string) (s, ed, ing string) {
	last, vowels := verb[len(verb)-1], "aeiou"
	double := len(verb) >= 3 && len(verb) <= 4 && !strings.ContainsRune(vowels+"wxy", rune(last)) && strings.IndexByte(vowels, verb[len(verb)-2]) >= 0 && strings.IndexByte(vowels, verb[len(verb)-3]) < 0
	switch {
	case last == 'e':
		return verb + "s", verb + "d", verb[:len(verb)-1] + "ing"
	case double:
		return verb + "s", verb + string(last) + "ed", verb + string(last) + "ing"
	case strings.HasSuffix(verb, "ch"), strings.HasSuffix(verb, "sh"), last == 'x', last == 's':
		return verb + "es", verb + "ed", verb + "ing"
	}
	return verb + "s", verb + "ed", verb + "ing"
}
