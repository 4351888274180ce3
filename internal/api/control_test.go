package api

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"helpost/internal/store"
	"helpost/internal/store/storetest"
	"helpost/smtpd"
)

// ways are the two in which a verb reaches a server: they must not differ.
func ways(t *testing.T, w *world) map[string]*Client {
	c := Dial(w.running(t))
	t.Cleanup(c.Close)
	return map[string]*Client{"socket": c, "in process": InProcess(w.Control())}
}

func TestQueueVerbs(t *testing.T) {
	for _, way := range []string{"socket", "in process"} {
		w := newWorld(t)
		many := storetest.Mail(1, storetest.Reporter(1), storetest.At(60), []byte("x"), []byte("y"))
		for len(many.Outbox) < 600 { // more than a page
			many.Outbox = append(many.Outbox, many.Outbox[0])
		}
		w.commit(t, many)
		c := ways(t, w)[way]
		ctx := context.Background()
		list := func() (all []QueueRow) {
			for r, err := range c.Queue(ctx) {
				if err != nil {
					t.Fatalf("%s: %v", way, err)
				}
				all = append(all, r)
			}
			return all
		}
		all := list()
		if len(all) != 600 || all[0].ID == 0 || *all[0].Ticket != "IT-000001" || all[0].To != "desk@company.com" || all[0].Class != "answer" || all[599].Class != "routine" || all[599].To != "person1@company.com" || all[599].ID <= all[0].ID {
			t.Fatalf("%s: %d rows, %+v", way, len(all), all[0])
		}
		if err := c.Drop(ctx, all[0].ID); err != nil {
			t.Errorf("%s: drop: %v", way, err)
		}
		if err := c.Drop(ctx, all[0].ID); !IsUnknown(err) {
			t.Errorf("%s: drop again: %v", way, err)
		}
		if n, err := c.Retry(ctx, all[5].ID, all[6].ID); n != 2 || err != nil {
			t.Errorf("%s: retry two: %d, %v", way, n, err)
		}
		if _, err := c.Retry(ctx, all[5].ID, all[0].ID); !IsUnknown(err) {
			t.Errorf("%s: retry an unknown one: %v", way, err)
		}
		if n, err := c.Retry(ctx); n != 599 || err != nil {
			t.Errorf("%s: retry all: %d, %v", way, n, err)
		}
		for _, r := range list() {
			if r.ID == all[0].ID || !r.NextTry.Equal(storetest.Start) {
				t.Fatalf("%s: afterwards %+v", way, r)
			}
		}
	}
}

func TestQuarantineVerbs(t *testing.T) {
	w := newWorld(t)
	w.commit(t, store.Change{Quarantine: []store.Quarantined{
		{ID: "q1", At: storetest.Start, From: "a@luar.example", Rcpt: "helpdesk@company.com", Subject: "satu", Reason: "may not report", Size: 3, RawMail: []byte("one")},
		{ID: "q2", At: storetest.Start, From: "b@luar.example", Rcpt: "helpdesk@company.com", Subject: "dua", Reason: "may not report", Size: 3, RawMail: []byte("two")},
	}})
	c := ways(t, w)["socket"]
	subjects := func() (all []string) {
		for r, err := range c.Quarantine(context.Background()) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, r.ID+" "+r.Subject+" "+r.To)
		}
		return all
	}
	if got := fmt.Sprint(subjects()); got != "[q1 satu helpdesk@company.com q2 dua helpdesk@company.com]" {
		t.Errorf("%s", got)
	}
	if became, err := c.Release(context.Background(), "q1"); became != "IT-000043" || err != nil {
		t.Errorf("release: %q, %v", became, err)
	}
	if _, err := c.Release(context.Background(), "q1"); !IsUnknown(err) {
		t.Errorf("release again: %v", err)
	}
	if got := fmt.Sprint(subjects()); got != "[q2 dua helpdesk@company.com]" {
		t.Errorf("afterwards %s", got)
	}
}

func TestTake(t *testing.T) {
	w := newWorld(t)
	for way, c := range ways(t, w) {
		w.desk.mails, w.desk.fails = nil, nil
		became, err := c.Take(context.Background(), "rina@company.com", []string{"helpdesk@company.com", "helpdesk+x@company.com"}, strings.NewReader("From rina Mon Jan 12\nSubject: x\n\nsatu\rdua\r\n.\ntiga"))
		if became != "IT-000042" || err != nil || len(w.desk.mails) != 1 {
			t.Fatalf("%s: %q, %v", way, became, err)
		}
		m := w.desk.mails[0]
		if string(m.Data) != "Subject: x\r\n\r\nsatu\r\ndua\r\n.\r\ntiga\r\n" || m.From != "rina@company.com" || len(m.Rcpt) != 2 || m.Peer.IsValid() || m.Received.IsZero() {
			t.Errorf("%s: %+v %q", way, m, m.Data)
		}
		for name, try := range map[string]struct {
			to        []string
			mail      string
			fails     error
			status    int
			temporary bool
		}{
			"foreign recipient": {[]string{"helpdesk@company.com", "x@luar.example"}, "x", nil, 403, false},
			"no recipient":      {nil, "x", nil, 400, false},
			"nothing":           {[]string{"helpdesk@company.com"}, " \n", nil, 422, false},
			"too large":         {[]string{"helpdesk@company.com"}, strings.Repeat("x", 1<<20+1), nil, 413, false},
			"too many lines":    {[]string{"helpdesk@company.com"}, strings.Repeat("\n", 1<<20-10) + "x", nil, 413, false},
			"refused":           {[]string{"helpdesk@company.com"}, "x", &smtpd.Error{Kind: smtpd.Refused, Text: "you may not report"}, 403, false},
			"later":             {[]string{"helpdesk@company.com"}, "x", &smtpd.Error{Kind: smtpd.Temporary, Text: "later"}, 503, true},
			"disk full":         {[]string{"helpdesk@company.com"}, "x", fmt.Errorf("commit: %w", store.ErrFull), 507, true},
			"a fault":           {[]string{"helpdesk@company.com"}, "x", errors.New("secret detail"), 500, true},
		} {
			w.desk.fails = try.fails
			_, err := c.Take(context.Background(), "rina@company.com", try.to, strings.NewReader(try.mail))
			var p *Problem
			if !errors.As(err, &p) || p.Status != try.status || p.Temporary() != try.temporary || strings.Contains(p.Detail, "secret") {
				t.Errorf("%s, %s: %#v", way, name, err)
			}
		}
	}
}

func TestTicketsByTheVerbs(t *testing.T) {
	w := newWorld(t)
	w.reports(t, 1, 60) // more than a page
	for way, c := range ways(t, w) {
		var ids []string
		for s, err := range c.Tickets(context.Background(), store.Filter{}) {
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, s.ID)
		}
		if len(ids) != 60 || ids[0] != "IT-000060" || ids[59] != "IT-000001" {
			t.Errorf("%s: %v", way, ids)
		}
		k, err := c.Ticket(context.Background(), "IT-000007")
		if err != nil {
			t.Fatal(err)
		}
		shown, err := marshal(k)
		if api := strings.TrimSpace(w.ask("GET", "/api/v1/tickets/IT-000007").Body.String()); err != nil || string(shown) != api {
			t.Errorf("%s: the verb's object is not the API's:\n%s\n%s", way, shown, api)
		}
		if _, err := c.Ticket(context.Background(), "IT-999999"); !IsUnknown(err) || !strings.Contains(err.Error(), "IT-999999") {
			t.Errorf("%s: an unknown ticket: %v", way, err)
		}
		if _, err := c.Ticket(context.Background(), "../../control/policy"); !IsUnknown(err) {
			t.Errorf("%s: a path: %v", way, err)
		}
		var out bytes.Buffer
		if err := WriteJSON(&out, c.Export(context.Background(), store.Filter{Reporter: "person9@company.com"})); err != nil {
			t.Fatal(err)
		}
		var all []Ticket
		if err := json.Unmarshal(out.Bytes(), &all); err != nil || len(all) != 1 || len(all[0].Events) != 3 {
			t.Errorf("%s: export: %v %s", way, err, out.Bytes())
		}
	}
}

func TestExports(t *testing.T) {
	k, messages, log := whole(t)
	k.Subject = "=HYPERLINK(\"http://luar.example\")\r\n\x00"
	k.Reporter.Name = " \t@SUM(1)"
	v, err := View("IT", k, messages, log)
	if err != nil {
		t.Fatal(err)
	}
	some := func(yield func(Ticket, error) bool) {
		for range 2 {
			if !yield(v, nil) {
				return
			}
		}
	}
	none := func(func(Ticket, error) bool) {}
	broken := func(yield func(Ticket, error) bool) { yield(Ticket{}, errors.New("broken")) }
	var out bytes.Buffer
	if err := WriteCSV(&out, some); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(lines) != 3 || lines[0][0] != "id" || lines[1][0] != "IT-000123" {
		t.Fatalf("%v %v", lines, err)
	}
	for i, name := range lines[0] {
		got := lines[1][i]
		if strings.ContainsAny(strings.TrimLeft(got, " ")+" ", "\r\n\x00\t") || got != "" && strings.ContainsRune("=+-@", rune(strings.TrimLeft(got+"x", " ")[0])) {
			t.Errorf("%s is %q", name, got)
		}
	}
	out.Reset()
	if err := WriteJSON(&out, none); err != nil || strings.Join(strings.Fields(out.String()), "") != "[]" {
		t.Errorf("none: %q %v", out.String(), err)
	}
	out.Reset()
	if err := WriteJSON(&out, some); err != nil || !json.Valid(out.Bytes()) {
		t.Errorf("some: %v %s", err, out.Bytes())
	}
	if WriteJSON(&out, broken) == nil || WriteCSV(&out, broken) == nil {
		t.Error("a broken list is no error")
	}
}

func TestControlSocketIsItsOwnersAlone(t *testing.T) {
	w := newWorld(t)
	socket := w.running(t)
	info, err := os.Stat(socket)
	if err != nil || info.Mode().Perm() != 0o600 || info.Mode()&fs.ModeSocket == 0 {
		t.Fatalf("%v %v", info.Mode(), err)
	}
	left, err := os.ReadDir(filepath.Dir(socket))
	if err != nil || len(left) != 1 {
		t.Errorf("beside the socket: %v %v", left, err)
	}
	if up, err := Dial(socket).Running(context.Background()); !up || err != nil {
		t.Errorf("running: %v %v", up, err)
	}
	if _, err := ListenControl(socket); err == nil {
		t.Error("a second daemon took the socket")
	}
	if p, err := Dial(socket).Policy(context.Background()); !IsUnknown(err) {
		t.Errorf("policy: %s %v", p, err)
	}
	w.commit(t, store.Change{Policy: []byte(`{"prefix":"IT"}`)})
	if p, err := Dial(socket).Policy(context.Background()); err != nil || string(p) != `{"prefix":"IT"}` {
		t.Errorf("policy: %s %v", p, err)
	}
}

func TestNobodyAtTheSocket(t *testing.T) {
	dir := t.TempDir()
	gone, stale, file := filepath.Join(dir, "gone"), filepath.Join(dir, "stale"), filepath.Join(dir, "file")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: stale, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close() // as a killed process leaves it
	for _, socket := range []string{gone, stale} {
		if up, err := Dial(socket).Running(context.Background()); up || err != nil {
			t.Errorf("%s: %v %v", socket, up, err)
		}
		if _, err := Dial(socket).Retry(context.Background()); !errors.Is(err, ErrNotRunning) {
			t.Errorf("%s: %v", socket, err)
		}
	}
	c, err := ListenControl(stale)
	if err != nil {
		t.Fatalf("a dead process's socket stands in the way: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(stale); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("closing leaves the socket: %v", err)
	}
	if err := os.WriteFile(file, []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ListenControl(file); err == nil {
		t.Error("a file was replaced")
	}
	if _, err := ListenControl(filepath.Join(dir, strings.Repeat("x", 200))); err == nil {
		t.Error("a path too long for a socket was taken")
	}
}

func TestArgumentsAreReadStrictly(t *testing.T) {
	w := newWorld(t)
	c := InProcess(w.Control())
	var p *Problem
	for name, args := range map[string]any{"unknown field": map[string]any{"IDs": nil, "x": 1}, "wrong type": map[string]any{"IDs": "all"}, "no object": 7} {
		if err := c.post(context.Background(), "queue/retry", args, &counted{}); !errors.As(err, &p) || p.Status != 400 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := c.post(context.Background(), "queue/retry", map[string]any{"IDs": make([]uint64, 1<<19+1)}, &counted{}); !errors.As(err, &p) || p.Status != 413 {
		t.Errorf("too much: %v", err)
	}
	if err := c.get(context.Background(), "/control/queue/list", &queuePage{}); !errors.As(err, &p) || p.Status != 405 {
		t.Errorf("GET: %v", err)
	}
	if err := c.post(context.Background(), "nothing", 1, &counted{}); !IsUnknown(err) {
		t.Errorf("an unknown verb: %v", err)
	}
}

func FuzzLines(f *testing.F) {
	for _, s := range []string{"a\nb", "a\r\nb\r\r\n", "From x\ny", "From x", "", "\r"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got := lines(raw)
		if bytes.ContainsAny(bytes.ReplaceAll(got, []byte("\r\n"), nil), "\r\n") {
			t.Fatalf("%q has a bare line end: %q", raw, got)
		}
		if len(got) > 0 && !bytes.HasSuffix(got, []byte("\r\n")) {
			t.Fatalf("%q does not end a line: %q", raw, got)
		}
		if again := lines(got); !bytes.Equal(again, got) && !bytes.HasPrefix(got, []byte("From ")) {
			t.Fatalf("%q changes twice: %q", raw, again)
		}
	})
}
