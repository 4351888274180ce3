package test

import (
	"bytes"
	"errors"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// said is what a verb said.
type said struct{ out, err string }

func (s said) all() string { return s.out + s.err }

// verb runs a verb on the desk's configuration, with some standard input, and checks its exit status.
func (d *desk) verb(want int, in string, args ...string) said {
	d.t.Helper()
	return command(d.t, want, in, append(args, "--config", filepath.Join(d.dir, "helpost.toml"))...)
}

func command(t *testing.T, want int, in string, args ...string) said {
	t.Helper()
	c := exec.Command(binary, args...)
	var out, errOut bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(in), &out, &errOut
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if got := c.ProcessState.ExitCode(); got != want {
		t.Errorf("helpost %s: exit %d, want %d: %s", strings.Join(args, " "), got, want, errOut.String())
	}
	return said{out.String(), errOut.String()}
}

// Usage errors end with 2 and say something; a request for help is none.
func TestUsageErrors(t *testing.T) {
	for _, args := range [][]string{{}, {"ngawur"}, {"serve", "--tidak-ada"}, {"ticket"}, {"ticket", "ngawur"}, {"ticket", "show"}, {"queue"}, {"explain"}, {"trace"}, {"take"}} {
		if got := command(t, 2, "", args...); strings.TrimSpace(got.all()) == "" {
			t.Errorf("helpost %v: not a word", args)
		}
	}
	none := command(t, 2, "").all() + command(t, 0, "", "--help").all()
	for _, verb := range []string{"serve", "demo", "init", "check", "take", "explain", "ticket", "queue", "quarantine", "trace"} {
		if !strings.Contains(none, verb) {
			t.Errorf("%s is not named", verb)
		}
	}
	for _, verb := range []string{"serve", "check", "ticket list"} {
		args := append(strings.Fields(verb), "--config", filepath.Join(t.TempDir(), "tidak-ada.toml"))
		if got := command(t, 2, "", args...); !strings.Contains(got.err, "tidak-ada.toml") {
			t.Errorf("%s: the file is not named: %s", verb, got.err)
		}
	}
	d := newDesk(t)
	d.edit("[relay]", "[relay]\nadress = \"x\"")
	for _, verb := range []string{"serve", "check"} {
		if got := d.verb(2, "", verb); !regexp.MustCompile(`helpost\.toml:\d+`).MatchString(got.all()) || !strings.Contains(got.all(), "adress") {
			t.Errorf("%s does not say where: %s", verb, got.all())
		}
	}
}

// The verbs say the same beside a running daemon and without one.
func TestTheVerbsSayTheSameWithAndWithoutADaemon(t *testing.T) {
	d := newDesk(t)
	d.start()
	d.lived()
	d.quiet()
	ask := func() map[string]string {
		all := map[string]string{}
		for _, args := range []string{
			"ticket list --json", "ticket list --json --state resolved", "ticket list --json --q laporan", "ticket show --json IT-000001", "ticket show IT-000001", "ticket show IT-000003",
			"ticket export", "ticket export --format csv", "queue list --json", "quarantine list --json", "trace --json rina@company.com", "trace --json orang@luar.example", "trace policy",
		} {
			all[args] = d.verb(0, "", strings.Fields(args)...).out
		}
		for _, args := range []string{"ticket show IT-999999", "trace tidak.ada@company.com", "queue drop 999999", "queue drop tidak-ada", "quarantine release tidak-ada"} {
			all[args] = d.verb(1, "", strings.Fields(args)...).err
		}
		return all
	}
	beside := ask()
	if err := d.end(); err != nil {
		t.Fatal(err)
	}
	without := ask()
	for args, want := range beside {
		if got := without[args]; got != want {
			t.Errorf("%s says\n%s\nwithout a daemon, and beside one\n%s", args, got, want)
		}
	}
	for args, word := range map[string]string{
		"ticket list --json": "IT-000003", "ticket show IT-000001": "Saya cek.", "ticket export --format csv": "IT-000002", "quarantine list --json": "orang@luar.example",
		"trace --json orang@luar.example": "quarantined", "ticket show IT-999999": "IT-999999", "trace policy": "polic",
	} {
		if !strings.Contains(without[args], word) {
			t.Errorf("%s does not say %q: %s", args, word, without[args])
		}
	}
}

// take hands a mail to the daemon: 0 taken, 1 refused for good, 75 try again.
func TestTakeExits(t *testing.T) {
	d := newDesk(t)
	mail := string(report("rina@company.com", "lewat pipa"))
	args := func(to string) []string { return []string{"take", "--from", "rina@company.com", "--to", to} }
	d.verb(75, mail, args("helpdesk@company.com")...)
	d.start()
	if got := d.verb(0, mail, args("helpdesk@company.com")...); !strings.Contains(got.out, "IT-000001") {
		t.Errorf("it says %q", got.out)
	}
	d.verb(0, strings.ReplaceAll(string(report("rina@company.com", "baris LF")), "\r\n", "\n"), args("helpdesk@company.com")...)
	d.verb(0, mail, args("helpdesk@company.com")...) // the same mail again
	d.verb(1, mail, args("tidakada@company.com")...)
	d.verb(1, mail, args("helpdesk@luar.example")...)
	if got := d.tickets(); len(got) != 2 {
		t.Errorf("%d tickets", len(got))
	}
	if err := d.end(); err != nil {
		t.Fatal(err)
	}
	d.verb(75, mail, args("helpdesk@company.com")...)
}

// What waits can be listed, dropped and sent, by a verb.
func TestTheQueueVerbs(t *testing.T) {
	d, m := moodyDesk(t)
	d.edit(`retry = "1s"`, `retry = "1h"`)
	d.start()
	d.hand("satu@company.com", report("satu@company.com", "satu"))
	d.hand("dua@company.com", report("dua@company.com", "dua"))
	listed := d.verb(0, "", "queue", "list", "--json").out
	id := ""
	for line := range strings.SplitSeq(strings.TrimSpace(listed), "\n") {
		if strings.Contains(line, "dua@company.com") {
			id = regexp.MustCompile(`"id":(\d+)`).FindStringSubmatch(line)[1]
		}
	}
	if id == "" || strings.Count(listed, "\n") != 4 {
		t.Fatalf("the queue is\n%s", listed)
	}
	d.verb(0, "", "queue", "drop", id)
	d.verb(1, "", "queue", "drop", id)
	m.open(t)
	if got := d.verb(0, "", "queue", "retry"); !strings.Contains(got.out, "3") {
		t.Errorf("it says %q", got.out)
	}
	until(t, "what waited is sent", func() bool {
		return len(m.mails("satu@company.com", "")) == 1 && len(m.mails("andi@company.com", "")) == 2
	})
	if got := m.mails("dua@company.com", ""); len(got) != 0 {
		t.Errorf("what was dropped was sent: %v", got)
	}
}

// A mail that is let out of quarantine is a ticket, by the verb, beside the daemon.
func TestTheQuarantineVerbs(t *testing.T) {
	d := newDesk(t)
	d.start()
	d.hand("orang@luar.example", report("orang@luar.example", "penawaran"))
	id := regexp.MustCompile(`"id":"([^"]+)"`).FindStringSubmatch(d.verb(0, "", "quarantine", "list", "--json").out)
	if id == nil {
		t.Fatal("nothing is in quarantine")
	}
	if got := d.verb(0, "", "quarantine", "release", id[1]); !strings.Contains(got.out, "IT-000001") {
		t.Errorf("it says %q", got.out)
	}
	d.verb(1, "", "quarantine", "release", id[1])
	if got := d.tickets(); len(got) != 1 || got[0].Reporter.Address != "orang@luar.example" {
		t.Errorf("%v", got)
	}
}

// The demonstration plays its story, leaves each mail as a file, and ends.
func TestTheDemoOnce(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	got := command(t, 0, "", "demo", "--once", "--smtp", freeAddress(t), "--http", freeAddress(t), "--data", folder)
	for _, word := range []string{"helpdesk@company.com", "IT-000001 ticket", "missing", "joined", "duplicate", "quarantined", "obeyed", "reply", "error", "suspicious", "resolved", "reopened", "closed", "reminder", "breach", "escalated"} {
		if !strings.Contains(got.out, word) {
			t.Errorf("it does not tell of %q:\n%s", word, got.all())
		}
	}
	mails, err := filepath.Glob(filepath.Join(folder, "mails", "*.eml"))
	if err != nil || len(mails) < 20 {
		t.Fatalf("%d mails were left, %v", len(mails), err)
	}
}
