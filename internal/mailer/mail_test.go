package mailer

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"helpost/internal/store"
)

// straight is what a mail's lines must be: no CR but before an LF, no LF but after a CR.
func straight(s string) string {
	s = strings.ReplaceAll(s, "\r", "")
	return strings.ReplaceAll(s, "\n", "\r\n")
}

func TestLineEndsAreStraightHoweverTheBytesCome(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pieces := rapid.SliceOfN(rapid.StringMatching(`[a.\r\n]{0,12}`), 1, 6).Draw(t, "pieces")
		var segments []store.Segment
		content := blobs{}
		for i, p := range pieces {
			if rapid.Bool().Draw(t, "ref") {
				name := strings.Repeat("r", i+1)
				content[name] = p
				segments = append(segments, store.Segment{Ref: &store.Ref{Blob: name}})
			} else {
				segments = append(segments, store.Segment{Bytes: []byte(p)})
			}
		}
		m := &mail{segments: segments, content: content}
		var got bytes.Buffer
		if err := m.writeTo(context.Background(), &got); err != nil {
			t.Fatal(err)
		}
		if want := straight(strings.Join(pieces, "")); got.String() != want {
			t.Fatalf("%q became %q, want %q", pieces, got.String(), want)
		}
	})
}

func FuzzLines(f *testing.F) {
	f.Add([]byte("a\r\nb\nc\rd\r\r\n\n"), 3)
	f.Fuzz(func(t *testing.T, b []byte, cut int) {
		var got bytes.Buffer
		w := &crlf{w: &got}
		cut = min(max(cut, 0), len(b))
		for _, piece := range [][]byte{b[:cut], b[cut:]} {
			if n, err := w.Write(piece); n != len(piece) || err != nil {
				t.Fatal(n, err)
			}
		}
		if want := straight(string(b)); got.String() != want {
			t.Fatalf("%q became %q, want %q", b, got.String(), want)
		}
	})
}

func TestWholeLinesAreWrittenInOne(t *testing.T) {
	var w writes
	if _, err := (&crlf{w: &w}).Write([]byte(strings.Repeat("line\r\n", 1000))); err != nil || w != 1 {
		t.Errorf("%d writes, %v", w, err)
	}
}

type writes int

func (w *writes) Write(b []byte) (int, error) { *w++; return len(b), nil }

func TestEnvelopeAddresses(t *testing.T) {
	for _, c := range []struct {
		in, out string
		utf8    bool
		bad     bool
	}{
		{"", "", false, false},
		{"rina@company.com", "rina@company.com", false, false},
		{"helpdesk+abc2@company.com", "helpdesk+abc2@company.com", false, false},
		{`"rina w"@company.com`, `"rina w"@company.com`, false, false},
		{"réna@company.com", "réna@company.com", true, false},
		{"rina@BÜCHER.example", "rina@xn--bcher-kva.example", false, false},
		{"rina w@company.com", "", false, true},
		{"rina@comp any.com", "", false, true},
		{"rina@", "", false, true},
		{"@company.com", "", false, true},
		{"rina", "", false, true},
		{"rina\r\n@company.com", "", false, true},
		{"rina\x00@company.com", "", false, true},
		{"<rina@company.com>", "", false, true},
		{"rina@bü cher.example", "", false, true},
	} {
		got, utf8, err := envelope(c.in)
		if got != c.out || utf8 != c.utf8 || (err != nil) != c.bad {
			t.Errorf("%q: %q, SMTPUTF8 %t, %v", c.in, got, utf8, err)
		}
	}
}

func FuzzEnvelope(f *testing.F) {
	f.Add("rina@company.com")
	f.Add("\"a b\"@bücher.example")
	f.Fuzz(func(t *testing.T, address string) {
		got, utf8, err := envelope(address)
		if err == nil && (strings.ContainsAny(got, "\r\n<>\x00\x7f") || !utf8 && !isASCII(got)) {
			t.Errorf("%q became %q", address, got)
		}
	})
}

func TestWordsOfARelayAreOneBoundedLine(t *testing.T) {
	for in, want := range map[string]string{
		"550 no\r\n  such\tperson": "550 no such person",
		"a\x00b\x1b[31mc\u2028d":   "a b [31mc d",
		"bad \xff utf":             "bad ? utf",
		strings.Repeat("ü", 600):   strings.Repeat("ü", maxText) + "…",
	} {
		if got := oneLine(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}
