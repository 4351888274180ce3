package parser

import "helpost/internal/sop"

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
	Auto             sop.Auto             `json:"auto"`
	Bounce           *sop.Bounce          `json:"bounce"`
	Report           *ExplainedReport     `json:"report"`
	Validation       *ExplainedValidation `json:"validation"`
	Commands         []sop.Command        `json:"commands"`
	UnknownCommand   *string              `json:"unknown_command"`
	MisplacedCommand *string              `json:"misplaced_command"`
}

// ExplainedFile is an attachment without its bytes.
type ExplainedFile struct {
	Filename    string `json:"filename"`
	ContentType string `json:"content_type"`
	Size        int    `json:"size"`
	SHA256      string `json:"sha256"`
	Inline      bool   `json:"inline"`
	Screenshot  bool   `json:"screenshot"`
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
	Verdict *sop.Verdict `json:"verdict"`
	Rating  *int         `json:"rating"`
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
		Text: m.Text, NewText: m.NewText, Attachments: make([]ExplainedFile, 0, len(m.Attachments)), Auto: m.Auto, Bounce: m.Bounce,
	}
	if m.From != (Address{}) {
		e.From = &m.From
	}
	for _, a := range m.To {
		e.To = append(e.To, a.Address)
	}
	for _, a := range m.Attachments {
		e.Attachments = append(e.Attachments, ExplainedFile{a.Filename, a.ContentType, len(a.Data), a.SHA256, a.Inline, a.Screenshot})
	}
	if as == "" || as == AsReport {
		e.Report = explainReport(p.Report(m))
	}
	if as == "" || as == AsValidation {
		v := p.Validation(m)
		e.Validation = &ExplainedValidation{Verdict: orNull(v.Verdict), Rating: v.Rating}
	}
	if as == "" || as == AsAgent {
		c := p.Commands(m)
		e.Commands = orEmpty(c.List)
		e.UnknownCommand, e.MisplacedCommand = orNull(c.Unknown), orNull(c.Misplaced)
		if as == AsAgent {
			e.NewText = c.Body
		}
	}
	return e
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
