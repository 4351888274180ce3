package workflow

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"helpost/internal/sop"
)

// The words that the arguments of commands may have, in both languages.
var (
	priorityWords = map[string]sop.Priority{
		"p1": sop.P1, "1": sop.P1, "critical": sop.P1, "kritis": sop.P1, "darurat": sop.P1,
		"p2": sop.P2, "2": sop.P2, "high": sop.P2, "tinggi": sop.P2, "urgent": sop.P2,
		"p3": sop.P3, "3": sop.P3, "normal": sop.P3, "biasa": sop.P3, "rendah": sop.P3, "low": sop.P3,
	}
	impactWords = map[string]sop.Impact{
		"company": sop.Company, "perusahaan": sop.Company, "semua": sop.Company, "whole company": sop.Company, "seluruh perusahaan": sop.Company,
		"department": sop.Department, "departemen": sop.Department, "divisi": sop.Department, "bagian": sop.Department, "dept": sop.Department,
		"individual": sop.Individual, "individu": sop.Individual, "perorangan": sop.Individual, "pribadi": sop.Individual, "satu orang": sop.Individual, "person": sop.Individual,
	}
	urgencyWords = map[string]sop.Urgency{
		"high": sop.High, "tinggi": sop.High, "mendesak": sop.High, "urgent": sop.High,
		"medium": sop.Medium, "sedang": sop.Medium, "menengah": sop.Medium, "normal": sop.Medium,
		"low": sop.Low, "rendah": sop.Low,
	}
	typeWords = map[string]sop.Type{
		"insiden": sop.Incident, "incident": sop.Incident, "gangguan": sop.Incident,
		"permintaan": sop.ServiceRequest, "request": sop.ServiceRequest, "service request": sop.ServiceRequest, "layanan": sop.ServiceRequest,
	}
)

// fold makes an argument comparable: lower case, single blanks, no closing mark.
func fold(s string) string {
	return strings.TrimRight(strings.ToLower(strings.Join(strings.Fields(s), " ")), ".,!")
}

// whom reads an agent or a team: an address with or without its name, or a name where it is unique.
func (p *Policy) whom(arg string) (agent, team string, ok bool) {
	want := strings.ToLower(strings.TrimSpace(arg))
	if address := addressIn(want); address != "" {
		a, found := p.Agent(address)
		return a.Address, "", found
	}
	want = strings.Trim(want, `"'@`)
	if want == "" {
		return "", "", false
	}
	for _, t := range p.Teams {
		if strings.ToLower(t.Name) == want {
			return "", t.Name, true
		}
	}
	var found []string
	for _, a := range p.Agents {
		name := strings.ToLower(a.Name)
		if name == want {
			return a.Address, "", true
		}
		if slices.Contains(strings.Fields(name), want) || strings.HasPrefix(a.Address, want+"@") {
			found = append(found, a.Address)
		}
	}
	if len(found) == 1 {
		return found[0], "", true
	}
	return "", "", false
}

// addressIn finds the one address in an argument: bare, in brackets, or after a display name.
func addressIn(s string) string {
	var found string
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" \t<>\"'(),;", r) }) {
		w = strings.TrimPrefix(w, "mailto:")
		if at := strings.IndexByte(w, '@'); at > 0 && at < len(w)-1 && strings.Count(w, "@") == 1 && len(w) <= maxAddress && !strings.ContainsFunc(w, steers) {
			if found != "" && found != w {
				return ""
			}
			found = w
		}
	}
	return strings.ToLower(found)
}

// numbers reads ticket numbers: IT-000124, 124, and ranges IT-000130-000183. At most 500.
func (p *Policy) numbers(arg string) ([]sop.Number, error) {
	var list []sop.Number
	prefix := strings.ToLower(p.Prefix) + "-"
	for _, w := range strings.FieldsFunc(strings.ToLower(arg), func(r rune) bool { return strings.ContainsRune(" ,;[]#", r) }) {
		first, last, ranged := strings.Cut(strings.TrimPrefix(w, prefix), "-")
		from, err := strconv.ParseUint(first, 10, 40)
		if err != nil {
			return nil, fmt.Errorf("%q is no ticket number", w)
		}
		to := from
		if ranged {
			if to, err = strconv.ParseUint(strings.TrimPrefix(last, prefix), 10, 40); err != nil {
				return nil, fmt.Errorf("%q is no range", w)
			}
		}
		if to < from || to-from > 500 || len(list) > 500 {
			return nil, fmt.Errorf("%q is no range", w)
		}
		for n := from; n <= to; n++ {
			list = append(list, sop.Number(n))
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("no ticket number")
	}
	return list, nil
}

// Names lists the other tickets that a mail's commands name, so that they can be read before it is decided.
func (p *Policy) Names(list []sop.Command) []sop.Number {
	var all []sop.Number
	for _, cmd := range list {
		if cmd.Name == sop.Merge || cmd.Name == sop.Absorb {
			if n, err := p.numbers(cmd.Args); err == nil {
				all = append(all, n...)
			}
		}
	}
	return all
}
