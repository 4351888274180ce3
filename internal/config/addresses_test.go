package config

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const token = "abcdefghijklmnopqrstuvwxyz234567"

func desk(t *testing.T) *Addresses {
	t.Helper()
	return load(t, `
[tickets]
secret_file = "secret"
[relay]
address = "127.0.0.1:25"
[[agent]]
address = "andi@company.com"
[[mailbox]]
address = "helpdesk@company.com"
aliases = ["it@other.com"]
reply_domain = "reply.company.com"
[[mailbox]]
address = "sap+help@company.com"
`).Addresses()
}

func TestWhichAddressIsOurs(t *testing.T) {
	a := desk(t)
	for _, c := range []struct{ rcpt, box, token string }{
		{"helpdesk@company.com", "helpdesk@company.com", ""},
		{"HelpDesk@COMPANY.com", "helpdesk@company.com", ""},
		{"it@other.com", "helpdesk@company.com", ""},
		{"helpdesk@reply.company.com", "helpdesk@company.com", ""},
		{"helpdesk+" + token + "@reply.company.com", "helpdesk@company.com", token},
		{"helpdesk+" + strings.ToUpper(token) + "@company.com", "helpdesk@company.com", token},
		{"it+" + token + "@other.com", "helpdesk@company.com", token},
		{"sap+help@company.com", "sap+help@company.com", ""},
		{"sap+help+" + token + "@company.com", "sap+help@company.com", token},
		{"helpdesk+x@company.com", "helpdesk@company.com", ""},
		{"helpdesk+a+" + token + "@company.com", "helpdesk@company.com", ""},
		{"helpdesk+@company.com", "helpdesk@company.com", ""},
		{"helpdesk+" + strings.Repeat("a", 41) + "@company.com", "helpdesk@company.com", ""},
		{"helpdesk+" + strings.Repeat("1", 32) + "@company.com", "helpdesk@company.com", ""},

		{"andi@company.com", "", ""},
		{"help@company.com", "", ""},
		{"helpdesk@company.com.evil.example", "", ""},
		{"helpdesk@evil.example@company.com", "", ""},
		{"it@reply.company.com", "", ""},
		{"it@company.com", "", ""},
		{"helpdes\u212a@company.com", "", ""}, // the Kelvin sign is no k
		{"sap@company.com", "", ""},
		{"", "", ""},
		{"@", "", ""},
		{"+@company.com", "", ""},
		{"+" + token + "@company.com", "", ""},
		{"helpdesk", "", ""},
		{"helpdesk@company.com\x00", "", ""},
		{" helpdesk@company.com", "", ""},
		{"\xff\xfe@company.com", "", ""},
		{strings.Repeat("+", 5000) + "@company.com", "", ""},
	} {
		box, got, ok := a.Lookup(c.rcpt)
		if box.Address != c.box || got != c.token || ok != (c.box != "") || a.Ours(c.rcpt) != ok {
			t.Errorf("%.80q is of %q with token %q (%v), want %q with %q", c.rcpt, box.Address, got, ok, c.box, c.token)
		}
	}
	if a.Mailbox("x@y.com").Address != "helpdesk@company.com" || a.Mailbox("sap+help@company.com").Address != "sap+help@company.com" {
		t.Error("the mailbox of an unknown address is not the first, or that of a known one is not its own")
	}
}

func TestEveryTokenComesBackWhole(t *testing.T) {
	a := desk(t)
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.StringMatching(`[a-z2-7]{26,40}`).Draw(t, "token")
		if _, got, ok := a.Lookup("helpdesk+" + want + "@reply.company.com"); !ok || got != want {
			t.Errorf("token %q came back as %q (%v)", want, got, ok)
		}
	})
}

// Nothing but one of our own addresses, with something behind a "+" at most, is ours.
func FuzzLookup(f *testing.F) {
	boxes := []Mailbox{{Address: "helpdesk@company.com", Aliases: []string{"it@other.com"}, ReplyDomain: "reply.company.com"}}
	a := (&Config{Mailboxes: boxes}).Addresses()
	f.Add("helpdesk+" + token + "@company.com")
	f.Add("\"helpdesk\"@company.com")
	f.Fuzz(func(t *testing.T, rcpt string) {
		_, got, ok := a.Lookup(rcpt)
		if !ok {
			return
		}
		if got != "" && !isToken(got) {
			t.Errorf("%q gives the token %q", rcpt, got)
		}
		at := strings.LastIndexByte(rcpt, '@')
		local, _, _ := strings.Cut(rcpt[:at], "+")
		switch strings.ToLower(local + rcpt[at:]) {
		case "helpdesk@company.com", "it@other.com", "helpdesk@reply.company.com":
		default:
			t.Errorf("%q is taken for ours", rcpt)
		}
	})
}
