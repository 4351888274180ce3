package config

import (
	"slices"
	"strings"
)

// people checks agents and teams, who of them belongs where, and that none of them is a mailbox of ours.
func (k *checker) people() {
	agents := k.agents()
	k.teams(agents)
	known := k.teamNames()
	for i, a := range k.AgentList {
		if a.Team != "" && !slices.Contains(known, a.Team) {
			k.unknownTeam(join(item("agent", i), "team"), a.Team, known)
		}
	}
	for i := range k.Mailboxes {
		m := &k.Mailboxes[i]
		switch {
		case m.Team == "" && slices.Contains(known, defaultTeam):
			m.Team = defaultTeam
		case m.Team == "" && len(known) > 0:
			m.Team = known[0]
		case m.Team != "" && !slices.Contains(known, m.Team):
			k.unknownTeam(join(item("mailbox", i), "team"), m.Team, known)
		}
	}
}

// agents checks every agent and gives their addresses.
func (k *checker) agents() []string {
	if len(k.AgentList) == 0 {
		k.fail("agent", "there is no [[agent]]: somebody must work on the tickets; write [[agent]] with address = \"name@company.com\"")
	}
	var all []string
	seen := map[string]string{}
	for i := range k.AgentList {
		a, path := &k.AgentList[i], item("agent", i)
		if a.Address == "" {
			k.fail(path, "[[agent]] without an address: write address = \"name@company.com\"")
			continue
		}
		a.Address = k.address(join(path, "address"), a.Address)
		k.addresses(join(path, "aliases"), a.Aliases)
		k.agentAddress(join(path, "address"), a.Address, seen)
		for j, alias := range a.Aliases {
			k.agentAddress(item(join(path, "aliases"), j), alias, seen)
		}
		if a.Name == "" {
			a.Name, _, _ = strings.Cut(a.Address, "@")
		}
		if !k.at.has(join(path, "level")) {
			a.Level = 1
		}
		if a.Level < 1 || a.Level > 9 {
			k.fail(join(path, "level"), "level must be between 1 and 9; it is %d", a.Level)
		}
		all = append(all, a.Address)
	}
	return all
}

// agentAddress checks that an address belongs to one agent, and is none of ours.
func (k *checker) agentAddress(path, address string, seen map[string]string) {
	if first, taken := seen[address]; taken {
		k.fail(path, "%s: %q is an agent's already, in line %d", key(path), address, k.at.line(first))
		return
	}
	seen[address] = path
	k.notOurs(path, address, "an agent")
}

// notOurs checks that mail to somebody does not come back to the helpdesk itself.
func (k *checker) notOurs(path, address, who string) {
	if ours, is := k.ours[address]; is {
		k.fail(path, "%s: %q is the helpdesk's own address (line %d); mail to %s would come back as a report; write the person's own address",
			key(path), address, k.at.line(ours), who)
	}
}

// teams checks the teams, makes the one that there is where none is named, and fills in their members.
func (k *checker) teams(agents []string) {
	if len(k.Teams) == 0 {
		k.Teams = []Team{{Name: defaultTeam, Assign: "round-robin", Members: k.membersOf(defaultTeam, true)}}
		return
	}
	seen := map[string]bool{}
	for i := range k.Teams {
		t, path := &k.Teams[i], item("team", i)
		switch {
		case t.Name == "":
			k.fail(path, "[[team]] without a name")
		case strings.ContainsAny(t.Name, " \t@#,;"):
			k.fail(join(path, "name"), "name: %q must be one word without blanks, @ or #: agents write it after #assign", t.Name)
		case seen[lower(t.Name)]:
			k.fail(join(path, "name"), "name: a team %q is there already", t.Name)
		}
		seen[lower(t.Name)] = true
		if t.Assign == "" {
			t.Assign = "round-robin"
		}
		k.oneOf(join(path, "assign"), t.Assign, "round-robin", "manual")
		if t.Lead != "" {
			t.Lead = k.address(join(path, "lead"), t.Lead)
			k.notOurs(join(path, "lead"), t.Lead, "a lead")
		}
		k.members(path, t, agents)
	}
}

func (k *checker) members(path string, t *Team, agents []string) {
	if !k.at.has(join(path, "members")) {
		t.Members = k.membersOf(t.Name, len(k.Teams) == 1)
		if len(t.Members) == 0 {
			k.fail(path, "team %q has no members: name them under members, or write team = %q at an [[agent]]", t.Name, t.Name)
		}
		return
	}
	if len(t.Members) == 0 {
		k.fail(join(path, "members"), "members of team %q is empty: its tickets would reach nobody", t.Name)
	}
	for i := range t.Members {
		at := item(join(path, "members"), i)
		m := k.address(at, t.Members[i])
		t.Members[i] = m
		k.notOurs(at, m, "a team")
		if !slices.Contains(agents, m) {
			mend := "write an [[agent]] with this address"
			if n := nearest(m, agents); n != "" {
				mend = "do you mean " + n + "?"
			}
			k.fail(at, "members: %q is no agent: %s", m, mend)
		}
		if slices.Contains(t.Members[:i], m) {
			k.fail(at, "members: %q stands there twice", m)
		}
	}
}

// membersOf lists the agents that name a team, and those that name none where it is the only one.
func (k *checker) membersOf(team string, only bool) []string {
	var out []string
	for _, a := range k.AgentList {
		if a.Address != "" && (a.Team == team || (only && a.Team == "")) {
			out = append(out, a.Address)
		}
	}
	return out
}

func (k *checker) teamNames() []string {
	var names []string
	for _, t := range k.Teams {
		names = append(names, t.Name)
	}
	return names
}

func (k *checker) unknownTeam(path, name string, known []string) {
	mend := "write [[team]] with this name; there is " + strings.Join(known, ", ")
	if n := nearest(name, known); n != "" {
		mend = "do you mean " + n + "?"
	}
	k.fail(path, "team: there is no team %q: %s", name, mend)
}

func (k *checker) escalation() {
	e := &k.Escalation
	for i, level := range e.Chain {
		at := item("escalation.chain", i)
		k.oneOf(at, level, "lead", "manager")
		if slices.Contains(e.Chain[:i], level) {
			k.fail(at, "chain: %q stands there twice", level)
		}
	}
	if e.Manager != "" {
		e.Manager = k.address("escalation.manager", e.Manager)
		k.notOurs("escalation.manager", e.Manager, "the manager")
	}
	if k.at.has("escalation.repeat") {
		k.within("escalation.repeat", e.Repeat, longest)
	}
	if e.Digest.Duration != 0 { // none: each warning is a mail of its own
		k.within("escalation.digest", e.Digest, longest)
	}
	if k.Loops.PerAddressHour < 1 {
		k.fail("loops.per_address_hour", "per_address_hour must be at least 1; it is %d", k.Loops.PerAddressHour)
	}
}
