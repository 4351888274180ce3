package checkup

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"helpost/internal/config"
	"helpost/internal/mailauth"
	"helpost/internal/mailer"
	"helpost/internal/sop"
)

// Post is what Send needs beside the configuration.
type Post struct {
	Signer *mailer.Signer                                                                   // of our own mails; nil: unsigned
	Trace  func(ctx context.Context, messageID string) (seen string, found bool, err error) // what the running daemon saw of a mail, as mailauth.CheckResult writes it
	Wait   time.Duration                                                                    // for mails to come back
}

// poll is how often the daemon is asked.
const poll = 200 * time.Millisecond

// trial is one mail that is sent, and what its fate means.
type trial struct {
	what   string // of the finding
	name   string // which way it goes, in words
	forged bool   // it says that an agent wrote it
	door   string // an address of our own door; "": through the relay
	sender string // of the envelope
	from   string
	to     string

	id       string
	sent     time.Time
	err      error
	seen     mailauth.CheckResult
	came     time.Duration
	arrived  bool
	finished bool
}

// Send sends mail each way in which mail comes: through the relay to every address of ours, to an address as answers go to,
// and to our own door; and tries to pass for an agent in both ways. The daemon must be running. It makes no ticket of these
// mails (mailauth.CheckField).
func Send(ctx context.Context, c *config.Config, p Post) ([]Finding, error) {
	tokens, err := mailauth.NewTokens(c.Tickets.Secrets)
	if err != nil {
		return nil, err
	}
	all := trials(c, tokens)
	for i := range all {
		t := &all[i]
		t.id = "<check." + strings.ToLower(rand.Text()) + "@" + c.SMTP.Hostname + ">"
		t.sent = time.Now()
		t.err = t.send(ctx, c, p.Signer, t.mail(c, tokens.MarkCheck(t.id, t.sent)))
		t.finished = t.err != nil
	}
	if err := await(ctx, all, p); err != nil {
		return nil, err
	}
	var found []Finding
	for i := range all {
		found = append(found, all[i].finding(c, p.Wait))
	}
	return found, nil
}

func trials(c *config.Config, tokens *mailauth.Tokens) []trial {
	var all []trial
	for _, m := range c.Mailboxes {
		for _, address := range append([]string{m.Address}, m.Aliases...) {
			all = append(all, trial{what: "mail", name: address + " by " + c.Relay.Address, from: m.Address, to: address})
		}
		if m.ReplyStyle == "plus" {
			answers := m.Address
			if local, _, _ := strings.Cut(m.Address, "@"); m.ReplyDomain != "" {
				answers = local + "@" + m.ReplyDomain
			}
			all = append(all, trial{
				what: "mail", name: "the address for answers, " + plus(answers, "TOKEN") + ", by " + c.Relay.Address,
				from: m.Address, to: plus(answers, tokens.Mint(0, m.Address, sop.Public)),
			})
		}
	}
	box, agent := c.Mailboxes[0].Address, c.AgentList[0].Address
	if c.Relay.Envelope == "verp" {
		all = append(all, trial{what: "mail", name: "from the address for bounces, " + plus(box, "TOKEN") + ", by " + c.Relay.Address,
			sender: plus(box, tokens.Mint(0, box, sop.Bouncing)), from: box, to: box})
	}
	all = append(all, trial{what: "forgery", name: "by " + c.Relay.Address, forged: true, from: agent, to: box})
	for _, l := range c.SMTP.Listen {
		door := reachable(l)
		all = append(all, trial{what: "door", name: "straight at " + l, door: door, from: box, to: box},
			trial{what: "forgery", name: "straight at " + l, door: door, forged: true, from: agent, to: box})
	}
	return all
}

// plus writes a sub-address (RFC 5233).
func plus(address, detail string) string {
	local, domain, _ := strings.Cut(address, "@")
	return local + "+" + detail + "@" + domain
}

// reachable is where a listener can be reached from this machine.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip != nil && ip.IsUnspecified()) {
		host = "127.0.0.1"
		if ip != nil && ip.To4() == nil {
			host = "::1"
		}
		return net.JoinHostPort(host, port)
	}
	return listen
}

// mail writes the mail. Only our own bears a signature of ours; a forged one brings results of a check that nobody made.
func (t *trial) mail(c *config.Config, mark string) []byte {
	var b strings.Builder
	if t.forged {
		_, domain, _ := strings.Cut(t.from, "@")
		for _, r := range c.SMTP.TrustedRelays {
			for _, id := range r.AuthservIDs {
				fmt.Fprintf(&b, "Authentication-Results: %s; dmarc=pass header.from=%s\r\n", id, domain)
			}
		}
	}
	fmt.Fprintf(&b, "From: %s\r\nTo: %s\r\nSubject: helpost check: %s\r\nDate: %s\r\nMessage-ID: %s\r\n", t.from, c.Mailboxes[0].Address, t.what, t.sent.Format(time.RFC1123Z), t.id)
	fmt.Fprintf(&b, "Auto-Submitted: auto-generated\r\n%s:\r\n %s\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n", mailauth.CheckField, mark)
	b.WriteString("helpost sent this mail to itself, to see whether mail goes its way (helpost check --send).\r\nYou can delete it.\r\n")
	return []byte(b.String())
}

func (t *trial) send(ctx context.Context, c *config.Config, signer *mailer.Signer, mail []byte) error {
	ctx, stop := context.WithTimeout(ctx, 2*relayTime)
	defer stop()
	envelope := t.sender
	if envelope == "" {
		envelope = c.Mailboxes[0].Address
	}
	if t.door == "" {
		r := relayOf(c)
		if !t.forged {
			r.DKIM = signer
		}
		return mailer.Send(ctx, r, envelope, t.to, mail)
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", t.door)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	client := smtp.NewClient(conn)
	defer client.Close()
	if err := client.Hello(c.SMTP.Hostname); err != nil {
		return err
	}
	if err := client.SendMail(envelope, []string{t.to}, strings.NewReader(string(mail))); err != nil {
		return err
	}
	return client.Quit()
}

// await asks the daemon until each mail came, or the time is up.
func await(ctx context.Context, all []trial, p Post) error {
	ctx, stop := context.WithTimeout(ctx, p.Wait)
	defer stop()
	for {
		open := 0
		for i := range all {
			t := &all[i]
			if t.finished {
				continue
			}
			seen, found, err := p.Trace(ctx, t.id)
			if err != nil && ctx.Err() == nil {
				return err
			}
			if found {
				t.seen, t.arrived, t.finished, t.came = mailauth.ReadCheckResult(seen), true, true, time.Since(t.sent)
				continue
			}
			open++
		}
		if open == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return nil
			}
			return ctx.Err()
		case <-time.After(poll):
		}
	}
}

// finding says what a mail's fate means.
func (t *trial) finding(c *config.Config, waited time.Duration) Finding {
	say := func(l Level, format string, args ...any) Finding {
		return Finding{l, t.what, t.name + ": " + fmt.Sprintf(format, args...)}
	}
	var reply *smtp.SMTPError
	refused := errors.As(t.err, &reply)
	switch {
	case t.forged && refused && reply.Code/10 == 55:
		return say(Fine, "a mail in the name of %s was refused: %v", t.from, reply)
	case t.err != nil:
		return say(Unreachable, "it could not be sent: %v", t.err)
	case t.forged && !t.arrived && t.door == "":
		return say(Hint, "a mail in the name of %s was taken, and is not here after %s: it may be kept, or come late. helpost trace '%s' says what is made of it", t.from, waited, t.id)
	case !t.arrived:
		return say(Unreachable, "sent, and not here after %s: does your mail system bring mail for this address to the door of helpost? helpost trace '%s' says when it comes", waited, t.id)
	case t.forged && t.seen.Proof != mailauth.Pass:
		return say(Fine, "a mail in the name of %s came, and is not believed", t.from)
	case t.forged && t.door != "":
		return say(Hint, "a mail in the name of %s is believed, for this machine is an [[smtp.trusted_relay]] itself: who may open a connection from here can write as any agent", t.from)
	case t.forged:
		return say(Wrong, "a mail in the name of %s, sent with what helpost itself sends with, is believed: who may send there can write as any agent. Let that mail system refuse a From that is not the sender's own (docs/mailsystems.md)", t.from)
	case t.door == "" && !t.seen.Trusted:
		return say(Hint, "here after %s, but from a machine that is no [[smtp.trusted_relay]]: so no agent's mail that comes this way is obeyed", short(t.came))
	}
	return say(Fine, "here after %s", short(t.came))
}

func short(d time.Duration) time.Duration { return d.Round(10 * time.Millisecond) }
