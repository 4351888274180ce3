package record

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"helpost/internal/sop"
	"helpost/workflow"
)

// chain seals events of a ticket, one after the other.
func chain(t testing.TB, types ...workflow.EventType) []Entry {
	t.Helper()
	var all []Entry
	for i, kind := range types {
		all = add(t, all, workflow.Event{Seq: i + 1, At: time.Date(2026, 1, 12, 2, i, 0, 0, time.UTC), Type: kind, Actor: "rina@company.com", Said: map[string]any{"reason": "lama"}})
	}
	return all
}

func add(t testing.TB, all []Entry, e workflow.Event) []Entry {
	t.Helper()
	prev := ""
	if len(all) > 0 {
		prev = all[len(all)-1].Head()
	}
	entry, err := Seal(7, e, prev, bytes.Repeat([]byte{byte(e.Seq)}, SaltSize))
	if err != nil {
		t.Fatal(err)
	}
	return append(all, entry)
}

// erased is a chain of which the first entry has lost its words and the second has others, as its third one says.
func erased(t testing.TB, kind workflow.EventType, change func(map[string]string)) []Entry {
	t.Helper()
	all := chain(t, workflow.Created, workflow.Assigned)
	other, digest, err := Rewrite(all[1], workflow.Event{Seq: 2, Actor: "andi@company.com"}, bytes.Repeat([]byte{9}, SaltSize))
	if err != nil {
		t.Fatal(err)
	}
	gone, none, err := Rewrite(all[0], workflow.Event{Seq: 1}, nil)
	if err != nil || none != "" || gone.Words != nil || gone.Salt != nil {
		t.Fatalf("%+v, %q, %v", gone, none, err)
	}
	said := map[string]string{"1": none, "2": digest}
	if change != nil {
		change(said)
	}
	all = add(t, all, workflow.Event{Seq: 3, Type: kind, Actor: "helpost", Info: map[string]any{RewrittenKey: said}})
	all[0], all[1] = gone, other
	return all
}

func TestWordsMayChangeWhereALaterEntrySaysSo(t *testing.T) {
	for _, kind := range []workflow.EventType{workflow.ErasedEvent, workflow.ExpiredEvent} {
		all := erased(t, kind, nil)
		if err := Verify(7, all); err != nil {
			t.Error(err)
		}
		if e, err := all[1].Event(); err != nil || e.Actor != "andi@company.com" || e.Said != nil {
			t.Errorf("it reads as %+v, %v", e, err)
		}
	}
}

func TestWhatVerifyFinds(t *testing.T) {
	for says, c := range map[string]struct {
		chain func(t testing.TB) []Entry
		do    func([]Entry) []Entry
		want  string
	}{
		"another ticket's": {do: nil, want: "belongs to ticket 7"},
		"a missing entry":  {do: func(e []Entry) []Entry { return slices.Delete(e, 1, 2) }, want: "entry 2 is missing"},
		"a swap":           {do: func(e []Entry) []Entry { e[0], e[1] = e[1], e[0]; return e }, want: "entry 1 is missing"},
		"a changed line": {do: func(e []Entry) []Entry {
			e[0].Line = bytes.Replace(e[0].Line, []byte("created"), []byte("creatid"), 1)
			return e
		}, want: "entry 2 does not follow"},
		"a line that is none": {do: func(e []Entry) []Entry { e[1].Line = []byte("{"); return e }, want: "entry 2 cannot be read"},
		"changed words": {do: func(e []Entry) []Entry {
			e[1].Words = bytes.Replace(e[1].Words, []byte("lama"), []byte("baru"), 1)
			return e
		}, want: "words of entry 2"},
		"words that went without a word": {do: func(e []Entry) []Entry { e[1].Words, e[1].Salt = nil, nil; return e }, want: "words of entry 2"},
		"words that came back": {chain: func(t testing.TB) []Entry {
			all := erased(t, workflow.ErasedEvent, nil)
			all[0] = chain(t, workflow.Created)[0]
			return all
		}, want: "words of entry 1"},
		"other words than were said": {chain: func(t testing.TB) []Entry {
			return erased(t, workflow.ErasedEvent, func(m map[string]string) { m["2"] = strings.Repeat("0", 64) })
		}, want: "words of entry 2"},
		"an event that may not say so": {chain: func(t testing.TB) []Entry { return erased(t, workflow.Notified, nil) }, want: "words of entry 1"},
		"an entry that rewrote itself": {chain: func(t testing.TB) []Entry {
			return erased(t, workflow.ErasedEvent, func(m map[string]string) { m["3"] = "" })
		}, want: "entry 3 says that it rewrote"},
		"an entry that rewrote none": {chain: func(t testing.TB) []Entry {
			return erased(t, workflow.ErasedEvent, func(m map[string]string) { m["satu"] = "" })
		}, want: "entry 3 says that it rewrote"},
	} {
		built := c.chain
		if built == nil {
			built = func(t testing.TB) []Entry { return chain(t, workflow.Created, workflow.Assigned, workflow.Notified) }
		}
		all, n := built(t), sop.Number(7)
		if err := Verify(7, chain(t, workflow.Created, workflow.Assigned)); err != nil {
			t.Fatal(err)
		}
		if c.do != nil {
			all = c.do(all)
		} else if c.chain == nil {
			n = 8
		}
		err := Verify(n, all)
		if !errors.Is(err, ErrBroken) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", says, err)
		}
	}
}
