package gateway

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"helpost/internal/sop"
	"helpost/internal/store"
)

// crowd is how many people watch the tickets that are compared.
const crowd = 38

func watcher(i int) string { return fmt.Sprintf("penonton%02d@company.com", i%crowd) }

// BenchmarkLong sends the same mails to a ticket that 500 came to before (HELPOST_LONG of them, where it is set), and to
// one that three came to: both with forty people. The two take turns, and "ratio" is the median of the long one by that of
// the short one.
func BenchmarkLong(b *testing.B) {
	length := 500
	if set := os.Getenv("HELPOST_LONG"); set != "" {
		var err error
		if length, err = strconv.Atoi(set); err != nil {
			b.Fatal(err)
		}
	}
	h := open(b, func(h *house) { h.policy.PerAddressHour = 1 << 30 })
	long := h.crowded(3)
	for i := 3; i < length; i++ {
		h.said(long, i)
	}
	for _, c := range []struct {
		name string
		say  func(n sop.Number, i int)
	}{
		{"reporter's words", func(n sop.Number, i int) { h.says(n, rina, "Masih macet.") }},
		{"agent's answer", func(n sop.Number, i int) { h.says(n, andi, "Kami masih memeriksa.") }},
		{"note", func(n sop.Number, i int) { h.says(n, rudi, "#note kabelnya putus") }},
		{"watcher's words", func(n sop.Number, i int) { h.says(n, watcher(i), "Di sini juga.") }},
		{"words to one who got nothing before", func(n sop.Number, i int) {
			h.says(n, andi, fmt.Sprintf("#cc +baru%d@company.com -baru%d@company.com\r\nDengan tembusan.", i, i-1))
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			var times [2][]time.Duration
			for b.Loop() {
				for i := range 40 {
					for k, n := range []sop.Number{h.crowded(3), long} {
						begin := time.Now()
						c.say(n, i)
						times[k] = append(times[k], time.Since(begin))
					}
				}
			}
			a, z := median(times[0]), median(times[1])
			b.ReportMetric(a.Seconds()*1e6, "µs/short")
			b.ReportMetric(z.Seconds()*1e6, "µs/long")
			b.ReportMetric(z.Seconds()/a.Seconds(), "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// However long a ticket is, a mail on it reads the end of its record: what it reads for a ticket three times as long is no more.
func TestAMailOnALongTicketReadsTheEndOfItsRecord(t *testing.T) {
	h := open(t, func(h *house) { h.policy.PerAddressHour = 1 << 30 })
	n := h.crowded(3)
	read := map[string]int{}
	at := func(length int) (most int) {
		for i := h.ticket(n).Messages; i < length; i++ {
			h.said(n, i)
		}
		for _, who := range []string{rina, watcher(5), andi} {
			clear(read)
			h.faults.set(func(call string) error { read[call]++; return nil })
			h.says(n, who, "Masih macet.")
			h.faults.set(nil)
			if read["Log"]+read["Messages"] > 0 {
				t.Errorf("for a mail of %s at %d messages all was read: %v", who, length, read)
			}
			most = max(most, read["LogBefore"]+read["Message"])
		}
		return most
	}
	short := at(210)
	if long := at(420); long > short+1 {
		t.Errorf("a mail reads %d times on a ticket of 210 messages, %d times on one of 420", short, long)
	}
}

// The mails of a long ticket are found however far back they lie: the last of somebody who got nothing for long, and what he
// is quoted. What holds for all is seen by sound.
func TestSomebodyWhoGotNothingForLongIsToldInHisThread(t *testing.T) {
	h := open(t, func(h *house) { h.policy.PerAddressHour = 1 << 30 })
	n := h.report(letter{}).Number
	h.says(n, andi, "#cc +tini@company.com")
	h.says(n, andi, "Kami cek.")
	first := h.only(sop.KindReply, "tini@company.com")
	h.says(n, andi, "#cc -tini@company.com")
	for range 60 {
		h.says(n, rina, "Masih macet.")
	}
	h.says(n, andi, "#cc +tini@company.com")
	h.says(n, andi, "Sudah.")
	if got := h.last(sop.KindReply, "tini@company.com").header.Get("In-Reply-To"); got != first.MessageID {
		t.Errorf("In-Reply-To is %q, want %q", got, first.MessageID)
	}
}

// crowded makes a ticket that many people watch, with so many messages.
func (h *house) crowded(messages int) sop.Number {
	h.t.Helper()
	h.mustTake(letter{subject: "Semua cabang tidak bisa masuk"})
	var last []sop.Number
	h.view(func(v store.Reader) error {
		page, _, err := v.List(store.Filter{Limit: 1})
		for _, t := range page {
			last = append(last, t.Number)
		}
		return err
	})
	var all []string
	for i := range crowd {
		all = append(all, "+"+watcher(i))
	}
	h.says(last[0], andi, "#cc "+strings.Join(all, " ")+"\r\nKami sedang memeriksa.")
	for i := 2; i < messages; i++ {
		h.said(last[0], i)
	}
	return last[0]
}

// said is one of the mails of a busy day: mostly of people who watch, now and then of the desk.
func (h *house) said(n sop.Number, i int) {
	h.t.Helper()
	switch i % 10 {
	case 2:
		h.says(n, andi, "Kami masih memeriksa.")
	case 4:
		h.says(n, rudi, "#note kabelnya putus")
	case 6:
		h.says(n, rina, "Masih macet.")
	default:
		h.says(n, watcher(i), "Di sini juga.")
	}
}

// says sends an answer to a ticket's address.
func (h *house) says(n sop.Number, from, text string) {
	h.t.Helper()
	h.mu.Lock()
	h.now = h.now.Add(20 * time.Second)
	h.mu.Unlock()
	h.mustTake(letter{from: from, rcpt: []string{"helpdesk+" + h.g.Tokens.Mint(n, from, sop.Public) + "@company.com"}, subject: "Re: Semua cabang tidak bisa masuk", text: text + "\r\n"})
}
