package directory

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"helpost/internal/sop"
)

// Problem is what is wrong in a line of the file.
type Problem struct {
	Line int // from 1
	Text string
}

// Errors are the first problems of a file.
type Errors []Problem

// Error writes one problem a line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, p := range e {
		lines[i] = fmt.Sprintf("line %d: %s", p.Line, p.Text)
	}
	return strings.Join(lines, "\n")
}

// maxProblems is how many problems of one file are told.
const maxProblems = 5

// The columns that are read, by their names in the first line. Their order is free; others, like role, are ignored.
var columns = []string{"address", "name", "department", "asset_code", "language"}

// Parse reads people from CSV (RFC 4180): UTF-8, with or without a byte order mark, separated by commas, semicolons or
// tabs. The first line names the columns. Any line that is wrong makes an error of type Errors, and nobody.
func Parse(data []byte) (map[string]sop.Person, error) {
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return nil, Errors{{1, `the file is UTF-16; save it as "CSV UTF-8"`}}
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !utf8.Valid(data) {
		return nil, Errors{{badLine(data), `not UTF-8; save the file as "CSV UTF-8"`}}
	}
	r := csv.NewReader(bytes.NewReader(data))
	r.Comma = separator(data)
	r.ReuseRecord = true
	r.TrimLeadingSpace = r.Comma != '\t'
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, Errors{{1, "the file is empty: its first line names the columns, like address,name,department,asset_code,language,role"}}
	}
	if err != nil {
		return nil, csvErrors(err)
	}
	at, err := locate(header)
	if err != nil {
		return nil, err
	}
	return readAll(r, at, bytes.Count(data, []byte("\n")))
}

// separator finds what separates the columns: what the first line holds most of, outside quotes.
func separator(data []byte) rune {
	count := map[byte]int{}
	quoted := false
	for _, c := range data {
		if c == '"' {
			quoted = !quoted
		}
		if c == '\n' && !quoted {
			break
		}
		if !quoted {
			count[c]++
		}
	}
	best := ','
	for _, c := range ";\t" {
		if count[byte(c)] > count[byte(best)] {
			best = c
		}
	}
	return best
}

// locate finds the columns by their names; -1 stands for one that is not there.
func locate(header []string) (map[string]int, error) {
	at := map[string]int{}
	for _, c := range columns {
		at[c] = -1
	}
	for i, name := range header {
		name = fold(strings.TrimSpace(name))
		if !slices.Contains(columns, name) {
			continue
		}
		if at[name] >= 0 {
			return nil, Errors{{1, fmt.Sprintf("the column %q is there twice", name)}}
		}
		at[name] = i
	}
	if at["address"] < 0 {
		return nil, Errors{{1, fmt.Sprintf("there is no column \"address\"; the first line must name the columns: %s", strings.Join(columns, ","))}}
	}
	return at, nil
}

// readAll reads the people after the first line.
func readAll(r *csv.Reader, at map[string]int, lines int) (map[string]sop.Person, error) {
	people := make(map[string]sop.Person, min(lines, 1<<20))
	first := map[string]int{} // the line of each address
	var bad Errors
	for len(bad) < maxProblems {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && !errors.Is(err, csv.ErrFieldCount) {
			return nil, append(bad, csvErrors(err)...)
		}
		line, _ := r.FieldPos(0)
		if err != nil {
			bad = append(bad, Problem{line, fmt.Sprintf("this line has %d columns, the first line %d", len(row), r.FieldsPerRecord)})
			continue
		}
		if blank(row) {
			continue
		}
		p, err := person(row, at)
		if err == nil && first[p.Address] > 0 {
			err = fmt.Errorf("%s is there already, in line %d", p.Address, first[p.Address])
		}
		if err != nil {
			bad = append(bad, Problem{line, err.Error()})
			continue
		}
		people[p.Address], first[p.Address] = p, line
	}
	if len(bad) > 0 {
		return nil, bad
	}
	return people, nil
}

// person reads one line.
func person(row []string, at map[string]int) (sop.Person, error) {
	get := func(column string) string {
		if i := at[column]; i >= 0 {
			return oneLine(row[i])
		}
		return ""
	}
	p := sop.Person{Address: fold(get("address"))}
	local, domain, ok := strings.Cut(p.Address, "@")
	if !ok || local == "" || domain == "" || len(p.Address) > 254 || strings.ContainsAny(p.Address, " <>,;:\"\\()[]") || strings.Contains(domain, "@") {
		return p, fmt.Errorf("%.80q is no mail address", p.Address)
	}
	p.Name, p.Department, p.AssetCode = get("name"), get("department"), get("asset_code")
	switch lang := sop.Lang(fold(get("language"))); lang {
	case "", sop.Indonesian, sop.English:
		p.Lang = lang
	default:
		return p, fmt.Errorf("language: %.20q must be id, en or nothing", lang)
	}
	return p, nil
}

// oneLine trims a field and turns what is no printable text in it into blanks.
func oneLine(s string) string {
	clean := strings.TrimSpace(s)
	for i := range len(clean) {
		if clean[i] < ' ' || clean[i] == 0x7f {
			return strings.Join(strings.FieldsFunc(clean, func(r rune) bool { return r <= ' ' || r == 0x7f }), " ")
		}
	}
	return clean
}

func blank(row []string) bool {
	return !slices.ContainsFunc(row, func(s string) bool { return strings.TrimSpace(s) != "" })
}

// csvErrors says where the file is no CSV.
func csvErrors(err error) Errors {
	var bad *csv.ParseError
	if !errors.As(err, &bad) {
		return Errors{{1, err.Error()}}
	}
	text := "a quote stands where none can be: put the whole field into quotes, and double those inside"
	if errors.Is(bad.Err, csv.ErrQuote) && bad.StartLine != bad.Line {
		text = fmt.Sprintf("a quoted field that begins in line %d does not end well", bad.StartLine)
	}
	return Errors{{bad.StartLine, text}}
}

// badLine finds the first line that is not UTF-8.
func badLine(data []byte) int {
	for i, line := range bytes.Split(data, []byte("\n")) {
		if !utf8.Valid(line) {
			return i + 1
		}
	}
	return 1
}
