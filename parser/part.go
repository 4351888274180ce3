package parser

import (
	"bytes"
	"strings"
)

// The reading of MIME is done here and not by a library: the ones there are either refuse what people's mail programs
// send, or need time that grows faster than the mail (a hundred bytes of nested multiparts double it), and all of them
// copy what they read. This reader looks at each byte once, keeps slices of the mail, and gives up nothing.

// part is one node of the MIME tree (RFC 2046): a leaf with its body, or a multipart with its children.
type part struct {
	header      header
	mended      bool   // the header had to be mended to be read
	kind        string // "text/plain": lower case, without parameters; the default of RFC 2045 §5.2 where it is unreadable
	declared    bool   // kind stood in the header
	params      params // of Content-Type
	disposition string // "inline", "attachment" or ""
	dispParams  params
	body        []byte  // of a leaf, still encoded; of a multipart what stands before its first part
	children    []*part // of a multipart

	decoded []byte // the body without its transfer encoding, once it was asked for
	ready   bool
	lines   []byte // Attachment.Lines of what was decoded
	source  string // of an HTML part: its body as UTF-8, once it was asked for
	opened  bool   // of an opaque signature: what is signed stands beside it
	inner   *part  // of an attached mail: its tree, once it was asked for
}

func (p *part) multipart() bool { return strings.HasPrefix(p.kind, "multipart/") }

// level is a multipart whose parts are being read.
type level struct {
	part     *part
	boundary string
	closed   bool // its last delimiter was seen
}

// reader walks one mail once, from its first byte to its last, with a stack of the multiparts that are open.
type reader struct {
	lines
	guard *guard
	open  []level
	leaf  *part // whose body is being read; nil in a preamble or an epilogue
	start int   // where that body or preamble begins
	pre   *part // the multipart whose preamble is being read
}

// readMail reads a whole mail, header and body, as a tree.
func readMail(raw []byte, g *guard) *part {
	r := &reader{lines: lines{raw: raw}, guard: g}
	h, mended := readHeader(&r.lines, g, true, nil)
	root := newPart(h, "text/plain", g)
	root.mended = mended
	g.parts++
	r.begin(root)
	r.walk()
	return root
}

// attached reads a mail that is attached, once; nil where too many are open one in another.
func (p *part) attached(g *guard) *part {
	if p.inner == nil {
		if g.nested >= maxNested {
			g.stop(errNested)
			return nil
		}
		p.inner = readMail(p.content(g), g)
	}
	return p.inner
}

// isMail says whether a part is a mail that is attached: by its kind, or a file of any bytes that is called one.
func (p *part) isMail() bool {
	switch p.kind {
	case "message/rfc822", "message/global":
		return true
	case "application/octet-stream", "application/eml", "application/x-eml":
		return strings.HasSuffix(strings.ToLower(p.filename()), ".eml")
	}
	return false
}

// walk goes from delimiter to delimiter. What is between two of them is never looked at byte by byte.
func (r *reader) walk() {
	for len(r.open) > 0 && r.toDashes() {
		at := r.pos
		line, next := r.line()
		depth, last := r.match(line)
		if depth < 0 {
			r.pos = next
			continue
		}
		r.end(at)
		r.open = r.open[:depth+1]
		r.pos = next
		if last {
			r.open[depth].closed = true
			continue
		}
		if !r.guard.part() {
			return
		}
		r.open[depth].closed = false
		parent := r.open[depth].part
		kind := "text/plain"
		if parent.kind == "multipart/digest" {
			kind = "message/rfc822"
		}
		h, _ := readHeader(&r.lines, r.guard, false, r.delimits)
		child := newPart(h, kind, r.guard)
		parent.children = append(parent.children, child)
		r.begin(child)
	}
	r.end(len(r.raw))
}

// toDashes moves to the next line that begins with "--".
func (r *reader) toDashes() bool {
	rest := r.raw[r.pos:]
	if (r.pos == 0 || r.raw[r.pos-1] == '\n') && bytes.HasPrefix(rest, []byte("--")) {
		return true
	}
	i := bytes.Index(rest, []byte("\n--"))
	if i < 0 {
		return false
	}
	r.pos += i + 1
	return true
}

// match finds the open multipart that a line delimits, the innermost first, one that is not closed yet before one that
// is; -1 where it is none. Last says that the line closes it (RFC 2046 §5.1.1).
func (r *reader) match(line []byte) (depth int, last bool) {
	depth = -1
	text := strings.TrimRight(string(line[2:min(len(line), 2+maxBoundary)]), " \t\r")
	for i := len(r.open) - 1; i >= 0; i-- {
		rest, ok := strings.CutPrefix(text, r.open[i].boundary)
		if !ok || rest != "" && rest != "-" && rest != "--" {
			continue
		}
		if !r.open[i].closed {
			return i, rest != ""
		}
		if depth < 0 {
			depth, last = i, rest != ""
		}
	}
	return depth, last
}

// maxBoundary is more than RFC 2046 §5.1.1 allows (70), with room for blanks behind it.
const maxBoundary = 1000

func (r *reader) delimits(line []byte) bool {
	if len(line) < 2 || line[0] != '-' || line[1] != '-' {
		return false
	}
	depth, _ := r.match(line)
	return depth >= 0
}

// begin starts the body of a part: of a multipart with the search for its parts, of any other with the leaf.
func (r *reader) begin(p *part) {
	r.start = r.pos
	r.leaf, r.pre = p, nil
	if !p.multipart() {
		return
	}
	boundary := p.params.get("boundary")
	if len(boundary) > maxBoundary {
		boundary = ""
	}
	first := len(r.open) == 0
	if boundary == "" || first && !bytes.Contains(r.raw[max(r.pos-1, 0):], []byte("--"+strings.TrimRight(boundary, " "))) {
		boundary = r.guessBoundary()
	}
	if boundary == "" {
		p.kind = "text/plain"
		return
	}
	if len(r.open) >= maxDepth {
		r.guard.stop(errDepth)
		p.kind = "text/plain"
		return
	}
	r.open = append(r.open, level{part: p, boundary: strings.TrimRight(boundary, " \t")})
	r.leaf, r.pre = nil, p
}

// guessBoundary finds the boundary of a multipart that does not name it: the first line that begins with two dashes,
// where a field follows, or where the same line closes later.
func (r *reader) guessBoundary() string {
	r.guard.guesses++
	if r.guard.guesses > maxGuesses {
		return ""
	}
	look := lines{raw: r.raw, pos: r.pos}
	for n := 0; look.more() && n < 200; n++ {
		line, next := look.line()
		look.pos = next
		text := strings.TrimRight(string(line[:min(len(line), maxBoundary)]), " \t")
		if len(text) < 3 || !strings.HasPrefix(text, "--") || strings.Trim(text, "-") == "" || r.delimits(line) {
			continue
		}
		after, _ := lineAt(r.raw, min(next, len(r.raw)))
		if len(after) > 8 && strings.EqualFold(string(after[:8]), "content-") || bytes.Contains(r.raw[next:], []byte("\n"+text+"--")) {
			return text[2:]
		}
	}
	return ""
}

// end closes the body or the preamble that is being read, at the delimiter that begins at end.
func (r *reader) end(end int) {
	if end > r.start && end < len(r.raw) { // the line end before a delimiter belongs to it
		end--
		if end > r.start && r.raw[end-1] == '\r' {
			end--
		}
	}
	body := r.raw[r.start:max(r.start, end)]
	switch {
	case r.leaf != nil:
		r.leaf.body = body
	case r.pre != nil:
		r.pre.body = body
	}
	r.leaf, r.pre = nil, nil
}

// newPart reads what a part's header says of its body.
func newPart(h header, kind string, g *guard) *part {
	p := &part{header: h, kind: kind}
	if value := h.get("Content-Type"); value != "" {
		p.kind, p.params = readParams(value, g)
		if p.declared = isMediaType(p.kind); !p.declared {
			p.kind = repairMediaType(p.kind, kind)
		}
	}
	if value := h.get("Content-Disposition"); value != "" {
		var disposition string
		disposition, p.dispParams = readParams(value, g)
		switch {
		case disposition == "inline":
			p.disposition = "inline"
		case disposition != "":
			p.disposition = "attachment" // RFC 2183 §2.8: an unknown one too
		}
	}
	return p
}

// isMediaType says whether a kind has a type and a subtype.
func isMediaType(kind string) bool {
	major, minor, ok := strings.Cut(kind, "/")
	return ok && major != "" && minor != "" && !strings.ContainsAny(kind, " \t\"(),<>@:[]?=\\") && strings.Count(kind, "/") == 1
}

// repairMediaType reads the kinds of programs that know no subtype; else gives fallback.
func repairMediaType(kind, fallback string) string {
	switch strings.Trim(kind, "/") {
	case "text", "plain":
		return "text/plain"
	case "html":
		return "text/html"
	case "multipart":
		return "multipart/mixed"
	case "message":
		return "message/rfc822"
	}
	return fallback
}
