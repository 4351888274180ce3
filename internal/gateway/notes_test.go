package gateway

import (
	"fmt"
	"slices"
	"testing"

	"helpost/smtpd"
)

// What the door refused is known by Message-ID and by both addresses, and costs no commit of its own.
func TestARefusedMailIsTracedWithTheNextCommit(t *testing.T) {
	h := open(t)
	h.g.Refused(smtpd.Refusal{
		Envelope: smtpd.Envelope{From: outsider, Trace: "t1"}, To: "nobody@company.com", Text: "no such mailbox here",
		Begin: []byte("Subject: a\r\nMessage-ID: <besar@luar>\r\n\r\nx"),
	})
	if got := h.outcomes(outsider); len(got) != 0 {
		t.Fatalf("it has a commit of its own: %v", got)
	}
	h.reported("<satu@a>")
	for _, of := range []string{outsider, "nobody@company.com", "<besar@luar>"} {
		if got := h.outcomes(of); !slices.Equal(got, []string{"refused"}) {
			t.Errorf("of %s is known: %v", of, got)
		}
	}
}

// Who offers refused mail all day long does not fill the store.
func TestTracesOfRefusedMailAreBounded(t *testing.T) {
	h := open(t)
	for i := range 3 * notesAnHour {
		h.g.Refused(smtpd.Refusal{Envelope: smtpd.Envelope{From: outsider}, To: fmt.Sprintf("x%d@company.com", i)})
	}
	if err := h.g.Note(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := len(h.g.notes.waiting); got != 0 {
		t.Errorf("%d wait", got)
	}
	if got := h.outcomes("x0@company.com"); len(got) != 1 {
		t.Errorf("the first: %v", got)
	}
	if got := h.outcomes(fmt.Sprintf("x%d@company.com", notesAnHour)); len(got) != 0 {
		t.Errorf("one too many: %v", got)
	}
}
