package parser

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

// filename returns the name that a part gives its file, undefused; "" where it has none.
func (p *part) filename() string {
	if name := p.dispParams.get("filename"); name != "" {
		return name
	}
	if name := p.params.get("name"); name != "" {
		return name
	}
	return p.dispParams.get("name")
}

// safeName makes a name that a mail gives fit to be shown and stored: the last element of a path, one line, no control
// characters, at most maxFilename runes with its ending kept.
func safeName(name string) string {
	name = oneLine(marked(name))
	if i := strings.LastIndexAny(name, `/\`); i >= 0 && strings.Trim(name[i+1:], ". ") != "" {
		name = name[i+1:]
	} else if i >= 0 {
		name = strings.NewReplacer("/", "_", `\`, "_").Replace(name)
	}
	name = strings.TrimSpace(name)
	if strings.Trim(name, ". ") == "" {
		return ""
	}
	if n := utf8.RuneCountInString(name); n > maxFilename {
		ending := ""
		if i := strings.LastIndexByte(name, '.'); i > 0 && len(name)-i <= 12 {
			ending = name[i:]
		}
		name = shorten(name, maxFilename-utf8.RuneCountInString(ending)) + ending
	}
	return name
}

// collector gathers the files of a mail.
type collector struct {
	guard      *guard
	text       map[*part]bool // what is text of the mail
	decoration []string       // what the names of pictures begin with that show nothing
	files      []Attachment
	tnef       []tnefMail // what winmail.dat said beside its files
}

// collect adds the files under p. Within is the multipart that p stands in.
func (c *collector) collect(p *part, within string) {
	if p.multipart() {
		for _, child := range p.children {
			c.collect(child, p.kind)
		}
		return
	}
	if c.text[p] {
		return
	}
	data := p.content(c.guard)
	name := safeName(p.filename())
	if name == "" && len(data) == 0 || name == "" && !p.declared && len(strings.TrimSpace(string(data[:min(len(data), 64)]))) == 0 {
		return
	}
	contentID := strings.Trim(oneLine(marked(p.header.get("Content-ID"))), "<> ")
	file := Attachment{
		Filename: name, ContentType: marked(p.kind), ContentID: shorten(contentID, 998),
		Inline: p.disposition == "inline" || p.disposition == "" && contentID != "" && within == "multipart/related",
		Data:   data, Lines: p.lines, within: p.opened,
	}
	if isTNEF(p.kind, name) && c.collectTNEF(data) {
		return
	}
	c.add(file)
	if p.isMail() && within != "multipart/report" {
		c.collectMail(p)
	}
}

// collectMail adds the files of an attached mail.
func (c *collector) collectMail(p *part) {
	root := p.attached(c.guard)
	if root == nil {
		return
	}
	c.guard.nested++
	inner := &collector{guard: c.guard, decoration: c.decoration, text: findBodies(root, c.guard).text}
	inner.collect(root, "")
	for i := range inner.files {
		inner.files[i].within = true
	}
	c.files = append(c.files, inner.files...)
	c.guard.nested--
}

// add keeps one file.
func (c *collector) add(a Attachment) {
	if !c.guard.file() {
		return
	}
	sum := sha256.Sum256(a.Data)
	a.SHA256 = hex.EncodeToString(sum[:])
	a.Screenshot = isScreenshot(a, c.decoration)
	c.files = append(c.files, a)
}
