package api

import (
	"bufio"
	"encoding/csv"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"
)

// WriteJSON writes tickets as one JSON array, an object a line.
func WriteJSON(w io.Writer, tickets iter.Seq2[Ticket, error]) error {
	out := bufio.NewWriter(w)
	between := "[\n"
	for t, err := range tickets {
		if err != nil {
			return err
		}
		body, err := marshal(t)
		if err != nil {
			return err
		}
		out.WriteString(between) // a bufio.Writer keeps its error until Flush
		out.Write(body)
		between = ",\n"
	}
	if between == "[\n" {
		out.WriteString("[")
	}
	out.WriteString("\n]\n")
	return out.Flush()
}

// columns are those of an export, each with what stands in it.
var columns = []struct {
	name string
	of   func(*Ticket) string
}{
	{"id", func(t *Ticket) string { return t.ID }},
	{"state", func(t *Ticket) string { return t.State }},
	{"type", func(t *Ticket) string { return orEmpty(t.Type) }},
	{"impact", func(t *Ticket) string { return orEmpty(t.Impact) }},
	{"urgency", func(t *Ticket) string { return orEmpty(t.Urgency) }},
	{"priority", func(t *Ticket) string { return orEmpty(t.Priority) }},
	{"priority_by", func(t *Ticket) string { return orEmpty(t.PriorityBy) }},
	{"category", func(t *Ticket) string { return orEmpty(t.Category) }},
	{"subject", func(t *Ticket) string { return t.Subject }},
	{"mailbox", func(t *Ticket) string { return t.Mailbox }},
	{"reporter_address", func(t *Ticket) string { return t.Reporter.Address }},
	{"reporter_name", func(t *Ticket) string { return orEmpty(t.Reporter.Name) }},
	{"reporter_department", func(t *Ticket) string { return orEmpty(t.Reporter.Department) }},
	{"asset_codes", func(t *Ticket) string { return strings.Join(t.AssetCodes, " ") }},
	{"assignee", func(t *Ticket) string { return orEmpty(t.Assignee) }},
	{"team", func(t *Ticket) string { return orEmpty(t.Team) }},
	{"linked", func(t *Ticket) string { return strings.Join(t.Linked, " ") }},
	{"merged_into", func(t *Ticket) string { return orEmpty(t.MergedInto) }},
	{"disputes", func(t *Ticket) string { return strconv.Itoa(t.Disputes) }},
	{"suspicious", func(t *Ticket) string { return strconv.FormatBool(t.Suspicious) }},
	{"created_at", func(t *Ticket) string { return t.CreatedAt.Format(time.RFC3339) }},
	{"response_due", func(t *Ticket) string { return moment(t.ResponseDue) }},
	{"responded_at", func(t *Ticket) string { return moment(t.RespondedAt) }},
	{"response_breached", func(t *Ticket) string { return strconv.FormatBool(t.ResponseBreached) }},
	{"resolution_due", func(t *Ticket) string { return moment(t.ResolutionDue) }},
	{"resolved_at", func(t *Ticket) string { return moment(t.ResolvedAt) }},
	{"resolution_breached", func(t *Ticket) string { return strconv.FormatBool(t.ResolutionBreached) }},
	{"breached_by_change", func(t *Ticket) string { return strconv.FormatBool(t.BreachedByChange) }},
	{"closed_at", func(t *Ticket) string { return moment(t.ClosedAt) }},
	{"messages", func(t *Ticket) string { return strconv.Itoa(len(t.Messages)) }},
	{"events", func(t *Ticket) string { return strconv.Itoa(len(t.Events)) }},
}

// WriteCSV writes a line a ticket (RFC 4180), with a line of names above. No cell is a formula for whoever opens it.
func WriteCSV(w io.Writer, tickets iter.Seq2[Ticket, error]) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	line := make([]string, len(columns))
	for i, c := range columns {
		line[i] = c.name
	}
	if err := out.Write(line); err != nil {
		return err
	}
	for t, err := range tickets {
		if err != nil {
			return err
		}
		for i, c := range columns {
			line[i] = cell(c.of(&t))
		}
		if err := out.Write(line); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// cell puts a quote before what a spreadsheet would run: a leading sign of a formula, also behind blanks.
func cell(s string) string {
	s = strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, s)
	if first := strings.TrimLeft(s, " \u00a0\u200b\ufeff"); first != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(first)[0]) {
		return "'" + s
	}
	return s
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func moment(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Format(time.RFC3339)
}
