package parser

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// closingWords know what stands around people's words.
type closingWords struct {
	greeting, closing, thanks, address, sentFrom, sentWhole, postscript []string
	device, disclaimer, banner, contact                                 *phraseIndex
	starts                                                              map[string]uint8 // first words of closings and the like
	particle, street                                                    map[string]bool
	isAddress                                                           map[string]bool
}

// What a line can begin with.
const (
	startsGreeting uint8 = 1 << iota
	startsClosing
	startsThanks
	startsSent
	startsPostscript
)

func newClosingWords(l lists) closingWords {
	get := func(section string) []string { return unique(l.phrases("closing/" + section)) }
	c := closingWords{greeting: get("greeting"), closing: get("closing"), thanks: get("thanks"), address: get("address"), sentFrom: get("sent from"),
		sentWhole: get("sent whole"), device: newPhraseIndex(get("device")), disclaimer: newPhraseIndex(get("disclaimer")), banner: newPhraseIndex(get("banner")), postscript: get("postscript"),
		contact: newPhraseIndex(get("contact")), street: map[string]bool{},
		starts: map[string]uint8{}, particle: map[string]bool{}, isAddress: map[string]bool{}}
	for list, mark := range map[*[]string]uint8{&c.greeting: startsGreeting, &c.closing: startsClosing, &c.thanks: startsThanks, &c.sentFrom: startsSent,
		&c.sentWhole: startsSent, &c.postscript: startsPostscript} {
		for _, phrase := range *list {
			c.starts[firstLetters(phrase)] |= mark
		}
	}
	for _, w := range get("street") {
		c.street[w] = true
	}
	for _, w := range get("particle") {
		c.particle[w] = true
	}
	for _, phrase := range c.address {
		for _, w := range splitWords(phrase) {
			c.isAddress[w] = true
		}
	}
	return c
}

// firstLetters gives the first word of a line without the marks around it, in lower case: a quick look before a long one.
func firstLetters(s string) string { return lower(firstOf(s)) }

func firstOf(s string) string {
	if s == "" || s[0] >= utf8.RuneSelf || !inWord[s[0]] {
		s = strings.TrimLeftFunc(s, func(r rune) bool { return !isWordRune(r) })
	}
	return s[:wordEnd(s[:min(len(s), 40)], 0)]
}

// begins gives the longest phrase that a line begins with, as whole words, and what follows it.
func begins(low string, phrases []string) (phrase, rest string, ok bool) {
	for _, p := range phrases {
		if len(p) > len(phrase) && strings.HasPrefix(low, p) {
			next, _ := utf8.DecodeRuneInString(low[len(p):])
			if len(low) == len(p) || !isWordRune(next) || p[len(p)-1] >= utf8.RuneSelf {
				phrase, rest, ok = p, low[len(p):], true
			}
		}
	}
	return phrase, rest, ok
}

// isClosing says whether a line is nothing but a closing, with or without a name behind it.
func (v *vocabulary) isClosing(s string) bool {
	kind, _ := v.closingKind(s)
	return kind == startsClosing
}

// closingKind says whether a line is a closing or a thanks, and what follows the phrase.
func (v *vocabulary) closingKind(s string) (kind uint8, rest string) {
	if len(s) > 120 {
		return 0, ""
	}
	mark := at(v.closing.starts, firstOf(s))
	if mark&(startsClosing|startsThanks) == 0 {
		return 0, ""
	}
	bare := strings.TrimLeft(strings.ReplaceAll(s, ".", " "), "-–—*_~/ ")
	low := strings.Join(strings.Fields(strings.ToLower(bare)), " ")
	if p, after, ok := begins(low, v.closing.thanks); ok && mark&startsThanks != 0 {
		if rest, joined := v.joinedClosing(after); joined {
			return startsThanks, original(s, rest)
		}
		if q, after2, ok2 := begins(low, v.closing.closing); !ok2 || len(p) > len(q) {
			return startsThanks, original(s, after)
		} else {
			return startsClosing, original(s, after2)
		}
	}
	if _, after, ok := begins(low, v.closing.closing); ok {
		return startsClosing, original(s, after)
	}
	return 0, ""
}

// joinedClosing gives what follows a closing that is joined to a thanks: "Thx & Rgds, Rina", "Terima kasih dan salam".
func (v *vocabulary) joinedClosing(low string) (rest string, ok bool) {
	low = strings.TrimLeft(low, " ,")
	behind := strings.TrimLeft(low, "&+/")
	if behind == low {
		joint, words, found := strings.Cut(low, " ")
		if !found || !v.links["and"][joint] {
			return "", false
		}
		behind = words
	}
	_, rest, ok = begins(strings.TrimLeft(behind, " "), v.closing.closing)
	return rest, ok
}

// original gives the end of a line as it was written, for the end of its lower-case form.
func original(s, low string) string {
	low = strings.Trim(low, ".,;:!- ")
	n := len(strings.Fields(low))
	words := strings.Fields(s)
	if n == 0 {
		return ""
	}
	if n > len(words) {
		return low
	}
	return strings.Trim(strings.Join(words[len(words)-n:], " "), ",.;:!- ")
}

// phraseIndex finds phrases in a line in lower case, by their first word.
type phraseIndex struct {
	by     map[string][]string
	begins [256]uint64 // by the first byte of a first word: how long such words are, a bit for each length
}

func newPhraseIndex(phrases []string) *phraseIndex {
	x := &phraseIndex{by: map[string][]string{}}
	for _, p := range phrases {
		first := p[:max(wordEnd(p, 0), 1)]
		x.by[first] = append(x.by[first], p)
		x.begins[first[0]] |= lengthBit(first)
	}
	return x
}

func lengthBit(word string) uint64 { return 1 << min(len(word), 63) }

// count counts the phrases that stand in a line, in any case, as whole words, each once, at most to a limit. Behind a phrase
// that ends in a sign anything may stand.
func (x *phraseIndex) count(line string, limit int) int {
	if !isASCII(line) {
		line = strings.ToLower(line)
	}
	var seen [8]string
	var room [longestWord]byte
	n := 0
	for i := 0; i < len(line) && n < min(limit, len(seen)); {
		end := wordEnd(line, i)
		if end == i {
			_, size := utf8.DecodeRuneInString(line[i:])
			i += size
			continue
		}
		word := line[i:end]
		if x.begins[small(line[i])]&lengthBit(word) == 0 {
			i = end
			continue
		}
		phrases := x.by[word]
		if b, ok := lowered(room[:0], word); ok {
			phrases = x.by[string(b)]
		}
		for _, p := range phrases {
			if !beginsWith(line[i:], p) || slices.Contains(seen[:n], p) {
				continue
			}
			last, _ := utf8.DecodeLastRuneInString(p)
			if next, _ := utf8.DecodeRuneInString(line[i+len(p):]); i+len(p) == len(line) || !isWordRune(next) || !isWordRune(last) {
				seen[n] = p
				n++
				break
			}
		}
		i = end
	}
	return n
}

// beginsWith says whether a line begins with a phrase in lower case, letters of ASCII in any case.
func beginsWith(line, phrase string) bool {
	if len(line) < len(phrase) {
		return false
	}
	for i := range len(phrase) {
		if small(line[i]) != phrase[i] {
			return false
		}
	}
	return true
}
