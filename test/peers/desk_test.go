package peers

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// ticket is what helpost's API says of one.
type ticket struct {
	ID, State, Subject string
	Suspicious         bool
	Reporter           struct{ Address, Name, Department string }
	Assignee           *string
	RespondedAt        *string `json:"responded_at"`
	ResolvedAt         *string `json:"resolved_at"`
	Linked             []string
	Messages           []message
	Events             []struct{ Type string }
}

type message struct {
	Direction, From, Kind, Text string
	Marked                      bool
	Attachments                 []struct {
		Filename, SHA256 string
		Size             int
	}
}

// get asks helpost by HTTP. The answer must be 200.
func (w *world) get(path string, into any) error {
	r, err := http.NewRequest(http.MethodGet, "http://"+w.http+path, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, answer.Status)
	}
	if into == nil {
		return nil
	}
	return json.NewDecoder(answer.Body).Decode(into)
}

// ticket asks for a ticket whole.
func (w *world) ticket(t *testing.T, id string) ticket {
	t.Helper()
	var got ticket
	if err := w.get("/api/v1/tickets/"+id, &got); err != nil {
		t.Fatal(err)
	}
	return got
}

// tickets lists the tickets of somebody, or all.
func (w *world) tickets(t *testing.T, reporter string) []ticket {
	t.Helper()
	var page struct{ Tickets []ticket }
	if err := w.get("/api/v1/tickets?limit=500&reporter="+url.QueryEscape(reporter), &page); err != nil {
		t.Fatal(err)
	}
	return page.Tickets
}

// reported waits for the ticket of a reporter with this subject.
func (w *world) reported(t *testing.T, reporter, subject string) ticket {
	t.Helper()
	var found ticket
	eventually(t, "the report "+subject+" is a ticket", func() bool {
		for _, one := range w.tickets(t, reporter) {
			if one.Subject == subject {
				found = one
				return true
			}
		}
		return false
	})
	return w.ticket(t, found.ID)
}

// becomes waits until a ticket is so.
func (w *world) becomes(t *testing.T, id, what string, is func(ticket) bool) ticket {
	t.Helper()
	var got ticket
	eventually(t, id+" "+what, func() bool {
		got = w.ticket(t, id)
		return is(got)
	})
	return got
}

// said finds the words of a ticket that hold a text.
func (got ticket) said(text string) (message, bool) {
	i := slices.IndexFunc(got.Messages, func(m message) bool { return bytes.Contains([]byte(m.Text), []byte(text)) })
	if i < 0 {
		return message{}, false
	}
	return got.Messages[i], true
}

// traced gives what became of a mail, by `helpost trace`.
func (w *world) traced(t *testing.T, of string) []string {
	t.Helper()
	said, err := exec.Command(binary, "trace", "--json", "--config", filepath.Join(w.dir, "helpost", "helpost.toml"), of).Output()
	if err != nil {
		return nil // nothing is known of it yet
	}
	var all []string
	for lines := bufio.NewScanner(bytes.NewReader(said)); lines.Scan(); {
		var row struct{ Outcome string }
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		all = append(all, row.Outcome)
	}
	return all
}

// settled waits until nothing is under way any more: neither in Postfix nor in helpost.
func (w *world) settled(t *testing.T) {
	t.Helper()
	eventually(t, "all mail is delivered", func() bool {
		waiting, err := exec.Command(binary, "queue", "list", "--json", "--config", filepath.Join(w.dir, "helpost", "helpost.toml")).Output()
		if err != nil {
			t.Fatal(err)
		}
		return len(bytes.TrimSpace(waiting)) == 0 && len(w.queue(t)) == 0
	})
}
