package parser

import (
	"strings"

	"helpost/internal/sop"
)

const langWords = 50 // how many words of a text tell its language

// language says in which language a mail is written, and how many stop words of each say so: by those among the first words of
// its new text; a tie is the company's language.
func (p *Parser) language(m *Mail) (sop.Lang, map[sop.Lang]int) {
	text := m.NewText
	if m.Forward != nil && len(strings.Fields(text)) == 0 {
		text = m.Forward.Text
	}
	if m.Forward != nil { // the sender's language if he says enough, else that of all words, header lines left out
		said := p.words.withoutForward(m.NewText, m)
		if own := p.words.countStops(said, &m.spoken); max(own[sop.Indonesian], own[sop.English]) >= 3 && !tie(own) {
			text = said
		} else {
			text = said + "\n" + m.Forward.Text
		}
	}
	counts := p.words.countStops(text, &m.spoken)
	if tie(counts) && m.Subject != "" {
		if said := p.words.countStops(m.Subject, &m.spoken); said[sop.Indonesian]+said[sop.English] >= 2 {
			counts = said
		}
	}
	best, most := p.opts.Language, counts[p.opts.Language]
	for lang, n := range counts {
		if n > most || n == most && best != p.opts.Language && lang < best {
			best, most = lang, n
		}
	}
	return best, counts
}

func tie(counts map[sop.Lang]int) bool {
	most, holders := 0, 0
	for _, n := range counts {
		switch {
		case n > most:
			most, holders = n, 1
		case n == most:
			holders++
		}
	}
	return holders != 1
}

// countStops counts the stop words of each language. Labels of forms, log lines and addresses are no prose: a line with
// a label counts for what stands behind it.
func (v *vocabulary) countStops(text string, s *spoken) map[sop.Lang]int {
	if len(text) > 4000 {
		text = text[:4000]
	}
	counts := map[sop.Lang]int{}
	var room [langWords]token
	for _, w := range v.first(text, s, room[:0]) {
		if text[w.start:w.end] == "IT" { // whom the mail is for
			continue
		}
		for _, lang := range v.stopOf(w) {
			counts[lang]++
		}
	}
	return counts
}

// stopOf gives the languages of which a word is a stop word.
func (v *vocabulary) stopOf(w token) []sop.Lang {
	if int(w.id) >= len(v.stops) {
		return nil
	}
	return v.stops[w.id]
}
