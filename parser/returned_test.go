package parser

import (
	"strings"
	"testing"
)

// What the other server said is read on one line, without its type, and bounded.
func TestWhyAMailCameBack(t *testing.T) {
	p := testParser(t)
	const failed = "Final-Recipient: rfc822; rina@company.com\nAction: failed\nStatus: 5.1.1\n"
	for _, c := range []struct{ name, raw, want string }{
		{"folded and typed", statusReport(failed + "Diagnostic-Code: smtp; 550 5.1.1 <rina@company.com> User doesn't\n exist: rina@company.com\n"), "550 5.1.1 <rina@company.com> User doesn't exist: rina@company.com"},
		{"without a type", statusReport(failed + "Diagnostic-Code: 550 mailbox unavailable; ask the postmaster\n"), "550 mailbox unavailable; ask the postmaster"},
		{"said by the mail system itself", statusReport(failed + "Diagnostic-Code: X-Postfix; unknown user\n"), "unknown user"},
		{"no word of it", statusReport(failed), ""},
		{"endless", statusReport(failed + "Diagnostic-Code: smtp; 550 " + strings.Repeat("x", 900) + "\n"), "550 " + strings.Repeat("x", maxReason-4)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := p.Parse([]byte(c.raw)).ReturnedWhy; got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
