package parser

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"helpost/internal/sop"
)

// Explained is everything that is read in a mail, in the shape that `helpost explain --json` prints and the portal can
// show. What is unknown is null.
type Explained struct {
	Error            *string              `json:"error"` // why the mail could not be read
	From             *Address             `json:"from"`
	To               []string             `json:"to"`
	Subject          string               `json:"subject"`
	Lang             sop.Lang             `json:"lang"`
	Text             string               `json:"text"`
	NewText          string               `json:"new_text"`
	Attachments      []ExplainedFile      `json:"attachments"`
	Signed           bool                 `json:"signed"` // S/MIME or PGP; nothing is verified
	Auto             sop.Auto             `json:"auto"`
	AutoEvidence     *string              `json:"auto_evidence"`
	Bounce           *sop.Bounce          `json:"bounce"`
	Report           *ExplainedReport     `json:"report"`
	Validation       *ExplainedValidation `json:"validation"`
	Commands         []sop.Command        `json:"commands"`
	UnknownCommand   *string              `json:"unknown_command"`
	MisplacedCommand *string              `json:"misplaced_command"`

	LangEvidence   string          `json:"-"` // what told the language
	NearestCommand string          `json:"-"` // the known word nearest to UnknownCommand
	Lines          []ExplainedLine `json:"-"` // the text line by line, as far as it was read for its meaning
}

// ExplainedLine is a line of the text, and what it was found to be.
type ExplainedLine struct {
	Text string
	Kind LineKind
}

// LineKind is what a line of a text was found to be.
type LineKind string

// The kinds of lines. What is new are LineNew, LineCommand and LinePassedOn.
const (
	LineNew       LineKind = "new"
	LineCommand   LineKind = "command"   // an agent's
	LinePassedOn  LineKind = "passed on" // of a mail that is passed on: it is the report
	LineQuoted    LineKind = "quoted"
	LineSignature LineKind = "signature" // signature, closing, the phone's line, small print
)

// ExplainedFile is an attachment without its bytes.
type ExplainedFile struct {
	Filename    string `json:"filename"`
	ContentType string `json:"content_type"`
	Size        int    `json:"size"`
	SHA256      string `json:"sha256"`
	Inline      bool   `json:"inline"`
	Screenshot  bool   `json:"screenshot"`
	Pixels      string `json:"-"` // of a picture by its bytes: "640 × 480"
}

// ExplainedReport is a report with what it does not say as null.
type ExplainedReport struct {
	Name        *string           `json:"name"`
	Department  *string           `json:"department"`
	AssetCode   *string           `json:"asset_code"`
	AssetCodes  []string          `json:"asset_codes"`
	Screenshots []string          `json:"screenshots"`
	Type        *sop.Type         `json:"type"`
	Impact      *sop.Impact       `json:"impact"`
	Urgency     *sop.Urgency      `json:"urgency"`
	Priority    *sop.Priority     `json:"priority"`
	Missing     []string          `json:"missing"`
	Evidence    map[string]string `json:"evidence"`
}

// ExplainedValidation is a verdict on a fix.
type ExplainedValidation struct {
	Verdict  *sop.Verdict `json:"verdict"`
	Rating   *int         `json:"rating"`
	Evidence *string      `json:"evidence"`
}

// The readings that Explain can be confined to.
const (
	AsReport     = "report"
	AsValidation = "validation"
	AsAgent      = "agent"
)

// Explain reads raw and says all that it finds. As confines it to one reading (AsReport, AsValidation, AsAgent); the
// others are then null. Commands are cut from the new text with AsAgent only.
func (p *Parser) Explain(raw []byte, as string) Explained {
	m := p.Parse(raw)
	e := Explained{
		Error: orNull(m.Problem), To: make([]string, 0, len(m.To)), Subject: m.Subject, Lang: m.Lang,
		Text: m.Text, NewText: m.NewText, Attachments: make([]ExplainedFile, 0, len(m.Attachments)), Signed: m.Signed,
		Auto: m.Auto, AutoEvidence: orNull(m.AutoBy), Bounce: m.Bounce, LangEvidence: m.langBy(),
	}
	if m.From != (Address{}) {
		e.From = &m.From
	}
	for _, a := range m.To {
		e.To = append(e.To, a.Address)
	}
	for _, a := range m.Attachments {
		e.Attachments = append(e.Attachments, ExplainedFile{a.Filename, a.ContentType, len(a.Data), a.SHA256, a.Inline, a.Screenshot, pixels(a.Data)})
	}
	if as == "" || as == AsReport {
		e.Report = explainReport(p.Report(m))
	}
	if as == "" || as == AsValidation {
		v := p.Validation(m)
		e.Validation = &ExplainedValidation{Verdict: orNull(v.Verdict), Rating: v.Rating, Evidence: orNull(v.Evidence)}
	}
	var c Commands
	if as == "" || as == AsAgent {
		c = p.Commands(m)
		e.Commands = orEmpty(c.List)
		e.UnknownCommand, e.MisplacedCommand, e.NearestCommand = orNull(c.Unknown), orNull(c.Misplaced), c.Nearest
		if as == AsAgent {
			e.NewText = c.Body
		}
	}
	e.Lines = m.explainLines(c.Lines)
	return e
}

// explainLines says what each line of the text is. Commands are lines of the new text, from 1.
func (m *Mail) explainLines(commands []int) []ExplainedLine {
	all := make([]ExplainedLine, 0, len(m.lines))
	isCommand := make([]bool, 0, len(m.lines)) // of the lines of the new text that hold words
	for i, line := range strings.Split(m.NewText, "\n") {
		if trimBlank(line) != "" {
			isCommand = append(isCommand, slices.Contains(commands, i+1))
		}
	}
	kinds := [...]LineKind{lineNew: LineNew, lineQuoted: LineQuoted, lineForwarded: LinePassedOn, lineSignature: LineSignature}
	for i := range m.lines {
		line := ExplainedLine{Text: strings.TrimRight(m.lines[i].raw, " \t\r"), Kind: kinds[m.lines[i].kind]}
		if trimBlank(line.Text) != "" && (line.Kind == LineNew || line.Kind == LinePassedOn) && len(isCommand) > 0 {
			if isCommand[0] {
				line.Kind = LineCommand
			}
			isCommand = isCommand[1:]
		}
		all = append(all, line)
	}
	return all
}

// langBy says which stop words told the language: "id 6, en 1".
func (m *Mail) langBy() string {
	var all []string
	for _, lang := range slices.Sorted(maps.Keys(m.stops)) {
		all = append(all, fmt.Sprintf("%s %d", lang, m.stops[lang]))
	}
	return strings.Join(all, ", ")
}

// pixels is the size of a picture; "" of what is none.
func pixels(data []byte) string {
	width, height, ok := pictureSize(data)
	if !ok || width == 0 {
		return ""
	}
	return fmt.Sprintf("%d × %d", width, height)
}

func explainReport(r sop.Report) *ExplainedReport {
	evidence := r.Evidence
	if evidence == nil {
		evidence = map[string]string{}
	}
	return &ExplainedReport{
		Name: orNull(r.Name), Department: orNull(r.Department), AssetCode: orNull(r.AssetCode), AssetCodes: orEmpty(r.AssetCodes),
		Screenshots: orEmpty(r.Screenshots), Type: orNull(r.Type), Impact: orNull(r.Impact), Urgency: orNull(r.Urgency),
		Priority: orNull(r.Priority), Missing: orEmpty(r.Missing), Evidence: evidence,
	}
}

// orNull gives nil for "", so that JSON says null.
func orNull[S ~string](s S) *S {
	if s == "" {
		return nil
	}
	return &s
}

// orEmpty gives an empty list for none, so that JSON says [].
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
