package test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// pager is whom a hook calls.
type pager struct {
	*httptest.Server
	mu    sync.Mutex
	deaf  bool
	heard []page
}

// page is a call as it was heard.
type page struct {
	ID, Alarm, State, Ticket, Priority, Clock, Host, Text string

	signed bool
	body   string
}

func newPager(t *testing.T) *pager {
	t.Helper()
	p := &pager{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		one := page{signed: strings.HasPrefix(r.Header.Get("Webhook-Signature"), "v1,"), body: string(body)}
		if err := json.Unmarshal(body, &one); err != nil {
			t.Errorf("no JSON: %s", body)
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.heard = append(p.heard, one)
		if p.deaf {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *pager) setDeaf(deaf bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.deaf = deaf
}

// pages are the calls of an alarm in a state.
func (p *pager) pages(alarm, state string) (some []page) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, h := range p.heard {
		if h.Alarm == alarm && h.State == state {
			some = append(some, h)
		}
	}
	return some
}

// hook adds a [[hook]] to a desk's configuration.
func (d *desk) hook(text string) {
	d.t.Helper()
	if err := os.WriteFile(filepath.Join(d.dir, "hook-secret"), []byte("a-secret-of-the-tests\n"), 0o600); err != nil {
		d.t.Fatal(err)
	}
	d.edit("[portal]", "[[hook]]\n"+text+"\n[portal]")
}

func critical(from string) []byte {
	return fmt.Appendf(nil, "From: Orang <%s>\r\nTo: <helpdesk@company.com>\r\nSubject: SEMUA CABANG tidak bisa kerja\r\nMessage-ID: <%d@client.company.com>\r\n\r\nDivisi: Gudang\r\n\r\nJaringan mati total, semua cabang tidak bisa bekerja.\r\n", from, time.Now().UnixNano())
}

// A P1 calls, and a breach does: signed, without a name, though nobody listened and the process was killed meanwhile.
func TestAP1CallsThoughTheProcessIsKilled(t *testing.T) {
	t.Parallel()
	d, p := newDesk(t), newPager(t)
	p.setDeaf(true)
	d.hook(fmt.Sprintf("on = [\"p1\", \"breach\"]\nurl = %q\nsecret_file = \"hook-secret\"", p.URL))
	d.edit("[store]", "[sla.P1]\nresponse = \"2s\"\nresolution = \"4h\"\n[store]")
	d.start()
	d.hand("rina@company.com", critical("rina@company.com"))
	d.kill()
	p.setDeaf(false)
	d.start()
	d.hand("budi@company.com", report("budi@company.com", "printer"))
	until(t, "the P1 is told", func() bool { return len(p.pages("p1", "raised")) > 0 })
	until(t, "the breach is told", func() bool { return len(p.pages("breach", "raised")) > 0 })
	first, late := p.pages("p1", "raised")[0], p.pages("breach", "raised")[0]
	if first.Ticket != "IT-000001" || first.Priority != "P1" || !first.signed || first.Host != "mx.helpost.test" || late.Ticket != "IT-000001" || late.Clock != "response" || !late.signed {
		t.Errorf("it was told %+v, then %+v", first, late)
	}
	for _, one := range []page{first, late} {
		for _, word := range []string{"rina", "Gudang", "CABANG", "@"} {
			if strings.Contains(one.body, word) {
				t.Errorf("it tells %q: %s", word, one.body)
			}
		}
	}
	until(t, "both alarms stand", func() bool {
		return strings.Contains(d.ready(http.StatusOK), `"alarm":"p1"`) && strings.Contains(d.ready(http.StatusOK), `"alarm":"breach"`)
	})
	d.agent("IT-000001", "Kami cek.")
	until(t, "no alarm stands", func() bool { return strings.Contains(d.ready(http.StatusOK), `"alarms":[]`) })
	d.kill()
	d.start()
	d.hand("tono@company.com", critical("tono@company.com"))
	until(t, "another P1 is told", func() bool { return p.pages("p1", "raised")[len(p.pages("p1", "raised"))-1].Ticket == "IT-000003" })
	ids := map[string]bool{}
	for _, one := range p.pages("p1", "raised") {
		ids[one.ID] = true
	}
	if len(ids) != 2 {
		t.Errorf("two P1 have the ids %v", ids)
	}
}

// ready is what /readyz says, and it must say it with this status.
func (d *desk) ready(status int) string {
	d.t.Helper()
	answer, err := http.Get("http://" + d.http + "/readyz")
	if err != nil {
		d.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	if answer.StatusCode != status {
		d.t.Errorf("readyz answers %s: %s", answer.Status, body)
	}
	return string(body)
}

// The relay is gone, and mail with it: the hooks say so, by an address and by a program, and that it is over.
func TestTheRelayIsGoneAndHooksCall(t *testing.T) {
	t.Parallel()
	d, m := moodyDesk(t)
	p := newPager(t)
	d.hook(fmt.Sprintf("on = [\"relay\", \"silence\"]\nurl = %q\nrelay_after = \"1s\"\nsilence_after = \"4s\"", p.URL))
	heard := filepath.Join(d.dir, "heard")
	if err := os.WriteFile(filepath.Join(d.dir, "wake"), []byte("#!/bin/sh\ncat >> "+heard+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	d.hook("on = [\"relay\"]\nexec = \"wake\"\nrelay_after = \"1s\"")
	d.start()
	d.hand("rina@company.com", report("rina@company.com", "printer"))
	until(t, "it is told", func() bool { return len(p.pages("relay", "raised")) == 1 })
	until(t, "the program heard of it", func() bool {
		text, err := os.ReadFile(heard)
		return err == nil && strings.Contains(string(text), `"alarm":"relay","state":"raised"`)
	})
	until(t, "the silence is told", func() bool { return len(p.pages("silence", "raised")) == 1 })
	m.open(t)
	until(t, "its end is told", func() bool { return len(p.pages("relay", "cleared")) == 1 })
	until(t, "the program heard of that", func() bool {
		text, err := os.ReadFile(heard)
		return err == nil && strings.Contains(string(text), `"alarm":"relay","state":"cleared"`)
	})
	d.hand("rina@company.com", report("rina@company.com", "monitor"))
	until(t, "the end of the silence is told", func() bool { return len(p.pages("silence", "cleared")) == 1 })
	d.ready(http.StatusOK)
}
