package smtpd

import (
	"errors"
	"strings"

	"github.com/emersion/go-smtp"
)

// replies is the table of Kind: the one place where an error becomes a reply (RFC 5321 §4.2, RFC 3463).
var replies = [...]smtp.SMTPError{
	Temporary: {Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Cannot take this now, try again later"},
	Full:      {Code: 452, EnhancedCode: smtp.EnhancedCode{4, 3, 1}, Message: "No room for this now, try again later"},
	TooLarge:  {Code: 552, EnhancedCode: smtp.EnhancedCode{5, 3, 4}, Message: "Message is too large"},
	Unknown:   {Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such mailbox here"},
	NoRelay:   {Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "Not a mailbox of ours, and we do not relay"},
	Refused:   {Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "You may not send here"},
	Malformed: {Code: 550, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "Message is malformed"},
}

// Replies of our own that no Kind stands for.
var (
	replyNested   = &smtp.SMTPError{Code: 503, EnhancedCode: smtp.EnhancedCode{5, 5, 1}, Message: "MAIL was given already, RSET first"}
	replySequence = &smtp.SMTPError{Code: 503, EnhancedCode: smtp.EnhancedCode{5, 5, 1}, Message: "MAIL and RCPT first"}
	replySender   = &smtp.SMTPError{Code: 501, EnhancedCode: smtp.EnhancedCode{5, 1, 7}, Message: "Sender address is malformed"}
	replyRcpt     = &smtp.SMTPError{Code: 501, EnhancedCode: smtp.EnhancedCode{5, 1, 3}, Message: "Recipient address is malformed"}
	replyUTF8     = &smtp.SMTPError{Code: 553, EnhancedCode: smtp.EnhancedCode{5, 6, 7}, Message: "Address needs SMTPUTF8"}
	replyBare     = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "Message has a CR or LF that stands alone"}
	replyBroken   = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 4, 2}, Message: "Message did not come to its end"}
	replyClosing  = &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "Shutting down, try again later"}
	replyRefusals = &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 7, 0}, Message: "Too many refused commands, goodbye"}
	replyPanic    = &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Internal error, try again later"}
)

// replyTo turns any error of a Taker into its reply; what is no Error is temporary, and its words stay with us.
func replyTo(err error) *smtp.SMTPError {
	var e *Error
	if !errors.As(err, &e) || int(e.Kind) >= len(replies) {
		r := replies[Temporary]
		return &r
	}
	r := replies[e.Kind]
	if text := oneLine(e.Text); text != "" {
		r.Message = text
	}
	return &r
}

// replyCut answers a mail whose end did not come, by what kept it from coming.
func replyCut(cause error) *smtp.SMTPError {
	switch {
	case errors.Is(cause, errLeaving):
		return replyClosing
	case errors.Is(cause, errFlood):
		return replyTo(&Error{Kind: TooLarge})
	}
	return replyBroken
}

// replyKept says 250, and under which id the mail is known.
func replyKept(id string) *smtp.SMTPError {
	r := &smtp.SMTPError{Code: 250, EnhancedCode: smtp.EnhancedCode{2, 0, 0}, Message: "kept"}
	if id = oneLine(id); id != "" {
		r.Message = "kept as " + id
	}
	return r
}

// oneLine makes a text fit for one reply line: printable ASCII, of bounded length (RFC 5321 §4.5.3.1.5).
func oneLine(s string) string {
	const longest = 400
	if len(s) > longest {
		s = s[:longest]
	}
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\r' || r == '\n' || r == '\t':
			return ' '
		case r < ' ' || r > '~':
			return '?'
		}
		return r
	}, s))
}
