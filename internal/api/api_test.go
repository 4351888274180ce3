package api

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/internal/store/storetest"
)

func TestAPINeedsItsToken(t *testing.T) {
	w := newWorld(t)
	w.reports(t, 1, 1)
	for _, path := range []string{"/api/v1/tickets", "/api/v1/tickets/IT-000001", "/api/v1/tickets/IT-999999", "/api/v1/tickets/IT-000001/attachments/ab", "/api/v1/", "/api/", "/api/v1/tickets?after=x"} {
		for _, given := range [][]string{nil, {""}, {"Bearer"}, {"Bearer "}, {"Bearer salah"}, {"Bearer " + apiToken[:len(apiToken)-1]}, {"Bearer " + apiToken + "x"}, {"Basic " + apiToken}, {apiToken}, {"Bearer " + apiToken, "Bearer " + apiToken}} {
			a := w.asking(http.MethodGet, path, given...)
			wantProblem(t, fmt.Sprintf("%s with %q", path, given), a, http.StatusUnauthorized)
			if c := a.Header().Get("WWW-Authenticate"); !strings.HasPrefix(c, `Bearer realm="helpost"`) {
				t.Errorf("%s with %q: challenge %q", path, given, c)
			}
		}
	}
	for _, given := range []string{"Bearer " + apiToken, "bearer " + apiToken, "BEARER  " + apiToken} {
		if a := w.asking(http.MethodGet, "/api/v1/tickets/IT-000001", given); a.Code != http.StatusOK {
			t.Errorf("%q: %d", given, a.Code)
		}
	}
	w.Server = New(Options{Store: w.Store, Prefix: "IT"})
	for _, given := range []string{"Bearer ", "Bearer x", ""} {
		wantProblem(t, "without a configured token", w.asking(http.MethodGet, "/api/v1/tickets", given), http.StatusUnauthorized)
	}
}

func TestErrorsAreProblems(t *testing.T) {
	w := newWorld(t)
	w.reports(t, 1, 2)
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/", 404}, {"GET", "/t/IT-000001", 404}, {"GET", "/desk", 404}, {"POST", "/", 404}, {"GET", "/api/v2", 404}, {"GET", "/control/queue/list", 404}, {"POST", "/control/take", 404},
		{"GET", "/api/v1/tickets/IT-000003", 404}, {"GET", "/api/v1/tickets/HD-000001", 404}, {"GET", "/api/v1/tickets/x", 404}, {"GET", "/api/v1/tickets/", 404}, {"GET", "/api/v1/tickets/IT-000001/x", 404},
		{"GET", "/api/v1/tickets/IT-000001%2f..%2f..", 404}, {"GET", "/t/..%2f..%2fetc%2fpasswd", 404}, {"GET", "/t/" + strings.Repeat("A", 5000), 404},
		{"GET", "/api/v1/tickets?after=nonsense", 400}, {"GET", "/api/v1/tickets?state=asleep", 400}, {"GET", "/api/v1/tickets?limit=0", 400}, {"GET", "/api/v1/tickets?limit=x", 400},
		{"GET", "/api/v1/tickets?q=a&q=b", 400}, {"GET", "/api/v1/tickets?q=" + strings.Repeat("a", 301), 400}, {"GET", "/api/v1/tickets?q=%zz", 400},
		{"POST", "/api/v1/tickets", 405}, {"DELETE", "/api/v1/tickets/IT-000001", 405}, {"PUT", "/healthz", 405}, {"POST", "/metrics", 405},
		{"GET", "/api/v1/tickets/IT-000001/attachments/" + strings.Repeat("a", 64), 404}, {"GET", "/api/v1/tickets/IT-000009/attachments/ab", 404},
	} {
		a := w.ask(c.method, c.path)
		wantProblem(t, c.method+" "+c.path, a, c.status)
		if c.status == 405 && a.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s %s allows %q", c.method, c.path, a.Header().Get("Allow"))
		}
		if a.Header().Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(a.Header().Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("%s %s lacks its headers", c.method, c.path)
		}
	}
}

func listed(t *testing.T, w *world, query string) (ids []string, next string) {
	t.Helper()
	a := w.ask(http.MethodGet, "/api/v1/tickets?"+query)
	var p struct {
		Tickets []map[string]any
		Next    *string
	}
	if err := json.Unmarshal(a.Body.Bytes(), &p); err != nil || a.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", query, a.Code, a.Body)
	}
	if p.Tickets == nil {
		t.Fatalf("%s: tickets is null", query)
	}
	for _, k := range p.Tickets {
		if _, there := k["messages"]; there {
			t.Errorf("%s: a list has messages", query)
		}
		ids = append(ids, k["id"].(string))
	}
	if p.Next != nil {
		next = *p.Next
	}
	return ids, next
}

func TestFiltersNarrowTheList(t *testing.T) {
	w := newWorld(t)
	w.reports(t, 1, 5)
	for query, want := range map[string]int{
		"": 5, "state=new": 5, "state=NEW": 5, "state=closed": 0, "reporter=person2%40company.com": 1, "reporter=PERSON2%40COMPANY.COM": 1, "reporter=x": 0,
		"q=lantai+3": 1, "q=LANTAI+3&state=new": 1, "q=lantai+3&state=closed": 0, "unknown=1": 5, "state=&reporter=&q=&after=": 5,
	} {
		if ids, next := listed(t, w, query); len(ids) != want || next != "" {
			t.Errorf("%q: %v, next %q; want %d", query, ids, next, want)
		}
	}
}

// "next" leads through all tickets, each once, whatever the page's size and whatever comes in meanwhile.
func TestPagesHoldEachTicketOnce(t *testing.T) {
	w := newWorld(t)
	last, round := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		who := fmt.Sprintf("round%d@company.com", round)
		come := func(n int) (ids []string) {
			var c store.Change
			for range n {
				last++
				c.Tickets = append(c.Tickets, storetest.Ticket(sop.Number(last), who, storetest.At(last)))
				ids = append(ids, sop.Number(last).ID("IT"))
			}
			w.commit(t, c)
			return ids
		}
		first := come(rapid.IntRange(0, 12).Draw(rt, "tickets"))
		query := url.Values{"limit": {fmt.Sprint(rapid.IntRange(1, 6).Draw(rt, "limit"))}, "reporter": {who}}
		seen := map[string]int{}
		for pages := 0; ; pages++ {
			ids, next := listed(t, w, query.Encode())
			for _, id := range ids {
				seen[id]++
			}
			if next == "" {
				break
			}
			if pages > 20 {
				rt.Fatalf("no end of pages: %v", seen)
			}
			query.Set("after", next)
			come(rapid.IntRange(0, 2).Draw(rt, "more"))
		}
		for _, id := range first {
			if seen[id] != 1 {
				rt.Fatalf("%s stands there %d times: %v", id, seen[id], seen)
			}
		}
		for id, times := range seen {
			if times != 1 {
				rt.Fatalf("%s stands there %d times", id, times)
			}
		}
	})
}

func TestTicketFromTheStore(t *testing.T) {
	w := newWorld(t)
	w.reports(t, 1, 1)
	a := w.ask(http.MethodGet, "/api/v1/tickets/it-1")
	var k Ticket
	if err := json.Unmarshal(a.Body.Bytes(), &k); err != nil || a.Code != 200 || !strings.HasPrefix(a.Header().Get("Content-Type"), "application/json") {
		t.Fatalf("%d %s %s %v", a.Code, a.Header().Get("Content-Type"), a.Body, err)
	}
	if k.ID != "IT-000001" || k.Reporter.Address != "person1@company.com" || len(k.Messages) != 1 || *k.Messages[0].ID != "<report-1@company.com>" || len(k.Events) != 3 || k.Events[2].Seq != 3 || k.Events[0].Type != "created" {
		t.Errorf("%+v", k)
	}
	if string(k.Events[0].Data["words"]) != `"tinta habis"` {
		t.Errorf("data %v", k.Events[0].Data)
	}
	if h := w.ask(http.MethodHead, "/api/v1/tickets/IT-000001"); h.Code != 200 {
		t.Errorf("HEAD: %d", h.Code)
	}
}

func TestAttachmentsAreDownloads(t *testing.T) {
	w := newWorld(t)
	small, large := []byte("<html><script>alert(1)</script></html>"), bytes.Repeat([]byte("data"), 50_000)
	page := store.Attachment{Filename: "../../etc/laporan \"é\"\r\nX: y.html", ContentType: "text/html", SHA256: strings.Repeat("a1", 32)}
	picture := store.Attachment{Filename: "layar.png", ContentType: "image/png", SHA256: strings.Repeat("b2", 32)}
	w.withFile(t, 1, page, picture, small, large)
	for _, c := range []struct {
		sum, kind, name string
		content         []byte
	}{
		{page.SHA256, "application/octet-stream", "laporan \"é\"\r\nX: y.html", small},
		{strings.ToUpper(picture.SHA256), "image/png", "layar.png", large},
	} {
		a := w.ask(http.MethodGet, "/api/v1/tickets/IT-000001/attachments/"+c.sum)
		h := a.Header()
		how, params, err := mime.ParseMediaType(h.Get("Content-Disposition"))
		if a.Code != 200 || !bytes.Equal(a.Body.Bytes(), c.content) || err != nil || how != "attachment" || params["filename"] != c.name {
			t.Errorf("%s: %d, %d bytes, %q", c.sum, a.Code, a.Body.Len(), h.Get("Content-Disposition"))
		}
		if h.Get("Content-Type") != c.kind || h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") || h.Get("Content-Length") != fmt.Sprint(len(c.content)) {
			t.Errorf("%s: %v", c.sum, h)
		}
		if strings.ContainsAny(h.Get("Content-Disposition"), "\r\n/") {
			t.Errorf("%q", h.Get("Content-Disposition"))
		}
	}
	if a := w.ask(http.MethodHead, "/api/v1/tickets/IT-000001/attachments/"+picture.SHA256); a.Code != 200 || a.Body.Len() != 0 {
		t.Errorf("HEAD: %d, %d bytes", a.Code, a.Body.Len())
	}
	wantProblem(t, "another ticket's file", w.ask(http.MethodGet, "/api/v1/tickets/IT-000002/attachments/"+picture.SHA256), 404)
	for name := range w.blobs.All(context.Background()) {
		if err := w.blobs.Delete(context.Background(), name); err != nil {
			t.Fatal(err)
		}
	}
	wantProblem(t, "a blob that is gone", w.ask(http.MethodGet, "/api/v1/tickets/IT-000001/attachments/"+picture.SHA256), 404)
}

func TestTypesThatABrowserIsTold(t *testing.T) {
	for declared, want := range map[string]string{
		"image/png": "image/png", "IMAGE/PNG; name=x": "image/png", "application/pdf": "application/pdf", "text/plain; charset=iso-8859-1": "text/plain; charset=utf-8",
		"text/html": "application/octet-stream", "image/svg+xml": "application/octet-stream", "application/xhtml+xml": "application/octet-stream", "text/xml": "application/octet-stream", "": "application/octet-stream", "x\r\ny": "application/octet-stream",
	} {
		if got := safeType(declared); got != want {
			t.Errorf("%q: %q", declared, got)
		}
	}
	for name, want := range map[string]string{"": "attachment", "..": "attachment", "a/": "attachment", `C:\tmp\a.txt`: "attachment; filename=a.txt"} {
		if got := disposition(name); got != want {
			t.Errorf("%q: %q", name, got)
		}
	}
}

func TestReadiness(t *testing.T) {
	w := newWorld(t)
	if a := w.asking(http.MethodGet, "/healthz"); a.Code != 200 {
		t.Errorf("healthz: %d", a.Code)
	}
	if a := w.asking(http.MethodGet, "/readyz"); a.Code != 200 || strings.TrimSpace(a.Body.String()) != `{"ready":true,"reasons":[],"alarms":[]}` {
		t.Errorf("readyz: %d %s", a.Code, a.Body)
	}
	w.Checks = []Check{{"relay", func(context.Context) error { return errors.New("not there") }}}
	if a := w.asking(http.MethodGet, "/readyz"); a.Code != 503 || strings.TrimSpace(a.Body.String()) != `{"ready":false,"reasons":["relay: not there"],"alarms":[]}` {
		t.Errorf("readyz: %d %s", a.Code, a.Body)
	}
	w.Checks = nil
	w.Alarms = func() []Alarm {
		return []Alarm{{"silence", time.Date(2026, 1, 12, 2, 0, 0, 0, time.UTC), "no mail comes in"}}
	}
	if a := w.asking(http.MethodGet, "/readyz"); a.Code != 200 || strings.TrimSpace(a.Body.String()) != `{"ready":true,"reasons":[],"alarms":[{"alarm":"silence","since":"2026-01-12T02:00:00Z","text":"no mail comes in"}]}` {
		t.Errorf("readyz with an alarm: %d %s", a.Code, a.Body)
	}
	w.Store.Close()
	if a := w.asking(http.MethodGet, "/readyz"); a.Code != 503 || !strings.Contains(a.Body.String(), "store: ") {
		t.Errorf("readyz without a store: %d %s", a.Code, a.Body)
	}
	if a := w.asking(http.MethodGet, "/healthz"); a.Code != 200 {
		t.Errorf("healthz without a store: %d", a.Code)
	}
	wantProblem(t, "the API without a store", w.ask(http.MethodGet, "/api/v1/tickets"), 503)
}

func TestATestThatHangsIsAnswered(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	err := within(context.Background(), time.Millisecond, func(context.Context) error { <-release; return nil })
	if err == nil {
		t.Error("it waited")
	}
}

func TestMetrics(t *testing.T) {
	w := newWorld(t)
	wantProblem(t, "without metrics", w.asking(http.MethodGet, "/metrics"), http.StatusNotFound)
	counted := map[int]int{}
	w.Counted = func(code int, took time.Duration) {
		if counted[code]++; took <= 0 {
			t.Errorf("a request took %v", took)
		}
	}
	w.Metrics = func(_ context.Context, to io.Writer) error {
		_, err := io.WriteString(to, "helpost_store_up 1\n")
		return err
	}
	w.ask(http.MethodGet, "/nothing")
	a := w.asking(http.MethodGet, "/metrics")
	if a.Code != 200 || a.Header().Get("Content-Type") != "text/plain; version=0.0.4; charset=utf-8" || a.Body.String() != "helpost_store_up 1\n" {
		t.Errorf("%d %q %q", a.Code, a.Header().Get("Content-Type"), a.Body)
	}
	if counted[404] != 1 || counted[200] != 1 {
		t.Errorf("counted are %v", counted)
	}
}

// A request with a body of 60 MB is answered 4xx and cut off, one with an endless header too, and the server goes on.
func TestLargeRequestsAreCutOff(t *testing.T) {
	w := newWorld(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- w.ServePublic(ctx, l) }()
	for name, request := range map[string]struct {
		head   string
		size   int
		status []string
	}{
		"body":   {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 60000000\r\n\r\n", 60_000_000, []string{"404"}},
		"header": {"GET / HTTP/1.1\r\nHost: x\r\nX: ", 60_000_000, []string{"431", "400"}},
	} {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		c.SetDeadline(time.Now().Add(patience))
		answer := make(chan string, 1)
		go func() {
			line, _ := bufio.NewReader(c).ReadString('\n') // a reset may eat the answer
			answer <- line
		}()
		io.WriteString(c, request.head)
		sent, chunk := 0, bytes.Repeat([]byte("a"), 64<<10)
		for sent < request.size {
			n, err := c.Write(chunk)
			sent += n
			if err != nil {
				break
			}
		}
		if sent >= request.size {
			t.Errorf("%s: all of it was taken", name)
		}
		if line := <-answer; line != "" && !slices.ContainsFunc(request.status, func(s string) bool { return strings.Contains(line, " "+s+" ") }) {
			t.Errorf("%s: %q", name, line)
		}
		c.Close()
	}
	a, err := http.Get("http://" + l.Addr().String() + "/healthz")
	if err != nil || a.StatusCode != 200 {
		t.Errorf("afterwards: %v %v", a, err)
	} else {
		a.Body.Close()
	}
	stop()
	if err := <-done; err != nil {
		t.Errorf("serving ended with %v", err)
	}
}

func TestTraceOfWhatCommitsTheStore(t *testing.T) {
	w := newWorld(t)
	w.commit(t, storetest.Mail(1, "rina@company.com", storetest.Start, []byte("x"), []byte("y")))
	c := InProcess(w.Control())
	for _, of := range []string{"<report-1@company.com>", "rina@company.com"} {
		rows, err := c.Trace(context.Background(), of)
		if err != nil || len(rows) != 1 || rows[0].Outcome != "ticket" || *rows[0].Ticket != "IT-000001" {
			t.Errorf("%s: %+v, %v", of, rows, err)
		}
	}
	if _, err := c.Trace(context.Background(), "nobody@company.com"); !IsUnknown(err) {
		t.Errorf("an unknown address: %v", err)
	}
}
