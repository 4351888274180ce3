package parser

type autoWords struct{}

func readAutoWords() (*autoWords, error) { return nil, nil }

func (p *Parser) classify(m *Mail, root *part, g *guard) {}
