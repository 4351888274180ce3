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
	switch {
	case p.isLoop(m):
		m.Auto = sop.Loop
	case p.readBounce(m, root, tree, g):
	case isTrue(h.get("X-Spam-Flag")):
		m.Auto = sop.Spam
	case p.isReceipt(m, root, tree):
		m.Auto = sop.ReadReceipt
	case tree.reaction || p.isReaction(m):
		m.Auto = sop.Reaction
	case p.isRecall(m):
		m.Auto = sop.Recall
	case isCalendar(h, tree):
		m.Auto = sop.Calendar
	default:
		m.Auto = p.kindByHeader(m, h)
	}
	if m.Auto == sop.AutoReply {
		m.Until = p.absentUntil(m)
	}
}

// survey is what the parts of a mail say of its kind. Attached mails are not looked into: they are somebody else's.
type survey struct {
	status   *part // message/delivery-status, or another part that a report names so
	returned *part // the mail that came back, or its header
	receipt  *part // message/disposition-notification
	reaction bool
	calendar *part // text/calendar that is the mail itself, no file
}

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
	case "text/vnd.google.email-reaction+json":
		s.reaction = true
	case "text/calendar":
		invites := parent == nil || parent.kind == "multipart/alternative"
		if p.disposition != "attachment" && (invites || p.filename() == "" && p.params.get("method") != "") {
			s.calendar = p
		}
	}
}

// isLoop says whether the mail is one of ours that came back: by its From, or by a Message-ID whose MAC holds.
func (p *Parser) isLoop(m *Mail) bool {
	if p.isOurs(m.From.Address) {
		return true
	}
	return p.opts.Ours != nil && m.MessageID != "" && p.opts.Ours(m.MessageID)
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

// suppresses says whether a mail asks for no automatic answer: the field of Exchange, or the mark of another helpost.
func suppresses(h header) bool {
	for _, f := range h {
		name := strings.ToLower(f.Name)
		if strings.HasPrefix(name, "x-helpost-") {
			return true
		}
		if name != "x-auto-response-suppress" {
			continue
		}
		for _, word := range strings.FieldsFunc(strings.ToLower(f.Value), func(r rune) bool { return r == ',' || r == ' ' || r == ';' }) {
			if word == "all" || word == "oof" || word == "autoreply" {
				return true
			}
		}
	}
	return false
}

// isReceipt says whether a mail tells that ours was read or deleted (RFC 8098), also as Exchange says it without a report.
func (p *Parser) isReceipt(m *Mail, root *part, tree *survey) bool {
	if tree.receipt != nil || strings.EqualFold(root.params.get("report-type"), "disposition-notification") {
		return true
	}
	_, rest, ok := p.auto.begins("receipt subject", plainWords(m.Subject))
	if !ok || !strings.HasPrefix(strings.TrimSpace(rest), ":") {
		return false
	}
	text := plainWords(head(m.NewText, 1000))
	return p.auto.holds("receipt", text) && (strings.HasPrefix(text, "your message") || strings.HasPrefix(text, "pesan anda") || strings.HasPrefix(text, "this is"))
}

// isReaction says whether a mail is a reaction of Outlook or Gmail: a first line that says so and no word of a person.
func (p *Parser) isReaction(m *Mail) bool {
	if len(m.InReplyTo) == 0 && len(m.References) == 0 {
		return false
	}
	lines := 0
	for _, line := range strings.Split(head(m.Text, 600), "\n") {
		if line = plainWords(line); line == "" {
			continue
		}
		if phrase, at := p.auto.finds("reaction", line); at >= 0 {
			rest := strings.Trim(line[at+len(phrase):], " :.<>")
			return rest == "" || strings.HasPrefix(rest, "http")
		}
		if lines++; lines > 2 || len([]rune(line)) > 12 { // above it stands the emoji at most
			return false
		}
	}
	return false
}

// isRecall says whether a mail is Outlook's wish to take a mail back: a whole text of one sentence.
func (p *Parser) isRecall(m *Mail) bool {
	subject := plainWords(m.Subject)
	if _, rest, ok := p.auto.begins("recall subject", subject); !ok || !strings.HasPrefix(strings.TrimSpace(rest), ":") {
		return false
	}
	text := plainWords(head(m.Text, readForWords))
	return p.auto.holds("recall", text) && len(text) <= len(subject)+len(m.From.Name)+200
}

// isCalendar says whether a mail is an invitation or an answer to one (RFC 6047), and not a letter with a calendar file.
func isCalendar(h header, tree *survey) bool {
	if strings.Contains(strings.ToLower(h.get("Content-Class")), "calendarmessage") {
		return true
	}
	return tree.calendar != nil
}

// kindByHeader reads the fields of RFC 3834 and what lists, mailings and other programs write beside them.
func (p *Parser) kindByHeader(m *Mail, h header) sop.Auto {
	submitted := fieldWord(h.get("Auto-Submitted"))
	automatic := submitted != "" && submitted != "no"
	list, bulk := p.listKind(h)
	precedence := fieldWord(h.get("Precedence"))
	switch {
	case submitted == "auto-replied", p.hasField(h, "answer field"), precedence == "auto_reply", precedence == "auto-reply",
		automatic && (p.answers(m) || p.tellsAbsence(m)):
		return sop.AutoReply
	case p.isHeaderlessReply(m):
		return sop.AutoReply
	case bulk:
		return sop.Bulk
	case list:
		return sop.List
	case automatic, p.hasField(h, "robot field"), p.isRobot(m.From.Address):
		if p.answers(m) {
			return sop.AutoReply
		}
		return sop.AutoGenerated
	case precedence == "bulk", precedence == "junk":
		return sop.Bulk
	case p.isRobotAnswer(m):
		if p.answers(m) {
			return sop.AutoReply
		}
		return sop.AutoGenerated
	}
	return sop.NotAuto
}

// fieldWord returns the first word of a field's value, in small letters, without parameters and comments.
func fieldWord(value string) string {
	value = strings.TrimLeft(strings.ToLower(value), " \t")
	if i := strings.IndexAny(value, " \t;,("); i >= 0 {
		value = value[:i]
	}
	return value
}

func isTrue(value string) bool {
	switch fieldWord(value) {
	case "yes", "true", "1":
		return true
	}
	return false
}

// listKind says whether a mail came over a mailing list (RFC 2919, RFC 2369), or is a mailing. A list of ours that hands
// on to a mailbox of ours is neither.
func (p *Parser) listKind(h header) (list, bulk bool) {
	id := h.get("List-Id")
	if p.isOurList(id) {
		return false, false
	}
	discusses := h.has("List-Post") || h.has("X-Mailman-Version") || h.has("X-BeenThere") || h.has("Mailing-List") || h.has("X-Mailing-List") || fieldWord(h.get("Precedence")) == "list"
	mailing := p.hasField(h, "bulk field")
	return id != "" || discusses, mailing && !discusses
}

func (p *Parser) isOurList(id string) bool {
	if id == "" {
		return false
	}
	if open := strings.LastIndexByte(id, '<'); open >= 0 {
		id = strings.TrimRight(id[open+1:], "> \t")
	}
	for _, ours := range p.opts.ListIDs {
		if strings.EqualFold(strings.Trim(ours, "<> "), strings.TrimSpace(id)) {
			return true
		}
	}
	return false
}

// hasField says whether a field of a section stands in the header with a value that does not deny it.
func (p *Parser) hasField(h header, section string) bool {
	known := p.auto.members[section]
	for _, f := range h {
		if known[strings.ToLower(f.Name)] {
			if word := fieldWord(f.Value); word != "no" && word != "false" {
				return true
			}
		}
	}
	return false
}

// answers says whether a mail answers something: it names another mail, or the tag of a ticket.
func (p *Parser) answers(m *Mail) bool {
	return len(m.InReplyTo) > 0 || len(m.References) > 0 || p.hasTag(m.Subject)
}

// hasTag says whether a subject bears the tag of a ticket: [IT-000123].
func (p *Parser) hasTag(subject string) bool {
	tag := "[" + strings.ToLower(p.opts.Prefix) + "-"
	_, rest, ok := strings.Cut(strings.ToLower(subject), tag)
	return ok && rest != "" && rest[0] >= '0' && rest[0] <= '9'
}

// isRobot says whether no person writes from an address.
func (p *Parser) isRobot(address string) bool {
	local, _, _ := strings.Cut(address, "@")
	local, _, _ = strings.Cut(local, "+")
	if p.auto.members["robot sender"][local] {
		return true
	}
	for _, robot := range p.auto.phrases["robot sender"] { // noreply-dmarc, alerts-noreply
		if rest, ok := strings.CutPrefix(local, robot); ok && strings.ContainsAny(rest[:1], "-_.") {
			return true
		}
		if rest, ok := strings.CutSuffix(local, robot); ok && strings.ContainsAny(rest[len(rest)-1:], "-_.") {
			return true
		}
	}
	return false
}

// tellsAbsence says whether the new words tell of an absence.
func (p *Parser) tellsAbsence(m *Mail) bool {
	return p.auto.holds("absence", plainWords(head(m.NewText, readForWords)))
}

// isHeaderlessReply says whether a mail without a mark in its header is an automatic answer all the same: its subject
// begins as one, and its words tell of an absence in the manner of such answers. People who write of their leave say so
// within a sentence, and ask for something.
func (p *Parser) isHeaderlessReply(m *Mail) bool {
	subject := strings.TrimLeft(plainWords(m.Subject), "[(<*! ")
	_, rest, automatic := p.auto.begins("automatic subject", subject)
	if !automatic {
		var absent bool
		if _, rest, absent = p.auto.begins("absence subject", subject); !absent {
			return false
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

// isRobotAnswer says whether a mail is the acknowledgement of another service desk that bears no mark: a number in its
// subject, words that say that something was received, and words that say that a program wrote them.
func (p *Parser) isRobotAnswer(m *Mail) bool {
	if !strings.ContainsAny(m.Subject, "#[") {
		return false
	}
	text := plainWords(head(m.Text, readForWords))
	return p.auto.holds("machine words", text) && (p.auto.holds("taken", text) || p.auto.holds("taken", plainWords(m.Subject))) && m.Quoted == ""
}
