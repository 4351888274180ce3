package parser

import (
	"strings"

	"helpost/internal/sop"
)

// Report reads a mail as a report of a problem: who, from where, about what, how bad, and what is missing.
//
// Of a mail that passes another one on, that one is the report, and its writer the reporter, if he is of the same
// company as who passes it on.
func (p *Parser) Report(m *Mail) sop.Report {
	room := rooms.Get().(*[]token)
	defer rooms.Put(room)
	s := p.words.source(m, room)
	r := sop.Report{Evidence: map[string]string{}, AssetCodes: []string{}, Screenshots: []string{}, Missing: []string{}}
	p.words.which(&r, s)
	for _, a := range m.Attachments {
		if a.Screenshot {
			r.Screenshots = append(r.Screenshots, a.Filename)
		}
	}
	p.words.classify(&r, s)
	p.words.who(&r, s)
	r.Priority = p.opts.Matrix[r.Impact][r.Urgency]
	p.words.missing(&r, s)
	return r
}

// who finds the reporter's name and department.
func (v *vocabulary) who(r *sop.Report, s *source) {
	r.Name, r.Evidence["name"] = v.reporter(s, r.Type)
	if r.Name == "" {
		delete(r.Evidence, "name")
	}
	r.Department, r.Evidence["department"] = v.department(s, r.Name)
	if r.Department == "" {
		delete(r.Evidence, "department")
	}
}

// which finds the asset codes: behind labels, in the subject, in the words, in the signature.
func (v *vocabulary) which(r *sop.Report, s *source) {
	var a assets
	for _, value := range s.form.assets {
		a.labelled(value)
	}
	v.assetsIn(&a, s.text, s.words)
	v.assetsIn(&a, s.subject, s.subjectWords)
	if len(a.codes) == 0 {
		v.assetsIn(&a, s.signature, v.tokens(clip(s.signature)))
	}
	if len(a.codes) == 0 {
		return
	}
	r.AssetCode, r.AssetCodes = a.codes[0], a.codes
	r.Evidence["asset_code"] = a.evidence
}

// missing lists what the report lacks.
func (v *vocabulary) missing(r *sop.Report, s *source) {
	if r.Name == "" {
		r.Missing = append(r.Missing, sop.MissingName)
	}
	if r.Department == "" {
		r.Missing = append(r.Missing, sop.MissingDepartment)
	}
	if r.Type != sop.Incident || len(r.Screenshots) > 0 || s.form.noPicture {
		return
	}
	for i := range s.words {
		if n, marks := v.report.longest(s.words[i:]); n > 0 && hasMark(marks, "no screenshot") {
			r.Evidence["screenshot"] = s.text[s.words[i].start:s.words[i+n-1].end]
			return
		}
	}
	for line := range strings.SplitSeq(s.text, "\n") {
		if len(line) < 30 && v.saysNone(trimBullet(trimBlank(line))) {
			r.Evidence["screenshot"] = trimBlank(line)
			return
		}
	}
	r.Missing = append(r.Missing, sop.MissingScreenshot)
}
