package parser

import (
	"errors"
	"strings"
)

// The limits of one mail. What lies beyond one of them is not read as MIME: what was read until then stays, and
// Mail.Problem says which limit it was. None is near what mail programs write; together they bound the work for any
// mail by a small multiple of its size.
const (
	maxHeaderBytes = 256 << 10 // of the header block of a mail or of a part
	maxFields      = 4000      // of one header block
	maxDepth       = 32        // multiparts one in another
	maxNested      = 4         // attached mails one in another
	maxParts       = 2000      // those of attached mails included
	maxPieces      = 500       // RFC 2231 pieces and parameters of one field
	maxFiles       = 2000      // attachments, those of attached mails and of winmail.dat included
	maxGuesses     = 8         // multiparts whose boundary has to be guessed
	maxDecoded     = 4         // decoded bytes, as a multiple of the mail's size
)

// The limits of what is shown of one field. What lies beyond is cut off; no problem is made of it.
const (
	maxAddresses  = 500      // of one kind of field
	maxMessageIDs = 100      // of one kind of field
	maxValue      = 64 << 10 // bytes of a value that is decoded
	maxSubject    = 2000     // runes
	maxFilename   = 200      // runes
	maxName       = 300      // runes of a person's name
)

// What is read of a text for its meaning: what is new, quoted, reported, commanded. No person writes more; the rest of a
// text stands in Mail.Text alone.
const (
	maxReadable      = 256 << 10 // bytes
	maxReadableLines = 5000
)

// readable returns the part of a text that is read for its meaning, whole lines.
func readable(text string) string {
	if len(text) > maxReadable {
		text = head(text, maxReadable)
		if i := strings.LastIndexByte(text, '\n'); i > 0 {
			text = text[:i]
		}
	}
	at := 0
	for range maxReadableLines {
		i := strings.IndexByte(text[at:], '\n')
		if i < 0 {
			return text
		}
		at += i + 1
	}
	return text[:at]
}

// The problems that end the reading of a mail as MIME.
var (
	errHeader  = errors.New("the header is larger than 256 KB or has more than 4000 fields")
	errDepth   = errors.New("more than 32 multiparts stand one in another")
	errNested  = errors.New("more than 4 mails are attached one in another")
	errParts   = errors.New("the mail has more than 2000 parts or files")
	errPieces  = errors.New("a header field has more than 500 parameters")
	errDecoded = errors.New("the decoded parts are more than four times as large as the mail")
)

// guard counts what the reading of one mail has spent. Attached mails spend from the guard of the mail they came in.
type guard struct {
	parts   int
	files   int
	guesses int
	nested  int   // attached mails that are open now
	decoded int   // bytes that have been decoded
	budget  int   // bytes that may be decoded
	problem error // the first limit that was passed
}

func newGuard(size int) *guard { return &guard{budget: maxDecoded*size + 64<<10} }

// stop notes the first limit that was passed.
func (g *guard) stop(err error) {
	if g.problem == nil {
		g.problem = err
	}
}

// part asks for one more part.
func (g *guard) part() bool {
	if g.parts >= maxParts {
		g.stop(errParts)
		return false
	}
	g.parts++
	return true
}

// file asks for one more file.
func (g *guard) file() bool {
	if g.files >= maxFiles {
		g.stop(errParts)
		return false
	}
	g.files++
	return true
}

// decode asks for n more decoded bytes.
func (g *guard) decode(n int) bool {
	if g.decoded+n > g.budget {
		g.stop(errDecoded)
		return false
	}
	g.decoded += n
	return true
}
