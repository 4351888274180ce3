package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"helpost/internal/record"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/workflow"
)

// Summary is a ticket as lists show it (contract §8). What is absent is null, lists never are; times are UTC.
type Summary struct {
	ID          string    `json:"id"`
	State       string    `json:"state"`
	Type        *string   `json:"type"`
	Impact      *string   `json:"impact"`
	Urgency     *string   `json:"urgency"`
	Priority    *string   `json:"priority"`
	PriorityBy  *string   `json:"priority_by"`
	Category    *string   `json:"category"`
	Subject     string    `json:"subject"`
	Lang        string    `json:"lang"`
	Mailbox     string    `json:"mailbox"`
	Reporter    Reporter  `json:"reporter"`
	CoReporters []string  `json:"co_reporters"`
	AssetCode   *string   `json:"asset_code"` // the first of AssetCodes
	AssetCodes  []string  `json:"asset_codes"`
	Assignee    *string   `json:"assignee"`
	Team        *string   `json:"team"`
	Watchers    []string  `json:"watchers"`
	Handling    *Handling `json:"handling"`
	Linked      []string  `json:"linked"`
	MergedInto  *string   `json:"merged_into"`
	Disputes    int       `json:"disputes"`
	Suspicious  bool      `json:"suspicious"`
	Hold        bool      `json:"hold"` // neither age nor an erasure takes anything from it

	CreatedAt          time.Time  `json:"created_at"`
	ResponseDue        *time.Time `json:"response_due"`
	RespondedAt        *time.Time `json:"responded_at"`
	ResponseBreached   bool       `json:"response_breached"`
	ResolutionDue      *time.Time `json:"resolution_due"`
	ResolvedAt         *time.Time `json:"resolved_at"`
	ResolutionBreached bool       `json:"resolution_breached"`
	BreachedByChange   bool       `json:"breached_by_change"` // a target was past already when the priority changed
	ClosedAt           *time.Time `json:"closed_at"`
	PausedUntil        *time.Time `json:"paused_until"`
	EscalationLevel    int        `json:"escalation_level"`
}

// Ticket is a ticket whole (contract §8): the API's object, and that of `ticket show --json` and `ticket export`.
type Ticket struct {
	Summary
	Messages []Message `json:"messages"`
	Events   []Event   `json:"events"`
}

// Reporter is who reported a ticket. The address is "" once the person was erased.
type Reporter struct {
	Address    string  `json:"address"`
	Name       *string `json:"name"`
	Department *string `json:"department"`
}

// Handling is how a ticket is handled, and when.
type Handling struct {
	How  string     `json:"how"` // "remote" or "onsite"
	When *time.Time `json:"when"`
}

// Message is somebody's words on a ticket.
type Message struct {
	ID          *string      `json:"id"` // Message-ID with its brackets
	Direction   string       `json:"direction"`
	From        string       `json:"from"`
	At          time.Time    `json:"at"`
	Kind        string       `json:"kind"`
	Text        string       `json:"text"`
	Marked      bool         `json:"marked"` // its sender is not proven
	Attachments []Attachment `json:"attachments"`
}

// Attachment is a file of a message.
type Attachment struct {
	Filename    string `json:"filename"`
	ContentType string `json:"content_type"`
	Size        int64  `json:"size"`
	SHA256      string `json:"sha256"`
}

// Event is one thing that happened to a ticket.
type Event struct {
	Seq   int                        `json:"seq"`
	At    time.Time                  `json:"at"`
	Actor string                     `json:"actor"` // "" once the person was erased
	Type  string                     `json:"type"`
	Data  map[string]json.RawMessage `json:"data"`
}

// View makes the API's object of a ticket. prefix is that of ticket numbers.
func View(prefix string, t workflow.Ticket, messages []store.Message, log []record.Entry) (Ticket, error) {
	v := Ticket{Summary: Summarise(prefix, t), Messages: make([]Message, len(messages)), Events: make([]Event, len(log))}
	for i, m := range messages {
		v.Messages[i] = viewMessage(m)
	}
	for i, entry := range log {
		e, err := entry.Event()
		if err != nil {
			return Ticket{}, fmt.Errorf("ticket %s: %w", v.ID, err)
		}
		if v.Events[i], err = viewEvent(prefix, e); err != nil {
			return Ticket{}, fmt.Errorf("ticket %s, event %d: %w", v.ID, e.Seq, err)
		}
	}
	return v, nil
}

// Summarise makes what lists show of a ticket.
func Summarise(prefix string, t workflow.Ticket) Summary {
	v := Summary{
		ID: t.Number.ID(prefix), State: string(t.State), Type: orNull(t.Type), Impact: orNull(t.Impact), Urgency: orNull(t.Urgency),
		Priority: orNull(t.Priority), PriorityBy: orNull(t.PriorityBy), Category: orNull(t.Category), Subject: t.Subject,
		Lang: string(t.Lang), Mailbox: t.Mailbox,
		Reporter:    Reporter{t.Reporter.Address, orNull(t.Reporter.Name), orNull(t.Reporter.Department)},
		CoReporters: []string{}, AssetCodes: append([]string{}, t.AssetCodes...), Assignee: orNull(t.Assignee), Team: orNull(t.Team),
		Watchers: append([]string{}, t.Watchers...), Linked: []string{}, Disputes: t.Disputes, Suspicious: t.Suspicious, Hold: t.Hold,
		CreatedAt:   t.CreatedAt.UTC(),
		ResponseDue: timeOrNull(&t.Response.Due), RespondedAt: timeOrNull(t.RespondedAt), ResponseBreached: t.Response.Breached,
		ResolutionDue: timeOrNull(&t.Resolution.Due), ResolvedAt: timeOrNull(t.ResolvedAt), ResolutionBreached: t.Resolution.Breached,
		BreachedByChange: t.Response.ByChange || t.Resolution.ByChange,
		ClosedAt:         timeOrNull(t.ClosedAt), PausedUntil: timeOrNull(t.PausedUntil), EscalationLevel: t.Escalation(),
	}
	if len(t.AssetCodes) > 0 {
		v.AssetCode = &v.AssetCodes[0]
	}
	for _, p := range t.CoReporters {
		v.CoReporters = append(v.CoReporters, p.Address)
	}
	for _, n := range t.Linked {
		v.Linked = append(v.Linked, n.ID(prefix))
	}
	if t.MergedInto != 0 {
		v.MergedInto = orNull(t.MergedInto.ID(prefix))
	}
	if t.Handling != nil {
		v.Handling = &Handling{string(t.Handling.How), timeOrNull(t.Handling.When)}
	}
	return v
}

func viewMessage(m store.Message) Message {
	v := Message{
		Direction: string(m.Direction), From: m.From, At: m.At.UTC(), Kind: m.Kind, Text: m.Text, Marked: m.Marked,
		Attachments: make([]Attachment, len(m.Attachments)),
	}
	if id := store.BareID(m.MessageID); id != "" {
		v.ID = orNull("<" + id + ">")
	}
	for i, a := range m.Attachments {
		v.Attachments[i] = Attachment{a.Filename, a.ContentType, a.Size, a.SHA256}
	}
	return v
}

// viewEvent lays an event's parts together: the fields that it changed, then what else it says. A name that stands twice
// keeps its first meaning, that of the field.
func viewEvent(prefix string, e workflow.Event) (Event, error) {
	v := Event{Seq: e.Seq, At: e.At.UTC(), Actor: e.Actor, Type: string(e.Type), Data: map[string]json.RawMessage{}}
	for _, fields := range []map[string]json.RawMessage{e.Facts, e.Words} {
		for name, raw := range fields {
			if _, there := v.Data[name]; !there {
				v.Data[name] = raw
			}
		}
	}
	for _, facts := range []map[string]any{e.Info, e.Said} {
		for name, value := range facts {
			if _, there := v.Data[name]; there {
				continue
			}
			raw, err := json.Marshal(value)
			if err != nil {
				return v, err
			}
			v.Data[name] = raw
		}
	}
	delete(v.Data, "seq") // it stands beside
	for _, name := range ticketFields {
		if raw, there := v.Data[name]; there {
			v.Data[name] = asIDs(prefix, raw)
		}
	}
	if id, there := v.Data["number"]; there {
		delete(v.Data, "number")
		v.Data["id"] = id
	}
	return v, nil
}

// ticketFields are the names in an event's data under which numbers are tickets'.
var ticketFields = []string{"number", "linked", "merged_into", "into", "from"}

// asIDs writes a ticket's number, or a list of them, as ids. What is neither stays as it is.
func asIDs(prefix string, raw json.RawMessage) json.RawMessage {
	var one sop.Number
	if json.Unmarshal(raw, &one) == nil && !bytes.Equal(raw, []byte("null")) {
		if one == 0 {
			return json.RawMessage("null")
		}
		return text(one.ID(prefix))
	}
	var many []sop.Number
	if json.Unmarshal(raw, &many) != nil {
		return raw
	}
	ids := make([]json.RawMessage, len(many))
	for i, n := range many {
		ids[i] = text(n.ID(prefix))
	}
	list, err := json.Marshal(ids)
	if err != nil { // a list of strings
		return raw
	}
	return list
}

func text(s string) json.RawMessage {
	raw, err := json.Marshal(s)
	if err != nil { // a string can be written
		return json.RawMessage(`""`)
	}
	return raw
}

// ParseID reads a ticket's id in any case of letters: IT-000123, or its number alone.
func ParseID(s, prefix string) (sop.Number, bool) {
	if len(s) > len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) && s[len(prefix)] == '-' {
		s = s[len(prefix)+1:]
	}
	if s == "" || len(s) > 15 {
		return 0, false
	}
	var n sop.Number
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + sop.Number(s[i]-'0')
	}
	return n, n != 0
}

func orNull[T ~string](s T) *string {
	if s == "" {
		return nil
	}
	plain := string(s)
	return &plain
}

func timeOrNull(t *time.Time) *time.Time {
	if t == nil || t.IsZero() {
		return nil
	}
	u := t.UTC()
	return &u
}
