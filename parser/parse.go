package parser

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/mail"
	"strings"

	"github.com/jhillyerd/enmime/v2"

	"helpost/internal/sop"
)

// Parser reads mail for one company. It is safe for use by several goroutines.
type Parser struct {
	opts Options
}

// New returns a Parser for the company that o describes.
func New(o Options) (*Parser, error) {
	if len(o.Mailboxes) == 0 {
		o.Mailboxes = []string{"helpdesk@company.com"}
	}
	if o.Language == "" {
		o.Language = sop.Indonesian
	}
	if o.Prefix == "" {
		o.Prefix = "IT"
	}
	if o.Matrix == nil {
		o.Matrix = sop.DefaultMatrix()
	}
	return &Parser{opts: o}, nil
}

// Parse reads raw, one mail as it came over the wire. It never fails: what cannot be read is said in Mail.Problem.
func (p *Parser) Parse(raw []byte) *Mail {
	m := &Mail{Auto: sop.NotAuto}
	e, err := enmime.NewParser(enmime.DisableCharacterDetection(true), enmime.MaxStoredPartErrors(20), enmime.SkipMalformedParts(true),
		enmime.MultipartWOBoundaryAsSinglePart(true), enmime.DisableTextConversion(true)).ReadEnvelope(bytes.NewReader(raw))
	if err != nil {
		m.Problem = err.Error()
		return m
	}
	m.Subject = e.GetHeader("Subject")
	if a, err := mail.ParseAddress(e.GetHeader("From")); err == nil {
		m.From = Address{Address: strings.ToLower(a.Address), Name: a.Name}
		m.StrictFrom = m.From.Address
	}
	for _, part := range append(e.Attachments, e.Inlines...) {
		sum := sha256.Sum256(part.Content)
		m.Attachments = append(m.Attachments, Attachment{Filename: part.FileName, ContentType: part.ContentType, Inline: part.Disposition == "inline",
			SHA256: hex.EncodeToString(sum[:]), Data: part.Content})
	}
	var html htmlText
	m.Text = strings.ReplaceAll(e.Text, "\r\n", "\n")
	if m.Text == "" && e.HTML != "" {
		html = readHTML(e.HTML)
		m.Text = html.Text
	}
	m.NewText, m.Quoted = p.split(m.Text, e.HTML)
	m.Lang = p.language(m)
	return m
}
