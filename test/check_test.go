package test

import (
	"bytes"
	"context"
	"net"
	"net/mail"
	"net/smtp"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"helpost/smtpd"
)

// circle is a company's mail system: what helpost sends to its own addresses comes back to it, from 127.0.0.2.
type circle struct {
	door    string
	strict  bool // a From that is not the helpdesk's is refused
	swallow bool
	passed  atomic.Int32
}

func (*circle) Rcpt(context.Context, smtpd.Envelope, string) error { return nil }

func (c *circle) Take(ctx context.Context, m smtpd.Mail) (string, error) {
	parsed, err := mail.ReadMessage(bytes.NewReader(m.Data))
	if err != nil {
		return "", err
	}
	if c.strict && parsed.Header.Get("From") != "helpdesk@company.com" {
		return "", &smtpd.Error{Kind: smtpd.NoRelay, Text: "not your address"}
	}
	if c.swallow {
		return "kept", nil
	}
	conn, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}).DialContext(ctx, "tcp", c.door)
	if err != nil {
		return "", err
	}
	client, err := smtp.NewClient(conn, "circle.test")
	if err != nil {
		return "", err
	}
	defer client.Close()
	c.passed.Add(1)
	if err := client.Mail(m.From); err != nil {
		return "", err
	}
	if err := client.Rcpt(m.Rcpt[0]); err != nil {
		return "", err
	}
	w, err := client.Data()
	if err != nil {
		return "", err
	}
	if _, err := w.Write(m.Data); err != nil {
		return "", err
	}
	return "passed on", w.Close()
}

var blanks = regexp.MustCompile(` +`)

// check --send mails itself each way, and says so where an agent can be forged; no ticket comes of it.
func TestCheckSendsMailEachWay(t *testing.T) {
	t.Parallel()
	const relayOnly, everybody = `["127.0.0.2/32"]`, `["127.0.0.0/8"]`
	for _, c := range []struct {
		name    string
		system  *circle
		trusted string
		exit    int
		says    []string
	}{
		{"all is well", &circle{strict: true}, relayOnly, 0, []string{
			"ok mail helpdesk@company.com by ", "ok mail the address for answers, helpdesk+TOKEN@company.com, by ", "ok mail from the address for bounces, helpdesk+TOKEN@company.com, by ", ": here after ",
			"ok door straight at ", "ok forgery by ", "a mail in the name of andi@company.com was refused: ", "not your address",
			"a mail in the name of andi@company.com came, and is not believed", "all is well",
		}},
		{"the relay lets anybody be anybody", &circle{}, relayOnly, 2, []string{
			"WRONG forgery by ", "a mail in the name of andi@company.com, sent with what helpost itself sends with, is believed",
		}},
		{"nothing comes back", &circle{swallow: true}, relayOnly, 1, []string{"FAIL mail helpdesk@company.com by ", "sent, and not here after 1s", "hint forgery by ", "ok door "}},
		{"the relay is not trusted", &circle{}, `["127.0.0.9/32"]`, 0, []string{"hint mail helpdesk@company.com by ", "is no [[smtp.trusted_relay]]"}},
		{"this machine is trusted", &circle{strict: true}, everybody, 0, []string{"hint forgery straight at ", "who may open a connection from here can write as any agent"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(t)
			system := c.system
			system.door = d.smtp
			d.edit(everybody, c.trusted)
			d.edit(`address = "`+d.relay.addr, `address = "`+serve(t, "circle.test", system))
			wait := "30s"
			if c.system.swallow {
				wait = "1s"
			}
			if got := d.verb(1, "", "check", "--send", "--wait", wait); !strings.Contains(got.out, "helpost is not running") {
				t.Errorf("beside no daemon: %s", got.all())
			}
			d.start()
			got := d.verb(c.exit, "", "check", "--send", "--wait", wait)
			plain := blanks.ReplaceAllString(got.out, " ")
			for _, want := range c.says {
				if !strings.Contains(plain, want) {
					t.Errorf("it does not say %q:\n%s", want, got.all())
				}
			}
			if all := d.tickets(); len(all) != 0 {
				t.Errorf("tickets came of it: %v", all)
			}
			if !c.system.swallow && system.passed.Load() < 2 {
				t.Errorf("%d mails went round", system.passed.Load())
			}
		})
	}
}
