package parser

import (
	"bytes"
	"strings"
)

// bodies are the parts that a mail program shows as the mail itself.
type bodies struct {
	guard  *guard
	shown  []*part        // in their order
	text   map[*part]bool // parts that are text of the mail, shown or another rendering of what is shown: no attachments
	html   *part          // the HTML rendering of the main text, shown or not
	signed bool
}

// findBodies finds the text of a mail in its tree.
func findBodies(root *part, g *guard) *bodies {
	b := &bodies{guard: g, text: map[*part]bool{}}
	b.shown = b.find(root)
	if len(b.shown) == 0 {
		b.shown = b.fallback(root)
	}
	return b
}

// find returns the text parts under p that are to be shown.
func (b *bodies) find(p *part) []*part {
	switch {
	case !p.multipart():
		if !p.isText() || p.filename() != "" || p.disposition == "attachment" {
			return nil
		}
		b.text[p] = true
		if p.kind == "text/html" && b.html == nil {
			b.html = p
		}
		return []*part{p}
	case len(p.children) == 0:
		p.kind, p.params = "text/plain", nil // a multipart without parts: its text stands where its preamble would
		if len(bytes.TrimSpace(p.body)) == 0 {
			return nil
		}
		return b.find(p)
	case p.kind == "multipart/alternative":
		return b.alternative(p)
	case p.kind == "multipart/related":
		return b.related(p)
	case p.kind == "multipart/signed":
		b.signed = true
	case p.kind == "multipart/report":
		return b.report(p)
	}
	var shown []*part
	for _, child := range p.children {
		shown = append(shown, b.find(child)...)
	}
	return shown
}

// alternative shows the plain rendering (RFC 2046 §5.1.4), unless it is but a stub of the HTML.
func (b *bodies) alternative(p *part) []*part {
	var plain, rich, other []*part
	for _, child := range p.children {
		found := b.find(child)
		switch {
		case len(found) == 0:
		case found[0].kind == "text/plain" && plain == nil:
			plain = found
		case hasKind(found, "text/html") && rich == nil:
			rich = found
		case other == nil:
			other = found
		}
	}
	switch {
	case plain == nil && rich == nil:
		return other
	case plain == nil || rich != nil && b.isStub(plain, rich):
		return rich
	}
	return plain
}

func hasKind(parts []*part, kind string) bool {
	for _, p := range parts {
		if p.kind == kind {
			return true
		}
	}
	return false
}

// isStub says whether a plain rendering says nothing that the HTML one does not say at length: it is empty, or a
// sentence about mail programs that cannot show HTML.
func (b *bodies) isStub(plain, rich []*part) bool {
	size := 0
	var first string
	for _, p := range plain {
		text := strings.TrimSpace(b.plain(p))
		if first == "" {
			first = text
		}
		size += len(text)
	}
	if size == 0 {
		return true
	}
	if size > maxStub {
		return false
	}
	richSize := 0
	for _, p := range rich {
		if p.kind == "text/html" {
			richSize += len(readHTML(b.source(p)).Text)
		}
	}
	mentions := strings.Contains(strings.ToLower(first), "html")
	return richSize > 20*size || mentions && richSize > size
}

// maxStub is the size of a plain rendering that cannot be a stub, in bytes.
const maxStub = 300

// related shows the root of a compound (RFC 2387 §3.2): the start part, else the first one.
func (b *bodies) related(p *part) []*part {
	root := p.children[0]
	if start := strings.Trim(p.params.get("start"), "<> "); start != "" {
		for _, child := range p.children {
			if strings.Trim(child.header.get("Content-ID"), "<> ") == start {
				root = child
			}
		}
	}
	if shown := b.find(root); len(shown) > 0 {
		return shown
	}
	for _, child := range p.children {
		if child != root {
			if shown := b.find(child); len(shown) > 0 {
				return shown
			}
		}
	}
	return nil
}

// report shows what a report says to people (RFC 6522 §3): its first part, and plain words further on.
func (b *bodies) report(p *part) []*part {
	var shown []*part
	for i, child := range p.children {
		if i == 0 || child.kind == "text/plain" || child.multipart() {
			shown = append(shown, b.find(child)...)
		}
	}
	return shown
}

// fallback shows something of a mail in which no part is text by its header: the first text with a name, else words
// before the first part.
func (b *bodies) fallback(p *part) []*part {
	if !p.multipart() {
		if p.isText() && p.disposition != "attachment" {
			return []*part{p}
		}
		return nil
	}
	for _, child := range p.children {
		if shown := b.fallback(child); len(shown) > 0 {
			return shown
		}
	}
	return nil
}

// isText says whether a part may be read as text of the mail.
func (p *part) isText() bool {
	switch p.kind {
	case "text/plain", "text/html", "text/enriched", "text/richtext", "text/markdown", "text/x-markdown", "text/x-amp-html", "text/watch-html":
		return true
	}
	return false
}

// read returns the text of the mail, and the source of its HTML rendering where there is one.
func (b *bodies) read() (text, source string) {
	var all strings.Builder
	for i, p := range b.shown {
		var piece string
		if p.kind == "text/html" || p.kind == "text/x-amp-html" || p.kind == "text/watch-html" {
			piece = readHTML(b.source(p)).Text
		} else if piece = b.plain(p); looksLikeHTML(piece) {
			if b.html == nil {
				b.html = p
			}
			piece = readHTML(piece).Text
		}
		if i > 0 && all.Len() > 0 && !strings.HasSuffix(all.String(), "\n") {
			all.WriteByte('\n')
		}
		all.WriteString(piece)
	}
	if b.html != nil {
		source = b.source(b.html)
	}
	return all.String(), source
}

// plain returns a plain part's text, its flowed lines put together.
func (b *bodies) plain(p *part) string {
	text := decodeText(p.content(b.guard), p.params.get("charset"))
	if strings.EqualFold(p.params.get("format"), "flowed") {
		text = unflow(text, strings.EqualFold(p.params.get("delsp"), "yes"))
	}
	if p.kind == "text/enriched" {
		text = unenrich(text)
	}
	return text
}

// source returns an HTML part's source as UTF-8.
func (b *bodies) source(p *part) string {
	if p.source == "" {
		content := p.content(b.guard)
		charset := p.params.get("charset")
		if charset == "" {
			charset = metaCharset(content)
		}
		p.source = decodeText(content, charset)
	}
	return p.source
}

// metaCharset finds the charset that an HTML head declares.
func metaCharset(source []byte) string {
	head := bytes.ToLower(source[:min(len(source), 4096)])
	i := bytes.Index(head, []byte("charset="))
	if i < 0 {
		return ""
	}
	value := strings.TrimLeft(string(head[i+len("charset="):]), "\"' ")
	if end := strings.IndexAny(value, "\"'>; /\r\n\t"); end >= 0 {
		value = value[:end]
	}
	if strings.HasPrefix(value, "utf-16") { // the head is readable, so it is not
		return ""
	}
	return value
}

// looksLikeHTML says whether a part that calls itself plain is a page.
func looksLikeHTML(text string) bool {
	head := strings.ToLower(strings.TrimSpace(text[:min(len(text), 200)]))
	return strings.HasPrefix(head, "<!doctype html") || strings.HasPrefix(head, "<html")
}

// unflow puts the lines of format=flowed together (RFC 3676 §4): a line that ends in a blank goes on in the next one of
// the same quote depth. With delSp that blank is no part of the text.
func unflow(text string, delSp bool) string {
	var b strings.Builder
	b.Grow(len(text))
	flowing, depth := false, 0
	for rest := text; rest != ""; {
		line, after, more := strings.Cut(rest, "\n")
		rest = after
		words := strings.TrimLeft(line, ">")
		quotes := len(line) - len(words)
		stuffed := strings.HasPrefix(words, " ")
		if stuffed {
			words = words[1:]
		}
		signature := words == "-- "
		_, command := numberSign(words)
		if flowing && (quotes != depth || signature || command && quotes == 0) {
			b.WriteByte('\n')
			flowing = false
		}
		if !flowing {
			b.WriteString(line[:quotes])
			if quotes > 0 && words != "" {
				b.WriteByte(' ')
			}
		}
		depth = quotes
		flowing = strings.HasSuffix(words, " ") && !signature && more
		if flowing && delSp {
			words = words[:len(words)-1]
		}
		b.WriteString(words)
		if !flowing && more {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// clearSigned returns the words of a text that is signed inline (RFC 9580 §7), without the armour around them.
func clearSigned(text string) (string, bool) {
	const begin, sign, end = "-----BEGIN PGP SIGNED MESSAGE-----\n", "\n-----BEGIN PGP SIGNATURE-----", "-----END PGP SIGNATURE-----"
	from := strings.Index(text, begin)
	if from < 0 || from > 0 && text[from-1] != '\n' {
		return text, false
	}
	body := text[from+len(begin):]
	if _, after, ok := strings.Cut(body, "\n\n"); ok && strings.HasPrefix(body, "Hash:") {
		body = after
	}
	words, rest, ok := strings.Cut(body, sign)
	if !ok {
		return text, false
	}
	if _, after, ok := strings.Cut(rest, end); ok {
		rest = after
	} else {
		rest = ""
	}
	words = strings.ReplaceAll("\n"+words, "\n- ", "\n")[1:]
	return text[:from] + words + rest, true
}
