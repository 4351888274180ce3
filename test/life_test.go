package test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// hasty lets a ticket live through warning, breach, reminder and closing in some seconds.
const hasty = `
[sla.P3]
response = "3s"
resolution = "20s"
[escalation]
digest = "1s"
[validation]
remind_after = "1s"
close_after = "3s"
`

// life is people at work with a desk: reports, answers, commands, confirmations and disputes. Each mail is sent again until
// it was answered 250.
type life struct {
	d    *desk
	pace time.Duration // between two mails of one sender
	stop chan struct{}
	wait sync.WaitGroup

	open     sync.RWMutex // held while there is nobody to write to
	mu       sync.Mutex
	answered map[string]bool // Message-IDs of what was answered 250
	heeded   map[string]bool // Message-IDs of notices that were read
	due      []letter        // answers that are to be written
}

// letter is a mail of somebody.
type letter struct {
	id, from string
	raw      []byte
}

// begin lets so many people report, and everybody answer.
func begin(d *desk, senders int, pace time.Duration) *life {
	l := &life{d: d, pace: pace, stop: make(chan struct{}), answered: map[string]bool{}, heeded: map[string]bool{}}
	for i := range senders {
		l.wait.Go(func() {
			for n := 0; l.send(reportOf(i, n)); n++ {
				l.rest()
			}
		})
	}
	for range 2 {
		l.wait.Go(func() {
			for l.answer() {
				l.rest()
			}
		})
	}
	return l
}

// end lets nobody write any more.
func (l *life) end() {
	close(l.stop)
	l.wait.Wait()
}

func (l *life) rest() {
	select {
	case <-l.stop:
	case <-time.After(l.pace):
	}
}

// send sends a mail until it is taken; false at the end.
func (l *life) send(m letter) bool {
	for {
		select {
		case <-l.stop:
			return false
		default:
		}
		l.open.RLock()
		err := l.d.send(m.from, m.raw)
		l.open.RUnlock()
		if err == nil {
			l.mu.Lock()
			l.answered[m.id] = true
			l.mu.Unlock()
			return true
		}
		time.Sleep(10 * time.Millisecond) // it was killed, and comes back
	}
}

// taken gives the Message-IDs of all mails that were answered 250.
func (l *life) taken() map[string]bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.answered)
}

// reportOf is the n-th report of a sender. Each fifth is so large that it becomes a blob.
func reportOf(i, n int) letter {
	body := "Divisi: Gudang\r\n\r\nPrinter macet.\r\n"
	if n%5 == 4 {
		line := make([]byte, 70)
		for range 1500 {
			for j := range line {
				line[j] = 'a' + byte(rand.IntN(26))
			}
			body += string(line) + "\r\n"
		}
	}
	m := letter{id: fmt.Sprintf("<laporan.%d.%d@company.com>", i, n), from: fmt.Sprintf("orang%d-%d@company.com", i, n)}
	m.raw = fmt.Appendf(nil, "Message-ID: %s\r\nFrom: Orang <%s>\r\nTo: <helpdesk@company.com>\r\nSubject: laporan %d %d\r\nDate: %s\r\n\r\n%s",
		m.id, m.from, i, n, time.Now().Format(time.RFC1123Z), body)
	return m
}

// answer writes the next answer that is due; false at the end.
func (l *life) answer() bool {
	l.mu.Lock()
	if len(l.due) == 0 {
		l.read()
	}
	var next *letter
	if len(l.due) > 0 {
		next, l.due = &l.due[0], l.due[1:]
	}
	l.mu.Unlock()
	if next != nil {
		return l.send(*next)
	}
	select {
	case <-l.stop:
		return false
	case <-time.After(20 * time.Millisecond):
		return true
	}
}

// read goes through the notices that came, and decides who answers what: by the number of the ticket, so that all kinds of
// lives are led.
func (l *life) read() {
	for _, n := range l.d.relay.mails() {
		id := n.Header.Get("Message-Id")
		if l.heeded[id] {
			continue
		}
		l.heeded[id] = true
		var number int
		if _, err := fmt.Sscanf(n.Header.Get("X-Helpost-Ticket"), "IT-%d", &number); err != nil {
			continue
		}
		words := answers[n.Header.Get("X-Helpost-Notice")]
		if len(words) == 0 || words[number%len(words)] == "" {
			continue
		}
		m := letter{id: fmt.Sprintf("<balasan.%d@company.com>", len(l.heeded)), from: n.To}
		m.raw = fmt.Appendf(nil, "Message-ID: %s\r\nFrom: <%s>\r\nTo: <helpdesk@company.com>\r\nSubject: Re: %s\r\nIn-Reply-To: %s\r\nDate: %s\r\n\r\n%s\r\n",
			m.id, m.from, n.Header.Get("Subject"), id, time.Now().Format(time.RFC1123Z), words[number%len(words)])
		l.due = append(l.due, m)
	}
}

// answers are what people write to a notice: the number of the ticket chooses.
var answers = map[string][]string{
	"ack":      {"", "Tambahan: kertasnya juga habis.", ""},
	"missing":  {"", "Tambahan: kertasnya juga habis.", ""},
	"assigned": {"#ambil\r\n\r\nSaya cek dulu.", "#selesai\r\n\r\nSudah diperbaiki.", "", "#selesai\r\n\r\nTonernya sudah diganti.", "#catatan\r\n\r\nPrinter ini sudah tua."},
	"resolved": {"YA", "", "BELUM, masih macet.", ""},
	"reopened": {"#selesai\r\n\r\nSekarang sudah."},
}

// settled waits until everything that was to be sent is sent, and everything that was to come has come: no ticket waits for
// silence any more.
func (l *life) settled(t *testing.T) {
	t.Helper()
	until(t, "no ticket waits for its closing", func() bool {
		for _, one := range l.d.tickets() {
			if one.State == "resolved" {
				return false
			}
		}
		return true
	})
	l.d.quiet()
}

// notice is what a notice on the wire says of itself.
type notice struct {
	id, ticket, kind, to string
	event, place         int
	at                   int64 // milliseconds
}

// noticeOf reads the Message-ID of a notice about a ticket; false: it is about none, or about several.
func noticeOf(m received) (n notice, is bool) {
	n = notice{id: m.Header.Get("Message-Id"), ticket: m.Header.Get("X-Helpost-Ticket"), kind: m.Header.Get("X-Helpost-Notice"), to: m.To}
	_, unique, _ := strings.Cut(n.id, ".")
	unique, _, _ = strings.Cut(unique, "@")
	parts := strings.Split(unique, "-")
	if n.ticket == "" || len(parts) != 3 {
		return n, false
	}
	if _, err := fmt.Sscan(parts[0], &n.event); err != nil {
		return n, false
	}
	if _, err := fmt.Sscan(parts[1], &n.place); err != nil {
		return n, false
	}
	var err error
	n.at, err = strconv.ParseInt(parts[2], 36, 64)
	return n, err == nil
}
