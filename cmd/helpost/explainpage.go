package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"helpost/parser"
)

// explainPage writes what is read in a mail for a person: each finding with the words it rests on, then the text with what
// was taken and what was cut.
type explainPage struct {
	out    io.Writer
	colour bool
	page   bytes.Buffer
	said   []string // the words that findings rest on, to be marked in the text
}

// write writes the page of one mail, an empty line before it where another stands above.
func (p *explainPage) write(l explainLine, another bool) error {
	p.page.Reset()
	p.said = nil
	if another {
		p.page.WriteByte('\n')
	}
	fmt.Fprintln(&p.page, p.style(bold, plain(l.File)))
	if l.Error != nil {
		p.line("Error", *l.Error, "")
	}
	p.mail(l.Explained)
	p.readings(l.Explained)
	p.text(l.Lines)
	_, err := p.out.Write(p.page.Bytes())
	return err
}

// mail writes the mail's head, its kind and its files.
func (p *explainPage) mail(e parser.Explained) {
	if e.From != nil {
		p.line("From", strings.TrimSpace(e.From.Name+" <"+e.From.Address+">"), "")
	}
	p.line("To", strings.Join(e.To, ", "), "")
	p.line("Subject", e.Subject, "")
	if e.Signed {
		p.line("Signed", "yes, and not verified", "")
	}
	if e.Lang != "" {
		p.line("Language", string(e.Lang), "stop words: "+cmp.Or(e.LangEvidence, "none, so the company's"))
	}
	if e.Auto != "" && e.Auto != "none" {
		p.line("Automatic", string(e.Auto), deref(e.AutoEvidence))
	}
	if b := e.Bounce; b != nil {
		p.line("Bounce", strings.TrimSpace(b.Status+" "+b.Recipient), b.Action)
	}
	for _, a := range e.Attachments {
		about := []string{a.ContentType, fmt.Sprintf("%d bytes", a.Size)}
		if a.Pixels != "" {
			about = append(about, a.Pixels)
		}
		if a.Screenshot {
			about = append(about, "screenshot")
		}
		p.line("File", cmp.Or(a.Filename, "(no name)"), strings.Join(about, ", "))
	}
}

// readings writes what the mail says as a report, as an answer to a fix and as an agent's.
func (p *explainPage) readings(e parser.Explained) {
	if r := e.Report; r != nil {
		p.found("Name", deref(r.Name), r.Evidence["name"])
		p.found("Department", deref(r.Department), r.Evidence["department"])
		p.found("Asset codes", strings.Join(r.AssetCodes, ", "), r.Evidence["asset_code"])
		p.found("Type", deref(r.Type), r.Evidence["type"])
		p.found("Impact", deref(r.Impact), r.Evidence["impact"])
		p.found("Urgency", deref(r.Urgency), r.Evidence["urgency"])
		p.found("Priority", deref(r.Priority), r.Evidence["priority"])
		if said := r.Evidence["screenshot"]; said != "" {
			p.found("Screenshot", "there is none to be had", said)
		}
		p.line("Missing", strings.Join(r.Missing, ", "), "")
	}
	if v := e.Validation; v != nil {
		p.found("Verdict", deref(v.Verdict), deref(v.Evidence))
		if v.Rating != nil {
			p.line("Rating", fmt.Sprint(*v.Rating), "")
		}
	}
	for _, c := range e.Commands {
		p.line("Command", strings.TrimSpace("#"+string(c.Name)+" "+c.Args), "")
	}
	if e.UnknownCommand != nil {
		nearest := ""
		if e.NearestCommand != "" {
			nearest = "the nearest is #" + e.NearestCommand
		}
		p.line("Unknown", "#"+*e.UnknownCommand, nearest)
	}
	if e.MisplacedCommand != nil {
		p.line("Misplaced", "#"+*e.MisplacedCommand, "outside the zones at the top and the bottom")
	}
}

// found writes a finding and the words it rests on, which are marked in the text. What rests on no word is so by default.
func (p *explainPage) found(name, value, evidence string) {
	if evidence != "" {
		p.said = append(p.said, evidence)
	}
	p.line(name, value, cmp.Or(evidence, "by default: nothing says otherwise"))
}

// line writes one finding and what it rests on; nothing where there is none.
func (p *explainPage) line(name, value, evidence string) {
	if value == "" {
		return
	}
	fmt.Fprintf(&p.page, "  %-12s%s", name, plain(value))
	if evidence != "" {
		p.page.WriteString(p.style(dim, "  ("+plain(evidence)+")"))
	}
	p.page.WriteByte('\n')
}

// lineStyles say how each kind of line is shown: the mark before it, and its colour.
var lineStyles = map[parser.LineKind]struct{ mark, style string }{
	parser.LineNew:       {"|", ""},
	parser.LineCommand:   {"#", cyan},
	parser.LinePassedOn:  {"»", ""},
	parser.LineQuoted:    {">", dim},
	parser.LineSignature: {"~", dim},
}

// text writes the text line by line, each with a mark that says what it was found to be.
func (p *explainPage) text(lines []parser.ExplainedLine) {
	if !slices.ContainsFunc(lines, func(l parser.ExplainedLine) bool { return strings.TrimSpace(l.Text) != "" }) {
		return
	}
	fmt.Fprintf(&p.page, "\n  %s%s\n", p.style(bold, "Text"), p.style(dim, "   taken: | new  » passed on  # command   cut: > quoted  ~ signature and the like"))
	blank := false // an empty line is due
	for _, l := range lines {
		s, words := lineStyles[l.Kind], plain(l.Text)
		if words == "" {
			blank = true
			continue
		}
		if blank {
			p.page.WriteByte('\n')
		}
		blank = false
		if s.style == "" {
			words = p.marked(words)
		}
		fmt.Fprintln(&p.page, p.style(s.style, "  "+s.mark+" "+words))
	}
}

// marked marks the words of a line that a finding rests on.
func (p *explainPage) marked(line string) string {
	if !p.colour {
		return line
	}
	for from := 0; from < len(line); {
		first, at := "", -1
		for _, said := range p.said {
			if i := strings.Index(line[from:], plain(said)); i >= 0 && (at < 0 || i < at || i == at && len(said) > len(first)) {
				first, at = plain(said), i
			}
		}
		if at < 0 {
			break
		}
		at += from
		marked := p.style(yellow, first)
		line = line[:at] + marked + line[at+len(first):]
		from = at + len(marked)
	}
	return line
}

// The styles of a terminal (ECMA-48 §8.3.117).
const (
	bold   = "1"
	dim    = "2"
	yellow = "33"
	cyan   = "36"
)

func (p *explainPage) style(code, s string) string {
	if !p.colour || code == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// plain takes out of a mail's words what would steer the terminal, or turn the direction of its text.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && unicode.IsControl(r) || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
}

func deref[S ~string](s *S) string {
	if s == nil {
		return ""
	}
	return string(*s)
}
