package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"

	"helpost/parser"
)

// explainPage writes what is read in a mail for a person: each finding with the words it rests on.
type explainPage struct {
	out    io.Writer
	colour bool
	page   bytes.Buffer
}

// write writes the page of one mail, an empty line before it where another stands above.
func (p *explainPage) write(l explainLine, another bool) error {
	p.page.Reset()
	if another {
		p.page.WriteByte('\n')
	}
	fmt.Fprintln(&p.page, p.bold(plain(l.File)))
	if l.Error != nil {
		p.line("Error", *l.Error, "")
	}
	p.mail(l.Explained)
	p.readings(l.Explained)
	if text := strings.TrimSpace(l.NewText); text != "" {
		fmt.Fprintf(&p.page, "\n  %s\n", p.bold("New text"))
		for line := range strings.Lines(text) {
			fmt.Fprintln(&p.page, strings.TrimRight("    "+plain(strings.TrimRight(line, "\n")), " "))
		}
	}
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
	p.line("Language", string(e.Lang), "")
	if e.Auto != "" && e.Auto != "none" {
		p.line("Automatic", string(e.Auto), "")
	}
	if b := e.Bounce; b != nil {
		p.line("Bounce", strings.TrimSpace(b.Status+" "+b.Recipient), b.Action)
	}
	for _, a := range e.Attachments {
		kind := a.ContentType
		if a.Screenshot {
			kind += ", screenshot"
		}
		name := a.Filename
		if name == "" {
			name = "(no name)"
		}
		p.line("File", name, fmt.Sprintf("%s, %d bytes", kind, a.Size))
	}
}

// readings writes what the mail says as a report, as an answer to a fix and as an agent's.
func (p *explainPage) readings(e parser.Explained) {
	if r := e.Report; r != nil {
		p.line("Name", deref(r.Name), r.Evidence["name"])
		p.line("Department", deref(r.Department), r.Evidence["department"])
		p.line("Asset codes", strings.Join(r.AssetCodes, ", "), r.Evidence["asset_code"])
		p.line("Type", deref(r.Type), r.Evidence["type"])
		p.line("Impact", deref(r.Impact), r.Evidence["impact"])
		p.line("Urgency", deref(r.Urgency), r.Evidence["urgency"])
		p.line("Priority", deref(r.Priority), r.Evidence["priority"])
		p.line("Missing", strings.Join(r.Missing, ", "), "")
	}
	if v := e.Validation; v != nil {
		p.line("Verdict", deref(v.Verdict), "")
		if v.Rating != nil {
			p.line("Rating", fmt.Sprint(*v.Rating), "")
		}
	}
	for _, c := range e.Commands {
		p.line("Command", strings.TrimSpace("#"+string(c.Name)+" "+c.Args), "")
	}
	p.line("Unknown", deref(e.UnknownCommand), "")
	p.line("Misplaced", deref(e.MisplacedCommand), "")
}

// line writes one finding and what it rests on; nothing where there is none.
func (p *explainPage) line(name, value, evidence string) {
	if value == "" {
		return
	}
	fmt.Fprintf(&p.page, "  %-12s%s", name, plain(value))
	if evidence != "" {
		p.page.WriteString(p.dim("  (" + plain(evidence) + ")"))
	}
	p.page.WriteByte('\n')
}

func (p *explainPage) bold(s string) string { return p.style("1", s) }
func (p *explainPage) dim(s string) string  { return p.style("2", s) }

func (p *explainPage) style(code, s string) string {
	if !p.colour {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// plain takes out of a mail's words what would steer the terminal.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && unicode.IsControl(r) {
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
