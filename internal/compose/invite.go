package compose

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"helpost/internal/sop"
	"helpost/templates"
)

// Visit is an appointment that an invitation asks for. A later visit of the same ticket is the same event, changed.
type Visit struct {
	Start    time.Time
	Length   time.Duration
	Sequence int // 0 for the first, one more for each change (RFC 5545 §3.8.7.4)
	Onsite   bool
}

// visitLength is how long a visit takes unless somebody says otherwise.
const visitLength = time.Hour

// invitation writes the iCalendar object of a visit (RFC 5545), as a request by mail (RFC 6047): in UTC, folded, each
// receiver alone in his copy, so that nobody learns of another's address. Answers go to the organizer, which is the
// ticket's reply address of this receiver.
func (m *letterhead) invitation(j *Job, v *Visit) []byte {
	length := v.Length
	if length <= 0 {
		length = visitLength
	}
	organizer := m.address(m.token)
	if j.Mailbox.Plain {
		organizer = j.Mailbox.Address
	}
	what := map[bool]string{true: "Kunjungan IT", false: "Bantuan IT jarak jauh"}
	if j.Data.Lang == sop.English {
		what = map[bool]string{true: "IT visit", false: "Remote IT help"}
	}
	var c calendar
	c.line("BEGIN:VCALENDAR")
	c.line("PRODID:-//helpost//helpost//EN")
	c.line("VERSION:2.0")
	c.line("CALSCALE:GREGORIAN")
	c.line("METHOD:REQUEST")
	c.line("BEGIN:VEVENT")
	c.line("UID:" + j.Data.Ticket.ID + "@" + m.domain)
	c.line(fmt.Sprintf("SEQUENCE:%d", v.Sequence))
	c.line("DTSTAMP:" + utc(j.At))
	c.line("DTSTART:" + utc(v.Start))
	c.line("DTEND:" + utc(v.Start.Add(length)))
	c.line("SUMMARY:" + text(what[v.Onsite]+": "+m.subject))
	if said := strings.TrimSpace(j.Data.Words); said != "" {
		c.line("DESCRIPTION:" + text(said))
	}
	c.line("ORGANIZER;CN=" + quoted(j.Mailbox.Name) + ":mailto:" + organizer)
	c.line("ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN=" + quoted(orAddress(j.To)) + ":mailto:" + j.To.Address)
	c.line("STATUS:CONFIRMED")
	c.line("TRANSP:OPAQUE")
	c.line("END:VEVENT")
	c.line("END:VCALENDAR")
	return c.out
}

func orAddress(p sop.Person) string {
	if name := templates.FullName(p.Name); name != "" {
		return name
	}
	return p.Address
}

// calendar collects content lines.
type calendar struct{ out []byte }

// line writes a content line folded at 75 octets, never within a character (RFC 5545 §3.1).
func (c *calendar) line(s string) {
	room := 75
	for len(s) > room {
		cut := room
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		c.out = append(append(c.out, s[:cut]...), "\r\n "...)
		s, room = s[cut:], 74
	}
	c.out = append(append(c.out, s...), "\r\n"...)
}

func utc(t time.Time) string { return t.UTC().Format("20060102T150405Z") }

// text writes a TEXT value (RFC 5545 §3.3.11): nothing that a person wrote ends the line or the value.
func text(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "�"), "\r\n", "\n")
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`, "\r", `\n`).Replace(strings.Map(printable, s))
}

// quoted writes a parameter's value, which cannot hold a quotation mark (RFC 5545 §3.2).
func quoted(s string) string {
	s = strings.Map(printable, strings.ToValidUTF8(s, "�"))
	return `"` + strings.Join(strings.Fields(strings.ReplaceAll(s, `"`, "'")), " ") + `"`
}

func printable(r rune) rune {
	if r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f {
		return -1
	}
	return r
}
