package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"helpost/internal/mailauth"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/workflow"
)

// Desk facts (docs/formats.md): what the desk knows beside its tickets, each JSON under a key.
type (
	// personFact is what somebody once said of himself, and how often he was answered automatically in this hour.
	personFact struct {
		Name       string           `json:"name,omitempty"`
		Department string           `json:"department,omitempty"`
		AssetCode  string           `json:"asset_code,omitempty"`
		Answers    workflow.Answers `json:"answers,omitzero"`
	}
	awayFact struct {
		Until time.Time `json:"until"`
	}
	toldFact struct {
		At time.Time `json:"at"`
	}
	blockFact struct {
		Blocked bool      `json:"blocked"`
		By      string    `json:"by"`
		At      time.Time `json:"at"`
	}
	// monitorFact is the ticket that a machine's report with this subject made.
	monitorFact struct {
		Ticket sop.Number `json:"ticket"`
		At     time.Time  `json:"at"`
	}
)

const awayPrefix = "away/"

func personKey(address string) string { return "person/" + address }
func awayKey(agent string) string     { return awayPrefix + agent }
func toldKey(agent string) string     { return "told/" + agent }
func blockKey(address string) string  { return "blocked/" + address }

// monitorKey is where a machine's ticket is remembered. What came with a proof that fails is remembered apart: a forged alarm
// never draws the true ones to its ticket.
func monitorKey(r Read) string {
	from := r.Sender
	if r.Proof == mailauth.Fail {
		from += "\x00" + string(mailauth.Fail)
	}
	sum := sha256.Sum256([]byte(from + "\x00" + strings.ToLower(r.Said.Subject)))
	return "monitor/" + hex.EncodeToString(sum[:8])
}

// readFact reads a fact into v, which stays as it is where there is none, and gives its version.
func readFact(r store.Reader, key string, v any) (store.Version, error) {
	f, err := r.Fact(key)
	if err != nil || f.Value == nil {
		return f.Version, err
	}
	if err := json.Unmarshal(f.Value, v); err != nil {
		return f.Version, fmt.Errorf("fact %s: %w", key, err)
	}
	return f.Version, nil
}

// factSet collects the facts that one change writes, each once.
type factSet map[string]store.Fact

// put writes a fact that was read in a version. Where it is in the set already the version of then counts: both were made
// of that one.
func (s factSet) put(key string, read store.Version, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("fact %s: %w", key, err)
	}
	if before, ok := s[key]; ok {
		read = before.Version
	}
	s[key] = store.Fact{Key: key, Version: read, Value: raw}
	return nil
}

func (s factSet) list() []store.Fact {
	var all []store.Fact
	for _, key := range slices.Sorted(maps.Keys(s)) {
		all = append(all, s[key])
	}
	return all
}

// desk is what was read of the desk for one decision, with the versions that a change must name.
type desk struct {
	workflow.Desk
	persons  map[string]personFact
	versions map[string]store.Version
}

// readDesk reads what a decision about a mail may need. whose are the addresses whose answers may be counted.
func (g *Gateway) readDesk(r store.Reader, writer string, whose []string) (desk, error) {
	d := desk{persons: map[string]personFact{}, versions: map[string]store.Version{}}
	d.Away, d.Answers = map[string]time.Time{}, map[string]workflow.Answers{}
	away, err := r.Facts(awayPrefix)
	if err != nil {
		return d, err
	}
	for _, f := range away {
		var a awayFact
		d.versions[f.Key] = f.Version
		if f.Value != nil && json.Unmarshal(f.Value, &a) == nil {
			d.Away[strings.TrimPrefix(f.Key, awayPrefix)] = a.Until
		}
	}
	for _, address := range append(whose, writer) {
		var p personFact
		key := personKey(address)
		if d.versions[key], err = readFact(r, key, &p); err != nil {
			return d, err
		}
		d.persons[address], d.Answers[address] = p, p.Answers
	}
	d.Known = g.known(writer)
	said := d.persons[writer]
	d.Known = sop.Person{Address: writer, Name: orWord(said.Name, d.Known.Name), Department: orWord(said.Department, d.Known.Department), AssetCode: orWord(said.AssetCode, d.Known.AssetCode), Lang: d.Known.Lang}
	var told toldFact
	if g.isAgent(writer) {
		if d.versions[toldKey(writer)], err = readFact(r, toldKey(writer), &told); err != nil {
			return d, err
		}
	}
	d.Told = told.At
	d.Person = g.known
	d.MayAsk = g.mayReport
	d.Ours = func(a string) bool { _, _, ours := g.Mailbox(a); return ours }
	return d, nil
}

// follow takes over what a decision before this one does to the desk, where both are of one mail.
func (d *desk) follow(c workflow.DeskChange, writer string) {
	for address, a := range c.Answers {
		p := d.persons[address]
		p.Answers = a
		d.persons[address], d.Answers[address] = p, a
	}
	if c.Known != nil {
		p := d.persons[writer]
		p.Name, p.Department, p.AssetCode = c.Known.Name, c.Known.Department, c.Known.AssetCode
		d.persons[writer] = p
		d.Known.Name, d.Known.Department, d.Known.AssetCode = p.Name, p.Department, p.AssetCode
	}
	maps.Copy(d.Away, c.Away)
	if c.Told != nil {
		d.Told = *c.Told
	}
}

// write puts the facts that a decision changes into a set.
func (d desk) write(s factSet, writer string, c workflow.DeskChange, now time.Time, r func(key string) (store.Version, error)) error {
	changed := map[string]personFact{}
	for address, a := range c.Answers {
		p := d.persons[address]
		p.Answers = a
		changed[address] = p
	}
	if c.Known != nil {
		p, ok := changed[writer]
		if !ok {
			p = d.persons[writer]
		}
		p.Name, p.Department, p.AssetCode = c.Known.Name, c.Known.Department, c.Known.AssetCode
		changed[writer] = p
	}
	for address, p := range changed {
		if err := s.put(personKey(address), d.versions[personKey(address)], p); err != nil {
			return err
		}
	}
	for agent, until := range c.Away {
		if err := s.put(awayKey(agent), d.versions[awayKey(agent)], awayFact{until}); err != nil {
			return err
		}
	}
	if c.Told != nil {
		if err := s.put(toldKey(writer), d.versions[toldKey(writer)], toldFact{*c.Told}); err != nil {
			return err
		}
	}
	for address, blocked := range map[string]bool{c.Block: true, c.Unblock: false} {
		if address == "" {
			continue
		}
		version, err := r(blockKey(address))
		if err != nil {
			return err
		}
		if err := s.put(blockKey(address), version, blockFact{Blocked: blocked, By: writer, At: now}); err != nil {
			return err
		}
	}
	return nil
}
