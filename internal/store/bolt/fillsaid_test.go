package bolt

import (
	"reflect"
	"strings"
	"testing"

	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/internal/store/words"
	"helpost/workflow"
)

// What a commit has in hand is what would be read of its ticket, or it says nothing.
func TestWhatANewTicketSaysIsWhatWouldBeRead(t *testing.T) {
	s := openTest(t, file(t), Options{NoSync: true})
	for i, c := range []struct {
		make func(*store.Change)
		says bool
	}{
		{func(*store.Change) {}, true},
		{func(c *store.Change) { c.Messages = nil }, true},
		{func(c *store.Change) {
			c.Messages = append(c.Messages, store.Message{Ticket: c.Tickets[0].Ticket.Number, Seq: 2, Text: "lagi"})
			c.Messages = append(c.Messages, store.Message{Ticket: 1 << 20, Seq: 1, Text: "of another"})
		}, true},
		{func(c *store.Change) { c.Messages[0].Text = "a\xffb" }, false},
		{func(c *store.Change) { c.Messages[0].Seq = 2 }, false},
		{func(c *store.Change) { c.Tickets[0].Ticket.Seq++ }, false},
		{func(c *store.Change) { c.Entries = nil }, false},
	} {
		n := sop.Number(i + 1)
		change, _ := said(n, 1, nil, workflow.Created, "printer macet")
		c.make(&change)
		is := sayingOf(&change, &change.Tickets[0])
		if (is != nil) != c.says {
			t.Errorf("case %d: it says %v", i, is)
		}
		commitTest(t, s, change)
		if is == nil {
			continue
		}
		err := s.view(t.Context(), func(r *reader) error {
			ticket, _, err := r.Ticket(n)
			if err != nil {
				return err
			}
			read, texts, err := r.says(ticket, words.Read{})
			if read != is.Read || !reflect.DeepEqual(texts, is.texts) {
				t.Errorf("case %d: it says %v, but %v %q would be read", i, is, read, texts)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestOfWhatTicketsSayLittleWaits(t *testing.T) {
	f := &filler{changed: map[sop.Number]uint64{}, said: map[sop.Number]*saying{}, wake: make(chan struct{}, 1)}
	long := &saying{texts: []string{strings.Repeat("x", mostSaid/2)}}
	f.hear([]ticketRow{{number: 1, saying: long}, {number: 2, saying: long}, {number: 3, saying: long}})
	if len(f.changed) != 3 || len(f.said) != 2 || f.held != mostSaid {
		t.Errorf("%d are remembered, of %d what they say, %d bytes", len(f.changed), len(f.said), f.held)
	}
	f.hear([]ticketRow{{number: 1}}) // it changed again: it must be read
	if f.said[1] != nil || f.held != mostSaid/2 {
		t.Errorf("%d bytes are held of what they said first", f.held)
	}
}
