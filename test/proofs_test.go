package test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// whole is a ticket as it is exported.
type whole struct {
	ID, State        string
	ResponseDue      time.Time  `json:"response_due"`
	RespondedAt      *time.Time `json:"responded_at"`
	ResponseBreached bool       `json:"response_breached"`
	Messages         []struct{ ID string }
	Events           []struct {
		Seq  int
		At   time.Time
		Type string
		Data struct {
			Clock   string
			To      []string
			Notices []string
		}
	}
}

// exported gives all tickets whole, beside the running daemon.
func (d *desk) exported() (all []whole) {
	d.t.Helper()
	if err := json.Unmarshal([]byte(d.verb(0, "", "ticket", "export").out), &all); err != nil {
		d.t.Fatal(err)
	}
	return all
}

// provesAll proves after crashes, when all has settled, that nothing was lost and nothing done twice.
func provesAll(t *testing.T, d *desk, l *life) {
	t.Helper()
	taken, sent := l.taken(), d.relay.mails()
	all := d.exported()
	onceKept(t, all, taken)
	onceDue(t, all)
	onRecord(t, all, sent)
	until(t, "every notice that the record names went out", func() bool { return len(unsent(all, d.relay.mails())) == 0 })
	noOrphans(t, d)
	until(t, "every ticket is found by a word", func() bool {
		var page struct{ Tickets []ticket }
		d.get(fmt.Sprintf("/api/v1/tickets?q=laporan&limit=%d", len(all)+1), &page)
		return len(page.Tickets) == len(all)
	})
	if log := d.logged(); strings.Contains(log, "level=ERROR") {
		t.Errorf("an error is in the log: %s", log[strings.Index(log, "level=ERROR"):][:500])
	}
}

// onceKept: every mail that was answered 250 is one message, and so is every other one that is kept.
func onceKept(t *testing.T, all []whole, taken map[string]bool) {
	t.Helper()
	times := map[string]int{}
	for _, one := range all {
		for _, m := range one.Messages {
			times[m.ID]++
		}
	}
	lost, twice := missing(times, taken)
	if len(lost)+len(twice) > 0 {
		t.Errorf("of %d mails answered 250 are lost: %v; kept twice: %v", len(taken), lost, twice)
	}
}

// missing compares how often each Message-ID is kept with what was answered 250.
func missing(times map[string]int, taken map[string]bool) (lost, twice []string) {
	for id := range taken {
		if times[id] == 0 {
			lost = append(lost, id)
		}
	}
	for id, n := range times {
		if n > 1 {
			twice = append(twice, id)
		}
	}
	return lost, twice
}

// dues are what must have happened, or nothing is proven of it.
var dues = []string{"breached response", "reminded", "closed"}

// hasLived says whether all of them have happened. On a machine that is busy that takes longer.
func (d *desk) hasLived() bool {
	happened := map[string]bool{}
	for _, one := range d.exported() {
		for _, e := range one.Events {
			happened[strings.TrimSpace(e.Type+" "+e.Data.Clock)] = true
		}
	}
	return !slices.ContainsFunc(dues, func(what string) bool { return !happened[what] })
}

// onceDue: each warning, breach, reminder and closing that was due is on the record, once.
func onceDue(t *testing.T, all []whole) {
	t.Helper()
	did := map[string]int{}
	for _, one := range all {
		passed := map[string]bool{}
		once := func(what string) {
			if passed[what] {
				t.Errorf("%s: %s twice", one.ID, what)
			}
			passed[what] = true
			did[what]++
		}
		for i, e := range one.Events {
			if e.Seq != i+1 {
				t.Errorf("%s: entry %d where %d should be", one.ID, e.Seq, i+1)
			}
			switch e.Type {
			case "warned", "breached":
				once(e.Type + " " + e.Data.Clock)
			case "reminded", "closed":
				once(e.Type)
			case "resolved", "extended":
				delete(passed, "reminded")
			case "disputed", "reopened":
				delete(passed, "closed")
			}
		}
		late := one.RespondedAt == nil && time.Since(one.ResponseDue) > 5*time.Second || one.RespondedAt != nil && one.RespondedAt.After(one.ResponseDue.Add(5*time.Second))
		if late && !passed["breached response"] {
			t.Errorf("%s: its answer was due at %s, and no breach is on record", one.ID, one.ResponseDue)
		}
		if one.ResponseBreached != passed["breached response"] {
			t.Errorf("%s: breached %t, and on the record %t", one.ID, one.ResponseBreached, passed["breached response"])
		}
	}
	for _, what := range dues {
		if did[what] == 0 {
			t.Errorf("nothing was %s: nothing is proven of it", what)
		}
	}
}

// place is where the record names a notice.
type place struct {
	ticket       string
	event, place int
}

// named are the notices that the record names, each as it must be on the wire but for its token.
func named(all []whole) map[place]notice {
	names := map[place]notice{}
	for _, one := range all {
		for _, e := range one.Events {
			for i, kind := range e.Data.Notices {
				names[place{one.ID, e.Seq, i}] = notice{ticket: one.ID, kind: kind, to: e.Data.To[i], event: e.Seq, place: i, at: e.At.UnixMilli()}
			}
		}
	}
	return names
}

// onRecord: every notice on the wire is the one that the record names, with its Message-ID.
func onRecord(t *testing.T, all []whole, sent []received) {
	t.Helper()
	names := named(all)
	for _, m := range sent {
		n, is := noticeOf(m)
		if !is {
			continue
		}
		want := names[place{n.ticket, n.event, n.place}]
		if want.id = n.id; want != n {
			t.Errorf("on the wire is %+v, and on the record %+v", n, want)
		}
	}
}

// bundled are the kinds that may go out together with others, under a Message-ID of their own.
var bundled = []string{"warning", "breach"}

// unsent lists the notices that the record names and that did not come.
func unsent(all []whole, sent []received) (missing []notice) {
	came := map[place]bool{}
	for _, m := range sent {
		if n, is := noticeOf(m); is {
			came[place{n.ticket, n.event, n.place}] = true
		}
	}
	for at, n := range named(all) {
		if !came[at] && !slices.Contains(bundled, n.kind) {
			missing = append(missing, n)
		}
	}
	return missing
}

// noOrphans: all that was left over went with the sweep, and what is there is named and whole.
func noOrphans(t *testing.T, d *desk) {
	t.Helper()
	said := d.verb(0, "", "verify").out
	number := regexp.MustCompile(`^all holds: .* (\d+) blobs`).FindStringSubmatch(said)
	if number == nil {
		t.Fatalf("verify says %q", said)
	}
	named, _ := strconv.Atoi(number[1])
	files := 0
	err := filepath.WalkDir(filepath.Join(d.store(), "blobs"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			files++
		}
		return err
	})
	if err != nil || files != named || named == 0 {
		t.Errorf("%d blobs are named, and %d files are there, %v", named, files, err)
	}
}

// report says in one line what a test went through.
func (l *life) report(all []whole) string {
	did := map[string]int{}
	for _, one := range all {
		for _, e := range one.Events {
			did[e.Type]++
		}
	}
	return fmt.Sprintf("%d mails taken, %d tickets, %d notices on the wire, events %v", len(l.taken()), len(all), len(l.d.relay.mails()), did)
}
