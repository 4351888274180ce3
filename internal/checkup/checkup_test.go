package checkup

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"helpost/internal/config"
	"helpost/internal/setup"
)

var monday = time.Date(2026, 1, 12, 2, 0, 0, 0, time.UTC) // 09:00 in Jakarta

// desk is a configuration in a folder of its own, with a relay that answers.
func desk(t *testing.T, more string) (dir string, load func() *config.Config) {
	t.Helper()
	dir = t.TempDir()
	put(t, dir, "secret", strings.Repeat("s", 40))
	put(t, dir, "helpost.toml", `
[tickets]
secret_file = "secret"
[[mailbox]]
address = "helpdesk@company.com"
[[agent]]
address = "andi@company.com"
[store]
url = "bbolt://data/helpost.db"
[smtp]
hostname = "mx.company.com"
`+more+`
[relay]
address = "`+relayThatAnswers(t)+`"
tls = "none"
`)
	if err := os.Mkdir(filepath.Join(dir, "data"), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir, func() *config.Config {
		t.Helper()
		c, err := config.Load(filepath.Join(dir, "helpost.toml"))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// relayThatAnswers is a mail server that greets and takes EHLO and QUIT.
func relayThatAnswers(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				fmt.Fprint(conn, "220 relay ESMTP\r\n")
				for lines := bufio.NewScanner(conn); lines.Scan(); {
					fmt.Fprint(conn, "250 relay\r\n")
				}
			}()
		}
	}()
	return l.Addr().String()
}

func look(c *config.Config, r Resolver) []Finding {
	return Look(context.Background(), c, Surroundings{Resolver: r, Now: monday})
}

// of gives what was found of one thing.
func of(all []Finding, what string) (level Level, text string) {
	for _, f := range all {
		if f.What == what {
			level, text = max(level, f.Level), text+f.Text+"\n"
		}
	}
	return level, text
}

func expect(t *testing.T, all []Finding, what string, level Level, words ...string) {
	t.Helper()
	got, text := of(all, what)
	if got != level {
		t.Errorf("%s: level %d, want %d: %s", what, got, level, text)
	}
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%s: no %q in %q", what, w, text)
		}
	}
}

func TestAllIsWell(t *testing.T) {
	dir, load := desk(t, "")
	all := look(load(), nil)
	if Worst(all) > Hint {
		t.Errorf("something is wrong: %v", all)
	}
	expect(t, all, "relay", Fine, "answers")
	expect(t, all, "store", Fine, "will be made")
	expect(t, all, "promises", Hint, "P1 runs around the clock", "no [[smtp.trusted_relay]]")
	left, err := os.ReadDir(filepath.Join(dir, "data"))
	if err != nil || len(left) > 0 {
		t.Errorf("looking left %v behind (%v)", left, err)
	}
}

func TestARelayThatIsNotThereIsNamed(t *testing.T) {
	_, load := desk(t, "")
	c := load()
	c.Relay.Address = "127.0.0.1:1"
	all := look(c, nil)
	expect(t, all, "relay", Unreachable, "127.0.0.1:1")
	if Worst(all) != Unreachable {
		t.Errorf("the worst is %d", Worst(all))
	}
}

func TestTheStoreIsLookedAtWithoutTouchingIt(t *testing.T) {
	dir, load := desk(t, "")
	path := filepath.Join(dir, "data", "helpost.db")
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, look(load(), nil), "store", Fine, "in use by a running helpost")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, look(load(), nil), "store", Fine, path)
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("looking changed the store (%v)", err)
	}
	put(t, dir, "data/helpost.db", strings.Repeat("this is no store. ", 1000))
	expect(t, look(load(), nil), "store", Unreachable, path)
	if err := os.RemoveAll(filepath.Join(dir, "data")); err != nil {
		t.Fatal(err)
	}
	expect(t, look(load(), nil), "store", Unreachable, "make the folder")
	expect(t, look(load(), nil), "blobs", Unreachable, "make the folder")
}

func TestABrokenTemplateOrDirectoryIsWrong(t *testing.T) {
	dir, load := desk(t, "[templates]\ndir = \"templates\"\n[directory]\nfile = \"people.csv\"\n")
	if err := os.MkdirAll(filepath.Join(dir, "templates", "id"), 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, dir, "people.csv", "address\nandi@company.com\n")
	expect(t, look(load(), nil), "templates", Fine)
	expect(t, look(load(), nil), "directory", Fine, "1 people")
	put(t, dir, "templates/id/ack.txt", "Halo\n{{ .Ticket.ID \n")
	put(t, dir, "people.csv", "address\nandi\n")
	all := look(load(), nil)
	expect(t, all, "templates", Wrong, "ack.txt")
	expect(t, all, "directory", Wrong, "people.csv:2")
}

// pair writes a certificate that runs out at a time.
func pair(t *testing.T, dir string, end time.Time) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	certificate := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mx.company.com"}, DNSNames: []string{"mx.company.com"}, NotBefore: monday.AddDate(-1, 0, 0), NotAfter: end}
	der, err := x509.CreateCertificate(rand.Reader, certificate, certificate, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	put(t, dir, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
}

func TestTheCertificate(t *testing.T) {
	dir, load := desk(t, "tls_cert = \"cert.pem\"\ntls_key = \"key.pem\"\n")
	pair(t, dir, monday.AddDate(0, 3, 0))
	expect(t, look(load(), nil), "tls", Fine, "valid until 12 April 2026")
	pair(t, dir, monday.AddDate(0, 0, 10))
	expect(t, look(load(), nil), "tls", Hint, "runs out soon, on 22 January 2026")
	pair(t, dir, monday.AddDate(0, 0, -1))
	expect(t, look(load(), nil), "tls", Unreachable, "ran out on 11 January 2026")
	c := load()
	c.SMTP.Hostname = "other.company.com"
	pair(t, dir, monday.AddDate(0, 3, 0))
	expect(t, look(c, nil), "tls", Hint, "is not for hostname other.company.com")
	put(t, dir, "key.pem", "no key")
	expect(t, look(load(), nil), "tls", Wrong, "key.pem")
}

// zone is a resolver in memory.
type zone struct {
	txt map[string][]string
	mx  map[string]string
	err error
}

func (z zone) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	if host, ok := z.mx[name]; ok {
		return []*net.MX{{Host: host, Pref: 10}}, nil
	}
	return nil, z.failure(name)
}

func (z zone) LookupTXT(_ context.Context, name string) ([]string, error) {
	if t, ok := z.txt[name]; ok {
		return t, nil
	}
	return nil, z.failure(name)
}

func (z zone) failure(name string) error {
	if z.err != nil {
		return z.err
	}
	return &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func TestDNSGivesHintsAndNeverFails(t *testing.T) {
	dir, _ := desk(t, "")
	made := filepath.Join(dir, "made")
	key, err := setup.Make(made, "company.com")
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(filepath.Join(made, setup.ConfigFile))
	if err != nil {
		t.Fatal(err)
	}
	records, err := setup.Records("company.com", key)
	if err != nil {
		t.Fatal(err)
	}
	published := zone{txt: map[string][]string{}, mx: map[string]string{"company.com": "helpost.company.com."}}
	for _, r := range records {
		if r.Type == "TXT" { // as DNS gives it: the strings joined
			published.txt[r.Name] = append(published.txt[r.Name], strings.ReplaceAll(strings.Trim(r.Value, `"`), `" "`, ""))
		}
	}
	look := func(r Resolver) []Finding { return dns(context.Background(), c, r) }
	expect(t, look(published), "dns", Fine, "goes to helpost.company.com", "v=spf1", "v=DMARC1", "publishes our key")
	published.txt["helpost._domainkey.company.com"] = []string{"v=DKIM1; k=rsa; p=AAAA"}
	expect(t, look(published), "dns", Hint, "publishes another key")
	expect(t, look(zone{}), "dns", Hint, "company.com has no MX record", "company.com has no SPF record", "_dmarc.company.com has no DMARC record", "helpost._domainkey.company.com has no DKIM record")
	expect(t, look(zone{err: errors.New("network is unreachable")}), "dns", Hint, "DNS did not answer")
}

func TestTheCalendarsAreShownForPeople(t *testing.T) {
	dir, load := desk(t, "")
	text, err := os.ReadFile(filepath.Join(dir, "helpost.toml"))
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, "days.txt", "2026-01-16 Isra Mikraj\n")
	put(t, dir, "helpost.toml", string(text)+`
[sla.P3]
calendar = "kantor"
[[calendar]]
name = "kantor"
hours = { mon = ["08:00-12:00", "13:00-17:00"], tue = ["08:00-17:00"], wed = ["20:00-04:00"], fri = ["08:00-17:00"], sat = ["00:00-24:00"] }
holidays_file = "days.txt"
`)
	var b strings.Builder
	if err := WriteCalendars(&b, load(), monday); err != nil {
		t.Fatal(err)
	}
	want := `
calendar kantor (Asia/Jakarta), the next 14 days:
  Mon 12 Jan  08:00-12:00 13:00-17:00
  Tue 13 Jan  08:00-17:00
  Wed 14 Jan  20:00-24:00
  Thu 15 Jan  00:00-04:00
  Fri 16 Jan  closed (holiday: Isra Mikraj)
  Sat 17 Jan  00:00-24:00
  Sun 18 Jan  closed
  Mon 19 Jan  08:00-12:00 13:00-17:00
  Tue 20 Jan  08:00-17:00
  Wed 21 Jan  20:00-24:00
  Thu 22 Jan  00:00-04:00
  Fri 23 Jan  08:00-17:00
  Sat 24 Jan  00:00-24:00
  Sun 25 Jan  closed

a report on Fri 16 Jan, 17:00 WIB means:
  P1  answered by Fri 16 Jan, 17:15, fixed by Fri 16 Jan, 21:00
  P2  answered by Fri 16 Jan, 18:00, fixed by Sat 17 Jan, 01:00
  P3  answered by Sat 17 Jan, 04:00, fixed by Thu 22 Jan, 03:00
`
	if b.String() != want {
		t.Errorf("it says\n%s\nwant\n%s", b.String(), want)
	}
}

func TestWhatIsPromisedIsWeighed(t *testing.T) {
	_, load := desk(t, "[[smtp.trusted_relay]]\ncidr = [\"10.0.0.0/8\"]\nauthserv_ids = [\"mx.company.com\"]\n[[agent]]\naddress = \"vendor@mitra.example\"\n")
	_, text := of(look(load(), nil), "promises")
	for _, want := range []string{"vendor@mitra.example is not of company.com", "team service-desk has none", "manager is not set"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "trusted_relay]]") {
		t.Errorf("a relay is there, but\n%s", text)
	}
}

func TestFindingsAreWrittenALineEach(t *testing.T) {
	var b strings.Builder
	if err := Write(&b, []Finding{{Fine, "store", "here"}, {Unreachable, "relay", "gone"}}); err != nil {
		t.Fatal(err)
	}
	if want := "ok     store         here\nFAIL   relay         gone\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}

// Hooks are named, and called where that is asked for: what they say counts, and their address is told to nobody.
func TestHooksAreTried(t *testing.T) {
	answer := http.StatusNoContent
	heard := ""
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		heard = string(body)
		w.WriteHeader(answer)
	}))
	defer receiver.Close()
	dir, load := desk(t, "[[hook]]\nurl = \""+receiver.URL+"/geheim\"\non = [\"p1\"]\n")
	all := look(load(), nil)
	expect(t, all, "hook", Fine, "p1", "--hook")
	if _, text := of(all, "promises"); strings.Contains(text, "P1 runs around the clock") || heard != "" {
		t.Errorf("with a hook for p1: %s; it heard %q", text, heard)
	}
	called := func() []Finding { return Look(t.Context(), load(), Surroundings{Now: monday, Call: true}) }
	expect(t, called(), "hook", Fine, "took a test call")
	if !strings.Contains(heard, `"state":"test"`) {
		t.Errorf("it heard %q", heard)
	}
	answer = http.StatusForbidden
	all = called()
	expect(t, all, "hook", Unreachable, "403")
	if _, text := of(all, "hook"); strings.Contains(text, "geheim") {
		t.Errorf("it tells the address: %s", text)
	}
	put(t, dir, "wake", "#!/bin/sh\nexit 7\n")
	if err := os.Chmod(filepath.Join(dir, "wake"), 0o700); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "helpost.toml"))
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, "helpost.toml", string(text)+"[[hook]]\nexec = \"wake\"\non = [\"relay\"]\n")
	expect(t, called(), "hook", Unreachable, "wake did not take", "exit status 7")
}
