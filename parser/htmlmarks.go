package parser

import (
	"strings"

	"golang.org/x/net/html/atom"
)

// htmlTag is what the walker asks of an element's attributes.
type htmlTag struct {
	class, id, style string // class and id in lower case, style without blanks
	href, alt        string
	marker           string // Zimbra's data-marker
	start            string // of an ordered list
	hidden           bool
}

func (w *htmlWalker) attributes(more bool) htmlTag {
	var t htmlTag
	for n := 0; more && n < 100; n++ {
		var key, value []byte
		key, value, more = w.tokens.TagAttr()
		switch string(key) {
		case "class":
			t.class = strings.ToLower(string(value))
		case "id":
			t.id = strings.ToLower(string(value))
		case "style":
			t.style = strings.ToLower(strings.Join(strings.Fields(string(value[:min(len(value), 4000)])), ""))
		case "href":
			t.href = string(value)
		case "alt":
			t.alt = string(value)
		case "data-marker":
			t.marker = string(value)
		case "start":
			t.start = string(value)
		case "hidden":
			t.hidden = true
		}
	}
	return t
}

// isVoid says whether an element never has content.
func isVoid(a atom.Atom) bool {
	switch a {
	case atom.Br, atom.Hr, atom.Img, atom.Input, atom.Meta, atom.Link, atom.Base, atom.Area, atom.Col, atom.Embed, atom.Source, atom.Track, atom.Wbr, atom.Param:
		return true
	}
	return false
}

// isUnseen says whether nobody sees an element's content.
func isUnseen(a atom.Atom) bool {
	switch a {
	case atom.Style, atom.Script, atom.Title, atom.Template, atom.Noframes, atom.Object, atom.Svg, atom.Math, atom.Iframe, atom.Video, atom.Audio, atom.Canvas:
		return true
	}
	return false
}

// hides says whether a style takes its element out of sight.
func hides(style string) bool {
	if style == "" {
		return false
	}
	for _, rule := range strings.Split(style, ";") {
		switch strings.TrimSuffix(rule, "!important") {
		case "display:none", "visibility:hidden", "mso-hide:all", "font-size:0", "font-size:0px", "font-size:1px", "max-height:0", "max-height:0px", "opacity:0":
			return true
		}
	}
	return false
}

// mark opens a quote or a signature where an element is one by the marks of its mail program.
func (w *htmlWalker) mark(a atom.Atom, t htmlTag) {
	if w.sign.depth > 0 && a == w.sign.name {
		w.sign.depth++
	} else if w.sign.depth == 0 && signs(t) {
		w.sign, w.signFrom = region{a, 1}, len(w.out)
	}
	switch {
	case w.rest:
	case w.quote.depth > 0:
		if a == w.quote.name {
			w.quote.depth++
		}
	case quotesRest(t):
		w.quoteRest(len(w.out))
	case quotes(a, t):
		w.quote, w.quoteFrom = region{a, 1}, len(w.out)
	case a == atom.Div && strings.Contains(t.style, "border-top:solid"):
		w.rule = len(w.out)
	}
}

// unmark closes the quote or the signature that ends with an element.
func (w *htmlWalker) unmark(a atom.Atom) {
	if w.sign.depth > 0 && a == w.sign.name {
		if w.sign.depth--; w.sign.depth == 0 {
			w.signature = append(w.signature, span{w.signFrom, len(w.out)})
		}
	}
	if w.quote.depth > 0 && a == w.quote.name {
		if w.quote.depth--; w.quote.depth == 0 {
			w.quoted = append(w.quoted, span{w.quoteFrom, len(w.out)})
		}
	}
}

// quoteRest quotes everything from a place to the end of the mail.
func (w *htmlWalker) quoteRest(from int) {
	if w.rest {
		return
	}
	if w.quote.depth > 0 {
		from, w.quote.depth = w.quoteFrom, 0
	}
	w.rest, w.quoteFrom = true, from
}

// quotes says whether an element holds a quoted mail, or the line that introduces it.
func quotes(a atom.Atom, t htmlTag) bool {
	if a == atom.Blockquote { // Gmail and Outlook indent with it too
		return !strings.Contains(t.style, "border:none") && !strings.Contains(t.style, "border-style:none")
	}
	for _, class := range strings.Fields(t.class) {
		switch class {
		case "gmail_quote", "gmail_quote_container", "gmail_attr", "moz-cite-prefix", "protonmail_quote", "tutanota_quote", "zmail_extra", "outlookmessageheader", "yahoo_quoted", "replyforwardheader":
			return !(class == "gmail_quote" && strings.Contains(t.style, "border:none"))
		}
		if strings.HasSuffix(class, "yahoo_quoted") {
			return true
		}
	}
	switch {
	case strings.HasPrefix(t.id, "yahoo_quoted"), t.id == "mail-editor-reference-message-container", t.id == "ms-outlook-mobile-reference-message", t.id == "olk_src_body_section", t.id == "isforwardcontent", t.id == "isreplycontent":
		return true
	}
	return t.marker == "__QUOTED_TEXT__" || t.marker == "__HEADERS__"
}

// quotesRest says whether all that follows an element is a quoted mail.
func quotesRest(t htmlTag) bool {
	return strings.HasSuffix(t.id, "appendonsend") || strings.HasSuffix(t.id, "divrplyfwdmsg") || t.id == "zwchr" || t.id == "stopspelling" || t.marker == "__DIVIDER__"
}

// signs says whether an element holds a signature.
func signs(t htmlTag) bool {
	for _, class := range strings.Fields(t.class) {
		switch class {
		case "gmail_signature", "moz-signature", "protonmail_signature_block", "elementtoproof-signature", "signature", "email-signature":
			return true
		}
	}
	switch strings.TrimPrefix(t.id, "x_") {
	case "signature", "ms-outlook-mobile-signature", "applemailsignature", "composer_signature", "mail-app-auto-default-signature":
		return true
	}
	return strings.HasPrefix(t.marker, "__SIG_")
}
