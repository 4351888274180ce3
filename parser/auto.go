package parser

import (
	"strings"

	"helpost/internal/sop"
)

// How much of a text is read for the words of a machine.
const (
	readForWords = 4 << 10
	readForFault = 64 << 10
)

// classify says what kind of automatic mail a mail is. Proof by form comes first (RFC 3464, RFC 8098, iTIP), then header
// fields (RFC 3834), then words; words count only where the form of the mail speaks for a machine too, for people write
// of bounces and absences. Where several hold, the first one of this order counts.
func (p *Parser) classify(m *Mail, root *part, g *guard) {
	h := root.header
	m.Suppress = suppresses(h)
	tree := surveyParts(root)
	m.Auto, m.AutoBy = p.kindOf(m, root, tree, g)
	if m.Auto == sop.AutoReply {
		m.Until = p.absentUntil(m)
	}
}

// kindOf is the kind of a mail, and what shows it. Its subject is looked at in plain words.
func (p *Parser) kindOf(m *Mail, root *part, tree *survey, g *guard) (kind sop.Auto, by string) {
	if by := p.loopBy(m); by != "" {
		return sop.Loop, by
	}
	if kind, by := p.readBounce(m, root, tree, g); kind != sop.NotAuto {
		return kind, by
	}
	if isTrue(root.header.get("X-Spam-Flag")) {
		return sop.Spam, fieldBy(root.header, "X-Spam-Flag")
	}
	subject := plainWords(m.Subject)
	if by := p.receiptBy(m, subject, root, tree); by != "" {
		return sop.ReadReceipt, by
	}
	if by := p.reactionBy(m, tree); by != "" {
		return sop.Reaction, by
	}
	if by := p.recallBy(m, subject); by != "" {
		return sop.Recall, by
	}
	if by := calendarBy(root.header, tree); by != "" {
		return sop.Calendar, by
	}
	return p.kindByHeader(m, subject, root.header)
}

// survey is what the parts of a mail say of its kind. Attached mails are not looked into: they are somebody else's.
type survey struct {
	status   *part // message/delivery-status, or another part that a report names so
	returned *part // the mail that came back, or its header
	receipt  *part // message/disposition-notification
	reaction bool
	calendar *part // text/calendar that is the mail itself, no file
}

// reactionKind is a reaction of Gmail.
const reactionKind = "text/vnd.google.email-reaction+json"

func surveyParts(root *part) *survey {
	s := &survey{}
	s.visit(root, nil)
	return s
}

func (s *survey) visit(p, parent *part) {
	for _, child := range p.children {
		s.visit(child, p)
	}
	if p.multipart() {
		return
	}
	switch p.kind {
	case "message/delivery-status", "message/global-delivery-status", "message/delivery-notification":
		if s.status == nil {
			s.status = p
		}
	case "message/rfc822", "message/global", "message/rfc822-headers", "message/global-headers", "text/rfc822-headers", "message/partial":
		if s.returned == nil {
			s.returned = p
		}
	case "message/disposition-notification", "message/global-disposition-notification":
		s.receipt = p
	case reactionKind:
		s.reaction = true
	case "text/calendar":
		invites := parent == nil || parent.kind == "multipart/alternative"
		if p.disposition != "attachment" && (invites || p.filename() == "" && p.params.get("method") != "") {
			s.calendar = p
		}
	}
}

// loopBy shows that the mail is one of ours that came back: by its From, or by a Message-ID whose MAC holds.
func (p *Parser) loopBy(m *Mail) string {
	if p.isOurs(m.From.Address) {
		return "From: " + m.From.Address
	}
	if p.opts.Ours != nil && m.MessageID != "" && p.opts.Ours(m.MessageID) {
		return "Message-ID: " + m.MessageID
	}
	return ""
}

// isOurs says whether an address is one of our mailboxes, with or without a tag.
func (p *Parser) isOurs(address string) bool {
	if p.ours[address] {
		return true
	}
	local, domain, _ := strings.Cut(address, "@")
	local, _, tagged := strings.Cut(local, "+")
	return tagged && p.ours[local+"@"+domain]
}

// receiptBy shows that a mail tells that ours was read or deleted (RFC 8098), also as Exchange says it without a report.
func (p *Parser) receiptBy(m *Mail, subject string, root *part, tree *survey) string {
	if tree.receipt != nil {
		return tree.receipt.kind
	}
	if kind := "disposition-notification"; strings.EqualFold(root.params.get("report-type"), kind) {
		return "report-type=" + kind
	}
	_, rest, ok := p.auto.begins("receipt subject", subject)
	if !ok || !strings.HasPrefix(strings.TrimSpace(rest), ":") {
		return ""
	}
	text := plainWords(head(m.NewText, 1000))
	if _, _, opens := p.auto.begins("receipt opening", text); !opens {
		return ""
	}
	said, _ := p.auto.finds("receipt", text)
	return said
}

// reactionBy shows that a mail is a reaction of Outlook or Gmail: a part of its own kind, or a first line that says so and
// no word of a person.
func (p *Parser) reactionBy(m *Mail, tree *survey) string {
	if tree.reaction {
		return reactionKind
	}
	if len(m.InReplyTo) == 0 && len(m.References) == 0 {
		return ""
	}
	lines := 0
	for _, line := range strings.Split(head(m.Text, 600), "\n") {
		if line = plainWords(line); line == "" {
			continue
		}
		if phrase, at := p.auto.finds("reaction", line); at >= 0 {
			if rest := strings.Trim(line[at+len(phrase):], " :.<>"); rest == "" || strings.HasPrefix(rest, "http") {
				return phrase
			}
			return ""
		}
		if lines++; lines > 2 || len([]rune(line)) > 12 { // above it stands the emoji at most
			return ""
		}
	}
	return ""
}

// recallBy shows that a mail is Outlook's wish to take a mail back: a whole text of one sentence.
func (p *Parser) recallBy(m *Mail, subject string) string {
	if _, rest, ok := p.auto.begins("recall subject", subject); !ok || !strings.HasPrefix(strings.TrimSpace(rest), ":") {
		return ""
	}
	text := plainWords(head(m.Text, readForWords))
	if len(text) > len(subject)+len(m.From.Name)+200 {
		return ""
	}
	said, _ := p.auto.finds("recall", text)
	return said
}

// calendarBy shows that a mail is an invitation or an answer to one (RFC 6047), and not a letter with a calendar file.
func calendarBy(h header, tree *survey) string {
	if strings.Contains(strings.ToLower(h.get("Content-Class")), "calendarmessage") {
		return fieldBy(h, "Content-Class")
	}
	if tree.calendar != nil {
		return tree.calendar.kind
	}
	return ""
}

// tellsAbsence says whether the new words tell of an absence.
func (p *Parser) tellsAbsence(m *Mail) bool {
	return p.auto.holds("absence", plainWords(head(m.NewText, readForWords)))
}

// isHeaderlessReply says whether a mail without a mark in its header is an automatic answer all the same: its subject
// begins as one, and its words tell of an absence in the manner of such answers. People who write of their leave say so
// within a sentence, and ask for something.
func (p *Parser) isHeaderlessReply(m *Mail, subject string) bool {
	subject = strings.TrimLeft(subject, "[(<*! ")
	_, rest, automatic := p.auto.begins("automatic subject", subject)
	if !automatic {
		var absent bool
		if _, rest, absent = p.auto.begins("absence subject", subject); !absent {
			return p.isNamedAbsence(m, subject)
		}
	}
	if !p.isSetOff(rest) {
		return false
	}
	text := plainWords(head(m.NewText, readForWords))
	absence, manner := p.auto.holds("absence", text), p.auto.holds("absence manner", text)
	if automatic {
		return absence || manner || p.auto.holds("machine words", text) || p.answers(m)
	}
	return absence && (manner || p.answers(m)) && !strings.Contains(text, "?") && !p.auto.holds("asking", text)
}

// isNamedAbsence knows the answers of a mail system that names its absent user in the third person: "AUTO: Rina Wijaya is out
// of the office (returning 19/01/2026)". The name is the sender's, and his text begins with his absence and tells of it in the
// manner of such answers.
func (p *Parser) isNamedAbsence(m *Mail, subject string) bool {
	if _, rest, ok := p.auto.begins("absence mark", subject); ok {
		subject = strings.TrimLeft(rest, ": ")
	}
	phrase, at := p.auto.finds("is absent", subject)
	if at <= 0 || !strings.EqualFold(strings.TrimSpace(subject[:at]), plainWords(tidyName(m.From.Name))) {
		return false
	}
	if rest := strings.Trim(subject[at+len(phrase):], " ."); rest != "" && rest[0] != '(' && !p.isSetOff(rest) {
		return false
	}
	text := plainWords(head(m.NewText, readForWords))
	return p.auto.holds("absence", head(text, 150)) && (p.auto.holds("absence manner", text) || p.auto.holds("machine words", text)) && !strings.Contains(text, "?") && !p.auto.holds("asking", text)
}

// isSetOff says whether what follows the first words of a subject is set off from them: nothing, a sign, the subject that
// is answered, or a date until when. Within a sentence they are a person's.
func (p *Parser) isSetOff(rest string) bool {
	rest = strings.TrimSpace(rest)
	if rest == "" || strings.HasPrefix(rest, "re:") || strings.ContainsAny(rest[:1], ":[]()>*-") || strings.HasPrefix(rest, "–") || strings.HasPrefix(rest, "：") {
		return true
	}
	_, _, until := p.auto.begins("until", rest)
	return until
}

// robotsWords gives the words by which a mail is the acknowledgement of another service desk that bears no mark: a number in
// its subject, words that say that something was received, and words that say that a program wrote them.
func (p *Parser) robotsWords(m *Mail, subject string) string {
	if !strings.ContainsAny(m.Subject, "#[") || m.Quoted != "" {
		return ""
	}
	text := plainWords(head(m.Text, readForWords))
	if !p.auto.holds("taken", text) && !p.auto.holds("taken", subject) {
		return ""
	}
	said, _ := p.auto.finds("machine words", text)
	return said
}
