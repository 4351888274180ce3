package parser

import (
	"strings"
	"testing"

	"helpost/internal/sop"
)

const returnedHead = "From: Helpdesk <helpdesk@company.com>\nTo: rina@company.com\nSubject: [IT-000123] x\nMessage-ID: <abc.1@company.com>\n"

func daemonMail(subject, text string) string {
	return "Return-Path: <>\nFrom: Mail Delivery System <MAILER-DAEMON@mx.example>\nTo: helpdesk@company.com\nSubject: " + subject + "\nMessage-ID: <d1@mx.example>\n\n" + text + "\n"
}

func statusReport(fields string) string {
	return "From: MAILER-DAEMON@mx.example\nTo: helpdesk@company.com\nSubject: Undelivered\nMessage-ID: <d1@mx.example>\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=d\n\n" +
		"--d\nContent-Type: text/plain\n\nMaaf.\n--d\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n" + fields +
		"\n--d\nContent-Type: text/rfc822-headers\n\n" + returnedHead + "\n--d--\n"
}

func TestReportsOfDelivery(t *testing.T) {
	p := testParser(t)
	for _, c := range []struct {
		name, raw                 string
		auto                      sop.Auto
		status, recipient, action string
	}{
		{"a status part", statusReport("Final-Recipient: rfc822; rina@company.com\nAction: failed\nStatus: 5.1.1\n"), sop.Bounced, "5.1.1", "rina@company.com", "failed"},
		{"its fields in another order", statusReport("Action: failed\nFinal-Recipient: rfc822; b@company.com\nOriginal-Recipient: rfc822; rina@company.com\nDiagnostic-Code: smtp; 550 5.1.1 x\nStatus: 5.1.1\n"), sop.Bounced, "5.1.1", "rina@company.com", "failed"},
		{"delayed", statusReport("Final-Recipient: rfc822; rina@company.com\nAction: delayed\nStatus: 4.4.1\n"), sop.Delayed, "4.4.1", "rina@company.com", "delayed"},
		{"the first that failed counts", statusReport("Final-Recipient: rfc822; a@company.com\nAction: delivered\nStatus: 2.0.0\n\nFinal-Recipient: rfc822; b@company.com\nAction: delayed\nStatus: 4.4.1\n\nFinal-Recipient: rfc822; rina@company.com\nAction: failed\nStatus: 5.2.2\n"), sop.Bounced, "5.2.2", "rina@company.com", "failed"},
		{"the other server tells more", statusReport("Final-Recipient: rfc822; rina@company.com\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 5.1.1 <rina@company.com>...\n User unknown\n"), sop.Bounced, "5.1.1", "rina@company.com", "failed"},
		{"time ran out for a reason", statusReport("Final-Recipient: rfc822; rina@company.com\nAction: failed\nStatus: 4.4.7\nDiagnostic-Code: smtp; 452 4.2.2 full\n"), sop.Bounced, "4.2.2", "rina@company.com", "failed"},
		{"no status at all", statusReport("Final-Recipient: rfc822; rina@company.com\nAction: failed\nDiagnostic-Code: smtp; 550 no such user\n"), sop.Bounced, "5.0.0", "rina@company.com", "failed"},
		{"Exim in words", daemonMail("Mail delivery failed: returning message to sender", "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  rina@company.com\n    host mx.company.com [192.0.2.5]: 550 5.7.1 Access denied\n\n------ This is a copy of the message, including all the headers. ------\n\n"+returnedHead), sop.Bounced, "5.7.1", "rina@company.com", "failed"},
		{"qmail in words", daemonMail("failure notice", "Hi. This is the qmail-send program at mx.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\n\n<rina@company.com>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n\n"+returnedHead), sop.Bounced, "5.1.1", "rina@company.com", "failed"},
		{"a bare reply code", daemonMail("Undelivered mail", "Unable to deliver message to: <rina@company.com>\nServer mx[192.0.2.222] failed with: 552 over quota\n\n--- Original message follows.\n\n"+returnedHead), sop.Bounced, "5.0.0", "rina@company.com", "failed"},
		{"a code in the returned mail is none", daemonMail("Undelivered mail", "Could not be delivered to rina@company.com.\n\n--- Original message follows.\n\n"+returnedHead+"\nGalat 4.2.2 saat membuka"), sop.Bounced, "5.0.0", "rina@company.com", "failed"},
		{"late in words", daemonMail("Warning: could not send message for past 4 hours", "THIS IS A WARNING MESSAGE ONLY.\nYOU DO NOT NEED TO RESEND YOUR MESSAGE.\n<rina@company.com>... Deferred: 451 4.4.1 timed out\n\n----- Original message -----\n"+returnedHead), sop.Delayed, "4.4.1", "rina@company.com", "delayed"},
		{"X-Failed-Recipients", "From: server@mx.example\nX-Failed-Recipients: rina@company.com\nSubject: x\n\n550 5.2.2 full\n\n----- Original message -----\n" + returnedHead, sop.Bounced, "5.2.2", "rina@company.com", "failed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := p.Parse([]byte(c.raw))
			if m.Auto != c.auto || m.Bounce == nil {
				t.Fatalf("%s, want %s", m.Auto, c.auto)
			}
			if *m.Bounce != (sop.Bounce{Status: c.status, Recipient: c.recipient, Action: c.action}) {
				t.Errorf("%+v", *m.Bounce)
			}
			if m.ReturnedID != "<abc.1@company.com>" {
				t.Errorf("returned %q", m.ReturnedID)
			}
			checkLaws(t, []byte(c.raw), m)
		})
	}
}

func TestWhatIsNoReportOfDelivery(t *testing.T) {
	p := testParser(t)
	for _, c := range []struct {
		name, raw string
		want      sop.Auto
	}{
		{"a report of success", statusReport("Final-Recipient: rfc822; rina@company.com\nAction: relayed\nStatus: 2.0.0\n"), sop.AutoGenerated},
		{"a person who passes one on", "From: rina@company.com\nTo: helpdesk@company.com\nSubject: Fwd: Undelivered Mail Returned to Sender\n\nKenapa email saya kembali?\n\n" + daemonMail("Undelivered", "550 5.1.1 User unknown"), sop.NotAuto},
		{"a person who attaches one", "From: rina@company.com\nTo: helpdesk@company.com\nSubject: Email kembali\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: text/plain\n\nEmail saya tidak terkirim, lihat lampiran.\n--o\nContent-Type: message/rfc822\n\n" + statusReport("Final-Recipient: rfc822; x@y.example\nAction: failed\nStatus: 5.1.1\n") + "\n--o--\n", sop.NotAuto},
		{"an absence with a null path", "Return-Path: <>\nFrom: rina@company.com\nSubject: Automatic reply: x\n\nI am out of the office until 19 January. Mail sent meanwhile was not delivered to anybody else.\n", sop.AutoReply},
		{"an administrator who writes of one", "Return-Path: <bounces+1@mailer.example>\nFrom: System Administrator <admin@company.com>\nSubject: Email tidak terkirim\n\nPesan \"550 5.1.1 user unknown\" muncul terus, delivery failed. Mohon dicek.\n", sop.NotAuto},
		{"a postmaster who writes himself", "From: postmaster@branch.example\nSubject: Jadwal pemeliharaan\n\nServer kami dipelihara Sabtu malam.\n", sop.NotAuto},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := p.Parse([]byte(c.raw))
			if m.Auto != c.want || m.Bounce != nil {
				t.Errorf("%s %+v, want %s", m.Auto, m.Bounce, c.want)
			}
		})
	}
}

func TestStatusCodesInWords(t *testing.T) {
	for text, want := range map[string]string{
		"550 5.1.1 unknown":          "5.1.1",
		"550-5.7.26 unauthenticated": "5.7.26",
		"(#5.1.1)":                   "5.1.1",
		"Exim 4.80.1 says":           "",
		"host 5.1.1.2 said":          "",
		"version v5.1.1":             "",
		"http://a.example/5.1.1/x":   "",
		"2.1.5 ok":                   "",
		"sent 4.4.7.":                "4.4.7",
		"6.5.1.1":                    "",
	} {
		if got := strings.Join(statusCodes(text), " "); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]byte{
		"said: 550 no such user": '5', "<<< 421 busy": '4', "at 4500 Jalan": 0, "192.0.2.450": 0, "code: 554-x": '5', "": 0,
	} {
		if got := replyClass(text); got != want {
			t.Errorf("%q: %c, want %c", text, got, want)
		}
	}
}
