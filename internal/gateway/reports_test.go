package gateway

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"helpost/internal/report"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/internal/store/bolt"
)

// everything switches all that goes out by itself on. The desk is open from Monday to Friday, and its clock shows WIB.
func everything(h *house) {
	h.tamper = func(p *Parts) {
		p.Reports = Reports{Document: "SOP-IT-GEN-001 rev 01", Weekly: true, Monthly: true, Morning: true}
	}
}

// restart ends the house and brings it up again over the same file.
func (h *house) restart() {
	h.t.Helper()
	path := h.store.Path()
	if err := h.store.Close(); err != nil {
		h.t.Fatal(err)
	}
	var err error
	if h.store, err = bolt.Open(path, bolt.Options{NoSync: true}); err != nil {
		h.t.Fatal(err)
	}
	h.faults = &unsteady{Store: h.store}
	h.build()
}

// until lets time pass up to a moment in Jakarta, one step after the other.
func (h *house) until(day, hour int, step time.Duration) {
	h.t.Helper()
	end := time.Date(2026, 1, day, hour, 0, 0, 0, h.policy.Zone)
	for h.clock().Add(step).Before(end) {
		h.pass(step)
	}
	h.pass(end.Sub(h.clock()))
}

func (h *house) subjects(kind sop.Kind, to string) string {
	var all []string
	for _, n := range h.sent(kind, to) {
		all = append(all, n.subject())
	}
	return strings.Join(all, ", ")
}

func TestFiguresAndListsGoOutOnceOverRestarts(t *testing.T) {
	h := open(t, everything)
	h.pass(0)
	h.report(letter{})
	for day := 12; day < 34; day++ { // up to the 2nd of February
		for _, hour := range []int{7, 8, 15, 23} {
			h.until(day, hour, 90*time.Minute)
			if (day+hour)%3 != 0 {
				h.restart()
			}
			h.pass(0)
		}
	}
	if got := h.subjects(sop.KindReport, sari); got != "Angka layanan TI 2026-W03 · desk, Angka layanan TI 2026-W04 · desk, Angka layanan TI 2026-W05 · desk" {
		t.Errorf("the lead got %s", got)
	}
	if got := h.subjects(sop.KindReport, boss); got != "Angka layanan TI 2026-01" {
		t.Errorf("the manager got %s", got)
	}
	seen := map[string]int{}
	for _, n := range h.sent(sop.KindMorning, "") {
		seen[n.To+" "+n.subject()]++
	}
	for what, n := range seen {
		if n != 1 {
			t.Errorf("%s: %d times", what, n)
		}
	}
	for day := 13; day < 34; day++ { // the ticket is nobody's but somebody's turn; its lead hears of it while it is late
		at := time.Date(2026, 1, day, 8, 0, 0, 0, h.policy.Zone)
		what := "sari@company.com Tiket Anda hari ini " + at.Format("2006-01-02")
		if works := at.Weekday() != time.Saturday && at.Weekday() != time.Sunday; day > 13 && (seen[what] == 1) != works {
			t.Errorf("%s (%s): %d times", what, at.Weekday(), seen[what])
		}
	}
}

func TestTwoGatewaysSendFiguresOnce(t *testing.T) {
	h := open(t, everything)
	h.report(letter{})
	h.pass(0)
	other, err := New(h.g.Parts)
	if err != nil {
		t.Fatal(err)
	}
	h.mu.Lock()
	h.now = time.Date(2026, 1, 19, 8, 0, 0, 0, h.policy.Zone)
	h.mu.Unlock()
	var both sync.WaitGroup
	for range 4 {
		for _, g := range []*Gateway{h.g, other} {
			both.Go(func() {
				if _, err := g.Tick(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
	}
	both.Wait()
	if n := len(h.sent(sop.KindReport, "")); n != 1 {
		t.Errorf("%d reports went out", n)
	}
	if n := len(h.sent(sop.KindMorning, sari)); n != 1 {
		t.Errorf("%d lists went to the lead", n)
	}
}

func TestAReportThatCouldNotBeKeptIsTriedAgain(t *testing.T) {
	h := open(t, everything)
	h.pass(0)
	h.until(19, 6, 24*time.Hour)
	h.faults.set(func(call string) error {
		if call == "Commit" {
			return errors.New("the disk is gone")
		}
		return nil
	})
	h.until(19, 7, time.Hour)
	if n := len(h.sent(sop.KindReport, "")); n != 0 {
		t.Fatalf("%d reports went out without a commit", n)
	}
	h.faults.set(nil)
	next, err := h.g.Tick(context.Background())
	if err != nil || next.Before(h.clock()) {
		t.Errorf("the next is at %v: %v", next, err)
	}
	if n := len(h.sent(sop.KindReport, sari)); n != 1 {
		t.Errorf("%d reports went out", n)
	}
}

func TestTheNextReportIsKnown(t *testing.T) {
	h := open(t, everything)
	next, err := h.g.Tick(context.Background()) // Monday, 09:00
	if want := time.Date(2026, 1, 13, 8, 0, 0, 0, h.policy.Zone); err != nil || !next.Equal(want) {
		t.Errorf("the next is at %v, want %v: %v", next, want, err)
	}
}

func TestWhatIsSwitchedOffIsNotSent(t *testing.T) {
	h := open(t)
	h.report(letter{})
	h.until(20, 9, 6*time.Hour)
	if n := len(h.sent(sop.KindReport, "")) + len(h.sent(sop.KindMorning, "")); n != 0 {
		t.Errorf("%d were sent", n)
	}
}

func TestTheReportByMailSaysWhatTheVerbSays(t *testing.T) {
	h := open(t, everything)
	h.pass(0)
	h.policy.Teams[0].RoundRobin = true
	for i := range 7 {
		h.report(letter{id: fmt.Sprintf("<r%d@client.company.com>", i), subject: fmt.Sprintf("Printer %d", i), text: complete + fmt.Sprintf("Nomor %d", i)})
		h.pass(5 * time.Minute)
	}
	assigned := h.sent(sop.KindAssigned, "")
	for i, n := range assigned[:4] {
		h.mustTake(n.answer(n.To, []string{"Sudah kami perbaiki.\r\n#selesai", "#prioritas p1", "Kami periksa dulu.", "#tutup laptop diganti"}[i]))
		h.pass(time.Hour)
	}
	h.until(19, 7, 6*time.Hour)
	mail := h.only(sop.KindReport, sari)
	r, err := h.g.Figures(context.Background(), report.Ask{Period: "2026-W03", Team: "desk"})
	if err != nil {
		t.Fatal(err)
	}
	comma := func(p *float64) string {
		if p == nil {
			return "–"
		}
		return strings.Replace(fmt.Sprintf("%.1f%%", *p), ".", ",", 1)
	}
	for _, row := range append(r.Rows, r.Total) {
		key := row.Key
		if key == "total" {
			key = "Semua"
		}
		for _, k := range []report.Target{row.Response, row.Resolution} {
			want := fmt.Sprintf("- %s: %s\n  tepat %d, lewat %d, belum jatuh tempo %d", key, comma(k.Percent), k.Met, k.Missed, k.Running)
			if !strings.Contains(mail.text, want) || !strings.Contains(mail.text, "kotor "+comma(k.GrossPercent)) {
				t.Errorf("the mail does not say %q:\n%s", want, mail.text)
			}
		}
	}
	if r.Total.Received != 7 || r.Total.ByHand != 1 || r.Total.DecidedByAgent != 1 || r.Total.Response.ByChange != 1 || r.Total.Response.Met+r.Total.Response.Missed == 0 {
		t.Errorf("the figures are %+v", r.Total)
	}
	for _, want := range []string{"Diterima: 7,", "Prioritas ditetapkan petugas: 1", "Ditutup petugas: 1,", "Dokumen: SOP-IT-GEN-001 rev 01", "12 Jan 2026 – 18 Jan 2026"} {
		if !strings.Contains(mail.text, want) {
			t.Errorf("no %q in\n%s", want, mail.text)
		}
	}
	if mail.header.Get("X-Helpost-Ticket") != "" || strings.Contains(mail.subject(), "[") || mail.header.Get("Auto-Submitted") != "auto-generated" || mail.header.Get("X-Helpost-Notice") != "report" {
		t.Errorf("its header is %v", mail.header)
	}
}

func TestWhoIsAwayOrHasNothingGetsNoList(t *testing.T) {
	h := open(t, everything)
	h.policy.Teams[0].RoundRobin = true
	h.pass(0)
	first := h.report(letter{})
	h.until(13, 9, 6*time.Hour)
	if lists := h.sent(sop.KindMorning, ""); len(lists) != 2 { // whose ticket it is, and the lead: it is late
		t.Fatalf("%d lists went out", len(lists))
	}
	h.mustTake(letter{from: first.Assignee, subject: "cuti", text: "#cuti 2026-01-20\r\n"})
	before := len(h.sent(sop.KindMorning, first.Assignee))
	h.until(21, 7, 6*time.Hour)
	if n := len(h.sent(sop.KindMorning, first.Assignee)); n != before {
		t.Errorf("%d lists went to who is away", n-before)
	}
	h.until(21, 9, 6*time.Hour)
	if n := len(h.sent(sop.KindMorning, first.Assignee)); n != before+1 {
		t.Errorf("%d lists went to who is back", n-before)
	}
	for _, who := range []string{andi, rudi} {
		if who != first.Assignee && len(h.sent(sop.KindMorning, who)) != 0 {
			t.Errorf("%s has nothing and got a list", who)
		}
	}
}

func TestAnUnknownTeamIsSaid(t *testing.T) {
	h := open(t, everything)
	if _, err := h.g.Figures(context.Background(), report.Ask{Team: "nobody"}); !errors.Is(err, report.ErrAsk) {
		t.Errorf("it is %v", err)
	}
}

var _ report.Store = store.Store(nil)
