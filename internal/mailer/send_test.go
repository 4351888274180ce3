package mailer

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

func TestOneMailPastTheQueue(t *testing.T) {
	const mail = "From: helpdesk@company.com\r\nSubject: a\r\n\r\n.a dot\r\n"
	relay := newRelay(t)
	relay.script = func(_ *relayConn, step, line string) string {
		switch {
		case step == "RCPT" && strings.Contains(line, "nobody@"):
			return "550 5.1.1 nobody here"
		case step == "RCPT" && strings.Contains(line, "silent@"):
			return hangUp
		}
		return usual
	}
	relay.start()
	cfg := Config{Address: relay.addr, Hello: "desk.company.com", TLS: NoTLS}
	if err := Send(t.Context(), cfg, "helpdesk@company.com", "rina@company.com", []byte(mail)); err != nil {
		t.Fatal(err)
	}
	if got := relay.sent(); len(got) != 1 || got[0].from != "helpdesk@company.com" || got[0].to != "rina@company.com" || got[0].data != mail {
		t.Errorf("sent: %+v", got)
	}
	var reply *smtp.SMTPError
	if err := Send(t.Context(), cfg, "helpdesk@company.com", "nobody@company.com", []byte(mail)); !errors.As(err, &reply) || reply.Code != 550 || !strings.Contains(err.Error(), relay.addr) {
		t.Errorf("a refusal: %v", err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	if err := Send(ctx, cfg, "helpdesk@company.com", "silent@company.com", []byte(mail)); err == nil || errors.As(err, &reply) {
		t.Errorf("a relay that hangs: %v", err)
	}
	if got := len(relay.sent()); got != 1 {
		t.Errorf("%d mails sent", got)
	}
}
