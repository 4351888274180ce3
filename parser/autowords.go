package parser

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The words by which automatic mail is known: words/NAME.auto.txt, one file a language and one for machines. A line in
// brackets begins a section, # begins a comment, any other line is one phrase.
//
//go:embed words/*.auto.txt
var autoFiles embed.FS

// autoWords are the phrases of all languages, by section. They are read once and never changed.
type autoWords struct {
	phrases  map[string][]string
	members  map[string]map[string]bool // the same, to ask whether a word is one of a section
	months   map[string]time.Month
	weekdays map[string]time.Weekday
}

// autoSections are the sections that a file may have.
var autoSections = []string{
	"automatic subject", "absence subject", "absence mark", "is absent", "absence", "absence manner", "asking", "machine words", "taken", "until", "between", "back", "before day", "months", "weekdays",
	"receipt subject", "receipt opening", "receipt", "recall subject", "recall", "reaction",
	"answer field", "robot field", "list field", "bulk field", "robot sender", "unanswered sender", "daemon", "daemon name", "failure", "delay", "late", "original", "follows",
}

// readAutoWords reads and checks the embedded files. An error names file and line.
func readAutoWords(files fs.FS) (*autoWords, error) {
	w := &autoWords{phrases: map[string][]string{}, members: map[string]map[string]bool{}, months: map[string]time.Month{}, weekdays: map[string]time.Weekday{}}
	names, err := fs.Glob(files, "words/*.auto.txt")
	if err != nil {
		return nil, fmt.Errorf("word files: %w", err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("word files: %w", err)
		}
		if err := w.read(path.Base(name), string(text)); err != nil {
			return nil, err
		}
	}
	for section, list := range w.phrases { // the longest first: "sampai tanggal" before "sampai"
		slices.SortStableFunc(list, func(a, b string) int { return len(b) - len(a) })
		w.phrases[section] = slices.Compact(list)
		w.members[section] = map[string]bool{}
		for _, phrase := range list {
			w.members[section][phrase] = true
		}
	}
	return w, nil
}

func (w *autoWords) read(name, text string) error {
	section := ""
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]"):
			section = line[1 : len(line)-1]
			if !slices.Contains(autoSections, section) {
				return fmt.Errorf("%s:%d: there is no section %q", name, i+1, section)
			}
		case section == "":
			return fmt.Errorf("%s:%d: a phrase before the first section", name, i+1)
		case section == "months":
			for n, word := range strings.Fields(line) {
				if word != "-" && n < 12 {
					w.months[word] = time.Month(n + 1)
				}
			}
		case section == "weekdays":
			for n, word := range strings.Fields(line) {
				if word != "-" && n < 7 {
					w.weekdays[word] = time.Weekday(n)
				}
			}
		default:
			w.phrases[section] = append(w.phrases[section], strings.ToLower(line))
		}
	}
	return nil
}

// finds returns the first phrase of a section that a plain text (see plainWords) holds as whole words, and where; -1 where
// it holds none.
func (w *autoWords) finds(section, text string) (phrase string, at int) {
	for _, phrase := range w.phrases[section] {
		if at := indexWords(text, phrase); at >= 0 {
			return phrase, at
		}
	}
	return "", -1
}

func (w *autoWords) holds(section, text string) bool {
	_, at := w.finds(section, text)
	return at >= 0
}

// begins returns the phrase of a section that a plain text begins with, and what follows it.
func (w *autoWords) begins(section, text string) (phrase, rest string, ok bool) {
	for _, phrase := range w.phrases[section] {
		if rest, ok := strings.CutPrefix(text, phrase); ok {
			if r, _ := utf8.DecodeRuneInString(rest); rest == "" || !unicode.IsLetter(r) && !unicode.IsDigit(r) {
				return phrase, rest, true
			}
		}
	}
	return "", "", false
}

// indexWords finds a phrase that stands as whole words in a text.
func indexWords(text, phrase string) int {
	for from := 0; ; {
		i := strings.Index(text[from:], phrase)
		if i < 0 {
			return -1
		}
		at, end := from+i, from+i+len(phrase)
		before, _ := utf8.DecodeLastRuneInString(text[:at])
		after, _ := utf8.DecodeRuneInString(text[end:])
		first, _ := utf8.DecodeRuneInString(phrase)
		last, _ := utf8.DecodeLastRuneInString(phrase)
		if (at == 0 || !sameWord(before, first)) && (end == len(text) || !sameWord(last, after)) {
			return at
		}
		from = at + 1
	}
}

// sameWord says whether two letters beside each other belong to one word. Scripts without blanks between words have none.
func sameWord(a, b rune) bool {
	word := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	return word(a) && word(b) && a < 0x2e80 && b < 0x2e80
}

// plainWords brings text into the form in which phrases are looked for: small letters, one blank between words, straight
// apostrophes.
func plainWords(text string) string {
	text = strings.ToLower(text)
	if strings.ContainsAny(text, "’‘`") {
		text = strings.NewReplacer("’", "'", "‘", "'", "`", "'").Replace(text)
	}
	return spaced(text)
}

// head returns at most n bytes of a text, whole characters.
func head(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
