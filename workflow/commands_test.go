package workflow

import (
	"fmt"
	"strings"
	"testing"

	"helpost/internal/sop"
)

func TestAReasonInANoteStaysInside(t *testing.T) {
	for _, row := range []struct {
		name string
		sort sop.Sort
		note bool
		want string
	}{
		{"an answer to the reporter", sop.Public, false, "menunggu vendor"},
		{"an answer to an internal notice", sop.Internal, false, ""},
		{"a note", sop.Public, true, ""},
	} {
		w := newWorld(t)
		n := w.report(Mail{})
		cmds := []sop.Command{command(sop.Pending, "3d menunggu vendor")}
		if row.note {
			cmds = append(cmds, command(sop.Note, ""))
		}
		d := w.write(n, Mail{Role: sop.RoleAgent, Voice: sop.VoiceObeyed, Sort: row.sort, Proof: "pass", From: sop.Person{Address: andi}, Text: "kata", Body: "kata", Commands: cmds})
		expect(t, d, sop.KindPaused, rina)
		for _, notice := range d.Notices {
			if notice.Kind == sop.KindPaused && (notice.Reason != row.want || notice.Words != (row.want != "")) {
				t.Errorf("%s: told %q, words %v", row.name, notice.Reason, notice.Words)
			}
		}
		if w.tickets[n].Wait != "menunggu vendor" {
			t.Errorf("%s: the desk knows %q", row.name, w.tickets[n].Wait)
		}
	}
}

func TestArgumentsThatAreNoWritingAreRefused(t *testing.T) {
	for _, cmd := range []sop.Command{
		command(sop.Category, "\x1b[31mmerah"), command(sop.Category, "a\u202eb"),
		command(sop.Cc, "+x@company\x1b.com"), command(sop.Cc, "+a\u202e@company.com"), command(sop.Cc, "+"+strings.Repeat("a", 400)+"@company.com"),
		command(sop.For, "helpdesk@company.com"), command(sop.For, "a\u2068@company.com"),
	} {
		w := newWorld(t)
		w.desk.Ours = func(a string) bool { return a == "helpdesk@company.com" }
		n := w.report(Mail{})
		d := w.agent(n, andi, "", cmd)
		expect(t, d, sop.KindError, andi)
		if now := w.tickets[n]; now.Category != "" || len(now.Watchers) > 0 || now.Reporter.Address != rina {
			t.Errorf("#%s %q was obeyed", cmd.Name, cmd.Args)
		}
	}
	w := newWorld(t)
	n := w.report(Mail{})
	w.agent(n, andi, "", command(sop.Category, "printer lantai 3"), command(sop.Cc, "+é@mitra.example"))
	if now := w.tickets[n]; now.Category != "printer lantai 3" || len(now.Watchers) != 1 {
		t.Errorf("a proper argument is not taken: %q, %q", now.Category, now.Watchers)
	}
}

func TestWatchersByCommandHaveABound(t *testing.T) {
	w := newWorld(t)
	n := w.report(Mail{})
	var many []sop.Command
	for i := range maxAdded {
		many = append(many, command(sop.Cc, fmt.Sprintf("+u%d@company.com", i)))
	}
	w.agent(n, andi, "", many...)
	if got := len(w.tickets[n].Watchers); got != maxAdded {
		t.Fatalf("%d watch, want %d", got, maxAdded)
	}
	expect(t, w.agent(n, andi, "", command(sop.Cc, "+one.more@company.com")), sop.KindError, andi)
}
