package config

import (
	"os"
	"time"
)

// The defaults that other defaults and checks refer to.
const (
	defaultTeam  = "service-desk"
	defaultStore = "bbolt:///var/lib/helpost/helpost.db"
)

// defaults is the configuration that an empty file stands for: the SOP as it is.
func defaults(path string) *Config {
	hours := func(n time.Duration) Duration { return Duration{n * time.Hour} }
	c := &Config{Path: path}
	c.Company.Timezone = "Asia/Jakarta"
	c.Company.Language = "id"
	c.SOP.Document = "SOP-IT-GEN-001 rev 01"
	c.Tickets.Prefix = "IT"
	c.Tickets.First = 1
	c.SMTP.Listen = []string{"0.0.0.0:25"}
	c.SMTP.Hostname = hostname()
	c.SMTP.MaxMessage = Size{25 << 20}
	c.SMTP.VerifyDNS = true
	c.Relay.TLS = "starttls"
	c.Relay.Auth = "none"
	c.Relay.Envelope = "verp"
	c.Relay.Connections = 4
	c.Relay.MaxSize = Size{20 << 20}
	c.Relay.Retry = Duration{5 * time.Second}
	c.Relay.GiveUpAfter = hours(120)
	c.Store.URL = defaultStore
	c.SLA.WarnAt = 0.75
	c.SLA.P1 = Target{Duration{15 * time.Minute}, hours(4), Always}
	c.SLA.P2 = Target{hours(1), hours(8), Always}
	c.SLA.P3 = Target{hours(4), hours(48), Always}
	c.Priority.Matrix = Matrix{
		Company:    MatrixRow{"P1", "P1", "P2"},
		Department: MatrixRow{"P2", "P2", "P3"},
		Individual: MatrixRow{"P2", "P3", "P3"},
	}
	c.Escalation.Chain = []string{"lead", "manager"}
	c.Escalation.Digest = Duration{5 * time.Minute}
	c.Validation.CloseAfter = hours(24)
	c.Validation.ReopenWindow = hours(168)
	c.Validation.Calendar = Always
	c.Loops.PerAddressHour = 30
	c.Reports = Reports{Weekly: true, Monthly: true, Morning: true}
	c.Retention.QuarantineAfter = hours(30 * 24)
	c.Retention.TracesAfter = hours(90 * 24)
	c.Portal.Listen = "127.0.0.1:8080"
	return c
}

func hostname() string {
	if name, err := os.Hostname(); err == nil && isDomain(lower(name)) {
		return lower(name)
	}
	return "localhost"
}
