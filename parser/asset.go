package parser

import (
	"strings"
	"unicode"
)

const maxAssets = 20

// assets collects asset codes in the order in which they stand, each once.
type assets struct {
	codes    []string
	evidence string
}

func (a *assets) add(code, evidence string) {
	if len(a.codes) == maxAssets {
		return
	}
	for _, have := range a.codes {
		if strings.EqualFold(have, code) {
			return
		}
	}
	if len(a.codes) == 0 {
		a.evidence = evidence
	}
	a.codes = append(a.codes, code)
}

// labelled takes the codes of a value that stands behind an asset label: there any word with a digit is one.
func (a *assets) labelled(value string) {
	for _, w := range strings.FieldsFunc(value, func(r rune) bool {
		return r == ' ' || r == ',' || r == ';' || r == '(' || r == ')' || r == '&' || r == '+' || r == '\t' || r == '\u00a0'
	}) {
		w = strings.Trim(w, ".:-–/#\"'*")
		if isCode(w, 3) {
			a.add(w, value)
		}
	}
}

// isCode says whether a word could be a code: it has a digit, and nothing but letters, digits and joints.
func isCode(w string, least int) bool {
	digits, capitals := 0, 0
	for i := range len(w) {
		switch c := w[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c >= 'A' && c <= 'Z':
			capitals++
		case c >= 'a' && c <= 'z', c == '-', c == '.', c == '/', c == '_', c == '#':
		default:
			return false
		}
	}
	return len(w) >= least && digits > 0 && len(w) <= 40 && (digits >= 3 || capitals > 0 || strings.ContainsAny(w, "-/._"))
}

// isTagged says whether what stands behind "tag" alone is a code: capitals that are no other number's, a joint and a digit.
func (v *vocabulary) isTagged(code string) bool {
	group, _, joined := strings.Cut(code, "-")
	return joined && isCode(code, 5) && strings.ContainsFunc(group, unicode.IsUpper) && !v.asset.not[group]
}

// assetsIn takes the codes of a text: those behind "kode aset" and the like, and words that look like one by themselves
// and stand neither behind a maker's name nor behind "error", "invoice" and the like.
func (v *vocabulary) assetsIn(a *assets, text string, words []token) {
	for i := 0; i < len(words); i++ {
		n, marks := v.report.longest(words[i:])
		if n > 1 && hasMark(marks, "serial before") { // "service tag"
			i += n - 1
			continue
		}
		if n == 1 && hasMark(marks, "tag before") && i+1 < len(words) && words[i+1].breaks == 0 {
			if code, next := wholeCode(text, words, i+1); v.isTagged(code) {
				a.add(code, text[words[i].start:words[next-1].end])
			}
		}
		if n == 0 || !hasMark(marks, "asset before") {
			continue
		}
		for i += n; i < len(words); {
			code, next := wholeCode(text, words, i)
			if !isCode(code, 3) || !strings.ContainsAny(code, "0123456789") {
				if i+1 < len(words) && v.links["before code"][lower(text[words[i].start:words[i].end])] {
					i++
					continue
				}
				break
			}
			a.add(code, text[words[max(0, i-n)].start:words[next-1].end])
			i = next
			if i >= len(words) || !v.joins(text[words[i].start:words[i].end], words[i]) {
				break
			}
			if v.isJoint(text[words[i].start:words[i].end]) {
				i++
			}
		}
		i--
	}
	for i := 0; i < len(words); {
		code, next := wholeCode(text, words, i)
		if (v.asset.own || next > i+1 && strings.ContainsAny(code, "0123456789")) && v.asset.pattern.MatchString(code) && v.standsAlone(text, words, i, code) {
			a.add(code, code)
		}
		i = max(next, i+1)
	}
}

// joins says whether a word goes on with a list of codes.
func (v *vocabulary) joins(s string, w token) bool { return v.isJoint(s) || w.breaks&breakComma != 0 }

func (v *vocabulary) isJoint(s string) bool {
	s = strings.ToLower(s)
	return v.links["and"][s] || v.links["list"][s]
}

// wholeCode gives the code that begins at a word, joints and all, and the word behind it.
func wholeCode(text string, words []token, i int) (string, int) {
	end, next := words[i].end, i+1
	for next < len(words) && words[next].start == end+1 && strings.IndexByte("-/._", text[end]) >= 0 {
		end = words[next].end
		next++
	}
	return text[words[i].start:end], next
}

// standsAlone says whether a word that looks like a code is no other number.
func (v *vocabulary) standsAlone(text string, words []token, i int, code string) bool {
	group := code
	if j := strings.IndexAny(code, "-./"); j > 0 {
		group = code[:j]
	}
	floor := code == group || len(code) <= len(group)+3 && !strings.ContainsAny(code[len(group)+1:], "-./")
	if v.asset.not[group] || v.asset.place[group] && floor {
		return false
	}
	if s := words[i].start; s > 0 && strings.IndexByte("\\/@:_=", text[s-1]) >= 0 && text[s-1] != ':' {
		return false
	}
	for j := i - 1; j >= 0 && j >= i-2; j-- {
		if words[j+1].breaks&(breakStop|breakLine) != 0 {
			break
		}
		if v.asset.brand[lower(text[words[j].start:words[j].end])] {
			return false
		}
		if n, marks := v.report.longest(words[j:i]); n > 0 && hasMark(marks, "serial before") {
			return false
		}
	}
	return true
}

func hasMark(marks []mark, section string) bool {
	for _, m := range marks {
		if m.section == section {
			return true
		}
	}
	return false
}
