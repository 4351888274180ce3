package compose

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-ical"
	"github.com/jhillyerd/enmime/v2"

	"helpost/templates"
)

// checkInvitation reads an invitation back with another's reader.
func checkInvitation(t *testing.T, raw []byte, j Job) *ical.Component {
	t.Helper()
	for l := range strings.SplitSeq(strings.TrimSuffix(string(raw), "\r\n"), "\r\n") {
		if len(l) > 75 || strings.ContainsAny(l, "\r\n") || !utf8.ValidString(l) {
			t.Errorf("line of %d octets: %q", len(l), l)
		}
	}
	cal, err := ical.NewDecoder(bytes.NewReader(raw)).Decode()
	if err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	if m := cal.Props.Get("METHOD"); m == nil || m.Value != "REQUEST" {
		t.Errorf("method %v", m)
	}
	events := cal.Events()
	if len(events) != 1 {
		t.Fatalf("%d events", len(events))
	}
	e := events[0]
	start, err := e.DateTimeStart(time.UTC)
	if err != nil || !start.Equal(j.Visit.Start.Truncate(time.Second)) {
		t.Errorf("starts %v (%v), want %v", start, err, j.Visit.Start)
	}
	if uid, err := e.Props.Text("UID"); err != nil || !strings.HasPrefix(uid, j.Data.Ticket.ID+"@") {
		t.Errorf("uid %q, %v", uid, err)
	}
	if a := e.Props.Values("ATTENDEE"); len(a) != 1 || a[0].Value != "mailto:"+j.To.Address {
		t.Errorf("attendees %v", a)
	}
	if o := e.Props.Get("ORGANIZER"); o == nil || !strings.HasPrefix(o.Value, "mailto:helpdesk+") {
		t.Errorf("organizer %v", o)
	}
	return e.Component
}

func TestAChangedVisitIsTheSameEvent(t *testing.T) {
	first, second := job(), job()
	for i, j := range []*Job{&first, &second} {
		j.Data = templates.Samples()["scheduled.onsite.id"]
		j.Visit = &Visit{Start: j.At.Add(time.Duration(24+i) * time.Hour), Sequence: i, Onsite: true}
	}
	invite := func(j Job) *ical.Component {
		_, _, e := read(t, j)
		part := e.Root.DepthMatchFirst(func(p *enmime.Part) bool { return p.ContentType == "text/calendar" })
		return checkInvitation(t, part.Content, j)
	}
	a, b := invite(first), invite(second)
	if a.Props.Get("UID").Value != b.Props.Get("UID").Value || a.Props.Get("SEQUENCE").Value != "0" || b.Props.Get("SEQUENCE").Value != "1" {
		t.Errorf("%v %v, then %v %v", a.Props.Get("UID"), a.Props.Get("SEQUENCE"), b.Props.Get("UID"), b.Props.Get("SEQUENCE"))
	}
}

func TestNothingWrittenLeavesItsValueInAnInvitation(t *testing.T) {
	j := job()
	j.Data = templates.Samples()["scheduled.onsite.id"]
	j.Subject = "x\r\nATTENDEE:mailto:curi@luar.example; a, b \\ \x00"
	j.Data.Words = "baris satu\r\nEND:VEVENT\r\nbaris dua; koma, garis \\ miring " + strings.Repeat("é", 200)
	j.To.Name = "Rina \"\r\nATTENDEE:mailto:curi@luar.example\" ;:,"
	j.Visit = &Visit{Start: j.At.Add(24 * time.Hour)}
	_, _, e := read(t, j)
	part := e.Root.DepthMatchFirst(func(p *enmime.Part) bool { return p.ContentType == "text/calendar" })
	c := checkInvitation(t, part.Content, j)
	if said, err := c.Props.Text("DESCRIPTION"); err != nil || !strings.Contains(said, "\nEND:VEVENT\n") {
		t.Errorf("%q %v", said, err)
	}
}
