package gateway

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/workflow"
)

// life is a desk at which people do things at random.
type life struct {
	*house
	r    *rand.Rand
	did  []string
	seed uint64
}

func (l *life) pick(from ...string) string { return from[l.r.IntN(len(from))] }

// any gives a notice of some kinds, of all that were sent.
func (l *life) any(mine func(store.Outbox) bool) (notice, bool) {
	all := slices.DeleteFunc(l.rows(), func(row store.Outbox) bool { return !mine(row) })
	if len(all) == 0 {
		return notice{}, false
	}
	return l.read(all[l.r.IntN(len(all))]), true
}

func (l *life) outside(row store.Outbox) bool { return !l.policy.OnDesk(row.To) }
func (l *life) inside(row store.Outbox) bool {
	_, agent := l.policy.Agent(row.To)
	return agent && row.Ticket != 0
}

var commandLines = []string{"#ambil", "#tugaskan rudi", "#prioritas p1", "#prioritas p2", "#dampak departemen", "#jenis permintaan", "#kategori jaringan", "#tunda 2h menunggu suku cadang", "#lanjut", "#kunjungan besok 10:00",
	"#selesai", "#tutup sudah diganti", "#buka", "#eskalasi tidak ada jawaban", "#cc +tono@company.com", "#cc -tono@company.com", "#gabung IT-000001", "#gabung IT-000002", "#serap IT-000003", "#untuk budi@company.com", "#status", "#selesei", "#tunda kapan-kapan"}

// step does one thing of all that can happen, and says what.
func (l *life) step() (did string) {
	words := fmt.Sprintf("kata %d", l.r.IntN(1000))
	verdict := l.pick("YA", "BELUM, masih sama", "hm?", "YA, tapi ada masalah lain: mouse mati", words)
	n, ok := l.any(l.outside)
	agents, has := l.any(l.inside)
	kind := l.r.IntN(14)
	if !ok || !has {
		kind = 0
	}
	var in letter
	switch kind {
	case 0:
		in = letter{from: l.pick(rina, budi), name: "Orang", subject: words, proof: l.pick("pass", "pass", "none", "fail"), header: []string{"Cc: " + l.pick(tono, "kolega@company.com")}}
		did = "report of " + in.from
	case 1, 2:
		in, did = n.answer(n.To, verdict), "answer to "+string(n.Kind)
		in.proof = l.pick("pass", "none")
	case 3:
		in, did = n.answer(n.To, verdict+" "+foreign), "forged answer to "+string(n.Kind)
		in.proof = "fail"
	case 4:
		in, did = n.answer(l.pick("asing@company.com", outsider), verdict+" "+foreign), "stranger's answer to "+string(n.Kind)
	case 5:
		in, did = n.answer(n.To, "Saya cuti sampai Senin."), "auto-reply to "+string(n.Kind)
		in.header = append(in.header, "Auto-Submitted: auto-replied")
	case 6:
		in, did = n.bounce(n.To), "bounce of "+string(n.Kind)
	case 7, 8, 9:
		public := agents.header.Get("X-Helpost-Notice")
		text := l.pick("", commandLines[l.r.IntN(len(commandLines))]+"\r\n") + l.pick("", commandLines[l.r.IntN(len(commandLines))]+"\r\n") + l.pick("", words)
		if workflow.SortOf(sop.Kind(public)) == sop.Internal && !strings.Contains(text, "#selesai") && !strings.Contains(text, "#kunjungan") && !strings.Contains(text, "#tutup") && !strings.Contains(text, "#tunda") && !strings.Contains(text, "#eskalasi") {
			text += " " + secret
		}
		in, did = agents.answer(agents.To, text), fmt.Sprintf("%s answers %s: %q", agents.To, public, text)
	case 10:
		in, did = agents.answer(agents.To, "#catatan\r\n"+secret), "note"
	case 11:
		in, did = agents.answer(agents.To, commandLines[l.r.IntN(len(commandLines))]+"\r\n"+foreign), "mail in an agent's name"
		in.proof = l.pick("none", "fail")
	case 12:
		l.pass(time.Duration(l.r.IntN(30*60)) * time.Minute)
		return "time"
	default:
		row, _ := l.any(func(store.Outbox) bool { return true })
		l.undelivered(row)
		return "undelivered " + string(row.Kind) + " to " + row.To
	}
	if err := l.take(in); err != nil {
		l.t.Fatalf("%s: %v", did, err)
	}
	return did
}

// What holds for every house (sound) holds after any sequence of what people, machines and forgers do: the record verifies
// and gives the tickets again, Message-IDs are unique, references name what their receiver knows, and no note, no stranger's
// word and no agent's address gets out. HELPOST_LIVES says how many lives are tried.
func TestRandomLives(t *testing.T) {
	lives := 12
	if n, err := strconv.Atoi(os.Getenv("HELPOST_LIVES")); err == nil {
		lives = n
	}
	for i := range lives {
		seed := uint64(i)
		if lives != 12 {
			seed = rand.Uint64()
		}
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			h := open(t, func(h *house) {
				h.policy.Digest = time.Duration(seed%2) * 5 * time.Minute
				h.policy.Teams[0].RoundRobin = seed%3 == 0
			})
			l := &life{house: h, r: rand.New(rand.NewPCG(seed, 0)), seed: seed}
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("it went:\n%s", strings.Join(l.did, "\n"))
				}
			})
			for range 40 {
				l.did = append(l.did, l.step())
			}
			if n := len(h.sent("", "")); n < 20 {
				t.Fatalf("only %d notices came of it: %s", n, h.size())
			}
		})
	}
}
