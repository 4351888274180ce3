package parser

import (
	"slices"
	"strings"

	"helpost/internal/sop"
)

// FollowUp reads an answer to what was asked of a reporter (sop.MissingName, …): a report, in which a bare "Keuangan",
// "Rina Wijaya, QA" or "tidak ada" is understood as well, for the question says what it is about.
func (p *Parser) FollowUp(m *Mail, asked []string) sop.Report {
	r := p.Report(m)
	if r.Evidence == nil {
		r.Evidence = map[string]string{}
	}
	for _, part := range shortParts(m.NewText) {
		bare := p.words.unaddressed(part)
		switch {
		case slices.Contains(asked, sop.MissingScreenshot) && p.words.saysNone(bare):
			r.Missing = slices.DeleteFunc(r.Missing, func(s string) bool { return s == sop.MissingScreenshot })
			r.Evidence["screenshot"] = part
		case slices.Contains(asked, sop.MissingDepartment) && r.Department == "" && p.words.isDepartment(p.words.tidyDepartment(bare)):
			r.Department, r.Evidence["department"] = p.words.tidyDepartment(bare), part
		case slices.Contains(asked, sop.MissingName) && r.Name == "" && len(strings.Fields(bare)) > 1 && allCapitalised(bare) && looksLikeName(bare):
			r.Name, r.Evidence["name"] = bare, part
		}
	}
	return r
}

// answerLength is how long a bare answer is at most, in bytes; a longer part is a sentence.
const answerLength = 40

// shortParts are the parts of an answer that are short enough to be bare ones, of its first lines.
func shortParts(text string) []string {
	var parts []string
	for i, line := range strings.SplitN(text, "\n", 12) {
		if i > 10 {
			break
		}
		for _, part := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(",.;•|()", r) }) {
			if part = strings.Trim(trimBlank(part), "-–*:!? "); part != "" && len(part) <= answerLength {
				parts = append(parts, part)
			}
		}
	}
	return parts
}

// unaddressed cuts words around a bare answer that speak to the reader or introduce it: "saya dari HRD pak".
func (v *vocabulary) unaddressed(s string) string {
	words := strings.Fields(s)
	for len(words) > 1 && v.addressing[lower(words[len(words)-1])] {
		words = words[:len(words)-1]
	}
	for len(words) > 1 && v.addressing[lower(words[0])] {
		words = words[1:]
	}
	return strings.Join(words, " ")
}

func allCapitalised(s string) bool {
	for _, w := range strings.Fields(s) {
		if first := []rune(w)[0]; strings.ToUpper(string(first)) != string(first) || strings.ToLower(string(first)) == string(first) {
			return false
		}
	}
	return true
}
