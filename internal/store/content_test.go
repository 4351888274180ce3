package store_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"helpost/internal/blob"
	"helpost/internal/blob/dir"
	"helpost/internal/sop"
	"helpost/internal/store"
)

// raws is a Reader of raw mails alone.
type raws struct {
	store.Reader
	mail []byte
}

func (r raws) Raw(n sop.Number, seq int) ([]byte, error) {
	if n != 7 || seq != 2 {
		return nil, store.ErrNotFound
	}
	return r.mail, nil
}

func read(t *testing.T, c io.ReadCloser, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestARefNamesBytesWhereverTheyLie(t *testing.T) {
	ctx := context.Background()
	blobs, err := dir.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	names, err := blobs.Put(ctx, []byte("head\r\nYWJj\r\nZGU=\r\ntail"))
	if err != nil {
		t.Fatal(err)
	}
	r := raws{mail: []byte("0123456789")}
	for _, c := range []struct {
		says string
		ref  store.Ref
		want string
	}{
		{"a whole blob", store.Ref{Blob: names[0]}, "head\r\nYWJj\r\nZGU=\r\ntail"},
		{"a part of a blob", store.Ref{Blob: names[0], Offset: 18, Length: 4}, "tail"},
		{"base64 in a blob", store.Ref{Blob: names[0], Offset: 6, Length: 12, Encoding: "base64"}, "abcde"},
		{"a whole raw mail", store.Ref{Ticket: 7, Message: 2}, "0123456789"},
		{"a part of one", store.Ref{Ticket: 7, Message: 2, Offset: 3, Length: 2}, "34"},
		{"nothing at its end", store.Ref{Ticket: 7, Message: 2, Offset: 10}, ""},
	} {
		got, err := store.OpenRef(ctx, r, blobs, c.ref)
		if s := read(t, got, err); s != c.want {
			t.Errorf("%s: %q, want %q", c.says, s, c.want)
		}
	}
	for _, ref := range []store.Ref{
		{Ticket: 7, Message: 2, Offset: 9, Length: 2}, {Ticket: 7, Message: 2, Offset: -1}, {Ticket: 7, Message: 2, Length: 1 << 62},
		{Ticket: 7, Message: 2, Offset: 1 << 62, Length: 1 << 62}, {Ticket: 7, Message: 2, Encoding: "uu"},
	} {
		if _, err := store.OpenRef(ctx, r, blobs, ref); err == nil {
			t.Errorf("%+v was opened", ref)
		}
	}
	if _, err := store.OpenRef(ctx, r, blobs, store.Ref{Ticket: 8, Message: 1}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a missing raw mail is %v", err)
	}
	if _, err := store.OpenRef(ctx, r, blobs, store.Ref{Blob: strings.Repeat("0", 64)}); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("a missing blob is %v", err)
	}
}

func TestBase64IsReadAsForgivinglyAsTheRFCAsks(t *testing.T) {
	for stands, want := range map[string]string{
		"YWJj":                 "abc",
		"YW\r\nJj":             "abc",
		"Y W\tJ!j\n":           "abc",
		"YWI=":                 "ab",
		"YWI":                  "ab",
		"YWI=\r\nYWI=":         "ab",
		"YWJjZ":                "abc",
		"":                     "",
		"=":                    "",
		"\r\n--boundary\r\nYQ": decoded("boundaryYQ"),
	} {
		r := raws{mail: []byte(stands)}
		c, err := store.OpenRef(context.Background(), r, nil, store.Ref{Ticket: 7, Message: 2, Encoding: "base64"})
		if got := read(t, c, err); got != want {
			t.Errorf("%q is read as %q, want %q", stands, got, want)
		}
	}
}

func decoded(s string) string {
	b, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestASegmentGoesIntoAMailInLinesOfOurs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		content := rapid.SliceOfN(rapid.Byte(), 0, 400).Draw(t, "content")
		ref := store.Ref{Ticket: 7, Message: 2}
		stands := content
		if rapid.Bool().Draw(t, "encoded") {
			ref.Encoding = "base64"
			stands = []byte(base64.StdEncoding.EncodeToString(content)) // one line, however long
		}
		c, err := store.OpenSegment(context.Background(), raws{mail: stands}, nil, store.Segment{Ref: &ref})
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(c)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(got)) {
			if len(line) > store.LineLength+2 || !strings.HasSuffix(line, "\r\n") {
				t.Fatalf("line %q", line)
			}
		}
		back, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(string(got), "\r\n", ""))
		if err != nil || !bytes.Equal(back, content) {
			t.Fatalf("%x came back as %x, %v", content, back, err)
		}
	})
}

func TestWhatStandsInOurLinesGoesOutAsItStands(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		content := rapid.SliceOfN(rapid.Byte(), 1, 400).Draw(t, "content")
		var lines []string
		for rest := base64.StdEncoding.EncodeToString(content); rest != ""; {
			n := min(len(rest), store.LineLength)
			lines, rest = append(lines, rest[:n]), rest[n:]
		}
		stands := strings.Join(lines, "\r\n")
		var sent [2]string
		for i, encoding := range []string{store.Base64, store.Base64Lines} {
			ref := store.Ref{Ticket: 7, Message: 2, Offset: 3, Length: int64(len(stands)), Encoding: encoding}
			r := raws{mail: []byte("..." + stands + "\r\n--boundary--")}
			c, err := store.OpenSegment(context.Background(), r, nil, store.Segment{Ref: &ref})
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(c)
			if err != nil {
				t.Fatal(err)
			}
			sent[i] = string(got)
			if size, known := ref.LinesSize(); known != (encoding == store.Base64Lines) || known && size != int64(len(got)) {
				t.Fatalf("size %d, known: %t, of %d bytes", size, known, len(got))
			}
			if c, err = store.OpenRef(context.Background(), r, nil, ref); err != nil {
				t.Fatal(err)
			}
			if got, err = io.ReadAll(c); err != nil || !bytes.Equal(got, content) {
				t.Fatalf("%x is read as %x, %v", content, got, err)
			}
		}
		if sent[0] != sent[1] {
			t.Fatalf("encoded anew %q, as it stands %q", sent[0], sent[1])
		}
	})
}

func TestExactBytesGoIntoAMailAsTheyAre(t *testing.T) {
	c, err := store.OpenSegment(context.Background(), raws{}, nil, store.Segment{Bytes: []byte("Subject: a\r\n\r\nb")})
	if got := read(t, c, err); got != "Subject: a\r\n\r\nb" {
		t.Errorf("%q", got)
	}
}

func TestADedupKeyLeadsFromItsMessageID(t *testing.T) {
	if a, b := store.MessageKey("<x@company.com>"), store.MessageKey(" x@company.com "); a != b || len(a) != 16 {
		t.Errorf("one Message-ID, two keys: %q and %q", a, b)
	}
	if got := store.SeenKey("<x@company.com>", "d"); got != store.MessageKey("x@company.com")+"d" {
		t.Errorf("SeenKey gives %q", got)
	}
	if got := store.SeenKey("", "d"); got != "d" {
		t.Errorf("without a Message-ID SeenKey gives %q", got)
	}
}
