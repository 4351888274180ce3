package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"helpost/internal/sop"
	"helpost/parser"
	"helpost/workflow"
)

// repeats is how long each level of the chain has before the next is told, where [escalation] repeat is not set.
var repeats = map[sop.Priority]time.Duration{sop.P1: 15 * time.Minute, sop.P2: 30 * time.Minute, sop.P3: 4 * time.Hour}

// Policy gives the SOP as this configuration sets it. A nil calendar in it is the clock around.
func (c *Config) Policy() (*workflow.Policy, error) {
	zone, err := time.LoadLocation(c.Company.Timezone)
	if err != nil {
		return nil, fmt.Errorf("%s: timezone: %w", c.Path, err)
	}
	p := &workflow.Policy{
		Prefix:             c.Tickets.Prefix,
		Lang:               c.Lang(),
		Zone:               zone,
		Targets:            map[sop.Priority]workflow.Target{},
		Matrix:             c.matrix(),
		WarnAt:             c.SLA.WarnAt,
		TakeCounts:         c.SLA.TakeCounts,
		Chain:              c.Escalation.Chain,
		Manager:            c.Escalation.Manager,
		Repeat:             map[sop.Priority]time.Duration{},
		Digest:             c.Escalation.Digest.Duration,
		CloseAfter:         c.Validation.CloseAfter.Duration,
		RemindAfter:        c.Validation.RemindAfter.Duration,
		ReopenWindow:       c.Validation.ReopenWindow.Duration,
		ValidationCalendar: c.calendars[c.Validation.Calendar],
		PerAddressHour:     c.Loops.PerAddressHour,
		Inside:             c.InCompany,
	}
	for priority, t := range map[sop.Priority]Target{sop.P1: c.SLA.P1, sop.P2: c.SLA.P2, sop.P3: c.SLA.P3} {
		p.Targets[priority] = workflow.Target{Response: t.Response.Duration, Resolution: t.Resolution.Duration, Calendar: c.calendars[t.Calendar]}
		p.Repeat[priority] = repeats[priority]
		if c.Escalation.Repeat.Duration > 0 {
			p.Repeat[priority] = c.Escalation.Repeat.Duration
		}
	}
	for _, a := range c.AgentList {
		p.Agents = append(p.Agents, workflow.Agent{Address: a.Address, Aliases: a.Aliases, Name: a.Name, Team: c.teamOf(a), Level: a.Level, Lang: c.Lang()})
	}
	for _, t := range c.Teams {
		p.Teams = append(p.Teams, workflow.Team{Name: t.Name, Members: t.Members, Lead: t.Lead, RoundRobin: t.Assign == "round-robin"})
	}
	return p, nil
}

// InCompany says whether an address is of one of the company's domains: of the domain itself, not of one below it.
func (c *Config) InCompany(address string) bool {
	at := strings.LastIndexByte(address, '@')
	return at > 0 && slices.Contains(c.Company.Domains, lower(address[at+1:]))
}

// teamOf gives the team of an agent: the one that he names, else the first that has him as a member or a lead.
func (c *Config) teamOf(a Agent) string {
	if a.Team != "" {
		return a.Team
	}
	for _, t := range c.Teams {
		for _, m := range t.Members {
			if m == a.Address {
				return t.Name
			}
		}
	}
	for _, t := range c.Teams {
		if t.Lead == a.Address {
			return t.Name
		}
	}
	return ""
}

func (c *Config) matrix() sop.Matrix {
	row := func(r MatrixRow) map[sop.Urgency]sop.Priority {
		return map[sop.Urgency]sop.Priority{sop.High: sop.Priority(r.High), sop.Medium: sop.Priority(r.Medium), sop.Low: sop.Priority(r.Low)}
	}
	m := c.Priority.Matrix
	return sop.Matrix{sop.Company: row(m.Company), sop.Department: row(m.Department), sop.Individual: row(m.Individual)}
}

// Calendar gives a calendar by its name; ok is false where there is none. The calendar of "24x7" is nil.
func (c *Config) Calendar(name string) (calendar workflow.Calendar, ok bool) {
	calendar, ok = c.calendars[name]
	return calendar, ok
}

// ParserOptions gives what the reader of mail must know of the company. Who holds the keys adds Ours.
func (c *Config) ParserOptions() parser.Options {
	o := parser.Options{Language: c.Lang(), Prefix: c.Tickets.Prefix, Matrix: c.matrix(), AssetPattern: c.Tickets.AssetPattern}
	for _, m := range c.Mailboxes {
		o.Mailboxes = append(o.Mailboxes, m.own()...)
		o.ListIDs = append(o.ListIDs, m.ListIDs...)
	}
	o.Names = map[string]string{}
	for _, a := range c.AgentList {
		for _, address := range append([]string{a.Address}, a.Aliases...) {
			o.Names[strings.ToLower(address)] = a.Name
		}
	}
	for _, d := range c.Departments {
		o.Departments = append(o.Departments, parser.Department{Name: d.Name, Words: d.Words})
	}
	w := c.Priority.Words
	for _, g := range []parser.ImpactWords{
		{Impact: sop.Company, Words: w.Company}, {Impact: sop.Department, Words: w.Department}, {Impact: sop.Individual, Words: w.Individual},
		{Urgency: sop.High, Words: w.High}, {Urgency: sop.Medium, Words: w.Medium}, {Urgency: sop.Low, Words: w.Low},
	} {
		if len(g.Words) > 0 {
			o.Words = append(o.Words, g)
		}
	}
	return o
}
