package gateway

import (
	"slices"
	"strings"
	"testing"

	"helpost/internal/mailauth"
)

// A mail of `helpost check --send` is taken, tells what was proven of its sender, and moves nothing; without a mark that
// holds it is a mail like any other.
func TestAMailThatOnlyChecks(t *testing.T) {
	h := open(t)
	const id = "<check.abc@mx.company.com>"
	mail := func(mark string) string {
		return strings.Join([]string{
			"From: " + andi, "To: helpdesk@company.com", "Subject: coba", "Message-ID: <rewritten@relay>", mailauth.CheckField + ": " + mark, "", "#selesai", "",
		}, "\r\n")
	}
	h.mustTake(letter{from: andi, raw: mail(h.g.Tokens.MarkCheck(id, h.clock()))})
	if got := h.tickets(); len(got) != 0 {
		t.Fatalf("it made a ticket: %v", got)
	}
	if got := h.outcomes(id); !slices.Equal(got, []string{"check"}) {
		t.Errorf("its trace: %v", got)
	}
	h.mustTake(letter{from: andi, raw: mail(strings.Repeat("0", 40) + h.g.Tokens.MarkCheck(id, h.clock())[40:])})
	if got := h.outcomes("<rewritten@relay>"); len(got) == 0 || slices.Contains(got, "check") {
		t.Errorf("a forged mark counts: %v", got)
	}
}
