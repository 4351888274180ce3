// Package checkup looks at what a configuration relies on: templates, people, store, relay, certificate, DNS, and whether
// what it promises can be kept. It sends mail and calls hooks only where it is asked to, and changes nothing.
package checkup

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"helpost/internal/config"
	"helpost/internal/directory"
	"helpost/internal/mailer"
	"helpost/templates"
)

// Level says how much a finding matters.
type Level int

// The levels, by weight.
const (
	Fine        Level = iota
	Hint              // worth a thought
	Unreachable       // something that is needed is not there
	Wrong             // the configuration is
)

// Finding is one thing that was looked at.
type Finding struct {
	Level Level
	What  string // "relay", "store", …
	Text  string // what is so, and how to mend it
}

// Worst gives the gravest level of all findings.
func Worst(all []Finding) Level {
	worst := Fine
	for _, f := range all {
		worst = max(worst, f.Level)
	}
	return worst
}

// Write writes findings a line each.
func Write(w io.Writer, all []Finding) error {
	for _, f := range all {
		word := [...]string{"ok   ", "hint ", "FAIL ", "WRONG"}[f.Level]
		if _, err := fmt.Fprintf(w, "%s  %-13s %s\n", word, f.What, f.Text); err != nil {
			return err
		}
	}
	return nil
}

// Surroundings are what is looked at beside files.
type Surroundings struct {
	Resolver Resolver // of DNS; nil: it is not asked
	Now      time.Time
	Call     bool // every hook is called, with a call that says that nothing is wrong
}

// relayTime and dnsTime bound what is asked of others.
const (
	relayTime = 15 * time.Second
	dnsTime   = 3 * time.Second
)

// Look looks at everything.
func Look(ctx context.Context, c *config.Config, s Surroundings) []Finding {
	all := []Finding{{Fine, "configuration", c.Path}}
	for _, w := range c.Warnings {
		all = append(all, Finding{Hint, "configuration", w.String()})
	}
	all = append(all, ofTemplates(c), people(c), storeFile(c), blobs(c))
	all = append(all, certificate(c, s.Now)...)
	all = append(all, relay(ctx, c))
	all = append(all, hooks(ctx, c, s)...)
	all = append(all, promises(c)...)
	if s.Resolver != nil {
		all = append(all, dns(ctx, c, s.Resolver)...)
	}
	return all
}

func ofTemplates(c *config.Config) Finding {
	if _, err := templates.Load(c.Templates.Dir); err != nil {
		return Finding{Wrong, "templates", err.Error()}
	}
	if c.Templates.Dir == "" {
		return Finding{Fine, "templates", "the built-in ones"}
	}
	return Finding{Fine, "templates", "the built-in ones, and over them those in " + c.Templates.Dir}
}

func people(c *config.Config) Finding {
	d, err := directory.Open(c.Directory.File, c.Company.Domains, slog.New(slog.DiscardHandler))
	switch {
	case err != nil:
		return Finding{Wrong, "directory", err.Error()}
	case !d.Listed():
		return Finding{Fine, "directory", fmt.Sprintf("none: every address of %v may report", c.Company.Domains)}
	}
	return Finding{Fine, "directory", fmt.Sprintf("%d people in %s", d.Size(), c.Directory.File)}
}

func relay(ctx context.Context, c *config.Config) Finding {
	ctx, stop := context.WithTimeout(ctx, relayTime)
	defer stop()
	if err := mailer.Probe(ctx, relayOf(c)); err != nil {
		return Finding{Unreachable, "relay", err.Error()}
	}
	return Finding{Fine, "relay", c.Relay.Address + " answers"}
}

func relayOf(c *config.Config) mailer.Config {
	r := c.Relay
	return mailer.Config{Address: r.Address, TLS: mailer.TLS(r.TLS), Hello: c.SMTP.Hostname, Username: r.Username, Password: r.Password, Timeout: relayTime}
}
