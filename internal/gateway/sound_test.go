package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"helpost/internal/compose"
	"helpost/internal/record"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/workflow"
)

// Words that tests use for what must not get out: of a note, of a stranger, of somebody whose proof failed.
const (
	secret  = "RAHASIAINTERN"
	foreign = "KATAORANGASING"
)

// sound checks what holds for whatever a house keeps, after any test.
func (h *house) sound() {
	h.t.Helper()
	for _, t := range h.tickets() {
		h.soundRecord(t)
		h.soundMessages(t)
		h.soundThreads(t)
	}
	h.soundDue()
	h.soundNotices()
}

// soundRecord: the chain verifies, and the events give the stored ticket.
func (h *house) soundRecord(t workflow.Ticket) {
	h.t.Helper()
	h.view(func(v store.Reader) error {
		entries, err := v.Log(t.Number)
		if err != nil {
			return err
		}
		if err := record.Verify(t.Number, entries); err != nil {
			h.t.Error(err)
		}
		return nil
	})
	folded, err := workflow.FoldAll(h.events(t.Number))
	if err != nil {
		h.t.Error(err)
	}
	if a, b := asJSON(folded), asJSON(t); a != b {
		h.t.Errorf("the events of ticket %d give\n%s\nand stored is\n%s", t.Number, a, b)
	}
}

func asJSON(t workflow.Ticket) string {
	raw, err := json.Marshal(t)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

// soundMessages: every message is there, its raw mail can be read, and each attachment has the bytes that its digest names.
func (h *house) soundMessages(t workflow.Ticket) {
	h.t.Helper()
	all := h.messages(t.Number)
	if len(all) != t.Messages {
		h.t.Errorf("ticket %d has %d messages, and says %d", t.Number, len(all), t.Messages)
	}
	for i, m := range all {
		if m.Seq != i+1 {
			h.t.Errorf("message %d of ticket %d has number %d", i+1, t.Number, m.Seq)
		}
		if raw := h.bytes(m.Raw); len(raw) == 0 {
			h.t.Errorf("message %d of ticket %d has no raw mail", m.Seq, t.Number)
		}
		for _, a := range m.Attachments {
			sum := sha256.Sum256(h.bytes(a.Ref))
			if a.Size > 0 && hex.EncodeToString(sum[:]) != a.SHA256 {
				h.t.Errorf("ticket %d: %q is not what came", t.Number, a.Filename)
			}
		}
	}
}

// soundThreads: what the end of the record gives as somebody's newest mails, and as what he is quoted, is what all of it
// gives.
func (h *house) soundThreads(t workflow.Ticket) {
	h.t.Helper()
	whole := &history{number: t.Number, last: t.Seq, view: func(fn func(store.Reader) error) error { return h.store.View(context.Background(), fn) }}
	events, messages := h.events(t.Number), h.messages(t.Number)
	people := map[string]bool{}
	for _, e := range events {
		for _, to := range append(texts(e.Said["to"]), e.Actor) {
			people[to] = true
		}
	}
	for who := range people {
		if !strings.Contains(who, "@") {
			continue
		}
		want := newest(h.thread(&t, who, events, messages))
		got, err := h.g.threadOf(&t, who, whole, store.Message{})
		if err != nil {
			h.t.Fatal(err)
		}
		if got = newest(got); !slices.Equal(got, want) {
			h.t.Errorf("the newest mails of %s on ticket %d are\n%q, want\n%q", who, t.Number, got, want)
		}
		for _, n := range []workflow.Notice{{To: sop.Person{Address: who}}, {To: sop.Person{Address: who}, Desk: true, Sort: sop.Internal}} {
			want := ""
			for _, m := range slices.Backward(messages) {
				if (n.Desk || visible(m, &t, who)) && strings.TrimSpace(m.Text) != "" {
					want = m.Text
					break
				}
			}
			got := ""
			q, err := h.g.quote(&n, &t, whole, store.Message{})
			if err != nil {
				h.t.Fatal(err)
			}
			if q != nil {
				got = q.Text
			}
			if got != want {
				h.t.Errorf("%s is quoted %q of ticket %d, want %q", who, got, t.Number, want)
			}
		}
	}
}

// thread lists all that somebody sent or got about a ticket, by time.
func (h *house) thread(t *workflow.Ticket, who string, events []workflow.Event, messages []store.Message) (all []string) {
	lost := map[int]bool{}
	for _, e := range events {
		if e.Type == workflow.Undelivered && e.Said["to"] == who {
			lost[lostEvent(e)] = true
		}
	}
	id := h.g.messageIDs(t, who)
	at := map[string]time.Time{}
	add := func(id string, when time.Time) {
		all = append(all, id)
		at[id] = when
	}
	for _, e := range events {
		for place, to := range texts(e.Said["to"]) {
			if kinds := texts(e.Info["notices"]); to == who && e.Type == workflow.Notified && !lost[e.Seq] && !mayBeBundled[sop.Kind(kinds[place])] {
				add(id(sop.Kind(kinds[place]), e.Seq, place, e.At), e.At)
			}
		}
	}
	for _, m := range messages {
		if m.From == who && m.MessageID != "" {
			add(m.MessageID, m.At)
		}
	}
	slices.SortStableFunc(all, func(a, b string) int { return at[a].Compare(at[b]) })
	return all
}

// newest are as many as a notice names.
func newest(ids []string) (all []string) {
	for _, id := range slices.Backward(ids) {
		if len(all) < compose.MaxReferences && compose.MayBeNamed(id) && !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	return all
}

// bytes opens a reference.
func (h *house) bytes(ref store.Ref) (data []byte) {
	h.t.Helper()
	h.view(func(v store.Reader) error {
		r, err := store.OpenRef(context.Background(), v, h.blobs, ref)
		if err != nil {
			return err
		}
		defer r.Close()
		data, err = io.ReadAll(r)
		return err
	})
	return data
}

// soundDue: the index of what is due is what Wake says.
func (h *house) soundDue() {
	h.t.Helper()
	want := map[sop.Number]bool{}
	for _, t := range h.tickets() {
		if at := h.policy.Wake(&t); !at.IsZero() && !at.After(h.clock()) {
			want[t.Number] = true
		}
	}
	var due []sop.Number
	h.view(func(v store.Reader) (err error) { due, err = v.Due(h.clock(), 10000); return err })
	for _, n := range due {
		if !want[n] {
			h.t.Errorf("ticket %d stands in the index of what is due, and is not", n)
		}
	}
	if len(due) != len(want) {
		h.t.Errorf("%d tickets are due, the index has %d", len(want), len(due))
	}
}

var ids = regexp.MustCompile(`<[^<>\s]+>`)

// soundNotices: Message-IDs are unique, no line begins with a command, References name what the receiver sent or got, and
// nothing that is the desk's alone goes to anybody else.
func (h *house) soundNotices() {
	h.t.Helper()
	all := h.sent("", "")
	knows := map[string]map[string]bool{} // who has sent or got which Message-ID
	know := func(who, id string) {
		if knows[who] == nil {
			knows[who] = map[string]bool{}
		}
		knows[who][id] = true
	}
	got := map[string]bool{}
	for _, n := range all {
		if got[n.MessageID] {
			h.t.Errorf("two notices have the Message-ID %s", n.MessageID)
		}
		got[n.MessageID] = true
		know(n.To, n.MessageID)
	}
	for _, n := range h.lost { // before it was known to be
		know(n.To, n.MessageID)
	}
	for _, t := range h.tickets() {
		for _, m := range h.messages(t.Number) {
			know(m.From, m.MessageID)
		}
	}
	for _, n := range all {
		refs := ids.FindAllString(n.header.Get("In-Reply-To")+" "+n.header.Get("References"), -1)
		if len(refs) > 21 {
			h.t.Errorf("%s to %s has %d references", n.Kind, n.To, len(refs))
		}
		for _, id := range refs {
			if !knows[n.To][id] || id == n.MessageID {
				h.t.Errorf("%s to %s names %s, which he has neither sent nor got", n.Kind, n.To, id)
			}
		}
		for line := range strings.SplitSeq(n.text, "\n") {
			if strings.HasPrefix(line, "#") {
				h.t.Errorf("a line of %s to %s begins with #: %q", n.Kind, n.To, line)
			}
		}
		h.soundFor(n)
	}
}

// soundFor: somebody outside the desk reads no agent's address, no note and no stranger's word.
func (h *house) soundFor(n notice) {
	h.t.Helper()
	if h.policy.OnDesk(n.To) {
		return
	}
	var said strings.Builder
	for name, values := range n.header {
		if !slices.Contains([]string{"To"}, name) {
			said.WriteString(strings.Join(values, "\n") + "\n")
		}
	}
	said.WriteString(n.text + n.html)
	for _, data := range n.files {
		said.Write(data)
	}
	for _, a := range h.policy.Agents {
		if strings.Contains(strings.ToLower(said.String()), a.Address) {
			h.t.Errorf("%s to %s holds an agent's address", n.Kind, n.To)
		}
	}
	if strings.Contains(said.String(), secret) {
		h.t.Errorf("%s to %s holds the words of a note:\n%s", n.Kind, n.To, n.text)
	}
	if strings.Contains(said.String(), foreign) {
		h.t.Errorf("%s to %s holds a stranger's words:\n%s", n.Kind, n.To, n.text)
	}
}
