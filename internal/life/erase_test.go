package life

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"helpost/internal/life/lifetest"
	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/workflow"
)

const herWords = "Printer lantai tujuh macet total sejak pagi"

// quoting is a desk on which Rina reported, an agent answered and quoted her, and others wrote; and a ticket of Tono's on
// which she is a watcher.
func quoting(t testing.TB) (d *lifetest.Desk, k *Keeper, hers, his sop.Number) {
	d, k = opened(t)
	hers = d.Report(lifetest.Mail{From: rina, Subject: "Mesin cetak keuangan rusak", Text: "Nama: Rina Wijayakusuma\n" + herWords + "\n", Watchers: []string{tono.Address},
		Files: map[string][]byte{"rina-layar.bin": bytes.Repeat([]byte("layar milik rina "), 10_000), "kecil.bin": []byte("berkas kecil")}})
	d.Write(hers, lifetest.Mail{From: lifetest.Andi, Text: "Halo Bu Rina, sudah kami cek.", Quoted: herWords, Commands: []sop.Command{{Name: sop.Take}}, Files: map[string][]byte{"panduan.bin": []byte("panduan dari meja bantuan")}})
	d.Write(hers, lifetest.Mail{From: tono, Text: "Saya juga: \"" + herWords + "\", kata rina@company.com kepada kami."})
	d.Write(hers, lifetest.Mail{From: rina, Text: "Terima kasih banyak, masih menunggu"})
	his = d.Report(lifetest.Mail{From: tono, Subject: "VPN putus", Text: "VPN saya putus terus. Tanya Rina Wijayakusuma bila perlu.", Watchers: []string{rina.Address}})
	d.Commit(store.Change{
		Quarantine: []store.Quarantined{{ID: "q1", At: d.Now, From: rina.Address, Subject: "lagi", RawMail: []byte("From: " + rina.Address)}},
		Facts:      []store.Fact{{Key: "monitor/ab", Value: fmtTicket(hers)}, {Key: "blocked/" + rina.Address, Value: []byte(`{"blocked":true}`)}},
		Traces:     []store.Trace{{At: d.Now, From: "helpdesk@company.com", To: rina.Address, Outcome: "sent", Ticket: hers}, {At: d.Now, From: "x@company.com", Detail: "550 <rina@company.com> unknown", Outcome: "failed"}},
	})
	return d, k, hers, his
}

func fmtTicket(n sop.Number) []byte {
	raw, _ := json.Marshal(map[string]any{"ticket": n, "at": lifetest.Start})
	return raw
}

func TestAnErasureLeavesNothingOfThePersonAndTheRecordHolds(t *testing.T) {
	d, k, hers, his := quoting(t)
	holds(t, k)
	words := []string{rina.Address, "Wijayakusuma", herWords, "Mesin cetak keuangan", "Terima kasih banyak, masih", "layar milik rina", "rina-layar", "NB-rin"}
	if err := d.Store.Backup(background, io.Discard); err != nil { // all comes into the file
		t.Fatal(err)
	}
	for _, word := range words {
		if len(d.Holding(word)) == 0 {
			t.Fatalf("%q is not found where it is", word)
		}
	}
	before := d.Ticket(hers)
	done, err := k.Erase(background, "Rina@Company.com")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{hers.ID("IT"), his.ID("IT")}; !slices.Equal(done.Tickets, want) || done.Quarantine != 1 || done.Blobs != 1 {
		t.Errorf("it says %+v", done)
	}
	holds(t, k)
	if _, _, err := k.Compact(background); err != nil {
		t.Fatal(err)
	}
	holds(t, k)
	d.Store.Close()
	for _, word := range words {
		if found := d.Holding(word); len(found) > 0 {
			t.Errorf("%q stands in %v", word, found)
		}
	}
	d.Open()
	after := d.Ticket(hers)
	before.Words, after.Words = workflow.Words{}, workflow.Words{Assignee: after.Assignee, Watchers: after.Watchers}
	if after.Assignee != lifetest.Andi.Address || !slices.Equal(after.Watchers, []string{tono.Address}) {
		t.Errorf("what is others' went: %+v", after.Words)
	}
	if before.Seq++; !sameFacts(before.Facts, after.Facts) {
		t.Errorf("the facts changed:\n%+v\n%+v", before.Facts, after.Facts)
	}
	messages := d.Messages(hers)
	if m := messages[1]; m.From != lifetest.Andi.Address || m.Text != "Halo Bu …, sudah kami cek." || len(m.Attachments) != 1 || m.Attachments[0].Filename != "panduan.bin" {
		t.Errorf("the agent's words are %+v", m)
	}
	if m := messages[2]; m.Text != "Saya juga: \"…\", kata … kepada kami." {
		t.Errorf("the watcher's words are %q", m.Text)
	}
	if m := messages[0]; m.From != "" || m.Text != "" || m.Kind != "report" || m.Attachments != nil {
		t.Errorf("her words are %+v", m)
	}
	if vpn := d.Ticket(his); vpn.Reporter.Address != tono.Address || vpn.Subject != "VPN putus" || len(vpn.Watchers) != 0 {
		t.Errorf("the other ticket is %+v", vpn.Words)
	}
}

func sameFacts(a, b workflow.Facts) bool {
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && bytes.Equal(x, y)
}

func TestAnErasureTakesWordsOutOfTheSearchIndex(t *testing.T) {
	d, _, hers, his := quoting(t)
	finds := func(query string, want ...sop.Number) {
		t.Helper()
		var got []sop.Number
		d.View(func(v store.Reader) error {
			page, _, err := v.List(store.Filter{Query: query})
			for _, t := range page {
				got = append(got, t.Number)
			}
			return err
		})
		if !slices.Equal(got, want) {
			t.Errorf("%q finds %v, want %v", query, got, want)
		}
	}
	indexed := func(word string) bool { // its end: what a word shares with the one before it is not written again
		t.Helper()
		for d.Store.Unread() > 0 {
			time.Sleep(time.Millisecond)
		}
		d.Store.Close() // writes the index
		defer d.Open()
		return slices.ContainsFunc(d.Holding(word), func(file string) bool { return strings.Contains(file, filepath.Base(d.Search())) })
	}
	finds("wijayakusuma", his, hers)
	finds("lantai tujuh", hers)
	finds("kepada", hers)
	if !indexed("yakusuma") || !indexed("juh") {
		t.Fatal("the index does not hold what is to go")
	}
	k := keeper(t, d)
	if _, err := k.Erase(background, rina.Address); err != nil {
		t.Fatal(err)
	}
	finds("wijayakusuma")
	finds("tujuh")
	finds("kepada", hers)
	finds("vpn putus", his)
	d.Store.Close()
	d.Open()
	if indexed("yakusuma") || indexed("juh") {
		t.Error("the index holds what went")
	}
	finds("kepada", hers)
	finds("vpn putus", his)
}

func TestWhoIsNotErased(t *testing.T) {
	d, k, hers, _ := quoting(t)
	for says, c := range map[string]struct {
		who  string
		want error
	}{
		"somebody unknown":          {"siapa@company.com", store.ErrNotFound},
		"no address":                {"rina", store.ErrNotFound},
		"nothing":                   {"", store.ErrNotFound},
		"part of another's address": {"ina@company.com", store.ErrNotFound},
		"an agent who worked":       {lifetest.Andi.Address, ErrAgent},
	} {
		if _, err := k.Erase(background, c.who); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", says, err)
		}
	}
	if d.Ticket(hers).Reporter != rina && d.Ticket(hers).Reporter.Address != rina.Address {
		t.Error("the ticket changed")
	}
}

func TestAnAgentWhoOnlyReportedIsErased(t *testing.T) {
	d, k := opened(t)
	n := d.Report(lifetest.Mail{From: lifetest.Sari, Subject: "Laptop Sari", Text: "Laptop saya rusak."})
	d.Write(n, lifetest.Mail{From: lifetest.Andi, Text: "Dicek.", Commands: []sop.Command{{Name: sop.Take}}})
	if _, err := k.Erase(background, lifetest.Sari.Address); err != nil {
		t.Fatal(err)
	}
	holds(t, k)
	if got := d.Ticket(n); got.Reporter.Address != "" || got.Subject != "" || got.Assignee != lifetest.Andi.Address {
		t.Errorf("the ticket is %+v", got.Words)
	}
}

func TestASecondErasureOfAnotherPersonHolds(t *testing.T) {
	d, k, hers, his := quoting(t)
	for _, p := range []sop.Person{rina, tono} {
		if _, err := k.Erase(background, p.Address); err != nil {
			t.Fatal(err)
		}
		holds(t, k)
	}
	if _, err := k.Erase(background, rina.Address); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("erasing twice says %v", err)
	}
	for _, n := range []sop.Number{hers, his} {
		if w := d.Ticket(n); w.Reporter.Address != "" || len(w.Watchers) > 0 {
			t.Errorf("ticket %d is %+v", n, w.Words)
		}
	}
}

func TestATicketOnHoldIsKept(t *testing.T) {
	d, k, hers, his := quoting(t)
	for range 2 { // the second time nothing is to be done
		if err := k.Hold(background, hers, true); err != nil {
			t.Fatal(err)
		}
	}
	if events := d.Events(hers); events[len(events)-1].Type != workflow.HoldSet || events[len(events)-2].Type == workflow.HoldSet {
		t.Errorf("its record ends with %v", events[len(events)-1])
	}
	done, err := k.Erase(background, rina.Address)
	if err != nil || !slices.Equal(done.Held, []string{hers.ID("IT")}) || !slices.Equal(done.Tickets, []string{his.ID("IT")}) {
		t.Errorf("%+v, %v", done, err)
	}
	holds(t, k)
	if got := d.Ticket(hers); got.Reporter.Address != rina.Address || d.Messages(hers)[0].Text == "" {
		t.Error("it was erased")
	}
	if err := k.Hold(background, hers, false); err != nil {
		t.Fatal(err)
	}
	if done, err := k.Erase(background, rina.Address); err != nil || len(done.Held) > 0 {
		t.Errorf("after the hold: %+v, %v", done, err)
	}
	if d.Ticket(hers).Reporter.Address != "" {
		t.Error("it was not erased")
	}
	if err := k.Hold(background, 99, true); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("no ticket: %v", err)
	}
}

func TestANamesakeKeepsHisName(t *testing.T) {
	d, k, _, _ := quoting(t)
	other := sop.Person{Address: "rina.w@company.com", Name: rina.Name}
	n := d.Report(lifetest.Mail{From: other, Subject: "Monitor", Text: "Nama: " + other.Name + "\nMonitor mati."})
	if _, err := k.Erase(background, rina.Address); err != nil {
		t.Fatal(err)
	}
	holds(t, k)
	if got, m := d.Ticket(n), d.Messages(n)[0]; got.Reporter.Name != other.Name || !strings.Contains(m.Text, other.Name) || m.Raw == (store.Ref{}) {
		t.Errorf("the namesake's ticket is %+v, %+v", got.Words, m)
	}
}

func TestAnExportSaysWhatIsKnownAndNothingOfOthers(t *testing.T) {
	_, k, hers, his := quoting(t)
	known, err := k.Export(background, rina.Address)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(known)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{hers.ID("IT"), his.ID("IT"), "Printer lantai tujuh", "Mesin cetak", "sudah kami cek", `"reporter"`, `"watcher"`, "rina-layar.bin", "Wijayakusuma", `"ack"`, "q1", "blocked/", "person/rina"} {
		if !bytes.Contains(raw, []byte(want)) {
			t.Errorf("it does not hold %q", want)
		}
	}
	for _, no := range []string{tono.Address, "Tono Hadi", "VPN saya putus"} {
		if bytes.Contains(raw, []byte(no)) {
			t.Errorf("it holds %q: %s", no, raw)
		}
	}
	if _, err := k.Export(background, "siapa@company.com"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("somebody unknown: %v", err)
	}
}

// Whatever happened to tickets, and whoever is erased of them in whatever order, what is kept proves itself, and nothing of
// who was erased is left.
func TestLawOfErasure(t *testing.T) {
	folder := t.TempDir()
	blobs := lifetest.New(t).Blobs
	people := []sop.Person{rina, tono, {Address: "budi@company.com", Name: "Budi Gunawan"}, {Address: "wati@company.com", Name: "Wati Lestari"}}
	secret := func(p sop.Person) string { return "rahasia milik " + p.Address[:4] }
	rapid.Check(t, func(t *rapid.T) {
		inner, err := os.MkdirTemp(folder, "")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(inner)
		d := lifetest.In(t, inner, blobs)
		defer func() { d.Store.Close() }()
		k := keeper(t, d)
		k.Known = func(address string) sop.Person { // the directory: who never wrote has a name there alone
			i := slices.IndexFunc(people, func(p sop.Person) bool { return p.Address == address })
			if i < 0 {
				return sop.Person{}
			}
			return people[i]
		}
		who := func(of []sop.Person) sop.Person { return rapid.SampledFrom(of).Draw(t, "who") }
		var tickets []sop.Number
		gone := map[string]bool{}
		for range rapid.IntRange(1, 14).Draw(t, "steps") {
			left := slices.DeleteFunc(slices.Clone(people), func(p sop.Person) bool { return gone[p.Address] })
			if len(left) == 0 {
				break
			}
			d.Now = d.Now.Add(time.Minute)
			switch step := rapid.SampledFrom([]string{"report", "write", "write", "agent", "pass", "erase", "seal"}).Draw(t, "step"); {
			case step == "report" || len(tickets) == 0:
				p := who(left)
				tickets = append(tickets, d.Report(lifetest.Mail{From: p, Subject: "Perihal " + secret(p), Text: "Laporan, " + secret(p) + ".", Watchers: []string{who(left).Address}}))
			case step == "write":
				p := who(left)
				d.Write(rapid.SampledFrom(tickets).Draw(t, "ticket"), lifetest.Mail{From: p, Text: secret(p), Verdict: sop.Dispute})
			case step == "agent":
				c := rapid.SampledFrom([]sop.Command{{Name: sop.Take}, {Name: sop.Resolve}, {Name: sop.Pending, Args: "2h vendor"}, {Name: sop.Close, Args: "selesai"}}).Draw(t, "command")
				d.Write(rapid.SampledFrom(tickets).Draw(t, "ticket"), lifetest.Mail{From: lifetest.Andi, Text: "Baik, " + who(left).Name + ".", Commands: []sop.Command{c}})
			case step == "pass":
				d.Pass(rapid.SampledFrom(tickets).Draw(t, "ticket"), 5*time.Hour)
			case step == "seal":
				d.Now = d.Now.Add(24 * time.Hour)
				if _, err := k.Seal(background); err != nil {
					t.Fatal(err)
				}
			default:
				p := who(left)
				if _, err := k.Erase(background, p.Address); err == nil {
					gone[p.Address] = true
				} else if !errors.Is(err, store.ErrNotFound) {
					t.Fatal(err)
				}
			}
			holds(t, k)
		}
		if _, _, err := k.Compact(background); err != nil {
			t.Fatal(err)
		}
		d.Store.Close()
		for _, p := range people {
			for _, word := range []string{p.Address, p.Name, secret(p)} {
				if found := d.Holding(word); gone[p.Address] && len(found) > 0 {
					t.Fatalf("%q stands in %s", word, filepath.Base(found[0]))
				}
			}
		}
	})
}
