// Package config reads helpost.toml: strictly, with the file, the line and the mend in its errors.
//
// Load gives a configuration that is whole and sound, or says everything that is wrong with it at once. It reads the files
// that helpost.toml names where their content is configuration (secrets, holidays); it opens no store and asks no network.
package config

import (
	"net/netip"

	"helpost/internal/sop"
	"helpost/workflow"
)

// Config is helpost.toml with every default filled in. Paths are absolute or relative to the working directory; in the
// file they are relative to the file. Addresses and domains are in lower case.
type Config struct {
	Company     Company      `toml:"company"`
	SOP         SOP          `toml:"policy"`
	Tickets     Tickets      `toml:"tickets"`
	Mailboxes   []Mailbox    `toml:"mailbox"`
	SMTP        SMTP         `toml:"smtp"`
	LMTP        LMTP         `toml:"lmtp"`
	Control     Control      `toml:"control"`
	Relay       Relay        `toml:"relay"`
	Store       Store        `toml:"store"`
	Blobs       Blobs        `toml:"blobs"`
	Directory   Directory    `toml:"directory"`
	SLA         SLA          `toml:"sla"`
	Calendars   []Calendar   `toml:"calendar"`
	Priority    Priority     `toml:"priority"`
	Departments []Department `toml:"department"`
	AgentList   []Agent      `toml:"agent"`
	Teams       []Team       `toml:"team"`
	Agents      Agents       `toml:"agents"`
	Escalation  Escalation   `toml:"escalation"`
	Validation  Validation   `toml:"validation"`
	Loops       Loops        `toml:"loops"`
	Reports     Reports      `toml:"reports"`
	Portal      Portal       `toml:"portal"`
	Clamd       Clamd        `toml:"clamd"`
	Hooks       []Hook       `toml:"hook"`
	Debug       Debug        `toml:"debug"`
	Retention   Retention    `toml:"retention"`
	Templates   Templates    `toml:"templates"`

	Path     string    `toml:"-"` // of the file
	Warnings []Problem `toml:"-"` // what is doubtful, but no error

	calendars map[string]workflow.Calendar // by name, "24x7" among them
}

// Company is who runs the helpdesk ([company]).
type Company struct {
	Name     string   `toml:"name"`     // default: the domain of the first mailbox
	Domains  []string `toml:"domains"`  // whose addresses may report; default: the mailboxes' domains
	Timezone string   `toml:"timezone"` // IANA name
	Language string   `toml:"language"` // "id" or "en"
	Phone    string   `toml:"phone"`
	Hours    string   `toml:"hours"` // as people read it
}

// SOP names the document that the policy comes from ([policy]).
type SOP struct {
	Document string `toml:"document"`
}

// Tickets is how tickets are numbered and their tokens signed ([tickets]).
type Tickets struct {
	Prefix     string `toml:"prefix"`
	First      uint64 `toml:"first"`
	SecretFile string `toml:"secret_file"`
	// AssetPattern is a regular expression (RE2) of asset codes that are known without a label; "": the parser's own.
	AssetPattern string `toml:"asset_pattern"`

	Secrets [][]byte `toml:"-"` // the keys of SecretFile: the first signs, all verify
}

// Mailbox is an address of the helpdesk ([[mailbox]]).
type Mailbox struct {
	Address     string   `toml:"address"`
	Aliases     []string `toml:"aliases"`
	ReplyDomain string   `toml:"reply_domain"` // default: the address's domain
	ReplyStyle  string   `toml:"reply_style"`  // "plus" or "plain"
	Team        string   `toml:"team"`         // default: "service-desk", else the first team
	ListIDs     []string `toml:"list_ids"`     // mailing lists (RFC 2919) through which reports may come
}

// SMTP is the door ([smtp]).
type SMTP struct {
	Listen        []string       `toml:"listen"`
	Hostname      string         `toml:"hostname"` // default: the machine's
	TLSCert       string         `toml:"tls_cert"`
	TLSKey        string         `toml:"tls_key"`
	MaxMessage    Size           `toml:"max_message"`
	VerifyDNS     bool           `toml:"verify_dns"` // own checks of SPF, DKIM and DMARC; none are made yet
	Enforce       bool           `toml:"enforce"`
	TrustedRelays []TrustedRelay `toml:"trusted_relay"`
}

// The ways in which a trusted relay says what it knows of a sender.
const (
	ResultsRFC8601        = "rfc8601"         // by Authentication-Results
	ResultsAuthenticated  = "authenticated"   // by taking mail of authenticated senders only
	ResultsExchangeOnline = "exchange-online" // by Exchange Online's own fields
)

// TrustedRelay is a mail server whose word about a sender is believed ([[smtp.trusted_relay]]).
type TrustedRelay struct {
	CIDR        []string `toml:"cidr"`
	TLSName     string   `toml:"tls_name"`
	Results     string   `toml:"results"`
	AuthservIDs []string `toml:"authserv_ids"` // lower case
	Tenant      string   `toml:"tenant"`       // of Exchange Online, lower case

	Prefixes []netip.Prefix `toml:"-"` // of CIDR; empty: any address, and TLSName must hold
}

// LMTP is a second door, for a mail server on the same machine ([lmtp]). It is not there yet.
type LMTP struct {
	Listen      string   `toml:"listen"`
	Results     string   `toml:"results"`
	AuthservIDs []string `toml:"authserv_ids"`
}

// Control is the socket through which the verbs speak to the running daemon ([control]).
type Control struct {
	Socket string `toml:"socket"` // default: helpost.sock beside the store
}

// Relay is the mail server that takes our mail ([relay]).
type Relay struct {
	Address      string   `toml:"address"` // host:port
	TLS          string   `toml:"tls"`     // "starttls", "implicit", "none"
	Auth         string   `toml:"auth"`    // "none", "password"
	Username     string   `toml:"username"`
	PasswordFile string   `toml:"password_file"`
	Envelope     string   `toml:"envelope"`    // "verp" or "fixed"
	Connections  int      `toml:"connections"` // at once, at most
	Rate         Rate     `toml:"rate"`
	MaxSize      Size     `toml:"max_size"`
	Retry        Duration `toml:"retry"` // the first pause; doubles up to an hour
	GiveUpAfter  Duration `toml:"give_up_after"`
	DKIMSelector string   `toml:"dkim_selector"`
	DKIMKey      string   `toml:"dkim_key"` // file: PEM of an RSA or Ed25519 key

	Password string `toml:"-"` // the content of PasswordFile
}

// Store is where tickets are kept ([store]).
type Store struct {
	URL  string `toml:"url"`
	Path string `toml:"-"` // of the bbolt file
}

// Blobs is where large values are kept ([blobs]).
type Blobs struct {
	URL string `toml:"url"` // default: the folder "blobs" beside the store
	Dir string `toml:"-"`
}

// Directory is who works here ([directory]).
type Directory struct {
	File string `toml:"file"` // CSV; "": there is none
}

// SLA is what is promised ([sla]).
type SLA struct {
	TakeCounts bool    `toml:"take_counts"`
	WarnAt     float64 `toml:"warn_at"`
	P1         Target  `toml:"P1"`
	P2         Target  `toml:"P2"`
	P3         Target  `toml:"P3"`
}

// Target is what is promised for a priority ([sla.P1], …).
type Target struct {
	Response   Duration `toml:"response"`
	Resolution Duration `toml:"resolution"`
	Calendar   string   `toml:"calendar"`
}

// Always is the calendar's name that needs no [[calendar]]: open around the clock.
const Always = "24x7"

// Calendar is when the desk works ([[calendar]]).
type Calendar struct {
	Name         string `toml:"name"`
	Timezone     string `toml:"timezone"` // default: the company's
	Hours        Hours  `toml:"hours"`
	HolidaysFile string `toml:"holidays_file"`

	Holidays []Holiday `toml:"-"` // of HolidaysFile, by date
}

// Hours are the spans of each weekday: "08:00-12:00", over midnight "22:00-06:00", to its end "18:00-24:00".
type Hours struct {
	Mon []string `toml:"mon"`
	Tue []string `toml:"tue"`
	Wed []string `toml:"wed"`
	Thu []string `toml:"thu"`
	Fri []string `toml:"fri"`
	Sat []string `toml:"sat"`
	Sun []string `toml:"sun"`
}

// Priority is how a priority is suggested ([priority]).
type Priority struct {
	Matrix Matrix        `toml:"matrix"`
	Words  PriorityWords `toml:"words"`
}

// Matrix is the priority of each impact and urgency ([priority.matrix]).
type Matrix struct {
	Company    MatrixRow `toml:"company"`
	Department MatrixRow `toml:"department"`
	Individual MatrixRow `toml:"individual"`
}

// MatrixRow is the priority of each urgency.
type MatrixRow struct {
	High   string `toml:"high"`
	Medium string `toml:"medium"`
	Low    string `toml:"low"`
}

// PriorityWords are words and names of systems that speak for an impact or an urgency ([priority.words]).
type PriorityWords struct {
	Company    []string `toml:"company"`
	Department []string `toml:"department"`
	Individual []string `toml:"individual"`
	High       []string `toml:"high"`
	Medium     []string `toml:"medium"`
	Low        []string `toml:"low"`
}

// Department is a department's name and what people call it ([[department]]).
type Department struct {
	Name  string   `toml:"name"`
	Words []string `toml:"words"`
}

// Agent is somebody who works on tickets ([[agent]]).
type Agent struct {
	Address string   `toml:"address"`
	Aliases []string `toml:"aliases"`
	Name    string   `toml:"name"` // default: the local part of the address
	Team    string   `toml:"team"`
	Level   int      `toml:"level"`
}

// Team is a group of agents ([[team]]).
type Team struct {
	Name    string   `toml:"name"`
	Members []string `toml:"members"` // default: the agents who name this team
	Lead    string   `toml:"lead"`
	Assign  string   `toml:"assign"` // "round-robin" or "manual"
}

// Agents is what holds for all agents ([agents]).
type Agents struct {
	ShowAddress bool `toml:"show_address"`
}

// Escalation is who is told of a breach, and when ([escalation]).
type Escalation struct {
	Chain   []string `toml:"chain"` // "lead", "manager"
	Manager string   `toml:"manager"`
	Repeat  Duration `toml:"repeat"` // zero: by priority
	Digest  Duration `toml:"digest"` // zero: nothing is bundled
}

// Validation is how long the reporter's word is waited for ([validation]).
type Validation struct {
	CloseAfter   Duration `toml:"close_after"`
	RemindAfter  Duration `toml:"remind_after"` // default: half of CloseAfter
	ReopenWindow Duration `toml:"reopen_window"`
	Calendar     string   `toml:"calendar"`
}

// Loops bounds automatic answers ([loops]).
type Loops struct {
	PerAddressHour int `toml:"per_address_hour"`
}

// Reports says which figures and lists go out by themselves ([reports]).
type Reports struct {
	Weekly  bool `toml:"weekly"`  // to each lead, the team's figures of the last week
	Monthly bool `toml:"monthly"` // to the manager, those of the last month
	Morning bool `toml:"morning"` // to each agent and lead, what is on the desk today
}

// Portal is the web server ([portal]): health, metrics and the API now, pages later.
type Portal struct {
	Listen       string `toml:"listen"`
	BaseURL      string `toml:"base_url"` // without a slash at the end
	APITokenFile string `toml:"api_token_file"`

	APITokens []string `toml:"-"` // of APITokenFile: each of its lines is one; none: the API is shut
}

// Clamd is a virus scanner ([clamd]). It is not there yet.
type Clamd struct {
	Address string `toml:"address"`
	OnError string `toml:"on_error"`
}

// Debug is where the program shows its inside ([debug]): profiles of its time and memory.
type Debug struct {
	Listen string `toml:"listen"` // a loopback address, or "unix:" and a path; "": nowhere
}

// Retention is when data goes ([retention]); unset: never, but for the quarantine and traces.
type Retention struct {
	ClosedAfter      Duration `toml:"closed_after"`      // everything personal of a ticket, counted from its end
	AttachmentsAfter Duration `toml:"attachments_after"` // its files and raw mails
	QuarantineAfter  Duration `toml:"quarantine_after"`  // mails that were taken and are no tickets
	TracesAfter      Duration `toml:"traces_after"`      // what became of mails; zero: never
}

// Templates is where an operator's own notices lie ([templates]).
type Templates struct {
	Dir string `toml:"dir"`
}

// Lang is the company's language.
func (c *Config) Lang() sop.Lang { return sop.Lang(c.Company.Language) }
