package meter

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"helpost/internal/alarm"
	"helpost/internal/mailer"
	"helpost/internal/sop"
	"helpost/internal/store/bolt"
	"helpost/internal/store/storetest"
	"helpost/smtpd"
)

// deaf is a Taker that takes nothing.
type deaf struct{}

func (deaf) Rcpt(context.Context, smtpd.Envelope, string) error {
	return &smtpd.Error{Kind: smtpd.Unknown}
}
func (deaf) Take(context.Context, smtpd.Mail) (string, error) { return "", nil }

// sources are parts that know something: a real door and a real store, and a relay and alarms as a test says.
func sources(t *testing.T, m *Meters) (*Sources, *bolt.Store) {
	t.Helper()
	s, err := bolt.Open(filepath.Join(t.TempDir(), "helpost.db"), bolt.Options{NoSync: true, OnCommit: func(c bolt.Commit) { m.Committed(c.Changes, c.Bytes, c.Took, c.Err) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	from := &Sources{
		Store: s, Relay: func() mailer.State { return mailer.State{Failing: true, Sent: 7, Deferred: 3, Connections: 2} },
		Queue:   func(context.Context) (time.Duration, error) { return 90 * time.Second, nil },
		Parsing: func() (int, int) { return 1, 4 },
		Alarms: func() alarm.Counts {
			return alarm.Counts{Standing: map[sop.Alarm]bool{sop.AlarmRelay: true}, Tickets: map[sop.Alarm]int{sop.AlarmP1: 2}, LastMail: time.Unix(1770000000, 0), Free: 1 << 30, Taken: 5, Failed: 1}
		},
	}
	from.Door.Store(smtpd.New(smtpd.Config{}, deaf{}))
	return from, s
}

// samples reads a page: what each line says, and of which families it speaks, with their kinds.
func samples(t *testing.T, m *Meters, from *Sources) (values map[string]string, kinds map[string]string) {
	t.Helper()
	var b strings.Builder
	if err := m.Write(t.Context(), &b, from); err != nil {
		t.Fatal(err)
	}
	values, kinds = map[string]string{}, map[string]string{}
	sample := regexp.MustCompile(`^([a-z][a-z0-9_]*)((?:\{[a-z]+="[^"]*"(?:,[a-z]+="[^"]*")*\})?) (\S+)$`)
	family := ""
	for line := range strings.Lines(b.String()) {
		line = strings.TrimSuffix(line, "\n")
		if text, is := strings.CutPrefix(line, "# HELP "); is {
			family, _, _ = strings.Cut(text, " ")
			continue
		}
		if text, is := strings.CutPrefix(line, "# TYPE "); is {
			name, kind, _ := strings.Cut(text, " ")
			if kinds[name] != "" || name != family {
				t.Errorf("%s stands in two places, or without its meaning", name)
			}
			kinds[name] = kind
			continue
		}
		parts := sample.FindStringSubmatch(line)
		if parts == nil {
			t.Errorf("no sample: %q", line)
			continue
		}
		base := parts[1]
		if kinds[family] == histogram {
			base = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(base, "_bucket"), "_sum"), "_count")
		}
		if base != family || !strings.HasPrefix(base, "helpost_") {
			t.Errorf("%q stands under %s", line, family)
		}
		if _, err := strconv.ParseFloat(parts[3], 64); err != nil {
			t.Errorf("%q: %v", line, err)
		}
		if _, twice := values[parts[1]+parts[2]]; twice {
			t.Errorf("%q comes twice", line)
		}
		values[parts[1]+parts[2]] = parts[3]
	}
	return values, kinds
}

// The page shows every family of the table, from the first moment on, and nothing else; names end as their kind asks
// (https://prometheus.io/docs/practices/naming/).
func TestThePageIsTheTable(t *testing.T) {
	m := New()
	from, _ := sources(t, m)
	_, kinds := samples(t, m, from)
	for _, f := range families {
		if kinds[f.name] != f.kind {
			t.Errorf("%s is %q on the page, %q in the table", f.name, kinds[f.name], f.kind)
		}
		if strings.HasSuffix(f.name, "_total") != (f.kind == counter) {
			t.Errorf("%s: a counter's name ends in _total, and no other one's does", f.name)
		}
		if f.help == "" || !strings.HasSuffix(f.help, ".") || strings.ContainsAny(f.help, "\\\n|") {
			t.Errorf("%s: its meaning is %q", f.name, f.help)
		}
		delete(kinds, f.name)
	}
	if len(kinds) > 0 {
		t.Errorf("on the page there are also %v", kinds)
	}
	p := newPage()
	m.mine(p)
	ofDoor(p, from.Door.Load())
	ofRelay(p, from.Relay())
	ofAlarms(p, from.Alarms())
	ofStore(t.Context(), p, from)
	ofProcess(p, m.began)
	if len(p.unknown) > 0 {
		t.Errorf("in no table: %v", p.unknown)
	}
}

// What is counted comes out, each value in its bucket.
func TestWhatIsCountedComesOut(t *testing.T) {
	m := New()
	from, s := sources(t, m)
	for n := range sop.Number(3) {
		if err := s.Commit(t.Context(), storetest.Mail(n+1, storetest.Reporter(int(n)+1), storetest.At(60), []byte("Subject: x\r\n\r\nisi\r\n"), []byte("Subject: y\r\n\r\n"))); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range []time.Duration{0, 3 * ms, 5 * ms, 5*ms + 1, 400 * ms, time.Hour, -time.Second} {
		m.Data.Took(d)
	}
	m.Batch.Count(3)
	m.Mails.Inc("ticket")
	m.Mails.Inc("never heard of")
	m.Answered(404, 30*ms)
	m.Answered(-1, 0)
	m.Committed(1, 100, time.Second, errors.New("disk"))
	got, _ := samples(t, m, from)
	for name, want := range map[string]string{
		`helpost_smtp_data_duration_seconds_bucket{le="0.001"}`: "2", `helpost_smtp_data_duration_seconds_bucket{le="0.005"}`: "4", `helpost_smtp_data_duration_seconds_bucket{le="0.01"}`: "5",
		`helpost_smtp_data_duration_seconds_bucket{le="0.5"}`: "6", `helpost_smtp_data_duration_seconds_bucket{le="60"}`: "6", `helpost_smtp_data_duration_seconds_bucket{le="+Inf"}`: "7",
		"helpost_smtp_data_duration_seconds_count": "7", "helpost_smtp_data_duration_seconds_sum": "3600.413000001",
		`helpost_mails_total{outcome="ticket"}`: "1", `helpost_mails_total{outcome="other"}`: "1", `helpost_mails_total{outcome="joined"}`: "0",
		`helpost_http_requests_total{code="404"}`: "1", `helpost_http_requests_total{code="200"}`: "0", "helpost_http_request_duration_seconds_count": "2",
		"helpost_commit_failures_total": "1", "helpost_tickets": "3", `helpost_tickets_in_state{state="new"}`: "3", `helpost_tickets_in_state{state="closed"}`: "0",
		"helpost_outbox_mails": "6", "helpost_outbox_oldest_seconds": "90", "helpost_store_up": "1", "helpost_relay_up": "0", `helpost_relay_mails_total{outcome="sent"}`: "7",
		`helpost_alarm_standing{alarm="relay"}`: "1", `helpost_alarm_standing{alarm="p1"}`: "0", `helpost_alarm_tickets{alarm="p1"}`: "2", `helpost_hook_calls_total{outcome="taken"}`: "5",
		"helpost_mail_last_timestamp_seconds": "1.77e+09", "helpost_smtp_connections_limit": "1000", `helpost_smtp_refused_total{class="5xx",reason="no_mailbox"}`: "0", "helpost_parse_limit": "4",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	if overdue, err := strconv.ParseFloat(got["helpost_overdue_seconds"], 64); err != nil || overdue <= 0 {
		t.Errorf("overdue: %v, %v", overdue, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	got, _ = samples(t, m, from)
	if _, there := got["helpost_tickets"]; there || got["helpost_store_up"] != "0" {
		t.Errorf("without a store it counts on: %v", got)
	}
}

// Many count at once, and nothing is lost.
func TestManyCountAtOnce(t *testing.T) {
	h := newSizes(1, 2, 3)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 1000 {
				h.Count(i % 5)
			}
		})
	}
	all.Wait()
	p := newPage()
	p.histogram("helpost_commit_batch_changes", h)
	want := []string{`{le="1"} 3200`, `{le="2"} 4800`, `{le="3"} 6400`, `{le="+Inf"} 8000`}
	for i, w := range want {
		if got := p.samples["helpost_commit_batch_changes"][i]; got != "helpost_commit_batch_changes_bucket"+w {
			t.Errorf("%q, want %s", got, w)
		}
	}
}

func TestLabelsAreEscaped(t *testing.T) {
	p := newPage()
	p.set("helpost_tickets_in_state", 1, "state", "a\"b\\c\nd")
	if got := p.samples["helpost_tickets_in_state"][0]; got != `helpost_tickets_in_state{state="a\"b\\c\nd"} 1` {
		t.Error(got)
	}
}

// documented reads the table of docs/monitoring.md: each metric with its kind and its meaning.
func documented(t *testing.T) (page string, all [][3]string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/monitoring.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `(helpost_[a-z0-9_]+)` \\| ([a-z]+) \\| (.*) \\|$").FindAllStringSubmatch(string(text), -1) {
		all = append(all, [3]string{m[1], m[2], m[3]})
	}
	return string(text), all
}

func TestThePageInTheDocsIsTheTable(t *testing.T) {
	_, all := documented(t)
	var want [][3]string
	for _, f := range families {
		want = append(want, [3]string{f.name, f.kind, f.help})
	}
	if !slices.Equal(all, want) {
		var b strings.Builder
		for _, f := range families {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.name, f.kind, f.help)
		}
		t.Errorf("the table in docs/monitoring.md is another one; it must be\n%s", b.String())
	}
}

// The rules for alerts ask for what the page has: its metrics, and the values of its labels.
func TestTheAlertRulesAskForWhatThereIs(t *testing.T) {
	m := New()
	from, _ := sources(t, m)
	values, kinds := samples(t, m, from)
	rules, err := os.ReadFile("../../docs/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	metric := regexp.MustCompile(`helpost_[a-z0-9_]+(\{[^}]*\})?`)
	names := map[string]bool{}
	for _, rule := range strings.Split(string(rules), "- alert: ")[1:] {
		name, _, _ := strings.Cut(rule, "\n")
		for _, want := range []string{"expr: ", "labels: {severity: page}", "annotations: {summary: \""} {
			if !strings.Contains(strings.ReplaceAll(rule, "severity: ticket", "severity: page"), "\n        "+want) {
				t.Errorf("%s has no %s", name, want)
			}
		}
		if names[name] {
			t.Errorf("%s is there twice", name)
		}
		names[name] = true
		asked := metric.FindAllString(rule, -1)
		if len(asked) == 0 {
			t.Errorf("%s asks for nothing", name)
		}
		for _, a := range asked {
			base, labels, _ := strings.Cut(strings.TrimSuffix(a, "}"), "{")
			of := regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(base, "")
			if kinds[base] == "" && kinds[of] != histogram {
				t.Errorf("%s asks for %s, which there is not", name, base)
				continue
			}
			found := false
			for line := range values {
				found = found || strings.HasPrefix(line, base) && strings.Contains(line, labels)
			}
			if !found {
				t.Errorf("%s asks for %s, which never is", name, a)
			}
		}
	}
	if len(names) < 10 {
		t.Errorf("there are %d rules", len(names))
	}
}
