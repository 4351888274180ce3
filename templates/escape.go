package templates

import (
	"html/template"
	"reflect"
	"strconv"
	"strings"
)

// The names that html/template gives the escapers it puts behind a value.
const (
	inText      = "|_html_template_htmlescaper"
	inAttribute = "|_html_template_attrescaper"
	inLink      = "|_html_template_urlfilter|_html_template_urlnormalizer|_html_template_attrescaper"
	inStyle     = "|_html_template_cssvaluefilter|_html_template_attrescaper"
)

type writing func(out []byte, v reflect.Value) []byte

// written says how a value of this type is written behind these escapers. In HTML there is no value without one.
func (c *compiler) written(escapers string, t reflect.Type) writing {
	text, number := t == reflect.TypeFor[string](), t == reflect.TypeFor[int]()
	switch {
	case c.html == (escapers == ""):
	case text && escapers == "":
		return func(out []byte, v reflect.Value) []byte { return append(out, v.String()...) }
	case number && (escapers == "" || escapers == inText || escapers == inAttribute || escapers == inStyle):
		return func(out []byte, v reflect.Value) []byte { return strconv.AppendInt(out, v.Int(), 10) }
	case text && escapers == inText:
		return func(out []byte, v reflect.Value) []byte { return appendEscaped(out, v.String(), &valueEscapes) }
	case text && escapers == inAttribute:
		return appendAttribute
	case escapers == inText && t == reflect.TypeFor[template.HTML]():
		return func(out []byte, v reflect.Value) []byte { return append(out, v.String()...) }
	case escapers == inLink && (text || t == reflect.TypeFor[template.URL]()):
		return appendLink
	}
	c.unknown = true
	return nil
}

// escapes are what stands for a character.
type escapes [256]string

// lineEscapes are those of template.HTMLEscapeString, valueEscapes those of html/template, which has one more.
var (
	lineEscapes  = escapes{0: "\uFFFD", '"': "&#34;", '&': "&amp;", '\'': "&#39;", '<': "&lt;", '>': "&gt;"}
	valueEscapes = escapes{0: "\uFFFD", '"': "&#34;", '&': "&amp;", '\'': "&#39;", '<': "&lt;", '>': "&gt;", '+': "&#43;"}
)

func appendEscaped(out []byte, s string, e *escapes) []byte {
	from := 0
	for i := range len(s) {
		if with := e[s[i]]; with != "" {
			out = append(append(out, s[from:i]...), with...)
			from = i + 1
		}
	}
	return append(out, s[from:]...)
}

// byPackage escapes what is rare and has long rules: attributes beyond ASCII, links that would be encoded or refused.
var byPackage = template.Must(template.New("").Parse(`{{define "attribute"}}<p lang="{{.}}">{{end}}{{define "link"}}<p cite="{{.}}">{{end}}`))

func appendByPackage(out []byte, name string, v reflect.Value) []byte {
	var b strings.Builder
	_ = byPackage.ExecuteTemplate(&b, name, v.Interface()) // nothing in it can fail
	_, escaped, _ := strings.Cut(strings.TrimSuffix(b.String(), `">`), `="`)
	return append(out, escaped...)
}

func appendAttribute(out []byte, v reflect.Value) []byte {
	s := v.String()
	for i := range len(s) {
		if s[i] >= 0x80 {
			return appendByPackage(out, "attribute", v)
		}
	}
	return appendEscaped(out, s, &valueEscapes)
}

// appendLink writes a link. A text is one only where its scheme is known to be harmless; a template.URL is one by its type.
func appendLink(out []byte, v reflect.Value) []byte {
	s := v.String()
	if v.Type() == reflect.TypeFor[string]() && !strings.HasPrefix(s, "mailto:") || !normal(s) {
		return appendByPackage(out, "link", v)
	}
	return appendEscaped(out, s, &valueEscapes)
}

// normal says whether each character of a link may stand there as it is (RFC 3986 §2, without what ends a quotation).
func normal(link string) bool {
	for i := 0; i < len(link); i++ {
		switch c := link[i]; {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~!#$&*+,/:;=?@[]", c) >= 0:
		case c == '%' && i+2 < len(link) && isHex(link[i+1]) && isHex(link[i+2]):
			i += 2
		default:
			return false
		}
	}
	return true
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }
