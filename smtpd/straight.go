package smtpd

import (
	"bytes"
	"io"
)

// straight reads the mail of a DATA command from the connection, past go-smtp, which looks at each byte by itself: on a
// mail with a screenshot that is more work than all else at the door. go-smtp is left where it was, before the mail, and
// given the end of one.
type straight struct {
	conn  *conn
	lines unstuffer
	ended bool
}

// straight is a reader of the mail that begins now; nil where go-smtp may hold a piece of it, or where the bytes are
// under TLS.
func (s *session) straight(chunked bool) *straight {
	if s.tls || chunked || !s.conn.handed.onlyData {
		return nil
	}
	return &straight{conn: s.conn}
}

var endOfMail = []byte(".\r\n")

// Read gives the mail without its stuffed dots, and io.EOF at its end (RFC 5321 §4.5.2).
func (s *straight) Read(p []byte) (int, error) {
	for !s.ended {
		n, err := s.conn.Read(p)
		kept, used, ended := s.lines.feed(p[:n])
		if ended {
			s.ended = true
			s.conn.putBack(endOfMail, p[used:n])
			return kept, nil
		}
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if kept > 0 || err != nil || len(p) == 0 {
			return kept, err
		}
	}
	return 0, io.EOF
}

// end reads a mail that is not wanted to its end, so that nothing of it is a command. Where client and server may be of two
// minds about that end, it is the end of the connection too.
func (s *straight) end() {
	if !s.ended {
		drain(s, func() {})
	}
	if s.lines.doubtful {
		s.conn.end()
	}
}

// unstuffer takes the dots away that stand for "no end" at the begin of a line, and finds the end. A line ends with CRLF
// and with nothing else.
type unstuffer struct {
	at   where
	bare bool // a CR that ended no line is gone with the dot before it

	double   bool // the CR before is the second of two
	doubtful bool // the last line ended in CR CR LF: whether that is an end, of the mail too, is a matter of opinion
}

// where in a line the next byte stands.
type where uint8

const (
	lineBegins where = iota // also the mail
	afterDot                // which began the line, and is gone
	afterDotCR
	afterCR
	inLine
)

// feed works on the next piece in place: its first kept bytes are content then. Where the mail ended, used says how far in
// the piece.
func (u *unstuffer) feed(p []byte) (kept, used int, ended bool) {
	keep := func(from, to int) {
		if kept != from {
			copy(p[kept:], p[from:to])
		}
		kept += to - from
	}
	for i := 0; i < len(p); {
		switch {
		case u.at == lineBegins && p[i] == '.':
			u.at, i = afterDot, i+1
		case u.at == afterDot && p[i] == '\r':
			u.at, i = afterDotCR, i+1
		case u.at == afterDotCR && p[i] == '\n':
			u.at = lineBegins
			return kept, i + 1, true
		case u.at == afterDotCR:
			u.at, u.bare = afterCR, true
		case u.at == afterCR && p[i] == '\n':
			keep(i, i+1)
			u.at, i = lineBegins, i+1
			u.doubtful, u.double = u.double, false
		default:
			if n := u.skip(p[i:]); n > 0 {
				keep(i, i+n)
				i += n
				continue
			}
			u.double = u.at == afterCR && p[i] == '\r'
			n := bytes.IndexByte(p[i:], '\r')
			if n < 0 {
				keep(i, len(p))
				u.at = inLine
				return kept, len(p), false
			}
			keep(i, i+n+1)
			u.at, i = afterCR, i+n+1
		}
	}
	return kept, len(p), false
}

// dotless is how many bytes without a dot are worth to be passed over at once.
const dotless = 64

// skip passes over what stands before the next dot: only behind one can something be stuffed or end. Base64 has none.
func (u *unstuffer) skip(p []byte) int {
	n := bytes.IndexByte(p, '.')
	if n < 0 {
		n = len(p)
	}
	if n < dotless {
		return 0
	}
	switch last := p[n-3 : n]; {
	case last[1] == '\r' && last[2] == '\n':
		u.at, u.doubtful, u.double = lineBegins, last[0] == '\r', false
	case last[2] == '\r':
		u.at, u.double = afterCR, last[1] == '\r'
	default:
		u.at, u.double = inLine, false
	}
	return n
}

// handed is what is known of the last piece that go-smtp was given.
type handed struct {
	wholeLine bool // it ended with a line; so does nothing
	onlyData  bool // and its last line is the one DATA command in it: go-smtp holds nothing behind that
}

var dataCommand = []byte("DATA\r\n")

// next looks at a further piece.
func (h handed) next(piece []byte) handed {
	began := h.wholeLine
	h = handed{wholeLine: bytes.HasSuffix(piece, []byte("\n"))}
	before, is := len(piece)-len(dataCommand), false
	if before >= 0 && bytes.EqualFold(piece[before:], dataCommand) {
		is = before == 0 || piece[before-1] == '\n'
	}
	h.onlyData = began && is && bytes.Count(bytes.ToUpper(piece), dataCommand[:4]) == 1
	return h
}
