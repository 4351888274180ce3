package parser

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// fromSignature finds the department in a signature: a line with "Departemen", else one that is a known department, with
// or without a job, else the line below the name.
func (v *vocabulary) fromSignature(signature, name string) string {
	lines := strings.Split(signature, "\n")
	if len(lines) > 40 {
		lines = lines[:40]
	}
	known, below, job, byJob := "", "", "", false
	for i, line := range lines {
		s := trimBlank(line)
		if s == "" || len(s) > signatureLine || v.isDisclaimer(s) || v.isSentFrom(s) {
			continue
		}
		beside := false
		for _, part := range v.signatureParts(s) {
			d, called := v.signatureUnit(part, name)
			if called {
				return d
			}
			role := v.hasRole(strings.Fields(part))
			if d != "" && (known == "" || byJob && !role && (beside || v.signatureParts(s)[0] == part)) { // "Regional Sales Manager | Commercial"
				known, byJob = d, role
			}
			beside = role
		}
		if d := v.tidyDepartment(s); job == "" && v.isDepartment(d) { // "Kasir" may be a job or where it is done
			job = d
		}
		if below == "" && i > 0 && sharesName(trimBlank(lines[i-1]), name) {
			below = v.unitLine(s)
		}
	}
	if known != "" {
		return known
	}
	if below == "" {
		return job
	}
	return below
}

// unitLine takes a part of the line below the name for a department, first one without a job: "Japan Desk, Corporate
// Banking Group", "Pricing Analyst, Revenue Management".
func (v *vocabulary) unitLine(s string) string {
	parts := v.signatureParts(s)
	for _, jobs := range [...]bool{false, true} {
		for _, part := range parts {
			if d := v.belowName(part); d != "" && jobs == v.hasRole(strings.Fields(part)) {
				return d
			}
		}
	}
	return ""
}

// belowName takes the line below a name for a department, though nobody knows it, if it is no job, firm or place.
func (v *vocabulary) belowName(s string) string {
	words := v.withoutRoles(strings.Fields(strings.Trim(s, "*_-~ ")))
	bare := strings.Join(words, " ")
	if len(words) == 0 || len(words) > 4 || v.isContact(s) || strings.ContainsAny(bare, "0123456789@:|,.") || v.says(bare) {
		return ""
	}
	for _, w := range words {
		r, _ := utf8.DecodeRuneInString(w)
		low := strings.ToLower(w)
		if !unicode.IsUpper(r) && w != "&" && !v.closing.particle[low] || v.role[low] || v.isTown(v.tokens(w)) {
			return ""
		}
	}
	last := strings.ToLower(words[len(words)-1])
	for _, ending := range [...]string{"ist", "eer", "yst", "ian"} {
		if strings.HasSuffix(last, ending) {
			return ""
		}
	}
	return v.tidyDepartment(bare)
}

// signatureParts cuts a line of a signature at its strokes and commas.
func (v *vocabulary) signatureParts(s string) []string {
	s = strings.NewReplacer(" - ", "|", " – ", "|", " — ", "|", " / ", "|", ", ", "|", "•", "|", "\t", "|").Replace(s)
	return strings.Split(s, "|")
}

// signatureUnit reads a department from a part of a line: "Manager Keuangan", "Finance Department". Called says that the
// part calls it one.
func (v *vocabulary) signatureUnit(s, name string) (department string, called bool) {
	s = trimBlank(strings.Trim(s, "*_-~ "))
	if s == "" || strings.EqualFold(s, name) {
		return "", false
	}
	if label, value, ok := strings.Cut(s, ":"); ok && v.label(label) == fieldDepartment {
		return v.tidyDepartment(value), true
	}
	if whole := v.tidyDepartment(s); v.isDepartment(whole) && !v.role[strings.ToLower(whole)] { // "Corporate Secretary" is no secretary's job
		return whole, !strings.EqualFold(whole, s)
	}
	words := strings.Fields(s)
	marked := false
	for _, w := range words {
		w = strings.ToLower(strings.Trim(w, ".:,"))
		if v.unit[w] != 0 && w != "unit" && w != "tim" && w != "team" {
			marked = true
		}
	}
	job := len(words)
	words = v.withoutRoles(words)
	bare := v.tidyDepartment(strings.Join(words, " "))
	if bare == "" || v.unit[strings.ToLower(bare)] != 0 {
		return "", false
	}
	if marked && len(words) <= unitWords+2 {
		return bare, len(words) == job // "Section Head" is a job, "Accounting Dept." is none
	}
	if v.isDepartment(bare) || v.holdsDepartment(bare) {
		return bare, false
	}
	return "", false
}

// unitOf is signatureUnit without what says how sure it is.
func (v *vocabulary) unitOf(s, name string) string {
	d, _ := v.signatureUnit(s, name)
	return d
}

// holdsDepartment knows "Group Treasury", "Regional Sales", "Gudang Makassar": capitals, and a known department at the end
// or at the beginning.
func (v *vocabulary) holdsDepartment(s string) bool {
	words := strings.Fields(s)
	if len(words) < 2 || len(words) > 4 {
		return false
	}
	for _, w := range words {
		if r, _ := utf8.DecodeRuneInString(w); !unicode.IsUpper(r) && w != "&" {
			return false
		}
	}
	for n := 1; n <= 2 && n < len(words); n++ {
		if v.isDepartment(strings.Join(words[len(words)-n:], " ")) || v.isDepartment(strings.Join(words[:n], " ")) {
			return true
		}
	}
	return false
}

// withoutRoles cuts words of jobs from both ends: "Staff Accounting", "Finance Manager", "Head of Procurement".
func (v *vocabulary) withoutRoles(words []string) []string {
	for len(words) > 0 {
		first := strings.ToLower(strings.Trim(words[0], ".:,"))
		if !v.role[first] && first != "of" {
			break
		}
		words = words[1:]
	}
	for len(words) > 1 {
		last := strings.ToLower(strings.Trim(words[len(words)-1], ".:,"))
		if !v.role[last] {
			break
		}
		words = words[:len(words)-1]
	}
	return words
}
