package parser

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// seeds are the mails of testdata and of the corpora, and the hostile ones in small.
func seeds(t testing.TB) [][]byte {
	t.Helper()
	all := corpora(t)
	for _, pattern := range []string{"testdata/*/*.eml", "testdata/*/*.txt"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, raw)
		}
	}
	for _, h := range hostile {
		all = append(all, []byte(h.make(3)))
	}
	return all
}

// No bytes make the reader fail, and what holds for every mail holds for each.
func FuzzParse(f *testing.F) {
	for _, seed := range seeds(f) {
		f.Add(seed)
	}
	p := testParser(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		before := string(raw)
		m := p.Parse(raw)
		if string(raw) != before {
			t.Fatal("the mail was written to")
		}
		checkLaws(t, raw, m)
		checkLines(t, m, p.Explain(raw, "").Lines)
	})
}

// A mail that is cut off anywhere is read all the same.
func TestEveryHeadOfAMailIsRead(t *testing.T) {
	p := testParser(t)
	for _, raw := range seeds(t) {
		step := max(1, len(raw)/15)
		for n := 0; n < len(raw); n += step {
			checkLaws(t, raw[:n], p.Parse(raw[:n]))
		}
	}
}

// Line ends change nothing in what is read.
func TestLineEndsDoNotMatter(t *testing.T) {
	p := testParser(t)
	files, err := filepath.Glob("testdata/auto/*.eml")
	if err != nil || len(files) == 0 {
		t.Fatal("no mails in testdata/auto", err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lf := strings.ReplaceAll(string(raw), "\r\n", "\n")
		a, b := p.Parse([]byte(lf)), p.Parse([]byte(strings.ReplaceAll(lf, "\n", "\r\n")))
		if a.Text != b.Text || a.NewText != b.NewText || a.Auto != b.Auto || a.Subject != b.Subject || a.ReturnedID != b.ReturnedID {
			t.Errorf("%s reads otherwise with CRLF", file)
		}
	}
}

// corpora are the mails of the public corpora, which stay outside: HELPOST_CORPUS names a folder of mails, at any depth.
func corpora(t testing.TB) (all [][]byte) {
	t.Helper()
	root := os.Getenv("HELPOST_CORPUS")
	if root == "" {
		return nil
	}
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !slices.Contains([]string{".eml", ".raw", ".txt"}, filepath.Ext(path)) {
			return err
		}
		raw, err := os.ReadFile(path)
		all = append(all, raw)
		return err
	})
	if err != nil || len(all) == 0 {
		t.Fatal("no mails in ", root, err)
	}
	return all
}

func TestCorpus(t *testing.T) {
	p := testParser(t)
	for _, raw := range corpora(t) {
		m := p.Parse(raw)
		checkLaws(t, raw, m)
		if m.Problem != "" {
			t.Errorf("%s: %s", head(string(raw), 200), m.Problem)
		}
	}
}

// checkLines checks that the lines that are shown are those of the text, and those that are new are the new text.
func checkLines(t testing.TB, m *Mail, lines []ExplainedLine) {
	t.Helper()
	var fresh []string
	for _, l := range lines {
		if s := trimBlank(l.Text); s != "" && l.Kind != LineQuoted && l.Kind != LineSignature {
			fresh = append(fresh, s)
		}
	}
	var want []string
	for line := range strings.SplitSeq(m.NewText, "\n") {
		if s := trimBlank(line); s != "" {
			want = append(want, s)
		}
	}
	if !slices.Equal(fresh, want) {
		t.Errorf("as new are shown %q, new are %q", fresh, want)
	}
}
