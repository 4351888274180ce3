package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"helpost/internal/demo"
	"helpost/internal/gateway"
	"helpost/smtpd"
)

// demoVerb brings up a whole helpost for a newcomer, plays a story against it, and stays up.
type demoVerb struct {
	SMTP string `help:"Where it listens for mail." default:"127.0.0.1:2525" name:"smtp"`
	HTTP string `help:"Where it answers by HTTP." default:"127.0.0.1:8080" name:"http"`
	Data string `help:"Where it keeps its data; a temporary folder unless named." type:"path"`
	Once bool   `help:"End after the story."`
}

func (v *demoVerb) Run(ctx context.Context, _ io.Reader, out, errOut io.Writer) error {
	dir, temporary := v.Data, v.Data == ""
	if temporary {
		made, err := os.MkdirTemp("", "helpost-demo-")
		if err != nil {
			return err
		}
		dir = made
		defer os.RemoveAll(made)
	}
	post, err := demo.NewPost(filepath.Join(dir, "mails"), out, isTerminal(out))
	if err != nil {
		return err
	}
	relay, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	toml, err := demo.Configure(dir, v.SMTP, v.HTTP, relay.Addr().String())
	if err != nil {
		return err
	}
	cfg, err := loadConfig(toml, errOut)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	h, err := build(cfg, log, func(p gateway.Passed) { post.Passed(p.From, p.Subject, did(p), p.Raw) })
	if err != nil {
		return err
	}
	v.welcome(post, dir, temporary)
	mailboxes := smtpd.New(smtpd.Config{Hostname: "relay.demo"}, post)
	receive, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	go func() { _ = mailboxes.Serve(receive, relay) }() // ended by the Shutdown below
	serving, end := context.WithCancel(ctx)
	defer end()
	told := make(chan error, 1)
	err = h.serve(serving, func() {
		go func() {
			told <- v.play(serving, post)
			if v.Once {
				end()
			}
		}()
	})
	grace, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	err = errors.Join(err, mailboxes.Shutdown(grace))
	if ctx.Err() != nil || err != nil { // ended in the middle of the story, which then has no end to tell of
		return err
	}
	return <-told
}

// play tells the story, and then how to write a mail of one's own.
func (v *demoVerb) play(ctx context.Context, post *demo.Post) error {
	err := post.Play(ctx, func(ctx context.Context, l *demo.Letter, hidden bool) error {
		from := "127.0.0.1"
		if hidden { // not the address of a trusted relay
			from = "127.0.0.2"
		}
		return demo.Send(ctx, from, v.SMTP, l)
	})
	if err != nil {
		post.Say("\nthe story broke off: " + err.Error())
		return err
	}
	if v.Once {
		return nil
	}
	post.Say(fmt.Sprintf(`
Now you. Write to %s, as anybody at company.com:

  printf 'From: Budi <budi@company.com>\nTo: %s\nSubject: Laptop lambat\n\nLaptop saya lambat sejak kemarin. Divisi: Gudang\n' | curl -sS --crlf smtp://%s --mail-from budi@company.com --mail-rcpt %s -T -

or point a mail client at %s (no password, no TLS). Ctrl-C ends it.`, demo.Helpdesk, demo.Helpdesk, v.SMTP, demo.Helpdesk, v.SMTP))
	return nil
}

func (v *demoVerb) welcome(post *demo.Post, dir string, temporary bool) {
	fate := "kept there"
	if temporary {
		fate = "gone at the end; --data DIR keeps them"
	}
	post.Say(fmt.Sprintf(`helpost demo: a helpdesk for company.com, whole and real, on this machine alone.

  mail     %s   (%s; connections from 127.0.0.1 count as the company's own, proven mail server)
  page     http://%s/healthz   /readyz   /metrics   and the JSON API: curl -H 'Authorization: Bearer demo-token-known-to-all' http://%s/api/v1/tickets
  mails    %s   (each as a file; %s)`, v.SMTP, demo.Helpdesk, v.HTTP, v.HTTP, filepath.Join(dir, "mails"), fate))
}

// did says in a few words what helpost understood of a mail and did with it.
func did(p gateway.Passed) string {
	words := []string{p.Outcome}
	if p.Ticket != "" {
		words = append([]string{p.Ticket}, words...)
	}
	r := p.Report
	if p.Outcome == "ticket" || p.Outcome == "suspicious" {
		words = append(words, string(r.Type), string(r.Priority))
		for _, w := range append([]string{r.Department}, r.AssetCodes...) {
			if w != "" {
				words = append(words, w)
			}
		}
	}
	for _, c := range p.Commands {
		words = append(words, strings.TrimSpace("#"+string(c.Name)+" "+c.Args))
	}
	if p.Verdict != "" {
		words = append(words, string(p.Verdict))
	}
	if p.Detail != "" {
		words = append(words, "("+p.Detail+")")
	}
	return strings.Join(words, " ")
}
