package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// broken are configurations that are refused: at the line with the mark, with these words. A case with no mark has no line
// to blame. What is written comes on top of the smallest configuration, unless it has a mailbox of its own.
var broken = []struct {
	name, text string
	words      []string
}{
	{"an unknown key", "[smtp]\nlistn = [\"0.0.0.0:25\"] # HERE", []string{`"listn"`, "[smtp]", `"listen"`}},
	{"an unknown key in a list", "[[agent]]\naddress = \"a@company.com\"\nnmae = \"A\" # HERE", []string{`"nmae"`, "[[agent]]", `"name"`}},
	{"an unknown section", "[companny] # HERE\nname = \"A\"", []string{"section", `"companny"`, `"company"`}},
	{"an unknown key that resembles nothing", "[smtp]\nzzzzzzzzzz = 1 # HERE", []string{"zzzzzzzzzz", "remove it"}},
	{"a key in another case", "[smtp]\nListen = [] # HERE", []string{`"Listen"`, `"listen"`}},
	{"no TOML", "[smtp]\nlisten = = # HERE", []string{"TOML"}},
	{"a key twice", "[smtp]\nhostname = \"a.example\"\nhostname = \"b.example\" # HERE", []string{"TOML"}},
	{"a bare number for a size", "[smtp]\nmax_message = 25 # HERE", []string{"max_message", "size", "25MB"}},
	{"a bare number for a duration", "[sla.P1]\nresponse = 15 # HERE", []string{"response", "duration", "15m"}},
	{"a duration without a unit", "[sla.P1]\nresponse = \"15\" # HERE", []string{"response", `"15"`}},
	{"a negative duration", "[sla.P1]\nresponse = \"-15m\" # HERE", []string{"response"}},
	{"a duration of nothing", "[validation]\nclose_after = \"0s\" # HERE", []string{"close_after", "between 1s"}},
	{"a target of ten years", "[sla.P2]\nresolution = \"3650d\" # HERE", []string{"resolution", "8784h"}},
	{"a text for a number", "[tickets]\nsecret_file = \"secret\"\nfirst = \"1\" # HERE", []string{"first", "whole number"}},
	{"a number below nothing", "[tickets]\nsecret_file = \"secret\"\nfirst = -1 # HERE", []string{"first"}},
	{"a text for a list", "[smtp]\nlisten = \"0.0.0.0:25\" # HERE", []string{"listen", "list"}},
	{"a number in a list", "[smtp]\nlisten = [25] # HERE", []string{"listen", "text"}},
	{"a section as a list", "[[company]] # HERE\nname = \"A\"", []string{"[company]"}},
	{"a list as a section", "[department] # HERE\nname = \"A\"", []string{"[[department]]"}},
	{"a truth in quotes", "[sla]\ntake_counts = \"yes\" # HERE", []string{"take_counts", "true or false"}},

	{"no mailbox", "[tickets]\nsecret_file = \"secret\"\n[relay]\naddress = \"127.0.0.1:25\"\n[[agent]]\naddress=\"a@company.com\"", []string{"[[mailbox]]"}},
	{"no agent", "[[mailbox]]\naddress = \"helpdesk@company.com\"\n[tickets]\nsecret_file = \"secret\"\n[relay]\naddress = \"127.0.0.1:25\"", []string{"[[agent]]"}},
	{"no relay", "[[mailbox]]\naddress = \"helpdesk@company.com\"\n[tickets]\nsecret_file = \"secret\"\n[[agent]]\naddress=\"a@company.com\"", []string{"[relay] address"}},
	{"no secret", "[[mailbox]]\naddress = \"helpdesk@company.com\"\n[relay]\naddress = \"127.0.0.1:25\"\n[[agent]]\naddress=\"a@company.com\"", []string{"[tickets] secret_file"}},
	{"a secret that is not there", "[tickets]\nsecret_file = \"nowhere\" # HERE", []string{"secret_file", "nowhere", "no such file"}},
	{"a short secret", "[tickets]\nsecret_file = \"short\" # HERE", []string{"line 1", "16"}},
	{"an empty secret", "[tickets]\nsecret_file = \"empty\" # HERE", []string{"empty"}},
	{"a bad prefix", "[tickets]\nsecret_file = \"secret\"\nprefix = \"it-\" # HERE", []string{"prefix", "capital"}},

	{"an address without a domain", "[[mailbox]]\naddress = \"helpdesk\" # HERE", []string{"address", `"helpdesk"`}},
	{"an address with a name", "[[mailbox]]\naddress = \"IT <it@company.com>\" # HERE", []string{"address", "no mail address"}},
	{"a local part too long for a token", "[[mailbox]]\naddress = \"helpdesk-of-the-company1@company.com\" # HERE", []string{"too long", "23"}},
	{"a mailbox twice", "[[mailbox]]\naddress = \"a@company.com\"\n[[mailbox]]\naddress = \"A@company.com\" # HERE", []string{"there already", "line 2"}},
	{"an alias of another", "[[mailbox]]\naddress = \"a@company.com\"\naliases = [\"b@company.com\"]\n[[mailbox]]\naddress = \"b@company.com\" # HERE", []string{"there already", "line 3"}},
	{"two mailboxes that answer at one address", "[[mailbox]]\naddress = \"a@x.com\"\nreply_domain = \"r.com\"\n[[mailbox]]\naddress = \"a@y.com\"\nreply_domain = \"r.com\" # HERE", []string{"a@r.com"}},
	{"an unknown style", "[[mailbox]]\naddress = \"a@company.com\"\nreply_style = \"plsu\" # HERE", []string{"reply_style", `"plus"`}},
	{"an unknown team of a mailbox", "[[mailbox]]\naddress = \"a@company.com\"\nteam = \"servis-desk\" # HERE", []string{"servis-desk", "service-desk"}},
	{"nobody may report", "[company]\ndomains = [] # HERE", []string{"domains"}},
	{"a domain that is none", "[company]\ndomains = [\"company.com\",\n\"@company\"] # HERE", []string{`"@company"`}},
	{"an unknown zone", "[company]\ntimezone = \"Asia/Bandung\" # HERE", []string{"Asia/Bandung"}},
	{"an unknown language", "[company]\nlanguage = \"de\" # HERE", []string{"language", `"id", "en"`}},

	{"an agent who is a mailbox", "[[agent]]\naddress = \"helpdesk@company.com\" # HERE", []string{"own address", "line 2"}},
	{"an agent whose alias is a mailbox", "[[agent]]\naddress = \"b@company.com\"\naliases = [\"Helpdesk@company.com\"] # HERE", []string{"own address"}},
	{"an agent twice", "[[agent]]\naddress = \"b@company.com\"\n[[agent]]\naddress = \"B@Company.com\" # HERE", []string{"agent's already"}},
	{"an agent of no team", "[[agent]]\naddress = \"b@company.com\"\nteam = \"x-team\" # HERE", []string{"x-team", "[[team]]"}},
	{"an agent without an address", "[[agent]] # HERE\nname = \"B\"", []string{"address"}},
	{"a level of nothing", "[[agent]]\naddress = \"b@company.com\"\nlevel = 0 # HERE", []string{"level"}},
	{"a member who is no agent", "[[team]]\nname = \"x\"\nmembers = [\"andi@company.com\",\n \"andy@company.com\"] # HERE", []string{"andy@company.com", "andi@company.com"}},
	{"a team of nobody", "[[team]]\nname = \"x\"\nmembers = [] # HERE", []string{"reach nobody"}},
	{"a team twice", "[[team]]\nname = \"x\"\nmembers = [\"andi@company.com\"]\n[[team]]\nname = \"X\" # HERE\nmembers = [\"andi@company.com\"]", []string{"there already"}},
	{"a team that agents cannot write", "[[team]]\nname = \"x y\" # HERE\nmembers = [\"andi@company.com\"]", []string{"one word"}},
	{"a lead who is the helpdesk", "[[team]]\nname = \"x\"\nmembers = [\"andi@company.com\"]\nlead = \"helpdesk@company.com\" # HERE", []string{"own address"}},
	{"a manager who is the helpdesk", "[escalation]\nmanager = \"helpdesk@company.com\" # HERE", []string{"own address"}},
	{"an unknown level", "[escalation]\nchain = [\"lead\", \"ceo\"] # HERE", []string{"chain", `"manager"`}},
	{"a level twice", "[escalation]\nchain = [\"lead\", \"lead\"] # HERE", []string{"twice"}},
	{"a repeat of nothing", "[escalation]\nrepeat = \"0s\" # HERE", []string{"repeat"}},

	{"a certificate without a key", "[smtp]\ntls_cert = \"secret\" # HERE", []string{"tls_key"}},
	{"a certificate that is not there", "[smtp]\ntls_key = \"secret\"\ntls_cert = \"cert.pem\" # HERE", []string{"cert.pem", "no such file"}},
	{"an address without a port", "[smtp]\nlisten = [\"0.0.0.0\"] # HERE", []string{"listen", "port"}},
	{"a network that is none", "[[smtp.trusted_relay]]\nauthserv_ids = [\"x\"]\ncidr = [\"10.0.0.0/8\",\n\"10.0.0/8\"] # HERE", []string{"10.0.0/8"}},
	{"a network with host bits", "[[smtp.trusted_relay]]\nauthserv_ids = [\"x\"]\ncidr = [\"10.1.2.3/8\"] # HERE", []string{"10.0.0.0/8"}},
	{"a relay that is everybody", "[[smtp.trusted_relay]] # HERE\nauthserv_ids = [\"x\"]", []string{"everybody"}},
	{"a network that is the internet", "[[smtp.trusted_relay]]\nauthserv_ids = [\"x\"]\ncidr = [\"0.0.0.0/0\"] # HERE", []string{"whole internet"}},
	{"results without an id", "[[smtp.trusted_relay]] # HERE\ncidr = [\"10.0.0.0/8\"]", []string{"authserv_ids"}},
	{"Exchange Online without a certificate's name", "[[smtp.trusted_relay]] # HERE\ncidr = [\"10.0.0.0/8\"]\nresults = \"exchange-online\"\ntenant = \"01234567-89ab-cdef-0123-456789abcdef\"", []string{"tls_name"}},
	{"Exchange Online without a tenant", "[[smtp.trusted_relay]]\ncidr = [\"10.0.0.0/8\"]\nresults = \"exchange-online\"\ntls_name = \"x.example\"\ntenant = \"contoh\" # HERE", []string{"tenant"}},
	{"a relay by its certificate at a door without TLS", "[[smtp.trusted_relay]]\nauthserv_ids = [\"x\"]\ntls_name = \"x.example\" # HERE", []string{"tls_cert"}},
	{"own enforcement", "[smtp]\nenforce = true # HERE", []string{"not there yet"}},

	{"a relay without a port", "[relay]\naddress = \"smtp.company.com\" # HERE", []string{"address", "port"}},
	{"a relay's password in the clear", "[relay]\naddress = \"smtp.company.com:25\"\nauth = \"password\"\nusername = \"u\"\npassword_file = \"secret\"\ntls = \"none\" # HERE", []string{"readable"}},
	{"a password without a user", "[relay]\naddress = \"127.0.0.1:25\"\nauth = \"password\" # HERE", []string{"username"}},
	{"xoauth2", "[relay]\naddress = \"127.0.0.1:25\"\nauth = \"xoauth2\" # HERE", []string{"not there yet"}},
	{"a rate of nothing", "[relay]\naddress = \"127.0.0.1:25\"\nrate = \"0/m\" # HERE", []string{"rate"}},
	{"no connection to the relay", "[relay]\naddress = \"127.0.0.1:25\"\nconnections = 0 # HERE", []string{"connections", "between 1 and"}},
	{"an asset pattern that is none", "[tickets]\nsecret_file = \"secret\"\nasset_pattern = \"NB-([0-9]\" # HERE", []string{"asset_pattern", "RE2"}},
	{"a selector without a key", "[relay] # HERE\naddress = \"127.0.0.1:25\"\ndkim_selector = \"x\"", []string{"dkim_key"}},
	{"a DKIM key that is none", "[relay]\naddress = \"127.0.0.1:25\"\ndkim_selector = \"x\"\ndkim_key = \"secret\" # HERE", []string{"private key"}},

	{"PostgreSQL", "[store]\nurl = \"postgres://db/helpost\" # HERE", []string{"postgres://", "not there yet", "bbolt://"}},
	{"S3", "[blobs]\nurl = \"s3://bucket\" # HERE", []string{"s3://", "not there yet", "file://"}},
	{"a store without a scheme", "[store]\nurl = \"/var/lib/x.db\" # HERE", []string{"bbolt://"}},
	{"a long socket", "[control]\nsocket = \"/" + strings.Repeat("x", 120) + "\" # HERE", []string{"107"}},
	{"no directory", "[directory]\nfile = \"nobody.csv\" # HERE", []string{"nobody.csv", "no such file"}},
	{"no templates", "[templates]\ndir = \"secret\" # HERE", []string{"no folder"}},

	{"warned at once", "[sla]\nwarn_at = 0 # HERE", []string{"warn_at", "between 0 and 1"}},
	{"warned never", "[sla]\nwarn_at = 1.0 # HERE", []string{"warn_at"}},
	{"no number at all", "[sla]\nwarn_at = nan # HERE", []string{"warn_at"}},
	{"an unknown calendar", "[sla.P1]\ncalendar = \"kantr\" # HERE\n[[calendar]]\nname = \"kantor\"\nhours = { mon = [\"08:00-17:00\"] }", []string{"kantr", "kantor"}},
	{"an unknown calendar of the validation", "[validation]\ncalendar = \"x\" # HERE", []string{"calendar", "24x7"}},
	{"a calendar that never opens", "[[calendar]] # HERE\nname = \"x\"", []string{"never opens"}},
	{"a calendar called around the clock", "[[calendar]]\nname = \"24x7\" # HERE\nhours = { mon = [\"08:00-17:00\"] }", []string{"24x7"}},
	{"a day that is none", "[[calendar]]\nname = \"x\"\nhours = { mon = [\"08:00-17:00\"],\n tues = [] } # HERE", []string{"tues", "tue"}},
	{"hours that are none", "[[calendar]]\nname = \"x\"\nhours = { mon = [\n\"08:00-12:00\",\n\"8-12\"] } # HERE", []string{`"8-12"`, "08:00-12:00"}},
	{"hours of nothing", "[[calendar]]\nname = \"x\"\nhours = { mon = [\"08:00-08:00\"] } # HERE", []string{"08:00-08:00"}},
	{"an end at 00:00", "[[calendar]]\nname = \"x\"\nhours = { mon = [\"08:00-00:00\"] } # HERE", []string{"24:00"}},
	{"a calendar in no zone", "[[calendar]]\nname = \"x\"\nhours = { mon = [\"08:00-09:00\"] }\ntimezone = \"WIB\" # HERE", []string{"WIB"}},
	{"no holidays", "[[calendar]]\nname = \"x\"\nhours = { mon = [\"08:00-09:00\"] }\nholidays_file = \"nowhere.ics\" # HERE", []string{"nowhere.ics"}},
	{"an unknown priority", "[priority.matrix.company]\nhigh = \"P0\" # HERE", []string{"high", `"P1"`}},
	{"an unknown impact", "[priority.matrix.firm] # HERE\nhigh = \"P1\"", []string{"firm"}},
	{"an empty word", "[priority.words]\ncompany = [\"\"] # HERE", []string{"empty word"}},
	{"a department twice", "[[department]]\nname = \"HR\"\n[[department]]\nname = \"hr\" # HERE", []string{"there already"}},
	{"no answers at all", "[loops]\nper_address_hour = 0 # HERE", []string{"per_address_hour"}},
	{"a base URL without a scheme", "[portal]\nbase_url = \"helpdesk.company.com\" # HERE", []string{"base_url"}},

	{"LMTP", "[lmtp] # HERE\nlisten = \"unix:/run/x\"", []string{"[lmtp]", "not there yet"}},
	{"a scanner", "[clamd] # HERE\naddress = \"unix:/run/x\"", []string{"[clamd]", "not there yet"}},
	{"a hook without a target", "[[hook]] # HERE\non = [\"p1\"]", []string{"[[hook]]", "url", "exec"}},
	{"a hook with two targets", "[[hook]] # HERE\nurl = \"https://x.example\"\nexec = \"secret\"", []string{"one of url and exec"}},
	{"a hook for nothing", "[[hook]]\nurl = \"https://x.example\"\non = [] # HERE", []string{"on is empty"}},
	{"a hook for what is no alarm", "[[hook]]\nurl = \"https://x.example\"\non = [\"breech\"] # HERE", []string{`"breach"`}},
	{"a hook to no web address", "[[hook]]\nurl = \"ftp://x.example/a\" # HERE", []string{"url", "https://"}},
	{"a hook's address with a password", "[[hook]]\nurl = \"https://a:b@x.example/\" # HERE", []string{"url", "password"}},
	{"a hook's program that is not there", "[[hook]]\nexec = \"nowhere\" # HERE", []string{"exec", "no such file"}},
	{"a hook's program that cannot be run", "[[hook]]\nexec = \"secret\" # HERE", []string{"exec", "chmod +x"}},
	{"a hook's program with arguments", "[[hook]]\nexec = \"mail -s x\" # HERE", []string{"exec", "without arguments"}},
	{"a hook's short secret", "[[hook]]\nurl = \"https://x.example\"\nsecret_file = \"short\" # HERE", []string{"secret_file", "16"}},
	{"a hook on a calendar that is not there", "[[hook]]\nurl = \"https://x.example\"\ncalendar = \"office\" # HERE", []string{"calendar", `"office"`}},
	{"a hook for no silence at all", "[[hook]]\nurl = \"https://x.example\"\nsilence_after = \"0s\" # HERE", []string{"silence_after", "between 1s"}},
	{"the same hook twice", "[[hook]]\nurl = \"https://x.example\"\n[[hook]] # HERE\nurl = \"https://x.example\"\non = [\"p1\"]", []string{"calls the same", "one on"}},
	{"profiles for everybody", "[debug]\nlisten = \"0.0.0.0:6060\" # HERE", []string{"from outside", "127.0.0.1:6060"}},
	{"profiles on every address", "[debug]\nlisten = \":6060\" # HERE", []string{"from outside"}},
	{"profiles on a name", "[debug]\nlisten = \"helpost.company.com:6060\" # HERE", []string{"from outside"}},
	{"profiles on no port", "[debug]\nlisten = \"127.0.0.1\" # HERE", []string{"listen", "port"}},
	{"an age of nothing", "[retention]\nclosed_after = \"0s\" # HERE", []string{"closed_after", "between 1s"}},
	{"a retention of no time", "[retention]\nattachments_after = \"never\" # HERE", []string{"attachments_after"}},
}

// complete adds to a broken text the required sections that it has not.
func complete(name, text string) string {
	if strings.HasPrefix(name, "no ") && !strings.Contains(text, "# HERE") {
		return text // it is about the missing one
	}
	for _, part := range []struct{ header, text string }{
		{"[[mailbox]]", "[[mailbox]]\naddress = \"helpdesk@company.com\"\n"},
		{"[tickets]", "[tickets]\nsecret_file = \"secret\"\n"},
		{"[relay]", "[relay]\naddress = \"127.0.0.1:2526\"\n"},
		{"andi@company.com\"\n", "[[agent]]\naddress = \"andi@company.com\"\n"},
	} {
		if !strings.Contains(text+"\n", part.header) || part.header[0] != '[' {
			if strings.HasPrefix(part.header, "[[m") {
				text = part.text + text
			} else {
				text += "\n" + part.text
			}
		}
	}
	return text
}

func TestABrokenConfigurationIsRefusedWithLineAndMend(t *testing.T) {
	for _, b := range broken {
		t.Run(b.name, func(t *testing.T) {
			text := complete(b.name, b.text)
			path := write(t, text)
			put(t, filepath.Join(filepath.Dir(path), "short"), "abc\n")
			put(t, filepath.Join(filepath.Dir(path), "empty"), "\n \n")
			_, err := Load(path)
			var all Errors
			if !errors.As(err, &all) {
				t.Fatalf("it was not refused: %v\n%s", err, text)
			}
			line := 0
			for i, l := range strings.Split(text, "\n") {
				if strings.Contains(l, "# HERE") {
					line = i + 1
				}
			}
			for _, p := range all {
				if p.Line == line && p.File == path && containsAll(p.Text, b.words) {
					return
				}
			}
			t.Errorf("no problem at line %d with %q; there are:\n%v\nin\n%s", line, b.words, err, text)
		})
	}
}

func containsAll(s string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(s, w) {
			return false
		}
	}
	return true
}

func TestAllProblemsAreReportedAtOnceInOrder(t *testing.T) {
	_, err := Load(write(t, least+`[smtp]
listn = ["x"]
max_message = 25
[sla]
warn_at = 2
[relay2]
x = 1
`))
	var all Errors
	if !errors.As(err, &all) || len(all) != 4 {
		t.Fatalf("want four problems, have %v", err)
	}
	for i, line := range []int{10, 11, 13, 14} {
		if all[i].Line != line {
			t.Errorf("problem %d is at line %d, want %d: %s", i, all[i].Line, line, all[i].Text)
		}
	}
	if lines := strings.Split(err.Error(), "\n"); len(lines) != 4 || !strings.Contains(lines[0], "helpost.toml:10: unknown key") {
		t.Errorf("the text is\n%v", err)
	}
}

func TestAHolidayFilesOwnLineIsNamed(t *testing.T) {
	path := write(t, least+"[[calendar]]\nname = \"x\"\nhours = { mon = [\"08:00-09:00\"] }\nholidays_file = \"days.txt\"\n")
	put(t, filepath.Join(filepath.Dir(path), "days.txt"), "# days\n2026-01-01 New Year\n31-12-2026 Eve\n")
	_, err := Load(path)
	if err == nil || !strings.Contains(err.Error(), "days.txt:3: \"31-12-2026\" is no date") {
		t.Errorf("the error is %v", err)
	}
}

// Whatever one byte of a sound file is turned into, it is read or refused with Errors, and never by a panic.
func FuzzLoad(f *testing.F) {
	dir := f.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte(strings.Repeat("s", 40)), 0o600); err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(whole))
	f.Add([]byte(least))
	for _, b := range broken {
		f.Add([]byte(complete(b.name, b.text)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, problems := parse(filepath.Join(dir, "helpost.toml"), data)
		for _, p := range problems {
			if p.Line < 0 || p.Line > 1+strings.Count(string(data), "\n") && p.File == filepath.Join(dir, "helpost.toml") {
				t.Errorf("line %d of %d: %s", p.Line, strings.Count(string(data), "\n"), p.Text)
			}
		}
		if len(problems) == 0 {
			if _, err := c.Policy(); err != nil {
				t.Errorf("a sound configuration gives no policy: %v", err)
			}
		}
	})
}

func TestANearWordIsFound(t *testing.T) {
	for word, want := range map[string]string{"adress": "address", "addres": "address", "adresse": "address", "secretfile": "secret_file", "qqqqqq": "", "lsiten": "listen"} {
		if got := nearest(word, []string{"listen", "address", "secret_file"}); got != want {
			t.Errorf("nearest to %q is %q, want %q", word, got, want)
		}
	}
}

func TestEditsAreADistance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.StringMatching(`[a-d]{0,8}`).Draw(t, "a"), rapid.StringMatching(`[a-d]{0,8}`).Draw(t, "b")
		d := edits(a, b)
		if d != edits(b, a) || (d == 0) != (a == b) || d > max(len(a), len(b)) {
			t.Errorf("edits(%q, %q) = %d, back %d", a, b, d, edits(b, a))
		}
	})
}
