package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	"helpost/internal/alarm"
	"helpost/internal/blob/dir"
	"helpost/internal/compose"
	"helpost/internal/config"
	"helpost/internal/directory"
	"helpost/internal/durable"
	"helpost/internal/gateway"
	"helpost/internal/life"
	"helpost/internal/mailauth"
	"helpost/internal/mailer"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/internal/store/bolt"
	"helpost/parser"
	"helpost/smtpd"
	"helpost/templates"
	"helpost/workflow"
)

// house is the parts of one helpost, wired. serve and demo run it; the other verbs use what they need of it.
type house struct {
	config  *config.Config
	store   *bolt.Store
	blobs   *dir.Store
	people  *directory.Directory
	gateway *gateway.Gateway
	mailer  *mailer.Mailer
	keeper  *life.Keeper
	meters  *gauges
	alarms  *alarm.Watch

	certificate *smtpd.Certificate // of the door; nil: without TLS
	log         *slog.Logger
}

// loadConfig reads helpost.toml; what is wrong with it is told line by line, and exits 2.
func loadConfig(path string, errOut io.Writer) (*config.Config, error) {
	cfg, err := config.Load(path)
	var wrong config.Errors
	if errors.As(err, &wrong) {
		fmt.Fprintln(errOut, err)
		return nil, exitUsage
	}
	if err != nil {
		return nil, usageError{err}
	}
	return cfg, nil
}

// build wires the parts of a configuration. watch is told of each mail that passes; nil: nobody watches.
func build(cfg *config.Config, log *slog.Logger, watch func(gateway.Passed)) (*house, error) {
	h := &house{config: cfg, log: log, meters: newGauges()}
	policy, err := cfg.Policy()
	if err != nil {
		return nil, err
	}
	tokens, err := mailauth.NewTokens(cfg.Tickets.Secrets)
	if err != nil {
		return nil, err
	}
	notices, err := templates.Load(cfg.Templates.Dir)
	if err != nil {
		return nil, err
	}
	reader, err := readerOf(cfg, tokens)
	if err != nil {
		return nil, err
	}
	if h.people, err = directory.Open(cfg.Directory.File, cfg.Company.Domains, log); err != nil {
		return nil, err
	}
	if h.blobs, err = dir.Open(cfg.Blobs.Dir); err != nil {
		return nil, err
	}
	if err = durable.MkdirAll(filepath.Dir(cfg.Store.Path)); err != nil {
		return nil, err
	}
	if h.store, err = bolt.Open(cfg.Store.Path, bolt.Options{FirstTicket: cfg.Tickets.First, Search: searchFolder(cfg), Log: log, OnCommit: h.committed}); err != nil {
		return nil, err
	}
	inside := member(cfg.Company.Domains)
	policy.Inside = func(address string) bool { return inside(domainOf(address)) }
	addresses := cfg.Addresses()
	lookup := func(rcpt string) (gateway.Mailbox, string, bool) {
		box, token, ok := addresses.Lookup(rcpt)
		return mailboxOf(cfg, box), token, ok
	}
	h.gateway, err = gateway.New(gateway.Parts{
		Store: h.store, Blobs: h.blobs, Policy: policy, Parser: reader, Tokens: tokens, Relays: relaysOf(cfg),
		Composer: &compose.Composer{Templates: notices, Tokens: tokens}, Directory: h.people,
		Company: templates.Company{Name: cfg.Company.Name, Phone: cfg.Company.Phone, Hours: cfg.Company.Hours},
		Mailbox: lookup, Default: mailboxOf(cfg, cfg.Mailboxes[0]), Inside: inside, Hosted: member(hosted(cfg)),
		Reports:     gateway.Reports{Document: cfg.SOP.Document, Weekly: cfg.Reports.Weekly, Monthly: cfg.Reports.Monthly, Morning: cfg.Reports.Morning},
		ShowAddress: cfg.Agents.ShowAddress, MaxSize: cfg.Relay.MaxSize.Bytes, Log: log, Watch: watch,
		Calls: func(c workflow.Call) []store.Fact { return h.alarms.Calls(c) }, Changed: func(all []store.Ticket) { h.alarms.Changed(all) },
		Meter: gateway.Meter{Parsed: h.meters.Parse.Took, Became: h.meters.Mails.Inc, Late: h.meters.Late.Took},
		Sent:  func() { h.mailer.Notify() }, Requeue: func(ctx context.Context, ids ...uint64) (int, error) { return h.mailer.Retry(ctx, ids...) },
	})
	if err == nil {
		h.mailer, err = newMailer(cfg, h)
	}
	if err == nil {
		h.alarms, err = newWatch(cfg, h)
	}
	if err == nil {
		h.keeper, err = newKeeper(cfg, h, policy)
	}
	if err != nil {
		return nil, errors.Join(err, h.store.Close())
	}
	h.meters.look(h)
	return h, nil
}

// searchFolder is where the search index of a configuration lies.
func searchFolder(cfg *config.Config) string { return cfg.Store.Path + ".search" }

func newKeeper(cfg *config.Config, h *house, policy *workflow.Policy) (*life.Keeper, error) {
	return life.New(life.Parts{
		Store: h.store, Blobs: h.blobs, Policy: policy, Quiet: h.gateway.Quiet, Log: h.log,
		Known: func(address string) sop.Person {
			p, _ := h.people.Person(address)
			return p
		},
		ClosedAfter: cfg.Retention.ClosedAfter.Duration, AttachmentsAfter: cfg.Retention.AttachmentsAfter.Duration,
		QuarantineAfter: cfg.Retention.QuarantineAfter.Duration, TracesAfter: cfg.Retention.TracesAfter.Duration,
	})
}

// readerOf makes the reader of mail of a configuration.
func readerOf(cfg *config.Config, tokens *mailauth.Tokens) (*parser.Parser, error) {
	o := cfg.ParserOptions()
	o.Ours = func(id string) bool {
		_, ours := tokens.InMessageID(id)
		return ours
	}
	return parser.New(o)
}

func newMailer(cfg *config.Config, h *house) (*mailer.Mailer, error) {
	r := cfg.Relay
	c := mailer.Config{
		Address: r.Address, TLS: mailer.TLS(r.TLS), Hello: cfg.SMTP.Hostname, Username: r.Username, Password: r.Password,
		Connections: r.Connections, Rate: rateOf(r.Rate), MaxSize: r.MaxSize.Bytes, Retry: r.Retry.Duration, GiveUpAfter: r.GiveUpAfter.Duration,
		Tried: h.meters.Delivery.Took, Sent: h.meters.Wait.Took,
	}
	var err error
	if c.DKIM, err = signerOf(cfg); err != nil {
		return nil, err
	}
	return mailer.New(c, h.store, mailer.StoredContent{Store: h.store, Blobs: h.blobs}, h.gateway, time.Now, h.log)
}

// signerOf is what signs our mails; nil: they go unsigned.
func signerOf(cfg *config.Config) (*mailer.Signer, error) {
	if cfg.Relay.DKIMKey == "" {
		return nil, nil
	}
	return mailer.LoadSigner(cfg.Relay.DKIMSelector, "", cfg.Relay.DKIMKey)
}

// rateOf writes a rate as the mailer reads it: "30/m".
func rateOf(r config.Rate) string {
	units := map[time.Duration]string{time.Second: "s", time.Minute: "m", time.Hour: "h"}
	if r.Mails == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%s", r.Mails, units[r.Per])
}

func mailboxOf(cfg *config.Config, m config.Mailbox) gateway.Mailbox {
	return gateway.Mailbox{
		Mailbox: compose.Mailbox{Address: m.Address, Name: deskName(cfg), ReplyDomain: m.ReplyDomain, Plain: m.ReplyStyle == "plain", Verp: cfg.Relay.Envelope == "verp"},
		Team:    m.Team, ListIDs: m.ListIDs,
	}
}

func deskName(cfg *config.Config) string { return "IT Service Desk " + cfg.Company.Name }

func relaysOf(cfg *config.Config) []mailauth.Relay {
	var all []mailauth.Relay
	for _, t := range cfg.SMTP.TrustedRelays {
		all = append(all, mailauth.Relay{CIDR: t.Prefixes, TLSName: t.TLSName, Results: mailauth.Trust(t.Results), AuthservIDs: t.AuthservIDs, Tenant: t.Tenant})
	}
	return all
}

// hosted lists the domains that we receive mail for.
func hosted(cfg *config.Config) []string {
	all := append([]string{}, cfg.Company.Domains...)
	for _, m := range cfg.Mailboxes {
		all = append(all, domainOf(m.Address), m.ReplyDomain)
		for _, a := range m.Aliases {
			all = append(all, domainOf(a))
		}
	}
	return all
}

func member(domains []string) func(string) bool {
	set := map[string]bool{}
	for _, d := range domains {
		if d != "" {
			set[d] = true
		}
	}
	return func(domain string) bool { return set[domain] }
}

// door makes the SMTP door of a configuration.
func (h *house) door() (*smtpd.Server, error) {
	cfg := h.config
	c := smtpd.Config{Listen: cfg.SMTP.Listen, Hostname: cfg.SMTP.Hostname, MaxMessage: cfg.SMTP.MaxMessage.Bytes, Log: h.log, Took: h.meters.took, Refused: h.gateway.Refused}
	for _, t := range cfg.SMTP.TrustedRelays {
		c.Limits.Exempt = append(c.Limits.Exempt, t.Prefixes...)
	}
	if cfg.SMTP.TLSCert != "" {
		certificate, err := smtpd.LoadCertificate(cfg.SMTP.TLSCert, cfg.SMTP.TLSKey, h.log)
		if err != nil {
			return nil, err
		}
		c.TLS, h.certificate = certificate, certificate
	}
	return smtpd.New(c, h.gateway), nil
}

func domainOf(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }
