package parser

import "helpost/internal/sop"

// Report reads a mail as a report of a problem.
func (p *Parser) Report(m *Mail) sop.Report { return sop.Report{} }

func tidyName(s string) string { return s }
