package parser

import "strings"

// fault is what a report says of the mail that could not be delivered.
type fault struct {
	status     string // RFC 3463, "" where it says none
	recipient  string
	action     string // of RFC 3464 §2.3.3, small letters
	diagnostic string
}

// maxReports bounds the recipients that are read of one report.
const maxReports = 100

// readStatusParts reads the delivery-status parts of a report (RFC 3464 §2), at the top of the mail, not in attached mails.
func readStatusParts(p *part, g *guard) []fault {
	var faults []fault
	if p.kind == "message/delivery-status" || p.kind == "message/global-delivery-status" || p.kind == "message/delivery-notification" {
		faults = readStatusFields(decodeText(p.content(g), p.params.get("charset")))
	}
	for _, child := range p.children {
		if len(faults) < maxReports {
			faults = append(faults, readStatusParts(child, g)...)
		}
	}
	return faults
}

// readStatusFields reads the fields of RFC 3464 §2.3 wherever they stand in a text, one fault a recipient.
func readStatusFields(text string) []fault {
	var faults []fault
	var f fault
	var original, final string
	flush := func() {
		if f.recipient = original; f.recipient == "" {
			f.recipient = final
		}
		if f.action != "" || f.status != "" || f.diagnostic != "" && f.recipient != "" {
			faults = append(faults, f)
		}
		f, original, final = fault{}, "", ""
	}
	var last *string
	for rest := text; rest != "" && len(faults) < maxReports; {
		line, after, _ := strings.Cut(rest, "\n")
		rest = after
		if strings.TrimSpace(line) == "" {
			last = nil
			if f.action != "" && f.status != "" { // a blank line ends a recipient, where it does not stand between its fields
				flush()
			}
			continue
		}
		if line[0] == ' ' || line[0] == '\t' {
			if last != nil && len(*last) < 2000 {
				*last += " " + strings.TrimSpace(line)
				continue
			}
		}
		last = nil
		name, value, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "original-recipient":
			if original != "" {
				flush()
			}
			original = statusAddress(value)
		case "final-recipient":
			if final != "" {
				flush()
			}
			final = statusAddress(value)
		case "action":
			if f.action != "" {
				flush()
			}
			f.action = fieldWord(value)
		case "status":
			if code := enhancedCode(value); code != "" || f.status == "" {
				f.status = code
			}
		case "diagnostic-code":
			f.diagnostic = value
			last = &f.diagnostic
		}
	}
	flush()
	return faults
}

// statusAddress takes the type off an address of a report: rfc822; x@y.
func statusAddress(value string) string {
	if _, address, ok := strings.Cut(value, ";"); ok {
		value = address
	}
	value = strings.ToLower(strings.Trim(strings.TrimSpace(value), "<>\""))
	if !strings.Contains(value, "@") || strings.ContainsAny(value, " |") {
		return ""
	}
	return value
}

// firstFault returns the first recipient whose mail failed, else the first that it is late for. Delivered says that the
// report tells of success alone.
func firstFault(faults []fault) (first fault, delivered bool) {
	late := -1
	for i, f := range faults {
		switch f.action {
		case "delivered", "relayed", "expanded":
			delivered = true
		case "delayed":
			if late < 0 {
				late = i
			}
		default:
			return f, false
		}
	}
	if late >= 0 {
		return faults[late], false
	}
	return fault{}, delivered
}

// statusOf settles the status of a report: of its field and of what the other server said the one that tells more, else
// what its words say.
func (p *Parser) statusOf(f fault, said, words string, late bool) string {
	best := f.status
	for _, code := range statusCodes(f.diagnostic) {
		reversed := best != "" && best[0] == '4' && code[0] == '5' && f.action == "failed" && telling(code) == telling(best)
		if telling(code) > telling(best) || reversed {
			best = code
		}
	}
	if telling(best) <= tellsTime {
		for _, code := range statusCodes(said) {
			if telling(code) > telling(best) && (best == "" || code[0] == best[0]) {
				best = code
			}
		}
	}
	switch class := replyClass(f.diagnostic + "\n" + said); {
	case best != "":
		return best
	case class != 0:
		return string(class) + ".0.0"
	case late, p.auto.holds("late", words) && !p.auto.holds("failure", words):
		return "4.0.0"
	}
	return "5.0.0"
}

// How much a status tells: nothing, its class, that time ran out, its subject, its detail.
const (
	tellsNothing = iota
	tellsClass
	tellsTime
	tellsSubject
	tellsDetail
)

func telling(status string) int {
	switch {
	case status == "":
		return tellsNothing
	case strings.HasSuffix(status, ".0.0"):
		return tellsClass
	case strings.HasSuffix(status, ".4.7"):
		return tellsTime
	case strings.HasSuffix(status, ".0"):
		return tellsSubject
	}
	return tellsDetail
}

// enhancedCode reads the status code (RFC 3463 §2) that a value begins with.
func enhancedCode(value string) string {
	code := strings.TrimSpace(value)
	if i := strings.IndexFunc(code, func(r rune) bool { return r != '.' && (r < '0' || r > '9') }); i >= 0 {
		code = code[:i]
	}
	if !isEnhanced(code) {
		return ""
	}
	return code
}

// isEnhanced says whether a word is a status code of a failure.
func isEnhanced(code string) bool {
	parts := strings.Split(code, ".")
	return len(parts) == 3 && (parts[0] == "4" || parts[0] == "5") && len(parts[1]) == 1 && parts[1] <= "7" && len(parts[2]) >= 1 && len(parts[2]) <= 3
}

// textStatus finds the first status code in words; "" where there is none.
func textStatus(text string) string {
	if codes := statusCodes(text); len(codes) > 0 {
		return codes[0]
	}
	return ""
}

// maxCodes bounds the status codes that are weighed of one text.
const maxCodes = 20

// statusCodes finds the status codes in words: three numbers of a failure, no part of an address or a version.
func statusCodes(text string) []string {
	var codes []string
	for i := 0; i < len(text) && len(codes) < maxCodes; i++ {
		if text[i] != '4' && text[i] != '5' || i+4 > len(text) || text[i+1] != '.' {
			continue
		}
		if i > 0 && (isLetter(text[i-1]) || isDigit(text[i-1]) || text[i-1] == '.' || text[i-1] == '/') {
			continue
		}
		end := i
		for end < len(text) && (isDigit(text[end]) || text[end] == '.') {
			end++
		}
		code := strings.TrimRight(text[i:end], ".")
		if isEnhanced(code) && (end == len(text) || !isLetter(text[end]) && text[end] != '/') {
			codes = append(codes, code)
		}
		i = end
	}
	return codes
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// replyClass finds the first reply code of SMTP in words and gives its class, '4' or '5'; 0 where there is none.
func replyClass(text string) byte {
	for i := 0; i+3 <= len(text); i++ {
		if text[i] != '4' && text[i] != '5' || !isDigit(text[i+1]) || text[i+1] > '7' || !isDigit(text[i+2]) {
			continue
		}
		if i > 0 && strings.IndexByte(" \n:<(#'\"=\t", text[i-1]) < 0 {
			continue
		}
		if i+3 < len(text) && strings.IndexByte(" -,;:.)\n'\"\t", text[i+3]) < 0 {
			continue
		}
		if i+4 < len(text) && (text[i+3] == '.' || text[i+3] == ':' || text[i+3] == ',') && isDigit(text[i+4]) { // a number, an address
			continue
		}
		return text[i]
	}
	return 0
}
