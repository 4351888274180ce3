package parser

import (
	"strings"

	"golang.org/x/net/html"
)

// span is a half-open range of bytes of a text.
type span struct{ Start, End int }

// htmlText is what a person sees of an HTML body: its text with structure turned into lines, and which ranges of that
// text the mail client marked as quoted. Quoted is in order and does not overlap.
type htmlText struct {
	Text   string
	Quoted []span
}

// readHTML turns an HTML body into text. It walks tokens and builds no tree, so nesting costs nothing.
func readHTML(s string) htmlText {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(s))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return htmlText{Text: b.String()}
		case html.TextToken:
			b.Write(z.Text())
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			switch string(name) {
			case "br", "p", "div", "tr", "li", "blockquote":
				b.WriteByte('\n')
			}
		}
	}
}
