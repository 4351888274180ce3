package thread

import (
	"strings"

	"helpost/internal/mailauth"
)

// row is a line of the table who × proof × carrier (contract §4): what counts of a mail by who wrote it, what is proven
// of that, and what bound it to the ticket.
type row struct {
	who    []Role
	proofs []mailauth.Proof

	token   cell // carriers 1, 2, 3 and 6
	mailID  cell // carrier 4
	subject cell // carrier 5
	forward cell // a forward that carrier 4 or 5 bound
	apart   cell // a reply on a resolved or closed ticket under another subject, bound by carrier 4 or 5
}

// cell is what counts. The zero cell changes nothing: the carrier's own one holds.
type cell struct {
	voice      Voice
	link       bool // of a new ticket: it names the one that was found
	suspicious bool // of a new ticket: it is marked
}

var (
	pass, fail, none = mailauth.Pass, mailauth.Fail, mailauth.None

	full      = cell{voice: Full}
	words     = cell{voice: WordsOnly}
	marked    = cell{voice: MarkedOnly}
	objects   = cell{voice: Objecting}
	obeyed    = cell{voice: Obeyed}
	note      = cell{voice: NoteOnly}
	doubted   = cell{voice: Suspicious}
	report    = cell{voice: NewTicket}
	linked    = cell{voice: NewTicket, link: true}
	suspect   = cell{voice: NewTicket, suspicious: true}
	suspected = cell{voice: NewTicket, link: true, suspicious: true}
	as        = cell{}
)

// table is the rule. A watcher whose mail fails its proof is none, but somebody who uses the address. An agent's other
// subject means nothing: it is the table that says what his mail is without a token.
var table = []row{
	{[]Role{Reporter, CoReporter}, []mailauth.Proof{pass}, full, full, full, report, linked},
	{[]Role{Reporter, CoReporter}, []mailauth.Proof{none}, full, marked, marked, report, linked},
	{[]Role{Reporter, CoReporter}, []mailauth.Proof{fail}, objects, marked, suspect, suspect, suspected},
	{[]Role{Watcher}, []mailauth.Proof{pass, none}, words, words, words, report, linked},
	{[]Role{Agent}, []mailauth.Proof{pass}, obeyed, obeyed, note, report, as},
	{[]Role{Agent}, []mailauth.Proof{none, fail}, doubted, doubted, suspect, suspect, as},
	{[]Role{Stranger}, []mailauth.Proof{pass, none}, objects, linked, linked, as, as},
	{[]Role{Stranger, Watcher}, []mailauth.Proof{fail}, objects, suspected, suspected, as, as},
}

// manner is what of a mail's form matters beside its carrier.
type manner struct {
	forward bool // it passes another mail on
	apart   bool // it answers a resolved or closed ticket under another subject
}

// decide looks the cell up.
func decide(who Role, proof mailauth.Proof, by Carrier, how manner) cell {
	r := rowOf(who, proof)
	own := r.token
	switch by {
	case ByMailID:
		own = r.mailID
	case BySubject:
		own = r.subject
	default:
		return own // a token binds whatever the mail looks like
	}
	if how.forward && r.forward != as {
		return r.forward
	}
	if how.apart && r.apart != as {
		return r.apart
	}
	return own
}

// rowOf finds the line for somebody; who is not in the table counts as a failed stranger, the last and least of them.
func rowOf(who Role, proof mailauth.Proof) row {
	for _, r := range table {
		for _, w := range r.who {
			for _, p := range r.proofs {
				if w == who && p == proof {
					return r
				}
			}
		}
	}
	return table[len(table)-1]
}

// Table writes the table in Markdown, as docs/threading.md shows it.
func Table() string {
	var b strings.Builder
	b.WriteString("| who | proof | 1, 2, 3, 6: a token | 4: a Message-ID | 5: the tag | a forward by 4 or 5 | another subject after the end, by 4 or 5 |\n")
	b.WriteString("|---|---|---|---|---|---|---|\n")
	for _, r := range table {
		b.WriteString("| " + list(r.who) + " | " + list(r.proofs))
		for _, c := range []cell{r.token, r.mailID, r.subject, r.forward, r.apart} {
			b.WriteString(" | " + c.String())
		}
		b.WriteString(" |\n")
	}
	return b.String()
}

func list[T ~string](all []T) string {
	said := make([]string, len(all))
	for i, one := range all {
		said[i] = string(one)
	}
	return strings.Join(said, ", ")
}

func (c cell) String() string {
	if c == as {
		return "—"
	}
	said := string(c.voice)
	if c.link {
		said += ", linked"
	}
	if c.suspicious {
		said += ", suspicious"
	}
	return said
}
