package parser

import (
	"fmt"
	"net/url"
	"strings"
)

// maxEmbedded bounds the pictures that one HTML body may carry in itself.
const maxEmbedded = 50

// collectEmbedded adds the pictures that an HTML body carries in itself as data: URLs (RFC 2397), as some web mails paste
// pictures of a screen. They have no name of their own and get one by their order.
func (c *collector) collectEmbedded(source string) {
	const mark = "data:image/"
	for n := 1; n <= maxEmbedded; {
		at := strings.Index(source, mark)
		if at < 0 {
			return
		}
		quote := byte(0)
		if at > 0 {
			quote = source[at-1]
		}
		source = source[at+len("data:"):]
		if quote != '"' && quote != '\'' {
			continue
		}
		end := strings.IndexByte(source, quote)
		if end < 0 {
			return
		}
		kind, data, ok := strings.Cut(source[:end], ",")
		source = source[end:]
		kind, encoding, _ := strings.Cut(kind, ";")
		if !ok || !strings.Contains(encoding, "base64") || len(kind) > 40 || !isMediaType(kind) {
			continue
		}
		if strings.Contains(data, "%") {
			if plain, err := url.PathUnescape(data); err == nil {
				data = plain
			}
		}
		if !c.guard.decode(len(data)) {
			return
		}
		ending := strings.TrimPrefix(kind, "image/")
		if i := strings.IndexByte(ending, '+'); i > 0 {
			ending = ending[:i]
		}
		picture, _ := decodeBase64([]byte(data))
		c.add(Attachment{Filename: safeName(fmt.Sprintf("image-%d.%s", n, ending)), ContentType: strings.ToLower(kind), Inline: true, Data: picture})
		n++
	}
}
