package parser

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestWordListsAreChecked(t *testing.T) {
	for _, c := range []struct{ name, file, text, want string }{
		{"an unknown section", "words/en.quote.txt", "# quotes\n[on]\non\n[wroten]\nwrote\n", `words/en.quote.txt:4: unknown section "wroten"`},
		{"a phrase before any section", "words/en.stop.txt", "the a\n", "words/en.stop.txt:1: unknown section"},
		{"a phrase that stands twice", "words/en.verdict.txt", "[good]\nworks\n\nWorks\n", `words/en.verdict.txt:4: "Works" stands twice`},
		{"a value that is missing", "words/id.verdict.txt", "[spelling]\ngk\n", "words/id.verdict.txt:2: section \"spelling\" wants"},
		{"a spelling of two words", "words/id.verdict.txt", "[spelling]\ngk bs = tidak\n", "words/id.verdict.txt:2: a spelling is"},
		{"a phrase without a word", "words/id.verdict.txt", "[good]\n...\n", "words/id.verdict.txt:2: \"...\" holds no word"},
		{"a command that is none", "words/command.txt", "[command]\nid ambil = grab\n", `words/command.txt:2: "grab" is no command`},
		{"a command in no language", "words/command.txt", "[command]\nambil = take\n", "words/command.txt:2: "},
		{"a word for two commands", "words/command.txt", "[command]\nid ambil = take\nid ambil = note\n", "words/command.txt:3: "},
		{"a pattern that is none", "words/asset.txt", "[pattern]\n[A-\n", "words/asset.txt:2: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			all, err := readLists(fstest.MapFS{c.file: {Data: []byte(c.text)}})
			if err == nil {
				_, err = all.compile(Options{Prefix: "IT"})
			}
			if err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("error %v, want %s …", err, c.want)
			}
		})
	}
}

func TestALanguageIsAFile(t *testing.T) {
	all, err := readLists(fstest.MapFS{"words/xx.quote.txt": {Data: []byte("[on]\nzum\n[wrote]\nskribis\n")}})
	if err != nil {
		t.Fatal(err)
	}
	v, err := all.compile(Options{Prefix: "IT"})
	if err != nil {
		t.Fatal(err)
	}
	lines := cutLines("Bone.\n\nZum 12 jan 2026 09:13 Helpdesk <helpdesk@company.com> skribis:\n\n> provu")
	v.markQuotes(lines, occasion{reply: true})
	if got := collect(lines, lineNew); got != "Bone." {
		t.Errorf("new text %q", got)
	}
}

// Every section that the program reads has words, in Indonesian and in English.
func TestAllSectionsHaveWords(t *testing.T) {
	all, err := embedded()
	if err != nil {
		t.Fatal(err)
	}
	for subject, known := range sections {
		for section := range known {
			if len(all[subject+"/"+section]) == 0 {
				t.Errorf("%s has nothing in [%s]", subject, section)
			}
		}
	}
	for _, subject := range []string{"quote", "closing", "report", "verdict", "stop"} {
		langs := map[string]bool{}
		for key, entries := range all {
			if strings.HasPrefix(key, subject+"/") {
				for _, e := range entries {
					langs[e.lang] = true
				}
			}
		}
		if !langs["id"] || !langs["en"] {
			t.Errorf("%s has words in %v alone", subject, langs)
		}
	}
}

func TestSpellingsAreUnderstood(t *testing.T) {
	p := newParser(t, Options{})
	for written, word := range map[string]string{"blm": "belum", "BLM": "belum", "belummm": "belum", "sdh": "sudah", "printernya": "printer", "bisaaa": "bisa", "kedip2": "kedip", "don’t": "don't"} {
		if got, want := p.words.lookup(written), p.words.ids[word]; got != want || got == 0 {
			t.Errorf("%q is word %d, %q is %d", written, got, word, want)
		}
	}
}
