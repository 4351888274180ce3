package test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// log is what the program has logged so far.
func (d *desk) log() string {
	d.t.Helper()
	text, err := os.ReadFile(filepath.Join(d.dir, "log"))
	if err != nil {
		d.t.Fatal(err)
	}
	return string(text)
}

// lines are the lines of the log that hold all of these.
func (d *desk) lines(all ...string) (found []string) {
next:
	for line := range strings.Lines(d.log()) {
		for _, one := range all {
			if !strings.Contains(line, one) {
				continue next
			}
		}
		found = append(found, line)
	}
	return found
}

var traceID = regexp.MustCompile(`trace=(\S+)`)

// One id leads from a mail through the log to the notices that it brought, and to what `trace` says of it.
func TestOneIDLeadsThroughTheLog(t *testing.T) {
	d := newDesk(t)
	d.start()
	d.hand("budi@company.com", report("budi@company.com", "yang lain"))
	d.hand("rina@company.com", report("rina@company.com", "yang ini"))
	d.quiet()
	var taken []string
	until(t, "a line of the log that says so", func() bool {
		taken = d.lines("msg=taken", "id=IT-000002")
		return len(taken) == 1 && len(d.lines(`msg="mail sent"`)) >= 4
	})
	id := traceID.FindStringSubmatch(taken[0])
	if id == nil {
		t.Fatalf("no trace in %s", taken[0])
	}
	for _, want := range []string{"msg=mail ", `msg="mail sent"`} {
		if len(d.lines(want, id[0]+" ")) == 0 {
			t.Errorf("no line of %s has %s:\n%s", want, id[0], d.log())
		}
	}
	outcomes := map[string]bool{}
	for _, who := range []string{"rina@company.com", "andi@company.com"} {
		for line := range strings.Lines(d.verb(0, "", "trace", "--json", who).out) {
			var row struct{ Trace, Outcome string }
			if err := json.Unmarshal([]byte(line), &row); err != nil {
				t.Fatal(err)
			}
			if row.Trace == id[1] {
				outcomes[row.Outcome] = true
			}
		}
	}
	if !outcomes["ticket"] || !outcomes["sent"] {
		t.Errorf("trace shows of %s: %v", id[1], outcomes)
	}
}

// Who reads the log can answer nothing in anybody's name, and learns nobody's address.
func TestTheLogTellsNoSecrets(t *testing.T) {
	d := newDesk(t)
	d.start()
	d.lived()
	d.quiet()
	looped := d.relay.mails()[0] // one of ours that comes back
	mid := looped.Header.Get("Message-Id")
	raw := []byte("From: Rina <rina@company.com>\r\nTo: <helpdesk@company.com>\r\nSubject: kembali\r\nMessage-ID: " + mid + "\r\n\r\nx\r\n")
	d.hand("rina@company.com", raw)
	until(t, "a line about the mail that came back", func() bool { return len(d.lines("outcome=dropped", "auto=loop")) == 1 })
	log := d.log()
	for _, m := range d.relay.mails() {
		token, _, found := strings.Cut(strings.Trim(m.Header.Get("Message-Id"), "<>"), ".")
		if !found || len(token) < 26 {
			t.Fatalf("no token in %q", m.Header.Get("Message-Id"))
		}
		if strings.Contains(strings.ToLower(log), token) {
			t.Errorf("the log holds the token of %s", m.Header.Get("X-Helpost-Notice"))
		}
	}
	for _, who := range []string{"rina@", "budi@", "tono@", "andi@", "orang@luar", "printer", "Printer macet"} {
		if strings.Contains(log, who) {
			t.Errorf("the log names %q:\n%s", who, log)
		}
	}
}
