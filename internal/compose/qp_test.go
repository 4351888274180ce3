package compose

import (
	"encoding/binary"
	"io"
	"mime/quotedprintable"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// decoded writes text as quoted-printable and reads it back.
func decoded(t interface{ Fatalf(string, ...any) }, text string) string {
	w := &writer{}
	w.quotedPrintable([]byte(text))
	for line := range strings.SplitSeq(string(w.buf), "\r\n") {
		if len(line) > 76 || strings.HasSuffix(line, " ") || strings.HasSuffix(line, "\t") || strings.HasPrefix(line, "From ") {
			t.Fatalf("a line that mail systems change: %q", line)
		}
	}
	raw, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(string(w.buf))))
	if err != nil {
		t.Fatalf("%v: %q", err, w.buf)
	}
	return strings.ReplaceAll(string(raw), "\r\n", "\n")
}

func TestQuotedPrintableComesBackAsItWas(t *testing.T) {
	for _, text := range []string{
		"", "a", "a=b", "From x", "Dari: é €", "blank at the end ", "tab\t", " ", "\t\t", strings.Repeat("x", 75), strings.Repeat("x", 76),
		strings.Repeat("x", 74) + " ", strings.Repeat("x", 75) + " ", strings.Repeat("x", 73) + "é", strings.Repeat("é", 200), "a\n\nb", "--=_a-m7\n",
	} {
		if got := decoded(t, text); got != strings.TrimSuffix(text, "\n")+"\n" {
			t.Errorf("%q came back as %q", text, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.StringMatching(`[ -~éß€\t]{0,160}`)).Draw(t, "lines"), "\n")
		if got := decoded(t, text); got != strings.TrimSuffix(text, "\n")+"\n" {
			t.Fatalf("%q came back as %q", text, got)
		}
	})
}

// Eight bytes at once are judged as each of them is.
func TestEightBytesAreJudgedAsEach(t *testing.T) {
	for at := range 8 {
		for other := range 256 {
			for c := range 256 {
				eight := []byte("a~ z09Zx")
				eight[(at+3)%8], eight[at] = byte(other), byte(c)
				want := asItIs[c] && c != '\t' && asItIs[other] && other != '\t'
				if have := allAsItIs(binary.LittleEndian.Uint64(eight)); have != want {
					t.Fatalf("%q: %v", eight, have)
				}
			}
		}
	}
}
