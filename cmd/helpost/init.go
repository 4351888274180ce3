package main

import (
	"context"
	"fmt"
	"io"

	"helpost/internal/setup"
)

// initVerb makes the files of a new helpdesk and prints the DNS records to publish.
type initVerb struct {
	Dir    string `help:"The folder to write to." default:"." type:"path"`
	Domain string `help:"The company's mail domain." default:"company.com"`
}

func (v *initVerb) Run(_ context.Context, _ io.Reader, out, _ io.Writer) error {
	if err := setup.CheckDomain(v.Domain); err != nil {
		return usageError{err}
	}
	key, err := setup.Make(v.Dir, v.Domain)
	if err != nil {
		return err
	}
	records, err := setup.Records(v.Domain, key)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, `Made in %s:
  %s   fill in what has FILL IN beside it
  %s         signs reply addresses; keep it, and keep it private
  %s       signs our mail (DKIM); keep it private

Publish in DNS:

%sThen: helpost check --config %s/%s
`, v.Dir, setup.ConfigFile, setup.SecretFile, setup.DKIMFile, setup.Zone(records), v.Dir, setup.ConfigFile)
	return err
}
