package parser

import "helpost/internal/sop"

func (p *Parser) split(text, html string) (newText, quoted string) { return text, "" }
func (p *Parser) language(m *Mail) sop.Lang                        { return p.opts.Language }

// Report reads a mail as a report of a problem.
func (p *Parser) Report(m *Mail) sop.Report { return sop.Report{} }

// Validation reads a mail as an answer to a fix.
func (p *Parser) Validation(m *Mail) Validation { return Validation{} }

// Commands reads a mail as an agent's.
func (p *Parser) Commands(m *Mail) Commands { return Commands{Body: m.NewText} }
