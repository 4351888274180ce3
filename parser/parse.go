package parser

import (
	"bytes"
	"strings"

	"helpost/internal/sop"
)

// Parser reads mail for one company. It is safe for use by several goroutines.
type Parser struct {
	opts  Options
	ours  map[string]bool // Options.Mailboxes
	auto  *autoWords
	words *vocabulary
}

// New returns a Parser for the company that o describes. An error tells of a word list that cannot be read.
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
	auto, err := readAutoWords(autoFiles)
	if err != nil {
		return nil, err
	}
	words, err := newVocabulary(o)
	if err != nil {
		return nil, err
	}
	p := &Parser{opts: o, ours: map[string]bool{}, auto: auto, words: words}
	for _, address := range o.Mailboxes {
		p.ours[strings.ToLower(address)] = true
	}
	return p, nil
}

// Parse reads raw, one mail as it came over the wire. It never fails: what cannot be read is said in Mail.Problem. The
// bytes of attachments that are not encoded are slices of raw: the caller leaves it alone.
//
// Time and memory are linear in the size of raw, whatever it holds; guard.go has the limits. Any number of goroutines
// may parse at once; how many is the caller's to bound.
func (p *Parser) Parse(raw []byte) *Mail {
	if bytes.IndexByte(raw, '\n') < 0 && bytes.IndexByte(raw, '\r') >= 0 { // line ends of old Macs
		raw = bytes.ReplaceAll(raw, []byte("\r"), []byte("\n"))
	}
	g := newGuard(len(raw))
	root := readMail(raw, g)
	m := readFields(root)

	opaque := openSigned(root, g)
	b := findBodies(root, g)
	text, source := b.read()
	m.Signed = b.signed || opaque
	files := &collector{guard: g, text: b.text, decoration: p.words.decoration}
	files.collect(root, "")
	files.collectEmbedded(source)
	m.Attachments = files.files
	if strings.TrimSpace(text) == "" {
		text, source = files.tnefText()
	}
	m.Text = text
	m.Forward = attachedForward(root, g)

	words, signed := clearSigned(text)
	m.Signed = m.Signed || signed
	p.split(m, readable(words), source)
	m.spoken = p.words.speak(clip(m.NewText))
	p.classify(m, root, g)
	m.Lang, m.stops = p.language(m)
	if g.problem != nil {
		m.Problem = g.problem.Error()
	}
	return m
}

// readFields reads what the header says.
func readFields(root *part) *Mail {
	h := root.header
	m := &Mail{
		Fields:     publicFields(h),
		StrictFrom: strictFrom(h, root.mended),
		To:         readAddresses(h.all("To")),
		Cc:         readAddresses(h.all("Cc")),
		Subject:    readSubject(h),
		Date:       readDate(h.get("Date")),
		MessageID:  messageID(h.get("Message-ID")),
		InReplyTo:  messageIDs(h.all("In-Reply-To")),
		References: messageIDs(h.all("References")),
		Auto:       sop.NotAuto,
	}
	m.OriginalMessageID = messageID(h.get("X-Microsoft-Original-Message-ID"))
	if from := readAddresses(h.all("From")); len(from) > 0 {
		m.From = from[0]
	}
	if m.StrictFrom != "" { // where both can read it, people are shown what is believed
		m.From.Address = m.StrictFrom
	}
	for _, name := range []string{"Delivered-To", "X-Original-To"} {
		for _, a := range readAddresses(h.all(name)) {
			if len(m.DeliveredTo) < maxAddresses {
				m.DeliveredTo = append(m.DeliveredTo, a.Address)
			}
		}
	}
	return m
}

// readSubject reads the subject as one line.
func readSubject(h header) string {
	return shorten(strings.Join(strings.FieldsFunc(decodeWords(h.get("Subject")), func(r rune) bool { return r == ' ' || r == '\t' }), " "), maxSubject)
}
