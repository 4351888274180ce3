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

// kindOf is the kind of a mail, and what shows it.
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
	if by := p.receiptBy(m, root, tree); by != "" {
		return sop.ReadReceipt, by
	}
	if by := p.reactionBy(m, tree); by != "" {
		return sop.Reaction, by
	}
	if by := p.recallBy(m); by != "" {
		return sop.Recall, by
	}
	if by := calendarBy(root.header, tree); by != "" {
		return sop.Calendar, by
	}
	return p.kindByHeader(m, root.header)
}

// fieldBy shows a field of a header as evidence.
func fieldBy(h header, name string) string {
	return name + ": " + shorten(oneLine(marked(h.get(name))), 100)
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

// receiptBy shows that a mail tells that ours was read or deleted (RFC 8098), also as Exchange says it without a report.
func (p *Parser) receiptBy(m *Mail, root *part, tree *survey) string {
	if tree.receipt != nil {
		return tree.receipt.kind
	}
	if kind := "disposition-notification"; strings.EqualFold(root.params.get("report-type"), kind) {
		return "report-type=" + kind
	}
	_, rest, ok := p.auto.begins("receipt subject", plainWords(m.Subject))
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
func (p *Parser) recallBy(m *Mail) string {
	subject := plainWords(m.Subject)
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

// kindByHeader reads the fields of RFC 3834 and what lists, mailings and other programs write beside them.
func (p *Parser) kindByHeader(m *Mail, h header) (kind sop.Auto, by string) {
	const auto, order = "Auto-Submitted", "Precedence"
	submitted, precedence := fieldWord(h.get(auto)), fieldWord(h.get(order))
	automatic := submitted != "" && submitted != "no"
	list, bulk := p.listKind(h)
	answer, robot := p.fieldOf(h, "answer field"), p.fieldOf(h, "robot field")
	machine := sop.AutoGenerated // of what says no more than that a program wrote it
	if p.answers(m) {
		machine = sop.AutoReply
	}
	switch {
	case submitted == "auto-replied", automatic && (machine == sop.AutoReply || p.tellsAbsence(m)):
		return sop.AutoReply, fieldBy(h, auto)
	case answer != "":
		return sop.AutoReply, fieldBy(h, answer)
	case precedence == "auto_reply", precedence == "auto-reply":
		return sop.AutoReply, fieldBy(h, order)
	case p.isHeaderlessReply(m):
		return sop.AutoReply, "Subject: " + m.Subject
	case bulk != "":
		return sop.Bulk, fieldBy(h, bulk)
	case list != "":
		return sop.List, fieldBy(h, list)
	case automatic:
		return machine, fieldBy(h, auto)
	case robot != "":
		return machine, fieldBy(h, robot)
	case p.isRobot(m.From.Address):
		return machine, "From: " + m.From.Address
	case precedence == "bulk", precedence == "junk":
		return sop.Bulk, fieldBy(h, order)
	}
	if said := p.robotsWords(m); said != "" {
		return machine, said
	}
	return sop.NotAuto, ""
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

// listKind gives the field which says that a mail came over a mailing list (RFC 2919, RFC 2369), or the one which says that it
// is a mailing; "" where none does. A list of ours that hands on to a mailbox of ours is neither.
func (p *Parser) listKind(h header) (list, bulk string) {
	if p.isOurList(h.get("List-Id")) {
		return "", ""
	}
	for _, f := range h {
		if list == "" && (p.auto.members["list field"][strings.ToLower(f.Name)] || strings.EqualFold(f.Name, "Precedence") && fieldWord(f.Value) == "list") {
			list = f.Name
		}
	}
	if list == "" {
		bulk = p.fieldOf(h, "bulk field")
	}
	if list == "" && h.get("List-Id") != "" {
		list = "List-Id"
	}
	return list, bulk
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

// fieldOf gives the first field of a section that stands in the header with a value which does not deny it; "" where none
// does.
func (p *Parser) fieldOf(h header, section string) string {
	known := p.auto.members[section]
	for _, f := range h {
		if known[strings.ToLower(f.Name)] {
			if word := fieldWord(f.Value); word != "no" && word != "false" {
				return f.Name
			}
		}
	}
	return ""
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

// NoReply says whether nobody reads what is sent to an address, so that it is never answered.
func (p *Parser) NoReply(address string) bool {
	local, _, _ := strings.Cut(strings.ToLower(address), "@")
	if p.isRobot(local) {
		return true
	}
	bare := local
	if i := strings.IndexAny(local, "+="); i > 0 {
		bare = local[:i]
	}
	if p.auto.members["daemon"][bare] || p.auto.members["unanswered sender"][bare] {
		return true
	}
	for _, robot := range p.auto.phrases["unanswered sender"] {
		if head, cut := strings.CutSuffix(robot, "*"); cut && strings.HasPrefix(local, head) {
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

// robotsWords gives the words by which a mail is the acknowledgement of another service desk that bears no mark: a number in
// its subject, words that say that something was received, and words that say that a program wrote them.
func (p *Parser) robotsWords(m *Mail) string {
	if !strings.ContainsAny(m.Subject, "#[") || m.Quoted != "" {
		return ""
	}
	text := plainWords(head(m.Text, readForWords))
	if !p.auto.holds("taken", text) && !p.auto.holds("taken", plainWords(m.Subject)) {
		return ""
	}
	said, _ := p.auto.finds("machine words", text)
	return said
}
