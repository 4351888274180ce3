package workflow

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"helpost/internal/sop"
)

// The tables of the SOP are pages too: docs/sop.md shows what the code does.
func TestThePageShowsTheTables(t *testing.T) {
	page, err := os.ReadFile("../docs/sop.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"commands": commandTable(), "letters": letterTable(), "automatic": automaticTable()} {
		_, rest, _ := strings.Cut(string(page), "<!-- "+name+" -->\n")
		shown, _, found := strings.Cut(rest, "<!-- /"+name+" -->")
		if !found || shown != want {
			t.Errorf("docs/sop.md shows another table of %s; it must be\n%s", name, want)
		}
	}
}

func commandTable() string {
	var b strings.Builder
	b.WriteString("| command | can be carried out in | a new ticket becomes open | ends a climb | needs a ticket | takes an argument |\n|---|---|---|---|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(commands)) {
		r := commands[name]
		var in []string
		for _, s := range r.in {
			in = append(in, string(s))
		}
		fmt.Fprintf(&b, "| `#%s` | %s | %s | %s | %s | %s |\n", name, strings.Join(in, ", "), yes(r.acts), yes(r.eases), yes(!r.alone), yes(!r.bare))
	}
	return b.String()
}

func letterTable() string {
	who := map[receiver]string{theWriter: "the writer", theReporter: "the reporter", theCoReporters: "co-reporters", theWatchers: "watchers", theAssignee: "the assignee",
		theAssigneeOrTeam: "the assignee, else the team", theTeam: "the team", theLeadOfP1: "of a P1 the lead", theAgent: "the agent who wrote"}
	goes := map[sop.Sort]string{sop.Public: "the ticket, or the reporter", sop.Internal: "stays inside"}
	var b strings.Builder
	b.WriteString("| kind | to | an answer | counts against the ceiling |\n|---|---|---|---|\n")
	for _, kind := range slices.Sorted(maps.Keys(letters)) {
		l := letters[kind]
		var to []string
		for _, r := range l.to {
			to = append(to, who[r])
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", kind, orElse(strings.Join(to, ", "), "by the case"), orElse(goes[l.answer], "—"), yes(l.ceiling))
	}
	return b.String()
}

func automaticTable() string {
	how := map[treatment]string{dropped: "traced alone", kept: "kept on its ticket in silence", shown: "kept and shown to the desk"}
	var b strings.Builder
	b.WriteString("| automatic mail | on a ticket |\n|---|---|\n")
	for _, a := range slices.Sorted(maps.Keys(automatics)) {
		fmt.Fprintf(&b, "| %s | %s |\n", a, how[automatics[a]])
	}
	return b.String()
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}
