package gateway

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"helpost/internal/blob/dir"
	"helpost/internal/config"
	"helpost/internal/record"
	"helpost/internal/seal"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/internal/store/bolt"
	"helpost/templates"
	"helpost/workflow"
)

// stock is a house with many tickets.
type stock struct {
	*house
	path    string
	open    []sop.Number // oldest first
	dues    []time.Time  // when the open ones are due, in order
	every   int          // one of so many is open
	want    int          // so many are
	made    bool         // it is full: from now on it has a search index, and each commit is flushed
	asked   int
	seen    int // replies so far
	reports int
	heads   []seal.Head // of the records that fill made
}

// newStock makes a house with so many tickets, so many of them open, and reads them into its search index.
func newStock(t testing.TB, all, open int) *stock {
	t.Helper()
	folder := t.TempDir()
	s := &stock{path: filepath.Join(folder, "helpost.db"), want: open}
	s.house = &house{t: t, policy: newPolicy(), now: start, people: people{known: map[string]sop.Person{}}, boxes: []config.Mailbox{{Address: helpdesk, Team: "desk"}}}
	s.policy.PerAddressHour = 1 << 30
	var err error
	if s.blobs, err = dir.Open(filepath.Join(folder, "blobs")); err != nil {
		t.Fatal(err)
	}
	s.opened()
	t.Cleanup(func() { s.store.Close() })
	begin := time.Now()
	s.fill(all)
	made := time.Since(begin)
	s.stop()
	s.made, begin = true, time.Now()
	s.opened()
	for s.store.Unread() > 0 {
		time.Sleep(time.Millisecond)
	}
	s.stop() // writes the index
	s.opened()
	size, _ := os.Stat(s.path)
	t.Logf("%d tickets, %d of them open: %d MB, made in %.0f s; the search index %d MB, made in %.0f s", all, len(s.open), size.Size()>>20, made.Seconds(), s.indexed()>>20, time.Since(begin).Seconds())
	return s
}

// indexed is how many bytes the search index has.
func (s *stock) indexed() (size int64) {
	files, _ := filepath.Glob(filepath.Join(s.path+".search", "*"))
	for _, f := range files {
		if info, err := os.Stat(f); err == nil {
			size += info.Size()
		}
	}
	return size
}

func (s *stock) opened() {
	s.t.Helper()
	o := bolt.Options{NoSync: !s.made}
	if s.made {
		o.Search = s.path + ".search"
	}
	var err error
	if s.store, err = bolt.Open(s.path, o); err != nil {
		s.t.Fatal(err)
	}
	s.faults = &unsteady{Store: s.store}
	if s.g == nil {
		s.build()
		return
	}
	parts := s.g.Parts
	parts.Store = s.faults
	if s.g, err = New(parts); err != nil {
		s.t.Fatal(err)
	}
}

// prototype is the life of a ticket as the rules make it.
type prototype struct {
	ticket workflow.Ticket
	events []workflow.Event
}

func (s *stock) live(inputs ...workflow.Mail) (p prototype) {
	now := s.clock()
	for i := range inputs {
		m := inputs[i]
		m.MailFrom, m.Auto, m.Mailbox, m.Team = m.From.Address, sop.NotAuto, helpdesk, "desk"
		d := s.policy.Decide(workflow.Situation{Ticket: p.ticket, Number: 1}, workflow.Input{Mail: &m}, now.Add(time.Duration(i)*time.Minute))
		for _, draft := range d.Drafts {
			p.ticket = draft.Ticket
			p.events = append(p.events, draft.Events...)
		}
	}
	return p
}

// fill makes all tickets straight into the store: closed ones, and among them the open ones, evenly.
func (s *stock) fill(all int) {
	report := workflow.Mail{Role: sop.RoleStranger, Voice: sop.VoiceNew, Proof: "pass", From: sop.Person{Address: rina, Name: "Rina Wijaya"}, Subject: "Printer macet",
		Report: sop.Report{Department: "Keuangan"}}
	answer := workflow.Mail{Role: sop.RoleAgent, Voice: sop.VoiceObeyed, Sort: sop.Public, Proof: "pass", From: sop.Person{Address: andi}, Text: "Kami cek.", Body: "Kami cek."}
	fixed := answer
	fixed.Commands = []sop.Command{{Name: sop.Resolve}}
	yes := workflow.Mail{Role: sop.RoleReporter, Voice: sop.VoiceFull, Proof: "pass", From: sop.Person{Address: rina}, Text: "YA", Verdict: sop.Confirm}
	closed, open := s.live(report, fixed, yes), s.live(report, answer)
	s.every = all / s.want
	s.commits(all, 500, func(c *store.Change, i int) {
		if n := sop.Number(i + 1); int(n)%s.every == 0 {
			s.put(c, n, open)
		} else {
			s.put(c, n, closed)
		}
	})
	mails := make([]taken, 0, 2*all) // in the order of their keys, else each would touch a page of its own
	for n := range all {
		for i := range messagesOf {
			mails = append(mails, taken{store.MessageKey(messageID(n+1, i)), n + 1, i})
		}
	}
	s.seal()
	slices.SortFunc(mails, func(a, b taken) int { return cmp.Compare(a.key, b.key) })
	s.commits(len(mails), 5000, func(c *store.Change, i int) { mails[i].put(c, s.clock()) })
	s.view(func(v store.Reader) error {
		for n := s.every; n <= all && len(s.open) < s.want; n += s.every {
			t, _, err := v.Ticket(sop.Number(n))
			if err != nil {
				return err
			}
			s.open, s.dues = append(s.open, t.Number), append(s.dues, s.policy.Wake(&t))
		}
		return nil
	})
}

// seal seals the days on which the tickets came, and one more.
func (s *stock) seal() {
	day := time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, heads := range append(slices.Collect(slices.Chunk(s.heads, 20_000)), nil, nil) {
		var last seal.Seal
		s.view(func(v store.Reader) (err error) { last, err = v.LastSeal(); return err })
		made, err := seal.Make(last, day.Format(time.DateOnly), day, heads)
		if err == nil {
			err = s.store.Commit(context.Background(), store.Change{Seal: &store.Seal{Seal: made, List: heads}})
		}
		if err != nil {
			s.t.Fatal(err)
		}
		day = day.AddDate(0, 0, 1)
	}
	s.heads = nil
}

// commits makes many changes of some rows each, and writes them down in their order while the next are made.
func (s *stock) commits(all, each int, put func(*store.Change, int)) {
	changes := make(chan store.Change, 2)
	var wg sync.WaitGroup
	wg.Go(func() {
		for c := range changes {
			if err := s.store.Commit(context.Background(), c); err != nil {
				s.t.Error(err)
			}
		}
	})
	for first := 0; first < all; first += each {
		var c store.Change
		for i := first; i < min(first+each, all); i++ {
			put(&c, i)
		}
		changes <- c
	}
	close(changes)
	wg.Wait()
}

// taken is a mail that made a ticket or joined one.
type taken struct {
	key     string
	n, mail int
}

func messageID(n, i int) string { return fmt.Sprintf("<%d.%d@client.company.com>", n, i) }

func (m taken) put(c *store.Change, at time.Time) {
	id, from := messageID(m.n, m.mail), employee(m.n%employees)
	c.Seen = append(c.Seen, store.Seen{Key: store.SeenKey(id, fmt.Sprintf("%064x", m.n*10+m.mail)), MessageID: id, From: from, Ticket: sop.Number(m.n), Message: m.mail + 1, At: at})
	c.Traces = append(c.Traces, store.Trace{At: at, MessageID: id, From: from, Outcome: "joined", Ticket: sop.Number(m.n)})
}

// put adds a ticket that lived as a prototype did, with its record and messages. Open ones fall due one after another.
func (s *stock) put(c *store.Change, n sop.Number, p prototype) {
	s.t.Helper()
	t := p.ticket
	t.Number, t.Reporter.Address, t.Subject = n, employee(int(n)%employees), subjectOf(n)
	if t.State == workflow.Open {
		t.Resolution.WarnAt = t.Resolution.WarnAt.Add(time.Duration(int(n)/s.every) * time.Second)
	}
	prev := ""
	for _, e := range p.events {
		e.Facts, e.Words = patched(s.t, e.Facts, "number", n), patched(s.t, patched(s.t, e.Words, "reporter", t.Reporter), "subject", t.Subject)
		if e.Seq == p.ticket.Seq {
			e.Facts = patched(s.t, e.Facts, "resolution", t.Resolution, true)
		}
		entry, err := record.Seal(n, e, prev, make([]byte, record.SaltSize))
		if err != nil {
			s.t.Error(err)
		}
		prev = entry.Head()
		c.Entries = append(c.Entries, store.Entry{Number: n, Entry: entry})
		if e.Seq == p.ticket.Seq {
			s.heads = append(s.heads, seal.Head{Number: n, Seq: e.Seq, Hash: sha256.Sum256(entry.Line)})
		}
	}
	c.Tickets = append(c.Tickets, store.Ticket{Ticket: t, Due: s.policy.Wake(&t)})
	for i := range t.Messages {
		m := store.Message{Ticket: n, Seq: i + 1, MessageID: messageID(int(n), i), Direction: store.In, Kind: "report", From: t.Reporter.Address, At: t.CreatedAt, Text: textOf(n, i),
			Raw: store.Ref{Ticket: n, Message: i + 1}}
		m.RawMail = []byte(m.Text)
		m.RawSum = store.SumOf(m.RawMail)
		c.Messages = append(c.Messages, m)
	}
}

// messagesOf is how many messages a closed ticket has.
const messagesOf = 3

// A text is of words as people use them: a few often, most seldom, and some that stand in one ticket alone.
func textOf(n sop.Number, message int) string {
	r := rand.New(rand.NewPCG(uint64(n), uint64(message)))
	often := rand.NewZipf(r, 1.15, 6, 60_000)
	var b strings.Builder
	for range 40 {
		w := often.Uint64()
		fmt.Fprintf(&b, "%s%s%s ", syllables[w%16], syllables[w/16%16], syllables[w/256])
	}
	fmt.Fprintf(&b, "\r\nkode LT-%05d, nomor%d.\r\n", n%50_000, n)
	return b.String()
}

func subjectOf(n sop.Number) string {
	return []string{"Printer macet", "Laptop lambat", "VPN putus", "Layar gelap"}[n%4] + " " + syllables[n%16] + syllables[n/16%16]
}

var syllables = func() (all []string) {
	for _, c := range strings.Fields("b d g j k l m n p r s t w y h c") {
		for _, v := range strings.Fields("a i u e o ang ing un er ai ar is ak it or em") {
			all = append(all, c+v)
		}
	}
	return all
}()

// patched is a change of fields with another value in one that it has, or with always in any case.
func patched(t testing.TB, fields map[string]json.RawMessage, name string, value any, always ...bool) map[string]json.RawMessage {
	if _, has := fields[name]; !has && len(always) == 0 {
		return fields
	}
	raw, err := json.Marshal(value)
	if err != nil {
		t.Error(err)
	}
	out := map[string]json.RawMessage{name: raw}
	for k, v := range fields {
		if k != name {
			out[k] = v
		}
	}
	return out
}

// starts opens the store and wires the gateway, up to its first look at what is due.
// starts starts as a daemon does: templates and words are read, the store is opened, and what is due is looked for.
func (s *stock) starts() {
	if _, err := templates.Load(""); err != nil {
		s.t.Fatal(err)
	}
	s.g = nil
	s.opened()
	s.tick(0)
}

func (s *stock) stop() {
	if err := s.store.Close(); err != nil {
		s.t.Fatal(err)
	}
}

// crash leaves the file as a killed process does, after one more commit.
func (s *stock) crash() {
	s.stop()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), diesWith+"="+s.path)
	if said, err := child.CombinedOutput(); err != nil {
		s.t.Fatalf("%v: %s", err, said)
	}
}

// diesWith names the store with which a child of the tests is to die.
const diesWith = "HELPOST_DIES_WITH"

// die commits something to a store and ends the process without closing it.
func die(path string) {
	db, err := bolt.Open(path, bolt.Options{NoSync: true})
	if err == nil {
		err = db.Commit(context.Background(), store.Change{Traces: []store.Trace{{At: start, From: rina, Outcome: "dropped"}}})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// tick lets the time come at which so many more tickets are due, and does what is.
func (s *stock) tick(due int) {
	if s.asked += due; due > 0 {
		s.mu.Lock()
		s.now = s.dues[min(s.asked, len(s.dues)-1)]
		s.mu.Unlock()
	}
	if _, err := s.g.Tick(context.Background()); err != nil {
		s.t.Fatal(err)
	}
}

// reply lets a reporter answer on an open ticket, the next one from the end.
func (s *stock) reply() {
	s.seen++
	n := s.open[len(s.open)-1-s.seen*7%len(s.open)]
	who := employee(int(n) % employees)
	s.mustTake(letter{from: who, rcpt: []string{"helpdesk+" + s.g.Tokens.Mint(n, who, sop.Public) + "@company.com"}, subject: "Re: [" + n.ID("IT") + "] Printer macet", text: "Masih macet.\r\n"})
}

// list reads the open tickets, so many at least, in pages.
func (s *stock) list(want int) {
	got := 0
	for after := ""; got < want; {
		s.view(func(v store.Reader) error {
			page, next, err := v.List(store.Filter{State: workflow.Open, After: after})
			got, after = got+len(page), next
			return err
		})
		if after == "" {
			break
		}
	}
	if got < want {
		s.t.Fatalf("%d open tickets, want %d", got, want)
	}
}

func (s *stock) counts() {
	s.view(func(v store.Reader) error {
		c, err := v.Counts()
		if c["open"] < s.want {
			s.t.Fatalf("%d are open", c["open"])
		}
		return err
	})
}

func (s *stock) fewest() {
	if _, err := s.g.load(context.Background()); err != nil {
		s.t.Fatal(err)
	}
}

// intake lets somebody report something new.
func (s *stock) intake() {
	s.reports++
	who := employee(s.reports % employees)
	s.mustTake(letter{from: who, subject: "Layar gelap", text: fmt.Sprintf("Nama: Karyawan\r\nDivisi: Keuangan\r\n\r\nLayar gelap sejak pagi, kode LT-%05d. Tidak ada tangkapan layar.\r\n", s.reports)})
}

// search asks for words; so many tickets at least are on the first page.
func (s *stock) search(query string, want int) {
	s.view(func(v store.Reader) error {
		page, _, err := v.List(store.Filter{Query: query})
		if len(page) < want {
			s.t.Fatalf("%q finds %d tickets, want %d", query, len(page), want)
		}
		return err
	})
}

// warm reads what a desk works with, so that it is in memory as it is in service: the open tickets whole.
func (s *stock) warm() {
	for _, n := range s.open {
		s.view(func(v store.Reader) error {
			_, err := v.Log(n)
			if err == nil {
				_, err = v.Messages(n)
			}
			return err
		})
	}
}
