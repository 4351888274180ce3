package store

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"helpost/internal/blob"
)

// LineLength is how many characters of base64 stand on a line of a mail (RFC 2045 §6.8).
const LineLength = 76

const lineBytes = LineLength / 4 * 3 // what such a line says, decoded

// How the bytes that a Ref names stand in their place.
const (
	AsIs         = ""
	Base64       = "base64"       // RFC 2045 §6.8, in whatever lines
	Base64Lines  = "base64-lines" // in lines of LineLength but for the last, CRLF between them and nothing else: as we would write it
	base64Ending = "\r\n"         // what OpenSegment puts behind the last line
)

// OpenRef reads the bytes that a Ref names, decoded: what the attachment is. The reader it returns outlives r.
//
// Base64 is read as RFC 2045 §6.8 asks: characters outside of its alphabet are passed over, padding ends it.
// ErrNotFound, blob.ErrNotFound: what it names is gone.
func OpenRef(ctx context.Context, r Reader, blobs blob.Store, ref Ref) (io.ReadCloser, error) {
	c, err := openPlace(ctx, r, blobs, ref)
	if err != nil {
		return nil, err
	}
	switch ref.Encoding {
	case AsIs:
		return c, nil
	case Base64, Base64Lines:
		return both{forgiving{base64.NewDecoder(base64.RawStdEncoding, &alphabetOnly{from: c})}, c}, nil
	}
	c.Close()
	return nil, fmt.Errorf("content in an unknown encoding %q", ref.Encoding)
}

// OpenSegment reads a segment as it goes into a mail: exact bytes as they are; what a Ref names in base64, in lines of
// LineLength with CRLF after each. What does not stand in such lines already is encoded anew, so that the lines are the
// same whatever stood in the mail that the bytes lie in. The reader it returns outlives r.
func OpenSegment(ctx context.Context, r Reader, blobs blob.Store, s Segment) (io.ReadCloser, error) {
	switch {
	case s.Ref == nil:
		return io.NopCloser(bytes.NewReader(s.Bytes)), nil
	case s.Ref.Encoding == Base64Lines:
		c, err := openPlace(ctx, r, blobs, *s.Ref)
		if err != nil {
			return nil, err
		}
		return both{io.MultiReader(c, strings.NewReader(base64Ending)), c}, nil
	}
	c, err := OpenRef(ctx, r, blobs, *s.Ref)
	if err != nil {
		return nil, err
	}
	return both{&lineEncoder{from: c}, c}, nil
}

// LinesSize is the size of what OpenSegment gives of a Ref, where that is known without a look at the bytes.
func (r Ref) LinesSize() (size int64, known bool) {
	if r.Encoding != Base64Lines || r.Length == 0 {
		return 0, false
	}
	return r.Length + int64(len(base64Ending)), true
}

// both reads through one thing and closes another.
type both struct {
	io.Reader
	io.Closer
}

// openPlace opens the place that a ref names, as it stands there.
func openPlace(ctx context.Context, r Reader, blobs blob.Store, ref Ref) (io.ReadCloser, error) {
	if ref.Blob != "" {
		b, err := blobs.Open(ctx, ref.Blob)
		if err != nil {
			return nil, err
		}
		part, err := section(b, b.Size(), ref)
		if err != nil {
			b.Close()
			return nil, err
		}
		return both{part, b}, nil
	}
	raw, err := r.Raw(ref.Ticket, ref.Message)
	if err != nil {
		return nil, fmt.Errorf("raw mail %d of ticket %d: %w", ref.Message, ref.Ticket, err)
	}
	part, err := section(bytes.NewReader(raw), int64(len(raw)), ref)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(part), nil
}

func section(from io.ReaderAt, size int64, ref Ref) (io.Reader, error) {
	if ref.Offset < 0 || ref.Length < 0 || ref.Offset > size || ref.Length > size-ref.Offset {
		return nil, fmt.Errorf("content from %d on, %d long, lies outside of the %d bytes that it should be in", ref.Offset, ref.Length, size)
	}
	length := ref.Length
	if length == 0 && ref.Offset == 0 {
		length = size
	}
	return io.NewSectionReader(from, ref.Offset, length), nil
}

// alphabetOnly passes on the characters of base64, until padding.
type alphabetOnly struct {
	from  io.Reader
	ended bool
}

func (a *alphabetOnly) Read(p []byte) (int, error) {
	for !a.ended {
		n, err := a.from.Read(p)
		kept := 0
		for _, c := range p[:n] {
			if c == '=' {
				a.ended = true
				break
			}
			if isBase64[c] {
				p[kept] = c
				kept++
			}
		}
		if kept > 0 || err != nil {
			return kept, err
		}
	}
	return 0, io.EOF
}

// forgiving ends where a single character is left that says no byte: the one fault that alphabetOnly lets through.
type forgiving struct{ from io.Reader }

func (f forgiving) Read(p []byte) (int, error) {
	n, err := f.from.Read(p)
	var corrupt base64.CorruptInputError
	if errors.As(err, &corrupt) {
		err = io.EOF
	}
	return n, err
}

var isBase64 = func() (is [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		is[c] = true
	}
	return is
}()

// lineEncoder encodes in base64, line by line.
type lineEncoder struct {
	from io.Reader
	in   *bufio.Reader
	line []byte // what is left of the line being read
	buf  [LineLength + 2]byte
	err  error
}

func (e *lineEncoder) Read(p []byte) (int, error) {
	if e.in == nil {
		e.in = bufio.NewReader(e.from)
	}
	if len(e.line) == 0 {
		if e.err != nil {
			return 0, e.err
		}
		if e.err = e.next(); len(e.line) == 0 {
			return 0, e.err
		}
	}
	n := copy(p, e.line)
	e.line = e.line[n:]
	return n, nil
}

// next makes the next line. The last one comes with the end; of a fault nothing that came before it is lost.
func (e *lineEncoder) next() error {
	var chunk [lineBytes]byte
	n, err := io.ReadFull(e.in, chunk[:])
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	if n > 0 {
		e.line = append(base64.StdEncoding.AppendEncode(e.buf[:0], chunk[:n]), '\r', '\n')
	}
	return err
}
