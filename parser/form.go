package parser

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of forms.
const (
	labelBytes = 40
	valueBytes = 200
	formLines  = 300 // lines of a mail that are looked at
)

// fieldKind is what a label of a form asks for.
type fieldKind uint8

const (
	noField fieldKind = iota
	fieldName
	fieldUser // whose thing it is; a login is none
	fieldDepartment
	fieldAsset
	fieldScreenshot
	fieldRequest
	fieldFault
	fieldNewcomer
	fieldOther
)

// form is what a mail says in lines with labels.
type form struct {
	name, department string
	user             string   // whose thing it is
	assets           []string // values of asset labels, as they stand
	newcomer         bool     // it speaks of somebody who is to come
	noPicture        bool     // it says that there is no screenshot
	request, fault   bool     // it has a filled line of that kind
	lines            map[int]bool
}

// readForm reads the lines with labels of a text.
func (v *vocabulary) readForm(lines []string) form {
	f := form{lines: map[int]bool{}}
	var header []fieldKind
	for i, raw := range lines[:min(len(lines), formLines)] {
		s := trimBullet(trimBlank(raw))
		if s == "" || len(s) > 1000 {
			continue
		}
		cells := splitCells(s)
		if len(header) > 0 && len(cells) == len(header) {
			for k, c := range cells {
				f.set(v, header[k], c, i)
			}
			continue
		}
		header = v.headerRow(cells)
		if len(header) > 0 {
			continue
		}
		if len(cells) >= 2 && v.readCells(&f, cells, i) {
			continue
		}
		if next := v.valueBelow(s, lines, i); next != "" { // "Bagian", below it ": Survei Lapangan"
			s += next
			f.lines[i+1] = true
		}
		v.readLabels(&f, s, i, lines)
	}
	if f.name == "" && v.label(f.user) == noField {
		f.name = f.user
	}
	return f
}

// valueBelow gives the next line where it is the colon and the value of a label that stands alone, else "".
func (v *vocabulary) valueBelow(s string, lines []string, i int) string {
	if i+1 >= len(lines) || v.label(s) == noField {
		return ""
	}
	if next := trimBlank(lines[i+1]); len(next) > 1 && len(next) <= valueBytes && next[0] == ':' {
		return next
	}
	return ""
}

// trimBullet cuts the mark of a list item.
func trimBullet(s string) string {
	if s != "" && (s[0] >= utf8.RuneSelf || !inWord[s[0]]) {
		s = strings.TrimLeft(s, "-*•·>–▪◦●○ \t")
	}
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' || i == 0 && s[i] >= 'a' && s[i] <= 'z' && len(s) > 1 && s[1] == ')' {
			continue
		}
		if i > 0 && i <= 2 && (s[i] == '.' || s[i] == ')') {
			return strings.TrimLeft(s[i+1:], " \t")
		}
		break
	}
	return s
}

// splitCells cuts a row of a table.
func splitCells(s string) []string {
	sep := "\t"
	if !strings.Contains(s, "\t") {
		if !strings.Contains(s, " | ") && !strings.HasPrefix(s, "|") {
			return nil
		}
		sep = "|"
	}
	var cells []string
	for _, c := range strings.Split(s, sep) {
		if c = strings.Trim(trimBlank(c), "|: "); c != "" {
			cells = append(cells, c)
		}
	}
	return cells
}

// headerRow says what the cells of a row ask for, if all of them are labels.
func (v *vocabulary) headerRow(cells []string) []fieldKind {
	if len(cells) < 2 {
		return nil
	}
	var kinds []fieldKind
	useful := false
	for _, c := range cells {
		k := v.label(c)
		if k == noField {
			if len(strings.Fields(c)) > 3 || strings.ContainsAny(c, "0123456789:") {
				return nil
			}
			k = fieldOther
		} else if k < fieldScreenshot {
			useful = true
		}
		kinds = append(kinds, k)
	}
	first := kinds[0] != fieldOther || v.label(cells[0]) != noField || strings.EqualFold(cells[0], "no")
	known := 0
	for _, c := range cells {
		if v.label(c) != noField {
			known++
		}
	}
	if !useful || !first || known < 2 {
		return nil
	}
	return kinds
}

// readCells reads a row of label, value and so on; a number may stand before it.
func (v *vocabulary) readCells(f *form, cells []string, line int) bool {
	if len(cells) > 2 && strings.Trim(cells[0], "0123456789.") == "" {
		cells = cells[1:]
	}
	read := false
	for k := 0; k+1 < len(cells); k += 2 {
		kind := v.label(cells[k])
		if kind == noField {
			break
		}
		f.set(v, kind, cells[k+1], line)
		read = true
	}
	if !read { // "Nama: Rina | Dept: Keuangan"
		for _, c := range cells {
			read = v.readLabels(f, c, line, nil) || read
		}
	}
	return read
}

// label gives what a label asks for.
func (v *vocabulary) label(s string) fieldKind {
	if len(s) > labelBytes {
		return noField
	}
	s = strings.ToLower(spaced(strings.Trim(s, "*_:.#()[] \t\u00a0")))
	if i := strings.IndexByte(s, '('); i > 0 { // "Kode Aset (jika ada)"
		s = strings.TrimSpace(s[:i])
	}
	if kind := v.labels[s]; kind != noField {
		return kind
	}
	return v.doubleLabel(s)
}

// doubleLabel reads two words for one thing: "Unit / Bagian".
func (v *vocabulary) doubleLabel(s string) fieldKind {
	kind := noField
	for i, part := range strings.Split(s, "/") {
		k := v.labels[strings.Trim(part, " .")]
		if i > 0 && k != kind {
			return noField
		}
		kind = k
	}
	return kind
}

// readLabels reads "label: value", several on a line among them, and "Nama/Dept/Aset: a / b / c".
func (v *vocabulary) readLabels(f *form, s string, line int, lines []string) bool {
	if label, ok := strings.CutSuffix(s, "?"); ok && lines != nil && v.label(label) != noField { // "Departemen?", the answer below
		s = label + ":"
	}
	i := indexColon(s)
	if equals := strings.IndexByte(s, '='); equals >= 0 && (i < 0 || equals < i) {
		i = equals
	}
	if i <= 0 || i > labelBytes+10 {
		if head := s[:min(len(s), labelBytes+len(" – "))]; !strings.Contains(head, " - ") && !strings.Contains(head, " – ") {
			return false // no label is longer
		}
		label, value, ok := strings.Cut(strings.Replace(s, " – ", " - ", 1), " - ") // "Name - Rina"
		if !ok || len(value) >= nameBytes || strings.Contains(value, ". ") {
			return false
		}
		kind := v.label(label)
		if kind == noField || kind >= fieldScreenshot {
			return false
		}
		f.set(v, kind, value, line)
		return true
	}
	kind := v.label(s[:i])
	value := trimBlank(strings.TrimLeft(s[i:], ":：= "))
	if kind == noField {
		return v.readJoined(f, s[:i], value, line)
	}
	value, rest := v.cutNextLabel(value)
	if value == "" && rest == "" && lines != nil && line+1 < len(lines) && kind <= fieldAsset {
		if next := trimBlank(lines[line+1]); len(next) < 60 && indexColon(next) < 0 && v.valueOf(kind, next) {
			value = next
		}
	}
	f.set(v, kind, value, line)
	if rest != "" {
		v.readLabels(f, rest, line, nil)
	}
	return true
}

// valueOf says whether a line below an empty label is likely its value.
func (v *vocabulary) valueOf(kind fieldKind, s string) bool {
	if s == "" || strings.HasPrefix(s, "-") {
		return false
	}
	if kind == fieldAsset {
		return strings.ContainsAny(s, "0123456789") && !strings.Contains(s, " ")
	}
	return v.nameLine(s, "")
}

// indexColon finds the first colon, ASCII's or the wide one.
func indexColon(s string) int {
	i := strings.IndexByte(s, ':')
	if i >= 0 {
		s = s[:i]
	}
	if wide := strings.Index(s, "："); wide >= 0 {
		return wide
	}
	return i
}

// cutNextLabel cuts a value where another label begins on the same line.
func (v *vocabulary) cutNextLabel(s string) (value, rest string) {
	for from := 0; ; {
		i := indexColon(s[from:])
		if i < 0 || from+i > valueBytes {
			return s, ""
		}
		colon := from + i
		start := strings.LastIndexAny(s[:colon], ",;|/\t")
		if start < 0 {
			start = strings.LastIndex(s[:colon], "  ")
		}
		if start < 0 {
			start = strings.LastIndex(s[:colon], " - ")
		}
		if start >= 0 {
			label := strings.Trim(s[start:colon], ",;|/\t -")
			if v.label(label) != noField {
				return strings.Trim(s[:start], ",;|/\t -"), strings.Trim(s[start:], ",;|/\t -")
			}
		}
		from = colon + 1
	}
}

// readJoined reads "Nama/Dept/Aset: a / b / c".
func (v *vocabulary) readJoined(f *form, label, value string, line int) bool {
	for _, sep := range v.labelJoints {
		labels := strings.Split(label, sep)
		if len(labels) < 2 {
			continue
		}
		kinds := make([]fieldKind, len(labels))
		for k, l := range labels {
			if kinds[k] = v.label(trimBlank(l)); kinds[k] == noField {
				return false
			}
		}
		for _, by := range [...]string{" / ", "/", ", ", ",", " - ", ";", " | "} {
			if values := strings.SplitN(value, by, len(kinds)); len(values) == len(kinds) {
				for k := range values {
					f.set(v, kinds[k], trimBlank(values[k]), line)
				}
				return true
			}
		}
	}
	return false
}

// set keeps the value of a label; the first one that says something counts, for assets each.
func (f *form) set(v *vocabulary, kind fieldKind, value string, line int) {
	value = strings.Trim(trimBlank(value), "*_")
	f.lines[line] = true
	none := v.saysNone(value)
	switch {
	case kind == fieldNewcomer:
		f.newcomer = true
	case kind == fieldScreenshot:
		f.noPicture = f.noPicture || none
	case value == "" || none || strings.Trim(value, "-–.… ") == "":
	case len(value) > valueBytes && kind < fieldScreenshot:
	case kind == fieldName && f.name == "" && strings.ContainsFunc(value, unicode.IsLetter):
		f.name = value
	case kind == fieldUser && f.user == "" && len(strings.Fields(value)) > 1 && !strings.ContainsAny(value, "0123456789@"):
		f.user = value
	case kind == fieldDepartment && f.department == "" && strings.ContainsFunc(value, unicode.IsLetter):
		f.department = value
	case kind == fieldAsset:
		f.assets = append(f.assets, value)
	case kind == fieldRequest:
		f.request = true
	case kind == fieldFault:
		f.fault = true
	}
}

// fill takes from another form what this one does not say.
func (f *form) fill(other form) {
	if f.name == "" {
		f.name = other.name
	}
	if f.department == "" {
		f.department = other.department
	}
	f.assets = append(f.assets, other.assets...)
	f.noPicture = f.noPicture || other.noPicture
}

// isStranger says whether the name in a form is not the sender's.
func (f *form) isStranger(sender string) bool { return sender != "" && !sharesName(f.name, sender) }

// saysNone says whether a value says that there is none.
func (v *vocabulary) saysNone(s string) bool {
	s = strings.ToLower(strings.Trim(trimBlank(s), ".()!- "))
	return s == "n/a" || v.none[s]
}
