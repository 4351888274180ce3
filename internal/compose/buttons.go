package compose

import (
	"strings"
	"unicode/utf8"

	"helpost/internal/sop"
	"helpost/templates"
)

// buttons makes the ready answers of a notice, or of one ticket of a bundle: a mailto: link each (RFC 6068), to the
// token of the sort that the answer says. One that mail clients would cut is left out.
func (c *Composer) buttons(j *Job, m letterhead, n sop.Number, id, subject string, answers []Answer) []templates.Button {
	if len(answers) == 0 {
		return nil
	}
	if n != 0 {
		subject = tagged(id, subject)
	}
	head := appendEscaped([]byte("?subject="), "Re: "+templates.Line(subject, maxSubject))
	buttons := make([]templates.Button, 0, len(answers))
	for _, a := range answers {
		if utf8.RuneCountInString(a.Body) > maxButton {
			continue
		}
		to, body := j.Mailbox.Address, a.Body
		if n != 0 {
			token := m.token
			if n != j.Number || a.Sort != j.Sort {
				token = c.Tokens.Mint(n, j.To.Address, a.Sort)
			}
			if to = m.address(token); j.Mailbox.Plain { // no address has a token: the text carries it, quoted
				to, body = j.Mailbox.Address, a.Body+"\n\n> ref: "+id+"-"+token
			}
		}
		link := make([]byte, 0, 64+len(to)+len(head)+2*len(body))
		link = append(append(append(link, "mailto:"...), addressInLink.Replace(to)...), head...)
		link = appendEscaped(append(link, "&body="...), crlf(body))
		buttons = append(buttons, templates.Button{Name: a.Name, With: a.With, URL: string(link)})
	}
	return buttons
}

// addressInLink escapes what of an address has a meaning in a link (RFC 6068 §2); the plus has none.
var addressInLink = strings.NewReplacer("%", "%25", "&", "%26", "?", "%3F", "#", "%23", "/", "%2F", "=", "%3D", "'", "%27", "`", "%60", "{", "%7B", "|", "%7C", "}", "%7D", "^", "%5E")

// listed gives the tickets of a bundle their buttons.
func (c *Composer) listed(j *Job, m letterhead) []templates.Ticket {
	if len(j.Listed) == 0 {
		return j.Data.List
	}
	list := append([]templates.Ticket(nil), j.Data.List...)
	for i := range list[:min(len(list), len(j.Listed))] {
		list[i].Buttons = c.buttons(j, m, j.Listed[i].Number, list[i].ID, list[i].Subject, j.Listed[i].Buttons)
	}
	return list
}

// appendEscaped appends a value of a mailto: link: all but the unreserved characters is encoded (RFC 3986 §2.3).
func appendEscaped(link []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.' || c == '~' {
			link = append(link, c)
		} else {
			link = append(link, '%', hex[c>>4], hex[c&15])
		}
	}
	return link
}

// crlf ends lines as RFC 6068 §5 wants them.
func crlf(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(strings.ToValidUTF8(s, "�"), "\r\n", "\n"), "\n", "\r\n")
}
