package parser

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"helpost/internal/sop"
)

// The word lists. A file is NAME.SUBJECT.txt or SUBJECT.txt; each says its format at its head, docs/reading.md says more.
//
//go:embed words/*.quote.txt words/*.closing.txt words/*.report.txt words/*.verdict.txt words/*.stop.txt words/*.link.txt
//go:embed words/department.txt words/same.department.txt words/asset.txt words/command.txt words/picture.txt
var wordFiles embed.FS

// sections lists what each subject may hold; true: an entry has a value ("phrase = value").
var sections = map[string]map[string]bool{
	"quote": {"on": false, "wrote": false, "quoting": false, "original": false, "forwarded": false, "from": false, "date": false, "to": false,
		"subject": false, "header": false, "forward subject": false, "reply subject": false, "notice": false},
	"closing": {"greeting": false, "closing": false, "thanks": false, "address": false, "sent from": false, "sent whole": false, "device": false, "disclaimer": false,
		"banner": false, "postscript": false, "particle": false, "contact": false, "street": false},
	"report": {"label name": false, "label user": false, "label department": false, "label asset": false, "label screenshot": false, "label request": false,
		"label fault": false, "label other": false, "label newcomer": false, "none": false, "addressing": false, "no screenshot": false, "honorific": false, "i am": false,
		"behalf": false, "unit before": false, "unit after": false, "from unit": false, "role": false, "not a name": false, "company name": false, "town": false,
		"asset before": false, "tag before": false, "serial before": false, "fault": false, "request": false, "wish": false, "asks": false, "help": false, "needs": false, "group": false, "newcomer": false, "request subject": false, "not fault": false,
		"not": false, "company": false, "department": false, "place": false, "individual": false, "quantifier": false, "core system": false, "outage": false, "mine": false,
		"others": false, "colleagues": false, "fine": false, "able": false, "opens": false, "runs": false, "with": false, "same": false, "formerly": false, "aim": false, "too": false, "whether": false, "why": false,
		"mine alone": false, "not only me": false, "everybody": false, "whole unit": false, "all of it": false, "waits": false, "here": false, "site": false, "people": false, "ceased": false, "does not": false, "lacks": false,
		"helps": false, "owner": false, "his": false, "complains": false, "tells": false, "outsider": false, "beside": false,
		"goods": false, "gives": false, "helping": false, "stopped": false, "dead computer": false, "way round": false, "can wait": false, "hindered": false},
	"verdict": {"spelling": true, "good": false, "yes": false, "thanks": false, "praise": false, "bad": false, "broken": false, "gone": false, "solved": false,
		"not": false, "not yet": false, "still": false, "but": false, "except": false, "later": false, "unsure": false, "try": false, "again": false, "ask": false,
		"request": false, "redo": false, "close": false, "keep open": false, "new": false, "beside": false, "past": false, "if": false, "perhaps": false, "partly": false,
		"neutral": false, "filler": false, "rating": false, "thing": true, "number": true, "now": false, "often": false, "place": false, "cause": false, "needless": false, "why": false, "only": false, "fair": false, "than": false, "done": false, "briefly": false, "and": false,
		"relapse": false, "not seen": false, "thought": false, "then": false, "appears": false, "progress": false, "though": false, "day": false, "breaks": false, "works": false, "without": false, "once": false, "same": false, "until": false, "duration": false, "must": false, "recent": false,
		"initials": false, "before initials": false, "unable": false, "no more": false, "at once": false, "mended": false, "shut": false, "allow": false,
		"service": false, "days": false, "foreign": false, "ticket": false, "after": false, "able": false, "claimed": false, "wanted": false, "message": false, "stops": false, "whereas": false, "complaint": false, "comes": false, "tense": false},
	"stop": {"stop": false},
	"link": {"and": false, "list": false, "of": false, "article": false, "from": false, "to": false, "own": false, "our desk": false, "before name": false, "before code": false, "have": false, "toward": false,
		"range": false, "out of": false},
	"department": {"department": false, "same": false},
	"asset":      {"pattern": false, "not": false, "place": false, "brand": false},
	"command":    {"command": true},
	"picture":    {"decoration": false},
}

// entry is one line of a word file.
type entry struct {
	phrase, value string
	lang          string
	file          string
	line          int
}

func (e entry) fail(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", e.file, e.line, fmt.Sprintf(format, args...))
}

// lists are all entries by "subject/section".
type lists map[string][]entry

// readLists reads and checks all word files of a file system. An error names file and line.
func readLists(files fs.FS) (lists, error) {
	all := lists{}
	names, err := fs.Glob(files, "words/*.txt")
	if err != nil {
		return nil, fmt.Errorf("word files: %w", err)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := all.read(files, name); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (l lists) read(files fs.FS, name string) error {
	parts := strings.Split(path.Base(name), ".")
	lang, subject := "", parts[0]
	if len(parts) == 3 {
		lang, subject = parts[0], parts[1]
	}
	known, ok := sections[subject]
	if !ok {
		return nil // another reader's
	}
	raw, err := fs.ReadFile(files, name)
	if err != nil {
		return fmt.Errorf("word file %s: %w", name, err)
	}
	section, seen := "", map[string]bool{}
	for i, line := range strings.Split(string(raw), "\n") {
		line = strings.TrimSpace(line)
		e := entry{lang: lang, file: name, line: i + 1}
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]") && subject != "asset" || section == "" || isSection(line, known) {
			section = strings.Trim(line, "[]")
			if _, ok := known[section]; !ok || !strings.HasPrefix(line, "[") {
				return e.fail("unknown section %q; known are %s", section, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
			}
			continue
		}
		e.phrase = line
		if known[section] {
			var found bool
			e.phrase, e.value, found = strings.Cut(line, "=")
			e.phrase, e.value = strings.TrimSpace(e.phrase), strings.TrimSpace(e.value)
			if !found || e.phrase == "" || e.value == "" {
				return e.fail("section %q wants lines of the form: phrase = value", section)
			}
		}
		key := section + "\x00" + strings.ToLower(e.phrase)
		if seen[key] {
			return e.fail("%q stands twice in section %q", e.phrase, section)
		}
		seen[key] = true
		l[subject+"/"+section] = append(l[subject+"/"+section], e)
	}
	return nil
}

func isSection(line string, known map[string]bool) bool {
	_, ok := known[strings.Trim(line, "[]")]
	return ok && strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]")
}

// phrases gives the phrases of a section in lower case.
func (l lists) phrases(key string) []string {
	out := make([]string, 0, len(l[key]))
	for _, e := range l[key] {
		out = append(out, strings.ToLower(e.phrase))
	}
	return out
}

// vocabulary is the word lists made ready for reading. It is never changed after it was made.
type vocabulary struct {
	ids     map[string]int32 // words, misspellings among them, to their number
	verdict trie
	report  trie
	stops   [][]sop.Lang // by the number of a word

	links map[string]map[string]bool // small words, by section

	initials       map[string]bool // spellings that in capitals are the initials of a department or a place
	beforeInitials map[string]bool // words before those

	quote   quoteWords
	closing closingWords

	labels     map[string]fieldKind // labels of forms
	none       map[string]bool      // values that say that there is none
	addressing map[string]bool      // words around a bare answer
	unit       map[string]uint8     // "department", and where it stands
	role       map[string]bool      // jobs

	labelJoints []string          // what joins the labels of "Nama/Dept dan Aset"
	decoration  []string          // what the names of pictures in signatures begin with
	departments map[string]bool   // usual names in lower case
	canonical   map[string]string // what people call a department of this company, in lower case, to its name
	asset       assetWords
	commands    []CommandWord
	commandName map[string]int // a word of a command to its place in commands
}

// embedded reads the embedded files once in the life of the program.
var embedded = sync.OnceValues(func() (lists, error) { return readLists(wordFiles) })

// newVocabulary makes the words ready for a company.
func newVocabulary(o Options) (*vocabulary, error) {
	all, err := embedded()
	if err != nil {
		return nil, err
	}
	return all.compile(o)
}

func (l lists) compile(o Options) (*vocabulary, error) {
	v := &vocabulary{ids: map[string]int32{}, verdict: newTrie(), report: newTrie(),
		departments: map[string]bool{}, canonical: map[string]string{}}
	for _, e := range l["verdict/spelling"] { // first: phrases are put in as they are meant
		if err := v.respell(e); err != nil {
			return nil, err
		}
	}
	for _, key := range slices.Sorted(maps.Keys(l)) {
		subject, section, _ := strings.Cut(key, "/")
		for _, e := range l[key] {
			var err error
			switch {
			case section == "spelling", section == "addressing", section == "initials", section == "before initials": // looked up as they stand
			case section == "breaks", section == "works":
				err = v.addVerb(e, section)
			case subject == "verdict":
				err = v.add(&v.verdict, e, section)
			case subject == "report":
				err = v.add(&v.report, e, section)
			case subject == "stop":
				v.addStop(e)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	v.links = map[string]map[string]bool{}
	for section := range sections["link"] {
		v.links[section] = map[string]bool{}
		for _, w := range l.phrases("link/" + section) {
			v.links[section][w] = true
		}
	}
	v.initials, v.beforeInitials = map[string]bool{}, map[string]bool{}
	for _, w := range l.phrases("verdict/initials") {
		v.initials[w] = true
	}
	for _, w := range l.phrases("verdict/before initials") {
		v.beforeInitials[w] = true
	}
	v.quote = newQuoteWords(l)
	v.closing = newClosingWords(l)
	v.labelJoints = []string{"/", ",", "&"}
	for _, w := range l.phrases("link/and") {
		v.labelJoints = append(v.labelJoints, " "+w+" ")
	}
	v.labelJoints = append(v.labelJoints, "-")
	v.decoration = l.phrases("picture/decoration")
	for _, name := range l.phrases("department/department") {
		v.departments[name] = true
	}
	v.addForms(l)
	v.addDepartments(l, o.Departments)
	if err := v.addCompany(o); err != nil {
		return nil, err
	}
	var err error
	if v.asset, err = newAssetWords(l, o); err != nil {
		return nil, err
	}
	v.commands, v.commandName, err = newCommandWords(l)
	return v, err
}

// addForms adds labels and the like, which are looked up as they stand.
func (v *vocabulary) addForms(l lists) {
	v.labels, v.none, v.addressing, v.unit, v.role = map[string]fieldKind{}, map[string]bool{}, map[string]bool{}, map[string]uint8{}, map[string]bool{}
	for section, kind := range map[string]fieldKind{"label other": fieldOther, "label fault": fieldFault, "label request": fieldRequest,
		"label screenshot": fieldScreenshot, "label newcomer": fieldNewcomer, "label asset": fieldAsset, "label department": fieldDepartment, "label name": fieldName, "label user": fieldUser} {
		for _, w := range l.phrases("report/" + section) {
			w = strings.Trim(w, "*_:.#()[] ")
			if have, taken := v.labels[w]; !taken || kind < have {
				v.labels[w] = kind
			}
		}
	}
	for _, w := range l.phrases("report/none") {
		v.none[w] = true
	}
	for _, w := range l.phrases("report/addressing") {
		v.addressing[w] = true
	}
	for _, w := range l.phrases("report/role") {
		v.role[w] = true
	}
	for section, place := range map[string]uint8{"unit before": unitBefore, "unit after": unitAfter} {
		for _, w := range l.phrases("report/" + section) {
			v.unit[w] |= place
		}
	}
}

// addCompany adds what the company's own configuration says.
func (v *vocabulary) addCompany(o Options) error {
	for _, w := range o.Words {
		for _, phrase := range w.Words {
			e := entry{phrase: phrase, file: "[priority.words]"}
			if section := map[sop.Impact]string{sop.Company: "own company", sop.Department: "own department", sop.Individual: "own individual"}[w.Impact]; section != "" {
				if err := v.add(&v.report, e, section); err != nil {
					return err
				}
			}
			if section := map[sop.Urgency]string{sop.High: "own high", sop.Medium: "own medium", sop.Low: "own low"}[w.Urgency]; section != "" {
				if err := v.add(&v.report, e, section); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// add puts a phrase into a trie.
func (v *vocabulary) add(t *trie, e entry, section string) error {
	words := splitWords(e.phrase)
	if len(words) == 0 {
		return e.fail("%q holds no word", e.phrase)
	}
	node := int32(0)
	for _, w := range words {
		node = t.child(node, v.id(w))
	}
	t.marks[node] = append(t.marks[node], mark{section, e.value})
	return nil
}

// id gives the number of a word, a new one where it has none.
func (v *vocabulary) id(word string) int32 {
	n, ok := v.ids[word]
	if !ok {
		n = int32(len(v.ids) + 1)
		v.ids[word] = n
	}
	return n
}

// respell makes a spelling stand for a word.
func (v *vocabulary) respell(e entry) error {
	to := splitWords(e.value)
	from := splitWords(e.phrase)
	if len(to) != 1 || len(from) != 1 {
		return e.fail("a spelling is one word = one word")
	}
	v.ids[from[0]] = v.id(to[0])
	return nil
}

func (v *vocabulary) addStop(e entry) {
	for _, w := range splitWords(e.phrase) {
		n := v.id(w)
		v.stops = append(v.stops, make([][]sop.Lang, max(0, int(n)+1-len(v.stops)))...)
		if !slices.Contains(v.stops[n], sop.Lang(e.lang)) {
			v.stops[n] = append(v.stops[n], sop.Lang(e.lang))
		}
	}
}

// assetWords say what is an asset code.
type assetWords struct {
	pattern *regexp.Regexp
	own     bool            // the company's own pattern, which may match anything
	not     map[string]bool // first groups of other numbers: PO, INV
	place   map[string]bool // first groups of floors and buildings: LT
	brand   map[string]bool // makers, whose models look like codes
}

func newAssetWords(l lists, o Options) (assetWords, error) {
	a := assetWords{not: map[string]bool{strings.ToUpper(o.Prefix): true}, place: map[string]bool{}, brand: map[string]bool{}}
	for _, w := range l.phrases("asset/not") {
		a.not[strings.ToUpper(w)] = true
	}
	for _, w := range l.phrases("asset/place") {
		a.place[strings.ToUpper(w)] = true
	}
	for _, w := range l.phrases("asset/brand") {
		a.brand[w] = true
	}
	pattern := o.AssetPattern
	if pattern == "" {
		var alternatives []string
		for _, e := range l["asset/pattern"] {
			if _, err := regexp.Compile(e.phrase); err != nil {
				return a, e.fail("%v", err)
			}
			alternatives = append(alternatives, e.phrase)
		}
		pattern = strings.Join(alternatives, "|")
	}
	re, err := regexp.Compile("^(?:" + pattern + ")$")
	if err != nil {
		return a, fmt.Errorf("pattern of asset codes: %w", err)
	}
	a.pattern, a.own = re, o.AssetPattern != ""
	return a, nil
}
