package templates

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"

	"helpost/internal/sop"
)

//go:embed id/*.txt en/*.txt layout.html
var embedded embed.FS

// Languages are those that notices are written in.
var Languages = []sop.Lang{sop.Indonesian, sop.English}

// Kinds are all kinds of notice.
var Kinds = []sop.Kind{
	sop.KindAck, sop.KindMissing, sop.KindNew, sop.KindAssigned, sop.KindUpdate, sop.KindReply, sop.KindPaused, sop.KindScheduled,
	sop.KindResolved, sop.KindReminder, sop.KindClosed, sop.KindReopened, sop.KindMerged, sop.KindNote, sop.KindWarning,
	sop.KindBreach, sop.KindEscalated, sop.KindStatus, sop.KindHelp, sop.KindError, sop.KindUndeliverable,
	sop.KindReport, sop.KindMorning,
}

const wordsFile = "words" // beside the kinds: fixed words, labels of buttons

// Set is all templates, ready to render. It may be used from many goroutines.
type Set struct {
	languages map[sop.Lang]*language
	layout    program
}

// language is the templates and the fixed words of one language.
type language struct {
	lang  sop.Lang
	words map[string]string
	kinds map[sop.Kind]kind
}

// kind is the template of one kind of notice.
type kind struct {
	program
	file string
}

// Load reads the embedded templates, and over them those of an operator: dir/id/ack.txt or dir/ack.id.txt replaces
// id/ack.txt, dir/layout.html the layout; of words.txt only the lines that it has. dir may be "". An error names the
// file and the line; a file of dir that replaces nothing is one too, for it is a slip.
func Load(dir string) (*Set, error) {
	over, err := overrides(dir)
	if err != nil {
		return nil, err
	}
	s := &Set{languages: map[sop.Lang]*language{}}
	for _, lang := range Languages {
		if s.languages[lang], err = loadLanguage(lang, over); err != nil {
			return nil, err
		}
	}
	name, text, err := source("layout.html", over)
	if err != nil {
		return nil, err
	}
	layout, err := htmltemplate.New(name).Parse(text)
	if err != nil {
		return nil, broken(err)
	}
	s.layout = layoutProgram(layout)
	if len(over) == 0 { // a test has checked the embedded ones
		return s, nil
	}
	return s, s.Check()
}

func loadLanguage(lang sop.Lang, over map[string]string) (*language, error) {
	l := &language{lang: lang, words: map[string]string{}, kinds: map[sop.Kind]kind{}}
	file := string(lang) + "/" + wordsFile + ".txt"
	if err := l.readWords(file, nil); err != nil {
		return nil, err
	}
	known := keysOf(l.words)
	if where, is := over[file]; is {
		if err := l.readWords(where, known); err != nil {
			return nil, err
		}
	}
	for _, k := range Kinds {
		name, text, err := source(string(lang)+"/"+string(k)+".txt", over)
		if err != nil {
			return nil, err
		}
		t, err := template.New(name).Parse(standalone(text))
		if err != nil {
			return nil, broken(err)
		}
		l.kinds[k] = kind{linesProgram(t), name}
	}
	return l, nil
}

func keysOf(m map[string]string) map[string]bool {
	keys := make(map[string]bool, len(m))
	for k := range m {
		keys[k] = true
	}
	return keys
}

// readWords reads "key = value" lines. known, where it is not nil, are the keys that there are, and name is a file of
// the operator.
func (l *language) readWords(name string, known map[string]bool) error {
	raw, err := embedded.ReadFile(name)
	if known != nil {
		raw, err = os.ReadFile(name)
	}
	if err != nil {
		return err
	}
	for i, line := range strings.Split(clean(raw), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		key, text, is := strings.Cut(line, "=")
		key, text = strings.TrimSpace(key), oneLine(text, maxLine)
		if !is || key == "" {
			return fmt.Errorf("%s:%d: want a line as \"button.confirm = Yes, it works\"", name, i+1)
		}
		if known != nil && !known[key] {
			return fmt.Errorf("%s:%d: there are no words %q", name, i+1, key)
		}
		l.words[key] = text
	}
	return nil
}

// overrides finds the operator's files: the name of what each replaces, and where it lies.
func overrides(dir string) (map[string]string, error) {
	over := map[string]string{}
	if dir == "" {
		return over, nil
	}
	err := filepath.WalkDir(dir, func(where string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, where)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if entry.IsDir() || path.Ext(rel) != ".txt" && path.Ext(rel) != ".html" {
			return nil
		}
		name := rel
		if parts := strings.Split(rel, "."); len(parts) == 3 { // ack.id.txt
			name = parts[1] + "/" + parts[0] + ".txt"
		}
		if _, err := embedded.Open(name); err != nil {
			return fmt.Errorf("%s: there is no template of this name to replace; names are as id/ack.txt, ack.id.txt, layout.html", where)
		}
		if twice, is := over[name]; is {
			return fmt.Errorf("%s: %s replaces the same template", where, twice)
		}
		over[name] = where
		return nil
	})
	return over, err
}

// source gives a template's text and the name that its errors bear.
func source(name string, over map[string]string) (string, string, error) {
	if where, is := over[name]; is {
		raw, err := os.ReadFile(where)
		return where, clean(raw), err
	}
	raw, err := embedded.ReadFile(name)
	return name, clean(raw), err
}

func clean(raw []byte) string {
	return strings.ReplaceAll(string(bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))), "\r\n", "\n")
}

var (
	actionLine  = regexp.MustCompile(`(?m)^[ \t]*(\{\{-?[ \t]*(?:if|else|end|range|with|break|continue)\b[^}\n]*?)([ \t]-)?\}\}[ \t]*\n`)
	commentLine = regexp.MustCompile(`(?m)^[ \t]*(\{\{-?[ \t]*/\*[^\n]*?)\*/([ \t]-)?\}\}[ \t]*\n`)
)

// standalone lets an action that stands alone on its line leave no line behind: its newline goes inside the braces,
// where it means nothing and errors still count it.
func standalone(text string) string {
	text = commentLine.ReplaceAllString(text, "$1\n*/$2}}")
	return actionLine.ReplaceAllString(text, "$1\n$2}}")
}

// broken takes the package's word from a template's error: what is left begins with the file and the line.
func broken(err error) error {
	text := err.Error()
	for _, prefix := range []string{"template: ", "html/template: "} {
		text = strings.TrimPrefix(text, prefix)
	}
	return errors.New(text)
}

// word gives a fixed word; a missing one shows as its key, and Check finds it.
func (l *language) word(key string) string {
	if w, is := l.words[key]; is {
		return w
	}
	return key
}

// said gives the word for one of a set of names ("state.open"); a name without a word is shown as it is.
func (l *language) said(set, name string) string {
	if w, is := l.words[set+"."+name]; is {
		return w
	}
	return name
}

// labelled gives buttons their labels.
func (l *language) labelled(buttons []Button) []Button {
	said := make([]Button, 0, len(buttons))
	for _, b := range buttons {
		label := l.said("button", b.Name)
		if with := oneLine(b.With, 80); with != "" {
			label = strings.Replace(l.word("button."+b.Name+".with"), "{}", with, 1)
		}
		said = append(said, Button{Name: label, URL: b.URL})
	}
	return said
}

// Subject is the subject of a notice that is about no ticket.
func (s *Set) Subject(kind sop.Kind, lang sop.Lang) string {
	return s.language(lang).said("subject", string(kind))
}

// language gives the templates of a language; Indonesian, the SOP's, where there are none.
func (s *Set) language(lang sop.Lang) *language {
	if l, is := s.languages[lang]; is {
		return l
	}
	return s.languages[sop.Indonesian]
}
