package thread

import (
	"slices"

	"helpost/internal/mailauth"
	"helpost/internal/sop"
	"helpost/workflow"
)

// role says who the sender is to the ticket found. Who reported a ticket that went into another is a co-reporter there.
//
// An agent is an agent, but on his own ticket: there the sort of the token decides (contract §5). The internal one speaks
// to the agent, the public one to the reporter, unless he writes commands; without a token he is the reporter.
func (b *binder) role(f finding) Role {
	person := b.person(f.chain)
	if !b.m.IsAgent {
		return person
	}
	own := person == Reporter || person == CoReporter
	asAgent := f.sort == sop.Internal || f.sort == sop.Bouncing || f.sort == sop.Public && b.m.Commands
	if own && !asAgent {
		return person
	}
	return Agent
}

// person says who an address is to the last ticket of a chain, whatever else it is.
func (b *binder) person(chain []workflow.Ticket) Role {
	last := &chain[len(chain)-1]
	if b.from == "" {
		return Stranger
	}
	for i := len(chain) - 1; i >= 0; i-- {
		switch r := b.among(&chain[i]); {
		case r == Reporter && &chain[i] != last:
			return CoReporter
		case r != Stranger:
			return r
		}
	}
	return Stranger
}

// among finds the sender among the people of one ticket.
func (b *binder) among(t *workflow.Ticket) Role {
	// Who was erased left "" behind, which is nobody: not the one whose mail has no sender.
	is := func(address string) bool { return address != "" && mailauth.LowerASCII(address) == b.from }
	switch {
	case is(t.Reporter.Address):
		return Reporter
	case slices.ContainsFunc(t.CoReporters, func(p sop.Person) bool { return is(p.Address) }):
		return CoReporter
	case slices.ContainsFunc(t.Watchers, is):
		return Watcher
	}
	return Stranger
}
