package smtpd

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/emersion/go-smtp"
)

func TestMailbox(t *testing.T) {
	for in, want := range map[string]string{ // as go-smtp hands it on: a quoted local part has lost its quotes
		"rina@company.com":                        "rina@company.com",
		"Rina.W+x=y@Sub.Company.com":              "Rina.W+x=y@Sub.Company.com",
		"x%y@z":                                   "x%y@z",
		"root@pc_12.local":                        "root@pc_12.local",
		"a@[192.0.2.1]":                           "a@[192.0.2.1]",
		"a@[IPv6:2001:db8::1]":                    "a@[IPv6:2001:db8::1]",
		"a@b@c":                                   `"a@b"@c`,
		"helpdesk@company.com@evil.example":       `"helpdesk@company.com"@evil.example`,
		`a b"\c@company.com`:                      `"a b\"\\c"@company.com`,
		"a..b@company.com":                        `"a..b"@company.com`,
		strings.Repeat("v", 200) + "@company.com": strings.Repeat("v", 200) + "@company.com",
		"":                                      "",
		"rina":                                  "",
		"@company.com":                          "",
		"rina@":                                 "",
		"a\x00b@company.com":                    "",
		"a\rb@company.com":                      "",
		"a\x7f@company.com":                     "",
		"a@b..c":                                "",
		"a@-b.c":                                "",
		"a@b.c-":                                "",
		"a@b c":                                 "",
		"a@b\x00c":                              "",
		"a@b>c":                                 "",
		"a@[192.0.2]":                           "",
		"a@[IPv6:192.0.2.1]":                    "",
		"a@[2001:db8::1]":                       "",
		"a@[192.0.2.1":                          "",
		"a@" + strings.Repeat("b", 64) + ".com": "",
		strings.Repeat("v", 400) + "@company.com": "",
		"a@" + strings.Repeat("b.", 150) + "c":    "",
		"désy@company.com":                        "",
		"a@b\u00ff\u00feé.com":                    "",
		"a\xff@company.com":                       "",
	} {
		if got, err := mailbox(in, false); got != want || (err == nil) != (want != "") {
			t.Errorf("mailbox(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	for in, want := range map[string]string{
		"désy@company.com":      "désy@company.com",
		"用户@例子.公司":              "用户@例子.公司",
		"dé sy@company.com":     `"dé sy"@company.com`,
		"d\u00a0sy@company.com": "\"d\u00a0sy\"@company.com",
		"a\xff@company.com":     "",
		"a\u202eb@company.com":  "",
		"a\u0085b@company.com":  "",
		"a@b\u2028.com":         "",
		"a@b\xc3.com":           "",
		"a@exa\u3002mple.com":   "",
	} {
		if got, err := mailbox(in, true); got != want || (err == nil) != (want != "") {
			t.Errorf("mailbox(%q, utf8) = %q, %v; want %q", in, got, err, want)
		}
	}
	if _, err := mailbox("désy@company.com", false); !errors.Is(err, errNonASCI) {
		t.Errorf("without SMTPUTF8: %v", err)
	}
}

func TestAddressesOnTheWire(t *testing.T) {
	s := open(t, Config{}, &desk{})
	c := s.hello(t)
	for _, k := range []struct{ say, want string }{
		{"MAIL FROM:<a\x00b@company.com>", "501 5.1.7"},
		{"MAIL FROM:<a@b..c->", "501 5.1.7"},
		{"MAIL FROM:<désy@company.com>", "553 5.6.7"},
		{"MAIL FROM:<a@company.com", "501"},
		{"MAIL FROM:", "501"},
		{"MAIL FROM:<>", "250"},
		{"RCPT TO:<a\x01b@company.com>", "501 5.1.3"},
		{"RCPT TO:<\xff\xfe@company.com>", "553 5.6.7"},
		{"RCPT TO:<>", "501"},
		{`RCPT TO:<"a@b"@company.com>`, "250"},
		{`RCPT TO:<"x\"y z"@company.com>`, "250"},
		{"RCPT TO:<x@company.com@evil.example>", "250"},
		{"RCPT TO:<x%y@evil.example>", "250"},
		{"RCPT TO:<@relay.example,@other.example:user@company.com>", "250"},
		{"DATA", "354"},
		{report + ".", "250"},
	} {
		c.say(k.say + "\r\n").want(k.want)
	}
	want := `"a@b"@company.com|"x\"y z"@company.com|"x@company.com"@evil.example|x%y@evil.example|user@company.com`
	if got := strings.Join(s.taken()[0].Rcpt, "|"); got != want {
		t.Errorf("recipients %s, want %s", got, want)
	}
}

// What mailbox lets through has no control bytes, one unquoted @ at most, and stays within its bounds.
func FuzzMailbox(f *testing.F) {
	for _, s := range []string{"rina@company.com", "a@b@c", `"a b"@c`, "é@é", "a@[IPv6:::1]"} {
		f.Add(s, true)
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, s string, wide bool) {
		got, err := mailbox(s, wide)
		if err != nil {
			return
		}
		if !utf8.ValidString(got) || len(got) > 2*longestPath+2 || strings.ContainsFunc(got, func(r rune) bool { return r < ' ' || r == 0x7f || !wide && r > 0x7f }) {
			t.Errorf("mailbox(%q) = %q", s, got)
		}
		if got[0] != '"' && strings.Count(got, "@") != 1 {
			t.Errorf("mailbox(%q) = %q", s, got)
		}
	})
}

func TestHelloNamesAreBounded(t *testing.T) {
	if got := helloName("a\x00b\xffc d" + strings.Repeat("x", 300)); len(got) > 257 || !strings.HasPrefix(got, "a?b?c?dxx") {
		t.Errorf("%q", got)
	}
}

func FuzzReplyText(f *testing.F) {
	f.Add("ok\r\n250 no")
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range []*smtp.SMTPError{replyTo(&Error{Kind: Refused, Text: s}), replyKept(s)} {
			if len(r.Message) > 410 || strings.ContainsFunc(r.Message, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("%q", r.Message)
			}
		}
	})
}
